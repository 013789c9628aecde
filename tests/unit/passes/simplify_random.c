/* Canonical form keeps the meaning: random sets over all built atoms and operators, in random environments, before and
 * after, pair by pair. What is canonical stays; operands in another order give the same node. */
#include "passes/passes.h"

#include <stdio.h>

#include "support/suite.h"
#include "unit/set/random_sets.h"

/* The folded set, or 0 after an error. */
static weft_id fold(test_sets *t, weft_id set, weft_bound *bound) {
    weft_diagnostics d;
    weft_diagnostics_init(&d, &t->allocator, NULL);
    weft_id folded = weft_fold(t->program, set, &t->environment, bound, &d);
    weft_diagnostics_free(&d);
    return folded;
}

/* How many pairs were compared. */
static uint64_t compare(test_sets *t, weft_id set, weft_id simple, uint64_t seed) {
    weft_bound before, after;
    uint64_t pairs = 0;
    ck_assert(weft_bound_init(&before, &t->allocator) && weft_bound_init(&after, &t->allocator));
    weft_id wanted = fold(t, set, &before);
    weft_id found = wanted ? fold(t, simple, &after) : 0;
    if (wanted) ck_assert_msg(found != 0, "seed %llu: only the canonical form has a fault", (unsigned long long)seed);
    weft_space space = weft_space_of(t->environment.lq, t->environment.lk);
    for (int64_t i = space.first; i < space.keys && wanted; i++) {
        for (int64_t j = 0; j < space.keys; j++, pairs++) {
            bool is = weft_contains(&after, found, space, i, j), should = weft_contains(&before, wanted, space, i, j);
            if (is != should)
                ck_abort_msg("seed %llu: pair (%lld, %lld) is %d instead of %d", (unsigned long long)seed, (long long)i,
                             (long long)j, is, should);
        }
    }
    weft_bound_free(&before);
    weft_bound_free(&after);
    return pairs;
}

START_TEST(test_meaning) {
    static test_sets t;
    uint64_t pairs = 0, faults = 0, first = 7000000;
    int cases = 12000;
    for (int n = 0; n < cases; n++) {
        uint64_t seed = first + (uint64_t)n;
        sets_begin(&t, seed);
        random_environment(&t, n % 10 ? 20 : 70);
        weft_id set = random_set(&t, n % 4 ? 3 : 4);
        weft_id simple = weft_simplify(t.program, set);
        ck_assert_uint_ne(simple, 0);
        for (int again = 0; again < 2; again++) { /* other values of parameters */
            uint64_t compared = compare(&t, set, simple, seed);
            pairs += compared;
            faults += compared == 0;
            random_environment(&t, 20);
        }
        sets_end(&t);
    }
    printf("simplify: seeds %llu + %d, %llu pairs compared, %llu environments with a fault\n",
           (unsigned long long)first, cases, (unsigned long long)pairs, (unsigned long long)faults);
    ck_assert_uint_lt(faults, (uint64_t)cases / 2);
}
END_TEST

/* Constants alone show a fault: a file with it is refused, and its constants are not folded. */
static bool is_faulty(test_sets *t, weft_id set) {
    weft_bound bound;
    t->environment = (weft_environment){0};
    ck_assert(weft_bound_init(&bound, &t->allocator));
    bool faulty = fold(t, set, &bound) == 0;
    weft_bound_free(&bound);
    return faulty;
}

START_TEST(test_stays) {
    static test_sets t;
    int kept = 0;
    for (uint64_t seed = 1; seed <= 6000; seed++) {
        sets_begin(&t, seed);
        weft_id set = random_set(&t, 4);
        bool faulty = is_faulty(&t, set);
        weft_id simple = weft_simplify(t.program, set);
        weft_id again = faulty ? simple : weft_simplify(t.program, simple);
        kept += !faulty;
        if (simple != again) {
            weft_text text;
            weft_text_init(&text, &t.allocator);
            weft_print_set(t.program, simple, false, &text);
            weft_text_format(&text, "became\n");
            weft_print_set(t.program, again, false, &text);
            ck_abort_msg("seed %llu:\n%s", (unsigned long long)seed, text.at);
        }
        sets_end(&t);
    }
    ck_assert_int_gt(kept, 2000);
}
END_TEST

/* The same set with the operands of every union and intersection the other way round. */
static weft_id commuted(weft_dag *dag, weft_id id) {
    const weft_node node = *weft_node_at(dag, id);
    weft_id operands[8];
    bool commutes = node.op == WEFT_OP_UNION || node.op == WEFT_OP_INTERSECTION;
    ck_assert_uint_le(node.arity, 8);
    for (uint32_t k = 0; k < node.arity; k++)
        operands[commutes ? node.arity - 1 - k : k] = commuted(dag, weft_operand(dag, id, k));
    return weft_make(dag, (weft_op)node.op, (weft_type)node.type, node.value, operands, node.arity, WEFT_NO_SPAN);
}

START_TEST(test_order) {
    static test_sets t;
    for (uint64_t seed = 1; seed <= 6000; seed++) {
        sets_begin(&t, seed);
        weft_id set = random_set(&t, 4);
        weft_id other = commuted(&t.program->dag, set);
        /* the one made later is simplified first, so that ids say nothing */
        weft_id b = weft_simplify(t.program, seed % 2 ? other : set),
                a = weft_simplify(t.program, seed % 2 ? set : other);
        if (a != b) ck_abort_msg("seed %llu: %u and %u", (unsigned long long)seed, a, b);
        sets_end(&t);
    }
}
END_TEST

/* A program that verifies still does, with its passes. */
START_TEST(test_passes_verify) {
    static test_sets t;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        sets_begin(&t, seed);
        t.program->meaning = random_set(&t, 3);
        weft_diagnostics d;
        weft_diagnostics_init(&d, &t.allocator, NULL);
        if (lists_are_lawful(&t.program->dag, t.program->meaning, true) && weft_verify_program(t.program, &d)) {
            weft_id simple = weft_simplify(t.program, t.program->meaning);
            ck_assert(weft_order_passes(t.program, simple));
            weft_text said;
            weft_text_init(&said, &t.allocator);
            if (!weft_verify_program(t.program, &d)) {
                weft_diagnostics_render(&d, false, &said);
                ck_abort_msg("seed %llu: %s", (unsigned long long)seed, said.at);
            }
            weft_text_release(&said);
            ck_assert_uint_ge(t.program->pass_count, 1);
            ck_assert_uint_eq(t.program->passes[0].row_tile, 64);
        }
        weft_diagnostics_free(&d);
        sets_end(&t);
    }
}
END_TEST

START_TEST(test_failing_memory) {
    static test_sets t;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        for (size_t nth = 1;; nth++) {
            sets_begin(&t, seed);
            weft_id set = random_set(&t, 3);
            t.memory.fail_at = t.memory.calls + nth;
            size_t limit = t.memory.fail_at;
            weft_id simple = weft_simplify(t.program, set);
            if (simple) ck_assert(weft_order_passes(t.program, simple) || t.memory.calls >= limit);
            bool over = t.memory.calls < limit;
            if (over) ck_assert_uint_ne(simple, 0);
            sets_end(&t);
            if (over) break;
        }
    }
}
END_TEST

TEST_MAIN("passes/simplify_random", test_meaning, test_stays, test_order, test_passes_verify, test_failing_memory)
