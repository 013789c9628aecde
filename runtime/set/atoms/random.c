/* random(k, seed, within, head): k distinct keys a row, drawn as LANGUAGE.md section 5 says. In bound form the last
 * operand is the head that is drawn for (fold_atom.c).
 *
 * contains() alone follows the definition and needs no memory: the pool is what `within` holds, asked key by key. With
 * a scratch whole rows are drawn, from the pool as intervals. */
#include "set/philox.h"
#include "set/rows.h"

typedef struct draws {
    uint32_t key_low, key_high;
    uint32_t row, head;
    int64_t pool; /* how many keys to draw from */
    int64_t wanted;
} draws;

static draws draws_of(const weft_atom *atom, int64_t i, int64_t pool) {
    const weft_dag *dag = &atom->bound->dag;
    uint64_t seed = (uint64_t)weft_operand_int(dag, atom->id, 1);
    return (draws){(uint32_t)seed, (uint32_t)(seed >> 32),
                   (uint32_t)i,    (uint32_t)weft_operand_int(dag, atom->id, 3),
                   pool,           weft_operand_int(dag, atom->id, 0)};
}

/* Which element of the pool draw number t picks: x * pool >> 32, for a pool of any size. */
static int64_t pick(const draws *d, uint32_t t) {
    uint64_t x = weft_philox_of((weft_philox){{t, d->row, d->head, 0x57454654}}, d->key_low, d->key_high).word[0];
    uint64_t low = (uint64_t)d->pool & UINT32_MAX, high = (uint64_t)d->pool >> 32;
    return (int64_t)((x * low >> 32) + x * high);
}

static weft_id within(const weft_atom *atom) { return weft_operand(&atom->bound->dag, atom->id, 2); }

/* ---- one pair, from the definition ------------------------------------------------------------------------------ */

/* Keys of the pool below j. */
static int64_t rank(const weft_atom *atom, int64_t i, int64_t j) {
    int64_t count = 0;
    for (int64_t key = 0; key < j; key++) count += weft_contains(atom->bound, within(atom), atom->space, i, key);
    return count;
}

/* Was that element picked before draw t? */
static bool picked_before(const draws *d, uint32_t t, int64_t element) {
    for (uint32_t earlier = 0; earlier < t; earlier++)
        if (pick(d, earlier) == element) return true;
    return false;
}

static bool is_drawn(const draws *d, int64_t element) {
    int64_t distinct = 0;
    for (uint32_t t = 0; distinct < d->wanted && t < UINT32_MAX; t++) {
        int64_t picked = pick(d, t);
        if (picked == element) return true;
        distinct += !picked_before(d, t, picked);
    }
    return false;
}

bool weft_random_contains(const weft_atom *atom, int64_t i, int64_t j) {
    if (atom->scratch) return weft_row_holds(atom, i, j);
    if (weft_node_at(&atom->bound->dag, within(atom))->op == WEFT_ATOM_ALL) {
        draws d = draws_of(atom, i, atom->space.keys);
        return d.wanted >= d.pool || is_drawn(&d, j);
    }
    if (!weft_contains(atom->bound, within(atom), atom->space, i, j)) return false;
    draws d = draws_of(atom, i, rank(atom, i, atom->space.keys));
    return d.wanted >= d.pool || is_drawn(&d, rank(atom, i, j));
}

/* ---- whole rows ------------------------------------------------------------------------------------------------- */

static int64_t count_keys(weft_intervals pool) {
    int64_t count = 0;
    for (uint32_t k = 0; k < pool.count; k++) count += pool.at[k].hi - pool.at[k].lo;
    return count;
}

static bool copy_pool(const weft_atom *atom, weft_intervals pool, weft_row *row) {
    if (!weft_row_reserve(atom, row, pool.count)) return false;
    for (uint32_t k = 0; k < pool.count; k++) row->at[row->count++] = pool.at[k];
    return true;
}

/* Adds an element to an open hash table of twice as many places, -1 where free; false: it is there. */
static bool add_element(int64_t *table, uint64_t mask, int64_t element) {
    uint64_t place = weft_hash(0, (uint64_t)element) & mask;
    while (table[place] >= 0 && table[place] != element) place = (place + 1) & mask;
    bool fresh = table[place] < 0;
    table[place] = element;
    return fresh;
}

/* Draws fewer elements than the pool has, into row->at as intervals of elements, ascending. */
static bool draw_elements(const weft_atom *atom, weft_scratch *inner, const draws *d, weft_row *row) {
    uint64_t size = 4;
    while (size < 2 * (uint64_t)d->wanted) size *= 2;
    int64_t *table = weft_arena_take(&inner->arena, size * sizeof *table);
    if (!table || !weft_row_reserve(atom, row, (uint64_t)d->wanted)) return false;
    for (uint64_t k = 0; k < size; k++) table[k] = -1;
    for (uint32_t t = 0; row->count < (uint64_t)d->wanted && t < UINT32_MAX; t++) {
        int64_t element = pick(d, t);
        if (add_element(table, size - 1, element)) row->at[row->count++] = (weft_interval){element, element + 1};
    }
    row->count = weft_intervals_normalize(row->at, row->count);
    return true;
}

/* Elements of the pool become keys. An interval of elements may fall into several of keys, but there is room: each has
 * one of the keys wanted. `elements` are a copy. */
static void name_keys(weft_intervals elements, weft_intervals pool, weft_row *row) {
    uint32_t p = 0;
    int64_t before = 0; /* elements below pool.at[p] */
    row->count = 0;
    for (uint32_t k = 0; k < elements.count; k++) {
        for (int64_t element = elements.at[k].lo; element < elements.at[k].hi;) {
            while (element >= before + pool.at[p].hi - pool.at[p].lo) before += pool.at[p].hi - pool.at[p].lo, p++;
            int64_t key = pool.at[p].lo + element - before, count = elements.at[k].hi - element;
            if (count > pool.at[p].hi - key) count = pool.at[p].hi - key;
            if (row->count && row->at[row->count - 1].hi == key)
                row->at[row->count - 1].hi += count;
            else
                row->at[row->count++] = (weft_interval){key, key + count};
            element += count;
        }
    }
}

bool weft_random_row(const weft_atom *atom, int64_t i, weft_row *row) {
    weft_scratch *inner = weft_scratch_inner(atom->scratch);
    weft_intervals pool;
    if (!inner || !weft_row_keys(inner, within(atom), atom->space, i, &pool)) return false;
    draws d = draws_of(atom, i, count_keys(pool));
    if (d.wanted <= 0) return true;
    if (d.wanted >= d.pool) return copy_pool(atom, pool, row);
    if (!draw_elements(atom, inner, &d, row)) return false;
    weft_interval *copy = weft_arena_take(&inner->arena, row->count * sizeof *copy);
    if (!copy) return false;
    for (uint32_t k = 0; k < row->count; k++) copy[k] = row->at[k];
    name_keys((weft_intervals){copy, row->count}, pool, row);
    atom->scratch->span_calls += inner->span_calls;
    atom->scratch->contains_calls += inner->contains_calls;
    inner->span_calls = inner->contains_calls = 0;
    return true;
}

bool weft_random_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return weft_row_spans(atom, i0, i1, out);
}
