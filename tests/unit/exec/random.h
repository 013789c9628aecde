/* Seeded random patterns and tensors for the tests of runs. A failing test prints its seed. */
#ifndef WEFT_TESTS_EXEC_RANDOM_H
#define WEFT_TESTS_EXEC_RANDOM_H

#include <check.h>
#include <stdlib.h>

#include "exec/exec.h"

/* splitmix64 */
static uint64_t random_bits(uint64_t *state) {
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}
static int64_t random_int(uint64_t *state, int64_t lo, int64_t hi) {
    return lo + (int64_t)(random_bits(state) % (uint64_t)(hi - lo + 1));
}
static float random_float(uint64_t *state) { return (float)random_int(state, -1000, 1000) / 500.0f; }

/* ---- patterns ----------------------------------------------------------------------------------------------- */

static weft_id random_number(weft_dag *dag, uint64_t *state, int64_t lo, int64_t hi) {
    return weft_make_int(dag, random_int(state, lo, hi), WEFT_NO_SPAN);
}

static weft_id random_list(weft_dag *dag, uint64_t *state) {
    weft_id items[2];
    weft_value none = {0};
    for (int n = 0; n < 2; n++) {
        int64_t lo = random_int(state, -20, 60);
        weft_id ends[2] = {weft_make_int(dag, lo, WEFT_NO_SPAN),
                           weft_make_int(dag, lo + random_int(state, 0, 9), WEFT_NO_SPAN)};
        items[n] = random_int(state, 0, 1) ? ends[0]
                                           : weft_make(dag, WEFT_OP_RANGE, WEFT_TYPE_LIST, none, ends, 2, WEFT_NO_SPAN);
    }
    return weft_make(dag, WEFT_OP_LISTING, WEFT_TYPE_LIST, none, items, (uint32_t)random_int(state, 1, 2),
                     WEFT_NO_SPAN);
}

static weft_id random_atom(weft_dag *dag, uint64_t *state) {
    const weft_span here = WEFT_NO_SPAN;
    switch (random_int(state, 0, 9)) {
    case 0: return weft_make_set(dag, WEFT_ATOM_ALL, here, 0);
    case 1: return weft_make_set(dag, WEFT_ATOM_CAUSAL, here, 0);
    case 2:
        return weft_make_set(dag, WEFT_ATOM_BAND, here, 3, random_number(dag, state, -90, 10),
                             random_number(dag, state, -10, 90), random_number(dag, state, 1, 5));
    case 3:
        return weft_make_set(dag, WEFT_ATOM_WINDOW, here, 2, random_number(dag, state, 0, 80),
                             random_number(dag, state, 0, 80));
    case 4: return weft_make_set(dag, WEFT_ATOM_PAST, here, 1, random_number(dag, state, 0, 150));
    case 5: return weft_make_set(dag, WEFT_ATOM_ROWS, here, 1, random_list(dag, state));
    case 6: return weft_make_set(dag, WEFT_ATOM_COLS, here, 1, random_list(dag, state));
    case 7: return weft_make_set(dag, WEFT_ATOM_GLOBAL, here, 1, random_list(dag, state));
    case 8:
        return weft_make_set(dag, WEFT_ATOM_CHUNK, here, 2, random_number(dag, state, 1, 90),
                             random_number(dag, state, 0, 2));
    default: return weft_make_set(dag, WEFT_ATOM_NONE, here, 0);
    }
}

static weft_id random_set(weft_dag *dag, uint64_t *state, int depth) {
    const weft_span here = WEFT_NO_SPAN;
    if (depth == 0) return random_atom(dag, state);
    weft_id a = random_set(dag, state, depth - 1);
    switch (random_int(state, 0, 6)) {
    case 0: return weft_make_set(dag, WEFT_OP_COMPLEMENT, here, 1, a);
    case 1: return weft_make_set(dag, WEFT_OP_INTERSECTION, here, 2, a, random_set(dag, state, depth - 1));
    case 2: return weft_make_set(dag, WEFT_OP_DIFFERENCE, here, 2, a, random_set(dag, state, depth - 1));
    case 3: return weft_make_set(dag, WEFT_OP_BLOCKS, here, 2, random_number(dag, state, 1, 70), a);
    default: return weft_make_set(dag, WEFT_OP_UNION, here, 2, a, random_set(dag, state, depth - 1));
    }
}

/* Sometimes another set for some heads. */
static weft_id random_meaning(weft_dag *dag, uint64_t *state) {
    weft_id others = random_set(dag, state, (int)random_int(state, 0, 2));
    if (random_int(state, 0, 1)) return others;
    weft_value none = {0};
    weft_id ends[2] = {random_number(dag, state, 0, 1), random_number(dag, state, 1, 3)};
    weft_id range = weft_make(dag, WEFT_OP_RANGE, WEFT_TYPE_LIST, none, ends, 2, WEFT_NO_SPAN);
    weft_id clauses[3] = {weft_make(dag, WEFT_OP_LISTING, WEFT_TYPE_LIST, none, &range, 1, WEFT_NO_SPAN),
                          random_set(dag, state, (int)random_int(state, 0, 2)), others};
    return weft_make(dag, WEFT_OP_HEADS, WEFT_TYPE_SET, none, clauses, 3, WEFT_NO_SPAN);
}

