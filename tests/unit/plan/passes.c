/* Plans of several passes: whatever stages a plan chooses, its tiles hold every pair of the definition once. And which
 * stages it chooses. */
#include "random_sets.h"

/* ---- random programs --------------------------------------------------------------------------------------------- */

static weft_id join(weft_dag *dag, weft_op op, weft_id a, weft_id b) {
    return weft_make_set(dag, op, NOWHERE, 2, a, b);
}

static weft_id random_steps(weft_dag *dag, test_random *random, weft_id step, int64_t value) {
    weft_id lo = weft_make_int(dag, -value * test_range(random, 0, 20), NOWHERE);
    weft_id hi = weft_make_int(dag, value * test_range(random, 0, 20), NOWHERE);
    return weft_make_set(dag, WEFT_ATOM_BAND, NOWHERE, 3, lo, hi, step);
}

/* h + k, or k. */
static weft_id random_stride(weft_dag *dag, test_random *random, int64_t *least) {
    static const int64_t strides[] = {1, 2, 3, 4, 7, 16, 24, 64, 100, 500};
    weft_value none = {0};
    *least = strides[test_range(random, 0, 9)];
    weft_id constant = weft_make_int(dag, *least, NOWHERE);
    if (test_range(random, 0, 2)) return constant;
    weft_id sum[2] = {weft_make(dag, WEFT_OP_VAR_HEAD, WEFT_TYPE_INT, none, NULL, 0, NOWHERE), constant};
    return weft_make(dag, WEFT_OP_ADD, WEFT_TYPE_INT, none, sum, 2, NOWHERE);
}

/* What some heads have, and nothing for the others. */
static weft_id of_some_heads(weft_dag *dag, test_random *random, weft_id set) {
    weft_value none = {0};
    if (test_range(random, 0, 2)) return set;
    weft_id head = weft_make_int(dag, test_range(random, 0, 2), NOWHERE);
    weft_id clauses[3] = {weft_make(dag, WEFT_OP_LISTING, WEFT_TYPE_LIST, none, &head, 1, NOWHERE), set,
                          weft_make_set(dag, WEFT_ATOM_NONE, NOWHERE, 0)};
    return weft_make(dag, WEFT_OP_HEADS, WEFT_TYPE_SET, none, clauses, 3, NOWHERE);
}

/* A set, and one to three passes of strides that add to it: the meaning is all of them together. */
static weft_program *program_with_passes(test_random *random) {
    weft_program *program = weft_program_create(plain(), "passes");
    weft_dag *dag = &program->dag;
    weft_id so_far = test_range(random, 0, 3) ? of_some_heads(dag, random, random_set(dag, random, 2))
                                              : weft_make_set(dag, WEFT_ATOM_NONE, NOWHERE, 0);
    ck_assert(weft_program_add_pass(program, (weft_pass){.row_tile = 64, .key_tile = 64, .set = so_far}));
    for (int64_t n = test_range(random, 1, 3); n > 0; n--) {
        weft_pass pass = {WEFT_ORDER_STRIDED, WEFT_ORDER_STRIDED, 64, 64, .set = 0};
        int64_t least;
        pass.stride = random_stride(dag, random, &least);
        weft_id steps = random_steps(dag, random, pass.stride, least);
        if (test_range(random, 0, 1))
            steps = join(dag, WEFT_OP_INTERSECTION, steps, random_set(dag, random, (int)test_range(random, 0, 2)));
        steps = of_some_heads(dag, random, steps);
        pass.set = join(dag, WEFT_OP_DIFFERENCE, steps, so_far);
        so_far = join(dag, WEFT_OP_UNION, so_far, steps);
        ck_assert(weft_program_add_pass(program, pass));
    }
    program->meaning = so_far;
    return program;
}

