/* Atoms of listed positions: rows(S), cols(S), global(S). In bound form S is an INTERVALS node of keys that exist. */
#include "set/set.h"

static weft_intervals listed(const weft_atom *atom) {
    const weft_dag *dag = &atom->bound->dag;
    return dag->lists[weft_node_at(dag, weft_operand(dag, atom->id, 0))->value.integer];
}

/* Every key where every (full) or some (may) row is listed; elsewhere `otherwise`. */
static bool row_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_intervals otherwise, weft_spans *out) {
    weft_intervals list = listed(atom);
    uint32_t k = weft_intervals_find(list, i0);
    bool some = k < list.count && list.at[k].lo < i1;
    bool every = some && list.at[k].lo <= i0 && i1 <= list.at[k].hi;
    out->full = out->may = otherwise;
    if (some) out->may = weft_intervals_one(atom->scratch, 0, atom->space.keys, atom->space.keys);
    if (every) out->full = out->may;
    return !atom->scratch->failed;
}

bool weft_rows_contains(const weft_atom *atom, int64_t i, int64_t j) {
    return (void)j, weft_intervals_contain(listed(atom), i);
}
bool weft_rows_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return row_spans(atom, i0, i1, (weft_intervals){NULL, 0}, out);
}

bool weft_cols_contains(const weft_atom *atom, int64_t i, int64_t j) {
    return (void)i, weft_intervals_contain(listed(atom), j);
}
bool weft_cols_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    (void)i0, (void)i1;
    out->full = out->may = listed(atom);
    return true;
}

bool weft_global_contains(const weft_atom *atom, int64_t i, int64_t j) {
    return weft_intervals_contain(listed(atom), i) || weft_intervals_contain(listed(atom), j);
}
bool weft_global_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return row_spans(atom, i0, i1, listed(atom), out);
}
