/* The picture in a terminal. With colours a character is two cells, one above the other, on white paper; without, or
 * where colours would come back, a character is one cell and a letter says which term; a single term without colours is
 * braille, eight cells a character. Panels stand beside each other as far as the width allows. */
#include "picture/palette.h"
#include "picture/picture.h"
#include "picture/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    NARROWEST = 24,
    WIDEST = 500,
    NARROWEST_PANEL = 30,
    LARGEST_CELL = 4,
    FEWEST_ROWS = 8,
    NO_TERM = -1,
    SEVERAL = -2,
    REST = -3 /* in the union, but in no term */
};

typedef enum style { HALF_BLOCKS, LETTERS, BRAILLE } style;

typedef struct screen {
    const picture *image; /* cut down to what there is room for */
    const picture_terminal *terminal;
    FILE *out;
    style style;
    int dots_wide, dots_high; /* a character shows */
    int scale_x, scale_y;     /* dots a cell is wide and high */
    int across;               /* panels beside each other */
    int width, height;        /* of a panel's cells, in characters */
    int margin;               /* for the numbers on the left */
} screen;

/* ---- how large ---------------------------------------------------------------------------------------------- */

static int least(int a, int b) { return a < b ? a : b; }

static int page_width(const screen *s) {
    return s->terminal->width < NARROWEST ? NARROWEST : least(s->terminal->width, WIDEST);
}

static style choose_style(const picture *image, const picture_terminal *terminal) {
    bool colored = terminal->colors != PICTURE_PLAIN;
    if (colored && terminal->utf8 && image->term_count <= PALETTE_HUES) return HALF_BLOCKS;
    return !colored && terminal->utf8 && image->term_count <= 1 ? BRAILLE : LETTERS;
}

static int quotient_up(int a, int b) { return (a + b - 1) / b; }

/* Letters are twice as high as wide: a cell is two of them where there is room, else one that is twice as many queries
 * high. Cells are merged by whole numbers, so that they stay equally large. */
static picture *fit(screen *s, const picture *image, int room) {
    bool letters = s->style == LETTERS;
    int wide = letters && 2 * image->columns <= room ? 2 : 1, taller = letters && wide == 1 ? 2 : 1;
    int most_columns = room * s->dots_wide / wide, most_rows = room / 2 * s->dots_high;
    int merged = quotient_up(image->columns, most_columns);
    while (quotient_up(image->rows, merged * taller) > most_rows) merged++;
    int rows = quotient_up(image->rows, merged * taller), columns = quotient_up(image->columns, merged);
    if (rows < FEWEST_ROWS) rows = least(image->rows, FEWEST_ROWS);
    picture *small = picture_shrink(image, rows, columns);
    if (!small) return NULL;
    s->scale_y = least(LARGEST_CELL, least(most_columns / columns, most_rows / rows));
    if (s->scale_y < 1 || merged > 1 || taller > 1) s->scale_y = 1;
    s->scale_x = s->scale_y * wide;
    s->width = quotient_up(columns * s->scale_x, s->dots_wide);
    s->height = quotient_up(rows * s->scale_y, s->dots_high);
    return small;
}

static int digits(int64_t value) { return snprintf(NULL, 0, "%" PRId64, value); }

static picture *prepare(screen *s, const picture *image) {
    s->style = choose_style(image, s->terminal);
    s->dots_wide = s->style == BRAILLE ? 2 : 1;
    s->dots_high = s->style == BRAILLE ? 4 : s->style == HALF_BLOCKS ? 2 : 1;
    s->margin = digits(image->queries) + 1;
    int room = page_width(s) - s->margin, most = room / (NARROWEST_PANEL + 3);
    s->across = least(image->panel_count, most < 1 ? 1 : most);
    return fit(s, image, s->across > 1 ? (room - 3 * s->across) / s->across : room - 2);
}

/* ---- cells -------------------------------------------------------------------------------------------------- */

/* Which term a dot shows: a number, NO_TERM, SEVERAL or REST; and how strongly. Dots beyond the last cell are like
 * empty ones. */
static int term_at(const screen *s, int panel, int x, int y, uint8_t *level) {
    const picture *image = s->image;
    int row = y / s->scale_y, column = x / s->scale_x, term = NO_TERM;
    *level = 0;
    if (row >= image->rows || column >= image->columns) return NO_TERM;
    const uint8_t *levels = picture_cell(image, panel, row, column);
    *level = levels[0];
    for (int t = 0; t < image->term_count; t++)
        if (levels[1 + t]) term = term == NO_TERM ? t : SEVERAL;
    return term == NO_TERM && levels[0] && image->term_count ? REST : term;
}

