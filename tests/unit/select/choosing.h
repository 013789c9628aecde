/* Choosing from a program of one atom, under a host's threads: what the tests of the families share. */
#ifndef WEFT_TESTS_SELECT_CHOOSING_H
#define WEFT_TESTS_SELECT_CHOOSING_H

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "select/select.h"
#include "set/program.h"
#include "support/random.h"

/* An atom of a program, bound for every head of a shape; and q and k. */
typedef struct choosing_case {
    weft_program *program;
    weft_shape shape;
    weft_bound bound;
    weft_id *sets; /* [B * H] */
    weft_selection selection;
    float *q, *k; /* compact */
    weft_dtype as;
    unsigned char *block, *memory;
} choosing_case;

static const weft_allocator *test_allocator(void) {
    static weft_allocator allocator;
    allocator = weft_allocator_of(NULL);
    return &allocator;
}

static inline size_t case_heads(const choosing_case *c) { return (size_t)(c->shape.batch * c->shape.heads); }
static inline const float *case_query(const choosing_case *c, size_t n, int64_t row) {
    return c->q + ((int64_t)n * c->shape.queries + row) * c->shape.head_dim;
}
static inline const float *case_key(const choosing_case *c, size_t n, int64_t key) {
    int64_t group = c->shape.heads / c->shape.kv_heads;
    return c->k + ((int64_t)n / group * c->shape.keys + key) * c->shape.head_dim;
}

/* Normal q and k, and a set for every head, folded from `atom`. The case owns the program. */
static inline void make_case(choosing_case *c, weft_program *program, weft_id atom, const weft_shape *shape,
                             test_random *random) {
    *c = (choosing_case){.program = program, .shape = *shape};
    size_t queries = case_heads(c) * (size_t)(shape->queries * shape->head_dim);
    size_t keys = (size_t)(shape->batch * shape->kv_heads * shape->keys * shape->head_dim);
    ck_assert(weft_bound_init(&c->bound, test_allocator()));
    c->sets = calloc(case_heads(c), sizeof *c->sets);
    c->q = malloc(queries * sizeof *c->q);
    c->k = malloc(keys * sizeof *c->k);
    ck_assert(c->sets && c->q && c->k);
    for (size_t n = 0; n < queries; n++) c->q[n] = test_normal(random);
    for (size_t n = 0; n < keys; n++) c->k[n] = test_normal(random);
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, test_allocator(), NULL);
    for (size_t n = 0; n < case_heads(c); n++) {
        weft_environment environment = {.lengths_known = true,
                                        .head_known = true,
                                        .dim_known = true,
                                        .lq = shape->queries,
                                        .lk = shape->keys,
                                        .head = (int64_t)n % shape->heads,
                                        .heads = shape->heads,
                                        .dim = shape->head_dim};
        c->sets[n] = weft_fold(program, atom, &environment, &c->bound, &diagnostics);
        ck_assert_uint_ne(c->sets[n], 0);
    }
    ck_assert(weft_selection_make(&c->selection, &c->bound, shape, c->sets, 1, &diagnostics));
    weft_diagnostics_free(&diagnostics);
}

static inline void free_case(choosing_case *c) {
    weft_selection_free(&c->selection);
    weft_bound_free(&c->bound);
    weft_program_destroy(c->program);
    free(c->sets), free(c->q), free(c->k), free(c->block);
}

static inline weft_operand_view compact_view(const float *at, int64_t heads, int64_t rows, int64_t dims,
                                             weft_dtype as) {
    return (weft_operand_view){(const unsigned char *)at, {heads * rows * dims, rows * dims, dims, 1}, WEFT_F32, as};
}

/* Chooses in poisoned memory, with that many threads. */
static inline void choose_case(choosing_case *c, uint32_t threads) {
    enum { BOUNDARY = 64 };
    weft_config config = {.size = sizeof config, .threads = threads};
    const weft_shape *s = &c->shape;
    size_t bytes = weft_selection_bytes(&c->selection, threads);
    free(c->block);
    c->block = malloc(bytes + BOUNDARY);
    ck_assert_ptr_nonnull(c->block);
    memset(c->block, 0xa5, bytes + BOUNDARY);
    c->memory = c->block + (BOUNDARY - (uintptr_t)c->block % BOUNDARY);
    weft_choosing choosing = {.selection = &c->selection,
                              .q = compact_view(c->q, s->heads, s->queries, s->head_dim, c->as),
                              .k = compact_view(c->k, s->kv_heads, s->keys, s->head_dim, c->as),
                              .engine = weft_engine_create(&config),
                              .workers = threads,
                              .memory = c->memory};
    ck_assert_ptr_nonnull(choosing.engine);
    ck_assert(weft_choose(&choosing));
    weft_engine_release(choosing.engine);
    for (unsigned char *past = c->memory + bytes; past < c->block + bytes + BOUNDARY; past++)
        ck_assert_uint_eq(*past, 0xa5);
}

/* What head number n has chosen; there is one atom. */
static inline const weft_choice *choice_of(choosing_case *c, size_t n) {
    weft_see_choices(&c->bound, &c->selection, c->memory, n);
    ck_assert_uint_eq(c->bound.choice_count, 1);
    return c->bound.choices;
}

static inline weft_id make_number(weft_program *program, int64_t value) {
    return weft_make_int(&program->dag, value, WEFT_NO_SPAN);
}

/* Of the set at a pair and of its rows: what contains and spans say agrees with `holds`. */
typedef bool pair_test(const choosing_case *c, size_t n, int64_t row, int64_t key);
static inline void check_set(choosing_case *c, size_t n, pair_test *holds, uint64_t seed) {
    weft_space space = weft_space_of(c->shape.queries, c->shape.keys);
    weft_scratch scratch;
    choice_of(c, n);
    weft_scratch_init(&scratch, &c->bound);
    for (int64_t row = 0; row < space.queries; row++) {
        weft_intervals keys;
        int64_t i = row + space.first;
        weft_scratch_reset(&scratch);
        ck_assert(weft_row_keys(&scratch, c->sets[n], space, i, &keys));
        for (int64_t j = 0; j < space.keys; j++) {
            bool in = holds(c, n, row, j);
            bool right =
                in == weft_contains(&c->bound, c->sets[n], space, i, j) && in == weft_intervals_contain(keys, j);
            if (!right) ck_abort_msg("seed %llu: row %d, key %d", (unsigned long long)seed, (int)row, (int)j);
        }
    }
    weft_scratch_free(&scratch);
}

#endif
