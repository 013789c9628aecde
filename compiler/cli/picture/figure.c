#include "picture/figure.h"
#include "picture/font.h"
#include "picture/text.h"

#include <inttypes.h>

enum {
    WIDEST = 1600,
    LARGEST = 1024, /* of a panel's side when its cells are many */
    LARGE = 720,    /* when they are few, or there are several panels */
    FEW = 360,
    SMALLEST = 96, /* however few its cells are */
    LARGEST_CELL = 48,
    MARGIN = 24,
    LINE = 20,
    TITLE = 32,
    BETWEEN = 28, /* panels, at least */
    TICK = 5,
    AXIS_WORD = 22, /* room for "keys" and "queries" */
    SWATCH = 14,
    ENTRY_GAP = 24,
    RAMP = 120
};

static const color INK = {0x22, 0x22, 0x22}, SOFT = {0x66, 0x66, 0x66};

int figure_terms(int term_count, const uint8_t *levels, int terms[PICTURE_TERMS]) {
    int count = 0;
    for (int t = 0; t < term_count; t++)
        if (levels[1 + t]) terms[count++] = t;
    return count;
}

static bool same_terms(const picture *image, int panel, int row, int column, const uint8_t *levels) {
    if (row < 0 || column < 0 || row >= image->rows || column >= image->columns) return true;
    const uint8_t *other = picture_cell(image, panel, row, column);
    for (int t = 1; t <= image->term_count; t++)
        if (!levels[t] != !other[t]) return false;
    return true;
}

bool figure_is_inside(const picture *image, int panel, int row, int column) {
    const uint8_t *levels = picture_cell(image, panel, row, column);
    return same_terms(image, panel, row - 1, column, levels) && same_terms(image, panel, row + 1, column, levels) &&
           same_terms(image, panel, row, column - 1, levels) && same_terms(image, panel, row, column + 1, levels);
}

/* ---- axes --------------------------------------------------------------------------------------------------- */

/* A cell that is one token and large enough is labelled in its middle; otherwise labels stand where positions begin,
 * and the length closes the axis. */
static bool labels_cells(int cells, int64_t length, int cell_size) {
    return cells == length && cell_size >= FIGURE_GAP_FROM;
}

static double axis_place(int cells, int64_t length, int cell_size, int64_t token) {
    double middle = labels_cells(cells, length, cell_size) ? 0.5 : 0;
    return ((double)token + middle) / (double)length * cells * cell_size;
}

static void number(char *text, size_t size, int64_t value) { snprintf(text, size, "%" PRId64, value); }

static int number_width(int64_t value) {
    char text[32];
    number(text, sizeof text, value);
    return (int)font_width(text, 1);
}

/* At most eight steps, as far apart as the longest label needs (labels beside an axis: as it is high). */
static int64_t axis_step(int cells, int64_t length, int cell_size, int label) {
    int room = cells * cell_size / (label + 24 > 64 ? label + 24 : 64);
    return text_axis_step(length, room < 8 ? room : 8);
}

/* ---- layout ------------------------------------------------------------------------------------------------- */

static int at_least(int a, int b) { return a > b ? a : b; }
static int at_most(int a, int b) { return a < b ? a : b; }

/* So that the number at one panel's end and the 0 of the next one stay apart. */
static int between_panels(const figure *f) { return at_least(BETWEEN, number_width(f->image->keys) / 2 + 16); }

static int room_across(const figure *f, int across) {
    return (WIDEST - MARGIN - f->left - (across - 1) * between_panels(f)) / across;
}

/* As many beside each other as make the whole about as wide as high, and never more than leave a panel readable. */
static int panels_across(const figure *f, const picture *image) {
    int across = 1;
    while (across < image->panel_count &&
           (double)across * across * image->columns < (double)image->panel_count * image->rows * 1.3 &&
           room_across(f, across + 1) >= 160)
        across++;
    int down = (image->panel_count + across - 1) / across;
    return down > 1 ? (image->panel_count + down - 1) / down : across; /* rows equally full */
}

static bool fit_cells(figure *f, const picture *image) {
    int longest = at_least(image->columns, image->rows);
    int room = at_most(room_across(f, f->across), f->across > 1 || longest <= FEW ? LARGE : LARGEST);
    if (longest > room) { /* by a whole number, so that cells stay equally large */
        int factor = (longest + room - 1) / room;
        f->shrunk = picture_shrink(image, (image->rows + factor - 1) / factor, (image->columns + factor - 1) / factor);
        if (!f->shrunk) return false;
        f->image = image = f->shrunk;
        longest = at_least(image->columns, image->rows);
    }
    int size = at_most(room / longest, LARGEST_CELL);
    f->cell_width = at_least(size, (SMALLEST + image->columns - 1) / image->columns);
    f->cell_height = at_least(size, (SMALLEST + image->rows - 1) / image->rows);
    return true;
}

