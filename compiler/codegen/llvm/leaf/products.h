/* The two products of a kernel as the code generator makes them, for the operands of floats.h or paired.h. */
#ifndef WEFT_LEAF_PRODUCTS_H
#define WEFT_LEAF_PRODUCTS_H

#include "ahead.h"
#ifdef PAIRS
#include "paired.h"
#else
#include "floats.h"
#endif

enum { KEY_STEP = 8 }; /* what columns of a block are cut to */

/* scores[key][row] = keys[key] . queries[][row] for one group of keys: -inf where mask (if any) has a 0, and
 * highest[row] raised to them. Of the group only `valid` keys exist; the last of them stands in for the others.
 * Matrices of rows have `height` floats from one key or dim to the next; mask points to the bits of row 0 of the first
 * key. Now and then a row is fetched ahead, `apart` bytes after the one before and as long as one of
 * values. */
typedef void scores_product(const float *queries, int64_t height, const void *keys, int64_t key_row, int64_t key_dim,
                            int64_t valid, const void *mask, float *scores, float *highest, const char *row,
                            int64_t apart);

/* acc[dim][row] = acc[dim][row] * decay[row] + sum over keys of weights[key][row] * values[key][dim] for one group of
 * dims, of which `valid` exist; steps are keys, or pairs of them. Rows that are fetched ahead are as long as
 * those of keys. */
typedef void values_product(const float *weights, int64_t height, const void *values, int64_t value_row,
                            int64_t value_dim, int64_t valid, int64_t steps, const float *decay, float *acc,
                            const char *row, int64_t apart);

typedef struct products {
    int64_t rows;
    int64_t group;                    /* keys, or dims, of one call */
    int64_t score_steps, value_steps; /* after which a row is fetched ahead */
    scores_product *scores_of;
    values_product *add_values;
} products;

/* The maximum after a block. */
static inline vec raised(vec before, vec highest) { return larger(before, highest); }

static inline void open_products(void) {}
static inline void close_products(void) {}

/* Rows that a product fetches ahead. */
static inline int64_t fetches_of(int64_t steps, int64_t each) { return (steps_of(steps) + each - 1) / each; }

/* Of the keys of m, a group of them; `rows` is the products' own. */
static inline void score_keys(const products *by, const float *queries, int64_t height, int64_t rows,
                              const element *keys, const strided *m, float *room, const char *mask, float *scores,
                              float *highest, fetch next) {
    (void)rows;
    matrix k = key_rows(keys, m, room);
    by->scores_of(queries, height, k.at, k.row, k.column, m->rows, mask, scores, highest, next.row, next.apart);
}

/* Weights of keys [first, last) and their values, for a group of the `dims` that there are from `dim` on. */
static inline void add_values(const products *by, float *weights, int64_t height, int64_t rows, const matrix *values,
                              int64_t first, int64_t last, int64_t dim, int64_t dims, const float *decay, float *acc,
                              fetch next) {
    (void)rows;
    by->add_values(weights + steps_of(first) * height, height,
                   values->at + steps_of(first) * values->row + dim * values->column, values->row, values->column, dims,
                   steps_of(last - first), decay, acc + dim * height, next.row, next.apart);
}

#endif
