/* Softcap and bias as far as a plan knows them. The bias is folded once as a whole, which finds its errors and is what
 * the reference evaluates, and once a uniform, which is what kernels are told. */
#include <math.h>

#include "plan/build.h"

/* ---- numbers -------------------------------------------------------------------------------------------------- */

static bool fold_softcap(weft_plan *plan, int64_t head, weft_diagnostics *diagnostics) {
    const weft_program *program = plan->kernel->program;
    weft_environment environment = weft_plan_environment(plan, 0, head);
    weft_id folded = weft_fold(program, program->softcap, &environment, &plan->bound, diagnostics);
    if (!folded) return false;
    double cap = weft_node_at(&plan->bound.dag, folded)->value.real;
    plan->modifiers.softcap_of[head] = cap;
    if (isfinite((float)cap)) return true;
    weft_diagnose(diagnostics, WEFT_E0405, weft_node_at(&program->dag, program->softcap)->place,
                  "the softcap of head %lld is %g, which is no finite 32-bit float", (long long)head, cap);
    return false;
}

static bool fold_softcaps(weft_plan *plan, weft_diagnostics *diagnostics) {
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    if (!plan->kernel->program->softcap) return true;
    plan->modifiers.softcap_of = weft_allocate(allocator, (size_t)plan->shape.heads * sizeof(double));
    bool done = plan->modifiers.softcap_of != NULL;
    for (int64_t head = 0; done && head < plan->shape.heads; head++) done = fold_softcap(plan, head, diagnostics);
    return done;
}

/* A part that is at fault on its own, in a bias that is not, stands in a branch that this head does not take. */
static bool fold_uniforms(weft_plan *plan, size_t n, const weft_environment *environment, weft_diagnostics *quiet) {
    const weft_modifiers *of = &plan->modifiers.of;
    for (uint32_t k = 0; k < of->uniform_count; k++) {
        weft_id folded = weft_fold(plan->kernel->program, of->uniforms[k], environment, &plan->bound, quiet);
        plan->modifiers.uniform_of[n * of->uniform_count + k] = folded;
        if (!folded && (quiet->out_of_memory || !quiet->errors)) return false;
        if (!folded) weft_diagnostics_clear(quiet);
    }
    return true;
}

static bool fold_bias(weft_plan *plan, size_t n, weft_diagnostics *diagnostics) {
    const weft_program *program = plan->kernel->program;
    weft_environment environment =
        weft_plan_environment(plan, (int64_t)n / plan->shape.heads, (int64_t)n % plan->shape.heads);
    plan->modifiers.bias_of[n] = weft_fold(program, program->bias, &environment, &plan->bound, diagnostics);
    if (!plan->modifiers.bias_of[n]) return false;
    weft_diagnostics quiet;
    weft_diagnostics_init(&quiet, weft_engine_allocator(plan->kernel->engine), NULL);
    bool done = fold_uniforms(plan, n, &environment, &quiet);
    weft_diagnostics_free(&quiet);
    return done;
}

/* ---- tables --------------------------------------------------------------------------------------------------- */

static size_t copy_bytes(const weft_plan *plan, size_t n) {
    return (size_t)plan->modifiers.tables[n].count * sizeof(int64_t);
}

/* Table number n of all; where nothing is bound yet, a run has to. */
static bool look_up(weft_plan *plan, size_t n, weft_diagnostics *diagnostics) {
    const weft_program *program = plan->kernel->program;
    size_t count = plan->modifiers.of.table_count;
    uint32_t parameter = plan->modifiers.of.tables[n % count];
    const DLTensor *tensor = plan->arguments[parameter].array;
    weft_lookup *lookup = &plan->modifiers.tables[n];
    if (!tensor) return true;
    weft_array array = weft_array_of(tensor, program->parameters[parameter].type, (int64_t)(n / count), 0);
    lookup->count = weft_array_length(&array);
    lookup->at = weft_lookup_in_place(&array);
    if (lookup->at) return true;
    void *copy = weft_allocate(weft_engine_allocator(plan->kernel->engine), copy_bytes(plan, n));
    plan->modifiers.copies[n] = copy;
    lookup->at = copy;
    if (!copy) return false;
    if (weft_lookup_copy(&array, copy)) return true;
    weft_lookup_refuse(program, parameter, diagnostics);
    return false;
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

static size_t table_total(const weft_plan *plan) { return (size_t)plan->shape.batch * plan->modifiers.of.table_count; }

static size_t uniform_total(const weft_plan *plan) { return weft_plan_heads(plan) * plan->modifiers.of.uniform_count; }

static bool make_room(weft_plan *plan) {
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    weft_plan_modifiers *m = &plan->modifiers;
    size_t uniforms = uniform_total(plan), tables = table_total(plan);
    m->bias_of = weft_allocate(allocator, weft_plan_heads(plan) * sizeof *m->bias_of);
    m->uniform_of = weft_allocate(allocator, uniforms * sizeof *m->uniform_of);
    m->tables = weft_allocate_zero(allocator, tables * sizeof *m->tables);
    m->copies = weft_allocate_zero(allocator, tables * sizeof *m->copies);
    return m->bias_of && (!uniforms || m->uniform_of) && (!tables || (m->tables && m->copies));
}

static bool fold_biases(weft_plan *plan, weft_diagnostics *diagnostics) {
    if (!plan->kernel->program->bias) return true;
    bool done = make_room(plan);
    for (size_t n = 0; done && n < weft_plan_heads(plan); n++) done = fold_bias(plan, n, diagnostics);
    for (size_t n = 0; done && n < table_total(plan); n++) done = look_up(plan, n, diagnostics);
    return done;
}

bool weft_plan_modify(weft_plan *plan, weft_diagnostics *diagnostics) {
    if (plan->shape.head_dim == 0) return true;
    if (!weft_modifiers_init(&plan->modifiers.of, plan->kernel->program)) return false;
    return fold_softcaps(plan, diagnostics) && fold_biases(plan, diagnostics);
}

void weft_plan_modifiers_free(weft_plan *plan) {
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    weft_plan_modifiers *m = &plan->modifiers;
    size_t tables = table_total(plan);
    for (size_t n = 0; m->tables && m->copies && n < tables; n++)
        weft_free(allocator, m->copies[n], copy_bytes(plan, n));
    weft_free(allocator, m->softcap_of, (size_t)plan->shape.heads * sizeof *m->softcap_of);
    weft_free(allocator, m->bias_of, weft_plan_heads(plan) * sizeof *m->bias_of);
    weft_free(allocator, m->uniform_of, uniform_total(plan) * sizeof *m->uniform_of);
    weft_free(allocator, m->tables, tables * sizeof *m->tables);
    weft_free(allocator, m->copies, tables * sizeof *m->copies);
    weft_modifiers_free(&m->of);
}
