/* Conditions that are simpler sets: one that reads j alone is a list of columns, one that reads i - j alone a few
 * bands. Worked out once here, they cost a plan nothing a row. */
#include "set/fold.h"

enum {
    MOST_BANDS = 16,
    MOST_BOXES = 1 << 12 /* that are looked at to find bands: for distances that repeat there is no end */
};

static weft_id make_columns(weft_folder *f, weft_scratch *scratch, weft_id condition, int64_t keys) {
    weft_intervals list;
    if (!weft_condition_keys(scratch, condition, 0, keys, (uint64_t)keys / 16 + MOST_BOXES, &list)) return 0;
    weft_id columns = weft_make_intervals(&f->bound->dag, list, WEFT_NO_SPAN);
    return weft_make_set(&f->bound->dag, WEFT_ATOM_COLS, WEFT_NO_SPAN, 1, columns);
}

static weft_id make_band(weft_folder *f, int64_t lo, int64_t hi) {
    weft_dag *dag = &f->bound->dag;
    weft_id first = weft_make_int(dag, lo, WEFT_NO_SPAN), last = weft_make_int(dag, hi, WEFT_NO_SPAN);
    return weft_make_set(dag, WEFT_ATOM_BAND, WEFT_NO_SPAN, 3, first, last, weft_make_int(dag, 1, WEFT_NO_SPAN));
}

/* Row `keys` - 1 looks at the distances from 1 - keys on; as many keys as there are distances, up to the first row's
 * last. */
static weft_id make_bands(weft_folder *f, weft_scratch *scratch, weft_id condition, int64_t queries, int64_t keys) {
    weft_intervals list;
    int64_t row = keys - 1, first_row = keys - queries;
    if (!weft_condition_keys(scratch, condition, row, row - first_row + keys, MOST_BOXES, &list) || !list.count ||
        list.count > MOST_BANDS)
        return 0;
    uint32_t base = f->stack_count;
    for (uint32_t n = 0; n < list.count; n++)
        weft_fold_push(f, make_band(f, list.at[n].lo - row, list.at[n].hi - 1 - row));
    if (list.count > 1 && !f->failed) {
        weft_node node = {.op = WEFT_OP_UNION, .type = WEFT_TYPE_SET};
        return weft_fold_make(f, node, base);
    }
    weft_id only = f->failed ? 0 : f->stack[base];
    f->stack_count = base;
    return only;
}

weft_id weft_fold_where(weft_folder *f, weft_id where, uint32_t level) {
    const weft_fold_level lengths = f->levels[level];
    weft_id condition = where ? weft_operand(&f->bound->dag, where, 0) : 0;
    if (!where || !lengths.lengths_known || lengths.lk < 1 || lengths.lq < 1) return where;
    unsigned depends = weft_condition_depends_on(&f->bound->dag, condition);
    if (depends != WEFT_ON_KEY && depends != WEFT_ON_DISTANCE) return where;
    weft_scratch scratch;
    weft_id simple = 0;
    if (weft_scratch_init(&scratch, f->bound))
        simple = depends == WEFT_ON_KEY ? make_columns(f, &scratch, condition, lengths.lk)
                                        : make_bands(f, &scratch, condition, lengths.lk - lengths.first, lengths.lk);
    weft_scratch_free(&scratch);
    return simple ? simple : where;
}
