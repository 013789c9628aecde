/* Terminals: no escape without colours, ASCII when asked, no line too wide, lone pairs seen in every style. */
#include "cases.h"
#include "picture/text.h"

#include <stdlib.h>
#include <string.h>

static const picture_terminal *current;
static bool write_current(const picture *image, FILE *out) { return picture_write_terminal(image, current, out); }

static char *drawn(const picture *image, const picture_terminal *terminal) {
    size_t size;
    current = terminal;
    char *text = written(write_current, image, &size);
    ck_assert_uint_eq(strlen(text), size);
    return text;
}

static const picture_terminal terminals[] = {
    {80, PICTURE_PLAIN, false},      {80, PICTURE_PLAIN, true},        {80, PICTURE_256_COLORS, true},
    {80, PICTURE_TRUE_COLORS, true}, {80, PICTURE_TRUE_COLORS, false}, {24, PICTURE_PLAIN, true},
    {24, PICTURE_TRUE_COLORS, true}, {200, PICTURE_PLAIN, false},      {200, PICTURE_256_COLORS, true},
    {0, PICTURE_PLAIN, true},        {100000, PICTURE_PLAIN, true},    {33, PICTURE_256_COLORS, false}};
enum { TERMINAL_COUNT = sizeof terminals / sizeof *terminals };

/* Escapes are ours alone and closed at the end of each line; lines are as wide as allowed. Says what is wrong, or NULL.
 */
static const char *fault(const char *text, const picture_terminal *terminal) {
    int width = 0, allowed = terminal->width < 24 ? 24 : terminal->width;
    bool colored = false;
    if (*text && text[strlen(text) - 1] != '\n') return "the last line does not end";
    for (uint32_t point; (point = text_next(&text)) != 0;) {
        if (!terminal->utf8 && point >= 0x80) return "not ASCII";
        if (point == '\n') {
            if (colored) return "a line ends in a colour";
            width = 0;
        } else if (point == '\033') {
            if (terminal->colors == PICTURE_PLAIN) return "an escape";
            size_t length = 1 + strspn(text + 1, "0123456789;");
            if (text[0] != '[' || text[length] != 'm') return "an escape that sets no colour";
            colored = strncmp(text, "[0m", 3) != 0;
            text += length + 1;
        } else {
            if (point < 0x20) return "a control character";
            if (++width > allowed) return "a line is too wide";
        }
    }
    return NULL;
}

static void check_text(const char *text, const picture_terminal *terminal) {
    const char *wrong = fault(text, terminal);
    ck_assert_msg(!wrong, "%s, at width %d:\n%.3000s", wrong, terminal->width, text);
}

START_TEST(checker_can_fail) {
    ck_assert_str_eq(fault("\033[0m\n", &terminals[0]), "an escape");
    ck_assert_str_eq(fault("\033[1mx\n", &terminals[3]), "a line ends in a colour");
    ck_assert_str_eq(fault("\033[2J\n", &terminals[3]), "an escape that sets no colour");
    ck_assert_str_eq(fault("\u2588\n", &terminals[0]), "not ASCII");
    ck_assert_str_eq(fault("1234567890123456789012345\n", &terminals[5]), "a line is too wide");
}
END_TEST

START_TEST(gallery_is_drawn) {
    picture *image = gallery_picture(_i);
    for (int t = 0; t < TERMINAL_COUNT; t++) {
        char *text = drawn(image, &terminals[t]);
        check_text(text, &terminals[t]);
        if (terminals[t].width >= 80 && terminals[t].utf8)
            for (int term = 0; term < image->term_count; term++)
                ck_assert_ptr_nonnull(strstr(text, image->terms[term]));
        free(text);
    }
    picture_destroy(image);
}
END_TEST

START_TEST(edges_are_drawn) {
    picture *image = edge_picture(_i);
    for (int t = 0; t < TERMINAL_COUNT; t++) {
        char *text = drawn(image, &terminals[t]);
        check_text(text, &terminals[t]);
        free(text);
    }
    picture_destroy(image);
}
END_TEST

/* The picture with the pair differs from the one without in exactly one character of its cells (colours: in one cell).
 */
START_TEST(lone_pair_is_seen) {
    picture *image = gallery_lone_pair(lone_pairs[_i][0], lone_pairs[_i][1]);
    picture *empty = gallery_lone_pair(lone_pairs[_i][0], lone_pairs[_i][1]);
    memset(empty->levels, 0, 512 * 512 * 3);
    for (int t = 0; t < TERMINAL_COUNT; t++) {
        char *with = drawn(image, &terminals[t]), *without = drawn(empty, &terminals[t]);
        ck_assert_str_ne(with, without);
        if (terminals[t].colors == PICTURE_PLAIN) {
            ck_assert_uint_eq(strlen(with), strlen(without));
            int changed = 0;
            for (size_t i = 0; with[i]; i++)
                if (with[i] != without[i]) {
                    changed++;
                    ck_assert(with[i] == 'b' && without[i] == '.');
                }
            ck_assert_int_eq(changed, 1);
        }
        free(with);
        free(without);
    }
    picture_destroy(image);
    picture_destroy(empty);
}
END_TEST

