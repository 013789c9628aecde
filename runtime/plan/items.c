/* The items of one layout in row order: row tiles at multiples of 64 positions, each whole or as strips of 16, with
 * their tiles, masks, costs and counts of pairs. */
#include "plan/build.h"

void weft_layout_free(weft_layout *layout, const weft_allocator *allocator) {
    weft_free(allocator, layout->tiles, layout->tile_capacity * sizeof *layout->tiles);
    weft_free(allocator, layout->items, layout->item_capacity * sizeof *layout->items);
    weft_free(allocator, layout->list_begin, ((size_t)layout->space.queries + 1) * sizeof *layout->list_begin);
    weft_free(allocator, layout->list_keys, layout->list_capacity * sizeof *layout->list_keys);
    weft_free(allocator, layout->splits, layout->split_capacity * sizeof *layout->splits);
}

static void reach(weft_layout *layout, const weft_tile *tile) {
    int64_t end = tile->block + weft_tile_steps(tile);
    if (layout->end_block == 0 || tile->block < layout->first_block) layout->first_block = tile->block;
    if (end > layout->end_block) layout->end_block = end;
}

static void count_item(weft_layout *layout, const weft_item *item, const uint32_t *mask_pairs) {
    for (uint32_t n = 0; n < item->tile_count; n++) {
        const weft_tile *tile = &layout->tiles[item->first_tile + n];
        reach(layout, tile);
        double keys = tile->last - tile->first, steps = (double)weft_tile_steps(tile);
        layout->pairs += tile->masked ? mask_pairs[tile->many] : keys * item->rows * steps;
        layout->computed_pairs += keys * item->height * steps;
        if (tile->masked)
            layout->partial_tiles++;
        else
            layout->full_tiles += tile->many;
    }
}

void weft_count_pairs(weft_layout *layout, const uint32_t *mask_pairs) {
    for (uint32_t n = 0; n < layout->item_count; n++) count_item(layout, &layout->items[n], mask_pairs);
}

/* The spans of these rows, kept in planner->rows, and their tiles. */
static bool append_rows(weft_planner *planner, weft_layout *layout, weft_strip rows, weft_spans *spans) {
    weft_scratch_reset(&planner->rows);
    return weft_spans_of(&planner->rows, layout->set, layout->space, rows.first, rows.first + rows.count, spans) &&
           weft_append_tiles(planner, layout, spans);
}

/* Of the tiles from number `first` on, which append_rows has just made. After the first phase, rows without any have
 * what they need. */
static bool add_item(weft_planner *planner, weft_layout *layout, weft_strip rows, uint32_t first) {
    if (layout->phase > 0 && layout->tile_count == first) return true;
    if (!weft_find_keys(planner, layout, first, rows) ||
        !weft_reserve(planner->allocator, &layout->items, &layout->item_capacity, (uint64_t)layout->item_count + 1,
                      sizeof *layout->items))
        return false;
    weft_item *item = &layout->items[layout->item_count++];
    *item = (weft_item){.row = rows.first - layout->space.first,
                        .first_tile = first,
                        .tile_count = layout->tile_count - first,
                        .height = (uint8_t)rows.height,
                        .rows = (uint8_t)rows.count};
    item->cost = (float)weft_tiles_cost(weft_tiles_from(layout, first), item->tile_count, rows.height);
    return true;
}

static bool add_row_tile(weft_planner *planner, weft_layout *layout, weft_strip rows) {
    uint32_t first = layout->tile_count;
    weft_spans spans;
    bool strips = false;
    double cost;
    if (!append_rows(planner, layout, rows, &spans) ||
        (!layout->rest && !weft_prefer_strips(planner, layout, first, rows, &spans, &strips, &cost)))
        return false;
    if (!strips) return add_item(planner, layout, rows, first);
    layout->tile_count = first;
    for (int64_t next = rows.first; next < rows.first + rows.count;) {
        weft_strip strip = weft_strip_at(rows, next);
        first = layout->tile_count;
        if (!append_rows(planner, layout, strip, &spans) || !add_item(planner, layout, strip, first)) return false;
        next += strip.count;
    }
    return true;
}

bool weft_plan_items(weft_planner *planner, weft_layout *layout) {
    if (layout->list) return weft_plan_lists(planner, layout);
    int64_t end = layout->space.keys; /* of the positions that queries have */
    for (int64_t first = layout->space.first; first < end;) {
        int64_t next = (weft_floor_div(first, WEFT_TILE_ROWS) + 1) * WEFT_TILE_ROWS;
        if (next > end) next = end;
        if (!add_row_tile(planner, layout, (weft_strip){first, (int32_t)(next - first), WEFT_TILE_ROWS})) return false;
        first = next;
    }
    planner->tile_count += layout->tile_count;
    weft_shrink(planner->allocator, &layout->tiles, &layout->tile_capacity, layout->tile_count, sizeof *layout->tiles);
    weft_shrink(planner->allocator, &layout->items, &layout->item_capacity, layout->item_count, sizeof *layout->items);
    return true;
}
