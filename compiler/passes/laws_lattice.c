/* Laws of unions, intersections and complements: a set algebra is a Boolean algebra. Most come in pairs, and one
 * function serves both: it reads the node's operation. */
#include "passes/rewrite.h"

static bool is_union(const weft_rewriter *rw, weft_id id) { return weft_op_of(rw, id) == WEFT_OP_UNION; }
static weft_op dual_of(weft_op op) { return op == WEFT_OP_UNION ? WEFT_OP_INTERSECTION : WEFT_OP_UNION; }
static uint32_t arity_of(const weft_rewriter *rw, weft_id id) { return weft_node_at(rw->dag, id)->arity; }
static weft_id operand_of(const weft_rewriter *rw, weft_id id, uint32_t k) { return weft_operand(rw->dag, id, k); }

static weft_id constant(weft_rewriter *rw, bool all) {
    return weft_rewriter_set(rw, all ? WEFT_ATOM_ALL : WEFT_ATOM_NONE, NULL, 0);
}

static weft_id complement(weft_rewriter *rw, weft_id set) { return weft_rewriter_set(rw, WEFT_OP_COMPLEMENT, &set, 1); }

/* ---- away with what only abbreviates ---------------------------------------------------------------------------- */

weft_id weft_law_difference(weft_rewriter *rw, weft_id id) {
    weft_id both[2] = {operand_of(rw, id, 0), complement(rw, operand_of(rw, id, 1))};
    return weft_rewriter_set(rw, WEFT_OP_INTERSECTION, both, 2);
}

weft_id weft_law_require(weft_rewriter *rw, weft_id id) { return operand_of(rw, id, 1); }

/* ---- complements ------------------------------------------------------------------------------------------------ */

weft_id weft_law_complement_of_constant(weft_rewriter *rw, weft_id id) {
    weft_op op = weft_op_of(rw, operand_of(rw, id, 0));
    return op == WEFT_ATOM_ALL || op == WEFT_ATOM_NONE ? constant(rw, op == WEFT_ATOM_NONE) : id;
}

weft_id weft_law_double_complement(weft_rewriter *rw, weft_id id) {
    weft_id inner = operand_of(rw, id, 0);
    return weft_op_of(rw, inner) == WEFT_OP_COMPLEMENT ? operand_of(rw, inner, 0) : id;
}

weft_id weft_law_de_morgan(weft_rewriter *rw, weft_id id) {
    weft_id inner = operand_of(rw, id, 0);
    weft_op op = weft_op_of(rw, inner);
    if (op != WEFT_OP_UNION && op != WEFT_OP_INTERSECTION) return id;
    uint32_t count = arity_of(rw, inner);
    weft_id *operands = weft_rewriter_operands(rw, inner, 0);
    for (uint32_t k = 0; operands && k < count; k++) operands[k] = complement(rw, operands[k]);
    return operands ? weft_rewriter_set(rw, dual_of(op), operands, count) : 0;
}

weft_id weft_law_complement_of_choice(weft_rewriter *rw, weft_id id) {
    weft_id inner = operand_of(rw, id, 0);
    if (weft_op_of(rw, inner) != WEFT_OP_SELECT) return id;
    weft_id operands[3] = {operand_of(rw, inner, 0), complement(rw, operand_of(rw, inner, 1)),
                           complement(rw, operand_of(rw, inner, 2))};
    return weft_rewriter_set(rw, WEFT_OP_SELECT, operands, 3);
}

weft_id weft_law_complement_of_blocks(weft_rewriter *rw, weft_id id) {
    weft_id inner = operand_of(rw, id, 0);
    if (weft_op_of(rw, inner) != WEFT_OP_BLOCKS) return id;
    weft_id operands[2] = {operand_of(rw, inner, 0), complement(rw, operand_of(rw, inner, 1))};
    return weft_rewriter_set(rw, WEFT_OP_BLOCKS, operands, 2);
}

/* ---- unions and intersections as lists of operands -------------------------------------------------------------- */

