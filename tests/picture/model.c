/* The model of pictures: grids that cover every token once, levels, shrinking, texts. */
#include "cases.h"
#include "picture/figure.h"
#include "picture/font.h"
#include "picture/text.h"

#include <stdlib.h>
#include <string.h>

START_TEST(cells_cover_every_token_once) {
    bool fine = true;
    for (int64_t length = 1; length < 400; length++)
        for (int cells = 1; cells <= length && cells < 70; cells++)
            for (int c = 0; c <= cells; c++) fine = fine && picture_begin(c, cells, length) == c * length / cells;
    ck_assert(fine);
    ck_assert_int_eq(picture_begin(4096, 4096, INT64_MAX), INT64_MAX);
    ck_assert_int_gt(picture_begin(4095, 4096, INT64_MAX), picture_begin(4094, 4096, INT64_MAX));
}
END_TEST

START_TEST(grids_fit_their_lengths) {
    static const int64_t lengths[] = {1, 2, 31, 33, 180, 512, 513, 4096, 5000, 1048576, INT64_C(1) << 40};
    for (size_t a = 0; a < sizeof lengths / sizeof *lengths; a++)
        for (size_t b = 0; b < sizeof lengths / sizeof *lengths; b++)
            for (int panels = 0; panels < 20; panels++) {
                int rows, columns;
                picture_grid(lengths[a], lengths[b], panels, &rows, &columns);
                ck_assert(rows >= 1 && rows <= lengths[a] && rows <= 512);
                ck_assert(columns >= 1 && columns <= lengths[b] && columns <= 512);
            }
    int rows, columns;
    picture_grid(512, 512, 1, &rows, &columns);
    ck_assert(rows == 512 && columns == 512);
    picture_grid(1048576, 1048576, 1, &rows, &columns);
    ck_assert(rows == 512 && columns == 512);
    picture_grid(16, 4096, 1, &rows, &columns);
    ck_assert(rows == 16 && columns == 512);
}
END_TEST

START_TEST(levels_are_honest) {
    picture_outline outline = {"t", 8, 8, 2, 2, 2, 1, NULL, NULL, NULL};
    picture *image = picture_create(&outline);
    picture_set(image, 0, 0, 0, 0, 1e-300);
    ck_assert_int_eq(picture_cell(image, 0, 0, 0)[1], 1);
    ck_assert_int_eq(picture_cell(image, 0, 0, 0)[0], 1); /* the union follows */
    picture_set(image, 0, 1, 0, 0, 0.5);
    ck_assert(!picture_level_is_dense(picture_cell(image, 0, 0, 0)[1]));
    ck_assert(picture_level_is_dense(picture_cell(image, 0, 0, 0)[2]));
    picture_set(image, 0, PICTURE_UNION, 0, 0, 0); /* cannot be less than its terms */
    ck_assert_int_eq(picture_cell(image, 0, 0, 0)[0], picture_cell(image, 0, 0, 0)[2]);
    picture_set(image, 0, 0, 1, 1, 2);
    ck_assert_int_eq(picture_cell(image, 0, 1, 1)[1], 255);
    picture_set(image, 0, 0, 1, 0, -1);
    picture_set(image, 0, 0, 0, 1, 0.0 / 1.0);
    ck_assert_int_eq(picture_cell(image, 0, 1, 0)[0] + picture_cell(image, 0, 0, 1)[0], 0);
    picture_destroy(image);
}
END_TEST

START_TEST(masks_count_their_pairs) {
    uint8_t mask[7 * 5] = {0};
    picture_outline outline = {"t", 7, 5, 3, 2, 1, 1, NULL, NULL, NULL};
    picture *image = picture_create(&outline);
    mask[6 * 5 + 4] = 1; /* the last pair: rows 4 to 6, keys 2 to 4 */
    picture_set_mask(image, 0, 0, mask);
    for (int row = 0; row < 3; row++)
        for (int column = 0; column < 2; column++)
            ck_assert_int_eq(picture_cell(image, 0, row, column)[0],
                             row == 2 && column == 1 ? 85 : 0); /* 255 sqrt(1/9) */
    picture_destroy(image);
}
END_TEST

START_TEST(shrinking_loses_no_pair) {
    for (int i = 0; i < LONE_COUNT; i++) {
        picture *image = gallery_lone_pair(lone_pairs[i][0], lone_pairs[i][1]);
        picture *small = picture_shrink(image, 7, 13);
        int found = 0;
        for (int row = 0; row < 7; row++)
            for (int column = 0; column < 13; column++) found += picture_cell(small, 0, row, column)[2] != 0;
        ck_assert_int_eq(found, 1);
        ck_assert_str_eq(small->terms[1], image->terms[1]);
        picture_destroy(small);
        picture_destroy(image);
    }
    picture *full = gallery_picture(3), *same = picture_shrink(full, 48, 48);
    ck_assert_mem_eq(full->levels, same->levels, 48 * 48 * 3);
    picture_destroy(same);
    picture_destroy(full);
}
END_TEST

