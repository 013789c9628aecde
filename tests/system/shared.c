/* Queries that are keys: outputs against the definition of LANGUAGE.md section 4, with keys that are normalised queries
 * and a token that is its own last resort; chunks of hashed positions against section 6; shapes that are refused. */
#include <stdio.h>

#include "support/suite.h"
#include "trial.h"

/* ---- outputs ---------------------------------------------------------------------------------------------------- */

/* Of one row: its weights from what the mask lets it see, in float64. False: it sees nothing. */
static bool weigh(const trial *t, int64_t n, int64_t row, uint8_t *mask, double *weight, double *lse) {
    int64_t keys = t->shape.keys, dims = t->shape.head_dim, others = 0;
    double q[64], k[64], most = -INFINITY, total = 0;
    for (int64_t j = 0; j < keys; j++) others += mask[j] && j != row;
    if (others) mask[row] = 0;
    read_row(&t->q, n * keys + row, q);
    for (int64_t j = 0; j < keys; j++) {
        double size = 0, product = 0;
        read_row(&t->q, n * keys + j, k);
        for (int64_t d = 0; d < dims; d++) size += k[d] * k[d], product += q[d] * k[d];
        weight[j] = mask[j] ? (size > 0 ? product / sqrt(size) : 0) / sqrt((double)dims) : -INFINITY;
        most = fmax(most, weight[j]);
    }
    for (int64_t j = 0; j < keys && !isinf(most); j++) total += weight[j] = exp(weight[j] - most);
    for (int64_t j = 0; j < keys && total > 0; j++) weight[j] /= total;
    *lse = total > 0 ? most + log(total) : -INFINITY;
    return total > 0;
}

static double off_row(const trial *t, int64_t n, int64_t row, const double *weight, bool some, double lse) {
    int64_t at = n * t->shape.keys + row;
    double got = tensor_get(&t->lse, (size_t)at), worst = got == lse ? 0 : fabs(got - lse);
    for (int64_t d = 0; d < t->shape.value_dim; d++) {
        double o = 0;
        for (int64_t j = 0; some && j < t->shape.keys; j++)
            o += weight[j] * tensor_get(&t->v, (size_t)((n * t->shape.keys + j) * t->shape.value_dim + d));
        double off = fabs(tensor_get(&t->o, (size_t)(at * t->shape.value_dim + d)) - o);
        if (!(off <= worst)) worst = off;
    }
    return worst;
}

static void compare_definition(trial *t, uint64_t seed) {
    int64_t rows = t->shape.queries;
    double allowed = t->dtype == WEFT_BF16 ? 2e-2 : t->dtype == WEFT_F16 ? 3e-3 : 2e-5, weight[200], lse;
    uint8_t *mask = malloc((size_t)(rows * rows)), *tiles = malloc((size_t)(rows * rows));
    t->tensors.k = NULL; /* nobody looks at it */
    ck_assert_int_eq(weft_plan_choose(t->plan, &t->tensors), WEFT_OK);
    tensor_poison(&t->o);
    tensor_poison(&t->lse);
    ck_assert_int_eq(weft_run(t->plan, &t->tensors, NULL), WEFT_OK);
    for (int64_t n = 0; n < t->shape.batch * t->shape.heads; n++) {
        int64_t batch = n / t->shape.heads, head = n % t->shape.heads;
        ck_assert_int_eq(weft_plan_mask(t->plan, batch, head, WEFT_MASK_ORACLE, mask), WEFT_OK);
        ck_assert_int_eq(weft_plan_mask(t->plan, batch, head, WEFT_MASK_PLAN, tiles), WEFT_OK);
        ck_assert_mem_eq(mask, tiles, (size_t)(rows * rows));
        for (int64_t row = 0; row < rows; row++) {
            bool some = weigh(t, n, row, mask + row * rows, weight, &lse);
            double off = off_row(t, n, row, weight, some, lse);
            if (!(off <= allowed)) ck_abort_msg("seed %d: row %d is off by %g", (int)seed, (int)row, off);
        }
    }
    free(mask);
    free(tiles);
}

static void draw_shared(trial *t, test_random *random, uint64_t seed, const char *text) {
    static const int64_t dims[] = {1, 5, 16, 33, 64};
    int64_t length = test_range(random, 1, 150), heads = test_range(random, 1, 3);
    *t = (trial){.dtype = seed % 4 == 0 ? WEFT_BF16 : seed % 4 == 1 ? WEFT_F16 : WEFT_F32};
    t->shape = (weft_shape){
        sizeof(weft_shape), test_range(random, 1, 2), heads, heads, length, length, dims[test_range(random, 0, 4)], 8};
    weft_config config = {.size = sizeof config, .threads = (uint32_t)test_range(random, 1, 3)};
    make_tensors(t, random);
    for (int64_t d = 0; d < t->shape.head_dim; d++) tensor_set(&t->q, (size_t)d, 0); /* a zero vector */
    make_plan(t, text, &config);
}

START_TEST(a_token_is_its_own_last_resort) {
    static const char *const sets[] = {
        "window(2) & causal",
        "none",
        "window(0)",
        "all",
        "global({0, -1}) | band(-30, 0, step = 10)",
        "lsh(4, rounds = 2, chunk = 8) & causal",
        "lsh([4, 2], chunk = 5) | cols(2)",
        "(dilated(4, 7) | random(1, within = causal) | lsh(32)) & causal",
        "(rows({1, 3, 5}) - window(1)) | lsh(16) & stride(2)",
        "topk(2, 8, within = causal - window(0))",
        "vertical_slash(3, 3) & (h == 0 ? causal : window(9))",
    };
    enum { SETS = sizeof sets / sizeof *sets };
    for (uint64_t seed = 1; seed <= 10 * SETS; seed++) {
        test_random random = {seed};
        char text[300];
        trial t;
        snprintf(text, sizeof text, "pattern p { attend %s; shared_qk; }", sets[seed % SETS]);
        draw_shared(&t, &random, seed, text);
        compare_definition(&t, seed);
        free_trial(&t);
    }
}
END_TEST

