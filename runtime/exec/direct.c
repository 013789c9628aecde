/* Rows that are made directly, pair by pair: those of which too little is left when what their head attends to is taken
 * away, and those of which all products of features vanish because queries and keys have their largest exponents in
 * different features. The first ones need floats, over all keys of the rest; the others an exponent for each pair. */
#include <math.h>

#include "exec/rest.h"

/* Does the head attend to the pair, by one of its stages? */
static bool attends(const weft_direct *d, int64_t i, int64_t j) {
    const weft_plan *plan = d->run->plan;
    const weft_route *route = &plan->routes[plan->route_of[d->n]];
    for (uint32_t k = 0; k < route->stage_count; k++) {
        const weft_stage *stage = &plan->stages[route->first_stage + k];
        int64_t residue = weft_floor_mod(i, stage->stride);
        if (weft_floor_mod(j, stage->stride) != residue) continue;
        const weft_layout *layout = weft_stage_layout(plan, stage, residue);
        int64_t row = weft_floor_div(i, stage->stride), key = j / stage->stride;
        if (weft_contains(&d->bound, layout->set, layout->space, row, key) &&
            (!layout->list || weft_contains(&d->bound, layout->list, layout->space, row, key)))
            return true;
    }
    return false;
}

static bool is_estimated(const weft_direct *d, int64_t row, int64_t j) {
    const weft_plan *plan = d->run->plan;
    int64_t i = d->first + row + plan->shape.keys - plan->shape.queries;
    bool beside = d->beside.lo <= j && j < d->beside.hi;
    return !beside && !(plan->kernel->program->rest.causal && j > i) && !attends(d, i, j);
}

bool weft_direct_pairs(const weft_direct *d, float *outcome) {
    weft_head_keys keys = weft_rest_keys(d->run, d->n);
    weft_pairing pairing = weft_pairing_begin(&d->run->features, &keys, d->room, outcome);
    for (int64_t j = 0; j < keys.keys && !weft_rest_is_stopped(d->run); j++) {
        uint64_t rows = 0;
        for (int64_t row = 0; row < WEFT_TILE_ROWS; row++)
            if (d->rows >> row & 1 && is_estimated(d, row, j)) rows |= UINT64_C(1) << row;
        weft_pairing_add(&pairing, j, rows);
    }
    return weft_pairing_end(&pairing);
}

/* ---- in double --------------------------------------------------------------------------------------------------- */

/* w . x' for one feature. */
static double along(const weft_direct *d, const weft_view *x, int64_t head, int64_t row, int64_t n) {
    const weft_plan *plan = d->run->plan;
    const double *w = plan->rest.directions + n * plan->shape.head_dim;
    int64_t batch = (int64_t)d->n / plan->shape.heads;
    double sum = 0;
    for (int64_t dim = 0; dim < plan->shape.head_dim; dim++) sum += w[dim] * weft_view_number(x, batch, head, row, dim);
    return sum * sqrt((double)plan->scale_of[d->n % (size_t)plan->shape.heads]);
}

static double half_square(const weft_direct *d, const weft_view *x, int64_t head, int64_t row) {
    const weft_plan *plan = d->run->plan;
    double sum = 0;
    for (int64_t dim = 0; dim < plan->shape.head_dim; dim++) {
        double element = weft_view_number(x, (int64_t)d->n / plan->shape.heads, head, row, dim);
        sum += element * element;
    }
    return sum / 2 * (double)plan->scale_of[d->n % (size_t)plan->shape.heads];
}

/* ln of the products of features, less what all keys of the row share: a running maximum and a sum under it. */
static double exponent_of(const weft_direct *d, int64_t row, int64_t j) {
    const weft_plan *plan = d->run->plan;
    const weft_views *views = d->run->views;
    int64_t head = (int64_t)d->n % plan->shape.heads, kv_head = head / (plan->shape.heads / plan->shape.kv_heads);
    bool relu = d->run->features.relu;
    double most = -INFINITY, sum = 0;
    for (int64_t n = 0; n < plan->rest.features; n++) {
        double a = along(d, &views->q, head, d->first + row, n), b = along(d, &views->k, kv_head, j, n);
        if (relu) a = log((a < 0 ? 0 : a) + 1e-3), b = log((b < 0 ? 0 : b) + 1e-3);
        double x = a + b;
        sum = x > most ? sum * exp(most - x) + 1 : sum + exp(x - most);
        if (x > most) most = x;
    }
    return most + log(sum) - (relu ? 0 : half_square(d, &views->k, kv_head, j));
}

void weft_direct_row(const weft_direct *d, int64_t row, float *outcome) {
    const double log2_of_e = 1.44269504088896340735992468100;
    const weft_plan *plan = d->run->plan;
    int64_t head = (int64_t)d->n % plan->shape.heads, kv_head = head / (plan->shape.heads / plan->shape.kv_heads);
    float *max = outcome + row, *sum = max + WEFT_TILE_ROWS, *acc = sum + WEFT_TILE_ROWS;
    *max = -INFINITY, *sum = 0;
    for (int64_t dim = 0; dim < plan->shape.value_dim; dim++) acc[dim * WEFT_TILE_ROWS] = 0;
    for (int64_t j = 0; j < plan->shape.keys && !weft_rest_is_stopped(d->run); j++) {
        if (!is_estimated(d, row, j)) continue;
        double x = exponent_of(d, row, j) * log2_of_e;
        float most = (float)x > *max ? (float)x : *max, kept = *sum == 0 ? 0 : exp2f(*max - most);
        float weight = (float)exp2(x - (double)most);
        *max = most, *sum = *sum * kept + weight;
        for (int64_t dim = 0; dim < plan->shape.value_dim; dim++) {
            float *at = acc + dim * WEFT_TILE_ROWS;
            double v = weft_view_number(&d->run->views->v, (int64_t)d->n / plan->shape.heads, kv_head, j, dim);
            *at = *at * kept + weight * (float)v;
        }
    }
}
