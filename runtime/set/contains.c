/* The oracle: is one pair in a set? Recursion over the bound form (its depth is bounded by weft_fold); no allocation.
 */
#include "set/set.h"

static bool contains(const weft_atom *in, weft_id id, int64_t i, int64_t j);

static bool contains_blocks(const weft_atom *in, weft_id id, int64_t i, int64_t j) {
    int64_t size = weft_operand_int(&in->bound->dag, id, 0);
    weft_atom blocks = {.bound = in->bound, .space = weft_space_blocks(in->space, size), .scratch = in->scratch};
    return contains(&blocks, weft_operand(&in->bound->dag, id, 1), weft_floor_div(i, size), weft_floor_div(j, size));
}

/* Does any operand (found = true), or does none lack (found = false), hold the pair? */
static bool contains_in_operands(const weft_atom *in, weft_id id, int64_t i, int64_t j, bool found) {
    uint32_t count = weft_node_at(&in->bound->dag, id)->arity;
    for (uint32_t k = 0; k < count; k++) {
        if (contains(in, weft_operand(&in->bound->dag, id, k), i, j) == found) return found;
    }
    return !found;
}

static bool contains(const weft_atom *in, weft_id id, int64_t i, int64_t j) {
    const weft_dag *dag = &in->bound->dag;
    weft_atom atom = {.bound = in->bound, .id = id, .space = in->space, .scratch = in->scratch};
    switch (weft_node_at(dag, id)->op) {
    case WEFT_OP_UNION: return contains_in_operands(in, id, i, j, true);
    case WEFT_OP_INTERSECTION: return contains_in_operands(in, id, i, j, false);
    case WEFT_OP_DIFFERENCE:
        return contains(in, weft_operand(dag, id, 0), i, j) && !contains(in, weft_operand(dag, id, 1), i, j);
    case WEFT_OP_COMPLEMENT: return !contains(in, weft_operand(dag, id, 0), i, j);
    case WEFT_OP_BLOCKS: return contains_blocks(in, id, i, j);
#define ATOM(enum_, name, signature, traits)                                                                           \
    case WEFT_ATOM_##enum_: return weft_##name##_contains(&atom, i, j);
#include "set/atoms.def"
#undef ATOM
    default: return false; /* not bound form */
    }
}

bool weft_contains(const weft_bound *bound, weft_id set, weft_space space, int64_t i, int64_t j) {
    weft_atom in = {.bound = bound, .id = set, .space = space};
    return contains(&in, set, i, j);
}

bool weft_contains_with(weft_scratch *scratch, weft_id set, weft_space space, int64_t i, int64_t j) {
    weft_atom in = {.bound = scratch->bound, .id = set, .space = space, .scratch = scratch};
    return contains(&in, set, i, j) && !scratch->failed;
}
