/* The judge of the whole path, public API only: random patterns over ragged shapes; the plan's tiles against the
 * oracle, the kernel against the float64 reference, with poisoned outputs. WEFT_CASES and WEFT_SEED choose how many and
 * which. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

#include "generate.h"

static const int64_t lengths[] = {1, 2, 15, 16, 17, 63, 64, 65, 127, 1000};
static const int64_t dims[] = {1, 15, 16, 64, 80, 128, 256};
#define PICK(random, list) list[test_range(random, 0, (int64_t)(sizeof list / sizeof *list) - 1)]

typedef struct tensor {
    DLTensor view;
    int64_t shape[4];
    float *data;
    size_t count;
} tensor;

static void tensor_make(tensor *t, int ndim, int64_t a, int64_t b, int64_t c, int64_t d) {
    memset(t, 0, sizeof *t);
    int64_t shape[4] = {a, b, c, d};
    memcpy(t->shape, shape, sizeof shape);
    t->count = 1;
    for (int i = 0; i < ndim; i++) t->count *= (size_t)shape[i];
    t->data = malloc(t->count * sizeof(float));
    t->view =
        (DLTensor){.data = t->data, .device = {kDLCPU, 0}, .ndim = ndim, .dtype = {kDLFloat, 32, 1}, .shape = t->shape};
}
static void tensor_poison(tensor *t) { memset(t->data, 0xff, t->count * sizeof(float)); }

typedef struct world {
    weft_context *context;
    uint64_t seed;
    long compared_masks, compared_rows, counted_rows;
    double worst;
} world;

static void complain(const world *w, const char *text, const weft_shape *s, const char *what) {
    fprintf(stderr, "seed %llu: %s\nB %lld H %lld KV %lld Lq %lld Lk %lld D %lld Dv %lld\n%s\n",
            (unsigned long long)w->seed, what, (long long)s->batch, (long long)s->heads, (long long)s->kv_heads,
            (long long)s->queries, (long long)s->keys, (long long)s->head_dim, (long long)s->value_dim, text);
}

/* Tiles = oracle, every pair of every head. Returns row 0's oracle mask of the last head for later use. */
static void compare_masks(world *w, const char *text, const weft_plan *plan, const weft_shape *s, uint8_t *oracle) {
    size_t pairs = (size_t)(s->queries * s->keys);
    uint8_t *tiles = malloc(pairs);
    double total = 0;
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t h = 0; h < s->heads; h++) {
            uint8_t *judge = oracle + (size_t)(b * s->heads + h) * pairs;
            memset(judge, 0xcc, pairs), memset(tiles, 0xcc, pairs);
            ck_assert_int_eq(weft_plan_mask(plan, b, h, WEFT_MASK_ORACLE, judge), WEFT_OK);
            ck_assert_int_eq(weft_plan_mask(plan, b, h, WEFT_MASK_PLAN, tiles), WEFT_OK);
            for (size_t p = 0; p < pairs; p++) total += judge[p];
            if (memcmp(judge, tiles, pairs)) {
                complain(w, text, s, "plan differs from oracle");
                ck_abort();
            }
            w->compared_masks++;
        }
    free(tiles);
    weft_plan_info info = {.size = sizeof info};
    ck_assert_int_eq(weft_plan_describe(plan, &info), WEFT_OK);
    if (info.pairs != total) complain(w, text, s, "pairs miscounted");
    ck_assert(info.pairs == total && info.computed_pairs >= info.pairs);
}

