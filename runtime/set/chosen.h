/* What the atoms that data decides share: the choice that was made for them, and rows of keys. Until there is a choice
 * no pair is known: none is held, any may be. Inside this layer only. */
#ifndef WEFT_SET_CHOSEN_H
#define WEFT_SET_CHOSEN_H

#include "set/rows.h"

/* The choice of the atom, or NULL: not known. */
const weft_choice *weft_choice_of(const weft_atom *atom);
bool weft_chosen_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out);

/* Is a number in an ascending list? */
bool weft_numbers_hold(const uint32_t *numbers, int64_t count, int64_t x);
/* Does the set that is the atom's operand k hold the pair? And of a range of keys in row i: those that it holds. */
bool weft_within_holds(const weft_atom *atom, uint32_t k, int64_t i, int64_t j);
void weft_keys_within(const weft_atom *atom, uint32_t k, int64_t i, weft_interval keys, weft_keys_hook *hook,
                      void *user);

/* ---- what each such atom gives: the keys of a row, in ranges */
void weft_lsh_keys(const weft_atom *atom, const weft_choice *choice, int64_t i, weft_keys_hook *hook, void *user);
void weft_topk_keys(const weft_atom *atom, const weft_choice *choice, int64_t i, weft_keys_hook *hook, void *user);
void weft_vertical_slash_keys(const weft_atom *atom, const weft_choice *choice, int64_t i, weft_keys_hook *hook,
                              void *user);

#endif