START_TEST(test_random_passes) {
    enum { CASES = 1200 };
    int later = 0, strided_first = 0, strides = 0;
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        test_random random = {seed};
        weft_kernel *kernel = kernel_of_program(program_with_passes(&random), NULL);
        weft_shape shape = shape_of(test_range(&random, 1, 300), test_range(&random, 1, 300), 3);
        if (seed % 2) shape.queries = shape.keys;
        weft_plan *plan = plan_of(kernel, shape);
        char what[40];
        snprintf(what, sizeof what, "seed %d", (int)seed);
        check_masks(plan, what);
        later += plan->phase_count > 1;
        for (uint32_t n = 0; n < plan->route_count; n++)
            strided_first += plan->stages[plan->routes[n].first_stage].stride > 1;
        for (uint32_t n = 0; n < plan->stage_count; n++) strides += plan->stages[n].stride > 1;
        weft_plan_destroy(plan);
        weft_kernel_destroy(kernel);
    }
    printf("passes: %d plans, %d of several phases, %d strided stages, %d of them first\n", CASES, later, strides,
           strided_first);
    ck_assert_int_gt(later, CASES / 20);
    ck_assert_int_gt(strided_first, CASES / 20);
}
END_TEST

/* ---- stages ------------------------------------------------------------------------------------------------------ */

#define DILATED "%1 = int -1008\n%2 = int 0\n%3 = int 16\n%4 = band %1 %2 %3\n"

START_TEST(test_dilated_window_is_a_window) {
    weft_plan *plan = plan_of_ir(DILATED "%5 = none\nmeaning %4\npass contiguous contiguous 64x64 %5\n"
                                         "pass strided strided 64x64 %4 %3\n",
                                 shape_of(16384, 16384, 8));
    /* nothing is left for a contiguous stage; the classes have equal sets and lengths */
    ck_assert_uint_eq(plan->phase_count, 1);
    ck_assert_uint_eq(plan->stage_count, 1);
    ck_assert_int_eq(plan->stages[0].stride, 16);
    ck_assert_uint_eq(plan->layout_count, 1);
    ck_assert_int_eq(plan->layouts[0].space.keys, 1024);
    weft_plan_info info = info_of(plan);
    double row = 0;
    for (int i = 0; i < 16384; i++) row += i / 16 + 1 < 64 ? i / 16 + 1 : 64;
    ck_assert(info.pairs == 8 * row);
    ck_assert(info.computed_pairs < 2.2 * info.pairs);
    ck_assert_int_le(info.bit_tiles, 4);
    ck_assert_int_lt(info.bytes, 32 << 10);
    weft_plan_destroy(plan);
}
END_TEST

START_TEST(test_classes_of_unequal_lengths) {
    weft_plan *plan = plan_of_ir(DILATED "%5 = none\nmeaning %4\npass contiguous contiguous 64x64 %5\n"
                                         "pass strided strided 64x64 %4 %3\n",
                                 shape_of(4000, 4005, 2));
    ck_assert_int_eq(plan->stages[0].stride, 16);
    ck_assert_uint_eq(plan->layout_count, 2); /* 251 keys in five classes, 250 in the others; first query is 5 */
    int64_t rows = 0;
    for (int64_t c = 0; c < 16; c++) rows += weft_stage_layout(plan, &plan->stages[0], c)->space.queries;
    ck_assert_int_eq(rows, 4000);
    weft_plan_destroy(plan);
    /* negative positions */
    plan = plan_of_ir(DILATED "%5 = none\nmeaning %4\npass contiguous contiguous 64x64 %5\n"
                              "pass strided strided 64x64 %4 %3\n",
                      shape_of(3000, 1000, 1));
    check_masks(plan, "more queries than keys");
    weft_plan_destroy(plan);
}
END_TEST

/* Strides that no class of which has two keys, that are longer than anything, and ones that gain nothing. */
START_TEST(test_strides_that_do_not_pay) {
    static const char *const steps[] = {"300", "299", "1000000", "9223372036854775807", "1", "2"};
    for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
        char ir[400];
        snprintf(ir, sizeof ir,
                 "%%1 = int -5\n%%2 = int 5\n%%3 = int %s\n%%4 = band %%1 %%2 %%3\n%%5 = none\nmeaning %%4\n"
                 "pass contiguous contiguous 64x64 %%5\npass strided strided 64x64 %%4 %%3\n",
                 steps[k]);
        weft_plan *plan = plan_of_ir(ir, shape_of(300, 300, 1));
        ck_assert_uint_eq(plan->stage_count, 1);
        ck_assert_int_eq(plan->stages[0].stride, 1);
        check_masks(plan, steps[k]);
        weft_plan_destroy(plan);
    }
}
END_TEST

