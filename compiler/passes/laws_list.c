/* Laws of index lists, and of the atoms that take one. A known position counts from the end when it is negative, so
 * only those that are not can be compared with others. */
#include "passes/rewrite.h"
#include "set/set.h"

#include <string.h>

static weft_id make_list(weft_rewriter *rw, const weft_id *items, uint32_t count) {
    return weft_rewriter_make(rw, WEFT_OP_LISTING, WEFT_TYPE_LIST, items, count);
}

static weft_id make_range(weft_rewriter *rw, int64_t lo, int64_t hi) {
    weft_id ends[2] = {weft_rewriter_int(rw, lo), weft_rewriter_int(rw, hi)};
    return weft_rewriter_make(rw, WEFT_OP_RANGE, WEFT_TYPE_LIST, ends, 2);
}

/* Both ends are moved by the number of keys, or neither is. */
weft_id weft_law_range(weft_rewriter *rw, weft_id id) {
    int64_t lo, hi;
    bool known = weft_known_int(rw, weft_operand(rw->dag, id, 0), &lo);
    known = weft_known_int(rw, weft_operand(rw->dag, id, 1), &hi) && known;
    if (!known || (lo < 0) != (hi < 0)) return id;
    if (lo >= hi) return make_list(rw, NULL, 0);
    return lo >= 0 && hi - lo == 1 ? weft_rewriter_int(rw, lo) : id;
}

/* ---- known positions --------------------------------------------------------------------------------------------- */

/* An item that names the same positions whatever the number of keys, apart from cutting. */
static bool known_item(const weft_rewriter *rw, weft_id item, weft_interval *out) {
    if (weft_known_int(rw, item, &out->lo)) {
        out->hi = out->lo < INT64_MAX ? out->lo + 1 : out->lo;
        return out->lo >= 0 && out->lo < out->hi;
    }
    return weft_op_of(rw, item) == WEFT_OP_RANGE && weft_known_int(rw, weft_operand(rw->dag, item, 0), &out->lo) &&
           weft_known_int(rw, weft_operand(rw->dag, item, 1), &out->hi) && out->lo >= 0 && out->hi >= 0;
}

static weft_id item_of(weft_rewriter *rw, weft_interval interval) {
    return interval.hi - interval.lo == 1 ? weft_rewriter_int(rw, interval.lo)
                                          : make_range(rw, interval.lo, interval.hi);
}

/* The items of a list, opened: nested lists are canonical, so one level of them is all there is. */
static weft_id *open_items(weft_rewriter *rw, weft_id id, uint32_t *count) {
    uint32_t arity = weft_node_at(rw->dag, id)->arity;
    *count = 0;
    for (uint32_t k = 0; k < arity; k++) {
        weft_id item = weft_operand(rw->dag, id, k);
        *count += weft_op_of(rw, item) == WEFT_OP_LISTING ? weft_node_at(rw->dag, item)->arity : 1;
    }
    weft_id *items = weft_arena_take(&rw->arena, (2 * (size_t)*count + 1) * sizeof *items);
    if (!items) return NULL;
    *count = 0;
    for (uint32_t k = 0; k < arity; k++) {
        weft_id item = weft_operand(rw->dag, id, k);
        bool nested = weft_op_of(rw, item) == WEFT_OP_LISTING;
        for (uint32_t n = 0; n < (nested ? weft_node_at(rw->dag, item)->arity : 1); n++)
            items[(*count)++] = nested ? weft_operand(rw->dag, item, n) : item;
    }
    return items;
}

weft_id weft_law_listing(weft_rewriter *rw, weft_id id) {
    uint32_t count, known = 0, others = 0;
    weft_id *items = open_items(rw, id, &count);
    weft_interval *intervals = weft_arena_take(&rw->arena, (count + 1) * sizeof *intervals);
    if (!items || !intervals) return 0;
    for (uint32_t k = 0; k < count; k++) {
        if (known_item(rw, items[k], &intervals[known]))
            known++;
        else
            items[others++] = items[k];
    }
    known = weft_intervals_normalize(intervals, known);
    for (uint32_t k = 0; k < known; k++) items[others + k] = item_of(rw, intervals[k]);
    uint32_t kept = weft_sort(rw->dag, items, others + known, items + others + known);
    return kept == 1 ? items[0] : make_list(rw, items, kept);
}

/* ---- atoms ------------------------------------------------------------------------------------------------------- */

weft_id weft_law_global(weft_rewriter *rw, weft_id id) {
    weft_id list = weft_operand(rw->dag, id, 0);
    weft_id both[2] = {weft_rewriter_set(rw, WEFT_ATOM_ROWS, &list, 1),
                       weft_rewriter_set(rw, WEFT_ATOM_COLS, &list, 1)};
    return weft_rewriter_set(rw, WEFT_OP_UNION, both, 2);
}

weft_id weft_law_no_rows(weft_rewriter *rw, weft_id id) {
    weft_id list = weft_operand(rw->dag, id, 0);
    bool empty = weft_op_of(rw, list) == WEFT_OP_LISTING && weft_node_at(rw->dag, list)->arity == 0;
    return empty ? weft_rewriter_set(rw, WEFT_ATOM_NONE, NULL, 0) : id;
}

