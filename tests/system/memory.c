/* Every allocation of load, compile, plan and run fails once: each time the answer is a status, nothing half-made comes
 * back, and nothing is lost. LLVM's own allocations are its own. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

#include "support/ledger.h"

static const char text[] = "set local(w) = past(w) | cols({0, -1});\n"
                           "pattern p(w: int = 30, t: tokens) {\n"
                           "    let n = w // 2;\n"
                           "    require w > 0, \"w\";\n"
                           "    heads 0..1: blocks(16, window(1)) - where(i % 3 == j % 5);\n"
                           "    attend (local(n) | global(t) | band(-80, 0, step = 8) | lsh([2, 2], 2)) & causal\n"
                           "         | topk(2, 16, within = causal) | vertical_slash(2, 2);\n"
                           "    scale 0.5;\n    approximate causal with favor(features = w, seed = 2);\n}\n";
/* One bad file too: diagnostics allocate. */
static const char bad[] = "pattern p(w: int = 30) { attend windw(w) | past(1.5); heads 0: none; attend all }\n";

enum { QUERIES = 70, KEYS = 90, DIM = 8 };

/* Everything, once. The status of the first step that failed, or WEFT_OK. */
static weft_status everything(ledger *book, bool *made_code) {
    static float q[2 * QUERIES * DIM], k[2 * KEYS * DIM], o[2 * QUERIES * DIM];
    weft_config config = {.size = sizeof config, .resize = counted_resize, .resize_user = book, .threads = 1};
    weft_context *context = NULL;
    weft_module *module = NULL, *none = NULL;
    weft_kernel *kernel = NULL;
    weft_plan *plan = NULL;
    int64_t tokens[2] = {5, -3}, token_shape[1] = {2};
    int64_t q_shape[3] = {2, QUERIES, DIM}, k_shape[3] = {2, KEYS, DIM};
    DLTensor array = {.data = tokens, .device = {kDLCPU, 0}, .ndim = 1, .dtype = {kDLInt, 64, 1}, .shape = token_shape};
    DLTensor tq = {.data = q, .device = {kDLCPU, 0}, .ndim = 3, .dtype = {kDLFloat, 32, 1}, .shape = q_shape};
    DLTensor tk = tq, to = tq;
    tk.data = k, tk.shape = k_shape, to.data = o;
    weft_binding binding = {"t", WEFT_BIND_ARRAY, {.array = &array}};
    weft_kernel_options options = {.size = sizeof options, .head_dim = DIM};
    weft_shape shape = {sizeof shape, 1, 2, 2, QUERIES, KEYS, DIM, DIM};
    weft_tensors tensors = {.size = sizeof tensors, .q = &tq, .k = &tk, .v = &tk, .o = &to};
    weft_status status = weft_context_create(&config, &context);
    if (status == WEFT_OK) {
        weft_status wrong = weft_module_load_text(context, "bad.weft", bad, sizeof bad - 1, NULL, &none);
        ck_assert(wrong == WEFT_INVALID_PATTERN || wrong == WEFT_OUT_OF_MEMORY);
        ck_assert_ptr_null(none);
        char message[100];
        weft_context_message(context, true, message, sizeof message);
        if (wrong == WEFT_OUT_OF_MEMORY) status = wrong;
    }
    if (status == WEFT_OK) status = weft_module_load_text(context, "p.weft", text, sizeof text - 1, NULL, &module);
    if (status == WEFT_OK) status = weft_kernel_create(module, NULL, &options, &kernel);
    if (status == WEFT_OK) *made_code = true;
    if (status == WEFT_OK) status = weft_plan_create(kernel, &shape, &binding, 1, &plan);
    if (status == WEFT_OK) status = weft_plan_choose(plan, &tensors);
    if (status == WEFT_OK) status = weft_run(plan, &tensors, NULL);
    ck_assert((plan != NULL) <= (kernel != NULL) && (kernel != NULL) <= (module != NULL));
    weft_plan_destroy(plan), weft_kernel_destroy(kernel), weft_module_destroy(module), weft_context_destroy(context);
    return status;
}

START_TEST(every_allocation_fails_once) {
    ledger book = {0};
    bool made_code = false;
    ck_assert_int_eq(everything(&book, &made_code), WEFT_OK);
    ck_assert_int_eq(book.bytes, 0);
    ck_assert_int_eq(book.blocks, 0);
    long all = book.calls, failures = 0;
    for (long n = 1; n <= all; n++) {
        book = (ledger){.fail_at = n};
        weft_status status = everything(&book, &made_code);
        if (status != WEFT_OK) failures++;
        if (status != WEFT_OK && status != WEFT_OUT_OF_MEMORY)
            fprintf(stderr, "allocation %ld of %ld: %s\n", n, all, weft_status_name(status));
        ck_assert(status == WEFT_OK || status == WEFT_OUT_OF_MEMORY);
        if (book.bytes || book.blocks) fprintf(stderr, "allocation %ld of %ld: %lld bytes lost\n", n, all, book.bytes);
        ck_assert(book.bytes == 0 && book.blocks == 0);
    }
    printf("%ld allocations, each failed once: %ld out of memory, none lost\n", all, failures);
    ck_assert_int_gt(failures, all / 2); /* a few only make a message shorter */
}
END_TEST

int main(void) {
    TCase *tcase = tcase_create("memory");
    tcase_add_test(tcase, every_allocation_fails_once);
    tcase_set_timeout(tcase, 0);
    Suite *suite = suite_create("memory");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
