/* Laws of scalars, apart from constants, which weft_fold works out; of the atom that takes one, and of heads. Faults
 * stay where they were: what is lazy (and, or) keeps its order. */
#include "passes/rewrite.h"

weft_id weft_law_constant_where(weft_rewriter *rw, weft_id id) {
    const weft_node *condition = weft_node_at(rw->dag, weft_operand(rw->dag, id, 0));
    if (condition->op != WEFT_OP_BOOL) return id;
    return weft_rewriter_set(rw, condition->value.integer ? WEFT_ATOM_ALL : WEFT_ATOM_NONE, NULL, 0);
}

weft_id weft_law_commute(weft_rewriter *rw, weft_id id) {
    const weft_node node = *weft_node_at(rw->dag, id);
    weft_id both[2] = {weft_operand(rw->dag, id, 1), weft_operand(rw->dag, id, 0)};
    if (weft_compare(rw->dag, both[1], both[0]) <= 0) return id;
    return weft_rewriter_make(rw, (weft_op)node.op, (weft_type)node.type, both, 2);
}

weft_id weft_law_negation(weft_rewriter *rw, weft_id id) {
    int64_t value;
    bool known = weft_known_int(rw, weft_operand(rw->dag, id, 0), &value) && value > INT64_MIN;
    return known ? weft_rewriter_int(rw, -value) : id;
}

/* ---- min and max of ints ----------------------------------------------------------------------------------------- */

/* The leaves of a tree of one operation, left to right; counts only where `leaves` is NULL. */
static uint32_t gather(const weft_rewriter *rw, weft_id id, weft_op op, weft_id *leaves) {
    uint32_t count = 0;
    while (weft_op_of(rw, id) == op) { /* canonical trees lean to the left: no recursion */
        weft_id right = weft_operand(rw->dag, id, 1);
        while (weft_op_of(rw, right) == op) {
            if (leaves) leaves[count] = weft_operand(rw->dag, right, 1);
            count++;
            right = weft_operand(rw->dag, right, 0);
        }
        if (leaves) leaves[count] = right;
        count++;
        id = weft_operand(rw->dag, id, 0);
    }
    if (leaves) leaves[count] = id;
    return count + 1;
}

/* All constants among sorted leaves become one, which goes when it is no bound. */
static uint32_t join_constants(weft_rewriter *rw, weft_op op, weft_id *leaves, uint32_t count) {
    int64_t neutral = op == WEFT_OP_MAX ? INT64_MIN : INT64_MAX, bound = neutral, value;
    uint32_t kept = 0;
    for (uint32_t k = 0; k < count; k++) {
        if (!weft_known_int(rw, leaves[k], &value))
            leaves[kept++] = leaves[k];
        else if (op == WEFT_OP_MAX ? value > bound : value < bound)
            bound = value;
    }
    if (kept == 0 || bound != neutral) leaves[kept++] = weft_rewriter_int(rw, bound);
    return kept;
}

weft_id weft_law_extreme(weft_rewriter *rw, weft_id id) {
    weft_op op = weft_op_of(rw, id);
    if (weft_node_at(rw->dag, id)->type != WEFT_TYPE_INT) return id; /* of floats, a NaN tells the order */
    uint32_t count = gather(rw, id, op, NULL);
    weft_id *leaves = weft_arena_take(&rw->arena, 2 * (size_t)count * sizeof *leaves);
    if (!leaves) return 0;
    gather(rw, id, op, leaves);
    count = join_constants(rw, op, leaves, count);
    count = weft_sort(rw->dag, leaves, count, leaves + count);
    weft_id result = leaves[0];
    for (uint32_t k = 1; k < count; k++) {
        weft_id both[2] = {result, leaves[k]};
        result = weft_rewriter_make(rw, op, WEFT_TYPE_INT, both, 2);
    }
    return result;
}

/* ---- heads ------------------------------------------------------------------------------------------------------- */

/* A clause that says what the rest does, or is of no head. */
static bool is_idle(const weft_rewriter *rw, weft_id list, weft_id set, weft_id rest) {
    return set == rest || (weft_op_of(rw, list) == WEFT_OP_LISTING && weft_node_at(rw->dag, list)->arity == 0);
}

/* Clauses of one set become one, in the canonical order of their sets: which clause a head is in was checked where it
 * is written, and no head is in two. */
static uint32_t join_clauses(weft_rewriter *rw, const weft_id *lists, const weft_id *sets, uint32_t count,
                             weft_id *clauses) {
    weft_id *order = weft_arena_take(&rw->arena, 2 * ((size_t)count + 1) * sizeof *order);
    weft_id *items = weft_arena_take(&rw->arena, ((size_t)count + 1) * sizeof *items);
    if (!order || !items) return 0;
    for (uint32_t k = 0; k < count; k++) order[k] = sets[k];
    uint32_t distinct = weft_sort(rw->dag, order, count, order + count), kept = 0;
    for (uint32_t n = 0; n < distinct; n++) {
        uint32_t joined = 0;
        for (uint32_t k = 0; k < count; k++)
            if (sets[k] == order[n]) items[joined++] = lists[k];
        clauses[kept++] =
            joined == 1 ? items[0] : weft_rewriter_make(rw, WEFT_OP_LISTING, WEFT_TYPE_LIST, items, joined);
        clauses[kept++] = order[n];
    }
    return kept;
}

weft_id weft_law_heads(weft_rewriter *rw, weft_id id) {
    uint32_t arity = weft_node_at(rw->dag, id)->arity, count = 0;
    weft_id rest = arity % 2 ? weft_operand(rw->dag, id, arity - 1) : 0;
    weft_id *lists = weft_rewriter_operands(rw, id, 0), *sets = weft_rewriter_operands(rw, id, 0);
    weft_id *clauses = weft_rewriter_operands(rw, id, 0);
    if (!lists || !sets || !clauses) return 0;
    for (uint32_t k = 0; k + 1 < arity; k += 2) {
        weft_id list = weft_operand(rw->dag, id, k), set = weft_operand(rw->dag, id, k + 1);
        if (is_idle(rw, list, set, rest)) continue;
        lists[count] = list;
        sets[count++] = set;
    }
    if (count == 0 && rest) return rest;
    if (count == 0) return id;
    count = join_clauses(rw, lists, sets, count, clauses);
    if (rest && count) clauses[count++] = rest;
    return count ? weft_rewriter_set(rw, WEFT_OP_HEADS, clauses, count) : 0;
}
