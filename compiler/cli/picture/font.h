/* Writing on a canvas with the strokes of font.def. `unit` is the size in pixels of a step of its grid; capitals are 9
 * units high. What the font lacks is drawn as an empty box. */
#ifndef WEFT_CLI_PICTURE_FONT_H
#define WEFT_CLI_PICTURE_FONT_H

#include "picture/canvas.h"

double font_width(const char *text, double unit);

/* Begins at (x, baseline); turned, it runs upwards from there and the baseline is on the right. */
void font_draw(canvas *sheet, double x, double baseline, double unit, bool turned, color ink, const char *text);

/* Copies as much of the text as fits in `width` pixels to `fitted` (TEXT_BYTES), with an ellipsis where it was cut. */
void font_fit(const char *text, double unit, double width, char *fitted);

#endif
