/* The functions that a bias may call, as plain C, against the C library's in long double: every special value, powers
 * of two exactly, and random arguments of every size within a unit or so in the last place. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "codegen/llvm/leaf/functions.h"
#include "support/random.h"

#define OURS(name)                                                                                                     \
    static double our_##name(double x) { return name##_of(reals(x))[0]; }
OURS(exp)
OURS(exp2)
OURS(log)
OURS(log2)
OURS(tanh)

static const struct function {
    const char *name;
    double (*ours)(double);
    long double (*theirs)(long double);
    double most; /* units in the last place */
} functions[] = {{"exp", our_exp, expl, 1},
                 {"exp2", our_exp2, exp2l, 1},
                 {"log", our_log, logl, 1},
                 {"log2", our_log2, log2l, 1},
                 {"tanh", our_tanh, tanhl, 2.5}};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* In units of the last place of the right value. */
static double error_of(double x, double y, long double right) {
    double nearest = (double)right;
    if (isnan(nearest) || isinf(nearest) || nearest == 0) {
        bool same = isnan(nearest) ? isnan(y) : y == nearest;
        ck_assert_msg(same, "of %a: %a, not %a", x, y, nearest);
        return 0;
    }
    double unit = fmax(fabs(nearest), DBL_MIN) * DBL_EPSILON;
    return fabs((double)((long double)y - right)) / unit * (fabs(nearest) / exp2(floor(log2(fabs(nearest)))));
}

static double pick(test_random *random) {
    double x, sign = test_range(random, 0, 1) ? 1 : -1;
    uint64_t word = test_bits(random);
    switch (test_range(random, 0, 4)) {
    case 0: memcpy(&x, &word, sizeof x); return x;
    case 1: return sign * (double)test_range(random, 0, 5000) / 8;
    case 2: return sign * (1 + (double)(word >> 11) * 0x1p-53 * (test_range(random, 0, 1) ? 1 : 1e-3));
    case 3: return sign * exp2((double)test_range(random, -60, 12)) * (1 + (double)(word >> 12) * 0x1p-52);
    default: return sign * (double)(word >> 11) * 0x1p-53 * 40;
    }
}

START_TEST(random_arguments) {
    const struct function *f = &functions[_i];
    test_random random = {(uint64_t)_i + 1};
    double worst = 0, where = 0;
    for (int n = 0; n < 400000; n++) {
        double x = pick(&random), error = error_of(x, f->ours(x), f->theirs((long double)x));
        ck_assert_msg(!isnan(error), "%s of %a: %a", f->name, x, f->ours(x));
        if (error > worst) worst = error, where = x;
    }
    printf("%s: worst error %.3f units, at %a\n", f->name, worst, where);
    ck_assert_msg(worst <= f->most, "%s: %.3f units at %a: %a", f->name, worst, where, f->ours(where));
}
END_TEST

START_TEST(special_values) {
    static const double values[] = {0.0,         -0.0,    1,        -1,      (double)INFINITY, -(double)INFINITY,
                                    (double)NAN, DBL_MAX, -DBL_MAX, DBL_MIN, 4.9e-324,         -4.9e-324,
                                    709.78,      709.79,  -745.13,  -745.14, 1023.999,         1024,
                                    -1074,       -1075.5, 1e300,    -1e300,  0x1p-1040,        0x1p-1070};
    for (size_t k = 0; k < sizeof values / sizeof *values; k++)
        ck_assert_msg(
            error_of(values[k], functions[_i].ours(values[k]), functions[_i].theirs((long double)values[k])) <= 2.5,
            "%s(%a) = %a", functions[_i].name, values[k], functions[_i].ours(values[k]));
}
END_TEST

START_TEST(powers_of_two_are_exact) {
    for (int n = -1022; n < 1024; n++) {
        ck_assert(our_exp2(n) == ldexp(1, n));
        ck_assert(our_log2(ldexp(1, n)) == n);
    }
    ck_assert(our_exp(0) == 1 && our_log(1) == 0 && our_tanh(0) == 0 && signbit(our_tanh(-0.0)));
    ck_assert(our_tanh(30) == 1 && our_tanh(-30) == -1 && our_tanh(1e-300) == 1e-300);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("codegen/functions");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, random_arguments, 0, FUNCTIONS);
    tcase_add_loop_test(all, special_values, 0, FUNCTIONS);
    tcase_add_test(all, powers_of_two_are_exact);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
