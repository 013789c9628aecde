/* A kernel in plain C with the signature of compiled ones, so that runs can be tested without a code generator: it
 * reads tiles and masks pair by pair, and checks on the way that a call is sound. */
#ifndef WEFT_TESTS_EXEC_NAIVE_H
#define WEFT_TESTS_EXEC_NAIVE_H

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "exec/exec.h"

static atomic_int naive_faults; /* calls that broke the contract of abi.h */
static atomic_int naive_parts;  /* calls that left a state */
static atomic_int naive_folds;  /* calls that folded */
static atomic_int naive_lists;  /* calls with lists */
static atomic_int naive_packed; /* calls with packed values */

/* One query row of a call: its scores, and the keys that its tiles let it see. */
typedef struct naive_row {
    const weft_call *call;
    int64_t row, head_dim, value_dim;
    float max, sum;
} naive_row;

/* What stands for packed values: the sum of every key's. Whoever reads those of another squad, or before they are
 * there, finds others. */
static float naive_sum(const weft_call *call, int64_t key, int64_t value_dim) {
    const float *v = (const float *)call->v + key * call->v_row;
    float sum = 0;
    for (int64_t dim = 0; dim < value_dim; dim++) sum += v[dim * call->v_dim];
    return sum;
}

static float *naive_packed_at(const weft_call *call, int64_t block, int64_t value_dim) {
    return (float *)(void *)(call->packed + (block - call->packed_block) * weft_packed_bytes(value_dim));
}

static void naive_pack(const weft_call *call, int64_t value_dim) {
    weft_tile run = call->tiles[0];
    if (call->tile_count != 1 || run.masked || run.first != 0 || run.last != WEFT_TILE_KEYS ||
        (uintptr_t)call->packed % 64 || run.block < call->packed_block)
        atomic_fetch_add(&naive_faults, 1);
    for (int64_t block = run.block; block < (int64_t)run.block + run.many; block++)
        for (int64_t k = 0; k < WEFT_TILE_KEYS; k++) {
            int64_t key = block * WEFT_TILE_KEYS + k;
            naive_packed_at(call, block, value_dim)[k] = key < call->keys ? naive_sum(call, key, value_dim) : 0;
        }
}

typedef void naive_visit(naive_row *at, int64_t key, float *acc);

static float naive_score(const naive_row *at, int64_t key) {
    const weft_call *call = at->call;
    const float *q = (const float *)call->q + at->row * call->q_row;
    const float *k = (const float *)call->k + key * call->k_row;
    float sum = 0;
    for (int64_t dim = 0; dim < at->head_dim; dim++) sum += q[dim * call->q_dim] * k[dim * call->k_dim];
    return sum * call->scale * 1.44269504088896340736f;
}

static void naive_take_max(naive_row *at, int64_t key, float *acc) {
    (void)acc;
    at->max = fmaxf(at->max, naive_score(at, key));
}

static void naive_take_value(naive_row *at, int64_t key, float *acc) {
    const float *v = (const float *)at->call->v + key * at->call->v_row;
    float weight = exp2f(naive_score(at, key) - at->max);
    at->sum += weight;
    if (at->call->packed && naive_packed_at(at->call, key / WEFT_TILE_KEYS, at->value_dim)[key % WEFT_TILE_KEYS] !=
                                naive_sum(at->call, key, at->value_dim))
        atomic_fetch_add(&naive_faults, 1);
    for (int64_t dim = 0; dim < at->value_dim; dim++) acc[dim] += weight * v[dim * at->call->v_dim];
}

static void naive_walk_list(naive_row *at, naive_visit *visit, float *acc) {
    const weft_call *call = at->call;
    int64_t begin = call->list_begin[at->row], end = call->list_begin[at->row + 1], last = -1;
    if (begin > end) atomic_fetch_add(&naive_faults, 1);
    for (int64_t n = begin; n < end; n++) {
        int64_t key = call->list[n];
        if (key <= last || key >= call->keys)
            atomic_fetch_add(&naive_faults, 1);
        else
            visit(at, key, acc);
        last = key;
    }
}

static void naive_walk(naive_row *at, naive_visit *visit, float *acc) {
    if (at->call->list_begin) {
        naive_walk_list(at, visit, acc);
        return;
    }
    for (uint32_t t = 0; t < at->call->tile_count; t++) {
        weft_tile tile = at->call->tiles[t];
        uint32_t blocks = tile.masked ? 1 : tile.many;
        if (tile.first >= tile.last || tile.last > WEFT_TILE_KEYS || blocks == 0) atomic_fetch_add(&naive_faults, 1);
        for (uint32_t b = 0; b < blocks; b++)
            for (int64_t k = tile.first; k < tile.last; k++) {
                int64_t key = ((int64_t)tile.block + b) * WEFT_TILE_KEYS + k;
                if (tile.masked && !(at->call->masks[tile.many].key[k] >> at->row & 1)) continue;
                if (key >= at->call->keys) {
                    atomic_fetch_add(&naive_faults, 1);
                } else {
                    visit(at, key, acc);
                }
            }
    }
}

