/* The softmax of sixteen rows side by side, added up by key and by distance. The power is a polynomial, within 2e-7 of
 * exp, so that it takes a few steps for all rows at once. */
#include <math.h>

#include "select/lanes.h"

typedef double weft_doubles __attribute__((vector_size(WEFT_LANES * sizeof(double))));

/* e^x of what is not above 0, and 0 of what is NaN or below -87. 2^f by its Taylor series, f within 1/2. */
WEFT_INLINE void power(weft_floats *x) {
    const float log2_e = 1.44269504f, round = 12582912.0f /* 1.5 * 2^23: what is added to it is rounded */;
    weft_floats scaled = *x * log2_e, number = (scaled + round) - round, f = scaled - number, sum;
    weft_ints counts = *x >= (weft_floats){0} - 87.0f, exponent;
    sum = 1.540353e-4f * f + 1.3333558e-3f;
    sum = sum * f + 9.6181291e-3f;
    sum = sum * f + 5.5504109e-2f;
    sum = sum * f + 2.4022651e-1f;
    sum = sum * f + 6.9314718e-1f;
    sum = sum * f + 1.0f;
    exponent = __builtin_convertvector((weft_floats)((weft_ints)number & counts), weft_ints);
    weft_ints bits = ((weft_ints)sum + (exponent << 23)) & counts;
    *x = (weft_floats)bits;
}

/* A score that is the largest weighs 1, also where it is infinite. */
WEFT_INLINE void weigh(float *scores, int64_t keys, float scale, double totals[WEFT_LANES]) {
    weft_floats most = (weft_floats){0} - INFINITY, x;
    weft_doubles total = {0};
    for (int64_t key = 0; key < keys; key++) {
        WEFT_LOAD(x, scores + key * WEFT_LANES);
        x *= scale;
        WEFT_STORE(scores + key * WEFT_LANES, x);
        weft_ints higher = x > most;
        most = (weft_floats)(((weft_ints)x & higher) | ((weft_ints)most & ~higher));
    }
    for (int64_t key = 0; key < keys; key++) {
        WEFT_LOAD(x, scores + key * WEFT_LANES);
        weft_ints is_most = x == most;
        const weft_floats one = (weft_floats){0} + 1.0f;
        x -= most;
        power(&x);
        x = (weft_floats)(((weft_ints)one & is_most) | ((weft_ints)x & ~is_most));
        WEFT_STORE(scores + key * WEFT_LANES, x);
        total += __builtin_convertvector(x, weft_doubles);
    }
    WEFT_STORE(totals, total);
}

/* Key by key: one sum over the rows, and sixteen distances that lie side by side. */
WEFT_INLINE void add(float *scores, int64_t keys, float scale, int64_t first, double *columns, double *diagonals) {
    double shares[WEFT_LANES], row[WEFT_LANES];
    weft_doubles share, at;
    weft_floats x;
    weigh(scores, keys, scale, shares);
    for (int n = 0; n < WEFT_LANES; n++) shares[n] = shares[n] > 0 ? 1 / shares[n] : 0;
    WEFT_LOAD(share, shares);
    for (int64_t key = 0; key < keys; key++) {
        WEFT_LOAD(x, scores + key * WEFT_LANES);
        weft_doubles weight = __builtin_convertvector(x, weft_doubles) * share;
        int64_t distance = first - key;
        WEFT_STORE(row, weight);
        double sum = 0;
        for (int n = 0; n < WEFT_LANES; n++) sum += row[n];
        columns[key] += sum;
        if (distance >= 0 && distance + WEFT_LANES <= keys) {
            WEFT_LOAD(at, diagonals + distance);
            at += weight;
            WEFT_STORE(diagonals + distance, at);
        } else {
            for (int64_t n = 0; n < WEFT_LANES; n++)
                if (distance + n >= 0 && distance + n < keys) diagonals[distance + n] += row[n];
        }
    }
}

WEFT_FOR_EACH_WIDTH(weft_add_softmax, add,
                    (float *scores, int64_t keys, float scale, int64_t first, double *columns, double *diagonals),
                    (scores, keys, scale, first, columns, diagonals))
