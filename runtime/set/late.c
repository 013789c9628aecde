/* Late parameters: those that decide no pair, so that each run may bring its own. */
#include "set/set.h"

enum { BY_BIAS = 1, BY_OTHERS = 2 };

static void reach(uint8_t *reached, weft_id root, uint8_t who) {
    if (root) reached[root] |= who;
}

/* Who reads each node; operands have smaller ids than their users. */
static void spread(const weft_program *program, uint8_t *reached) {
    const weft_dag *dag = &program->dag;
    reach(reached, program->bias, BY_BIAS);
    reach(reached, program->meaning, BY_OTHERS);
    reach(reached, program->scale, BY_OTHERS);
    reach(reached, program->softcap, BY_OTHERS);
    for (uint32_t k = 0; k < program->pass_count; k++) reach(reached, program->passes[k].set, BY_OTHERS);
    for (weft_id id = dag->count; id-- > 1;)
        for (uint32_t k = 0; reached[id] && k < weft_node_at(dag, id)->arity; k++)
            reached[weft_operand(dag, id, k)] |= reached[id];
}

static bool mark_tables(const weft_program *program, weft_argument *arguments) {
    const weft_dag *dag = &program->dag;
    uint8_t *reached = weft_allocate_zero(program->allocator, dag->count);
    if (!reached) return false;
    spread(program, reached);
    for (int pass = BY_BIAS; pass <= BY_OTHERS; pass++)
        for (weft_id id = 1; id < dag->count; id++) {
            const weft_node *node = weft_node_at(dag, id);
            if (node->op == WEFT_OP_PARAM && node->type == WEFT_TYPE_TABLE && reached[id] & pass)
                arguments[node->value.integer].late = pass == BY_BIAS;
        }
    weft_free(program->allocator, reached, dag->count);
    return true;
}

bool weft_mark_late(const weft_program *program, weft_argument *arguments) {
    bool has_tables = false;
    for (uint32_t k = 0; k < program->parameter_count; k++) {
        weft_type type = program->parameters[k].type;
        arguments[k].late = type == WEFT_TYPE_KEYS || type == WEFT_TYPE_PER_HEAD;
        has_tables = has_tables || type == WEFT_TYPE_TABLE;
    }
    return !program->bias || !has_tables || mark_tables(program, arguments);
}