START_TEST(senseless_outlines_are_refused) {
    picture_outline good = {"t", 8, 8, 2, 2, 2, 1, NULL, NULL, NULL};
    for (int i = 0; i < 8; i++) {
        picture_outline bad = good;
        if (i == 0) bad.rows = 0;
        if (i == 1) bad.columns = -3;
        if (i == 2) bad.rows = 9;
        if (i == 3) bad.keys = 0;
        if (i == 4) bad.term_count = PICTURE_TERMS + 1;
        if (i == 5) bad.panel_count = -1;
        if (i == 6) bad.rows = bad.columns = PICTURE_CELLS + 1, bad.queries = bad.keys = 1 << 20;
        if (i == 7) bad.term_count = -1;
        ck_assert_ptr_null(picture_create(&bad));
    }
}
END_TEST

static void check_cleaned(const char *text, const char *expected) {
    char *clean = text_clean(text);
    ck_assert_str_eq(clean, expected);
    free(clean);
}

START_TEST(texts_are_cleaned) {
    check_cleaned(NULL, "");
    check_cleaned("window(256) ∪ 漢", "window(256) ∪ 漢");
    check_cleaned("a\033[0m\tb\x7f", "a\uFFFD[0m\uFFFDb\uFFFD");
    check_cleaned("\xff|\xc0\xaf|\xe2\x82", "\uFFFD|\uFFFD\uFFFD|\uFFFD\uFFFD");
    check_cleaned("\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"); /* a surrogate */
    check_cleaned("\xf0\x9f\x98\x80\xe2\x80\xae", "\xf0\x9f\x98\x80\uFFFD");
    char lengthy[4 * 300 + 1] = "";
    for (int i = 0; i < 300; i++) strcat(lengthy, "\xf0\x9f\x98\x80");
    char *clean = text_clean(lengthy);
    ck_assert_uint_eq(strlen(clean), 120 * 4 + 3);
    char fitted[TEXT_BYTES];
    font_fit(clean, 1, 100, fitted);
    ck_assert_double_le(font_width(fitted, 1), 100);
    ck_assert_ptr_nonnull(strstr(fitted, "…"));
    font_fit(clean, 1, 1, fitted);
    ck_assert_str_eq(fitted, "…");
    free(clean);
}
END_TEST

START_TEST(axes_have_round_numbers) {
    ck_assert_int_eq(text_axis_step(4096, 8), 512);
    ck_assert_int_eq(text_axis_step(1048576, 8), 131072);
    ck_assert_int_eq(text_axis_step(1000, 8), 200);
    ck_assert_int_eq(text_axis_step(3000, 8), 500);
    ck_assert_int_eq(text_axis_step(1, 8), 1);
    ck_assert_int_eq(text_axis_step(7, 0), 5);
    bool fine = true;
    for (int64_t length = 1; length < 3000; length++)
        for (int wanted = 1; wanted < 10; wanted++) {
            int64_t step = text_axis_step(length, wanted);
            fine = fine && step >= 1 && length / step <= wanted;
        }
    ck_assert(fine);
    ck_assert_int_gt(text_axis_step(INT64_MAX, 8), 0);
}
END_TEST

START_TEST(fonts_have_every_printable_character) {
    for (char c = '!'; c <= '~'; c++) {
        char text[2] = {c, 0};
        canvas glyph, missing;
        ck_assert(canvas_create(&glyph, 20, 20, palette_paper()) && canvas_create(&missing, 20, 20, palette_paper()));
        font_draw(&glyph, 4, 14, 1, false, palette_several(), text);
        font_draw(&missing, 4, 14, 1, false, palette_several(), "\uFFFD");
        ck_assert_mem_ne(glyph.pixels, missing.pixels, 20 * 20 * 3);
        canvas_free(&glyph);
        canvas_free(&missing);
    }
}
END_TEST

int main(void) {
    TCase *all = tcase_create("model");
    tcase_add_test(all, cells_cover_every_token_once);
    tcase_add_test(all, grids_fit_their_lengths);
    tcase_add_test(all, levels_are_honest);
    tcase_add_test(all, masks_count_their_pairs);
    tcase_add_test(all, shrinking_loses_no_pair);
    tcase_add_test(all, senseless_outlines_are_refused);
    tcase_add_test(all, texts_are_cleaned);
    tcase_add_test(all, axes_have_round_numbers);
    tcase_add_test(all, fonts_have_every_printable_character);
    return run_cases(all);
}
