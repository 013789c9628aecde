#include "picture/canvas.h"

#include <math.h>
#include <stdlib.h>

bool canvas_create(canvas *sheet, int width, int height, color paper) {
    sheet->width = width;
    sheet->height = height;
    sheet->pixels = malloc((size_t)width * (size_t)height * 3);
    if (!sheet->pixels) return false;
    canvas_box(sheet, 0, 0, width, height, paper);
    return true;
}

void canvas_free(canvas *sheet) {
    free(sheet->pixels);
    sheet->pixels = NULL;
}

static uint8_t *pixel_at(canvas *sheet, int x, int y) {
    return sheet->pixels + ((size_t)y * (size_t)sheet->width + (size_t)x) * 3;
}

static void put(uint8_t *pixel, color ink) {
    pixel[0] = ink.red;
    pixel[1] = ink.green;
    pixel[2] = ink.blue;
}

void canvas_dot(canvas *sheet, int x, int y, color ink) {
    if (x >= 0 && x < sheet->width && y >= 0 && y < sheet->height) put(pixel_at(sheet, x, y), ink);
}

void canvas_box(canvas *sheet, int x, int y, int width, int height, color ink) {
    for (int row = y; row < y + height; row++)
        for (int column = x; column < x + width; column++) canvas_dot(sheet, column, row, ink);
}

static double distance(const segment *s, double x, double y) {
    double dx = s->x1 - s->x0, dy = s->y1 - s->y0, square = dx * dx + dy * dy;
    double along = square > 0 ? ((x - s->x0) * dx + (y - s->y0) * dy) / square : 0;
    along = fmin(fmax(along, 0), 1);
    return hypot(x - s->x0 - along * dx, y - s->y0 - along * dy);
}

void canvas_strokes(canvas *sheet, const segment *segments, int count, double radius, color ink) {
    double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
    for (int i = 0; i < count; i++) {
        left = fmin(left, fmin(segments[i].x0, segments[i].x1));
        right = fmax(right, fmax(segments[i].x0, segments[i].x1));
        top = fmin(top, fmin(segments[i].y0, segments[i].y1));
        bottom = fmax(bottom, fmax(segments[i].y0, segments[i].y1));
    }
    double reach = radius + 1;
    int x0 = (int)fmax(0, left - reach), x1 = (int)fmin(sheet->width - 1, right + reach);
    int y0 = (int)fmax(0, top - reach), y1 = (int)fmin(sheet->height - 1, bottom + reach);
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            double nearest = reach;
            for (int i = 0; i < count; i++) nearest = fmin(nearest, distance(&segments[i], x, y));
            double cover = fmin(fmax(radius + 0.5 - nearest, 0), 1);
            uint8_t *pixel = pixel_at(sheet, x, y);
            if (cover > 0) put(pixel, palette_mix(ink, (color){pixel[0], pixel[1], pixel[2]}, cover));
        }
}
