/* Elements of attention tensors, one at a time, as numbers. */
#ifndef WEFT_CLI_ELEMENT_H
#define WEFT_CLI_ELEMENT_H

#include <math.h>
#include <weft/half.h>
#include <weft/runtime.h>

static inline size_t element_size(weft_dtype dtype) { return dtype == WEFT_F32 ? sizeof(float) : sizeof(uint16_t); }

static inline DLDataType element_type(weft_dtype dtype) {
    return (DLDataType){dtype == WEFT_BF16 ? kDLBfloat : kDLFloat, dtype == WEFT_F32 ? 32 : 16, 1};
}

static inline double element_at(const void *data, size_t n, weft_dtype dtype) {
    switch (dtype) {
    case WEFT_BF16: return (double)weft_bf16_to_float(((const uint16_t *)data)[n]);
    case WEFT_F16: return (double)weft_f16_to_float(((const uint16_t *)data)[n]);
    case WEFT_F32: break;
    }
    return (double)((const float *)data)[n];
}

/* The nearest float whose last bit is 1, unless x is a float: rounded to fewer bits it becomes what x becomes, which
 * the nearest float need not. */
static inline float element_sticky(double x) {
    float near = (float)x;
    uint32_t bits;
    memcpy(&bits, &near, sizeof bits);
    if (isnan(x) || (double)near == x || bits & 1) return near;
    bits += fabs((double)near) < fabs(x) ? 1u : -1u;
    memcpy(&near, &bits, sizeof near);
    return near;
}

/* Rounded once, to nearest, ties to even. */
static inline void element_set(void *data, size_t n, weft_dtype dtype, double x) {
    switch (dtype) {
    case WEFT_BF16: ((uint16_t *)data)[n] = weft_float_to_bf16(element_sticky(x)); return;
    case WEFT_F16: ((uint16_t *)data)[n] = weft_float_to_f16(element_sticky(x)); return;
    case WEFT_F32: break;
    }
    ((float *)data)[n] = (float)x;
}

#endif
