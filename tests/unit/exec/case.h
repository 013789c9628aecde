/* Cases for the tests of runs: a program, a shape, inputs; planned and run with the naive kernel under a host's hooks,
 * and compared with the float64 reference. */
#ifndef WEFT_TESTS_EXEC_CASE_H
#define WEFT_TESTS_EXEC_CASE_H

#include "naive.h"
#include "random.h"

/* ---- a host's parallel_for: a thread an index, or some ----------------------------------------------------- */

typedef struct pool {
    size_t count;
    atomic_size_t next;
    void (*task)(void *user, size_t index);
    void *user;
} pool;

static inline void *pool_thread(void *user) {
    pool *p = user;
    for (size_t n; (n = atomic_fetch_add(&p->next, 1)) < p->count;) p->task(p->user, n);
    return NULL;
}

static inline void threads_for(void *user, size_t count, void (*task)(void *user, size_t index), void *task_user) {
    enum { MOST = 8 };
    pthread_t threads[MOST];
    size_t wanted = *(const size_t *)user, started = 0;
    pool p = {.count = count, .task = task, .user = task_user};
    atomic_init(&p.next, 0);
    while (started < wanted && started < MOST && !pthread_create(&threads[started], NULL, pool_thread, &p)) started++;
    pool_thread(&p);
    for (size_t n = 0; n < started; n++) pthread_join(threads[n], NULL);
}

static inline weft_config config_of(size_t *threads) {
    return (weft_config){.size = sizeof(weft_config),
                         .parallel_for = threads_for,
                         .parallel_for_user = threads,
                         .threads = (uint32_t)*threads};
}

/* ---- a case: pattern, shape, inputs ------------------------------------------------------------------------- */

typedef struct run_case {
    weft_program *program;
    const naive_shape *dims;
    weft_shape shape;
    random_tensor q, k, v;
    int64_t o_size[4];
    weft_binding bindings[2]; /* for the plan, or, with `bind_runs`, for every run */
    size_t binding_count;
    bool bind_runs;
} run_case;

static inline const weft_allocator *plain_allocator(void) {
    static weft_allocator allocator;
    allocator = weft_allocator_of(NULL);
    return &allocator;
}

static inline void make_inputs(run_case *c, uint64_t *state, bool layout) {
    const weft_shape *s = &c->shape;
    make_tensor(&c->q, state, 4, (int64_t[]){s->batch, s->heads, s->queries, s->head_dim}, layout, false, 0);
    make_tensor(&c->k, state, 4, (int64_t[]){s->batch, s->kv_heads, s->keys, s->head_dim}, layout, false, 0);
    make_tensor(&c->v, state, 4, (int64_t[]){s->batch, s->kv_heads, s->keys, s->value_dim}, layout, false, 0);
    fill_random(&c->q, state);
    fill_random(&c->k, state);
    fill_random(&c->v, state);
    memcpy(c->o_size, (int64_t[]){s->batch, s->heads, s->queries, s->value_dim}, sizeof c->o_size);
}

static inline void free_case(run_case *c) {
    free_tensor(&c->q);
    free_tensor(&c->k);
    free_tensor(&c->v);
    weft_program_destroy(c->program);
}

/* A plan under its own config; fails the test with the library's message. */
static inline weft_plan *plan_case(const run_case *c, const weft_config *config) {
    weft_kernel *kernel = naive_kernel(c->program, config, c->dims);
    ck_assert_ptr_nonnull(kernel);
    weft_plan *plan = NULL;
    weft_status status = weft_plan_create(kernel, &c->shape, c->bindings, c->bind_runs ? 0 : c->binding_count, &plan);
    char message[400];
    weft_kernel_message(kernel, message, sizeof message);
    ck_assert_msg(status == WEFT_OK, "%s", message);
    weft_kernel_destroy(kernel);
    return plan;
}

typedef struct outputs {
    random_tensor o, lse;
} outputs;

static const float poison = -12345.5f;

static inline void make_outputs(outputs *out, const run_case *c, uint64_t *state, bool layout) {
    make_tensor(&out->o, state, 4, c->o_size, layout, true, poison);
    make_tensor(&out->lse, state, 3, c->o_size, layout, true, poison);
}
static inline void free_outputs(outputs *out) {
    free_tensor(&out->o);
    free_tensor(&out->lse);
}

/* Without outputs where `out` is NULL. */
static inline weft_tensors tensors_of(const run_case *c, const outputs *out) {
    return (weft_tensors){.size = sizeof(weft_tensors),
                          .q = &c->q.dl,
                          .k = &c->k.dl,
                          .v = &c->v.dl,
                          .o = out ? &out->o.dl : NULL,
                          .lse = out ? &out->lse.dl : NULL,
                          .bindings = c->bind_runs ? c->bindings : NULL,
                          .binding_count = c->bind_runs ? c->binding_count : 0};
}

static inline void run_case_into(const run_case *c, const weft_plan *plan, const outputs *out, void *workspace) {
    weft_tensors tensors = tensors_of(c, out);
    weft_status status = weft_run(plan, &tensors, workspace);
    char message[400];
    weft_plan_message(plan, message, sizeof message);
    ck_assert_msg(status == WEFT_OK, "%s: %s", weft_status_name(status), message);
}

