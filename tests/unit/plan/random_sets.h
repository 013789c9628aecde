/* Random sets of every built kind, from a seed. */
#ifndef WEFT_TESTS_PLAN_RANDOM_SETS_H
#define WEFT_TESTS_PLAN_RANDOM_SETS_H

#include "make.h"
#include "support/random.h"

#define NOWHERE WEFT_NO_SPAN

static inline weft_id random_int_node(weft_dag *dag, test_random *random, int64_t low, int64_t high) {
    return weft_make_int(dag, test_range(random, low, high), NOWHERE);
}

static inline weft_id random_list(weft_dag *dag, test_random *random) {
    weft_id items[3];
    weft_value none = {0};
    uint32_t count = (uint32_t)test_range(random, 0, 3);
    for (uint32_t n = 0; n < count; n++) {
        int64_t low = test_range(random, -40, 200);
        items[n] = weft_make_int(dag, low, NOWHERE);
        if (test_range(random, 0, 1)) {
            weft_id ends[2] = {items[n], random_int_node(dag, random, low - 2, low + 70)};
            items[n] = weft_make(dag, WEFT_OP_RANGE, WEFT_TYPE_LIST, none, ends, 2, NOWHERE);
        }
    }
    return weft_make(dag, WEFT_OP_LISTING, WEFT_TYPE_LIST, none, items, count, NOWHERE);
}

/* An int over i, j, lengths and constants; small ones mostly. */
static inline weft_id random_scalar(weft_dag *dag, test_random *random, int depth) {
    static const weft_op binary[] = {WEFT_OP_ADD,      WEFT_OP_SUB, WEFT_OP_MUL, WEFT_OP_MIN,
                                     WEFT_OP_FLOORDIV, WEFT_OP_MOD, WEFT_OP_MAX, WEFT_OP_SUB};
    static const weft_op leaves[] = {WEFT_OP_VAR_I, WEFT_OP_VAR_J,  WEFT_OP_VAR_I,
                                     WEFT_OP_VAR_J, WEFT_OP_VAR_LK, WEFT_OP_VAR_HEAD};
    weft_value none = {0};
    if (depth == 0) {
        int64_t which = test_range(random, 0, 8);
        if (which > 5) return random_int_node(dag, random, which == 6 ? -3 : 1, 60);
        return weft_make(dag, leaves[which], WEFT_TYPE_INT, none, NULL, 0, NOWHERE);
    }
    weft_op op = binary[test_range(random, 0, 7)];
    weft_id operands[2] = {random_scalar(dag, random, depth - 1), random_scalar(dag, random, depth - 1)};
    if (op == WEFT_OP_FLOORDIV || op == WEFT_OP_MOD) operands[1] = random_int_node(dag, random, 1, 40);
    return weft_make(dag, op, WEFT_TYPE_INT, none, operands, 2, NOWHERE);
}

static inline weft_id random_condition(weft_dag *dag, test_random *random, int depth) {
    static const weft_op comparisons[] = {WEFT_OP_EQ, WEFT_OP_NE, WEFT_OP_LT, WEFT_OP_LE};
    weft_value none = {0};
    int64_t which = depth ? test_range(random, 0, 5) : 0;
    if (which < 3) {
        weft_id sides[2] = {random_scalar(dag, random, (int)test_range(random, 0, 2)),
                            random_scalar(dag, random, (int)test_range(random, 0, 1))};
        return weft_make(dag, comparisons[test_range(random, 0, 3)], WEFT_TYPE_BOOL, none, sides, 2, NOWHERE);
    }
    weft_id sides[2] = {random_condition(dag, random, depth - 1), 0};
    if (which == 3) return weft_make(dag, WEFT_OP_NOT, WEFT_TYPE_BOOL, none, sides, 1, NOWHERE);
    sides[1] = random_condition(dag, random, depth - 1);
    return weft_make(dag, which == 4 ? WEFT_OP_AND : WEFT_OP_OR, WEFT_TYPE_BOOL, none, sides, 2, NOWHERE);
}