static void compare_outputs(world *w, const char *text, const weft_plan *plan, const weft_shape *s,
                            const weft_tensors *tensors, const tensor *o, const tensor *lse) {
    double *judge = malloc(o->count * sizeof *judge), *judge_lse = malloc(lse->count * sizeof *judge_lse);
    ck_assert_int_eq(weft_reference(plan, tensors, judge, judge_lse), WEFT_OK);
    ck_assert_int_eq(weft_run(plan, tensors, NULL), WEFT_OK);
    double largest = 0, error = 0, lse_error = 0;
    for (size_t i = 0; i < o->count; i++) largest = fmax(largest, fabs(judge[i]));
    for (size_t i = 0; i < o->count; i++) {
        double e = fabs((double)o->data[i] - judge[i]);
        if (!(e <= error)) error = isnan(e) ? INFINITY : e;
    }
    for (size_t i = 0; i < lse->count; i++) {
        if (isinf(judge_lse[i]) && (double)lse->data[i] == judge_lse[i]) continue;
        double e = fabs((double)lse->data[i] - judge_lse[i]);
        if (!(e <= lse_error)) lse_error = isnan(e) ? INFINITY : e;
    }
    if (error > 2e-5 * largest || lse_error > 2e-5) {
        complain(w, text, s, "kernel differs from reference");
        fprintf(stderr, "error %g of max|o| %g, lse error %g\n", error, largest, lse_error);
        ck_abort();
    }
    if (largest > 0 && error / largest > w->worst) w->worst = error / largest;
    w->compared_rows += (long)lse->count;
    free(judge), free(judge_lse);
}

/* With Q = 0 every weight is 1: exp(lse) is the number of keys, and one-hot V says how many have each residue mod Dv.
 */
static void count_keys(world *w, const char *text, const weft_plan *plan, const weft_shape *s,
                       const weft_tensors *tensors, tensor *q, tensor *v, const tensor *o, const tensor *lse,
                       const uint8_t *oracle) {
    memset(q->data, 0, q->count * sizeof(float)), memset(v->data, 0, v->count * sizeof(float));
    for (size_t row = 0; row < v->count / (size_t)s->value_dim; row++)
        v->data[row * (size_t)s->value_dim + row % (size_t)s->keys % (size_t)s->value_dim] = 1;
    ck_assert_int_eq(weft_run(plan, tensors, NULL), WEFT_OK);
    long *residues = calloc((size_t)s->value_dim, sizeof *residues);
    for (size_t row = 0; row < lse->count; row++) {
        long keys = 0;
        memset(residues, 0, (size_t)s->value_dim * sizeof *residues);
        for (int64_t j = 0; j < s->keys; j++)
            if (oracle[row * (size_t)s->keys + (size_t)j]) keys++, residues[j % s->value_dim]++;
        double mass = exp((double)lse->data[row]);
        bool right = keys ? lround(mass) == keys && fabs(mass - (double)keys) < 1e-3 : mass == 0;
        for (int64_t d = 0; d < s->value_dim; d++) {
            double named = (double)o->data[row * (size_t)s->value_dim + (size_t)d] * (double)keys;
            right = right && lround(named) == residues[d] && fabs(named - (double)residues[d]) < 1e-2;
        }
        if (!right) complain(w, text, s, "keys miscounted");
        ck_assert(right);
        w->counted_rows++;
    }
    free(residues);
}

/* ---- arrays of a case ---- */

typedef struct arrays {
    weft_binding bindings[5];
    size_t count;
    DLTensor views[5];
    int64_t shapes[5][4];
    void *data[5];
} arrays;

static char *add_array(arrays *a, const char *name, DLDataType type, int ndim, const int64_t *shape) {
    size_t n = a->count++, bytes = type.bits / 8;
    for (int k = 0; k < ndim; k++) a->shapes[n][k] = shape[k], bytes *= (size_t)shape[k];
    a->data[n] = malloc(bytes ? bytes : 1);
    a->views[n] =
        (DLTensor){.data = a->data[n], .device = {kDLCPU, 0}, .ndim = ndim, .dtype = type, .shape = a->shapes[n]};
    a->bindings[n] = (weft_binding){name, WEFT_BIND_ARRAY, {.array = &a->views[n]}};
    return a->data[n];
}

static void add_tokens(arrays *a, test_random *random, int64_t keys) {
    int64_t tokens[5] = {0, test_range(random, 0, keys), -1, keys / 2, test_range(random, -5, keys + 5)};
    memcpy(add_array(a, "t", (DLDataType){kDLInt, 64, 1}, 1, (int64_t[]){5}), tokens, sizeof tokens);
}

