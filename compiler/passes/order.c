/* Orders: which passes cover a set, each pair once. Where a set of the leaf L only ever adds pairs, it is what it would
 * be without L, and what L adds to that; bands of a step above 1 take what they add to a pass of their own, in strides
 * of the step. What is left when no such leaf is left is the contiguous pass, and the first. */
#include "passes/passes.h"
#include "passes/rewrite.h"

enum { MOST_PASSES = 16, POSITIVE = 1, NEGATIVE = 2 };

/* The set that is being split, and what of it is known by node number. Operands come before their users, so each table
 * is filled by one walk over the numbers. */
typedef struct splitting {
    weft_program *program;
    weft_id set;          /* canonical */
    unsigned char *signs; /* whether a node adds pairs to the set, takes some away, or both; 0: it is not part of it */
    bool *chosen;         /* leaves whose pairs go to the pass */
    weft_id *without;     /* the node with nothing in their place */
    weft_id *gained;      /* the node without those pairs; 0: nothing */
    weft_id *operands;    /* of the node under way, twice over */
    uint32_t size;        /* of the tables */
    uint32_t most;        /* operands */
} splitting;

static const weft_node *node_at(const splitting *s, weft_id id) { return weft_node_at(&s->program->dag, id); }
static weft_id operand_of(const splitting *s, weft_id id, uint32_t k) { return weft_operand(&s->program->dag, id, k); }

static weft_id make(splitting *s, weft_op op, const weft_id *operands, uint32_t count) {
    return weft_make(&s->program->dag, op, WEFT_TYPE_SET, (weft_value){0}, operands, count, WEFT_NO_SPAN);
}
static weft_id none(splitting *s) { return make(s, WEFT_ATOM_NONE, NULL, 0); }
static weft_id complement(splitting *s, weft_id set) { return make(s, WEFT_OP_COMPLEMENT, &set, 1); }
static weft_id intersection(splitting *s, weft_id a, weft_id b) {
    weft_id both[2] = {a, b};
    return make(s, WEFT_OP_INTERSECTION, both, 2);
}

/* ---- signs --------------------------------------------------------------------------------------------------------
 */

/* Is operand k a set that the node's pairs are made of? The block pairs of blocks() are others. */
static bool is_part(const splitting *s, weft_id id, uint32_t k) {
    switch (node_at(s, id)->op) {
    case WEFT_OP_UNION:
    case WEFT_OP_INTERSECTION:
    case WEFT_OP_DIFFERENCE:
    case WEFT_OP_COMPLEMENT:
    case WEFT_OP_SELECT:
    case WEFT_OP_HEADS: return node_at(s, operand_of(s, id, k))->type == WEFT_TYPE_SET;
    default: return false;
    }
}

static unsigned char opposite(unsigned char signs) {
    return (unsigned char)((signs & POSITIVE ? NEGATIVE : 0) | (signs & NEGATIVE ? POSITIVE : 0));
}

static void find_signs(splitting *s) {
    for (weft_id id = 0; id < s->size; id++) s->signs[id] = 0;
    s->signs[s->set] = POSITIVE;
    for (weft_id id = s->set; id > 0; id--) {
        weft_op op = (weft_op)node_at(s, id)->op;
        for (uint32_t k = 0; s->signs[id] && k < node_at(s, id)->arity; k++) {
            bool taken = op == WEFT_OP_COMPLEMENT || (op == WEFT_OP_DIFFERENCE && k == 1);
            if (is_part(s, id, k)) s->signs[operand_of(s, id, k)] |= taken ? opposite(s->signs[id]) : s->signs[id];
        }
    }
}

/* ---- leaves ---------------------------------------------------------------------------------------------------------
 */

/* The step of a band that may have one above 1, else 0. */
static weft_id step_of(const splitting *s, weft_id id) {
    weft_id step = 0;
    switch (node_at(s, id)->op) {
    case WEFT_ATOM_BAND: step = operand_of(s, id, 2); break;
    case WEFT_ATOM_DILATED: step = operand_of(s, id, 1); break;
    case WEFT_ATOM_STRIDE: step = operand_of(s, id, 0); break;
    default: return 0;
    }
    const weft_node *node = node_at(s, step);
    return node->op == WEFT_OP_INT && node->value.integer <= 1 ? 0 : step;
}

/* Chooses the leaves of one step, the last in canonical order, that only add pairs. The step; 0: there is none. */
static weft_id choose_step(splitting *s) {
    weft_id chosen = 0;
    for (weft_id id = 1; id <= s->set; id++) {
        weft_id step = s->signs[id] == POSITIVE ? step_of(s, id) : 0;
        if (step && (!chosen || weft_compare(&s->program->dag, chosen, step) < 0)) chosen = step;
    }
    for (weft_id id = 1; id <= s->set; id++)
        s->chosen[id] = chosen && s->signs[id] == POSITIVE && step_of(s, id) == chosen;
    return chosen;
}

/* ---- splitting ------------------------------------------------------------------------------------------------------
 */

/* The node with other operands in place of those that are part of it: `table` has them, or nothing. */
static weft_id rebuild(splitting *s, weft_id id, const weft_id *table) {
    const weft_node node = *node_at(s, id);
    for (uint32_t k = 0; k < node.arity; k++) {
        weft_id operand = operand_of(s, id, k);
        s->operands[k] = !is_part(s, id, k) ? operand : table[operand] ? table[operand] : none(s);
    }
    return make(s, (weft_op)node.op, s->operands, node.arity);
}

