/* The types that operations give: ops.def's letters, and the few whose type depends on more. */
#include "set/verify.h"

static weft_type operand_type(const weft_program *program, const weft_id *operands, uint32_t arity, uint32_t k) {
    if (k >= arity || operands[k] >= program->dag.count) return WEFT_TYPE_COUNT;
    return (weft_type)program->dag.nodes[operands[k]].type;
}

/* An element of an array: positions and labels are ints, and so are the elements of a literal of ints. */
static weft_type element_type(const weft_program *program, weft_id array) {
    const weft_dag *dag = &program->dag;
    const weft_node *node = &dag->nodes[array];
    switch (node->type) {
    case WEFT_TYPE_TOKENS:
    case WEFT_TYPE_LABELS: return WEFT_TYPE_INT;
    case WEFT_TYPE_PER_HEAD: return WEFT_TYPE_FLOAT;
    case WEFT_TYPE_TABLE:
        if (node->op == WEFT_OP_LITERAL && node->arity > 0)
            return operand_type(program, &dag->operands[node->first], node->arity, 0);
        return WEFT_TYPE_FLOAT;
    default: return WEFT_TYPE_COUNT;
    }
}

/* Operations whose result is '?': the node's own. */
static weft_type own_type(const weft_program *program, weft_op op, weft_value value, const weft_id *operands,
                          uint32_t arity) {
    switch (op) {
    case WEFT_OP_PARAM:
        if (value.integer < 0 || value.integer >= program->parameter_count) return WEFT_TYPE_COUNT;
        return program->parameters[value.integer].type;
    case WEFT_OP_LITERAL: return WEFT_TYPE_TABLE;
    case WEFT_OP_INDEX:
        if (operand_type(program, operands, arity, 0) == WEFT_TYPE_COUNT) return WEFT_TYPE_COUNT;
        return element_type(program, operands[0]);
    default: return WEFT_TYPE_COUNT;
    }
}

weft_type weft_infer_type(const weft_program *program, weft_op op, weft_value value, const weft_id *operands,
                          uint32_t arity) {
    if (weft_op_is_atom(op)) return WEFT_TYPE_SET;
    switch (weft_op_describe(op)->result[0]) {
    case 'i': return WEFT_TYPE_INT;
    case 'f': return WEFT_TYPE_FLOAT;
    case 'b': return WEFT_TYPE_BOOL;
    case 'l': return WEFT_TYPE_LIST;
    case 's': return WEFT_TYPE_SET;
    case 'n':
    case 'x': return operand_type(program, operands, arity, op == WEFT_OP_SELECT ? 1 : 0);
    default: return own_type(program, op, value, operands, arity);
    }
}
