/* Many directions by sixteen rows side by side: what hashing and scoring spend their time on. Compiled for the widest
 * registers of each generation of processors; as products are not fused with sums, all give the same bits. */
#include <string.h>

#include "select/select.h"

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF /* gcc's -std=c11 means that */
#endif

typedef float vec __attribute__((vector_size(WEFT_LANES * sizeof(float))));

#define INLINE static inline __attribute__((always_inline))

INLINE void load(vec *to, const float *from) { memcpy(to, from, sizeof *to); }
INLINE void store(float *to, const vec *from) { memcpy(to, from, sizeof *from); }

/* Four at a time, whose sums do not wait for each other. */
INLINE void multiply(const float *directions, int64_t count, const float *lanes, int64_t dims, float *products) {
    enum { TOGETHER = 4 };
    int64_t k = 0;
    for (; k + TOGETHER <= count; k += TOGETHER, directions += TOGETHER * dims, products += TOGETHER * WEFT_LANES) {
        vec a = {0}, b = {0}, c = {0}, d = {0}, x;
        for (int64_t n = 0; n < dims; n++) {
            const float *at = directions + n;
            load(&x, lanes + n * WEFT_LANES);
            a += at[0] * x;
            b += at[dims] * x;
            c += at[2 * dims] * x;
            d += at[3 * dims] * x;
        }
        store(products, &a);
        store(products + WEFT_LANES, &b);
        store(products + 2 * WEFT_LANES, &c);
        store(products + 3 * WEFT_LANES, &d);
    }
    for (; k < count; k++, directions += dims, products += WEFT_LANES) {
        vec sum = {0}, x;
        for (int64_t n = 0; n < dims; n++) {
            load(&x, lanes + n * WEFT_LANES);
            sum += directions[n] * x;
        }
        store(products, &sum);
    }
}

#ifdef __x86_64__
__attribute__((target("avx512f"))) static void multiply_zmm(const float *directions, int64_t count, const float *lanes,
                                                            int64_t dims, float *products) {
    multiply(directions, count, lanes, dims, products);
}
__attribute__((target("avx2"))) static void multiply_ymm(const float *directions, int64_t count, const float *lanes,
                                                         int64_t dims, float *products) {
    multiply(directions, count, lanes, dims, products);
}
#endif

void weft_multiply_lanes(const float *directions, int64_t count, const float *lanes, int64_t dims, float *products) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f")) {
        multiply_zmm(directions, count, lanes, dims, products);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        multiply_ymm(directions, count, lanes, dims, products);
        return;
    }
#endif
    multiply(directions, count, lanes, dims, products);
}
