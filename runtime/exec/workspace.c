/* How a run's workspace is cut. Everything here follows from the plan alone. */
#include "exec/rest.h"

enum { BOUNDARY = 64 };

static size_t rounded(size_t bytes) { return (bytes + BOUNDARY - 1) / BOUNDARY * BOUNDARY; }

weft_features weft_rest_features(const weft_plan *plan) {
    return (weft_features){.w = plan->rest.narrow,
                           .count = plan->rest.features,
                           .head_dim = plan->shape.head_dim,
                           .value_dim = plan->shape.value_dim,
                           .relu = plan->kernel->program->rest.kind == WEFT_FAVOR_RELU};
}

/* Marks are needed where what is taken away is listed. */
static void add_rest(const weft_plan *plan, weft_workspace *w) {
    const weft_plan_rest *rest = &plan->rest;
    w->segments = w->rooms = w->workers = w->visited;
    if (!rest->directions) return;
    weft_feature_room unused;
    weft_features features = weft_rest_features(plan);
    size_t rows = weft_plan_heads(plan) * (size_t)plan->shape.queries, floats = (size_t)plan->shape.value_dim + 2;
    size_t sides = plan->kernel->program->rest.causal ? 1 : 2;
    size_t kept = rest->segments > 1 ? rest->unit_count * sides * (size_t)rest->segments : 0;
    w->state_of_features = weft_feature_state_floats(&features) * sizeof(float);
    if (rest->subtracts && weft_has_lists(plan->kernel->program))
        w->key_marks = rounded((size_t)(plan->shape.keys + plan->shape.keys / 64 + 1) * sizeof(uint64_t));
    w->room = weft_feature_room_of(&features, NULL, &unused) + w->key_marks;
    w->segments += rest->subtracts ? rounded(rows * floats * sizeof(float)) : 0;
    w->rooms = w->segments + kept * w->state_of_features;
    w->workers = w->rooms + plan->workers * w->room;
}

weft_workspace weft_workspace_of(const weft_plan *plan) {
    const weft_shape *shape = &plan->shape;
    size_t splits = 0, states = 0;
    for (uint32_t n = 0; n < plan->phase_count; n++) {
        if (plan->phases[n].splits > splits) splits = plan->phases[n].splits;
        if (plan->phases[n].states > states) states = plan->phases[n].states;
    }
    bool folds = weft_run_folds(plan);
    size_t rows = folds ? weft_plan_heads(plan) * (size_t)shape->queries : 0;
    weft_workspace out = {.state = rounded(weft_state_floats(WEFT_TILE_ROWS, shape->value_dim) * sizeof(float))};
    out.worker = rounded(weft_scratch_floats(shape->head_dim, shape->value_dim) * sizeof(float));
    if (plan->lists_at_run) {
        out.open = out.worker;
        out.lister = out.open + rounded(plan->kernel->program->parameter_count * sizeof(weft_array));
        out.list = out.lister + rounded(weft_lister_bytes(shape->keys));
        out.clustering = out.list + rounded(sizeof(weft_list_part));
        out.gathered = out.clustering + rounded(weft_cluster_bytes(plan));
        out.worker = out.gathered + weft_gathered_bytes(plan);
    }
    out.ring = weft_ring_of(plan);
    out.packed = (size_t)out.ring.slots * sizeof(weft_slot);
    out.counters = out.packed + (size_t)out.ring.slots * out.ring.bytes;
    out.states = out.counters + rounded(splits * sizeof(uint32_t));
    out.modifiers = out.states + states * out.state;
    out.shared = out.modifiers + rounded(weft_run_modifiers_size(plan));
    out.marks = out.shared + rounded(weft_shared_keys_size(plan));
    out.choices = out.marks + rounded(weft_marks_size(plan));
    out.lse = out.choices + weft_selection_bytes(&plan->selection, plan->workers);
    out.wide = out.lse + rounded(rows * sizeof(float));
    out.visited = out.wide + weft_wide_bytes(plan);
    add_rest(plan, &out);
    out.size = out.workers + plan->workers * out.worker + BOUNDARY - 1;
    return out;
}

size_t weft_plan_workspace(const weft_plan *plan) { return plan ? weft_workspace_of(plan).size : 0; }
