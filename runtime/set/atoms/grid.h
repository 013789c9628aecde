/* Cells of a row-major grid, for the atoms whose first operands are its height and its width. */
#ifndef WEFT_SET_ATOMS_GRID_H
#define WEFT_SET_ATOMS_GRID_H

#include "set/set.h"

typedef struct weft_grid {
    int64_t height, width;
} weft_grid;

typedef struct weft_cell {
    int64_t y, x;
} weft_cell;

/* Consecutive cells. */
typedef struct weft_cells {
    weft_cell first, last;
    bool all; /* every position that was asked about is a cell */
} weft_cells;

weft_grid weft_grid_of(const weft_atom *atom);
/* The cell of a position; false outside the grid. */
bool weft_grid_cell(weft_grid grid, int64_t position, weft_cell *out);
/* The cells among positions [i0, i1); false: there is none. */
bool weft_grid_cells(weft_grid grid, int64_t i0, int64_t i1, weft_cells *out);
/* The last grid row that holds a key. */
int64_t weft_grid_last_row(const weft_atom *atom, weft_grid grid);
/* Adds the keys in columns x, cut to the grid and to the keys, of a grid row that holds one. */
void weft_grid_append(const weft_atom *atom, weft_grid grid, weft_interval_list *list, int64_t y, weft_interval x);

#endif
