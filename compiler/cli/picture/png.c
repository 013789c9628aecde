/* PNG through libpng. Its errors end up here by longjmp and become `false`; it prints nothing. */
#include "picture/canvas.h"
#include "picture/figure.h"
#include "picture/font.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

/* ---- drawing ------------------------------------------------------------------------------------------------ */

static void draw_box(void *user, int x, int y, int width, int height, color ink) {
    canvas_box(user, x, y, width, height, ink);
}

static void draw_text(void *user, const figure_text *text) {
    double width = font_width(text->words, text->unit);
    double before = text->anchor == FIGURE_LEFT ? 0 : text->anchor == FIGURE_MIDDLE ? width / 2 : width;
    double x = (int)(text->x - (text->turned ? 0 : before)); /* on whole pixels letters are crisp */
    double baseline = (int)(text->baseline + (text->turned ? before : 0));
    font_draw(user, x, baseline, text->unit, text->turned, text->ink, text->words);
}

static void draw_stroke(void *user, const segment *line, double radius, color ink) {
    canvas_strokes(user, line, 1, radius, ink);
}

/* From the seventh term on hues come back: with lines down to the right, then with dots of paper. */
static double texture(int term, int x, int y) {
    int round = term / PALETTE_HUES;
    bool light = round == 1 ? (x + 4096 - y % 4096) % 3 == 0 : round == 2 && x % 3 == 0 && y % 3 == 0;
    return light ? 0.4 : 1;
}

static void draw_striped(canvas *sheet, int x, int y, int width, int height, int stripe, int term_count,
                         const uint8_t *levels) {
    if (!levels[0]) return;
    int terms[PICTURE_TERMS], count = figure_terms(term_count, levels, terms);
    int gap = width >= FIGURE_GAP_FROM && height >= FIGURE_GAP_FROM;
    for (int down = y; down < y + height - gap; down++)
        for (int across = x; across < x + width - gap; across++) {
            int term = count ? terms[(across + down) / stripe % count] : -1;
            double strength = palette_strength(levels[1 + term]);
            color hue = count ? palette_hue(term) : term_count ? palette_rest() : palette_several();
            if (count) strength *= texture(term, across, down);
            canvas_dot(sheet, across, down, palette_mix(hue, palette_paper(), strength));
        }
}

static void draw_cell(void *user, int x, int y, int width, int height, int term_count, const uint8_t *levels) {
    int size = width < height ? width : height;
    draw_striped(user, x, y, width, height, size < 8 ? 1 : size / 4, term_count, levels);
}

static void draw_panel(void *user, const picture *image, int panel, int x, int y, int width, int height) {
    int size = width < height ? width : height;
    for (int row = 0; row < image->rows; row++)
        for (int column = 0; column < image->columns; column++) {
            int stripe = size >= FIGURE_GAP_FROM                       ? (size < 12 ? 3 : size / 4)
                         : figure_is_inside(image, panel, row, column) ? 4
                                                                       : 1;
            draw_striped(user, x + column * width, y + row * height, width, height, stripe, image->term_count,
                         picture_cell(image, panel, row, column));
        }
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

typedef struct png_sink {
    FILE *out;
    jmp_buf fail;
} png_sink;

static void on_error(png_structp png, png_const_charp message) {
    (void)message;
    png_sink *sink = png_get_error_ptr(png);
    longjmp(sink->fail, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void on_bytes(png_structp png, png_bytep bytes, size_t size) {
    png_sink *sink = png_get_io_ptr(png);
    if (fwrite(bytes, 1, size, sink->out) != size) png_error(png, "write");
}

static void on_flush(png_structp png) { (void)png; }

static void encode(png_structp png, png_infop info, const canvas *sheet) {
    png_set_IHDR(png, info, (png_uint_32)sheet->width, (png_uint_32)sheet->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < sheet->height; y++) png_write_row(png, sheet->pixels + (size_t)y * (size_t)sheet->width * 3);
    png_write_end(png, info);
}

static bool write_canvas(const canvas *sheet, FILE *out) {
    png_sink sink = {.out = out};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    volatile bool fine = false;
    if (info && setjmp(sink.fail) == 0) {
        png_set_write_fn(png, &sink, on_bytes, on_flush);
        encode(png, info, sheet);
        fine = true;
    }
    if (png) png_destroy_write_struct(&png, &info);
    return fine && fflush(out) == 0;
}

bool page_write_png(const page *p, FILE *out) {
    canvas sheet;
    if (!canvas_create(&sheet, p->width, p->height, palette_paper())) return false;
    surface on = {&sheet, draw_box, draw_text, draw_stroke, draw_cell, draw_panel};
    p->draw(p->content, &on);
    bool fine = write_canvas(&sheet, out);
    canvas_free(&sheet);
    return fine;
}

bool picture_write_png(const picture *image, FILE *out) {
    figure f;
    if (!figure_layout(&f, image)) return false;
    page p = figure_page(&f);
    bool fine = page_write_png(&p, out);
    figure_free(&f);
    return fine;
}
