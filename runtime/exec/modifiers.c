/* Score modifiers at the start of a run: arrays that came with it are bound, what they decide is evaluated once a head,
 * and kernels are told where all of it stands. */
#include <math.h>
#include <string.h>

#include "exec/exec.h"

static const double log2_of_e = 1.44269504088896340735992468100;

static const weft_program *program_of(const weft_plan *plan) { return plan->kernel->program; }

/* ---- memory --------------------------------------------------------------------------------------------------- */

/* Parts of one block, each at a multiple of 8; with no block it only counts. */
typedef struct weft_block {
    unsigned char *at;
    size_t used;
} weft_block;

static void *take(weft_block *block, size_t bytes) {
    enum { BOUNDARY = 8 };
    void *part = block->at && bytes ? block->at + block->used : NULL;
    block->used += (bytes + BOUNDARY - 1) / BOUNDARY * BOUNDARY;
    return part;
}

static size_t divide(weft_run_modifiers *m, const weft_plan *plan, void *memory) {
    weft_block block = {memory, 0};
    const weft_program *program = program_of(plan);
    const weft_modifiers *of = &plan->modifiers.of;
    size_t heads = weft_plan_heads(plan), tables = of->table_count;
    bool scores = weft_has_modifiers(program) && plan->shape.head_dim > 0;
    m->arguments = take(&block, program->parameter_count * sizeof *m->arguments);
    m->bound.arrays = take(&block, plan->bound.array_count * sizeof *m->bound.arrays);
    m->uniforms = take(&block, scores ? heads * weft_uniform_slots(of) * sizeof *m->uniforms : 0);
    m->tables = take(&block, (size_t)plan->shape.batch * tables * sizeof *m->tables);
    m->copies = take(&block, tables * sizeof *m->copies);
    m->sinks = take(&block, program->sink == WEFT_NO_SINK ? 0 : (size_t)plan->shape.heads * sizeof *m->sinks);
    return block.used;
}

size_t weft_run_modifiers_size(const weft_plan *plan) {
    weft_run_modifiers counted = {0};
    return divide(&counted, plan, NULL);
}

/* ---- arrays --------------------------------------------------------------------------------------------------- */

static void take_arrays(weft_run_modifiers *m) {
    const weft_bound *bound = &m->plan->bound;
    m->bound.dag = bound->dag;
    m->bound.array_count = bound->array_count;
    for (uint32_t k = 0; k < bound->array_count; k++) {
        m->bound.arrays[k] = bound->arrays[k];
        uint32_t parameter = bound->arrays[k].parameter;
        if (!parameter) continue;
        m->bound.arrays[k] = weft_array_of(m->arguments[parameter - 1].array, bound->arrays[k].type, 0, 0);
    }
}

/* A table that came with this run; it is one for all batch elements. */
static bool look_up(weft_run_modifiers *m, uint32_t n, weft_diagnostics *diagnostics) {
    const weft_plan *plan = m->plan;
    const weft_modifiers *of = &plan->modifiers.of;
    uint32_t parameter = of->tables[n];
    weft_array array = weft_array_of(m->arguments[parameter].array, program_of(plan)->parameters[parameter].type, 0, 0);
    weft_lookup lookup = {.at = weft_lookup_in_place(&array), .count = weft_array_length(&array)};
    if (!lookup.at) {
        m->copies[n] =
            weft_allocate(weft_engine_allocator(plan->kernel->engine), (size_t)lookup.count * sizeof(int64_t));
        lookup.at = m->copies[n];
        if (!lookup.at) return false;
        if (!weft_lookup_copy(&array, m->copies[n])) {
            weft_lookup_refuse(program_of(plan), parameter, diagnostics);
            return false;
        }
    }
    for (int64_t batch = 0; batch < plan->shape.batch; batch++) m->tables[batch * of->table_count + n] = lookup;
    return true;
}

static bool look_up_all(weft_run_modifiers *m, weft_diagnostics *diagnostics) {
    const weft_plan *plan = m->plan;
    const weft_modifiers *of = &plan->modifiers.of;
    size_t total = (size_t)plan->shape.batch * of->table_count;
    if (total) memcpy(m->tables, plan->modifiers.tables, total * sizeof *m->tables);
    for (uint32_t n = 0; n < of->table_count; n++) m->copies[n] = NULL;
    for (uint32_t n = 0; n < of->table_count; n++) {
        uint32_t parameter = of->tables[n];
        bool brought = m->arguments[parameter].array != plan->arguments[parameter].array;
        if (brought && !look_up(m, n, diagnostics)) return false;
    }
    return true;
}

/* ---- uniforms ------------------------------------------------------------------------------------------------- */

