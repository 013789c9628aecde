/* Sixteen rows, one after the other, become sixteen rows side by side: squares of 16 x 16 are transposed in registers,
 * by exchanging ever larger blocks off the diagonal. */
#include "select/lanes.h"

#define LOW(lane, step) ((lane) & (step) ? WEFT_LANES + ((lane) ^ (step)) : (lane))
#define HIGH(lane, step) ((lane) & (step) ? WEFT_LANES + (lane) : (lane) ^ (step))
#define EACH(of, step)                                                                                                 \
    of(0, step), of(1, step), of(2, step), of(3, step), of(4, step), of(5, step), of(6, step), of(7, step),            \
        of(8, step), of(9, step), of(10, step), of(11, step), of(12, step), of(13, step), of(14, step), of(15, step)
#define EXCHANGE(x, step)                                                                                              \
    for (int i = 0; i < WEFT_LANES; i++) {                                                                             \
        if (i & (step)) continue;                                                                                      \
        weft_floats a = x[i], b = x[i | (step)];                                                                       \
        x[i] = __builtin_shufflevector(a, b, EACH(LOW, step));                                                         \
        x[i | (step)] = __builtin_shufflevector(a, b, EACH(HIGH, step));                                               \
    }

WEFT_INLINE void turn(const float *rows, int64_t apart, int64_t dims, float *lanes) {
    int64_t dim = 0;
    for (; dim + WEFT_LANES <= dims; dim += WEFT_LANES) {
        weft_floats x[WEFT_LANES];
        for (int n = 0; n < WEFT_LANES; n++) WEFT_LOAD(x[n], rows + n * apart + dim);
        EXCHANGE(x, 1)
        EXCHANGE(x, 2)
        EXCHANGE(x, 4)
        EXCHANGE(x, 8)
        for (int d = 0; d < WEFT_LANES; d++) WEFT_STORE(lanes + (dim + d) * WEFT_LANES, x[d]);
    }
    for (; dim < dims; dim++)
        for (int n = 0; n < WEFT_LANES; n++) lanes[dim * WEFT_LANES + n] = rows[n * apart + dim];
}

WEFT_FOR_EACH_WIDTH(weft_turn_lanes, turn, (const float *rows, int64_t apart, int64_t dims, float *lanes),
                    (rows, apart, dims, lanes))
