/* Elements of tensors, of any type that kernels take, as floats. */
#ifndef WEFT_SUPPORT_ELEMENTS_H
#define WEFT_SUPPORT_ELEMENTS_H

#include <weft/half.h>
#include <weft/runtime.h>

static inline size_t weft_dtype_size(weft_dtype dtype) { return dtype == WEFT_F32 ? sizeof(float) : sizeof(uint16_t); }

/* Element number n from `at` on. */
static inline float weft_element_at(const void *at, int64_t n, weft_dtype dtype) {
    switch (dtype) {
    case WEFT_BF16: return weft_bf16_to_float(((const uint16_t *)at)[n]);
    case WEFT_F16: return weft_f16_to_float(((const uint16_t *)at)[n]);
    case WEFT_F32: break;
    }
    return ((const float *)at)[n];
}

/* The same, rounded to another type first. */
static inline float weft_element_rounded(const void *at, int64_t n, weft_dtype dtype, weft_dtype as) {
    float value = weft_element_at(at, n, dtype);
    if (as == dtype || as == WEFT_F32) return value;
    return as == WEFT_BF16 ? weft_bf16_to_float(weft_float_to_bf16(value))
                           : weft_f16_to_float(weft_float_to_f16(value));
}

static inline void weft_element_set(void *at, int64_t n, weft_dtype dtype, float value) {
    switch (dtype) {
    case WEFT_BF16: ((uint16_t *)at)[n] = weft_float_to_bf16(value); return;
    case WEFT_F16: ((uint16_t *)at)[n] = weft_float_to_f16(value); return;
    case WEFT_F32: break;
    }
    ((float *)at)[n] = value;
}

#endif
