/* weft/half.h: the two types of 16 bits that tensors may have, one element at a time, for hosts whose C has neither.
 * bfloat16 is the upper half of a float32; float16 is IEEE 754's binary16. To float32 is exact. From float32 rounds to
 * nearest, ties to even, and what is too large becomes an infinity, as IEEE 754 has it; NaN stays NaN, and quiet. */
#ifndef WEFT_HALF_H
#define WEFT_HALF_H

#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline float weft_bf16_to_float(uint16_t half) {
    uint32_t bits = (uint32_t)half << 16;
    float out;
    memcpy(&out, &bits, sizeof out);
    return out;
}

static inline uint16_t weft_float_to_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (x != x) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float weft_f16_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, bits = (uint32_t)(half & 0x7fff) << 13;
    float out;
    if ((half & 0x7c00) == 0x7c00) {
        bits |= 0x7f800000;
    } else if (half & 0x7c00) {
        bits += (uint32_t)(127 - 15) << 23;
    } else {
        out = (float)(half & 0x3ff) * (1.0f / (1 << 24)); /* 0 and the subnormal ones are multiples of 2^-24 */
        memcpy(&bits, &out, sizeof bits);
    }
    bits |= sign;
    memcpy(&out, &bits, sizeof out);
    return out;
}

static inline uint16_t weft_float_to_f16(float x) {
    uint32_t bits, sign;
    memcpy(&bits, &x, sizeof bits);
    sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    if (x != x) {
        bits = 0x7e00 | (bits >> 13 & 0x3ff);
    } else if (bits >= (uint32_t)(127 + 16) << 23) {
        bits = 0x7c00;
    } else if (bits >= (uint32_t)(127 - 14) << 23) {
        bits = ((bits + 0xfff + (bits >> 13 & 1)) >> 13) - ((127 - 15) << 10);
    } else { /* 1/2 has 2^-24 for its last bit: the sum is rounded there */
        float sum;
        memcpy(&sum, &bits, sizeof sum);
        sum += 0.5f;
        memcpy(&bits, &sum, sizeof bits);
        bits -= (uint32_t)126 << 23;
    }
    return (uint16_t)(sign | bits);
}

#ifdef __cplusplus
}
#endif
#endif
