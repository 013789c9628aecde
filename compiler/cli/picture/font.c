#include "picture/font.h"
#include "picture/text.h"

#include <string.h>

enum { GAP = 3, SPACE = 3, CURVE_STEPS = 6, MOST_SEGMENTS = 160, MOST_POINTS = 24 };

static const char *glyph_of(uint32_t point) {
    switch (point) {
#define GLYPH(code, strokes)                                                                                           \
    case code: return strokes;
#include "picture/font.def"
#undef GLYPH
    default: return "00a0a90900"; /* an empty box, as wide as most of what is missing */
    }
}

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static int glyph_width(uint32_t point) {
    if (point == ' ') return SPACE;
    int width = 0;
    for (const char *at = glyph_of(point); *at;) {
        if (*at == ' ' || *at == '~' || *at == '@') {
            at++;
            continue;
        }
        if (digit(at[0]) > width) width = digit(at[0]);
        at += 2;
    }
    return width;
}

double font_width(const char *text, double unit) {
    int width = 0;
    for (uint32_t point; (point = text_next(&text)) != 0;) width += glyph_width(point) + GAP;
    return (width > 0 ? width - GAP : 0) * unit;
}

void font_fit(const char *text, double unit, double width, char *fitted) {
    strcpy(fitted, text);
    if (font_width(text, unit) <= width) return;
    double room = width / unit - glyph_width(0x2026);
    char *end = fitted, *fits = fitted;
    for (uint32_t point; (point = text_next(&text)) != 0 && room >= 0;) {
        fits = end;
        room -= glyph_width(point) + GAP;
        end = text_put(end, point);
    }
    *text_put(fits, 0x2026) = 0;
}

/* ---- strokes to segments ------------------------------------------------------------------------------------ */

typedef struct point {
    double x, y;
} point;

typedef struct outline {
    segment segments[MOST_SEGMENTS];
    int count;
    point pen;
} outline;

static void line_to(outline *o, point to) {
    if (o->count < MOST_SEGMENTS) o->segments[o->count++] = (segment){o->pen.x, o->pen.y, to.x, to.y};
    o->pen = to;
}

static void curve_to(outline *o, point control, point to) {
    point from = o->pen;
    for (int i = 1; i <= CURVE_STEPS; i++) {
        double t = (double)i / CURVE_STEPS, a = (1 - t) * (1 - t), b = 2 * t * (1 - t), c = t * t;
        line_to(o, (point){a * from.x + b * control.x + c * to.x, a * from.y + b * control.y + c * to.y});
    }
}

static point middle(point a, point b) { return (point){(a.x + b.x) / 2, (a.y + b.y) / 2}; }

static void add_stroke(outline *o, char kind, const point *points, int count) {
    if (count == 0) return;
    if (kind == '@') {
        o->pen = middle(points[count - 1], points[0]);
        for (int i = 0; i < count; i++) curve_to(o, points[i], middle(points[i], points[(i + 1) % count]));
        return;
    }
    o->pen = points[0];
    for (int i = 1; i < count; i++) {
        bool ends = i + 1 >= count;
        if (kind == '~' && !ends)
            curve_to(o, points[i], i + 2 == count ? points[i + 1] : middle(points[i], points[i + 1]));
        else if (kind != '~')
            line_to(o, points[i]);
    }
}

static void outline_glyph(outline *o, const char *strokes, double x, double baseline, double unit, bool turned) {
    o->count = 0;
    while (*strokes) {
        point points[MOST_POINTS];
        int count = 0;
        char kind = *strokes == '~' || *strokes == '@' ? *strokes++ : 0;
        for (; *strokes && *strokes != ' '; strokes += 2) {
            double right = digit(strokes[0]) * unit, up = (9 - digit(strokes[1])) * unit;
            if (count < MOST_POINTS)
                points[count++] = turned ? (point){x - up, baseline - right} : (point){x + right, baseline - up};
        }
        add_stroke(o, kind, points, count);
        if (*strokes == ' ') strokes++;
    }
}

void font_draw(canvas *sheet, double x, double baseline, double unit, bool turned, color ink, const char *text) {
    outline o;
    for (uint32_t code; (code = text_next(&text)) != 0;) {
        if (code != ' ') {
            outline_glyph(&o, glyph_of(code), x, baseline, unit, turned);
            canvas_strokes(sheet, o.segments, o.count, unit * 0.35 + 0.3, ink);
        }
        double advance = (glyph_width(code) + GAP) * unit;
        if (turned)
            baseline -= advance;
        else
            x += advance;
    }
}