static void look_at_cells(figure *f) {
    const picture *image = f->image;
    f->has_shares = image->rows < image->queries || image->columns < image->keys;
    int terms[PICTURE_TERMS];
    for (int panel = 0; panel < image->panel_count; panel++)
        for (int row = 0; row < image->rows; row++)
            for (int column = 0; column < image->columns; column++)
                if (figure_terms(image->term_count, picture_cell(image, panel, row, column), terms) > 1)
                    f->has_several = true;
}

/* ---- legend ------------------------------------------------------------------------------------------------- */

typedef struct legend {
    const figure *f;
    const surface *on; /* NULL: only measure */
    int x, y;
} legend;

static void place_entry(legend *l, int width) {
    if (l->x > MARGIN && l->x + width > l->f->width - MARGIN) {
        l->x = MARGIN;
        l->y += LINE + 4;
    }
}

static void write(const surface *on, figure_anchor anchor, double x, double baseline, color ink, const char *words) {
    on->text(on->user,
             &(figure_text){.x = x, .baseline = baseline, .unit = 1, .anchor = anchor, .ink = ink, .words = words});
}

static void add_entry(legend *l, const uint8_t *levels, const char *name) {
    char fitted[TEXT_BYTES];
    font_fit(name, 1, l->f->width - 2 * MARGIN - SWATCH - 8, fitted);
    int width = SWATCH + 8 + (int)font_width(fitted, 1);
    place_entry(l, width);
    if (l->on) {
        l->on->cell(l->on->user, l->x, l->y, SWATCH, SWATCH, l->f->image->term_count, levels);
        write(l->on, FIGURE_LEFT, l->x + SWATCH + 8, l->y + SWATCH - 3, INK, fitted);
    }
    l->x += width + ENTRY_GAP;
}

static void add_ramp(legend *l) {
    static const char *const from = "one pair of a cell", *const to = "all";
    int before = (int)font_width(from, 1) + 10, width = before + RAMP + 10 + (int)font_width(to, 1);
    place_entry(l, width);
    if (l->on) {
        write(l->on, FIGURE_RIGHT, l->x + before - 10, l->y + SWATCH - 3, INK, from);
        for (int i = 0; i < 12; i++) {
            color shade = palette_mix(palette_hue(0), palette_paper(), palette_strength((uint8_t)(1 + i * 254 / 11)));
            l->on->box(l->on->user, l->x + before + i * RAMP / 12, l->y, RAMP / 12, SWATCH, shade);
        }
        write(l->on, FIGURE_LEFT, l->x + before + RAMP + 10, l->y + SWATCH - 3, INK, to);
    }
    l->x += width + ENTRY_GAP;
}

