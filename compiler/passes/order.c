/* Orders: which passes cover a set, each pair once. Where a leaf of the set only ever adds pairs, the set is what it
 * would be without the leaf, and what the leaf adds to that. Bands of a step above 1 take what they add to a pass of
 * their own, in strides of the step; atoms that list their keys, be they drawn or decided by data, take theirs to a
 * pass over those lists. What is left
 * when no such leaf is left is the contiguous pass, and the first.
 *
 * Lists that are drawn come last, and before them those that a run brings, so that the latter are held against tiles
 * alone; strides come first, because they cost the least to hold others against. */
#include "passes/passes.h"
#include "passes/rewrite.h"

enum { MOST_CHOSEN = 15, POSITIVE = 1, NEGATIVE = 2 };

/* The set that is being split, and what of it is known by node number. Operands come before their users, so each table
 * is filled by one walk over the numbers. */
typedef struct splitting {
    weft_program *program;
    weft_id set;          /* canonical */
    unsigned char *signs; /* whether a node adds pairs to the set, takes some away, or both; 0: it is not part of it */
    bool *chosen;         /* leaves whose pairs go to the pass */
    bool listed;          /* they are one list: what it holds is known, and need not be asked */
    weft_id *without;     /* the node with nothing in their place */
    weft_id *with;        /* the node as it is; of a list, with everything in its place */
    weft_id *gained;      /* what is in `with` and not in `without`; 0: nothing */
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
static weft_id all(splitting *s) { return make(s, WEFT_ATOM_ALL, NULL, 0); }
static weft_id complement(splitting *s, weft_id set) { return make(s, WEFT_OP_COMPLEMENT, &set, 1); }
static weft_id intersection(splitting *s, weft_id a, weft_id b) {
    weft_id both[2] = {a, b};
    return make(s, WEFT_OP_INTERSECTION, both, 2);
}

/* ---- signs ------------------------------------------------------------------------------------------------------- */

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

/* ---- leaves ------------------------------------------------------------------------------------------------------ */

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

/* What a leaf is chosen by: itself, where it is a list; its step; 0: it stays. */
typedef weft_id key_function(const splitting *s, weft_id id);
static weft_id random_of(const splitting *s, weft_id id) { return node_at(s, id)->op == WEFT_ATOM_RANDOM ? id : 0; }
static bool is_at_run(const splitting *s, weft_id id) {
    return weft_op_describe((weft_op)node_at(s, id)->op)->traits & WEFT_TRAIT_DATA;
}
static weft_id listed_of(const splitting *s, weft_id id) { return is_at_run(s, id) ? id : 0; }

/* Chooses the leaves of one key, the last in canonical order, that only add pairs. The key; 0: there is none. */
static weft_id choose(splitting *s, key_function *key_of) {
    weft_id chosen = 0;
    for (weft_id id = 1; id <= s->set; id++) {
        weft_id key = s->signs[id] == POSITIVE ? key_of(s, id) : 0;
        if (key && (!chosen || weft_compare(&s->program->dag, chosen, key) < 0)) chosen = key;
    }
    for (weft_id id = 1; id <= s->set; id++)
        s->chosen[id] = chosen && s->signs[id] == POSITIVE && key_of(s, id) == chosen;
    return chosen;
}

/* Chooses what goes to the pass, and fills in what tells it from others; false: everything stays. Of draws and steps
 * some may stay, where there are very many. */
static bool choose_pass(splitting *s, bool few, weft_pass *pass) {
    weft_id list = few ? choose(s, random_of) : 0;
    if (!list) list = choose(s, listed_of);
    weft_id step = few && !list ? choose(s, step_of) : 0;
    weft_order rows = step ? WEFT_ORDER_STRIDED : WEFT_ORDER_CONTIGUOUS;
    s->listed = list != 0;
    *pass = (weft_pass){.row_order = rows,
                        .key_order = list ? WEFT_ORDER_LISTED : rows,
                        .row_tile = 64,
                        .key_tile = 64,
                        .stride = step,
                        .list = list};
    return list || step;
}

/* ---- splitting --------------------------------------------------------------------------------------------------- */

/* The node with other operands in place of those that are part of it: `table` has them, or nothing. */
static weft_id rebuild(splitting *s, weft_id id, const weft_id *table) {
    const weft_node node = *node_at(s, id);
    for (uint32_t k = 0; k < node.arity; k++) {
        weft_id operand = operand_of(s, id, k);
        s->operands[k] = !is_part(s, id, k) ? operand : table[operand] ? table[operand] : none(s);
    }
    return make(s, (weft_op)node.op, s->operands, node.arity);
}

/* The node by those of its operands that `table` has. */
static weft_id replace(splitting *s, weft_id id, const weft_id *table) {
    for (uint32_t k = 0; k < node_at(s, id)->arity; k++)
        if (is_part(s, id, k) && table[operand_of(s, id, k)] != operand_of(s, id, k)) return rebuild(s, id, table);
    return id;
}

/* Of a union: what an operand gains and no other has; of an intersection in which one operand gains pairs: those that
 * the others have. */
static weft_id gain_of_many(splitting *s, weft_id id) {
    uint32_t count = node_at(s, id)->arity, gaining = 0, kept = 0;
    bool is_union = node_at(s, id)->op == WEFT_OP_UNION;
    weft_id *gains = s->operands + s->most, *rest = s->operands;
    for (uint32_t k = 0; k < count; k++)
        if (s->gained[operand_of(s, id, k)]) gains[gaining++] = s->gained[operand_of(s, id, k)];
    if (!is_union && gaining > 1) return intersection(s, s->with[id], complement(s, s->without[id]));
    for (uint32_t k = 0; k < count; k++) {
        weft_id operand = operand_of(s, id, k);
        if (gaining == 1 && s->gained[operand]) continue;
        rest[kept++] = is_union ? complement(s, s->without[operand]) : operand;
    }
    rest[kept++] = make(s, WEFT_OP_UNION, gains, gaining);
    return make(s, WEFT_OP_INTERSECTION, rest, kept);
}

static weft_id gain(splitting *s, weft_id id) {
    if (s->chosen[id]) return s->with[id];
    if (s->without[id] == id) return 0;
    switch (node_at(s, id)->op) {
    case WEFT_OP_UNION:
    case WEFT_OP_INTERSECTION: return gain_of_many(s, id);
    case WEFT_OP_SELECT:
    case WEFT_OP_HEADS: return rebuild(s, id, s->gained);
    default: return intersection(s, s->with[id], complement(s, s->without[id]));
    }
}

/* Cuts the set at the chosen leaves: *pass gets what they add, the set keeps the rest. */
static bool cut(splitting *s, weft_id *pass) {
    for (weft_id id = 1; id <= s->set; id++) {
        s->without[id] = s->with[id] = s->gained[id] = 0;
        if (!s->signs[id]) continue;
        s->without[id] = s->chosen[id] ? none(s) : replace(s, id, s->without);
        s->with[id] = !s->listed ? id : s->chosen[id] ? all(s) : replace(s, id, s->with);
        s->gained[id] = s->without[id] && s->with[id] ? gain(s, id) : 0;
        if (s->program->dag.failed) return false;
    }
    weft_id rest = weft_simplify(s->program, s->without[s->set]);
    *pass = rest ? weft_simplify(s->program, s->gained[s->set]) : 0;
    s->set = rest;
    return *pass != 0;
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static void free_tables(splitting *s) {
    const weft_allocator *allocator = s->program->allocator;
    weft_free(allocator, s->signs, s->size * sizeof *s->signs);
    weft_free(allocator, s->chosen, s->size * sizeof *s->chosen);
    weft_free(allocator, s->without, s->size * sizeof *s->without);
    weft_free(allocator, s->with, s->size * sizeof *s->with);
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
    s->with = weft_allocate(allocator, s->size * sizeof *s->with);
    s->gained = weft_allocate(allocator, s->size * sizeof *s->gained);
    s->operands = weft_allocate(allocator, 2 * (size_t)s->most * sizeof *s->operands);
    return s->signs && s->chosen && s->without && s->with && s->gained && s->operands;
}

/* ---- passes ------------------------------------------------------------------------------------------------------ */

/* Passes from the last to the second. */
typedef struct cut_passes {
    weft_pass *at;
    uint32_t count, capacity;
    uint32_t chosen; /* draws and strides among them */
} cut_passes;

static bool keep_pass(splitting *s, cut_passes *passes, weft_pass pass) {
    if (node_at(s, pass.set)->op == WEFT_ATOM_NONE) return true;
    if (!weft_reserve(s->program->allocator, &passes->at, &passes->capacity, (uint64_t)passes->count + 1, sizeof pass))
        return false;
    passes->at[passes->count++] = pass;
    passes->chosen += !is_at_run(s, pass.list);
    return true;
}

/* Cuts passes off the set, as long as there is something to choose. */
static bool cut_all(splitting *s, cut_passes *passes) {
    for (;;) {
        weft_pass pass;
        if (!make_tables(s)) return false;
        find_signs(s);
        if (!choose_pass(s, passes->chosen < MOST_CHOSEN, &pass)) return true;
        if (!cut(s, &pass.set) || !keep_pass(s, passes, pass)) return false;
    }
}

/* Where queries are keys, pairs (i, i) wait for the last pass. */
static bool keep_own_keys(splitting *s, cut_passes *passes) {
    weft_id ends[3] = {weft_make_int(&s->program->dag, 0, WEFT_NO_SPAN), 0,
                       weft_make_int(&s->program->dag, 1, WEFT_NO_SPAN)};
    ends[1] = ends[0];
    weft_id own = make(s, WEFT_ATOM_BAND, ends, 3), set = s->set;
    weft_pass last = {.row_order = WEFT_ORDER_CONTIGUOUS,
                      .key_order = WEFT_ORDER_LISTED,
                      .row_tile = 64,
                      .key_tile = 64,
                      .set = set,
                      .list = own};
    s->set = weft_simplify(s->program, intersection(s, set, complement(s, own)));
    return s->set && keep_pass(s, passes, last);
}

bool weft_order_passes(weft_program *program, weft_id set) {
    splitting s = {.program = program, .set = set};
    cut_passes passes = {NULL, 0, 0, 0};
    bool done = (!program->shared_qk || keep_own_keys(&s, &passes)) && cut_all(&s, &passes);
    free_tables(&s);
    weft_pass first = {.row_order = WEFT_ORDER_CONTIGUOUS,
                       .key_order = WEFT_ORDER_CONTIGUOUS,
                       .row_tile = 64,
                       .key_tile = 64,
                       .set = s.set};
    done = done && weft_program_add_pass(program, first);
    for (uint32_t k = passes.count; done && k-- > 0;) done = weft_program_add_pass(program, passes.at[k]);
    weft_free(program->allocator, passes.at, passes.capacity * sizeof *passes.at);
    return done;
}
