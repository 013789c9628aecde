/* The judge: attention as LANGUAGE.md section 4 writes it, in float64, one pair after the other, from the definition of
 * the set. Nothing here is shared with the way a run goes. */
#include <math.h>

#include "exec/exec.h"

/* One query row: where it lies, and its keys and values. */
typedef struct weft_reference_row {
    const weft_views *views;
    const weft_run_modifiers *modifiers;
    int64_t batch, head, kv_head, row;
    const weft_reference_rest *rest;
} weft_reference_row;

static double product(const weft_reference_row *at, int64_t key, int64_t head_dim) {
    double sum = 0;
    for (int64_t dim = 0; dim < head_dim; dim++)
        sum += weft_view_number(&at->views->q, at->batch, at->head, at->row, dim) *
               weft_view_number(&at->views->k, at->batch, at->kv_head, key, dim);
    return sum;
}

/* The score of every key, -inf where neither the set holds it nor what is approximated does; there, the logarithm of
 * the weight. */
static void score(const weft_plan *plan, weft_scratch *scratch, const weft_reference_row *at, double *scores) {
    const weft_shape *shape = &plan->shape;
    weft_space space = weft_space_of(shape->queries, shape->keys);
    weft_id set = plan->meaning_of[at->batch * shape->heads + at->head];
    double scale = plan->scale_of[at->head];
    int64_t i = at->row + space.first, others = 0;
    bool itself = false;
    for (int64_t j = 0; j < shape->keys; j++) {
        bool in = weft_contains_with(scratch, set, space, i, j);
        double s = in ? scale * product(at, j, shape->head_dim) : 0;
        scores[j] = in ? weft_modified_score(at->modifiers, at->batch, at->head, i, j, s)
                       : weft_reference_rest_score(at->rest, i, j);
        others += in && j != i;
        itself |= in && j == i;
    }
    if (plan->shared_qk && others && itself) scores[i] = -INFINITY; /* itself is its last resort */
}

/* e^(score - max), also where both are the same infinity: only a sink may be that without being NaN. */
static double weight_of_sink(double sink, double max) { return sink == max ? 1 : exp(sink - max); }

/* Softmax of scores in place; the sink is one key more, without a value. Returns the logarithm of the denominator. */
static double soften(double *weight, int64_t keys, double sink) {
    double max = sink, sum;
    for (int64_t j = 0; j < keys; j++) max = fmax(max, weight[j]);
    if (max == -INFINITY) max = 0; /* every weight becomes 0 */
    sum = weight_of_sink(sink, max);
    for (int64_t j = 0; j < keys; j++) sum += weight[j] = exp(weight[j] - max);
    for (int64_t j = 0; sum != 0 && j < keys; j++) weight[j] /= sum;
    return max + log(sum);
}

static void average(const weft_plan *plan, const weft_reference_row *at, const double *weight, double *o) {
    int64_t value_dim = plan->shape.value_dim;
    for (int64_t dim = 0; dim < value_dim; dim++) o[dim] = 0;
    for (int64_t j = 0; j < plan->shape.keys; j++) {
        if (weight[j] == 0) continue; /* not in the set, or nothing: V is not even read there */
        for (int64_t dim = 0; dim < value_dim; dim++)
            o[dim] += weight[j] * weft_view_number(&at->views->v, at->batch, at->kv_head, j, dim);
    }
}

static bool compute(const weft_run_modifiers *modifiers, const weft_views *views, const weft_chosen *chosen,
                    double *weight, weft_array *open, weft_reference_rest *rest, double *out_o, double *out_lse) {
    const weft_plan *plan = modifiers->plan;
    const weft_shape *shape = &plan->shape;
    bool done = true;
    for (int64_t n = 0; done && n < shape->batch * shape->heads; n++) {
        weft_bound bound = plan->bound;
        weft_scratch scratch;
        weft_open_keys(plan->kernel->program, modifiers->arguments, n / shape->heads, n % shape->heads, open);
        bound.open = open;
        weft_see_choices(&bound, &chosen->selection, chosen->memory, (size_t)n);
        weft_scratch_init(&scratch, &bound);
        weft_reference_rest_begin(rest, views, n);
        for (int64_t row = n * shape->queries; row < (n + 1) * shape->queries; row++) {
            weft_reference_row at = {.views = views, .modifiers = modifiers, .row = row % shape->queries, .rest = rest};
            at.head = n % shape->heads;
            at.batch = n / shape->heads;
            at.kv_head = at.head / (shape->heads / shape->kv_heads);
            weft_reference_rest_row(rest, views, n, at.row);
            score(plan, &scratch, &at, weight);
            double lse = soften(weight, shape->keys, weft_sink_of(modifiers, at.head));
            if (out_lse) out_lse[row] = lse;
            average(plan, &at, weight, out_o + row * shape->value_dim);
        }
        done = !scratch.failed;
        weft_scratch_free(&scratch);
    }
    return done;
}

/* In memory of its own: one row of weights, a head's keys, features, the modifiers', and what is chosen of q and k: of
 * that the definition is what choosing does, and tests hold it against another. */
static bool compute_all(const weft_plan *plan, const weft_tensors *tensors, weft_views *views, double *out_o,
                        double *out_lse, weft_diagnostics *diagnostics) {
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    size_t row = (size_t)plan->shape.keys * sizeof(double);
    size_t open = plan->kernel->program->parameter_count * sizeof(weft_array);
    size_t shared = weft_shared_keys_size(plan), features = weft_reference_rest_size(plan);
    size_t bytes = row + features + open + shared + weft_run_modifiers_size(plan);
    unsigned char *memory = weft_allocate(allocator, bytes);
    if (!memory) return false;
    weft_reference_rest rest = {plan, (double *)(void *)(memory + row)};
    unsigned char *after = memory + row + features; /* of double */
    weft_run_modifiers modifiers;
    weft_chosen chosen;
    weft_share_keys(plan, views, 1, after + open);
    bool done = weft_chosen_make(&chosen, plan, false, 1, diagnostics) &&
                weft_choose_of(plan, &chosen.selection, views, 1, chosen.memory);
    done = weft_run_modifiers_begin(&modifiers, plan, tensors, after + open + shared, diagnostics) && done;
    done = done && compute(&modifiers, views, &chosen, (double *)(void *)memory, (weft_array *)(void *)after, &rest,
                           out_o, out_lse);
    weft_run_modifiers_end(&modifiers);
    weft_chosen_free(&chosen);
    weft_free(allocator, memory, bytes);
    return done;
}

weft_status weft_reference(const weft_plan *plan, const weft_tensors *tensors, double *out_o, double *out_lse) {
    if (!plan || !out_o) return WEFT_INVALID_ARGUMENT;
    weft_views views;
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, weft_engine_allocator(plan->kernel->engine), &plan->kernel->program->sources);
    weft_tensors known;
    bool done = weft_known_tensors(tensors, &known, &diagnostics) &&
                weft_check_tensors(plan, &known, weft_dtype_of(&known), false, &views, &diagnostics) &&
                compute_all(plan, &known, &views, out_o, out_lse, &diagnostics);
    weft_status status = done ? WEFT_OK : weft_status_of_failure(&diagnostics);
    if (status != WEFT_OK) weft_message_set((weft_message *)&plan->message, &diagnostics);
    weft_diagnostics_free(&diagnostics);
    return status;
}