/* Leaves what the row found: the outcome, or its lane of a state. */
static void naive_leave(const naive_row *at, const float *acc, int64_t height) {
    const weft_call *call = at->call;
    if (call->state) {
        call->state[at->row] = at->max;
        call->state[height + at->row] = at->sum;
        for (int64_t dim = 0; dim < at->value_dim; dim++) call->state[(2 + dim) * height + at->row] = acc[dim];
        return;
    }
    float *o = (float *)call->o + at->row * call->o_row, *lse = call->lse ? call->lse + at->row * call->lse_row : NULL;
    double earlier = call->fold ? exp((double)*lse) : 0, here = at->sum == 0 ? 0 : exp2((double)at->max);
    double total = earlier + here * at->sum;
    for (int64_t dim = 0; dim < at->value_dim; dim++) {
        double old = earlier > 0 ? earlier * o[dim * call->o_dim] : 0;
        o[dim * call->o_dim] = total > 0 ? (float)((old + here * acc[dim]) / total) : 0;
    }
    if (lse) *lse = (float)log(total);
}

static void naive_compute(const weft_call *call, int64_t height, int64_t head_dim, int64_t value_dim) {
    size_t floats = weft_scratch_floats(head_dim, value_dim);
    if ((uintptr_t)call->scratch % 64 || call->rows < 1 || call->rows > height) atomic_fetch_add(&naive_faults, 1);
    if (call->sink != -INFINITY || call->row_stride < 1 || call->key_stride != call->row_stride ||
        call->key_position < 0 || call->key_position >= call->key_stride)
        atomic_fetch_add(&naive_faults, 1);
    int64_t apart = call->row_position - call->key_position; /* rows and keys are of one class */
    if (apart % call->row_stride) atomic_fetch_add(&naive_faults, 1);
    for (size_t n = 0; n < floats; n++) call->scratch[n] = (float)(n % 251); /* it is all this call's */
    if (call->state) atomic_fetch_add(&naive_parts, 1);
    if (call->fold) atomic_fetch_add(&naive_folds, 1);
    if (call->list_begin) atomic_fetch_add(&naive_lists, 1);
    if (call->packed) atomic_fetch_add(&naive_packed, 1);
    if (call->packed && call->list_begin) atomic_fetch_add(&naive_faults, 1);
    if (call->fold && !call->lse) atomic_fetch_add(&naive_faults, 1);
    for (int64_t row = 0; row < call->rows; row++) {
        naive_row at = {call, row, head_dim, value_dim, -INFINITY, 0};
        float acc[WEFT_MAX_DIM] = {0};
        naive_walk(&at, naive_take_max, acc);
        naive_walk(&at, naive_take_value, acc);
        naive_leave(&at, acc, height);
    }
    for (size_t n = 0; n < floats; n++)
        if (call->scratch[n] != (float)(n % 251)) atomic_fetch_add(&naive_faults, 1);
}

/* Compiled code knows its head dimensions; the naive kernel has entries of its own for each shape that tests use. The
 * one for lists is known by what it is given. */
#define NAIVE(d, dv)                                                                                                   \
    static void naive_tall_##d##_##dv(const weft_call *call) { naive_compute(call, WEFT_TILE_ROWS, d, dv); }           \
    static void naive_strip_##d##_##dv(const weft_call *call) { naive_compute(call, WEFT_STRIP_ROWS, d, dv); }         \
    static void naive_pack_##d##_##dv(const weft_call *call) { naive_pack(call, dv); }
#define NAIVE_SHAPES(shape) shape(1, 3) shape(8, 8) shape(5, 2)
NAIVE_SHAPES(NAIVE)
#undef NAIVE

typedef struct naive_shape {
    int64_t head_dim, value_dim;
    weft_kernel_entry *tall, *strip, *pack;
} naive_shape;
static const naive_shape naive_shapes[] = {
#define NAIVE(d, dv) {d, dv, naive_tall_##d##_##dv, naive_strip_##d##_##dv, naive_pack_##d##_##dv},
    NAIVE_SHAPES(NAIVE)
#undef NAIVE
};
enum { NAIVE_SHAPE_COUNT = sizeof naive_shapes / sizeof *naive_shapes };

static uintptr_t naive_address(weft_kernel_entry *entry) {
    uintptr_t address;
    memcpy(&address, &entry, sizeof address);
    return address;
}

/* A kernel of the program with the naive code in place of compiled code; NULL when memory fails. */
static weft_kernel *naive_kernel(const weft_program *program, const weft_config *config, const naive_shape *shape) {
    weft_allocator allocator = weft_allocator_of(config);
    weft_text text;
    weft_text_init(&text, &allocator);
    weft_kernel *kernel = NULL;
    if (weft_image_write(program, NULL, &text)) {
        weft_image image = {text.at, text.size};
        weft_kernel_from_image(&image, config, &kernel);
    }
    weft_text_release(&text);
    if (!kernel) return NULL;
    uintptr_t tall = naive_address(shape->tall), strip = naive_address(shape->strip);
    kernel->code = (weft_machine_code){.bytes = (const void *)tall,
                                       .strip = strip - tall,
                                       .gather = 0,
                                       .pack = naive_address(shape->pack) - tall,
                                       .head_dim = (uint32_t)shape->head_dim,
                                       .value_dim = (uint32_t)shape->value_dim};
    return kernel;
}

#endif
