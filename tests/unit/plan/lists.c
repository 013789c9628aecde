/* Plans of list passes: drawn lists and lists of the host's, however they are clipped and held against others, hold
 * every pair of the definition once, and everything that looks at a plan sees them. And when they pay. */
#include "random_sets.h"

static weft_id join(weft_dag *dag, weft_op op, weft_id a, weft_id b) {
    return weft_make_set(dag, op, NOWHERE, 2, a, b);
}

/* ---- random programs --------------------------------------------------------------------------------------- */

static weft_id listed_atom(weft_program *program) {
    weft_value first = {0};
    return weft_make_set(&program->dag, WEFT_ATOM_LISTED, NOWHERE, 1,
                         weft_make(&program->dag, WEFT_OP_PARAM, WEFT_TYPE_KEYS, first, NULL, 0, NOWHERE));
}

static weft_id drawn_atom(weft_dag *dag, test_random *random) {
    weft_id within =
        test_range(random, 0, 1) ? random_set(dag, random, 1) : weft_make_set(dag, WEFT_ATOM_ALL, NOWHERE, 0);
    return weft_make_set(dag, WEFT_ATOM_RANDOM, NOWHERE, 4, weft_make_int(dag, test_range(random, 0, 9), NOWHERE),
                         weft_make_int(dag, test_range(random, 0, 3), NOWHERE), within,
                         weft_make_bool(dag, test_range(random, 0, 1), NOWHERE));
}

static void add_list(weft_program *program, weft_id list, weft_id clip) {
    weft_dag *dag = &program->dag;
    weft_pass pass = {WEFT_ORDER_CONTIGUOUS, WEFT_ORDER_LISTED, 64, 64, .list = list};
    pass.set = join(dag, WEFT_OP_DIFFERENCE, clip, program->meaning);
    program->meaning = join(dag, WEFT_OP_UNION, program->meaning, join(dag, WEFT_OP_INTERSECTION, list, clip));
    ck_assert(weft_program_add_pass(program, pass));
}

static weft_program *program_with_lists(test_random *random, bool listed) {
    weft_program *program = weft_program_create(plain(), "lists");
    weft_dag *dag = &program->dag;
    weft_program_add_parameter(program, "s", WEFT_TYPE_KEYS, 0, NOWHERE);
    program->meaning =
        test_range(random, 0, 2) ? random_set(dag, random, 1) : weft_make_set(dag, WEFT_ATOM_NONE, NOWHERE, 0);
    ck_assert(weft_program_add_pass(program, (weft_pass){.row_tile = 64, .key_tile = 64, .set = program->meaning}));
    if (listed) add_list(program, listed_atom(program), random_set(dag, random, (int)test_range(random, 0, 2)));
    for (int64_t n = test_range(random, !listed, 2); n > 0; n--)
        add_list(program, drawn_atom(dag, random), random_set(dag, random, (int)test_range(random, 0, 2)));
    return program;
}

/* ---- keys -------------------------------------------------------------------------------------------------- */

enum { MOST_ELEMENTS = 2 * 3 * 300 * 9 };

typedef struct host_keys {
    DLTensor dl;
    int64_t shape[4], strides[4];
    int16_t at[MOST_ELEMENTS];
    weft_binding binding;
} host_keys;

static void make_keys(host_keys *keys, const weft_shape *s, test_random *random) {
    int64_t shape[4] = {s->batch, s->heads, s->queries, test_range(random, 0, 9)}, step = 1;
    int dims = (int)test_range(random, 2, 4);
    memcpy(keys->shape, shape + 4 - dims, (size_t)dims * sizeof *shape);
    for (int k = 0; k < dims; k++) keys->strides[k] = step, step *= keys->shape[k]; /* the first one is dense */
    for (int n = 0; n < MOST_ELEMENTS; n++) keys->at[n] = (int16_t)test_range(random, -4, s->keys + 3);
    keys->dl = (DLTensor){.data = keys->at,
                          .device = {kDLCPU, 0},
                          .ndim = dims,
                          .dtype = {kDLInt, 16, 1},
                          .shape = keys->shape,
                          .strides = keys->strides};
    keys->binding = (weft_binding){"s", WEFT_BIND_ARRAY, {.array = &keys->dl}};
}

