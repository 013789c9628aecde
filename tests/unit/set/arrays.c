/* Arrays that atoms take whole: which lengths they must have and what is said when they do not, equal ones shared, rows
 * as lists, and what labels cost. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "define_atoms.h"
#include "set/set.h"
#include "support/failing.h"
#include "support/random.h"
#include "support/suite.h"

enum { LABELS, MASK, KEYS, PARAMETERS };
enum { MOST = 1 << 20 };

static test_memory memory;
static weft_allocator allocator;
static weft_program *program;
static weft_bound bound;
static weft_diagnostics diagnostics;
static weft_argument arguments[PARAMETERS];
static weft_environment environment;
static DLTensor tensors[PARAMETERS];
static int64_t shapes[PARAMETERS][4], strides[PARAMETERS][4];
static int32_t numbers[MOST];
static uint8_t bytes[1 << 16];

static void begin(int64_t lq, int64_t lk) {
    static const char *const names[PARAMETERS] = {"document", "cover", "picked"};
    static const weft_type types[PARAMETERS] = {WEFT_TYPE_LABELS, WEFT_TYPE_MASK, WEFT_TYPE_KEYS};
    memory = (test_memory){0};
    allocator = test_allocator(&memory);
    program = weft_program_create(&allocator, "p");
    weft_sources_add(&program->sources, "p.weft", "0123456789012345678901234567890123456789", 40);
    for (uint32_t k = 0; k < PARAMETERS; k++) {
        weft_span place = {1, 10 * k, 10 * k + 8};
        ck_assert_uint_eq(weft_program_add_parameter(program, names[k], types[k], 0, place), k);
    }
    weft_diagnostics_init(&diagnostics, &allocator, &program->sources);
    ck_assert(weft_bound_init(&bound, &allocator));
    memset(arguments, 0, sizeof arguments);
    environment = (weft_environment){
        .lengths_known = true, .head_known = true, .lq = lq, .lk = lk, .heads = 4, .arguments = arguments};
}

static void end(void) {
    weft_bound_free(&bound);
    weft_diagnostics_free(&diagnostics);
    weft_program_destroy(program);
    ck_assert_uint_eq(memory.live, 0);
}

/* Binds a compact array. */
static void give(int number, int ndim, int64_t a, int64_t b, int64_t c) {
    int64_t shape[] = {a, b, c};
    bool mask = number == MASK;
    memcpy(shapes[number], shape, sizeof shape);
    tensors[number] = (DLTensor){mask ? (void *)bytes : (void *)numbers,
                                 {kDLCPU, 0},
                                 ndim,
                                 mask ? (DLDataType){kDLUInt, 8, 1} : (DLDataType){kDLInt, 32, 1},
                                 shapes[number],
                                 NULL,
                                 0};
    arguments[number] = (weft_argument){.bound = true, .array = &tensors[number]};
}

static const weft_span place = {1, 30, 39};

static weft_id integer(int64_t value) { return weft_make_int(&program->dag, value, place); }

static weft_id atom_of(int number) {
    static const weft_op ops[] = {WEFT_ATOM_SAME, WEFT_ATOM_GIVEN, WEFT_ATOM_LISTED};
    static const weft_type types[] = {WEFT_TYPE_LABELS, WEFT_TYPE_MASK, WEFT_TYPE_KEYS};
    weft_value value = {.integer = number};
    weft_id array = weft_make(&program->dag, WEFT_OP_PARAM, types[number], value, NULL, 0, place);
    return weft_make_set(&program->dag, ops[number], place, 1, array);
}

static weft_id in_blocks(int64_t size, weft_id set) {
    return weft_make_set(&program->dag, WEFT_OP_BLOCKS, place, 2, integer(size), set);
}

static weft_id fold(weft_id set) {
    weft_diagnostics_clear(&diagnostics);
    weft_id folded = weft_fold(program, set, &environment, &bound, &diagnostics);
    ck_assert_int_eq(folded == 0, diagnostics.errors > 0);
    return folded;
}

/* ---- lengths ---------------------------------------------------------------------------------------------------- */

/* The first message and, in its note, the declaration; NULL: fine. */
static void expect(weft_id set, const char *message, const char *note) {
    weft_id folded = fold(set);
    ck_assert_int_eq(folded != 0, message == NULL);
    if (!message) return;
    const weft_report *report = &diagnostics.reports[0];
    ck_assert_str_eq(weft_code_name(report->code), "E0404");
    ck_assert_str_eq(report->message, message);
    ck_assert_uint_eq(report->span.begin, 30);
    ck_assert_str_eq(report->notes->message, note);
}

