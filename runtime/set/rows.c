/* Kept rows: a small table by row and atom, the newest in each place. */
#include "set/rows.h"

#include <string.h>

void weft_rows_free(weft_rows *rows, const weft_allocator *allocator) {
    if (!rows) return;
    for (uint32_t k = 0; k <= WEFT_KEPT_ROWS; k++)
        weft_free(allocator, rows->kept[k].at, rows->kept[k].capacity * sizeof *rows->kept[k].at);
    weft_free(allocator, rows, sizeof *rows);
}

bool weft_row_reserve(const weft_atom *atom, weft_row *row, uint64_t count) {
    return weft_reserve(atom->bound->dag.allocator, &row->at, &row->capacity, count, sizeof *row->at);
}

/* How many keys a row of the atom has at most, or likely. */
static int64_t most_keys(const weft_bound *bound, weft_id id) {
    if (weft_op_chooses((weft_op)weft_node_at(&bound->dag, id)->op)) return WEFT_LONG_ROW;
    weft_id first = weft_operand(&bound->dag, id, 0);
    const weft_node *node = weft_node_at(&bound->dag, first);
    if (node->op == WEFT_OP_ARRAY) return bound->arrays[node->value.integer].columns;
    if (node->op == WEFT_OP_INT) return node->value.integer;
    return bound->open ? bound->open[node->value.integer].columns : 0;
}

static weft_row *place_of(weft_scratch *scratch, weft_id id, int64_t i) {
    if (!scratch->rows) scratch->rows = weft_allocate_zero(scratch->bound->dag.allocator, sizeof *scratch->rows);
    if (!scratch->rows) return NULL;
    uint64_t place = ((uint64_t)i + UINT64_C(37) * id) % WEFT_KEPT_ROWS;
    return &scratch->rows->kept[most_keys(scratch->bound, id) > WEFT_LONG_ROW ? WEFT_KEPT_ROWS : place];
}

static bool fill_row(const weft_atom *atom, int64_t i, weft_row *row) {
    switch (weft_node_at(&atom->bound->dag, atom->id)->op) {
    case WEFT_ATOM_RANDOM: return weft_random_row(atom, i, row);
    case WEFT_ATOM_LISTED: return weft_listed_row(atom, i, row);
    default: return weft_chosen_row(atom, i, row);
    }
}

static bool work_out(weft_scratch *scratch, weft_id id, weft_space space, int64_t i, weft_row *row) {
    weft_atom atom = {.bound = scratch->bound, .id = id, .space = space, .scratch = scratch, .keys = {0, space.keys}};
    row->id = 0; /* until it is there */
    row->count = 0;
    if (!fill_row(&atom, i, row)) return false;
    row->id = id;
    row->space = space;
    row->i = i;
    return true;
}

bool weft_list_row(weft_scratch *scratch, weft_id id, weft_space space, int64_t i, weft_intervals *out) {
    weft_row *row = place_of(scratch, id, i);
    *out = (weft_intervals){NULL, 0};
    bool known =
        row && row->id == id && row->i == i && row->space.keys == space.keys && row->space.first == space.first;
    if (!row || (!known && !work_out(scratch, id, space, i, row))) {
        scratch->failed = true;
        return false;
    }
    *out = (weft_intervals){row->at, row->count};
    return true;
}

/* ---- for atoms ------------------------------------------------------------------------------------------------- */

bool weft_row_holds(const weft_atom *atom, int64_t i, int64_t j) {
    weft_intervals row;
    return weft_list_row(atom->scratch, atom->id, atom->space, i, &row) && weft_intervals_contain(row, j);
}

/* A copy that lives as long as other spans do. */
static weft_intervals copy_row(const weft_atom *atom, int64_t i) {
    weft_intervals row;
    if (!weft_list_row(atom->scratch, atom->id, atom->space, i, &row) || row.count == 0)
        return (weft_intervals){NULL, 0};
    weft_interval *at = weft_arena_take(&atom->scratch->arena, row.count * sizeof *at);
    if (!at) {
        atom->scratch->failed = true;
        return (weft_intervals){NULL, 0};
    }
    memcpy(at, row.at, row.count * sizeof *at);
    return (weft_intervals){at, row.count};
}

static weft_spans rows_between(const weft_atom *atom, int64_t i0, int64_t i1) {
    if (i1 - i0 == 1) {
        weft_intervals row = copy_row(atom, i0);
        return (weft_spans){row, row};
    }
    int64_t middle = i0 + (i1 - i0) / 2;
    weft_spans a = rows_between(atom, i0, middle), b = rows_between(atom, middle, i1);
    return (weft_spans){weft_intervals_intersection(atom->scratch, a.full, b.full),
                        weft_intervals_union(atom->scratch, a.may, b.may)};
}

bool weft_row_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    *out = rows_between(atom, i0, i1);
    return !atom->scratch->failed;
}
