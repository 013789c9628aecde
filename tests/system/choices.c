/* Sets that q and k decide, through the public API: masks against the definition of LANGUAGE.md section 6, worked out
 * here in float64, where nothing is too close to tell; unions with other sets; buckets that hold everything; and what a
 * run may not do: allocate. */
#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "trial.h"

/* ---- masks against a definition ------------------------------------------------------------------------------- */

/* Is key j of row i in a set of the family, by definition? -1: too close to tell. */
typedef struct definition definition;
typedef int member(const definition *of, int64_t row, int64_t key);
struct definition {
    const trial *t;
    int64_t n; /* batch element * H + head */
    member *holds;
    void *data;
};

typedef struct tally {
    double told, close;
} tally;

/* A set around the one of the family: is (i, j) in it, when the family's is in or not? */
typedef bool surrounding(const trial *t, int64_t h, int64_t i, int64_t j, bool in);

static void compare_head(trial *t, const definition *of, surrounding *set, tally *sum) {
    const weft_shape *s = &t->shape;
    size_t pairs = (size_t)(s->queries * s->keys);
    uint8_t *oracle = malloc(pairs), *plan = malloc(pairs);
    int64_t batch = of->n / s->heads, head = of->n % s->heads;
    ck_assert_int_eq(weft_plan_mask(t->plan, batch, head, WEFT_MASK_ORACLE, oracle), WEFT_OK);
    ck_assert_int_eq(weft_plan_mask(t->plan, batch, head, WEFT_MASK_PLAN, plan), WEFT_OK);
    ck_assert_mem_eq(oracle, plan, pairs);
    for (int64_t row = 0; row < s->queries; row++)
        for (int64_t key = 0; key < s->keys; key++) {
            int in = of->holds(of, row, key);
            int64_t i = row + s->keys - s->queries;
            sum->told += in >= 0;
            sum->close += in < 0;
            if (in >= 0 && set(t, head, i, key, in) != oracle[row * s->keys + key])
                ck_abort_msg("head %d, row %d, key %d", (int)of->n, (int)row, (int)key);
        }
    free(oracle);
    free(plan);
}

static void compare_outputs(trial *t) {
    size_t rows = t->lse.count, dims = (size_t)t->shape.value_dim;
    double *o = malloc(rows * dims * sizeof *o), *lse = malloc(rows * sizeof *lse), error = 0;
    double allowed = t->dtype == WEFT_BF16 ? 2e-2 : t->dtype == WEFT_F16 ? 3e-3 : 2e-5;
    ck_assert_int_eq(weft_reference(t->plan, &t->tensors, o, lse), WEFT_OK);
    tensor_poison(&t->o);
    tensor_poison(&t->lse);
    ck_assert_int_eq(weft_run(t->plan, &t->tensors, NULL), WEFT_OK);
    for (size_t n = 0; n < rows * dims; n++) {
        double off = fabs(tensor_get(&t->o, n) - o[n]);
        if (!(off <= error)) error = off;
    }
    for (size_t n = 0; n < rows; n++) {
        double got = tensor_get(&t->lse, n), off = got == lse[n] ? 0 : fabs(got - lse[n]) / fmax(1, fabs(lse[n]));
        if (!(off <= error)) error = off;
    }
    ck_assert_msg(error <= allowed, "off by %g", error);
    free(o);
    free(lse);
}

static bool alone(const trial *t, int64_t h, int64_t i, int64_t j, bool in) {
    (void)t, (void)h, (void)i, (void)j;
    return in;
}
static bool hybrid(const trial *t, int64_t h, int64_t i, int64_t j, bool in) {
    (void)t, (void)h;
    return (llabs(j - i) <= 3 || in || j < 2) && j <= i;
}
static bool clipped(const trial *t, int64_t h, int64_t i, int64_t j, bool in) {
    (void)t;
    return h == 0 ? in && (j - i) % 3 == 0 : j == i || (in && j - i != 1);
}

/* `%s` stands for the family's set. */
static const struct {
    const char *text;
    surrounding *set;
} surroundings[] = {
    {"pattern p { attend %s; }", alone},
    {"pattern p { attend (window(3) | %s | cols(0..2)) & causal; }", hybrid},
    {"pattern p { heads 0: %s & stride(3); attend window(0) | (%s - band(1, 1)); }", clipped},
};
enum { SURROUNDINGS = sizeof surroundings / sizeof *surroundings };

