/* Which pairs of some rows and keys a set holds, as bits: what is static of it is worked out with the plan, as
 * intervals of keys by row; what is chosen of q and k is asked when that is known. */
#ifndef WEFT_PLAN_FILTER_H
#define WEFT_PLAN_FILTER_H

#include "kernel/abi.h"
#include "select/select.h"

/* Up to 64 rows and 64 keys, of any numbers; bit r of word[k]: does the pair of row r and key k count? */
typedef struct weft_pairs {
    const uint32_t *rows; /* query rows */
    int32_t row_count, key_count;
    uint32_t keys[WEFT_TILE_KEYS];
    uint64_t word[WEFT_TILE_KEYS];
} weft_pairs;

typedef enum weft_filter_kind {
    WEFT_FILTER_STATIC,
    WEFT_FILTER_CHOSEN,
    WEFT_FILTER_NOT,
    WEFT_FILTER_BOTH,
    WEFT_FILTER_EITHER
} weft_filter_kind;

/* A formula, operands before what uses them. */
typedef struct weft_filter_step {
    weft_filter_kind kind;
    weft_id set;            /* CHOSEN */
    uint32_t first, second; /* steps; STATIC: first is the number of its intervals */
} weft_filter_step;

enum { WEFT_FILTER_STEPS = 24 };
typedef struct weft_filter {
    weft_filter_step steps[WEFT_FILTER_STEPS];
    weft_candidates intervals[WEFT_FILTER_STEPS];
    uint32_t count, interval_count; /* no steps: everything counts */
    bool is_static;                 /* nothing of it is chosen: all of it is one list of intervals, or nothing */
} weft_filter;

/* *fits: whether the set can be had as a filter, within what that may cost. False when memory fails; to be freed in any
 * case. */
bool weft_filter_make(weft_filter *filter, weft_bound *bound, const weft_shape *shape, weft_id set, bool *fits);
void weft_filter_free(weft_filter *filter, const weft_allocator *allocator);

/* Does what a run is given decide some of the set? Also where it is too large to say. */
bool weft_reads_run(const weft_dag *dag, weft_id set);

/* Clears the bits of pairs that the set does not hold. */
void weft_filter_apply(const weft_filter *filter, const weft_bound *bound, const weft_shape *shape, weft_pairs *pairs);
/* Of a static one: does it hold the pair? */
bool weft_filter_holds(const weft_filter *filter, int64_t row, int64_t key);

/* filter_mark.c: sets `bit` in words of keys whose number, less `base`, is below `span`, all of 32 bits. */
void weft_mark_keys(const uint32_t numbers[WEFT_TILE_KEYS], uint32_t base, uint32_t span, uint32_t bit,
                    uint32_t words[WEFT_TILE_KEYS]);

#endif
