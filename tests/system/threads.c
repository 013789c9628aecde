/* What may be shared is shared: one plan run by several threads at once, kernels made from one module side by side; and
 * results are the same bits for any number of threads. Run under ThreadSanitizer too. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/half.h>
#include <weft/weft.h>

#include "support/random.h"

enum { HEADS = 4, KV_HEADS = 2, QUERIES = 200, KEYS = 5000, DIM = 40 };

/* Rows 0..3 see everything: heavy rows that are split along their keys and merged. Head 1 takes two passes. */
static const char text[] =
    "pattern p(w: int = 300) { heads 0..1: rows(0..4) | past(w); heads 1..2: past(10) | band(-w * 8, 0, step = 16); "
    "attend (past(w) | cols(0..16) | rows({-1})) & causal; }\n";

typedef struct data {
    int64_t q_shape[4], k_shape[4], o_shape[4], lse_shape[3];
    DLTensor q, k, v, o, lse;
} data;

static DLTensor view(void *memory, weft_dtype dtype, int ndim, int64_t *shape) {
    DLDataType element = {kDLFloat, 32, 1};
    if (dtype == WEFT_BF16) element = (DLDataType){kDLBfloat, 16, 1};
    return (DLTensor){.data = memory, .device = {kDLCPU, 0}, .ndim = ndim, .dtype = element, .shape = shape};
}

static float *inputs;
static uint16_t *half_inputs; /* the same in bfloat16 */

/* Element number n of q, k and v, one after the other. */
static void *input_at(weft_dtype dtype, size_t n) {
    return dtype == WEFT_BF16 ? (void *)(half_inputs + n) : (void *)(inputs + n);
}

static void data_make(data *d, weft_dtype dtype, float *out) {
    *d = (data){{1, HEADS, QUERIES, DIM},
                {1, KV_HEADS, KEYS, DIM},
                {1, HEADS, QUERIES, DIM},
                {1, HEADS, QUERIES},
                {0},
                {0},
                {0},
                {0},
                {0}};
    d->q = view(input_at(dtype, 0), dtype, 4, d->q_shape);
    d->k = view(input_at(dtype, HEADS * QUERIES * DIM), dtype, 4, d->k_shape);
    d->v = view(input_at(dtype, HEADS * QUERIES * DIM + KV_HEADS * KEYS * DIM), dtype, 4, d->k_shape);
    d->o = view(out, dtype, 4, d->o_shape);
    d->lse = view(out + HEADS * QUERIES * DIM, WEFT_F32, 3, d->lse_shape);
}
enum { INPUTS = HEADS * QUERIES * DIM + 2 * KV_HEADS * KEYS * DIM, OUTPUTS = HEADS * QUERIES * (DIM + 1) };

static weft_plan *plan_with(uint32_t threads, weft_dtype dtype) {
    weft_config config = {.size = sizeof config, .threads = threads};
    weft_context *context;
    weft_module *module;
    weft_kernel *kernel;
    weft_plan *plan = NULL;
    ck_assert_int_eq(weft_context_create(&config, &context), WEFT_OK);
    ck_assert_int_eq(weft_module_load_text(context, "p.weft", text, sizeof text - 1, NULL, &module), WEFT_OK);
    weft_kernel_options options = {.size = sizeof options, .head_dim = DIM, .dtype = dtype};
    ck_assert_int_eq(weft_kernel_create(module, NULL, &options, &kernel), WEFT_OK);
    weft_shape shape = {sizeof shape, 1, HEADS, KV_HEADS, QUERIES, KEYS, DIM, DIM};
    ck_assert_int_eq(weft_plan_create(kernel, &shape, NULL, 0, &plan), WEFT_OK);
    weft_kernel_destroy(kernel), weft_module_destroy(module), weft_context_destroy(context);
    return plan; /* holds all that it needs */
}

