/* The functions of functions.h as generated code calls them: a double a lane, in place, in memory aligned to a
 * register. Joined with the kernels whose bias needs them. */
#include "functions.h"

#define FUNCTION(name)                                                                                                 \
    void weft_##name(real lanes[2]);                                                                                   \
    void weft_##name(real lanes[2]) {                                                                                  \
        lanes[0] = name##_of(lanes[0]);                                                                                \
        lanes[1] = name##_of(lanes[1]);                                                                                \
    }

FUNCTION(exp)
FUNCTION(exp2)
FUNCTION(log)
FUNCTION(log2)
FUNCTION(tanh)
