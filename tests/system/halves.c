/* Tensors of 16 bits, public API only. Where a kernel converts them, it computes what the float32 kernel computes from
 * the same numbers, rounded once: to the bit, whatever the numbers are. The reference reads every type. Tensors of
 * another type than the kernel's are refused by name. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/half.h>
#include <weft/weft.h>

#include "support/random.h"
#include "support/suite.h"

static const char *const targets[] = {"x86-64-v4", "x86-64-v3", "x86-64", "aarch64"};
static const char *const patterns[] = {
    "pattern p { attend all; }",
    "pattern p { attend causal; }",
    "pattern p { attend (window(20) | cols(0..2) | rows(0..3)); }",
    "pattern p { softcap 3.0; bias 0.25 * (i - j); attend past(100); }",
    "pattern p { attend band(-70, -3); }",
};
enum { TARGETS = sizeof targets / sizeof *targets, PATTERNS = sizeof patterns / sizeof *patterns };

static uint16_t narrowed(float x, weft_dtype dtype) {
    return dtype == WEFT_BF16 ? weft_float_to_bf16(x) : weft_float_to_f16(x);
}
static float widened(uint16_t x, weft_dtype dtype) {
    return dtype == WEFT_BF16 ? weft_bf16_to_float(x) : weft_f16_to_float(x);
}

static bool machine_runs(const char *target) {
#if defined(__x86_64__)
    if (strcmp(target, "x86-64-v4") == 0) return __builtin_cpu_supports("x86-64-v4");
    if (strcmp(target, "x86-64-v3") == 0) return __builtin_cpu_supports("x86-64-v3");
    return strcmp(target, "x86-64") == 0;
#else
    return strcmp(target, "aarch64") == 0;
#endif
}

/* ---- one tensor, twice ------------------------------------------------------------------------------------------ */

typedef struct pair {
    int64_t shape[4];
    size_t count;
    uint16_t *half;
    float *wide;
    DLTensor half_view, wide_view;
} pair;

static void pair_make(pair *t, weft_dtype dtype, int64_t heads, int64_t rows, int64_t dims) {
    const int64_t shape[4] = {1, heads, rows, dims};
    memcpy(t->shape, shape, sizeof shape);
    t->count = (size_t)(heads * rows * dims);
    t->half = malloc(t->count * sizeof *t->half);
    t->wide = malloc(t->count * sizeof *t->wide);
    ck_assert(t->half && t->wide);
    t->half_view = (DLTensor){.data = t->half, .device = {kDLCPU, 0}, .ndim = 4, .shape = t->shape};
    t->wide_view = t->half_view;
    t->half_view.dtype = (DLDataType){dtype == WEFT_BF16 ? kDLBfloat : kDLFloat, 16, 1};
    t->wide_view.data = t->wide;
    t->wide_view.dtype = (DLDataType){kDLFloat, 32, 1};
}

static void pair_free(pair *t) { free(t->half), free(t->wide); }

static void set(pair *t, weft_dtype dtype, size_t n, uint16_t half) {
    t->half[n] = half;
    t->wide[n] = widened(half, dtype);
}

/* Ordinary numbers, but for one in `rarity`, which has any 16 bits: infinities, NaN, subnormal and huge ones. */
static void fill(pair *t, weft_dtype dtype, test_random *random, int64_t rarity) {
    for (size_t n = 0; n < t->count; n++) {
        bool odd = rarity && test_range(random, 1, rarity) == 1;
        set(t, dtype, n, odd ? (uint16_t)test_bits(random) : narrowed(test_normal(random), dtype));
    }
}

typedef struct world {
    pair q, k, v, o;
    float lse[2][4 * 130];
    DLTensor lse_view[2];
    int64_t lse_shape[3];
    weft_shape shape;
} world;

