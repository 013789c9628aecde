/* The verifier against programs that text cannot say, and against every operation with wrong operands. */
#include <stdio.h>

#include "support/failing.h"
#include "support/suite.h"
#include "unit/set/programs.h"

static weft_allocator allocator;

static weft_program *small_program(void) {
    allocator = weft_allocator_of(NULL);
    weft_program *program = weft_program_create(&allocator, "small");
    weft_program_add_parameter(program, "m", WEFT_TYPE_MASK, 0, WEFT_NO_SPAN);
    program->meaning = weft_make_set(&program->dag, WEFT_ATOM_ALL, WEFT_NO_SPAN, 0);
    return program;
}

/* expected NULL: it verifies. Destroys the program. */
static void check(weft_program *program, const char *expected) {
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, &allocator, NULL);
    bool ok = weft_verify_program(program, &diagnostics);
    ck_assert_msg(ok == (expected == NULL), "%s", expected ? expected : diagnostics.reports[0].message);
    if (expected) {
        ck_assert_uint_eq(diagnostics.count, 1);
        ck_assert_int_eq(diagnostics.reports[0].code, WEFT_E0702);
        ck_assert_str_eq(diagnostics.reports[0].message, expected);
    }
    weft_diagnostics_free(&diagnostics);
    weft_program_destroy(program);
}

START_TEST(refuses_broken_dags) {
    check(small_program(), NULL);

    weft_program *program = small_program();
    program->dag.nodes[1].op = 999;
    check(program, "IR node %1 (unknown): an unknown operation or type");

    program = small_program();
    program->dag.nodes[1].op = WEFT_OP_INVALID;
    check(program, "IR node %1 (invalid): no operation");

    program = small_program();
    program->dag.nodes[1].type = WEFT_TYPE_INT;
    check(program, "IR node %1 (all): its type is not int");

    program = small_program();
    weft_make_set(&program->dag, WEFT_OP_COMPLEMENT, WEFT_NO_SPAN, 1, program->meaning);
    program->dag.operands[0] = 2;
    check(program, "IR node %2 (complement): operand 1 does not come before its user");

    program = small_program();
    weft_make_set(&program->dag, WEFT_OP_COMPLEMENT, WEFT_NO_SPAN, 1, program->meaning);
    program->dag.nodes[2].arity = 2;
    check(program, "IR node %2 (complement): operands outside the DAG");

    program = small_program();
    weft_make(&program->dag, WEFT_OP_PARAM, WEFT_TYPE_MASK, (weft_value){.integer = 1}, NULL, 0, WEFT_NO_SPAN);
    check(program, "IR node %2 (param): a parameter that there is not");

    program = small_program();
    weft_id yes = weft_make_bool(&program->dag, true, WEFT_NO_SPAN), pair[] = {yes, program->meaning};
    weft_make(&program->dag, WEFT_OP_REQUIRE, WEFT_TYPE_SET, (weft_value){.integer = 1}, pair, 2, WEFT_NO_SPAN);
    check(program, "IR node %3 (require): a message that there is not");

    program = small_program();
    weft_id seven = weft_make_bool(&program->dag, true, WEFT_NO_SPAN);
    program->dag.nodes[seven].value.integer = 7;
    check(program, "IR node %2 (bool): a truth value that is neither");

    program = small_program();
    weft_make_intervals(&program->dag, (weft_intervals){NULL, 0}, WEFT_NO_SPAN);
    check(program, "IR node %2 (intervals): `intervals` belongs to the bound form");

    program = small_program();
    program->dag.failed = true;
    check(program, "IR of pattern `small`: it could not be made as a whole");
}
END_TEST

