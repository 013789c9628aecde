/* Products of bfloat16 matrices on tile registers (AMX): 16 rows of 64 bytes each, which hold 16 x 16 floats, or 16 x
 * 32 elements, or as many elements in pairs: two that belong to one column side by side. One instruction adds to floats
 * the product of a tile of elements and one of pairs. Sums of 2 x 2 tiles are under way at once, so that every tile
 * that is loaded is used twice. Plain C, so that the tests can include it with tiles of their own. */
#ifndef WEFT_LEAF_TILES_H
#define WEFT_LEAF_TILES_H

#include <stdbool.h>
#include <stdint.h>

#ifndef TILE_LOAD
#include <immintrin.h>
#define TILE_LOAD(tile, at, row) _tile_loadd(tile, at, row)
#define TILE_STORE(tile, at, row) _tile_stored(tile, at, row)
#define TILE_ZERO(tile) _tile_zero(tile)
#define TILE_ADD(sum, elements, pairs) _tile_dpbf16ps(sum, elements, pairs)
#define TILE_OPEN(shape) _tile_loadconfig(shape)
#define TILE_CLOSE() _tile_release()
#endif

enum { TILE = 16, TILE_ROW = 64 }; /* rows, also columns of floats; bytes of a row */

/* What tile registers hold (Intel SDM, LDTILECFG). */
typedef struct tile_shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_shapes;

static inline void open_tiles(void) {
    _Alignas(64) tile_shapes all = {
        1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {TILE, TILE, TILE, TILE, TILE, TILE, TILE, TILE}};
    TILE_OPEN(&all);
}

static inline void close_tiles(void) { TILE_CLOSE(); }

/* A matrix of which tiles are loaded: rows are so many bytes apart, and the next 32 elements of the sum `step`. */
typedef struct tiled {
    const char *at;
    int64_t row, step;
} tiled;

/* A matrix of sums. */
typedef struct tiled_sums {
    float *at;
    int64_t row; /* in bytes */
} tiled_sums;

static inline float *sum_at(const tiled_sums *sums, int64_t row, int64_t column) {
    return (float *)((char *)sums->at + row * sums->row) + column;
}

/* Adds to tile registers 0 to 3, [[0, 1], [2, 3]]. What is not tall has no second row of them, what is not wide no
 * second column. */
static inline __attribute__((always_inline)) void add_tiles(tiled a, tiled b, int64_t steps, bool tall, bool wide) {
    for (int64_t step = 0; step < steps; step++, a.at += a.step, b.at += b.step) {
        TILE_LOAD(4, a.at, a.row);
        TILE_LOAD(6, b.at, b.row);
        TILE_ADD(0, 4, 6);
        if (tall) {
            TILE_LOAD(5, a.at + TILE * a.row, a.row);
            TILE_ADD(2, 5, 6);
        }
        if (wide) {
            TILE_LOAD(7, b.at + TILE_ROW, b.row);
            TILE_ADD(1, 4, 7);
        }
        if (tall && wide) TILE_ADD(3, 5, 7);
    }
}

static inline __attribute__((always_inline)) void multiply_part(tiled a, tiled b, int64_t steps, tiled_sums sums,
                                                                bool add, bool tall, bool wide) {
    float *below = sum_at(&sums, TILE, 0);
    if (add) {
        TILE_LOAD(0, sums.at, sums.row);
        if (wide) TILE_LOAD(1, sums.at + TILE, sums.row);
        if (tall) TILE_LOAD(2, below, sums.row);
        if (tall && wide) TILE_LOAD(3, below + TILE, sums.row);
    } else {
        TILE_ZERO(0);
        TILE_ZERO(1);
        TILE_ZERO(2);
        TILE_ZERO(3);
    }
    add_tiles(a, b, steps, tall, wide);
    TILE_STORE(0, sums.at, sums.row);
    if (wide) TILE_STORE(1, sums.at + TILE, sums.row);
    if (tall) TILE_STORE(2, below, sums.row);
    if (tall && wide) TILE_STORE(3, below + TILE, sums.row);
}

/* sums[row][column] = (or +=) the sum over 32 * steps elements of a[row][.] * b[.][column]; rows and columns are
 * multiples of 16. */
static inline __attribute__((always_inline)) void multiply_tiles(tiled a, tiled b, int64_t steps, int64_t rows,
                                                                 int64_t columns, tiled_sums sums, bool add) {
    for (int64_t row = 0; row < rows; row += 2 * TILE)
        for (int64_t column = 0; column < columns; column += 2 * TILE) {
            tiled part_a = {a.at + row * a.row, a.row, a.step};
            tiled part_b = {b.at + column * (int64_t)sizeof(float), b.row, b.step};
            tiled_sums part = {sum_at(&sums, row, column), sums.row};
            bool tall = rows - row > TILE, wide = columns - column > TILE;
            if (tall && wide)
                multiply_part(part_a, part_b, steps, part, add, true, true);
            else if (tall)
                multiply_part(part_a, part_b, steps, part, add, true, false);
            else if (wide)
                multiply_part(part_a, part_b, steps, part, add, false, true);
            else
                multiply_part(part_a, part_b, steps, part, add, false, false);
        }
}

#endif
