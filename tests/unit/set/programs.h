/* Random programs that verify, made from the lists of operations themselves: every operation with operands of the types
 * that its letters or its signature ask for, so that a new line of ops.def or atoms.def is covered without a word here.
 */
#ifndef WEFT_TESTS_SET_PROGRAMS_H
#define WEFT_TESTS_SET_PROGRAMS_H

#include <check.h>
#include <string.h>

#include "set/program.h"
#include "set/signature.h"
#include "set/verify.h"
#include "support/random.h"

enum { MOST_OPERANDS = 8 };
/* What nodes read that not everything may: i and j; what only a bias may; what only a run knows. */
enum { PAIR = 1, LATE = 2, RUN = 4 };

typedef struct generator {
    test_random random;
    weft_program *program;
    bool places;
    weft_id lowest; /* operands are taken from here on */
    uint8_t *reads;
    uint32_t capacity;
} generator;

static inline int64_t pick(generator *g, int64_t low, int64_t high) { return test_range(&g->random, low, high); }

static inline weft_span pick_place(generator *g) {
    const weft_sources *sources = &g->program->sources;
    if (!g->places || !sources->count || pick(g, 0, 4) == 0) return WEFT_NO_SPAN;
    uint32_t source = (uint32_t)pick(g, 1, sources->count);
    uint32_t size = (uint32_t)sources->at[source - 1].size, begin = (uint32_t)pick(g, 0, size);
    return (weft_span){source, begin, (uint32_t)pick(g, begin, size)};
}

static inline bool is_in(weft_type type, const weft_type *types, size_t count) {
    for (size_t k = 0; k < count; k++)
        if (types[k] == type) return true;
    return false;
}

/* A node of one of the types, recent ones more often; 0: none was found. It reads nothing but what it may. */
static inline weft_id pick_node(generator *g, const weft_type *types, size_t count, unsigned may) {
    const weft_dag *dag = &g->program->dag;
    for (int attempt = 0; attempt < 200; attempt++) {
        int64_t low = attempt < 50 && dag->count > g->lowest + 20 ? dag->count - 20 : g->lowest;
        if (low >= dag->count) return 0;
        weft_id id = (weft_id)pick(g, low, dag->count - 1);
        if (is_in((weft_type)dag->nodes[id].type, types, count) && !(g->reads[id] & ~may)) return id;
    }
    return 0;
}

static inline weft_id pick_letter(generator *g, char letter, weft_op op, weft_type shared, unsigned may) {
    static const weft_type lists[] = {WEFT_TYPE_LIST, WEFT_TYPE_INT, WEFT_TYPE_TOKENS};
    static const weft_type arrays[] = {WEFT_TYPE_TOKENS, WEFT_TYPE_LABELS, WEFT_TYPE_PER_HEAD, WEFT_TYPE_TABLE};
    (void)op;
    weft_type one = shared;
    switch (letter) {
    case 'i': one = WEFT_TYPE_INT; break;
    case 'f': one = WEFT_TYPE_FLOAT; break;
    case 'b': one = WEFT_TYPE_BOOL; break;
    case 's': one = WEFT_TYPE_SET; break;
    case 'l': return pick_node(g, lists, 3, may);
    case 'a': return pick_node(g, arrays, 4, may);
    default: break;
    }
    return pick_node(g, &one, 1, may);
}

static inline weft_type pick_shared(generator *g, weft_op op) {
    static const weft_type choices[] = {WEFT_TYPE_INT, WEFT_TYPE_FLOAT, WEFT_TYPE_BOOL, WEFT_TYPE_SET};
    int64_t last = op == WEFT_OP_SELECT ? 3 : op == WEFT_OP_EQ || op == WEFT_OP_NE ? 2 : 1;
    return choices[pick(g, 0, last)];
}

/* The letters of one use: repetitions written out. */
static inline uint32_t write_letters(generator *g, weft_op op, char letters[MOST_OPERANDS + 1]) {
    const char *operands = weft_op_describe(op)->operands;
    uint32_t count = (uint32_t)strlen(operands);
    if (op == WEFT_OP_HEADS) {
        count = (uint32_t)pick(g, 1, 5);
        for (uint32_t k = 0; k < count; k++) letters[k] = k % 2 == 0 && k + 1 < count ? 'l' : 's';
    } else if (count && operands[count - 1] == '*') {
        count = (uint32_t)pick(g, op == WEFT_OP_LITERAL, 5);
        memset(letters, operands[0], count);
    } else {
        memcpy(letters, operands, count);
    }
    letters[count] = '\0';
    return count;
}

