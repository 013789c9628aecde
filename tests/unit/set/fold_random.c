/* Folding keeps the meaning: random sets and scalars, folded in random environments, against their definition, pair by
 * pair; in one step and in several; canonical and with places. */
#include <stdio.h>

#include "definition.h"
#include "support/suite.h"

static weft_id fold(test_sets *t, weft_id id, const weft_environment *environment, weft_bound *bound, bool *reported) {
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, &t->allocator, NULL);
    weft_id folded = weft_fold(t->program, id, environment, bound, &diagnostics);
    *reported = diagnostics.errors > 0;
    ck_assert_int_eq(folded == 0, *reported);
    ck_assert(!diagnostics.out_of_memory);
    weft_diagnostics_free(&diagnostics);
    return folded;
}

/* Pairs that differ from the definition fail the test; the number of pairs compared. */
static uint64_t compare_pairs(test_sets *t, weft_id set, const weft_bound *bound, weft_id folded, uint64_t seed) {
    weft_space space = weft_space_of(t->environment.lq, t->environment.lk);
    for (int64_t i = space.first; i < space.keys; i++) {
        for (int64_t j = 0; j < space.keys; j++) {
            define_at at = {t, space.queries, space.keys, i, j, NULL, space.first};
            bool fault = false, wanted = define_set(&at, set, &fault);
            bool found = weft_contains(bound, folded, space, i, j);
            if (fault) ck_abort_msg("seed %llu: an error was not reported", (unsigned long long)seed);
            if (found != wanted) {
                ck_abort_msg("seed %llu: pair (%lld, %lld) is %d instead of %d", (unsigned long long)seed, (long long)i,
                             (long long)j, found, wanted);
            }
        }
    }
    return (uint64_t)(space.queries * space.keys);
}

/* Is there a pair where an argument, or a condition, has no value? */
static bool has_fault(test_sets *t, weft_id set) {
    weft_space space = weft_space_of(t->environment.lq, t->environment.lk);
    bool fault = false, fault_of_pair = false;
    for (int64_t i = space.first; i < space.keys && !fault && !fault_of_pair; i++) {
        for (int64_t j = 0; j < space.keys && !fault; j++) {
            define_at at = {t, space.queries, space.keys, i, j, &fault_of_pair, space.first};
            define_set(&at, set, &fault);
        }
    }
    return fault || fault_of_pair;
}

START_TEST(sets_keep_their_meaning) {
    uint64_t first = 20240101, pairs = 0;
    int cases = 6000, errors = 0, unexplained = 0; /* faults of constants that no pair reaches */
    static test_sets t;
    for (int n = 0; n < cases; n++) {
        sets_begin(&t, first + (uint64_t)n);
        random_environment(&t, n % 10 ? 20 : 70);
        weft_id set = random_set(&t, 3);
        t.environment.keep_places = n % 3 == 0;
        weft_bound bound;
        ck_assert(weft_bound_init(&bound, &t.allocator));
        bool reported;
        weft_id folded = fold(&t, set, &t.environment, &bound, &reported);
        if (folded) pairs += compare_pairs(&t, set, &bound, folded, first + (uint64_t)n);
        errors += reported;
        unexplained += reported && !has_fault(&t, set);
        weft_bound_free(&bound);
        sets_end(&t);
    }
    printf("fold: seeds %llu + %d, %llu pairs compared, %d sets refused, %d for what no pair reaches\n",
           (unsigned long long)first, cases, (unsigned long long)pairs, errors, unexplained);
    ck_assert_int_lt(errors, cases / 4);
    ck_assert_int_lt(unexplained, errors / 5);
}
END_TEST

/* Constants first, in the program's own DAG, then the rest: the same node, or the same error. */
START_TEST(folding_in_two_steps_is_folding) {
    static test_sets t;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        sets_begin(&t, seed);
        random_environment(&t, 15);
        weft_id set = random_set(&t, 3);
        weft_environment nothing = {0};
        weft_bound own = {.dag = t.program->dag}, bound;
        bool early, late, direct;
        weft_id halfway = fold(&t, set, &nothing, &own, &early);
        t.program->dag = own.dag;
        ck_assert(weft_bound_init(&bound, &t.allocator));
        weft_id folded = fold(&t, set, &t.environment, &bound, &direct);
        weft_id again = halfway ? fold(&t, halfway, &t.environment, &bound, &late) : 0;
        if (halfway) ck_assert_msg(again || late, "seed %llu", (unsigned long long)seed);
        if (folded && halfway) {
            ck_assert_msg(again != 0, "seed %llu: refused in two steps alone", (unsigned long long)seed);
            compare_pairs(&t, set, &bound, again, seed);
        }
        weft_bound_free(&bound);
        sets_end(&t);
    }
}
END_TEST

