/* The judge of what is approximated: phi as LANGUAGE.md section 4 writes it, by its logarithm, in float64, feature by
 * feature and pair by pair. Nothing is summed over keys, so nothing has to be taken away. */
#include <math.h>

#include "exec/exec.h"

size_t weft_reference_rest_size(const weft_plan *plan) {
    return (size_t)((plan->shape.keys + 1) * plan->rest.features) * sizeof(double);
}

/* Of exp: W x' - |x'|^2 / 2 - ln(m) / 2; of relu: ln(relu(W x') + 1e-3). */
static void measure(const weft_reference_rest *rest, const weft_view *x, int64_t batch, int64_t head, int64_t row,
                    double scale, double *logs) {
    const weft_plan *plan = rest->plan;
    const int64_t dims = plan->shape.head_dim, features = plan->rest.features;
    bool relu = plan->kernel->program->rest.kind == WEFT_FAVOR_RELU;
    double square = 0;
    for (int64_t d = 0; d < dims; d++) square += pow(weft_view_number(x, batch, head, row, d), 2);
    for (int64_t n = 0; n < features; n++) {
        const double *w = plan->rest.directions + n * dims;
        double sum = 0;
        for (int64_t d = 0; d < dims; d++) sum += w[d] * weft_view_number(x, batch, head, row, d);
        sum *= sqrt(scale);
        logs[n] = relu ? log((sum < 0 ? 0 : sum) + 1e-3) : sum - scale * square / 2 - log((double)features) / 2;
    }
}

void weft_reference_rest_begin(weft_reference_rest *rest, const weft_views *views, int64_t n) {
    const weft_shape *shape = &rest->plan->shape;
    int64_t head = n % shape->heads, kv_head = head / (shape->heads / shape->kv_heads);
    double scale = (double)rest->plan->scale_of[head];
    for (int64_t j = 0; rest->plan->rest.features && j < shape->keys; j++)
        measure(rest, &views->k, n / shape->heads, kv_head, j, scale, rest->logs + j * rest->plan->rest.features);
}

void weft_reference_rest_row(weft_reference_rest *rest, const weft_views *views, int64_t n, int64_t row) {
    const weft_shape *shape = &rest->plan->shape;
    double scale = (double)rest->plan->scale_of[n % shape->heads];
    if (rest->plan->rest.features)
        measure(rest, &views->q, n / shape->heads, n % shape->heads, row, scale,
                rest->logs + shape->keys * rest->plan->rest.features);
}

double weft_reference_rest_score(const weft_reference_rest *rest, int64_t i, int64_t j) {
    int64_t features = rest->plan->rest.features;
    const double *key = rest->logs + j * features, *query = rest->logs + rest->plan->shape.keys * features;
    double most = -INFINITY, sum = 0;
    if (!features || (rest->plan->kernel->program->rest.causal && j > i)) return -INFINITY;
    for (int64_t n = 0; n < features; n++) most = fmax(most, query[n] + key[n]);
    for (int64_t n = 0; n < features; n++) sum += exp(query[n] + key[n] - most);
    return most + log(sum);
}
