/* What compiled kernels and the runtime agree on. Read as C by both: the runtime includes it, and so does the kernels'
 * driver (compiler/codegen/llvm/leaf), so no struct is ever restated for LLVM. Free of everything but stdint.
 *
 * One call computes one item: up to 64 (or 16) query rows against a list of key tiles. */
#ifndef WEFT_KERNEL_ABI_H
#define WEFT_KERNEL_ABI_H

#include <stddef.h>
#include <stdint.h>

enum {
    WEFT_TILE_ROWS = 64,  /* queries of the tall kernel */
    WEFT_STRIP_ROWS = 16, /* queries of the short one */
    WEFT_TILE_KEYS = 64,  /* keys of a tile */
    WEFT_KEY_GROUP = 16,  /* key ranges of tiles are trimmed to multiples of this, or to Lk */
    WEFT_GROUP_REST = 8,  /* keys or dims that the last group of a product has beyond those of a block: fewer */
    WEFT_MAX_DIM = 256,
    WEFT_KERNEL_ABI = 9
};

/* Keys [64 * block + first, 64 * block + last) of one block, or a run of whole blocks. */
typedef struct weft_tile {
    uint32_t block;
    uint32_t many; /* full: this many consecutive blocks (first and last hold in each); masked: the mask's number */
    uint8_t first, last; /* 0 <= first < last <= 64 */
    uint8_t masked;      /* 1: some pairs are not in the set */
    uint8_t unused;
} weft_tile;

/* Bit q of word k: may query q of the item attend to key k of the block? Bits of keys outside [first, last) are 0. */
typedef struct weft_mask {
    uint64_t key[WEFT_TILE_KEYS];
} weft_mask;

/* A 1-D array that a score modifier indexes: compact doubles, or int64 where the array is one of ints. */
typedef struct weft_lookup {
    const void *at; /* the first element can be read even when count is 0 */
    int64_t count;
} weft_lookup;

/* Pointers to row 0 of the item or key 0 of the head; strides in elements, of any sign. q, k, v and o have elements of
 * the type that the kernel was made for. */
typedef struct weft_call {
    const void *q, *k, *v;
    void *o;
    float *lse; /* may be NULL */
    int64_t q_row, q_dim, k_row, k_dim, v_row, v_dim, o_row, o_dim, lse_row;
    int64_t keys; /* Lk: nothing at or beyond key Lk is ever read */
    int32_t rows; /* rows that exist: nothing else of q, o, lse is touched */
    float scale;  /* multiplies q . k */
    const weft_tile *tiles;
    uint32_t tile_count; /* 0: an empty row tile; o becomes 0 and lse -inf */
    const weft_mask *masks;
    float *scratch; /* weft_scratch_floats floats, aligned to 64 bytes */
    float *state;   /* NULL, or where to leave [max: rows | sum: rows | acc: Dv x rows] (rows = 64 or 16, max in log2)
                       instead   of writing o and lse: the item is one key range of a split row tile */
    int32_t resume; /* 1: the state is added to */
    int32_t fold;   /* 1: o and lse hold what earlier passes made of these rows, and are combined with this one's */
    float sink;     /* a term e^sink of the denominator, counted once a row; -inf: none */
    /* Row r of the item is position row_position + r * row_stride, key k of the head key_position + k * key_stride. */
    int64_t row_position, row_stride, key_position, key_stride;
    const int64_t
        *uniforms; /* numbers of the score modifiers that depend on neither i nor j: int64 or the bits of a double */
    const weft_lookup *tables; /* arrays that the score modifiers read */
    /* The gather kernel takes lists in place of tiles: row r attends to keys list[list_begin[r] … list_begin[r + 1]).
     */
    const int64_t *list_begin;
    const uint32_t *list;
    /* NULL: values are read as they lie. Else those of every block that the tiles name, as products read them: block b
     * at packed + (b - packed_block) * weft_packed_bytes. The pack kernel makes those of the blocks of its one tile,
     * from v; of the rest it reads v_row, v_dim and keys. */
    char *packed;
    int64_t packed_block;
    /* The call that comes next on this worker, of the same kernel or its other height, or NULL: what it reads first is
     * fetched ahead. */
    const struct weft_call *next;
    /* Kernels of tiles: NULL, or row r of the item is row row_index[r] of q, o and lse. The score modifiers, if there
     * are any, do not ask for positions then. */
    const uint32_t *row_index;
    /* The same: NULL, or floats that stand in for o, so that what many calls fold into it is rounded once. Rows are
     * wide_row floats apart, whole registers, and what fills the last one up may be written. */
    float *wide;
    int64_t wide_row;
    /* For features alone (features.h): NULL, or what each key of the call adds to its scores, in log2. */
    const float *addend;
} weft_call;

/* Where row r of an item is among those of q, o and lse. */
static inline int64_t weft_row_at(const weft_call *call, int64_t row) {
    return call->row_index ? (int64_t)call->row_index[row] : row;
}

typedef void weft_kernel_entry(const weft_call *call);

static inline int64_t weft_whole_registers(int64_t dims) { return (dims + 15) / 16 * 16; }

/* Scratch of one call: packed Q, the score tile, weights in pairs, the accumulators, row statistics; keys or values as
 * operands, the latter with gaps between rows. */
static inline size_t weft_scratch_floats(int64_t head_dim, int64_t value_dim) {
    int64_t q = weft_whole_registers(head_dim), v = weft_whole_registers(value_dim), statistics = 9;
    int64_t keys = WEFT_KEY_GROUP * (q + 16), values = WEFT_TILE_KEYS * (v + 32);
    return (size_t)(WEFT_TILE_ROWS * (q + v + WEFT_TILE_KEYS * 3 / 2 + statistics + 2 * WEFT_GROUP_REST) +
                    (keys > values ? keys : values));
}
/* Values of 64 keys, in 16 bits; what is to be known of them. A multiple of 64. */
static inline int64_t weft_packed_bytes(int64_t value_dim) {
    return 64 + 2 * WEFT_TILE_KEYS * weft_whole_registers(value_dim);
}
static inline size_t weft_state_floats(int64_t rows, int64_t value_dim) { return (size_t)(rows * (value_dim + 2)); }

#endif
