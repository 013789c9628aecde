/* Every function of the public API that can allocate, but for those that memory.c follows through from text to output:
 * each of its allocations fails once. The answer is then a status, or an empty text; what was there before still works,
 * and nothing is lost. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

#include "support/ledger.h"

static const char text[] = "pattern p(w: int = 30, t: tokens) {\n"
                           "    heads 0: (past(w) | cols(t) | where(i % 3 == j % 5)) & causal;\n"
                           "    attend past(w) | lsh(2) | topk(2, 16) | vertical_slash(2, 2);\n}\n"
                           "pattern q(w: int) { attend past(w); }\n";

enum { LENGTH = 70, DIM = 8, ROOM = 2000 };

static ledger book;
static weft_config config;
static weft_context *context;
static weft_module *module;
static weft_kernel *kernel;
static weft_plan *plan;
static float numbers[2 * LENGTH * DIM];
static int64_t shape_of[] = {2, LENGTH, DIM}, tokens[] = {5, -3}, two[] = {2};
static DLTensor view = {
    .data = numbers, .device = {kDLCPU, 0}, .ndim = 3, .dtype = {kDLFloat, 32, 1}, .shape = shape_of};
static DLTensor array = {.data = tokens, .device = {kDLCPU, 0}, .ndim = 1, .dtype = {kDLInt, 64, 1}, .shape = two};
static const weft_binding binding = {"t", WEFT_BIND_ARRAY, {.array = &array}};
static const weft_shape shape = {sizeof shape, 1, 2, 2, LENGTH, LENGTH, DIM, DIM};
static const weft_tensors tensors = {.size = sizeof tensors, .q = &view, .k = &view, .v = &view};

static void open_all(void) {
    const weft_kernel_options options = {.size = sizeof options, .head_dim = DIM};
    for (int n = 0; n < 2 * LENGTH * DIM; n++) numbers[n] = (float)(n * 37 % 101) / 50 - 1;
    book = (ledger){0};
    config = (weft_config){.size = sizeof config, .resize = counted_resize, .resize_user = &book, .threads = 1};
    ck_assert_int_eq(weft_context_create(&config, &context), WEFT_OK);
    ck_assert_int_eq(weft_module_load_text(context, "p.weft", text, sizeof text - 1, NULL, &module), WEFT_OK);
    ck_assert_int_eq(weft_kernel_create(module, "p", &options, &kernel), WEFT_OK);
    ck_assert_int_eq(weft_plan_create(kernel, &shape, &binding, 1, &plan), WEFT_OK);
    ck_assert_int_eq(weft_plan_choose(plan, &tensors), WEFT_OK);
}

static void close_all(void) {
    weft_plan_destroy(plan);
    weft_kernel_destroy(kernel);
    weft_module_destroy(module);
    weft_context_destroy(context);
    ck_assert_int_eq(book.bytes, 0);
    ck_assert_int_eq(book.blocks, 0);
}

/* ---- calls: WEFT_OK, or WEFT_OUT_OF_MEMORY where text is empty -------------------------------------------------- */

static weft_status as_status(size_t length) { return length ? WEFT_OK : WEFT_OUT_OF_MEMORY; }

static weft_status load_file(void) {
    weft_module *made;
    weft_status status = weft_module_load(context, WEFT_SOURCE_DIR "/patterns/hybrid.weft", NULL, &made);
    weft_module_destroy(made);
    return status;
}

static weft_status format(void) {
    char *out;
    weft_status status = weft_format_text(context, "p.weft", text, sizeof text - 1, &out);
    ck_assert((status == WEFT_OK) == (out != NULL));
    weft_formatted_free(context, out);
    return status;
}

static weft_status dump(weft_stage stage) {
    const weft_kernel_options options = {.size = sizeof options, .head_dim = DIM};
    char *out;
    weft_status status = weft_module_dump(module, "p", stage, &options, &out);
    ck_assert((status == WEFT_OK) == (out != NULL));
    weft_text_free(module, out);
    return status;
}
static weft_status dump_ast(void) { return dump(WEFT_STAGE_AST); }
static weft_status dump_set(void) { return dump(WEFT_STAGE_SET); }
static weft_status dump_blocks(void) { return dump(WEFT_STAGE_BLOCKS); }

static weft_status plan_only(void) {
    weft_kernel *made;
    weft_status status = weft_kernel_create(module, "p", NULL, &made);
    weft_kernel_destroy(made);
    return status;
}

/* A failure that is not memory's, and its messages. */
static weft_status unbound(void) {
    char message[ROOM];
    weft_plan *made;
    weft_status status = weft_plan_create(kernel, &shape, NULL, 0, &made);
    ck_assert_ptr_null(made);
    weft_kernel_message(kernel, message, sizeof message);
    return status == WEFT_INVALID_ARGUMENT ? WEFT_OK : status;
}
static weft_status no_pattern(void) {
    char message[ROOM];
    weft_kernel *made;
    weft_status status = weft_kernel_create(module, "r", NULL, &made);
    ck_assert_ptr_null(made);
    weft_context_message(context, false, message, sizeof message);
    return status == WEFT_INVALID_PATTERN ? WEFT_OK : status;
}

