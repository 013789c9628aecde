/* Pairs that are approximated, after all phases of a run: first, where complements are not laid out, what heads attend
 * to is visited, to be taken away. Then the states of segments of keys are made and summed up, from both ends, in their
 * order. Then every strand of row tiles, from the state of the segments beyond it, walks up its rows, where runs end
 * with the last keys, and down, carrying a state that only ever grows; single pairs of a row tile come in on the way
 * down. What is computed in which order is fixed by the plan. */
#include "exec/rest.h"

#include <math.h>
#include <string.h>

/* ---- what belongs to whom ---------------------------------------------------------------------------------------- */

static unsigned char *room_at(const weft_estimation *run, size_t worker) {
    return run->workspace + run->parts->rooms + worker * run->parts->room;
}

weft_feature_room weft_rest_room(const weft_estimation *run, size_t worker) {
    weft_feature_room room;
    weft_feature_room_of(&run->features, room_at(run, worker), &room);
    return room;
}

weft_key_marks weft_rest_marks(const weft_estimation *run, size_t worker) {
    uint64_t *rows = (uint64_t *)(void *)(room_at(run, worker) + run->parts->room - run->parts->key_marks);
    return (weft_key_marks){rows, rows + run->plan->shape.keys};
}

static weft_head_rows head_of(const weft_view *view, int64_t batch, int64_t head) {
    return (weft_head_rows){weft_view_at(view, batch, head, 0), view->stride[2], view->stride[3], view->element};
}

weft_head_keys weft_rest_keys(const weft_estimation *run, size_t n) {
    const weft_shape *shape = &run->plan->shape;
    int64_t batch = (int64_t)n / shape->heads, head = (int64_t)n % shape->heads;
    int64_t kv_head = head / (shape->heads / shape->kv_heads);
    return (weft_head_keys){.k = head_of(&run->views->k, batch, kv_head),
                            .v = head_of(&run->views->v, batch, kv_head),
                            .keys = shape->keys,
                            .factor = sqrtf(run->plan->scale_of[head])};
}

weft_head_rows weft_rest_queries(const weft_estimation *run, size_t n) {
    int64_t heads = run->plan->shape.heads;
    return head_of(&run->views->q, (int64_t)n / heads, (int64_t)n % heads);
}

float *weft_visited_row(const weft_estimation *run, size_t n, int64_t row) {
    float *rows = (float *)(void *)(run->workspace + run->parts->visited);
    const weft_shape *shape = &run->plan->shape;
    return rows + ((int64_t)n * shape->queries + row) * (shape->value_dim + 2);
}

bool weft_rest_is_stopped(const weft_estimation *run) {
    if (atomic_load_explicit(run->stopped, memory_order_relaxed)) return true;
    if (!weft_engine_cancelled(run->plan->kernel->engine)) return false;
    atomic_store_explicit(run->stopped, true, memory_order_relaxed);
    return true;
}

weft_bound weft_rest_bound(const weft_estimation *run, size_t worker, size_t n) {
    const weft_plan *plan = run->plan;
    int64_t heads = plan->shape.heads;
    weft_bound bound = plan->bound;
    if (!plan->lists_at_run) return bound;
    unsigned char *own = run->workspace + run->parts->workers + worker * run->parts->worker;
    weft_array *open = (weft_array *)(void *)(own + run->parts->open);
    weft_open_keys(plan->kernel->program, run->modifiers->arguments, (int64_t)n / heads, (int64_t)n % heads, open);
    bound.open = open;
    weft_see_choices(&bound, &plan->selection, run->workspace + run->parts->choices, n);
    return bound;
}

/* ---- segments ---------------------------------------------------------------------------------------------------- */

static const weft_layout *layout_of(const weft_estimation *run, size_t unit) {
    const weft_plan *plan = run->plan;
    return &plan->layouts[plan->routes[plan->route_of[plan->rest.units[unit].first]].rest];
}

/* The block that segment g of a layout begins with. */
static int64_t segment_begin(const weft_estimation *run, const weft_layout *layout, int64_t g) {
    return layout->first_run + (layout->end_run - layout->first_run) * g / run->plan->rest.segments;
}

static bool goes_up(const weft_estimation *run) { return !run->plan->kernel->program->rest.causal; }

