/* What the sets of a plan choose by, and choices that a plan was shown, so that masks and figures can be about them. */
#include "plan/build.h"

bool weft_plan_chooses(const weft_plan *plan) {
    const weft_program *program = plan->kernel->program;
    for (weft_id id = 1; id <= program->meaning; id++)
        if (weft_op_chooses((weft_op)weft_node_at(&program->dag, id)->op)) return true;
    return false;
}

/* The sets that decide what head number n does in a run, and its meaning. */
static void gather_sets(const weft_plan *plan, size_t n, bool runs, bool meaning, weft_id *sets) {
    if (meaning) *sets++ = plan->meaning_of[n];
    for (uint32_t phase = 0; runs && phase < plan->phase_count; phase++) {
        const weft_stage *stage = weft_plan_stage(plan, n, phase);
        const weft_layout *layout = stage ? weft_stage_layout(plan, stage, 0) : NULL;
        *sets++ = layout && layout->at_run ? layout->set : 0;
        *sets++ = layout && layout->at_run ? layout->list : 0;
    }
}

bool weft_plan_select(const weft_plan *plan, bool runs, bool meaning, weft_selection *out,
                      weft_diagnostics *diagnostics) {
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    *out = (weft_selection){0};
    if (!plan->shape.head_dim || !weft_plan_chooses(plan)) return true;
    size_t heads = weft_plan_heads(plan), per_head = meaning + (runs ? 2 * (size_t)plan->phase_count : 0);
    weft_id *sets = weft_allocate(allocator, heads * per_head * sizeof *sets);
    if (!sets) return false;
    for (size_t n = 0; n < heads; n++) gather_sets(plan, n, runs, meaning, sets + n * per_head);
    bool done = weft_selection_make(out, &plan->bound, &plan->shape, sets, (uint32_t)per_head, diagnostics);
    weft_free(allocator, sets, heads * per_head * sizeof *sets);
    return done;
}

/* ---- choices that were made -------------------------------------------------------------------------------------- */

bool weft_chosen_make(weft_chosen *chosen, const weft_plan *plan, bool runs, uint32_t workers,
                      weft_diagnostics *diagnostics) {
    enum { BOUNDARY = 64 };
    *chosen = (weft_chosen){.allocator = weft_engine_allocator(plan->kernel->engine)};
    if (!weft_plan_select(plan, runs, true, &chosen->selection, diagnostics)) return false;
    chosen->bytes = weft_selection_bytes(&chosen->selection, workers);
    if (!chosen->bytes) return true;
    chosen->bytes += BOUNDARY;
    chosen->block = weft_allocate(chosen->allocator, chosen->bytes);
    if (!chosen->block) return false;
    chosen->memory = chosen->block + (BOUNDARY - (uintptr_t)chosen->block % BOUNDARY);
    return true;
}

void weft_chosen_free(weft_chosen *chosen) {
    if (!chosen->allocator) return;
    weft_free(chosen->allocator, chosen->block, chosen->bytes);
    weft_selection_free(&chosen->selection);
    *chosen = (weft_chosen){0};
}

bool weft_plan_show(weft_plan *plan, const weft_chosen *chosen) {
    weft_chosen before = plan->shown;
    bool missed = plan->choices_missing;
    plan->shown = *chosen;
    plan->choices_missing = false;
    if (weft_plan_count_lists(plan)) {
        weft_chosen_free(&before);
        return true;
    }
    plan->shown = before;
    plan->choices_missing = missed;
    return false;
}
