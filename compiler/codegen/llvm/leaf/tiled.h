/* The two products of a kernel on tile registers (tiles.h). Queries, scores and weights are those of pairs.h; keys are
 * rows of whole tiles, as they lie or copied; values are turned, so that 32 keys of a dim lie side by side. What fills
 * up a tile is 0 in both operands, so that nothing is ever NaN because of it. */
#ifndef WEFT_LEAF_TILED_H
#define WEFT_LEAF_TILED_H

#include "ahead.h"
#include "pairs.h"
#include "tiles.h"

enum {
    TILE_KEYS = 2 * TILE, /* elements of a row of a tile */
    KEY_STEP = TILE_KEYS, /* what columns of a block are cut to */
    FETCHES = TILE_KEYS   /* rows that a product fetches ahead */
};

typedef struct products {
    int64_t rows;
    int64_t group; /* keys, or dims, of one call */
    int64_t score_steps, value_steps;
    const void *unused[2];
} products;

/* The maximum after a block. Sums that decay pass through registers once more, so what weights are relative to stays
 * what it was until it is 2^8 too small: they are as exact, and their sums far from too large. */
static inline vec raised(vec before, vec highest) { return choose(highest > before + splat(8), highest, before); }

static inline void open_products(void) { open_tiles(); }
static inline void close_products(void) { close_tiles(); }

static inline int64_t fetches_of(int64_t steps, int64_t each) {
    (void)steps, (void)each;
    return FETCHES;
}

static inline int64_t whole_tiles(int64_t count, int64_t size) { return (count + size - 1) / size * size; }

/* ---- scores ----------------------------------------------------------------------------------------------------- */

static tiled tiled_keys(const element *at, const strided *m, float *room) {
    int64_t length = whole_tiles(m->columns, TILE_KEYS), rows = whole_tiles(m->rows, TILE);
    if (m->column == 1 && m->columns == length && m->rows == rows)
        return (tiled){(const char *)at, m->row * (int64_t)sizeof *at, TILE_ROW};
    element *to = (element *)(void *)room;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < length; c += 2 * LANES) {
            const element *from = at + r * m->row + c * m->column;
            int64_t rest = r < m->rows ? m->columns - c : 0;
            bool direct = m->column == 1 && rest >= 2 * LANES;
            *(many *)(void *)(to + r * length + c) = direct ? load_many(from) : some_elements(from, m->column, rest);
        }
    return (tiled){(const char *)to, length * (int64_t)sizeof *to, TILE_ROW};
}

/* The score of a key, -inf where the mask (if any) has a 0. */
static inline vec seen_score(const char *mask, int64_t key, int64_t row, float *at) {
    vec score = load(at);
    if (!mask) return score;
    const char *bits = mask + key * (int64_t)sizeof(uint64_t) + row / 8;
    const __m512 outside = (__m512)splat(-__builtin_inff());
    score = (vec)_mm512_mask_blend_ps(*(const uint16_t *)(const void *)bits, outside, (__m512)score);
    store(at, score);
    return score;
}

/* Masks scores, and raises highest to what is left: four keys at once, which do not wait for each other. */
static inline __attribute__((always_inline)) void hide(const char *mask, int64_t keys, int64_t height, int64_t rows,
                                                       float *scores, float *highest) {
    for (int64_t row = 0; row < rows; row += LANES) {
        float *at = scores + row;
        vec most = load(highest + row);
        int64_t key = 0;
        for (; key + 4 <= keys; key += 4) {
            vec a = seen_score(mask, key, row, at + key * height),
                b = seen_score(mask, key + 1, row, at + (key + 1) * height);
            vec c = seen_score(mask, key + 2, row, at + (key + 2) * height);
            vec d = seen_score(mask, key + 3, row, at + (key + 3) * height);
            most = larger(larger(larger(a, b), larger(c, d)), most);
        }
        for (; key < keys; key++) most = larger(seen_score(mask, key, row, at + key * height), most);
        store(highest + row, most);
    }
}

