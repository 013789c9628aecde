/* What the patterns of patterns/ are, a second time: predicates in plain C, written from the papers and the authors'
 * code and not from the .weft text, which is held against them. A predicate answers for one pair and uses none of the
 * language's atoms.
 *
 * Every pattern of every file needs a definition; a pattern without one, or a definition without a pattern, fails. */
#ifndef WEFT_TESTS_PATTERNS_DEFINITIONS_H
#define WEFT_TESTS_PATTERNS_DEFINITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOST_VALUES = 10, MOST_TRIALS = 4, MOST_ARRAYS = 2 };

/* Does query i of head h attend to key j? Position i is the row plus keys - queries. */
typedef struct question {
    int64_t h, i, j;
    int64_t queries, keys;
    const int64_t *p;                   /* the int parameters, in the order of the file */
    const int32_t *arrays[MOST_ARRAYS]; /* the arrays, likewise: labels of this batch element, or tokens */
    int64_t array_sizes[MOST_ARRAYS];
    const float *q, *k; /* of the head, [queries, dims] and [keys, dims], where they decide anything */
    int64_t dims;
    int8_t *chosen; /* [queries, keys]: what they decide, 1 or 0; -1: two candidates are too close to tell */
} question;

typedef bool predicate(const question *q);
/* Fills in what queries and keys decide, for all pairs of the head at once. */
typedef void chooser(const question *q);

typedef struct definition {
    const char *file, *pattern;
    predicate *holds;
    chooser *choose;            /* NULL: queries and keys decide nothing */
    int64_t heads;              /* 0: one */
    int64_t square;             /* Lq = Lk, and a multiple of this times the first value: others are refused */
    int64_t usual[MOST_VALUES]; /* the defaults that the file must have … */
    int64_t queries, keys;      /* … and lengths at which they show; 0: there are none */
    int64_t trial[MOST_TRIALS]
                 [MOST_VALUES]; /* values to try at many lengths; the first are verified with kernels too */
    int trials;                 /* how many; at least one */
    bool dense;                 /* every pair is allowed */
    bool empty;                 /* none is: all are approximated */
} definition;

typedef struct definitions {
    const definition *at;
    size_t count;
} definitions;

extern const definitions sequence_patterns, block_patterns, grid_patterns, hybrid_patterns, score_patterns,
    choice_patterns, low_rank_patterns;

/* Floor division, and its remainder: what positions before 0 need. */
static inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
static inline int64_t floor_mod(int64_t a, int64_t b) { return a - b * floor_div(a, b); }

/* Is j among the tokens of array n? Negative ones count from the end. */
bool among_tokens(const question *q, int n, int64_t j);

/* philox4x32-10. */
void philox(const uint32_t counter[4], uint64_t seed, uint32_t words[4]);

/* Is `block` among the k that are drawn for row `a` of head h from those that `allowed` names, LANGUAGE.md section 5?
 */
typedef bool allowed_block(int64_t a, int64_t block, int64_t blocks);
bool drawn(const question *q, int64_t a, int64_t block, int64_t blocks, int64_t k, uint64_t seed,
           allowed_block *allowed);

#endif
