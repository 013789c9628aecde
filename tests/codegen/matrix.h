/* Matrices of any strides and type of elements, in memory that ends (or begins) where they do. */
#ifndef WEFT_TEST_MATRIX_H
#define WEFT_TEST_MATRIX_H

#include <weft/half.h>

#include "codegen/machine.h"
#include "support/random.h"

typedef struct matrix {
    guarded memory;
    weft_dtype dtype;
    int64_t count, first; /* elements; the number of element [0][0] among them */
    int64_t rows, columns, row, column;
} matrix;

static inline double value_at(const matrix *m, int64_t n) {
    const uint16_t *halves = (const void *)m->memory.at;
    switch (m->dtype) {
    case WEFT_BF16: return (double)weft_bf16_to_float(halves[n]);
    case WEFT_F16: return (double)weft_f16_to_float(halves[n]);
    default: return (double)m->memory.at[n];
    }
}

static inline void set_value(matrix *m, int64_t n, float x) {
    uint16_t *halves = (void *)m->memory.at;
    switch (m->dtype) {
    case WEFT_BF16: halves[n] = weft_float_to_bf16(x); break;
    case WEFT_F16: halves[n] = weft_float_to_f16(x); break;
    default: m->memory.at[n] = x;
    }
}

static inline double get(const matrix *m, int64_t r, int64_t c) {
    return value_at(m, m->first + r * m->row + c * m->column);
}
static inline void put(matrix *m, int64_t r, int64_t c, float x) {
    set_value(m, m->first + r * m->row + c * m->column, x);
}

static inline void *origin(const matrix *m) {
    return (char *)m->memory.at +
           m->first * (m->dtype == WEFT_F32 ? (int64_t)sizeof(float) : (int64_t)sizeof(uint16_t));
}

static inline matrix make_matrix(test_random *random, weft_dtype dtype, int64_t rows, int64_t columns, float fill) {
    matrix m = {.dtype = dtype, .rows = rows, .columns = columns, .row = columns, .column = 1};
    enum { CROWDED = 1024 }; /* rows that fall into few sets of a cache */
    switch (test_range(random, 0, 6)) {
    case 0: m.row = columns + test_range(random, 0, 5); break;
    case 1: m.column = test_range(random, 2, 3), m.row = m.column * columns + 1; break;
    case 2: m.row = 1, m.column = rows; break;
    case 3: m.row = CROWDED; break;
    default: break;
    }
    if (test_range(random, 0, 5) == 0) m.row = -m.row;
    if (test_range(random, 0, 5) == 0) m.column = -m.column;
    int64_t across_rows = (rows - 1) * m.row, across_columns = (columns - 1) * m.column;
    m.count = llabs(across_rows) + llabs(across_columns) + 1;
    size_t element = dtype == WEFT_F32 ? sizeof(float) : sizeof(uint16_t);
    m.memory = guarded_bytes((size_t)m.count * element, test_range(random, 0, 3) != 0);
    m.first = -((across_rows < 0 ? across_rows : 0) + (across_columns < 0 ? across_columns : 0));
    for (int64_t i = 0; i < m.count; i++) set_value(&m, i, fill);
    return m;
}

#endif
