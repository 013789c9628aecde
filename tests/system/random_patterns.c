/* The judge of the whole path, public API only: random patterns (generate.h says what they are made of) over ragged
 * shapes, groups of heads, layouts in memory, instruction sets and thread counts. The plan's tiles must be the oracle's
 * pairs exactly, the kernel within rounding of the float64 reference, whether it writes lse or not, and nothing beside
 * its outputs. WEFT_CASES and WEFT_SEED choose how many and which. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

#include "generate.h"

/* ---- what was drawn --------------------------------------------------------------------------------------------- */

/* Words and signs of patterns, and kinds of cases, that must come up. */
static const char *const words[] = {
#define ATOM(enum_, name, signature, traits) #name,
#include "set/atoms.def"
#undef ATOM
    "|",    "∪",      "&",     "∩",     "-",       "∖",    "~",           "¬",       "?",   "blocks",    "base",
    "clip", "either", "heads", "scale", "softcap", "bias", "sink",        "require", "let", "shared_qk", "k",
    "x",    "y",      "m",     "d",     "n",       "v",    "t",           "u",       "s",   "b",         "alibi",
    "and",  "or",     "not",   "==",    "!=",      "<",    "<=",          ">",       ">=",  "+",         "*",
    "/",    "//",     "%",     "min",   "max",     "abs",  "sqrt",        "log",     "exp", "log2",      "exp2",
    "tanh", "h",      "H",     "Lq",    "Lk",      "D",    "approximate", "relu"};
enum { WORDS = sizeof words / sizeof *words };

#define KINDS(kind)                                                                                                    \
    kind(batches) kind(groups) kind(fewer_queries) kind(more_queries) kind(odd_dim) kind(odd_value_dim)                \
        kind(other_value_dim) kind(scattered) kind(without_lse) kind(threads) kind(split) kind(older_isa)              \
            kind(bound_by_run) kind(empty_rows) kind(refused) kind(bf16) kind(f16)
enum {
#define KIND(name) CASE_##name,
    KINDS(KIND)
#undef KIND
        CASES
};
static const char *const kinds[] = {
#define KIND(name) #name,
    KINDS(KIND)
#undef KIND
};

enum { CONTEXTS = 4 };
static const uint32_t threads[CONTEXTS] = {1, 1, 2, 5};

typedef struct world {
    weft_context *contexts[CONTEXTS];
    long words[WORDS], kinds[CASES];
    long masks, rows, loose_rows, counted_rows;
    double worst[3]; /* by dtype */
} world;

typedef struct problem {
    world *w;
    uint64_t seed;
    generated pattern;
    generated_values values;
    weft_shape shape;
    weft_dtype dtype;
    const char *target;
    uint32_t threads;
    tensor q, k, v, o, lse;
    weft_tensors tensors;
    uint8_t *oracle; /* every pair of every head */
    bool chooses;    /* q and k decide some of them */
} problem;

static void complain(const problem *p, const char *what) {
    const weft_shape *s = &p->shape;
    fprintf(stderr, "seed %llu: %s\nB %lld H %lld KV %lld Lq %lld Lk %lld D %lld Dv %lld dtype %d target %s threads %u",
            (unsigned long long)p->seed, what, (long long)s->batch, (long long)s->heads, (long long)s->kv_heads,
            (long long)s->queries, (long long)s->keys, (long long)s->head_dim, (long long)s->value_dim, (int)p->dtype,
            p->target ? p->target : "native", p->threads);
    for (size_t n = 0; n < p->values.count[0]; n++) {
        const weft_binding *b = &p->values.bindings[0][n];
        if (b->kind == WEFT_BIND_INT) fprintf(stderr, " %s=%lld", b->name, (long long)b->value.integer);
        if (b->kind == WEFT_BIND_FLOAT) fprintf(stderr, " %s=%g", b->name, b->value.real);
        if (b->kind == WEFT_BIND_BOOL) fprintf(stderr, " %s=%s", b->name, b->value.truth ? "true" : "false");
    }
    fprintf(stderr, "\n%s\n", p->pattern.text);
}

