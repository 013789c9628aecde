/* Which pairs are approximated, as tiles. Where a head's set is one stage of tiles, its complement is laid out as well:
 * runs of blocks that all rows of a tile see become states, which are carried from one row tile to the next, and other
 * tiles become pairs, so that nothing is ever taken away. Otherwise, or where that would visit more tiles, all that
 * might be approximated is laid out, and what the head's stages visit is taken away from it. */
#include "plan/build.h"

/* ---- layouts ----------------------------------------------------------------------------------------------------- */

static const weft_layout *only_tiles(const weft_plan *plan, const weft_route *route) {
    const weft_stage *stage = &plan->stages[route->first_stage];
    if (route->stage_count != 1 || stage->stride != 1) return NULL;
    const weft_layout *layout = weft_stage_layout(plan, stage, 0);
    return layout->list ? NULL : layout;
}

static bool is_empty(const weft_plan *plan, const weft_layout *layout) {
    return layout && weft_node_at(&plan->bound.dag, layout->set)->op == WEFT_ATOM_NONE;
}

static bool add_layouts(weft_planner *planner, weft_route *route) {
    weft_plan *plan = planner->plan;
    weft_dag *dag = &plan->bound.dag;
    bool causal = plan->kernel->program->rest.causal;
    const weft_layout *exact = only_tiles(plan, route);
    weft_id all = weft_make_set(dag, causal ? WEFT_ATOM_CAUSAL : WEFT_ATOM_ALL, WEFT_NO_SPAN, 0);
    route->complement = WEFT_NO_NUMBER;
    route->subtracts = !is_empty(plan, exact);
    if (!all || !weft_rest_layout(planner, all, &route->rest)) return false;
    exact = only_tiles(plan, route); /* layouts may have moved */
    if (!exact || !route->subtracts) return true;
    weft_id complement = weft_make_set(dag, WEFT_OP_DIFFERENCE, WEFT_NO_SPAN, 2, all, exact->set);
    return complement && weft_rest_layout(planner, complement, &route->complement);
}

bool weft_plan_rest_layouts(weft_planner *planner) {
    weft_plan *plan = planner->plan;
    for (uint32_t n = 0; plan->rest.directions && n < plan->route_count; n++)
        if (!add_layouts(planner, &plan->routes[n])) return false;
    return true;
}

/* ---- runs -------------------------------------------------------------------------------------------------------- */

/* Does every row of the item see all keys of its blocks that there are? */
static bool is_whole(const weft_layout *layout, const weft_tile *tile) {
    int64_t last = (int64_t)tile->block * WEFT_TILE_KEYS + tile->last;
    return !tile->masked && !tile->first && (tile->last == WEFT_TILE_KEYS || last == layout->space.keys);
}

/* The next run of whole blocks from tile *n on; false: there is none. */
static bool next_run(const weft_layout *layout, const weft_item *item, uint32_t *n, weft_block_run *run) {
    const weft_tile *tiles = weft_tiles_from(layout, item->first_tile);
    while (*n < item->tile_count && !is_whole(layout, &tiles[*n])) ++*n;
    if (*n == item->tile_count) return false;
    run->begin = run->end = tiles[*n].block;
    for (; *n < item->tile_count && is_whole(layout, &tiles[*n]) && tiles[*n].block == run->end; ++*n)
        run->end += tiles[*n].many;
    return true;
}

weft_rest_runs weft_rest_runs_of(const weft_plan *plan, const weft_layout *layout, const weft_item *item) {
    weft_rest_runs runs = {{0, 0}, {0, 0}};
    weft_block_run run;
    for (uint32_t n = 0; next_run(layout, item, &n, &run);) {
        if (run.begin == layout->first_run)
            runs.down = run;
        else if (run.end == layout->end_run && !plan->kernel->program->rest.causal)
            runs.up = run;
    }
    return runs;
}

bool weft_is_in_runs(const weft_rest_runs *runs, const weft_tile *tile) {
    int64_t block = tile->block;
    return !tile->masked &&
           ((runs->down.begin <= block && block < runs->down.end) || (runs->up.begin <= block && block < runs->up.end));
}

static void find_ends(weft_layout *layout) {
    weft_block_run run;
    layout->first_run = INT64_MAX;
    for (uint32_t k = 0; k < layout->item_count; k++)
        for (uint32_t n = 0; next_run(layout, &layout->items[k], &n, &run);) {
            if (run.begin < layout->first_run) layout->first_run = run.begin;
            if (run.end > layout->end_run) layout->end_run = run.end;
        }
    if (layout->first_run == INT64_MAX) layout->first_run = 0;
}

