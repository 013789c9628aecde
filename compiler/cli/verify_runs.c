/* The second half of weft verify: the kernel computes what the float64 reference computes, on random tensors, with
 * outputs that hold NaN before. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "element.h"
#include "verify.h"

/* Sums in float32, and of lse, by itself (at least 1); powers in bfloat16's kernels may be as rough as 1e-4. */
static const double sums_tolerance = 2e-5, rough_tolerance = 2e-4;

/* And one rounding of o, or two where a row is made in passes: half a unit in the last place of 8 bits, or of 11. */
double verify_tolerance(weft_dtype dtype) {
    return dtype == WEFT_BF16 ? 8e-3 : dtype == WEFT_F16 ? 1e-3 : sums_tolerance;
}

typedef struct trial {
    tensor q, k, v, o, lse;
    double *reference_o, *reference_lse;
} trial;

/* splitmix64, scaled to [-2, 2): scores spread over a few units, so that rows are neither flat nor one key. */
static void fill_random(tensor *t, uint64_t *state) {
    size_t count = tensor_count(t);
    for (size_t n = 0; n < count; n++) {
        uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        element_set(t->data, n, t->dtype, (double)(x >> 40) / (1 << 22) - 2);
    }
}

static void poison(tensor *t) { memset(t->data, 0xff, tensor_count(t) * element_size(t->dtype)); }

static bool make_trial(trial *t, const weft_shape *s, weft_dtype dtype) {
    enum { DIMS = 4 };
    const int64_t q[4] = {s->batch, s->heads, s->queries, s->head_dim},
                  k[4] = {s->batch, s->kv_heads, s->keys, s->head_dim};
    const int64_t v[4] = {s->batch, s->kv_heads, s->keys, s->value_dim};
    const int64_t o[4] = {s->batch, s->heads, s->queries, s->value_dim}, lse[4] = {s->batch, s->heads, s->queries, 1};
    memset(t, 0, sizeof *t);
    if (!tensor_make(&t->q, DIMS, q, dtype) || !tensor_make(&t->k, DIMS, k, dtype) ||
        !tensor_make(&t->v, DIMS, v, dtype) || !tensor_make(&t->o, DIMS, o, dtype) ||
        !tensor_make(&t->lse, DIMS, lse, WEFT_F32))
        return false;
    uint64_t seed = (uint64_t)(s->queries * 4099 + s->keys * 31 + s->head_dim);
    fill_random(&t->q, &seed);
    fill_random(&t->k, &seed);
    fill_random(&t->v, &seed);
    poison(&t->o);
    poison(&t->lse);
    t->lse.view.ndim = 3;
    t->reference_o = malloc(tensor_count(&t->o) * sizeof *t->reference_o);
    t->reference_lse = malloc(tensor_count(&t->lse) * sizeof *t->reference_lse);
    return t->reference_o && t->reference_lse;
}

static void free_trial(trial *t) {
    tensor *all[] = {&t->q, &t->k, &t->v, &t->o, &t->lse};
    for (size_t n = 0; n < sizeof all / sizeof *all; n++) tensor_free(all[n]);
    free(t->reference_o);
    free(t->reference_lse);
}

static void note_element(verification *v, const weft_shape *shape, const char *name, size_t row, int64_t dim,
                         double got, double expected) {
    if (v->first.found) return;
    int64_t rows = shape->queries, r = (int64_t)row % rows, head = (int64_t)row / rows % shape->heads;
    v->first.found = true;
    v->first.shape = *shape;
    snprintf(v->first.what, sizeof v->first.what,
             "%s[%" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64 "] (batch element, head, row, dim) is %.9g, not %.9g",
             name, (int64_t)row / rows / shape->heads, head, r, dim, got, expected);
}

/* Largest error of o by the largest |o|; what exceeds the tolerance is noted. */
static double compare_o(verification *v, const weft_shape *shape, const trial *t) {
    size_t count = tensor_count(&t->o);
    double largest = 0, error = 0, tolerance = verify_tolerance(t->o.dtype);
    for (size_t n = 0; n < count; n++) largest = fmax(largest, fabs(t->reference_o[n]));
    for (size_t n = 0; n < count; n++) {
        double off = fabs(tensor_at(&t->o, n) - t->reference_o[n]), relative = largest > 0 ? off / largest : off;
        error = fmax(error, relative);
        if (!(relative <= tolerance))
            note_element(v, shape, "o", n / (size_t)shape->value_dim, (int64_t)(n % (size_t)shape->value_dim),
                         tensor_at(&t->o, n), t->reference_o[n]);
    }
    return error;
}

static void compare_lse(verification *v, const weft_shape *shape, const trial *t) {
    double tolerance = t->o.dtype == WEFT_BF16 ? rough_tolerance : sums_tolerance;
    for (size_t n = 0; n < tensor_count(&t->lse); n++) {
        double got = tensor_at(&t->lse, n), expected = t->reference_lse[n];
        bool same = isinf(expected) ? got == expected : fabs(got - expected) <= tolerance * fmax(1, fabs(expected));
        if (!same) note_element(v, shape, "lse", n, 0, got, expected);
    }
}

static weft_status compute(verification *v, const weft_shape *shape, trial *t) {
    if (!make_trial(t, shape, (weft_dtype)v->s->given->dtype)) return WEFT_OUT_OF_MEMORY;
    weft_tensors tensors = {.size = sizeof tensors,
                            .q = &t->q.view,
                            .k = &t->k.view,
                            .v = &t->v.view,
                            .o = &t->o.view,
                            .lse = &t->lse.view};
    weft_status status = weft_run(v->s->plan, &tensors, NULL);
    return status == WEFT_OK ? weft_reference(v->s->plan, &tensors, t->reference_o, t->reference_lse) : status;
}

int verify_show(verification *v, const weft_shape *shape) {
    trial t;
    bool made = make_trial(&t, shape, WEFT_F32);
    int code = made ? session_show(v->s, &t.q, &t.k) : exit_code(WEFT_OUT_OF_MEMORY);
    free_trial(&t);
    return code;
}

int verify_run(verification *v, const weft_shape *shape, dim_result *result) {
    trial t;
    weft_status status = compute(v, shape, &t);
    if (status == WEFT_OK) {
        result->error = fmax(result->error, compare_o(v, shape, &t));
        compare_lse(v, shape, &t);
        result->runs++;
    } else {
        session_explain_run(v->s);
    }
    free_trial(&t);
    if (status != WEFT_OK) return exit_code(status);
    return v->first.found ? EXIT_MISMATCH : EXIT_FINE;
}
