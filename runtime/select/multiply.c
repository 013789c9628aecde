/* Many directions by sixteen rows side by side: what hashing and scoring spend their time on. */
#include "select/lanes.h"

/* Four at a time, whose sums do not wait for each other. */
WEFT_INLINE void multiply(const float *directions, int64_t count, const float *lanes, int64_t dims, float *products) {
    enum { TOGETHER = 4 };
    int64_t k = 0;
    for (; k + TOGETHER <= count; k += TOGETHER, directions += TOGETHER * dims, products += TOGETHER * WEFT_LANES) {
        weft_floats a = {0}, b = {0}, c = {0}, d = {0}, x;
        for (int64_t n = 0; n < dims; n++) {
            const float *at = directions + n;
            WEFT_LOAD(x, lanes + n * WEFT_LANES);
            a += at[0] * x;
            b += at[dims] * x;
            c += at[2 * dims] * x;
            d += at[3 * dims] * x;
        }
        WEFT_STORE(products, a);
        WEFT_STORE(products + WEFT_LANES, b);
        WEFT_STORE(products + 2 * WEFT_LANES, c);
        WEFT_STORE(products + 3 * WEFT_LANES, d);
    }
    for (; k < count; k++, directions += dims, products += WEFT_LANES) {
        weft_floats sum = {0}, x;
        for (int64_t n = 0; n < dims; n++) {
            WEFT_LOAD(x, lanes + n * WEFT_LANES);
            sum += directions[n] * x;
        }
        WEFT_STORE(products, sum);
    }
}

WEFT_FOR_EACH_WIDTH(weft_multiply_lanes, multiply,
                    (const float *directions, int64_t count, const float *lanes, int64_t dims, float *products),
                    (directions, count, lanes, dims, products))
