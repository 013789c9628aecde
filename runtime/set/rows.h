/* Rows of the atoms that list their keys: random, and those that data decides. A row is worked out once and kept in the
 * scratch for a while, because tiles, strips and pairs ask for the same few rows again and again. Inside this layer
 * only. */
#ifndef WEFT_SET_ROWS_H
#define WEFT_SET_ROWS_H

#include "set/set.h"

/* One row of one atom; id 0: none. */
typedef struct weft_row {
    weft_id id;
    weft_space space;
    int64_t i;
    weft_interval *at; /* on the heap, ascending */
    uint32_t count, capacity;
} weft_row;

/* The last one is for rows too long to keep many of. */
enum { WEFT_KEPT_ROWS = 128, WEFT_LONG_ROW = 4096 };
typedef struct weft_rows {
    weft_row kept[WEFT_KEPT_ROWS + 1];
} weft_rows;

void weft_rows_free(weft_rows *rows, const weft_allocator *allocator);

/* Makes room for `count` intervals. */
bool weft_row_reserve(const weft_atom *atom, weft_row *row, uint64_t count);

/* ---- what such an atom gives */

/* Fills row->at for row i of the atom; false when memory fails. */
bool weft_random_row(const weft_atom *atom, int64_t i, weft_row *row);
bool weft_listed_row(const weft_atom *atom, int64_t i, weft_row *row);
bool weft_chosen_row(const weft_atom *atom, int64_t i, weft_row *row);

/* ---- and what it gets */

/* Is key j in row i, as the scratch keeps it? */
bool weft_row_holds(const weft_atom *atom, int64_t i, int64_t j);
bool weft_row_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out);

#endif