/* ---- against the reference ---------------------------------------------------------------------------------- */

static uint64_t case_seed; /* of the case at hand; failures print it */

/* Largest |o| of the reference, at least a little: what errors are measured by. */
static inline double magnitude_of(const double *o, int64_t count) {
    double most = 1e-3;
    for (int64_t n = 0; n < count; n++) most = fmax(most, fabs(o[n]));
    return most;
}

/* Every element near the reference, and nothing else of the buffers touched. */
static inline void compare(const run_case *c, outputs *out, const double *o, const double *lse) {
    const int64_t *size = c->o_size;
    int64_t rows = size[0] * size[1] * size[2], index[4];
    double tolerance = 2e-5 * magnitude_of(o, rows * size[3]);
    for (int64_t row = 0; row < rows; row++) {
        index[2] = row % size[2];
        index[1] = row / size[2] % size[1];
        index[0] = row / size[2] / size[1];
        float *got = element_of(&out->lse, 3, index);
        bool empty = isinf(lse[row]);
        ck_assert_msg(empty ? *got == -INFINITY : fabs(*got - lse[row]) <= 2e-5 * fmax(1, fabs(lse[row])),
                      "seed %llu: lse of row %lld: %g, not %g", (unsigned long long)case_seed, (long long)row,
                      (double)*got, lse[row]);
        *got = poison;
        for (index[3] = 0; index[3] < size[3]; index[3]++) {
            double expected = o[row * size[3] + index[3]];
            got = element_of(&out->o, 4, index);
            ck_assert_msg(fabs(*got - expected) <= tolerance, "o of row %lld: %g, not %g", (long long)row, (double)*got,
                          expected);
            *got = poison;
        }
    }
    for (int64_t n = 0; n < out->o.floats; n++)
        ck_assert_msg(out->o.buffer[n] == poison, "seed %llu", (unsigned long long)case_seed);
    for (int64_t n = 0; n < out->lse.floats; n++)
        ck_assert_msg(out->lse.buffer[n] == poison, "seed %llu", (unsigned long long)case_seed);
}

static inline void reference_of(const run_case *c, const weft_plan *plan, double **o, double **lse) {
    int64_t rows = c->o_size[0] * c->o_size[1] * c->o_size[2];
    *o = malloc((size_t)(rows * c->o_size[3]) * sizeof(double));
    *lse = malloc((size_t)rows * sizeof(double));
    ck_assert(*o && *lse);
    weft_tensors tensors = tensors_of(c, NULL);
    ck_assert_int_eq(weft_reference(plan, &tensors, *o, *lse), WEFT_OK);
}

static inline bool same_bits(const random_tensor *a, const random_tensor *b) {
    return a->floats == b->floats && memcmp(a->buffer, b->buffer, (size_t)a->floats * sizeof(float)) == 0;
}

/* Memory that fails at one chosen allocation and counts what is in use. */
typedef struct failing {
    int64_t left, in_use;
} failing;

static inline void *failing_resize(void *user, void *block, size_t old_size, size_t new_size) {
    failing *f = user;
    if (new_size && f->left-- == 0) return NULL;
    if (!new_size) {
        free(block);
        f->in_use -= (int64_t)old_size;
        return NULL;
    }
    void *moved = realloc(block, new_size);
    if (moved) f->in_use += (int64_t)new_size - (int64_t)old_size;
    return moved;
}

/* ---- any number of threads ----------------------------------------------------------------------------------- */

/* Told of every run: its plan, the number of threads, and what came out, to be used up; NULL where that is needed. */
typedef void run_look(const run_case *c, const weft_plan *plan, outputs *out, size_t threads);

/* With 1, 2, 3 and 7 threads, over workspaces of any alignment and any contents, the outputs are the same to the bit.
 */
static inline void check_threads(const run_case *c, run_look *look) {
    static const size_t counts[] = {1, 2, 3, 7};
    outputs first = {0};
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        size_t threads = counts[n];
        weft_config config = config_of(&threads);
        weft_plan *plan = plan_case(c, &config);
        uint64_t layout = 99;
        outputs out;
        make_outputs(&out, c, &layout, true);
        unsigned char *workspace = malloc(weft_plan_workspace(plan) + 1);
        ck_assert_ptr_nonnull(workspace);
        memset(workspace, 0xab, weft_plan_workspace(plan) + 1);
        run_case_into(c, plan, &out, workspace + 1);
        free(workspace);
        if (n == 0) first = out;
        ck_assert(same_bits(&out.o, &first.o) && same_bits(&out.lse, &first.lse));
        if (look) look(c, plan, n == 0 ? NULL : &out, threads);
        if (n > 0) free_outputs(&out);
        weft_plan_destroy(plan);
    }
    ck_assert_int_eq(atomic_load(&naive_faults), 0);
    free_outputs(&first);
}

/* A cancel hook: stops when it has been asked so often. user: atomic_int. */
static inline bool cancel_after(void *user) {
    atomic_int *left = user;
    return atomic_fetch_sub(left, 1) <= 0;
}

#endif
