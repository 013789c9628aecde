/* Hash-consing: what is one node and what is not, limits, and the tables that the lists give. */
#include <math.h>
#include <string.h>

#include "set/dag.h"
#include "support/failing.h"
#include "support/random.h"
#include "support/suite.h"

static const weft_value nothing = {.integer = 0};

START_TEST(equal_nodes_are_one) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_dag dag;
    ck_assert(weft_dag_init(&dag, &allocator));
    weft_span here = {1, 2, 3}, there = {1, 2, 4};
    weft_id one = weft_make_int(&dag, 1, WEFT_NO_SPAN);
    ck_assert_uint_eq(one, 1);
    ck_assert_uint_eq(weft_make_int(&dag, 1, WEFT_NO_SPAN), one);
    ck_assert_uint_ne(weft_make_int(&dag, 2, WEFT_NO_SPAN), one);
    ck_assert_uint_ne(weft_make_int(&dag, 1, here), one);
    ck_assert_uint_ne(weft_make_int(&dag, 1, here), weft_make_int(&dag, 1, there));
    ck_assert_uint_ne(weft_make_bool(&dag, true, WEFT_NO_SPAN), one);
    weft_id two = weft_make_int(&dag, 2, WEFT_NO_SPAN);
    weft_id window = weft_make_set(&dag, WEFT_ATOM_WINDOW, WEFT_NO_SPAN, 2, one, two);
    ck_assert_uint_eq(weft_make_set(&dag, WEFT_ATOM_WINDOW, WEFT_NO_SPAN, 2, one, two), window);
    ck_assert_uint_ne(weft_make_set(&dag, WEFT_ATOM_WINDOW, WEFT_NO_SPAN, 2, two, one), window);
    ck_assert_uint_ne(weft_make_set(&dag, WEFT_ATOM_PAST, WEFT_NO_SPAN, 1, one), window);
    ck_assert_int_eq(weft_operand_int(&dag, window, 1), 2);
    /* a value where the operation has none makes no difference */
    weft_id all = weft_make_set(&dag, WEFT_ATOM_ALL, WEFT_NO_SPAN, 0);
    ck_assert_uint_eq(weft_make(&dag, WEFT_ATOM_ALL, WEFT_TYPE_SET, (weft_value){.integer = 9}, NULL, 0, WEFT_NO_SPAN),
                      all);
    weft_dag_free(&dag);
}
END_TEST

START_TEST(floats_are_equal_by_bits_and_nan_is_one) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_dag dag;
    ck_assert(weft_dag_init(&dag, &allocator));
    ck_assert_uint_ne(weft_make_float(&dag, 0.0, WEFT_NO_SPAN), weft_make_float(&dag, -0.0, WEFT_NO_SPAN));
    ck_assert_uint_eq(weft_make_float(&dag, 0.5, WEFT_NO_SPAN), weft_make_float(&dag, 0.5, WEFT_NO_SPAN));
    ck_assert_uint_eq(weft_make_float(&dag, (double)NAN, WEFT_NO_SPAN),
                      weft_make_float(&dag, -(double)NAN, WEFT_NO_SPAN));
    ck_assert(isnan(weft_node_at(&dag, weft_make_float(&dag, -(double)NAN, WEFT_NO_SPAN))->value.real));
    weft_dag_free(&dag);
}
END_TEST

START_TEST(zero_operands_give_zero) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_dag dag;
    ck_assert(weft_dag_init(&dag, &allocator));
    ck_assert_uint_eq(weft_make_set(&dag, WEFT_OP_COMPLEMENT, WEFT_NO_SPAN, 1, 0u), 0);
    ck_assert_uint_eq(weft_make_set(&dag, WEFT_OP_COMPLEMENT, WEFT_NO_SPAN, 1, 7u), 0);
    ck_assert(!dag.failed);
    weft_dag_free(&dag);
}
END_TEST

