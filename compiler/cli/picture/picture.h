/* Pictures of attention masks. A picture has a title, lengths, named terms and panels (a head, or heads that are
 * equal); a panel is a grid of rows x columns cells. Cell (r, c) stands for the queries [r Lq/rows, (r+1) Lq/rows) and
 * the keys [c Lk/columns, (c+1) Lk/columns), and holds, for each term and for their union, the share of its pairs that
 * is in it.
 *
 * Rendering is honest: a share above 0, however small, is visible; cells that several terms share look like that; empty
 * cells are paper. Queries go down, keys to the right. Writers return false when memory or the stream fails; with
 * open_memstream they write to memory. */
#ifndef WEFT_CLI_PICTURE_H
#define WEFT_CLI_PICTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    PICTURE_TERMS = 16,   /* a caller with more of them makes the last one "the others" */
    PICTURE_CELLS = 4096, /* most rows or columns of a panel */
    PICTURE_UNION = -1    /* the "term" of picture_set that is all of them together */
};

/* What to make a picture of. Texts are copied; control characters and invalid UTF-8 in them become U+FFFD, and long
 * ones are cut. rows and columns come from picture_grid or are chosen by the caller. */
typedef struct picture_outline {
    const char *title; /* may be NULL, as may the names */
    int64_t queries, keys;
    int rows, columns;
    int term_count, panel_count;
    const char *const *terms;
    const char *const *panels;
    const char *rest; /* what the union holds beside the terms, for the legend; NULL: it has no name */
} picture_outline;

typedef struct picture {
    int64_t queries, keys;
    int rows, columns;
    int term_count, panel_count;
    char *title;
    char **terms;
    char **panels;
    char *rest;
    uint8_t *levels; /* [panel][row][column][1 + term]; use picture_cell */
} picture;

/* How many cells show this best, for a number of panels: at most one a query and a key, equally large, as many tokens
 * high as wide (but a short side keeps at least 32 of them). */
void picture_grid(int64_t queries, int64_t keys, int panels, int *rows, int *columns);

/* An empty picture, or NULL when memory fails or the outline makes no sense (a length or a grid below 1, a grid that is
 * finer than the lengths or than PICTURE_CELLS, more than PICTURE_TERMS terms). */
picture *picture_create(const picture_outline *outline);
void picture_destroy(picture *image);

/* Where a cell begins: row r at query picture_begin(r, rows, queries), and so on. */
int64_t picture_begin(int cell, int cells, int64_t length);
int64_t picture_tokens(int cells, int64_t length); /* that the largest cell stands for */

/* "64 queries × 64 keys · a cell is 2 × 1", with what is given for "×" and " ·". */
void picture_describe(const picture *image, const char *times, const char *point, char *text, size_t size);

/* Says what share of a cell's pairs is in a term, or in the union. The union is raised to the term's share where it is
 * smaller, so that no pair is lost; say the union last where terms overlap. */
void picture_set(picture *image, int panel, int term, int row, int column, double share);

/* The same for all cells of a panel from a mask of queries x keys bytes, 0 or not. */
void picture_set_mask(picture *image, int panel, int term, const uint8_t *mask);

/* The levels of a cell, [0] the union's, [1 + t] term t's: 0 for none, else from 1 to 255 with the square root of the
 * share, rounded up. */
const uint8_t *picture_cell(const picture *image, int panel, int row, int column);
bool picture_level_is_dense(uint8_t level); /* at least half of the pairs */

/* The picture with fewer cells, each the mean of those it covers (never 0 when one is not). NULL when memory fails. */
picture *picture_shrink(const picture *image, int rows, int columns);

bool picture_write_png(const picture *image, FILE *out); /* at most 1600 pixels wide */
bool picture_write_svg(const picture *image, FILE *out);

typedef enum picture_colors { PICTURE_PLAIN, PICTURE_256_COLORS, PICTURE_TRUE_COLORS } picture_colors;

/* For a terminal of `width` columns (24 at least). PICTURE_PLAIN writes no escape and tells terms by letters; without
 * utf8 every byte is ASCII. */
typedef struct picture_terminal {
    int width;
    picture_colors colors;
    bool utf8;
} picture_terminal;
bool picture_write_terminal(const picture *image, const picture_terminal *terminal, FILE *out);

#endif