START_TEST(lone_pair_is_seen_in_braille) {
    static const char *const names[] = {"given(x)"};
    picture_outline outline = {NULL, 1 << 20, 1 << 20, 512, 512, 1, 1, names, NULL, NULL};
    picture *image = picture_create(&outline);
    picture_set(image, 0, 0, (int)(lone_pairs[_i][0] / 2048), (int)(lone_pairs[_i][1] / 2048), 1e-12);
    char *text = drawn(image, &terminals[1]);
    int dots = 0;
    const char *at = text;
    for (uint32_t point; (point = text_next(&at)) != 0;)
        if (point > 0x2800 && point < 0x2900)
            for (uint32_t bits = point - 0x2800; bits; bits &= bits - 1) dots++;
    ck_assert_int_eq(dots, 1);
    free(text);
    picture_destroy(image);
}
END_TEST

/* What a small picture looks like, to the letter. */
START_TEST(letters_are_as_expected) {
    static const char *const names[] = {"past(2)", "cols(0..1)"}, *const titles[] = {"head 0"};
    picture_outline outline = {"sinks", 5, 5, 5, 5, 2, 1, names, titles, NULL};
    picture *image = picture_create(&outline);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j <= i; j++) {
            if (i - j < 2) picture_set(image, 0, 0, i, j, 1);
            if (j < 1) picture_set(image, 0, 1, i, j, 1);
        }
    picture_terminal terminal = {24, PICTURE_PLAIN, false};
    char *text = drawn(image, &terminal);
    ck_assert_str_eq(text, "sinks\n"
                           "5 queries x 5 keys, a...\n"
                           "   head 0\n"
                           "   0       keys       5 \n"
                           "0 |####................|\n"
                           "  |####................|\n"
                           "  |####AAAA............|\n"
                           "  |####AAAA............|\n"
                           "  |BBBBAAAAAAAA........|\n"
                           "2 |BBBBAAAAAAAA........|\n"
                           "  |BBBB....AAAAAAAA....|\n"
                           "  |BBBB....AAAAAAAA....|\n"
                           "  |BBBB........AAAAAAAA|\n"
                           "5 |BBBB........AAAAAAAA|\n"
                           "  A past(2)\n"
                           "  B cols(0..1)\n"
                           "  # several terms\n");
    free(text);
    picture_destroy(image);
}
END_TEST

/* What is in the union and in no term has a sign of its own, and the legend names it. */
START_TEST(the_rest_is_told_apart) {
    static const char *const terms[] = {"only here", "only there"};
    picture_outline outline = {.title = "",
                               .queries = 4,
                               .keys = 4,
                               .rows = 2,
                               .columns = 2,
                               .term_count = 2,
                               .panel_count = 1,
                               .terms = terms,
                               .rest = "in both"};
    picture *image = picture_create(&outline);
    ck_assert_ptr_nonnull(image);
    picture_set(image, 0, PICTURE_UNION, 0, 0, 1);
    picture_set(image, 0, PICTURE_UNION, 1, 0, 0.25);
    picture_set(image, 0, 1, 1, 1, 1);
    picture_terminal terminal = {.width = 24, .utf8 = false};
    char *text = drawn(image, &terminal);
    ck_assert_ptr_nonnull(strstr(text, "|========........|\n"));
    ck_assert_ptr_nonnull(strstr(text, "|--------BBBBBBBB|\n"));
    ck_assert_ptr_nonnull(strstr(text, "  A only here\n  B only there\n  = in both\n"));
    free(text);
    picture_destroy(image);
}
END_TEST

START_TEST(failures_are_survived) {
    current = &terminals[_i];
    fail_every_allocation(write_current);
    fail_to_write(write_current);
}
END_TEST

int main(void) {
    TCase *all = tcase_create("terminal");
    tcase_add_test(all, the_rest_is_told_apart);
    tcase_add_test(all, checker_can_fail);
    tcase_add_loop_test(all, gallery_is_drawn, 0, GALLERY_COUNT);
    tcase_add_loop_test(all, edges_are_drawn, 0, EDGE_COUNT);
    tcase_add_loop_test(all, lone_pair_is_seen, 0, LONE_COUNT);
    tcase_add_loop_test(all, lone_pair_is_seen_in_braille, 0, LONE_COUNT);
    tcase_add_test(all, letters_are_as_expected);
    tcase_add_loop_test(all, failures_are_survived, 0, 4);
    return run_cases(all);
}
