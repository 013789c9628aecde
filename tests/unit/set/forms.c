/* Conditions as simpler sets, against the conditions themselves, pair by pair: random parts of every kind, faults and
 * negative positions among them. And the forms that single parts take. */
#include <stdio.h>

#include "set/forms.h"
#include "support/random.h"
#include "support/suite.h"

typedef struct fixture {
    weft_allocator allocator;
    weft_bound bound;
    test_random random;
} fixture;

static int64_t pick(fixture *f, int64_t low, int64_t high) { return test_range(&f->random, low, high); }
static weft_id number(fixture *f, int64_t value) { return weft_make_int(&f->bound.dag, value, WEFT_NO_SPAN); }
static weft_id variable(fixture *f, weft_op op) {
    return weft_make(&f->bound.dag, op, WEFT_TYPE_INT, (weft_value){0}, NULL, 0, WEFT_NO_SPAN);
}
static weft_id apply(fixture *f, weft_op op, weft_type type, weft_id a, weft_id b) {
    weft_id both[2] = {a, b};
    return weft_make(&f->bound.dag, op, type, (weft_value){0}, both, 2, WEFT_NO_SPAN);
}
static weft_id where(fixture *f, weft_id condition) {
    return weft_make_set(&f->bound.dag, WEFT_ATOM_WHERE, WEFT_NO_SPAN, 1, condition);
}

static void begin(fixture *f, uint64_t seed) {
    f->allocator = weft_allocator_of(NULL);
    f->random.state = seed;
    ck_assert(weft_bound_init(&f->bound, &f->allocator));
}

/* ---- random conditions ------------------------------------------------------------------------------------------- */

/* A chain of operations on one value, which its seed decides: of i and of j it is the same function. */
static weft_id function_of(fixture *f, weft_id x, uint64_t seed) {
    static const weft_op ops[] = {WEFT_OP_FLOORDIV, WEFT_OP_MOD, WEFT_OP_FLOORDIV, WEFT_OP_MOD, WEFT_OP_ADD,
                                  WEFT_OP_MUL,      WEFT_OP_MIN, WEFT_OP_MAX,      WEFT_OP_SUB};
    test_random random = {seed};
    for (int64_t n = test_range(&random, 1, 3); n > 0; n--) {
        weft_op op = ops[test_range(&random, 0, 8)];
        int64_t by = test_range(&random, 0, 30) ? test_range(&random, 1, 40) : -test_range(&random, 0, 7);
        x = apply(f, op, WEFT_TYPE_INT, x, number(f, by));
    }
    if (test_range(&random, 0, 7)) return x;
    weft_id zero = weft_make_int(&f->bound.dag, test_range(&random, 0, 60), WEFT_NO_SPAN); /* a fault at one position */
    return apply(f, WEFT_OP_FLOORDIV, WEFT_TYPE_INT, x, apply(f, WEFT_OP_SUB, WEFT_TYPE_INT, x, zero));
}

static weft_id comparison(fixture *f, weft_id x) {
    weft_id left = function_of(f, x, test_bits(&f->random));
    return apply(f, pick(f, 0, 1) ? WEFT_OP_LE : WEFT_OP_EQ, WEFT_TYPE_BOOL, left, number(f, pick(f, -3, 20)));
}

static weft_id random_part(fixture *f) {
    weft_id i = variable(f, WEFT_OP_VAR_I), j = variable(f, WEFT_OP_VAR_J);
    uint64_t seed = test_bits(&f->random), other = pick(f, 0, 5) ? seed : test_bits(&f->random);
    weft_id of_row = function_of(f, i, seed), of_key = function_of(f, j, other);
    switch (pick(f, 0, 7)) {
    case 0: return comparison(f, i);
    case 1: return comparison(f, j);
    case 2: return comparison(f, apply(f, WEFT_OP_SUB, WEFT_TYPE_INT, i, j));
    case 3: return comparison(f, apply(f, WEFT_OP_ADD, WEFT_TYPE_INT, i, j));
    case 4:
    case 5: return apply(f, WEFT_OP_EQ, WEFT_TYPE_BOOL, of_row, of_key);
    case 6: return apply(f, WEFT_OP_EQ, WEFT_TYPE_BOOL, of_key, of_row);
    default: return apply(f, WEFT_OP_LE, WEFT_TYPE_BOOL, of_row, of_key);
    }
}

static weft_id random_condition(fixture *f) {
    weft_id condition = random_part(f);
    for (int64_t n = pick(f, 0, 3); n > 0; n--) {
        weft_id part = random_part(f);
        bool first = pick(f, 0, 1);
        condition = apply(f, pick(f, 0, 9) ? WEFT_OP_AND : WEFT_OP_OR, WEFT_TYPE_BOOL, first ? part : condition,
                          first ? condition : part);
    }
    return condition;
}

/* ---- the same pairs ---------------------------------------------------------------------------------------------- */

typedef struct tally {
    long changed, pairs, held;
} tally;

static void check_pairs(const fixture *f, weft_id condition, weft_id set, weft_space space, uint64_t seed, tally *sum) {
    for (int64_t i = space.first; i < space.keys; i++) {
        for (int64_t j = 0; j < space.keys; j++) {
            weft_value value;
            bool holds = weft_evaluate(&f->bound, condition, i, j, &value) == WEFT_FAULT_NONE && value.integer;
            if (weft_contains(&f->bound, set, space, i, j) != holds)
                ck_abort_msg("seed %llu: pair (%lld, %lld): %d", (unsigned long long)seed, (long long)i, (long long)j,
                             holds);
            sum->pairs++;
            sum->held += holds;
        }
    }
}

