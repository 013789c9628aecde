/* Approximated pairs where it is hard: huge queries and keys, exponents in different features, sums of which next to
 * nothing is left, values that are not finite, many keys; and what makes them worth having: that the error falls as the
 * features grow in number. Random patterns (random_patterns.c) have the rest. */
#include <stdio.h>

#include "support/suite.h"
#include "trial.h"

enum { DIM = 16 };

typedef struct judged {
    double *o, *lse;
    size_t rows, dims;
    int64_t again; /* rows that were recomputed */
} judged;

/* A trial of one batch element, whose tensors are normally distributed. */
static void make_trial(trial *t, const char *text, weft_dtype dtype, int64_t heads, int64_t queries, int64_t keys,
                       uint32_t threads, test_random *random) {
    weft_config config = {.size = sizeof config, .threads = threads};
    *t = (trial){.dtype = dtype};
    t->shape = (weft_shape){sizeof t->shape, 1, heads, 1, queries, keys, DIM, DIM};
    make_tensors(t, random);
    make_plan(t, text, &config);
}

static void multiply(tensor *t, double factor) {
    for (size_t n = 0; n < t->count; n++) tensor_set(t, n, tensor_get(t, n) * factor);
}

static judged run(trial *t) {
    judged j = {.rows = t->lse.count, .dims = (size_t)t->shape.value_dim};
    j.o = malloc(t->o.count * sizeof *j.o);
    j.lse = malloc(j.rows * sizeof *j.lse);
    t->tensors.recomputed_rows = &j.again;
    tensor_poison(&t->o);
    tensor_poison(&t->lse);
    ck_assert_int_eq(weft_reference(t->plan, &t->tensors, j.o, j.lse), WEFT_OK);
    ck_assert_int_eq(weft_run(t->plan, &t->tensors, NULL), WEFT_OK);
    return j;
}

static void free_judged(judged *j) { free(j->o), free(j->lse); }

/* The largest error of o, or of lse, by its size. NaN and infinities where the reference has none are infinite errors.
 */
static double worst_of(const trial *t, const judged *j) {
    double worst = 0, largest = 0;
    for (size_t n = 0; n < t->o.count; n++) largest = fmax(largest, fabs(j->o[n]));
    for (size_t n = 0; n < t->o.count; n++) {
        double error = fabs(tensor_get(&t->o, n) - j->o[n]) / largest;
        worst = error <= worst ? worst : isnan(error) ? (double)INFINITY : error;
    }
    for (size_t n = 0; n < j->rows; n++) {
        double error = fabs(tensor_get(&t->lse, n) - j->lse[n]) / fmax(1, fabs(j->lse[n]));
        worst = error <= worst ? worst : isnan(error) ? (double)INFINITY : error;
    }
    return worst;
}

static const char *const patterns[] = {
    "pattern p { approximate all with favor(features = 24); }",
    "pattern p { approximate causal with favor(features = 100); }",
    "pattern p { approximate causal with favor(features = 24, kind = relu); }",
    "pattern p { attend window(30); approximate all with favor(features = 24); }",
    "pattern p { attend (past(40) | cols(0..4)) & causal; approximate causal with favor(features = 24); }",
    "pattern p { attend dilated(4, step = 9); approximate all with favor(features = 24); }",
    "pattern p { attend lsh(buckets = 8); approximate causal with favor(features = 24); }"};
enum { PATTERNS = sizeof patterns / sizeof *patterns };

/* A float holds an exponent x to some 2^-24 |x|, and weights go as wrong as that: exponents are |x'|^2 large. */
START_TEST(huge) {
    static const double sizes[] = {1, 30, 1000};
    for (int p = 0; p < PATTERNS; p++)
        for (int n = 0; n < 3; n++) {
            test_random random = {77};
            trial t;
            make_trial(&t, patterns[p], WEFT_F32, 2, 150, 200, 1, &random);
            double norm = sizes[n] / sqrt(DIM);
            multiply(&t.q, norm);
            multiply(&t.k, norm);
            judged j = run(&t);
            double exponent = 2 * sizes[n] * sizes[n] / sqrt(DIM) + 20, error = worst_of(&t, &j);
            ck_assert_msg(error <= exponent * 0x1p-22, "%s, norms of %g: error %g", patterns[p], sizes[n], error);
            free_judged(&j);
            free_trial(&t);
        }
}
END_TEST