/* ---- which of them ----------------------------------------------------------------------------------------------- */

/* Blocks that a state takes up, or single pairs come from: both cost about the same. */
static double blocks_of(const weft_plan *plan, const weft_layout *layout) {
    double blocks = 0;
    weft_rest_runs before = {{0, 0}, {0, 0}};
    for (uint32_t k = 0; k < layout->item_count; k++) {
        const weft_item *item = &layout->items[k];
        weft_rest_runs runs = weft_rest_runs_of(plan, layout, item);
        for (uint32_t n = 0; n < item->tile_count; n++) {
            const weft_tile *tile = &layout->tiles[item->first_tile + n];
            if (!weft_is_in_runs(&runs, tile)) blocks += (double)weft_tile_steps(tile);
        }
        if (runs.down.end > runs.down.begin) {
            int64_t held = runs.down.end >= before.down.end ? before.down.end : runs.down.begin;
            blocks += (double)(runs.down.end - (held > runs.down.begin ? held : runs.down.begin));
            before.down = runs.down;
        }
        if (runs.up.end > runs.up.begin) {
            int64_t more = runs.up.begin - before.up.begin;
            blocks += (double)(more > 0 ? more : runs.up.end - runs.up.begin);
            before.up = runs.up;
        }
    }
    return blocks;
}

static double steps_of(const weft_layout *layout) { return (double)(layout->full_tiles + layout->partial_tiles); }

static void choose(weft_plan *plan, weft_route *route) {
    if (route->complement == WEFT_NO_NUMBER) return;
    const weft_layout *complement = &plan->layouts[route->complement], *all = &plan->layouts[route->rest];
    double apart = blocks_of(plan, complement), together = blocks_of(plan, all) + steps_of(only_tiles(plan, route));
    if (apart > together) return;
    route->rest = route->complement;
    route->subtracts = false;
}

static bool are_alike(const weft_plan *plan, size_t a, size_t b) {
    const weft_route *of_a = &plan->routes[plan->route_of[a]], *of_b = &plan->routes[plan->route_of[b]];
    size_t heads = (size_t)plan->shape.heads;
    return of_a->rest == of_b->rest && of_a->subtracts == of_b->subtracts &&
           plan->scale_of[a % heads] == plan->scale_of[b % heads];
}

static void gather_units(weft_plan *plan) {
    size_t group = (size_t)(plan->shape.heads / plan->shape.kv_heads), heads = weft_plan_heads(plan);
    weft_plan_rest *rest = &plan->rest;
    for (size_t n = 0, k = 0; n < heads; n++) {
        bool joins = n % group != 0 && are_alike(plan, rest->units[k - 1].first, n);
        if (!joins) rest->units[k++] = (weft_unit){n, 0};
        rest->units[k - 1].heads++;
    }
}

/* Enough strands for any machine, each of some row tiles; as many for every number of threads. */
static int64_t segments_of(const weft_plan *plan) {
    enum { ENOUGH = 64, MOST = 16, LEAST_BLOCKS = 4 };
    const weft_shape *shape = &plan->shape;
    int64_t rows = shape->queries < shape->keys ? shape->queries : shape->keys;
    int64_t few = rows / (LEAST_BLOCKS * WEFT_TILE_KEYS), wanted = ENOUGH / plan->rest.unit_count;
    int64_t segments = wanted < MOST ? wanted : MOST;
    if (segments > few) segments = few;
    return segments > 1 ? segments : 1;
}

bool weft_plan_rest_choose(weft_plan *plan, const weft_allocator *allocator) {
    weft_plan_rest *rest = &plan->rest;
    size_t heads = weft_plan_heads(plan), group = (size_t)(plan->shape.heads / plan->shape.kv_heads);
    if (!rest->directions) return true;
    for (uint32_t n = 0; n < plan->layout_count; n++)
        if (plan->layouts[n].rest) find_ends(&plan->layouts[n]);
    for (uint32_t n = 0; n < plan->route_count; n++) {
        choose(plan, &plan->routes[n]);
        rest->subtracts |= plan->routes[n].subtracts;
    }
    for (size_t n = 0; n < heads; n++) rest->unit_count += n % group == 0 || !are_alike(plan, n - 1, n);
    rest->units = weft_allocate(allocator, rest->unit_count * sizeof *rest->units);
    if (!rest->units) return false;
    gather_units(plan);
    rest->segments = segments_of(plan);
    return true;
}
