/* Random pattern files: every atom and operator that is built, parameters, lets, sets, heads clauses, arrays. */
#ifndef WEFT_TEST_GENERATE_H
#define WEFT_TEST_GENERATE_H

#include <stddef.h>

#include "support/random.h"

/* Writes a file with one pattern, `p`, whose parameters are w (int, default), t (tokens; only if *uses_tokens comes
 * back true). Sizes are around `scale`. Returns the length. */
size_t generate_pattern(test_random *random, int64_t scale, char *buffer, size_t size, int *uses_tokens);

#endif