/* ---- masks ------------------------------------------------------------------------------------------------------ */

static void compare_masks(problem *p, weft_plan *plan) {
    const weft_shape *s = &p->shape;
    if (p->chooses) ck_assert_int_eq(weft_plan_choose(plan, &p->tensors), WEFT_OK);
    size_t pairs = (size_t)(s->queries * s->keys);
    uint8_t *tiles = malloc(pairs);
    double total = 0;
    for (int64_t n = 0; n < s->batch * s->heads; n++) {
        uint8_t *judge = p->oracle + (size_t)n * pairs;
        memset(judge, 0xcc, pairs);
        memset(tiles, 0xcc, pairs);
        ck_assert_int_eq(weft_plan_mask(plan, n / s->heads, n % s->heads, WEFT_MASK_ORACLE, judge), WEFT_OK);
        ck_assert_int_eq(weft_plan_mask(plan, n / s->heads, n % s->heads, WEFT_MASK_PLAN, tiles), WEFT_OK);
        for (size_t at = 0; at < pairs; at++) total += judge[at];
        if (memcmp(judge, tiles, pairs)) {
            complain(p, "plan differs from oracle");
            ck_abort();
        }
        p->w->masks++;
    }
    free(tiles);
    weft_plan_info info = {.size = sizeof info};
    ck_assert_int_eq(weft_plan_describe(plan, &info), WEFT_OK);
    bool counted = info.pairs == total && info.computed_pairs >= info.pairs;
    if (!counted) complain(p, "pairs miscounted");
    ck_assert(counted);
}

/* ---- outputs ---------------------------------------------------------------------------------------------------- */

/* Half a unit in the last place of the largest |o|, twice: rows that are made in passes are rounded once a pass. The
 * last place of a float16 is worth 2^-24 at least. Where bfloat16 is multiplied in pairs, weights are rounded as well,
 * and these roundings stay where values, about 1 large, cancel. */
static double rounding(weft_dtype dtype, double largest) {
    return dtype == WEFT_BF16 ? 0x1p-7 * fmax(largest, 0.1) : dtype == WEFT_F16 ? fmax(0x1p-10 * largest, 0x1p-24) : 0;
}

/* A float holds a score s to 2^-24 |s|, and the scores that count most are about lse: so much do weights go wrong, and
 * with them o, a mean of values. Sums of D products and of keys add their roundings; 2e-5 covers 256 of unit variance
 * seven times over, and scores up to 15. A weight below the least float vanishes, beside a sink all of them may. Where
 * relu cuts near 0, what is left of a feature is the 1e-3 that is added, to which the product's roundings are large. */
static void compare_row(problem *p, size_t row, const double *judge, double judge_lse, double largest) {
    world *w = p->w;
    size_t dims = (size_t)p->shape.value_dim;
    bool empty = judge_lse == (double)-INFINITY;
    double lse = tensor_get(&p->lse, row), error = 0, slack = empty ? 0 : 2e-5 * fmax(1, fabs(judge_lse) / 15);
    if (generated_count(p->pattern.body, "relu")) slack *= 20;
    w->rows++;
    w->kinds[CASE_empty_rows] += empty;
    if (isnan(judge_lse) || judge_lse == (double)INFINITY) {
        bool same = isnan(judge[0]) == isnan(tensor_get(&p->o, row * dims)) && (isnan(lse) || lse == judge_lse);
        if (!same) complain(p, "one is NaN and the other is not");
        ck_assert(same);
        return;
    }
    for (size_t d = 0; d < dims; d++) {
        double o = tensor_get(&p->o, row * dims + d);
        error = fmax(error, isnan(o) ? (double)INFINITY : fabs(o - judge[d]));
    }
    double rough = p->dtype == WEFT_BF16 ? 1e-4 : 0; /* its powers, where pairs of it are multiplied */
    bool lse_fits = empty                    ? lse == judge_lse
                    : fabs(judge_lse) > 1e38 ? (judge_lse < 0) == (lse < 0) && fabs(lse) > 1e37
                                             : fabs(lse - judge_lse) <= slack * fmax(1, fabs(judge_lse) * 1e-2) + rough;
    bool loose = slack > 0.1; /* only that it is finite can be said */
    w->loose_rows += loose;
    double rounded = empty ? 0 : rounding(p->dtype, largest) + 4 * (double)p->shape.keys * (double)FLT_MIN;
    if (!loose && !empty && largest > 1e-3)
        w->worst[p->dtype] = fmax(w->worst[p->dtype], error / largest / (slack / 2e-5));
    bool fits = lse_fits && (loose ? !isinf(error) : error <= slack * largest + rounded);
    if (!fits) {
        char what[200];
        snprintf(what, sizeof what, "row %zu: o off by %g of %g, lse %.9g, not %.9g", row, error, largest, lse,
                 judge_lse);
        complain(p, what);
    }
    ck_assert(fits);
}

