/* The figures of `weft stats` and `weft diff` against masks, pair by pair, for patterns of every kind and small
 * lengths.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/compare.h"
#include "cli/measure.h"

enum { HEADS = 2, MOST = 100 };

static const char text[] = "pattern causal_ { attend causal; }\n"
                           "pattern window_ { attend window(3); }\n"
                           "pattern past_ { attend past(2); }\n"
                           "pattern nothing { attend none; }\n"
                           "pattern every { attend all; }\n"
                           "pattern sinks { attend (past(5) | cols({0, 7})) & causal; }\n"
                           "pattern by_head { heads {0}: past(3); attend cols(2..4) & causal; }\n"
                           "pattern odd { attend where((i * j) % 7 == 3 or i == j + 4); }\n"
                           "pattern ahead { attend where(j == i + 1); }\n"
                           "pattern blocks_ { attend blocks(8, window(1) - cols({1})); }\n";

typedef struct fixture {
    weft_context *context;
    weft_module *module;
    weft_kernel *kernel;
    weft_plan *plan;
    weft_shape shape;
    uint8_t *mask[HEADS];
} fixture;

static void open_pattern(fixture *f, const char *pattern, int64_t queries, int64_t keys) {
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    *f = (fixture){.shape = {.size = sizeof f->shape, .heads = HEADS, .queries = queries, .keys = keys}};
    ck_assert_int_eq(weft_context_create(NULL, &f->context), WEFT_OK);
    ck_assert_int_eq(weft_module_load_text(f->context, "t.weft", text, strlen(text), NULL, &f->module), WEFT_OK);
    ck_assert_int_eq(weft_kernel_create(f->module, pattern, &plan_only, &f->kernel), WEFT_OK);
    ck_assert_int_eq(weft_plan_create(f->kernel, &f->shape, NULL, 0, &f->plan), WEFT_OK);
    for (int head = 0; head < HEADS; head++) {
        f->mask[head] = malloc((size_t)(queries * keys));
        ck_assert_int_eq(weft_plan_mask(f->plan, 0, head, WEFT_MASK_ORACLE, f->mask[head]), WEFT_OK);
    }
}

static void close_pattern(fixture *f) {
    for (int head = 0; head < HEADS; head++) free(f->mask[head]);
    weft_plan_destroy(f->plan);
    weft_kernel_destroy(f->kernel);
    weft_module_destroy(f->module);
    weft_context_destroy(f->context);
}

static const char *pattern_at(const fixture *f, size_t n) { return weft_module_pattern(f->module, n); }

/* ---- rows ---------------------------------------------------------------------------------------------------- */

static void check_rows(const fixture *f, int head) {
    row_figures want = {.least = INT64_MAX, .causal = true}, got;
    int64_t shift = f->shape.keys - f->shape.queries;
    for (int64_t row = 0; row < f->shape.queries; row++) {
        int64_t sum = 0;
        for (int64_t j = 0; j < f->shape.keys; j++) {
            bool in = f->mask[head][row * f->shape.keys + j];
            sum += in;
            if (in && j > row + shift) want.causal = false;
        }
        if (sum < want.least) want.least = sum;
        if (sum > want.most) want.most = sum;
        want.empty += sum == 0;
    }
    ck_assert_int_eq(measure_rows(&got, f->plan, &f->shape, head), WEFT_OK);
    ck_assert_int_eq(got.looked_at, f->shape.queries);
    ck_assert_int_eq(got.least, want.least);
    ck_assert_int_eq(got.most, want.most);
    ck_assert_int_eq(got.empty, want.empty);
    ck_assert_int_eq(got.causal, want.causal);
}

/* ---- reach --------------------------------------------------------------------------------------------------- */

/* The layers after which row `from` (or, -1, any row) depends on no more tokens than before; and how many pairs then.
 */
static int64_t layers_of(const fixture *f, int64_t from, int64_t *pairs) {
    int64_t tokens = f->shape.keys, last = 0;
    static bool depends[MOST][MOST], next[MOST][MOST];
    memset(depends, 0, sizeof depends);
    for (int64_t n = 0; n < tokens; n++) depends[n][n] = true;
    for (int64_t layer = 1; layer <= tokens; layer++) {
        memcpy(next, depends, sizeof next);
        for (int64_t i = 0; i < tokens; i++)
            for (int64_t j = 0; j < tokens; j++) {
                bool seen = false;
                for (int head = 0; head < HEADS; head++) seen = seen || f->mask[head][i * tokens + j];
                for (int64_t k = 0; k < tokens && seen; k++) next[i][k] = next[i][k] || depends[j][k];
            }
        for (int64_t i = 0; i < tokens; i++)
            if ((from < 0 || i == from) && memcmp(next[i], depends[i], sizeof next[i])) last = layer;
        memcpy(depends, next, sizeof next);
    }
    *pairs = 0;
    for (int64_t i = 0; i < tokens; i++)
        for (int64_t k = 0; k < tokens; k++) *pairs += depends[i][k] && (from < 0 || i == from);
    return last;
}

