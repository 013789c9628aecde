/* What approximates the pairs that sets do not hold: how many features, and in which directions. */
#include "lowrank/lowrank.h"
#include "plan/build.h"

static bool fold_int(weft_plan *plan, weft_id root, int64_t *out, weft_diagnostics *diagnostics) {
    weft_environment environment = weft_plan_environment(plan, 0, 0);
    weft_id folded = weft_fold(plan->kernel->program, root, &environment, &plan->bound, diagnostics);
    if (folded) *out = weft_node_at(&plan->bound.dag, folded)->value.integer;
    return folded != 0;
}

static bool check_features(const weft_plan *plan, int64_t features, weft_diagnostics *diagnostics) {
    const weft_program *program = plan->kernel->program;
    weft_span place = weft_node_at(&program->dag, program->rest.features)->place;
    if (features < 1) {
        weft_diagnose(diagnostics, WEFT_E0301, place, "`features` is %lld, but a size is at least 1",
                      (long long)features);
        return false;
    }
    if (features <= WEFT_MAX_FEATURE_NUMBERS / (plan->shape.head_dim + 1)) return true;
    weft_diagnose(diagnostics, WEFT_E0406, place, "%lld features of %lld numbers: there are at most %d numbers in all",
                  (long long)features, (long long)plan->shape.head_dim, WEFT_MAX_FEATURE_NUMBERS);
    return false;
}

/* Queries and keys are multiplied by its root. */
static bool check_scales(const weft_plan *plan, weft_diagnostics *diagnostics) {
    const weft_program *program = plan->kernel->program;
    for (int64_t head = 0; program->scale && head < plan->shape.heads; head++) {
        if (plan->scale_of[head] > 0) continue;
        weft_diagnose(diagnostics, WEFT_E0405, weft_node_at(&program->dag, program->scale)->place,
                      "the scale of head %lld is %g, but beside `approximate` it must be above 0", (long long)head,
                      (double)plan->scale_of[head]);
        return false;
    }
    return true;
}

static size_t numbers_of(const weft_plan *plan) { return (size_t)(plan->rest.features * plan->shape.head_dim); }

bool weft_plan_features(weft_plan *plan, weft_diagnostics *diagnostics) {
    const weft_approximation *rest = &plan->kernel->program->rest;
    int64_t features = 0, seed = 0;
    if (!rest->kind) return true;
    if (!fold_int(plan, rest->features, &features, diagnostics) || !fold_int(plan, rest->seed, &seed, diagnostics) ||
        !check_features(plan, features, diagnostics) || !check_scales(plan, diagnostics))
        return false;
    plan->rest.features = features;
    if (!plan->shape.head_dim) return true;
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    plan->rest.directions = weft_allocate(allocator, numbers_of(plan) * sizeof(double));
    plan->rest.narrow = weft_allocate(allocator, numbers_of(plan) * sizeof(float));
    if (!plan->rest.directions || !plan->rest.narrow) return false;
    weft_make_directions(plan->rest.directions, features, plan->shape.head_dim, (uint64_t)seed);
    for (size_t n = 0; n < numbers_of(plan); n++) plan->rest.narrow[n] = (float)plan->rest.directions[n];
    return true;
}

double weft_plan_rest_pairs(const weft_plan *plan) {
    const weft_shape *s = &plan->shape;
    return (double)plan->rest.features * (double)(s->batch * (s->heads * s->queries + s->kv_heads * s->keys));
}

size_t weft_plan_rest_bytes(const weft_plan *plan) {
    return numbers_of(plan) * (sizeof(double) + sizeof(float)) + plan->rest.unit_count * sizeof *plan->rest.units;
}

void weft_plan_rest_free(weft_plan *plan) {
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    weft_free(allocator, plan->rest.directions, numbers_of(plan) * sizeof(double));
    weft_free(allocator, plan->rest.narrow, numbers_of(plan) * sizeof(float));
    weft_free(allocator, plan->rest.units, plan->rest.unit_count * sizeof *plan->rest.units);
}
