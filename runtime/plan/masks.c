/* Bit tiles. Tiles with the same key share a mask; only one of them is built, and so is every tile without a key: row
 * by row, the spans of a single row say which keys it has, and only pairs that they leave open are asked one by one.
 * Equal masks are kept once. */
#include <string.h>

#include "plan/build.h"

enum { LEVELS = 8 /* of halved rows, 64 … 1, and what they leave open */ };

typedef struct weft_draft {
    uint32_t tile; /* number in the layout */
    uint32_t key;  /* its number, or WEFT_NO_NUMBER */
    weft_interval keys;
    weft_mask mask;
} weft_draft;

void weft_mask_pool_free(weft_mask_pool *pool, const weft_allocator *allocator) {
    weft_free(allocator, pool->mask_of, pool->keys.count * sizeof *pool->mask_of);
    weft_records_free(&pool->keys);
    weft_records_free(&pool->masks);
    weft_free(allocator, pool->pairs, pool->pairs_capacity * sizeof *pool->pairs);
    weft_free(allocator, pool->drafts, pool->draft_capacity * sizeof *pool->drafts);
    weft_free(allocator, pool->open, pool->open_capacity * sizeof *pool->open);
}

/* ---- keys ---------------------------------------------------------------------------------------------------- */

bool weft_find_keys(weft_planner *planner, weft_layout *layout, uint32_t first, weft_strip rows) {
    weft_mask_pool *pool = &planner->pool;
    for (uint32_t n = first; n < layout->tile_count; n++) {
        weft_tile *tile = &layout->tiles[n];
        if (!tile->masked) continue;
        weft_mask_key key;
        uint32_t before = pool->keys.count;
        tile->many = WEFT_NO_NUMBER;
        if (weft_mask_key_of(planner, layout, tile, rows, &key)) {
            tile->many = weft_records_add(&pool->keys, &key);
            if (tile->many == WEFT_NO_NUMBER) return false;
        }
        if (planner->rows.failed) return false;
        if (tile->many != WEFT_NO_NUMBER && tile->many < before) continue;
        if (++pool->to_build <= WEFT_MAX_BUILT) continue;
        weft_diagnose(planner->diagnostics, WEFT_E0406, WEFT_NO_SPAN,
                      "at this shape the pattern needs more than %d different bit tiles", WEFT_MAX_BUILT);
        return false;
    }
    return true;
}

/* ---- building ------------------------------------------------------------------------------------------------ */

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* The first interval from number `from` on that ends after key j: near by, mostly. */
static uint32_t first_after(weft_intervals list, uint32_t from, int64_t j) {
    uint32_t step = 1;
    while (from < list.count && list.at[from].hi <= j) {
        uint32_t next = list.count - from > step ? from + step : list.count;
        if (next < list.count && list.at[next].hi <= j) {
            from = next;
            step *= 2;
        } else {
            weft_intervals between = {list.at + from + 1, next - from - 1};
            return from + 1 + weft_intervals_find(between, j);
        }
    }
    return from;
}

/* Sets `bits` of the keys that the list, from number n on, holds within a draft; with a layout in `ask`, of those keys
 * that row i has in its set. */
static void draw(weft_planner *planner, weft_draft *draft, weft_intervals list, uint32_t n, uint64_t bits,
                 const weft_layout *ask, int64_t i) {
    for (; n < list.count && list.at[n].lo < draft->keys.hi; n++) {
        int64_t from = larger(draft->keys.lo, list.at[n].lo), to = smaller(draft->keys.hi, list.at[n].hi);
        for (int64_t j = from; j < to; j++) {
            uint64_t *word = &draft->mask.key[j % WEFT_TILE_KEYS];
            if ((*word & bits) == bits) continue;
            if (ask) {
                planner->probe.contains_calls++;
                if (!weft_contains_with(&planner->probe, ask->set, ask->space, i, j)) continue;
            }
            *word |= bits;
        }
    }
}

/* Do both lists, from numbers m and n on, hold the same of these keys? */
static bool agree(weft_intervals a, uint32_t m, weft_intervals b, uint32_t n, weft_interval keys) {
    for (; m < a.count && a.at[m].lo < keys.hi; m++, n++) {
        if (n == b.count || larger(a.at[m].lo, keys.lo) != larger(b.at[n].lo, keys.lo) ||
            smaller(a.at[m].hi, keys.hi) != smaller(b.at[n].hi, keys.hi))
            return false;
    }
    return n == b.count || b.at[n].lo >= keys.hi;
}

/* Rows of an item, and the drafts that are not settled there yet, by their numbers: in the order of their keys. */
typedef struct weft_drawing {
    const weft_layout *layout;
    const weft_item *item;
    int q, count; /* rows */
    uint32_t *open;
    uint32_t open_count;
} weft_drawing;

/* Draws the rows. A draft is settled where the spans leave none of its keys open: those rows are drawn at once. For the
 * others the rows are halved, down to single ones, whose open pairs are asked. Lists of open drafts lie one behind the
 * other, a level each. */
