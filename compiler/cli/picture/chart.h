/* A chart of times against lengths, both on logarithmic axes. */
#ifndef WEFT_CLI_PICTURE_CHART_H
#define WEFT_CLI_PICTURE_CHART_H

#include <stdbool.h>
#include <stdio.h>

typedef struct chart_point {
    double length, seconds; /* above 0; others are left out */
    bool hollow;            /* not measured but worked out */
} chart_point;

typedef struct chart_line {
    char name[160];
    const chart_point *points; /* by length */
    int count;
    int hue; /* of the palette */
    bool dashed;
} chart_line;

typedef struct chart {
    const char *title, *facts;
    const chart_line *lines;
    int line_count;
} chart;

/* False when memory or the stream fails. */
bool chart_write_png(const chart *c, FILE *out);
bool chart_write_svg(const chart *c, FILE *out);

#endif
