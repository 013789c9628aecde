/* What one head costs: its share of the figures of the plan, and what moves through memory for it. */
#include <string.h>

#include "plan/terms.h"

static void add_item(weft_plan_work *work, const weft_layout *layout, const weft_item *item) {
    work->items++;
    work->cost += item->cost;
    if (item->cost > work->heaviest) work->heaviest = item->cost;
    work->rows_read += item->rows;
    if (!item->split) work->rows_written += item->rows;
    for (uint32_t n = 0; n < item->tile_count; n++) {
        const weft_tile *tile = &layout->tiles[item->first_tile + n];
        work->keys_read += (tile->last - tile->first) * weft_tile_steps(tile);
    }
}

static void add_layout(weft_plan_work *work, const weft_layout *layout) {
    work->pairs += layout->pairs;
    work->computed_pairs += layout->computed_pairs;
    work->full_tiles += layout->full_tiles;
    work->partial_tiles += layout->partial_tiles;
    for (uint32_t n = 0; n < layout->item_count; n++) add_item(work, layout, &layout->items[n]);
    if (layout->list && !layout->at_run) work->keys_read += layout->list_count;
    for (uint32_t n = 0; n < layout->split_count; n++)
        work->rows_written += layout->items[layout->splits[n].first_item].rows; /* merged once */
}

/* What a run decides is of this head alone. */
static bool add_listed(const weft_plan *plan, size_t number, weft_plan_work *work) {
    double pairs;
    if (!weft_plan_listed_pairs(plan, number, &pairs)) return false;
    work->pairs += pairs;
    work->computed_pairs += pairs;
    work->keys_read += (int64_t)pairs;
    if (pairs > 0) work->same_as = (int64_t)number;
    return true;
}

weft_status weft_plan_head(const weft_plan *plan, int64_t batch, int64_t head, weft_plan_work *work) {
    if (!work || work->size < sizeof work->size || !weft_plan_has_head(plan, batch, head)) return WEFT_INVALID_ARGUMENT;
    size_t number = (size_t)(batch * plan->shape.heads + head);
    weft_plan_work known = {0};
    while (plan->route_of[known.same_as] != plan->route_of[number]) known.same_as++;
    if (plan->lists_at_run && !add_listed(plan, number, &known)) return WEFT_OUT_OF_MEMORY;
    for (uint32_t phase = 0; phase < plan->phase_count; phase++) {
        const weft_stage *stage = weft_plan_stage(plan, number, phase);
        for (int64_t residue = 0; stage && residue < stage->stride; residue++)
            add_layout(&known, weft_stage_layout(plan, stage, residue));
    }
    weft_tell_known(work, &known, sizeof known);
    return WEFT_OK;
}
