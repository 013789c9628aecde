/* Does a strided stage pay? In its classes a dilated window is a plain one, but its rows lie far apart in memory, and
 * what it finds is folded into what earlier stages left. Both ways are costed on a few row tiles, looked for where the
 * step has pairs at all: of a set that only some rows have, those count. */
#include "plan/build.h"

enum { SAMPLED_TILES = 12, SAMPLED_CLASSES = 4 };

/* Of reading and writing o and lse once more, a row; and of keys and queries that are apart, a pair. */
static const double fold_row = 8, apart = 1.25;

/* A sum over row tiles of the cost of `set`, less that of `beside` (0: nothing), which differ where `guide` has pairs.
 */
typedef struct weft_sample {
    weft_planner *planner;
    weft_space space;
    weft_id guide;
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
    weft_scratch_reset(scratch);
    if (!weft_spans_of(scratch, sample->guide, sample->space, rows.lo, rows.hi, &spans)) return false;
    *found = spans.may.count > 0;
    return true;
}

static bool cost_of_rows(weft_sample *sample, weft_layout *trial, weft_strip rows, double *cost) {
    weft_planner *planner = sample->planner;
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

bool weft_stride_pays(weft_planner *planner, weft_id contiguous, const weft_step *step, bool *pays) {
    weft_plan *plan = planner->plan;
    weft_space space = weft_space_of(plan->shape.queries, plan->shape.keys);
    *pays = false;
    if (step->stride < 2 || step->stride >= space.keys || step->stride > WEFT_MAX_CLASSES - (int64_t)plan->class_count)
        return true;
    bool refused = false;
    double classes = 0;
    if (!cost_of_classes(planner, step, contiguous ? fold_row : 0, &classes, &refused)) return false;
    weft_id both = refused ? 0 : weft_join_sets(planner, contiguous, step->set);
    if (!both) return refused;
    weft_sample joined = {
        .planner = planner, .space = space, .guide = step->set, .set = {.set = both}, .beside = {.set = contiguous}};
    if (!add_space(&joined, SAMPLED_TILES)) return false;
    *pays = apart * classes < joined.cost;
    return true;
}