/* Scalars without i and j become constants, or faults, as the definition says. */
START_TEST(scalars_become_constants) {
    static test_sets t;
    int values = 0, faults = 0;
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        sets_begin(&t, seed);
        random_environment(&t, 40);
        weft_id scalar = seed % 3 == 0   ? random_float(&t, 3, false)
                         : seed % 3 == 1 ? random_int(&t, 3, false)
                                         : random_bool(&t, 3, false);
        weft_bound bound;
        ck_assert(weft_bound_init(&bound, &t.allocator));
        bool reported;
        weft_id folded = fold(&t, scalar, &t.environment, &bound, &reported);
        define_at at = {&t, t.environment.lq, t.environment.lk, 0, 0, NULL, 0};
        weft_value wanted;
        bool fine = define_scalar(&at, scalar, &wanted);
        ck_assert_msg(fine == !reported, "seed %llu: %d", (unsigned long long)seed, fine);
        if (fine) {
            const weft_node *node = weft_node_at(&bound.dag, folded);
            bool real = node->type == WEFT_TYPE_FLOAT;
            bool same = real ? node->value.real == wanted.real || (isnan(node->value.real) && isnan(wanted.real))
                             : node->value.integer == wanted.integer;
            ck_assert_msg(same && node->arity == 0, "seed %llu", (unsigned long long)seed);
        }
        values += fine;
        faults += !fine;
        weft_bound_free(&bound);
        sets_end(&t);
    }
    printf("fold: %d constants, %d faults\n", values, faults);
    ck_assert_int_gt(values, 5000);
    ck_assert_int_gt(faults, 500);
}
END_TEST

/* Scalars over pairs: the evaluator on the folded form against the definition on the symbolic one. */
START_TEST(conditions_keep_their_meaning) {
    static test_sets t;
    for (uint64_t seed = 1; seed <= 10000; seed++) {
        sets_begin(&t, seed);
        random_environment(&t, 40);
        weft_id scalar = seed % 2 ? random_bool(&t, 4, true) : random_int(&t, 4, true);
        weft_bound bound;
        ck_assert(weft_bound_init(&bound, &t.allocator));
        bool reported;
        weft_id folded = fold(&t, scalar, &t.environment, &bound, &reported);
        for (int k = 0; k < 50 && folded; k++) {
            define_at at = {&t, t.environment.lq, t.environment.lk, pick(&t, -20, 40), pick(&t, 0, 40), NULL, 0};
            weft_value wanted = {0}, found = {0};
            bool fine = define_scalar(&at, scalar, &wanted);
            weft_fault fault = weft_evaluate(&bound, folded, at.i, at.j, &found);
            if (fine != (fault == WEFT_FAULT_NONE) || (fine && wanted.integer != found.integer)) {
                ck_abort_msg("seed %llu: pair (%lld, %lld)", (unsigned long long)seed, (long long)at.i,
                             (long long)at.j);
            }
        }
        weft_bound_free(&bound);
        sets_end(&t);
    }
}
END_TEST

/* Every allocation may fail: nothing leaks, nothing crashes, and the diagnostics say that it was memory. */
START_TEST(memory_may_fail) {
    static test_sets t;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        sets_begin(&t, seed);
        random_environment(&t, 15);
        weft_id set = random_set(&t, 3);
        for (size_t nth = 1;; nth++) {
            test_memory memory = {.fail_at = nth};
            weft_allocator allocator = test_allocator(&memory);
            weft_diagnostics diagnostics;
            weft_diagnostics_init(&diagnostics, &allocator, NULL);
            weft_bound bound;
            if (weft_bound_init(&bound, &allocator)) {
                weft_id folded = weft_fold(t.program, set, &t.environment, &bound, &diagnostics);
                ck_assert(folded || diagnostics.errors || diagnostics.out_of_memory);
                weft_bound_free(&bound);
            }
            weft_diagnostics_free(&diagnostics);
            ck_assert_uint_eq(memory.live, 0);
            if (memory.calls < nth) break;
        }
        sets_end(&t);
    }
}
END_TEST

TEST_MAIN("set/fold_random", sets_keep_their_meaning, folding_in_two_steps_is_folding, scalars_become_constants,
          conditions_keep_their_meaning, memory_may_fail)
