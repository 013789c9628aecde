/* Tile registers in plain C, as the Intel SDM defines TILELOADD, TILESTORED, TILEZERO and TDPBF16PS, for machines that
 * have none. Include before leaf/tiles.h. */
#ifndef WEFT_TESTS_EMULATED_TILES_H
#define WEFT_TESTS_EMULATED_TILES_H

#include <stdint.h>
#include <string.h>

enum { EMULATED_ROWS = 16, EMULATED_FLOATS = 16 };

typedef union emulated_tile {
    float sums[EMULATED_ROWS][EMULATED_FLOATS];
    uint16_t elements[EMULATED_ROWS][2 * EMULATED_FLOATS];
} emulated_tile;

static emulated_tile emulated_tiles[8];
static int tiles_are_open;

static void emulated_load(int tile, const void *at, int64_t row) {
    for (int r = 0; r < EMULATED_ROWS; r++)
        memcpy(emulated_tiles[tile].sums[r], (const char *)at + r * row, sizeof emulated_tiles[tile].sums[r]);
}

static void emulated_store(int tile, void *at, int64_t row) {
    for (int r = 0; r < EMULATED_ROWS; r++)
        memcpy((char *)at + r * row, emulated_tiles[tile].sums[r], sizeof emulated_tiles[tile].sums[r]);
}

static float emulated_float(uint16_t element) {
    uint32_t word = (uint32_t)element << 16;
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

static void emulated_add(int sum, int a, int b) {
    for (int m = 0; m < EMULATED_ROWS; m++)
        for (int k = 0; k < EMULATED_ROWS; k++)
            for (int n = 0; n < EMULATED_FLOATS; n++)
                for (int half = 0; half < 2; half++)
                    emulated_tiles[sum].sums[m][n] += emulated_float(emulated_tiles[a].elements[m][2 * k + half]) *
                                                      emulated_float(emulated_tiles[b].elements[k][2 * n + half]);
}

#define TILE_LOAD(tile, at, row) emulated_load(tile, at, row)
#define TILE_STORE(tile, at, row) emulated_store(tile, at, row)
#define TILE_ZERO(tile) memset(&emulated_tiles[tile], 0, sizeof emulated_tiles[tile])
#define TILE_ADD(sum, elements, pairs) emulated_add(sum, elements, pairs)
#define TILE_OPEN(shape) (tiles_are_open = (shape)->palette == 1)
#define TILE_CLOSE() (tiles_are_open = 0)

#endif
