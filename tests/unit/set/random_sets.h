/* Random symbolic sets with all built atoms, operators, parameters and arrays, in programs of their own, and
 * environments to fold them in. Everything follows from a seed. */
#ifndef WEFT_TEST_RANDOM_SETS_H
#define WEFT_TEST_RANDOM_SETS_H

#include "set/set.h"
#include "support/failing.h"
#include "support/random.h"

enum {
    INT_PARAMS = 3,
    FIRST_FLOAT = 3,
    FIRST_BOOL = 4,
    TOKENS_PARAM = 5,
    LABELS_PARAM = 6,
    TABLE_PARAM = 7,
    MASK_PARAM = 8,
    KEYS_PARAM = 9,
    PARAMS = 10
};
enum { MOST_KEYS = 300, BATCHES = 2, TOKENS = 6, PICKED_KEYS = 3 };

typedef struct test_sets {
    test_memory memory;
    weft_allocator allocator;
    test_random random;
    weft_program *program;
    weft_environment environment;
    weft_argument arguments[PARAMS];
    DLTensor tokens, labels, table, mask, keys;
    int64_t tokens_shape[1], labels_shape[2], table_shape[1], labels_strides[2], mask_shape[3], mask_strides[3];
    int64_t keys_shape[2];
    int16_t token_data[TOKENS];
    int32_t label_data[BATCHES * MOST_KEYS * 2];
    double table_data[16];
    uint8_t mask_data[2 * MOST_KEYS + 64]; /* rows and heads overlap */
    int64_t key_data[MOST_KEYS * PICKED_KEYS];
} test_sets;

static inline bool chance(test_sets *t, int percent) { return test_range(&t->random, 1, 100) <= percent; }
static inline int64_t pick(test_sets *t, int64_t low, int64_t high) { return test_range(&t->random, low, high); }

/* ---- scalars ------------------------------------------------------------------------------------------------ */

static inline weft_id make_op(test_sets *t, weft_op op, weft_type type, uint32_t count, const weft_id *operands) {
    return weft_make(&t->program->dag, op, type, (weft_value){0}, operands, count, WEFT_NO_SPAN);
}
static inline weft_id make_parameter(test_sets *t, int64_t number, weft_type type) {
    return weft_make(&t->program->dag, WEFT_OP_PARAM, type, (weft_value){.integer = number}, NULL, 0, WEFT_NO_SPAN);
}
static inline weft_id make_integer(test_sets *t, int64_t value) {
    return weft_make_int(&t->program->dag, value, WEFT_NO_SPAN);
}

static inline weft_id random_bool(test_sets *t, int depth, bool pairs);
static inline weft_id random_float(test_sets *t, int depth, bool pairs);