START_TEST(labels_have_one_for_each_key) {
    const char *note = "`document` is declared here as labels";
    begin(64, 100);
    give(LABELS, 1, 100, 0, 0);
    expect(atom_of(LABELS), NULL, NULL);
    expect(in_blocks(1, atom_of(LABELS)), NULL, NULL);
    expect(in_blocks(64, atom_of(LABELS)), "`document` needs 2 labels, one for each key block, and has 100", note);
    give(LABELS, 1, 99, 0, 0);
    expect(atom_of(LABELS), "`document` needs 100 labels, one for each key, and has 99", note);
    give(LABELS, 1, 2, 0, 0);
    expect(in_blocks(64, atom_of(LABELS)), NULL, NULL);
    expect(in_blocks(8, in_blocks(8, atom_of(LABELS))), NULL, NULL);
    expect(in_blocks(8, atom_of(LABELS)), "`document` needs 13 labels, one for each key block, and has 2", note);
    end();
}
END_TEST

START_TEST(masks_have_a_row_for_each_query) {
    const char *note = "`cover` is declared here as mask";
    begin(64, 100); /* query positions 36 … 99, in blocks 0 and 1 of 64 */
    give(MASK, 2, 64, 100, 0);
    expect(atom_of(MASK), NULL, NULL);
    expect(in_blocks(64, atom_of(MASK)), "`cover` needs 2 rows, one for each query block, and has 64", note);
    give(MASK, 2, 65, 100, 0);
    expect(atom_of(MASK), "`cover` needs 64 rows, one for each query, and has 65", note);
    give(MASK, 2, 64, 99, 0);
    expect(atom_of(MASK), "`cover` needs 100 columns, one for each key, and has 99", note);
    give(MASK, 3, 4, 2, 2);
    expect(in_blocks(64, atom_of(MASK)), NULL, NULL);
    give(MASK, 3, 4, 1, 2);
    expect(in_blocks(64, atom_of(MASK)), "`cover` needs 2 rows, one for each query block, and has 1", note);
    give(MASK, 3, 4, 2, 3);
    expect(in_blocks(64, atom_of(MASK)), "`cover` needs 2 columns, one for each key block, and has 3", note);
    environment.lq = 150; /* from -50 on: blocks -1, 0, 1 */
    give(MASK, 2, 3, 2, 0);
    expect(in_blocks(64, atom_of(MASK)), NULL, NULL);
    end();
}
END_TEST

START_TEST(keys_have_a_row_for_each_query) {
    begin(64, 100);
    give(KEYS, 2, 64, 3, 0);
    expect(atom_of(KEYS), NULL, NULL);
    give(KEYS, 2, 64, 0, 0); /* nothing chosen */
    expect(atom_of(KEYS), NULL, NULL);
    give(KEYS, 2, 100, 3, 0);
    expect(atom_of(KEYS), "`picked` needs 64 rows, one for each query, and has 100",
           "`picked` is declared here as keys");
    end();
}
END_TEST

START_TEST(keys_may_come_later) {
    begin(8, 10);
    ck_assert_uint_eq(fold(atom_of(KEYS)), 0);
    ck_assert_str_eq(weft_code_name(diagnostics.reports[0].code), "E0401");
    ck_assert_str_eq(diagnostics.reports[0].message, "`picked` has no value, and the pairs depend on it");
    environment.open_keys = true;
    weft_id open = fold(atom_of(KEYS));
    weft_scratch scratch;
    weft_spans spans;
    weft_space space = weft_space_of(8, 10);
    ck_assert(weft_scratch_init(&scratch, &bound));
    ck_assert(weft_spans_of(&scratch, open, space, 2, 10, &spans));
    ck_assert_uint_eq(spans.full.count, 0);
    ck_assert(spans.may.count == 1 && spans.may.at[0].lo == 0 && spans.may.at[0].hi == 10);
    ck_assert(!weft_contains(&bound, open, space, 2, 0));
    weft_scratch_free(&scratch);
    end();
}
END_TEST

