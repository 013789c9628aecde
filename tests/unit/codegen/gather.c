/* The generated kernel for lists against a float64 reference, on every instruction set that this machine has: random
 * dimensions, lists, strides and edges; alone, folded, with a sink. Every tensor ends (or begins) where memory does,
 * gaps hold NaN, keys that no row lists hold NaN. */
#include <check.h>
#include <math.h>
#include <time.h>

#include "codegen/matrix.h"
#include "support/suite.h"

static const char *const targets[] = {"x86-64-v4", "x86-64-v3", "x86-64", "aarch64"};
static const uint32_t dims[] = {1, 2, 3, 7, 15, 16, 17, 31, 33, 64, 65, 80, 96, 127, 128, 200, 255, 256};
enum { TARGETS = sizeof targets / sizeof *targets, DIM_COUNT = sizeof dims / sizeof *dims };
enum { MAX_KEYS = 400, MAX_LISTED = WEFT_TILE_ROWS * MAX_KEYS };

/* What may be off, as a share of the largest |o| (of lse: of itself, at least 1), before o is rounded. */
static const double tolerance = 1e-5;
/* What rounding o to nearest adds, of |o|. */
static const double rounding[] = {[WEFT_F32] = 0, [WEFT_BF16] = 0x1p-8, [WEFT_F16] = 0x1p-11};
static const float untouched = -512; /* in every type */

/* ---- a problem ---- */

typedef struct problem {
    const char *target;
    weft_dtype dtype;
    uint64_t seed;
    int64_t head_dim, value_dim, rows, keys;
    float scale, sink;
    matrix q, k, v;
    int64_t begin[WEFT_TILE_ROWS + 1]; /* not from 0: an item's lists lie among others */
    uint32_t list[MAX_LISTED];
} problem;

typedef struct answer {
    double o[WEFT_TILE_ROWS][WEFT_MAX_DIM], lse[WEFT_TILE_ROWS];
} answer;

static double worst_o, worst_lse;
static long rows_run;

/* A row lists none, all, few or many. */
static void choose_lists(problem *p, test_random *random) {
    int64_t count = test_range(random, 0, 9);
    for (int64_t row = 0; row < p->rows; row++) {
        p->begin[row] = count;
        int64_t kind = test_range(random, 0, 5), percent = kind == 0 ? 0 : kind == 1 ? 100 : kind == 2 ? 3 : 40;
        for (int64_t key = 0; key < p->keys && count < MAX_LISTED; key++)
            if (test_range(random, 1, 100) <= percent) p->list[count++] = (uint32_t)key;
    }
    p->begin[p->rows] = count;
}

static void fill_matrix(matrix *m, test_random *random, const bool *used) {
    for (int64_t r = 0; r < m->rows; r++)
        for (int64_t c = 0; c < m->columns; c++)
            if (!used || used[r]) put(m, r, c, test_normal(random));
}

static problem *make_problem(const char *target, weft_dtype dtype, uint32_t head_dim, uint32_t value_dim,
                             uint64_t seed) {
    test_random random = {seed};
    problem *p = calloc(1, sizeof *p);
    ck_assert_ptr_nonnull(p);
    p->target = target, p->dtype = dtype, p->seed = seed, p->head_dim = head_dim, p->value_dim = value_dim;
    p->rows = test_range(&random, 0, 1) ? WEFT_TILE_ROWS : test_range(&random, 1, WEFT_TILE_ROWS);
    p->keys = test_range(&random, 1, test_range(&random, 0, 1) ? MAX_KEYS : 40);
    p->scale = (test_range(&random, 0, 5) ? 1.0f : -0.5f) / sqrtf((float)head_dim);
    p->sink = test_range(&random, 0, 1) ? -INFINITY : (float)test_range(&random, -3, 3);
    p->q = make_matrix(&random, dtype, p->rows, head_dim, NAN);
    p->k = make_matrix(&random, dtype, p->keys, head_dim, NAN);
    p->v = make_matrix(&random, dtype, p->keys, value_dim, NAN);
    choose_lists(p, &random);
    bool used[MAX_KEYS] = {false};
    for (int64_t n = p->begin[0]; n < p->begin[p->rows]; n++) used[p->list[n]] = true;
    fill_matrix(&p->q, &random, NULL);
    fill_matrix(&p->k, &random, used);
    fill_matrix(&p->v, &random, used);
    return p;
}

