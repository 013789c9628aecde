/* Rendered diagnostics, whole. */
#include <stdio.h>
#include <string.h>

#include "support/diagnostics.h"
#include "support/random.h"
#include "support/suite.h"

static weft_allocator allocator;
static weft_sources sources;
static weft_diagnostics d;

static void begin(const char *text, size_t size) {
    allocator = weft_allocator_of(NULL);
    weft_sources_init(&sources, &allocator);
    weft_diagnostics_init(&d, &allocator, &sources);
    weft_sources_add(&sources, "a.weft", text, size);
}

/* Renders, compares (expected NULL: does not), and ends. */
static void check(const char *expected, bool color) {
    weft_text out;
    weft_text_init(&out, &allocator);
    weft_diagnostics_render(&d, color, &out);
    ck_assert(!out.failed);
    ck_assert_str_eq(out.at ? out.at : "", expected);
    weft_text_release(&out);
    weft_diagnostics_free(&d);
    weft_sources_free(&sources);
}

static weft_span span_of(const char *text, const char *part) {
    uint32_t at = (uint32_t)(strstr(text, part) - text);
    return (weft_span){1, at, at + (uint32_t)strlen(part)};
}

START_TEST(shows_place_line_caret_suggestion_and_notes) {
    const char *text = "set near = window(4);\nattend dilatd(near);\n";
    begin(text, strlen(text));
    weft_diagnose(&d, WEFT_E0101, span_of(text, "dilatd"), "unknown name `%s`", "dilatd");
    weft_diagnose_suggest(&d, "dilated");
    weft_diagnose_note(&d, span_of(text, "near"), "`near` is defined here");
    weft_diagnose_note(&d, WEFT_NO_SPAN, "it is late");
    weft_diagnose(&d, WEFT_W0002, span_of(text, "4"), "this term adds no pair");
    check("a.weft:2:8: error[E0101]: unknown name `dilatd`\n"
          "    attend dilatd(near);\n"
          "           ^~~~~~\n"
          "    help: did you mean `dilated`?\n"
          "a.weft:1:5: note: `near` is defined here\n"
          "    set near = window(4);\n"
          "        ^~~~\n"
          "weft: note: it is late\n"
          "a.weft:1:19: warning[W0002]: this term adds no pair\n"
          "    set near = window(4);\n"
          "                      ^\n",
          false);
}
END_TEST

START_TEST(byte_order_marks_are_not_shown) {
    static const char text[] = "\xEF\xBB\xBFset a";
    begin(text, sizeof text - 1);
    weft_diagnose(&d, WEFT_E0101, (weft_span){1, 7, 8}, "wrong");
    check("a.weft:1:5: error[E0101]: wrong\n    set a\n        ^\n", false);
}
END_TEST

START_TEST(colors_when_asked) {
    begin("abc", 3);
    weft_diagnose(&d, WEFT_E0101, (weft_span){1, 1, 3}, "wrong");
    check("\033[1ma.weft:1:2:\033[0m \033[1;31merror[E0101]:\033[0m wrong\n    abc\n     \033[1;32m^~\033[0m\n", true);
}
END_TEST

START_TEST(carets_line_up_under_tabs_and_wide_text) {
    const char *text = "\tx\ty \u222A z;\r\n";
    begin(text, strlen(text));
    weft_diagnose(&d, WEFT_E0101, span_of(text, "x"), "x");
    weft_diagnose(&d, WEFT_E0101, span_of(text, "\ty"), "tab");
    weft_diagnose(&d, WEFT_E0101, span_of(text, "\u222A z"), "union");
    check("a.weft:1:2: error[E0101]: x\n"
          "            x       y \u222A z;\n"
          "            ^\n"
          "a.weft:1:3: error[E0101]: tab\n"
          "            x       y \u222A z;\n"
          "             ^~~~~~~~\n"
          "a.weft:1:6: error[E0101]: union\n"
          "            x       y \u222A z;\n"
          "                      ^~~\n",
          false);
}
END_TEST

START_TEST(shows_controls_and_broken_text_harmless) {
    const char *text = "a\033[2J\x7F\xC2\x9B\xFF\xE2\x80\xAE"
                       "b\n";
    begin(text, strlen(text));
    weft_diagnose(&d, WEFT_E0003, span_of(text, "b"), "what \033[31m is this\n");
    check("a.weft:1:10: error[E0003]: what \uFFFD[31m is this\uFFFD\n"
          "    a\uFFFD[2J\uFFFD\uFFFD\uFFFD\uFFFD"
          "b\n"
          "             ^\n",
          false);
}
END_TEST