static weft_status from_image(void) {
    weft_image image = weft_kernel_image(kernel);
    weft_kernel *made;
    weft_status status = weft_kernel_from_image(&image, &config, &made);
    ck_assert((status == WEFT_OK) == (made != NULL));
    weft_kernel_destroy(made);
    return status;
}

static weft_status doctor(void) {
    char out[ROOM];
    weft_doctor(context, out, sizeof out);
    return WEFT_OK;
}
static weft_status mask_of(weft_mask_source source) {
    static uint8_t mask[LENGTH * LENGTH];
    return weft_plan_mask(plan, 0, 1, source, mask);
}
static weft_status oracle_mask(void) { return mask_of(WEFT_MASK_ORACLE); }
static weft_status plan_mask(void) { return mask_of(WEFT_MASK_PLAN); }
static weft_status explain(void) {
    char out[ROOM];
    bool allowed;
    return as_status(weft_plan_explain(plan, 0, 1, 40, 20, &allowed, out, sizeof out));
}
static weft_status parameters(void) {
    char out[ROOM];
    return as_status(weft_plan_parameters(plan, out, sizeof out));
}
static weft_status terms(void) {
    char out[ROOM];
    weft_term_place place = {.size = sizeof place};
    return weft_plan_term_count(plan, 0, 0) ? as_status(weft_plan_term(plan, 0, 0, 1, &place, out, sizeof out))
                                            : WEFT_OUT_OF_MEMORY;
}
static weft_status coverage_of(int64_t term) {
    static float share[7 * 5];
    return weft_plan_coverage(plan, 0, 1, term, 7, 5, share);
}
static weft_status coverage(void) { return coverage_of(WEFT_ALL_TERMS); }
static weft_status coverage_of_term(void) { return coverage_of(1); }
static bool note_row(void *user, int64_t row, const weft_key_range *keys, size_t count) {
    (void)row, (void)keys;
    *(size_t *)user += count;
    return true;
}
static weft_status rows(void) {
    size_t ranges = 0;
    return weft_plan_rows(plan, 0, 1, NULL, LENGTH, note_row, &ranges);
}
static weft_status work(void) {
    weft_plan_work out = {.size = sizeof out};
    return weft_plan_head(plan, 0, 1, &out);
}
static weft_status describe(void) {
    weft_plan_info info = {.size = sizeof info};
    return weft_plan_describe(plan, &info);
}
static weft_status choose(void) { return weft_plan_choose(plan, &tensors); }
static weft_status choices(void) {
    weft_choices out = {.size = sizeof out};
    return weft_plan_choices(plan, 0, 1, 0, &out);
}
static weft_status reference(void) {
    static double o[2 * LENGTH * DIM];
    return weft_reference(plan, &tensors, o, NULL);
}

static const struct {
    const char *name;
    weft_status (*call)(void);
} calls[] = {{"load a file", load_file},
             {"format", format},
             {"dump the AST", dump_ast},
             {"dump sets", dump_set},
             {"dump blocks", dump_blocks},
             {"a kernel without code", plan_only},
             {"a plan that lacks a binding", unbound},
             {"a pattern that is not there", no_pattern},
             {"from an image", from_image},
             {"doctor", doctor},
             {"mask of the oracle", oracle_mask},
             {"mask of the plan", plan_mask},
             {"explain", explain},
             {"parameters", parameters},
             {"terms", terms},
             {"coverage", coverage},
             {"coverage of a term", coverage_of_term},
             {"rows", rows},
             {"work", work},
             {"describe", describe},
             {"choose", choose},
             {"choices", choices},
             {"reference", reference}};

START_TEST(every_allocation_fails_once) {
    open_all();
    ck_assert_msg(calls[_i].call() == WEFT_OK, "%s", calls[_i].name);
    for (long n = 1;; n++) {
        book.calls = 0, book.fail_at = n;
        weft_status status = calls[_i].call();
        if (status != WEFT_OK && status != WEFT_OUT_OF_MEMORY)
            ck_abort_msg("%s, allocation %ld: %s", calls[_i].name, n, weft_status_name(status));
        book.fail_at = 0;
        if (book.calls < n) break;
    }
    ck_assert_msg(calls[_i].call() == WEFT_OK, "%s again", calls[_i].name);
    close_all();
}
END_TEST

int main(void) {
    TCase *tcase = tcase_create("memory");
    tcase_add_loop_test(tcase, every_allocation_fails_once, 0, sizeof calls / sizeof *calls);
    tcase_set_timeout(tcase, 0);
    Suite *suite = suite_create("system/memory_api");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
