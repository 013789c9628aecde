/* How a run's workspace is cut. Everything here follows from the plan alone. */
#include "exec/exec.h"

enum { BOUNDARY = 64 };

static size_t rounded(size_t bytes) { return (bytes + BOUNDARY - 1) / BOUNDARY * BOUNDARY; }

weft_workspace weft_workspace_of(const weft_plan *plan) {
    const weft_shape *shape = &plan->shape;
    size_t splits = 0, states = 0;
    for (uint32_t n = 0; n < plan->phase_count; n++) {
        if (plan->phases[n].splits > splits) splits = plan->phases[n].splits;
        if (plan->phases[n].states > states) states = plan->phases[n].states;
    }
    bool folds = plan->phase_count > 1 || plan->lists_at_run;
    size_t rows = folds ? weft_plan_heads(plan) * (size_t)shape->queries : 0;
    weft_workspace out = {.state = rounded(weft_state_floats(WEFT_TILE_ROWS, shape->value_dim) * sizeof(float))};
    out.worker = rounded(weft_scratch_floats(shape->head_dim, shape->value_dim) * sizeof(float));
    if (plan->lists_at_run) {
        out.open = out.worker;
        out.lister = out.open + rounded(plan->kernel->program->parameter_count * sizeof(weft_array));
        out.list = out.lister + rounded(weft_lister_bytes(shape->keys));
        out.bundling = out.list + rounded(sizeof(weft_list_part));
        out.gathered = out.bundling + rounded(weft_bundle_bytes(plan));
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
    out.workers = out.wide + weft_wide_bytes(plan);
    out.size = out.workers + plan->workers * out.worker + BOUNDARY - 1;
    return out;
}

size_t weft_plan_workspace(const weft_plan *plan) { return plan ? weft_workspace_of(plan).size : 0; }
