/* Random pattern files: every atom and operator that is built, parameters, lets, sets, heads clauses, arrays. */
#ifndef WEFT_TEST_GENERATE_H
#define WEFT_TEST_GENERATE_H

#include <stddef.h>

#include "support/random.h"

/* The arrays that a pattern takes: t, positions; l, labels of the keys; m, a mask of queries by keys; b, one of blocks
 * of GENERATED_BLOCK; s, keys by query. */
enum {
    GENERATED_TOKENS = 1,
    GENERATED_LABELS = 2,
    GENERATED_MASK = 4,
    GENERATED_BLOCK_MASK = 8,
    GENERATED_KEYS = 16,
    GENERATED_BLOCK = 32
};

/* Writes a file with one pattern, `p`, whose parameters are w (int, default) and the arrays in *arrays. Sizes are
 * around `scale`. Returns the length. */
size_t generate_pattern(test_random *random, int64_t scale, char *buffer, size_t size, unsigned *arrays);

#endif