/* Documents in order, or labels in none; of every batch element, or of all. */
static void add_labels(arrays *a, test_random *random, int64_t batch, int64_t keys) {
    bool sorted = test_range(random, 0, 1), all = test_range(random, 0, 1);
    int64_t length = test_range(random, 1, 1 + keys / 3);
    char *at = add_array(a, "l", (DLDataType){kDLInt, 32, 1}, all ? 1 : 2, all ? &keys : (int64_t[]){batch, keys});
    for (int64_t n = 0; n < (all ? 1 : batch) * keys; n++) {
        int32_t label = (int32_t)(sorted ? n / length : test_range(random, 0, 1 + keys / length));
        memcpy(at + n * (int64_t)sizeof label, &label, sizeof label);
    }
}

/* Of two, three or four dimensions; some halves of it are all of one kind. */
static void add_mask(arrays *a, test_random *random, const char *name, const weft_shape *s, int64_t rows,
                     int64_t columns) {
    int64_t shape[4] = {s->batch, s->heads, rows, columns}, cells = rows * columns;
    int ndim = (int)test_range(random, 2, 4);
    char *at = add_array(a, name, (DLDataType){kDLUInt, 8, 1}, ndim, shape + 4 - ndim);
    for (int k = 4 - ndim; k < 2; k++) cells *= shape[k];
    int64_t density = test_range(random, 0, 100);
    for (int64_t n = 0; n < cells; n++)
        at[n] = test_range(random, 1, 100) <= density ? (char)test_range(random, 1, 9) : 0;
    memset(at, (int)test_range(random, 0, 1), (size_t)(cells / test_range(random, 1, 4)));
}

static void add_keys(arrays *a, test_random *random, const weft_shape *s) {
    int64_t shape[4] = {s->batch, s->heads, s->queries, test_range(random, 0, 9)};
    int ndim = (int)test_range(random, 2, 4);
    char *at = add_array(a, "s", (DLDataType){kDLInt, 32, 1}, ndim, shape + 4 - ndim);
    int64_t cells = shape[2] * shape[3];
    for (int k = 4 - ndim; k < 2; k++) cells *= shape[k];
    for (int64_t n = 0; n < cells; n++) {
        int32_t key =
            (int32_t)(test_range(random, 0, 9) ? test_range(random, 0, s->keys - 1) : test_range(random, -9, 2000));
        memcpy(at + n * (int64_t)sizeof key, &key, sizeof key);
    }
}

static int64_t blocks_below(int64_t position) { /* rounded down */
    return position >= 0 ? position / GENERATED_BLOCK : -((-position + GENERATED_BLOCK - 1) / GENERATED_BLOCK);
}

static void arrays_make(arrays *a, unsigned wanted, test_random *random, const weft_shape *s) {
    int64_t blocks = blocks_below(s->keys - 1) + 1, first = blocks_below(s->keys - s->queries);
    memset(a, 0, sizeof *a);
    if (wanted & GENERATED_TOKENS) add_tokens(a, random, s->keys);
    if (wanted & GENERATED_LABELS) add_labels(a, random, s->batch, s->keys);
    if (wanted & GENERATED_MASK) add_mask(a, random, "m", s, s->queries, s->keys);
    if (wanted & GENERATED_BLOCK_MASK) add_mask(a, random, "b", s, blocks - first, blocks);
    if (wanted & GENERATED_KEYS) add_keys(a, random, s);
}
static void arrays_free(arrays *a) {
    for (size_t n = 0; n < a->count; n++) free(a->data[n]);
}

