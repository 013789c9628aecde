/* A head's set in square blocks, as other libraries want it: the blocks that hold a pair, with their pairs as bits. */
#ifndef WEFT_CLI_BLOCKS_H
#define WEFT_CLI_BLOCKS_H

#include <weft/weft.h>

typedef struct block {
    int32_t column;      /* the number of its keys' block */
    int32_t slot;        /* for blocks.c */
    int64_t pairs;       /* side * side: full. What sticks out at the ends has none */
    const uint8_t *bits; /* [side][side / 8]: bit j % 8 of byte j / 8 for key j of the block */
} block;

/* Is told the blocks of one row of them, ascending; valid during the call. False stops the visit. */
typedef bool block_row_hook(void *user, int64_t row, const block *blocks, int64_t count);

/* Visits every row of blocks of a head of the first batch element. `side` is a multiple of 8. Memory is that of the
 * blocks of one row, and a number for each block of keys. WEFT_CANCELLED when the hook or an interrupt
 * stopped it. */
weft_status visit_blocks(const weft_plan *plan, const weft_shape *shape, int64_t head, int64_t side,
                         block_row_hook *visit, void *user);

#endif