static inline weft_id random_int(test_sets *t, int depth, bool pairs) {
    static const weft_op variables[] = {WEFT_OP_VAR_HEAD, WEFT_OP_VAR_HEADS, WEFT_OP_VAR_LQ, WEFT_OP_VAR_LK};
    static const weft_op binary[] = {WEFT_OP_ADD, WEFT_OP_SUB,      WEFT_OP_SUB, WEFT_OP_MUL, WEFT_OP_FLOORDIV,
                                     WEFT_OP_MOD, WEFT_OP_FLOORDIV, WEFT_OP_MOD, WEFT_OP_MIN, WEFT_OP_MAX};
    if (pairs && chance(t, depth > 0 ? 20 : 60)) {
        return make_op(t, chance(t, 50) ? WEFT_OP_VAR_I : WEFT_OP_VAR_J, WEFT_TYPE_INT, 0, NULL);
    }
    if (depth <= 0 || chance(t, 15)) {
        if (chance(t, 3)) return make_integer(t, chance(t, 50) ? INT64_MAX - pick(t, 0, 2) : INT64_MIN + pick(t, 0, 2));
        if (chance(t, 50)) return make_integer(t, pick(t, -9, 20));
        if (chance(t, 50)) return make_parameter(t, pick(t, 0, INT_PARAMS - 1), WEFT_TYPE_INT);
        return make_op(t, variables[pick(t, 0, 3)], WEFT_TYPE_INT, 0, NULL);
    }
    weft_id a = random_int(t, depth - 1, pairs), b = random_int(t, depth - 1, pairs);
    switch (pick(t, 0, 9)) {
    case 0: return make_op(t, chance(t, 50) ? WEFT_OP_NEG : WEFT_OP_ABS, WEFT_TYPE_INT, 1, &a);
    case 1: return make_op(t, WEFT_OP_SELECT, WEFT_TYPE_INT, 3, (weft_id[]){random_bool(t, depth - 1, pairs), a, b});
    case 2: {
        weft_id table = make_op(t, WEFT_OP_LITERAL, WEFT_TYPE_TABLE, 3, (weft_id[]){a, make_integer(t, 5), b});
        weft_id three = make_integer(t, 3);
        weft_id index = make_op(t, WEFT_OP_MOD, WEFT_TYPE_INT, 2, (weft_id[]){random_int(t, depth - 1, pairs), three});
        return make_op(t, WEFT_OP_INDEX, WEFT_TYPE_INT, 2, (weft_id[]){table, index});
    }
    case 3: {
        bool tokens = chance(t, 30);
        weft_id array =
            make_parameter(t, tokens ? TOKENS_PARAM : LABELS_PARAM, tokens ? WEFT_TYPE_TOKENS : WEFT_TYPE_LABELS);
        return make_op(t, WEFT_OP_INDEX, WEFT_TYPE_INT, 2, (weft_id[]){array, a});
    }
    default: return make_op(t, binary[pick(t, 0, 9)], WEFT_TYPE_INT, 2, (weft_id[]){a, b});
    }
}

static inline weft_id random_float(test_sets *t, int depth, bool pairs) {
    static const weft_op unary[] = {WEFT_OP_NEG, WEFT_OP_ABS,  WEFT_OP_SQRT, WEFT_OP_LOG,
                                    WEFT_OP_EXP, WEFT_OP_LOG2, WEFT_OP_EXP2, WEFT_OP_TANH};
    static const weft_op binary[] = {WEFT_OP_ADD, WEFT_OP_SUB, WEFT_OP_MUL, WEFT_OP_DIV, WEFT_OP_MIN, WEFT_OP_MAX};
    if (depth <= 0 || chance(t, 30)) {
        if (chance(t, 30)) return weft_make_float(&t->program->dag, (double)pick(t, -40, 40) / 8, WEFT_NO_SPAN);
        if (chance(t, 20)) return make_parameter(t, FIRST_FLOAT, WEFT_TYPE_FLOAT);
        weft_id value = random_int(t, depth - 1, pairs);
        return make_op(t, WEFT_OP_TO_FLOAT, WEFT_TYPE_FLOAT, 1, &value);
    }
    weft_id a = random_float(t, depth - 1, pairs), b = random_float(t, depth - 1, pairs);
    switch (pick(t, 0, 7)) {
    case 0: return make_op(t, WEFT_OP_SELECT, WEFT_TYPE_FLOAT, 3, (weft_id[]){random_bool(t, depth - 1, pairs), a, b});
    case 1: {
        weft_id table = make_parameter(t, TABLE_PARAM, WEFT_TYPE_TABLE), index = random_int(t, depth - 1, pairs);
        return make_op(t, WEFT_OP_INDEX, WEFT_TYPE_FLOAT, 2, (weft_id[]){table, index});
    }
    case 2:
    case 3: return make_op(t, unary[pick(t, 0, 7)], WEFT_TYPE_FLOAT, 1, &a);
    default: return make_op(t, binary[pick(t, 0, 5)], WEFT_TYPE_FLOAT, 2, (weft_id[]){a, b});
    }
}

