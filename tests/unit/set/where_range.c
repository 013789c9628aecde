/* Interval arithmetic against the evaluator: over random boxes, every value, NaN and fault that a pair gives is allowed
 * by what is said of the box. */
#include <math.h>
#include <stdio.h>

#include "random_sets.h"
#include "set/scalar.h"
#include "support/suite.h"

typedef struct seen {
    uint64_t pairs, boxes, decided;
} seen;

/* Modulo the step, in unsigned arithmetic: differences of ints need not be ints. */
static bool holds_int(weft_range range, int64_t value) {
    uint64_t step = range.step > 1 ? (uint64_t)range.step : 1;
    return range.lo.integer <= value && value <= range.hi.integer &&
           ((uint64_t)value - (uint64_t)range.lo.integer) % step == 0 &&
           ((uint64_t)range.hi.integer - (uint64_t)range.lo.integer) % step == 0;
}

static void check_pair(const weft_bound *bound, weft_id scalar, weft_range range, int64_t i, int64_t j, uint64_t seed) {
    weft_type type = (weft_type)weft_node_at(&bound->dag, scalar)->type;
    weft_value value;
    weft_fault fault = weft_evaluate(bound, scalar, i, j, &value);
    bool allowed = fault                                          ? range.fault
                   : !range.value                                 ? false
                   : type == WEFT_TYPE_FLOAT && isnan(value.real) ? range.nan
                   : type == WEFT_TYPE_FLOAT ? range.lo.real <= value.real && value.real <= range.hi.real
                                             : holds_int(range, value.integer);
    if (!allowed) ck_abort_msg("seed %llu: pair (%lld, %lld)", (unsigned long long)seed, (long long)i, (long long)j);
}

static void check_box(test_sets *t, const weft_bound *bound, weft_id scalar, uint64_t seed, seen *sum) {
    weft_box box;
    box.i0 = pick(t, -30, 60);
    box.j0 = pick(t, 0, 60);
    box.i1 = box.i0 + (chance(t, 40) ? 1 : pick(t, 1, 16));
    box.j1 = box.j0 + (chance(t, 20) ? 1 : pick(t, 1, 16));
    weft_range range = weft_range_of(bound, scalar, &box);
    ck_assert_msg(range.value || range.fault, "seed %llu", (unsigned long long)seed);
    bool constant = range.lo.integer == range.hi.integer && range.value != range.fault;
    for (int64_t i = box.i0; i < box.i1; i++) {
        for (int64_t j = box.j0; j < box.j1; j++) check_pair(bound, scalar, range, i, j, seed);
    }
    bool single = box.i1 - box.i0 == 1 && box.j1 - box.j0 == 1;
    sum->pairs += (uint64_t)((box.i1 - box.i0) * (box.j1 - box.j0));
    sum->boxes++;
    sum->decided += constant || !range.value;
    ck_assert_msg(!single || !range.on_keys, "seed %llu: one pair, yet more to tell", (unsigned long long)seed);
}

START_TEST(boxes_allow_what_pairs_give) {
    static test_sets t;
    seen sum = {0};
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        sets_begin(&t, seed);
        random_environment(&t, 60);
        weft_id scalar = seed % 3 == 0   ? random_int(&t, 4, true)
                         : seed % 3 == 1 ? random_bool(&t, 4, true)
                                         : random_float(&t, 4, true);
        weft_bound bound;
        ck_assert(weft_bound_init(&bound, &t.allocator));
        weft_diagnostics diagnostics;
        weft_diagnostics_init(&diagnostics, &t.allocator, NULL);
        weft_id folded = weft_fold(t.program, scalar, &t.environment, &bound, &diagnostics);
        for (int k = 0; k < 10 && folded; k++) check_box(&t, &bound, folded, seed, &sum);
        weft_diagnostics_free(&diagnostics);
        weft_bound_free(&bound);
        sets_end(&t);
    }
    printf("where: %llu pairs in %llu boxes, %llu of them decided\n", (unsigned long long)sum.pairs,
           (unsigned long long)sum.boxes, (unsigned long long)sum.decided);
    ck_assert_uint_gt(sum.decided * 4, sum.boxes);
}
END_TEST

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static weft_dag *dag;

static weft_id number(int64_t value) { return weft_make_int(dag, value, WEFT_NO_SPAN); }
static weft_id apply(weft_op op, weft_type type, weft_id a, weft_id b) {
    weft_id both[2] = {a, b};
    return weft_make(dag, op, type, (weft_value){0}, both, 2, WEFT_NO_SPAN);
}
static weft_id variable(weft_op op) {
    return weft_make(dag, op, WEFT_TYPE_INT, (weft_value){0}, NULL, 0, WEFT_NO_SPAN);
}
static weft_id int_of(weft_op op, weft_id a, int64_t b) { return apply(op, WEFT_TYPE_INT, a, number(b)); }

/* What is known of a residue class: 12 * i + 5 is odd, 1 modulo 4, and so on, over all of i at once. */
START_TEST(steps_decide_remainders) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_bound bound;
    ck_assert(weft_bound_init(&bound, &allocator));
    dag = &bound.dag;
    weft_box box = {-50, 5000, 0, 5000};
    weft_id x = int_of(WEFT_OP_ADD, int_of(WEFT_OP_MUL, variable(WEFT_OP_VAR_I), 12), 5);
    weft_id y = int_of(WEFT_OP_MUL, variable(WEFT_OP_VAR_J), 6);
    const struct {
        weft_id scalar;
        int64_t lo, hi, step;
    } cases[] = {
        {int_of(WEFT_OP_MOD, x, 4), 1, 1, 0},
        {int_of(WEFT_OP_MOD, x, 8), 1, 5, 4},
        {int_of(WEFT_OP_MOD, int_of(WEFT_OP_MOD, x, 4096), 2), 1, 1, 0},
        {int_of(WEFT_OP_MOD, int_of(WEFT_OP_FLOORDIV, x, 3), 4), 1, 1, 0},
        {int_of(WEFT_OP_MOD, apply(WEFT_OP_SUB, WEFT_TYPE_INT, y, x), 6), 1, 1, 0},
        {int_of(WEFT_OP_MOD, int_of(WEFT_OP_MUL, x, -2), 24), 14, 14, 0},
        {apply(WEFT_OP_EQ, WEFT_TYPE_BOOL, x, y), 0, 0, 0},
        {apply(WEFT_OP_NE, WEFT_TYPE_BOOL, x, y), 1, 1, 0},
        {int_of(WEFT_OP_MOD, int_of(WEFT_OP_FLOORDIV, x, 5), 2), 0, 1, 1},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        weft_range range = weft_range_of(&bound, cases[k].scalar, &box);
        ck_assert_msg(range.value && !range.fault && range.lo.integer == cases[k].lo &&
                          range.hi.integer == cases[k].hi &&
                          (range.lo.integer == range.hi.integer || range.step == cases[k].step),
                      "case %zu: %lld … %lld by %lld", k, (long long)range.lo.integer, (long long)range.hi.integer,
                      (long long)range.step);
    }
    weft_bound_free(&bound);
}
END_TEST

TEST_MAIN("set/where_range", boxes_allow_what_pairs_give, steps_decide_remainders)
