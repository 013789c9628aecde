/* What the files share that make a run's approximated pairs (rest.c): they come last, and are folded into what all
 * phases have left in o and lse. */
#ifndef WEFT_EXEC_REST_H
#define WEFT_EXEC_REST_H

#include "exec/exec.h"
#include "lowrank/lowrank.h"

/* One run's, shared by its workers. */
typedef struct weft_estimation {
    const weft_plan *plan;
    const weft_views *views;
    const weft_run_modifiers *modifiers;
    const weft_workspace *parts;
    unsigned char *workspace;
    atomic_bool *stopped;
    weft_features features;
    uint32_t phase;            /* whose items are visited */
    atomic_int_least64_t next; /* claim of the step */
    atomic_int_least64_t recomputed_rows;
} weft_estimation;

/* Without the kernels. */
weft_features weft_rest_features(const weft_plan *plan);
/* Everything, step after step; how many rows were recomputed. Stops when the host says so. */
int64_t weft_estimate(weft_estimation *run);

/* ---- what belongs to a worker, a head, a row --------------------------------------------------------------------- */

weft_feature_room weft_rest_room(const weft_estimation *run, size_t worker);
/* Keys of a set of rows: a mask each, and which are there, as bits. All 0 between sets. */
typedef struct weft_key_marks {
    uint64_t *rows, *words;
} weft_key_marks;
weft_key_marks weft_rest_marks(const weft_estimation *run, size_t worker);
weft_head_keys weft_rest_keys(const weft_estimation *run, size_t n);
weft_head_rows weft_rest_queries(const weft_estimation *run, size_t n);
/* What is to be taken away from a row of head number n: largest exponent, sum, sum of values. */
float *weft_visited_row(const weft_estimation *run, size_t n, int64_t row);
bool weft_rest_is_stopped(const weft_estimation *run);
/* The plan's sets, as head number n sees them in this run; `worker` brings the memory. */
weft_bound weft_rest_bound(const weft_estimation *run, size_t worker, size_t n);

static inline bool weft_holds_blocks(weft_block_run run) { return run.begin < run.end; }

/* One worker's walk over a strand. */
typedef struct weft_strand {
    weft_estimation *run;
    size_t unit, worker;
    const weft_layout *layout;
    weft_head_keys keys;
    weft_feature_room room;
    weft_block_run held; /* by the state that is carried; empty: nothing */
} weft_strand;

/* ---- rest_rows.c ------------------------------------------------------------------------------------------------- */

/* Folds what the rows of an item make of the strand's state into o and lse of head number n: on the way up that alone,
 * on the way down with all else that is approximated. */
void weft_estimate_up(const weft_strand *strand, const weft_item *item, size_t n);
void weft_estimate_down(const weft_strand *strand, const weft_item *item, size_t n, const weft_rest_runs *runs);

/* ---- visited.c: what is to be taken away, where complements are not laid out ------------------------------------- */

/* Visits the items of run->phase until none is left. */
void weft_visit_items(void *run, size_t worker);

/* ---- direct.c: rows that sums are too rough for
 * ---------------------------------------------------------------------- */

/* What is approximated for some rows of a tile, bit r of `rows` each, from the definition of the set, key by key: by
 * features in float, or, exactly, in double. */
typedef struct weft_direct {
    const weft_estimation *run;
    const weft_feature_room *room;
    weft_bound bound;
    size_t n;             /* head */
    int64_t first;        /* query row of the tile */
    weft_interval beside; /* keys that come by another way */
    uint64_t rows;
} weft_direct;
bool weft_direct_pairs(const weft_direct *direct, float *outcome); /* false: there are none */
void weft_direct_row(const weft_direct *direct, int64_t row, float *outcome);

#endif
