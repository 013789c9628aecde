/* What LANGUAGE.md section 4 promises of scores, one promise a test: arrays of a run, faults, infinities, huge biases,
 * sinks, slopes. Public API only; the kernel and the reference both. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

#include "support/random.h"
#include "support/suite.h"

enum { HEADS = 3, QUERIES = 40, KEYS = 70, DIM = 16, VALUE_DIM = 5, ROWS = HEADS * QUERIES };

typedef struct bench {
    weft_context *context;
    weft_kernel *kernel;
    weft_plan *plan;
    float q[ROWS * DIM], k[HEADS * KEYS * DIM], v[HEADS * KEYS * VALUE_DIM];
    float o[ROWS * VALUE_DIM], lse[ROWS];
    double judge[ROWS * VALUE_DIM], judge_lse[ROWS];
    char message[3000];
} bench;

/* ---- arrays ----------------------------------------------------------------------------------------------------- */

typedef struct list {
    DLTensor view;
    int64_t shape[1];
    double data[16];
} list;

static list list_of(int64_t count, const double *values) {
    list l = {.view = {.device = {kDLCPU, 0}, .ndim = 1, .dtype = {kDLFloat, 64, 1}}, .shape = {count}};
    memcpy(l.data, values, (size_t)count * sizeof *values);
    return l;
}
#define LIST(...) list_of(sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[]){__VA_ARGS__})

static weft_binding bound(const char *name, list *l) {
    l->view.data = l->data;
    l->view.shape = l->shape;
    return (weft_binding){name, WEFT_BIND_ARRAY, {.array = &l->view}};
}

static DLTensor tensor(float *data, int64_t *shape) {
    return (DLTensor){.data = data, .device = {kDLCPU, 0}, .ndim = 3, .dtype = {kDLFloat, 32, 1}, .shape = shape};
}

/* ---- steps ------------------------------------------------------------------------------------------------------ */

static weft_status open(bench *b, const char *text, const weft_binding *bindings, size_t count) {
    static weft_config config = {.size = sizeof config, .threads = 1};
    weft_module *module = NULL;
    weft_kernel_options options = {.size = sizeof options, .head_dim = DIM, .value_dim = VALUE_DIM};
    weft_shape shape = {sizeof shape, 1, HEADS, HEADS, QUERIES, KEYS, DIM, VALUE_DIM};
    test_random random = {42};
    for (int n = 0; n < ROWS * DIM; n++) b->q[n] = test_normal(&random);
    for (int n = 0; n < HEADS * KEYS * DIM; n++) b->k[n] = test_normal(&random);
    for (int n = 0; n < HEADS * KEYS * VALUE_DIM; n++) b->v[n] = test_normal(&random);
    ck_assert_int_eq(weft_context_create(&config, &b->context), WEFT_OK);
    weft_status status = weft_module_load_text(b->context, "s.weft", text, strlen(text), NULL, &module);
    if (status == WEFT_OK) status = weft_kernel_create(module, NULL, &options, &b->kernel);
    weft_context_message(b->context, false, b->message, sizeof b->message);
    ck_assert_msg(status == WEFT_OK, "%s", b->message);
    weft_module_destroy(module);
    status = weft_plan_create(b->kernel, &shape, bindings, count, &b->plan);
    weft_kernel_message(b->kernel, b->message, sizeof b->message);
    return status;
}

static void run(bench *b, const weft_binding *bindings, size_t count, weft_status wanted) {
    int64_t q[] = {HEADS, QUERIES, DIM}, k[] = {HEADS, KEYS, DIM}, v[] = {HEADS, KEYS, VALUE_DIM},
            o[] = {HEADS, QUERIES, VALUE_DIM}, lse[] = {HEADS, QUERIES};
    DLTensor tq = tensor(b->q, q), tk = tensor(b->k, k), tv = tensor(b->v, v), to = tensor(b->o, o),
             tl = tensor(b->lse, lse);
    tl.ndim = 2;
    weft_tensors tensors = {.size = sizeof tensors,
                            .q = &tq,
                            .k = &tk,
                            .v = &tv,
                            .o = &to,
                            .lse = &tl,
                            .bindings = bindings,
                            .binding_count = count};
    memset(b->o, 0xff, sizeof b->o);
    memset(b->lse, 0xff, sizeof b->lse);
    weft_status status = weft_run(b->plan, &tensors, NULL);
    weft_plan_message(b->plan, b->message, sizeof b->message);
    ck_assert_msg(status == wanted, "%s", b->message);
    ck_assert_int_eq(weft_reference(b->plan, &tensors, b->judge, b->judge_lse), wanted);
}

static bool near(double a, double b, double slack) { return a == b || fabs(a - b) <= slack; }

