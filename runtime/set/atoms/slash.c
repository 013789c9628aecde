/* vertical_slash(columns, diagonals, probe, within): the pairs of `within` in the columns and diagonals that were
 * chosen for the head, when q and k are there (runtime/select/slash.c). */
#include "set/chosen.h"

enum { WITHIN = 3 };

bool weft_vertical_slash_contains(const weft_atom *atom, int64_t i, int64_t j) {
    const weft_choice *choice = weft_choice_of(atom);
    if (!choice) return false;
    bool chosen = weft_numbers_hold(choice->columns, choice->column_count, j) ||
                  weft_numbers_hold(choice->diagonals, choice->diagonal_count, i - j);
    return chosen && weft_within_holds(atom, WITHIN, i, j);
}

void weft_vertical_slash_keys(const weft_atom *atom, const weft_choice *choice, int64_t i, weft_keys_hook *hook,
                              void *user) {
    for (int64_t n = 0; n < choice->column_count; n++) {
        int64_t j = choice->columns[n];
        weft_keys_within(atom, WITHIN, i, (weft_interval){j, j + 1}, hook, user);
    }
    for (int64_t n = 0; n < choice->diagonal_count && choice->diagonals[n] <= i; n++) {
        int64_t j = i - choice->diagonals[n];
        if (j < atom->space.keys) weft_keys_within(atom, WITHIN, i, (weft_interval){j, j + 1}, hook, user);
    }
}

bool weft_vertical_slash_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return weft_chosen_spans(atom, i0, i1, out);
}
