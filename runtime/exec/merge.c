/* Merging the parts of a row tile that was cut along its keys. A part leaves, a row, the largest score m (base 2), the
 * sum of 2^(s - m), and the same sum over the values; parts with different m are brought to the largest. Parts that
 * hold no key of a row (sum 0) have no say in it, whatever their m, so that (-inf) - (-inf) is never formed. What
 * earlier passes made of the row (fold) is one more part, or else the sink, which has no values. */
#include <math.h>

#include "exec/exec.h"

static const double natural_log_of_2 = 0.693147180559945309417232121458;

static const float *state_max(const float *states, size_t step, uint32_t part) { return states + part * step; }

/* What a row's parts come to: the largest score and the sum under it. */
typedef struct weft_merged {
    float earlier; /* lse of earlier passes, or the sink, in log2: a part with a sum of 1; -inf: there is none */
    float max, sum;
} weft_merged;

/* A sum of 0 stays 0: the row is empty. A NaN among the sums stays one. */
static weft_merged merge_statistics(const weft_call *call, const float *states, size_t step, uint32_t parts,
                                    int64_t height, int64_t row) {
    weft_merged out = {0};
    out.earlier = (float)((double)(call->fold ? call->lse[row * call->lse_row] : call->sink) / natural_log_of_2);
    out.max = out.earlier;
    for (uint32_t part = 0; part < parts; part++) {
        const float *m = state_max(states, step, part), *s = m + height;
        if (s[row] != 0 && !(m[row] <= out.max)) out.max = m[row];
    }
    if (out.earlier != -INFINITY) out.sum = out.earlier == out.max ? 1 : exp2f(out.earlier - out.max);
    for (uint32_t part = 0; part < parts; part++) {
        const float *m = state_max(states, step, part), *s = m + height;
        if (s[row] != 0) out.sum += exp2f(m[row] - out.max) * s[row];
    }
    return out;
}

/* How much of each part goes into each row, part after part, and of o. A part that some row has no key in is not whole;
 * its share is ABSENT there, and whatever it holds does not count. */
typedef struct weft_shares {
    float of[WEFT_MOST_SHARES];
    bool whole[WEFT_MOST_SHARES / WEFT_STRIP_ROWS];
    float kept[WEFT_TILE_ROWS];
} weft_shares;

static const float ABSENT = -1;

static void end_lse(const weft_call *call, const weft_merged *merged, int64_t row) {
    if (!call->lse) return;
    double lse = merged->sum == 0 ? -INFINITY : ((double)merged->max + log2(merged->sum)) * natural_log_of_2;
    call->lse[row * call->lse_row] = (float)lse;
}

/* The shares of the rows, and their lse. */
static void share_rows(const weft_call *call, const float *states, size_t step, uint32_t parts, int64_t height,
                       weft_shares *shares) {
    for (uint32_t part = 0; part < parts; part++) shares->whole[part] = true;
    for (int64_t row = 0; row < call->rows; row++) {
        weft_merged merged = merge_statistics(call, states, step, parts, height, row);
        bool keeps = call->fold && merged.earlier != -INFINITY;
        shares->kept[row] = keeps ? exp2f(merged.earlier - merged.max) / merged.sum : 0;
        for (uint32_t part = 0; part < parts; part++) {
            const float *m = state_max(states, step, part), *s = m + height;
            shares->of[part * height + row] = s[row] == 0 ? ABSENT : exp2f(m[row] - merged.max) / merged.sum;
            if (s[row] == 0) shares->whole[part] = false;
        }
        end_lse(call, &merged, row);
    }
}

/* value[row] += share[row] * acc[row], where there is a share. */
static void add_part(const float *restrict share, bool whole, const float *restrict acc, int64_t rows,
                     float *restrict value) {
    if (whole)
        for (int64_t row = 0; row < rows; row++) value[row] += share[row] * acc[row];
    else
        for (int64_t row = 0; row < rows; row++)
            if (share[row] != ABSENT) value[row] += share[row] * acc[row];
}

/* A value is the sum of the parts' accumulators, each under its share of the denominator; it is rounded to the element
 * type when it is whole. States are read once, from end to end. */
void weft_merge(const weft_call *call, weft_dtype dtype, const float *states, size_t step, uint32_t parts,
                int64_t height, int64_t value_dim) {
    weft_shares shares;
    share_rows(call, states, step, parts, height, &shares);
    for (int64_t dim = 0; dim < value_dim; dim++) {
        float value[WEFT_TILE_ROWS] = {0};
        for (int64_t row = 0; call->fold && row < call->rows; row++)
            if (shares.kept[row] != 0)
                value[row] = shares.kept[row] * weft_element_at(call->o, row * call->o_row + dim * call->o_dim, dtype);
        for (uint32_t part = 0; part < parts; part++)
            add_part(shares.of + part * height, shares.whole[part], states + part * step + (2 + dim) * height,
                     call->rows, value);
        for (int64_t row = 0; row < call->rows; row++)
            weft_element_set(call->o, row * call->o_row + dim * call->o_dim, dtype, value[row]);
    }
}