/* Any shape, type, layout and number of threads. */
static void draw_trial(trial *t, test_random *random, uint64_t seed, const char *set) {
    static const int64_t dims[] = {1, 5, 16, 33, 64};
    char text[800];
    const char *around = surroundings[seed % SURROUNDINGS].text;
    int64_t kv_heads = test_range(random, 1, 2);
    *t = (trial){.dtype = seed % 4 == 0 ? WEFT_BF16 : seed % 4 == 1 ? WEFT_F16 : WEFT_F32};
    t->shape = (weft_shape){
        sizeof(weft_shape),         test_range(random, 1, 2),   kv_heads * test_range(random, 1, 3), kv_heads,
        test_range(random, 1, 150), test_range(random, 1, 150), dims[test_range(random, 0, 4)],      8};
    if (test_range(random, 0, 1)) t->shape.queries = t->shape.keys;
    size_t used = 0;
    for (const char *at = around; *at; at++) {
        bool here = !strncmp(at, "%s", 2);
        used += (size_t)snprintf(text + used, sizeof text - used, "%.*s", here ? (int)strlen(set) : 1, here ? set : at);
        at += here;
    }
    weft_config config = {.size = sizeof config, .threads = (uint32_t)test_range(random, 1, 3)};
    make_tensors(t, random);
    make_plan(t, text, &config);
    ck_assert_int_eq(weft_plan_choose(t->plan, &t->tensors), WEFT_OK);
}

/* ---- lsh -------------------------------------------------------------------------------------------------------- */

static int same_bucket(const definition *of, int64_t row, int64_t key) {
    const hashing *h = of->data;
    int found = 0;
    for (int64_t round = 0; round < h->rounds; round++) {
        int64_t a = h->rows[round * of->t->shape.queries + row], b = h->keys[round * of->t->shape.keys + key];
        if (a >= 0 && a == b) return 1;
        if (a < 0 || b < 0) found = -1;
    }
    return found;
}

static void draw_hashing(hashing *h, test_random *random, char *text, size_t size) {
    *h = (hashing){.rounds = test_range(random, 1, 3), .seed = test_range(random, 0, 9)};
    h->factors = (int)test_range(random, 1, 3);
    for (int f = 0; f < h->factors; f++) h->buckets[f] = 2 * test_range(random, 1, 6);
    if (h->factors == 1)
        snprintf(text, size, "lsh(%d, %d, seed = %d)", (int)h->buckets[0], (int)h->rounds, (int)h->seed);
    else
        snprintf(text, size, "lsh([%d, %d%s], %d, %d)", (int)h->buckets[0], (int)h->buckets[1],
                 h->factors > 2 ? ", 2 + 2" : "", (int)h->rounds, (int)h->seed);
    if (h->factors > 2) h->buckets[2] = 4;
}

START_TEST(lsh_is_what_the_language_says) {
    tally sum = {0, 0};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        test_random random = {seed};
        char set[100];
        hashing h;
        trial t;
        draw_hashing(&h, &random, set, sizeof set);
        draw_trial(&t, &random, seed, set);
        h.rows = malloc((size_t)(h.rounds * t.shape.queries) * sizeof *h.rows);
        h.keys = malloc((size_t)(h.rounds * t.shape.keys) * sizeof *h.keys);
        for (int64_t n = 0; n < t.shape.batch * t.shape.heads; n++) {
            definition of = {&t, n, same_bucket, &h};
            hash_rows(&h, &t.q, n, h.rows);
            hash_rows(&h, &t.k, kv_head_of(&t, n), h.keys);
            compare_head(&t, &of, surroundings[seed % SURROUNDINGS].set, &sum);
        }
        compare_outputs(&t);
        free(h.rows);
        free(h.keys);
        free_trial(&t);
    }
    ck_assert_msg(sum.told > 1e6 && sum.close < sum.told / 200, "%g of %g too close to tell", sum.close, sum.told);
}
END_TEST

/* ---- what is best ----------------------------------------------------------------------------------------------- */

/* Is x among the `wanted` best? Of equal ones the lower is better; what is nearly equal cannot be told, unless it is 0:
 * nothing was added up there. */
