/* SVG: the same page as the PNG, as text. A panel is drawn term by term; cells of a term that look the same and touch
 * are merged to boxes, and boxes that look the same are one path, so that files stay small. Density is opacity on
 * white. */
#include "picture/figure.h"

#include <stdlib.h>
#include <string.h>

enum { SHADES = 16 };

/* How the cells of one term look: it is the index-th of count terms there, in wide stripes or narrow ones, at a shade.
 */
typedef struct look {
    int index, count, wide, shade;
} look;

typedef struct box {
    uint32_t key; /* a packed look, never 0 */
    int x, y, width, height;
} box;

typedef struct svg {
    FILE *out;
    bool failed, has_terms;
    bool defined[PICTURE_TERMS][PICTURE_TERMS][PICTURE_TERMS + 1][2]; /* patterns written: term, index, count, wide */
} svg;

static uint32_t pack(look l) {
    return (uint32_t)(((l.count * 2 + l.wide) * PICTURE_TERMS + l.index) * SHADES + l.shade);
}

static look unpack(uint32_t key) {
    int rest = (int)key / SHADES;
    return (look){.shade = (int)key % SHADES,
                  .index = rest % PICTURE_TERMS,
                  .wide = rest / PICTURE_TERMS % 2,
                  .count = rest / PICTURE_TERMS / 2};
}

/* ---- texts and boxes ---------------------------------------------------------------------------------------- */

static void write_escaped(FILE *out, const char *text) {
    for (; *text; text++) {
        const char *entity = *text == '&'   ? "&amp;"
                             : *text == '<' ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '"' ? "&quot;"
                                            : NULL;
        if (entity)
            fputs(entity, out);
        else
            fputc(*text, out);
    }
}

static void draw_box(void *user, int x, int y, int width, int height, color ink) {
    svg *s = user;
    fprintf(s->out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%02x%02x%02x\"/>\n", x, y, width,
            height, ink.red, ink.green, ink.blue);
}

static void draw_text(void *user, const figure_text *text) {
    static const char *const anchors[] = {"start", "middle", "end"};
    svg *s = user;
    if (!text->words[0]) return;
    fprintf(s->out, "<text font-size=\"%.1f\" fill=\"#%02x%02x%02x\" text-anchor=\"%s\"", 13 * text->unit,
            text->ink.red, text->ink.green, text->ink.blue, anchors[text->anchor]);
    if (text->turned)
        fprintf(s->out, " transform=\"translate(%.1f %.1f) rotate(-90)\">", text->x, text->baseline);
    else
        fprintf(s->out, " x=\"%.1f\" y=\"%.1f\">", text->x, text->baseline);
    write_escaped(s->out, text->words);
    fputs("</text>\n", s->out);
}

static void draw_stroke(void *user, const segment *line, double radius, color ink) {
    svg *s = user;
    fprintf(s->out,
            "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"#%02x%02x%02x\" stroke-width=\"%.1f\" "
            "stroke-linecap=\"round\"/>\n",
            line->x0, line->y0, line->x1, line->y1, ink.red, ink.green, ink.blue, 2 * radius);
}

/* ---- fills -------------------------------------------------------------------------------------------------- */

static color flat_hue(int term) { /* in stripes there is no room for a texture: the later terms are paler */
    return palette_mix(palette_hue(term), palette_paper(), 1 - 0.3 * (term / PALETTE_HUES));
}

static void write_texture(svg *s, int term, color hue) {
    fprintf(s->out,
            "<pattern id=\"t%d-0-1-0\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\"%s>"
            "<rect width=\"4\" height=\"4\" fill=\"#%02x%02x%02x\" fill-opacity=\"%s\"/>"
            "<rect width=\"%d\" height=\"2.5\" fill=\"#%02x%02x%02x\"/></pattern>\n",
            term, term / PALETTE_HUES == 1 ? " patternTransform=\"rotate(45)\"" : "", hue.red, hue.green, hue.blue,
            ".4", term / PALETTE_HUES == 1 ? 4 : 2, hue.red, hue.green, hue.blue);
}