START_TEST(strings_and_lists_are_interned) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_dag dag;
    ck_assert(weft_dag_init(&dag, &allocator));
    uint32_t a = weft_dag_string(&dag, "abc", 3), empty = weft_dag_string(&dag, "", 0);
    ck_assert_uint_eq(a, 1);
    ck_assert_uint_eq(weft_dag_string(&dag, "abcd", 3), a);
    ck_assert_uint_ne(weft_dag_string(&dag, "abcd", 4), a);
    ck_assert_uint_eq(weft_dag_string(&dag, NULL, 0), empty);
    ck_assert_str_eq(dag.strings[a], "abc");

    weft_interval some[] = {{0, 4}, {6, 7}}, others[] = {{0, 4}, {6, 8}};
    weft_id first = weft_make_intervals(&dag, (weft_intervals){some, 2}, WEFT_NO_SPAN);
    ck_assert_uint_eq(weft_make_intervals(&dag, (weft_intervals){some, 2}, WEFT_NO_SPAN), first);
    ck_assert_uint_ne(weft_make_intervals(&dag, (weft_intervals){others, 2}, WEFT_NO_SPAN), first);
    ck_assert_uint_ne(weft_make_intervals(&dag, (weft_intervals){some, 1}, WEFT_NO_SPAN), first);
    weft_id none = weft_make_intervals(&dag, (weft_intervals){NULL, 0}, WEFT_NO_SPAN);
    ck_assert_uint_eq(weft_make_intervals(&dag, (weft_intervals){some, 0}, WEFT_NO_SPAN), none);
    weft_id placed = weft_make_intervals(&dag, (weft_intervals){some, 2}, (weft_span){1, 0, 1});
    ck_assert_uint_ne(placed, first);
    ck_assert_int_eq(dag.nodes[placed].value.integer, dag.nodes[first].value.integer);
    some[0].lo = 3; /* copied */
    ck_assert_int_eq(dag.lists[dag.nodes[first].value.integer].at[0].lo, 0);
    weft_dag_free(&dag);
}
END_TEST

/* Against a plain search through all nodes: as many nodes as there are different ones. */
START_TEST(consing_agrees_with_searching) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_dag dag;
    ck_assert(weft_dag_init(&dag, &allocator));
    test_random random = {7};
    for (int step = 0; step < 20000; step++) {
        weft_id operands[3];
        uint32_t arity = dag.count > 1 ? (uint32_t)test_range(&random, 0, 3) : 0;
        for (uint32_t k = 0; k < arity; k++)
            operands[k] = (weft_id)test_range(&random, 1, dag.count < 30 ? dag.count - 1 : 29);
        weft_value value = {.integer = arity ? 0 : test_range(&random, 0, 50)};
        weft_op op = arity ? WEFT_OP_UNION : WEFT_OP_INT;
        weft_id id = weft_make(&dag, op, WEFT_TYPE_SET, value, operands, arity, WEFT_NO_SPAN);
        ck_assert_uint_ne(id, 0);
        const weft_node *node = weft_node_at(&dag, id);
        ck_assert_uint_eq(node->op, op);
        ck_assert_int_eq(node->value.integer, value.integer);
        ck_assert_uint_eq(node->arity, arity);
        for (uint32_t k = 0; k < arity; k++) ck_assert_uint_eq(weft_operand(&dag, id, k), operands[k]);
    }
    for (weft_id a = 1; a < dag.count; a += 97)
        for (weft_id b = a + 1; b < dag.count; b++) {
            const weft_node *x = weft_node_at(&dag, a), *y = weft_node_at(&dag, b);
            bool same = x->op == y->op && x->value.integer == y->value.integer && x->arity == y->arity;
            for (uint32_t k = 0; same && k < x->arity; k++) same = weft_operand(&dag, a, k) == weft_operand(&dag, b, k);
            ck_assert(!same);
        }
    weft_dag_free(&dag);
}
END_TEST

