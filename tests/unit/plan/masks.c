/* The tiles of a plan hold exactly the pairs of the set, each once: random sets, lengths at every edge, Lq unlike Lk.
 */
#include "random_sets.h"

static const int64_t lengths[] = {1, 2, 15, 16, 17, 63, 64, 65, 127, 200, 1000};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* Folding may refuse a set (an overflow, a division): then there is no plan, and false. */
static bool check_random(uint64_t seed, int64_t queries, int64_t keys) {
    test_random random = {seed};
    weft_program *program = random_program(&random);
    weft_text ir;
    weft_text_init(&ir, plain());
    weft_print_program(program, &ir);
    char what[4000];
    snprintf(what, sizeof what, "seed %llu, %d queries, %d keys\n%s", (unsigned long long)seed, (int)queries, (int)keys,
             ir.at);
    weft_text_release(&ir);
    weft_kernel *kernel = kernel_of_program(program, NULL);
    weft_shape shape = shape_of(queries, keys, 3);
    shape.batch = seed % 5 == 0 ? 2 : 1;
    weft_plan *plan;
    char message[1000] = "";
    weft_status status = weft_plan_create(kernel, &shape, NULL, 0, &plan);
    weft_kernel_message(kernel, message, sizeof message);
    ck_assert_msg(status == WEFT_OK || status == WEFT_INVALID_PATTERN, "%s: %s", what, message);
    bool planned = plan != NULL;
    if (planned) check_masks(plan, what);
    weft_plan_destroy(plan);
    weft_kernel_destroy(kernel);
    return planned;
}

START_TEST(test_small) {
    test_random random = {2024};
    enum { CASES = 600 };
    int planned = 0;
    for (int n = 0; n < CASES; n++) {
        int64_t queries = lengths[test_range(&random, 0, LENGTHS - 2)];
        int64_t keys = test_range(&random, 0, 1) ? queries : lengths[test_range(&random, 0, LENGTHS - 2)];
        planned += check_random(test_bits(&random), queries, keys);
    }
    ck_assert_int_ge(planned, CASES * 9 / 10);
}
END_TEST

START_TEST(test_large) {
    test_random random = {77};
    for (int n = 0; n < 25; n++) {
        int64_t queries = test_range(&random, 0, 1) ? 1000 : lengths[test_range(&random, 0, LENGTHS - 1)];
        check_random(test_bits(&random), queries,
                     queries == 1000 ? lengths[test_range(&random, 5, LENGTHS - 1)] : 1000);
    }
}
END_TEST

/* Every length by every length, for the sets that people write. */
START_TEST(test_edges) {
    static const char *const sets[] = {
        "%1 = all\nmeaning %1\n",
        "%1 = none\nmeaning %1\n",
        "%1 = causal\nmeaning %1\n",
        "%1 = int 20\n%2 = window %1 %1\n%3 = int 0\n%4 = int 3\n%5 = range %3 %4\n%6 = list %5\n%7 = global %6\n"
        "%8 = union %2 %7\nmeaning %8\n",
        "%1 = int 16\n%2 = int 1\n%3 = window %2 %2\n%4 = blocks %1 %3\n%5 = causal\n%6 = intersection %4 %5\n"
        "meaning %6\n",
    };
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        weft_kernel *kernel = kernel_of_ir(sets[k], NULL);
        for (int a = 0; a < LENGTHS - 1; a++) {
            for (int b = 0; b < LENGTHS - 1; b++) {
                weft_plan *plan = plan_of(kernel, shape_of(lengths[a], lengths[b], 1));
                check_masks(plan, sets[k]);
                weft_plan_destroy(plan);
            }
        }
        weft_kernel_destroy(kernel);
    }
}
END_TEST