/* The kernel says what the reference says. */
static void agree(const bench *b) {
    for (int n = 0; n < ROWS * VALUE_DIM; n++)
        ck_assert_msg(near((double)b->o[n], b->judge[n], 2e-5), "o[%d] is %g, not %g", n, (double)b->o[n], b->judge[n]);
    for (int n = 0; n < ROWS; n++)
        ck_assert_msg(near((double)b->lse[n], b->judge_lse[n], 2e-5 * fmax(1, fabs(b->judge_lse[n]))),
                      "lse[%d] is %g, not %g", n, (double)b->lse[n], b->judge_lse[n]);
}

static void close_bench(bench *b) {
    weft_plan_destroy(b->plan);
    weft_kernel_destroy(b->kernel);
    weft_context_destroy(b->context);
    free(b);
}

/* Runs a pattern that needs nothing, or arrays given to the run. */
static bench *outcome(const char *text, const weft_binding *bindings, size_t count) {
    bench *b = calloc(1, sizeof *b);
    ck_assert_msg(open(b, text, NULL, 0) == WEFT_OK, "%s", b->message);
    run(b, bindings, count, WEFT_OK);
    return b;
}

static void same(const bench *a, const bench *b) {
    for (int n = 0; n < ROWS * VALUE_DIM; n++) ck_assert(near((double)a->o[n], (double)b->o[n], 1e-5));
    for (int n = 0; n < ROWS; n++) ck_assert(near((double)a->lse[n], (double)b->lse[n], 1e-5));
}

/* ---- arrays of a run --------------------------------------------------------------------------------------------- */

static const char sloped[] = "pattern p(w: int = 3, s: per_head) { attend causal; bias s[h] * (i - j); sink s; }";

START_TEST(a_run_overrides_its_plan) {
    list zero = LIST(0, 0, 0), slopes = LIST(-0.1, 0.05, 0.3);
    weft_binding to_plan = bound("s", &zero), to_run = bound("s", &slopes);
    bench *b = calloc(1, sizeof *b), *other = outcome(sloped, &to_run, 1);
    ck_assert_int_eq(open(b, sloped, &to_plan, 1), WEFT_OK);
    run(b, NULL, 0, WEFT_OK);
    agree(b);
    ck_assert(!near((double)b->lse[QUERIES - 1], (double)other->lse[QUERIES - 1], 1e-3));
    run(b, &to_run, 1, WEFT_OK);
    agree(b);
    same(b, other);
    run(b, NULL, 0, WEFT_OK); /* nothing of the last run stays */
    ck_assert(!near((double)b->lse[QUERIES - 1], (double)other->lse[QUERIES - 1], 1e-3));
    close_bench(b);
    close_bench(other);
}
END_TEST

static void refuse(bench *b, const weft_binding *bindings, size_t count, weft_status status, const char *words) {
    run(b, bindings, count, status);
    ck_assert_msg(strstr(b->message, words) != NULL, "%s", b->message);
}

START_TEST(arrays_that_do_not_suit_are_refused) {
    list slopes = LIST(-0.1, 0.05, 0.3), few = LIST(1, 2);
    weft_binding two[2] = {bound("s", &slopes), {"w", WEFT_BIND_INT, {.integer = 4}}};
    bench *b = calloc(1, sizeof *b);
    ck_assert_int_eq(open(b, sloped, NULL, 0), WEFT_OK);
    refuse(b, NULL, 0, WEFT_INVALID_ARGUMENT, "error[E0401]: no value for `s`");
    refuse(b, two, 2, WEFT_INVALID_ARGUMENT, "error[E0403]: `w`: it is bound when the plan is made");
    two[1] = bound("s", &slopes);
    refuse(b, two, 2, WEFT_INVALID_ARGUMENT, "error[E0403]: `s`: it is bound twice");
    two[0] = bound("s", &few);
    refuse(b, two, 1, WEFT_INVALID_ARGUMENT, "error[E0404]: `s`: dimension 0 has length 2 instead of 3");
    two[0] = bound("t", &slopes);
    refuse(b, two, 1, WEFT_INVALID_ARGUMENT, "error[E0402]: the pattern has no parameter `t`");
    close_bench(b);
}
END_TEST

