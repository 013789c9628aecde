/* A product of matrices of which one has 64 columns, in lanes: out[s][lane] = sum over steps of stream s's number at
 * the step times packed[step][lane]. A register tile is 4 streams by as many vectors as leave room for the sums. */
#ifndef WEFT_LEAF_MULTIPLY_H
#define WEFT_LEAF_MULTIPLY_H

#include "kernel/abi.h"
#include "vectors.h"

#if LANES == 8
enum { TILE_WIDTH = 2 };
#elif defined(__x86_64__) && LANES == 4
enum { TILE_WIDTH = 2 };
#else
enum { TILE_WIDTH = 4 };
#endif
enum { TILE_STREAMS = 4 };

typedef struct streams {
    const float *at;
    int64_t apart, step; /* from one to the next, and of one from a step to the next */
    int64_t count;
} streams;

/* For `valid` streams from the first one on; the last of them stands in for those that do not exist. */
static inline __attribute__((always_inline)) void multiply_tile(const streams *s, int64_t first, const float *packed,
                                                                int64_t steps, const float *decay, float *out) {
    int64_t left = s->count - first - 1;
    const float *at[TILE_STREAMS];
    vec sum[TILE_STREAMS][TILE_WIDTH];
#pragma unroll
    for (int i = 0; i < TILE_STREAMS; i++) {
        at[i] = s->at + (first + (i < left ? i : left)) * s->apart;
#pragma unroll
        for (int v = 0; v < TILE_WIDTH; v++) {
            float *old = out + (first + (i < left ? i : left)) * WEFT_TILE_ROWS + v * LANES;
            sum[i][v] = decay ? load(old) * load(decay + v * LANES) : splat(0);
        }
    }
    for (int64_t n = 0; n < steps; n++) {
        vec x[TILE_WIDTH];
#pragma unroll
        for (int v = 0; v < TILE_WIDTH; v++) x[v] = load(packed + n * WEFT_TILE_ROWS + v * LANES);
#pragma unroll
        for (int i = 0; i < TILE_STREAMS; i++) {
            vec scalar = splat(at[i][n * s->step]);
#pragma unroll
            for (int v = 0; v < TILE_WIDTH; v++) sum[i][v] += scalar * x[v];
        }
    }
#pragma unroll
    for (int i = 0; i < TILE_STREAMS; i++)
        if (i <= left)
#pragma unroll
            for (int v = 0; v < TILE_WIDTH; v++) store(out + (first + i) * WEFT_TILE_ROWS + v * LANES, sum[i][v]);
}

/* With a decay of each lane, what out held times that is added. */
static void multiply(streams s, const float *packed, int64_t steps, const float *decay, float *out) {
    for (int64_t first = 0; first < s.count; first += TILE_STREAMS)
        for (int64_t column = 0; column < WEFT_TILE_ROWS; column += TILE_WIDTH * LANES)
            multiply_tile(&s, first, packed + column, steps, decay ? decay + column : 0, out + column);
}

#endif