START_TEST(forms_hold_the_same_pairs) {
    tally sum = {0};
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        fixture f;
        begin(&f, seed);
        int64_t keys = seed % 20 ? pick(&f, 1, 40) : pick(&f, 60, 260);
        int64_t queries = pick(&f, 0, 2) ? pick(&f, 1, keys) : pick(&f, keys, keys + 40);
        weft_space space = weft_space_of(queries, keys);
        weft_id condition = random_condition(&f), set = weft_simpler_where(&f.bound, where(&f, condition), space);
        ck_assert(set != 0);
        sum.changed += set != where(&f, condition);
        ck_assert_uint_eq(weft_simpler_where(&f.bound, where(&f, condition), space), set);
        check_pairs(&f, condition, set, space, seed, &sum);
        weft_bound_free(&f.bound);
    }
    printf("forms: %ld conditions changed, %ld of %ld pairs\n", sum.changed, sum.held, sum.pairs);
    ck_assert_int_gt(sum.changed, 2000);
    ck_assert_int_gt(sum.held, 100000);
    ck_assert_int_gt(sum.pairs - sum.held, 100000);
}
END_TEST

/* ---- the forms --------------------------------------------------------------------------------------------------- */

static weft_op form_of(fixture *f, weft_id condition, weft_space space) {
    weft_id set = weft_simpler_where(&f->bound, where(f, condition), space);
    ck_assert(set != 0);
    return (weft_op)weft_node_at(&f->bound.dag, set)->op;
}

/* i // 7 == j // 7 is classes, in runs of 7; where there are negative positions it stays a condition. */
START_TEST(what_agrees_is_the_same) {
    fixture f;
    begin(&f, 1);
    weft_id left = apply(&f, WEFT_OP_FLOORDIV, WEFT_TYPE_INT, variable(&f, WEFT_OP_VAR_I), number(&f, 7));
    weft_id right = apply(&f, WEFT_OP_FLOORDIV, WEFT_TYPE_INT, variable(&f, WEFT_OP_VAR_J), number(&f, 7));
    weft_id condition = apply(&f, WEFT_OP_EQ, WEFT_TYPE_BOOL, left, right);
    ck_assert_int_eq(form_of(&f, condition, weft_space_of(1000, 1000)), WEFT_ATOM_SAME);
    ck_assert_int_eq(form_of(&f, condition, weft_space_of(10, 1000)), WEFT_ATOM_SAME);
    ck_assert_int_eq(form_of(&f, condition, weft_space_of(1001, 1000)), WEFT_ATOM_WHERE);
    weft_scratch scratch;
    weft_spans spans;
    ck_assert(weft_scratch_init(&scratch, &f.bound));
    weft_space space = weft_space_of(1000, 1000);
    weft_id set = weft_simpler_where(&f.bound, where(&f, condition), space);
    ck_assert(weft_spans_of(&scratch, set, space, 72, 76, &spans));
    ck_assert(spans.full.count == 1 && spans.full.at[0].lo == 70 && spans.full.at[0].hi == 77);
    ck_assert_uint_eq(scratch.span_calls, 1);
    ck_assert_uint_eq(scratch.contains_calls, 0);
    weft_scratch_free(&scratch);
    weft_bound_free(&f.bound);
}
END_TEST

START_TEST(parts_are_lists_and_bands) {
    fixture f;
    begin(&f, 1);
    weft_space space = weft_space_of(1000, 1000);
    weft_id i = variable(&f, WEFT_OP_VAR_I), j = variable(&f, WEFT_OP_VAR_J);
    weft_id early = apply(&f, WEFT_OP_LT, WEFT_TYPE_BOOL, i, number(&f, 50));
    weft_id fourth =
        apply(&f, WEFT_OP_EQ, WEFT_TYPE_BOOL, apply(&f, WEFT_OP_MOD, WEFT_TYPE_INT, j, number(&f, 4)), number(&f, 1));
    weft_id near = apply(&f, WEFT_OP_LE, WEFT_TYPE_BOOL, apply(&f, WEFT_OP_SUB, WEFT_TYPE_INT, i, j), number(&f, 9));
    weft_id never = apply(&f, WEFT_OP_LT, WEFT_TYPE_BOOL, j, number(&f, 0));
    weft_id always = apply(&f, WEFT_OP_LE, WEFT_TYPE_BOOL, number(&f, 0), i);
    ck_assert_int_eq(form_of(&f, early, space), WEFT_ATOM_ROWS);
    ck_assert_int_eq(form_of(&f, fourth, space), WEFT_ATOM_COLS);
    ck_assert_int_eq(form_of(&f, near, space), WEFT_ATOM_BAND);
    ck_assert_int_eq(form_of(&f, never, space), WEFT_ATOM_NONE);
    ck_assert_int_eq(form_of(&f, always, space), WEFT_ATOM_ALL);
    ck_assert_int_eq(form_of(&f, apply(&f, WEFT_OP_AND, WEFT_TYPE_BOOL, always, near), space), WEFT_ATOM_BAND);
    weft_id all = apply(&f, WEFT_OP_AND, WEFT_TYPE_BOOL, early, apply(&f, WEFT_OP_AND, WEFT_TYPE_BOOL, fourth, near));
    ck_assert_int_eq(form_of(&f, all, space), WEFT_OP_INTERSECTION);
    ck_assert_int_eq(form_of(&f, apply(&f, WEFT_OP_AND, WEFT_TYPE_BOOL, all, never), space), WEFT_ATOM_NONE);
    ck_assert_int_eq(form_of(&f, early, weft_space_of(1001, 1000)), WEFT_ATOM_WHERE);
    weft_bound_free(&f.bound);
}
END_TEST

TEST_MAIN("set/forms", forms_hold_the_same_pairs, what_agrees_is_the_same, parts_are_lists_and_bands)
