/* What membership in a term depends on: on j - i alone, on i alone, on j alone, or on more. Tiles whose bits depend on
 * one of the three are equal wherever that one is. */
#include "plan/build.h"

/* Where none of the rows is global, only the columns are. */
static unsigned global_depends_on(const weft_dag *dag, weft_id id, weft_strip rows) {
    weft_intervals list = dag->lists[weft_node_at(dag, weft_operand(dag, id, 0))->value.integer];
    for (uint32_t n = 0; n < list.count && list.at[n].lo < rows.first + rows.count; n++)
        if (list.at[n].hi > rows.first) return WEFT_ON_ROW | WEFT_ON_KEY;
    return WEFT_ON_KEY;
}

unsigned weft_depends_on(const weft_dag *dag, weft_id id, weft_strip rows) {
    weft_op op = (weft_op)weft_node_at(dag, id)->op;
    switch (op) {
    case WEFT_ATOM_ROWS: return WEFT_ON_ROW;
    case WEFT_ATOM_COLS: return WEFT_ON_KEY;
    case WEFT_ATOM_GLOBAL: return global_depends_on(dag, id, rows);
    case WEFT_ATOM_WHERE: return weft_condition_depends_on(dag, weft_operand(dag, id, 0));
    default: return weft_op_describe(op)->traits & WEFT_TRAIT_SHIFT ? WEFT_ON_DISTANCE : WEFT_ON_BOTH;
    }
}