/* Heads 0 and 1 stride by 4, head 2 by 16, head 3 has a window alone: three routes, two phases. */
START_TEST(test_heads_have_strides_of_their_own) {
    weft_plan *plan = plan_of_ir(
        "%1 = int 2\n%2 = window %1 %1\n%3 = int -1600\n%4 = int 1600\n%5 = int 4\n%6 = int 16\n"
        "%7 = band %3 %4 %5\n%8 = band %3 %4 %6\n%9 = complement %2\n%10 = intersection %7 %9\n"
        "%11 = intersection %8 %9\n%12 = none\n%13 = int 0\n%14 = range %13 %1\n%15 = list %14\n"
        "%16 = heads %15 %10 %12\n%17 = heads %1 %11 %12\n%18 = union %2 %16 %17\nmeaning %18\n"
        "pass contiguous contiguous 64x64 %2\npass strided strided 64x64 %16 %5\npass strided strided 64x64 %17 %6\n",
        shape_of(5000, 5000, 4));
    ck_assert_uint_eq(plan->phase_count, 2);
    ck_assert_uint_eq(plan->route_count, 3);
    ck_assert_uint_eq(plan->route_of[0], plan->route_of[1]);
    ck_assert_int_eq(weft_plan_stage(plan, 0, 1)->stride, 4);
    ck_assert_int_eq(weft_plan_stage(plan, 2, 1)->stride, 16);
    ck_assert_ptr_null(weft_plan_stage(plan, 3, 1));
    /* the first stage is shared by all, later ones have no items for rows that they add nothing to */
    ck_assert_ptr_eq(weft_stage_layout(plan, weft_plan_stage(plan, 0, 0), 0),
                     weft_stage_layout(plan, weft_plan_stage(plan, 3, 0), 0));
    for (uint32_t n = 0; n < plan->layout_count; n++)
        for (uint32_t k = 0; plan->layouts[n].phase > 0 && k < plan->layouts[n].item_count; k++)
            ck_assert_uint_gt(plan->layouts[n].items[k].tile_count, 0);
    weft_plan_destroy(plan);
}
END_TEST

START_TEST(test_memory_fails) {
    for (uint64_t seed = 1; seed <= 12; seed++) {
        test_random random = {seed};
        for (int64_t nth = 0;; nth++) {
            fussy_memory memory = {.fail_at = -1};
            weft_config config = fussy_config(&memory);
            test_random same = random;
            weft_kernel *kernel = kernel_of_program(program_with_passes(&same), &config);
            weft_shape shape = shape_of(150, 200, 3);
            int64_t before = memory.held;
            memory.calls = 0;
            memory.fail_at = nth;
            weft_plan *plan = NULL;
            weft_status status = weft_plan_create(kernel, &shape, NULL, 0, &plan);
            memory.fail_at = -1;
            ck_assert(status == WEFT_OK || status == WEFT_OUT_OF_MEMORY);
            weft_plan_destroy(plan);
            ck_assert(memory.held == before || status != WEFT_OK); /* the message of a failure stays */
            weft_kernel_destroy(kernel);
            ck_assert_int_eq(memory.held, 0);
            if (memory.calls <= nth) break;
        }
    }
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("passes");
    tcase_add_test(tests, test_random_passes);
    tcase_add_test(tests, test_dilated_window_is_a_window);
    tcase_add_test(tests, test_classes_of_unequal_lengths);
    tcase_add_test(tests, test_strides_that_do_not_pay);
    tcase_add_test(tests, test_heads_have_strides_of_their_own);
    tcase_add_test(tests, test_memory_fails);
    return run_tests(tests);
}
