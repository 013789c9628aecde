/* The model: a grid of levels for every panel, how many cells it should have, and how it is made smaller. */
#include "picture/picture.h"
#include "picture/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static size_t stride(const picture *image) { return (size_t)image->term_count + 1; }

static size_t cell_index(const picture *image, int panel, int row, int column) {
    return (((size_t)panel * (size_t)image->rows + (size_t)row) * (size_t)image->columns + (size_t)column) *
           stride(image);
}

/* A side of 32 tokens or less keeps a cell a token: the few queries of a decoder, say. */
static int grid_side(int64_t length, int64_t step) {
    int64_t most = length / 32 > 1 ? length / 32 : 1;
    if (step > most) step = most;
    return (int)(length / step + (length % step != 0));
}

void picture_grid(int64_t queries, int64_t keys, int panels, int *rows, int *columns) {
    int64_t most = panels <= 1 ? 512 : panels <= 4 ? 360 : panels <= 9 ? 240 : 180; /* at two pixels each they fit */
    int64_t longest = queries > keys ? queries : keys;
    int64_t step = 1; /* tokens a cell: a power of two, so that blocks begin where cells do */
    while (longest / step >= most + (longest % step == 0)) step *= 2;
    *rows = grid_side(queries, step);
    *columns = grid_side(keys, step);
}

int64_t picture_begin(int cell, int cells, int64_t length) {
    int64_t whole = length / cells, rest = length % cells; /* cell * length would overflow */
    return cell * whole + cell * rest / cells;
}

int64_t picture_tokens(int cells, int64_t length) { return length / cells + (length % cells != 0); }

void picture_describe(const picture *image, const char *times, const char *point, char *text, size_t size) {
    bool even = image->queries % image->rows == 0 && image->keys % image->columns == 0;
    snprintf(text, size, "%" PRId64 " %s %s %" PRId64 " %s%s a cell is %s%" PRId64 " %s %" PRId64, image->queries,
             image->queries == 1 ? "query" : "queries", times, image->keys, image->keys == 1 ? "key" : "keys", point,
             even ? "" : "about ", picture_tokens(image->rows, image->queries), times,
             picture_tokens(image->columns, image->keys));
}

/* ---- creation ----------------------------------------------------------------------------------------------- */

static char **copy_names(const char *const *names, int count) {
    char **copies = calloc((size_t)count + 1, sizeof *copies);
    for (int i = 0; copies && i < count; i++) {
        copies[i] = text_clean(names ? names[i] : NULL);
        if (!copies[i]) {
            while (i-- > 0) free(copies[i]);
            free(copies);
            return NULL;
        }
    }
    return copies;
}

static void free_names(char **names, int count) {
    for (int i = 0; names && i < count; i++) free(names[i]);
    free(names);
}

static bool makes_sense(const picture_outline *outline) {
    return outline->rows >= 1 && outline->columns >= 1 && outline->rows <= PICTURE_CELLS &&
           outline->columns <= PICTURE_CELLS && outline->rows <= outline->queries &&
           outline->columns <= outline->keys && outline->term_count >= 0 && outline->term_count <= PICTURE_TERMS &&
           outline->panel_count >= 0;
}

picture *picture_create(const picture_outline *outline) {
    if (!makes_sense(outline)) return NULL;
    picture *image = calloc(1, sizeof *image);
    if (!image) return NULL;
    image->queries = outline->queries;
    image->keys = outline->keys;
    image->rows = outline->rows;
    image->columns = outline->columns;
    image->term_count = outline->term_count;
    image->panel_count = outline->panel_count;
    image->title = text_clean(outline->title);
    image->terms = copy_names(outline->terms, outline->term_count);
    image->panels = copy_names(outline->panels, outline->panel_count);
    image->rest = text_clean(outline->rest);
    size_t panel_size = (size_t)image->rows * (size_t)image->columns * stride(image);
    image->levels = calloc(image->panel_count ? (size_t)image->panel_count : 1, panel_size);
    if (image->title && image->terms && image->panels && image->rest && image->levels) return image;
    picture_destroy(image);
    return NULL;
}

