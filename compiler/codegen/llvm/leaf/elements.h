/* Elements of tensors, of the type that this is compiled for (ELEMENT_BF16, ELEMENT_F16, else float32), as floats and
 * back: exact one way, rounded to nearest, ties to even, the other; NaN stays NaN, and quiet. Plain C, so that the
 * tests can include it. */
#ifndef WEFT_LEAF_ELEMENTS_H
#define WEFT_LEAF_ELEMENTS_H

#include "vectors.h"

typedef uint32_t words __attribute__((vector_size(4 * LANES), may_alias));
typedef uint16_t halves __attribute__((vector_size(2 * LANES), may_alias));

static inline vec bf16_to_floats(halves x) { return (vec)(__builtin_convertvector(x, words) << 16); }

static inline halves floats_to_bf16(vec x) {
    words word = (words)x, rounded = word + 0x7fff + (word >> 16 & 1);
    return __builtin_convertvector((words)choose(x != x, (vec)(word | 0x400000), (vec)rounded) >> 16, halves);
}

#if defined(__F16C__) || defined(__aarch64__)
typedef _Float16 float16s __attribute__((vector_size(2 * LANES), may_alias));
static inline vec f16_to_floats(halves x) { return __builtin_convertvector((float16s)x, vec); }
static inline halves floats_to_f16(vec x) { return (halves) __builtin_convertvector(x, float16s); }
#else
/* The exponent of a float16 is 112 less than a float's. Scaling by 2^112 moves it, and brings what is subnormal in
 * order; infinities and NaN, whose exponent is the largest one, get that of a float. */
static inline vec f16_to_floats(halves x) {
    words word = __builtin_convertvector(x, words), size = (word & 0x7fff) << 13;
    vec special = (vec)(size | 0x7f800000), scaled = (vec)size * 0x1p112f;
    words out = (words)choose((bits)((word & 0x7c00) == 0x7c00), special, scaled);
    return (vec)(out | (word & 0x8000) << 16);
}

/* What is subnormal is added to 1/2, whose last bit is worth 2^-24. */
static inline halves floats_to_f16(vec x) {
    words word = (words)x, size = word & 0x7fffffff;
    words normal = ((size + 0xfff + (size >> 13 & 1)) >> 13) - (112 << 10);
    words tiny = (words)((vec)size + 0.5f) - 0x3f000000;
    words infinite = (words){0} + 0x7c00, nan = 0x7e00 | (size >> 13 & 0x3ff);
    vec out = choose((bits)(size < 0x38800000), (vec)tiny, (vec)normal);
    out = choose((bits)(size >= 0x47800000), (vec)infinite, out);
    out = choose(x != x, (vec)nan, out);
    return __builtin_convertvector((words)out | (word >> 16 & 0x8000), halves);
}
#endif

#if defined(ELEMENT_BF16) || defined(ELEMENT_F16)
typedef uint16_t element;
typedef halves elements;
#ifdef ELEMENT_BF16
static inline vec widen(elements x) { return bf16_to_floats(x); }
static inline elements narrow(vec x) { return floats_to_bf16(x); }
#else
static inline vec widen(elements x) { return f16_to_floats(x); }
static inline elements narrow(vec x) { return floats_to_f16(x); }
#endif
#else
typedef float element;
typedef vec elements;
static inline vec widen(elements x) { return x; }
static inline elements narrow(vec x) { return x; }
#endif

typedef elements loose_elements __attribute__((aligned(sizeof(element)), may_alias));

static inline vec load_elements(const element *at) { return widen(*(const loose_elements *)at); }
static inline void store_elements(element *at, vec x) { *(loose_elements *)at = narrow(x); }

#endif
