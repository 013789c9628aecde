/* The driver's maths, as plain C on four lanes: accuracy over the whole range, and the values that must be exact. */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "codegen/llvm/leaf/maths.h"
#include "support/random.h"

static float power_of(float x) { return power_of_two(splat(x))[0]; }

START_TEST(powers_are_accurate) {
    double worst = 0;
    for (double x = -125.9; x <= 0; x += 1e-4) {
        float exponent = (float)x;
        double error = fabs((double)power_of(exponent) / exp2((double)exponent) - 1);
        ck_assert(error < 2e-7); /* here, since fmax takes no notice of NaN */
        worst = fmax(worst, error);
    }
    printf("power_of_two: worst relative error %.2g\n", worst);
}
END_TEST

START_TEST(powers_that_must_be_exact) {
    ck_assert(power_of(0.0f) == 1.0f);
    ck_assert(power_of(-0.0f) == 1.0f);
    ck_assert(power_of(-INFINITY) == 0.0f);
    ck_assert(power_of(-1000.0f) == 0.0f);
    ck_assert(power_of(-3.4e38f) == 0.0f);
    for (int n = 0; n >= -126; n--) ck_assert(power_of((float)n) == ldexpf(1.0f, n));
}
END_TEST

START_TEST(nan_stays_nan) {
    test_random random = {7};
    for (int i = 0; i < 100000; i++) {
        uint32_t word = (uint32_t)test_bits(&random) | 0x7f800000u;
        if (!(word & 0x007fffffu)) continue;
        float x;
        memcpy(&x, &word, sizeof x);
        ck_assert_msg(isnan(power_of(x)), "payload %x", word);
    }
}
END_TEST

static double log_error(double x) {
    double error = fabs(natural_log(x) - log(x)) / fmax(fabs(log(x)), 1);
    ck_assert(error < 1e-11);
    return error;
}

START_TEST(logarithms_are_accurate) {
    double worst = 0;
    for (double x = 1e-37; x < 1e37; x *= 1.00317) worst = fmax(worst, log_error(x));
    for (int n = 1; n < 100000; n++) worst = fmax(worst, log_error(n));
    printf("natural_log: worst error %.2g\n", worst);
    ck_assert(natural_log(1) == 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("maths");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, powers_are_accurate);
    tcase_add_test(all, powers_that_must_be_exact);
    tcase_add_test(all, nan_stays_nan);
    tcase_add_test(all, logarithms_are_accurate);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
