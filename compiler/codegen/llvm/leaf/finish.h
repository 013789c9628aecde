/* How an item ends: its rows have seen their keys, and what they found becomes o and lse, is combined with what earlier
 * passes left there, or stays a state for a merge. */
#ifndef WEFT_LEAF_FINISH_H
#define WEFT_LEAF_FINISH_H

#include <stdbool.h>

#include "layout.h"

/* What the rows of an item found: their largest score (base 2), the sum of 2^(score - largest), and the same sum over
 * the values, [dims][height]. */
typedef struct outcome {
    int64_t height, dims;
    float *maximum, *total; /* height */
    float *share, *kept;    /* height; room for how much of acc, and of the old o, goes into o */
    const float *acc;
} outcome;

/* A part of a split row tile: leaves its state for a merge. */
static void leave(const weft_call *call, const outcome *found) {
    float *max = call->state, *sum = max + found->height, *acc = sum + found->height;
    for (int64_t row = 0; row < found->height; row += LANES) {
        store_loose(max + row, load(found->maximum + row));
        store_loose(sum + row, load(found->total + row));
    }
    for (int64_t at = 0; at < found->dims * found->height; at += LANES) store_loose(acc + at, load(found->acc + at));
}

/* The denominators of earlier passes, or what the sink is in them, in log2; -inf where there is nothing. */
static void read_earlier(const weft_call *call, const outcome *found) {
    for (int64_t row = 0; row < found->height; row++)
        found->kept[row] =
            (float)((call->fold && row < call->rows ? call->lse[row * call->lse_row] : call->sink) * LOG2_E);
}

/* Earlier passes are one more key, with their lse as score, and so is a sink, whose value is 0. A row that has seen no
 * key has no say, whatever its maximum is, so that (-inf) - (-inf) is never formed. */
static void weigh_passes(const outcome *found) {
    const vec nothing = splat(-__builtin_inff());
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

static void end_item(const weft_call *call, const outcome *found) {
    if (call->state) {
        leave(call, found);
        return;
    }
    read_earlier(call, found);
    weigh_passes(found);
    unpack_outputs(call, found->height, found->dims, found->acc, found->share, call->fold ? found->kept : 0);
    if (!call->lse) return;
    for (int64_t row = 0; row < call->rows; row++) {
        double total = found->total[row], lse = found->maximum[row] * LN_2 + natural_log(total);
        call->lse[row * call->lse_row] = total > 0 ? (float)lse : total == 0 ? -__builtin_inff() : (float)total;
    }
}

#endif
