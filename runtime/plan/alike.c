/* Where do the bits of a term in a tile come from? From its distance, from which of the keys or rows are listed, from
 * where labels change, from the columns of a grid, from the place in a period: words say so, whatever else there is
 * around the tile, and where the words are equal, so are the bits. */
#include "plan/build.h"
#include "set/arithmetic.h"

static bool add(weft_mask_key *key, uint64_t value) {
    if (key->count + 2 > WEFT_KEY_WORDS) return false;
    key->words[key->count++] = (uint32_t)value;
    key->words[key->count++] = (uint32_t)(value >> 32);
    return true;
}

/* How far from the rows the keys lie; of a band with a step whose ends are farther away, that modulo the step. */
static bool add_distance(const weft_dag *dag, const weft_spot *spot, weft_id id, weft_mask_key *key) {
    const uint64_t modulo = UINT64_C(1) << 63; /* no distance */
    int64_t distance = spot->keys.lo - spot->rows.first, step = 1, lo = INT64_MIN, hi = INT64_MAX;
    weft_op op = (weft_op)weft_node_at(dag, id)->op;
    if (op == WEFT_ATOM_STRIDE) step = weft_operand_int(dag, id, 0);
    if (op == WEFT_ATOM_BAND) {
        lo = weft_operand_int(dag, id, 0);
        hi = weft_operand_int(dag, id, 1);
        step = weft_operand_int(dag, id, 2);
    }
    bool inside = lo <= distance - WEFT_TILE_ROWS && distance + WEFT_TILE_KEYS <= hi;
    return add(key, step > 1 && inside ? modulo | (uint64_t)weft_floor_mod(distance, step) : (uint64_t)distance);
}

/* Bit n: is position first + n listed? For at most 64 of them. */
static uint64_t listed_bits(weft_intervals list, int64_t first, int64_t count) {
    uint64_t bits = 0;
    for (uint32_t n = weft_intervals_find(list, first); n < list.count && list.at[n].lo < first + count; n++) {
        int64_t from = weft_larger(list.at[n].lo - first, 0), to = weft_smaller(list.at[n].hi - first, count);
        for (int64_t bit = from; bit < to; bit++) bits |= UINT64_C(1) << bit;
    }
    return bits;
}

static weft_intervals list_of(const weft_dag *dag, weft_id id) {
    return dag->lists[weft_node_at(dag, weft_operand(dag, id, 0))->value.integer];
}

/* Bit q: do row q's keys count in a condition on rows? All tiles of some rows ask that. */
static uint64_t condition_bits(weft_planner *planner, const weft_spot *spot, weft_id id) {
    weft_row_bits *known = &planner->row_bits[id % WEFT_KEPT_BITS];
    if (known->id == id && known->first == spot->rows.first && known->count == spot->rows.count) return known->bits;
    *known = (weft_row_bits){.id = id, .first = spot->rows.first, .count = spot->rows.count};
    planner->probe.contains_calls += (uint64_t)spot->rows.count;
    for (int32_t q = 0; q < spot->rows.count; q++)
        if (weft_contains(&planner->plan->bound, id, spot->space, spot->rows.first + q, spot->keys.lo))
            known->bits |= UINT64_C(1) << q;
    return known->bits;
}

static bool add_rows(weft_planner *planner, const weft_spot *spot, weft_id id, weft_mask_key *key) {
    const weft_dag *dag = &planner->plan->bound.dag;
    if (weft_node_at(dag, id)->op == WEFT_ATOM_WHERE) return add(key, condition_bits(planner, spot, id));
    return add(key, listed_bits(list_of(dag, id), spot->rows.first, spot->rows.count));
}

static bool add_columns(weft_planner *planner, const weft_spot *spot, weft_id id, weft_mask_key *key) {
    const weft_bound *bound = &planner->plan->bound;
    int64_t count = spot->keys.hi - spot->keys.lo;
    if (weft_node_at(&bound->dag, id)->op != WEFT_ATOM_WHERE)
        return add(key, listed_bits(list_of(&bound->dag, id), spot->keys.lo, count));
    uint64_t bits = 0;
    planner->probe.contains_calls += (uint64_t)count;
    for (int64_t k = 0; k < count; k++)
        if (weft_contains(bound, id, spot->space, spot->rows.first, spot->keys.lo + k)) bits |= UINT64_C(1) << k;
    return add(key, bits);
}

/* i // size - j // size over the tile: where it begins within chunks, and how many are between. */
static bool add_chunks(const weft_dag *dag, const weft_spot *spot, weft_id id, weft_mask_key *key) {
    int64_t size = weft_operand_int(dag, id, 0), row = spot->rows.first, column = spot->keys.lo;
    return add(key, (uint64_t)weft_floor_mod(row, size)) && add(key, (uint64_t)weft_floor_mod(column, size)) &&
           add(key, (uint64_t)(weft_floor_div(row, size) - weft_floor_div(column, size)));
}

