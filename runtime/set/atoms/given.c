/* given(x): x[i - first][j] is not 0, for a mask with a row for every query and a column for every key (or blocks of
 * them). Spans read the rows' bytes once: their union and their intersection, then the runs of each. */
#include "set/set.h"

#include <string.h>

static const weft_array *mask_of(const weft_atom *atom) {
    const weft_dag *dag = &atom->bound->dag;
    return &atom->bound->arrays[weft_node_at(dag, weft_operand(dag, atom->id, 0))->value.integer];
}

bool weft_given_contains(const weft_atom *atom, int64_t i, int64_t j) {
    return *weft_array_at(mask_of(atom), i - atom->space.first, j) != 0;
}

/* Bytes 0 or 1: some row has it; every row has it. */
static void merge_row(const weft_array *mask, int64_t row, unsigned char *some, unsigned char *every) {
    const char *at = weft_array_at(mask, row, 0);
    int64_t stride = mask->column_stride;
    if (stride == 1) {
        for (int64_t j = 0; j < mask->columns; j++) some[j] |= at[j] != 0;
        for (int64_t j = 0; j < mask->columns; j++) every[j] &= at[j] != 0;
    } else {
        for (int64_t j = 0; j < mask->columns; j++) {
            some[j] |= at[j * stride] != 0;
            every[j] &= at[j * stride] != 0;
        }
    }
}

/* The first byte from j on that is not `byte`: eight at a time while they are. */
static int64_t skip(const unsigned char *bytes, int64_t j, int64_t count, unsigned char byte) {
    const uint64_t eight = byte * UINT64_C(0x0101010101010101);
    uint64_t word;
    while (j + 8 <= count && (memcpy(&word, bytes + j, sizeof word), word == eight)) j += 8;
    while (j < count && bytes[j] == byte) j++;
    return j;
}

static weft_intervals runs_of(const weft_atom *atom, const unsigned char *bytes, int64_t count) {
    weft_interval_list list = {0};
    for (int64_t j = skip(bytes, 0, count, 0); j < count;) {
        int64_t end = skip(bytes, j, count, 1);
        weft_intervals_append(atom->scratch, &list, j, end);
        j = skip(bytes, end, count, 0);
    }
    return weft_intervals_of(&list);
}

bool weft_given_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    const weft_array *mask = mask_of(atom);
    size_t count = (size_t)mask->columns;
    unsigned char *some = weft_arena_take(&atom->scratch->arena, 2 * count);
    if (!some) return false;
    unsigned char *every = some + count;
    memset(some, 0, count);
    memset(every, 1, count);
    for (int64_t i = i0; i < i1; i++) merge_row(mask, i - atom->space.first, some, every);
    out->may = runs_of(atom, some, mask->columns);
    out->full = i1 - i0 == 1 ? out->may : runs_of(atom, every, mask->columns);
    return !atom->scratch->failed;
}
