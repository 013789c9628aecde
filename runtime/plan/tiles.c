/* From key intervals to key tiles. Blocks are 64 keys at multiples of 64. Whole blocks that every row may see become
 * runs without walking them; any other block that holds a key is one tile, trimmed to groups of 16. */
#include "plan/build.h"

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Appends a tile; a full one that continues the one before makes that longer. `start` is the first tile of these rows.
 */
static bool append(weft_planner *planner, weft_layout *layout, uint32_t start, weft_tile tile) {
    if (!tile.masked && layout->tile_count > start) {
        weft_tile *before = &layout->tiles[layout->tile_count - 1];
        if (!before->masked && before->first == tile.first && before->last == tile.last &&
            before->block + before->many == tile.block) {
            before->many += tile.many;
            return true;
        }
    }
    if (planner->tile_count + layout->tile_count >= WEFT_MAX_TILES) {
        weft_diagnose(planner->diagnostics, WEFT_E0406, WEFT_NO_SPAN,
                      "at this shape the pattern needs more than %d key tiles", WEFT_MAX_TILES);
        return false;
    }
    if (!weft_reserve(planner->allocator, &layout->tiles, &layout->tile_capacity, (uint64_t)layout->tile_count + 1,
                      sizeof tile))
        return false;
    layout->tiles[layout->tile_count++] = tile;
    return true;
}

/* The one tile of block `block`, whose first key in the set is `from` and lies in interval `m` of may. `in` is the
 * first interval of full that ends after `from`. */
static weft_tile one_block(weft_intervals may, uint32_t m, weft_interval in, int64_t block, int64_t from,
                           int64_t keys) {
    int64_t base = block * WEFT_TILE_KEYS, end = base + WEFT_TILE_KEYS;
    while (m + 1 < may.count && may.at[m + 1].lo < end) m++;
    int64_t last = least(may.at[m].hi, end);
    int64_t first = from / WEFT_KEY_GROUP * WEFT_KEY_GROUP;
    last = least((last + WEFT_KEY_GROUP - 1) / WEFT_KEY_GROUP * WEFT_KEY_GROUP, keys);
    bool full = in.lo <= first && last <= in.hi;
    return (weft_tile){.block = (uint32_t)block,
                       .many = full,
                       .first = (uint8_t)(first - base),
                       .last = (uint8_t)(last - base),
                       .masked = !full};
}

bool weft_append_tiles(weft_planner *planner, weft_layout *layout, const weft_spans *spans) {
    const weft_intervals full = spans->full, may = spans->may;
    int64_t keys = layout->space.keys, reached = 0; /* blocks below `reached` are done */
    uint32_t start = layout->tile_count, f = 0, m = 0;
    while (m < may.count) {
        if (may.at[m].hi <= reached) {
            m++;
            continue;
        }
        int64_t from = may.at[m].lo > reached ? may.at[m].lo : reached;
        int64_t block = from / WEFT_TILE_KEYS, base = block * WEFT_TILE_KEYS;
        while (f < full.count && full.at[f].hi <= from) f++;
        weft_interval in = f < full.count ? full.at[f] : (weft_interval){keys, keys};
        weft_tile tile = {.block = (uint32_t)block, .last = WEFT_TILE_KEYS};
        if (in.lo <= base && base + WEFT_TILE_KEYS <= in.hi)
            tile.many = (uint32_t)((in.hi - base) / WEFT_TILE_KEYS);
        else
            tile = one_block(may, m, in, block, from, keys);
        if (!append(planner, layout, start, tile)) return false;
        reached = base + weft_tile_steps(&tile) * WEFT_TILE_KEYS;
    }
    return true;
}