static inline weft_id random_bool(test_sets *t, int depth, bool pairs) {
    static const weft_op compare[] = {WEFT_OP_EQ, WEFT_OP_NE, WEFT_OP_LT, WEFT_OP_LE};
    if (chance(t, 4)) return weft_make_bool(&t->program->dag, chance(t, 50), WEFT_NO_SPAN);
    if (chance(t, 3)) return make_parameter(t, FIRST_BOOL, WEFT_TYPE_BOOL);
    if (depth > 0 && chance(t, 45)) {
        weft_id operands[] = {random_bool(t, depth - 1, pairs), random_bool(t, depth - 1, pairs),
                              random_bool(t, depth - 1, pairs)};
        switch (pick(t, 0, 9)) {
        case 0: return make_op(t, WEFT_OP_SELECT, WEFT_TYPE_BOOL, 3, operands);
        case 1: return make_op(t, chance(t, 50) ? WEFT_OP_EQ : WEFT_OP_NE, WEFT_TYPE_BOOL, 2, operands);
        case 2:
        case 3: return make_op(t, WEFT_OP_NOT, WEFT_TYPE_BOOL, 1, operands);
        default: return make_op(t, chance(t, 50) ? WEFT_OP_AND : WEFT_OP_OR, WEFT_TYPE_BOOL, 2, operands);
        }
    }
    bool real = chance(t, 20);
    weft_id operands[2];
    for (int k = 0; k < 2; k++)
        operands[k] = real ? random_float(t, depth - 1, pairs) : random_int(t, depth - 1, pairs);
    return make_op(t, compare[pick(t, 0, 3)], WEFT_TYPE_BOOL, 2, operands);
}

/* ---- sets ------------------------------------------------------------------------------------------------------ */

static inline weft_id random_argument(test_sets *t) {
    if (chance(t, 60)) return make_integer(t, pick(t, -5, 40));
    return random_int(t, 1, false);
}

static inline weft_id random_size(test_sets *t) {
    weft_id operands[] = {random_argument(t), make_integer(t, pick(t, 1, 9))};
    if (chance(t, 70)) return make_integer(t, pick(t, 1, 20));
    weft_id size = make_op(t, WEFT_OP_MOD, WEFT_TYPE_INT, 2, operands), one = make_integer(t, 1);
    return make_op(t, WEFT_OP_ADD, WEFT_TYPE_INT, 2, (weft_id[]){size, one});
}

static inline weft_id random_list(test_sets *t) {
    weft_id items[4];
    uint32_t count = (uint32_t)pick(t, 0, 3);
    for (uint32_t k = 0; k < count; k++) {
        weft_id ends[] = {random_argument(t), random_argument(t)};
        items[k] = chance(t, 40)   ? ends[0]
                   : chance(t, 85) ? make_op(t, WEFT_OP_RANGE, WEFT_TYPE_LIST, 2, ends)
                                   : make_parameter(t, TOKENS_PARAM, WEFT_TYPE_TOKENS);
    }
    if (count == 1 && chance(t, 50)) return items[0];
    return make_op(t, WEFT_OP_LISTING, WEFT_TYPE_LIST, count, items);
}

