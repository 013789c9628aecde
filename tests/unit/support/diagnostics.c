/* Collecting reports: codes, limits, duplicates, notes, order, and failing memory. */
#include "support/diagnostics.h"

#include <string.h>

#include "support/failing.h"
#include "support/suite.h"

static weft_span at(uint32_t begin) { return (weft_span){1, begin, begin + 1}; }

START_TEST(codes_say_what_they_are) {
    ck_assert_str_eq(weft_code_name(WEFT_E0201), "E0201");
    ck_assert_str_eq(weft_code_title(WEFT_E0201), "type mismatch");
    ck_assert(weft_code_is_error(WEFT_E0001));
    ck_assert(!weft_code_is_error(WEFT_W0001));
    for (int a = 0; a < WEFT_CODE_COUNT; a++) {
        ck_assert_uint_eq(strlen(weft_code_name((weft_code)a)), 5);
        for (int b = 0; b < a; b++) ck_assert_str_ne(weft_code_name((weft_code)a), weft_code_name((weft_code)b));
    }
}
END_TEST

START_TEST(keeps_one_of_equal_reports) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_diagnostics d;
    weft_diagnostics_init(&d, &allocator, NULL);
    weft_diagnose(&d, WEFT_E0101, at(3), "first");
    weft_diagnose(&d, WEFT_E0101, at(3), "again");
    weft_diagnose_note(&d, at(9), "a note of the one not kept");
    weft_diagnose(&d, WEFT_E0102, at(3), "another code");
    weft_diagnose(&d, WEFT_E0101, at(4), "another place");
    weft_diagnose(&d, WEFT_E0402, WEFT_NO_SPAN, "no place, `%s`", "a");
    weft_diagnose(&d, WEFT_E0402, WEFT_NO_SPAN, "no place, `%s`", "b");
    weft_diagnose(&d, WEFT_E0402, WEFT_NO_SPAN, "no place, `%s`", "b");
    ck_assert_uint_eq(d.count, 5);
    ck_assert_uint_eq(d.errors, 5);
    ck_assert_str_eq(d.reports[0].message, "first");
    ck_assert_ptr_null(d.reports[0].notes);
    weft_diagnostics_free(&d);
}
END_TEST

START_TEST(counts_what_it_does_not_keep_and_prefers_errors) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_diagnostics d;
    weft_diagnostics_init(&d, &allocator, NULL);
    for (uint32_t k = 0; k < 150; k++) weft_diagnose(&d, WEFT_W0001, at(k), "warning %u", k);
    ck_assert_uint_eq(d.count, WEFT_MAX_REPORTS);
    ck_assert_uint_eq(d.dropped, 50);
    ck_assert_uint_eq(d.errors, 0);
    weft_diagnose_note(&d, at(0), "not kept either");
    for (uint32_t k = 0; k < 150; k++) weft_diagnose(&d, WEFT_E0101, at(k), "error %u", k);
    ck_assert_uint_eq(d.count, WEFT_MAX_REPORTS);
    ck_assert_uint_eq(d.errors, 150);
    ck_assert_uint_eq(d.dropped, 200);
    for (uint32_t k = 0; k < d.count; k++) {
        ck_assert_int_eq(d.reports[k].code, WEFT_E0101);
        ck_assert_uint_eq(d.reports[k].span.begin, k);
        ck_assert_ptr_null(d.reports[k].notes);
    }
    weft_diagnostics_clear(&d);
    ck_assert_uint_eq(d.count + d.errors + d.dropped, 0);
    weft_diagnose(&d, WEFT_E0101, at(0), "anew");
    ck_assert_uint_eq(d.count, 1);
    weft_diagnostics_free(&d);
}
END_TEST

START_TEST(notes_and_suggestions_belong_to_the_last) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_diagnostics d;
    weft_diagnostics_init(&d, &allocator, NULL);
    weft_diagnose_note(&d, at(1), "to nothing");
    weft_diagnose_suggest(&d, "nothing");
    weft_diagnose(&d, WEFT_E0101, at(5), "one");
    weft_diagnose_suggest(&d, "uno");
    weft_diagnose_suggest(&d, NULL);
    weft_diagnose_note(&d, at(1), "note %d", 1);
    weft_diagnose_note(&d, at(2), "note %d", 2);
    weft_diagnose(&d, WEFT_E0101, at(6), "two");
    ck_assert_str_eq(d.reports[0].suggestion, "uno");
    ck_assert_str_eq(d.reports[0].notes->message, "note 1");
    ck_assert_str_eq(d.reports[0].notes->next->message, "note 2");
    ck_assert_ptr_null(d.reports[0].notes->next->next);
    ck_assert_ptr_null(d.reports[1].notes);
    ck_assert_ptr_null(d.reports[1].suggestion);
    weft_diagnostics_free(&d);
}
END_TEST

START_TEST(sorts_by_place_and_is_stable) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_diagnostics d;
    weft_diagnostics_init(&d, &allocator, NULL);
    weft_diagnose(&d, WEFT_E0101, (weft_span){2, 0, 1}, "e");
    weft_diagnose(&d, WEFT_E0101, at(7), "d");
    weft_diagnose(&d, WEFT_E0103, at(3), "b");
    weft_diagnose(&d, WEFT_E0102, at(3), "c");
    weft_diagnose(&d, WEFT_E0102, at(1), "a");
    weft_diagnostics_sort(&d);
    char order[6] = "";
    for (uint32_t k = 0; k < d.count; k++) order[k] = d.reports[k].message[0];
    ck_assert_str_eq(order, "abcde");
    weft_diagnostics_free(&d);
}
END_TEST

/* Errors are counted whatever memory does: nobody must take a failed operation for a sound one. */
START_TEST(survives_failing_memory) {
    for (size_t nth = 1;; nth++) {
        test_memory memory = {.fail_at = nth};
        weft_allocator allocator = test_allocator(&memory);
        weft_sources sources;
        weft_diagnostics d;
        weft_text out;
        weft_sources_init(&sources, &allocator);
        weft_diagnostics_init(&d, &allocator, &sources);
        weft_text_init(&out, &allocator);
        weft_sources_add(&sources, "a.weft", "attend all;\n", 12);
        for (uint32_t k = 0; k < 120; k++) {
            weft_diagnose(&d, WEFT_E0101, at(k), "error %u", k);
            weft_diagnose_note(&d, at(1), "a note");
            weft_diagnose_suggest(&d, "something");
        }
        ck_assert_uint_eq(d.errors, 120);
        weft_diagnostics_sort(&d);
        weft_diagnostics_render(&d, true, &out);
        weft_text_release(&out);
        weft_diagnostics_free(&d);
        weft_sources_free(&sources);
        ck_assert_uint_eq(memory.live, 0);
        if (memory.calls < nth) break;
    }
}
END_TEST

TEST_MAIN("support/diagnostics", codes_say_what_they_are, keeps_one_of_equal_reports,
          counts_what_it_does_not_keep_and_prefers_errors, notes_and_suggestions_belong_to_the_last,
          sorts_by_place_and_is_stable, survives_failing_memory)
