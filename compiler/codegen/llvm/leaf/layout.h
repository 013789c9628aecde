/* Between rows as tensors have them and lanes as kernels want them: queries are packed transposed (floats.h, pairs.h),
 * outputs transposed back, a square of LANES x LANES at a time. Squares that are not whole, or whose elements do not
 * lie side by side, pass through a buffer. */
#ifndef WEFT_LEAF_LAYOUT_H
#define WEFT_LEAF_LAYOUT_H

#include "kernel/abi.h"
#include "maths.h"
#include "parts.h"

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* One step of a transpose: swaps the off-diagonal blocks of `step` lanes between rows i and i + step. */
#define STAY_OR_TAKE(lane, step) ((lane) & (step) ? LANES + ((lane) ^ (step)) : (lane))
#define TAKE_OR_STAY(lane, step) ((lane) & (step) ? LANES + (lane) : (lane) ^ (step))
#define TRANSPOSE_STEP(x, step)                                                                                        \
    _Pragma("unroll") for (int i = 0; i < LANES; i++) if (!(i & (step))) {                                             \
        vec upper = x[i], lower = x[i | (step)];                                                                       \
        x[i] = __builtin_shufflevector(upper, lower, EACH_LANE(STAY_OR_TAKE, step));                                   \
        x[i | (step)] = __builtin_shufflevector(upper, lower, EACH_LANE(TAKE_OR_STAY, step));                          \
    }

static inline __attribute__((always_inline)) void transpose(vec x[LANES]) {
    TRANSPOSE_STEP(x, 1)
    TRANSPOSE_STEP(x, 2)
#if LANES > 4
    TRANSPOSE_STEP(x, 4)
#endif
#if LANES > 8
    TRANSPOSE_STEP(x, 8)
#endif
}

/* A matrix of run-time strides, in elements. */
typedef struct strided {
    int64_t row, column, rows, columns; /* rows and columns that exist, from the square's corner */
} strided;

/* Do the columns of a square lie side by side? */
static inline bool direct(const strided *m) { return m->column == 1 && m->columns >= LANES; }

/* square[r][c] = at[row + r][c], of the rows of a call, and 0 outside. */
static __attribute__((noinline)) void gather(const weft_call *call, int64_t row, const element *at, const strided *m,
                                             float *square) {
#pragma clang loop unroll(disable)
    for (int64_t r = 0; r < LANES; r++) {
        int64_t from = r < m->rows ? weft_row_at(call, row + r) : 0;
        store(square + r * LANES,
              load_some(at + from * m->row, m->column, r < m->rows ? smaller(m->columns, LANES) : 0));
    }
}

static __attribute__((noinline)) void scatter(const weft_call *call, int64_t row, const float *square, const strided *m,
                                              element *at) {
    for (int64_t r = 0; r < smaller(m->rows, LANES); r++)
        store_some(at + weft_row_at(call, row + r) * m->row, m->column, smaller(m->columns, LANES),
                   load(square + r * LANES));
}

/* x, plus `part` (unless 0) of what was there. */
static inline vec fold(vec x, float part, vec old) { return x + choose(splat(part) == 0, splat(0), splat(part) * old); }

/* A square of o: row r is x[r], plus kept[row + r] of what it was. */
static inline __attribute__((always_inline)) void write_square(const weft_call *call, int64_t row, int64_t dim,
                                                               int64_t dims, const float *kept, vec x[LANES]) {
    _Alignas(64) float square[LANES * LANES];
    element *to = (element *)call->o + dim * call->o_dim;
    strided m = {call->o_row, call->o_dim, call->rows - row, dims - dim};
    bool whole = direct(&m);
    if (kept && !whole) gather(call, row, to, &m, square);
#pragma unroll
    for (int r = 0; r < LANES; r++) {
        if (r >= m.rows) continue;
        element *at = to + weft_row_at(call, row + r) * m.row;
        if (kept) x[r] = fold(x[r], kept[row + r], whole ? load_elements(at) : load(square + r * LANES));
        if (whole)
            store_elements(at, x[r]);
        else
            store(square + r * LANES, x[r]);
    }
    if (!whole) scatter(call, row, square, &m, to);
}

/* The same of what stands in for o. */
static inline __attribute__((always_inline)) void write_wide(const weft_call *call, int64_t row, int64_t dim,
                                                             const float *kept, const vec x[LANES]) {
#pragma unroll
    for (int r = 0; r < LANES; r++) {
        if (row + r >= call->rows) continue;
        float *to = call->wide + weft_row_at(call, row + r) * call->wide_row + dim;
        store_loose(to, kept ? fold(x[r], kept[row + r], load_loose(to)) : x[r]);
    }
}

/* o[row][d] = acc[d][row] * share[row], plus kept[row] (if any) of what it was; nothing of it where that is 0. */
static inline void unpack_outputs(const weft_call *call, int64_t height, int64_t dims, const float *acc,
                                  const float *share, const float *kept) {
    for (int64_t row = 0; row < smaller(height, call->rows); row += LANES)
        for (int64_t dim = 0; dim < dims; dim += LANES) {
            vec x[LANES], factor = load(share + row);
#pragma unroll
            for (int d = 0; d < LANES; d++) x[d] = load(acc + smaller(dim + d, dims - 1) * height + row) * factor;
            transpose(x);
            if (call->wide)
                write_wide(call, row, dim, kept, x);
            else
                write_square(call, row, dim, dims, kept, x);
        }
}

#endif
