/* IEEE binary16 to binary32; exact, as every half is a float. */
#ifndef WEFT_CLI_FLOAT16_H
#define WEFT_CLI_FLOAT16_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float float16_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff, bits;
    if (exponent == 0) { /* zero, or fraction * 2^-24 */
        float small = ldexpf((float)fraction, -24);
        memcpy(&bits, &small, sizeof bits);
        bits |= sign;
    } else {
        uint32_t wide = exponent == 31 ? 255 : exponent + 112;
        bits = sign | wide << 23 | fraction << 13;
    }
    float out;
    memcpy(&out, &bits, sizeof out);
    return out;
}

#endif