/* ---- what looks at a plan ---------------------------------------------------------------------------------- */

typedef struct row_check {
    const uint8_t *mask;
    int64_t keys;
} row_check;

/* Stops at a row that is not that of the mask. */
static bool check_row(void *user, int64_t row, const weft_key_range *ranges, size_t count) {
    const row_check *check = user;
    const uint8_t *mask = check->mask + row * check->keys;
    int64_t at = 0;
    bool same = true;
    for (size_t n = 0; n <= count; n++) {
        int64_t begin = n < count ? ranges[n].begin : check->keys, end = n < count ? ranges[n].end : check->keys;
        for (; at < begin; at++) same = same && !mask[at];
        for (; at < end; at++) same = same && mask[at];
    }
    return same;
}

/* The work of all heads is what info sums up; coverage and rows show the mask, and single pairs are explained by it. */
static void check_views(const weft_plan *plan, test_random *random) {
    const weft_shape *s = &plan->shape;
    size_t bytes = (size_t)(s->queries * s->keys);
    uint8_t *mask = malloc(bytes);
    double pairs = 0, computed = 0;
    ck_assert_ptr_nonnull(mask);
    for (int64_t n = 0; n < s->batch * s->heads; n++) {
        int64_t batch = n / s->heads, head = n % s->heads, count = 0;
        weft_plan_work work = {.size = sizeof work};
        float share;
        ck_assert_int_eq(weft_plan_mask(plan, batch, head, WEFT_MASK_ORACLE, mask), WEFT_OK);
        ck_assert_int_eq(weft_plan_head(plan, batch, head, &work), WEFT_OK);
        for (size_t k = 0; k < bytes; k++) count += mask[k];
        ck_assert(work.pairs == (double)count);
        pairs += work.pairs;
        computed += work.computed_pairs;
        ck_assert_int_eq(weft_plan_coverage(plan, batch, head, WEFT_ALL_TERMS, 1, 1, &share), WEFT_OK);
        ck_assert((int64_t)((double)share * (double)bytes + 0.5) == count);
        row_check check = {mask, s->keys};
        ck_assert_int_eq(weft_plan_rows(plan, batch, head, NULL, (size_t)s->queries, check_row, &check), WEFT_OK);
        int64_t row = test_range(random, 0, s->queries - 1), key = test_range(random, 0, s->keys - 1);
        bool allowed;
        char text[200];
        ck_assert_uint_gt(
            weft_plan_explain(plan, batch, head, row + s->keys - s->queries, key, &allowed, text, sizeof text), 0);
        ck_assert_int_eq(allowed, mask[row * s->keys + key]);
    }
    ck_assert(pairs == info_of(plan).pairs && computed == info_of(plan).computed_pairs);
    free(mask);
}

static weft_plan *plan_with(const weft_kernel *kernel, const weft_shape *shape, const host_keys *keys) {
    weft_plan *plan;
    weft_status status = weft_plan_create(kernel, shape, &keys->binding, 1, &plan);
    char message[1000] = "";
    if (status != WEFT_OK) weft_kernel_message(kernel, message, sizeof message);
    ck_assert_msg(status == WEFT_OK, "%s", message);
    return plan;
}