static weft_id take_out(splitting *s, weft_id id) {
    if (s->chosen[id]) return none(s);
    for (uint32_t k = 0; k < node_at(s, id)->arity; k++)
        if (is_part(s, id, k) && s->without[operand_of(s, id, k)] != operand_of(s, id, k))
            return rebuild(s, id, s->without);
    return id;
}

/* What the node loses: of a union, what an operand loses and no other has; of an intersection in which one operand
 * loses pairs, those that the others have. */
static weft_id gain_of_many(splitting *s, weft_id id) {
    uint32_t count = node_at(s, id)->arity, gaining = 0, kept = 0;
    bool is_union = node_at(s, id)->op == WEFT_OP_UNION;
    weft_id *gains = s->operands + s->most, *rest = s->operands;
    for (uint32_t k = 0; k < count; k++)
        if (s->gained[operand_of(s, id, k)]) gains[gaining++] = s->gained[operand_of(s, id, k)];
    if (!is_union && gaining > 1) return intersection(s, id, complement(s, s->without[id]));
    for (uint32_t k = 0; k < count; k++) {
        weft_id operand = operand_of(s, id, k);
        if (gaining == 1 && s->gained[operand]) continue;
        rest[kept++] = is_union ? complement(s, s->without[operand]) : operand;
    }
    rest[kept++] = make(s, WEFT_OP_UNION, gains, gaining);
    return make(s, WEFT_OP_INTERSECTION, rest, kept);
}

static weft_id gain(splitting *s, weft_id id) {
    if (s->chosen[id]) return id;
    if (s->without[id] == id) return 0;
    switch (node_at(s, id)->op) {
    case WEFT_OP_UNION:
    case WEFT_OP_INTERSECTION: return gain_of_many(s, id);
    case WEFT_OP_SELECT:
    case WEFT_OP_HEADS: return rebuild(s, id, s->gained);
    default: return intersection(s, id, complement(s, s->without[id]));
    }
}

/* Cuts the set at the chosen leaves: *pass gets what they add, the set keeps the rest. */
static bool cut(splitting *s, weft_id *pass) {
    for (weft_id id = 1; id <= s->set; id++) {
        s->without[id] = s->gained[id] = 0;
        if (!s->signs[id]) continue;
        s->without[id] = take_out(s, id);
        s->gained[id] = s->without[id] ? gain(s, id) : 0;
        if (s->program->dag.failed) return false;
    }
    weft_id rest = weft_simplify(s->program, s->without[s->set]);
    *pass = rest ? weft_simplify(s->program, s->gained[s->set]) : 0;
    s->set = rest;
    return *pass != 0;
}

/* ---- tables ---------------------------------------------------------------------------------------------------------
 */

static void free_tables(splitting *s) {
    const weft_allocator *allocator = s->program->allocator;
    weft_free(allocator, s->signs, s->size * sizeof *s->signs);
    weft_free(allocator, s->chosen, s->size * sizeof *s->chosen);
    weft_free(allocator, s->without, s->size * sizeof *s->without);
    weft_free(allocator, s->gained, s->size * sizeof *s->gained);
    weft_free(allocator, s->operands, 2 * (size_t)s->most * sizeof *s->operands);
    *s = (splitting){.program = s->program, .set = s->set};
}

/* For the nodes up to the set; those that are made on the way are not looked up. */
static bool make_tables(splitting *s) {
    const weft_allocator *allocator = s->program->allocator;
    free_tables(s);
    s->size = s->set + 1;
    s->most = 2;
    for (weft_id id = 1; id <= s->set; id++)
        if (node_at(s, id)->arity >= s->most) s->most = node_at(s, id)->arity + 1;
    s->signs = weft_allocate(allocator, s->size * sizeof *s->signs);
    s->chosen = weft_allocate(allocator, s->size * sizeof *s->chosen);
    s->without = weft_allocate(allocator, s->size * sizeof *s->without);
    s->gained = weft_allocate(allocator, s->size * sizeof *s->gained);
    s->operands = weft_allocate(allocator, 2 * (size_t)s->most * sizeof *s->operands);
    return s->signs && s->chosen && s->without && s->gained && s->operands;
}

/* ---- passes ---------------------------------------------------------------------------------------------------------
 */

static bool add_pass(weft_program *program, weft_id set, weft_id stride) {
    weft_order order = stride ? WEFT_ORDER_STRIDED : WEFT_ORDER_CONTIGUOUS;
    weft_pass pass = {
        .row_order = order, .key_order = order, .row_tile = 64, .key_tile = 64, .set = set, .stride = stride};
    return weft_program_add_pass(program, pass);
}

/* Cuts passes off the set from the last to the second; what then is left is the first. */
bool weft_order_passes(weft_program *program, weft_id set) {
    weft_id sets[MOST_PASSES], strides[MOST_PASSES];
    uint32_t count = 0;
    splitting s = {.program = program, .set = set};
    bool done = true, more = true;
    while (done && more && count < MOST_PASSES - 1) {
        done = make_tables(&s);
        if (!done) break;
        find_signs(&s);
        strides[count] = choose_step(&s);
        more = strides[count] != 0;
        if (more) done = cut(&s, &sets[count]);
        if (more && done && node_at(&s, sets[count])->op != WEFT_ATOM_NONE) count++;
    }
    free_tables(&s);
    done = done && add_pass(program, s.set, 0);
    while (done && count-- > 0) done = add_pass(program, sets[count], strides[count]);
    return done;
}
