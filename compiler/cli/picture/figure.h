/* The layout of a picture on a page, in pixels from the top left, drawn on whatever can draw boxes, texts, lines and
 * cells: a PNG's canvas or an SVG's text. Title and a line of facts, panels in a grid with axes, legend below. */
#ifndef WEFT_CLI_PICTURE_FIGURE_H
#define WEFT_CLI_PICTURE_FIGURE_H

#include "picture/canvas.h"
#include "picture/picture.h"

typedef enum figure_anchor { FIGURE_LEFT, FIGURE_MIDDLE, FIGURE_RIGHT } figure_anchor;

/* Text that begins, is centred or ends at (x, baseline). Turned, it runs upwards and is centred at that height. */
typedef struct figure_text {
    double x, baseline, unit; /* unit as in font.h: capitals are 9 units high */
    figure_anchor anchor;
    bool turned;
    color ink;
    const char *words;
} figure_text;

typedef struct surface {
    void *user;
    void (*box)(void *user, int x, int y, int width, int height, color ink);
    void (*text)(void *user, const figure_text *text);
    /* A line with a round pen; where it is a point, a disc. */
    void (*stroke)(void *user, const segment *line, double radius, color ink);
    /* A cell's appearance, by its levels; term_count says how many follow the union's. */
    void (*cell)(void *user, int x, int y, int width, int height, int term_count, const uint8_t *levels);
    /* All cells of a panel, each width x height, the first at (x, y). */
    void (*panel)(void *user, const picture *image, int panel, int x, int y, int width, int height);
} surface;

/* A page of any content. Writers return false when memory or the stream fails. */
typedef struct page {
    int width, height;
    const char *title;
    void (*draw)(const void *content, const surface *on);
    const void *content;
} page;

bool page_write_png(const page *p, FILE *out);
bool page_write_svg(const page *p, FILE *out);

typedef struct figure {
    const picture *image; /* what is drawn: the picture, or the one below */
    picture *shrunk;      /* NULL, or the picture with fewer cells because it would have been too wide */
    int width, height;
    int across;                  /* panels beside each other */
    int cell_width, cell_height; /* pixels */
    int left, top;               /* of the first panel's cells */
    int step_x, step_y;          /* from one panel to the next */
    int legend;                  /* top */
    bool has_several;            /* some cell is in two terms or more */
    bool has_shares;             /* a cell may be in a set in part */
} figure;

bool figure_layout(figure *f, const picture *image); /* false: memory */
void figure_free(figure *f);
page figure_page(const figure *f);

/* From how many pixels a cell is drawn with a gap on its right and below, so that single cells can be counted. */
enum { FIGURE_GAP_FROM = 8 };

/* The terms that a cell is in, in order; their count. */
int figure_terms(int term_count, const uint8_t *levels, int terms[PICTURE_TERMS]);

/* Whether the cells around are in the same terms: there stripes may be wider than a cell, and are easier to see. */
bool figure_is_inside(const picture *image, int panel, int row, int column);

#endif
