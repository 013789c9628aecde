/* What spans of particular sets must be: shapes that a plan relies on, extreme arguments, and the price of Longformer.
 */
#include <stdio.h>
#include <time.h>

#include "set/set.h"
#include "support/failing.h"
#include "support/suite.h"

static test_memory memory;
static weft_allocator allocator;
static weft_bound bound;
static weft_scratch scratch;

static void begin(void) {
    memory = (test_memory){0};
    allocator = test_allocator(&memory);
    ck_assert(weft_bound_init(&bound, &allocator));
    ck_assert(weft_scratch_init(&scratch, &bound));
}

static void end(void) {
    weft_scratch_free(&scratch);
    weft_bound_free(&bound);
    ck_assert_uint_eq(memory.live, 0);
}

static weft_id integer(int64_t value) { return weft_make_int(&bound.dag, value, WEFT_NO_SPAN); }
static weft_id band(int64_t lo, int64_t hi, int64_t step) {
    return weft_make_set(&bound.dag, WEFT_ATOM_BAND, WEFT_NO_SPAN, 3, integer(lo), integer(hi), integer(step));
}
static weft_id listed(weft_op op, int64_t lo, int64_t hi) {
    weft_interval one = {lo, hi};
    weft_id list = weft_make_intervals(&bound.dag, (weft_intervals){&one, 1}, WEFT_NO_SPAN);
    return weft_make_set(&bound.dag, op, WEFT_NO_SPAN, 1, list);
}

static weft_spans spans_of(weft_id set, int64_t queries, int64_t keys, int64_t i0, int64_t i1) {
    weft_spans spans;
    weft_scratch_reset(&scratch);
    ck_assert(weft_spans_of(&scratch, set, weft_space_of(queries, keys), i0, i1, &spans));
    return spans;
}

static void expect(weft_intervals list, uint32_t count, const int64_t *ends) {
    ck_assert_uint_eq(list.count, count);
    for (uint32_t k = 0; k < count; k++) {
        ck_assert_int_eq(list.at[k].lo, ends[2 * k]);
        ck_assert_int_eq(list.at[k].hi, ends[2 * k + 1]);
    }
}
#define EXPECT(list, ...)                                                                                              \
    expect(list, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t) / 2, (const int64_t[]){__VA_ARGS__})

START_TEST(a_band_over_a_row_tile) {
    begin();
    weft_spans spans = spans_of(band(-256, 256, 1), 10000, 10000, 640, 704);
    EXPECT(spans.may, 640 - 256, 703 + 256 + 1);
    EXPECT(spans.full, 703 - 256, 640 + 256 + 1);
    spans = spans_of(band(-10, 10, 1), 10000, 10000, 640, 704);
    EXPECT(spans.may, 630, 714);
    ck_assert_uint_eq(spans.full.count, 0);
    end();
}
END_TEST

START_TEST(bands_without_ends) {
    begin();
    int64_t most = INT64_MAX, least = INT64_MIN;
    weft_spans spans = spans_of(band(least, most, 1), 300, 100, -200, -136);
    EXPECT(spans.may, 0, 100);
    EXPECT(spans.full, 0, 100);
    spans = spans_of(band(most - 1, most, 1), 100, 100, 0, 64);
    ck_assert_uint_eq(spans.may.count, 0);
    spans = spans_of(band(least, least, 1), 100, 100, 0, 64);
    ck_assert_uint_eq(spans.may.count, 0);
    spans = spans_of(band(least, most, most), 100, 100, 0, 64); /* the diagonal alone */
    EXPECT(spans.may, 0, 64);
    ck_assert_uint_eq(spans.full.count, 0);
    spans = spans_of(band(least, most, most), 100, 100, 7, 8);
    EXPECT(spans.full, 7, 8);
    weft_id past = weft_make_set(&bound.dag, WEFT_ATOM_PAST, WEFT_NO_SPAN, 1, integer(most));
    EXPECT(spans_of(past, 100, 100, 64, 100).full, 0, 65);
    past = weft_make_set(&bound.dag, WEFT_ATOM_PAST, WEFT_NO_SPAN, 1, integer(least));
    ck_assert_uint_eq(spans_of(past, 100, 100, 64, 100).may.count, 0);
    weft_id window = weft_make_set(&bound.dag, WEFT_ATOM_WINDOW, WEFT_NO_SPAN, 2, integer(least), integer(least));
    ck_assert_uint_eq(spans_of(window, 100, 100, 64, 100).may.count, 0);
    end();
}
END_TEST

START_TEST(a_wide_step_leaves_gaps) {
    begin();
    weft_spans spans = spans_of(band(-1000, 1000, 500), 4096, 4096, 2048, 2112);
    EXPECT(spans.may, 1048, 1112, 1548, 1612, 2048, 2112, 2548, 2612, 3048, 3112);
    ck_assert_uint_eq(spans.full.count, 0);
    end();
}
END_TEST

