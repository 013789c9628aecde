/* What the runtime and the kernels of low-rank attention agree on, beside abi.h; read as C by both. A feature of a row
 * x is e^(w . x') or relu(w . x') + 1e-3, x' = factor * x, and a state of 64 rows is what weft_call leaves. */
#ifndef WEFT_KERNEL_FEATURES_H
#define WEFT_KERNEL_FEATURES_H

#include "kernel/abi.h"

/* Rows of a tensor become floats, each row a whole number of registers long, the rest of the last one 0. */
typedef struct weft_rows_call {
    const void *from;     /* elements of the kernel's type */
    int64_t row, dim;     /* strides in elements */
    const uint32_t *list; /* which rows; NULL: the first ones */
    int64_t rows, dims;
    float *to;
    float *squares; /* NULL, or where -|x'|^2 / 2 of each row goes, in log2 */
    float factor;
} weft_rows_call;

/* Up to 64 queries against any number of keys by products of their features: 64 keys at a time. Rows lie as
 * weft_rows_call leaves them. The largest exponents are taken out of a query's features, and out of a key's; what is
 * then below a float's range counts as 0. */
typedef struct weft_pairs_call {
    const float *q, *k, *v;
    const float *w;       /* [features][head_dim] */
    const float *squares; /* of keys; 64 can be read from every 64th on */
    const uint64_t *mask; /* one a key. Bit r: does row r attend to it? */
    int64_t keys, features, head_dim, value_dim;
    float factor;
    int32_t relu;
    int32_t again;  /* 1: the queries are those of the call before with the same scratch */
    int32_t resume; /* 1: the state is one to go on from */
    float *state;
    float *scratch; /* weft_pairs_floats, aligned to 64 bytes */
} weft_pairs_call;

/* Folds an outcome, the state of `rows`, into o and lse of its rows, in elements of the kernel's type. The state is
 * used up. */
typedef struct weft_fold_call {
    weft_call rows;
    const float *shift; /* what every row adds to its largest exponent, in log2 */
    int64_t value_dim;
} weft_fold_call;

typedef void weft_rows_entry(const weft_rows_call *call);
typedef void weft_pairs_entry(const weft_pairs_call *call);
typedef void weft_fold_entry(const weft_fold_call *call);

static inline size_t weft_pairs_floats(int64_t head_dim, int64_t features) {
    return (size_t)(WEFT_TILE_ROWS * (weft_whole_registers(head_dim) + 2 * features + WEFT_TILE_KEYS + 3) +
                    features * head_dim);
}

#endif