START_TEST(test_random_lists) {
    enum { CASES = 600 };
    static host_keys keys;
    int listed = 0, drawn = 0, joined = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        test_random random = {seed};
        weft_program *program = program_with_lists(&random, seed % 3 != 0);
        uint32_t passes = program->pass_count;
        weft_kernel *kernel = kernel_of_program(program, NULL);
        weft_shape shape = shape_of(test_range(&random, 1, 300), test_range(&random, 1, 300), 3);
        shape.batch = test_range(&random, 1, 2);
        make_keys(&keys, &shape, &random);
        weft_plan *plan = plan_with(kernel, &shape, &keys);
        char what[40];
        snprintf(what, sizeof what, "seed %d", (int)seed);
        check_masks(plan, what);
        if (seed % 4 == 0) check_views(plan, &random);
        for (uint32_t n = 0; n < plan->layout_count; n++) {
            listed += plan->layouts[n].list && plan->layouts[n].at_run;
            drawn += plan->layouts[n].list && !plan->layouts[n].at_run;
        }
        for (uint32_t n = 0; n < plan->route_count; n++) joined += plan->routes[n].stage_count < passes;
        weft_plan_destroy(plan);
        weft_kernel_destroy(kernel);
    }
    printf("lists: %d plans, %d layouts of lists that a run brings, %d that are drawn, %d routes with passes joined\n",
           CASES, listed, drawn, joined);
    ck_assert_int_gt(listed, CASES / 3);
    ck_assert_int_gt(drawn, CASES / 20);
    ck_assert_int_gt(joined, CASES / 20);
}
END_TEST

/* ---- stages ------------------------------------------------------------------------------------------------ */

#define DRAWS                                                                                                          \
    "%1 = int 64\n%2 = int 0\n%3 = all\n%4 = bool true\n%5 = random %1 %2 %3 %4\n%6 = int 128\n%7 = window %6 %6\n"    \
    "%8 = union %7 %5\n%9 = complement %7\nmeaning %8\npass contiguous contiguous 64x64 %7\n"                          \
    "pass contiguous listed 64x64 %9 %5\n"

START_TEST(test_draws_pay_where_keys_are_many) {
    weft_plan *plan = plan_of_ir(DRAWS, shape_of(8192, 8192, 2));
    ck_assert_uint_eq(plan->phase_count, 2);
    const weft_layout *layout = weft_stage_layout(plan, weft_plan_stage(plan, 0, 1), 0);
    ck_assert(layout->list && !layout->at_run);
    ck_assert_int_gt(layout->list_count, 8192 * 60);
    ck_assert(layout->list_count == layout->pairs);
    bool sound = true; /* ascending, and none that the window holds */
    for (int64_t row = 0; row < 8192; row++)
        for (int64_t n = layout->list_begin[row]; n < layout->list_begin[row + 1]; n++) {
            int64_t key = layout->list_keys[n];
            sound = sound && (key > row + 128 || key < row - 128);
            sound = sound && (n == layout->list_begin[row] || layout->list_keys[n - 1] < layout->list_keys[n]);
        }
    ck_assert(sound);
    /* heads draw their own keys, and share the window */
    ck_assert_uint_eq(plan->layout_count, 3);
    /* planning grows with what is drawn, never with all pairs */
    ck_assert_int_lt(info_of(plan).span_calls, 8192 * 2 * 8);
    ck_assert_int_le(info_of(plan).contains_calls, 8192 * 2 * 64);
    weft_plan_destroy(plan);
}
END_TEST

START_TEST(test_draws_among_few_keys_are_tiles) {
    weft_plan *plan = plan_of_ir(DRAWS, shape_of(128, 128, 2));
    ck_assert_uint_eq(plan->phase_count, 1);
    check_masks(plan, "few keys");
    weft_plan_destroy(plan);
}
END_TEST

/* Rows that list nothing have no item in a later phase; in the first one every row has. */
START_TEST(test_rows_without_keys) {
    static const char *const clips[] = {"rows %6", "none"};
    for (int k = 0; k < 2; k++) {
        char ir[400];
        snprintf(ir, sizeof ir,
                 "%%1 = int 3\n%%2 = int 0\n%%3 = all\n%%4 = bool true\n%%5 = random %%1 %%2 %%3 %%4\n%%6 = int 5000\n"
                 "%%7 = %s\n%%8 = none\n%%9 = intersection %%5 %%7\nmeaning %%9\npass contiguous contiguous 64x64 %%8\n"
                 "pass contiguous listed 64x64 %%7 %%5\n",
                 clips[k]);
        weft_plan *plan = plan_of_ir(ir, shape_of(6000, 6000, 1));
        int64_t rows = 0;
        ck_assert_uint_eq(plan->phase_count, 1);
        for (uint32_t n = 0; n < plan->layouts[0].item_count; n++) rows += plan->layouts[0].items[n].rows;
        ck_assert_int_eq(rows, 6000);
        ck_assert(info_of(plan).pairs == (k ? 0 : 3));
        weft_plan_destroy(plan);
    }
}
END_TEST