static inline bool pick_operands(generator *g, weft_op op, weft_id *operands, uint32_t *count) {
    char letters[MOST_OPERANDS + 1];
    weft_type shared = pick_shared(g, op);
    const char *result = weft_op_describe(op)->result;
    bool is_set = result[0] == 's' || (result[0] == 'x' && shared == WEFT_TYPE_SET);
    *count = write_letters(g, op, letters);
    for (uint32_t k = 0; k < *count; k++) {
        operands[k] = pick_letter(g, letters[k], op, shared, is_set ? RUN : PAIR | LATE);
        if (!operands[k]) return false;
    }
    return true;
}

/* An int that reads nothing; those who note what nodes read are told. */
static inline void note_reads(generator *g, weft_id id);
static inline weft_id add_leaf(generator *g, int64_t value) {
    weft_id id = weft_make_int(&g->program->dag, value, WEFT_NO_SPAN);
    if (id) note_reads(g, id);
    return id;
}

static inline bool pick_arguments(generator *g, weft_op op, weft_id *operands, uint32_t *count) {
    static const weft_type lists[] = {WEFT_TYPE_LIST, WEFT_TYPE_INT, WEFT_TYPE_TOKENS};
    const char *rest = weft_op_describe(op)->signature;
    *count = 0;
    for (weft_formal formal; weft_next_formal(&rest, &formal); ++*count) {
        bool is_list = formal.type == WEFT_TYPE_LIST;
        if (formal.type == WEFT_TYPE_WORD)
            operands[*count] = add_leaf(g, pick(g, 0, 1));
        else
            operands[*count] =
                pick_node(g, is_list ? lists : &formal.type, is_list ? 3 : 1, op == WEFT_ATOM_WHERE ? PAIR : RUN);
        if (!operands[*count]) return false;
    }
    return true;
}

static inline weft_value pick_value(generator *g, weft_op op) {
    weft_value value = {.integer = 0};
    uint64_t bits = test_bits(&g->random);
    switch (op) {
    case WEFT_OP_INT: value.integer = pick(g, 0, 2) ? pick(g, -5, 300) : (int64_t)bits; break;
    case WEFT_OP_FLOAT:
        if (pick(g, 0, 2))
            value.real = (double)pick(g, -8, 8) / 4;
        else
            memcpy(&value.real, &bits, sizeof bits);
        break;
    case WEFT_OP_BOOL: value.integer = pick(g, 0, 1); break;
    case WEFT_OP_PARAM: value.integer = pick(g, 0, g->program->parameter_count - 1); break;
    case WEFT_OP_REQUIRE: value.integer = pick(g, 0, g->program->dag.string_count - 1); break;
    default: break;
    }
    return value;
}

static inline bool is_usable(const generator *g, weft_op op) {
    if (op == WEFT_OP_ARRAY || op == WEFT_OP_INTERVALS) return false;
    return op != WEFT_OP_PARAM || g->program->parameter_count > 0;
}

static inline void note_reads(generator *g, weft_id id) {
    const weft_node *node = weft_node_at(&g->program->dag, id);
    weft_allocator allocator = weft_allocator_of(NULL);
    ck_assert(weft_reserve(&allocator, &g->reads, &g->capacity, (uint64_t)id + 1, 1));
    uint8_t reads = node->op == WEFT_OP_VAR_I || node->op == WEFT_OP_VAR_J ? PAIR : 0;
    if (node->op == WEFT_OP_SLOPE || node->type == WEFT_TYPE_PER_HEAD) reads = LATE;
    if (weft_op_describe((weft_op)node->op)->traits & WEFT_TRAIT_DATA) reads = RUN;
    for (uint32_t k = 0; k < node->arity; k++) reads |= g->reads[weft_operand(&g->program->dag, id, k)];
    g->reads[id] = node->type == WEFT_TYPE_SET ? reads & RUN : reads;
}

/* One more node of a random operation, or of `op` when it is not INVALID; 0: operands were missing. */
static inline weft_id add_random_node(generator *g, weft_op op) {
    weft_id operands[MOST_OPERANDS];
    uint32_t count = 0;
    while (op == WEFT_OP_INVALID || !is_usable(g, op)) op = (weft_op)pick(g, 1, WEFT_OP_COUNT - 1);
    bool is_atom = weft_op_is_atom(op);
    if (!(is_atom ? pick_arguments(g, op, operands, &count) : pick_operands(g, op, operands, &count))) return 0;
    weft_value value = pick_value(g, op);
    weft_type type = weft_infer_type(g->program, op, value, operands, count);
    ck_assert_int_ne(type, WEFT_TYPE_COUNT);
    weft_id id = weft_make(&g->program->dag, op, type, value, operands, count, pick_place(g));
    if (id) note_reads(g, id);
    return id;
}