/* What no pair decides is an error, unless it stands in a branch that is not taken. */
START_TEST(faults_of_a_run) {
    static const char text[] = "pattern p(s: per_head, t: table) { attend all; bias s[h] > 0.0 ? t[4] * (i - j) : "
                               "(s[h] < -1.0 and j > 3 and t[-1] > 0.0 ? 1.0 : 0.5); }";
    list good = LIST(0, -0.5, -0.25), taken = LIST(0, 0.5, 0), end = LIST(0, 0, -2), table = LIST(1, 2, 3);
    weft_binding bindings[2] = {bound("s", &good), bound("t", &table)};
    bench *b = outcome(text, bindings, 2);
    agree(b);
    bindings[0] = bound("s", &taken);
    refuse(b, bindings, 2, WEFT_INVALID_PATTERN, "error[E0304]: an index out of range, in the bias of head 1");
    ck_assert(strstr(b->message, "t[4]") != NULL && strstr(b->message, "s.weft:1:66") != NULL);
    bindings[0] = bound("s", &end);
    refuse(b, bindings, 2, WEFT_INVALID_PATTERN, "of head 2");
    close_bench(b);
}
END_TEST

/* A pair's fault makes its whole bias 0. */
START_TEST(faults_of_a_pair) {
    bench *a = outcome("pattern p { attend all; bias 100.0 + 7 // (j - 5) + (i + 4611686018427387904) * 0.0 - 107.0; }",
                       NULL, 0);
    bench *b = outcome("pattern p { attend all; bias j == 5 ? 0.0 : 7 // (j - 5) - 7.0; }", NULL, 0);
    agree(a);
    agree(b);
    same(a, b);
    close_bench(a);
    close_bench(b);
    a = outcome("pattern p { attend all; bias 1.0 + (j - i) * 4611686018427387904 * 0.0; }", NULL, 0);
    b = outcome("pattern p { attend all; bias -2 <= j - i and j - i <= 1 ? 1.0 : 0.0; }", NULL, 0);
    agree(a);
    same(a, b);
    close_bench(a);
    close_bench(b);
}
END_TEST

/* ---- infinities -------------------------------------------------------------------------------------------------- */

START_TEST(minus_infinity_takes_the_weight) {
    bench *a = calloc(1, sizeof *a), *b = outcome("pattern p { attend all - cols({3, 64, 69}); }", NULL, 0);
    ck_assert_int_eq(
        open(a, "pattern p { attend all; bias j == 3 or j > 63 and j % 5 == 4 ? log(0.0) : 0.0; }", NULL, 0), WEFT_OK);
    for (int head = 0; head < HEADS; head++)
        for (int n = 0; n < 3; n++)
            for (int d = 0; d < VALUE_DIM; d++)
                a->v[(head * KEYS + (int[]){3, 64, 69}[n]) * VALUE_DIM + d] = d % 2 ? NAN : INFINITY;
    run(a, NULL, 0, WEFT_OK);
    agree(a);
    same(a, b);
    close_bench(a);
    close_bench(b);
}
END_TEST

START_TEST(rows_without_weight_are_empty) {
    list sinks = LIST(-1, 0, 30);
    weft_binding sink = bound("b", &sinks);
    bench *a = outcome("pattern p { attend all; bias i % 2 == 0 ? log(0.0) : 1.0; }", NULL, 0);
    bench *b = outcome("pattern p(b: per_head) { attend all; bias i % 2 == 0 ? log(0.0) : 1.0; sink b; }", &sink, 1);
    bench *c = outcome("pattern p(b: per_head) { attend where(i % 2 == 1); bias 1.0; sink b; }", &sink, 1);
    agree(a);
    agree(b);
    agree(c);
    same(b, c);
    for (int row = 0; row < ROWS; row++) {
        if ((row % QUERIES + KEYS - QUERIES) % 2) continue;
        ck_assert(a->lse[row] == -INFINITY && near((double)b->lse[row], sinks.data[row / QUERIES], 1e-5));
        for (int d = 0; d < VALUE_DIM; d++) ck_assert(a->o[row * VALUE_DIM + d] == 0 && b->o[row * VALUE_DIM + d] == 0);
    }
    close_bench(a);
    close_bench(b);
    close_bench(c);
}
END_TEST

START_TEST(plus_infinity_is_ieee) {
    bench *b = outcome("pattern p { attend all; bias i % 3 == 0 and j == 2 ? -log(0.0) : 0.0; }", NULL, 0);
    for (int row = 0; row < ROWS; row++)
        for (int d = 0; d < VALUE_DIM; d++) {
            bool hit = (row % QUERIES + KEYS - QUERIES) % 3 == 0;
            ck_assert(isnan((double)b->o[row * VALUE_DIM + d]) == hit && isnan(b->judge[row * VALUE_DIM + d]) == hit);
        }
    close_bench(b);
}
END_TEST