/* A pass may hand a node's own operands to the maker, which may move them. */
START_TEST(operands_may_lie_in_the_dag) {
    test_memory memory = {0};
    weft_allocator allocator = test_allocator(&memory);
    weft_dag dag;
    ck_assert(weft_dag_init(&dag, &allocator));
    weft_id zero = weft_make_int(&dag, 0, WEFT_NO_SPAN), one = weft_make_int(&dag, 1, WEFT_NO_SPAN);
    weft_id set = weft_make_set(&dag, WEFT_ATOM_WINDOW, WEFT_NO_SPAN, 2, zero, one);
    for (uint32_t k = 0; k < 1000; k++) {
        const weft_id *operands = &dag.operands[dag.nodes[set].first];
        weft_id copy = weft_make(&dag, WEFT_ATOM_WINDOW, WEFT_TYPE_SET, nothing, operands, 2, (weft_span){1, k, k});
        ck_assert_uint_eq(weft_operand(&dag, copy, 0), zero);
        ck_assert_uint_eq(weft_operand(&dag, copy, 1), one);
    }
    weft_dag_free(&dag);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

START_TEST(failing_memory_stops_the_makers) {
    for (size_t nth = 1;; nth++) {
        test_memory memory = {.fail_at = nth};
        weft_allocator allocator = test_allocator(&memory);
        weft_dag dag;
        bool ok = weft_dag_init(&dag, &allocator);
        for (int k = 0; ok && k < 300; k++) {
            weft_interval one = {k, k + 1};
            weft_id number = weft_make_int(&dag, k, WEFT_NO_SPAN);
            weft_id list = weft_make_intervals(&dag, (weft_intervals){&one, 1}, WEFT_NO_SPAN);
            weft_id set = weft_make_set(&dag, WEFT_ATOM_PAST, WEFT_NO_SPAN, 1, number);
            char text[] = {(char)('a' + k % 26), (char)('a' + k / 26)};
            uint32_t string = weft_dag_string(&dag, text, 2);
            ok = number && list && set && string;
            ck_assert_int_eq(ok, !dag.failed);
        }
        ck_assert_int_eq(ok, memory.calls < nth);
        weft_dag_free(&dag);
        ck_assert_uint_eq(memory.live, 0);
        if (ok) break;
    }
}
END_TEST

START_TEST(there_is_a_limit) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_dag dag;
    ck_assert(weft_dag_init(&dag, &allocator));
    dag.count = WEFT_MAX_NODES; /* as if */
    ck_assert_uint_eq(weft_make_int(&dag, 1, WEFT_NO_SPAN), 0);
    ck_assert(dag.failed);
    dag.count = 1;
    ck_assert_uint_eq(weft_make_int(&dag, 1, WEFT_NO_SPAN), 0);
    weft_dag_free(&dag);
}
END_TEST

START_TEST(operations_are_described_and_found) {
    for (int op = 1; op < WEFT_OP_COUNT; op++) {
        const weft_op_info *info = weft_op_describe((weft_op)op);
        ck_assert_int_eq(weft_op_named(info->text, strlen(info->text)), op);
        ck_assert_int_eq(weft_op_is_atom((weft_op)op), info->signature != NULL);
        ck_assert_int_eq(info->operands == NULL, info->signature != NULL);
    }
    ck_assert_int_eq(weft_op_named("windows", 7), WEFT_OP_INVALID);
    ck_assert_int_eq(weft_op_named("windows", 6), WEFT_ATOM_WINDOW);
    ck_assert_int_eq(weft_op_named("", 0), WEFT_OP_INVALID);
    ck_assert_int_eq(weft_op_named("invalid", 7), WEFT_OP_INVALID);
    ck_assert_uint_eq(weft_op_describe(WEFT_ATOM_BAND)->traits, WEFT_TRAIT_SHIFT);
    ck_assert_uint_eq(weft_op_describe(WEFT_ATOM_ROWS)->traits, 0);
    ck_assert_uint_eq(weft_op_describe(WEFT_ATOM_LISTED)->traits, WEFT_TRAIT_DATA);
    ck_assert_uint_eq(weft_op_describe(WEFT_ATOM_LSH)->traits, WEFT_TRAIT_DATA | WEFT_TRAIT_CHOICE);
    ck_assert(weft_op_chooses(WEFT_ATOM_LSH) && !weft_op_chooses(WEFT_ATOM_LISTED));
    ck_assert_str_eq(weft_type_name(WEFT_TYPE_PER_HEAD), "per_head");
}
END_TEST

TEST_MAIN("set/dag", equal_nodes_are_one, floats_are_equal_by_bits_and_nan_is_one, zero_operands_give_zero,
          strings_and_lists_are_interned, consing_agrees_with_searching, operands_may_lie_in_the_dag,
          failing_memory_stops_the_makers, there_is_a_limit, operations_are_described_and_found)
