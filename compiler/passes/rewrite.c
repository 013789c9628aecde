/* The engine: an explicit stack, a node's operands before the node, then laws one at a time until none changes it. What
 * a law makes is raw and goes the same way. Every node is worked out once, so shared ones stay shared. */
#include "passes/rewrite.h"

#include <string.h>

const weft_law weft_laws[] = {
#define LAW(op, name, statement) {WEFT_##op, #name, weft_law_##name},
#include "passes/laws.def"
#undef LAW
};
const uint32_t weft_law_count = sizeof weft_laws / sizeof *weft_laws;

void weft_rewriter_init(weft_rewriter *rw, weft_dag *dag) {
    *rw = (weft_rewriter){.dag = dag};
    weft_arena_init(&rw->arena, dag->allocator);
}

void weft_rewriter_free(weft_rewriter *rw) {
    const weft_allocator *allocator = rw->dag->allocator;
    weft_free(allocator, rw->canonical, rw->canonical_capacity * sizeof *rw->canonical);
    weft_free(allocator, rw->next, rw->next_capacity * sizeof *rw->next);
    weft_free(allocator, rw->mark, rw->mark_capacity * sizeof *rw->mark);
    weft_free(allocator, rw->stack, rw->stack_capacity * sizeof *rw->stack);
    weft_arena_free(&rw->arena);
}

/* ---- tables by id, which grow with the DAG -------------------------------------------------------------------- */

static bool grow(weft_rewriter *rw, void *table, uint32_t *capacity) {
    uint32_t before = *capacity, *entries;
    if (before >= rw->dag->count) return true;
    if (!weft_reserve(rw->dag->allocator, table, capacity, rw->dag->count, sizeof(uint32_t))) {
        rw->failed = true;
        return false;
    }
    memcpy(&entries, table, sizeof entries);
    memset(entries + before, 0, (*capacity - before) * sizeof *entries);
    return true;
}

uint32_t *weft_rewriter_marks(weft_rewriter *rw) {
    if (!grow(rw, &rw->mark, &rw->mark_capacity)) return NULL;
    rw->now++;
    return rw->mark;
}

static void push(weft_rewriter *rw, weft_id id) {
    /* Every node pushes its operands and what it became once: more would be laws that chase each other. */
    uint64_t most = (uint64_t)rw->dag->operand_count + 2 * (uint64_t)rw->dag->count;
    if (rw->stack_count < most &&
        weft_reserve(rw->dag->allocator, &rw->stack, &rw->stack_capacity, (uint64_t)rw->stack_count + 1, sizeof id))
        rw->stack[rw->stack_count++] = id;
    else
        rw->failed = true;
}

/* ---- what laws make ------------------------------------------------------------------------------------------- */

weft_id weft_rewriter_make(weft_rewriter *rw, weft_op op, weft_type type, const weft_id *operands, uint32_t count) {
    return weft_make(rw->dag, op, type, (weft_value){0}, operands, count, WEFT_NO_SPAN);
}

weft_id weft_rewriter_int(weft_rewriter *rw, int64_t value) { return weft_make_int(rw->dag, value, WEFT_NO_SPAN); }

weft_id *weft_rewriter_operands(weft_rewriter *rw, weft_id id, uint32_t more) {
    uint32_t count = weft_node_at(rw->dag, id)->arity;
    weft_id *ids = weft_arena_take(&rw->arena, (count + more + 1) * sizeof *ids);
    for (uint32_t k = 0; ids && k < count; k++) ids[k] = weft_operand(rw->dag, id, k);
    return ids;
}

/* ---- the walk --------------------------------------------------------------------------------------------------- */

static bool push_operands(weft_rewriter *rw, weft_id id) {
    bool pushed = false;
    for (uint32_t k = weft_node_at(rw->dag, id)->arity; k-- > 0;) {
        weft_id operand = weft_operand(rw->dag, id, k);
        if (rw->canonical[operand]) continue;
        push(rw, operand);
        pushed = true;
    }
    return pushed;
}

/* The node without its place and with canonical operands. */
static weft_id rebuild(weft_rewriter *rw, weft_id id) {
    weft_id *operands = weft_rewriter_operands(rw, id, 0);
    const weft_node node = *weft_node_at(rw->dag, id);
    for (uint32_t k = 0; operands && k < node.arity; k++) operands[k] = rw->canonical[operands[k]];
    if (!operands) return 0;
    return weft_make(rw->dag, (weft_op)node.op, (weft_type)node.type, node.value, operands, node.arity, WEFT_NO_SPAN);
}

static weft_id apply_laws(weft_rewriter *rw, weft_id id) {
    weft_op op = weft_op_of(rw, id);
    for (uint32_t k = 0; k < weft_law_count; k++) {
        if (weft_laws[k].op != op) continue;
        weft_id result = weft_laws[k].apply(rw, id);
        if (result != id) return result;
    }
    return id;
}

/* One step for the node on top of the stack: it is done, or something else is put on top. */
static void step(weft_rewriter *rw, weft_id id) {
    weft_id next = rw->next[id];
    if (next && rw->canonical[next]) {
        rw->canonical[id] = rw->canonical[next];
    } else if (next) {
        push(rw, next);
    } else if (!push_operands(rw, id)) {
        weft_id result = rebuild(rw, id);
        if (result == id) result = apply_laws(rw, id);
        weft_arena_reset(&rw->arena);
        rw->failed |=
            !result || !grow(rw, &rw->canonical, &rw->canonical_capacity) || !grow(rw, &rw->next, &rw->next_capacity);
        if (rw->failed) return;
        if (result == id)
            rw->canonical[id] = id;
        else
            rw->next[id] = result;
    }
}

weft_id weft_rewrite(weft_rewriter *rw, weft_id root) {
    if (!grow(rw, &rw->canonical, &rw->canonical_capacity) || !grow(rw, &rw->next, &rw->next_capacity)) return 0;
    push(rw, root);
    while (rw->stack_count && !rw->failed) {
        weft_id id = rw->stack[rw->stack_count - 1];
        if (rw->canonical[id])
            rw->stack_count--;
        else
            step(rw, id);
    }
    return rw->failed ? 0 : rw->canonical[root];
}
