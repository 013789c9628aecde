/* Laws of grids: a row-major grid's rows are chunks of positions, its columns residue classes. */
#include "passes/rewrite.h"

static weft_id make_two(weft_rewriter *rw, weft_op op, weft_type type, weft_id a, weft_id b) {
    weft_id both[2] = {a, b};
    return weft_rewriter_make(rw, op, type, both, 2);
}

/* How many cells of the grid are keys, or more than there are keys: each side is cut to the number of keys first, so
 * that the product fits. */
static weft_id cells(weft_rewriter *rw, weft_id height, weft_id width) {
    weft_id keys = weft_rewriter_make(rw, WEFT_OP_VAR_LK, WEFT_TYPE_INT, NULL, 0);
    height = make_two(rw, WEFT_OP_MIN, WEFT_TYPE_INT, height, keys);
    width = make_two(rw, WEFT_OP_MIN, WEFT_TYPE_INT, width, keys);
    return make_two(rw, WEFT_OP_MUL, WEFT_TYPE_INT, height, width);
}

weft_id weft_law_axial(weft_rewriter *rw, weft_id id) {
    weft_id height = weft_operand(rw->dag, id, 0), width = weft_operand(rw->dag, id, 1);
    weft_id zero = weft_rewriter_int(rw, 0);
    weft_id row = make_two(rw, WEFT_ATOM_CHUNK, WEFT_TYPE_SET, width, zero);
    weft_id column = weft_rewriter_set(rw, WEFT_ATOM_STRIDE, &width, 1);
    weft_id grid = make_two(rw, WEFT_OP_RANGE, WEFT_TYPE_LIST, zero, cells(rw, height, width));
    weft_id parts[3] = {make_two(rw, WEFT_OP_UNION, WEFT_TYPE_SET, row, column),
                        weft_rewriter_set(rw, WEFT_ATOM_ROWS, &grid, 1),
                        weft_rewriter_set(rw, WEFT_ATOM_COLS, &grid, 1)};
    return weft_rewriter_set(rw, WEFT_OP_INTERSECTION, parts, 3);
}
