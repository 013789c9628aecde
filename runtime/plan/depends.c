/* What membership in a term depends on: on j - i alone, on i alone, on j alone, or on more. Tiles whose bits depend on
 * one of the three are equal wherever that one is. */
#include "plan/build.h"

enum { MOST_VISITS = 64 };

/* Of a condition: i and j count as a distance where they stand in i - j or j - i only. */
static unsigned condition_depends_on(const weft_dag *dag, weft_id id, uint32_t *visits) {
    const weft_node *node = weft_node_at(dag, id);
    if (++*visits > MOST_VISITS) return WEFT_ON_BOTH;
    if (node->op == WEFT_OP_VAR_I) return WEFT_ON_ROW;
    if (node->op == WEFT_OP_VAR_J) return WEFT_ON_KEY;
    if (node->op == WEFT_OP_SUB) {
        weft_op left = (weft_op)weft_node_at(dag, weft_operand(dag, id, 0))->op;
        weft_op right = (weft_op)weft_node_at(dag, weft_operand(dag, id, 1))->op;
        if ((left == WEFT_OP_VAR_I && right == WEFT_OP_VAR_J) || (left == WEFT_OP_VAR_J && right == WEFT_OP_VAR_I))
            return WEFT_ON_DISTANCE;
    }
    unsigned depends = 0;
    for (uint32_t k = 0; k < node->arity; k++) depends |= condition_depends_on(dag, weft_operand(dag, id, k), visits);
    return depends;
}

/* Where none of the rows is global, only the columns are. */
static unsigned global_depends_on(const weft_dag *dag, weft_id id, weft_strip rows) {
    weft_intervals list = dag->lists[weft_node_at(dag, weft_operand(dag, id, 0))->value.integer];
    for (uint32_t n = 0; n < list.count && list.at[n].lo < rows.first + rows.count; n++)
        if (list.at[n].hi > rows.first) return WEFT_ON_ROW | WEFT_ON_KEY;
    return WEFT_ON_KEY;
}

unsigned weft_depends_on(const weft_dag *dag, weft_id id, weft_strip rows) {
    weft_op op = (weft_op)weft_node_at(dag, id)->op;
    uint32_t visits = 0;
    switch (op) {
    case WEFT_ATOM_ROWS: return WEFT_ON_ROW;
    case WEFT_ATOM_COLS: return WEFT_ON_KEY;
    case WEFT_ATOM_GLOBAL: return global_depends_on(dag, id, rows);
    case WEFT_ATOM_WHERE: return condition_depends_on(dag, weft_operand(dag, id, 0), &visits);
    default: return weft_op_describe(op)->traits & WEFT_TRAIT_SHIFT ? WEFT_ON_DISTANCE : WEFT_ON_BOTH;
    }
}
