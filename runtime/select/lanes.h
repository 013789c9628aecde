/* Sixteen rows side by side, as registers of C: one lane a row. What is written with them is compiled for the widest
 * registers of each generation of processors (WEFT_FOR_EACH_WIDTH); as products are not fused with sums, all give the
 * same bits. */
#ifndef WEFT_SELECT_LANES_H
#define WEFT_SELECT_LANES_H

#include <string.h>

#include "select/select.h"

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF /* gcc's -std=c11 means that */
#endif

typedef float weft_floats __attribute__((vector_size(WEFT_LANES * sizeof(float))));
typedef int32_t weft_ints __attribute__((vector_size(WEFT_LANES * sizeof(int32_t))));
typedef uint32_t weft_words __attribute__((vector_size(WEFT_LANES * sizeof(uint32_t))));

#define WEFT_INLINE static inline __attribute__((always_inline))

/* Through pointers, because what is passed by value depends on the width. */
#define WEFT_LOAD(x, from) memcpy(&(x), (from), sizeof(x))
#define WEFT_STORE(to, x) memcpy((to), &(x), sizeof(x))

/* Defines `void name parameters` by the inline function `body`, called with `arguments`. */
#ifdef __x86_64__
#define WEFT_FOR_EACH_WIDTH(name, body, parameters, arguments)                                                         \
    __attribute__((target("avx512f"))) static void name##_zmm parameters { body arguments; }                           \
    __attribute__((target("avx2"))) static void name##_ymm parameters { body arguments; }                              \
    void name parameters {                                                                                             \
        if (__builtin_cpu_supports("avx512f"))                                                                         \
            name##_zmm arguments;                                                                                      \
        else if (__builtin_cpu_supports("avx2"))                                                                       \
            name##_ymm arguments;                                                                                      \
        else                                                                                                           \
            body arguments;                                                                                            \
    }
#else
#define WEFT_FOR_EACH_WIDTH(name, body, parameters, arguments)                                                         \
    void name parameters { body arguments; }
#endif

#endif