static int is_chosen(const double *scores, const bool *may, int64_t count, int64_t wanted, int64_t x, double close) {
    int64_t surely = 0, maybe = 0;
    if (may && !may[x]) return 0;
    for (int64_t n = 0; n < count; n++) {
        if (n == x || (may && !may[n])) continue;
        bool zeros = scores[n] == 0 && scores[x] == 0;
        surely += zeros ? n < x : scores[n] > scores[x] + close;
        maybe += zeros ? n < x : scores[n] >= scores[x] - close;
    }
    return maybe < wanted ? 1 : surely >= wanted ? 0 : -1;
}

typedef bool within_test(int64_t i, int64_t j);
static bool within_all(int64_t i, int64_t j) { return (void)i, (void)j, true; }
static bool within_causal(int64_t i, int64_t j) { return j <= i; }
static bool within_far(int64_t i, int64_t j) { return j <= i && i - j > 5; }
static bool within_steps(int64_t i, int64_t j) { return (i - j) % 3 == 0 && llabs(i - j) <= 40; }
static const struct {
    const char *text;
    within_test *holds;
} withins[] = {{"all", within_all},
               {"causal", within_causal},
               {"causal - window(5)", within_far},
               {"band(-40, 40, step = 3)", within_steps}};

static double product(const double *a, const double *b, int64_t dims) {
    double sum = 0;
    for (int64_t d = 0; d < dims; d++) sum += a[d] * b[d];
    return sum;
}

/* ---- topk -------------------------------------------------------------------------------------------------------- */

typedef struct ranking {
    int64_t k, block, blocks;
    int by, force;
    within_test *within;
    int *chosen; /* [Lq][blocks]: as is_chosen says */
} ranking;

/* Scores of block number b for the row x, and how near to others they may be to be told apart. */
static double score_block(const ranking *r, const trial *t, int64_t n, int64_t b, const double *x, double *close) {
    int64_t dims = t->shape.head_dim, begin = b * r->block, end = begin + r->block, first;
    double most[64], least[64], mean[64] = {0}, key[64], size = 0, score = 0;
    if (end > t->shape.keys) end = t->shape.keys;
    for (int64_t d = 0; d < dims; d++) most[d] = -INFINITY, least[d] = INFINITY;
    first = kv_head_of(t, n) * t->shape.keys;
    for (int64_t j = begin; j < end; j++) {
        read_row(&t->k, first + j, key);
        for (int64_t d = 0; d < dims; d++) {
            most[d] = fmax(most[d], key[d]);
            least[d] = fmin(least[d], key[d]);
            mean[d] += key[d] / (double)(end - begin);
        }
    }
    for (int64_t d = 0; d < dims; d++) {
        score += r->by ? fmax(x[d] * most[d], x[d] * least[d]) : x[d] * mean[d];
        size += fabs(x[d]) * fmax(fabs(most[d]), fabs(least[d]));
    }
    *close = fmax(*close, 1e-5 * size);
    return score;
}

static void rank_row(const ranking *r, const trial *t, int64_t n, int64_t row) {
    double scores[200], x[64], close = 0;
    bool may[200] = {false};
    int64_t i = row + t->shape.keys - t->shape.queries, forced = -1;
    int *out = r->chosen + row * r->blocks;
    read_row(&t->q, n * t->shape.queries + row, x);
    for (int64_t j = 0; j < t->shape.keys; j++)
        if (r->within(i, j)) may[j / r->block] = true;
    for (int64_t b = 0; b < r->blocks; b++) {
        scores[b] = score_block(r, t, n, b, x, &close);
        bool own = i >= 0 && i / r->block == b;
        if (may[b] && ((r->force == 0 && own) || r->force == 1)) forced = b;
    }
    if (forced >= 0) may[forced] = false;
    for (int64_t b = 0; b < r->blocks; b++)
        out[b] = r->k <= 0 ? 0 : b == forced ? 1 : is_chosen(scores, may, r->blocks, r->k - (forced >= 0), b, close);
}

static int in_block(const definition *of, int64_t row, int64_t key) {
    const ranking *r = of->data;
    int64_t i = row + of->t->shape.keys - of->t->shape.queries;
    return r->within(i, key) ? r->chosen[row * r->blocks + key / r->block] : 0;
}

