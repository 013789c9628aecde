/* Laws of blocks and chunks: what is lifted together, and what is one atom. Sizes and lengths mean something else
 * inside, so nothing but constants moves in or out. */
#include "passes/rewrite.h"
#include "set/arithmetic.h"

static weft_id make_blocks(weft_rewriter *rw, weft_id size, weft_id set) {
    weft_id operands[2] = {size, set};
    return weft_rewriter_set(rw, WEFT_OP_BLOCKS, operands, 2);
}

static weft_id make_chunk(weft_rewriter *rw, weft_id size, int64_t back) {
    weft_id operands[2] = {size, weft_rewriter_int(rw, back)};
    return weft_rewriter_set(rw, WEFT_ATOM_CHUNK, operands, 2);
}

/* The block pairs of a chunk: 0 <= i - j <= back. As many as there can be is no bound at all. */
static weft_id band_of_chunk(weft_rewriter *rw, int64_t back) {
    weft_id operands[3] = {weft_rewriter_int(rw, back == INT64_MAX ? INT64_MIN : -back), weft_rewriter_int(rw, 0),
                           weft_rewriter_int(rw, 1)};
    return weft_rewriter_set(rw, WEFT_ATOM_BAND, operands, 3);
}

weft_id weft_law_chunk(weft_rewriter *rw, weft_id id) {
    int64_t size, back;
    bool known_size = weft_known_int(rw, weft_operand(rw->dag, id, 0), &size);
    if (!weft_known_int(rw, weft_operand(rw->dag, id, 1), &back)) return id;
    if (back < 0) return weft_rewriter_set(rw, WEFT_ATOM_NONE, NULL, 0);
    return known_size && size == 1 ? band_of_chunk(rw, back) : id;
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

weft_id weft_law_blocks_of_constant(weft_rewriter *rw, weft_id id) {
    int64_t size;
    weft_id set = weft_operand(rw->dag, id, 1);
    weft_op op = weft_op_of(rw, set);
    if (op == WEFT_ATOM_ALL || op == WEFT_ATOM_NONE) return set;
    return weft_known_int(rw, weft_operand(rw->dag, id, 0), &size) && size == 1 ? set : id;
}

/* The product of two known sizes. */
static bool known_product(const weft_rewriter *rw, weft_id outer, weft_id inner, int64_t *out) {
    int64_t a, b;
    return weft_known_int(rw, outer, &a) && weft_known_int(rw, inner, &b) && a >= 1 && b >= 1 &&
           weft_multiply_checked(a, b, out);
}

weft_id weft_law_nested_blocks(weft_rewriter *rw, weft_id id) {
    weft_id inner = weft_operand(rw->dag, id, 1);
    int64_t size;
    if (weft_op_of(rw, inner) != WEFT_OP_BLOCKS) return id;
    if (!known_product(rw, weft_operand(rw->dag, id, 0), weft_operand(rw->dag, inner, 0), &size)) return id;
    return make_blocks(rw, weft_rewriter_int(rw, size), weft_operand(rw->dag, inner, 1));
}

weft_id weft_law_blocks_of_chunk(weft_rewriter *rw, weft_id id) {
    weft_id inner = weft_operand(rw->dag, id, 1);
    int64_t size, back;
    if (weft_op_of(rw, inner) != WEFT_ATOM_CHUNK || !weft_known_int(rw, weft_operand(rw->dag, inner, 1), &back))
        return id;
    if (!known_product(rw, weft_operand(rw->dag, id, 0), weft_operand(rw->dag, inner, 0), &size)) return id;
    return make_chunk(rw, weft_rewriter_int(rw, size), back);
}

weft_id weft_law_blocks_of_band(weft_rewriter *rw, weft_id id) {
    weft_id inner = weft_operand(rw->dag, id, 1);
    int64_t lo, hi, step;
    if (weft_op_of(rw, inner) != WEFT_ATOM_BAND || !weft_known_int(rw, weft_operand(rw->dag, inner, 0), &lo) ||
        !weft_known_int(rw, weft_operand(rw->dag, inner, 1), &hi) ||
        !weft_known_int(rw, weft_operand(rw->dag, inner, 2), &step))
        return id;
    if (lo > 0 || hi != 0 || step != 1) return id;
    return make_chunk(rw, weft_operand(rw->dag, id, 0), weft_subtract_saturated(0, lo));
}

/* ---- together ---------------------------------------------------------------------------------------------------- */

/* The size and the block pairs of an operand that is lifted; false: it is not. */
static bool read_lifted(const weft_rewriter *rw, weft_id id, weft_id *size) {
    int64_t back;
    weft_op op = weft_op_of(rw, id);
    if (op != WEFT_OP_BLOCKS && op != WEFT_ATOM_CHUNK) return false;
    *size = weft_operand(rw->dag, id, 0);
    return op == WEFT_OP_BLOCKS || (weft_known_int(rw, weft_operand(rw->dag, id, 1), &back) && back >= 0);
}

static weft_id pairs_of(weft_rewriter *rw, weft_id id) {
    weft_id second = weft_operand(rw->dag, id, 1);
    if (weft_op_of(rw, id) == WEFT_OP_BLOCKS) return second;
    return band_of_chunk(rw, weft_node_at(rw->dag, second)->value.integer);
}

/* Joins the first operands that are lifted by one size; the others get their turn when the node comes again. */
static weft_id join_size(weft_rewriter *rw, weft_id id, weft_id size) {
    uint32_t count = weft_node_at(rw->dag, id)->arity, kept = 0, lifted = 0;
    weft_id *operands = weft_rewriter_operands(rw, id, 0), *pairs = weft_rewriter_operands(rw, id, 0), other;
    if (!operands || !pairs) return 0;
    for (uint32_t k = 0; k < count; k++) {
        if (read_lifted(rw, operands[k], &other) && other == size)
            pairs[lifted++] = pairs_of(rw, operands[k]);
        else
            operands[kept++] = operands[k];
    }
    weft_op op = weft_op_of(rw, id);
    operands[kept++] = make_blocks(rw, size, weft_rewriter_set(rw, op, pairs, lifted));
    return weft_rewriter_set(rw, op, operands, kept);
}

weft_id weft_law_join_blocks(weft_rewriter *rw, weft_id id) {
    uint32_t count = weft_node_at(rw->dag, id)->arity, *seen = weft_rewriter_marks(rw);
    if (!seen) return 0;
    for (uint32_t k = 0; k < count; k++) {
        weft_id size;
        if (!read_lifted(rw, weft_operand(rw->dag, id, k), &size)) continue;
        if (seen[size] == rw->now) return join_size(rw, id, size);
        seen[size] = rw->now;
    }
    return id;
}