/* Nothing lies in the gaps of the outputs, and without lse all is the same. */
static void compare_without_lse(problem *p, const weft_plan *plan) {
    weft_tensors tensors = p->tensors;
    char *first = malloc(p->o.bytes);
    bool clean = tensor_gaps_are_poison(&p->o) && tensor_gaps_are_poison(&p->lse);
    memcpy(first, p->o.memory, p->o.bytes);
    tensor_poison(&p->o);
    tensors.lse = NULL;
    ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_OK);
    bool same = !memcmp(first, p->o.memory, p->o.bytes);
    if (!clean || !same) complain(p, clean ? "another o without lse" : "a run wrote beside its outputs");
    ck_assert(clean && same);
    p->w->kinds[CASE_without_lse]++;
    free(first);
}

/* The largest value of rows that are not NaN. */
static double largest_of(const double *values, size_t count) {
    double largest = 0;
    for (size_t n = 0; n < count; n++)
        if (!isnan(values[n])) largest = fmax(largest, fabs(values[n]));
    return largest;
}

/* False where the run is refused: what came with it makes a fault that no pair decides. */
static bool compare_outputs(problem *p, const weft_plan *plan) {
    size_t rows = p->lse.count, dims = (size_t)p->shape.value_dim;
    double *judge = malloc(rows * dims * sizeof *judge), *judge_lse = malloc(rows * sizeof *judge_lse);
    weft_status wanted = weft_reference(plan, &p->tensors, judge, judge_lse);
    weft_status status = weft_run(plan, &p->tensors, NULL);
    if (status != wanted || (status != WEFT_OK && status != WEFT_INVALID_PATTERN)) {
        char message[2000];
        weft_plan_message(plan, message, sizeof message);
        complain(p, message);
        ck_abort();
    }
    if (status == WEFT_OK) {
        /* Values are about 1 large: where all of o is far smaller they have cancelled, and their roundings have not. */
        double largest = fmax(largest_of(judge, rows * dims), 0.02);
        for (size_t row = 0; row < rows; row++) compare_row(p, row, judge + row * dims, judge_lse[row], largest);
        compare_without_lse(p, plan);
    }
    p->w->kinds[CASE_refused] += status != WEFT_OK;
    free(judge);
    free(judge_lse);
    return status == WEFT_OK;
}

/* With Q = 0 every weight is 1: exp(lse) is the number of keys, and one-hot V says how many have each residue mod Dv.
 */
