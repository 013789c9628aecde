/* What a plan holds, in figures. */
#include <string.h>

#include "plan/build.h"

static size_t dag_bytes(const weft_dag *dag) {
    size_t bytes = dag->node_capacity * sizeof *dag->nodes + dag->operand_capacity * sizeof *dag->operands +
                   dag->string_capacity * sizeof *dag->strings + dag->list_capacity * sizeof *dag->lists;
    bytes += (dag->node_index.size + dag->string_index.size + dag->list_index.size) * sizeof(weft_intern_slot);
    for (uint32_t n = 0; n < dag->list_count; n++) bytes += dag->lists[n].count * sizeof(weft_interval);
    return bytes;
}

static size_t plan_bytes(const weft_plan *plan) {
    size_t heads = weft_plan_heads(plan);
    size_t bytes = sizeof *plan + dag_bytes(&plan->bound.dag) + plan->mask_capacity * sizeof *plan->masks +
                   plan->layout_capacity * sizeof *plan->layouts + heads * sizeof *plan->route_of +
                   heads * sizeof *plan->meaning_of + (size_t)plan->shape.heads * sizeof *plan->scale_of +
                   plan->class_capacity * sizeof *plan->classes + plan->stage_capacity * sizeof *plan->stages +
                   plan->route_capacity * sizeof *plan->routes + plan->phase_capacity * sizeof *plan->phases +
                   plan->kernel->program->parameter_count * sizeof *plan->arguments;
    bytes += weft_plan_rest_bytes(plan);
    bytes += plan->bound.form_capacity * sizeof *plan->bound.forms;
    for (uint32_t n = 0; n < plan->bound.array_count; n++) bytes += weft_array_bytes(&plan->bound.arrays[n]);
    for (uint32_t n = 0; n < plan->layout_count; n++) {
        const weft_layout *layout = &plan->layouts[n];
        bytes += layout->tile_capacity * sizeof *layout->tiles + layout->item_capacity * sizeof *layout->items +
                 layout->split_capacity * sizeof *layout->splits + layout->list_capacity * sizeof *layout->list_keys;
        if (layout->list_begin) bytes += ((size_t)layout->space.queries + 1) * sizeof *layout->list_begin;
    }
    return bytes;
}

/* ---- sums over the heads -------------------------------------------------------------------------------------- */

typedef void weft_add_layout(weft_plan *plan, const weft_layout *layout, double heads);

/* Every layout, as often as heads go through it: once for each class of each stage. */
static void each_layout(weft_plan *plan, weft_add_layout *add) {
    for (uint32_t n = 0; n < plan->route_count; n++) {
        const weft_route *route = &plan->routes[n];
        for (uint32_t k = 0; k < route->stage_count; k++) {
            const weft_stage *stage = &plan->stages[route->first_stage + k];
            for (int64_t residue = 0; residue < stage->stride; residue++)
                add(plan, weft_stage_layout(plan, stage, residue), (double)route->heads);
        }
    }
}

static void add_to_phase(weft_plan *plan, const weft_layout *layout, double heads) {
    weft_phase *phase = &plan->phases[layout->phase];
    phase->items += (int64_t)heads * layout->item_count;
    phase->splits += (size_t)heads * layout->split_count;
    phase->states += (size_t)heads * layout->state_count;
    phase->cost += heads * layout->cost;
}

static void add_to_info(weft_plan *plan, const weft_layout *layout, double heads) {
    weft_plan_info *info = &plan->info;
    info->pairs += heads * layout->pairs;
    info->computed_pairs += heads * layout->computed_pairs;
    info->full_tiles += (int64_t)heads * layout->full_tiles;
    info->partial_tiles += (int64_t)heads * layout->partial_tiles;
    info->items += (int64_t)heads * layout->item_count;
}

bool weft_plan_sum(weft_plan *plan, const weft_allocator *allocator) {
    for (uint32_t n = 0; n < plan->route_count; n++)
        if (plan->routes[n].stage_count > plan->phase_count) plan->phase_count = plan->routes[n].stage_count;
    if (!weft_reserve(allocator, &plan->phases, &plan->phase_capacity, plan->phase_count, sizeof *plan->phases))
        return false;
    for (uint32_t n = 0; n < plan->phase_count; n++) plan->phases[n] = (weft_phase){0};
    for (uint32_t n = 0; n < plan->layout_count; n++) {
        weft_layout *layout = &plan->layouts[n];
        layout->cost = 0;
        for (uint32_t k = 0; k < layout->item_count; k++) layout->cost += layout->items[k].cost;
    }
    each_layout(plan, add_to_phase);
    return true;
}

/* Of the keys that the plan was given, and of choices that it was shown, in place of those before. */
bool weft_plan_count_lists(weft_plan *plan) {
    double listed = 0;
    for (size_t n = 0; plan->lists_at_run && weft_plan_is_known(plan) && n < weft_plan_heads(plan); n++) {
        double pairs;
        if (!weft_plan_listed_pairs(plan, n, &pairs)) return false;
        listed += pairs;
    }
    plan->info.pairs += listed - plan->listed_pairs;
    plan->info.computed_pairs += listed - plan->listed_pairs;
    plan->listed_pairs = listed;
    return true;
}

bool weft_plan_measure(weft_plan *plan, const weft_planner *planner) {
    weft_plan_info *info = &plan->info;
    *info = (weft_plan_info){.size = sizeof *info};
    each_layout(plan, add_to_info);
    if (!weft_plan_count_lists(plan)) return false;
    info->rest_pairs = weft_plan_rest_pairs(plan);
    info->layouts = plan->layout_count;
    info->bit_tiles = plan->mask_count;
    info->bytes = (int64_t)plan_bytes(plan);
    info->span_calls = (int64_t)(planner->rows.span_calls + planner->probe.span_calls);
    info->contains_calls = (int64_t)(planner->rows.contains_calls + planner->probe.contains_calls);
    return true;
}

weft_status weft_plan_describe(const weft_plan *plan, weft_plan_info *info) {
    if (!plan || !info || info->size < sizeof info->size) return WEFT_INVALID_ARGUMENT;
    weft_plan_info known = plan->info;
    known.density =
        known.pairs / ((double)weft_plan_heads(plan) * (double)plan->shape.queries * (double)plan->shape.keys);
    weft_tell_known(info, &known, sizeof known);
    return WEFT_OK;
}

size_t weft_plan_message(const weft_plan *plan, char *buffer, size_t size) {
    return weft_message_copy((weft_message *)&plan->message, buffer, size);
}
