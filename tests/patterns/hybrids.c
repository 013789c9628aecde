/* Our own patterns. */
#include "definitions.h"

#include <stdlib.h>

/* Sinks, the last w, and one group of keys in every `every`, the heads in turn. */
static bool hybrid(const question *q) {
    int64_t sinks = q->p[0], w = q->p[1], group = q->p[2], every = q->p[3];
    if (q->j > q->i) return false;
    return q->j < sinks || q->j > q->i - w || (q->j / group + q->h) % every == 0;
}

static bool dilated(const question *q, int64_t w, int64_t step) {
    int64_t distance = llabs(q->j - q->i);
    return distance % step == 0 && distance / step <= w;
}

static bool not_beside(int64_t a, int64_t block, int64_t blocks) {
    (void)blocks;
    return llabs(a - block) > 1;
}

/* A window and global tokens; even heads a dilated window, of steps 2, 4, 8, 16 in turn, odd heads random blocks. */
static bool hybrid_encoder(const question *q) {
    int64_t w = q->p[0], size = q->p[1], blocks = (q->keys + size - 1) / size;
    if (llabs(q->j - q->i) <= w || among_tokens(q, 0, q->i) || among_tokens(q, 0, q->j)) return true;
    if (q->h % 2 == 0) return dilated(q, w, INT64_C(2) << q->h / 2 % 4);
    return drawn(q, floor_div(q->i, size), q->j / size, blocks, q->p[2], 0, not_beside);
}

/* Within the document: its first token, the last w, and w keys a step apart. */
static bool hybrid_decoder(const question *q) {
    int64_t w = q->p[0];
    if (q->i < 0 || q->j > q->i || q->arrays[0][q->i] != q->arrays[0][q->j]) return false;
    return among_tokens(q, 1, q->j) || q->i - q->j < w || dilated(q, w, INT64_C(2) << q->h % 4);
}

static const definition table[] = {
    {"hybrid", "hybrid", hybrid, .heads = 4, .usual = {4, 256, 64, 8}, .queries = 80, .keys = 2000,
     .trial = {{4, 30, 8, 3}, {0, 1, 5, 2}}, .trials = 2},
    {"hybrid_encoder", "hybrid_encoder", hybrid_encoder, .heads = 10, .usual = {128, 64, 2}, .queries = 60,
     .keys = 3000, .trial = {{9, 16, 2}, {3, 7, 1}}, .trials = 2},
    {"hybrid_decoder", "hybrid_decoder", hybrid_decoder, .heads = 5, .usual = {256}, .queries = 60, .keys = 6000,
     .trial = {{12}, {5}}, .trials = 2},
};

const definitions hybrid_patterns = {table, sizeof table / sizeof *table};
