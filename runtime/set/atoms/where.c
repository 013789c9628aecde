/* where(condition): spans by interval arithmetic on boxes of rows by keys, halved where the condition is undecided. The
 * cost grows with the boundaries of the set, not with its pairs; a fault makes the condition false. */
#include "set/arithmetic.h"
#include "set/scalar.h"

enum {
    SMALLEST_BOX = 64,         /* keys; below that only single rows are looked at, pair by pair */
    SINGLE_ROW_BOXES = 1 << 16 /* after so many a single row's condition is too hard */
};

typedef struct search {
    const weft_atom *atom;
    weft_id condition;
    int64_t i0, i1;
    uint64_t boxes, budget; /* of a single row */
    weft_interval_list full, may;
} search;

static bool holds(const weft_atom *atom, weft_id condition, int64_t i, int64_t j) {
    weft_value value;
    return weft_evaluate(atom->bound, condition, i, j, &value) == WEFT_FAULT_NONE && value.integer;
}

bool weft_where_contains(const weft_atom *atom, int64_t i, int64_t j) {
    return holds(atom, weft_operand(&atom->bound->dag, atom->id, 0), i, j);
}

static void add(search *s, weft_interval_list *list, int64_t j0, int64_t j1) {
    weft_intervals_append(s->atom->scratch, list, j0, j1);
}

static void look_at_pairs(search *s, int64_t j0, int64_t j1) {
    for (int64_t j = j0; j < j1; j++) {
        s->atom->scratch->contains_calls++;
        if (!holds(s->atom, s->condition, s->i0, j)) continue;
        add(s, &s->full, j, j + 1);
        add(s, &s->may, j, j + 1);
    }
}

static void look(search *s, int64_t j0, int64_t j1) {
    weft_box box = {s->i0, s->i1, j0, j1};
    weft_range truth = weft_range_of(s->atom->bound, s->condition, &box);
    s->atom->scratch->span_calls++;
    s->boxes++;
    if (!truth.value || !truth.hi.integer) return;
    bool single = s->i1 - s->i0 == 1, certain = truth.lo.integer && !truth.fault;
    bool too_hard = single ? s->boxes > s->budget : !truth.on_keys || j1 - j0 <= SMALLEST_BOX;
    if (certain || too_hard) {
        if (certain) add(s, &s->full, j0, j1);
        add(s, &s->may, j0, j1);
    } else if (j1 - j0 <= SMALLEST_BOX) {
        look_at_pairs(s, j0, j1);
    } else {
        int64_t middle = j0 + weft_ceil_div((j1 - j0) / 2, SMALLEST_BOX) * SMALLEST_BOX;
        look(s, j0, middle);
        look(s, middle, j1);
    }
}

static search search_in(const weft_atom *atom, weft_id condition, int64_t i0, int64_t i1, uint64_t budget) {
    search s = {.atom = atom, .condition = condition, .i0 = i0, .i1 = i1, .budget = budget};
    if (atom->keys.lo < atom->keys.hi) look(&s, atom->keys.lo, atom->keys.hi);
    return s;
}

bool weft_where_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    weft_id condition = weft_operand(&atom->bound->dag, atom->id, 0);
    search s = search_in(atom, condition, i0, i1, SINGLE_ROW_BOXES);
    out->full = weft_intervals_of(&s.full);
    out->may = weft_intervals_of(&s.may);
    return !atom->scratch->failed;
}

bool weft_condition_keys(weft_scratch *scratch, weft_id condition, int64_t i, int64_t keys, uint64_t budget,
                         weft_intervals *out) {
    weft_atom atom = {.bound = scratch->bound, .space = weft_space_of(1, keys), .scratch = scratch, .keys = {0, keys}};
    search s = search_in(&atom, condition, i, i + 1, budget);
    *out = weft_intervals_of(&s.full);
    return s.boxes <= budget && !scratch->failed;
}