static void count_keys(problem *p, weft_plan *plan) {
    const weft_shape *s = &p->shape;
    size_t dims = (size_t)s->value_dim, keys = (size_t)s->keys;
    for (size_t n = 0; n < p->q.count; n++) tensor_set(&p->q, n, 0);
    for (size_t n = 0; n < p->v.count; n++) tensor_set(&p->v, n, n / dims % keys % dims == n % dims);
    ck_assert_int_eq(weft_run(plan, &p->tensors, NULL), WEFT_OK);
    if (p->chooses) compare_masks(p, plan); /* what q decides has changed with it */
    long *residues = calloc(dims, sizeof *residues);
    for (size_t row = 0; row < p->lse.count; row++) {
        long count = 0;
        memset(residues, 0, dims * sizeof *residues);
        for (size_t j = 0; j < keys; j++)
            if (p->oracle[row * keys + j]) count++, residues[j % dims]++;
        double mass = exp(tensor_get(&p->lse, row)), folds = p->chooses ? 1 + (double)s->keys / 1024 : 1;
        bool right = count ? lround(mass) == count && fabs(mass - (double)count) < 1e-3 * folds * fmax(1, mass / 1000)
                           : mass == 0;
        for (size_t d = 0; d < dims; d++) {
            double named = tensor_get(&p->o, row * dims + d) * (double)count;
            double off = fabs(named - (double)residues[d]), rounded = rounding(p->dtype, 1) * (double)count;
            right = right && off < 1e-2 + rounded;
        }
        if (!right) complain(p, "keys miscounted");
        ck_assert(right);
        p->w->counted_rows++;
    }
    free(residues);
}

/* ---- cases ------------------------------------------------------------------------------------------------------ */

/* Any shape, as long as the reference is done in a moment. */
static void choose_shape(problem *p, test_random *random) {
    static const int64_t lengths[] = {1, 2, 15, 16, 17, 63, 64, 65, 127, 129, 200, 300, 1000};
    static const int64_t dims[] = {1, 2, 7, 15, 16, 33, 64, 65, 80, 128, 256};
    const int64_t most = INT64_C(20000000);
    weft_shape *s = &p->shape;
    *s = (weft_shape){.size = sizeof *s};
    s->queries = test_range(random, 0, 2) ? PICK(random, lengths) : test_range(random, 1, 400);
    s->keys = test_range(random, 0, 1) ? s->queries : PICK(random, lengths);
    if (test_range(random, 0, 29) == 0) s->queries = test_range(random, 1, 16), s->keys = 9000; /* split rows */
    s->batch = test_range(random, 1, 2);
    s->kv_heads = test_range(random, 1, 3);
    s->heads = s->kv_heads * test_range(random, 1, 3);
    s->head_dim = PICK(random, dims);
    s->value_dim = test_range(random, 0, 1) ? s->head_dim : PICK(random, dims);
    while (s->batch * s->heads * s->queries * s->keys * (s->head_dim + s->value_dim + 8) > most) {
        if (s->head_dim > 16) s->head_dim = s->head_dim / 2 + 1;
        if (s->value_dim > 16) s->value_dim = s->value_dim / 2 + 1;
        if (s->batch > 1) s->batch = 1;
        if (s->kv_heads > 1 && s->heads > s->kv_heads) s->heads = s->kv_heads;
        if (s->queries * s->keys > 100000) s->queries = s->queries / 2 + 1;
        if (s->head_dim <= 16 && s->value_dim <= 16 && s->batch == 1 && s->queries * s->keys <= 100000) break;
    }
}

/* Without its first dimension where there is one batch element, now and then. */
static void make_tensor(tensor *t, test_random *random, weft_dtype dtype, bool flat, int64_t batch, int64_t heads,
                        int64_t rows, int64_t dim) {
    int64_t shape[4] = {batch, heads, rows, dim};
    DLDataType type = {dtype == WEFT_BF16 ? kDLBfloat : kDLFloat, dtype == WEFT_F32 ? 32 : 16, 1};
    tensor_make(t, random, type, (dim ? 4 : 3) - flat, shape + flat);
}

