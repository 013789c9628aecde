/* "Did you mean": what is suggested, and what is not. */
#include <string.h>

#include "support/diagnostics.h"
#include "support/suite.h"

static const char *const words[] = {"window", "dilated", "causal", "global", "rows", "cols", "random", "w"};
enum { COUNT = sizeof words / sizeof words[0] };

START_TEST(suggests_what_was_meant) {
    static const char *const pairs[][2] = {{"windwo", "window"}, {"dilatd", "dilated"}, {"casual", "causal"},
                                           {"golbal", "global"}, {"row", "rows"},       {"colss", "cols"},
                                           {"radnom", "random"}, {"w1", "w"},           {"Window", "window"}};
    for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++) {
        const char *closest = weft_closest(pairs[k][0], words, COUNT);
        ck_assert_msg(closest != NULL, "%s", pairs[k][0]);
        ck_assert_str_eq(closest, pairs[k][1]);
    }
}
END_TEST

START_TEST(suggests_nothing_far_fetched) {
    static const char *const names[] = {"", "x", "attention", "wdw", "xyz", "row_of_something"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        ck_assert_msg(weft_closest(names[k], words, COUNT) == NULL, "%s", names[k]);
    const char *const same[] = {"window"}; /* the name itself was no help */
    ck_assert_ptr_null(weft_closest("window", same, 1));
    ck_assert_ptr_null(weft_closest("window", words, 0));
}
END_TEST

START_TEST(prefers_the_nearest_then_the_first) {
    const char *const near[] = {"abcdefgx", "abcdefg", "abcdefgy"};
    ck_assert_str_eq(weft_closest("abcdefgz", near, 3), "abcdefgx");
    const char *const nearer[] = {"abcdxyg", "abcdexg"};
    ck_assert_str_eq(weft_closest("abcdefg", nearer, 2), "abcdexg");
}
END_TEST

START_TEST(long_names_cost_nothing) {
    static char name[1 << 20];
    memset(name, 'a', sizeof name - 1);
    const char *const candidates[] = {name + 1, "a"};
    ck_assert_ptr_null(weft_closest(name, candidates, 2));
    ck_assert_ptr_null(weft_closest("aaa", candidates, 1));
}
END_TEST

TEST_MAIN("support/closest", suggests_what_was_meant, suggests_nothing_far_fetched, prefers_the_nearest_then_the_first,
          long_names_cost_nothing)