/* The operands of that operation: how many, with their lists first in `lists` and everything else in `others`. */
static uint32_t split(const weft_rewriter *rw, weft_id id, weft_op op, weft_id *lists, weft_id *others) {
    uint32_t count = 0, rest = 0;
    for (uint32_t k = 0; k < weft_node_at(rw->dag, id)->arity; k++) {
        weft_id operand = weft_operand(rw->dag, id, k);
        if (weft_op_of(rw, operand) == op)
            lists[count++] = weft_operand(rw->dag, operand, 0);
        else
            others[rest++] = operand;
    }
    return count;
}

static weft_id join_atoms(weft_rewriter *rw, weft_id id, weft_op op) {
    uint32_t count = weft_node_at(rw->dag, id)->arity;
    weft_id *lists = weft_rewriter_operands(rw, id, 0), *others = weft_rewriter_operands(rw, id, 0);
    if (!lists || !others) return 0;
    uint32_t atoms = split(rw, id, op, lists, others);
    if (atoms < 2) return id;
    weft_id list = make_list(rw, lists, atoms);
    others[count - atoms] = weft_rewriter_set(rw, op, &list, 1);
    return weft_rewriter_set(rw, WEFT_OP_UNION, others, count - atoms + 1);
}

weft_id weft_law_join_lists(weft_rewriter *rw, weft_id id) {
    weft_id result = join_atoms(rw, id, WEFT_ATOM_ROWS);
    return result == id ? join_atoms(rw, id, WEFT_ATOM_COLS) : result;
}

/* ---- intersections ----------------------------------------------------------------------------------------------- */

/* The positions of a canonical list, if all are known: at most `room` of them. */
static bool known_list(const weft_rewriter *rw, weft_id list, weft_interval *out, uint32_t room, uint32_t *count) {
    *count = 1;
    if (weft_op_of(rw, list) != WEFT_OP_LISTING) return room > 0 && known_item(rw, list, out);
    *count = weft_node_at(rw->dag, list)->arity;
    if (*count > room) return false;
    for (uint32_t k = 0; k < *count; k++)
        if (!known_item(rw, weft_operand(rw->dag, list, k), &out[k])) return false;
    *count = weft_intervals_normalize(out, *count);
    return true;
}

/* a becomes the positions in both; `room` has as many elements as both have. */
static uint32_t meet(weft_interval *a, uint32_t a_count, const weft_interval *b, uint32_t b_count,
                     weft_interval *room) {
    uint32_t count = 0;
    for (uint32_t k = 0, n = 0; k < a_count && n < b_count;) {
        int64_t lo = a[k].lo > b[n].lo ? a[k].lo : b[n].lo, hi = a[k].hi < b[n].hi ? a[k].hi : b[n].hi;
        if (lo < hi) room[count++] = (weft_interval){lo, hi};
        if (a[k].hi < b[n].hi)
            k++;
        else
            n++;
    }
    memcpy(a, room, count * sizeof *a);
    return count;
}

static weft_id list_of(weft_rewriter *rw, const weft_interval *intervals, uint32_t count) {
    weft_id *items = weft_arena_take(&rw->arena, (count + 1) * sizeof *items);
    for (uint32_t k = 0; items && k < count; k++) items[k] = item_of(rw, intervals[k]);
    return items ? make_list(rw, items, count) : 0;
}

/* Longer lists are left alone: one that is met again and again would cost its length each time. */
enum { LONGEST = 1024 };

typedef struct list_meeting {
    weft_interval all[2 * LONGEST], more[LONGEST], room[2 * LONGEST];
    uint32_t count, lists;
} list_meeting;

/* Takes part of the meeting, or stands aside. */
static bool meets(list_meeting *m, const weft_rewriter *rw, weft_id list) {
    uint32_t count;
    if (m->count > LONGEST || !known_list(rw, list, m->lists ? m->more : m->all, LONGEST, &count)) return false;
    m->count = m->lists++ ? meet(m->all, m->count, m->more, count, m->room) : count;
    return true;
}

static weft_id meet_atoms(weft_rewriter *rw, weft_id id, weft_op op) {
    uint32_t count = weft_node_at(rw->dag, id)->arity, atoms = 0, kept = 0;
    for (uint32_t k = 0; k < count; k++) atoms += weft_op_of(rw, weft_operand(rw->dag, id, k)) == op;
    if (atoms < 2) return id;
    weft_id *operands = weft_rewriter_operands(rw, id, 0);
    list_meeting *m = weft_arena_take(&rw->arena, sizeof *m);
    if (!operands || !m) return 0;
    m->count = m->lists = 0;
    for (uint32_t k = 0; k < count; k++) {
        weft_id operand = operands[k];
        if (weft_op_of(rw, operand) != op || !meets(m, rw, weft_operand(rw->dag, operand, 0)))
            operands[kept++] = operand;
    }
    if (m->lists < 2) return id;
    weft_id list = list_of(rw, m->all, m->count);
    operands[kept++] = weft_rewriter_set(rw, op, &list, 1);
    return weft_rewriter_set(rw, WEFT_OP_INTERSECTION, operands, kept);
}

weft_id weft_law_meet_lists(weft_rewriter *rw, weft_id id) {
    weft_id result = meet_atoms(rw, id, WEFT_ATOM_ROWS);
    return result == id ? meet_atoms(rw, id, WEFT_ATOM_COLS) : result;
}