START_TEST(points_at_ends_and_between) {
    const char *text = "ab\ncd";
    begin(text, strlen(text));
    weft_diagnose(&d, WEFT_E0007, (weft_span){1, 5, 5}, "end of file");
    weft_diagnose(&d, WEFT_E0007, (weft_span){1, 2, 3}, "newline");
    weft_diagnose(&d, WEFT_E0008, (weft_span){1, 1, 5}, "over lines");
    weft_diagnose(&d, WEFT_E0007, (weft_span){1, 1, 1}, "between");
    weft_diagnose(&d, WEFT_E0007, (weft_span){1, 100, 200}, "beyond");
    weft_diagnose(&d, WEFT_E0007, (weft_span){7, 1, 2}, "no such source");
    check("a.weft:2:3: error[E0007]: end of file\n    cd\n      ^\n"
          "a.weft:1:3: error[E0007]: newline\n    ab\n      ^\n"
          "a.weft:1:2: error[E0008]: over lines\n    ab\n     ^\n"
          "a.weft:1:2: error[E0007]: between\n    ab\n     ^\n"
          "a.weft:2:3: error[E0007]: beyond\n    cd\n      ^\n"
          "weft: error[E0007]: no such source\n",
          false);
}
END_TEST

START_TEST(cuts_long_lines_around_the_span) {
    char text[1001], expected[1000];
    memset(text, 'x', 1000);
    text[1000] = '\0';
    memcpy(text + 500, "here", 4);
    begin(text, 1000);
    weft_diagnose(&d, WEFT_E0007, (weft_span){1, 500, 504}, "middle");
    snprintf(expected, sizeof expected,
             "a.weft:1:501: error[E0007]: middle\n    \u2026%.40shere%.76s\u2026\n    %41s^~~~\n", text, text, "");
    check(expected, false);

    begin(text, 1000);
    weft_diagnose(&d, WEFT_E0007, (weft_span){1, 0, 1000}, "all of it");
    char tildes[121];
    memset(tildes, '~', 119);
    tildes[119] = '\0';
    snprintf(expected, sizeof expected, "a.weft:1:1: error[E0007]: all of it\n    %.120s\u2026\n    ^%s\n", text,
             tildes);
    check(expected, false);
}
END_TEST

START_TEST(says_how_many_more) {
    begin("x", 1);
    for (uint32_t k = 0; k < 103; k++) weft_diagnose(&d, WEFT_E0402, WEFT_NO_SPAN, "%u", k);
    weft_text out;
    weft_text_init(&out, &allocator);
    weft_diagnostics_render(&d, false, &out);
    const char *last = "weft: error[E0402]: 99\nweft: 3 more not shown\n";
    ck_assert_str_eq(out.at + out.size - strlen(last), last);
    weft_text_release(&out);
    d.count = d.dropped = 0;
    d.out_of_memory = true;
    check("weft: out of memory\n", false);
}
END_TEST

/* Any bytes, any spans: nothing but printable text and newlines comes out, and carets stay within the line's width. */
START_TEST(renders_anything) {
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        test_random random = {seed};
        char text[600];
        size_t size = (size_t)test_range(&random, 0, sizeof text);
        bool has_newlines = test_range(&random, 0, 1);
        for (size_t k = 0; k < size; k++) {
            text[k] = (char)test_range(&random, 0, 255);
            if (!has_newlines && text[k] == '\n') text[k] = 'n';
        }
        begin(text, size);
        uint32_t from = (uint32_t)test_range(&random, 0, 620), to = (uint32_t)test_range(&random, 0, 620);
        weft_diagnose(&d, WEFT_E0003, (weft_span){1, from, to}, "%.*s", (int)(size < 20 ? size : 20), text);
        weft_text out;
        weft_text_init(&out, &allocator);
        weft_diagnostics_render(&d, false, &out);
        size_t newlines = 0;
        for (size_t k = 0; k < out.size; k++) {
            unsigned char byte = (unsigned char)out.at[k];
            newlines += byte == '\n';
            ck_assert_msg((byte >= 0x20 && byte != 0x7F) || byte == '\n', "seed %llu", (unsigned long long)seed);
        }
        ck_assert_uint_eq(newlines, 3);
        weft_text_release(&out);
        weft_diagnostics_free(&d);
        weft_sources_free(&sources);
    }
}
END_TEST

TEST_MAIN("support/render", shows_place_line_caret_suggestion_and_notes, byte_order_marks_are_not_shown,
          colors_when_asked, carets_line_up_under_tabs_and_wide_text, shows_controls_and_broken_text_harmless,
          points_at_ends_and_between, cuts_long_lines_around_the_span, says_how_many_more, renders_anything)