/* Queries opposite to all keys have their largest exponents in other features than these: where the first rows have
 * nothing else, products of features vanish, and rows are made again. */
START_TEST(opposite) {
    int64_t again = 0;
    for (int p = 0; p < PATTERNS; p++) {
        test_random random = {5};
        trial t;
        make_trial(&t, patterns[p], WEFT_F32, 1, 130, 130, 1, &random);
        for (int64_t n = 0; n < 130 * DIM; n++) {
            double x = tensor_get(&t.k, (size_t)(n % DIM)) * 40;
            tensor_set(&t.k, (size_t)n, x);
            tensor_set(&t.q, (size_t)n, -x);
        }
        judged j = run(&t);
        double error = worst_of(&t, &j);
        ck_assert_msg(error <= 2e-2, "%s: error %g", patterns[p], error);
        if (p == 1) again = j.again;
        free_judged(&j);
        free_trial(&t);
    }
    ck_assert_int_gt(again, 0);
}
END_TEST

/* Nearly all that is estimated for a row is of the key that it attends to, and is taken away; a bias makes what stands
 * in its place small. */
START_TEST(little_is_left) {
    static const char text[] =
        "pattern p(k: keys) { attend listed(k); bias -30.0; approximate all with favor(features = 24); }";
    test_random random = {9};
    trial t = {.dtype = WEFT_F32};
    t.shape = (weft_shape){sizeof t.shape, 1, 1, 1, 70, 90, DIM, DIM};
    make_tensors(&t, &random);
    make_plan(&t, text, NULL);
    for (size_t d = 0; d < DIM; d++) {
        double x = tensor_get(&t.q, d);
        for (size_t j = 0; j < 90; j++)
            tensor_set(&t.k, j * DIM + d, j == 33 ? x : tensor_get(&t.k, j * DIM + d) / 4 - 2 * x);
        for (size_t row = 0; row < 70; row += 3) tensor_set(&t.q, row * DIM + d, x);
    }
    int32_t key[70];
    int64_t shape[2] = {70, 1};
    for (int row = 0; row < 70; row++) key[row] = 33;
    DLTensor keys = {.data = key, .device = {kDLCPU, 0}, .ndim = 2, .dtype = {kDLInt, 32, 1}, .shape = shape};
    weft_binding binding = {"k", WEFT_BIND_ARRAY, {.array = &keys}};
    t.tensors.bindings = &binding;
    t.tensors.binding_count = 1;
    judged j = run(&t);
    double error = worst_of(&t, &j);
    ck_assert_msg(error <= 2e-5, "error %g", error);
    ck_assert_int_ge(j.again, 70 / 3);
    free_judged(&j);
    free_trial(&t);
}
END_TEST

/* A key with values that are not finite does no harm to rows that do not see it. */
START_TEST(other_values) {
    for (int p = 0; p < PATTERNS; p++) {
        test_random random = {p};
        trial t;
        make_trial(&t, patterns[p], WEFT_F32, 2, 140, 140, 1, &random);
        for (size_t d = 0; d < DIM; d++) tensor_set(&t.v, 100 * DIM + d, d % 2 ? INFINITY : NAN);
        judged j = run(&t);
        size_t wrong = 0;
        for (size_t n = 0; n < t.o.count; n++) wrong += isfinite(j.o[n]) != isfinite(tensor_get(&t.o, n));
        ck_assert_msg(!wrong, "%s: %zu elements", patterns[p], wrong);
        free_judged(&j);
        free_trial(&t);
    }
}
END_TEST

/* Strands are the plan's, not the threads': the same bits. So many keys that there are several. */
START_TEST(threads_do_not_matter) {
    for (int p = 0; p < PATTERNS; p++)
        for (int dtype = 0; dtype < 2; dtype++) {
            char *first = NULL;
            for (uint32_t threads = 1; threads <= 5; threads += 4) {
                test_random random = {p};
                trial t;
                make_trial(&t, patterns[p], (weft_dtype)dtype, 2, 520, 700, threads, &random);
                tensor_poison(&t.o);
                ck_assert_int_eq(weft_run(t.plan, &t.tensors, NULL), WEFT_OK);
                if (!first) {
                    first = malloc(t.o.bytes);
                    memcpy(first, t.o.memory, t.o.bytes);
                } else {
                    ck_assert_msg(!memcmp(first, t.o.memory, t.o.bytes), "%s, dtype %d", patterns[p], dtype);
                }
                free_trial(&t);
            }
            free(first);
        }
}
END_TEST

