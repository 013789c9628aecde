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
                   plan->layout_capacity * sizeof *plan->layouts + heads * sizeof *plan->layout_of +
                   heads * sizeof *plan->meaning_of + (size_t)plan->shape.heads * sizeof *plan->scale_of +
                   plan->kernel->program->parameter_count * sizeof *plan->arguments;
    for (uint32_t n = 0; n < plan->layout_count; n++) {
        const weft_layout *layout = &plan->layouts[n];
        bytes += layout->tile_capacity * sizeof *layout->tiles + layout->item_capacity * sizeof *layout->items +
                 layout->split_capacity * sizeof *layout->splits;
    }
    return bytes;
}

void weft_plan_measure(weft_plan *plan, const weft_planner *planner) {
    weft_plan_info *info = &plan->info;
    *info = (weft_plan_info){.size = sizeof *info};
    for (size_t n = 0; n < weft_plan_heads(plan); n++) {
        const weft_layout *layout = &plan->layouts[plan->layout_of[n]];
        info->pairs += layout->pairs;
        info->computed_pairs += layout->computed_pairs;
        info->full_tiles += layout->full_tiles;
        info->partial_tiles += layout->partial_tiles;
        info->items += layout->item_count;
    }
    info->layouts = plan->layout_count;
    info->bit_tiles = plan->mask_count;
    info->bytes = (int64_t)plan_bytes(plan);
    info->span_calls = (int64_t)(planner->rows.span_calls + planner->probe.span_calls);
    info->contains_calls = (int64_t)(planner->rows.contains_calls + planner->probe.contains_calls);
}

weft_status weft_plan_describe(const weft_plan *plan, weft_plan_info *info) {
    if (!plan || !info || info->size < sizeof info->size) return WEFT_INVALID_ARGUMENT;
    weft_plan_info known = plan->info;
    size_t size = info->size;
    known.size = size;
    memcpy(info, &known, size < sizeof known ? size : sizeof known);
    return WEFT_OK;
}

size_t weft_plan_message(const weft_plan *plan, char *buffer, size_t size) {
    return weft_message_copy((weft_message *)&plan->message, buffer, size);
}
