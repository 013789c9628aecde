/* What every head computes, for this shape: its set as the text means it, its part of every pass, its scale. Heads and
 * batch elements whose parts fold to the same nodes share a recipe. */
#include <math.h>
#include <string.h>

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

static bool check_passes(const weft_program *program, weft_diagnostics *diagnostics) {
    if (program->pass_count) return true;
    weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN, "a program without passes cannot be planned");
    return false;
}

/* Each query is a key of its own head. */
static bool check_shared(const weft_plan *plan, weft_diagnostics *diagnostics) {
    const weft_shape *s = &plan->shape;
    if (!plan->shared_qk || (s->queries == s->keys && s->heads == s->kv_heads)) return true;
    weft_diagnose(diagnostics, WEFT_E0406, WEFT_NO_SPAN,
                  "`shared_qk` needs as many keys as queries and as many KV heads as heads, not %lld and %lld, %lld "
                  "and %lld",
                  (long long)s->keys, (long long)s->queries, (long long)s->kv_heads, (long long)s->heads);
    return false;
}

/* Stride and list are those of a set that has a pair, so whatever they read was folded, and found sound, with the
 * meaning. */
static bool fold_order(weft_planner *planner, const weft_pass *pass, const weft_environment *environment,
                       weft_step *step) {
    weft_plan *plan = planner->plan;
    if (pass->list) {
        step->list = weft_fold(plan->kernel->program, pass->list, environment, &plan->bound, planner->diagnostics);
        if (!step->list || weft_node_at(&plan->bound.dag, step->list)->op != WEFT_ATOM_NONE) return step->list != 0;
        step->set = step->list = 0;
        return true;
    }
    if (pass->row_order != WEFT_ORDER_STRIDED) return true;
    weft_id folded = weft_fold(plan->kernel->program, pass->stride, environment, &plan->bound, planner->diagnostics);
    if (!folded) return false;
    int64_t stride = weft_node_at(&plan->bound.dag, folded)->value.integer;
    step->stride = stride > 1 ? stride : 1;
    return true;
}

static bool fold_step(weft_planner *planner, const weft_pass *pass, const weft_environment *environment,
                      weft_step *step) {
    weft_plan *plan = planner->plan;
    memset(step, 0, sizeof *step); /* recipes are compared by their bytes */
    step->stride = 1;
    step->set = weft_fold(plan->kernel->program, pass->set, environment, &plan->bound, planner->diagnostics);
    if (!step->set) return false;
    if (weft_node_at(&plan->bound.dag, step->set)->op != WEFT_ATOM_NONE)
        return fold_order(planner, pass, environment, step);
    step->set = 0;
    return true;
}

/* Errors come from the meaning, which knows its places; the passes are made of the same parts. */
static bool fold_head(weft_planner *planner, size_t n, weft_step *steps) {
    weft_plan *plan = planner->plan;
    const weft_program *program = plan->kernel->program;
    weft_environment environment =
        weft_plan_environment(plan, (int64_t)n / plan->shape.heads, (int64_t)n % plan->shape.heads);
    environment.open_keys = true;
    plan->meaning_of[n] = weft_fold(program, program->meaning, &environment, &plan->bound, planner->diagnostics);
    if (!plan->meaning_of[n]) return false;
    for (uint32_t k = 0; k < program->pass_count; k++)
        if (!fold_step(planner, &program->passes[k], &environment, &steps[k])) return false;
    plan->route_of[n] = weft_records_add(&planner->recipes, steps);
    return plan->route_of[n] != WEFT_NO_NUMBER;
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

/* Does the meaning read keys that nobody has given yet? */
static bool lacks_keys(const weft_plan *plan) {
    const weft_dag *dag = &plan->kernel->program->dag;
    for (weft_id id = 1; id <= plan->kernel->program->meaning; id++) {
        if (weft_node_at(dag, id)->op != WEFT_ATOM_LISTED) continue;
        const weft_node *keys = weft_node_at(dag, weft_operand(dag, id, 0));
        if (keys->op == WEFT_OP_PARAM && !plan->arguments[keys->value.integer].array) return true;
    }
    return false;
}

bool weft_plan_fold(weft_planner *planner) {
    weft_plan *plan = planner->plan;
    plan->keys_missing = lacks_keys(plan);
    plan->choices_missing = weft_plan_chooses(plan);
    plan->shared_qk = plan->kernel->program->shared_qk;
    if (!check_passes(plan->kernel->program, planner->diagnostics) || !check_shared(plan, planner->diagnostics))
        return false;
    size_t heads = weft_plan_heads(plan), bytes = planner->recipes.size;
    plan->route_of = weft_allocate(planner->allocator, heads * sizeof *plan->route_of);
    plan->meaning_of = weft_allocate(planner->allocator, heads * sizeof *plan->meaning_of);
    plan->scale_of = weft_allocate(planner->allocator, (size_t)plan->shape.heads * sizeof *plan->scale_of);
    weft_step *steps = weft_allocate(planner->allocator, bytes);
    bool done = plan->route_of && plan->meaning_of && plan->scale_of && steps;
    for (size_t n = 0; done && n < heads; n++) done = fold_head(planner, n, steps);
    for (int64_t head = 0; done && head < plan->shape.heads; head++)
        done = fold_scale(plan, head, planner->diagnostics);
    weft_free(planner->allocator, steps, bytes);
    return done;
}