START_TEST(sizes_beyond_everything) {
    begin();
    int64_t most = INT64_MAX;
    weft_id chunk = weft_make_set(&bound.dag, WEFT_ATOM_CHUNK, WEFT_NO_SPAN, 2, integer(most), integer(most));
    EXPECT(spans_of(chunk, 100, 100, 0, 64).full, 0, 100);
    EXPECT(spans_of(chunk, 164, 100, -64, 64).may, 0, 100);
    ck_assert_uint_eq(spans_of(chunk, 164, 100, -64, 64).full.count, 0);
    weft_id causal = weft_make_set(&bound.dag, WEFT_ATOM_CAUSAL, WEFT_NO_SPAN, 0);
    weft_id blocks = weft_make_set(&bound.dag, WEFT_OP_BLOCKS, WEFT_NO_SPAN, 2, integer(most), causal);
    EXPECT(spans_of(blocks, 100, 100, 0, 64).full, 0, 100);
    ck_assert_uint_eq(spans_of(blocks, 164, 100, -64, 0).may.count, 0);
    end();
}
END_TEST

/* (j - i) * (j - i) < 400, never decided by one box, costs boxes along the diagonal only. */
START_TEST(a_condition_costs_its_boundary) {
    begin();
    weft_dag *dag = &bound.dag;
    weft_value none = {0};
    weft_id i = weft_make(dag, WEFT_OP_VAR_I, WEFT_TYPE_INT, none, NULL, 0, WEFT_NO_SPAN);
    weft_id j = weft_make(dag, WEFT_OP_VAR_J, WEFT_TYPE_INT, none, NULL, 0, WEFT_NO_SPAN);
    weft_id delta = weft_make(dag, WEFT_OP_SUB, WEFT_TYPE_INT, none, (weft_id[]){j, i}, 2, WEFT_NO_SPAN);
    weft_id square = weft_make(dag, WEFT_OP_MUL, WEFT_TYPE_INT, none, (weft_id[]){delta, delta}, 2, WEFT_NO_SPAN);
    weft_id near = weft_make(dag, WEFT_OP_LT, WEFT_TYPE_BOOL, none, (weft_id[]){square, integer(400)}, 2, WEFT_NO_SPAN);
    weft_id set = weft_make_set(dag, WEFT_ATOM_WHERE, WEFT_NO_SPAN, 1, near);
    EXPECT(spans_of(set, 1 << 20, 1 << 20, 6400, 6464).may, 6336, 6528);
    ck_assert_uint_lt(scratch.span_calls, 100);
    EXPECT(spans_of(set, 1 << 20, 1 << 20, 6400, 6401).full, 6381, 6420);
    /* What hangs on rows alone is not searched for along the keys. */
    weft_id odd = weft_make(dag, WEFT_OP_MOD, WEFT_TYPE_INT, none, (weft_id[]){i, integer(2)}, 2, WEFT_NO_SPAN);
    weft_id even = weft_make(dag, WEFT_OP_EQ, WEFT_TYPE_BOOL, none, (weft_id[]){odd, integer(0)}, 2, WEFT_NO_SPAN);
    set = weft_make_set(dag, WEFT_ATOM_WHERE, WEFT_NO_SPAN, 1, even);
    scratch.span_calls = 0;
    EXPECT(spans_of(set, 1 << 20, 1 << 20, 6400, 6464).may, 0, 1 << 20);
    ck_assert_uint_eq(scratch.span_calls, 2);
    end();
}
END_TEST

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Shared terms are worked out once, nothing is allocated once the scratch is warm, and the calls are counted. */
START_TEST(longformer_is_cheap) {
    begin();
    int64_t tokens = 1 << 20, tiles = tokens / 64;
    weft_id set = weft_make_set(&bound.dag, WEFT_OP_UNION, WEFT_NO_SPAN, 3, band(-256, 256, 1),
                                listed(WEFT_ATOM_ROWS, 0, 16), listed(WEFT_ATOM_COLS, 0, 16));
    set = weft_make_set(&bound.dag, WEFT_OP_UNION, WEFT_NO_SPAN, 2, set, set);
    spans_of(set, tokens, tokens, 0, 64);
    uint64_t warm = memory.calls, calls = scratch.span_calls, intervals = 0;
    weft_space space = weft_space_of(tokens, tokens);
    bool done = true;
    double start = seconds();
    for (int64_t tile = 0; tile < tiles; tile++) {
        weft_spans spans;
        weft_scratch_reset(&scratch);
        done = weft_spans_of(&scratch, set, space, tile * 64, tile * 64 + 64, &spans) && done;
        intervals += spans.may.count + spans.full.count;
    }
    double spent = seconds() - start;
    ck_assert(done);
    printf("spans: Longformer at 1048576 tokens: %.2f ms, %.0f ns a row tile\n", spent * 1e3,
           spent * 1e9 / (double)tiles);
    ck_assert_uint_eq(memory.calls, warm);
    ck_assert_uint_eq(scratch.span_calls - calls, 5 * (uint64_t)tiles);
    ck_assert_uint_gt(intervals, 3 * (uint64_t)tiles);
    end();
}
END_TEST

TEST_MAIN("set/spans", a_band_over_a_row_tile, bands_without_ends, a_wide_step_leaves_gaps, sizes_beyond_everything,
          a_condition_costs_its_boundary, longformer_is_cheap)
