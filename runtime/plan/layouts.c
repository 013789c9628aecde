/* What every head computes, for this shape: its set as the text means it, its set as the pass has it, its scale. Heads
 * and batch elements whose sets fold to the same node share one layout. */
#include <math.h>

#include "plan/build.h"

weft_environment weft_plan_environment(const weft_plan *plan, int64_t batch, int64_t head) {
    const weft_shape *shape = &plan->shape;
    return (weft_environment){.lengths_known = true,
                              .head_known = true,
                              .dim_known = shape->head_dim > 0,
                              .lq = shape->queries,
                              .lk = shape->keys,
                              .head = head,
                              .heads = shape->heads,
                              .batch = batch,
                              .dim = shape->head_dim,
                              .arguments = plan->arguments};
}

/* Only one pass over rows and keys as they lie is built so far. */
static bool check_passes(const weft_program *program, weft_diagnostics *diagnostics) {
    const weft_pass *pass = program->passes;
    if (program->pass_count == 1 && pass->row_order == WEFT_ORDER_CONTIGUOUS &&
        pass->key_order == WEFT_ORDER_CONTIGUOUS && pass->row_tile == WEFT_TILE_ROWS &&
        pass->key_tile == WEFT_TILE_KEYS)
        return true;
    weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN, "plans of other than one contiguous pass of %d by %d tiles",
                  WEFT_TILE_ROWS, WEFT_TILE_KEYS);
    return false;
}

/* Errors come from the meaning, which knows its places; the pass's set is made of the same parts. */
static bool fold_sets(weft_plan *plan, weft_id *set_of, weft_diagnostics *diagnostics) {
    const weft_program *program = plan->kernel->program;
    for (size_t n = 0; n < weft_plan_heads(plan); n++) {
        weft_environment environment =
            weft_plan_environment(plan, (int64_t)n / plan->shape.heads, (int64_t)n % plan->shape.heads);
        plan->meaning_of[n] = weft_fold(program, program->meaning, &environment, &plan->bound, diagnostics);
        if (!plan->meaning_of[n]) return false;
        set_of[n] = weft_fold(program, program->passes[0].set, &environment, &plan->bound, diagnostics);
        if (!set_of[n]) return false;
    }
    return true;
}

/* In double, from the definition; rounded once. Unknown, and not needed, while there is no head dimension. */
static bool fold_scale(weft_plan *plan, int64_t head, weft_diagnostics *diagnostics) {
    const weft_program *program = plan->kernel->program;
    double scale = plan->shape.head_dim > 0 ? 1 / sqrt((double)plan->shape.head_dim) : 1;
    if (program->scale && plan->shape.head_dim > 0) {
        weft_environment environment = weft_plan_environment(plan, 0, head);
        weft_id folded = weft_fold(program, program->scale, &environment, &plan->bound, diagnostics);
        if (!folded) return false;
        const weft_node *node = weft_node_at(&plan->bound.dag, folded);
        scale = node->op == WEFT_OP_INT ? (double)node->value.integer : node->value.real;
        if (!isfinite((float)scale)) {
            weft_diagnose(diagnostics, WEFT_E0405, weft_node_at(&program->dag, program->scale)->place,
                          "the scale of head %lld is %g, which is no finite 32-bit float", (long long)head, scale);
            return false;
        }
    }
    plan->scale_of[head] = (float)scale;
    return true;
}

/* Equal nodes, equal layouts. */
static bool share_layouts(weft_plan *plan, const weft_id *set_of, const weft_allocator *allocator) {
    size_t bytes = plan->bound.dag.count * sizeof(uint32_t);
    uint32_t *layout_of_set = weft_allocate_zero(allocator, bytes); /* 0: none yet, else 1 + its number */
    if (!layout_of_set) return false;
    bool done = true;
    for (size_t n = 0; done && n < weft_plan_heads(plan); n++) {
        uint32_t *known = &layout_of_set[set_of[n]];
        if (!*known) {
            done = weft_reserve(allocator, &plan->layouts, &plan->layout_capacity, plan->layout_count + 1,
                                sizeof *plan->layouts);
            if (!done) break;
            plan->layouts[plan->layout_count++] = (weft_layout){.set = set_of[n]};
            *known = plan->layout_count;
        }
        plan->layout_of[n] = *known - 1;
    }
    weft_free(allocator, layout_of_set, bytes);
    return done;
}

bool weft_plan_fold(weft_plan *plan, weft_diagnostics *diagnostics) {
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    if (!check_passes(plan->kernel->program, diagnostics)) return false;
    size_t heads = weft_plan_heads(plan), bytes = heads * sizeof(weft_id);
    plan->layout_of = weft_allocate(allocator, heads * sizeof *plan->layout_of);
    plan->meaning_of = weft_allocate(allocator, bytes);
    plan->scale_of = weft_allocate(allocator, (size_t)plan->shape.heads * sizeof *plan->scale_of);
    weft_id *set_of = weft_allocate(allocator, bytes);
    bool done = plan->layout_of && plan->meaning_of && plan->scale_of && set_of;
    done = done && fold_sets(plan, set_of, diagnostics);
    for (int64_t head = 0; done && head < plan->shape.heads; head++) done = fold_scale(plan, head, diagnostics);
    done = done && share_layouts(plan, set_of, allocator);
    weft_free(allocator, set_of, bytes);
    return done;
}
