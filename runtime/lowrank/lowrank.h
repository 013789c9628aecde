/* Low-rank attention (Performer, Choromanski et al. 2021): weights that are products of features, so that keys are
 * summed once for all queries. This layer knows no sets and no plans: rows of one head, runs of its keys, and pairs.
 *
 * What keys come to, feature by feature, is a state: for every 64 features the largest exponent, the sum under it, and
 * the same sum over the values, as weft_call leaves them for 64 rows. Queries make an outcome of it, a state of 64
 * rows. Exponents are in base 2. An empty one has a maximum of -inf and a sum of 0. */
#ifndef WEFT_LOWRANK_LOWRANK_H
#define WEFT_LOWRANK_LOWRANK_H

#include "kernel/features.h"
#include "kernel/kernel.h"

/* Numbers that W may hold at most. */
enum { WEFT_MAX_FEATURE_NUMBERS = 1 << 24 };

/* ---- directions.c ------------------------------------------------------------------------------------------------ */

/* W, [features][dims]: blocks of `dims` orthogonal rows, each as long as a Gaussian vector (LANGUAGE.md section 4). */
WEFT_SHARED void weft_make_directions(double *w, int64_t features, int64_t dims, uint64_t seed);

/* ---- what everything here works with ----------------------------------------------------------------------------- */

/* The features of a plan, and the kernels that know them. */
typedef struct weft_features {
    weft_kernel_entry *item;
    weft_rows_entry *rows;
    weft_pairs_entry *pairs;
    weft_fold_entry *fold;
    const float *w; /* [count][head_dim] */
    int64_t count, head_dim, value_dim;
    bool relu;
} weft_features;

/* Row 0 of a head's tensor; strides in elements. */
typedef struct weft_head_rows {
    const unsigned char *at;
    int64_t row, dim;
    size_t element; /* bytes */
} weft_head_rows;

/* The keys and values of one head. */
typedef struct weft_head_keys {
    weft_head_rows k, v;
    int64_t keys;
    float factor; /* root of the scale */
} weft_head_keys;

/* What one worker works in. Rows are made floats some blocks at a time. */
enum { WEFT_ROOM_KEYS = 256 };
typedef struct weft_feature_room {
    float *kernel;        /* weft_scratch_floats */
    float *pairs;         /* weft_pairs_floats */
    float *q, *q_squares; /* 64 queries */
    float *k, *v, *k_squares;
    float *addend, *means; /* of features; means [value_dim][64 * weft_feature_groups] */
    float *state;          /* a state that is carried along */
    float *outcome[2];
    uint64_t *mask; /* WEFT_ROOM_KEYS */
    uint32_t *list;
} weft_feature_room;

static inline int64_t weft_feature_groups(const weft_features *f) {
    return (f->count + WEFT_TILE_ROWS - 1) / WEFT_TILE_ROWS;
}
static inline size_t weft_outcome_floats(const weft_features *f) {
    return weft_state_floats(WEFT_TILE_ROWS, f->value_dim);
}
static inline size_t weft_feature_state_floats(const weft_features *f) {
    return (size_t)weft_feature_groups(f) * weft_outcome_floats(f);
}
/* Cuts memory at a 64-byte boundary into a room; its bytes, a multiple of 64. With memory NULL it only counts. */
WEFT_SHARED size_t weft_feature_room_of(const weft_features *f, void *memory, weft_feature_room *room);

/* ---- states.c ---------------------------------------------------------------------------------------------------- */

void weft_state_clear(const weft_features *f, float *state);
/* Adds keys [first, end) to a state. */
void weft_state_extend(const weft_features *f, const weft_head_keys *keys, int64_t first, int64_t end,
                       const weft_feature_room *room, float *state);
/* Its means and denominators, in the room. */
void weft_state_divide(const weft_features *f, const float *state, const weft_feature_room *room);
/* into += from */
void weft_state_merge(const weft_features *f, float *into, const float *from);

/* ---- outcomes.c -------------------------------------------------------------------------------------------------- */

/* Looks at `rows` queries, at most 64, from row `first` on, `stride` rows from each other: room->q. */
void weft_look_at_queries(const weft_features *f, const weft_head_rows *q, int64_t first, int64_t stride, int64_t rows,
                          float factor, const weft_feature_room *room);
/* What the queries make of the means in the room. */
void weft_outcome_of(const weft_features *f, float factor, const weft_feature_room *room, float *outcome);

/* Pairs of the queries with single keys, added one by one in the order of their sums; an outcome of its own. */
typedef struct weft_pairing {
    const weft_features *features;
    const weft_head_keys *keys;
    const weft_feature_room *room;
    float *outcome;
    int64_t count; /* in room->list and room->mask */
    bool begun;    /* something is in the outcome */
} weft_pairing;
weft_pairing weft_pairing_begin(const weft_features *f, const weft_head_keys *keys, const weft_feature_room *room,
                                float *outcome);
/* Bit r of `rows`: query r. */
void weft_pairing_add(weft_pairing *pairing, int64_t key, uint64_t rows);
/* Is there any pair? Otherwise the outcome is empty. */
bool weft_pairing_end(weft_pairing *pairing);

/* a += b, and a -= b: the latter in the frame of a's maxima or b's, whichever are larger, never below 0. */
void weft_outcome_add(const weft_features *f, float *a, const float *b);
void weft_outcome_subtract(const weft_features *f, float *a, const float *b);

#endif
