/* Sets in class coordinates against the set itself: every pair of every class of random sets, and the forms that terms
 * take there. */
#include <stdio.h>

#include "random_sets.h"
#include "support/suite.h"

static weft_id fold(test_sets *t, weft_id set, weft_bound *bound) {
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, &t->allocator, NULL);
    weft_id folded = weft_fold(t->program, set, &t->environment, bound, &diagnostics);
    weft_diagnostics_free(&diagnostics);
    return folded;
}

typedef struct tally {
    long classes, refused, pairs;
} tally;

static bool check_class(weft_bound *bound, weft_id set, weft_space space, int64_t stride, int64_t residue,
                        uint64_t seed, tally *sum) {
    bool refused;
    weft_id picked = weft_stride_set(bound, set, space, stride, residue, &refused);
    ck_assert(refused == !picked);
    sum->classes++;
    sum->refused += refused;
    if (refused) return false;
    weft_space class = weft_space_class(space, stride, residue);
    for (int64_t a = class.first; a < class.keys; a++) {
        int64_t i = stride * a + residue;
        ck_assert(i >= space.first && i < space.keys);
        for (int64_t b = 0; b < class.keys; b++) {
            bool in = weft_contains(bound, set, space, i, stride * b + residue);
            if (weft_contains(bound, picked, class, a, b) != in)
                ck_abort_msg("seed %llu: stride %lld, class %lld, pair (%lld, %lld): %d", (unsigned long long)seed,
                             (long long)stride, (long long)residue, (long long)a, (long long)b, in);
            sum->pairs++;
        }
    }
    return true;
}

/* The classes have every position once. */
static void check_positions(weft_space space, int64_t stride) {
    int64_t rows = 0, keys = 0;
    for (int64_t residue = 0; residue < stride; residue++) {
        weft_space class = weft_space_class(space, stride, residue);
        ck_assert(class.queries >= 0 && class.keys >= 0 && class.queries == class.keys - class.first);
        rows += class.queries;
        keys += class.keys;
    }
    ck_assert(rows == space.queries && keys == space.keys);
}

static void sweep(uint64_t first, int cases, int depth, tally *sum) {
    static const int64_t strides[] = {1, 2, 3, 4, 5, 7, 16, 24, 64, 70, 1000};
    static test_sets t;
    for (int n = 0; n < cases; n++) {
        uint64_t seed = first + (uint64_t)n;
        sets_begin(&t, seed);
        random_environment(&t, 70);
        weft_id set = random_set(&t, depth);
        weft_bound bound;
        ck_assert(weft_bound_init(&bound, &t.allocator));
        weft_id folded = fold(&t, set, &bound);
        weft_space space = weft_space_of(t.environment.lq, t.environment.lk);
        int64_t stride = strides[pick(&t, 0, 10)];
        check_positions(space, stride);
        int64_t classes = 0, done = 0;
        for (int64_t residue = 0; folded && residue < stride; residue += stride > 100 ? 37 : 1, classes++)
            done += check_class(&bound, folded, space, stride, residue, seed, sum);
        ck_assert_msg(done == 0 || done == classes, "seed %llu: some are refused", (unsigned long long)seed);
        weft_bound_free(&bound);
        sets_end(&t);
    }
}

START_TEST(every_pair_of_every_class) {
    tally sum = {0};
    sweep(1, 3000, 0, &sum);
    sweep(10000, 1500, 2, &sum);
    sweep(20000, 500, 4, &sum);
    printf("classes: %ld (%ld refused), %ld pairs\n", sum.classes, sum.refused, sum.pairs);
    ck_assert_int_gt(sum.pairs, 1000000);
    ck_assert_int_lt(sum.refused, sum.classes / 5);
}
END_TEST

/* ---- the forms --------------------------------------------------------------------------------------------------- */

typedef struct fixture {
    weft_allocator allocator;
    weft_bound bound;
} fixture;

static void begin(fixture *f) {
    f->allocator = weft_allocator_of(NULL);
    ck_assert(weft_bound_init(&f->bound, &f->allocator));
}

static weft_id number(fixture *f, int64_t value) { return weft_make_int(&f->bound.dag, value, WEFT_NO_SPAN); }
static weft_id band(fixture *f, int64_t lo, int64_t hi, int64_t step) {
    return weft_make_set(&f->bound.dag, WEFT_ATOM_BAND, WEFT_NO_SPAN, 3, number(f, lo), number(f, hi), number(f, step));
}
static weft_id pair(fixture *f, weft_op op, int64_t a, weft_id b) {
    return weft_make_set(&f->bound.dag, op, WEFT_NO_SPAN, 2, number(f, a), b);
}
static weft_id in_class(fixture *f, weft_id set, int64_t stride, int64_t residue) {
    bool refused;
    weft_id picked = weft_stride_set(&f->bound, set, weft_space_of(1000, 1000), stride, residue, &refused);
    ck_assert(!refused && picked);
    return picked;
}