START_TEST(refuses_broken_programs) {
    weft_program *program = small_program();
    program->meaning = 77;
    check(program, "IR of pattern `small`: the meaning is not a set");

    program = small_program();
    program->parameters[0].initial = program->meaning;
    check(program, "IR of pattern `small`: the default of `m` is not one mask");

    program = small_program();
    program->parameters[0].type = WEFT_TYPE_LIST;
    check(program, "IR of pattern `small`: parameter `m` has no parameter type");

    program = small_program();
    program->parameters[0].place = (weft_span){1, 0, 0};
    check(program, "IR of pattern `small`: a place in source 1 of 0");

    program = small_program();
    weft_program_add_pass(program, (weft_pass){.row_tile = 64, .key_tile = 64, .set = program->meaning});
    weft_pass pass = {.row_order = WEFT_ORDER_STRIDED, .row_tile = 64, .key_tile = 64, .set = program->meaning};
    weft_program_add_pass(program, pass);
    check(program, "IR of pattern `small`: pass 2: these orders do not go together");

    program = small_program();
    weft_program_add_pass(program, (weft_pass){.row_tile = 64, .key_tile = 64, .set = program->meaning, .stride = 1});
    check(program, "IR of pattern `small`: pass 1: the stride is not one int");

    program = small_program();
    weft_program_add_pass(program, (weft_pass){.row_tile = 64, .key_tile = 64, .set = program->meaning});
    weft_program_add_pass(program, (weft_pass){.row_tile = 64, .key_tile = 64, .set = program->meaning});
    check(program, "IR of pattern `small`: pass 2: the first pass, and no other, is contiguous");

    program = small_program();
    weft_program_add_pass(
        program, (weft_pass){.row_tile = 64, .key_tile = 64, .set = program->meaning, .list = program->meaning});
    check(program, "IR of pattern `small`: pass 1: a list where none is wanted");

    program = small_program();
    weft_program_add_pass(program, (weft_pass){.row_tile = 64, .key_tile = 64});
    check(program, "IR of pattern `small`: pass 1: not a set");
}
END_TEST

/* Every operation that a program may hold: sound as the generator makes it, refused with an operand less or more (where
 * their number is fixed), and refused when any one operand is a mask, which no built operation takes. */
static weft_program *with_operation(weft_op op, const weft_id *operands, uint32_t count, weft_program *program) {
    weft_value value = {.integer = 0};
    weft_type type = weft_infer_type(program, op, value, operands, count);
    if (type == WEFT_TYPE_COUNT) type = WEFT_TYPE_SET;
    ck_assert_uint_ne(weft_make(&program->dag, op, type, value, operands, count, WEFT_NO_SPAN), 0);
    return program;
}

static bool is_sound(const weft_program *program) {
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, &allocator, NULL);
    bool ok = weft_verify_program(program, &diagnostics);
    weft_diagnostics_free(&diagnostics);
    return ok;
}

/* The same random nodes each time, then one of `op`; its operands are read from it. */
static weft_program *program_of(uint64_t seed, weft_op op, weft_id *operands, uint32_t *count) {
    allocator = weft_allocator_of(NULL);
    generator g = {.random = {seed}, .program = weft_program_create(&allocator, "one"), .lowest = 1};
    weft_reserve(&allocator, &g.reads, &g.capacity, 1, 1);
    add_random_parameters(&g);
    for (int k = 0; k < 200; k++) add_random_node(&g, WEFT_OP_INVALID);
    g.program->meaning = random_root(&g, WEFT_TYPE_SET, 0);
    weft_id id = add_random_node(&g, op);
    *count = id ? g.program->dag.nodes[id].arity : UINT32_MAX;
    for (uint32_t k = 0; id && k < *count; k++) operands[k] = weft_operand(&g.program->dag, id, k);
    weft_free(&allocator, g.reads, g.capacity);
    return g.program;
}

static weft_id mask_parameter(weft_program *program) {
    weft_value number = {.integer = (int64_t)weft_program_parameter(program, "pf", 2)};
    weft_id id = weft_make(&program->dag, WEFT_OP_PARAM, WEFT_TYPE_MASK, number, NULL, 0, WEFT_NO_SPAN);
    ck_assert_uint_ne(id, 0);
    return id;
}

