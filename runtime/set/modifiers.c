/* Dividing a bias into what is known once a head and what depends on the pair: a walk from the root, operands from left
 * to right, that stops where neither i nor j is read. */
#include "set/modifiers.h"

typedef struct walk {
    weft_modifiers *to;
    const weft_dag *dag;
    uint8_t *seen; /* by node */
} walk;

static bool is_constant(const weft_node *node) {
    return node->op == WEFT_OP_INT || node->op == WEFT_OP_FLOAT || node->op == WEFT_OP_BOOL;
}

static bool add_uniform(walk *w, weft_id id) {
    weft_modifiers *to = w->to;
    if (!weft_reserve(to->allocator, &to->uniforms, &to->uniform_capacity, (uint64_t)to->uniform_count + 1, sizeof id))
        return false;
    to->uniforms[to->uniform_count++] = id;
    return true;
}

static bool visit(walk *w, weft_id id);

static bool visit_operands(walk *w, weft_id id) {
    for (uint32_t k = 0; k < weft_node_at(w->dag, id)->arity; k++)
        if (!visit(w, weft_operand(w->dag, id, k))) return false;
    return true;
}

/* A table that a pair's index reads: its elements side by side, or an array. Elements that depend on the pair are parts
 * like any other. */
static bool visit_table(walk *w, weft_id id) {
    weft_modifiers *to = w->to;
    const weft_node *node = weft_node_at(w->dag, id);
    if (w->seen[id] || (node->op == WEFT_OP_LITERAL && to->reads[id])) return visit(w, id);
    w->seen[id] = true;
    if (node->op == WEFT_OP_LITERAL) {
        to->slot[id] = to->uniform_count;
        for (uint32_t k = 0; k < node->arity; k++)
            if (!add_uniform(w, weft_operand(w->dag, id, k))) return false;
        return true;
    }
    uint32_t parameter = (uint32_t)node->value.integer, table = 0;
    while (table < to->table_count && to->tables[table] != parameter) table++;
    to->slot[id] = table;
    if (table < to->table_count) return true;
    if (!weft_reserve(to->allocator, &to->tables, &to->table_capacity, (uint64_t)table + 1, sizeof parameter))
        return false;
    to->tables[to->table_count++] = parameter;
    return true;
}

static bool visit(walk *w, weft_id id) {
    const weft_node *node = weft_node_at(w->dag, id);
    if (w->seen[id] || is_constant(node)) return true;
    w->seen[id] = true;
    if (!w->to->reads[id]) {
        w->to->slot[id] = w->to->uniform_count;
        return add_uniform(w, id);
    }
    if (node->op != WEFT_OP_INDEX) return visit_operands(w, id);
    return visit_table(w, weft_operand(w->dag, id, 0)) && visit(w, weft_operand(w->dag, id, 1));
}

static void find_reads(const weft_dag *dag, weft_modifiers *to) {
    for (weft_id id = 1; id < to->node_count; id++) {
        const weft_node *node = weft_node_at(dag, id);
        uint8_t reads = node->op == WEFT_OP_VAR_I ? WEFT_READS_ROW : node->op == WEFT_OP_VAR_J ? WEFT_READS_KEY : 0;
        for (uint32_t k = 0; k < node->arity; k++) reads |= to->reads[weft_operand(dag, id, k)];
        to->reads[id] = reads;
        to->slot[id] = WEFT_NO_SLOT;
    }
}

bool weft_modifiers_init(weft_modifiers *modifiers, const weft_program *program) {
    const weft_allocator *allocator = program->allocator;
    *modifiers = (weft_modifiers){.allocator = allocator};
    if (!program->bias) return true;
    uint32_t count = program->bias + 1; /* operands come before their users */
    modifiers->reads = weft_allocate_zero(allocator, count);
    modifiers->slot = weft_allocate_zero(allocator, count * sizeof *modifiers->slot);
    modifiers->node_count = count;
    walk w = {modifiers, &program->dag, weft_allocate_zero(allocator, count)};
    bool done = modifiers->reads && modifiers->slot && w.seen;
    if (done) find_reads(&program->dag, modifiers);
    done = done && visit(&w, program->bias);
    weft_free(allocator, w.seen, count);
    if (!done) weft_modifiers_free(modifiers);
    return done;
}

void weft_modifiers_free(weft_modifiers *modifiers) {
    const weft_allocator *allocator = modifiers->allocator;
    if (!allocator) return;
    weft_free(allocator, modifiers->reads, modifiers->node_count);
    weft_free(allocator, modifiers->slot, modifiers->node_count * sizeof *modifiers->slot);
    weft_free(allocator, modifiers->uniforms, modifiers->uniform_capacity * sizeof *modifiers->uniforms);
    weft_free(allocator, modifiers->tables, modifiers->table_capacity * sizeof *modifiers->tables);
    *modifiers = (weft_modifiers){0};
}