/* Atoms of grids, of arrays that have the lengths of the outermost space, and random draws. */
static inline weft_id random_other_atom(test_sets *t) {
    weft_dag *dag = &t->program->dag;
    weft_id a = random_argument(t), b = random_argument(t), height = random_size(t), width = random_size(t);
    switch (pick(t, 0, 9)) {
    case 0:
    case 1: return weft_make_set(dag, WEFT_ATOM_DILATED, WEFT_NO_SPAN, 2, a, random_size(t));
    case 2: return weft_make_set(dag, WEFT_ATOM_STRIDE, WEFT_NO_SPAN, 1, random_size(t));
    case 3: return weft_make_set(dag, WEFT_ATOM_WINDOW2D, WEFT_NO_SPAN, 4, height, width, a, b);
    case 4: return weft_make_set(dag, WEFT_ATOM_AXIAL, WEFT_NO_SPAN, 2, height, width);
    case 5: {
        weft_id ky = make_integer(t, pick(t, -1, 4)), kx = make_integer(t, pick(t, 0, 4));
        return weft_make_set(dag, WEFT_ATOM_NEIGHBORHOOD2D, WEFT_NO_SPAN, 5, height, width, ky, kx,
                             make_integer(t, pick(t, 1, 2)));
    }
    case 6:
        return weft_make_set(dag, WEFT_ATOM_SAME, WEFT_NO_SPAN, 1, make_parameter(t, LABELS_PARAM, WEFT_TYPE_LABELS));
    case 7: return weft_make_set(dag, WEFT_ATOM_GIVEN, WEFT_NO_SPAN, 1, make_parameter(t, MASK_PARAM, WEFT_TYPE_MASK));
    case 8: return weft_make_set(dag, WEFT_ATOM_LISTED, WEFT_NO_SPAN, 1, make_parameter(t, KEYS_PARAM, WEFT_TYPE_KEYS));
    default: {
        weft_id within = weft_make_set(dag, WEFT_ATOM_WINDOW, WEFT_NO_SPAN, 2, a, b);
        if (chance(t, 50)) within = weft_make_set(dag, WEFT_OP_COMPLEMENT, WEFT_NO_SPAN, 1, within);
        return weft_make_set(dag, WEFT_ATOM_RANDOM, WEFT_NO_SPAN, 4, make_integer(t, pick(t, -1, 7)),
                             random_int(t, 1, false), within, weft_make_bool(dag, chance(t, 50), WEFT_NO_SPAN));
    }
    }
}

static inline weft_id random_atom(test_sets *t) {
    if (chance(t, 12)) return random_other_atom(t);
    weft_dag *dag = &t->program->dag;
    weft_id a = random_argument(t), b = random_argument(t), list = random_list(t);
    switch (pick(t, 0, 13)) {
    case 0: return weft_make_set(dag, WEFT_ATOM_ALL, WEFT_NO_SPAN, 0);
    case 1: return weft_make_set(dag, WEFT_ATOM_NONE, WEFT_NO_SPAN, 0);
    case 2: return weft_make_set(dag, WEFT_ATOM_CAUSAL, WEFT_NO_SPAN, 0);
    case 3: return weft_make_set(dag, WEFT_ATOM_BAND, WEFT_NO_SPAN, 3, a, b, random_size(t));
    case 4: return weft_make_set(dag, WEFT_ATOM_BAND, WEFT_NO_SPAN, 3, make_integer(t, INT64_MIN), b, random_size(t));
    case 5: return weft_make_set(dag, WEFT_ATOM_BAND, WEFT_NO_SPAN, 3, a, make_integer(t, INT64_MAX), random_size(t));
    case 6: return weft_make_set(dag, WEFT_ATOM_WINDOW, WEFT_NO_SPAN, 2, a, b);
    case 7: return weft_make_set(dag, WEFT_ATOM_PAST, WEFT_NO_SPAN, 1, a);
    case 8: return weft_make_set(dag, WEFT_ATOM_ROWS, WEFT_NO_SPAN, 1, list);
    case 9: return weft_make_set(dag, WEFT_ATOM_COLS, WEFT_NO_SPAN, 1, list);
    case 10: return weft_make_set(dag, WEFT_ATOM_GLOBAL, WEFT_NO_SPAN, 1, list);
    case 11: return weft_make_set(dag, WEFT_ATOM_CHUNK, WEFT_NO_SPAN, 2, random_size(t), b);
    default: return weft_make_set(dag, WEFT_ATOM_WHERE, WEFT_NO_SPAN, 1, random_bool(t, 3, true));
    }
}

