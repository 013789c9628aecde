/* topk(k, block, by, force, within): the pairs of `within` whose block of keys was chosen for the row. Blocks are
 * chosen when q and k are there (runtime/select/topk.c). */
#include "set/chosen.h"

enum { BLOCK = 1, WITHIN = 4 };

static int64_t block_of(const weft_atom *atom) { return weft_operand_int(&atom->bound->dag, atom->id, BLOCK); }

static const uint32_t *blocks_of(const weft_atom *atom, const weft_choice *choice, int64_t i) {
    return choice->blocks + (i - atom->space.first) * choice->blocks_a_row;
}

bool weft_topk_contains(const weft_atom *atom, int64_t i, int64_t j) {
    const weft_choice *choice = weft_choice_of(atom);
    if (!choice) return false;
    const uint32_t *blocks = blocks_of(atom, choice, i);
    return weft_numbers_hold(blocks, choice->blocks_a_row, j / block_of(atom)) && weft_within_holds(atom, WITHIN, i, j);
}

void weft_topk_keys(const weft_atom *atom, const weft_choice *choice, int64_t i, weft_keys_hook *hook, void *user) {
    const uint32_t *blocks = blocks_of(atom, choice, i);
    int64_t size = block_of(atom), keys = atom->space.keys;
    for (int64_t n = 0; n < choice->blocks_a_row && blocks[n] != WEFT_NO_BLOCK; n++) {
        int64_t begin = blocks[n] * size, end = keys - begin < size ? keys : begin + size;
        weft_keys_within(atom, WITHIN, i, (weft_interval){begin, end}, hook, user);
    }
}

bool weft_topk_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return weft_chosen_spans(atom, i0, i1, out);
}