static weft_fault evaluate(const weft_run_modifiers *m, size_t n, uint32_t k, weft_value *out) {
    uint32_t count = m->plan->modifiers.of.uniform_count;
    weft_id id = m->plan->modifiers.uniform_of[n * count + k];
    out->integer = 0;
    return id ? weft_evaluate(&m->bound, id, 0, 0, out) : WEFT_FAULT_NONE;
}

static bool is_uniform(const weft_modifiers *of, const weft_dag *dag, weft_id id) {
    return !of->reads[id] && of->slot[id] != WEFT_NO_SLOT && weft_node_at(dag, id)->op != WEFT_OP_LITERAL;
}

/* Is a condition the same for all pairs? By a uniform, or by one that decides whatever follows. */
static bool is_known(const weft_run_modifiers *m, size_t n, weft_id id, bool *truth) {
    const weft_dag *dag = &program_of(m->plan)->dag;
    const weft_modifiers *of = &m->plan->modifiers.of;
    const weft_node *node = weft_node_at(dag, id);
    weft_value value = node->value;
    if (is_uniform(of, dag, id) && evaluate(m, n, of->slot[id], &value)) return false;
    *truth = value.integer != 0;
    if (node->op == WEFT_OP_BOOL || is_uniform(of, dag, id)) return true;
    if (node->op != WEFT_OP_AND && node->op != WEFT_OP_OR) return false;
    if (!is_known(m, n, weft_operand(dag, id, 0), truth)) return false;
    return *truth == (node->op == WEFT_OP_OR) || is_known(m, n, weft_operand(dag, id, 1), truth);
}

/* Which operand, if any, a choice leaves out for all pairs; 0: none. */
static uint32_t left_out(const weft_run_modifiers *m, size_t n, weft_id id) {
    const weft_dag *dag = &program_of(m->plan)->dag;
    weft_op op = (weft_op)weft_node_at(dag, id)->op;
    bool truth, chooses = op == WEFT_OP_SELECT || op == WEFT_OP_AND || op == WEFT_OP_OR;
    if (!chooses || !is_known(m, n, weft_operand(dag, id, 0), &truth)) return 0;
    if (op == WEFT_OP_SELECT) return truth ? 2 : 1;
    return truth == (op == WEFT_OP_OR) ? 1 : 0;
}

/* Marks the parts of the bias that head n takes. Users come after their operands. */
static void mark_taken(const weft_run_modifiers *m, size_t n, bool *taken) {
    const weft_dag *dag = &program_of(m->plan)->dag;
    const weft_modifiers *of = &m->plan->modifiers.of;
    taken[program_of(m->plan)->bias] = true;
    for (weft_id id = of->node_count; id-- > 1;) {
        if (!taken[id] || is_uniform(of, dag, id)) continue;
        uint32_t skipped = left_out(m, n, id);
        for (uint32_t k = 0; k < weft_node_at(dag, id)->arity; k++)
            if (k == 0 || k != skipped) taken[weft_operand(dag, id, k)] = true;
    }
}

/* A fault that no pair decides is an error, unless it is in a branch that is not taken. */
static bool check_fault(const weft_run_modifiers *m, size_t n, uint32_t k, weft_fault fault,
                        weft_diagnostics *diagnostics) {
    const weft_plan *plan = m->plan;
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    weft_id id = plan->modifiers.of.uniforms[k];
    uint32_t count = plan->modifiers.of.node_count;
    bool *taken = weft_allocate_zero(allocator, count * sizeof *taken);
    if (!taken) return false;
    mark_taken(m, n, taken);
    bool counts = taken[id];
    weft_free(allocator, taken, count * sizeof *taken);
    if (!counts) return true;
    static const weft_code codes[] = {
        [WEFT_FAULT_DIVISION] = WEFT_E0302, [WEFT_FAULT_OVERFLOW] = WEFT_E0303, [WEFT_FAULT_INDEX] = WEFT_E0304};
    static const char *const what[] = {[WEFT_FAULT_DIVISION] = "division by zero",
                                       [WEFT_FAULT_OVERFLOW] = "a result that does not fit in 64 bits",
                                       [WEFT_FAULT_INDEX] = "an index out of range"};
    weft_diagnose(diagnostics, codes[fault], weft_node_at(&program_of(plan)->dag, id)->place,
                  "%s, in the bias of head %lld", what[fault], (long long)n % plan->shape.heads);
    return false;
}

static bool is_narrow(weft_type type, weft_value value) {
    if (type == WEFT_TYPE_FLOAT) return fabs(value.real) <= WEFT_NARROW_FLOAT;
    return value.integer >= -WEFT_NARROW_INT && value.integer <= WEFT_NARROW_INT;
}

static int64_t bits_of(double value) { return ((weft_value){.real = value}).integer; }

