/* From a mask to the text of a set: a few atoms that hold exactly its pairs, if there are such. */
#ifndef WEFT_CLI_GUESS_H
#define WEFT_CLI_GUESS_H

#include <stdbool.h>
#include <stdint.h>

/* What a set has to say of a pair. */
typedef enum cell {
    CELL_OUT,
    CELL_IN,
    CELL_FREE, /* either will do: something else keeps it out */
    CELL_APART /* likewise, and another thing does */
} cell;

/* Queries by keys, or blocks of them. */
typedef struct grid {
    int64_t rows, columns;
    int64_t first;  /* the position of row 0 */
    uint8_t *cells; /* [rows][columns] */
} grid;

typedef enum guess_result { GUESS_FOUND, GUESS_NOTHING, GUESS_NO_MEMORY } guess_result;

/* Bands and progressions of diagonals, rows and columns, chunks: the union of a few that holds every pair that is in
 * and none that is out. *text is for the caller to free. Bits 1 << CELL_FREE and 1 << CELL_APART of *spills: it also
 * holds pairs of that kind. */
guess_result guess_set(const grid *g, char **text, int *spills);

/* A pattern may be written in blocks: the grid of blocks of that side, in cells of its own, where no block has pairs in
 * and pairs out. Else GUESS_NOTHING. */
guess_result guess_blocks(const grid *g, int64_t side, grid *out);

#endif