static color color_of(int term, uint8_t level) {
    color hue = term >= 0 ? palette_hue(term) : term == REST ? palette_rest() : palette_several();
    return palette_mix(hue, palette_paper(), palette_strength(level));
}

static void set_color(const screen *s, bool behind, color wanted) {
    int kind = behind ? 48 : 38;
    if (s->terminal->colors == PICTURE_TRUE_COLORS)
        fprintf(s->out, "\033[%d;2;%d;%d;%dm", kind, wanted.red, wanted.green, wanted.blue);
    else
        fprintf(s->out, "\033[%d;5;%dm", kind, palette_256(wanted));
}

static void reset(const screen *s) {
    if (s->terminal->colors != PICTURE_PLAIN) fputs("\033[0m", s->out);
}

static char letter_of(const screen *s, int term, uint8_t level) {
    if (level == 0) return s->terminal->colors == PICTURE_PLAIN ? '.' : ' ';
    bool dense = picture_level_is_dense(level);
    if (term == SEVERAL) return dense ? '#' : '*';
    if (term == REST) return dense ? '=' : '-';
    return (char)((dense ? 'A' : 'a') + (term < 0 ? 'x' - 'a' : term));
}

static void put_point(FILE *out, uint32_t point) {
    char bytes[5] = {0};
    text_put(bytes, point);
    fputs(bytes, out);
}

static bool same_color(color a, color b) { return a.red == b.red && a.green == b.green && a.blue == b.blue; }

static void half_block_line(const screen *s, int panel, int line) {
    color front = {1, 2, 3}, back = {1, 2, 3}; /* no colour of ours, so that the first character sets both */
    for (int x = 0; x < s->width; x++) {
        uint8_t upper, lower;
        int above = term_at(s, panel, x, 2 * line, &upper), below = term_at(s, panel, x, 2 * line + 1, &lower);
        color top = color_of(above, upper), bottom = color_of(below, lower);
        if (!same_color(top, front)) set_color(s, false, top);
        if (!same_color(bottom, back)) set_color(s, true, bottom);
        front = top;
        back = bottom;
        put_point(s->out, 0x2580);
    }
    reset(s);
}

static void letter_line(const screen *s, int panel, int line) {
    bool colored = s->terminal->colors != PICTURE_PLAIN;
    for (int x = 0; x < s->width; x++) {
        uint8_t level;
        int term = term_at(s, panel, x, line, &level);
        if (colored) {
            set_color(s, true, color_of(term, level));
            set_color(s, false, term == SEVERAL ? palette_paper() : (color){0, 0, 0});
        }
        fputc(letter_of(s, term, level), s->out);
    }
    reset(s);
}

/* Unicode numbers the dots of a character 1 2 3 7 down the left and 4 5 6 8 down the right. */
static void braille_line(const screen *s, int panel, int line) {
    static const uint8_t bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    for (int x = 0; x < s->width; x++) {
        uint32_t dots = 0x2800;
        for (int down = 0; down < 4; down++)
            for (int right = 0; right < 2; right++) {
                uint8_t level;
                term_at(s, panel, 2 * x + right, 4 * line + down, &level);
                if (level) dots |= bits[down][right];
            }
        put_point(s->out, dots);
    }
}

static void cell_line(const screen *s, int panel, int line) {
    if (s->style == HALF_BLOCKS)
        half_block_line(s, panel, line);
    else if (s->style == LETTERS)
        letter_line(s, panel, line);
    else
        braille_line(s, panel, line);
}

/* ---- texts -------------------------------------------------------------------------------------------------- */

static void spaces(const screen *s, int count) {
    if (count > 0) fprintf(s->out, "%*s", count, "");
}

/* At most `room` characters of a text, cut with dots; their number. Outside ASCII it is spelt if the terminal can. */
static int put_text(const screen *s, const char *text, int room) {
    int length = 0, written = 0;
    for (const char *at = text; text_next(&at) != 0;) length++;
    int whole = length <= room ? length : room - (s->terminal->utf8 ? 1 : 3);
    for (uint32_t point; written < whole && (point = text_next(&text)) != 0; written++)
        put_point(s->out, point < 0x80 || s->terminal->utf8 ? point : '?');
    if (length <= room) return written;
    fputs(s->terminal->utf8 ? "…" : "...", s->out);
    return room;
}

static const char *word(const screen *s, const char *rich, const char *ascii) {
    return s->terminal->utf8 ? rich : ascii;
}

static void put_line(const screen *s, const char *text, int indent) {
    put_text(s, text, page_width(s) - indent);
    fputc('\n', s->out);
}

static void put_heading(const screen *s, const picture *whole) {
    if (whole->title[0]) put_line(s, whole->title, 0);
    char facts[160];
    picture_describe(s->image, word(s, "×", "x"), word(s, " ·", ","), facts, sizeof facts);
    put_line(s, facts, 0);
}