void picture_destroy(picture *image) {
    if (!image) return;
    free(image->title);
    free(image->rest);
    free_names(image->terms, image->term_count);
    free_names(image->panels, image->panel_count);
    free(image->levels);
    free(image);
}

/* ---- levels ------------------------------------------------------------------------------------------------- */

/* The square root, because the thin structures of long sequences would all but vanish in proportion to their share. */
static uint8_t level_of(double share) {
    if (!(share > 0)) return 0;
    return share >= 1 ? 255 : (uint8_t)ceil(255 * sqrt(share));
}

static double share_of(uint8_t level) { return level / 255.0 * (level / 255.0); }

bool picture_level_is_dense(uint8_t level) { return level > 180; /* 255 * sqrt(1/2) */ }

const uint8_t *picture_cell(const picture *image, int panel, int row, int column) {
    return image->levels + cell_index(image, panel, row, column);
}

void picture_set(picture *image, int panel, int term, int row, int column, double share) {
    uint8_t *cell = image->levels + cell_index(image, panel, row, column);
    uint8_t level = level_of(share);
    if (term == PICTURE_UNION) {
        for (int t = 1; t <= image->term_count; t++)
            if (level < cell[t]) level = cell[t];
        cell[0] = level;
    } else {
        cell[1 + term] = level;
        if (cell[0] < level) cell[0] = level;
    }
}

void picture_set_mask(picture *image, int panel, int term, const uint8_t *mask) {
    for (int row = 0; row < image->rows; row++) {
        int64_t top = picture_begin(row, image->rows, image->queries);
        int64_t bottom = picture_begin(row + 1, image->rows, image->queries);
        for (int column = 0; column < image->columns; column++) {
            int64_t left = picture_begin(column, image->columns, image->keys);
            int64_t right = picture_begin(column + 1, image->columns, image->keys);
            int64_t pairs = 0;
            for (int64_t r = top; r < bottom; r++)
                for (int64_t j = left; j < right; j++) pairs += mask[r * image->keys + j] != 0;
            double area = (double)(bottom - top) * (double)(right - left);
            picture_set(image, panel, term, row, column, (double)pairs / area);
        }
    }
}

/* ---- fewer cells -------------------------------------------------------------------------------------------- */

static void merge_cells(const picture *from, picture *to, int panel, int row, int column) {
    int top = (int)picture_begin(row, to->rows, from->rows), bottom = (int)picture_begin(row + 1, to->rows, from->rows);
    int left = (int)picture_begin(column, to->columns, from->columns);
    int right = (int)picture_begin(column + 1, to->columns, from->columns);
    double sums[PICTURE_TERMS + 1] = {0};
    for (int r = top; r < bottom; r++)
        for (int c = left; c < right; c++) {
            const uint8_t *cell = picture_cell(from, panel, r, c);
            for (int t = 0; t <= from->term_count; t++) sums[t] += share_of(cell[t]);
        }
    uint8_t *cell = to->levels + cell_index(to, panel, row, column);
    double area = (double)(bottom - top) * (right - left);
    for (int t = 0; t <= from->term_count; t++) cell[t] = level_of(sums[t] / area);
}

picture *picture_shrink(const picture *image, int rows, int columns) {
    if (rows > image->rows) rows = image->rows;
    if (columns > image->columns) columns = image->columns;
    picture_outline outline = {.title = image->title,
                               .queries = image->queries,
                               .keys = image->keys,
                               .rows = rows,
                               .columns = columns,
                               .term_count = image->term_count,
                               .panel_count = image->panel_count,
                               .terms = (const char *const *)image->terms,
                               .panels = (const char *const *)image->panels,
                               .rest = image->rest};
    picture *small = picture_create(&outline);
    if (!small) return NULL;
    for (int panel = 0; panel < image->panel_count; panel++)
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++) merge_cells(image, small, panel, row, column);
    return small;
}
