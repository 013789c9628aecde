/* Does a stage of its own pay? In classes a dilated window is a plain one, but its rows lie far apart in memory; lists
 * visit no key in vain, but share none between rows; and what either finds is folded into what earlier stages left.
 * Both ways are costed on a few row tiles, looked for where the step has pairs at all: of a set that only some rows
 * have, those count. */
#include "plan/build.h"

enum { SAMPLED_TILES = 12, SAMPLED_CLASSES = 4, MOST_VISITS = 4096 /* of nodes of a set */ };

/* A sum over row tiles of the cost of `set`, less that of `beside` (0: nothing), which differ where `guide` has pairs.
 */
typedef struct weft_sample {
    weft_planner *planner;
    weft_space space;
    weft_id guide;           /* 0: any rows may have pairs */
    weft_layout set, beside; /* trials: they keep nothing */
    double fixed;            /* cost of a row that has pairs, whatever they are */
    double cost;
} weft_sample;

/* Positions of row tiles [first, end). */
static weft_interval rows_of(const weft_sample *sample, int64_t first, int64_t end) {
    weft_interval rows = {first * WEFT_TILE_ROWS, end * WEFT_TILE_ROWS};
    if (rows.lo < sample->space.first) rows.lo = sample->space.first;
    if (rows.hi > sample->space.keys) rows.hi = sample->space.keys;
    return rows;
}

/* Has the guide pairs in these row tiles? */
static bool has_pairs(weft_sample *sample, int64_t first, int64_t end, bool *found) {
    weft_interval rows = rows_of(sample, first, end);
    weft_scratch *scratch = &sample->planner->probe;
    weft_spans spans;
    *found = true;
    if (!sample->guide) return true;
    weft_scratch_reset(scratch);
    if (!weft_spans_of(scratch, sample->guide, sample->space, rows.lo, rows.hi, &spans)) return false;
    *found = spans.may.count > 0;
    return true;
}

/* Of lists as they are drawn, whatever the set leaves of them. */
static bool cost_of_lists(weft_sample *sample, const weft_layout *trial, weft_strip rows, double *cost) {
    double entries = 0;
    for (int64_t i = rows.first; i < rows.first + rows.count; i++) {
        weft_intervals drawn;
        if (!weft_list_row(&sample->planner->rows, trial->list, trial->space, i, &drawn)) return false;
        for (uint32_t n = 0; n < drawn.count; n++) entries += (double)(drawn.at[n].hi - drawn.at[n].lo);
    }
    *cost = entries > 0 ? weft_list_cost(rows.count, entries) : 0;
    return true;
}

static bool cost_of_rows(weft_sample *sample, weft_layout *trial, weft_strip rows, double *cost) {
    weft_planner *planner = sample->planner;
    if (trial->list) return cost_of_lists(sample, trial, rows, cost);
    weft_spans spans;
    bool strips;
    weft_scratch_reset(&planner->rows);
    trial->tile_count = 0;
    *cost = 0;
    if (!weft_spans_of(&planner->rows, trial->set, trial->space, rows.first, rows.first + rows.count, &spans) ||
        !weft_append_tiles(planner, trial, &spans) ||
        !weft_prefer_strips(planner, trial, 0, rows, &spans, &strips, cost))
        return false;
    if (!trial->tile_count) *cost = 0;
    return true;
}

static bool add_tile(weft_sample *sample, int64_t tile, int64_t stands_for) {
    weft_interval at = rows_of(sample, tile, tile + 1);
    weft_strip rows = {at.lo, (int32_t)(at.hi - at.lo), WEFT_TILE_ROWS};
    double cost, beside = 0;
    if (!cost_of_rows(sample, &sample->set, rows, &cost) ||
        (sample->beside.set && !cost_of_rows(sample, &sample->beside, rows, &beside)))
        return false;
    if (cost > 0) cost += sample->fixed * rows.count;
    sample->cost += (cost - beside) * (double)stands_for;
    return true;
}

/* Row tiles [first, end), which have pairs, by `budget` of them. */
static bool add_tiles(weft_sample *sample, int64_t first, int64_t end, int budget) {
    int64_t middle = first + (end - first) / 2;
    bool left = false, right = false;
    if (end - first == 1 || budget == 1) return add_tile(sample, middle, end - first);
    if (!has_pairs(sample, first, middle, &left) || !has_pairs(sample, middle, end, &right)) return false;
    int first_budget = left && right ? budget / 2 : budget;
    return (!left || add_tiles(sample, first, middle, first_budget)) &&
           (!right || add_tiles(sample, middle, end, left ? budget - first_budget : budget));
}