/* "0        keys        4096" over each panel of a row of them. */
static void put_key_axis(const screen *s, int count) {
    spaces(s, s->margin);
    for (int i = 0; i < count; i++) {
        int end = digits(s->image->keys), middle = s->width - 1 - end;
        if (s->width > end + 8)
            fprintf(s->out, " 0%*s%*s%" PRId64 " ", (middle + 4) / 2, "keys", middle - (middle + 4) / 2, "",
                    s->image->keys);
        else
            fprintf(s->out, " %-*s ", s->width, "0");
        if (i + 1 < count) spaces(s, 1);
    }
    fputc('\n', s->out);
}

static void put_titles(const screen *s, int first, int count) {
    bool any = false;
    for (int i = 0; i < count; i++) any = any || s->image->panels[first + i][0];
    if (!any) return;
    spaces(s, s->margin);
    for (int i = 0; i < count; i++) {
        spaces(s, 1);
        int written = put_text(s, s->image->panels[first + i], s->width);
        if (i + 1 < count) spaces(s, s->width + 2 - written);
    }
    fputc('\n', s->out);
}

/* The number of a line's first query, at the first line, the middle and the last, which shows the length. */
static void put_query_number(const screen *s, int line) {
    int64_t query = (int64_t)line * s->dots_high / s->scale_y;
    query = query < s->image->rows ? picture_begin((int)query, s->image->rows, s->image->queries) : s->image->queries;
    bool last = line == s->height - 1 && s->height > 1;
    if (line == 0 || last || (line == s->height / 2 && s->height > 4))
        fprintf(s->out, "%*" PRId64 " ", s->margin - 1, last ? s->image->queries : query);
    else
        spaces(s, s->margin);
}

static void put_panels(const screen *s, int first, int count) {
    const char *edge = s->style == HALF_BLOCKS ? " " : word(s, "│", "|");
    put_titles(s, first, count);
    put_key_axis(s, count);
    for (int line = 0; line < s->height; line++) {
        put_query_number(s, line);
        for (int i = 0; i < count; i++) {
            fputs(edge, s->out);
            cell_line(s, first + i, line);
            fputs(edge, s->out);
            if (i + 1 < count) spaces(s, 1);
        }
        fputc('\n', s->out);
    }
}

/* ---- legend ------------------------------------------------------------------------------------------------- */

static void put_sample(const screen *s, int term) {
    char letter = letter_of(s, term, 255);
    if (s->terminal->colors != PICTURE_PLAIN) {
        set_color(s, true, color_of(term, 255));
        set_color(s, false, term == SEVERAL ? palette_paper() : (color){0, 0, 0});
        fprintf(s->out, " %c", s->style == LETTERS ? letter : ' ');
        fputc(' ', s->out);
        reset(s);
        fputc(' ', s->out);
    } else if (s->style == LETTERS) {
        fprintf(s->out, "  %c ", letter);
    } else {
        fputs("  ", s->out);
    }
}

static void put_entry(const screen *s, int term, const char *name) {
    put_sample(s, term);
    put_line(s, name, 4);
}

static bool has_several(const screen *s) {
    uint8_t level;
    for (int panel = 0; panel < s->image->panel_count; panel++)
        for (int row = 0; row < s->image->rows; row++)
            for (int column = 0; column < s->image->columns; column++)
                if (term_at(s, panel, column * s->scale_x, row * s->scale_y, &level) == SEVERAL) return true;
    return false;
}

static void put_legend(const screen *s) {
    for (int term = 0; term < s->image->term_count; term++) put_entry(s, term, s->image->terms[term]);
    if (s->image->rest[0]) put_entry(s, REST, s->image->rest);
    if (has_several(s)) put_entry(s, SEVERAL, "several terms");
    bool partial = s->image->rows < s->image->queries || s->image->columns < s->image->keys;
    if (!partial || s->style == BRAILLE) return;
    if (s->style == LETTERS)
        put_line(s,
                 s->image->rest[0] ? "small letters, - and *: less than half of the cell's pairs"
                                   : "small letters and *: less than half of the cell's pairs",
                 0);
    else
        put_line(s, "paler: fewer of the cell's pairs", 0);
}

bool picture_write_terminal(const picture *image, const picture_terminal *terminal, FILE *out) {
    screen s = {.terminal = terminal, .out = out};
    picture *small = prepare(&s, image);
    if (!small) return false;
    s.image = small;
    put_heading(&s, image);
    for (int panel = 0; panel < small->panel_count; panel += s.across)
        put_panels(&s, panel, least(s.across, small->panel_count - panel));
    put_legend(&s);
    picture_destroy(small);
    return fflush(out) == 0 && !ferror(out);
}