/* Clauses that do not overlap: head 0; heads 1 and 2; the others, or nothing for them. */
static inline weft_id random_heads(test_sets *t, weft_id a, weft_id b, weft_id c) {
    weft_id ends[] = {make_integer(t, 1), make_integer(t, 3)};
    weft_id operands[] = {make_integer(t, 0), a, make_op(t, WEFT_OP_RANGE, WEFT_TYPE_LIST, 2, ends), b, c};
    return make_op(t, WEFT_OP_HEADS, WEFT_TYPE_SET, 5, operands);
}

static inline weft_id random_set(test_sets *t, int depth) {
    weft_dag *dag = &t->program->dag;
    if (depth <= 0 || chance(t, 15)) return random_atom(t);
    weft_id a = random_set(t, depth - 1), b = random_set(t, depth - 1), c = random_set(t, depth - 1);
    switch (pick(t, 0, 11)) {
    case 0: return weft_make_set(dag, WEFT_OP_SELECT, WEFT_NO_SPAN, 3, random_bool(t, 1, false), a, b);
    case 1: return random_heads(t, a, b, c);
    case 2: return weft_make_set(dag, WEFT_OP_REQUIRE, WEFT_NO_SPAN, 2, weft_make_bool(dag, true, WEFT_NO_SPAN), a);
    case 3:
    case 4: return weft_make_set(dag, WEFT_OP_BLOCKS, WEFT_NO_SPAN, 2, random_size(t), a);
    case 5: return weft_make_set(dag, WEFT_OP_COMPLEMENT, WEFT_NO_SPAN, 1, a);
    case 6: return weft_make_set(dag, WEFT_OP_DIFFERENCE, WEFT_NO_SPAN, 2, a, b);
    case 7:
    case 8: return weft_make_set(dag, WEFT_OP_INTERSECTION, WEFT_NO_SPAN, 2, a, b);
    case 9: return weft_make_set(dag, WEFT_OP_INTERSECTION, WEFT_NO_SPAN, 3, a, b, c);
    case 10: return weft_make_set(dag, WEFT_OP_UNION, WEFT_NO_SPAN, 3, a, b, c);
    default: return weft_make_set(dag, WEFT_OP_UNION, WEFT_NO_SPAN, 2, a, b);
    }
}

/* Do lists that a run decides stand only where they may? */
static inline bool lists_are_lawful(const weft_dag *dag, weft_id id, bool may) {
    const weft_node *node = weft_node_at(dag, id);
    if (node->op == WEFT_ATOM_LISTED) return may;
    bool shut = node->op == WEFT_OP_COMPLEMENT || node->op == WEFT_OP_BLOCKS || node->op == WEFT_ATOM_RANDOM;
    for (uint32_t k = 0; k < node->arity; k++) {
        bool here = may && !shut && !(node->op == WEFT_OP_DIFFERENCE && k == 1);
        if (!lists_are_lawful(dag, weft_operand(dag, id, k), here)) return false;
    }
    return true;
}

/* ---- programs and environments --------------------------------------------------------------------------------- */

static inline void bind_array(test_sets *t, int number, DLTensor *tensor) {
    t->arguments[number] = (weft_argument){.bound = true, .array = tensor};
}