static void free_problem(problem *p) {
    guarded_free(&p->q.memory);
    guarded_free(&p->k.memory);
    guarded_free(&p->v.memory);
    free(p);
}

static double score(const problem *p, int64_t row, int64_t key) {
    double sum = 0;
    for (int64_t d = 0; d < p->head_dim; d++) sum += get(&p->q, row, d) * get(&p->k, key, d);
    return sum * (double)p->scale;
}

static void solve_row(const problem *p, int64_t row, answer *want) {
    double highest = (double)p->sink, total = 0, *o = want->o[row];
    for (int64_t n = p->begin[row]; n < p->begin[row + 1]; n++) highest = fmax(highest, score(p, row, p->list[n]));
    for (int64_t n = p->begin[row]; n < p->begin[row + 1]; n++) {
        double weight = exp(score(p, row, p->list[n]) - highest);
        total += weight;
        for (int64_t d = 0; d < p->value_dim; d++) o[d] += weight * get(&p->v, p->list[n], d);
    }
    if (p->sink != -INFINITY) total += exp((double)p->sink - highest);
    for (int64_t d = 0; d < p->value_dim && total > 0; d++) o[d] /= total;
    want->lse[row] = total > 0 ? highest + log(total) : -INFINITY;
}

static answer *solve(const problem *p) {
    answer *want = calloc(1, sizeof *want);
    ck_assert_ptr_nonnull(want);
    for (int64_t row = 0; row < p->rows; row++) solve_row(p, row, want);
    return want;
}

/* ---- calls ---- */

/* Rows of the problem, with their lists from `begin` on. */
static void call_kernel(const problem *p, const loaded_kernel *kernel, const int64_t *begin, bool fold, const matrix *o,
                        const matrix *lse) {
    size_t floats = weft_scratch_floats(p->head_dim, p->value_dim);
    guarded memory = guarded_floats(floats + 64, true);
    uintptr_t end = (uintptr_t)(memory.at + floats + 64);
    float *scratch = (float *)(void *)((end - floats * sizeof(float)) / 64 * 64);
    weft_call call = {.q = origin(&p->q),
                      .k = origin(&p->k),
                      .v = origin(&p->v),
                      .o = origin(o),
                      .lse = lse ? origin(lse) : NULL,
                      .q_row = p->q.row,
                      .q_dim = p->q.column,
                      .k_row = p->k.row,
                      .k_dim = p->k.column,
                      .v_row = p->v.row,
                      .v_dim = p->v.column,
                      .o_row = o->row,
                      .o_dim = o->column,
                      .lse_row = lse ? lse->row : 0,
                      .keys = p->keys,
                      .rows = (int32_t)p->rows,
                      .scale = p->scale,
                      .scratch = scratch,
                      .fold = fold,
                      .sink = fold ? -INFINITY : p->sink,
                      .list_begin = begin,
                      .list = p->list};
    for (size_t n = 0; n < floats; n++) scratch[n] = NAN;
    kernel->gather(&call);
    guarded_free(&memory);
}

static double biggest_output(const problem *p, const answer *want) {
    double biggest = 1e-30;
    for (int64_t row = 0; row < p->rows; row++)
        for (int64_t d = 0; d < p->value_dim; d++) biggest = fmax(biggest, fabs(want->o[row][d]));
    return biggest;
}

static double biggest_value(const problem *p) {
    double biggest = 0;
    for (int64_t n = 0; n < p->begin[p->rows]; n++)
        for (int64_t d = 0; d < p->value_dim; d++) biggest = fmax(biggest, fabs(get(&p->v, p->list[n], d)));
    return biggest;
}