/* ---- what can go wrong ------------------------------------------------------------------------------------- */

START_TEST(test_keys_that_are_missing) {
    weft_plan *plan = plan_of_ir("parameter s: keys\n%1 = param s\n%2 = listed %1\n%3 = none\n%4 = all\nmeaning %2\n"
                                 "pass contiguous contiguous 64x64 %3\npass contiguous listed 64x64 %4 %2\n",
                                 shape_of(30, 40, 2));
    static uint8_t mask[1200];
    static float share[1];
    weft_plan_work work = {.size = sizeof work};
    bool allowed;
    ck_assert_int_eq(weft_plan_mask(plan, 0, 0, WEFT_MASK_ORACLE, mask), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_mask(plan, 0, 0, WEFT_MASK_PLAN, mask), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_head(plan, 0, 0, &work), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_coverage(plan, 0, 0, WEFT_ALL_TERMS, 1, 1, share), WEFT_INVALID_ARGUMENT);
    ck_assert_uint_eq(weft_plan_explain(plan, 0, 0, 20, 3, &allowed, NULL, 0), 0);
    ck_assert(info_of(plan).pairs == 0);
    weft_plan_destroy(plan);
}
END_TEST

START_TEST(test_memory_fails) {
    static host_keys keys;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        for (int64_t nth = 0;; nth++) {
            fussy_memory memory = {.fail_at = -1};
            weft_config config = fussy_config(&memory);
            test_random random = {seed};
            weft_kernel *kernel = kernel_of_program(program_with_lists(&random, seed % 2), &config);
            weft_shape shape = shape_of(150, 200, 3);
            shape.batch = 1;
            uint8_t *mask = malloc(150 * 200);
            make_keys(&keys, &shape, &random);
            int64_t before = memory.held;
            memory.calls = 0;
            memory.fail_at = nth;
            weft_plan *plan = NULL;
            weft_status status = weft_plan_create(kernel, &shape, &keys.binding, 1, &plan);
            ck_assert(status == WEFT_OK || status == WEFT_OUT_OF_MEMORY);
            weft_plan_work work = {.size = sizeof work};
            bool allowed;
            if (plan) {
                status = weft_plan_mask(plan, 0, 1, WEFT_MASK_PLAN, mask);
                ck_assert(status == WEFT_OK || status == WEFT_OUT_OF_MEMORY);
                status = weft_plan_mask(plan, 0, 2, WEFT_MASK_ORACLE, mask);
                ck_assert(status == WEFT_OK || status == WEFT_OUT_OF_MEMORY);
                status = weft_plan_head(plan, 0, 2, &work);
                ck_assert(status == WEFT_OK || status == WEFT_OUT_OF_MEMORY);
                weft_plan_explain(plan, 0, 0, 60, 3, &allowed, NULL, 0);
            }
            memory.fail_at = -1;
            weft_plan_destroy(plan);
            ck_assert(memory.held == before || status != WEFT_OK); /* the message of a failure stays */
            weft_kernel_destroy(kernel);
            free(mask);
            ck_assert_int_eq(memory.held, 0);
            if (memory.calls <= nth) break;
        }
    }
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("lists");
    tcase_add_test(tests, test_random_lists);
    tcase_add_test(tests, test_draws_pay_where_keys_are_many);
    tcase_add_test(tests, test_draws_among_few_keys_are_tiles);
    tcase_add_test(tests, test_rows_without_keys);
    tcase_add_test(tests, test_keys_that_are_missing);
    tcase_add_test(tests, test_memory_fails);
    return run_tests(tests);
}