/* The state of keys before segment g (1 … G), or, going up, from segment g (0 … G - 1) on. */
static float *state_of(const weft_estimation *run, size_t unit, bool up, int64_t g) {
    float *states = (float *)(void *)(run->workspace + run->parts->segments);
    int64_t segments = run->plan->rest.segments, sides = goes_up(run) ? 2 : 1;
    int64_t number = ((int64_t)unit * sides + up) * segments + (up ? g : g - 1);
    return states + (size_t)number * weft_feature_state_floats(&run->features);
}

/* The keys of blocks [begin, end). */
static void extend(const weft_estimation *run, const weft_head_keys *keys, int64_t begin, int64_t end,
                   const weft_feature_room *room, float *state) {
    int64_t last = end * WEFT_TILE_KEYS < keys->keys ? end * WEFT_TILE_KEYS : keys->keys;
    weft_state_extend(&run->features, keys, begin * WEFT_TILE_KEYS, last, room, state);
}

static void sum_segment(weft_estimation *run, size_t worker, int64_t number) {
    int64_t g = number % run->plan->rest.segments;
    size_t unit = (size_t)(number / run->plan->rest.segments), bytes = run->parts->state_of_features;
    const weft_layout *layout = layout_of(run, unit);
    weft_head_keys keys = weft_rest_keys(run, run->plan->rest.units[unit].first);
    weft_feature_room room = weft_rest_room(run, worker);
    float *state = state_of(run, unit, false, g + 1);
    weft_state_clear(&run->features, state);
    extend(run, &keys, segment_begin(run, layout, g), segment_begin(run, layout, g + 1), &room, state);
    if (goes_up(run)) memcpy(state_of(run, unit, true, g), state, bytes);
}

static void sum_up(weft_estimation *run, size_t worker, int64_t unit) {
    int64_t segments = run->plan->rest.segments;
    (void)worker;
    for (int64_t g = 2; g <= segments; g++)
        weft_state_merge(&run->features, state_of(run, (size_t)unit, false, g),
                         state_of(run, (size_t)unit, false, g - 1));
    for (int64_t g = segments - 1; goes_up(run) && g-- > 0;)
        weft_state_merge(&run->features, state_of(run, (size_t)unit, true, g),
                         state_of(run, (size_t)unit, true, g + 1));
}

/* ---- carrying a state -------------------------------------------------------------------------------------------- */

/* Begins with the segments that lie within the run. */
static void begin_state(weft_strand *s, weft_block_run run, bool up) {
    const weft_features *f = &s->run->features;
    int64_t segments = s->run->plan->rest.segments, g = up ? 0 : segments;
    s->held = up ? (weft_block_run){run.end, run.end} : (weft_block_run){run.begin, run.begin};
    weft_state_clear(f, s->room.state);
    if (segments == 1) return;
    while (up ? g < segments && segment_begin(s->run, s->layout, g) < run.begin
              : g > 0 && segment_begin(s->run, s->layout, g) > run.end)
        g += up ? 1 : -1;
    if (g == (up ? segments : 0)) return;
    memcpy(s->room.state, state_of(s->run, s->unit, up, g), s->run->parts->state_of_features);
    if (up)
        s->held.begin = segment_begin(s->run, s->layout, g);
    else
        s->held.end = segment_begin(s->run, s->layout, g);
}

/* The state becomes that of the run: mostly it grows a little. */
static void carry(weft_strand *s, weft_block_run run, bool up) {
    bool grows = s->held.begin < s->held.end && (up ? run.begin <= s->held.begin && run.end == s->held.end
                                                    : run.begin == s->held.begin && run.end >= s->held.end);
    if (grows && run.end - run.begin == s->held.end - s->held.begin) return;
    if (!grows) begin_state(s, run, up);
    if (up)
        extend(s->run, &s->keys, run.begin, s->held.begin, &s->room, s->room.state);
    else
        extend(s->run, &s->keys, s->held.end, run.end, &s->room, s->room.state);
    weft_state_divide(&s->run->features, s->room.state, &s->room);
    s->held = run;
}

/* ---- strands ----------------------------------------------------------------------------------------------------- */

