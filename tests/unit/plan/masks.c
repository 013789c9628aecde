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

int main(void) {
    TCase *tests = tcase_create("masks");
    tcase_add_test(tests, test_small);
    tcase_add_test(tests, test_large);
    tcase_add_test(tests, test_edges);
    return run_tests(tests);
}