/* The last node of that type that reads no more than it may; makes nodes until there is one. */
static inline weft_id random_root(generator *g, weft_type type, unsigned may) {
    for (;;) {
        for (weft_id id = g->program->dag.count; id-- > g->lowest;)
            if (g->program->dag.nodes[id].type == type && !(g->reads[id] & ~may)) return id;
        add_random_node(g, WEFT_OP_INVALID);
    }
}

static inline void add_random_parameters(generator *g) {
    static const weft_type types[] = {WEFT_TYPE_INT,    WEFT_TYPE_FLOAT,    WEFT_TYPE_BOOL,
                                      WEFT_TYPE_TOKENS, WEFT_TYPE_LABELS,   WEFT_TYPE_MASK,
                                      WEFT_TYPE_KEYS,   WEFT_TYPE_PER_HEAD, WEFT_TYPE_TABLE};
    weft_id initial[9] = {0}; /* all before any parameter is there that they could read */
    for (int k = 0; k < 3; k++)
        if (pick(g, 0, 1)) initial[k] = random_root(g, types[k], 0);
    for (int k = 0; k < 9; k++) {
        char name[] = {'p', (char)('a' + k), '\0'};
        weft_span place = pick_place(g);
        ck_assert_uint_ne(weft_program_add_parameter(g->program, name, types[k], initial[k], place), UINT32_MAX);
    }
}

static inline weft_id random_list_atom(generator *g) {
    for (;;) {
        weft_id id = add_random_node(g, pick(g, 0, 1) ? WEFT_ATOM_RANDOM : WEFT_ATOM_LISTED);
        if (id) return id;
        add_random_node(g, WEFT_OP_INVALID);
    }
}

/* The first is contiguous, the second strided, the third over lists. */
static inline weft_pass random_pass(generator *g, int number) {
    weft_pass pass = {.row_tile = 64, .key_tile = 64, .set = random_root(g, WEFT_TYPE_SET, number == 2 ? RUN : 0)};
    if (number == 1) {
        pass.row_order = pass.key_order = WEFT_ORDER_STRIDED;
        pass.stride = random_root(g, WEFT_TYPE_INT, 0);
    } else if (number == 2) {
        pass.key_order = WEFT_ORDER_LISTED;
        pass.list = random_list_atom(g);
    }
    return pass;
}

/* A program of about `nodes` nodes and three passes, of everything there is. */
static inline weft_program *random_program(const weft_allocator *allocator, uint64_t seed, int nodes) {
    generator g = {.random = {seed}, .program = weft_program_create(allocator, "random \"one\""), .places = true};
    weft_allocator own = weft_allocator_of(NULL);
    ck_assert(weft_reserve(&own, &g.reads, &g.capacity, 1, 1));
    g.reads[0] = 0;
    g.lowest = 1;
    weft_sources_add(&g.program->sources, "a.weft", "attend all;\n\t\"\\\x01\xFF\u222A\x7F", 20);
    weft_sources_add(&g.program->sources, "b.weft", "", 0);
    weft_dag_string(&g.program->dag, "must be \"so\"\n", 13);
    weft_dag_string(&g.program->dag, "", 0);
    add_random_parameters(&g);
    for (int k = 0; k < nodes; k++) add_random_node(&g, WEFT_OP_INVALID);
    g.program->meaning = random_root(&g, WEFT_TYPE_SET, RUN);
    if (pick(&g, 0, 1)) g.program->scale = random_root(&g, WEFT_TYPE_FLOAT, 0);
    if (pick(&g, 0, 1)) g.program->softcap = random_root(&g, WEFT_TYPE_FLOAT, 0);
    if (pick(&g, 0, 1)) g.program->bias = random_root(&g, WEFT_TYPE_FLOAT, PAIR | LATE);
    g.program->shared_qk = pick(&g, 0, 1);
    if (pick(&g, 0, 1)) g.program->sink = weft_program_parameter(g.program, "ph", 2);
    g.places = false;
    g.lowest = g.program->dag.count; /* canonical sets share nothing that has a place */
    for (int pass = 0; pass < 3; pass++) {
        for (int k = 0; k < nodes / 2; k++) add_random_node(&g, WEFT_OP_INVALID);
        ck_assert(weft_program_add_pass(g.program, random_pass(&g, pass)));
    }
    weft_free(&own, g.reads, g.capacity);
    return g.program;
}

#endif
