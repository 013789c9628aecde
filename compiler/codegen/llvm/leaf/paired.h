/* Keys and values as operands of products that multiply pairs in registers (vdpbf16ps). */
#ifndef WEFT_LEAF_PAIRED_H
#define WEFT_LEAF_PAIRED_H

#include "pairs.h"

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* As they lie, where pairs do; else copied into `room`. */
static inline matrix key_rows(const element *at, const strided *m, float *room) {
    if (m->column == 1 && m->columns % 2 == 0) return (matrix){at, m->row, 2};
    element *to = (element *)room;
    int64_t length = 2 * steps_of(m->columns);
    for (int64_t r = 0; r < m->rows; r++) {
        for (int64_t c = 0; c < m->columns; c++) to[r * length + c] = at[r * m->row + c * m->column];
        if (m->columns % 2) to[r * length + m->columns] = 0;
    }
    return (matrix){to, length, 2};
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

#define ALTERNATE_WIDE(lane, from) (lane) + (from), (lane) + (from) + 2 * LANES

static inline int64_t value_length(int64_t columns) { return (columns + LANES - 1) / LANES * LANES; }

/* What value_rows has left in `room`, from key `first` on, which is even. */
static inline matrix packed_rows(const float *room, int64_t columns, int64_t first) {
    int64_t length = value_length(columns);
    return (matrix){(const element *)(room + first / 2 * length), 2 * length, 2};
}

/* Pairs of rows, each a whole number of registers long. */
static inline matrix value_rows(const element *at, const strided *m, float *room) {
    int64_t length = value_length(m->columns);
    for (int64_t r = 0; r < m->rows; r += 2) {
        const element *one = at + r * m->row, *two = one + m->row;
        float *to = room + r / 2 * length;
        bool paired = r + 1 < m->rows;
        for (int64_t c = 0; c < m->columns; c += 2 * LANES) {
            int64_t rest = m->columns - c;
            bool whole = m->column == 1 && rest >= 2 * LANES && paired;
            many x = whole ? load_many(one + c) : some_elements(one + c * m->column, m->column, rest);
            many y = whole ? load_many(two + c) : some_elements(two + c * m->column, m->column, paired ? rest : 0);
            store(to + c, (vec)__builtin_shufflevector(x, y, EACH_LANE(ALTERNATE_WIDE, 0)));
            if (rest > LANES)
                store(to + c + LANES, (vec)__builtin_shufflevector(x, y, EACH_LANE(ALTERNATE_WIDE, LANES)));
        }
    }
    return packed_rows(room, m->columns, 0);
}

static inline vec value_at(const matrix *values, int64_t key, int64_t dim) {
    return bf16_to_floats((halves){0} + values->at[key / 2 * values->row + 2 * dim + key % 2]);
}

/* NaN where some value is not finite, else 0. */
static inline vec vanished(const matrix *values, int64_t keys, int64_t dims) {
    vec zeros = splat(0);
    for (int64_t step = 0; step < steps_of(keys); step++)
        for (int64_t dim = 0; dim < dims; dim += LANES) {
            vec pairs = load((const float *)(const void *)(values->at + step * values->row) + dim);
            zeros += first_of(pairs) * 0.0f + second_of(pairs) * 0.0f;
        }
    return zeros;
}

#endif
