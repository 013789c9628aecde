/* weft verify must find what is wrong: its comparisons are given a library that makes one mistake. The functions of the
 * public header that they call are made here. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verify.h"

enum { LQ = 3, LK = 5, DV = 2, HEADS = 2 };

/* The one mistake of this library. */
static struct {
    int64_t head, pair;   /* the plan has this pair wrong */
    double counted;       /* pairs that it counts */
    int64_t o_at, lse_at; /* elements that a run leaves as they were, or -1 */
    double shift;         /* by which o is off everywhere */
} wrong;

static weft_shape shape = {sizeof shape, 1, HEADS, HEADS, LQ, LK, 1, DV};

weft_status weft_plan_mask(const weft_plan *plan, int64_t batch, int64_t head, weft_mask_source source, uint8_t *mask) {
    (void)plan;
    (void)batch;
    for (int64_t n = 0; n < LQ * LK; n++) mask[n] = n % LK <= n / LK + LK - LQ;
    if (source == WEFT_MASK_PLAN && head == wrong.head) mask[wrong.pair] ^= 1;
    return WEFT_OK;
}

weft_status weft_plan_describe(const weft_plan *plan, weft_plan_info *info) {
    (void)plan;
    info->pairs = wrong.counted;
    return WEFT_OK;
}

weft_status weft_run(const weft_plan *plan, const weft_tensors *tensors, void *workspace) {
    (void)plan;
    (void)workspace;
    float *o = tensors->o->data, *lse = tensors->lse->data;
    for (int64_t n = 0; n < HEADS * LQ * DV; n++)
        if (n != wrong.o_at) o[n] = (float)(n + 1 + wrong.shift);
    for (int64_t n = 0; n < HEADS * LQ; n++)
        if (n != wrong.lse_at) lse[n] = n ? (float)n : -INFINITY;
    return WEFT_OK;
}

weft_status weft_reference(const weft_plan *plan, const weft_tensors *tensors, double *o, double *lse) {
    (void)plan;
    (void)tensors;
    for (int64_t n = 0; n < HEADS * LQ * DV; n++) o[n] = (double)(n + 1);
    for (int64_t n = 0; n < HEADS * LQ; n++) lse[n] = n ? (double)n : -INFINITY;
    return WEFT_OK;
}

void session_explain_run(const session *s) { (void)s; }

int session_show(const session *s, const tensor *q, const tensor *k) {
    (void)s, (void)q, (void)k;
    return EXIT_FINE;
}

static verification fresh(session *s) {
    wrong.head = wrong.o_at = wrong.lse_at = -1;
    wrong.counted = HEADS * (3 + 4 + 5);
    wrong.shift = 0;
    return (verification){.s = s};
}

START_TEST(wrong_masks) {
    const options given = {0};
    session s = {.given = &given};
    verification v = fresh(&s);
    ck_assert_int_eq(verify_masks(&v, &shape), EXIT_FINE);
    ck_assert_double_eq(v.pairs, wrong.counted);
    wrong.head = 1;
    wrong.pair = 1 * LK + 4; /* row 1, position 3, does not see key 4 */
    ck_assert_int_eq(verify_masks(&v, &shape), EXIT_MISMATCH);
    ck_assert_str_eq(v.first.what,
                     "batch element 0, head 1, query 3 (row 1), key 4: the pattern has not the pair, the plan has");
    v = fresh(&s);
    wrong.counted++;
    ck_assert_int_eq(verify_masks(&v, &shape), EXIT_MISMATCH);
    ck_assert_str_eq(v.first.what, "the plan counts 25 pairs, the pattern has 24");
}
END_TEST

START_TEST(wrong_runs) {
    const options given = {0};
    session s = {.given = &given};
    verification v = fresh(&s);
    dim_result result = {0};
    ck_assert_int_eq(verify_run(&v, &shape, &result), EXIT_FINE);
    ck_assert(result.runs == 1 && result.error == 0);
    wrong.shift = 12 * 1e-5; /* of the largest, 12 */
    ck_assert_int_eq(verify_run(&v, &shape, &result), EXIT_FINE);
    ck_assert_double_eq_tol(result.error, 1e-5, 1e-7);
    wrong.shift = 12 * 3e-5;
    ck_assert_int_eq(verify_run(&v, &shape, &result), EXIT_MISMATCH);
    ck_assert_ptr_nonnull(strstr(v.first.what, "o[0, 0, 0, 0] (batch element, head, row, dim) is 1.00036"));
    v = fresh(&s);
    wrong.o_at = 9; /* head 1, row 1, dim 1 is never written: still NaN */
    ck_assert_int_eq(verify_run(&v, &shape, &result), EXIT_MISMATCH);
    ck_assert_ptr_nonnull(strstr(v.first.what, "o[0, 1, 1, 1] (batch element, head, row, dim) is"));
    ck_assert_ptr_nonnull(strstr(v.first.what, "nan, not 10"));
    v = fresh(&s);
    wrong.lse_at = 0; /* the empty row */
    ck_assert_int_eq(verify_run(&v, &shape, &result), EXIT_MISMATCH);
    ck_assert_ptr_nonnull(strstr(v.first.what, "nan, not -inf"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("mismatch");
    TCase *tests = tcase_create("mismatch");
    tcase_add_test(tests, wrong_masks);
    tcase_add_test(tests, wrong_runs);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