static void write_stripe(svg *s, int term, look l) {
    double width = l.wide ? 3 : 1;
    color hue = flat_hue(term);
    fprintf(s->out,
            "<pattern id=\"t%d-%d-%d-%d\" width=\"%.1f\" height=\"8\" patternUnits=\"userSpaceOnUse\" "
            "patternTransform=\"rotate(45)\"><rect x=\"%.1f\" width=\"%.1f\" height=\"8\" "
            "fill=\"#%02x%02x%02x\"/></pattern>\n",
            term, l.index, l.count, l.wide, width * l.count, width * l.index, width, hue.red, hue.green, hue.blue);
}

static bool is_pattern(int term, look l) { return l.count > 1 || (term >= PALETTE_HUES && l.count == 1); }

static void define(svg *s, int term, look l) {
    if (!is_pattern(term, l) || s->defined[term][l.index][l.count][l.wide]) return;
    s->defined[term][l.index][l.count][l.wide] = true;
    if (l.count > 1)
        write_stripe(s, term, l);
    else
        write_texture(s, term, palette_hue(term));
}

static void begin_path(svg *s, int term, look l) {
    color hue = l.count ? palette_hue(term) : s->has_terms ? palette_rest() : palette_several();
    if (is_pattern(term, l))
        fprintf(s->out, "<path fill=\"url(#t%d-%d-%d-%d)\"", term, l.index, l.count, l.wide);
    else
        fprintf(s->out, "<path fill=\"#%02x%02x%02x\"", hue.red, hue.green, hue.blue);
    double strength = palette_strength((uint8_t)((l.shade + 1) * 255 / SHADES));
    if (strength < 1) fprintf(s->out, " fill-opacity=\"%.2f\"", strength);
    fputs(" d=\"", s->out);
}

static void write_box(svg *s, const box *b) {
    fprintf(s->out, "M%d %dh%dv%dh-%dz", b->x, b->y, b->width, b->height, b->width);
}

/* ---- cells -------------------------------------------------------------------------------------------------- */

static int shade_of(uint8_t level) { return (level - 1) * SHADES / 255; }

/* The key of a cell for one of its terms, or for the union (term -1) where it has pairs but no term; 0: not drawn. */
static uint32_t key_of(int term_count, const uint8_t *levels, int term, bool wide) {
    int terms[PICTURE_TERMS], count = figure_terms(term_count, levels, terms), index = 0;
    if (term < 0) return count == 0 && levels[0] ? pack((look){.shade = shade_of(levels[0]), .wide = 1}) : 0;
    if (!levels[1 + term]) return 0;
    while (terms[index] != term) index++;
    return pack((look){index, count, wide && count > 1, shade_of(levels[1 + term])});
}

static void draw_cell(void *user, int x, int y, int width, int height, int term_count, const uint8_t *levels) {
    svg *s = user;
    s->has_terms = term_count > 0;
    for (int term = -1; term < term_count; term++) {
        uint32_t key = key_of(term_count, levels, term, true);
        if (!key) continue;
        if (term >= 0) define(s, term, unpack(key));
        begin_path(s, term, unpack(key));
        write_box(s, &(box){key, x, y, width, height});
        fputs("\"/>\n", s->out);
    }
}

/* Greedy: a run to the right, then down as long as the same run is below. Clears what it takes from `keys`. */
static box take_box(uint32_t *keys, int rows, int columns, int row, int column) {
    uint32_t *first = keys + (size_t)row * (size_t)columns + column;
    box b = {*first, column, row, 1, 1};
    while (column + b.width < columns && first[b.width] == b.key) b.width++;
    for (bool same = true; same && row + b.height < rows;) {
        const uint32_t *below = first + (size_t)b.height * (size_t)columns;
        for (int i = 0; i < b.width; i++) same = same && below[i] == b.key;
        b.height += same;
    }
    for (int down = 0; down < b.height; down++)
        memset(first + (size_t)down * (size_t)columns, 0, (size_t)b.width * sizeof *first);
    return b;
}

