/* Heavy items are cut along their keys, so that no thread is left alone with a global row. What is heavy depends on the
 * costs of the whole phase, never on the number of threads: the result must not either. */
#include <math.h>

#include "plan/build.h"

/* More parts than any machine has cores; none so small that merging it would cost more than it saves. */
static double part_cost(const weft_phase *phase) {
    const double parts = 256, least = (double)WEFT_TILE_ROWS * 2048;
    return phase->cost / parts > least ? phase->cost / parts : least;
}

static uint32_t parts_of(const weft_layout *layout, const weft_item *item, double part) {
    int64_t steps = 0;
    for (uint32_t n = 0; n < item->tile_count; n++) steps += weft_tile_steps(&layout->tiles[item->first_tile + n]);
    double parts = item->cost / part;
    if (parts < 1.5) return 1;
    if (parts > WEFT_MOST_SHARES / item->height) parts = WEFT_MOST_SHARES / item->height;
    return parts < (double)steps ? (uint32_t)(parts + 0.5) : (uint32_t)steps;
}

/* A layout being rewritten with its heavy items cut. */
typedef struct weft_cutting {
    const weft_allocator *allocator;
    const weft_layout *from;
    weft_layout to;
} weft_cutting;

static bool push_tile(weft_cutting *cut, weft_tile tile) {
    weft_layout *to = &cut->to;
    if (!weft_reserve(cut->allocator, &to->tiles, &to->tile_capacity, (uint64_t)to->tile_count + 1, sizeof tile))
        return false;
    to->tiles[to->tile_count++] = tile;
    return true;
}

/* Ends an item with the tiles pushed since `first_tile`. */
static bool push_item(weft_cutting *cut, weft_item item, uint32_t first_tile, uint16_t split) {
    weft_layout *to = &cut->to;
    if (!weft_reserve(cut->allocator, &to->items, &to->item_capacity, (uint64_t)to->item_count + 1, sizeof item))
        return false;
    item.first_tile = first_tile;
    item.tile_count = to->tile_count - first_tile;
    item.split = split;
    item.cost = (float)weft_tiles_cost(weft_tiles_from(to, first_tile), item.tile_count, item.height);
    to->items[to->item_count++] = item;
    return true;
}

static bool copy_item(weft_cutting *cut, const weft_item *item) {
    uint32_t first = cut->to.tile_count;
    for (uint32_t n = 0; n < item->tile_count; n++)
        if (!push_tile(cut, cut->from->tiles[item->first_tile + n])) return false;
    return push_item(cut, *item, first, item->split);
}

/* Where the cutting of an item stands: `done` steps of tile `tile` are taken. */
typedef struct weft_cut {
    uint32_t tile;
    int64_t done;
    double cost; /* of all steps taken so far */
} weft_cut;

/* Takes steps until they have cost `wanted` in all; runs are cut between blocks. */
static bool take_steps(weft_cutting *cut, const weft_item *item, weft_cut *at, double wanted) {
    while (at->tile < item->tile_count && at->cost < wanted) {
        weft_tile tile = cut->from->tiles[item->first_tile + at->tile];
        double step = weft_step_cost(&tile, item->height);
        int64_t left = weft_tile_steps(&tile) - at->done, steps = left;
        double needed = (wanted - at->cost) / step; /* infinite for the last part */
        if (needed < (double)(left - 1)) steps = (int64_t)needed + 1;
        if (!tile.masked) {
            tile.block += (uint32_t)at->done;
            tile.many = (uint32_t)steps;
        }
        if (!push_tile(cut, tile)) return false;
        at->cost += step * (double)steps;
        at->done += steps;
        if (steps == left) at->tile++, at->done = 0;
    }
    return true;
}

static bool cut_item(weft_cutting *cut, const weft_item *item, uint32_t parts) {
    weft_layout *to = &cut->to;
    if (!weft_reserve(cut->allocator, &to->splits, &to->split_capacity, (uint64_t)to->split_count + 1,
                      sizeof *to->splits))
        return false;
    weft_split *split = &to->splits[to->split_count++];
    *split = (weft_split){.first_item = to->item_count, .first_state = to->state_count};
    double whole = item->cost - weft_tiles_cost(NULL, 0, item->height);
    for (weft_cut at = {0}; at.tile < item->tile_count;) {
        uint32_t first = to->tile_count;
        split->parts++;
        double wanted = split->parts < parts ? whole * split->parts / parts : HUGE_VAL;
        if (!take_steps(cut, item, &at, wanted) || !push_item(cut, *item, first, (uint16_t)to->split_count))
            return false;
    }
    to->state_count += split->parts;
    return true;
}

static bool split_layout(weft_layout *layout, double part, const weft_allocator *allocator) {
    uint32_t heavy = 0;
    for (uint32_t n = 0; n < layout->item_count; n++) heavy += parts_of(layout, &layout->items[n], part) > 1;
    if (!heavy) return true;
    weft_cutting cut = {.allocator = allocator, .from = layout, .to = *layout};
    cut.to.tiles = NULL, cut.to.tile_count = cut.to.tile_capacity = 0;
    cut.to.items = NULL, cut.to.item_count = cut.to.item_capacity = 0;
    bool done = weft_reserve(allocator, &cut.to.tiles, &cut.to.tile_capacity, layout->tile_count, sizeof(weft_tile)) &&
                weft_reserve(allocator, &cut.to.items, &cut.to.item_capacity, layout->item_count, sizeof(weft_item));
    for (uint32_t n = 0; done && n < layout->item_count; n++) {
        const weft_item *item = &layout->items[n];
        uint32_t parts = parts_of(layout, item, part);
        done = parts > 1 ? cut_item(&cut, item, parts) : copy_item(&cut, item);
    }
    if (!done) {
        weft_layout_free(&cut.to, allocator);
        return false;
    }
    weft_layout_free(layout, allocator);
    *layout = cut.to;
    weft_shrink(allocator, &layout->tiles, &layout->tile_capacity, layout->tile_count, sizeof *layout->tiles);
    weft_shrink(allocator, &layout->items, &layout->item_capacity, layout->item_count, sizeof *layout->items);
    weft_shrink(allocator, &layout->splits, &layout->split_capacity, layout->split_count, sizeof *layout->splits);
    return true;
}

bool weft_plan_split(weft_plan *plan, const weft_allocator *allocator) {
    for (uint32_t n = 0; n < plan->layout_count; n++) {
        weft_layout *layout = &plan->layouts[n];
        if (!layout->rest && !split_layout(layout, part_cost(&plan->phases[layout->phase]), allocator)) return false;
    }
    return true;
}
