/* Lines and columns, against counting from the beginning. */
#include <string.h>
#include <time.h>

#include "support/diagnostics.h"
#include "support/random.h"
#include "support/suite.h"
#include "support/utf8.h"

static void check_points(const char *text, size_t size) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_sources sources;
    weft_sources_init(&sources, &allocator);
    ck_assert_uint_eq(weft_sources_add(&sources, "x", text, size), 1);
    weft_point expected = {1, 1};
    for (size_t at = 0; at < size;) {
        uint32_t point;
        size_t length = weft_utf8_read(text + at, size - at, &point);
        for (size_t k = 0; k < length; k++) {
            weft_point found = weft_sources_point(&sources, 1, (uint32_t)(at + k));
            ck_assert_uint_eq(found.line, expected.line);
            ck_assert_uint_eq(found.column, expected.column);
        }
        expected =
            point == '\n' ? (weft_point){expected.line + 1, 1} : (weft_point){expected.line, expected.column + 1};
        at += length;
    }
    weft_point end = weft_sources_point(&sources, 1, (uint32_t)size),
               beyond = weft_sources_point(&sources, 1, UINT32_MAX);
    ck_assert_uint_eq(end.line, expected.line);
    ck_assert_uint_eq(end.column, expected.column);
    ck_assert_uint_eq(beyond.line, end.line);
    ck_assert_uint_eq(beyond.column, end.column);
    weft_sources_free(&sources);
}

START_TEST(finds_points_in_any_bytes) {
    static char text[20000];
    static const char *const pieces[] = {"a",      " ",          "\n",   "\t",       "\r\n", "\u222A",
                                         "\u00E9", "\U0001F600", "\xFF", "\xE2\x88", "\x80"};
    enum { PIECES = sizeof pieces / sizeof pieces[0] };
    check_points("", 0);
    check_points("\n", 1);
    for (uint64_t seed = 1; seed <= 30; seed++) {
        test_random random = {seed};
        size_t size = 0, limit = (size_t)test_range(&random, 0, sizeof text - 8);
        bool has_lines = test_range(&random, 0, 1);
        while (size < limit) {
            const char *piece = pieces[test_range(&random, 0, PIECES - 1)];
            if (!has_lines && strchr(piece, '\n')) continue;
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
        }
        check_points(text, size);
    }
}
END_TEST

/* At the beginning of a file it is no text; anywhere else it is. */
START_TEST(byte_order_marks_are_no_columns) {
    static const char text[] = "\xEF\xBB\xBFlet\n\xEF\xBB\xBF a";
    static const weft_point expected[] = {{1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 2}, {1, 3}, {1, 4},
                                          {2, 1}, {2, 1}, {2, 1}, {2, 2}, {2, 3}, {2, 4}};
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_sources sources;
    weft_sources_init(&sources, &allocator);
    ck_assert_uint_eq(weft_sources_add(&sources, "x", text, sizeof text - 1), 1);
    for (uint32_t k = 0; k < sizeof text; k++) {
        ck_assert_uint_eq(weft_sources_point(&sources, 1, k).line, expected[k].line);
        ck_assert_uint_eq(weft_sources_point(&sources, 1, k).column, expected[k].column);
    }
    weft_sources_free(&sources);
}
END_TEST

START_TEST(copies_and_numbers_sources) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_sources sources;
    weft_sources_init(&sources, &allocator);
    char name[] = "a.weft", text[] = {'x', '\0', 'y'};
    ck_assert_uint_eq(weft_sources_add(&sources, name, text, sizeof text), 1);
    name[0] = text[0] = 'z';
    ck_assert_uint_eq(weft_sources_add(&sources, "b.weft", NULL, 0), 2);
    ck_assert_str_eq(sources.at[0].name, "a.weft");
    ck_assert_int_eq(memcmp(sources.at[0].text, "x\0y", 4), 0);
    ck_assert_str_eq(sources.at[1].text, "");
    ck_assert_uint_eq(weft_sources_point(&sources, 0, 5).line, 1);
    ck_assert_uint_eq(weft_sources_point(&sources, 3, 5).line, 1);
    weft_sources_free(&sources);
}
END_TEST

/* A hundred reports at the end of 16 MB, with a line a byte and with no line at all. */
START_TEST(far_points_are_cheap) {
    enum { SIZE = 16 << 20 };
    weft_allocator allocator = weft_allocator_of(NULL);
    char *text = malloc(SIZE);
    for (int newlines = 0; newlines < 2; newlines++) {
        weft_sources sources;
        weft_diagnostics d;
        weft_text out;
        memset(text, newlines ? '\n' : 'x', SIZE);
        weft_sources_init(&sources, &allocator);
        weft_diagnostics_init(&d, &allocator, &sources);
        weft_text_init(&out, &allocator);
        weft_sources_add(&sources, "big", text, SIZE);
        for (uint32_t k = 0; k < 100; k++)
            weft_diagnose(&d, WEFT_E0003, (weft_span){1, SIZE - 1000 + k, SIZE - 1000 + k + 1}, "far");
        clock_t begin = clock();
        weft_diagnostics_render(&d, false, &out);
        ck_assert_msg(clock() - begin < CLOCKS_PER_SEC / 4, "rendering took %ld", (long)(clock() - begin));
        ck_assert_uint_lt(out.size, 100 * 400);
        weft_text_release(&out);
        weft_diagnostics_free(&d);
        weft_sources_free(&sources);
    }
    free(text);
}
END_TEST

TEST_MAIN("support/sources", finds_points_in_any_bytes, byte_order_marks_are_no_columns, copies_and_numbers_sources,
          far_points_are_cheap)
