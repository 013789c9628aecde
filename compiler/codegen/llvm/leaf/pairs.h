/* Operands of products that multiply pairs of bfloat16 and add both to a float. A pair is two consecutive dims of a
 * query or key, or two consecutive keys of the weights of a row or the values of a dim; what is odd at the end is
 * paired with 0. Queries keep their precision: scores lack the scale, which comes in where they become weights. */
#ifndef WEFT_LEAF_PAIRS_H
#define WEFT_LEAF_PAIRS_H

#include <immintrin.h>

#include "layout.h"

/* Rows of pairs, or pairs of rows. */
typedef struct matrix {
    const element *at;
    int64_t row, column; /* from one pair to the next */
} matrix;

static inline int64_t steps_of(int64_t count) { return (count + 1) / 2; }

/* ---- pairs ------------------------------------------------------------------------------------------------------ */

typedef uint16_t many __attribute__((vector_size(4 * LANES), may_alias)); /* two a lane */
typedef many loose_many __attribute__((aligned(2), may_alias));

static inline many load_many(const element *at) { return *(const loose_many *)at; }

static inline vec first_of(vec pairs) { return (vec)((words)pairs << 16); }
static inline vec second_of(vec pairs) { return (vec)((words)pairs & 0xffff0000); }

/* Rounds to nearest, ties up: weights are no less than 0. NaN may be lost, but never from a sum of weights. */
static inline vec narrow_pairs(vec first, vec second) {
    const words half = (words){0} + 0x8000;
    return (vec)((((words)second + half) & 0xffff0000) | ((words)first + half) >> 16);
}

/* The first `count` elements, `step` from each other; the others are 0. */
static __attribute__((noinline)) many some_elements(const element *at, int64_t step, int64_t count) {
    many x = {0};
#pragma clang loop unroll(disable) vectorize(disable)
    for (int64_t n = 0; n < smaller(count, 2 * LANES); n++) x[n] = at[n * step];
    return x;
}

/* ---- queries ---------------------------------------------------------------------------------------------------- */

/* Times 0: NaN where it is not finite. */
static inline many vanish(many x) { return (many)((x & 0x7f80) == 0x7f80) & 0x7fc0; }

/* packed[pair][row] for a whole number of registers, with the sign of the scale; what does not exist is 0. What it
 * returns is left to multiply scores with: above 0, so that -inf stays what it is. */
static float pack_queries(const weft_call *call, int64_t rows, int64_t height, int64_t dims, float *packed) {
    const float factor = call->scale * (float)LOG2_E;
    const many sign = (many){0} + (uint16_t)(factor < 0 ? 0x8000 : 0);
    for (int64_t row = 0; row < rows; row += LANES)
        for (int64_t pair = 0; pair < steps_of(dims); pair += LANES) {
            const element *from = (const element *)call->q + 2 * pair * call->q_dim;
            int64_t exist = call->rows - row, rest = dims - 2 * pair;
            bool whole = call->q_dim == 1 && rest >= 2 * LANES;
            vec x[LANES];
#pragma unroll
            for (int r = 0; r < LANES; r++) {
                const element *at = from + (r < exist ? weft_row_at(call, row + r) * call->q_row : 0);
                many q = whole && r < exist ? load_many(at) : some_elements(at, call->q_dim, r < exist ? rest : 0);
                x[r] = (vec)(factor == 0 ? vanish(q) : q ^ sign);
            }
            transpose(x);
#pragma unroll
            for (int p = 0; p < LANES; p++) store(packed + (pair + p) * height + row, x[p]);
        }
    return factor < 0 ? -factor : factor == 0 ? 1 : factor;
}

/* ---- scores and weights -------------------------------------------------------------------------------------- */

static inline vec scaled(vec score, float factor) { return score * factor; }

/* Weights lie apart from scores, in other cache lines of a page, so that loads of scores wait for no store of weights.
 */
static inline float *weights_of(float *scores, int64_t height) { return scores + WEFT_TILE_KEYS * height + 2 * LANES; }

/* weights[pair of keys][row] of keys [first, last); first is even. Their sum is that before they are rounded. */
static inline vec soften_keys(const float *scores, float *weights, int64_t height, int64_t first, int64_t last,
                              float factor, vec base) {
    vec sum = splat(0);
    int64_t key = first;
#pragma clang loop unroll_count(2)
    for (; key + 1 < last; key += 2) {
        vec one = rough_power_of_two(load(scores + key * height) * factor - base);
        vec two = rough_power_of_two(load(scores + (key + 1) * height) * factor - base);
        store(weights + key / 2 * height, narrow_pairs(one, two));
        sum += one + two;
    }
    if (key < last) {
        vec one = rough_power_of_two(load(scores + key * height) * factor - base);
        store(weights + key / 2 * height, narrow_pairs(one, splat(0)));
        sum += one;
    }
    return sum;
}

static inline vec weight_at(const float *weights, int64_t height, int64_t key) {
    vec pairs = load(weights + key / 2 * height);
    return key % 2 ? second_of(pairs) : first_of(pairs);
}

#endif