/* Rows of one label after another, few of them: where each begins, and which keys have its label. */
static bool add_labels(weft_planner *planner, const weft_spot *spot, weft_id id, weft_mask_key *key) {
    enum { MOST_RUNS = 4 }; /* more are drawn sooner than told apart */
    const weft_bound *bound = &planner->plan->bound;
    const weft_node *node = weft_node_at(&bound->dag, weft_operand(&bound->dag, id, 0));
    const weft_array *labels = &bound->arrays[node->value.integer];
    int64_t begins[MOST_RUNS], first = spot->rows.first, last = first + spot->rows.count;
    uint32_t count = 0;
    weft_spans spans;
    for (int64_t i = first; i < last; i++) {
        if (i > first && (i < 0 || (i > 0 && weft_array_bits(labels, 0, i) == weft_array_bits(labels, 0, i - 1))))
            continue;
        if (count == MOST_RUNS) return false;
        begins[count++] = i;
    }
    for (uint32_t n = 0; n < count; n++) {
        weft_scratch_reset(&planner->probe);
        if (!weft_spans_within(&planner->probe, id, spot->space, begins[n], begins[n] + 1, spot->keys, &spans) ||
            !add(key, (uint64_t)(begins[n] - first)) ||
            !add(key, listed_bits(spans.may, spot->keys.lo, spot->keys.hi - spot->keys.lo)))
            return false;
    }
    return true;
}

/* A window of a grid is one of its rows and one of its columns: the columns where the tile begins, and which grid rows
 * see which. Every cell sees its own column, so the first one speaks for all. */
static bool add_grid(weft_planner *planner, const weft_spot *spot, weft_id id, weft_mask_key *key) {
    const weft_bound *bound = &planner->plan->bound;
    int64_t width = weft_operand_int(&bound->dag, id, 1), row = spot->rows.first, column = spot->keys.lo;
    if (row < 0) return false;
    int64_t y0 = row / width, y1 = (row + spot->rows.count - 1) / width + 1;
    int64_t z0 = column / width, z1 = (spot->keys.hi - 1) / width + 1;
    if ((y1 - y0) * (z1 - z0) > 64) return false;
    uint64_t seen = 0;
    int bit = 0;
    for (int64_t y = y0; y < y1; y++)
        for (int64_t z = z0; z < z1; z++, bit++)
            if (weft_contains(bound, id, spot->space, y * width, z * width)) seen |= UINT64_C(1) << bit;
    return add(key, (uint64_t)(row % width)) && add(key, (uint64_t)(column % width)) && add(key, seen);
}

/* Where the tile begins in the period of its condition. */
static bool add_period(const weft_bound *bound, const weft_spot *spot, weft_id id, weft_mask_key *key) {
    int64_t period = weft_condition_period(bound, weft_operand(&bound->dag, id, 0), spot->space);
    return period && add(key, (uint64_t)weft_floor_mod(spot->rows.first, period)) &&
           add(key, (uint64_t)weft_floor_mod(spot->keys.lo, period));
}

bool weft_add_alike(weft_planner *planner, const weft_spot *spot, weft_id id, weft_mask_key *key) {
    const weft_dag *dag = &planner->plan->bound.dag;
    weft_op op = (weft_op)weft_node_at(dag, id)->op;
    unsigned depends = op == WEFT_ATOM_WHERE ? weft_condition_depends_on(dag, weft_operand(dag, id, 0)) : 0;
    if (weft_op_describe(op)->traits & WEFT_TRAIT_SHIFT) depends = WEFT_ON_DISTANCE;
    if (depends == WEFT_ON_DISTANCE) return add_distance(dag, spot, id, key);
    if (op == WEFT_ATOM_ROWS || depends == WEFT_ON_ROW) return add_rows(planner, spot, id, key);
    if (op == WEFT_ATOM_COLS || depends == WEFT_ON_KEY) return add_columns(planner, spot, id, key);
    switch (op) {
    case WEFT_ATOM_GLOBAL: return add_rows(planner, spot, id, key) && add_columns(planner, spot, id, key);
    case WEFT_ATOM_WHERE: return add_period(&planner->plan->bound, spot, id, key);
    case WEFT_ATOM_CHUNK: return add_chunks(dag, spot, id, key);
    case WEFT_ATOM_SAME: return add_labels(planner, spot, id, key);
    case WEFT_ATOM_WINDOW2D:
    case WEFT_ATOM_NEIGHBORHOOD2D: return add_grid(planner, spot, id, key);
    default: return false;
    }
}
