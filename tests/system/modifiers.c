/* Softcap, bias and sink through the whole path: random expressions over ragged shapes, sets and instruction sets, the
 * kernel against the float64 reference, arrays bound to the plan, to the run, or to both. WEFT_CASES and WEFT_SEED
 * choose how many and which. */
#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

#include "support/random.h"

#define PICK(random, list) list[test_range(random, 0, (int64_t)(sizeof list / sizeof *list) - 1)]

/* ---- expressions ------------------------------------------------------------------------------------------------ */

typedef struct writer {
    test_random *random;
    char text[6000];
    size_t used;
    bool same_for_all; /* no i, no j */
} writer;

static int64_t pick(writer *w, int64_t low, int64_t high) { return test_range(w->random, low, high); }

static void put(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(writer *w, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (w->used < sizeof w->text)
        w->used += (size_t)vsnprintf(w->text + w->used, sizeof w->text - w->used, format, arguments);
    va_end(arguments);
}

static void put_int(writer *w, int depth);
static void put_real(writer *w, int depth);

static void put_condition(writer *w, int depth) {
    static const char *const compare[] = {"<", "<=", ">", ">=", "==", "!="};
    static const char *const joins[] = {" and ", " or "};
    int choice = (int)pick(w, 0, depth > 0 ? 6 : 1);
    if (choice == 6) {
        put(w, "(not (");
        put_condition(w, depth - 1);
        put(w, "))");
    } else if (choice >= 4) {
        put(w, "(");
        put_condition(w, depth - 1);
        put(w, "%s", PICK(w->random, joins));
        put_condition(w, depth - 1);
        put(w, ")");
    } else {
        put(w, "(");
        choice % 2 ? put_int(w, depth - 1) : put_real(w, depth - 1);
        put(w, " %s ", PICK(w->random, compare));
        choice % 2 ? put_int(w, depth - 1) : put_real(w, depth - 1);
        put(w, ")");
    }
}

/* A part that every pair has the same of, now and then. */
static bool begin_part(writer *w) {
    bool before = w->same_for_all;
    if (pick(w, 0, 5) == 0) w->same_for_all = true;
    return before;
}

static void put_int_leaf(writer *w) {
    static const char *const pair[] = {"i", "j", "(i - j)", "abs(i - j)", "x[j]", "k[abs(j) % 5]"};
    static const char *const head[] = {"h", "H", "Lq", "Lk", "w", "w", "x[0]"};
    if (pick(w, 0, 3) == 0)
        put(w, "%lld", (long long)pick(w, -3, 70));
    else if (w->same_for_all || pick(w, 0, 3) == 0)
        put(w, "%s", PICK(w->random, head));
    else
        put(w, "%s", PICK(w->random, pair));
}

static void put_int(writer *w, int depth) {
    static const char *const operators[] = {" + ", " - ", " * ", " // ", " % ", " // ", " % "};
    bool before = begin_part(w);
    int choice = depth > 0 ? (int)pick(w, 0, 9) : 0;
    if (choice < 3) {
        put_int_leaf(w);
    } else if (choice < 7) {
        put(w, "(");
        put_int(w, depth - 1);
        put(w, "%s", PICK(w->random, operators));
        put_int(w, depth - 1);
        put(w, ")");
    } else if (choice == 7) {
        put(w, "%s(", pick(w, 0, 1) ? "min" : "max");
        put_int(w, depth - 1);
        put(w, ", ");
        put_int(w, depth - 1);
        put(w, ")");
    } else if (choice == 8) {
        put(w, "%s(", pick(w, 0, 1) ? "abs" : "-");
        put_int(w, depth - 1);
        put(w, ")");
    } else {
        put(w, "(");
        put_condition(w, depth - 1);
        put(w, " ? ");
        put_int(w, depth - 1);
        put(w, " : ");
        put_int(w, depth - 1);
        put(w, ")");
    }
    w->same_for_all = before;
}

/* An element of a table: of arrays that are given, of literals of constants and of parts. */
static void put_element(writer *w, int depth) {
    static const char *const tables[] = {"s", "t", "u", "[0.5, -1.25, 2.0, 0.0]", "[1, h, -2]", "[0.5, s[0]]"};
    if (pick(w, 0, 5) == 0) {
        put(w, "[");
        put_real(w, depth - 1);
        put(w, ", ");
        put_real(w, depth - 1);
        put(w, "]");
    } else {
        put(w, "%s", PICK(w->random, tables));
    }
    if (w->same_for_all) {
        put(w, "[%s]", pick(w, 0, 9) ? "0" : "w");
        return;
    }
    put(w, pick(w, 0, 2) ? "[abs(" : "[(");
    put_int(w, depth - 1);
    put(w, ") %% %d]", (int)pick(w, 2, 4));
}

static void put_real_leaf(writer *w) {
    if (pick(w, 0, 2) == 0)
        put(w, "%lld.%lld", (long long)pick(w, -3, 3), (long long)pick(w, 0, 99));
    else if (pick(w, 0, 2) == 0)
        put(w, "s[h]");
    else if (!w->same_for_all && pick(w, 0, 1))
        put(w, "alibi");
    else {
        put(w, "0.0%lld * ", (long long)pick(w, 1, 9));
        put_int_leaf(w);
    }
}

static void put_real(writer *w, int depth) {
    static const char *const operators[] = {" + ", " - ", " * ", " / "};
    static const char *const functions[] = {"sqrt", "log", "exp", "log2", "exp2", "tanh", "abs", "-"};
    bool before = begin_part(w);
    int choice = depth > 0 ? (int)pick(w, 0, 11) : 0;
    if (choice < 3) {
        put_real_leaf(w);
    } else if (choice < 6) {
        put(w, "(");
        put_real(w, depth - 1);
        put(w, "%s", PICK(w->random, operators));
        put_real(w, depth - 1);
        put(w, ")");
    } else if (choice == 6) {
        put(w, "%s(", pick(w, 0, 1) ? "min" : "max");
        put_real(w, depth - 1);
        put(w, ", ");
        put_real(w, depth - 1);
        put(w, ")");
    } else if (choice == 7) {
        put(w, "%s(", PICK(w->random, functions));
        put_real(w, depth - 1);
        put(w, ")");
    } else if (choice == 8) {
        put(w, "(");
        put_condition(w, depth - 1);
        put(w, " ? ");
        put_real(w, depth - 1);
        put(w, " : ");
        put_real(w, depth - 1);
        put(w, ")");
    } else if (choice == 9) {
        put(w, "(");
        put_int(w, depth - 1);
        put(w, " * 0.01)");
    } else {
        put_element(w, depth);
    }
    w->same_for_all = before;
}

/* Mostly brought within what float scores can tell apart; now and then as it comes, huge or infinite. */
static void put_bias(writer *w) {
    static const char *const simple[] = {"alibi", "s[h] * (i - j)", "-0.01 * abs(i - j)", "t[min(abs(i - j), 5)]"};
    bool bounded = pick(w, 0, 3) != 0;
    put(w, "    bias ");
    if (pick(w, 0, 5) == 0) {
        put(w, "%s;\n", PICK(w->random, simple));
        return;
    }
    if (bounded) put(w, "max(-15.0, min(15.0, ");
    put_real(w, (int)pick(w, 1, 5));
    put(w, "%s;\n", bounded ? "))" : "");
}

static void put_softcap(writer *w) {
    static const char *const caps[] = {"50", "2.5 + h", "Lk / 30.0", "0.75", "1e30", "1e-30", "-3", "h", "w / 8.0"};
    put(w, "    softcap %s;\n", PICK(w->random, caps));
}

static void put_pattern(writer *w) {
    static const char *const sets[] = {"all",
                                       "causal",
                                       "window(5)",
                                       "(past(70) | cols(0..3)) & causal",
                                       "none",
                                       "h % 2 == 0 ? causal : window(40, 3)",
                                       "where(i * j % 3 != 0)",
                                       "blocks(32, window(1)) - cols(7)"};
    int parts = (int)pick(w, 1, 7);
    put(w, "pattern p(w: int = 7, s: per_head, b: per_head, t: table, u: table, x: labels, k: tokens) {\n");
    put(w, "    attend %s;\n", PICK(w->random, sets));
    if (parts & 1) put_bias(w);
    if (parts & 2) put_softcap(w);
    if (parts & 4) put(w, "    sink b;\n");
    put(w, "}\n");
}

/* ---- data ---------------------------------------------------------------------------------------------------------
 */

typedef struct tensor {
    DLTensor view;
    int64_t shape[4], stride[1];
    void *data;
} tensor;

static tensor make(test_random *random, int ndim, const int64_t *shape) {
    tensor t = {.view = {.device = {kDLCPU, 0}, .ndim = ndim, .dtype = {kDLFloat, 32, 1}}};
    size_t count = 1;
    for (int n = 0; n < ndim; n++) count *= (size_t)(t.shape[n] = shape[n]);
    float *data = t.data = malloc(count * sizeof *data);
    for (size_t n = 0; n < count; n++) data[n] = random ? test_normal(random) : (float)NAN;
    return t;
}

static const DLTensor *seen(tensor *t) {
    t->view.data = t->data;
    t->view.shape = t->shape;
    t->view.strides = t->stride[0] ? t->stride : NULL;
    return &t->view;
}

/* A list of floats or ints of any width and stride. */
static tensor make_list(test_random *random, int64_t count, DLDataType type, double (*value)(test_random *)) {
    tensor t = {.view = {.device = {kDLCPU, 0}, .ndim = 1, .dtype = type}, .shape = {count}};
    t.stride[0] = test_range(random, 0, 2); /* 0: none given */
    int64_t step = t.stride[0] ? t.stride[0] : 1;
    t.data = calloc((size_t)(count * step) + 1, 8);
    for (int64_t n = 0; n < count; n++) {
        double x = value(random);
        if (type.code == kDLFloat && type.bits == 64) ((double *)t.data)[n * step] = x;
        if (type.code == kDLFloat && type.bits == 32) ((float *)t.data)[n * step] = (float)x;
        if (type.code == kDLInt && type.bits == 64) ((int64_t *)t.data)[n * step] = (int64_t)x;
        if (type.code == kDLInt && type.bits == 32) ((int32_t *)t.data)[n * step] = (int32_t)x;
    }
    return t;
}

static double small_real(test_random *random) { return (double)test_normal(random); }
static double any_sink(test_random *random) {
    static const double special[] = {-INFINITY, 60, -60, 0};
    return test_range(random, 0, 3) ? (double)test_normal(random) * 3 : PICK(random, special);
}
static double small_int(test_random *random) { return (double)test_range(random, -9, 90); }

typedef struct problem {
    uint64_t seed;
    writer text;
    weft_shape shape;
    const char *target;
    tensor q, k, v, o, lse;
    tensor lists[2][6]; /* given to the plan, given to the run */
    weft_binding bindings[2][7];
    size_t binding_count[2];
} problem;

enum { S, B, T, U, X, K, LISTS };

/* Arrays that a run may bind go to the plan, the run, or both; the run's count. */
static void bind(problem *p, test_random *random) {
    static const char *const names[LISTS] = {"s", "b", "t", "u", "x", "k"};
    static const DLDataType floats[] = {{kDLFloat, 32, 1}, {kDLFloat, 64, 1}};
    static const DLDataType ints[] = {{kDLInt, 32, 1}, {kDLInt, 64, 1}};
    const int64_t counts[LISTS] = {p->shape.heads,           p->shape.heads, test_range(random, 4, 9),
                                   test_range(random, 0, 5), p->shape.keys,  5};
    static const int64_t widths[] = {7, 1, 3, -5, 64, 1000, 3000000, INT64_C(1) << 40};
    for (int to = 0; to < 2; to++)
        for (int n = 0; n < LISTS; n++) {
            bool is_int = n >= X;
            p->lists[to][n] = make_list(random, counts[n], is_int ? PICK(random, ints) : PICK(random, floats),
                                        is_int   ? small_int
                                        : n == B ? any_sink
                                                 : small_real);
        }
    for (int n = 0; n < LISTS; n++) {
        int where = n >= X ? 1 : (int)test_range(random, 1, 3);
        for (int to = 0; to < 2; to++)
            if (where >> to & 1)
                p->bindings[to][p->binding_count[to]++] =
                    (weft_binding){names[n], WEFT_BIND_ARRAY, {.array = seen(&p->lists[to][n])}};
    }
    p->bindings[0][p->binding_count[0]++] = (weft_binding){"w", WEFT_BIND_INT, {.integer = PICK(random, widths)}};
}

static void make_tensors(problem *p, test_random *random) {
    const weft_shape *s = &p->shape;
    p->q = make(random, 4, (int64_t[]){s->batch, s->heads, s->queries, s->head_dim});
    p->k = make(random, 4, (int64_t[]){s->batch, s->kv_heads, s->keys, s->head_dim});
    p->v = make(random, 4, (int64_t[]){s->batch, s->kv_heads, s->keys, s->value_dim});
    p->o = make(NULL, 4, (int64_t[]){s->batch, s->heads, s->queries, s->value_dim});
    p->lse = make(NULL, 3, (int64_t[]){s->batch, s->heads, s->queries});
}

static void release(problem *p) {
    tensor *all[] = {&p->q, &p->k, &p->v, &p->o, &p->lse};
    for (size_t n = 0; n < sizeof all / sizeof *all; n++) free(all[n]->data);
    for (int n = 0; n < 2 * LISTS; n++) free(p->lists[n / LISTS][n % LISTS].data);
}

/* ---- comparing ----------------------------------------------------------------------------------------------------
 */

typedef struct totals {
    long rows, loose_rows, nan_rows, refused, refused_runs;
    double worst;
} totals;

static void complain(const problem *p, const char *what) {
    const weft_shape *s = &p->shape;
    fprintf(stderr, "seed %llu: %s\nB %lld H %lld KV %lld Lq %lld Lk %lld D %lld Dv %lld target %s w %lld\n%s\n",
            (unsigned long long)p->seed, what, (long long)s->batch, (long long)s->heads, (long long)s->kv_heads,
            (long long)s->queries, (long long)s->keys, (long long)s->head_dim, (long long)s->value_dim,
            p->target ? p->target : "native", (long long)p->bindings[0][p->binding_count[0] - 1].value.integer,
            p->text.text);
}

/* Floats hold a score s to 2^-24 |s|, and the score that counts most is about lse. */
static void compare_row(const problem *p, size_t row, const double *judge, double judge_lse, double largest,
                        totals *sums) {
    size_t dims = (size_t)p->shape.value_dim;
    const float *o = (const float *)p->o.data + row * dims;
    double lse = (double)((const float *)p->lse.data)[row], error = 0;
    double slack = 2e-5 * fmax(1, fabs(judge_lse) / 15);
    sums->rows++;
    if (isnan(judge_lse) || judge_lse == (double)INFINITY) {
        sums->nan_rows++;
        bool same = isnan(judge[0]) == isnan((double)o[0]) && (isnan(lse) || lse == judge_lse);
        if (!same) complain(p, "one is NaN and the other is not");
        ck_assert(same);
        return;
    }
    for (size_t d = 0; d < dims; d++)
        error = fmax(error, isnan(o[d]) ? (double)INFINITY : fabs((double)o[d] - judge[d]));
    bool lse_fits = isinf(judge_lse) || fabs(judge_lse) > 1e38
                        ? (judge_lse < 0) == (lse < 0) && fabs(lse) > 1e37
                        : fabs(lse - judge_lse) <= slack * fmax(1, fabs(judge_lse) * 1e-2);
    bool loose = slack > 0.1; /* only that it is finite can be said */
    sums->loose_rows += loose;
    if (!loose && error / fmax(largest, 1e-30) > sums->worst * 1)
        sums->worst = fmax(sums->worst, error / fmax(largest, 1e-30) / (slack / 2e-5));
    bool fits = lse_fits && (loose ? !isinf(error) : error <= slack * largest);
    if (!fits) {
        char what[200];
        snprintf(what, sizeof what, "row %zu: o off by %g of %g, lse %.9g, not %.9g", row, error, largest, lse,
                 judge_lse);
        complain(p, what);
    }
    ck_assert(fits);
}

static void compare(problem *p, const weft_plan *plan, totals *sums) {
    weft_tensors tensors = {.size = sizeof tensors,
                            .q = seen(&p->q),
                            .k = seen(&p->k),
                            .v = seen(&p->v),
                            .o = seen(&p->o),
                            .lse = seen(&p->lse),
                            .bindings = p->bindings[1],
                            .binding_count = p->binding_count[1]};
    size_t rows = (size_t)(p->shape.batch * p->shape.heads * p->shape.queries), dims = (size_t)p->shape.value_dim;
    double *judge = malloc(rows * dims * sizeof *judge), *judge_lse = malloc(rows * sizeof *judge_lse), largest = 0;
    weft_status wanted = weft_reference(plan, &tensors, judge, judge_lse), status = weft_run(plan, &tensors, NULL);
    if (status != wanted || (status != WEFT_OK && status != WEFT_INVALID_PATTERN)) {
        char message[2000];
        weft_plan_message(plan, message, sizeof message);
        complain(p, message);
    }
    ck_assert_int_eq(status, wanted);
    ck_assert(status == WEFT_OK || status == WEFT_INVALID_PATTERN);
    sums->refused_runs += status != WEFT_OK;
    for (size_t n = 0; status == WEFT_OK && n < rows * dims; n++)
        if (!isnan(judge[n])) largest = fmax(largest, fabs(judge[n]));
    for (size_t row = 0; status == WEFT_OK && row < rows; row++)
        compare_row(p, row, judge + row * dims, judge_lse[row], largest, sums);
    free(judge);
    free(judge_lse);
}

/* ---- cases --------------------------------------------------------------------------------------------------------
 */

static void choose_shape(problem *p, test_random *random) {
    static const int64_t lengths[] = {1, 2, 15, 16, 17, 63, 64, 65, 127, 300};
    static const int64_t dims[] = {1, 15, 16, 64, 80};
    weft_shape *s = &p->shape;
    *s = (weft_shape){.size = sizeof *s, .queries = PICK(random, lengths), .keys = PICK(random, lengths)};
    if (test_range(random, 0, 2)) s->keys = s->queries;
    if (test_range(random, 0, 19) == 0) s->queries = test_range(random, 1, 16), s->keys = 9000; /* split rows */
    s->batch = test_range(random, 1, 2), s->kv_heads = test_range(random, 1, 2);
    s->heads = s->kv_heads * test_range(random, 1, 3);
    s->head_dim = PICK(random, dims), s->value_dim = PICK(random, dims);
}

static void one_case(weft_context *context, uint64_t seed, totals *sums) {
    static const char *const targets[] = {NULL, NULL, "x86-64-v3", "x86-64"};
    test_random random = {seed};
    problem *p = calloc(1, sizeof *p);
    p->seed = seed;
    p->text.random = &random;
    put_pattern(&p->text);
    choose_shape(p, &random);
#if defined(__x86_64__)
    p->target = PICK(&random, targets);
#endif
    bind(p, &random);
    weft_module *module = NULL;
    weft_kernel *kernel = NULL;
    weft_plan *plan = NULL;
    weft_kernel_options options = {
        .size = sizeof options, .head_dim = p->shape.head_dim, .value_dim = p->shape.value_dim, .target = p->target};
    weft_status status = weft_module_load_text(context, "random.weft", p->text.text, p->text.used, NULL, &module);
    if (status == WEFT_OK) status = weft_kernel_create(module, NULL, &options, &kernel);
    char message[2000] = "";
    weft_context_message(context, false, message, sizeof message);
    if (status == WEFT_OK) {
        status = weft_plan_create(kernel, &p->shape, p->bindings[0], p->binding_count[0], &plan);
        weft_kernel_message(kernel, message, sizeof message);
    }
    if (status == WEFT_OK) {
        make_tensors(p, &random);
        compare(p, plan, sums);
    } else { /* a constant, or what does not depend on the pair, is at fault */
        bool known = strstr(message, "E0302") || strstr(message, "E0303") || strstr(message, "E0304");
        if (!known) complain(p, message);
        ck_assert(known);
        sums->refused++;
    }
    weft_plan_destroy(plan);
    weft_kernel_destroy(kernel);
    weft_module_destroy(module);
    release(p);
    free(p);
}

static long number_from(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtol(text, NULL, 10) : otherwise;
}

START_TEST(kernels_agree_with_the_reference) {
    weft_config config = {.size = sizeof config, .threads = 2};
    weft_context *context;
    ck_assert_int_eq(weft_context_create(&config, &context), WEFT_OK);
    long cases = number_from("WEFT_CASES", 300), seed = number_from("WEFT_SEED", 20261124);
    totals sums = {0};
    for (long n = 0; n < cases; n++) one_case(context, (uint64_t)(seed + n), &sums);
    printf(
        "%ld modifiers from seed %ld: %ld rows (%ld NaN, %ld loose), %ld refused, %ld refused runs, worst error %.1e\n",
        cases, seed, sums.rows, sums.nan_rows, sums.loose_rows, sums.refused, sums.refused_runs, sums.worst);
    weft_context_destroy(context);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("system/modifiers");
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 3000);
    tcase_add_test(random, kernels_agree_with_the_reference);
    suite_add_tcase(suite, random);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
