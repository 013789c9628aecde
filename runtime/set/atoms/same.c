/* same(x): i >= 0 and x[i] = x[j]. Spans come from an index of where each label stands. */
#include "set/labels.h"

static const weft_array *labels_of(const weft_atom *atom) {
    const weft_dag *dag = &atom->bound->dag;
    return &atom->bound->arrays[weft_node_at(dag, weft_operand(dag, atom->id, 0))->value.integer];
}

bool weft_same_contains(const weft_atom *atom, int64_t i, int64_t j) {
    const weft_array *labels = labels_of(atom);
    return i >= 0 && weft_array_bits(labels, 0, i) == weft_array_bits(labels, 0, j);
}

/* What a group has among the keys that are asked for, and perhaps next to them. */
static weft_intervals part_of(const weft_atom *atom, const weft_labels *labels, uint32_t group) {
    weft_intervals list = weft_labels_group(labels, group);
    uint32_t first = weft_intervals_find(list, atom->keys.lo), last = weft_intervals_find(list, atom->keys.hi);
    if (last < list.count) last++;
    return (weft_intervals){list.at + first, last - first};
}

/* The union of the groups listed, by halves. */
static weft_intervals unite(const weft_atom *atom, const weft_labels *labels, const uint32_t *groups, uint32_t count) {
    if (count == 1) return part_of(atom, labels, groups[0]);
    return weft_intervals_union(atom->scratch, unite(atom, labels, groups, count / 2),
                                unite(atom, labels, groups + count / 2, count - count / 2));
}

static uint32_t add_group(uint32_t *groups, uint32_t count, uint32_t group) {
    for (uint32_t k = 0; k < count; k++)
        if (groups[k] == group) return count;
    groups[count] = group;
    return count + 1;
}

/* The labels of positions [i0, i1), none negative, and what has one of them: exactly, unless that is a longer list than
 * is worth making for several rows. Then every key is possible. */
static weft_intervals keys_of(const weft_atom *atom, const weft_labels *labels, int64_t i0, int64_t i1, bool *alone) {
    enum { MOST_LABELS = 256, MOST_INTERVALS = 4096 };
    uint32_t groups[MOST_LABELS], count = 0, run = weft_labels_run(labels, i0);
    uint64_t intervals = 0;
    while (run < labels->run_count && labels->begins[run] < i1 && count < MOST_LABELS)
        count = add_group(groups, count, labels->group_of[run++]);
    for (uint32_t k = 0; k < count; k++) intervals += part_of(atom, labels, groups[k]).count;
    *alone = count == 1;
    if (count < MOST_LABELS && (count == 1 || intervals <= MOST_INTERVALS)) return unite(atom, labels, groups, count);
    return weft_intervals_one(atom->scratch, 0, atom->space.keys, atom->space.keys);
}

bool weft_same_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    bool alone;
    if (i1 <= 0) return true;
    out->may = keys_of(atom, labels_of(atom)->labels, i0 > 0 ? i0 : 0, i1, &alone);
    if (alone && i0 >= 0) out->full = out->may;
    return !atom->scratch->failed;
}