static void score_keys(const products *by, const float *queries, int64_t height, int64_t rows, const element *keys,
                       const strided *m, float *room, const char *mask, float *scores, float *highest, fetch next) {
    (void)by;
    fetch_rows(next.row, next.apart, FETCHES, next.bytes);
    const int64_t row = height * (int64_t)sizeof(float);
    multiply_tiles(tiled_keys(keys, m, room), (tiled){(const char *)queries, row, TILE * row},
                   whole_tiles(m->columns, TILE_KEYS) / TILE_KEYS, whole_tiles(m->rows, TILE), rows,
                   (tiled_sums){scores, row}, false);
    if (mask)
        hide(mask, m->rows, height, rows, scores, highest);
    else
        hide(0, m->rows, height, rows, scores, highest);
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* Turned: at[dim][key], WEFT_TILE_KEYS keys a dim. */
enum { VALUE_ROW = WEFT_TILE_KEYS, VALUE_PAIRS = WEFT_TILE_KEYS / 2 };

/* Within each quarter of a register: lanes of two rows in turn, from the lower or the upper half. */
#define QUARTER(lane, upper) (lane) / 4 * 8 + (lane) % 4 + (upper), (lane) / 4 * 8 + (lane) % 4 + (upper) + 2 * LANES

/* What lane of such a register is which dim. */
static inline int64_t dim_of(int64_t lane, int64_t upper) { return lane / 4 * 8 + lane % 4 + upper; }

/* 16 pairs of keys by 32 dims. Rows that do not exist are 0. */
static inline void turn_square(const element *at, const strided *m, int64_t pair, int64_t dim, bool upper,
                               float *room) {
    vec x[LANES];
    int64_t rest = m->columns - dim;
    bool whole = m->column == 1 && rest >= 2 * LANES && 2 * (pair + LANES) <= m->rows;
#pragma unroll
    for (int p = 0; p < LANES; p++) {
        int64_t key = 2 * (pair + p);
        const element *first = at + key * m->row + dim * m->column, *second = first + m->row;
        many one = whole ? load_many(first) : some_elements(first, m->column, key < m->rows ? rest : 0);
        many two = whole ? load_many(second) : some_elements(second, m->column, key + 1 < m->rows ? rest : 0);
        x[p] = upper ? (vec)__builtin_shufflevector(one, two, EACH_LANE(QUARTER, 4))
                     : (vec)__builtin_shufflevector(one, two, EACH_LANE(QUARTER, 0));
    }
    transpose(x);
#pragma unroll
    for (int d = 0; d < LANES; d++) {
        int64_t turned = dim + dim_of(d, upper ? 4 : 0);
        if (turned < weft_whole_registers(m->columns)) store(room + turned * VALUE_PAIRS + pair, x[d]);
    }
}

/* What value_rows has left in `room`, from key `first` on, which is a multiple of KEY_STEP. */
static inline matrix packed_rows(const float *room, int64_t columns, int64_t first) {
    (void)columns;
    return (matrix){(const element *)(const void *)room + first, 1, VALUE_ROW};
}

static matrix value_rows(const element *at, const strided *m, float *room) {
    for (int64_t dim = 0; dim < m->columns; dim += 2 * LANES)
        for (int64_t pair = 0; 2 * pair < m->rows; pair += LANES) {
            turn_square(at, m, pair, dim, false, room);
            turn_square(at, m, pair, dim, true, room);
        }
    return packed_rows(room, m->columns, 0);
}

static inline vec value_at(const matrix *values, int64_t key, int64_t dim) {
    return bf16_to_floats((halves){0} + values->at[dim * VALUE_ROW + key]);
}

/* NaN where some value is not finite, else 0. */
static inline vec vanished(const matrix *values, int64_t keys, int64_t dims) {
    vec zeros = splat(0);
    for (int64_t dim = 0; dim < dims; dim++)
        for (int64_t key = 0; key < keys; key += LANES)
            zeros += load_elements(values->at + dim * VALUE_ROW + key) * 0.0f;
    return zeros;
}

/* Weights of keys that fill up a tile are 0. */
static void end_weights(float *weights, int64_t height, int64_t rows, int64_t pairs) {
    for (int64_t pair = pairs; pair < whole_tiles(pairs, TILE); pair++)
        for (int64_t row = 0; row < rows; row += LANES) store(weights + pair * height + row, splat(0));
}

static void decay_sums(float *acc, int64_t height, int64_t rows, int64_t dims, const float *decay) {
    for (int64_t row = 0; row < rows; row += LANES) {
        vec factor = load(decay + row);
        if (_mm512_cmpneq_ps_mask((__m512)factor, (__m512)splat(1)) == 0) continue;
        for (int64_t dim = 0; dim < dims; dim++)
            store(acc + dim * height + row, load(acc + dim * height + row) * factor);
    }
}

static void add_values(const products *by, float *weights, int64_t height, int64_t rows, const matrix *values,
                       int64_t first, int64_t last, int64_t dim, int64_t dims, const float *decay, float *acc,
                       fetch next) {
    fetch_rows(next.row, next.apart, FETCHES, next.bytes);
    const int64_t row = height * (int64_t)sizeof(float), pairs = steps_of(last - first);
    int64_t group = whole_tiles(smaller(dims, by->group), TILE);
    weights += steps_of(first) * height;
    acc += dim * height;
    if (dim == 0) end_weights(weights, height, rows, pairs);
    decay_sums(acc, height, rows, group, decay);
    multiply_tiles(
        (tiled){(const char *)(values->at + dim * VALUE_ROW + first), VALUE_ROW * (int64_t)sizeof(element), TILE_ROW},
        (tiled){(const char *)weights, row, TILE * row}, whole_tiles(pairs, TILE) / TILE, group, rows,
        (tiled_sums){acc, row}, true);
}

#endif
