/* Interning: equal text is one pointer, whatever else is in the table and whenever memory fails. */
#include "support/names.h"
#include "support/failing.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 5000 };

START_TEST(equal_text_is_one_pointer) {
    test_memory memory = {0};
    weft_allocator allocator = test_allocator(&memory);
    weft_names names;
    weft_names_init(&names, &allocator);
    const char *window = weft_name(&names, "windows", 6);
    ck_assert_str_eq(window, "window");
    ck_assert_ptr_eq(weft_name(&names, "window", 6), window);
    ck_assert_ptr_ne(weft_name(&names, "windows", 7), window);
    ck_assert_str_eq(weft_name(&names, "", 0), "");
    ck_assert_ptr_eq(weft_name(&names, "x", 0), weft_name(&names, "", 0));
    weft_names_free(&names);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

START_TEST(pointers_outlive_growth) {
    test_memory memory = {0};
    weft_allocator allocator = test_allocator(&memory);
    weft_names names;
    const char *first[MANY];
    char text[32];
    weft_names_init(&names, &allocator);
    for (int round = 0; round < 2; round++)
        for (int k = 0; k < MANY; k++) {
            int size = snprintf(text, sizeof text, "name%d", k * 7919);
            const char *name = weft_name(&names, text, (size_t)size);
            ck_assert_str_eq(name, text);
            if (round == 0) first[k] = name;
            ck_assert_ptr_eq(name, first[k]);
        }
    ck_assert_uint_eq(names.count, MANY);
    weft_names_free(&names);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

/* A failure loses no name that was there, and the table works on afterwards where the arena does. */
START_TEST(failures_lose_nothing) {
    for (size_t nth = 1;; nth++) {
        test_memory memory = {.fail_at = nth};
        weft_allocator allocator = test_allocator(&memory);
        weft_names names;
        char text[32];
        weft_names_init(&names, &allocator);
        const char *kept = weft_name(&names, "kept", 4);
        for (int k = 0; k < 300; k++) {
            int size = snprintf(text, sizeof text, "name%d", k);
            const char *name = weft_name(&names, text, (size_t)size);
            if (name) ck_assert_str_eq(name, text);
        }
        if (kept) ck_assert_ptr_eq(weft_name(&names, "kept", 4), kept);
        weft_names_free(&names);
        ck_assert_uint_eq(memory.live, 0);
        if (memory.calls < nth) break;
    }
}
END_TEST

TEST_MAIN("front/names", equal_text_is_one_pointer, pointers_outlive_growth, failures_lose_nothing)