static bool draw_rows(weft_planner *planner, weft_drawing d) {
    weft_mask_pool *pool = &planner->pool;
    int64_t i = d.item->row + d.layout->space.first + d.q;
    uint64_t bits = (d.count == WEFT_TILE_ROWS ? ~UINT64_C(0) : (UINT64_C(1) << d.count) - 1) << d.q;
    weft_drawing half = d;
    weft_spans spans;
    half.open = d.open + pool->draft_count;
    half.open_count = 0;
    weft_scratch_reset(&planner->probe);
    weft_interval keys = {pool->drafts[d.open[0]].keys.lo, pool->drafts[d.open[d.open_count - 1]].keys.hi};
    if (!weft_spans_within(&planner->probe, d.layout->set, d.layout->space, i, i + d.count, keys, &spans)) return false;
    for (uint32_t k = 0, f = 0, m = 0; k < d.open_count; k++) {
        weft_draft *draft = &pool->drafts[d.open[k]];
        f = first_after(spans.full, f, draft->keys.lo);
        m = first_after(spans.may, m, draft->keys.lo);
        draw(planner, draft, spans.full, f, bits, NULL, i);
        if (agree(spans.full, f, spans.may, m, draft->keys)) continue;
        if (d.count == 1) draw(planner, draft, spans.may, m, bits, d.layout, i);
        half.open[half.open_count++] = d.open[k];
    }
    if (half.open_count == 0 || d.count == 1) return true;
    half.count = d.count / 2;
    if (!draw_rows(planner, half)) return false;
    half.q += half.count;
    half.count = d.count - half.count;
    return draw_rows(planner, half);
}

static uint32_t bits_of(const weft_mask *mask) {
    uint32_t bits = 0;
    for (int k = 0; k < WEFT_TILE_KEYS; k++)
        for (uint64_t word = mask->key[k]; word; word &= word - 1) bits++;
    return bits;
}

/* Gives the draft's tile, and its key, a mask. */
static bool keep(weft_planner *planner, weft_layout *layout, const weft_draft *draft) {
    weft_mask_pool *pool = &planner->pool;
    uint32_t before = pool->masks.count, mask = weft_records_add(&pool->masks, &draft->mask);
    if (mask == WEFT_NO_NUMBER) return false;
    if (mask == before) {
        if (!weft_reserve(planner->allocator, &pool->pairs, &pool->pairs_capacity, pool->masks.count,
                          sizeof *pool->pairs))
            return false;
        pool->pairs[mask] = bits_of(&draft->mask);
    }
    layout->tiles[draft->tile].many = mask;
    if (draft->key != WEFT_NO_NUMBER) pool->mask_of[draft->key] = mask;
    return true;
}

static bool build_drafts(weft_planner *planner, weft_layout *layout, const weft_item *item) {
    weft_mask_pool *pool = &planner->pool;
    uint32_t count = pool->draft_count;
    if (!count) return true;
    if (!weft_reserve(planner->allocator, &pool->open, &pool->open_capacity, (uint64_t)LEVELS * count,
                      sizeof *pool->open))
        return false;
    for (uint32_t n = 0; n < count; n++) pool->open[n] = n;
    weft_drawing all = {.layout = layout, .item = item, .count = item->rows, .open = pool->open, .open_count = count};
    if (!draw_rows(planner, all)) return false;
    for (uint32_t n = 0; n < pool->draft_count; n++)
        if (!keep(planner, layout, &pool->drafts[n])) return false;
    pool->draft_count = 0;
    return true;
}

static bool add_draft(weft_planner *planner, const weft_layout *layout, uint32_t number) {
    const weft_tile *tile = &layout->tiles[number];
    int64_t base = (int64_t)tile->block * WEFT_TILE_KEYS;
    weft_mask_pool *pool = &planner->pool;
    if (!weft_reserve(planner->allocator, &pool->drafts, &pool->draft_capacity, (uint64_t)pool->draft_count + 1,
                      sizeof *pool->drafts))
        return false;
    weft_draft *draft = &pool->drafts[pool->draft_count++];
    memset(draft, 0, sizeof *draft);
    draft->tile = number;
    draft->key = tile->many;
    draft->keys = (weft_interval){base + tile->first, base + tile->last};
    return true;
}

/* Each key of an item's tiles, and each tile without one, is drafted once, some thousand at a time. */
static bool build_item(weft_planner *planner, weft_layout *layout, const weft_item *item) {
    enum { AT_A_TIME = 4096 };
    weft_mask_pool *pool = &planner->pool;
    for (uint32_t n = item->first_tile; n < item->first_tile + item->tile_count; n++) {
        weft_tile *tile = &layout->tiles[n];
        if (!tile->masked) continue;
        if (tile->many != WEFT_NO_NUMBER && pool->mask_of[tile->many] != WEFT_NO_NUMBER) {
            tile->many = pool->mask_of[tile->many];
            continue;
        }
        if (!add_draft(planner, layout, n)) return false;
        if (pool->draft_count == AT_A_TIME && !build_drafts(planner, layout, item)) return false;
    }
    return build_drafts(planner, layout, item);
}

bool weft_build_masks(weft_planner *planner) {
    weft_mask_pool *pool = &planner->pool;
    weft_plan *plan = planner->plan;
    if (pool->keys.count) {
        pool->mask_of = weft_allocate(planner->allocator, pool->keys.count * sizeof *pool->mask_of);
        if (!pool->mask_of) return false;
        memset(pool->mask_of, 0xff, pool->keys.count * sizeof *pool->mask_of);
    }
    for (uint32_t k = 0; k < plan->layout_count; k++) {
        weft_layout *layout = &plan->layouts[k];
        for (uint32_t n = 0; n < layout->item_count; n++)
            if (!build_item(planner, layout, &layout->items[n])) return false;
        weft_count_pairs(layout, pool->pairs);
    }
    return true;
}
