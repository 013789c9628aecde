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

/* value[dim] of one row is the sum of the parts' accumulators, each under its share of the denominator; it is rounded
 * to the element type when it is whole. */
static void merge_row(const weft_call *call, weft_dtype dtype, const float *states, size_t step, uint32_t parts,
                      int64_t height, int64_t value_dim, int64_t row) {
    weft_merged merged = merge_statistics(call, states, step, parts, height, row);
    char *o = (char *)call->o + row * call->o_row * (int64_t)weft_dtype_size(dtype);
    bool keeps = call->fold && merged.earlier != -INFINITY;
    float kept = keeps ? exp2f(merged.earlier - merged.max) / merged.sum : 0, value[WEFT_MAX_DIM];
    for (int64_t dim = 0; dim < value_dim; dim++)
        value[dim] = kept == 0 ? 0 : kept * weft_element_at(o, dim * call->o_dim, dtype);
    for (uint32_t part = 0; part < parts; part++) {
        const float *m = state_max(states, step, part), *s = m + height, *acc = s + height;
        if (s[row] == 0) continue;
        float share = exp2f(m[row] - merged.max) / merged.sum;
        for (int64_t dim = 0; dim < value_dim; dim++) value[dim] += share * acc[dim * height + row];
    }
    for (int64_t dim = 0; dim < value_dim; dim++) weft_element_set(o, dim * call->o_dim, dtype, value[dim]);
    if (!call->lse) return;
    double lse = merged.sum == 0 ? -INFINITY : ((double)merged.max + log2(merged.sum)) * natural_log_of_2;
    call->lse[row * call->lse_row] = (float)lse;
}

void weft_merge(const weft_call *call, weft_dtype dtype, const float *states, size_t step, uint32_t parts,
                int64_t height, int64_t value_dim) {
    for (int64_t row = 0; row < call->rows; row++) merge_row(call, dtype, states, step, parts, height, value_dim, row);
}
