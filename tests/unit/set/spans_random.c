/* Spans against the oracle: for random sets and row tiles, `full` holds only keys that every row has, `may` every key
 * that some row has, and both are exact for one row. */
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

static void check_form(weft_intervals list, int64_t keys, uint64_t seed) {
    for (uint32_t k = 0; k < list.count; k++) {
        bool sound = list.at[k].lo < list.at[k].hi && (k == 0 ? list.at[k].lo >= 0 : list.at[k - 1].hi < list.at[k].lo);
        ck_assert_msg(sound && list.at[k].hi <= keys, "seed %llu: [%lld, %lld)", (unsigned long long)seed,
                      (long long)list.at[k].lo, (long long)list.at[k].hi);
    }
}

typedef struct tally {
    uint64_t rows, pairs, may, some, full, every;
} tally;

static void check_tile(const weft_bound *bound, weft_id set, weft_space space, int64_t i0, int64_t i1, weft_spans spans,
                       uint64_t seed, tally *sum) {
    check_form(spans.full, space.keys, seed);
    check_form(spans.may, space.keys, seed);
    for (int64_t j = 0; j < space.keys; j++) {
        bool some = false, every = true;
        for (int64_t i = i0; i < i1; i++) {
            bool in = weft_contains(bound, set, space, i, j);
            some = some || in;
            every = every && in;
        }
        bool full = weft_intervals_contain(spans.full, j), may = weft_intervals_contain(spans.may, j);
        bool exact = i1 - i0 > 1 || (full == every && may == some);
        if ((full && !every) || (some && !may) || (full && !may) || !exact) {
            ck_abort_msg("seed %llu: rows [%lld, %lld), key %lld: full %d, every %d, some %d, may %d",
                         (unsigned long long)seed, (long long)i0, (long long)i1, (long long)j, full, every, some, may);
        }
        sum->may += may, sum->some += some, sum->full += full, sum->every += every;
        sum->pairs += (uint64_t)(i1 - i0);
    }
}

/* What is asked about some keys alone is right for those, whatever was asked before. */
static void check_window(test_sets *t, weft_scratch *scratch, weft_id set, weft_space space, int64_t i0, int64_t i1,
                         uint64_t seed) {
    weft_spans part, again;
    weft_interval keys = {pick(t, 0, space.keys), 0};
    keys.hi = pick(t, keys.lo, space.keys);
    weft_scratch_reset(scratch);
    ck_assert(weft_spans_within(scratch, set, space, i0, i1, keys, &part));
    check_form(part.full, space.keys, seed);
    check_form(part.may, space.keys, seed);
    for (int64_t j = keys.lo; j < keys.hi; j++) {
        bool some = false, every = true;
        for (int64_t i = i0; i < i1; i++) {
            bool in = weft_contains(scratch->bound, set, space, i, j);
            some = some || in;
            every = every && in;
        }
        bool full = weft_intervals_contain(part.full, j), may = weft_intervals_contain(part.may, j);
        if ((full && !every) || (some && !may) || (i1 - i0 == 1 && (full != every || may != some)))
            ck_abort_msg("seed %llu: rows [%lld, %lld), key %lld of [%lld, %lld): full %d, may %d",
                         (unsigned long long)seed, (long long)i0, (long long)i1, (long long)j, (long long)keys.lo,
                         (long long)keys.hi, full, may);
    }
    tally all = {0};
    ck_assert(weft_spans_of(scratch, set, space, i0, i1, &again));
    check_tile(scratch->bound, set, space, i0, i1, again, seed, &all);
}

static void check_set(test_sets *t, const weft_bound *bound, weft_id set, uint64_t seed, tally *tiles, tally *rows) {
    weft_space space = weft_space_of(t->environment.lq, t->environment.lk);
    weft_scratch scratch;
    ck_assert(weft_scratch_init(&scratch, bound));
    int64_t height = chance(t, 50) ? 16 : chance(t, 50) ? 64 : pick(t, 2, 300);
    for (int64_t i0 = space.first; i0 < space.keys; i0 += height) {
        int64_t i1 = i0 + height < space.keys ? i0 + height : space.keys;
        weft_spans spans;
        weft_scratch_reset(&scratch);
        ck_assert(weft_spans_of(&scratch, set, space, i0, i1, &spans));
        check_tile(bound, set, space, i0, i1, spans, seed, i1 - i0 > 1 ? tiles : rows);
        int64_t row = pick(t, i0, i1 - 1); /* without a reset: what was seen must not be taken for this row's */
        ck_assert(weft_spans_of(&scratch, set, space, row, row + 1, &spans));
        check_tile(bound, set, space, row, row + 1, spans, seed, rows);
        if (chance(t, 30)) check_window(t, &scratch, set, space, i0, i1, seed);
        if (chance(t, 30)) check_window(t, &scratch, set, space, row, row + 1, seed);
    }
    weft_scratch_free(&scratch);
}

static void sweep(uint64_t first, int cases, int64_t longest, int depth) {
    static test_sets t;
    tally tiles = {0}, rows = {0};
    for (int n = 0; n < cases; n++) {
        uint64_t seed = first + (uint64_t)n;
        sets_begin(&t, seed);
        random_environment(&t, longest);
        weft_id set = random_set(&t, depth);
        weft_bound bound;
        ck_assert(weft_bound_init(&bound, &t.allocator));
        weft_id folded = fold(&t, set, &bound);
        if (folded) check_set(&t, &bound, folded, seed, &tiles, &rows);
        weft_bound_free(&bound);
        sets_end(&t);
    }
    printf("spans: seeds %llu + %d, %llu pairs of tiles (may/some %.3f, full/every %.3f), %llu of rows\n",
           (unsigned long long)first, cases, (unsigned long long)tiles.pairs, (double)tiles.may / (double)tiles.some,
           (double)tiles.full / (double)tiles.every, (unsigned long long)rows.pairs);
    ck_assert_uint_gt(tiles.pairs, 0);
}

START_TEST(single_terms) { sweep(1000000, 3000, 100, 0); }
END_TEST
START_TEST(small_sets) { sweep(2000000, 3000, 100, 2); }
END_TEST
START_TEST(nested_sets) { sweep(3000000, 1500, 100, 4); }
END_TEST
START_TEST(longer_rows) { sweep(4000000, 150, MOST_KEYS, 3); }
END_TEST

START_TEST(memory_may_fail) {
    static test_sets t;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        sets_begin(&t, seed);
        random_environment(&t, 100);
        weft_id set = random_set(&t, 3);
        test_memory memory = {0};
        weft_allocator allocator = test_allocator(&memory);
        weft_bound bound;
        ck_assert(weft_bound_init(&bound, &allocator));
        weft_id folded = fold(&t, set, &bound);
        size_t live = memory.live;
        for (size_t nth = 1; folded; nth++) {
            memory.calls = 0;
            memory.fail_at = nth;
            weft_scratch scratch;
            weft_spans spans;
            weft_space space = weft_space_of(t.environment.lq, t.environment.lk);
            if (weft_scratch_init(&scratch, &bound)) {
                bool done = weft_spans_of(&scratch, folded, space, space.first, space.keys, &spans);
                ck_assert(done == (memory.calls < nth));
                weft_scratch_free(&scratch);
            }
            ck_assert_uint_eq(memory.live, live);
            if (memory.calls < nth) break;
        }
        weft_bound_free(&bound);
        ck_assert_uint_eq(memory.live, 0);
        sets_end(&t);
    }
}
END_TEST

TEST_MAIN("set/spans_random", single_terms, small_sets, nested_sets, longer_rows, memory_may_fail)
