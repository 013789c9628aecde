/* neighborhood2d(height, width, ky, kx, dilation): as NATTEN has it (Hassani and Shi, 2022), the two axes of the grid
 * independently. Along an axis a cell sees count cells of its residue class mod dilation: those around it, or, near an
 * edge, the first or the last ones of the class. */
#include "set/arithmetic.h"
#include "set/atoms/grid.h"

static int64_t operand(const weft_atom *atom, uint32_t k) { return weft_operand_int(&atom->bound->dag, atom->id, k); }

typedef struct axis {
    int64_t side, count, dilation;
} axis;

static axis axis_of(const weft_atom *atom, uint32_t k) {
    return (axis){operand(atom, k), operand(atom, k + 2), operand(atom, 4)};
}

/* The first cell that x sees; then every dilation-th, count in all. */
static int64_t first_seen(axis a, int64_t x) {
    int64_t rest = x % a.dilation, cells = (a.side - rest - 1) / a.dilation + 1; /* of its class */
    int64_t first = weft_smaller(weft_larger(x / a.dilation - a.count / 2, 0), cells - a.count);
    return first * a.dilation + rest;
}

static bool sees(axis a, int64_t x, int64_t key) {
    int64_t distance = key - first_seen(a, x);
    return distance >= 0 && distance % a.dilation == 0 && distance / a.dilation < a.count;
}

static bool is_empty(const weft_atom *atom) { return operand(atom, 2) < 1 || operand(atom, 3) < 1; }

bool weft_neighborhood2d_contains(const weft_atom *atom, int64_t i, int64_t j) {
    weft_grid grid = weft_grid_of(atom);
    weft_cell query, key;
    return !is_empty(atom) && weft_grid_cell(grid, i, &query) && weft_grid_cell(grid, j, &key) &&
           sees(axis_of(atom, 0), query.y, key.y) && sees(axis_of(atom, 1), query.x, key.x);
}

/* ---- spans ------------------------------------------------------------------------------------------------------ */

/* Adds the keys that one query sees of one grid row. */
static void add_cells(const weft_atom *atom, weft_grid grid, weft_interval_list *list, int64_t y, int64_t x) {
    axis a = axis_of(atom, 1);
    int64_t first = first_seen(a, x);
    if (a.dilation == 1) {
        weft_grid_append(atom, grid, list, y, (weft_interval){first, first + a.count});
        return;
    }
    for (int64_t n = 0; n < a.count; n++) {
        int64_t at = first + n * a.dilation;
        weft_grid_append(atom, grid, list, y, (weft_interval){at, at + 1});
    }
}

/* From the least to the largest column that the cells x0 … x1 of a row see. What is seen moves with the cell, class by
 * class, so the cells at both ends, one of each class, decide. */
static weft_interval hull(axis a, int64_t x0, int64_t x1) {
    weft_interval seen = {INT64_MAX, 0};
    for (int64_t n = 0; n < a.dilation && x0 + n <= x1; n++) {
        seen.lo = weft_smaller(seen.lo, first_seen(a, x0 + n));
        seen.hi = weft_larger(seen.hi, first_seen(a, x1 - n) + (a.count - 1) * a.dilation + 1);
    }
    return seen;
}

/* Columns that all of the cells x0 … x1 see; none are named where they are of several classes. */
static weft_interval core(axis a, int64_t x0, int64_t x1) {
    if (a.dilation > 1 && x0 < x1) return (weft_interval){0, 0};
    return (weft_interval){first_seen(a, x1), first_seen(a, x0) + a.count};
}

/* What the cells x0 … x1 of grid row y see, some of it (may) or all (full). */
static weft_spans row_spans(const weft_atom *atom, weft_grid grid, int64_t y, int64_t x0, int64_t x1) {
    axis a = axis_of(atom, 0), across = axis_of(atom, 1);
    weft_interval_list full = {0}, may = {0};
    weft_interval outer = hull(across, x0, x1), inner = core(across, x0, x1);
    int64_t last = weft_grid_last_row(atom, grid);
    for (int64_t n = 0, at = first_seen(a, y); n < a.count && at <= last; n++, at += a.dilation) {
        if (x0 == x1) {
            add_cells(atom, grid, &may, at, x0);
        } else {
            weft_grid_append(atom, grid, &may, at, outer);
            weft_grid_append(atom, grid, &full, at, inner);
        }
    }
    return (weft_spans){weft_intervals_of(x0 == x1 ? &may : &full), weft_intervals_of(&may)};
}

bool weft_neighborhood2d_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    enum { MOST_ROWS = 256 }; /* of the grid, beyond which all keys are possible */
    weft_grid grid = weft_grid_of(atom);
    weft_cells cells;
    if (is_empty(atom) || !weft_grid_cells(grid, i0, i1, &cells)) return true;
    if (cells.last.y - cells.first.y >= MOST_ROWS) {
        out->may = weft_intervals_one(atom->scratch, 0, atom->space.keys, atom->space.keys);
        return !atom->scratch->failed;
    }
    for (int64_t y = cells.first.y; y <= cells.last.y; y++) {
        int64_t x0 = y == cells.first.y ? cells.first.x : 0, x1 = y == cells.last.y ? cells.last.x : grid.width - 1;
        weft_spans row = row_spans(atom, grid, y, x0, x1);
        bool first = y == cells.first.y;
        out->may = first ? row.may : weft_intervals_union(atom->scratch, out->may, row.may);
        out->full = first ? row.full : weft_intervals_intersection(atom->scratch, out->full, row.full);
    }
    if (!cells.all) out->full = (weft_intervals){NULL, 0};
    return !atom->scratch->failed;
}
