/* Pixels, and what is drawn with them: boxes, and strokes with soft edges. Everything outside the canvas is cut off. */
#ifndef WEFT_CLI_PICTURE_CANVAS_H
#define WEFT_CLI_PICTURE_CANVAS_H

#include "picture/palette.h"

#include <stdbool.h>

typedef struct canvas {
    int width, height;
    uint8_t *pixels; /* [height][width][3], red, green, blue */
} canvas;

bool canvas_create(canvas *sheet, int width, int height, color paper); /* false: memory */
void canvas_free(canvas *sheet);
void canvas_dot(canvas *sheet, int x, int y, color ink);
void canvas_box(canvas *sheet, int x, int y, int width, int height, color ink);

/* A piece of a stroke, between points whose whole numbers are the middles of pixels. */
typedef struct segment {
    double x0, y0, x1, y1;
} segment;

/* Draws the union of the segments with a round pen; where they meet the ink is not laid on twice. */
void canvas_strokes(canvas *sheet, const segment *segments, int count, double radius, color ink);

#endif