START_TEST(neighborhoods_fit_their_sides) {
    begin(64, 64);
    int64_t v[][5] = {{8, 8, 3, 5, 2}, {8, 8, 5, 3, 2}, {8, 8, 9, 1, 1}, {8, 8, INT64_MAX, 1, 1}, {8, 9, 8, 9, 1}};
    const char *wanted[] = {"`kx` is 5 at a dilation of 2, more than fit in a `width` of 8",
                            "`ky` is 5 at a dilation of 2, more than fit in a `height` of 8",
                            "`ky` is 9 at a dilation of 1, more than fit in a `height` of 8",
                            "`ky` is 9223372036854775807 at a dilation of 1, more than fit in a `height` of 8", NULL};
    for (int n = 0; n < 5; n++) {
        weft_id set = weft_make_set(&program->dag, WEFT_ATOM_NEIGHBORHOOD2D, place, 5, integer(v[n][0]),
                                    integer(v[n][1]), integer(v[n][2]), integer(v[n][3]), integer(v[n][4]));
        ck_assert_int_eq(fold(set) != 0, wanted[n] == NULL);
        if (!wanted[n]) continue;
        ck_assert_str_eq(weft_code_name(diagnostics.reports[0].code), "E0405");
        ck_assert_str_eq(diagnostics.reports[0].message, wanted[n]);
    }
    end();
}
END_TEST

/* ---- sharing ----------------------------------------------------------------------------------------------------- */

START_TEST(equal_arrays_are_one) {
    begin(10, 10);
    give(LABELS, 2, 3, 10, 0);
    for (int k = 0; k < 30; k++) numbers[k] = k % 10 / 3 + (k / 10 == 1);
    weft_id of[3];
    for (int64_t batch = 0; batch < 3; batch++) {
        environment.batch = batch;
        of[batch] = fold(atom_of(LABELS));
    }
    ck_assert_uint_eq(of[0], of[2]);
    ck_assert_uint_ne(of[0], of[1]);
    environment.batch = 0;
    give(MASK, 3, 4, 10, 10);
    for (int k = 0; k < 400; k++) bytes[k] = (uint8_t)(k % 100 % 7 == 0 || (k / 100 == 2 && k % 100 == 97));
    weft_id heads[4];
    for (int64_t head = 0; head < 4; head++) {
        environment.head = head;
        heads[head] = fold(atom_of(MASK));
    }
    ck_assert(heads[0] == heads[1] && heads[0] == heads[3]);
    ck_assert_uint_ne(heads[0], heads[2]);
    strides[MASK][0] = 0; /* all heads in one place */
    strides[MASK][1] = 10;
    strides[MASK][2] = 1;
    tensors[MASK].strides = strides[MASK];
    environment.head = 2;
    ck_assert_uint_eq(fold(atom_of(MASK)), heads[0]);
    end();
}
END_TEST

/* Heads with one draw for all share it; with one each they do not. */
START_TEST(draws_are_shared_between_heads_on_demand) {
    begin(10, 10);
    weft_id all = weft_make_set(&program->dag, WEFT_ATOM_ALL, place, 0);
    for (int per_head = 0; per_head < 2; per_head++) {
        weft_id draw = weft_make_set(&program->dag, WEFT_ATOM_RANDOM, place, 4, integer(2), integer(0), all,
                                     weft_make_bool(&program->dag, per_head, place));
        environment.head = 0;
        weft_id first = fold(draw);
        environment.head = 1;
        ck_assert_int_eq(first == fold(draw), !per_head);
    }
    end();
}
END_TEST

/* ---- rows as lists ----------------------------------------------------------------------------------------------- */

/* weft_list_row gives what contains says, whatever was asked before. */
static void check_list(weft_id atom, test_random *random) {
    weft_space space = weft_space_of(environment.lq, environment.lk);
    weft_scratch scratch;
    ck_assert(weft_scratch_init(&scratch, &bound));
    for (int n = 0; n < 300; n++) {
        int64_t i = test_range(random, space.first, space.keys - 1), keys = 0;
        weft_intervals row;
        ck_assert(weft_list_row(&scratch, atom, space, i, &row));
        for (int64_t j = 0; j < space.keys; j++) {
            bool in = weft_contains(&bound, atom, space, i, j);
            ck_assert_int_eq(weft_intervals_contain(row, j), in);
            keys += in;
        }
        for (uint32_t k = 0; k < row.count; k++) keys -= row.at[k].hi - row.at[k].lo;
        ck_assert_int_eq(keys, 0);
        if (n % 50 == 0) weft_scratch_reset(&scratch);
    }
    weft_scratch_free(&scratch);
}