/* ---- chunks ------------------------------------------------------------------------------------------------------ */

/* The number of every position's chunk in one round; false where a bucket is too close to tell. */
static bool find_chunks(const int64_t *buckets, int64_t length, int64_t size, int64_t *chunks) {
    for (int64_t i = 0; i < length; i++) {
        int64_t rank = 0;
        if (buckets[i] < 0) return false;
        for (int64_t j = 0; j < length; j++) rank += buckets[j] < buckets[i] || (buckets[j] == buckets[i] && j < i);
        chunks[i] = rank / size;
    }
    return true;
}

static void compare_chunks(trial *t, int64_t n, const uint8_t *mask, const int64_t *chunks, int64_t rounds) {
    int64_t length = t->shape.keys;
    for (int64_t i = 0; i < length; i++)
        for (int64_t j = 0; j < length; j++) {
            bool in = false;
            for (int64_t round = 0; round < rounds; round++) {
                int64_t apart = chunks[round * length + i] - chunks[round * length + j];
                in = in || apart == 0 || apart == 1;
            }
            if (mask[i * length + j] != in) ck_abort_msg("head %d, (%d, %d)", (int)n, (int)i, (int)j);
        }
}

START_TEST(chunks_are_what_the_language_says) {
    long told = 0, close = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        test_random random = {seed};
        hashing h = {.buckets = {2 * test_range(&random, 1, 9)}, .rounds = test_range(&random, 1, 3), .factors = 1};
        int64_t size = test_range(&random, 1, 40), buckets[3 * 150], chunks[3 * 150];
        char text[200];
        trial t;
        snprintf(text, sizeof text, "pattern p { attend lsh(%d, rounds = %d, chunk = %d); shared_qk; }",
                 (int)h.buckets[0], (int)h.rounds, (int)size);
        draw_shared(&t, &random, seed, text);
        int64_t length = t.shape.keys;
        uint8_t *mask = malloc((size_t)(length * length));
        ck_assert_int_eq(weft_plan_choose(t.plan, &t.tensors), WEFT_OK);
        for (int64_t n = 0; n < t.shape.batch * t.shape.heads; n++) {
            bool tells = true;
            hash_rows(&h, &t.q, n,
                      buckets); /* of which the norm changes nothing, but for 0, whose bucket is the first */
            if (n == 0)
                for (int64_t round = 0; round < h.rounds; round++) buckets[round * length] = 0;
            for (int64_t round = 0; round < h.rounds; round++)
                tells = tells && find_chunks(buckets + round * length, length, size, chunks + round * length);
            ck_assert_int_eq(weft_plan_mask(t.plan, n / t.shape.heads, n % t.shape.heads, WEFT_MASK_ORACLE, mask),
                             WEFT_OK);
            if (tells && t.dtype == WEFT_F32) compare_chunks(&t, n, mask, chunks, h.rounds);
            told += tells;
            close += !tells;
        }
        free(mask);
        free_trial(&t);
    }
    ck_assert_msg(told > 100 && close * 10 < told, "%ld of %ld too close to tell", close, told);
}
END_TEST

/* ---- what is refused --------------------------------------------------------------------------------------------- */

static void check_refused(const char *text, weft_shape shape, const char *code) {
    weft_context *context = NULL;
    weft_module *module = NULL;
    weft_kernel *kernel = NULL;
    weft_plan *plan = NULL;
    weft_kernel_options options = {.size = sizeof options, .plan_only = true};
    char message[1000];
    ck_assert_int_eq(weft_context_create(NULL, &context), WEFT_OK);
    ck_assert_int_eq(weft_module_load_text(context, "p.weft", text, strlen(text), NULL, &module), WEFT_OK);
    ck_assert_int_eq(weft_kernel_create(module, NULL, &options, &kernel), WEFT_OK);
    ck_assert_int_eq(weft_plan_create(kernel, &shape, NULL, 0, &plan), WEFT_INVALID_ARGUMENT);
    weft_kernel_message(kernel, message, sizeof message);
    ck_assert_msg(strstr(message, code) != NULL, "%s", message);
    weft_kernel_destroy(kernel);
    weft_module_destroy(module);
    weft_context_destroy(context);
}

START_TEST(what_cannot_be_shared_is_refused) {
    static const char shared[] = "pattern p { attend causal; shared_qk; }";
    static const char chunked[] = "pattern p(m: int = 8) { attend lsh(4, chunk = m); }";
    check_refused(shared, (weft_shape){sizeof(weft_shape), 1, 2, 2, 7, 8, 4, 4}, "E0406");
    check_refused(shared, (weft_shape){sizeof(weft_shape), 1, 2, 1, 8, 8, 4, 4}, "E0406");
    check_refused(chunked, (weft_shape){sizeof(weft_shape), 1, 2, 2, 8, 8, 4, 4}, "E0405");
}
END_TEST

TEST_MAIN("system/shared", a_token_is_its_own_last_resort, chunks_are_what_the_language_says,
          what_cannot_be_shared_is_refused)