/* One contiguous pass over `meaning`, which is made in the program's own DAG. */
static inline bool finish_program(weft_program *program, weft_id meaning) {
    program->meaning = meaning;
    weft_pass pass = {.row_tile = 64, .key_tile = 64, .set = meaning};
    return meaning && weft_program_add_pass(program, pass);
}

/* The meaning and up to two sets of steps beside it, in passes of their own. */
static inline bool finish_with_passes(weft_program *program, weft_id meaning, uint64_t *state) {
    static const int64_t strides[] = {2, 3, 5, 16};
    const weft_span here = WEFT_NO_SPAN;
    weft_dag *dag = &program->dag;
    if (!finish_program(program, meaning)) return false;
    for (int64_t n = random_int(state, 0, 2); n > 0; n--) {
        weft_pass pass = {WEFT_ORDER_STRIDED, WEFT_ORDER_STRIDED, 64, 64, .set = 0};
        int64_t stride = strides[random_int(state, 0, 3)];
        pass.stride = weft_make_int(dag, stride, here);
        weft_id lo = weft_make_int(dag, -stride * random_int(state, 0, 30), here);
        weft_id hi = weft_make_int(dag, stride * random_int(state, 0, 30), here);
        weft_id steps = weft_make_set(dag, WEFT_ATOM_BAND, here, 3, lo, hi, pass.stride);
        if (random_int(state, 0, 1))
            steps = weft_make_set(dag, WEFT_OP_INTERSECTION, here, 2, steps, random_meaning(dag, state));
        pass.set = weft_make_set(dag, WEFT_OP_DIFFERENCE, here, 2, steps, program->meaning);
        program->meaning = weft_make_set(dag, WEFT_OP_UNION, here, 2, program->meaning, steps);
        if (!pass.set || !program->meaning || !weft_program_add_pass(program, pass)) return false;
    }
    return true;
}

/* ---- tensors ------------------------------------------------------------------------------------------------ */

/* A float tensor somewhere inside a larger buffer, with strides that a host might have. */
typedef struct random_tensor {
    DLTensor dl;
    int64_t shape[4], strides[4];
    float *buffer;
    int64_t floats;
} random_tensor;

/* dims sizes; with `layout` 0 compact with NULL strides, else permuted, padded, perhaps reversed, and for inputs
 * perhaps repeated by a stride of 0. Elements are `fill`. */
static void make_tensor(random_tensor *t, uint64_t *state, int dims, const int64_t *size, bool layout, bool output,
                        float fill) {
    int order[4] = {0, 1, 2, 3};
    int64_t step = 1, first = 0;
    for (int n = dims - 1; layout && n > 0; n--) {
        int m = (int)random_int(state, 0, n), swap = order[n];
        order[n] = order[m];
        order[m] = swap;
    }
    for (int n = dims - 1; n >= 0; n--) {
        int dim = order[n];
        t->shape[dim] = size[dim];
        t->strides[dim] = step;
        if (layout && !output && random_int(state, 0, 9) == 0) {
            t->strides[dim] = 0;
        } else {
            if (layout && random_int(state, 0, 3) == 0) {
                t->strides[dim] = -step;
                first += (size[dim] - 1) * step;
            }
            step = step * size[dim] + (layout ? random_int(state, 0, 3) : 0);
        }
    }
    enum { MARGIN = 5 };
    t->floats = step + 2 * MARGIN;
    t->buffer = malloc((size_t)t->floats * sizeof(float));
    ck_assert_ptr_nonnull(t->buffer);
    for (int64_t n = 0; n < t->floats; n++) t->buffer[n] = fill;
    bool brief = size[0] == 1 && random_int(state, 0, 1); /* with one batch element its dimension may be missing */
    t->dl = (DLTensor){.data = t->buffer,
                       .device = {kDLCPU, 0},
                       .ndim = dims - brief,
                       .dtype = {kDLFloat, 32, 1},
                       .shape = t->shape + brief,
                       .strides = layout ? t->strides + brief : NULL,
                       .byte_offset = (uint64_t)(MARGIN + first) * sizeof(float)};
}

static void fill_random(random_tensor *t, uint64_t *state) {
    for (int64_t n = 0; n < t->floats; n++) t->buffer[n] = random_float(state);
}

static float *element_of(random_tensor *t, int dims, const int64_t *index) {
    int64_t at = 0;
    for (int dim = 0; dim < dims; dim++) at += index[dim] * t->strides[dim];
    return (float *)((char *)t->buffer + t->dl.byte_offset) + at;
}

static void free_tensor(random_tensor *t) { free(t->buffer); }

#endif
