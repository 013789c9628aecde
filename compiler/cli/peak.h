/* The peak of this processor: independent multiply-adds on registers alone, the most that any kernel could do. Speeds
 * are quoted as fractions of it, measured in turn with them, since clocks and neighbours change from second to second.
 */
#ifndef WEFT_CLI_PEAK_H
#define WEFT_CLI_PEAK_H

#include <weft/weft.h>

/* One kind of vector multiply-add. */
typedef struct peak_level {
    const char *name; /* "zmm": the registers; "zmm vdpbf16ps": and the instruction */
    weft_dtype dtype; /* of what is multiplied; sums are float32 */
    double flops;     /* of one round of `work` */
    bool (*has)(void);
    void (*work)(long rounds);
} peak_level;

/* The levels that this processor has for a dtype, widest first; NULL beyond the end. What no level multiplies directly
 * is converted to float32, and has float32's levels. */
const peak_level *peak_find(weft_dtype dtype, int index);

/* Flop/s of so many threads at once, over about so many seconds. 0 where threads cannot be had. */
double peak_measure(const peak_level *level, int threads, double seconds);

/* Bytes a second, read and written, of copies that are larger than caches. 0 where memory or threads cannot be had. */
double peak_copy(int threads);

#endif
