/* States: directions attend to keys. The scores w . k' - |k'|^2 / 2 of a feature have a softmax of their own, whose
 * maximum is carried along with its sums, so that no feature ever overflows or vanishes, and no key that is not in the
 * state has a say in it. */
#include <math.h>

#include "lowrank/lowrank.h"

enum { ROWS = WEFT_TILE_ROWS };

void weft_state_clear(const weft_features *f, float *state) {
    size_t step = weft_outcome_floats(f);
    for (int64_t group = 0; group < weft_feature_groups(f); group++)
        for (size_t n = 0; n < step; n++) state[(size_t)group * step + n] = n < WEFT_TILE_ROWS ? -INFINITY : 0;
}

static void load_rows(const weft_features *f, const weft_head_rows *from, int64_t first, int64_t rows, int64_t dims,
                      float factor, float *to, float *squares) {
    f->rows(&(weft_rows_call){.from = from->at + first * from->row * (int64_t)from->element,
                              .row = from->row,
                              .dim = from->dim,
                              .rows = rows,
                              .dims = dims,
                              .to = to,
                              .squares = squares,
                              .factor = factor});
}

/* Keys in the room, as many as it holds at most. */
static void add_keys(const weft_features *f, int64_t keys, float factor, const weft_feature_room *room, float *state) {
    const weft_tile all = {.many = (uint32_t)((keys + WEFT_TILE_KEYS - 1) / WEFT_TILE_KEYS), .last = WEFT_TILE_KEYS};
    for (int64_t group = 0; group < weft_feature_groups(f); group++) {
        int64_t first = group * WEFT_TILE_ROWS, left = f->count - first;
        f->item(&(weft_call){.q = f->w + first * f->head_dim,
                             .k = room->k,
                             .v = room->v,
                             .q_row = f->head_dim,
                             .q_dim = 1,
                             .k_row = weft_whole_registers(f->head_dim),
                             .k_dim = 1,
                             .v_row = weft_whole_registers(f->value_dim),
                             .v_dim = 1,
                             .keys = keys,
                             .rows = (int32_t)(left < WEFT_TILE_ROWS ? left : WEFT_TILE_ROWS),
                             .scale = factor,
                             .tiles = &all,
                             .tile_count = 1,
                             .scratch = room->kernel,
                             .state = state + (size_t)group * weft_outcome_floats(f),
                             .resume = 1,
                             .sink = -INFINITY,
                             .addend = f->relu ? NULL : room->k_squares});
    }
}

void weft_state_extend(const weft_features *f, const weft_head_keys *keys, int64_t first, int64_t end,
                       const weft_feature_room *room, float *state) {
    for (; first < end; first += WEFT_ROOM_KEYS) {
        int64_t rows = end - first < WEFT_ROOM_KEYS ? end - first : WEFT_ROOM_KEYS;
        load_rows(f, &keys->k, first, rows, f->head_dim, keys->factor, room->k, room->k_squares);
        load_rows(f, &keys->v, first, rows, f->value_dim, 1, room->v, NULL);
        add_keys(f, rows, keys->factor, room, state);
    }
}

/* The means of 64 features, and the logarithms of their denominators. */
static void divide(const weft_features *f, const float *state, float *addend, float *means, int64_t apart) {
    const float *max = state, *sum = max + ROWS, *acc = sum + ROWS;
    float inverse[ROWS];
    for (int n = 0; n < ROWS; n++) {
        addend[n] = sum[n] == 0 ? -INFINITY : max[n] + log2f(sum[n]);
        inverse[n] = sum[n] == 0 ? 0 : 1 / sum[n];
    }
    for (int64_t dim = 0; dim < f->value_dim; dim++)
        for (int n = 0; n < ROWS; n++) means[dim * apart + n] = acc[dim * ROWS + n] * inverse[n];
}

void weft_state_divide(const weft_features *f, const float *state, const weft_feature_room *room) {
    int64_t groups = weft_feature_groups(f), apart = groups * ROWS;
    for (int64_t group = 0; group < groups; group++)
        divide(f, state + (size_t)group * weft_outcome_floats(f), room->addend + group * ROWS,
               room->means + group * ROWS, apart);
}

void weft_state_merge(const weft_features *f, float *into, const float *from) {
    size_t step = weft_outcome_floats(f);
    for (int64_t group = 0; group < weft_feature_groups(f); group++)
        weft_outcome_add(f, into + (size_t)group * step, from + (size_t)group * step);
}
