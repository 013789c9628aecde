/* Operands of products that multiply floats: queries with the scale of scores, keys and values as they lie or
 * converted, a weight a score. */
#ifndef WEFT_LEAF_FLOATS_H
#define WEFT_LEAF_FLOATS_H

#include "layout.h"

/* Rows of floats. */
typedef struct matrix {
    const float *at;
    int64_t row, column; /* strides */
} matrix;

static inline int64_t steps_of(int64_t count) { return count; }

/* packed[d][row] = q[row][d] * scale * log2(e); rows that do not exist are 0. Nothing is left to multiply scores with.
 */
static float pack_queries(const weft_call *call, int64_t rows, int64_t height, int64_t dims, float *packed) {
    const vec factor = splat(call->scale * (float)LOG2_E);
    _Alignas(64) float square[LANES * LANES];
    for (int64_t row = 0; row < rows; row += LANES)
        for (int64_t dim = 0; dim < dims; dim += LANES) {
            const element *from = (const element *)call->q + dim * call->q_dim;
            strided m = {call->q_row, call->q_dim, call->rows - row, dims - dim};
            vec x[LANES];
            if (direct(&m)) {
#pragma unroll
                for (int r = 0; r < LANES; r++)
                    x[r] = r < m.rows ? load_elements(from + weft_row_at(call, row + r) * m.row) * factor : splat(0);
            } else {
                gather(call, row, from, &m, square);
#pragma unroll
                for (int r = 0; r < LANES; r++) x[r] = load(square + r * LANES) * factor;
            }
            transpose(x);
#pragma unroll
            for (int d = 0; d < LANES; d++)
                if (d < m.columns) store(packed + (dim + d) * height + row, x[d]);
        }
    return 1;
}

/* The rows of m, as they lie or converted into `room`, which holds as many, each a whole number of registers long. */
static inline matrix to_floats(const element *at, const strided *m, float *room) {
#if defined(ELEMENT_BF16) || defined(ELEMENT_F16)
    int64_t length = (m->columns + LANES - 1) / LANES * LANES;
    for (int64_t r = 0; r < m->rows; r++) {
        const element *from = at + r * m->row;
        float *to = room + r * length;
        int64_t c = 0;
        if (m->column == 1) {
            for (; c + LANES <= m->columns; c += LANES) store(to + c, load_elements(from + c));
            if (c && c < m->columns) {
                int64_t last = m->columns - LANES;
                store_loose(to + last, load_elements(from + last));
                continue;
            }
        }
        for (; c < m->columns; c += LANES)
            store(to + c, load_some(from + c * m->column, m->column, smaller(m->columns - c, LANES)));
    }
    return (matrix){room, length, 1};
#else
    (void)room;
    return (matrix){at, m->row, m->column};
#endif
}

static inline matrix key_rows(const element *at, const strided *m, float *room) { return to_floats(at, m, room); }

/* A product reads a register of each of up to 64 rows, and again for the next dims: where strides are such that these
 * fall into few sets of the cache, rows are copied, an odd number of lines from each other. */
static inline bool crowds(const strided *m) {
    enum { FEW = 2048 };
    return m->row * (int64_t)sizeof(element) % FEW == 0 && m->rows > LANES && m->column == 1 && m->columns >= LANES;
}

static inline matrix value_rows(const element *at, const strided *m, float *room) {
#if !defined(ELEMENT_BF16) && !defined(ELEMENT_F16)
    if (crowds(m)) {
        int64_t length = (m->columns + 31) / 32 * 32 + 16;
        for (int64_t r = 0; r < m->rows; r++) {
            const float *from = at + r * m->row;
            float *to = room + r * length;
            for (int64_t c = 0; c + LANES <= m->columns; c += LANES) store(to + c, load_loose(from + c));
            store_loose(to + m->columns - LANES, load_loose(from + m->columns - LANES));
        }
        return (matrix){room, length, 1};
    }
#endif
    return to_floats(at, m, room);
}

static inline vec scaled(vec score, float factor) {
    (void)factor;
    return score;
}

/* Scores become weights in place. */
static inline float *weights_of(float *scores, int64_t height) {
    (void)height;
    return scores;
}

/* Of keys [first, last); their sum. */
static inline vec soften_keys(const float *scores, float *weights, int64_t height, int64_t first, int64_t last,
                              float factor, vec base) {
    (void)factor;
    vec sum = splat(0);
#pragma clang loop unroll_count(4)
    for (int64_t key = first; key < last; key++) {
        vec weight = power_of_two(load(scores + key * height) - base);
        store(weights + key * height, weight);
        sum += weight;
    }
    return sum;
}

static inline vec weight_at(const float *weights, int64_t height, int64_t key) { return load(weights + key * height); }

static inline vec value_at(const matrix *values, int64_t key, int64_t dim) {
    return splat(values->at[key * values->row + dim * values->column]);
}

/* NaN where some value is not finite, else 0. */
static inline vec vanished(const matrix *values, int64_t keys, int64_t dims) {
    vec zeros = splat(0);
    for (int64_t key = 0; key < keys; key++) {
        const float *v = values->at + key * values->row;
        int64_t dim = 0;
        if (values->column == 1)
            for (; dim + LANES <= dims; dim += LANES) zeros += load_loose(v + dim) * 0.0f;
        for (; dim < dims; dim++) zeros += splat(v[dim * values->column] * 0.0f);
    }
    return zeros;
}

#endif
