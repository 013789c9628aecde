/* Atoms over a row-major grid of cells: window2d, axial. Position p is the cell in row p // width and column p % width;
 * positions outside the grid are in no pair. Spans look at the grid rows that the keys of some query may lie in, never
 * at single cells. neighborhood2d has a file of its own. */
#include "set/atoms/grid.h"
#include "set/arithmetic.h"

static int64_t operand(const weft_atom *atom, uint32_t k) { return weft_operand_int(&atom->bound->dag, atom->id, k); }

weft_grid weft_grid_of(const weft_atom *atom) { return (weft_grid){operand(atom, 0), operand(atom, 1)}; }

bool weft_grid_cell(weft_grid grid, int64_t position, weft_cell *out) {
    if (position < 0) return false;
    *out = (weft_cell){position / grid.width, position % grid.width};
    return out->y < grid.height;
}

bool weft_grid_cells(weft_grid grid, int64_t i0, int64_t i1, weft_cells *out) {
    weft_cell last;
    if (i1 <= 0 || !weft_grid_cell(grid, weft_larger(i0, 0), &out->first)) return false;
    out->all = i0 >= 0 && weft_grid_cell(grid, i1 - 1, &last);
    out->last = (weft_cell){grid.height - 1, grid.width - 1};
    if (weft_grid_cell(grid, i1 - 1, &last)) out->last = last;
    return true;
}

int64_t weft_grid_last_row(const weft_atom *atom, weft_grid grid) {
    return weft_smaller(grid.height - 1, (atom->space.keys - 1) / grid.width);
}

void weft_grid_append(const weft_atom *atom, weft_grid grid, weft_interval_list *list, int64_t y, weft_interval x) {
    int64_t base = y * grid.width, keys = atom->space.keys - base; /* of the row, and of those behind it */
    weft_intervals_append(atom->scratch, list, base + weft_larger(x.lo, 0),
                          base + weft_smaller(weft_smaller(x.hi, grid.width), keys));
}

/* ---- columns ---------------------------------------------------------------------------------------------------- */

/* The columns of the cells in grid rows p … q: at most two intervals, in order. */
typedef struct columns {
    weft_interval at[2];
    int count;
} columns;

static columns columns_of(weft_grid grid, const weft_cells *cells, int64_t p, int64_t q) {
    weft_interval from = {p == cells->first.y ? cells->first.x : 0,
                          p == cells->last.y ? cells->last.x + 1 : grid.width};
    weft_interval to = {q == cells->first.y ? cells->first.x : 0, q == cells->last.y ? cells->last.x + 1 : grid.width};
    if (p == q) return (columns){{from}, 1};
    if (q - p > 1 || to.hi >= from.lo) return (columns){{{0, grid.width}}, 1};
    return (columns){{to, from}, 2}; /* two rows: the end of one, the beginning of the next */
}

/* The same, wider by dx to both sides. */
static columns widen(columns in, int64_t dx) {
    for (int k = 0; k < in.count; k++) {
        in.at[k].lo = weft_subtract_saturated(in.at[k].lo, dx);
        in.at[k].hi = weft_add_saturated(in.at[k].hi, dx);
    }
    return in;
}

static void append_columns(const weft_atom *atom, weft_grid grid, weft_interval_list *list, int64_t y, columns in) {
    for (int k = 0; k < in.count; k++) weft_grid_append(atom, grid, list, y, in.at[k]);
}

/* Whole grid rows y0 … y1. */
static void append_rows(const weft_atom *atom, weft_grid grid, weft_interval_list *list, int64_t y0, int64_t y1) {
    y1 = weft_smaller(y1, weft_grid_last_row(atom, grid));
    if (y0 > y1) return;
    int64_t end = y1 * grid.width;
    end = atom->space.keys - end > grid.width ? end + grid.width : atom->space.keys;
    weft_intervals_append(atom->scratch, list, y0 * grid.width, end);
}

/* ---- window2d --------------------------------------------------------------------------------------------------- */

static bool within(int64_t a, int64_t b, int64_t reach) { return a - b <= reach && b - a <= reach; }

bool weft_window2d_contains(const weft_atom *atom, int64_t i, int64_t j) {
    weft_grid grid = weft_grid_of(atom);
    weft_cell query, key;
    return weft_grid_cell(grid, i, &query) && weft_grid_cell(grid, j, &key) &&
           within(query.y, key.y, operand(atom, 2)) && within(query.x, key.x, operand(atom, 3));
}