static void walk(weft_strand *s, int64_t k, bool up) {
    const weft_unit *unit = &s->run->plan->rest.units[s->unit];
    const weft_item *item = &s->layout->items[k];
    weft_rest_runs runs = weft_rest_runs_of(s->run->plan, s->layout, item);
    weft_block_run run = up ? runs.up : runs.down;
    if (up && !weft_holds_blocks(run)) return;
    if (weft_holds_blocks(run)) carry(s, run, up);
    for (int64_t h = 0; h < unit->heads; h++) {
        size_t n = unit->first + (size_t)h;
        if (up)
            weft_estimate_up(s, item, n);
        else
            weft_estimate_down(s, item, n, &runs);
    }
}

static void walk_strand(weft_estimation *run, size_t worker, int64_t number) {
    int64_t segments = run->plan->rest.segments, g = number % segments;
    weft_strand s = {.run = run, .unit = (size_t)(number / segments), .worker = worker};
    s.layout = layout_of(run, s.unit);
    s.keys = weft_rest_keys(run, run->plan->rest.units[s.unit].first);
    s.room = weft_rest_room(run, worker);
    int64_t first = s.layout->item_count * g / segments, end = s.layout->item_count * (g + 1) / segments;
    for (int64_t k = end; goes_up(run) && k-- > first && !weft_rest_is_stopped(run);) walk(&s, k, true);
    s.held = (weft_block_run){0, 0};
    for (int64_t k = first; k < end && !weft_rest_is_stopped(run); k++) walk(&s, k, false);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

typedef struct weft_rest_step {
    weft_estimation *run;
    void (*compute)(weft_estimation *run, size_t worker, int64_t number);
    int64_t count;
} weft_rest_step;

static void work(void *user, size_t worker) {
    const weft_rest_step *step = user;
    int64_t number;
    while (!weft_rest_is_stopped(step->run) &&
           (number = atomic_fetch_add_explicit(&step->run->next, 1, memory_order_relaxed)) < step->count)
        step->compute(step->run, worker, number);
}

static void each(weft_estimation *run, int64_t count,
                 void (*compute)(weft_estimation *run, size_t worker, int64_t number)) {
    weft_rest_step step = {run, compute, count};
    uint32_t workers = run->plan->workers;
    atomic_store_explicit(&run->next, 0, memory_order_relaxed);
    weft_engine_parallel(run->plan->kernel->engine, count < workers ? (size_t)count : workers, work, &step);
}

static void visit_all(weft_estimation *run) {
    const weft_plan *plan = run->plan;
    size_t rows = weft_plan_heads(plan) * (size_t)plan->shape.queries;
    memset(weft_visited_row(run, 0, 0), 0, rows * (size_t)(plan->shape.value_dim + 2) * sizeof(float));
    for (size_t worker = 0; run->parts->key_marks && worker < plan->workers; worker++)
        memset(weft_rest_marks(run, worker).rows, 0, run->parts->key_marks);
    for (run->phase = 0; run->phase < plan->phase_count; run->phase++) {
        atomic_store_explicit(&run->next, 0, memory_order_relaxed);
        weft_engine_parallel(plan->kernel->engine, plan->workers, weft_visit_items, run);
    }
}

/* ISO C has no cast from an object to a function. */
static void find_kernels(weft_estimation *run) {
    const weft_machine_code *code = &run->plan->kernel->code;
    uintptr_t base = (uintptr_t)code->bytes, item = base + (uintptr_t)code->favor.item;
    uintptr_t rows = base + (uintptr_t)code->favor.rows, pairs = base + (uintptr_t)code->favor.pairs;
    uintptr_t fold = base + (uintptr_t)code->favor.fold;
    memcpy(&run->features.item, &item, sizeof item);
    memcpy(&run->features.rows, &rows, sizeof rows);
    memcpy(&run->features.pairs, &pairs, sizeof pairs);
    memcpy(&run->features.fold, &fold, sizeof fold);
}

int64_t weft_estimate(weft_estimation *run) {
    const weft_plan_rest *rest = &run->plan->rest;
    atomic_init(&run->next, 0);
    atomic_init(&run->recomputed_rows, 0);
    run->features = weft_rest_features(run->plan);
    find_kernels(run);
    if (rest->subtracts) visit_all(run);
    if (rest->segments > 1) {
        each(run, rest->unit_count * rest->segments, sum_segment);
        each(run, rest->unit_count, sum_up);
    }
    each(run, rest->unit_count * rest->segments, walk_strand);
    return atomic_load(&run->recomputed_rows);
}