static void run_with(const weft_plan *plan, weft_dtype dtype, float *out) {
    data d;
    memset(out, 0xff, OUTPUTS * sizeof *out);
    data_make(&d, dtype, out);
    weft_tensors tensors = {.size = sizeof tensors, .q = &d.q, .k = &d.k, .v = &d.v, .o = &d.o, .lse = &d.lse};
    ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_OK);
}

static void *run_in_thread(void *argument) {
    void **arguments = argument;
    for (int i = 0; i < 3; i++) run_with(arguments[0], WEFT_BF16, arguments[1]);
    return NULL;
}

START_TEST(same_bits_for_any_thread_count) {
    static float first[OUTPUTS], again[OUTPUTS];
    for (int dtype = WEFT_F32; dtype <= WEFT_BF16; dtype++)
        for (uint32_t threads = 1; threads <= 8; threads = threads < 3 ? threads + 1 : threads + 5) {
            weft_plan *plan = plan_with(threads, (weft_dtype)dtype);
            run_with(plan, (weft_dtype)dtype, threads == 1 ? first : again);
            if (threads > 1) ck_assert(!memcmp(first, again, sizeof first));
            weft_plan_destroy(plan);
        }
}
END_TEST

START_TEST(one_plan_many_threads) {
    enum { THREADS = 4 };
    static float out[THREADS][OUTPUTS];
    weft_plan *plan = plan_with(2, WEFT_BF16);
    pthread_t thread[THREADS];
    void *arguments[THREADS][2];
    for (int t = 0; t < THREADS; t++) {
        arguments[t][0] = plan, arguments[t][1] = out[t];
        ck_assert_int_eq(pthread_create(&thread[t], NULL, run_in_thread, arguments[t]), 0);
    }
    for (int t = 0; t < THREADS; t++) pthread_join(thread[t], NULL);
    for (int t = 1; t < THREADS; t++) ck_assert(!memcmp(out[0], out[t], sizeof out[0]));
    weft_plan_destroy(plan);
}
END_TEST

static weft_module *shared;

static void *compile_in_thread(void *unused) {
    for (int64_t dim = 8; dim < 11; dim++) {
        weft_kernel_options options = {.size = sizeof options, .head_dim = dim};
        weft_kernel *kernel = NULL;
        weft_plan *plan = NULL;
        weft_shape shape = {sizeof shape, 1, HEADS, KV_HEADS, QUERIES, KEYS, dim, dim};
        ck_assert_int_eq(weft_kernel_create(shared, NULL, &options, &kernel), WEFT_OK);
        ck_assert_int_eq(weft_plan_create(kernel, &shape, NULL, 0, &plan), WEFT_OK);
        shape.kv_heads = 3; /* does not divide: a message, in each thread */
        weft_plan *none = plan;
        ck_assert_int_ne(weft_plan_create(kernel, &shape, NULL, 0, &none), WEFT_OK);
        ck_assert_ptr_null(none);
        char message[300];
        ck_assert(weft_kernel_message(kernel, message, sizeof message) > 0);
        weft_plan_destroy(plan), weft_kernel_destroy(kernel);
    }
    return unused;
}

START_TEST(kernels_side_by_side) {
    weft_context *context;
    ck_assert_int_eq(weft_context_create(NULL, &context), WEFT_OK);
    ck_assert_int_eq(weft_module_load_text(context, "p.weft", text, sizeof text - 1, NULL, &shared), WEFT_OK);
    weft_context_destroy(context); /* the module keeps it */
    pthread_t thread[3];
    for (int t = 0; t < 3; t++) ck_assert_int_eq(pthread_create(&thread[t], NULL, compile_in_thread, NULL), 0);
    for (int t = 0; t < 3; t++) pthread_join(thread[t], NULL);
    weft_module_destroy(shared);
}
END_TEST

