/* Outcomes: queries attend to directions, whose values are the means of a state and which have its denominators added
 * to their scores; or to single keys, by products of features. */
#include <math.h>

#include "lowrank/lowrank.h"

enum { ROWS = WEFT_TILE_ROWS };

/* ---- queries ----------------------------------------------------------------------------------------------------- */

void weft_look_at_queries(const weft_features *f, const weft_head_rows *q, int64_t first, int64_t stride, int64_t rows,
                          float factor, const weft_feature_room *room) {
    f->rows(&(weft_rows_call){.from = q->at + first * q->row * (int64_t)q->element,
                              .row = rows > 1 ? q->row * stride : q->row,
                              .dim = q->dim,
                              .rows = rows,
                              .dims = f->head_dim,
                              .to = room->q,
                              .squares = room->q_squares,
                              .factor = factor});
}

void weft_outcome_of(const weft_features *f, float factor, const weft_feature_room *room, float *outcome) {
    int64_t groups = weft_feature_groups(f), apart = groups * ROWS;
    const weft_tile all = {.many = (uint32_t)groups, .last = WEFT_TILE_KEYS};
    f->item(&(weft_call){.q = room->q,
                         .k = f->w,
                         .v = room->means,
                         .q_row = weft_whole_registers(f->head_dim),
                         .q_dim = 1,
                         .k_row = f->head_dim,
                         .k_dim = 1,
                         .v_row = 1,
                         .v_dim = apart,
                         .keys = f->count,
                         .rows = ROWS,
                         .scale = factor,
                         .tiles = &all,
                         .tile_count = 1,
                         .scratch = room->kernel,
                         .state = outcome,
                         .sink = -INFINITY,
                         .addend = room->addend});
}

/* ---- pairs ------------------------------------------------------------------------------------------------------- */

weft_pairing weft_pairing_begin(const weft_features *f, const weft_head_keys *keys, const weft_feature_room *room,
                                float *outcome) {
    return (weft_pairing){.features = f, .keys = keys, .room = room, .outcome = outcome};
}

static void load_listed(const weft_pairing *pairing, const weft_head_rows *from, int64_t dims, float *to,
                        float *squares) {
    pairing->features->rows(&(weft_rows_call){.from = from->at,
                                              .row = from->row,
                                              .dim = from->dim,
                                              .list = pairing->room->list,
                                              .rows = pairing->count,
                                              .dims = dims,
                                              .to = to,
                                              .squares = squares,
                                              .factor = pairing->keys->factor});
}

static void compute(weft_pairing *pairing) {
    const weft_features *f = pairing->features;
    const weft_feature_room *room = pairing->room;
    if (!pairing->count) return;
    load_listed(pairing, &pairing->keys->k, f->head_dim, room->k, room->k_squares);
    load_listed(pairing, &pairing->keys->v, f->value_dim, room->v, NULL);
    f->pairs(&(weft_pairs_call){.q = room->q,
                                .k = room->k,
                                .v = room->v,
                                .w = f->w,
                                .squares = room->k_squares,
                                .mask = room->mask,
                                .keys = pairing->count,
                                .features = f->count,
                                .head_dim = f->head_dim,
                                .value_dim = f->value_dim,
                                .factor = pairing->keys->factor,
                                .relu = f->relu,
                                .again = pairing->begun,
                                .resume = pairing->begun,
                                .state = pairing->outcome,
                                .scratch = room->pairs});
    pairing->begun = true;
    pairing->count = 0;
}

void weft_pairing_add(weft_pairing *pairing, int64_t key, uint64_t rows) {
    if (!rows) return;
    pairing->room->list[pairing->count] = (uint32_t)key;
    pairing->room->mask[pairing->count++] = rows;
    if (pairing->count == WEFT_ROOM_KEYS) compute(pairing);
}

bool weft_pairing_end(weft_pairing *pairing) {
    compute(pairing);
    return pairing->begun;
}

/* ---- sums -------------------------------------------------------------------------------------------------------- */

/* What both are worth in the frame of the larger maximum, which becomes a's. */
static void frame(float *a, const float *b, float of_a[ROWS], float of_b[ROWS]) {
    for (int row = 0; row < ROWS; row++) {
        bool from_b = b[ROWS + row] != 0 && (a[ROWS + row] == 0 || !(b[row] <= a[row]));
        float most = from_b ? b[row] : a[row];
        of_a[row] = a[ROWS + row] == 0 ? 0 : exp2f(a[row] - most);
        of_b[row] = b[ROWS + row] == 0 ? 0 : exp2f(b[row] - most);
        a[row] = most;
    }
}

static void combine(const weft_features *f, float *a, const float *b, const float of_a[ROWS], const float of_b[ROWS]) {
    for (int64_t at = ROWS; at < ROWS * (f->value_dim + 2); at += ROWS)
        for (int row = 0; row < ROWS; row++) a[at + row] = a[at + row] * of_a[row] + b[at + row] * of_b[row];
}

void weft_outcome_add(const weft_features *f, float *a, const float *b) {
    float of_a[ROWS], of_b[ROWS];
    frame(a, b, of_a, of_b);
    combine(f, a, b, of_a, of_b);
}

void weft_outcome_subtract(const weft_features *f, float *a, const float *b) {
    float of_a[ROWS], of_b[ROWS];
    frame(a, b, of_a, of_b);
    for (int row = 0; row < ROWS; row++) of_b[row] = -of_b[row];
    combine(f, a, b, of_a, of_b);
    for (int row = 0; row < ROWS; row++)
        if (a[ROWS + row] < 0) a[ROWS + row] = 0;
}