weft_id weft_law_flatten(weft_rewriter *rw, weft_id id) {
    weft_op op = weft_op_of(rw, id);
    uint32_t count = 0, nested = 0;
    for (uint32_t k = 0; k < arity_of(rw, id); k++) {
        bool same = weft_op_of(rw, operand_of(rw, id, k)) == op;
        count += same ? arity_of(rw, operand_of(rw, id, k)) : 1;
        nested += same;
    }
    weft_id *flat = nested ? weft_arena_take(&rw->arena, (count + 1) * sizeof *flat) : NULL;
    if (!nested || !flat) return nested ? 0 : id;
    count = 0;
    for (uint32_t k = 0; k < arity_of(rw, id); k++) {
        weft_id operand = operand_of(rw, id, k);
        bool same = weft_op_of(rw, operand) == op;
        for (uint32_t n = 0; n < (same ? arity_of(rw, operand) : 1); n++)
            flat[count++] = same ? operand_of(rw, operand, n) : operand;
    }
    return weft_rewriter_set(rw, op, flat, count);
}

weft_id weft_law_neutral(weft_rewriter *rw, weft_id id) {
    weft_op neutral = is_union(rw, id) ? WEFT_ATOM_NONE : WEFT_ATOM_ALL;
    weft_op absorbing = is_union(rw, id) ? WEFT_ATOM_ALL : WEFT_ATOM_NONE;
    uint32_t count = arity_of(rw, id), kept = 0;
    weft_id *operands = weft_rewriter_operands(rw, id, 0);
    if (!operands) return 0;
    for (uint32_t k = 0; k < count; k++) {
        if (weft_op_of(rw, operands[k]) == absorbing) return operands[k];
        if (weft_op_of(rw, operands[k]) != neutral) operands[kept++] = operands[k];
    }
    if (kept == 0) return weft_rewriter_set(rw, neutral, NULL, 0);
    if (kept == 1) return operands[0];
    return kept == count ? id : weft_rewriter_set(rw, weft_op_of(rw, id), operands, kept);
}

weft_id weft_law_sort(weft_rewriter *rw, weft_id id) {
    uint32_t count = arity_of(rw, id);
    weft_id *operands = weft_rewriter_operands(rw, id, count);
    if (!operands) return 0;
    uint32_t kept = weft_sort(rw->dag, operands, count, operands + count);
    return weft_rewriter_set(rw, weft_op_of(rw, id), operands, kept);
}

weft_id weft_law_excluded_middle(weft_rewriter *rw, weft_id id) {
    uint32_t *marks = weft_rewriter_marks(rw);
    if (!marks) return 0;
    for (uint32_t k = 0; k < arity_of(rw, id); k++) marks[operand_of(rw, id, k)] = rw->now;
    for (uint32_t k = 0; k < arity_of(rw, id); k++) {
        weft_id operand = operand_of(rw, id, k);
        if (weft_op_of(rw, operand) == WEFT_OP_COMPLEMENT && marks[operand_of(rw, operand, 0)] == rw->now)
            return constant(rw, is_union(rw, id));
    }
    return id;
}

/* ---- absorption -------------------------------------------------------------------------------------------------- */

/* Are all operands of `small` among those of `large`? Both are sorted. */
static bool includes(const weft_rewriter *rw, weft_id large, weft_id small) {
    uint32_t found = 0, wanted = arity_of(rw, small);
    for (uint32_t k = 0; k < arity_of(rw, large) && found < wanted; k++)
        found += operand_of(rw, large, k) == operand_of(rw, small, found);
    return found == wanted;
}

static bool any_marked(const weft_rewriter *rw, weft_id id, const uint32_t *marks) {
    for (uint32_t k = 0; k < arity_of(rw, id); k++)
        if (marks[operand_of(rw, id, k)] == rw->now) return true;
    return false;
}

/* In a union, an intersection falls if a factor of it stands beside it, or a part of its factors does as an
 * intersection. The second is looked for among few operands only: it costs their square. */