/* As large as it likes, a bias that all pairs share changes nothing; a float cannot hold its lse. */
START_TEST(huge_biases_cancel) {
    static const char *const texts[] = {"pattern p { attend causal; bias -1e300 + 0.0 * j; }",
                                        "pattern p { attend causal; bias 1e300 + 0.0 * j; }",
                                        "pattern p { attend causal; bias -1e38 * 1e10 + 0.0 * j; }"};
    for (int n = 0; n < 3; n++) {
        bench *b = outcome(texts[n], NULL, 0);
        for (int k = 0; k < ROWS * VALUE_DIM; k++) ck_assert(near((double)b->o[k], b->judge[k], 2e-5));
        for (int k = 0; k < ROWS; k++) ck_assert(isfinite((double)b->lse[k]) && fabs((double)b->lse[k]) > 1e37);
        close_bench(b);
    }
    bench *b = outcome("pattern p { attend causal; bias -1e300 * (i - j); }", NULL, 0); /* the key at hand alone */
    for (int row = 0; row < ROWS; row++)
        for (int d = 0; d < VALUE_DIM; d++) {
            int key = row % QUERIES + KEYS - QUERIES, head = row / QUERIES;
            ck_assert(near((double)b->o[row * VALUE_DIM + d], (double)b->v[(head * KEYS + key) * VALUE_DIM + d], 1e-6));
        }
    agree(b);
    close_bench(b);
}
END_TEST

/* ---- sinks, softcaps, slopes ------------------------------------------------------------------------------------- */

START_TEST(sinks_at_their_limits) {
    list sinks = LIST(-INFINITY, INFINITY, 1000);
    weft_binding sink = bound("b", &sinks);
    bench *a = outcome("pattern p(b: per_head) { attend causal; sink b; }", &sink, 1);
    bench *b = outcome("pattern p { attend causal; }", NULL, 0);
    agree(a);
    for (int row = 0; row < ROWS; row++)
        for (int d = 0; d < VALUE_DIM; d++) {
            float o = a->o[row * VALUE_DIM + d];
            ck_assert(row / QUERIES == 0 ? near((double)o, (double)b->o[row * VALUE_DIM + d], 1e-6) : o == 0);
        }
    ck_assert(a->lse[QUERIES] == INFINITY && near((double)a->lse[2 * QUERIES], 1000, 1e-3));
    close_bench(a);
    close_bench(b);
}
END_TEST

START_TEST(softcaps_at_their_limits) {
    bench *none = outcome("pattern p { attend causal; }", NULL, 0),
          *flat = outcome("pattern p { attend causal; scale 0; }", NULL, 0);
    bench *zero = outcome("pattern p { attend causal; softcap 0; }", NULL, 0);
    bench *tiny = outcome("pattern p { attend causal; softcap 1e-38; }", NULL, 0);
    bench *large = outcome("pattern p { attend causal; softcap 1e38; }", NULL, 0);
    bench *negative = outcome("pattern p { attend causal; softcap -2; }", NULL, 0);
    bench *positive = outcome("pattern p { attend causal; softcap 2; }", NULL, 0);
    agree(zero), agree(tiny), agree(large), agree(negative), agree(positive);
    same(zero, flat), same(tiny, flat), same(large, none), same(negative, positive);
    close_bench(none), close_bench(flat), close_bench(zero), close_bench(tiny), close_bench(large);
    close_bench(negative), close_bench(positive);
}
END_TEST

START_TEST(a_softcap_must_be_finite) {
    bench *b = calloc(1, sizeof *b);
    ck_assert_int_eq(open(b, "pattern p { attend causal; softcap h == 1 ? 1e300 : 1.0; }", NULL, 0),
                     WEFT_INVALID_ARGUMENT);
    ck_assert_msg(strstr(b->message, "error[E0405]: the softcap of head 1 is 1e+300") != NULL, "%s", b->message);
    close_bench(b);
}
END_TEST

/* Three heads: of two, 2^-4 and 2^-8; then 2^-2, the first of four. */
START_TEST(slopes_of_alibi) {
    list slopes = LIST(0.0625, 0.00390625, 0.25);
    weft_binding given = bound("m", &slopes);
    bench *a = outcome("pattern p { attend all; bias alibi; }", NULL, 0);
    bench *b = outcome("pattern p(m: per_head) { attend all; bias -m[h] * abs(i - j); }", &given, 1);
    agree(a);
    agree(b);
    same(a, b);
    close_bench(a);
    close_bench(b);
}
END_TEST

TEST_MAIN("system/scores", a_run_overrides_its_plan, arrays_that_do_not_suit_are_refused, faults_of_a_run,
          faults_of_a_pair, minus_infinity_takes_the_weight, rows_without_weight_are_empty, plus_infinity_is_ieee,
          huge_biases_cancel, sinks_at_their_limits, softcaps_at_their_limits, a_softcap_must_be_finite,
          slopes_of_alibi)
