/* Powers of two and logarithms. Plain C, so that the tests can include it. Accuracy is stated as a relative error. */
#ifndef WEFT_LEAF_MATHS_H
#define WEFT_LEAF_MATHS_H

#include "vectors.h"

#if LANES == 16
#include <immintrin.h>
enum { FLOOR_QUIETLY = 9 }; /* for _mm512_reduce_ps */
#endif

#define LOG2_E 1.4426950408889634
#define LN_2 0.6931471805599453

/* 2^x to 2e-7 for x <= 0, exactly 1 for 0 and exactly 0 for -inf; NaN stays NaN. The polynomials are minimax in
 * relative error with the constant term held at 1. */
static inline vec power_of_two(vec x) {
#if LANES == 16 /* x = whole + part, 0 <= part < 1; scalef takes the whole part of x itself */
    vec part = (vec)_mm512_reduce_ps((__m512)x, FLOOR_QUIETLY);
    vec p = part * splat(0.0018671300495043397f) + splat(0.009017030708491802f);
    p = p * part + splat(0.05579991266131401f);
    p = p * part + splat(0.24016444385051727f);
    p = p * part + splat(0.6931512951850891f);
    p = p * part + splat(1.0f);
    return (vec)_mm512_scalef_ps((__m512)p, (__m512)x);
#else /* adding the magic number rounds x to a whole number, which sits in the low bits with the bias of an exponent:  \
         moved up they are 2^whole, or 0 for -127 */
    const vec magic = splat(0x1.8p23f + 127);
    x = larger(splat(-127.0f), x);
    vec shifted = x + magic, part = x - (shifted - magic);
    vec p = part * splat(0.001326472731307149f) + splat(0.009671512991189957f);
    p = p * part + splat(0.05550733581185341f);
    p = p * part + splat(0.24022242426872253f);
    p = p * part + splat(0.6931470036506653f);
    p = p * part + splat(1.0f);
    return p * (vec)((bits)shifted << 23);
#endif
}

/* The same to 9e-5, for weights that are rounded to 8 bits. */
static inline vec rough_power_of_two(vec x) {
#if LANES == 16
    vec part = (vec)_mm512_reduce_ps((__m512)x, FLOOR_QUIETLY);
    vec p = part * splat(0.07706735283136368f) + splat(0.2276446521282196f);
    p = p * part + splat(0.6951168775558472f);
    p = p * part + splat(1.0f);
    return (vec)_mm512_scalef_ps((__m512)p, (__m512)x);
#else
    return power_of_two(x);
#endif
}

/* ln x to 1e-11 for a positive normal x: x = 2^exponent * m with m around 1, ln m = 2 atanh((m - 1) / (m + 1)). Double,
 * so that the one rounding to float is the only error that shows. */
static inline double natural_log(double x) {
    union {
        double value;
        uint64_t word;
    } m = {x};
    const uint64_t root_half = 0x3fe6a09e667f3bcd;
    uint64_t shifted = m.word - root_half; /* its exponent field counts from sqrt(1/2) */
    int64_t exponent = (int64_t)shifted >> 52;
    m.word = (shifted & 0x000fffffffffffff) + root_half;
    double z = (m.value - 1) / (m.value + 1), square = z * z;
    double series = 1.0 / 13;
    series = series * square + 1.0 / 11;
    series = series * square + 1.0 / 9;
    series = series * square + 1.0 / 7;
    series = series * square + 1.0 / 5;
    series = series * square + 1.0 / 3;
    series = series * square + 1;
    return (double)exponent * LN_2 + 2 * z * series;
}

#endif