static void check_reach(const fixture *f) {
    int of[HEADS] = {0, 1};
    head_kind at[HEADS] = {{.first = 0, .count = 1}, {.first = 1, .count = 1}};
    const head_kinds kinds = {.heads = HEADS, .of = of, .at = at, .count = HEADS};
    reach_figures got;
    double tokens = (double)f->shape.keys;
    int64_t pairs;
    ck_assert_int_eq(measure_reach(&got, f->plan, &f->shape, &kinds, false), WEFT_OK);
    ck_assert(got.last_exact && got.block == 1);
    ck_assert_int_eq(got.last_layers, layers_of(f, f->shape.keys - 1, &pairs));
    ck_assert(fabs(got.last_share - (double)pairs / tokens) < 1e-12);
    ck_assert_int_eq(got.layers, layers_of(f, -1, &pairs));
    ck_assert(fabs(got.share - (double)pairs / (tokens * tokens)) < 1e-12);
}

START_TEST(test_figures) {
    static const int64_t lengths[][2] = {{1, 1}, {7, 7}, {64, 64}, {70, 70}, {10, 30}, {30, 10}};
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
        fixture f;
        open_pattern(&f, "every", 1, 1);
        for (size_t n = 0; pattern_at(&f, n); n++) {
            fixture one;
            open_pattern(&one, pattern_at(&f, n), lengths[k][0], lengths[k][1]);
            for (int head = 0; head < HEADS; head++) check_rows(&one, head);
            if (lengths[k][0] == lengths[k][1]) check_reach(&one);
            close_pattern(&one);
        }
        close_pattern(&f);
    }
}
END_TEST

/* Long ones are looked at in part, and walked by blocks; what is said of them is still so. */
START_TEST(test_long) {
    fixture f = {.shape = {.size = sizeof f.shape, .heads = 1, .queries = 1 << 22, .keys = 1 << 22}};
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    int of[1] = {0};
    head_kind at[1] = {{.first = 0, .count = 1}};
    const head_kinds kinds = {.heads = 1, .of = of, .at = at, .count = 1};
    row_figures rows;
    reach_figures reach;
    ck_assert_int_eq(weft_context_create(NULL, &f.context), WEFT_OK);
    ck_assert_int_eq(weft_module_load_text(f.context, "t.weft", text, strlen(text), NULL, &f.module), WEFT_OK);
    ck_assert_int_eq(weft_kernel_create(f.module, "past_", &plan_only, &f.kernel), WEFT_OK);
    ck_assert_int_eq(weft_plan_create(f.kernel, &f.shape, NULL, 0, &f.plan), WEFT_OK);
    ck_assert_int_eq(measure_rows(&rows, f.plan, &f.shape, 0), WEFT_OK);
    ck_assert(rows.looked_at < f.shape.queries && rows.looked_at > 1000000);
    ck_assert(rows.least == 1 && rows.most == 2 && rows.empty == 0 && rows.causal);
    ck_assert_int_eq(measure_reach(&reach, f.plan, &f.shape, &kinds, true), WEFT_OK);
    ck_assert(!reach.last_exact && reach.block == 2048 && reach.last_share == 1 && reach.share == 1);
    ck_assert_int_eq(reach.layers, 2047);
    close_pattern(&f);
}
END_TEST

/* ---- differences --------------------------------------------------------------------------------------------- */

static void check_difference(const fixture *a, const fixture *b, int head) {
    enum { ROWS = 5, COLUMNS = 3 };
    const weft_shape *shape = &a->shape;
    double lost_pairs[ROWS * COLUMNS] = {0}, gained_pairs[ROWS * COLUMNS] = {0};
    double lost_want[ROWS * COLUMNS] = {0}, gained_want[ROWS * COLUMNS] = {0};
    pair_grid lost = {shape->queries, shape->keys, ROWS, COLUMNS, lost_pairs}, gained = lost;
    gained.pairs = gained_pairs;
    comparison got, want = {0};
    for (int64_t row = 0; row < shape->queries; row++)
        for (int64_t j = 0; j < shape->keys; j++) {
            bool in_a = a->mask[head][row * shape->keys + j], in_b = b->mask[head][row * shape->keys + j];
            int64_t r = 0, c = 0;
            while ((r + 1) * shape->queries / ROWS <= row) r++;
            while ((c + 1) * shape->keys / COLUMNS <= j) c++;
            want.kept += in_a && in_b, want.lost += in_a && !in_b, want.gained += in_b && !in_a;
            lost_want[r * COLUMNS + c] += in_a && !in_b, gained_want[r * COLUMNS + c] += in_b && !in_a;
        }
    ck_assert_int_eq(compare_heads(&got, a->plan, b->plan, head, shape, &lost, &gained, 0, 1), WEFT_OK);
    ck_assert(got.kept == want.kept && got.lost == want.lost && got.gained == want.gained);
    ck_assert(!memcmp(lost_pairs, lost_want, sizeof lost_want));
    ck_assert(!memcmp(gained_pairs, gained_want, sizeof gained_want));
}

START_TEST(test_differences) {
    fixture names;
    open_pattern(&names, "every", 1, 1);
    for (size_t m = 0; pattern_at(&names, m); m++)
        for (size_t n = 0; pattern_at(&names, n); n++) {
            fixture a, b;
            open_pattern(&a, pattern_at(&names, m), 33, 70);
            open_pattern(&b, pattern_at(&names, n), 33, 70);
            for (int head = 0; head < HEADS; head++) check_difference(&a, &b, head);
            close_pattern(&a);
            close_pattern(&b);
        }
    close_pattern(&names);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("measure");
    TCase *tests = tcase_create("measure");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_figures);
    tcase_add_test(tests, test_long);
    tcase_add_test(tests, test_differences);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
