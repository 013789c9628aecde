/* What the sets of a plan choose by, and choices that a plan was shown, so that masks and figures can be about them. */
#include <string.h>

#include "plan/terms.h"

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

/* ---- for callers ------------------------------------------------------------------------------------------------- */

/* Choice number n of the meaning of a head; those of passes, which are the same, have other nodes. NULL: none. */
static const weft_choice *find_choice(const weft_plan *plan, int64_t batch, int64_t head, int64_t n) {
    weft_bound seen = {0};
    if (!weft_plan_has_head(plan, batch, head)) return NULL;
    weft_see_choices(&seen, &plan->shown.selection, plan->shown.memory, (size_t)(batch * plan->shape.heads + head));
    int64_t last = 0;
    for (int64_t k = 0; k <= n; k++) { /* the next one in the order of nodes, which is that of the file */
        const weft_choice *next = NULL;
        for (uint32_t m = 0; m < seen.choice_count; m++) {
            const weft_choice *one = &seen.choices[m];
            bool follows = one->atom > last && one->atom <= plan->kernel->program->meaning;
            if (follows && (!next || one->atom < next->atom)) next = one;
        }
        if (!next || k == n) return next;
        last = next->atom;
    }
    return NULL;
}

int64_t weft_plan_choice_count(const weft_plan *plan, int64_t batch, int64_t head) {
    int64_t count = 0;
    while (find_choice(plan, batch, head, count)) count++;
    return count;
}

weft_status weft_plan_choices(const weft_plan *plan, int64_t batch, int64_t head, int64_t n, weft_choices *choices) {
    const weft_choice *found = n >= 0 ? find_choice(plan, batch, head, n) : NULL;
    if (!found || !choices || choices->size < sizeof choices->size) return WEFT_INVALID_ARGUMENT;
    const weft_program *program = plan->kernel->program;
    const weft_node *node = weft_node_at(&program->dag, (weft_id)found->atom);
    const weft_source *source;
    weft_point point = {0};
    bool placed = weft_node_source(&program->sources, node, &source, &point);
    weft_choices known = {.atom = weft_op_describe((weft_op)node->op)->text,
                          .line = placed ? point.line : 0,
                          .column = placed ? point.column : 0,
                          .chunked = found->chunked,
                          .rounds = found->rounds,
                          .row_buckets = found->row_buckets,
                          .key_buckets = found->key_buckets,
                          .blocks_a_row = found->blocks_a_row,
                          .blocks = found->blocks,
                          .column_count = found->column_count,
                          .diagonal_count = found->diagonal_count,
                          .columns = found->columns,
                          .diagonals = found->diagonals,
                          .hashes = found->hashes,
                          .choices = found->choices,
                          .flops = found->flops};
    weft_tell_known(choices, &known, sizeof known);
    return WEFT_OK;
}