START_TEST(topk_is_what_the_language_says) {
    static const char *const by[] = {"mean", "bounds"}, *const force[] = {"own", "last", "none"};
    tally sum = {0, 0};
    for (uint64_t seed = 1; seed <= 120; seed++) {
        test_random random = {seed};
        char set[200];
        int within = (int)test_range(&random, 0, 3);
        trial t;
        ranking r = {.k = test_range(&random, -1, 7),
                     .block = PICK(&random, ((const int[]){1, 2, 5, 16, 64, 200})),
                     .by = (int)test_range(&random, 0, 1),
                     .force = (int)test_range(&random, 0, 2),
                     .within = withins[within].holds};
        snprintf(set, sizeof set, "topk(%d, %d, by = %s, force = %s, within = %s)", (int)r.k, (int)r.block, by[r.by],
                 force[r.force], withins[within].text);
        draw_trial(&t, &random, seed, set);
        r.blocks = (t.shape.keys + r.block - 1) / r.block;
        r.chosen = malloc((size_t)(r.blocks * t.shape.queries) * sizeof *r.chosen);
        for (int64_t n = 0; n < t.shape.batch * t.shape.heads; n++) {
            definition of = {&t, n, in_block, &r};
            for (int64_t row = 0; row < t.shape.queries; row++) rank_row(&r, &t, n, row);
            compare_head(&t, &of, surroundings[seed % SURROUNDINGS].set, &sum);
        }
        compare_outputs(&t);
        free(r.chosen);
        free_trial(&t);
    }
    ck_assert_msg(sum.told > 2e6 && sum.close < sum.told / 200, "%g of %g too close to tell", sum.close, sum.told);
}
END_TEST

/* ---- vertical_slash ---------------------------------------------------------------------------------------------- */

typedef struct slashing {
    int64_t columns, diagonals, probe;
    within_test *within;
    int *column, *diagonal; /* [Lk]: as is_chosen says */
} slashing;

static void weigh_row(const slashing *s, const trial *t, int64_t n, int64_t row, double *columns, double *diagonals) {
    int64_t keys = t->shape.keys, i = row + keys - t->shape.queries, dims = t->shape.head_dim;
    double x[64], key[64], scores[200], most = -INFINITY, total = 0;
    read_row(&t->q, n * t->shape.queries + row, x);
    for (int64_t j = 0; j < keys; j++) {
        read_row(&t->k, kv_head_of(t, n) * keys + j, key);
        scores[j] = s->within(i, j) ? product(x, key, dims) / sqrt((double)dims) : -INFINITY;
        most = fmax(most, scores[j]);
    }
    for (int64_t j = 0; j < keys; j++) total += isinf(scores[j]) ? 0 : exp(scores[j] - most);
    for (int64_t j = 0; j < keys; j++) {
        double weight = isinf(scores[j]) ? 0 : exp(scores[j] - most) / total;
        columns[j] += weight;
        if (i >= j) diagonals[i - j] += weight;
    }
}

static void find_lines(const slashing *s, const trial *t, int64_t n) {
    double columns[200] = {0}, diagonals[200] = {0};
    int64_t keys = t->shape.keys, first = t->shape.queries - s->probe;
    for (int64_t row = first < 0 ? 0 : first; row < t->shape.queries; row++)
        weigh_row(s, t, n, row, columns, diagonals);
    for (int64_t j = 0; j < keys; j++) {
        s->column[j] = is_chosen(columns, NULL, keys, s->columns, j, 1e-5);
        s->diagonal[j] = is_chosen(diagonals, NULL, keys, s->diagonals, j, 1e-5);
    }
}

static int on_line(const definition *of, int64_t row, int64_t key) {
    const slashing *s = of->data;
    int64_t i = row + of->t->shape.keys - of->t->shape.queries;
    if (!s->within(i, key)) return 0;
    int column = s->column[key], diagonal = i >= key ? s->diagonal[i - key] : 0;
    return column == 1 || diagonal == 1 ? 1 : column < 0 || diagonal < 0 ? -1 : 0;
}

