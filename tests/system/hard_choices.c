/* Data that is hard to choose by: NaN, infinities and huge numbers in q and k; keys that are all equal, zeros of both
 * signs; a bucket of one. Masks of plan and oracle are the same, outputs are those
 * of the reference wherever that is finite, and what no row may see changes none. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/suite.h"
#include "trial.h"

static const char *const sets[] = {
    "lsh(8, rounds = 3) & causal",
    "lsh([4, 6], rounds = 2) | past(2)",
    "topk(3, 16, within = causal)",
    "topk(2, 7, by = bounds, force = none, within = band(-60, 60))",
    "topk(4, 64, by = bounds, force = last) | cols(0..3)",
    "vertical_slash(9, 7)",
    "vertical_slash(20, 3, probe = 200, within = all)",
    "(vertical_slash(5, 5) | topk(2, 16) | lsh(6)) & causal",
};
enum { SETS = sizeof sets / sizeof *sets };

static void make_trial(trial *t, test_random *random, int set, weft_dtype dtype) {
    char text[300];
    weft_config config = {.size = sizeof config, .threads = (uint32_t)test_range(random, 1, 3)};
    *t = (trial){.dtype = dtype};
    t->shape =
        (weft_shape){sizeof(weft_shape), 1, 4, 2, test_range(random, 60, 180), test_range(random, 60, 180), 24, 8};
    snprintf(text, sizeof text, "pattern p { attend %s; }", sets[set]);
    make_tensors(t, random);
    make_plan(t, text, &config);
}

static bool masks_agree(trial *t, uint8_t *masks) {
    size_t pairs = (size_t)(t->shape.queries * t->shape.keys);
    uint8_t *plan = malloc(pairs);
    bool same = true;
    ck_assert_int_eq(weft_plan_choose(t->plan, &t->tensors), WEFT_OK);
    for (int64_t head = 0; head < t->shape.heads; head++) {
        uint8_t *oracle = masks + (size_t)head * pairs;
        ck_assert_int_eq(weft_plan_mask(t->plan, 0, head, WEFT_MASK_ORACLE, oracle), WEFT_OK);
        ck_assert_int_eq(weft_plan_mask(t->plan, 0, head, WEFT_MASK_PLAN, plan), WEFT_OK);
        same = same && !memcmp(oracle, plan, pairs);
    }
    free(plan);
    return same;
}

/* Rows whose reference is finite are as that says; of the others no more than that they are not finite, too. */
static bool outputs_agree(trial *t, double allowed) {
    size_t rows = t->lse.count, dims = (size_t)t->shape.value_dim;
    double *o = malloc(rows * dims * sizeof *o), *lse = malloc(rows * sizeof *lse);
    bool right = true;
    ck_assert_int_eq(weft_reference(t->plan, &t->tensors, o, lse), WEFT_OK);
    tensor_poison(&t->o);
    tensor_poison(&t->lse);
    ck_assert_int_eq(weft_run(t->plan, &t->tensors, NULL), WEFT_OK);
    for (size_t row = 0; row < rows; row++) {
        bool finite = isfinite(lse[row]) || lse[row] == -INFINITY;
        for (size_t d = 0; d < dims; d++) {
            double got = tensor_get(&t->o, row * dims + d), want = o[row * dims + d];
            if (finite && isfinite(want)) right = right && fabs(got - want) <= allowed;
            if (isnan(want)) right = right && isnan(got);
        }
        double got = tensor_get(&t->lse, row);
        if (finite) right = right && (got == lse[row] || fabs(got - lse[row]) <= allowed * fmax(1, fabs(lse[row])));
    }
    free(o);
    free(lse);
    return right;
}

static void check(trial *t, const char *what, int set, double allowed) {
    uint8_t *masks = malloc((size_t)(t->shape.heads * t->shape.queries * t->shape.keys));
    ck_assert_msg(masks_agree(t, masks), "%s: plan and oracle differ: %s", what, sets[set]);
    ck_assert_msg(outputs_agree(t, allowed), "%s: outputs are wrong: %s", what, sets[set]);
    free(masks);
}

static const weft_dtype types[] = {WEFT_F32, WEFT_BF16, WEFT_F16};
static const double errors[] = {[WEFT_F32] = 2e-5, [WEFT_BF16] = 3e-2, [WEFT_F16] = 4e-3};

/* ---- numbers that are none --------------------------------------------------------------------------------------- */

START_TEST(what_is_not_finite_is_chosen_by_as_well) {
    static const double odd[] = {NAN, INFINITY, -INFINITY, 3e4, -3e4, 0.0, -0.0};
    for (int set = 0; set < SETS; set++)
        for (uint64_t seed = 0; seed < 12; seed++) {
            test_random random = {seed * 100 + (uint64_t)set};
            weft_dtype dtype = types[seed % 3];
            trial t;
            make_trial(&t, &random, set, dtype);
            for (int n = 0; n < 6; n++) {
                tensor *to = test_range(&random, 0, 1) ? &t.q : &t.k;
                tensor_set(to, (size_t)test_range(&random, 0, (int64_t)to->count - 1), odd[test_range(&random, 0, 6)]);
            }
            check(&t, "odd numbers", set, 10 * errors[dtype]);
            free_trial(&t);
        }
}
END_TEST