/* o was rounded `times` times; before the last, when it was a mean of fewer values, and as large as these may be. */
static void compare(const problem *p, const answer *want, int times, matrix *o, matrix *lse) {
    double biggest = biggest_output(p, want), before = (times - 1) * biggest_value(p);
    for (int64_t row = 0; row < p->rows; row++) {
        for (int64_t d = 0; d < p->value_dim; d++) {
            double off = fabs(get(o, row, d) - want->o[row][d]), error = off / biggest;
            double allowed = tolerance + rounding[p->dtype] * (before + fabs(want->o[row][d])) / biggest;
            if (p->dtype == WEFT_F16) allowed += times * 0x1p-24 / biggest; /* what is subnormal */
            if (!(error <= allowed))
                ck_abort_msg("%s D %d Dv %d seed %llu row %d dim %d: %g, not %g", p->target, (int)p->head_dim,
                             (int)p->value_dim, (unsigned long long)p->seed, (int)row, (int)d, get(o, row, d),
                             want->o[row][d]);
            worst_o = fmax(worst_o, error);
            put(o, row, d, untouched);
        }
        double got = lse ? get(lse, row, 0) : want->lse[row], expected = want->lse[row];
        double error = got == expected ? 0 : fabs(got - expected) / fmax(1, fabs(expected));
        ck_assert_msg(error <= tolerance, "%s D %d seed %llu: lse %g, not %g", p->target, (int)p->head_dim,
                      (unsigned long long)p->seed, got, expected);
        worst_lse = fmax(worst_lse, error);
        if (lse) put(lse, row, 0, untouched);
    }
    bool gaps = true;
    for (int64_t n = 0; n < o->count; n++) gaps = gaps && value_at(o, n) == (double)untouched;
    for (int64_t n = 0; lse && n < lse->count; n++) gaps = gaps && value_at(lse, n) == (double)untouched;
    ck_assert_msg(gaps, "a gap of o or lse was written");
    rows_run += p->rows;
}

/* In one call, and in three that are folded: the lists cut anywhere. */
static void run_problem(const problem *p, const loaded_kernel *kernel, test_random *random) {
    answer *want = solve(p);
    matrix o = make_matrix(random, p->dtype, p->rows, p->value_dim, untouched);
    matrix lse = make_matrix(random, WEFT_F32, p->rows, 1, untouched);
    bool with_lse = test_range(random, 0, 3) != 0;
    call_kernel(p, kernel, p->begin, false, &o, with_lse ? &lse : NULL);
    compare(p, want, 1, &o, with_lse ? &lse : NULL);
    for (int part = 0; part < 3; part++) {
        problem *cut = malloc(sizeof *cut);
        ck_assert_ptr_nonnull(cut);
        *cut = *p;
        int64_t count = 0;
        for (int64_t row = 0; row < p->rows; row++) {
            int64_t keys = p->begin[row + 1] - p->begin[row];
            cut->begin[row] = count;
            for (int64_t n = part * keys / 3; n < (part + 1) * keys / 3; n++)
                cut->list[count++] = p->list[p->begin[row] + n];
        }
        cut->begin[p->rows] = count;
        call_kernel(cut, kernel, cut->begin, part > 0, &o, &lse);
        free(cut);
    }
    compare(p, want, 3, &o, &lse);
    guarded_free(&o.memory);
    guarded_free(&lse.memory);
    free(want);
}