START_TEST(rows_are_lists) {
    test_random random = {17};
    begin(200, 130);
    give(KEYS, 3, 4, 200, 5);
    for (int k = 0; k < 4 * 200 * 5; k++) numbers[k] = (int32_t)test_range(&random, -20, 150);
    environment.head = 3;
    check_list(fold(atom_of(KEYS)), &random);
    weft_id causal = weft_make_set(&program->dag, WEFT_ATOM_CAUSAL, place, 0);
    int64_t counts[] = {3, 100, 5000};
    for (int n = 0; n < 3; n++) /* a few, most of what is there, all */
        check_list(fold(weft_make_set(&program->dag, WEFT_ATOM_RANDOM, place, 4, integer(counts[n]), integer(-1),
                                      causal, weft_make_bool(&program->dag, true, place))),
                   &random);
    end();
}
END_TEST

/* Rows of a draw from a pool of row i, against the definition; the pool becomes the row. */
static void check_draw(weft_scratch *scratch, weft_id draw, int64_t i, int64_t k, int64_t seed, bool *pool) {
    bool drawn[200];
    int64_t keys = environment.lk;
    weft_intervals row;
    ck_assert(weft_list_row(scratch, draw, weft_space_of(environment.lq, keys), i, &row));
    for (int64_t j = 0; j < keys; j++) {
        drawn[j] = define_random(i, j, k, seed, 0, pool, keys);
        ck_assert_int_eq(weft_intervals_contain(row, j), drawn[j]);
    }
    memcpy(pool, drawn, (size_t)keys * sizeof *pool);
}

/* A pool that a condition too hard for spans leaves open is asked key by key; a pool may itself be drawn. */
START_TEST(pools_of_any_kind) {
    begin(150, 150);
    weft_dag *dag = &program->dag;
    weft_value none = {0};
    weft_id i = weft_make(dag, WEFT_OP_VAR_I, WEFT_TYPE_INT, none, NULL, 0, place);
    weft_id j = weft_make(dag, WEFT_OP_VAR_J, WEFT_TYPE_INT, none, NULL, 0, place);
    weft_id product = weft_make(dag, WEFT_OP_MUL, WEFT_TYPE_INT, none, (weft_id[]){i, j}, 2, place);
    weft_id rest = weft_make(dag, WEFT_OP_MOD, WEFT_TYPE_INT, none, (weft_id[]){product, integer(13)}, 2, place);
    weft_id hard = weft_make(dag, WEFT_OP_LT, WEFT_TYPE_BOOL, none, (weft_id[]){rest, integer(5)}, 2, place);
    weft_id draws[4] = {weft_make_set(dag, WEFT_ATOM_WHERE, place, 1, hard)}, folded[4];
    for (int n = 1; n < 4; n++)
        draws[n] = weft_make_set(dag, WEFT_ATOM_RANDOM, place, 4, integer(64 >> n), integer(n), draws[n - 1],
                                 weft_make_bool(dag, false, place));
    for (int n = 1; n < 4; n++) folded[n] = fold(draws[n]);
    weft_scratch scratch;
    ck_assert(weft_scratch_init(&scratch, &bound));
    for (int64_t at = 149; at >= 0; at--) {
        bool pool[200];
        for (int64_t key = 0; key < 150; key++) pool[key] = at * key % 13 < 5;
        for (int n = 1; n < 4; n++) check_draw(&scratch, folded[n], at, 64 >> n, n, pool);
    }
    weft_scratch_free(&scratch);
    end();
}
END_TEST

/* ---- cost -------------------------------------------------------------------------------------------------------- */

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Row tiles of a set over a million positions: the intervals that come out, and the time. */
static void measure(weft_id set, const char *what, uint64_t most_intervals) {
    weft_space space = weft_space_of(MOST, MOST);
    weft_scratch scratch;
    ck_assert(weft_scratch_init(&scratch, &bound));
    double start = seconds();
    uint64_t intervals = 0;
    for (int64_t i0 = 0; i0 < MOST; i0 += 64) {
        weft_spans spans;
        weft_scratch_reset(&scratch);
        ck_assert(weft_spans_of(&scratch, set, space, i0, i0 + 64, &spans));
        intervals += spans.may.count + spans.full.count;
    }
    printf("arrays: %s at %d tokens: %.1f ms, %.1f intervals a row tile\n", what, MOST, (seconds() - start) * 1e3,
           (double)intervals / (MOST / 64));
    ck_assert_uint_le(intervals, most_intervals * (MOST / 64));
    weft_scratch_free(&scratch);
}