/* Keys that every cell has: near to the first row and to the last, to the leftmost column and to the rightmost. */
static weft_intervals window_full(const weft_atom *atom, weft_grid grid, const weft_cells *cells) {
    int64_t dy = operand(atom, 2), dx = operand(atom, 3);
    bool one_row = cells->first.y == cells->last.y;
    int64_t left = one_row ? cells->first.x : 0, right = one_row ? cells->last.x : grid.width - 1;
    weft_interval x = {weft_subtract_saturated(right, dx), weft_add_saturated(weft_add_saturated(left, dx), 1)};
    int64_t top = weft_larger(weft_subtract_saturated(cells->last.y, dy), 0);
    int64_t bottom = weft_smaller(weft_add_saturated(cells->first.y, dy), weft_grid_last_row(atom, grid));
    weft_interval_list list = {0};
    if (x.lo <= 0 && x.hi >= grid.width) {
        append_rows(atom, grid, &list, top, bottom);
    } else {
        for (int64_t y = top; y <= bottom && x.lo < x.hi; y++) weft_grid_append(atom, grid, &list, y, x);
    }
    return weft_intervals_of(&list);
}

/* Keys that some cell has: for each grid row, those near to the columns of the cells that are at most dy rows away. */
static weft_intervals window_may(const weft_atom *atom, weft_grid grid, const weft_cells *cells) {
    int64_t dy = operand(atom, 2), dx = operand(atom, 3);
    int64_t top = weft_larger(weft_subtract_saturated(cells->first.y, dy), 0);
    int64_t bottom = weft_smaller(weft_add_saturated(cells->last.y, dy), weft_grid_last_row(atom, grid));
    weft_interval_list list = {0};
    if (dx >= grid.width - 1) { /* whole rows */
        append_rows(atom, grid, &list, top, bottom);
        return weft_intervals_of(&list);
    }
    for (int64_t y = top; y <= bottom; y++) {
        int64_t p = weft_larger(cells->first.y, weft_subtract_saturated(y, dy));
        int64_t q = weft_smaller(cells->last.y, weft_add_saturated(y, dy));
        append_columns(atom, grid, &list, y, widen(columns_of(grid, cells, p, q), dx));
    }
    return weft_intervals_of(&list);
}

bool weft_window2d_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    weft_grid grid = weft_grid_of(atom);
    weft_cells cells;
    if (operand(atom, 2) < 0 || operand(atom, 3) < 0 || !weft_grid_cells(grid, i0, i1, &cells)) return true;
    out->may = window_may(atom, grid, &cells);
    if (cells.all) out->full = i1 - i0 == 1 ? out->may : window_full(atom, grid, &cells);
    return !atom->scratch->failed;
}

/* ---- axial ------------------------------------------------------------------------------------------------------ */

bool weft_axial_contains(const weft_atom *atom, int64_t i, int64_t j) {
    weft_grid grid = weft_grid_of(atom);
    weft_cell query, key;
    return weft_grid_cell(grid, i, &query) && weft_grid_cell(grid, j, &key) && (query.y == key.y || query.x == key.x);
}

/* The grid rows y0 … y1 whole, and of the others those columns. */
static weft_intervals cross(const weft_atom *atom, weft_grid grid, int64_t y0, int64_t y1, columns in) {
    weft_interval_list list = {0};
    int64_t last = weft_grid_last_row(atom, grid);
    if (in.at[0].lo == 0 && in.at[0].hi == grid.width) {
        append_rows(atom, grid, &list, 0, last);
        return weft_intervals_of(&list);
    }
    for (int64_t y = 0; y < y0 && y <= last; y++) append_columns(atom, grid, &list, y, in);
    append_rows(atom, grid, &list, y0, y1);
    for (int64_t y = y1 + 1; y <= last; y++) append_columns(atom, grid, &list, y, in);
    return weft_intervals_of(&list);
}

bool weft_axial_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    weft_grid grid = weft_grid_of(atom);
    weft_cells cells;
    if (!weft_grid_cells(grid, i0, i1, &cells)) return true;
    columns some = columns_of(grid, &cells, cells.first.y, cells.last.y);
    out->may = cross(atom, grid, cells.first.y, cells.last.y, some);
    if (!cells.all) return !atom->scratch->failed;
    weft_interval_list row = {0};
    if (i1 - i0 == 1 || grid.width == 1) {
        out->full = out->may;
    } else if (cells.first.y == cells.last.y) {
        append_rows(atom, grid, &row, cells.first.y, cells.first.y);
        out->full = weft_intervals_of(&row);
    }
    return !atom->scratch->failed;
}