static void world_make(world *w, weft_dtype dtype, test_random *random, int64_t rarity) {
    weft_shape *s = &w->shape;
    *s = (weft_shape){.size = sizeof *s,
                      .batch = 1,
                      .heads = 4,
                      .kv_heads = 2,
                      .queries = test_range(random, 1, 130),
                      .keys = test_range(random, 1, 260),
                      .head_dim = test_range(random, 1, 3) == 1 ? 64 : test_range(random, 1, 80),
                      .value_dim = test_range(random, 1, 3) == 1 ? 64 : test_range(random, 1, 80)};
    pair_make(&w->q, dtype, s->heads, s->queries, s->head_dim);
    pair_make(&w->k, dtype, s->kv_heads, s->keys, s->head_dim);
    pair_make(&w->v, dtype, s->kv_heads, s->keys, s->value_dim);
    pair_make(&w->o, dtype, s->heads, s->queries, s->value_dim);
    fill(&w->q, dtype, random, rarity), fill(&w->k, dtype, random, rarity), fill(&w->v, dtype, random, rarity);
    memset(w->o.half, 0xff, w->o.count * sizeof *w->o.half);
    memset(w->o.wide, 0xff, w->o.count * sizeof *w->o.wide);
    memset(w->lse, 0xff, sizeof w->lse);
    w->lse_shape[0] = 1, w->lse_shape[1] = s->heads, w->lse_shape[2] = s->queries;
    for (int n = 0; n < 2; n++)
        w->lse_view[n] = (DLTensor){
            .data = w->lse[n], .device = {kDLCPU, 0}, .ndim = 3, .dtype = {kDLFloat, 32, 1}, .shape = w->lse_shape};
}

static void world_free(world *w) { pair_free(&w->q), pair_free(&w->k), pair_free(&w->v), pair_free(&w->o); }

static weft_tensors tensors_of(world *w, bool wide) {
    return (weft_tensors){.size = sizeof(weft_tensors),
                          .q = wide ? &w->q.wide_view : &w->q.half_view,
                          .k = wide ? &w->k.wide_view : &w->k.half_view,
                          .v = wide ? &w->v.wide_view : &w->v.half_view,
                          .o = wide ? &w->o.wide_view : &w->o.half_view,
                          .lse = &w->lse_view[wide]};
}

/* ---- plans ------------------------------------------------------------------------------------------------------ */

typedef struct compiled {
    weft_context *context;
    weft_kernel *kernel;
    weft_plan *plan;
} compiled;

static compiled compile(const char *text, weft_dtype dtype, const char *target, const weft_shape *shape) {
    compiled c = {0};
    weft_module *module = NULL;
    weft_kernel_options options = {.size = sizeof options,
                                   .dtype = dtype,
                                   .head_dim = shape->head_dim,
                                   .value_dim = shape->value_dim,
                                   .target = target};
    char message[2000] = "";
    ck_assert_int_eq(weft_context_create(NULL, &c.context), WEFT_OK);
    weft_status status = weft_module_load_text(c.context, "p.weft", text, strlen(text), NULL, &module);
    if (status == WEFT_OK) status = weft_kernel_create(module, NULL, &options, &c.kernel);
    weft_context_message(c.context, false, message, sizeof message);
    ck_assert_msg(status == WEFT_OK, "%s", message);
    ck_assert_int_eq(weft_plan_create(c.kernel, shape, NULL, 0, &c.plan), WEFT_OK);
    weft_module_destroy(module);
    return c;
}

