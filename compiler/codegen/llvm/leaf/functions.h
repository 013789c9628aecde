/* The functions that a bias may call, on a register of doubles (half as many as lanes): exp, exp2, log, log2 and tanh,
 * to a unit in the last place or so, with IEEE's special values. Powers of two are exact in both directions. Plain C,
 * so that the tests can include it. */
#ifndef WEFT_LEAF_FUNCTIONS_H
#define WEFT_LEAF_FUNCTIONS_H

#include "maths.h"

typedef double real __attribute__((vector_size(4 * LANES), may_alias));
typedef int64_t real_bits __attribute__((vector_size(4 * LANES), may_alias));
typedef uint64_t unsigned_bits __attribute__((vector_size(4 * LANES), may_alias));

static inline real reals(double x) { return x - (real){0}; }

static inline real choose_real(real_bits where, real yes, real no) {
    return (real)(((real_bits)yes & where) | ((real_bits)no & ~where));
}

static inline real_bits sign_of(real x) { return (real_bits)x & INT64_MIN; }
static inline real size_of(real x) { return (real)((real_bits)x & INT64_MAX); }

/* To [lo, hi]; NaN stays NaN. */
static inline real within(real x, double lo, double hi) {
    x = choose_real(x < lo, reals(lo), x);
    return choose_real(x > hi, reals(hi), x);
}

/* To the nearest whole number, for |x| < 2^51; its int is in *whole. */
static inline real round_real(real x, real_bits *whole) {
    const real magic = reals(0x1.8p52);
    real shifted = x + magic;
    *whole = (real_bits)shifted - (real_bits)magic;
    return shifted - magic;
}

/* x 2^n for |n| < 2000: in two steps, so that neither scale overflows before the product does. */
static inline real scale_by(real x, real_bits n) {
    real_bits half = n >> 1, rest = n - half;
    return x * (real)((half + 1023) << 52) * (real)((rest + 1023) << 52);
}

/* e^r - 1 for |r| <= ln(2) / 2, by its Taylor series; low is what r lacks. */
static inline real exp_minus_1(real r, real low) {
    real sum = reals(1.0 / 6227020800);
    sum = sum * r + 1.0 / 479001600;
    sum = sum * r + 1.0 / 39916800;
    sum = sum * r + 1.0 / 3628800;
    sum = sum * r + 1.0 / 362880;
    sum = sum * r + 1.0 / 40320;
    sum = sum * r + 1.0 / 5040;
    sum = sum * r + 1.0 / 720;
    sum = sum * r + 1.0 / 120;
    sum = sum * r + 1.0 / 24;
    sum = sum * r + 1.0 / 6;
    sum = sum * r + 0.5;
    return r + (low + sum * r * r);
}

/* ln 2 in two parts; the product of the high one with a double of 20 bits is exact. */
#define LN_2_HIGH 0x1.62e42fefp-1
#define LN_2_LOW 0x1.473de6af278edp-34

/* x without its last `count` bits. */
static inline real cut(real x, int count) { return (real)((real_bits)x & (((real_bits){0} - 1) << count)); }

/* x = n ln 2 + r + low */
static inline real reduce_exp(real x, real_bits *n, real *low) {
    real whole = round_real(x * LOG2_E, n);
    real high = x - whole * LN_2_HIGH, below = whole * LN_2_LOW, r = high - below;
    *low = (high - r) - below;
    return r;
}

static inline real exp_of(real x) {
    real_bits n;
    real low, r = reduce_exp(within(x, -800, 800), &n, &low);
    return scale_by(1 + exp_minus_1(r, low), n);
}

static inline real exp2_of(real x) {
    real_bits n;
    real bounded = within(x, -1200, 1200), r = bounded - round_real(bounded, &n);
    real r_high = cut(r, 33), high = r_high * LN_2_HIGH;
    real low = (r - r_high) * LN_2_HIGH + r * LN_2_LOW, sum = high + low;
    return scale_by(1 + exp_minus_1(sum, (high - sum) + low), n);
}

/* expm1(2|x|) / (expm1(2|x|) + 2), with x's sign. */
static inline real tanh_of(real x) {
    real_bits n;
    real low, r = reduce_exp(2 * within(size_of(x), 0, 22), &n, &low);
    real power = scale_by(reals(1), n), more = (power - 1) + power * exp_minus_1(r, low);
    return (real)((real_bits)(more / (more + 2)) | sign_of(x));
}

/* x = 2^n (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for positive finite x. */
static inline real split(real x, real_bits *n) {
    const real_bits root_half = (real_bits){0} + 0x3fe6a09e667f3bcd;
    real_bits tiny = x < 0x1p-1022;
    x = choose_real(tiny, x * 0x1p54, x);
    real_bits shifted = (real_bits)((unsigned_bits)x - (unsigned_bits)root_half); /* may wrap where x is negative */
    *n = (shifted >> 52) - (tiny & 54);
    return (real)((shifted & 0x000fffffffffffff) + root_half) - 1;
}

/* log(1 + f) = f - (f^2 / 2 - rest), with s = f / (2 + f) and the series of atanh (Tang 1990). */
static inline real log_rest(real f, real half_square) {
    real s = f / (2 + f), z = s * s, sum = reals(2.0 / 21);
    sum = sum * z + 2.0 / 19;
    sum = sum * z + 2.0 / 17;
    sum = sum * z + 2.0 / 15;
    sum = sum * z + 2.0 / 13;
    sum = sum * z + 2.0 / 11;
    sum = sum * z + 2.0 / 9;
    sum = sum * z + 2.0 / 7;
    sum = sum * z + 2.0 / 5;
    sum = sum * z + 2.0 / 3;
    return s * (half_square + sum * z);
}

static inline real as_real(real_bits n) { return (real)(n + (real_bits)reals(0x1.8p52)) - 0x1.8p52; }

static inline real log_specials(real x, real value) {
    const double infinite = __builtin_inf();
    value = choose_real(x == infinite, reals(infinite), value);
    value = choose_real(x == 0, reals(-infinite), value);
    return choose_real((x < 0) | (x != x), reals(__builtin_nan("")), value);
}

static inline real log_of(real x) {
    real_bits n;
    real f = split(x, &n), k = as_real(n), half_square = 0.5 * f * f;
    real value = k * LN_2_HIGH - ((half_square - (log_rest(f, half_square) + k * LN_2_LOW)) - f);
    return log_specials(x, value);
}

/* log2 e, likewise; the high part has 27 bits. */
#define LOG2_E_HIGH 0x1.7154764p0
#define LOG2_E_LOW 0x1.2b82fe1777d1p-28

static inline real log2_of(real x) {
    real_bits n;
    real f = split(x, &n), k = as_real(n), half_square = 0.5 * f * f;
    real high = cut(f - half_square, 32);
    real low = ((f - high) - half_square) + log_rest(f, half_square);
    real head = high * LOG2_E_HIGH, tail = (low + high) * LOG2_E_LOW + low * LOG2_E_HIGH, sum = k + head;
    return log_specials(x, sum + (((k - sum) + head) + tail));
}

#endif
