/* How rows end: they have seen their keys, and what they found becomes a share of the answer, beside what earlier
 * passes left and the sink. */
#ifndef WEFT_LEAF_FINISH_H
#define WEFT_LEAF_FINISH_H

#include "kernel/abi.h"
#include "maths.h"

/* What the rows of a call found: their largest score (base 2), and the sum of 2^(score - largest). */
typedef struct outcome {
    int64_t height;         /* a multiple of LANES; call->rows of them exist */
    float *maximum, *total; /* of each row; both change */
    float *share, *kept;    /* of each row: how much of what it summed, and of the old o, goes into o */
} outcome;

/* The denominators of earlier passes, or what the sink is in them, in log2; -inf where there is nothing. */
static inline void read_earlier(const weft_call *call, const outcome *found) {
    for (int64_t row = 0; row < found->height; row++)
        found->kept[row] =
            (float)((call->fold && row < call->rows ? call->lse[weft_row_at(call, row) * call->lse_row] : call->sink) *
                    LOG2_E);
}

/* Earlier passes are one more key, with their lse as score, and so is a sink, whose value is 0. A row that has seen no
 * key has no say, whatever its maximum is, so that (-inf) - (-inf) is never formed. */
static inline void weigh_passes(const weft_call *call, const outcome *found) {
    const vec nothing = splat(-__builtin_inff());
    read_earlier(call, found);
    for (int64_t row = 0; row < found->height; row += LANES) {
        vec total = load(found->total + row), earlier = load(found->kept + row);
        vec found_here = choose(total == 0, nothing, load(found->maximum + row));
        vec highest = larger(earlier, found_here), base = choose(highest == nothing, splat(0), highest);
        vec old = choose(earlier == base, splat(1), power_of_two(earlier - base));
        vec fresh = power_of_two(found_here - base);
        total = old + choose(total == 0, splat(0), total * fresh);
        vec inverse = choose(total == 0, splat(0), 1.0f / total);
        store(found->maximum + row, base);
        store(found->total + row, total);
        store(found->share + row, fresh * inverse);
        store(found->kept + row, old * inverse);
    }
}

/* After weigh_passes. */
static inline void write_lse(const weft_call *call, const outcome *found) {
    if (!call->lse) return;
    for (int64_t row = 0; row < call->rows; row++) {
        double total = found->total[row], lse = found->maximum[row] * LN_2 + natural_log(total);
        call->lse[weft_row_at(call, row) * call->lse_row] = total > 0    ? (float)lse
                                                            : total == 0 ? -__builtin_inff()
                                                                         : (float)total;
    }
}

#endif