static bool is_absorbed(const weft_rewriter *rw, weft_id id, uint32_t which, const uint32_t *marks) {
    enum { COMPARED = 64 };
    weft_id term = operand_of(rw, id, which);
    weft_op dual = dual_of(weft_op_of(rw, id));
    if (weft_op_of(rw, term) != dual) return false;
    if (any_marked(rw, term, marks)) return true;
    for (uint32_t k = 0; k < arity_of(rw, id) && arity_of(rw, id) <= COMPARED; k++)
        if (k != which && weft_op_of(rw, operand_of(rw, id, k)) == dual && includes(rw, term, operand_of(rw, id, k)))
            return true;
    return false;
}

weft_id weft_law_absorb(weft_rewriter *rw, weft_id id) {
    uint32_t count = arity_of(rw, id), kept = 0, *marks = weft_rewriter_marks(rw);
    weft_id *operands = weft_rewriter_operands(rw, id, 0);
    if (!marks || !operands) return 0;
    for (uint32_t k = 0; k < count; k++) marks[operands[k]] = rw->now;
    for (uint32_t k = 0; k < count; k++)
        if (!is_absorbed(rw, id, k, marks)) operands[kept++] = operands[k];
    return kept == count ? id : weft_rewriter_set(rw, weft_op_of(rw, id), operands, kept);
}

/* The term without factors whose complement stands beside it; the term itself where there are none. */
static weft_id without_marked(weft_rewriter *rw, weft_id term, const uint32_t *opposite) {
    if (!any_marked(rw, term, opposite)) return term;
    weft_id *factors = weft_rewriter_operands(rw, term, 0);
    uint32_t kept = 0;
    if (!factors) return 0;
    for (uint32_t k = 0; k < arity_of(rw, term); k++)
        if (opposite[factors[k]] != rw->now) factors[kept++] = factors[k];
    return weft_rewriter_set(rw, weft_op_of(rw, term), factors, kept);
}

/* Every ~x of a sorted canonical list has its x marked, and every x its ~x if there is such a node at all. */
static bool mark_opposites(weft_rewriter *rw, weft_id id, uint32_t **marks) {
    uint32_t count = arity_of(rw, id);
    weft_id *opposites = weft_arena_take(&rw->arena, (count + 1) * sizeof *opposites);
    if (!opposites) return false;
    for (uint32_t k = 0; k < count; k++) {
        weft_id operand = operand_of(rw, id, k);
        bool is_complement = weft_op_of(rw, operand) == WEFT_OP_COMPLEMENT;
        opposites[k] = is_complement ? operand_of(rw, operand, 0) : complement(rw, operand);
    }
    *marks = weft_rewriter_marks(rw);
    for (uint32_t k = 0; *marks && k < count; k++) (*marks)[opposites[k]] = rw->now;
    return *marks != NULL;
}

weft_id weft_law_resolve(weft_rewriter *rw, weft_id id) {
    weft_op op = weft_op_of(rw, id);
    uint32_t count = arity_of(rw, id), terms = 0, *opposite;
    for (uint32_t k = 0; k < count; k++) terms += weft_op_of(rw, operand_of(rw, id, k)) == dual_of(op);
    if (!terms) return id;
    weft_id *operands = weft_rewriter_operands(rw, id, 0);
    if (!operands || !mark_opposites(rw, id, &opposite)) return 0;
    for (uint32_t k = 0; k < count; k++)
        if (weft_op_of(rw, operands[k]) == dual_of(op)) operands[k] = without_marked(rw, operands[k], opposite);
    return weft_rewriter_set(rw, op, operands, count);
}

/* ---- choices ----------------------------------------------------------------------------------------------------- */

weft_id weft_law_choice(weft_rewriter *rw, weft_id id) {
    const weft_node node = *weft_node_at(rw->dag, id);
    weft_id condition = operand_of(rw, id, 0), yes = operand_of(rw, id, 1), no = operand_of(rw, id, 2);
    if (weft_op_of(rw, condition) == WEFT_OP_BOOL) return weft_node_at(rw->dag, condition)->value.integer ? yes : no;
    if (yes == no && node.type == WEFT_TYPE_SET) return yes;
    if (weft_op_of(rw, condition) != WEFT_OP_NOT) return id;
    weft_id operands[3] = {operand_of(rw, condition, 0), no, yes};
    return weft_rewriter_make(rw, WEFT_OP_SELECT, (weft_type)node.type, operands, 3);
}