static bool add_space(weft_sample *sample, int budget) {
    int64_t first = weft_floor_div(sample->space.first, WEFT_TILE_ROWS);
    int64_t end = weft_ceil_div(sample->space.keys, WEFT_TILE_ROWS);
    bool some = false;
    sample->set.space = sample->beside.space = sample->space;
    bool done = sample->space.queries <= 0 || has_pairs(sample, first, end, &some);
    if (some) done = add_tiles(sample, first, end, budget);
    weft_layout_free(&sample->set, sample->planner->allocator);
    weft_layout_free(&sample->beside, sample->planner->allocator);
    return done;
}

static bool cost_of_classes(weft_planner *planner, const weft_step *step, double fixed, double *cost, bool *refused) {
    weft_plan *plan = planner->plan;
    weft_space space = weft_space_of(plan->shape.queries, plan->shape.keys);
    int64_t taken = step->stride < SAMPLED_CLASSES ? step->stride : SAMPLED_CLASSES;
    for (int64_t k = 0; k < taken; k++) {
        int64_t residue = (2 * k + 1) * step->stride / (2 * taken);
        weft_id set = weft_stride_set(&plan->bound, step->set, space, step->stride, residue, refused);
        if (!set) return *refused;
        weft_sample sample = {.planner = planner,
                              .space = weft_space_class(space, step->stride, residue),
                              .guide = set,
                              .set = {.set = set},
                              .fixed = fixed};
        if (!add_space(&sample, SAMPLED_TILES / SAMPLED_CLASSES)) return false;
        *cost += sample.cost * (double)step->stride / (double)taken;
    }
    return true;
}

static weft_space space_of(const weft_plan *plan) { return weft_space_of(plan->shape.queries, plan->shape.keys); }

static bool draws(const weft_dag *dag, weft_id id, uint32_t *visits) {
    const weft_node *node = weft_node_at(dag, id);
    if (++*visits > MOST_VISITS || node->op == WEFT_ATOM_RANDOM) return true;
    for (uint32_t k = 0; k < node->arity; k++)
        if (draws(dag, weft_operand(dag, id, k), visits)) return true;
    return false;
}

/* What shows where the step has pairs: of a list all that it is clipped to. Spans of many rows of drawn keys are as
 * long as all that is drawn, and never asked for. */
static weft_id guide_of(const weft_planner *planner, const weft_step *step) {
    uint32_t visits = 0;
    return step->list && draws(&planner->plan->bound.dag, step->set, &visits) ? 0 : step->set;
}

/* What the step adds to the cost of the contiguous stage. */
static bool cost_of_joining(weft_planner *planner, weft_id contiguous, const weft_step *step, double *cost) {
    weft_id set = weft_step_set(planner, step), both = set ? weft_join_sets(planner, contiguous, set) : 0;
    if (!both) return false;
    weft_sample joined = {.planner = planner,
                          .space = space_of(planner->plan),
                          .guide = guide_of(planner, step),
                          .set = {.set = both},
                          .beside = {.set = contiguous}};
    bool done = add_space(&joined, SAMPLED_TILES);
    *cost = joined.cost;
    return done;
}

static bool stride_pays(weft_planner *planner, weft_id contiguous, const weft_step *step, bool *pays) {
    int64_t room = WEFT_MAX_CLASSES - (int64_t)planner->plan->class_count;
    if (step->stride < 2 || step->stride >= planner->plan->shape.keys || step->stride > room) return true;
    bool refused = false;
    double classes = 0, joined;
    if (!cost_of_classes(planner, step, contiguous ? weft_cost_of.fold_row : 0, &classes, &refused)) return false;
    if (refused) return true;
    if (!cost_of_joining(planner, contiguous, step, &joined)) return false;
    *pays = weft_cost_of.apart * classes < joined;
    return true;
}

/* What only a run knows has no tiles. */
static bool list_pays(weft_planner *planner, weft_id contiguous, const weft_step *step, bool *pays) {
    *pays = weft_list_is_at_run(planner->plan, step->set, step->list);
    if (*pays) return true;
    double joined;
    weft_sample lists = {.planner = planner,
                         .space = space_of(planner->plan),
                         .guide = guide_of(planner, step),
                         .set = {.set = step->set, .list = step->list},
                         .fixed = contiguous ? weft_cost_of.fold_row : 0};
    if (!add_space(&lists, SAMPLED_TILES) || !cost_of_joining(planner, contiguous, step, &joined)) return false;
    *pays = lists.cost < joined;
    return true;
}

bool weft_step_pays(weft_planner *planner, weft_id contiguous, const weft_step *step, bool *pays) {
    *pays = false;
    return step->list ? list_pays(planner, contiguous, step, pays) : stride_pays(planner, contiguous, step, pays);
}
