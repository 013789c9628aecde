/* Patterns of blocks: BigBird, block diffusion, blockwise and star attention. */
#include "definitions.h"

#include <stdlib.h>

/* ---- BigBird ------------------------------------------------------------------------------------------------ */

static bool near_block(int64_t a, int64_t block, int64_t blocks) {
    if (a == 0 || a == blocks - 1) return true; /* global rows */
    return block == 0 || block == blocks - 1 || llabs(block - a) <= 1;
}

static bool far_block(int64_t a, int64_t block, int64_t blocks) { return !near_block(a, block, blocks); }

static bool bigbird_static(const question *q) {
    int64_t size = q->p[0];
    return near_block(floor_div(q->i, size), q->j / size, (q->keys + size - 1) / size);
}

static bool bigbird(const question *q) {
    int64_t size = q->p[0], blocks = (q->keys + size - 1) / size;
    return bigbird_static(q) ||
           drawn(q, floor_div(q->i, size), q->j / size, blocks, q->p[1], (uint64_t)q->p[2], far_block);
}

/* ---- block diffusion ---------------------------------------------------------------------------------------- */

static bool block_diffusion(const question *q) { return q->j / q->p[0] <= floor_div(q->i, q->p[0]); }

/* As in the authors' code: noisy tokens first, then the clean ones; three parts that do not overlap. */
static bool block_diffusion_training(const question *q) {
    int64_t n = q->keys / 2, size = q->p[0];
    bool clean_query = q->i >= n, clean_key = q->j >= n;
    int64_t query_block = (clean_query ? q->i - n : q->i) / size, key_block = (clean_key ? q->j - n : q->j) / size;
    bool block_diagonal = query_block == key_block && clean_query == clean_key;
    bool offset_causal = query_block > key_block && clean_key && !clean_query;
    bool block_causal = query_block >= key_block && clean_key && clean_query;
    return block_diagonal || offset_causal || block_causal;
}

/* ---- star attention ----------------------------------------------------------------------------------------- */

/* First phase: the context's blocks, each behind the anchor, causal. Second: the question sees all that is cached. */
static bool blockwise(const question *q) {
    int64_t size = q->p[0], first_asking = q->keys - q->p[1];
    if (q->j > q->i) return false;
    return q->i >= first_asking || floor_div(q->i, size) == q->j / size;
}

static bool star_attention(const question *q) { return (q->j <= q->i && q->j < q->p[0]) || blockwise(q); }

static const definition table[] = {
    {"bigbird", "bigbird", bigbird, .heads = 2, .usual = {64, 3, 0}, .queries = 300, .keys = 2000,
     .trial = {{16, 2, 0}, {7, 3, 5}, {8, 20, 1}, {5, 1, INT64_C(0x7123456789abcdef)}}, .trials = 4},
    {"bigbird", "bigbird_static", bigbird_static, .usual = {64}, .queries = 300, .keys = 2000, .trial = {{16}, {7}},
     .trials = 2},
    {"block_diffusion", "block_diffusion", block_diffusion, .usual = {16}, .queries = 100, .keys = 300,
     .trial = {{8}, {7}}, .trials = 2},
    {"block_diffusion", "block_diffusion_training", block_diffusion_training, .square = 2, .usual = {16},
     .queries = 320, .keys = 320, .trial = {{8}, {7}}, .trials = 2},
    {"star_attention", "star_attention", star_attention, .usual = {4096, 64}, .queries = 100, .keys = 10000,
     .trial = {{32, 9}, {50, 0}}, .trials = 2},
    {"star_attention", "blockwise", blockwise, .usual = {4096, 64}, .queries = 100, .keys = 10000,
     .trial = {{32, 9}, {50, 0}}, .trials = 2},
};

const definitions block_patterns = {table, sizeof table / sizeof *table};