START_TEST(checks_every_operation) {
    int refused = 0;
    for (int op = 1; op < WEFT_OP_COUNT; op++) {
        const weft_op_info *info = weft_op_describe((weft_op)op);
        if (op == WEFT_OP_ARRAY || op == WEFT_OP_INTERVALS) continue;
        bool is_fixed = info->signature || !strchr(info->operands, '*');
        for (uint64_t seed = 1; seed <= 8; seed++) {
            weft_id operands[MOST_OPERANDS + 1], mask;
            uint32_t count;
            weft_program *program = program_of(seed, (weft_op)op, operands, &count);
            ck_assert_msg(is_sound(program), "%s, seed %llu", info->text, (unsigned long long)seed);
            weft_program_destroy(program);
            if (count == UINT32_MAX) continue;
            for (uint32_t k = 0; k < count && op != WEFT_ATOM_GIVEN; k++) { /* which takes a mask */
                program = program_of(seed, (weft_op)op, operands, &count);
                mask = mask_parameter(program);
                operands[k] = mask;
                ck_assert_msg(!is_sound(with_operation((weft_op)op, operands, count, program)), "%s", info->text);
                weft_program_destroy(program);
                refused++;
            }
            for (int change = -1; is_fixed && change <= 1; change += 2) {
                if (change < 0 && count == 0) continue;
                program = program_of(seed, (weft_op)op, operands, &count);
                operands[count] = count ? operands[count - 1] : program->meaning;
                with_operation((weft_op)op, operands, (uint32_t)((int)count + change), program);
                ck_assert_msg(!is_sound(program), "%s", info->text);
                weft_program_destroy(program);
                refused++;
            }
        }
    }
    printf("operations with wrong operands: %d refused\n", refused);
    ck_assert_int_ge(refused, 500);
}
END_TEST

START_TEST(survives_failing_memory) {
    weft_allocator sound = weft_allocator_of(NULL);
    for (size_t nth = 1;; nth++) {
        test_memory memory = {0};
        weft_allocator failing = test_allocator(&memory);
        weft_program *program = random_program(&failing, 2, 30);
        if (nth % 2) program->meaning = 0;
        weft_diagnostics diagnostics;
        weft_diagnostics_init(&diagnostics, &sound, NULL);
        memory.fail_at = memory.calls + (nth + 1) / 2;
        bool ok = weft_verify_program(program, &diagnostics);
        bool is_done = memory.calls < memory.fail_at;
        ck_assert_int_eq(ok, is_done && nth % 2 == 0);
        ck_assert_int_eq(diagnostics.out_of_memory, !is_done);
        weft_diagnostics_free(&diagnostics);
        weft_program_destroy(program);
        ck_assert_uint_eq(memory.live, 0);
        if (is_done && nth > 4) break;
    }
}
END_TEST

START_TEST(making_programs_survives_failing_memory) {
    for (size_t nth = 1;; nth++) {
        test_memory memory = {.fail_at = nth};
        weft_allocator failing = test_allocator(&memory);
        weft_program *program = weft_program_create(&failing, "p");
        bool ok = program != NULL;
        for (int k = 0; ok && k < 20; k++) {
            char name[] = {'p', (char)('a' + k), '\0'};
            ok = weft_program_add_parameter(program, name, WEFT_TYPE_INT, 0, WEFT_NO_SPAN) == (uint32_t)k &&
                 weft_program_add_pass(program, (weft_pass){.set = 1}) &&
                 weft_program_parameter(program, name, 2) == (uint32_t)k;
        }
        ck_assert_int_eq(ok, memory.calls < nth);
        if (ok) ck_assert_uint_eq(weft_program_parameter(program, "x", 1), UINT32_MAX);
        weft_program_destroy(program);
        ck_assert_uint_eq(memory.live, 0);
        if (ok) break;
    }
}
END_TEST

TEST_MAIN("set/verify", refuses_broken_dags, refuses_broken_programs, checks_every_operation, survives_failing_memory,
          making_programs_survives_failing_memory)
