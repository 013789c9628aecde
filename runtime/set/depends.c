/* What a condition of bound form depends on. */
#include "set/set.h"

enum { MOST_VISITS = 64 };

/* i and j count as a distance where they stand in i - j or j - i only. */
static unsigned depends_on(const weft_dag *dag, weft_id id, uint32_t *visits) {
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
    for (uint32_t k = 0; k < node->arity; k++) depends |= depends_on(dag, weft_operand(dag, id, k), visits);
    return depends;
}

unsigned weft_condition_depends_on(const weft_dag *dag, weft_id condition) {
    uint32_t visits = 0;
    return depends_on(dag, condition, &visits);
}
