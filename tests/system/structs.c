/* Structs whose first field is their size, from hosts of other versions: one that is cut short at any field is read and
 * written no further than its size, and means what defaults mean; what a newer host adds is left alone. Copies have
 * exactly their bytes, so that sanitizers see a step beyond. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

enum { LENGTH = 20, DIM = 8, BEYOND = 24 };

static const char text[] = "pattern p(w: int = 4, a: table) { attend past(w) ∪ cols(0); bias a[0] * (i - j); }";
static float numbers[LENGTH * DIM], output[LENGTH * DIM];
static int64_t shape_of[] = {1, LENGTH, DIM}, one[] = {1};
static double slope[] = {0.125};
static DLTensor view = {
    .data = numbers, .device = {kDLCPU, 0}, .ndim = 3, .dtype = {kDLFloat, 32, 1}, .shape = shape_of};
static DLTensor out_view = {
    .data = output, .device = {kDLCPU, 0}, .ndim = 3, .dtype = {kDLFloat, 32, 1}, .shape = shape_of};
static DLTensor table = {.data = slope, .device = {kDLCPU, 0}, .ndim = 1, .dtype = {kDLFloat, 64, 1}, .shape = one};
static const weft_binding binding = {"a", WEFT_BIND_ARRAY, {.array = &table}};
static const weft_shape whole_shape = {sizeof whole_shape, 1, 1, 1, LENGTH, LENGTH, DIM, DIM};
static const weft_kernel_options whole_options = {.size = sizeof whole_options, .head_dim = DIM};

static weft_context *context;
static weft_module *module;
static weft_kernel *kernel;
static weft_plan *plan;

/* The first `size` bytes of a struct in a block of their own, bytes beyond it being set; its size is set. */
static void *cut(const void *whole, size_t of, size_t size) {
    char *copy = malloc(size);
    memset(copy, 0x5a, size);
    memcpy(copy, whole, size < of ? size : of);
    memcpy(copy, &size, sizeof size);
    return copy;
}

static void set_up(void) {
    for (int n = 0; n < LENGTH * DIM; n++) numbers[n] = (float)(n % 7) / 8;
    ck_assert_int_eq(weft_context_create(NULL, &context), WEFT_OK);
    ck_assert_int_eq(weft_module_load_text(context, "p.weft", text, sizeof text - 1, NULL, &module), WEFT_OK);
    ck_assert_int_eq(weft_kernel_create(module, NULL, &whole_options, &kernel), WEFT_OK);
    ck_assert_int_eq(weft_plan_create(kernel, &whole_shape, &binding, 1, &plan), WEFT_OK);
}

static void tear_down(void) {
    weft_plan_destroy(plan);
    weft_kernel_destroy(kernel);
    weft_module_destroy(module);
    weft_context_destroy(context);
}

#define BEGINS(type, field) offsetof(type, field)
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- what a host hands in --------------------------------------------------------------------------------------- */

START_TEST(configs) {
    static const size_t sizes[] = {
        BEGINS(weft_config, resize),      BEGINS(weft_config, parallel_for), BEGINS(weft_config, cancel),
        BEGINS(weft_config, log),         BEGINS(weft_config, threads),      BEGINS(weft_config, cache_path),
        BEGINS(weft_config, cache_limit), BEGINS(weft_config, debug),        sizeof(weft_config),
        sizeof(weft_config) + BEYOND};
    for (size_t n = 0; n < COUNT(sizes); n++) {
        const weft_config whole = {.threads = 1};
        weft_config *config = cut(&whole, sizeof whole, sizes[n]);
        weft_context *made;
        ck_assert_int_eq(weft_context_create(config, &made), WEFT_OK);
        weft_context_destroy(made);
        free(config);
    }
}
END_TEST

START_TEST(module_options) {
    static const size_t sizes[] = {BEGINS(weft_module_options, import_paths),
                                   BEGINS(weft_module_options, import_path_count), sizeof(weft_module_options),
                                   sizeof(weft_module_options) + BEYOND};
    static const char *const paths[] = {"/nowhere"};
    for (size_t n = 0; n < COUNT(sizes); n++) {
        const weft_module_options whole = {.import_paths = paths, .import_path_count = 1};
        weft_module_options *options = cut(&whole, sizeof whole, sizes[n]);
        weft_module *made;
        ck_assert_int_eq(weft_module_load_text(context, "p.weft", text, sizeof text - 1, options, &made), WEFT_OK);
        weft_module_destroy(made);
        free(options);
    }
}
END_TEST