static void run_legend(legend *l) {
    const picture *image = l->f->image;
    uint8_t levels[PICTURE_TERMS + 1] = {255};
    for (int t = 0; t < image->term_count; t++) {
        levels[1 + t] = 255;
        add_entry(l, levels, image->terms[t]);
        levels[1 + t] = 0;
    }
    if (image->rest[0]) add_entry(l, levels, image->rest);
    if (l->f->has_several) {
        levels[1] = levels[2] = 255;
        add_entry(l, levels, "several terms: stripes of their colours");
    }
    if (l->f->has_shares) add_ramp(l);
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

bool figure_layout(figure *f, const picture *image) {
    *f = (figure){.image = image, .across = 1};
    f->left = MARGIN + AXIS_WORD + number_width(image->queries) + TICK + 4;
    f->across = panels_across(f, image);
    if (!fit_cells(f, image)) return false;
    image = f->image;
    look_at_cells(f);
    bool named = false;
    for (int panel = 0; panel < image->panel_count; panel++) named = named || image->panels[panel][0];
    int wide = image->columns * f->cell_width, high = image->rows * f->cell_height;
    f->top = MARGIN + TITLE + LINE + 12 + (named ? LINE : 0);
    f->step_x = wide + between_panels(f);
    f->step_y = high + TICK + LINE + 16 + (named ? LINE : 0);
    int down = image->panel_count ? (image->panel_count + f->across - 1) / f->across : 1;
    f->legend = f->top + (down - 1) * f->step_y + high + TICK + LINE + AXIS_WORD + 14;
    char facts[160];
    picture_describe(image, "×", " ·", facts, sizeof facts);
    f->width = f->left + f->across * f->step_x - between_panels(f) + MARGIN + number_width(image->keys) / 2;
    f->width = at_least(f->width, 2 * MARGIN + (int)font_width(facts, 1));
    f->width = at_least(f->width, 2 * MARGIN + at_most((int)font_width(image->title, 1.5), 720));
    f->width = at_most(f->width, WIDEST);
    legend l = {.f = f, .x = MARGIN, .y = f->legend};
    run_legend(&l);
    f->height = (l.x > MARGIN ? l.y + SWATCH : f->legend - 14) + MARGIN;
    return true;
}

void figure_free(figure *f) { picture_destroy(f->shrunk); }

static void draw_key_axis(const figure *f, const surface *on, int x, int y, bool named) {
    const picture *image = f->image;
    int64_t step = axis_step(image->columns, image->keys, f->cell_width, number_width(image->keys));
    int64_t last = image->keys - labels_cells(image->columns, image->keys, f->cell_width);
    for (int64_t token = 0; token <= last; token += step) {
        char label[32];
        int at = x + (int)axis_place(image->columns, image->keys, f->cell_width, token);
        on->box(on->user, at, y + 1, 1, TICK, SOFT);
        number(label, sizeof label, token);
        write(on, FIGURE_MIDDLE, at, y + TICK + 15, INK, label);
    }
    if (named) write(on, FIGURE_MIDDLE, x + image->columns * f->cell_width / 2, y + TICK + LINE + 15, SOFT, "keys");
}

static void draw_query_axis(const figure *f, const surface *on, int x, int y, bool named) {
    const picture *image = f->image;
    int64_t step = axis_step(image->rows, image->queries, f->cell_height, 0);
    int64_t last = image->queries - labels_cells(image->rows, image->queries, f->cell_height);
    for (int64_t token = 0; token <= last; token += step) {
        char label[32];
        int at = y + (int)axis_place(image->rows, image->queries, f->cell_height, token);
        on->box(on->user, x - 1 - TICK, at, TICK, 1, SOFT);
        number(label, sizeof label, token);
        if (named) write(on, FIGURE_RIGHT, x - TICK - 4, at + 4, INK, label);
    }
    figure_text word = {.x = MARGIN + 10,
                        .baseline = y + image->rows * f->cell_height / 2,
                        .unit = 1,
                        .anchor = FIGURE_MIDDLE,
                        .turned = true,
                        .ink = SOFT,
                        .words = "queries"};
    if (named) on->text(on->user, &word);
}

static void draw_panel(const figure *f, const surface *on, int panel) {
    const picture *image = f->image;
    int x = f->left + panel % f->across * f->step_x, y = f->top + panel / f->across * f->step_y;
    int wide = image->columns * f->cell_width, high = image->rows * f->cell_height;
    on->box(on->user, x - 1, y - 1, wide + 2, high + 2, SOFT);
    on->box(on->user, x, y, wide, high, palette_paper());
    on->panel(on->user, image, panel, x, y, f->cell_width, f->cell_height);
    char fitted[TEXT_BYTES];
    font_fit(image->panels[panel], 1, wide, fitted);
    write(on, FIGURE_MIDDLE, x + wide / 2, y - 9, INK, fitted);
    draw_key_axis(f, on, x, y + high, panel + f->across >= image->panel_count);
    draw_query_axis(f, on, x, y, panel % f->across == 0);
}

static void draw(const void *content, const surface *on) {
    const figure *f = content;
    char text[TEXT_BYTES];
    font_fit(f->image->title, 1.5, f->width - 2 * MARGIN, text);
    on->text(on->user, &(figure_text){.x = MARGIN, .baseline = MARGIN + 16, .unit = 1.5, .ink = INK, .words = text});
    picture_describe(f->image, "×", " ·", text, sizeof text);
    write(on, FIGURE_LEFT, MARGIN, MARGIN + TITLE + 8, SOFT, text);
    for (int panel = 0; panel < f->image->panel_count; panel++) draw_panel(f, on, panel);
    legend l = {.f = f, .on = on, .x = MARGIN, .y = f->legend};
    run_legend(&l);
}

page figure_page(const figure *f) { return (page){f->width, f->height, f->image->title, draw, f}; }
