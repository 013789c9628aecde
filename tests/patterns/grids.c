/* Patterns of pictures: positions are the cells of a row-major grid, those outside it are in no pair. */
#include "definitions.h"

#include <stdlib.h>

typedef struct cell {
    int64_t y, x;
} cell;

static bool on_grid(const question *q, int64_t height, int64_t width, cell *query, cell *key) {
    if (q->i < 0 || q->i >= height * width || q->j >= height * width) return false;
    *query = (cell){q->i / width, q->i % width};
    *key = (cell){q->j / width, q->j % width};
    return true;
}

/* ---- Swin, as its code has it -------------------------------------------------------------------------------- */

/* Where a cell lands when the picture is rolled by -shift, and the third of the side that it is in then: the slices
 * 0 … n - M, n - M … n - shift, n - shift … n, between which nothing is attended. */
static int64_t rolled(int64_t at, int64_t side, int64_t shift) { return (at - shift + side) % side; }
static int64_t region(int64_t at, int64_t side, int64_t M, int64_t shift) {
    return at < side - M ? 0 : at < side - shift ? 1 : 2;
}

static bool same_window(int64_t a, int64_t b, int64_t side, int64_t M, int64_t shift) {
    int64_t ra = rolled(a, side, shift), rb = rolled(b, side, shift);
    return ra / M == rb / M && region(ra, side, M, shift) == region(rb, side, M, shift);
}

static bool swin(const question *q) {
    int64_t height = q->p[0], width = q->p[1], M = q->p[2], shift = q->p[3];
    cell a, b;
    return on_grid(q, height, width, &a, &b) && same_window(a.y, b.y, height, M, shift) &&
           same_window(a.x, b.x, width, M, shift);
}

/* ---- NATTEN -------------------------------------------------------------------------------------------------- */

/* The k cells of the query's residue class nearest to it: b is one of them when fewer than k are nearer (k odd, so that
 * no two of which one is left out are as near). */
static bool one_of_nearest(int64_t a, int64_t b, int64_t side, int64_t k, int64_t dilation) {
    if (a % dilation != b % dilation) return false;
    int64_t nearer = 0;
    for (int64_t other = a % dilation; other < side; other += dilation) nearer += llabs(other - a) < llabs(b - a);
    return nearer < k;
}

static bool natten(const question *q) {
    int64_t height = q->p[0], width = q->p[1], k = q->p[2], dilation = q->p[3];
    cell a, b;
    return on_grid(q, height, width, &a, &b) && one_of_nearest(a.y, b.y, height, k, dilation) &&
           one_of_nearest(a.x, b.x, width, k, dilation);
}

/* ---- axial --------------------------------------------------------------------------------------------------- */

static bool axial(const question *q) {
    cell a, b;
    return on_grid(q, q->p[0], q->p[1], &a, &b) && (a.y == b.y || a.x == b.x);
}

static bool axial_by_head(const question *q) {
    cell a, b;
    return on_grid(q, q->p[0], q->p[1], &a, &b) && (q->h % 2 ? a.x == b.x : a.y == b.y);
}

static const definition table[] = {
    {"swin", "swin", swin, .usual = {56, 56, 7, 3}, .queries = 700, .keys = 3136,
     .trial = {{8, 12, 4, 2}, {14, 7, 7, 3}, {10, 15, 5, 0}, {3, 3, 3, 1}}, .trials = 4},
    {"natten", "natten", natten, .usual = {56, 56, 7, 1}, .queries = 700, .keys = 3136,
     .trial = {{9, 14, 3, 1}, {11, 13, 3, 2}, {7, 20, 7, 1}, {12, 8, 1, 3}}, .trials = 4},
    {"axial", "axial_attention", axial, .usual = {64, 64}, .queries = 300, .keys = 4096,
     .trial = {{9, 14}, {20, 3}, {1, 50}}, .trials = 3},
    {"axial", "axial_by_head", axial_by_head, .heads = 2, .usual = {64, 64}, .queries = 300, .keys = 4096,
     .trial = {{9, 14}, {20, 3}}, .trials = 2},
};

const definitions grid_patterns = {table, sizeof table / sizeof *table};
