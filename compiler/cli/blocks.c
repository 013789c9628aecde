#include "blocks.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef struct walk {
    int64_t side, queries;
    block *blocks; /* of this row, in the order in which they were met */
    int64_t count, room;
    uint8_t *bits;    /* [room][side][side / 8] */
    int32_t *slot_of; /* by block of keys: 1 + its slot, or 0 */
    block_row_hook *visit;
    void *user;
    bool failed; /* for want of memory */
} walk;

static size_t block_bytes(const walk *w) { return (size_t)(w->side * w->side / 8); }

static bool make_room(walk *w) {
    if (w->count < w->room) return true;
    int64_t room = w->room ? 2 * w->room : 16;
    block *blocks = realloc(w->blocks, (size_t)room * sizeof *blocks);
    if (blocks) w->blocks = blocks;
    uint8_t *bits = blocks ? realloc(w->bits, (size_t)room * block_bytes(w)) : NULL;
    if (!bits) return false;
    w->bits = bits;
    w->room = room;
    return true;
}

/* The slot of a block of keys, new or old; -1 when memory fails. */
static int64_t slot_at(walk *w, int64_t column) {
    if (w->slot_of[column]) return w->slot_of[column] - 1;
    if (!make_room(w)) return -1;
    w->blocks[w->count] = (block){.column = (int32_t)column, .slot = (int32_t)w->count};
    memset(w->bits + (size_t)w->count * block_bytes(w), 0, block_bytes(w));
    w->slot_of[column] = (int32_t)++w->count;
    return w->count - 1;
}

static void set_bits(uint8_t *bits, int64_t begin, int64_t end) {
    for (; begin < end && begin % 8; begin++) bits[begin / 8] |= (uint8_t)(1 << begin % 8);
    for (; begin + 8 <= end; begin += 8) bits[begin / 8] = 0xff;
    for (; begin < end; begin++) bits[begin / 8] |= (uint8_t)(1 << begin % 8);
}

static bool add_range(walk *w, int64_t row, weft_key_range keys) {
    for (int64_t begin = keys.begin, end; begin < keys.end; begin = end) {
        int64_t column = begin / w->side, first = column * w->side;
        int64_t slot = slot_at(w, column);
        if (slot < 0) return false;
        end = keys.end < first + w->side ? keys.end : first + w->side;
        set_bits(w->bits + (size_t)slot * block_bytes(w) + row * w->side / 8, begin - first, end - first);
        w->blocks[slot].pairs += end - begin;
    }
    return true;
}

static int by_column(const void *a, const void *b) {
    const block *x = a, *y = b;
    return (x->column > y->column) - (x->column < y->column);
}

static bool finish_row(walk *w, int64_t row) {
    for (int64_t n = 0; n < w->count; n++) w->slot_of[w->blocks[n].column] = 0;
    qsort(w->blocks, (size_t)w->count, sizeof *w->blocks, by_column);
    for (int64_t n = 0; n < w->count; n++) w->blocks[n].bits = w->bits + (size_t)w->blocks[n].slot * block_bytes(w);
    int64_t count = w->count;
    w->count = 0;
    return w->visit(w->user, row, w->blocks, count);
}

static bool add_row(void *user, int64_t row, const weft_key_range *keys, size_t count) {
    walk *w = user;
    for (size_t n = 0; n < count && !w->failed; n++) w->failed = !add_range(w, row % w->side, keys[n]);
    if (w->failed || interrupted()) return false;
    bool last = row % w->side == w->side - 1 || row == w->queries - 1;
    return !last || finish_row(w, row / w->side);
}

weft_status visit_blocks(const weft_plan *plan, const weft_shape *shape, int64_t head, int64_t side,
                         block_row_hook *visit, void *user) {
    walk w = {.side = side, .queries = shape->queries, .visit = visit, .user = user};
    w.slot_of = calloc((size_t)((shape->keys + side - 1) / side), sizeof *w.slot_of);
    w.failed = !w.slot_of || !make_room(&w);
    weft_status status = WEFT_OUT_OF_MEMORY;
    if (!w.failed) status = weft_plan_rows(plan, 0, head, NULL, (size_t)shape->queries, add_row, &w);
    free(w.blocks);
    free(w.bits);
    free(w.slot_of);
    return w.failed ? WEFT_OUT_OF_MEMORY : status;
}