static void discard(compiled *c) {
    weft_plan_destroy(c->plan), weft_kernel_destroy(c->kernel), weft_context_destroy(c->context);
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static bool same_float(float a, float b) { return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0; }

static void compare(const world *w, weft_dtype dtype, const char *target, const char *text) {
    for (size_t n = 0; n < w->o.count; n++) {
        uint16_t got = w->o.half[n], want = narrowed(w->o.wide[n], dtype);
        bool is_nan = isnan(w->o.wide[n]), same = is_nan ? isnan(widened(got, dtype)) : got == want;
        if (!same)
            ck_abort_msg("%s, dtype %d, %s: o number %zu is %04x, not %04x of %a", target, (int)dtype, text, n, got,
                         want, (double)w->o.wide[n]);
        int quiet = dtype == WEFT_BF16 ? 0x40 : 0x200;
        if (is_nan && !(got & quiet)) ck_abort_msg("%s: o number %zu is a signalling NaN", target, n);
    }
    for (int64_t n = 0; n < w->shape.heads * w->shape.queries; n++)
        if (!same_float(w->lse[0][n], w->lse[1][n]))
            ck_abort_msg("%s, dtype %d, %s: lse number %d is %a, not %a", target, (int)dtype, text, (int)n,
                         (double)w->lse[0][n], (double)w->lse[1][n]);
}

/* rarity 0: ordinary numbers; else a few that are not, and then many. */
static void compare_kernels(const char *target, weft_dtype dtype, const char *text, uint64_t seed) {
    static const int64_t rarities[] = {0, 3000, 50};
    static world w;
    test_random random = {seed};
    for (int turn = 0; turn < 3; turn++) {
        world_make(&w, dtype, &random, rarities[turn]);
        for (int wide = 0; wide < 2; wide++) {
            compiled c = compile(text, wide ? WEFT_F32 : dtype, target, &w.shape);
            weft_tensors tensors = tensors_of(&w, wide);
            ck_assert_int_eq(weft_run(c.plan, &tensors, NULL), WEFT_OK);
            discard(&c);
        }
        compare(&w, dtype, target, text);
        world_free(&w);
    }
}

START_TEST(converting_is_all_that_differs) {
    const char *target = targets[_i];
    if (!machine_runs(target)) return;
    for (int n = 0; n < PATTERNS; n++)
        for (int dtype = WEFT_BF16; dtype <= WEFT_F16; dtype++)
            compare_kernels(target, (weft_dtype)dtype, patterns[n], (uint64_t)(100 * _i + 10 * n + dtype));
}
END_TEST

START_TEST(the_reference_reads_every_type) {
    static world w;
    for (int dtype = WEFT_BF16; dtype <= WEFT_F16; dtype++) {
        test_random random = {(uint64_t)dtype};
        world_make(&w, (weft_dtype)dtype, &random, 20);
        double *o[2], *lse[2];
        compiled c = compile(patterns[1], WEFT_F32, NULL, &w.shape);
        for (int wide = 0; wide < 2; wide++) {
            o[wide] = malloc(w.o.count * sizeof **o),
            lse[wide] = malloc(sizeof w.lse[0] / sizeof(float) * sizeof **lse);
            weft_tensors tensors = tensors_of(&w, wide);
            ck_assert_int_eq(weft_reference(c.plan, &tensors, o[wide], lse[wide]), WEFT_OK);
        }
        for (size_t n = 0; n < w.o.count; n++)
            if (!(o[0][n] == o[1][n] || (isnan(o[0][n]) && isnan(o[1][n])))) ck_abort_msg("o number %zu", n);
        for (int64_t n = 0; n < w.shape.heads * w.shape.queries; n++)
            ck_assert(lse[0][n] == lse[1][n] || (isnan(lse[0][n]) && isnan(lse[1][n])));
        for (int wide = 0; wide < 2; wide++) free(o[wide]), free(lse[wide]);
        discard(&c);
        world_free(&w);
    }
}
END_TEST

static void expect_refusal(const compiled *c, const weft_tensors *tensors, const char *words) {
    char message[1000];
    ck_assert_int_eq(weft_run(c->plan, tensors, NULL), WEFT_INVALID_ARGUMENT);
    weft_plan_message(c->plan, message, sizeof message);
    ck_assert_msg(strstr(message, words), "%s", message);
}

START_TEST(other_types_are_refused_by_name) {
    static world w;
    test_random random = {5};
    world_make(&w, WEFT_BF16, &random, 0);
    compiled c = compile(patterns[0], WEFT_BF16, NULL, &w.shape), f16 = compile(patterns[0], WEFT_F16, NULL, &w.shape);
    weft_tensors tensors = tensors_of(&w, false), mixed = tensors;
    ck_assert_int_eq(weft_run(c.plan, &tensors, NULL), WEFT_OK);
    mixed.k = &w.k.wide_view;
    expect_refusal(&c, &mixed, "k has elements of float32; bfloat16 is expected");
    double *o = malloc(w.o.count * sizeof *o);
    ck_assert_int_eq(weft_reference(c.plan, &mixed, o, NULL), WEFT_INVALID_ARGUMENT);
    free(o);
    mixed = tensors, mixed.o = &w.o.wide_view;
    expect_refusal(&c, &mixed, "o has elements of float32; bfloat16 is expected");
    expect_refusal(&f16, &tensors, "q has elements of bfloat16; float16 is expected");
    discard(&c), discard(&f16);
    world_free(&w);
}
END_TEST

/* Weighted means of equal numbers are those numbers, the largest and the smallest ones too. */
START_TEST(means_reach_the_ends_of_the_type) {
    static const uint16_t values[][4] = {
        [WEFT_BF16] = {0x7b7f, 0xfb7f, 0x0080, 0x8000}, [WEFT_F16] = {0x7bff, 0xfbff, 0x0001, 0x8001}};
    if (!machine_runs(targets[_i])) return;
    static world w;
    for (int dtype = WEFT_BF16; dtype <= WEFT_F16; dtype++)
        for (int n = 0; n < 4; n++) {
            test_random random = {(uint64_t)n};
            world_make(&w, (weft_dtype)dtype, &random, 0);
            for (size_t at = 0; at < w.v.count; at++) set(&w.v, (weft_dtype)dtype, at, values[dtype][n]);
            compiled c = compile(patterns[0], (weft_dtype)dtype, targets[_i], &w.shape);
            weft_tensors tensors = tensors_of(&w, false);
            ck_assert_int_eq(weft_run(c.plan, &tensors, NULL), WEFT_OK);
            float want = widened(values[dtype][n], (weft_dtype)dtype);
            for (size_t at = 0; at < w.o.count; at++)
                if (widened(w.o.half[at], (weft_dtype)dtype) != want)
                    ck_abort_msg("%s: %04x, not %04x", targets[_i], w.o.half[at], values[dtype][n]);
            discard(&c);
            world_free(&w);
        }
}
END_TEST

/* Also where the scale is brought in after the product: -inf times 0 must not become NaN. */
START_TEST(a_scale_of_zero_makes_keys_equal) {
    static const char *const all[] = {"x86-64-v4", "x86-64-v3", "x86-64", "aarch64", NULL};
    const char *target = all[_i];
    if (target && !machine_runs(target)) return;
    static world w;
    for (int dtype = WEFT_BF16; dtype <= WEFT_F16; dtype++) {
        test_random random = {9};
        world_make(&w, (weft_dtype)dtype, &random, 0);
        compiled c = compile("pattern p { scale 0.0; attend causal; }", (weft_dtype)dtype, target, &w.shape);
        weft_tensors tensors = tensors_of(&w, false);
        ck_assert_int_eq(weft_run(c.plan, &tensors, NULL), WEFT_OK);
        for (int64_t row = 0; row < w.shape.queries; row++) {
            int64_t keys = row + w.shape.keys - w.shape.queries + 1;
            double mass = exp((double)w.lse[0][row]);
            ck_assert_msg(keys > 0 ? lround(mass) == keys : mass == 0, "row %d: %g", (int)row, mass);
        }
        discard(&c);
        world_free(&w);
    }
}
END_TEST

int main(void) {
    TCase *tcase = tcase_create("halves");
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, converting_is_all_that_differs, 0, TARGETS);
    tcase_add_test(tcase, the_reference_reads_every_type);
    tcase_add_test(tcase, other_types_are_refused_by_name);
    tcase_add_loop_test(tcase, a_scale_of_zero_makes_keys_equal, 0, TARGETS + 1);
    tcase_add_loop_test(tcase, means_reach_the_ends_of_the_type, 0, TARGETS);
    Suite *suite = suite_create("system/halves");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