/* Lengths up to `longest`, any of Lq <, =, > Lk. */
static inline void random_environment(test_sets *t, int64_t longest) {
    weft_environment *e = &t->environment;
    *e = (weft_environment){.lengths_known = true, .head_known = true, .dim_known = true, .dim = 8};
    e->lk = pick(t, 1, longest);
    e->lq = chance(t, 40) ? e->lk : pick(t, 1, longest);
    e->heads = pick(t, 1, 6);
    e->head = pick(t, 0, e->heads - 1);
    e->batch = pick(t, 0, BATCHES - 1);
    e->arguments = t->arguments;
    for (int k = 0; k < INT_PARAMS; k++)
        t->arguments[k] = (weft_argument){.bound = true, .value.integer = pick(t, -3, 30)};
    t->arguments[FIRST_FLOAT] = (weft_argument){.bound = true, .value.real = (double)pick(t, -9, 9) / 4};
    t->arguments[FIRST_BOOL] = (weft_argument){.bound = true, .value.integer = chance(t, 50)};
    DLDevice cpu = {kDLCPU, 0};
    t->tokens_shape[0] = TOKENS;
    t->tokens = (DLTensor){t->token_data, cpu, 1, {kDLInt, 16, 1}, t->tokens_shape, NULL, 0};
    t->labels_shape[0] = BATCHES;
    t->labels_shape[1] = e->lk;
    t->labels_strides[0] = MOST_KEYS * 2;
    t->labels_strides[1] = 2;
    t->labels = (DLTensor){t->label_data, cpu, 2, {kDLInt, 32, 1}, t->labels_shape, t->labels_strides, 4};
    t->table_shape[0] = 16;
    t->table = (DLTensor){t->table_data, cpu, 1, {kDLFloat, 64, 1}, t->table_shape, NULL, 0};
    t->mask_shape[0] = e->heads;
    t->mask_shape[1] = e->lq;
    t->mask_shape[2] = e->lk;
    for (int k = 0; k < 3; k++) t->mask_strides[k] = pick(t, 0, k == 0 ? 7 : 1);
    t->mask = (DLTensor){t->mask_data, cpu, 3, {kDLUInt, 8, 1}, t->mask_shape, t->mask_strides, 0};
    t->keys_shape[0] = e->lq;
    t->keys_shape[1] = PICKED_KEYS;
    t->keys = (DLTensor){t->key_data, cpu, 2, {kDLInt, 64, 1}, t->keys_shape, NULL, 0};
    bind_array(t, TOKENS_PARAM, &t->tokens);
    bind_array(t, MASK_PARAM, &t->mask);
    bind_array(t, KEYS_PARAM, &t->keys);
    bind_array(t, LABELS_PARAM, &t->labels);
    bind_array(t, TABLE_PARAM, &t->table);
    for (int k = 0; k < TOKENS; k++) t->token_data[k] = (int16_t)pick(t, -20, longest);
    for (int k = 0; k < BATCHES * MOST_KEYS * 2; k++) t->label_data[k] = (int32_t)(k / 2 / pick(t, 5, 9));
    for (size_t k = 0; k < sizeof t->mask_data; k++) t->mask_data[k] = (uint8_t)(chance(t, 50) ? 0 : pick(t, 1, 255));
    for (int k = 0; k < MOST_KEYS * PICKED_KEYS; k++) t->key_data[k] = pick(t, -3, longest);
    for (int k = 0; k < 16; k++) t->table_data[k] = k == 7 ? 0.0 / (double)(k - 7) : (double)pick(t, -9, 40);
}

static inline void sets_begin(test_sets *t, uint64_t seed) {
    static const char *const names[PARAMS] = {"a",        "b",        "c",      "x",     "yes",
                                              "where_to", "document", "values", "cover", "picked"};
    static const weft_type types[PARAMS] = {WEFT_TYPE_INT,  WEFT_TYPE_INT,    WEFT_TYPE_INT,    WEFT_TYPE_FLOAT,
                                            WEFT_TYPE_BOOL, WEFT_TYPE_TOKENS, WEFT_TYPE_LABELS, WEFT_TYPE_TABLE,
                                            WEFT_TYPE_MASK, WEFT_TYPE_KEYS};
    *t = (test_sets){.random = {seed}};
    t->allocator = test_allocator(&t->memory);
    t->program = weft_program_create(&t->allocator, "random");
    for (int k = 0; k < PARAMS; k++) {
        ck_assert_uint_eq(weft_program_add_parameter(t->program, names[k], types[k], 0, WEFT_NO_SPAN), (uint32_t)k);
    }
}

static inline void sets_end(test_sets *t) {
    weft_program_destroy(t->program);
    ck_assert_uint_eq(t->memory.live, 0);
}

#endif