/* Brought within what a float of base-2 scores can be divided by; c tanh(s / c) has long reached its limits there. */
static void set_softcap(double cap, int64_t *uniforms) {
    const double least = 0x1p-110, most = 0x1p110;
    double in_base_2 = cap * log2_of_e, size = fabs(in_base_2);
    if (size != 0) in_base_2 = copysign(fmin(fmax(size, least), most), in_base_2);
    uniforms[WEFT_UNIFORM_CAP] = bits_of(in_base_2);
    uniforms[WEFT_UNIFORM_CAP_INVERSE] = bits_of(size != 0 ? 1 / in_base_2 : 0);
}

static bool fill_uniforms(weft_run_modifiers *m, size_t n, weft_diagnostics *diagnostics) {
    const weft_plan *plan = m->plan;
    const weft_modifiers *of = &plan->modifiers.of;
    const weft_dag *dag = &program_of(plan)->dag;
    int64_t *uniforms = m->uniforms + n * weft_uniform_slots(of);
    bool narrow = plan->shape.queries <= WEFT_NARROW_INT && plan->shape.keys <= WEFT_NARROW_INT;
    memset(uniforms, 0, WEFT_FIRST_UNIFORM * sizeof *uniforms);
    if (plan->modifiers.softcap_of) set_softcap(plan->modifiers.softcap_of[n % (size_t)plan->shape.heads], uniforms);
    for (uint32_t k = 0; k < of->uniform_count; k++) {
        weft_value value;
        weft_fault fault = evaluate(m, n, k, &value);
        if (fault && !check_fault(m, n, k, fault, diagnostics)) return false;
        if (fault) value.integer = 0;
        uniforms[WEFT_FIRST_UNIFORM + k] = value.integer;
        narrow = narrow && is_narrow((weft_type)weft_node_at(dag, of->uniforms[k])->type, value);
    }
    uniforms[WEFT_UNIFORM_NARROW] = narrow;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------------------------ */

static void fill_sinks(weft_run_modifiers *m) {
    for (int64_t head = 0; m->sinks && head < m->plan->shape.heads; head++)
        m->sinks[head] = (float)weft_sink_of(m, head);
}

bool weft_run_modifiers_begin(weft_run_modifiers *m, const weft_plan *plan, const weft_tensors *tensors, void *memory,
                              weft_diagnostics *diagnostics) {
    *m = (weft_run_modifiers){.plan = plan};
    divide(m, plan, memory);
    if (!weft_bind_run(program_of(plan), &plan->shape, plan->arguments, tensors->bindings, tensors->binding_count,
                       m->arguments, diagnostics)) {
        m->copies = NULL; /* nothing is in it yet */
        return false;
    }
    take_arrays(m);
    bool done = look_up_all(m, diagnostics);
    for (size_t n = 0; done && m->uniforms && n < weft_plan_heads(plan); n++) done = fill_uniforms(m, n, diagnostics);
    if (done) fill_sinks(m);
    return done;
}

void weft_run_modifiers_end(weft_run_modifiers *m) {
    if (!m->plan || !m->copies) return;
    for (uint32_t n = 0; n < m->plan->modifiers.of.table_count; n++)
        weft_free(weft_engine_allocator(m->plan->kernel->engine), m->copies[n],
                  (size_t)m->tables[n].count * sizeof(int64_t));
    m->copies = NULL;
}

void weft_run_modifiers_tell(const weft_run_modifiers *m, int64_t batch, int64_t head, weft_call *call) {
    const weft_modifiers *of = &m->plan->modifiers.of;
    size_t n = (size_t)(batch * m->plan->shape.heads + head);
    if (m->uniforms) call->uniforms = m->uniforms + n * weft_uniform_slots(of);
    if (m->tables) call->tables = m->tables + (size_t)batch * of->table_count;
    call->sink = m->sinks ? m->sinks[head] : -INFINITY;
}

/* ---- the reference's ------------------------------------------------------------------------------------------ */

double weft_modified_score(const weft_run_modifiers *m, int64_t batch, int64_t head, int64_t i, int64_t j,
                           double score) {
    const weft_plan_modifiers *planned = &m->plan->modifiers;
    if (planned->softcap_of) {
        double cap = planned->softcap_of[head];
        score = cap == 0 ? 0 * score : cap * tanh(score / cap);
    }
    if (!planned->bias_of) return score;
    weft_value bias;
    weft_fault fault = weft_evaluate(&m->bound, planned->bias_of[batch * m->plan->shape.heads + head], i, j, &bias);
    return fault ? score : score + bias.real;
}

double weft_sink_of(const weft_run_modifiers *m, int64_t head) {
    uint32_t parameter = program_of(m->plan)->sink;
    if (parameter == WEFT_NO_SINK) return -INFINITY;
    weft_array array = weft_array_of(m->arguments[parameter].array, WEFT_TYPE_PER_HEAD, 0, 0);
    weft_value value = {.real = (double)NAN};
    weft_read_array(&array, head, &value);
    return value.real;
}
