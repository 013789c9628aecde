/* Filters against the definition of the set: random sets, rows and keys in any order, some bits clear beforehand. */
#include "plan/filter.h"
#include "random_sets.h"
#include "support/suite.h"

static void draw_pairs(weft_pairs *pairs, uint32_t rows[WEFT_TILE_ROWS], const weft_shape *shape, test_random *random) {
    pairs->rows = rows;
    pairs->row_count = (int32_t)test_range(random, 1, WEFT_TILE_ROWS);
    pairs->key_count = (int32_t)test_range(random, 1, WEFT_TILE_KEYS);
    bool run = test_range(random, 0, 1); /* keys that lie in order */
    int64_t first = test_range(random, 0, shape->keys - 1);
    for (int32_t r = 0; r < pairs->row_count; r++) rows[r] = (uint32_t)test_range(random, 0, shape->queries - 1);
    for (int32_t k = 0; k < pairs->key_count; k++)
        pairs->keys[k] = (uint32_t)(run ? (first + k) % shape->keys : test_range(random, 0, shape->keys - 1));
    for (int32_t k = 0; k < WEFT_TILE_KEYS; k++)
        pairs->word[k] = k < pairs->key_count ? test_bits(random) | test_bits(random) : 0;
}

static bool is_right(const weft_filter *filter, const weft_plan *plan, weft_id set, test_random *random) {
    weft_pairs before, after;
    uint32_t rows[WEFT_TILE_ROWS];
    weft_space space = weft_space_of(plan->shape.queries, plan->shape.keys);
    draw_pairs(&before, rows, &plan->shape, random);
    after = before;
    weft_filter_apply(filter, &plan->bound, &plan->shape, &after);
    bool right = true;
    for (int32_t k = 0; k < before.key_count; k++)
        for (int32_t r = 0; r < before.row_count; r++) {
            bool holds = weft_contains(&plan->bound, set, space, rows[r] + space.first, before.keys[k]);
            right &= (after.word[k] >> r & 1) == (holds && before.word[k] >> r & 1);
            if (filter->is_static) right &= holds == weft_filter_holds(filter, rows[r], before.keys[k]);
        }
    return right;
}

START_TEST(filters_hold_what_sets_hold) {
    enum { CASES = 400 };
    int fitting = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        test_random random = {seed};
        weft_config config = {.size = sizeof config, .threads = 1};
        weft_kernel *kernel = kernel_of_program(random_program(&random), &config);
        int64_t keys = test_range(&random, 1, 400);
        weft_shape shape = {
            .size = sizeof shape, .batch = 1, .heads = 2, .queries = test_range(&random, 1, 400), .keys = keys};
        weft_plan *plan;
        ck_assert_int_eq(weft_plan_create(kernel, &shape, NULL, 0, &plan), WEFT_OK);
        for (size_t n = 0; n < weft_plan_heads(plan); n++) {
            weft_filter filter;
            bool fits, right = true;
            ck_assert(weft_filter_make(&filter, &plan->bound, &plan->shape, plan->meaning_of[n], &fits));
            for (int turn = 0; turn < 4 && fits; turn++) right &= is_right(&filter, plan, plan->meaning_of[n], &random);
            ck_assert_msg(right, "seed %llu", (unsigned long long)seed);
            fitting += fits;
            weft_filter_free(&filter, plain());
        }
        weft_plan_destroy(plan);
        weft_kernel_destroy(kernel);
    }
    ck_assert_int_gt(fitting, CASES); /* of twice as many */
}
END_TEST

START_TEST(keys_are_marked_within_a_span) {
    test_random random = {7};
    bool right = true;
    for (int turn = 0; turn < 2000; turn++) {
        uint32_t numbers[WEFT_TILE_KEYS], words[WEFT_TILE_KEYS], before[WEFT_TILE_KEYS];
        uint32_t base = (uint32_t)test_range(&random, -3, 40), span = (uint32_t)test_range(&random, 0, 50);
        for (int k = 0; k < WEFT_TILE_KEYS; k++) {
            numbers[k] =
                test_range(&random, 0, 9) ? (uint32_t)test_range(&random, 0, 90) : (uint32_t)test_bits(&random);
            before[k] = words[k] = (uint32_t)test_bits(&random);
        }
        weft_mark_keys(numbers, base, span, 1u << turn % 32, words);
        for (int k = 0; k < WEFT_TILE_KEYS; k++)
            right &= words[k] == (before[k] | (numbers[k] - base < span ? 1u << turn % 32 : 0));
    }
    ck_assert(right);
}
END_TEST

TEST_MAIN("plan/filter", filters_hold_what_sets_hold, keys_are_marked_within_a_span)