START_TEST(vertical_slash_is_what_the_language_says) {
    tally sum = {0, 0};
    for (uint64_t seed = 1; seed <= 120; seed++) {
        test_random random = {seed};
        char set[200];
        int within = (int)test_range(&random, 0, 3);
        int column[200], diagonal[200];
        trial t;
        slashing s = {.columns = test_range(&random, -1, 12),
                      .diagonals = test_range(&random, -1, 12),
                      .probe = test_range(&random, -1, 70),
                      .within = withins[within].holds,
                      .column = column,
                      .diagonal = diagonal};
        snprintf(set, sizeof set, "vertical_slash(%d, %d, probe = %d, within = %s)", (int)s.columns, (int)s.diagonals,
                 (int)s.probe, withins[within].text);
        draw_trial(&t, &random, seed, set);
        for (int64_t n = 0; n < t.shape.batch * t.shape.heads; n++) {
            definition of = {&t, n, on_line, &s};
            find_lines(&s, &t, n);
            compare_head(&t, &of, surroundings[seed % SURROUNDINGS].set, &sum);
        }
        compare_outputs(&t);
        free_trial(&t);
    }
    ck_assert_msg(sum.told > 2e6 && sum.close < sum.told / 100, "%g of %g too close to tell", sum.close, sum.told);
}
END_TEST

/* ---- everything in one bucket ----------------------------------------------------------------------------------- */

typedef struct limited {
    long left, used;
} limited;

static void *limited_resize(void *user, void *block, size_t old_size, size_t new_size) {
    limited *memory = user;
    (void)old_size;
    if (new_size && memory->left-- <= 0) return NULL;
    memory->used += new_size > 0;
    if (new_size) return realloc(block, new_size);
    free(block);
    return NULL;
}

START_TEST(one_bucket_may_hold_every_key) {
    static const char text[] = "pattern p { attend lsh(4, rounds = 2) | past(3); }";
    test_random random = {5};
    trial t = {.shape = {sizeof(weft_shape), 1, 2, 1, 9, 20000, 8, 8}};
    weft_config config = {.size = sizeof config, .threads = 2};
    make_tensors(&t, &random);
    for (size_t n = 0; n < t.q.count; n++) tensor_set(&t.q, n, n % 8 ? 0.5 : 1);
    for (size_t n = 0; n < t.k.count; n++) tensor_set(&t.k, n, n % 8 ? 0.5 : 1);
    make_plan(&t, text, &config);
    ck_assert_int_eq(weft_plan_choose(t.plan, &t.tensors), WEFT_OK);
    weft_plan_info info = {.size = sizeof info};
    ck_assert_int_eq(weft_plan_describe(t.plan, &info), WEFT_OK);
    ck_assert_double_eq(info.pairs, 2.0 * 9 * 20000);
    compare_outputs(&t);
    free_trial(&t);
}
END_TEST

START_TEST(runs_allocate_nothing_and_plans_say_what_they_miss) {
    static const char text[] = "pattern p { attend (lsh(8, rounds = 3) | window(2)) & causal; }";
    test_random random = {6};
    limited memory = {.left = LONG_MAX};
    trial t = {.shape = {sizeof(weft_shape), 1, 2, 1, 70, 70, 8, 8}};
    weft_config config = {.size = sizeof config, .resize = limited_resize, .resize_user = &memory, .threads = 1};
    make_tensors(&t, &random);
    make_plan(&t, text, &config);
    uint8_t mask[70 * 70];
    char message[200];
    ck_assert_int_eq(weft_plan_mask(t.plan, 0, 0, WEFT_MASK_ORACLE, mask), WEFT_INVALID_ARGUMENT);
    weft_plan_message(t.plan, message, sizeof message);
    ck_assert_msg(strstr(message, "E0401") != NULL, "%s", message);
    ck_assert_int_eq(weft_plan_term_count(t.plan, 0, 0), 0);
    void *workspace = malloc(weft_plan_workspace(t.plan));
    memory.used = 0;
    ck_assert_int_eq(weft_run(t.plan, &t.tensors, workspace), WEFT_OK);
    ck_assert_int_eq(memory.used, 0);
    free(workspace);
    for (long n = 0; memory.left = n, weft_plan_choose(t.plan, &t.tensors) != WEFT_OK; n++)
        ck_assert_int_eq(weft_plan_term_count(t.plan, 0, 0), 0);
    memory.left = LONG_MAX;
    ck_assert_int_eq(weft_plan_mask(t.plan, 0, 0, WEFT_MASK_ORACLE, mask), WEFT_OK);
    free_trial(&t);
}
END_TEST

TEST_MAIN("system/choices", lsh_is_what_the_language_says, topk_is_what_the_language_says,
          vertical_slash_is_what_the_language_says, one_bucket_may_hold_every_key,
          runs_allocate_nothing_and_plans_say_what_they_miss)