/* Heads whose sets are made of the same terms in different ways: their bit tiles are told apart. */
START_TEST(test_alike) {
    weft_plan *plan = plan_of_ir(
        "%1 = int 90\n%2 = int -1\n%3 = window %1 %2\n%4 = int 13\n%5 = window %4 %1\n%6 = causal\n"
        "%7 = union %3 %5\n%8 = intersection %3 %5\n%9 = difference %3 %5\n%10 = difference %5 %3\n"
        "%11 = complement %6\n%12 = complement %8\n%13 = union %3 %12\n"
        "%14 = int 0\n%15 = list %14\n%16 = int 1\n%17 = list %16\n%18 = int 2\n%19 = list %18\n%20 = int 3\n"
        "%21 = list %20\n%22 = int 4\n%23 = list %22\n%24 = int 5\n%25 = list %24\n%26 = int 6\n%27 = list %26\n"
        "%28 = heads %15 %7 %17 %8 %19 %9 %21 %10 %23 %11 %25 %12 %27 %13 %6\nmeaning %28\n",
        shape_of(500, 450, 8));
    ck_assert_uint_eq(plan->layout_count, 8);
    check_masks(plan, "alike");
    weft_plan_destroy(plan);
}
END_TEST

/* Conditions on i alone, on j alone, on the distance, and on both; lists that lie alike in several blocks. */
START_TEST(test_dependence) {
    static const char *const conditions[] = {"%8 = mod %1 %3\n", "%8 = mod %2 %3\n", "%8 = mod %6 %3\n",
                                             "%8 = mod %7 %3\n", "%8 = mod %5 %3\n"};
    for (size_t k = 0; k < sizeof conditions / sizeof *conditions; k++) {
        char ir[1000];
        snprintf(ir, sizeof ir,
                 "%%1 = i\n%%2 = j\n%%3 = int 37\n%%4 = int 5\n%%5 = add %%1 %%2\n%%6 = sub %%1 %%2\n"
                 "%%7 = sub %%2 %%1\n%s%%9 = lt %%8 %%4\n%%10 = where %%9\n%%11 = causal\n"
                 "%%12 = intersection %%10 %%11\nmeaning %%12\n",
                 conditions[k]);
        weft_plan *plan = plan_of_ir(ir, shape_of(500, 600, 1));
        check_masks(plan, ir);
        weft_plan_destroy(plan);
    }
    static const char *const atoms[] = {"rows", "cols", "global"};
    for (size_t k = 0; k < sizeof atoms / sizeof *atoms; k++) {
        char ir[1000];
        snprintf(ir, sizeof ir,
                 "%%1 = int 3\n%%2 = int 67\n%%3 = int 130\n%%4 = int 197\n%%5 = list %%1 %%2 %%3 %%4\n%%6 = %s %%5\n"
                 "meaning %%6\n",
                 atoms[k]);
        weft_plan *plan = plan_of_ir(ir, shape_of(300, 300, 1));
        check_masks(plan, ir);
        weft_plan_destroy(plan);
    }
}
END_TEST

#define BANDS                                                                                                          \
    "%1 = int -200000\n%2 = int 0\n%3 = int 3\n%4 = band %1 %2 %3\n%5 = int 100000\n%6 = window %5 %5\n"               \
    "%7 = union %4 %6\nmeaning %7\n"

/* Few rows over many keys: row tiles cut along their keys. */
START_TEST(test_splits) {
    static const char *const sets[] = {
        "%1 = all\nmeaning %1\n",
        "%1 = int 5\n%2 = int 1\n%3 = chunk %1 %2\n%4 = complement %3\nmeaning %4\n",
        BANDS,
    };
    static const int64_t queries[] = {1, 16, 20, 70};
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        weft_kernel *kernel = kernel_of_ir(sets[k], NULL);
        for (size_t n = 0; n < sizeof queries / sizeof *queries; n++) {
            weft_plan *plan = plan_of(kernel, shape_of(queries[n], 200001, 1));
            ck_assert_uint_gt(plan->layouts[0].split_count, 0);
            check_masks(plan, sets[k]);
            weft_plan_destroy(plan);
        }
        weft_kernel_destroy(kernel);
    }
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("masks");
    tcase_add_test(tests, test_small);
    tcase_add_test(tests, test_large);
    tcase_add_test(tests, test_edges);
    tcase_add_test(tests, test_alike);
    tcase_add_test(tests, test_dependence);
    tcase_add_test(tests, test_splits);
    return run_tests(tests);
}
