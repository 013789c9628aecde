/* The main function of a test file: TEST_MAIN("layer/name", test_a, test_b, …). */
#ifndef WEFT_TEST_SUITE_H
#define WEFT_TEST_SUITE_H

#include <check.h>
#include <stdlib.h>

#define TEST_MAIN(name, ...)                                                                                           \
    int main(void) {                                                                                                   \
        const TTest *const tests[] = {__VA_ARGS__};                                                                    \
        Suite *suite = suite_create(name);                                                                             \
        TCase *all = tcase_create("all");                                                                              \
        tcase_set_timeout(all, 500); /* on a machine that is busy */                                                   \
        for (size_t k = 0; k < sizeof tests / sizeof tests[0]; k++) tcase_add_test(all, tests[k]);                     \
        suite_add_tcase(suite, all);                                                                                   \
        SRunner *runner = srunner_create(suite);                                                                       \
        srunner_run_all(runner, CK_ENV);                                                                               \
        int failed = srunner_ntests_failed(runner);                                                                    \
        srunner_free(runner);                                                                                          \
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                                              \
    }

#endif
