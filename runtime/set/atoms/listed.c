/* listed(x): j is one of x[h][r], for the keys that a host chose. Entries that name no key are ignored. Where x comes
 * with the run its operand is still the parameter: whoever asks says which array that is (bound->open). Until then no
 * pair is known: none is held, any may be. */
#include "set/rows.h"

static const weft_array *keys_of(const weft_atom *atom) {
    const weft_dag *dag = &atom->bound->dag;
    const weft_node *node = weft_node_at(dag, weft_operand(dag, atom->id, 0));
    if (node->op == WEFT_OP_ARRAY) return &atom->bound->arrays[node->value.integer];
    return atom->bound->open ? &atom->bound->open[node->value.integer] : NULL;
}

bool weft_listed_contains(const weft_atom *atom, int64_t i, int64_t j) {
    const weft_array *keys = keys_of(atom);
    if (!keys) return false;
    if (atom->scratch) return weft_row_holds(atom, i, j);
    int64_t column = 0;
    while (column < keys->columns && weft_array_bits(keys, i - atom->space.first, column) != j) column++;
    return column < keys->columns;
}

bool weft_listed_row(const weft_atom *atom, int64_t i, weft_row *row) {
    const weft_array *keys = keys_of(atom);
    if (!keys) return true;
    if (!weft_row_reserve(atom, row, (uint64_t)keys->columns)) return false;
    row->count = weft_array_keys(keys, i - atom->space.first, atom->space.keys, row->at);
    return true;
}

bool weft_listed_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    if (keys_of(atom)) return weft_row_spans(atom, i0, i1, out);
    out->may = weft_intervals_one(atom->scratch, 0, atom->space.keys, atom->space.keys);
    return !atom->scratch->failed;
}
