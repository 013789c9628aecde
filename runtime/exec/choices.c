/* Choices of q and k: of a run, in its workspace; and of tensors that a plan is shown. */
#include "exec/exec.h"

static weft_operand_view view_of(const weft_plan *plan, const weft_view *view) {
    weft_operand_view out = {.at = view->data, .dtype = view->dtype, .as = (weft_dtype)plan->kernel->code.dtype};
    for (int dim = 0; dim < WEFT_VIEW_DIMS; dim++) out.stride[dim] = view->stride[dim];
    return out;
}

bool weft_choose_of(const weft_plan *plan, const weft_selection *selection, const weft_views *views, uint32_t workers,
                    unsigned char *memory) {
    weft_choosing choosing = {.selection = selection,
                              .q = view_of(plan, &views->q),
                              .k = view_of(plan, &views->k),
                              .scale_of = plan->scale_of,
                              .engine = plan->kernel->engine,
                              .workers = workers,
                              .memory = memory};
    return weft_choose(&choosing);
}

/* ---- showing ----------------------------------------------------------------------------------------------------- */

static weft_status choose(weft_plan *plan, weft_views *views, weft_diagnostics *diagnostics) {
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    uint32_t workers = weft_engine_threads(plan->kernel->engine);
    size_t size = weft_shared_keys_size(plan);
    void *shared = weft_allocate(allocator, size);
    weft_chosen chosen = {0};
    weft_status status = WEFT_OK;
    if (size && !shared) return WEFT_OUT_OF_MEMORY;
    weft_share_keys(plan, views, workers, shared);
    if (!weft_chosen_make(&chosen, plan, true, workers, diagnostics))
        status = weft_status_of_failure(diagnostics);
    else if (!weft_choose_of(plan, &chosen.selection, views, workers, chosen.memory))
        status = WEFT_CANCELLED;
    else if (!weft_plan_show(plan, &chosen))
        status = WEFT_OUT_OF_MEMORY;
    if (status != WEFT_OK) weft_chosen_free(&chosen);
    weft_free(allocator, shared, size);
    return status;
}

weft_status weft_plan_choose(weft_plan *plan, const weft_tensors *tensors) {
    if (!plan) return WEFT_INVALID_ARGUMENT;
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, weft_engine_allocator(plan->kernel->engine), &plan->kernel->program->sources);
    weft_tensors known;
    weft_views views;
    weft_status status = WEFT_INVALID_ARGUMENT;
    if (weft_known_tensors(tensors, &known, &diagnostics) &&
        weft_check_operands(plan, &known, weft_dtype_of(&known), &views, &diagnostics))
        status = choose(plan, &views, &diagnostics);
    if (status != WEFT_OK) weft_message_set(&plan->message, &diagnostics);
    weft_diagnostics_free(&diagnostics);
    return status;
}
