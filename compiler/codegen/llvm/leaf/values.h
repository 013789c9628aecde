/* The values of a block as operands, made when they are needed or ahead, by the pack kernel, one 64-key block after the
 * other: what is to be known of all of them, and then what value_rows makes of them. What is packed includes keys
 * outside a tile, of which products may take some together with those of the tile, under weights of 0. */
#ifndef WEFT_LEAF_VALUES_H
#define WEFT_LEAF_VALUES_H

static bool all_finite(const matrix *values, int64_t keys, int64_t dims) {
    vec zeros = vanished(values, keys, dims);
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += zeros[lane];
    return sum == 0;
}

typedef struct packed_block {
    _Alignas(64) bool finite; /* all of them are */
    _Alignas(64) float values[];
} packed_block;

/* Masks of rows that see the keys from some number below KEY_STEP on. */
static const uint64_t late_keys[KEY_STEP + WEFT_TILE_KEYS] = {[KEY_STEP... KEY_STEP + WEFT_TILE_KEYS - 1] =
                                                                  ~UINT64_C(0)};

#ifdef PAIRS
/* NULL where values were not packed. */
static inline packed_block *packed_at(const weft_call *call, int64_t block, int64_t dims) {
    if (!call->packed) return 0;
    return (packed_block *)(void *)(call->packed + (block - call->packed_block) * weft_packed_bytes(dims));
}

void weft_pack_values(const weft_call *call, int64_t value_dim);
void weft_pack_values(const weft_call *call, int64_t value_dim) {
    const weft_tile *run = call->tiles;
    for (int64_t block = run->block; block < (int64_t)run->block + run->many; block++) {
        packed_block *to = packed_at(call, block, value_dim);
        int64_t key = block * WEFT_TILE_KEYS, keys = smaller(call->keys - key, WEFT_TILE_KEYS);
        strided rows = {call->v_row, call->v_dim, keys, value_dim};
        matrix values = value_rows((const element *)call->v + key * call->v_row, &rows, to->values);
        to->finite = all_finite(&values, keys, value_dim);
    }
}
#else /* floats are multiplied as they lie */
static inline packed_block *packed_at(const weft_call *call, int64_t block, int64_t dims) {
    (void)call, (void)block, (void)dims;
    return 0;
}

static inline matrix packed_rows(const float *room, int64_t columns, int64_t first) {
    return (matrix){room + first * columns, columns, 1};
}
#endif

#endif