static void make_tensors(problem *p, test_random *random) {
    const weft_shape *s = &p->shape;
    bool flat = s->batch == 1 && test_range(random, 0, 1);
    make_tensor(&p->q, random, p->dtype, flat, s->batch, s->heads, s->queries, s->head_dim);
    make_tensor(&p->k, random, p->dtype, flat, s->batch, s->kv_heads, s->keys, s->head_dim);
    make_tensor(&p->v, random, p->dtype, flat, s->batch, s->kv_heads, s->keys, s->value_dim);
    make_tensor(&p->o, random, p->dtype, flat, s->batch, s->heads, s->queries, s->value_dim);
    make_tensor(&p->lse, random, WEFT_F32, flat, s->batch, s->heads, s->queries, 0);
    tensor *inputs[] = {&p->q, &p->k, &p->v};
    for (int k = 0; k < 3; k++)
        for (size_t n = 0; n < inputs[k]->count; n++) tensor_set(inputs[k], n, (double)test_normal(random));
    p->tensors = (weft_tensors){.size = sizeof p->tensors,
                                .q = &p->q.view,
                                .k = &p->k.view,
                                .v = &p->v.view,
                                .o = &p->o.view,
                                .lse = &p->lse.view,
                                .bindings = p->values.bindings[1],
                                .binding_count = p->values.count[1]};
    p->oracle = malloc((size_t)(s->batch * s->heads * s->queries * s->keys));
}

static void free_tensors(problem *p) {
    tensor *all[] = {&p->q, &p->k, &p->v, &p->o, &p->lse};
    for (int k = 0; k < 5; k++) tensor_free(all[k]);
    free(p->oracle);
}

static void note_case(const problem *p) {
    const weft_shape *s = &p->shape;
    long *of = p->w->kinds;
    for (int n = 0; n < WORDS; n++) p->w->words[n] += generated_count(p->pattern.body, words[n]) > 0;
    of[CASE_batches] += s->batch > 1;
    of[CASE_groups] += s->heads > s->kv_heads && s->kv_heads > 1;
    of[CASE_fewer_queries] += s->queries < s->keys;
    of[CASE_more_queries] += s->queries > s->keys;
    of[CASE_odd_dim] += s->head_dim % 2;
    of[CASE_odd_value_dim] += s->value_dim % 2;
    of[CASE_other_value_dim] += s->value_dim != s->head_dim;
    of[CASE_scattered] += p->q.view.strides && p->k.view.strides && p->v.view.strides && p->o.view.strides;
    of[CASE_threads] += p->threads > 1;
    of[CASE_split] += s->keys >= 9000;
    of[CASE_older_isa] += p->target != NULL;
    of[CASE_bf16] += p->dtype == WEFT_BF16;
    of[CASE_f16] += p->dtype == WEFT_F16;
    of[CASE_bound_by_run] += p->values.count[1] > 0;
}

static void judge(problem *p, weft_plan *plan, test_random *random) {
    bool every_key_weighs_one = !p->pattern.takes[GENERATED_b] && !generated_count(p->pattern.body, "bias") &&
                                !generated_count(p->pattern.body, "shared_qk") &&
                                !generated_count(p->pattern.body, "approximate");
    p->chooses = generated_count(p->pattern.body, "lsh") || generated_count(p->pattern.body, "topk") ||
                 generated_count(p->pattern.body, "vertical_slash");
    make_tensors(p, random);
    note_case(p);
    compare_masks(p, plan);
    if (compare_outputs(p, plan) && every_key_weighs_one) count_keys(p, plan);
    free_tensors(p);
}

/* The only wrong values that the generator makes are faults that no pair decides, and sizes below 1. */
static void check_refusal(problem *p, weft_status status, const char *message) {
    static const char *const codes[] = {"E0301", "E0302", "E0303", "E0304"};
    bool expected = false;
    for (int n = 0; n < 4; n++) expected = expected || (status == WEFT_INVALID_PATTERN && strstr(message, codes[n]));
    if (!expected) complain(p, message);
    ck_assert(expected);
    p->w->kinds[CASE_refused]++;
}