static uint64_t base_seed(void) {
    const char *fixed = getenv("WEFT_TEST_SEED");
    uint64_t seed = fixed ? strtoull(fixed, NULL, 10) : (uint64_t)time(NULL);
    printf("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

static void run_target(const char *target) {
    if (!machine_runs(target)) return;
    test_random random = {base_seed()};
    worst_o = worst_lse = 0;
    rows_run = 0;
    for (int i = 0; i < 3 * DIM_COUNT; i++) {
        uint32_t head_dim = dims[i / 3],
                 value_dim = test_range(&random, 0, 1) ? dims[test_range(&random, 0, DIM_COUNT - 1)] : head_dim;
        weft_dtype dtype = (weft_dtype)(i % 3);
        weft_codegen_spec spec = {dtype, head_dim, value_dim, target, NULL};
        loaded_kernel kernel = load_kernel(&spec);
        ck_assert(kernel.gather != NULL);
        for (int item = 0; item < 6; item++) {
            problem *p = make_problem(target, dtype, head_dim, value_dim, test_bits(&random));
            run_problem(p, &kernel, &random);
            free_problem(p);
        }
        unload_kernel(&kernel);
    }
    printf("%-10s %ld rows, worst error %.2g of max |o|, %.2g of lse\n", target, rows_run, worst_o, worst_lse);
}

START_TEST(random_lists_match_the_reference) {
    for (int n = 0; n < TARGETS; n++) run_target(targets[n]);
}
END_TEST

/* ---- particular rows ---- */

/* Weights of one are counted, whatever they are listed after: with q = 0 every row's lse is the number of its keys. */
START_TEST(every_key_counts_once) {
    for (int n = 0; n < TARGETS; n++) {
        if (!machine_runs(targets[n])) continue;
        weft_codegen_spec spec = {WEFT_F32, 24, 24, targets[n], NULL};
        loaded_kernel kernel = load_kernel(&spec);
        problem *p = make_problem(targets[n], WEFT_F32, 24, 24, 5);
        p->sink = -INFINITY;
        for (int64_t d = 0; d < p->rows * 24; d++) put(&p->q, d / 24, d % 24, 0);
        test_random random = {9};
        matrix o = make_matrix(&random, WEFT_F32, p->rows, 24, untouched);
        matrix lse = make_matrix(&random, WEFT_F32, p->rows, 1, untouched);
        call_kernel(p, &kernel, p->begin, false, &o, &lse);
        for (int64_t row = 0; row < p->rows; row++)
            ck_assert_int_eq(lround(exp(get(&lse, row, 0))), p->begin[row + 1] - p->begin[row]);
        guarded_free(&o.memory);
        guarded_free(&lse.memory);
        free_problem(p);
        unload_kernel(&kernel);
    }
}
END_TEST

/* A NaN, in a key or in a query, stays in the rows that list it; scores of any size neither overflow nor vanish. */
START_TEST(rows_keep_to_themselves) {
    enum { D = 16, KEYS = 80 };
    for (int n = 0; n < TARGETS; n++) {
        if (!machine_runs(targets[n])) continue;
        weft_codegen_spec spec = {WEFT_F32, D, D, targets[n], NULL};
        loaded_kernel kernel = load_kernel(&spec);
        problem *p = calloc(1, sizeof *p);
        ck_assert_ptr_nonnull(p);
        test_random random = {3};
        *p = (problem){.head_dim = D, .value_dim = D, .rows = 4, .keys = KEYS, .scale = 1, .sink = -INFINITY};
        p->q = make_matrix(&random, WEFT_F32, 4, D, 0), p->k = make_matrix(&random, WEFT_F32, KEYS, D, 5);
        p->v = make_matrix(&random, WEFT_F32, KEYS, D, 2);
        for (int d = 0; d < D; d++) put(&p->q, 0, d, 9), put(&p->q, 1, d, -9); /* scores of 720, -720 */
        put(&p->q, 3, 0, NAN);
        put(&p->k, 70, 1, NAN); /* row 2 lists it */
        for (uint32_t key = 0; key < KEYS - 10; key++)
            for (int row = 0; row < 4; row++) p->list[row * KEYS + (int)key] = key;
        for (int row = 0; row < 4; row++) p->begin[row] = row * KEYS;
        p->begin[4] = 4 * KEYS;
        for (int row = 0; row < 4; row++) /* the rest of a row's list: its last key again, but for row 2 */
            for (uint32_t key = KEYS - 10; key < KEYS; key++)
                p->list[row * KEYS + (int)key] = row == 2 ? key : KEYS - 11;
        matrix o = make_matrix(&random, WEFT_F32, 4, D, untouched),
               lse = make_matrix(&random, WEFT_F32, 4, 1, untouched);
        call_kernel(p, &kernel, p->begin, false, &o, &lse);
        for (int row = 0; row < 2; row++) {
            ck_assert(get(&o, row, 5) == 2);
            ck_assert(fabs(get(&lse, row, 0) - (row ? -720 : 720) - log(KEYS)) < 1e-3);
        }
        ck_assert(isnan(get(&o, 2, 0)) && isnan(get(&o, 3, 0)));
        guarded_free(&o.memory);
        guarded_free(&lse.memory);
        free_problem(p);
        unload_kernel(&kernel);
    }
}
END_TEST

TEST_MAIN("codegen/gather", random_lists_match_the_reference, every_key_counts_once, rows_keep_to_themselves)
