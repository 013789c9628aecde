/* The pairs of two plans beside each other, row by row. */
#ifndef WEFT_CLI_COMPARE_H
#define WEFT_CLI_COMPARE_H

#include <weft/weft.h>

/* Pairs counted in the cells of a picture. */
typedef struct pair_grid {
    int64_t queries, keys;
    int rows, columns;
    double *pairs; /* [rows * columns] */
} pair_grid;

typedef struct comparison {
    uint64_t kept, lost, gained; /* pairs that both have, that only a has, only b */
} comparison;

/* Of one head of two plans of one shape. Where pairs are lost and gained is added to the grids, unless they are NULL.
 * Memory is bounded by what some thousand rows hold; `done` rows of `total` were compared before, for progress. */
weft_status compare_heads(comparison *out, const weft_plan *a, const weft_plan *b, int64_t head,
                          const weft_shape *shape, pair_grid *lost, pair_grid *gained, double done, double total);

#endif