static void one_case(world *w, uint64_t seed) {
    static const char *const targets[] = {NULL, NULL, "x86-64-v3", "x86-64"};
    test_random random = {seed};
    problem *p = calloc(1, sizeof *p);
    p->w = w;
    p->seed = seed;
    p->dtype = seed % 4 == 0 ? WEFT_BF16 : seed % 4 == 1 ? WEFT_F16 : WEFT_F32;
    choose_shape(p, &random);
    generate_pattern(&random, p->shape.keys, p->shape.queries == p->shape.keys && p->shape.heads == p->shape.kv_heads,
                     &p->pattern);
    ck_assert(p->pattern.size > 0);
#if defined(__x86_64__)
    p->target = PICK(&random, targets);
#endif
    size_t which = (size_t)test_range(&random, 0, CONTEXTS - 1);
    p->threads = threads[which];
    generate_values(&p->pattern, &random, p->shape.keys, &p->shape, &p->values);
    weft_module *module = NULL;
    weft_kernel *kernel = NULL;
    weft_plan *plan = NULL;
    weft_kernel_options options = {.size = sizeof options,
                                   .dtype = p->dtype,
                                   .head_dim = p->shape.head_dim,
                                   .value_dim = p->shape.value_dim,
                                   .target = p->target};
    weft_status status =
        weft_module_load_text(w->contexts[which], "random.weft", p->pattern.text, p->pattern.size, NULL, &module);
    if (status == WEFT_OK) status = weft_kernel_create(module, "p", &options, &kernel);
    char message[4000] = "";
    weft_context_message(w->contexts[which], false, message, sizeof message);
    if (status == WEFT_OK) {
        status = weft_plan_create(kernel, &p->shape, p->values.bindings[0], p->values.count[0], &plan);
        weft_kernel_message(kernel, message, sizeof message);
    }
    if (status == WEFT_OK)
        judge(p, plan, &random);
    else
        check_refusal(p, status, message);
    weft_plan_destroy(plan);
    weft_kernel_destroy(kernel);
    weft_module_destroy(module);
    generated_values_free(&p->values);
    free(p);
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void report(const world *w, long cases, uint64_t first) {
    printf("%ld patterns from seed %llu: %ld masks, %ld rows against the reference (%ld of them loose; worst error "
           "%.1e of max|o|, in bf16 %.1e, in f16 %.1e), %ld rows counted\n",
           cases, (unsigned long long)first, w->masks, w->rows, w->loose_rows, w->worst[WEFT_F32], w->worst[WEFT_BF16],
           w->worst[WEFT_F16], w->counted_rows);
    for (int n = 0; n < WORDS; n++) printf("%s %ld%s", words[n], w->words[n], n % 16 == 15 ? "\n" : "  ");
    printf("\n");
    for (int n = 0; n < CASES; n++) printf("%s %ld  ", kinds[n], w->kinds[n]);
    printf("\n");
    fflush(stdout);
}

/* Code for older instruction sets is for x86-64 alone. */
static bool can_draw(int kind) {
#if defined(__x86_64__)
    return kind >= 0;
#else
    return kind != CASE_older_isa;
#endif
}

/* A run of some length has drawn everything. */
static void check_drawn(const world *w) {
    for (int n = 0; n < WORDS; n++) ck_assert_msg(w->words[n] > 0, "%s was never drawn", words[n]);
    for (int n = 0; n < CASES; n++)
        ck_assert_msg(w->kinds[n] > 0 || !can_draw(n), "no case was of the kind %s", kinds[n]);
}

START_TEST(random_patterns) {
    enum { USUAL = 300, OFTEN = 5000 };
    const char *cases = getenv("WEFT_CASES"), *seed = getenv("WEFT_SEED");
    world *w = calloc(1, sizeof *w);
    for (int n = 0; n < CONTEXTS; n++) {
        weft_config config = {.size = sizeof config, .threads = threads[n]};
        ck_assert_int_eq(weft_context_create(&config, &w->contexts[n]), WEFT_OK);
    }
    long count = cases ? atol(cases) : USUAL;
    uint64_t first = seed ? strtoull(seed, NULL, 10) : 20261124;
    for (long c = 0; c < count; c++) {
        one_case(w, first + (uint64_t)c);
        if ((c + 1) % OFTEN == 0) report(w, c + 1, first);
    }
    for (int n = 0; n < CONTEXTS; n++) weft_context_destroy(w->contexts[n]);
    report(w, count, first);
    if (count >= OFTEN || (!cases && !seed)) check_drawn(w);
    free(w);
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
