/* A chart is a page (picture/figure.h): title and facts, a frame with grid lines, lines with a mark at each point, and
 * the legend below. Axes are logarithmic, so a slope is the power with which time grows. */
#include "picture/chart.h"

#include <math.h>

#include "picture/figure.h"
#include "picture/font.h"
#include "picture/text.h"

enum {
    WIDTH = 960,
    MARGIN = 24,
    LEFT = 96, /* of the frame */
    TOP = 92,
    WIDE = WIDTH - LEFT - MARGIN,
    HIGH = 420,
    LEGEND = TOP + HIGH + 64,
    LINE = 24,
    SAMPLE = 44 /* of a line, in the legend */
};

static const color INK = {0x22, 0x22, 0x22}, SOFT = {0x66, 0x66, 0x66}, GRID = {0xdd, 0xdd, 0xdd};

/* A logarithmic axis, and where it lies in pixels. */
typedef struct axis {
    double least, most; /* logarithms */
    double from, to;
} axis;

static double place(const axis *a, double value) {
    return a->from + (log10(value) - a->least) / (a->most - a->least) * (a->to - a->from);
}

static bool is_drawn(const chart_point *p) {
    return p->length > 0 && p->seconds > 0 && isfinite(p->length) && isfinite(p->seconds);
}

static void include(axis *a, double value) {
    a->least = fmin(a->least, log10(value));
    a->most = fmax(a->most, log10(value));
}

/* Axes around all points, with room at their ends. */
static void find_axes(const chart *c, axis *lengths, axis *times) {
    *lengths = (axis){INFINITY, -INFINITY, LEFT, LEFT + WIDE};
    *times = (axis){INFINITY, -INFINITY, TOP + HIGH, TOP};
    for (int n = 0; n < c->line_count; n++)
        for (int at = 0; at < c->lines[n].count; at++) {
            const chart_point *p = &c->lines[n].points[at];
            if (!is_drawn(p)) continue;
            include(lengths, p->length);
            include(times, p->seconds);
        }
    if (lengths->most < lengths->least) *lengths = (axis){0, 0, LEFT, LEFT + WIDE};
    if (times->most < times->least) *times = (axis){-3, -3, TOP + HIGH, TOP};
    double room = 0.04 * (lengths->most - lengths->least) + 0.02;
    lengths->least -= room, lengths->most += room;
    room = 0.06 * (times->most - times->least) + 0.1;
    times->least -= room, times->most += room;
}

/* ---- axes --------------------------------------------------------------------------------------------------- */

static void write(const surface *on, figure_anchor anchor, double x, double baseline, color ink, const char *words) {
    on->text(on->user,
             &(figure_text){.x = x, .baseline = baseline, .unit = 1, .anchor = anchor, .ink = ink, .words = words});
}

/* Labels stand where lengths are, as far as there is room. */
static void draw_lengths(const chart *c, const axis *a, const surface *on) {
    double last = -INFINITY;
    for (int n = 0; c->line_count && n < c->lines[0].count; n++) {
        const chart_point *p = &c->lines[0].points[n];
        char label[32];
        snprintf(label, sizeof label, "%.0f", p->length);
        double x = place(a, p->length), half = font_width(label, 1) / 2 + 6;
        if (!is_drawn(p) || x - half < last) continue;
        last = x + half;
        on->box(on->user, (int)x, TOP, 1, HIGH, GRID);
        on->box(on->user, (int)x, TOP + HIGH, 1, 6, SOFT);
        write(on, FIGURE_MIDDLE, x, TOP + HIGH + 22, INK, label);
    }
    write(on, FIGURE_MIDDLE, LEFT + WIDE / 2, TOP + HIGH + 44, SOFT, "tokens");
}

static void draw_time(const axis *a, double seconds, const surface *on) {
    char label[32];
    if (seconds < 0.9) {
        snprintf(label, sizeof label, "%g ms", 1e3 * seconds);
    } else {
        snprintf(label, sizeof label, "%g s", seconds);
    }
    int y = (int)place(a, seconds);
    on->box(on->user, LEFT, y, WIDE, 1, GRID);
    on->box(on->user, LEFT - 6, y, 6, 1, SOFT);
    write(on, FIGURE_RIGHT, LEFT - 10, y + 4, INK, label);
}

/* Powers of ten, and twice and five times them where there are few. */
static void draw_times(const axis *a, const surface *on) {
    static const double factors[] = {1, 2, 5};
    int some = a->most - a->least < 2.5 ? 3 : 1;
    for (int power = (int)floor(a->least); power <= (int)ceil(a->most); power++)
        for (int n = 0; n < some; n++) {
            double seconds = factors[n] * pow(10, power);
            if (log10(seconds) > a->least && log10(seconds) < a->most) draw_time(a, seconds, on);
        }
    on->text(on->user, &(figure_text){.x = MARGIN + 10,
                                      .baseline = TOP + HIGH / 2,
                                      .unit = 1,
                                      .anchor = FIGURE_MIDDLE,
                                      .turned = true,
                                      .ink = SOFT,
                                      .words = "time of one run"});
}

