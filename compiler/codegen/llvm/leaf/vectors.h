/* Vectors of floats as wide as the instruction set that this is compiled for, by the compiler's vector extensions. */
#ifndef WEFT_LEAF_VECTORS_H
#define WEFT_LEAF_VECTORS_H

#include <stdint.h>

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define LANES 16
#define EACH_LANE(F, step)                                                                                             \
    F(0, step), F(1, step), F(2, step), F(3, step), F(4, step), F(5, step), F(6, step), F(7, step), F(8, step),        \
        F(9, step), F(10, step), F(11, step), F(12, step), F(13, step), F(14, step), F(15, step)
#elif defined(__AVX2__)
#define LANES 8
#define EACH_LANE(F, step)                                                                                             \
    F(0, step), F(1, step), F(2, step), F(3, step), F(4, step), F(5, step), F(6, step), F(7, step)
#else
#define LANES 4
#define EACH_LANE(F, step) F(0, step), F(1, step), F(2, step), F(3, step)
#endif

typedef float vec __attribute__((vector_size(4 * LANES), may_alias));
typedef float loose_vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t bits __attribute__((vector_size(4 * LANES), may_alias));

static inline vec load(const float *at) { return *(const vec *)at; }
static inline vec load_loose(const float *at) { return *(const loose_vec *)at; }
static inline void store(float *at, vec x) { *(vec *)at = x; }
static inline void store_loose(float *at, vec x) { *(loose_vec *)at = x; }
static inline vec splat(float x) { return x - (vec){0}; } /* not 0 + x: that would lose the sign of -0 */

static inline vec choose(bits where, vec yes, vec no) { return (vec)(((bits)yes & where) | ((bits)no & ~where)); }

/* b where a or b is NaN: callers choose the order that lets a NaN through, or ignores it. */
static inline vec larger(vec a, vec b) { return choose(a > b, a, b); }

#endif
