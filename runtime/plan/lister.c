/* The keys of single rows of a list that a run decides: what the host selected, what q and k chose, or what was drawn,
 * less what the rest of the set does not hold. Nothing is allocated: the keys of a row are bits, set in any order and
 * as often as they come, and a second level of bits says which words have any, so that a row costs what it holds and
 * not what there is.
 */
#include <string.h>

#include "plan/plan.h"
#include "support/bits.h"

enum { WORD = 64 };

static int64_t words_of(int64_t bits) { return weft_ceil_div(bits, WORD); }

void weft_open_keys(const weft_program *program, const weft_argument *arguments, int64_t batch, int64_t head,
                    weft_array *open) {
    for (uint32_t k = 0; k < program->parameter_count; k++) {
        bool known = program->parameters[k].type == WEFT_TYPE_KEYS && arguments[k].array;
        open[k] = known ? weft_array_of(arguments[k].array, WEFT_TYPE_KEYS, batch, head) : (weft_array){0};
    }
}

size_t weft_lister_bytes(int64_t keys) {
    int64_t words = words_of(keys);
    return (size_t)(words + words_of(words)) * sizeof(uint64_t);
}

weft_lister weft_lister_of(const weft_bound *bound, const weft_layout *layout, void *memory) {
    int64_t words = words_of(layout->space.keys);
    bool diagonals = layout->part > 0; /* of a list with parts, those that are not clusters */
    return (weft_lister){.diagonals_of = diagonals ? weft_find_choice(bound, layout->list) : NULL,
                         .bound = bound,
                         .layout = layout,
                         .filters = weft_node_at(&bound->dag, layout->set)->op != WEFT_ATOM_ALL,
                         .bits = memory,
                         .words = (uint64_t *)memory + words};
}

/* Does the rest of the set hold the pair? */
static bool holds(const weft_lister *lister, int64_t row, int64_t key) {
    const weft_layout *layout = lister->layout;
    if (layout->filter && layout->filter->is_static) return weft_filter_holds(layout->filter, row, key);
    int64_t i = row + layout->space.first;
    if (lister->diagonals_of && !weft_contains(lister->bound, layout->list, layout->space, i, key)) return false;
    return !lister->filters || weft_contains(lister->bound, layout->set, layout->space, i, key);
}

static void add(weft_lister *lister, int64_t row, int64_t key) {
    uint64_t bit = UINT64_C(1) << key % WORD;
    if (lister->bits[key / WORD] & bit) return;
    if (!holds(lister, row, key)) return;
    lister->bits[key / WORD] |= bit;
    lister->words[key / WORD / WORD] |= UINT64_C(1) << key / WORD % WORD;
}

/* An element as a key of the space; -1: it names none. */
static int64_t key_at(const weft_array *array, int64_t row, int64_t column, int64_t keys) {
    int64_t key = weft_array_bits(array, row, column);
    return key >= 0 && key < keys ? key : -1;
}

/* One row of a lister. */
typedef struct weft_listing {
    weft_lister *lister;
    int64_t row;
} weft_listing;

static void add_range(void *user, int64_t begin, int64_t end) {
    weft_listing *listing = user;
    for (int64_t key = begin; key < end; key++) add(listing->lister, listing->row, key);
}

static void add_chosen(weft_lister *lister, int64_t row) {
    const weft_layout *layout = lister->layout;
    weft_listing listing = {lister, row};
    weft_chosen_keys(lister->bound, layout->list, layout->space, row + layout->space.first, add_range, &listing);
}

static void add_array(weft_lister *lister, int64_t row) {
    const weft_layout *layout = lister->layout;
    int64_t parameter =
        weft_node_at(&lister->bound->dag, weft_operand(&lister->bound->dag, layout->list, 0))->value.integer;
    const weft_array *array = &lister->bound->open[parameter];
    for (int64_t column = 0; column < array->columns; column++) {
        int64_t key = key_at(array, row, column, layout->space.keys);
        if (key >= 0) add(lister, row, key);
    }
}

/* Some keys of the row that the rest of the set surely holds. */
static weft_interval longest_held(const weft_layout *layout, int64_t row) {
    weft_interval longest = {0, 0};
    if (!layout->filter || !layout->filter->is_static) return longest;
    if (!layout->filter->count) return (weft_interval){0, layout->space.keys};
    weft_intervals held = weft_candidates_of(&layout->filter->intervals[0], row);
    for (uint32_t n = 0; n < held.count; n++)
        if (held.at[n].hi - held.at[n].lo > longest.hi - longest.lo) longest = held.at[n];
    return longest;
}

/* From the farthest on; columns have had theirs. */
static uint32_t take_diagonals(weft_lister *lister, uint32_t *keys, uint32_t room) {
    const weft_choice *c = lister->diagonals_of;
    int64_t i = lister->row + lister->layout->space.first;
    uint32_t taken = 0;
    while (lister->diagonal > 0 && taken < room) {
        int64_t key = i - c->diagonals[--lister->diagonal];
        if (key < 0 || key >= lister->layout->space.keys || c->column_bits[key / WORD] >> key % WORD & 1) continue;
        bool within = lister->whole.lo <= key && key < lister->whole.hi;
        if (within || holds(lister, lister->row, key)) keys[taken++] = (uint32_t)key;
    }
    return taken;
}

void weft_lister_begin(weft_lister *lister, int64_t row) {
    const weft_layout *layout = lister->layout;
    lister->next = 0;
    if (lister->diagonals_of) {
        lister->row = row;
        lister->diagonal = lister->diagonals_of->diagonal_count;
        lister->whole = longest_held(layout, row);
        return;
    }
    if (layout->list_begin) {
        for (int64_t n = layout->list_begin[row]; n < layout->list_begin[row + 1]; n++)
            add(lister, row, layout->list_keys[n]);
        return;
    }
    weft_op op = (weft_op)weft_node_at(&lister->bound->dag, layout->list)->op;
    if (weft_is_own_key(&lister->bound->dag, layout->list))
        add(lister, row, row + layout->space.first);
    else if (weft_op_chooses(op))
        add_chosen(lister, row);
    else
        add_array(lister, row);
}

uint32_t weft_lister_take(weft_lister *lister, uint32_t *keys, uint32_t room) {
    int64_t count = words_of(words_of(lister->layout->space.keys));
    uint32_t taken = 0;
    if (lister->diagonals_of) return take_diagonals(lister, keys, room);
    for (; lister->next < count; lister->next++)
        for (uint64_t *word = &lister->words[lister->next]; *word;) {
            int64_t at = lister->next * WORD + weft_lowest_bit(*word);
            for (uint64_t *bits = &lister->bits[at]; *bits; *bits &= *bits - 1) {
                if (taken == room) return taken;
                keys[taken++] = (uint32_t)(at * WORD + weft_lowest_bit(*bits));
            }
            *word &= *word - 1;
        }
    return taken;
}
