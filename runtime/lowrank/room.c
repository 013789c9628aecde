/* What one worker works in, cut out of one block. */
#include "lowrank/lowrank.h"

enum { BOUNDARY = 64 };

static void *take(unsigned char *memory, size_t *used, size_t bytes) {
    void *part = memory ? memory + *used : NULL;
    *used += (bytes + BOUNDARY - 1) / BOUNDARY * BOUNDARY;
    return part;
}

static float *take_floats(unsigned char *memory, size_t *used, size_t count) {
    return take(memory, used, count * sizeof(float));
}

size_t weft_feature_room_of(const weft_features *f, void *memory, weft_feature_room *room) {
    size_t used = 0, features = (size_t)weft_feature_groups(f) * WEFT_TILE_ROWS;
    size_t key = (size_t)weft_whole_registers(f->head_dim), value = (size_t)weft_whole_registers(f->value_dim);
    room->kernel = take_floats(memory, &used, weft_scratch_floats(f->head_dim, f->value_dim));
    room->pairs = take_floats(memory, &used, weft_pairs_floats(f->head_dim, f->count));
    room->q = take_floats(memory, &used, WEFT_TILE_ROWS * key);
    room->q_squares = take_floats(memory, &used, WEFT_TILE_ROWS);
    room->k = take_floats(memory, &used, WEFT_ROOM_KEYS * key);
    room->v = take_floats(memory, &used, WEFT_ROOM_KEYS * value);
    room->k_squares = take_floats(memory, &used, WEFT_ROOM_KEYS);
    room->addend = take_floats(memory, &used, features);
    room->means = take_floats(memory, &used, features * (size_t)f->value_dim);
    room->state = take_floats(memory, &used, weft_feature_state_floats(f));
    for (int n = 0; n < 2; n++) room->outcome[n] = take_floats(memory, &used, weft_outcome_floats(f));
    room->mask = take(memory, &used, WEFT_ROOM_KEYS * sizeof *room->mask);
    room->list = take(memory, &used, WEFT_ROOM_KEYS * sizeof *room->list);
    return used;
}
