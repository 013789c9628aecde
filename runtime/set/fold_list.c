/* Index lists: once the number of things they index is known (keys, key blocks, or heads), they become sorted intervals
 * of things that exist. A negative end of a range, and a negative single value, count from the end. */
#include "set/arithmetic.h"
#include "set/fold.h"

static void add_item(weft_folder *f, int64_t lo, int64_t hi) {
    if (!weft_reserve(f->bound->dag.allocator, &f->items, &f->item_capacity, (uint64_t)f->item_count + 1,
                      sizeof *f->items)) {
        f->failed = true;
        return;
    }
    f->items[f->item_count++] = (weft_interval){lo, hi};
}

static int64_t from_end(int64_t value, int64_t count) { return value < 0 ? value + count : value; }

static void add_single(weft_folder *f, int64_t value, int64_t count) {
    value = from_end(value, count);
    if (value >= 0 && value < count) add_item(f, value, value + 1);
}

static void add_range(weft_folder *f, int64_t lo, int64_t hi, int64_t count) {
    lo = weft_larger(from_end(lo, count), 0);
    hi = weft_smaller(from_end(hi, count), count);
    if (lo < hi) add_item(f, lo, hi);
}

static void add_array(weft_folder *f, const weft_array *array, int64_t count) {
    int64_t length = weft_array_length(array);
    for (int64_t k = 0; k < length && !f->failed; k++) {
        weft_value value; /* an element too large for 64 bits is outside anyway */
        if (weft_read_array(array, k, &value)) add_single(f, value.integer, count);
    }
}

/* Adds what one folded item names; false when that is not known yet. */
static bool add_folded(weft_folder *f, weft_id item, int64_t count) {
    const weft_dag *dag = &f->bound->dag;
    const weft_node *node = weft_node_at(dag, item);
    switch (node->op) {
    case WEFT_OP_INT: add_single(f, node->value.integer, count); return true;
    case WEFT_OP_ARRAY: add_array(f, &f->bound->arrays[node->value.integer], count); return true;
    case WEFT_OP_INTERVALS: {
        weft_intervals list = dag->lists[node->value.integer];
        for (uint32_t k = 0; k < list.count; k++) add_item(f, list.at[k].lo, list.at[k].hi);
        return true;
    }
    default: return false;
    }
}

static weft_id make_intervals(weft_folder *f, weft_span place) {
    weft_intervals list = {f->items, weft_intervals_normalize(f->items, f->item_count)};
    f->item_count = 0;
    return f->failed ? 0 : weft_make_intervals(&f->bound->dag, list, weft_fold_place(f, place));
}

weft_id weft_fold_as_intervals(weft_folder *f, weft_id folded, uint32_t level, weft_span place) {
    weft_fold_level here = f->levels[level];
    if (!folded || !here.count_known || weft_folded(f, folded)->op == WEFT_OP_INTERVALS) return folded;
    f->item_count = 0;
    return add_folded(f, folded, here.count) ? make_intervals(f, place) : folded;
}

/* {a, b, …}; operands are on the stack. */
static weft_id listing(weft_folder *f, const weft_node *node, uint32_t level, uint32_t base) {
    weft_fold_level here = f->levels[level];
    bool known = here.count_known;
    f->item_count = 0;
    for (uint32_t k = base; k < f->stack_count && known; k++) known = add_folded(f, f->stack[k], here.count);
    if (!known) return weft_fold_make(f, *node, base);
    f->stack_count = base;
    return make_intervals(f, node->place);
}

static weft_id range(weft_folder *f, const weft_node *node, uint32_t level, uint32_t base) {
    weft_fold_level here = f->levels[level];
    weft_id lo = f->stack[base], hi = f->stack[base + 1];
    if (!here.count_known || !weft_is_known(f, lo) || !weft_is_known(f, hi)) return weft_fold_make(f, *node, base);
    f->stack_count = base;
    f->item_count = 0;
    add_range(f, weft_folded(f, lo)->value.integer, weft_folded(f, hi)->value.integer, here.count);
    return make_intervals(f, node->place);
}

static weft_id copy_intervals(weft_folder *f, const weft_node *node) {
    weft_intervals list = f->source->lists[node->value.integer];
    return weft_make_intervals(&f->bound->dag, list, weft_fold_place(f, node->place));
}

weft_id weft_fold_list(weft_folder *f, weft_id id, uint32_t level) {
    const weft_node node = *weft_node_at(f->source, id);
    uint32_t base = f->stack_count;
    if (node.op == WEFT_OP_INTERVALS) return copy_intervals(f, &node);
    if (weft_fold_operands(f, id, level)) {
        return node.op == WEFT_OP_RANGE ? range(f, &node, level, base) : listing(f, &node, level, base);
    }
    f->stack_count = base;
    return 0;
}
