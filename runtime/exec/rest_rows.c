/* A row tile of pairs that are approximated, for one head: what its queries make of the state that is carried, single
 * pairs, and what is taken away, folded into o and lse. Where that is too rough for a row, it is made again, directly.
 */
#include <math.h>
#include <string.h>

#include "exec/rest.h"

enum { ROWS = WEFT_TILE_ROWS };

static const double log2_of_e = 1.44269504088896340735992468100;

/* The rows of one item, for one head. */
typedef struct weft_row_tile {
    const weft_strand *strand;
    const weft_item *item;
    size_t n;
    int64_t first;          /* query row */
    float shift[ROWS];      /* what all exponents of a row have in common, in log2 */
    float pair_top[ROWS];   /* the largest exponent that products of features were taken in; -inf: there were none */
    float taken_from[ROWS]; /* of what was taken away from: the sum, and its largest exponent; 0: nothing was */
    float taken_top[ROWS];
} weft_row_tile;

static void look(weft_row_tile *t) {
    const weft_strand *s = t->strand;
    const weft_features *f = &s->run->features;
    weft_head_rows queries = weft_rest_queries(s->run, t->n);
    t->first = t->item->row;
    weft_look_at_queries(f, &queries, t->first, 1, t->item->rows, s->keys.factor, &s->room);
    for (int row = 0; row < ROWS; row++) {
        bool exists = row < t->item->rows;
        t->shift[row] = exists && !f->relu ? s->room.q_squares[row] - log2f((float)f->count) : 0;
        t->pair_top[row] = -INFINITY;
        t->taken_from[row] = 0;
    }
}

/* Where o and lse of the rows are. */
static weft_call call_of(const weft_row_tile *t) {
    const weft_views *views = t->strand->run->views;
    int64_t heads = t->strand->run->plan->shape.heads, batch = (int64_t)t->n / heads, head = (int64_t)t->n % heads;
    return (weft_call){.o = weft_view_at(&views->o, batch, head, t->first),
                       .lse = weft_view_at(&views->lse, batch, head, t->first),
                       .o_row = views->o.stride[2],
                       .o_dim = views->o.stride[3],
                       .lse_row = views->lse.stride[2],
                       .rows = t->item->rows,
                       .fold = 1,
                       .sink = -INFINITY};
}

/* Adds the outcome to what the rows are so far. */
static void fold(const weft_row_tile *t, float *outcome) {
    const weft_features *f = &t->strand->run->features;
    weft_fold_call call = {.rows = call_of(t), .shift = t->shift, .value_dim = f->value_dim};
    call.rows.state = outcome;
    f->fold(&call);
}

static void clear_outcome(const weft_features *f, float *outcome) {
    memset(outcome, 0, weft_outcome_floats(f) * sizeof *outcome);
    for (int row = 0; row < ROWS; row++) outcome[row] = -INFINITY;
}

/* Tiles that are in no run. False: there are none. */
static bool add_pairs(weft_row_tile *t, const weft_rest_runs *runs, float *outcome) {
    const weft_strand *s = t->strand;
    weft_pairing pairing = weft_pairing_begin(&s->run->features, &s->keys, &s->room, outcome);
    for (uint32_t n = 0; n < t->item->tile_count; n++) {
        const weft_tile *tile = &s->layout->tiles[t->item->first_tile + n];
        if (weft_is_in_runs(runs, tile)) continue;
        for (int64_t step = 0; step < weft_tile_steps(tile); step++)
            for (int k = tile->first; k < tile->last; k++) {
                int64_t key = ((int64_t)tile->block + step) * WEFT_TILE_KEYS + k;
                uint64_t rows = tile->masked ? s->run->plan->masks[tile->many].key[k] : ~UINT64_C(0);
                if (key < s->keys.keys) weft_pairing_add(&pairing, key, rows);
            }
    }
    return weft_pairing_end(&pairing);
}

/* Takes away what was visited. */
static void take_away(weft_row_tile *t, float *outcome) {
    const weft_estimation *run = t->strand->run;
    float *visited = t->strand->room.outcome[1];
    clear_outcome(&run->features, visited);
    for (int64_t row = 0; row < t->item->rows; row++) {
        const float *from = weft_visited_row(run, t->n, t->first + row);
        t->taken_from[row] = from[1] == 0 ? 0 : outcome[ROWS + row];
        t->taken_top[row] = outcome[row];
        if (from[1] == 0) continue;
        if (!(from[0] <= t->pair_top[row])) t->pair_top[row] = from[0];
        for (int64_t n = 0; n < run->features.value_dim + 2; n++) visited[n * ROWS + row] = from[n];
    }
    weft_outcome_subtract(&run->features, outcome, visited);
}

/* ---- rows to be made again --------------------------------------------------------------------------------------- */

/* What the row has in all, in log2. */
static double denominator_of(const weft_row_tile *t, const weft_call *call, const float *outcome, int64_t row) {
    double earlier = (double)call->lse[row * call->lse_row] * log2_of_e;
    double here = outcome[ROWS + row] == 0
                      ? (double)-INFINITY
                      : (double)outcome[row] + (double)t->shift[row] + log2((double)outcome[ROWS + row]);
    double most = earlier > here ? earlier : here;
    return most == (double)-INFINITY ? most : most + log2(exp2(earlier - most) + exp2(here - most));
}