static inline weft_id random_atom(weft_dag *dag, test_random *random) {
    switch (test_range(random, 0, 10)) {
    case 0: return weft_make_set(dag, WEFT_ATOM_ALL, NOWHERE, 0);
    case 1: return weft_make_set(dag, WEFT_ATOM_CAUSAL, NOWHERE, 0);
    case 2:
        return weft_make_set(dag, WEFT_ATOM_BAND, NOWHERE, 3, random_int_node(dag, random, -150, 20),
                             random_int_node(dag, random, -20, 150), random_int_node(dag, random, 1, 9));
    case 3:
        return weft_make_set(dag, WEFT_ATOM_WINDOW, NOWHERE, 2, random_int_node(dag, random, -5, 100),
                             random_int_node(dag, random, -5, 100));
    case 4: return weft_make_set(dag, WEFT_ATOM_PAST, NOWHERE, 1, random_int_node(dag, random, -1, 200));
    case 5: return weft_make_set(dag, WEFT_ATOM_ROWS, NOWHERE, 1, random_list(dag, random));
    case 6: return weft_make_set(dag, WEFT_ATOM_COLS, NOWHERE, 1, random_list(dag, random));
    case 7: return weft_make_set(dag, WEFT_ATOM_GLOBAL, NOWHERE, 1, random_list(dag, random));
    case 8:
        return weft_make_set(dag, WEFT_ATOM_CHUNK, NOWHERE, 2, random_int_node(dag, random, 1, 130),
                             random_int_node(dag, random, -1, 3));
    case 9:
        return weft_make_set(dag, WEFT_ATOM_WHERE, NOWHERE, 1,
                             random_condition(dag, random, (int)test_range(random, 0, 2)));
    default: return weft_make_set(dag, WEFT_ATOM_NONE, NOWHERE, 0);
    }
}

static inline weft_id random_set(weft_dag *dag, test_random *random, int depth) {
    if (depth == 0) return random_atom(dag, random);
    weft_id a = random_set(dag, random, (int)test_range(random, 0, depth - 1));
    weft_id b = random_set(dag, random, depth - 1);
    switch (test_range(random, 0, 8)) {
    case 0: return weft_make_set(dag, WEFT_OP_COMPLEMENT, NOWHERE, 1, b);
    case 1:
    case 2: return weft_make_set(dag, WEFT_OP_INTERSECTION, NOWHERE, 2, a, b);
    case 3: return weft_make_set(dag, WEFT_OP_DIFFERENCE, NOWHERE, 2, a, b);
    case 4: return weft_make_set(dag, WEFT_OP_BLOCKS, NOWHERE, 2, random_int_node(dag, random, 1, 100), b);
    case 5: return weft_make_set(dag, WEFT_OP_UNION, NOWHERE, 3, a, b, random_set(dag, random, depth - 1));
    default: return weft_make_set(dag, WEFT_OP_UNION, NOWHERE, 2, a, b);
    }
}

/* Sometimes another set for some heads. */
static inline weft_id random_meaning(weft_dag *dag, test_random *random) {
    weft_value none = {0};
    weft_id others = random_set(dag, random, (int)test_range(random, 0, 3));
    if (test_range(random, 0, 2)) return others;
    weft_id heads = weft_make_int(dag, test_range(random, 0, 2), NOWHERE);
    weft_id clauses[3] = {weft_make(dag, WEFT_OP_LISTING, WEFT_TYPE_LIST, none, &heads, 1, NOWHERE),
                          random_set(dag, random, (int)test_range(random, 0, 2)), others};
    return weft_make(dag, WEFT_OP_HEADS, WEFT_TYPE_SET, none, clauses, 3, NOWHERE);
}

static inline weft_program *random_program(test_random *random) {
    weft_program *program = weft_program_create(plain(), "random");
    ck_assert_ptr_nonnull(program);
    program->meaning = random_meaning(&program->dag, random);
    ck_assert_uint_ne(program->meaning, 0);
    return program;
}

#endif
