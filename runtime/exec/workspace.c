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
    size_t rows = plan->phase_count > 1 ? weft_plan_heads(plan) * (size_t)shape->queries : 0;
    weft_workspace out = {
        .state = rounded(weft_state_floats(WEFT_TILE_ROWS, shape->value_dim) * sizeof(float)),
        .worker = rounded(weft_scratch_floats(shape->head_dim, shape->value_dim) * sizeof(float)),
    };
    out.states = rounded(splits * sizeof(uint32_t));
    out.modifiers = out.states + states * out.state;
    out.lse = out.modifiers + rounded(weft_run_modifiers_size(plan));
    out.scratch = out.lse + rounded(rows * sizeof(float));
    out.size = out.scratch + plan->workers * out.worker + BOUNDARY - 1;
    return out;
}

size_t weft_plan_workspace(const weft_plan *plan) { return plan ? weft_workspace_of(plan).size : 0; }