/* A host that does not know plan_only wants code. */
START_TEST(kernel_options) {
    static const size_t sizes[] = {BEGINS(weft_kernel_options, value_dim), BEGINS(weft_kernel_options, target),
                                   BEGINS(weft_kernel_options, plan_only), sizeof(weft_kernel_options),
                                   sizeof(weft_kernel_options) + BEYOND};
    for (size_t n = 0; n < COUNT(sizes); n++) {
        weft_kernel_options *options = cut(&whole_options, sizeof whole_options, sizes[n]);
        weft_tensors tensors = {.size = sizeof tensors, .q = &view, .k = &view, .v = &view, .o = &out_view};
        weft_kernel *made;
        weft_plan *of;
        ck_assert_int_eq(weft_kernel_create(module, NULL, options, &made), WEFT_OK);
        ck_assert_int_eq(weft_plan_create(made, &whole_shape, &binding, 1, &of), WEFT_OK);
        ck_assert_int_eq(weft_run(of, &tensors, NULL), WEFT_OK);
        weft_plan_destroy(of);
        weft_kernel_destroy(made);
        free(options);
    }
    weft_kernel_options *nothing = cut(&whole_options, sizeof whole_options, BEGINS(weft_kernel_options, dtype));
    weft_kernel *made;
    ck_assert_int_eq(weft_kernel_create(module, NULL, nothing, &made), WEFT_INVALID_ARGUMENT);
    ck_assert_ptr_null(made);
    free(nothing);
}
END_TEST

START_TEST(shapes) {
    static const size_t sizes[] = {BEGINS(weft_shape, batch),     BEGINS(weft_shape, queries),
                                   BEGINS(weft_shape, keys),      BEGINS(weft_shape, head_dim),
                                   BEGINS(weft_shape, value_dim), sizeof(weft_shape),
                                   sizeof(weft_shape) + BEYOND};
    for (size_t n = 0; n < COUNT(sizes); n++) {
        weft_shape *shape = cut(&whole_shape, sizeof whole_shape, sizes[n]);
        weft_plan *made;
        weft_status status = weft_plan_create(kernel, shape, &binding, 1, &made);
        ck_assert_int_eq(status, n < 3 ? WEFT_INVALID_ARGUMENT : WEFT_OK);
        weft_plan_destroy(made);
        free(shape);
    }
}
END_TEST

START_TEST(tensors) {
    static const size_t sizes[] = {BEGINS(weft_tensors, q),
                                   BEGINS(weft_tensors, o),
                                   BEGINS(weft_tensors, lse),
                                   BEGINS(weft_tensors, bindings),
                                   BEGINS(weft_tensors, binding_count),
                                   sizeof(weft_tensors),
                                   sizeof(weft_tensors) + BEYOND};
    static double judge[LENGTH * DIM];
    const weft_tensors whole = {.q = &view, .k = &view, .v = &view, .o = &out_view, .bindings = &binding};
    for (size_t n = 0; n < COUNT(sizes); n++) {
        weft_tensors *given = cut(&whole, sizeof whole, sizes[n]);
        weft_status wanted = n < 2 ? WEFT_INVALID_ARGUMENT : WEFT_OK;
        memset(output, 0xff, sizeof output);
        ck_assert_int_eq(weft_run(plan, given, NULL), wanted);
        ck_assert_int_eq(weft_reference(plan, given, judge, NULL), wanted);
        for (int k = 0; wanted == WEFT_OK && k < LENGTH * DIM; k++)
            ck_assert(fabs((double)output[k] - judge[k]) < 1e-5);
        free(given);
    }
    ck_assert_int_eq(weft_run(plan, NULL, NULL), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_reference(plan, NULL, judge, NULL), WEFT_INVALID_ARGUMENT);
}
END_TEST

/* ---- what is written to a host ---------------------------------------------------------------------------------- */

typedef weft_status fill(void *out);
static weft_status describe(void *out) { return weft_plan_describe(plan, out); }
static weft_status introduce(void *out) { return weft_kernel_describe(kernel, out); }
static weft_status measure(void *out) { return weft_plan_head(plan, 0, 0, out); }
static weft_status locate(void *out) {
    char term[100];
    return weft_plan_term(plan, 0, 0, 0, out, term, sizeof term) ? WEFT_OK : WEFT_INTERNAL;
}

/* Of any size: the first bytes of the whole answer, and nothing behind them. */
static void check_filled(fill *answer, size_t size) {
    char *whole = calloc(1, size);
    memcpy(whole, &size, sizeof size);
    ck_assert_int_eq(answer(whole), WEFT_OK);
    for (size_t theirs = sizeof(size_t); theirs <= size + BEYOND; theirs += sizeof(uint32_t)) {
        char *given = cut(&theirs, sizeof theirs, theirs);
        ck_assert_int_eq(answer(given), WEFT_OK);
        size_t filled = theirs < size ? theirs : size;
        ck_assert(!memcmp(given, &theirs, sizeof theirs));
        ck_assert(!memcmp(given + sizeof theirs, whole + sizeof theirs, filled - sizeof theirs));
        for (size_t n = filled; n < theirs; n++) ck_assert_int_eq(given[n], 0x5a);
        free(given);
    }
    free(whole);
}

START_TEST(answers) {
    check_filled(describe, sizeof(weft_plan_info));
    check_filled(introduce, sizeof(weft_kernel_info));
    check_filled(measure, sizeof(weft_plan_work));
    check_filled(locate, sizeof(weft_term_place));
    weft_plan_info info = {.size = 3};
    weft_plan_work work = {.size = 3};
    ck_assert_int_eq(weft_plan_describe(plan, &info), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_head(plan, 0, 0, &work), WEFT_INVALID_ARGUMENT);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("system/structs");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, configs);
    tcase_add_test(all, module_options);
    tcase_add_test(all, kernel_options);
    tcase_add_test(all, shapes);
    tcase_add_test(all, tensors);
    tcase_add_test(all, answers);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