START_TEST(bands_shrink) {
    fixture f;
    begin(&f);
    ck_assert_uint_eq(in_class(&f, band(&f, -1024, 0, 16), 16, 3), band(&f, -64, 0, 1));
    ck_assert_uint_eq(in_class(&f, band(&f, -10, 10, 1), 4, 0), band(&f, -2, 2, 1));
    ck_assert_uint_eq(in_class(&f, band(&f, -48, 48, 24), 16, 5), band(&f, -3, 3, 3));
    ck_assert_uint_eq(in_class(&f, band(&f, INT64_MIN, 0, 8), 8, 1), band(&f, INT64_MIN, 0, 1));
    ck_assert_uint_eq(in_class(&f, band(&f, INT64_MIN, INT64_MAX, 8), 8, 1),
                      weft_make_set(&f.bound.dag, WEFT_ATOM_ALL, WEFT_NO_SPAN, 0));
    ck_assert_uint_eq(in_class(&f, band(&f, 1, 7, 1), 8, 1),
                      weft_make_set(&f.bound.dag, WEFT_ATOM_NONE, WEFT_NO_SPAN, 0));
    weft_id none = weft_make_set(&f.bound.dag, WEFT_ATOM_NONE, WEFT_NO_SPAN, 0);
    weft_id dilated = pair(&f, WEFT_ATOM_DILATED, 64, number(&f, 16));
    ck_assert_uint_eq(in_class(&f, dilated, 16, 0), band(&f, -64, 64, 1));
    ck_assert_uint_eq(in_class(&f, pair(&f, WEFT_ATOM_DILATED, -1, number(&f, 16)), 16, 0), none);
    ck_assert_uint_eq(in_class(&f, pair(&f, WEFT_ATOM_DILATED, INT64_MAX, number(&f, 3)), 3, 0),
                      band(&f, -INT64_MAX / 3, INT64_MAX, 1));
    weft_bound_free(&f.bound);
}
END_TEST

START_TEST(blocks_and_chunks_divide) {
    fixture f;
    begin(&f);
    weft_id window = band(&f, -1, 1, 1);
    ck_assert_uint_eq(in_class(&f, pair(&f, WEFT_OP_BLOCKS, 64, window), 16, 3), pair(&f, WEFT_OP_BLOCKS, 4, window));
    ck_assert_uint_eq(in_class(&f, pair(&f, WEFT_OP_BLOCKS, 16, window), 16, 3), window);
    ck_assert_uint_eq(in_class(&f, pair(&f, WEFT_OP_BLOCKS, 4, band(&f, -8, 8, 1)), 16, 3), band(&f, -2, 2, 1));
    ck_assert_uint_eq(in_class(&f, pair(&f, WEFT_ATOM_CHUNK, 64, number(&f, 2)), 16, 3),
                      pair(&f, WEFT_ATOM_CHUNK, 4, number(&f, 2)));
    ck_assert_uint_eq(in_class(&f, pair(&f, WEFT_ATOM_CHUNK, 8, number(&f, 5)), 16, 3), band(&f, -2, 0, 1));
    bool refused;
    ck_assert_uint_eq(
        weft_stride_set(&f.bound, pair(&f, WEFT_OP_BLOCKS, 24, window), weft_space_of(1000, 1000), 16, 3, &refused), 0);
    ck_assert(refused);
    weft_bound_free(&f.bound);
}
END_TEST

START_TEST(memory_may_fail) {
    static test_sets t;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        for (size_t nth = 1;; nth++) {
            sets_begin(&t, seed);
            random_environment(&t, 100);
            weft_id set = random_set(&t, 3);
            test_memory memory = {0};
            weft_allocator allocator = test_allocator(&memory);
            weft_bound bound;
            ck_assert(weft_bound_init(&bound, &allocator));
            weft_id folded = fold(&t, set, &bound);
            memory.calls = 0;
            memory.fail_at = nth;
            bool refused = false;
            weft_space space = weft_space_of(t.environment.lq, t.environment.lk);
            weft_id picked = folded ? weft_stride_set(&bound, folded, space, 4, 1, &refused) : 0;
            bool survived = memory.calls < nth;
            ck_assert(!folded || survived == (picked || refused));
            weft_bound_free(&bound);
            ck_assert_uint_eq(memory.live, 0);
            sets_end(&t);
            if (survived || !folded) break;
        }
    }
}
END_TEST

TEST_MAIN("set/stride", every_pair_of_every_class, bands_shrink, blocks_and_chunks_divide, memory_may_fail)
