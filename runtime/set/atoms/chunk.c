/* chunk(size, back): 0 <= i // size - j // size <= back. */
#include "set/arithmetic.h"
#include "set/set.h"

bool weft_chunk_contains(const weft_atom *atom, int64_t i, int64_t j) {
    int64_t size = weft_operand_int(&atom->bound->dag, atom->id, 0);
    int64_t distance = weft_floor_div(i, size) - weft_floor_div(j, size);
    return 0 <= distance && distance <= weft_operand_int(&atom->bound->dag, atom->id, 1);
}

/* Keys of the chunks first … last. */
static weft_intervals chunks(const weft_atom *atom, int64_t size, int64_t first, int64_t last) {
    int64_t keys = atom->space.keys;
    first = weft_larger(first, 0);
    last = weft_smaller(last, weft_ceil_div(keys, size) - 1);
    if (first > last) return (weft_intervals){NULL, 0};
    int64_t end = last == weft_ceil_div(keys, size) - 1 ? keys : (last + 1) * size;
    return weft_intervals_one(atom->scratch, first * size, end, keys);
}

bool weft_chunk_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    int64_t size = weft_operand_int(&atom->bound->dag, atom->id, 0);
    int64_t back = weft_operand_int(&atom->bound->dag, atom->id, 1);
    if (back < 0) return true;
    int64_t first = weft_floor_div(i0, size), last = weft_floor_div(i1 - 1, size);
    out->may = chunks(atom, size, weft_subtract_saturated(first, back), last);
    out->full = first == last ? out->may : chunks(atom, size, weft_subtract_saturated(last, back), first);
    return !atom->scratch->failed;
}