START_TEST(labels_are_cheap) {
    begin(MOST, MOST);
    give(LABELS, 1, MOST, 0, 0);
    weft_id window = weft_make_set(&program->dag, WEFT_ATOM_WINDOW, place, 2, integer(128), integer(128));
    weft_id near = weft_make_set(&program->dag, WEFT_OP_INTERSECTION, place, 2, atom_of(LABELS), window);
    weft_id far = weft_make_set(&program->dag, WEFT_OP_DIFFERENCE, place, 2, window, atom_of(LABELS));
    for (int k = 0; k < MOST; k++) numbers[k] = k / 1000;
    double start = seconds();
    weft_id sorted = fold(atom_of(LABELS));
    printf("arrays: the index of a thousand documents: %.1f ms\n", (seconds() - start) * 1e3);
    measure(sorted, "documents in order", 3);
    start = seconds();
    for (int k = 0; k < MOST; k++) numbers[k] = (int32_t)((uint32_t)k * 2654435761u >> 16);
    give(LABELS, 1, MOST, 0, 0);
    weft_bound_free(&bound); /* its arrays must not change */
    ck_assert(weft_bound_init(&bound, &allocator));
    weft_id shuffled = fold(atom_of(LABELS));
    printf("arrays: the index of shuffled labels: %.1f ms\n", (seconds() - start) * 1e3);
    measure(shuffled, "65536 shuffled labels", 64 * 16 + 64);
    weft_bound_free(&bound);
    ck_assert(weft_bound_init(&bound, &allocator));
    for (int k = 0; k < MOST; k++) numbers[k] = (int32_t)((uint32_t)k * 2654435761u >> 29);
    measure(fold(near), "a window in 8 shuffled labels", 2);
    measure(fold(far), "a window without its own of 8 shuffled labels", 2);
    end();
}
END_TEST

START_TEST(memory_may_fail) {
    begin(60, 50);
    give(LABELS, 1, 50, 0, 0);
    give(MASK, 2, 60, 50, 0);
    for (int k = 0; k < 60 * 50; k++) bytes[k] = (uint8_t)(k % 3 == 0), numbers[k] = k * 7 % 11;
    weft_id some = weft_make_set(&program->dag, WEFT_OP_UNION, place, 2, atom_of(LABELS), atom_of(MASK));
    weft_id draw = weft_make_set(&program->dag, WEFT_ATOM_RANDOM, place, 4, integer(9), integer(0), some,
                                 weft_make_bool(&program->dag, true, place));
    weft_id set = weft_make_set(&program->dag, WEFT_OP_COMPLEMENT, place, 1, draw);
    for (size_t nth = 1;; nth++) {
        test_memory failing = {.fail_at = nth};
        weft_allocator other = test_allocator(&failing);
        weft_diagnostics lost;
        weft_bound own;
        weft_space space = weft_space_of(60, 50);
        weft_diagnostics_init(&lost, &other, NULL);
        weft_id folded = weft_bound_init(&own, &other) ? weft_fold(program, set, &environment, &own, &lost) : 0;
        ck_assert(folded || lost.out_of_memory || failing.calls >= nth);
        weft_scratch scratch;
        weft_spans spans;
        if (folded && weft_scratch_init(&scratch, &own)) {
            bool done = weft_spans_of(&scratch, folded, space, -10, 50, &spans);
            done = weft_contains_with(&scratch, folded, space, 3, 3) || !scratch.failed ? done : false;
            ck_assert_int_eq(done, failing.calls < nth);
            weft_scratch_free(&scratch);
        }
        weft_bound_free(&own);
        weft_diagnostics_free(&lost);
        ck_assert_uint_eq(failing.live, 0);
        if (failing.calls < nth) break;
    }
    end();
}
END_TEST

TEST_MAIN("set/arrays", labels_have_one_for_each_key, masks_have_a_row_for_each_query, keys_have_a_row_for_each_query,
          keys_may_come_later, neighborhoods_fit_their_sides, equal_arrays_are_one,
          draws_are_shared_between_heads_on_demand, rows_are_lists, pools_of_any_kind, labels_are_cheap,
          memory_may_fail)
