/* Patterns planned for tensors, and lsh by its definition: what the tests of sets that q and k decide share. */
#ifndef WEFT_TESTS_SYSTEM_TRIAL_H
#define WEFT_TESTS_SYSTEM_TRIAL_H

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <weft/half.h>
#include <weft/weft.h>

#include "generate.h"
#include "set/philox.h"

/* ---- a pattern, planned for tensors --------------------------------------------------------------------------- */

typedef struct trial {
    weft_context *context;
    weft_plan *plan;
    weft_shape shape;
    weft_dtype dtype;
    tensor q, k, v, o, lse;
    weft_tensors tensors;
} trial;

static inline void make_one(tensor *t, test_random *random, weft_dtype dtype, int dims, const int64_t shape[4]) {
    DLDataType type = {dtype == WEFT_BF16 ? kDLBfloat : kDLFloat, dtype == WEFT_F32 ? 32 : 16, 1};
    tensor_make(t, random, type, dims, shape);
    for (size_t n = 0; n < t->count; n++) tensor_set(t, n, (double)test_normal(random));
}

static inline void make_tensors(trial *t, test_random *random) {
    const weft_shape *s = &t->shape;
    make_one(&t->q, random, t->dtype, 4, (int64_t[]){s->batch, s->heads, s->queries, s->head_dim});
    make_one(&t->k, random, t->dtype, 4, (int64_t[]){s->batch, s->kv_heads, s->keys, s->head_dim});
    make_one(&t->v, random, t->dtype, 4, (int64_t[]){s->batch, s->kv_heads, s->keys, s->value_dim});
    make_one(&t->o, random, t->dtype, 4, (int64_t[]){s->batch, s->heads, s->queries, s->value_dim});
    make_one(&t->lse, random, WEFT_F32, 3, (int64_t[]){s->batch, s->heads, s->queries, 0});
    t->tensors = (weft_tensors){sizeof(weft_tensors), &t->q.view, &t->k.view, &t->v.view, &t->o.view,
                                &t->lse.view,         NULL,       0,          NULL};
}

static inline void make_plan(trial *t, const char *text, const weft_config *config) {
    weft_module *module = NULL;
    weft_kernel *kernel = NULL;
    weft_kernel_options options = {
        .size = sizeof options, .dtype = t->dtype, .head_dim = t->shape.head_dim, .value_dim = t->shape.value_dim};
    ck_assert_int_eq(weft_context_create(config, &t->context), WEFT_OK);
    ck_assert_int_eq(weft_module_load_text(t->context, "p.weft", text, strlen(text), NULL, &module), WEFT_OK);
    ck_assert_int_eq(weft_kernel_create(module, NULL, &options, &kernel), WEFT_OK);
    ck_assert_int_eq(weft_plan_create(kernel, &t->shape, NULL, 0, &t->plan), WEFT_OK);
    weft_kernel_destroy(kernel);
    weft_module_destroy(module);
}

static inline void free_trial(trial *t) {
    tensor *all[] = {&t->q, &t->k, &t->v, &t->o, &t->lse};
    for (int n = 0; n < 5; n++) tensor_free(all[n]);
    weft_plan_destroy(t->plan);
    weft_context_destroy(t->context);
}

/* Row `row` of a tensor [B, H, L, D], as doubles. */
static inline void read_row(const tensor *t, int64_t row, double *out) {
    for (int64_t d = 0; d < t->shape[3]; d++) out[d] = tensor_get(t, (size_t)(row * t->shape[3] + d));
}

static inline int64_t kv_head_of(const trial *t, int64_t n) {
    int64_t group = t->shape.heads / t->shape.kv_heads;
    return n / group;
}

/* ---- lsh: buckets in float64 ------------------------------------------------------------------------------------ */

typedef struct hashing {
    int64_t buckets[3], rounds, seed;
    int factors;
    int64_t *rows, *keys; /* [rounds]: of one head; -1 where two directions are equally good */
} hashing;

static inline double gaussian(uint32_t element, uint32_t round, int64_t seed) {
    weft_philox w = weft_philox_of((weft_philox){{element, 0, round, 0x4C534821}}, (uint32_t)seed,
                                   (uint32_t)((uint64_t)seed >> 32));
    return sqrt(-2 * log(ldexp((double)w.word[0] + 1, -32))) * cos(2 * acos(-1) * ldexp((double)w.word[1], -32));
}

static inline int64_t bucket_of(const hashing *h, const double *x, int64_t dims, int64_t round) {
    int64_t columns = 0, before = 0, bucket = 0;
    double size = 0;
    for (int64_t d = 0; d < dims; d++) size += fabs(x[d]);
    for (int f = 0; f < h->factors; f++) columns += h->buckets[f] / 2;
    for (int f = 0; f < h->factors; f++) {
        int64_t half = h->buckets[f] / 2, digit = 0;
        double best = -INFINITY, second = -INFINITY;
        for (int64_t n = 0; n < 2 * half; n++) {
            double product = 0;
            for (int64_t d = 0; d < dims; d++)
                product += x[d] * gaussian((uint32_t)(d * columns + before + n % half), (uint32_t)round, h->seed);
            product = n < half ? product : -product;
            if (product > best) {
                second = best;
                best = product;
                digit = n;
            } else if (product > second) {
                second = product;
            }
        }
        if (best - second <= 1e-5 * size) return -1;
        before += half;
        bucket = bucket * h->buckets[f] + digit;
    }
    return bucket;
}

static inline void hash_rows(const hashing *h, const tensor *t, int64_t head, int64_t *out) {
    int64_t rows = t->shape[2], dims = t->shape[3];
    double x[64];
    for (int64_t row = 0; row < rows; row++) {
        read_row(t, head * rows + row, x);
        for (int64_t round = 0; round < h->rounds; round++) out[round * rows + row] = bucket_of(h, x, dims, round);
    }
}

#endif