static void one_case(world *w) {
    test_random random = {w->seed};
    weft_shape s = {.size = sizeof s};
    s.queries = PICK(&random, lengths), s.keys = test_range(&random, 0, 2) ? s.queries : PICK(&random, lengths);
    s.batch = test_range(&random, 1, 2), s.kv_heads = test_range(&random, 1, 2),
    s.heads = s.kv_heads * test_range(&random, 1, 2);
    s.head_dim = PICK(&random, dims), s.value_dim = test_range(&random, 0, 2) ? s.head_dim : PICK(&random, dims);
    char text[12000];
    unsigned wanted = 0;
    size_t size = generate_pattern(&random, s.keys, text, sizeof text, &wanted);
    ck_assert(size > 0);
    weft_module *module = NULL;
    weft_kernel *kernel = NULL;
    weft_plan *plan = NULL;
    weft_status status = weft_module_load_text(w->context, "random.weft", text, size, NULL, &module);
    weft_kernel_options options = {.size = sizeof options, .head_dim = s.head_dim, .value_dim = s.value_dim};
    options.target = (const char *const[]){NULL, NULL, "x86-64-v3", "x86-64"}[test_range(&random, 0, 3)];
    if (status == WEFT_OK) status = weft_kernel_create(module, NULL, &options, &kernel);
    if (status != WEFT_OK) {
        char message[4000];
        weft_context_message(w->context, false, message, sizeof message);
        complain(w, text, &s, message);
        ck_abort();
    }
    arrays bound;
    arrays_make(&bound, wanted, &random, &s);
    status = weft_plan_create(kernel, &s, bound.bindings, bound.count, &plan);
    if (status == WEFT_OK) {
        tensor q, k, v, o, lse;
        tensor_make(&q, 4, s.batch, s.heads, s.queries, s.head_dim),
            tensor_make(&k, 4, s.batch, s.kv_heads, s.keys, s.head_dim);
        tensor_make(&v, 4, s.batch, s.kv_heads, s.keys, s.value_dim),
            tensor_make(&o, 4, s.batch, s.heads, s.queries, s.value_dim);
        tensor_make(&lse, 3, s.batch, s.heads, s.queries, 0);
        for (size_t i = 0; i < q.count; i++) q.data[i] = test_normal(&random);
        for (size_t i = 0; i < k.count; i++) k.data[i] = test_normal(&random);
        for (size_t i = 0; i < v.count; i++) v.data[i] = test_normal(&random);
        uint8_t *oracle = malloc((size_t)(s.batch * s.heads * s.queries * s.keys));
        weft_tensors tensors = {
            .size = sizeof tensors, .q = &q.view, .k = &k.view, .v = &v.view, .o = &o.view, .lse = &lse.view};
        compare_masks(w, text, plan, &s, oracle);
        tensor_poison(&o), tensor_poison(&lse);
        compare_outputs(w, text, plan, &s, &tensors, &o, &lse);
        tensor_poison(&o), tensor_poison(&lse);
        count_keys(w, text, plan, &s, &tensors, &q, &v, &o, &lse, oracle);
        free(oracle), free(q.data), free(k.data), free(v.data), free(o.data), free(lse.data);
    } else { /* the only wrong values that the generator can make are faults of ints that do not depend on i, j */
        char message[4000];
        weft_kernel_message(kernel, message, sizeof message);
        bool expected = status == WEFT_INVALID_PATTERN && (strstr(message, "E0301") || strstr(message, "E0302"));
        if (!expected) complain(w, text, &s, message);
        ck_assert(expected);
    }
    weft_plan_destroy(plan), weft_kernel_destroy(kernel), weft_module_destroy(module);
    arrays_free(&bound);
}

START_TEST(random_patterns) {
    const char *cases = getenv("WEFT_CASES"), *seed = getenv("WEFT_SEED");
    world w = {0};
    ck_assert_int_eq(weft_context_create(NULL, &w.context), WEFT_OK);
    long count = cases ? atol(cases) : 200;
    uint64_t first = seed ? strtoull(seed, NULL, 10) : 20261124;
    for (long c = 0; c < count; c++) {
        w.seed = first + (uint64_t)c;
        one_case(&w);
    }
    weft_context_destroy(w.context);
    printf("%ld patterns from seed %llu: %ld masks, %ld rows against the reference (worst error %.1e of max|o|), %ld "
           "rows counted\n",
           count, (unsigned long long)first, w.compared_masks, w.compared_rows, w.worst, w.counted_rows);
}
END_TEST

int main(void) {
    TCase *tcase = tcase_create("random patterns");
    tcase_add_test(tcase, random_patterns);
    tcase_set_timeout(tcase, 0);
    Suite *suite = suite_create("system");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