static int by_key(const void *a, const void *b) {
    const box *left = a, *right = b;
    if (left->key != right->key) return left->key < right->key ? -1 : 1;
    if (left->y != right->y) return left->y < right->y ? -1 : 1;
    return (left->x > right->x) - (left->x < right->x);
}

static size_t collect_boxes(const picture *image, int panel, int term, bool wide, uint32_t *keys, box *boxes) {
    size_t count = 0;
    for (int row = 0; row < image->rows; row++)
        for (int column = 0; column < image->columns; column++)
            keys[(size_t)row * (size_t)image->columns + column] =
                key_of(image->term_count, picture_cell(image, panel, row, column), term,
                       wide || figure_is_inside(image, panel, row, column));
    for (int row = 0; row < image->rows; row++)
        for (int column = 0; column < image->columns; column++)
            if (keys[(size_t)row * (size_t)image->columns + column])
                boxes[count++] = take_box(keys, image->rows, image->columns, row, column);
    qsort(boxes, count, sizeof *boxes, by_key);
    return count;
}

static void draw_term(svg *s, int term, const box *boxes, size_t count, int x, int y, int width, int height) {
    for (size_t i = 0; i < count; i++)
        if (term >= 0) define(s, term, unpack(boxes[i].key));
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || boxes[i].key != boxes[i - 1].key) begin_path(s, term, unpack(boxes[i].key));
        write_box(s, &(box){0, x + boxes[i].x * width, y + boxes[i].y * height, boxes[i].width * width,
                            boxes[i].height * height});
        if (i + 1 == count || boxes[i].key != boxes[i + 1].key) fputs("\"/>\n", s->out);
    }
}

static void draw_gaps(svg *s, const picture *image, int x, int y, int width, int height) {
    fputs("<path fill=\"#ffffff\" d=\"", s->out);
    for (int row = 1; row < image->rows; row++)
        write_box(s, &(box){0, x, y + row * height - 1, image->columns * width, 1});
    for (int column = 1; column < image->columns; column++)
        write_box(s, &(box){0, x + column * width - 1, y, 1, image->rows * height});
    fputs("\"/>\n", s->out);
}

static void draw_panel(void *user, const picture *image, int panel, int x, int y, int width, int height) {
    svg *s = user;
    size_t cells = (size_t)image->rows * (size_t)image->columns;
    uint32_t *keys = malloc(cells * sizeof *keys);
    box *boxes = malloc(cells * sizeof *boxes);
    s->failed = s->failed || !keys || !boxes;
    s->has_terms = image->term_count > 0;
    fputs("<g shape-rendering=\"crispEdges\">\n", s->out);
    for (int term = -1; !s->failed && term < image->term_count; term++) {
        size_t count =
            collect_boxes(image, panel, term, width >= FIGURE_GAP_FROM && height >= FIGURE_GAP_FROM, keys, boxes);
        draw_term(s, term, boxes, count, x, y, width, height);
    }
    if (width >= FIGURE_GAP_FROM && height >= FIGURE_GAP_FROM) draw_gaps(s, image, x, y, width, height);
    fputs("</g>\n", s->out);
    free(keys);
    free(boxes);
}

bool page_write_svg(const page *p, FILE *out) {
    svg *s = calloc(1, sizeof *s);
    if (!s) return false;
    s->out = out;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
            "font-family=\"Helvetica, Arial, sans-serif\">\n<title>",
            p->width, p->height, p->width, p->height);
    write_escaped(out, p->title);
    fputs("</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n", out);
    surface on = {s, draw_box, draw_text, draw_stroke, draw_cell, draw_panel};
    p->draw(p->content, &on);
    fputs("</svg>\n", out);
    bool fine = !s->failed && fflush(out) == 0 && !ferror(out);
    free(s);
    return fine;
}

bool picture_write_svg(const picture *image, FILE *out) {
    figure f;
    if (!figure_layout(&f, image)) return false;
    page p = figure_page(&f);
    bool fine = page_write_svg(&p, out);
    figure_free(&f);
    return fine;
}
