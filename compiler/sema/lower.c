/* Lowering: one pattern as a program, and what a pattern says about heads. */
#include "sema/elaborate.h"
#include "set/set.h"

static weft_definition *find_pattern(const weft_unit *unit, const weft_ast *pattern) {
    for (uint32_t k = 0; k < unit->file_count; k++) {
        weft_file *file = unit->files[k];
        for (uint32_t n = 0; n < file->definition_count; n++)
            if (file->definitions[n].ast == pattern) return &file->definitions[n];
    }
    return NULL;
}

static bool copy_sources(const weft_sources *from, weft_sources *to) {
    for (uint32_t k = 0; k < from->count; k++)
        if (!weft_sources_add(to, from->at[k].name, from->at[k].text, from->at[k].size)) return false;
    return true;
}

/* Chunks of a hash are of keys that are queries. A number that only parameters decide is looked at with the plan. */
static void check_chunks(const weft_program *program, weft_id set, bool *seen, weft_diagnostics *diagnostics) {
    const weft_dag *dag = &program->dag;
    const weft_node *node = weft_node_at(dag, set);
    enum { CHUNK = 3 };
    if (seen[set]) return;
    seen[set] = true;
    for (uint32_t k = 0; k < node->arity; k++) check_chunks(program, weft_operand(dag, set, k), seen, diagnostics);
    if (node->op != WEFT_ATOM_LSH || program->shared_qk) return;
    const weft_node *chunk = weft_node_at(dag, weft_operand(dag, set, CHUNK));
    if (chunk->op == WEFT_OP_INT && chunk->value.integer > 0)
        weft_diagnose(diagnostics, WEFT_E0405, chunk->place, "`chunk` needs `shared_qk` in the pattern");
}

/* False when memory fails. */
static bool check_statements(const weft_program *program, weft_diagnostics *diagnostics) {
    size_t bytes = program->dag.count * sizeof(bool);
    bool *seen = weft_allocate_zero(program->allocator, bytes);
    if (!seen) return false;
    if (program->meaning) check_chunks(program, program->meaning, seen, diagnostics);
    weft_free(program->allocator, seen, bytes);
    return true;
}

weft_program *weft_sema_lower(const weft_unit *unit, const weft_ast *pattern, const weft_allocator *allocator,
                              weft_diagnostics *diagnostics) {
    weft_elaborator e;
    weft_program *program = NULL;
    uint32_t errors = diagnostics->errors;
    bool done = weft_elaborator_init(&e, unit, pattern->name, allocator, diagnostics);
    if (done) {
        weft_pattern_parts parts = weft_elaborate_root(&e, find_pattern(unit, pattern));
        e.program->meaning = parts.set.id;
        e.program->scale = parts.scale.id;
        e.program->softcap = parts.softcap.id;
        e.program->bias = parts.bias.id;
        e.program->shared_qk = parts.shared_qk;
        e.program->rest = parts.rest;
        if (parts.sink.id) e.program->sink = (uint32_t)weft_node_at(&e.program->dag, parts.sink.id)->value.integer;
        done = check_statements(e.program, diagnostics);
        weft_check_capability(pattern, diagnostics);
        weft_diagnostics_sort(diagnostics);
        done = done && copy_sources(unit->sources, &e.program->sources);
    }
    if (!done || weft_elaborator_failed(&e)) {
        diagnostics->out_of_memory = true;
    } else if (diagnostics->errors == errors) {
        program = e.program;
        e.program = NULL;
    }
    weft_elaborator_free(&e);
    return program;
}

/* ---- heads -------------------------------------------------------------------------------------------------- */

static int64_t max_int(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t constant_of(const weft_dag *dag, weft_id id, int64_t otherwise) {
    const weft_node *node = weft_node_at(dag, id);
    return node->op == WEFT_OP_INT && node->value.integer < INT64_MAX ? node->value.integer : otherwise;
}

/* One more than the largest head that an index list names. */
static int64_t heads_in_list(const weft_dag *dag, weft_id list) {
    const weft_node *node = weft_node_at(dag, list);
    if (node->op == WEFT_OP_INT) return max_int(0, constant_of(dag, list, -1) + 1);
    if (node->op == WEFT_OP_RANGE) {
        int64_t low = constant_of(dag, weft_operand(dag, list, 0), 0),
                high = constant_of(dag, weft_operand(dag, list, 1), 0);
        return low < 0 || low < high ? max_int(low + 1, high) : 0;
    }
    int64_t heads = 0;
    for (uint32_t k = 0; node->op == WEFT_OP_LISTING && k < node->arity; k++)
        heads = max_int(heads, heads_in_list(dag, weft_operand(dag, list, k)));
    return heads;
}

/* Comparing h with a constant names that head. */
static int64_t heads_in_comparison(const weft_dag *dag, weft_id id) {
    int64_t heads = 0;
    for (uint32_t k = 0; k < 2; k++)
        if (weft_node_at(dag, weft_operand(dag, id, k))->op == WEFT_OP_VAR_HEAD)
            heads = max_int(heads, constant_of(dag, weft_operand(dag, id, 1 - k), -1) + 1);
    return heads;
}

static int64_t heads_in_program(const weft_dag *dag) {
    int64_t heads = 0;
    for (weft_id id = 1; id < dag->count; id++) {
        const weft_node *node = weft_node_at(dag, id);
        if (node->op == WEFT_OP_HEADS)
            for (uint32_t k = 0; k + 1 < node->arity; k += 2)
                heads = max_int(heads, heads_in_list(dag, weft_operand(dag, id, k)));
        if (node->op == WEFT_OP_EQ || node->op == WEFT_OP_NE || node->op == WEFT_OP_LT || node->op == WEFT_OP_LE)
            heads = max_int(heads, heads_in_comparison(dag, id));
    }
    return heads;
}

int64_t weft_unit_heads(const weft_unit *unit, const weft_ast *pattern) {
    weft_elaborator e;
    weft_diagnostics ignored;
    static const weft_environment nothing_known = {0};
    weft_bound bound;
    int64_t heads = 0;
    weft_diagnostics_init(&ignored, unit->allocator, unit->sources);
    if (weft_elaborator_init(&e, unit, pattern->name, unit->allocator, &ignored)) {
        weft_id set = weft_elaborate_root(&e, find_pattern(unit, pattern)).set.id;
        if (set && !weft_elaborator_failed(&e) && weft_bound_init(&bound, unit->allocator)) {
            if (weft_fold(e.program, set, &nothing_known, &bound, &ignored)) heads = heads_in_program(&bound.dag);
            weft_bound_free(&bound);
        }
    }
    weft_elaborator_free(&e);
    weft_diagnostics_free(&ignored);
    return heads;
}
