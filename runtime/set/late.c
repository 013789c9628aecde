/* Late parameters: those that decide no pair, so that each run may bring its own. */
#include "set/set.h"

/* Marks what sets, the scale, the softcap and features reach; operands have smaller ids than their users. */
static void reach(const weft_program *program, bool *reached) {
    const weft_dag *dag = &program->dag;
    reached[program->meaning] = reached[program->scale] = reached[program->softcap] = true;
    reached[program->rest.features] = reached[program->rest.seed] = true;
    for (uint32_t k = 0; k < program->pass_count; k++) reached[program->passes[k].set] = true;
    for (weft_id id = dag->count; id-- > 1;)
        for (uint32_t k = 0; reached[id] && k < weft_node_at(dag, id)->arity; k++)
            reached[weft_operand(dag, id, k)] = true;
}

static bool exclude_tables(const weft_program *program, weft_argument *arguments) {
    const weft_dag *dag = &program->dag;
    bool *reached = weft_allocate_zero(program->allocator, dag->count * sizeof *reached);
    if (!reached) return false;
    reach(program, reached);
    for (weft_id id = 1; id < dag->count; id++) {
        const weft_node *node = weft_node_at(dag, id);
        if (reached[id] && node->op == WEFT_OP_PARAM && node->type == WEFT_TYPE_TABLE)
            arguments[node->value.integer].late = false;
    }
    weft_free(program->allocator, reached, dag->count * sizeof *reached);
    return true;
}

bool weft_mark_late(const weft_program *program, weft_argument *arguments) {
    bool has_tables = false;
    for (uint32_t k = 0; k < program->parameter_count; k++) {
        weft_type type = program->parameters[k].type;
        arguments[k].late = type == WEFT_TYPE_KEYS || type == WEFT_TYPE_PER_HEAD || type == WEFT_TYPE_TABLE;
        has_tables = has_tables || type == WEFT_TYPE_TABLE;
    }
    return !has_tables || exclude_tables(program, arguments);
}
