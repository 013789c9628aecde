/* The judge: attention as LANGUAGE.md section 4 writes it, in float64, one pair after the other, from the definition of
 * the set. Nothing here is shared with the way a run goes. */
#include <math.h>

#include "exec/exec.h"

/* One query row: where it lies, and its keys and values. */
typedef struct weft_reference_row {
    const weft_views *views;
    int64_t batch, head, kv_head, row;
} weft_reference_row;

static double element(const weft_view *view, int64_t batch, int64_t head, int64_t row, int64_t dim) {
    const float *at = weft_view_at(view, batch, head, row);
    return at[dim * view->stride[3]];
}

static double product(const weft_reference_row *at, int64_t key, int64_t head_dim) {
    double sum = 0;
    for (int64_t dim = 0; dim < head_dim; dim++)
        sum += element(&at->views->q, at->batch, at->head, at->row, dim) *
               element(&at->views->k, at->batch, at->kv_head, key, dim);
    return sum;
}

/* Softmax over the keys that the set holds; the others weigh 0. Returns the logarithm of the denominator. */
static double weigh(const weft_plan *plan, weft_scratch *scratch, const weft_reference_row *at, double *weight) {
    const weft_shape *shape = &plan->shape;
    weft_space space = weft_space_of(shape->queries, shape->keys);
    weft_id set = plan->meaning_of[at->batch * shape->heads + at->head];
    double scale = plan->scale_of[at->head], max = -INFINITY, sum = 0;
    int64_t i = at->row + space.first, held = 0;
    for (int64_t j = 0; j < shape->keys; j++) {
        bool in = weft_contains_with(scratch, set, space, i, j);
        weight[j] = in ? scale * product(at, j, shape->head_dim) : -INFINITY;
        max = fmax(max, weight[j]);
        held += in;
    }
    if (held == 0) max = 0; /* every weight becomes 0 */
    for (int64_t j = 0; j < shape->keys; j++) sum += weight[j] = exp(weight[j] - max);
    for (int64_t j = 0; held > 0 && j < shape->keys; j++) weight[j] /= sum;
    return max + log(sum);
}

static void average(const weft_plan *plan, const weft_reference_row *at, const double *weight, double *o) {
    int64_t value_dim = plan->shape.value_dim;
    for (int64_t dim = 0; dim < value_dim; dim++) o[dim] = 0;
    for (int64_t j = 0; j < plan->shape.keys; j++) {
        if (weight[j] == 0) continue; /* not in the set, or nothing: V is not even read there */
        for (int64_t dim = 0; dim < value_dim; dim++)
            o[dim] += weight[j] * element(&at->views->v, at->batch, at->kv_head, j, dim);
    }
}

static weft_status compute(const weft_plan *plan, const weft_views *views, double *out_o, double *out_lse) {
    const weft_shape *shape = &plan->shape;
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    size_t bytes = (size_t)shape->keys * sizeof(double);
    double *weight = weft_allocate(allocator, bytes);
    if (!weight) return WEFT_OUT_OF_MEMORY;
    weft_scratch scratch;
    weft_scratch_init(&scratch, &plan->bound);
    int64_t group = shape->heads / shape->kv_heads;
    for (int64_t n = 0; n < shape->batch * shape->heads * shape->queries; n++) {
        weft_reference_row at = {.views = views, .row = n % shape->queries};
        at.head = n / shape->queries % shape->heads;
        at.batch = n / shape->queries / shape->heads;
        at.kv_head = at.head / group;
        double lse = weigh(plan, &scratch, &at, weight);
        if (out_lse) out_lse[n] = lse;
        average(plan, &at, weight, out_o + n * shape->value_dim);
    }
    bool done = !scratch.failed;
    weft_scratch_free(&scratch);
    weft_free(allocator, weight, bytes);
    return done ? WEFT_OK : WEFT_OUT_OF_MEMORY;
}

weft_status weft_reference(const weft_plan *plan, const weft_tensors *tensors, double *out_o, double *out_lse) {
    enum { FLOAT32 = 0 };
    if (!plan || !out_o) return WEFT_INVALID_ARGUMENT;
    weft_views views;
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, weft_engine_allocator(plan->kernel->engine), NULL);
    weft_status status = weft_check_tensors(plan, tensors, FLOAT32, false, &views, &diagnostics)
                             ? compute(plan, &views, out_o, out_lse)
                             : WEFT_INVALID_ARGUMENT;
    if (status != WEFT_OK) weft_message_set((weft_message *)&plan->message, &diagnostics);
    weft_diagnostics_free(&diagnostics);
    return status;
}