/* The last keys are NaN or not: rows that may not see them are the same to the bit, where what is chosen for a row
 * depends on keys that it may see. */
START_TEST(a_nan_key_touches_rows_alone_that_may_see_it) {
    static const int private_sets[] = {0, 2}; /* causal; vertical_slash chooses for all rows at once */
    for (int n = 0; n < 2; n++)
        for (uint64_t seed = 0; seed < 6; seed++) {
            test_random random = {seed};
            trial t;
            make_trial(&t, &random, private_sets[n], WEFT_F32);
            int64_t keys = t.shape.keys, dims = t.shape.head_dim, first = keys / 16 * 16 - 16,
                    unseen = keys - t.shape.queries;
            ck_assert_int_eq(weft_run(t.plan, &t.tensors, NULL), WEFT_OK);
            float *before = malloc(t.o.count * sizeof *before);
            for (size_t at = 0; at < t.o.count; at++) before[at] = (float)tensor_get(&t.o, at);
            for (int64_t head = 0; head < t.shape.kv_heads; head++)
                for (int64_t key = first; key < keys; key++)
                    tensor_set(&t.k, (size_t)((head * keys + key) * dims), NAN);
            ck_assert_int_eq(weft_run(t.plan, &t.tensors, NULL), WEFT_OK);
            bool same = true;
            for (size_t at = 0; at < t.o.count; at++) {
                int64_t row = (int64_t)at / t.shape.value_dim % t.shape.queries;
                if (row + unseen < first) same = same && before[at] == (float)tensor_get(&t.o, at);
            }
            ck_assert_msg(same, "%s", sets[private_sets[n]]);
            free(before);
            free_trial(&t);
        }
}
END_TEST

/* ---- nothing to tell keys apart ---------------------------------------------------------------------------------- */

START_TEST(equal_keys_and_zeros_are_ties) {
    for (int set = 0; set < SETS; set++)
        for (int kind = 0; kind < 3; kind++) {
            test_random random = {(uint64_t)set};
            trial t;
            make_trial(&t, &random, set, WEFT_F32);
            for (size_t n = 0; n < t.k.count; n++)
                tensor_set(&t.k, n, kind == 0 ? 0.25 : kind == 1 ? 0.0 : n % 3 ? -0.0 : 0.0);
            for (size_t n = 0; n < t.q.count && kind; n++) tensor_set(&t.q, n, n % 2 ? -0.0 : 0.0);
            check(&t, "ties", set, 2e-5);
            free_trial(&t);
        }
}
END_TEST

START_TEST(a_bucket_may_hold_one_key) {
    test_random random = {3};
    trial t = {.shape = {sizeof(weft_shape), 1, 1, 1, 300, 300, 64, 8}};
    weft_config config = {.size = sizeof config, .threads = 2};
    make_tensors(&t, &random);
    make_plan(&t, "pattern p { attend lsh([64, 64, 32], rounds = 4); }", &config); /* many more buckets than keys */
    ck_assert_int_eq(weft_plan_choose(t.plan, &t.tensors), WEFT_OK);
    weft_plan_info info = {.size = sizeof info};
    weft_plan_describe(t.plan, &info);
    ck_assert_double_lt(info.pairs, 100);
    check(&t, "one a bucket", 0, 2e-5);
    free_trial(&t);
}
END_TEST

/* ---- threads
 * ---------------------------------------------------------------------------------------------------------- */

START_TEST(threads_do_not_change_a_bit) {
    for (int set = 0; set < SETS; set++)
        for (int type = 0; type < 3; type++) {
            char text[300], *first = NULL;
            snprintf(text, sizeof text, "pattern p { attend %s; }", sets[set]);
            for (uint32_t threads = 1; threads <= 7; threads += 3) {
                test_random random = {7};
                trial t = {.dtype = types[type], .shape = {sizeof(weft_shape), 1, 4, 2, 500, 700, 24, 24}};
                weft_config config = {.size = sizeof config, .threads = threads};
                make_tensors(&t, &random);
                make_plan(&t, text, &config);
                tensor_poison(&t.o);
                ck_assert_int_eq(weft_run(t.plan, &t.tensors, NULL), WEFT_OK);
                if (!first) first = memcpy(malloc(t.o.bytes), t.o.memory, t.o.bytes);
                ck_assert_msg(!memcmp(first, t.o.memory, t.o.bytes), "%u threads: %s", threads, sets[set]);
                free_trial(&t);
            }
            free(first);
        }
}
END_TEST

TEST_MAIN("system/hard_choices", what_is_not_finite_is_chosen_by_as_well, a_nan_key_touches_rows_alone_that_may_see_it,
          equal_keys_and_zeros_are_ties, a_bucket_may_hold_one_key, threads_do_not_change_a_bit)
