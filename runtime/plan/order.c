/* The order in which items are claimed: dear ones first, so that none is left over at the end; items of about the same
 * cost in row order, so that neighbours share keys in cache. Parts of one split stay together. */
#include <math.h>
#include <string.h>

#include "plan/build.h"

enum { CLASSES = 128 };

/* Half an octave a class, the dearest first. */
static uint32_t class_of(float cost) {
    float octaves = 2 * log2f(cost > 1 ? cost : 1);
    return octaves < CLASSES - 1 ? CLASSES - 1 - (uint32_t)octaves : 0;
}

/* Items [n, end) are claimed as one: a whole item, or the parts of a split. */
static uint32_t end_of(const weft_layout *layout, uint32_t n) {
    uint16_t split = layout->items[n].split;
    return split ? n + layout->splits[split - 1].parts : n + 1;
}

static void place_items(const weft_layout *layout, uint32_t next[CLASSES], weft_item *ordered) {
    for (uint32_t n = 0, end; n < layout->item_count; n = end) {
        end = end_of(layout, n);
        uint32_t *at = &next[class_of(layout->items[n].cost)];
        uint16_t split = layout->items[n].split;
        if (split) layout->splits[split - 1].first_item = *at;
        memcpy(ordered + *at, layout->items + n, (end - n) * sizeof *ordered);
        *at += end - n;
    }
}

static bool order_layout(weft_layout *layout, const weft_allocator *allocator) {
    uint32_t next[CLASSES] = {0}, before = 0, used = 0;
    for (uint32_t n = 0, end; n < layout->item_count; n = end) {
        end = end_of(layout, n);
        next[class_of(layout->items[n].cost)] += end - n;
    }
    for (int k = 0; k < CLASSES; k++) {
        uint32_t count = next[k];
        used += count > 0;
        next[k] = before;
        before += count;
    }
    if (used <= 1) return true;
    size_t bytes = layout->item_count * sizeof(weft_item);
    weft_item *ordered = weft_allocate(allocator, bytes);
    if (!ordered) return false;
    place_items(layout, next, ordered);
    memcpy(layout->items, ordered, bytes);
    weft_free(allocator, ordered, bytes);
    return true;
}

bool weft_plan_order(weft_plan *plan, const weft_allocator *allocator) {
    for (uint32_t n = 0; n < plan->layout_count; n++)
        if (!plan->layouts[n].rest && !order_layout(&plan->layouts[n], allocator)) return false;
    return true;
}
