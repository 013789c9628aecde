/* Patterns of one sequence: windows, sinks, strides, segments, documents. */
#include "definitions.h"

#include <stdlib.h>

static bool past_only(const question *q) { return q->j <= q->i; }

/* ---- Longformer --------------------------------------------------------------------------------------------- */

/* One-sided w; the first g tokens see all and are seen by all. */
static bool longformer(const question *q) {
    int64_t w = q->p[0], g = q->p[1];
    return llabs(q->j - q->i) <= w || (q->i >= 0 && q->i < g) || q->j < g;
}

static bool longformer_tokens(const question *q) {
    return llabs(q->j - q->i) <= q->p[0] || among_tokens(q, 0, q->i) || among_tokens(q, 0, q->j);
}

static bool longformer_causal(const question *q) { return past_only(q) && longformer(q); }

/* Heads 0 and 1: j = i + d t, t from -w to w. */
static bool longformer_dilated(const question *q) {
    int64_t w = q->p[0], d = q->h < 2 ? q->p[1] : 1;
    for (int64_t t = -w; t <= w; t++)
        if (q->j == q->i + d * t) return true;
    return false;
}

static bool longformer_dilated_causal(const question *q) { return past_only(q) && longformer_dilated(q); }

/* ---- windows and sinks -------------------------------------------------------------------------------------- */

/* i - W < j <= i: W keys, the query's own among them. */
static bool sliding_window(const question *q) { return q->i - q->p[0] < q->j && q->j <= q->i; }

/* The first n, and the last `recent`, causal. */
static bool streaming_llm(const question *q) { return past_only(q) && (q->j < q->p[0] || q->i - q->j < q->p[1]); }

static bool tri_shape(const question *q) {
    int64_t row = q->i - (q->keys - q->queries); /* of the queries there are, the last rows */
    return past_only(q) && (streaming_llm(q) || row >= q->queries - q->p[2]);
}

static bool prefix_lm(const question *q) { return past_only(q) || q->j < q->p[0]; }

/* ---- Sparse Transformer ------------------------------------------------------------------------------------- */

static bool strided(const question *q) {
    int64_t l = q->p[0], distance = q->i - q->j;
    return distance >= 0 && (distance < l || distance % l == 0);
}

/* The query's window of l, and of each window of l the c keys of a slot, slot 0 being the last. */
static bool fixed_slot(const question *q, int64_t slot) {
    int64_t l = q->p[0], c = q->p[1], from_end = l - 1 - q->j % l;
    return past_only(q) && (floor_div(q->i, l) == q->j / l || from_end / c == slot);
}

static bool fixed(const question *q) { return fixed_slot(q, 0); }
static bool fixed_slots(const question *q) { return fixed_slot(q, q->h % (q->p[0] / q->p[1])); }

/* ---- LongNet ------------------------------------------------------------------------------------------------ */

/* Same segment of w; within it both at the head's offset, r apart. */
static bool branch(const question *q, int64_t w, int64_t r) {
    int64_t segment = floor_div(q->i, w);
    if (q->j / w != segment) return false;
    return (q->i - segment * w) % r == q->h % r && (q->j - segment * w) % r == q->h % r;
}

static bool longnet(const question *q) { return branch(q, q->p[0], q->p[1]) || branch(q, q->p[2], q->p[3]); }
static bool longnet_causal(const question *q) { return past_only(q) && longnet(q); }

static bool longnet_paper(const question *q) {
    static const int64_t ratios[] = {1, 2, 4, 6, 12};
    for (int n = 0; n < 5; n++)
        if (branch(q, q->p[0] << n, ratios[n])) return true;
    return false;
}

/* ---- documents ---------------------------------------------------------------------------------------------- */

static bool documents_encoder(const question *q) { return q->i >= 0 && q->arrays[0][q->i] == q->arrays[0][q->j]; }
static bool documents(const question *q) { return past_only(q) && documents_encoder(q); }

static const definition table[] = {
    {"longformer", "longformer", longformer, .usual = {256, 1}, .queries = 300, .keys = 1500,
     .trial = {{20, 3}, {0, 0}, {7, 100}}, .trials = 3},
    {"longformer", "longformer_tokens", longformer_tokens, .trial = {{9}, {40}}, .trials = 2},
    {"longformer", "longformer_causal", longformer_causal, .usual = {256, 1}, .queries = 300, .keys = 1500,
     .trial = {{20, 3}, {1, 1}}, .trials = 2},
    {"longformer_dilated", "longformer_dilated", longformer_dilated, .heads = 3, .usual = {128, 4}, .queries = 100,
     .keys = 1500, .trial = {{9, 3}, {4, 16}, {6, 1}}, .trials = 3},
    {"longformer_dilated", "longformer_dilated_causal", longformer_dilated_causal, .heads = 3, .usual = {128, 4},
     .queries = 100, .keys = 1500, .trial = {{9, 3}, {4, 16}}, .trials = 2},
    {"sliding_window", "sliding_window", sliding_window, .usual = {4096}, .queries = 100, .keys = 9000,
     .trial = {{30}, {1}, {64}}, .trials = 3},
    {"mistral", "mistral", sliding_window, .usual = {4096}, .queries = 100, .keys = 9000, .trial = {{30}}, .trials = 1},
    {"streaming_llm", "streaming_llm", streaming_llm, .usual = {4, 512}, .queries = 100, .keys = 2000,
     .trial = {{4, 30}, {0, 1}, {100, 17}}, .trials = 3},
    {"minference_a_shape", "minference_a_shape", streaming_llm, .usual = {128, 3968}, .queries = 100, .keys = 9000,
     .trial = {{16, 48}, {3, 30}}, .trials = 2},
    {"minference_a_shape", "minference_tri_shape", tri_shape, .usual = {128, 3968, 100}, .queries = 130, .keys = 9000,
     .trial = {{3, 30, 20}, {16, 48, 0}}, .trials = 2},
    {"prefix_lm", "prefix_lm", prefix_lm, .usual = {256}, .queries = 400, .keys = 500, .trial = {{50}, {0}, {100}},
     .trials = 3},
    {"sparse_transformer_strided", "sparse_transformer_strided", strided, .usual = {128}, .queries = 150, .keys = 2000,
     .trial = {{16}, {7}, {1}}, .trials = 3},
    {"sparse_transformer_fixed", "sparse_transformer_fixed", fixed, .usual = {128, 32}, .queries = 150, .keys = 2000,
     .trial = {{16, 4}, {10, 3}, {5, 5}}, .trials = 3},
    {"sparse_transformer_fixed", "sparse_transformer_fixed_slots", fixed_slots, .heads = 5, .usual = {128, 32},
     .queries = 50, .keys = 2000, .trial = {{16, 4}, {10, 3}}, .trials = 2},
    {"longnet", "longnet", longnet, .heads = 3, .usual = {2048, 1, 4096, 2}, .queries = 60, .keys = 6100,
     .trial = {{32, 1, 64, 2}, {10, 2, 45, 6}}, .trials = 2},
    {"longnet", "longnet_causal", longnet_causal, .heads = 3, .usual = {2048, 1, 4096, 2}, .queries = 60, .keys = 6100,
     .trial = {{32, 1, 64, 2}, {10, 2, 45, 6}}, .trials = 2},
    {"longnet", "longnet_paper", longnet_paper, .heads = 7, .usual = {2048}, .queries = 24, .keys = 40000,
     .trial = {{16}, {9}}, .trials = 2},
    {"documents", "documents", documents, .trials = 2},
    {"documents", "documents_encoder", documents_encoder, .trials = 2},
};

const definitions sequence_patterns = {table, sizeof table / sizeof *table};
