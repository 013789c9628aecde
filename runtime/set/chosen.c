/* Atoms whose keys are chosen of q and k: finding the choice of one, and its rows as intervals. */
#include "set/chosen.h"

const weft_choice *weft_find_choice(const weft_bound *bound, weft_id atom) {
    int64_t number = weft_node_at(&bound->dag, atom)->value.integer;
    for (uint32_t n = 0; bound->choices && n < bound->choice_count; n++)
        if (bound->choices[n].atom == number) return &bound->choices[n];
    return NULL;
}

const weft_choice *weft_choice_of(const weft_atom *atom) { return weft_find_choice(atom->bound, atom->id); }

bool weft_numbers_hold(const uint32_t *numbers, int64_t count, int64_t x) {
    int64_t lo = 0, hi = count;
    while (lo < hi) {
        int64_t middle = lo + (hi - lo) / 2;
        if (numbers[middle] < x)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo < count && numbers[lo] == x;
}

bool weft_within_holds(const weft_atom *atom, uint32_t k, int64_t i, int64_t j) {
    weft_id within = weft_operand(&atom->bound->dag, atom->id, k);
    if (atom->scratch) return weft_contains_with(atom->scratch, within, atom->space, i, j);
    return weft_contains(atom->bound, within, atom->space, i, j);
}

void weft_keys_within(const weft_atom *atom, uint32_t k, int64_t i, weft_interval keys, weft_keys_hook *hook,
                      void *user) {
    weft_id within = weft_operand(&atom->bound->dag, atom->id, k);
    if (weft_node_at(&atom->bound->dag, within)->op == WEFT_ATOM_ALL) {
        hook(user, keys.lo, keys.hi);
        return;
    }
    for (int64_t j = keys.lo; j < keys.hi; j++)
        if (weft_within_holds(atom, k, i, j)) hook(user, j, j + 1);
}

static void keys_of(const weft_atom *atom, int64_t i, weft_keys_hook *hook, void *user) {
    const weft_choice *choice = weft_choice_of(atom);
    if (!choice) return;
    switch (weft_node_at(&atom->bound->dag, atom->id)->op) {
    case WEFT_ATOM_LSH: weft_lsh_keys(atom, choice, i, hook, user); return;
    case WEFT_ATOM_TOPK: weft_topk_keys(atom, choice, i, hook, user); return;
    case WEFT_ATOM_VERTICAL_SLASH: weft_vertical_slash_keys(atom, choice, i, hook, user); return;
    default: return;
    }
}

void weft_chosen_keys(const weft_bound *bound, weft_id id, weft_space space, int64_t i, weft_keys_hook *hook,
                      void *user) {
    weft_atom atom = {.bound = bound, .id = id, .space = space};
    keys_of(&atom, i, hook, user);
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

typedef struct weft_filling {
    const weft_atom *atom;
    weft_row *row;
    bool failed;
} weft_filling;

static void fill(void *user, int64_t begin, int64_t end) {
    weft_filling *f = user;
    f->failed = f->failed || !weft_row_reserve(f->atom, f->row, (uint64_t)f->row->count + 1);
    if (!f->failed) f->row->at[f->row->count++] = (weft_interval){begin, end};
}

bool weft_chosen_row(const weft_atom *atom, int64_t i, weft_row *row) {
    weft_filling f = {.atom = atom, .row = row};
    weft_atom asked = *atom; /* what it asks of sets must not take the place of this row */
    asked.scratch = weft_scratch_inner(atom->scratch);
    if (!asked.scratch) return false;
    keys_of(&asked, i, fill, &f);
    row->count = weft_intervals_normalize(row->at, row->count);
    return !f.failed && !asked.scratch->failed;
}

bool weft_chosen_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    if (weft_choice_of(atom)) return weft_row_spans(atom, i0, i1, out);
    out->may = weft_intervals_one(atom->scratch, 0, atom->space.keys, atom->space.keys);
    return !atom->scratch->failed;
}