/* All values are 1, and so is every output, whatever was estimated; lse of a row is that of the same row when there are
 * fewer keys after it. */
START_TEST(many_keys) {
    enum { KEYS = 40000, ROWS = 70 };
    static const char text[] = "pattern p { attend past(50); approximate causal with favor(features = 16); }";
    test_random random = {1};
    trial t;
    make_trial(&t, text, WEFT_F32, 1, ROWS, KEYS, 1, &random);
    for (size_t n = 0; n < t.v.count; n++) tensor_set(&t.v, n, 1);
    judged j = run(&t);
    double error = worst_of(&t, &j);
    ck_assert_msg(error <= 2e-5, "error %g", error);
    free_judged(&j);
    free_trial(&t);
}
END_TEST

/* Mean square error of o against attention to everything, over several draws of features. */
static double error_against_full(int features, const char *exact) {
    enum { DRAWS = 6, ROWS = 60 };
    double sum = 0;
    size_t count = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
        char text[200];
        test_random random = {3}, same = {3};
        snprintf(text, sizeof text, "pattern p { %s approximate all with favor(features = %d, seed = %d); }", exact,
                 features, draw);
        trial t;
        make_trial(&t, text, WEFT_F32, 1, ROWS, ROWS, 1, &random);
        trial full;
        make_trial(&full, "pattern p { attend all; }", WEFT_F32, 1, ROWS, ROWS, 1, &same);
        multiply(&t.q, 0.5), multiply(&t.k, 0.5), multiply(&full.q, 0.5), multiply(&full.k, 0.5);
        ck_assert_int_eq(weft_run(t.plan, &t.tensors, NULL), WEFT_OK);
        ck_assert_int_eq(weft_run(full.plan, &full.tensors, NULL), WEFT_OK);
        for (size_t n = 0; n < t.o.count; n++, count++) sum += pow(tensor_get(&t.o, n) - tensor_get(&full.o, n), 2);
        free_trial(&t);
        free_trial(&full);
    }
    return sqrt(sum / (double)count);
}

/* Of m features the error falls as 1 / sqrt(m): from 16 to 1024, eight times. Beside exact pairs it is smaller. */
START_TEST(converges) {
    static const char *const exact[] = {"", "attend window(10);"};
    double few[2], many[2];
    for (int n = 0; n < 2; n++) {
        few[n] = error_against_full(16, exact[n]);
        many[n] = error_against_full(1024, exact[n]);
        ck_assert_msg(few[n] / many[n] > 5 && few[n] / many[n] < 13, "%s %g and %g", exact[n], few[n], many[n]);
    }
    ck_assert_msg(few[1] < few[0] && many[1] < many[0], "%g, %g; %g, %g", few[0], few[1], many[0], many[1]);
}
END_TEST

/* What is refused, and says so. */
START_TEST(refused) {
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"pattern p(m: int = 0) { approximate all with favor(features = m); }", "`features` is 0"},
        {"pattern p(m: int = 100000000) { approximate all with favor(features = m); }", "100000000 features"},
        {"pattern p(s: float = -1.0) { scale s; approximate all with favor(features = 8); }", "must be above 0"},
    };
    for (int n = 0; n < 3; n++) {
        weft_context *context;
        weft_module *module;
        weft_kernel *kernel;
        weft_plan *plan;
        char message[1000];
        weft_kernel_options options = {.size = sizeof options, .head_dim = DIM};
        weft_shape shape = {sizeof shape, 1, 1, 1, 8, 8, DIM, DIM};
        ck_assert_int_eq(weft_context_create(NULL, &context), WEFT_OK);
        ck_assert_int_eq(weft_module_load_text(context, "p.weft", wrong[n].text, strlen(wrong[n].text), NULL, &module),
                         WEFT_OK);
        ck_assert_int_eq(weft_kernel_create(module, NULL, &options, &kernel), WEFT_OK);
        ck_assert_int_ne(weft_plan_create(kernel, &shape, NULL, 0, &plan), WEFT_OK);
        weft_kernel_message(kernel, message, sizeof message);
        ck_assert_msg(strstr(message, wrong[n].message) != NULL, "%s", message);
        weft_kernel_destroy(kernel);
        weft_module_destroy(module);
        weft_context_destroy(context);
    }
}
END_TEST

TEST_MAIN("system/lowrank", huge, opposite, little_is_left, other_values, threads_do_not_matter, many_keys, converges,
          refused)