static void draw_frame(const surface *on) {
    on->box(on->user, LEFT - 1, TOP - 1, WIDE + 2, 1, SOFT);
    on->box(on->user, LEFT - 1, TOP + HIGH, WIDE + 2, 1, SOFT);
    on->box(on->user, LEFT - 1, TOP, 1, HIGH, SOFT);
    on->box(on->user, LEFT + WIDE, TOP, 1, HIGH, SOFT);
}

/* ---- lines -------------------------------------------------------------------------------------------------- */

static void draw_stroke(double x0, double y0, double x1, double y1, bool dashed, color ink, const surface *on) {
    const double dash = 7, gap = 6, radius = 1.1;
    double length = hypot(x1 - x0, y1 - y0), step = dashed ? dash + gap : length;
    for (double at = 0; at < length; at += step) {
        double from = at / length, to = fmin(at + (dashed ? dash : length), length) / length;
        segment s = {x0 + from * (x1 - x0), y0 + from * (y1 - y0), x0 + to * (x1 - x0), y0 + to * (y1 - y0)};
        on->stroke(on->user, &s, radius, ink);
    }
}

static void draw_mark(double x, double y, bool hollow, color ink, const surface *on) {
    segment point = {x, y, x, y};
    on->stroke(on->user, &point, 4, ink);
    if (hollow) on->stroke(on->user, &point, 2.4, palette_paper());
}

static void draw_line(const chart_line *l, const axis *lengths, const axis *times, const surface *on) {
    const chart_point *last = NULL;
    color ink = palette_hue(l->hue);
    for (int n = 0; n < l->count; n++) {
        const chart_point *p = &l->points[n];
        if (!is_drawn(p)) continue;
        if (last)
            draw_stroke(place(lengths, last->length), place(times, last->seconds), place(lengths, p->length),
                        place(times, p->seconds), l->dashed, ink, on);
        last = p;
    }
    for (int n = 0; n < l->count; n++) {
        const chart_point *p = &l->points[n];
        if (is_drawn(p)) draw_mark(place(lengths, p->length), place(times, p->seconds), p->hollow, ink, on);
    }
}

/* ---- the page ----------------------------------------------------------------------------------------------- */

static bool has_hollow(const chart *c) {
    for (int n = 0; n < c->line_count; n++)
        for (int at = 0; at < c->lines[n].count; at++)
            if (c->lines[n].points[at].hollow) return true;
    return false;
}

/* Two entries beside each other: lines come in pairs. */
static void draw_legend(const chart *c, const surface *on) {
    int y = LEGEND;
    for (int n = 0; n < c->line_count; n++) {
        const chart_line *l = &c->lines[n];
        int x = LEFT + n % 2 * WIDE / 2;
        char fitted[TEXT_BYTES];
        font_fit(l->name, 1, WIDE / 2 - SAMPLE - 20, fitted);
        y = LEGEND + n / 2 * LINE;
        draw_stroke(x, y - 4, x + SAMPLE, y - 4, l->dashed, palette_hue(l->hue), on);
        draw_mark(x + SAMPLE / 2, y - 4, false, palette_hue(l->hue), on);
        write(on, FIGURE_LEFT, x + SAMPLE + 10, y, INK, fitted);
    }
    if (!has_hollow(c)) return;
    draw_mark(LEFT + SAMPLE / 2, y + LINE - 4, true, SOFT, on);
    write(on, FIGURE_LEFT, LEFT + SAMPLE + 10, y + LINE, INK,
          "not measured: from a shorter length, in proportion to the pairs");
}

static void draw(const void *content, const surface *on) {
    const chart *c = content;
    axis lengths, times;
    find_axes(c, &lengths, &times);
    char text[TEXT_BYTES];
    font_fit(c->title, 1.5, WIDTH - 2 * MARGIN, text);
    on->text(on->user, &(figure_text){.x = MARGIN, .baseline = MARGIN + 16, .unit = 1.5, .ink = INK, .words = text});
    font_fit(c->facts, 1, WIDTH - 2 * MARGIN, text);
    write(on, FIGURE_LEFT, MARGIN, MARGIN + 40, SOFT, text);
    draw_lengths(c, &lengths, on);
    draw_times(&times, on);
    draw_frame(on);
    for (int n = c->line_count - 1; n >= 0; n--) draw_line(&c->lines[n], &lengths, &times, on);
    draw_legend(c, on);
}

static page make_page(const chart *c) {
    int entries = (c->line_count + 1) / 2 + has_hollow(c);
    return (page){WIDTH, LEGEND + entries * LINE, c->title, draw, c};
}

bool chart_write_png(const chart *c, FILE *out) {
    page p = make_page(c);
    return page_write_png(&p, out);
}

bool chart_write_svg(const chart *c, FILE *out) {
    page p = make_page(c);
    return page_write_svg(&p, out);
}
