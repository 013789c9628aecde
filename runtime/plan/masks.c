/* Bit tiles. A masked tile whose key is known takes the mask that the key had. The others are built row by row: the
 * spans of a single row say which keys it has, and only pairs that they leave open are asked one by one. Equal masks
 * are kept once. */
#include <string.h>

#include "plan/build.h"

typedef struct weft_draft {
    uint32_t tile;  /* number in the layout */
    uint32_t known; /* the key's number, or NO_KEY */
    weft_mask mask;
} weft_draft;

#define NO_KEY UINT32_MAX

static bool refuse(weft_planner *planner, const char *what) {
    weft_diagnose(planner->diagnostics, WEFT_E0406, WEFT_NO_SPAN, "at this shape the pattern needs too many %s", what);
    return false;
}

void weft_mask_pool_free(weft_mask_pool *pool, const weft_allocator *allocator) {
    weft_records_free(&pool->masks);
    weft_records_free(&pool->known);
    weft_free(allocator, pool->pairs, pool->pairs_capacity * sizeof *pool->pairs);
    weft_free(allocator, pool->mask_of, pool->mask_of_capacity * sizeof *pool->mask_of);
    weft_free(allocator, pool->drafts, pool->draft_capacity * sizeof *pool->drafts);
}

/* ---- finding ------------------------------------------------------------------------------------------------- */

static bool add_draft(weft_planner *planner, uint32_t tile, uint32_t known) {
    weft_mask_pool *pool = &planner->pool;
    if (pool->draft_count >= WEFT_MAX_MASKS) return refuse(planner, "bit tiles for one row tile");
    if (!weft_reserve(planner->allocator, &pool->drafts, &pool->draft_capacity, (uint64_t)pool->draft_count + 1,
                      sizeof *pool->drafts))
        return false;
    weft_draft *draft = &pool->drafts[pool->draft_count++];
    memset(draft, 0, sizeof *draft);
    draft->tile = tile;
    draft->known = known;
    return true;
}

/* Gives the tile the mask of its key, or makes a draft of it. */
static bool find(weft_planner *planner, weft_layout *layout, uint32_t tile, weft_strip rows) {
    weft_mask_pool *pool = &planner->pool;
    weft_mask_key key;
    if (!weft_mask_key_of(planner, layout->set, &layout->tiles[tile], rows, &key))
        return !planner->rows.failed && add_draft(planner, tile, NO_KEY);
    uint32_t before = pool->known.count, known = weft_records_add(&pool->known, &key);
    if (known == UINT32_MAX) return false;
    if (known < before) {
        layout->tiles[tile].many = pool->mask_of[known];
        return true;
    }
    return weft_reserve(planner->allocator, &pool->mask_of, &pool->mask_of_capacity, pool->known.count,
                        sizeof *pool->mask_of) &&
           add_draft(planner, tile, known);
}

/* ---- building ------------------------------------------------------------------------------------------------ */

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* The keys of a draft's tile. */
static weft_interval keys_of(const weft_layout *layout, const weft_draft *draft) {
    const weft_tile *tile = &layout->tiles[draft->tile];
    int64_t base = (int64_t)tile->block * WEFT_TILE_KEYS;
    return (weft_interval){base + tile->first, base + tile->last};
}

/* Sets bit `bit` of the keys that the list holds; asks about each key first where `ask` has a set. */
static void draw(weft_planner *planner, weft_mask *mask, weft_interval keys, weft_interval in, uint64_t bit, int64_t i,
                 weft_id ask) {
    int64_t from = larger(keys.lo, in.lo), to = smaller(keys.hi, in.hi);
    for (int64_t j = from; j < to; j++) {
        uint64_t *word = &mask->key[j % WEFT_TILE_KEYS];
        if (*word & bit) continue;
        if (ask) {
            planner->probe.contains_calls++;
            if (!weft_contains(&planner->plan->bound, ask, planner->space, i, j)) continue;
        }
        *word |= bit;
    }
}

/* One list over all drafts, which are in the order of their keys. */
static void draw_list(weft_planner *planner, const weft_layout *layout, weft_intervals list, int64_t i, uint64_t bit,
                      weft_id ask) {
    uint32_t at = 0;
    for (uint32_t n = 0; n < planner->pool.draft_count; n++) {
        weft_draft *draft = &planner->pool.drafts[n];
        weft_interval keys = keys_of(layout, draft);
        while (at < list.count && list.at[at].hi <= keys.lo) at++;
        for (uint32_t k = at; k < list.count && list.at[k].lo < keys.hi; k++)
            draw(planner, &draft->mask, keys, list.at[k], bit, i, ask);
    }
}

static bool same(weft_intervals a, weft_intervals b) {
    return a.count == b.count && (!a.count || !memcmp(a.at, b.at, a.count * sizeof *a.at));
}

static bool draw_row(weft_planner *planner, const weft_layout *layout, int64_t i, uint64_t bit) {
    weft_spans spans;
    weft_scratch_reset(&planner->probe);
    if (!weft_spans_of(&planner->probe, layout->set, planner->space, i, i + 1, &spans)) return false;
    draw_list(planner, layout, spans.full, i, bit, 0);
    if (same(spans.full, spans.may)) return true;
    draw_list(planner, layout, spans.may, i, bit, layout->set);
    if (planner->probe.contains_calls > WEFT_MAX_ASKED) return refuse(planner, "pairs looked at one by one");
    return true;
}

static uint32_t bits_of(const weft_mask *mask) {
    uint32_t bits = 0;
    for (int k = 0; k < WEFT_TILE_KEYS; k++)
        for (uint64_t word = mask->key[k]; word; word &= word - 1) bits++;
    return bits;
}

static bool keep(weft_planner *planner, weft_layout *layout, const weft_draft *draft) {
    weft_mask_pool *pool = &planner->pool;
    uint32_t before = pool->masks.count, mask = weft_records_add(&pool->masks, &draft->mask);
    if (mask == UINT32_MAX) return false;
    if (mask == before) {
        if (pool->masks.count > WEFT_MAX_MASKS) return refuse(planner, "different bit tiles");
        if (!weft_reserve(planner->allocator, &pool->pairs, &pool->pairs_capacity, pool->masks.count,
                          sizeof *pool->pairs))
            return false;
        pool->pairs[mask] = bits_of(&draft->mask);
    }
    layout->tiles[draft->tile].many = mask;
    if (draft->known != NO_KEY) pool->mask_of[draft->known] = mask;
    return true;
}

bool weft_fill_masks(weft_planner *planner, weft_layout *layout, uint32_t first, weft_strip rows) {
    weft_mask_pool *pool = &planner->pool;
    pool->draft_count = 0;
    for (uint32_t tile = first; tile < layout->tile_count; tile++)
        if (layout->tiles[tile].masked && !find(planner, layout, tile, rows)) return false;
    if (!pool->draft_count) return true;
    for (int32_t q = 0; q < rows.count; q++)
        if (!draw_row(planner, layout, rows.first + q, UINT64_C(1) << q)) return false;
    for (uint32_t n = 0; n < pool->draft_count; n++)
        if (!keep(planner, layout, &pool->drafts[n])) return false;
    return true;
}