/* What a plan and its kernel say of themselves, as far as time plays no part in it. */
typedef struct look {
    weft_plan_info info;
    weft_kernel_info kernel;
    weft_plan_work work;
    char explained[1000], parameters[100], term[200];
    float share[6 * 7];
    uint8_t mask[QUERIES * KEYS];
} look;

typedef struct looker {
    const weft_kernel *kernel;
    const weft_plan *plan;
    look seen;
} looker;

static void *look_at(void *argument) {
    looker *l = argument;
    look *seen = &l->seen;
    bool allowed;
    memset(seen, 0, sizeof *seen);
    seen->info.size = sizeof seen->info, seen->kernel.size = sizeof seen->kernel, seen->work.size = sizeof seen->work;
    bool done = weft_plan_describe(l->plan, &seen->info) == WEFT_OK &&
                weft_kernel_describe(l->kernel, &seen->kernel) == WEFT_OK &&
                weft_plan_head(l->plan, 0, 1, &seen->work) == WEFT_OK &&
                weft_plan_mask(l->plan, 0, 1, WEFT_MASK_PLAN, seen->mask) == WEFT_OK &&
                weft_plan_coverage(l->plan, 0, 1, 1, 6, 7, seen->share) == WEFT_OK &&
                weft_plan_parameters(l->plan, seen->parameters, sizeof seen->parameters) &&
                weft_plan_term(l->plan, 0, 1, 1, NULL, seen->term, sizeof seen->term) &&
                weft_plan_explain(l->plan, 0, 1, KEYS - 1, 17, &allowed, seen->explained, sizeof seen->explained);
    return done ? l : NULL;
}

START_TEST(one_plan_many_lookers) {
    enum { THREADS = 4 };
    static looker lookers[THREADS];
    weft_context *context;
    weft_kernel *kernel;
    weft_plan *plan;
    const weft_shape shape = {sizeof shape, 1, HEADS, KV_HEADS, QUERIES, KEYS, DIM, DIM};
    ck_assert_int_eq(weft_context_create(NULL, &context), WEFT_OK);
    ck_assert_int_eq(weft_module_load_text(context, "p.weft", text, sizeof text - 1, NULL, &shared), WEFT_OK);
    ck_assert_int_eq(weft_kernel_create(shared, NULL, NULL, &kernel), WEFT_OK);
    ck_assert_int_eq(weft_plan_create(kernel, &shape, NULL, 0, &plan), WEFT_OK);
    pthread_t thread[THREADS];
    for (int t = 0; t < THREADS; t++) {
        lookers[t].kernel = kernel, lookers[t].plan = plan;
        ck_assert_int_eq(pthread_create(&thread[t], NULL, look_at, &lookers[t]), 0);
    }
    for (int t = 0; t < THREADS; t++) {
        void *done;
        pthread_join(thread[t], &done);
        ck_assert_ptr_nonnull(done);
        ck_assert(!memcmp(&lookers[t].seen, &lookers[0].seen, sizeof lookers[t].seen));
    }
    weft_plan_destroy(plan), weft_kernel_destroy(kernel), weft_module_destroy(shared), weft_context_destroy(context);
}
END_TEST

int main(void) {
    test_random random = {7};
    inputs = malloc(INPUTS * sizeof *inputs);
    half_inputs = malloc(INPUTS * sizeof *half_inputs);
    for (size_t i = 0; i < INPUTS; i++) inputs[i] = test_normal(&random);
    for (size_t i = 0; i < INPUTS; i++) half_inputs[i] = weft_float_to_bf16(inputs[i]);
    TCase *tcase = tcase_create("threads");
    tcase_add_test(tcase, same_bits_for_any_thread_count);
    tcase_add_test(tcase, one_plan_many_threads);
    tcase_add_test(tcase, kernels_side_by_side);
    tcase_add_test(tcase, one_plan_many_lookers);
    tcase_set_timeout(tcase, 0);
    Suite *suite = suite_create("threads");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(inputs);
    free(half_inputs);
    return failed ? 1 : 0;
}
