/* Columns and diagonals that the last rows weigh most (MInference, Jiang et al. 2024): the softmax of some probe rows
 * is summed by key and by distance.
 *
 * Of equal sums the lower column, and the smaller distance, is better. A score that is NaN has no weight, and of scores
 * that are +inf all weigh the same, so a key can spoil no sum but its own. */
#include <math.h>

#include "select/select.h"

/* ---- when the plan is made --------------------------------------------------------------------------------------- */

static int64_t between(int64_t low, int64_t x, int64_t high) { return x < low ? low : x < high ? x : high; }

static bool prepare(const weft_selection *selection, const weft_bound *bound, weft_selector *selector,
                    weft_diagnostics *diagnostics) {
    const weft_dag *dag = &bound->dag;
    const weft_shape *shape = &selection->shape;
    (void)diagnostics;
    selector->column_count = between(0, weft_operand_int(dag, selector->atom, 0), shape->keys);
    selector->diagonal_count = between(0, weft_operand_int(dag, selector->atom, 1), shape->keys);
    int64_t rows = between(0, weft_operand_int(dag, selector->atom, 2), shape->queries);
    weft_id within = weft_operand(dag, selector->atom, 3);
    return weft_candidates_make(&selector->candidates, bound, shape, within, shape->queries - rows, rows, 1);
}

static int64_t bit_words(const weft_selection *selection) { return weft_ceil_div(selection->shape.keys, 64); }

static void place(const weft_selection *selection, const weft_selector *selector, const weft_choice *shared,
                  weft_carving *carving, weft_choice *choice) {
    (void)shared;
    choice->flops =
        2.0 * (double)selector->candidates.rows * (double)selection->shape.keys * (double)selection->shape.head_dim;
    choice->column_count = selector->column_count;
    choice->diagonal_count = selector->diagonal_count;
    choice->columns = weft_carve(carving, (size_t)selector->column_count * sizeof *choice->columns);
    choice->diagonals = weft_carve(carving, (size_t)selector->diagonal_count * sizeof *choice->diagonals);
    choice->column_bits = weft_carve(carving, (size_t)bit_words(selection) * sizeof *choice->column_bits);
}

/* A worker's own. */
typedef struct weft_room {
    float *lanes, *keys, *scores; /* [D][LANES], [LANES][D], [Lk][LANES] */
    double *columns, *diagonals;  /* [Lk] */
    weft_ranked *ranked;          /* [Lk] */
} weft_room;

static weft_room room_of(const weft_selection *selection, weft_carving *carving) {
    size_t dims = (size_t)selection->shape.head_dim, keys = (size_t)selection->shape.keys;
    weft_room room;
    room.lanes = weft_carve(carving, dims * WEFT_LANES * sizeof *room.lanes);
    room.keys = weft_carve(carving, dims * WEFT_LANES * sizeof *room.keys);
    room.scores = weft_carve(carving, keys * WEFT_LANES * sizeof *room.scores);
    room.columns = weft_carve(carving, keys * sizeof *room.columns);
    room.diagonals = weft_carve(carving, keys * sizeof *room.diagonals);
    room.ranked = weft_carve(carving, keys * sizeof *room.ranked);
    return room;
}

static size_t scratch(const weft_selection *selection, const weft_selector *selector) {
    weft_carving carving = {NULL, 0};
    (void)selector;
    room_of(selection, &carving);
    return carving.used;
}

static int64_t parts(const weft_selection *selection, const weft_selector *selector, bool own_keys, int stage) {
    (void)selection, (void)selector, (void)own_keys;
    return stage == 0;
}

/* ---- sums -------------------------------------------------------------------------------------------------------- */

/* Scores of sixteen rows with every key, without the scale. */
static void score_rows(const weft_rows_at *queries, const weft_rows_at *keys, int64_t first, int64_t count,
                       int64_t key_count, const weft_room *room) {
    weft_load_lanes(queries, first, count, room->lanes);
    for (int64_t key = 0; key < key_count; key += WEFT_LANES) {
        int64_t many = key_count - key < WEFT_LANES ? key_count - key : WEFT_LANES;
        for (int64_t n = 0; n < many; n++) weft_load_row(keys, key + n, room->keys + n * keys->dims);
        weft_multiply_lanes(room->keys, many, room->lanes, keys->dims, room->scores + key * WEFT_LANES);
    }
}

/* Keys that the row may not have, and all of rows that do not exist, weigh nothing. */
static void restrict_lane(weft_intervals allowed, int64_t keys, float *lane) {
    int64_t key = 0;
    for (uint32_t n = 0; n <= allowed.count; n++) {
        int64_t end = n < allowed.count ? allowed.at[n].lo : keys;
        for (; key < end; key++) lane[key * WEFT_LANES] = NAN;
        if (n < allowed.count) key = allowed.at[n].hi;
    }
}

/* The best `wanted` of all numbers, ascending. */
static void choose(const double *sums, int64_t count, int64_t wanted, weft_ranked *ranked, uint32_t *out) {
    weft_ranked last = {INFINITY, 0};
    if (!wanted) return;
    for (int64_t n = 0; n < count; n++) ranked[n] = (weft_ranked){sums[n], (uint32_t)n};
    last = weft_find_ranked(ranked, count, wanted - 1);
    for (int64_t n = 0, taken = 0; n < count; n++)
        if (!weft_is_better(last, (weft_ranked){sums[n], (uint32_t)n})) out[taken++] = (uint32_t)n;
}

static void compute(const weft_choosing *choosing, const weft_use *use, const weft_choice *choice, int64_t part,
                    void *memory) {
    const weft_selection *selection = choosing->selection;
    const weft_selector *selector = &selection->selectors[use->selector];
    const weft_shape *shape = &selection->shape;
    int64_t keys = shape->keys;
    weft_carving carving = {memory, 0};
    weft_room room = room_of(selection, &carving);
    weft_rows_at queries = weft_queries_at(choosing, use), key_rows = weft_keys_at(choosing, use);
    float scale = choosing->scale_of[use->head % shape->heads];
    (void)part;
    for (int64_t n = 0; n < keys; n++) room.columns[n] = room.diagonals[n] = 0;
    for (int64_t row = selector->candidates.first_row; row < shape->queries; row += WEFT_LANES) {
        int64_t count = shape->queries - row < WEFT_LANES ? shape->queries - row : WEFT_LANES;
        score_rows(&queries, &key_rows, row, count, keys, &room);
        for (int64_t n = 0; n < WEFT_LANES; n++)
            restrict_lane(n < count ? weft_candidates_of(&selector->candidates, row + n) : (weft_intervals){NULL, 0},
                          keys, room.scores + n);
        weft_add_softmax(room.scores, keys, scale, row + keys - shape->queries, room.columns, room.diagonals);
    }
    choose(room.columns, keys, choice->column_count, room.ranked, (uint32_t *)choice->columns);
    choose(room.diagonals, keys, choice->diagonal_count, room.ranked, (uint32_t *)choice->diagonals);
    uint64_t *bits = (uint64_t *)choice->column_bits;
    for (int64_t n = 0; n < bit_words(selection); n++) bits[n] = 0;
    for (int64_t n = 0; n < choice->column_count; n++)
        bits[choice->columns[n] / 64] |= UINT64_C(1) << choice->columns[n] % 64;
}

const weft_family weft_slash_family = {WEFT_ATOM_VERTICAL_SLASH, prepare, place, scratch, parts, compute};