/* Products below 2^-126 of the largest exponents are lost: nothing, beside a denominator of 2^-76. */
static bool vanishes(const weft_row_tile *t, const weft_call *call, const float *outcome, int64_t row) {
    const double least = -76;
    if (t->pair_top[row] == -INFINITY) return false;
    double top = (double)t->pair_top[row] + (double)t->shift[row];
    return !(denominator_of(t, call, outcome, row) >= top + least);
}

/* What is left of a sum is known to some 2^-20 of that: nothing, beside a denominator of a quarter of it. */
static bool cancels(const weft_row_tile *t, const weft_call *call, const float *outcome, int64_t row) {
    const double most = 2;
    if (t->taken_from[row] == 0) return false;
    double from = (double)t->taken_top[row] + (double)t->shift[row] + log2((double)t->taken_from[row]);
    if (!(denominator_of(t, call, outcome, row) >= from - most)) return true;
    for (int64_t dim = 0; dim < t->strand->run->features.value_dim; dim++)
        if (!isfinite(outcome[(dim + 2) * ROWS + row])) return true; /* of values that are not taken away */
    return false;
}

static void copy_row(const weft_features *f, float *to, const float *from, int64_t row) {
    for (int64_t n = 0; n < f->value_dim + 2; n++) to[n * ROWS + row] = from[n * ROWS + row];
}

/* Of rows whose bits are set in `rows`, those for which it is so. */
typedef bool weft_row_test(const weft_row_tile *t, const weft_call *call, const float *outcome, int64_t row);
static uint64_t find_rows(const weft_row_tile *t, const float *outcome, weft_row_test *test) {
    weft_call call = call_of(t);
    uint64_t rows = 0;
    for (int64_t row = 0; row < t->item->rows; row++)
        if (test(t, &call, outcome, row)) rows |= UINT64_C(1) << row;
    return rows;
}

static int64_t count_rows(uint64_t rows) {
    int64_t count = 0;
    for (; rows; rows &= rows - 1) count++;
    return count;
}

/* First what cancels, without taking anything away; then what vanishes, in that or before. */
static void make_again(weft_row_tile *t, const weft_rest_runs *runs, float *outcome) {
    const weft_strand *s = t->strand;
    weft_direct direct = {.run = s->run, .room = &s->room, .n = t->n, .first = t->first};
    direct.beside = (weft_interval){runs->up.begin * WEFT_TILE_KEYS, runs->up.end * WEFT_TILE_KEYS};
    uint64_t cancelled = find_rows(t, outcome, cancels);
    if (cancelled) {
        float *again = s->room.outcome[1];
        direct.bound = weft_rest_bound(s->run, s->worker, t->n);
        direct.rows = cancelled;
        if (!weft_direct_pairs(&direct, again)) clear_outcome(&s->run->features, again);
        for (int64_t row = 0; row < t->item->rows; row++) {
            if (!(cancelled >> row & 1)) continue;
            copy_row(&s->run->features, outcome, again, row);
            t->pair_top[row] = again[row];
        }
    }
    uint64_t vanished = find_rows(t, outcome, vanishes);
    if (vanished) direct.bound = weft_rest_bound(s->run, s->worker, t->n);
    for (int64_t row = 0; row < t->item->rows; row++)
        if (vanished >> row & 1) weft_direct_row(&direct, row, outcome);
    atomic_fetch_add_explicit(&s->run->recomputed_rows, count_rows(cancelled | vanished), memory_order_relaxed);
}

/* ---- ways ------------------------------------------------------------------------------------------------------- */

void weft_estimate_down(const weft_strand *s, const weft_item *item, size_t n, const weft_rest_runs *runs) {
    weft_row_tile tile = {.strand = s, .item = item, .n = n}, *t = &tile;
    const weft_features *f = &s->run->features;
    float *outcome = s->room.outcome[0], *pairs = s->room.outcome[1];
    bool subtracts = s->run->plan->routes[s->run->plan->route_of[t->n]].subtracts;
    look(t);
    bool paired = add_pairs(t, runs, pairs);
    if (!weft_holds_blocks(runs->down) && !paired) return;
    if (weft_holds_blocks(runs->down))
        weft_outcome_of(f, s->keys.factor, &s->room, outcome);
    else
        clear_outcome(f, outcome);
    if (paired) {
        memcpy(t->pair_top, pairs, sizeof t->pair_top);
        weft_outcome_add(f, outcome, pairs);
    }
    if (subtracts) take_away(t, outcome);
    make_again(t, runs, outcome);
    fold(t, outcome);
}

void weft_estimate_up(const weft_strand *s, const weft_item *item, size_t n) {
    weft_row_tile tile = {.strand = s, .item = item, .n = n}, *t = &tile;
    look(t);
    weft_outcome_of(&s->run->features, s->keys.factor, &s->room, s->room.outcome[0]);
    fold(t, s->room.outcome[0]);
}
