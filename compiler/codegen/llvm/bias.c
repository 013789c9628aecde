/* Parts of a bias: what each operation of ops.def becomes. Everything is computed and nothing branches, so values that
 * have no meaning must do no harm: divisors are never 0, indices never out of range. */
#include "parts.h"

#include <math.h>

#include "kernel/abi.h"
#include "set/arithmetic.h"
#include "set/set.h"

#define WIDE_POSITION (INT64_C(1) << 32) /* lengths are at most 2^31 */

/* ---- values ------------------------------------------------------------------------------------------------- */

LLVMValueRef weft_emit_spread(weft_emitter *e, LLVMValueRef scalar) {
    if (is_vector(scalar)) return scalar;
    LLVMTypeRef type = LLVMVectorType(LLVMTypeOf(scalar), e->target->lanes);
    LLVMValueRef zero = LLVMConstInt(i32_type(e), 0, false);
    LLVMValueRef one = LLVMBuildInsertElement(e->builder, LLVMGetPoison(type), scalar, zero, "one");
    LLVMValueRef zeros = LLVMConstNull(LLVMVectorType(i32_type(e), e->target->lanes));
    return LLVMBuildShuffleVector(e->builder, one, LLVMGetPoison(type), zeros, "all");
}

LLVMValueRef weft_emit_field(weft_emitter *e, LLVMValueRef call, size_t offset, LLVMTypeRef type, const char *name) {
    LLVMTypeRef byte = LLVMInt8TypeInContext(e->context);
    LLVMValueRef at = weft_emit_offset(e, byte, call, weft_emit_int(e, (int64_t)offset), "field");
    return LLVMBuildLoad2(e->builder, type, at, name);
}

LLVMValueRef weft_emit_clamp(weft_emitter *e, LLVMValueRef x, LLVMValueRef limit) {
    LLVMValueRef least = LLVMBuildFNeg(e->builder, limit, "least");
    LLVMValueRef above = LLVMBuildFCmp(e->builder, LLVMRealOLT, limit, x, "above");
    x = LLVMBuildSelect(e->builder, above, limit, x, "capped");
    LLVMValueRef below = LLVMBuildFCmp(e->builder, LLVMRealOGT, least, x, "below");
    return LLVMBuildSelect(e->builder, below, least, x, "clamped");
}

/* ---- floats and conditions ------------------------------------------------------------------------------------ */

static LLVMValueRef emit_float(weft_emitter *e, weft_op op, LLVMValueRef a, LLVMValueRef b) {
    LLVMBuilderRef builder = e->builder;
    match(e, &a, &b);
    switch (op) {
    case WEFT_OP_ADD: return LLVMBuildFAdd(builder, a, b, "sum");
    case WEFT_OP_SUB: return LLVMBuildFSub(builder, a, b, "difference");
    case WEFT_OP_MUL: return LLVMBuildFMul(builder, a, b, "product");
    case WEFT_OP_DIV: return LLVMBuildFDiv(builder, a, b, "ratio");
    case WEFT_OP_MIN: return choose(e, LLVMBuildFCmp(builder, LLVMRealOLT, b, a, "less"), b, a);
    default: return choose(e, LLVMBuildFCmp(builder, LLVMRealOGT, b, a, "more"), b, a);
    }
}

/* The leaf's function of that name (leaf/functions.h) of every lane. */
static LLVMValueRef emit_function(weft_bias *bias, const char *name, LLVMValueRef x) {
    weft_emitter *e = bias->e;
    LLVMTypeRef type = LLVMFunctionType(e->none, &e->pointer, 1, false);
    LLVMValueRef function = LLVMGetNamedFunction(e->module, name);
    if (!function) {
        function = LLVMAddFunction(e->module, name, type);
        LLVMSetVisibility(function, LLVMHiddenVisibility);
    }
    e->calls_functions = true;
    x = weft_emit_spread(e, x);
    LLVMBuildStore(e->builder, x, bias->lanes);
    LLVMBuildCall2(e->builder, type, function, &bias->lanes, 1, "");
    return LLVMBuildLoad2(e->builder, LLVMTypeOf(x), bias->lanes, "image");
}

static LLVMValueRef emit_map(weft_bias *bias, weft_op op, LLVMValueRef x) {
    weft_emitter *e = bias->e;
    LLVMTypeRef type = LLVMTypeOf(x);
    switch (op) {
    case WEFT_OP_NEG: return LLVMBuildFNeg(e->builder, x, "negative");
    case WEFT_OP_ABS: return intrinsic(e, "llvm.fabs", &type, 1, &x, 1);
    case WEFT_OP_SQRT: return intrinsic(e, "llvm.sqrt", &type, 1, &x, 1);
    case WEFT_OP_LOG: return emit_function(bias, "weft_log", x);
    case WEFT_OP_EXP: return emit_function(bias, "weft_exp", x);
    case WEFT_OP_LOG2: return emit_function(bias, "weft_log2", x);
    case WEFT_OP_EXP2: return emit_function(bias, "weft_exp2", x);
    default: return emit_function(bias, "weft_tanh", x);
    }
}

static LLVMValueRef compare_ints(weft_emitter *e, weft_op op, const weft_part *a, const weft_part *b) {
    static const LLVMIntPredicate predicates[] = {LLVMIntEQ, LLVMIntNE, LLVMIntSLT, LLVMIntSLE};
    LLVMValueRef x = a->value, y = b->value;
    if (!(is_32(a) && is_32(b))) x = widen(e, x), y = widen(e, y);
    match(e, &x, &y);
    return LLVMBuildICmp(e->builder, predicates[op - WEFT_OP_EQ], x, y, "compared");
}

static LLVMValueRef compare(weft_emitter *e, weft_op op, weft_type type, const weft_part *a, const weft_part *b) {
    static const LLVMRealPredicate predicates[] = {LLVMRealOEQ, LLVMRealONE, LLVMRealOLT, LLVMRealOLE};
    if (type == WEFT_TYPE_INT) return compare_ints(e, op, a, b);
    LLVMValueRef x = a->value, y = b->value;
    match(e, &x, &y);
    if (type == WEFT_TYPE_FLOAT) return LLVMBuildFCmp(e->builder, predicates[op - WEFT_OP_EQ], x, y, "compared");
    LLVMValueRef differ = LLVMBuildXor(e->builder, x, y, "differ");
    return op == WEFT_OP_EQ ? negate(e, differ) : differ;
}

/* `and`, `or`: the second operand's fault counts where the first one does not decide. */
static weft_part emit_connective(weft_emitter *e, weft_op op, const weft_part *a, const weft_part *b) {
    LLVMValueRef x = a->value, y = b->value;
    LLVMValueRef open = op == WEFT_OP_AND ? x : negate(e, x);
    LLVMValueRef fault = b->fault ? both(e, open, b->fault) : NULL;
    match(e, &x, &y);
    LLVMValueRef value =
        op == WEFT_OP_AND ? LLVMBuildAnd(e->builder, x, y, "and") : LLVMBuildOr(e->builder, x, y, "or");
    return (weft_part){.value = value, .fault = either(e, a->fault, fault)};
}

static weft_part emit_select(weft_emitter *e, weft_type type, const weft_part *c, const weft_part *yes,
                             const weft_part *no) {
    weft_part out = {.fault = c->fault};
    LLVMValueRef x = yes->value, y = no->value;
    if (yes->fault) out.fault = either(e, out.fault, both(e, c->value, yes->fault));
    if (no->fault) out.fault = either(e, out.fault, both(e, negate(e, c->value), no->fault));
    if (type != WEFT_TYPE_INT) {
        out.value = choose(e, c->value, x, y);
        return out;
    }
    if (!(is_32(yes) && is_32(no))) x = widen(e, x), y = widen(e, y);
    return int_part(e, choose(e, c->value, x, y), out.fault, weft_smaller(yes->lo, no->lo),
                    weft_larger(yes->hi, no->hi));
}

/* ---- tables --------------------------------------------------------------------------------------------------- */

/* The element at an index of 64 bits that exists. */
static LLVMValueRef load_element(weft_emitter *e, LLVMTypeRef type, LLVMValueRef base, LLVMValueRef index) {
    LLVMValueRef at = LLVMBuildGEP2(e->builder, type, base, &index, 1, "element_at");
    if (!is_vector(index)) return LLVMBuildLoad2(e->builder, type, at, "element");
    LLVMTypeRef types[2] = {type_like(e, type, index), LLVMTypeOf(at)};
    LLVMValueRef all = LLVMConstAllOnes(type_like(e, i1_type(e), index));
    LLVMValueRef alignment = LLVMConstInt(i32_type(e), sizeof(int64_t), false);
    return intrinsic(e, "llvm.masked.gather", types, 2, (LLVMValueRef[]){at, alignment, all, LLVMGetPoison(types[0])},
                     4);
}

/* Makes an index harmless; gives the fault of one that is out of range. */
static LLVMValueRef check_index(weft_emitter *e, LLVMValueRef *index, LLVMValueRef count) {
    *index = widen(e, *index);
    match(e, index, &count);
    LLVMValueRef outside = LLVMBuildICmp(e->builder, LLVMIntUGE, *index, count, "outside");
    *index = LLVMBuildSelect(e->builder, outside, constant_like(e, *index, 0), *index, "index");
    return outside;
}

static weft_part element_part(weft_emitter *e, weft_type type, LLVMValueRef base, LLVMValueRef count,
                              const weft_part *index) {
    LLVMValueRef at = index->value, outside = check_index(e, &at, count);
    LLVMValueRef value = load_element(e, type == WEFT_TYPE_FLOAT ? f64_type(e) : e->i64, base, at);
    return (weft_part){value, either(e, index->fault, outside), INT64_MIN, INT64_MAX};
}

/* Every element of a literal counts, not only the one that is read. */
static weft_part emit_literal(weft_bias *bias, weft_type type, weft_id table, const weft_part *index) {
    weft_emitter *e = bias->e;
    const weft_dag *dag = &bias->program->dag;
    uint32_t count = weft_node_at(dag, table)->arity;
    LLVMValueRef at = index->value;
    weft_part out = {.lo = INT64_MIN, .hi = INT64_MAX};
    out.fault = either(e, index->fault, check_index(e, &at, weft_emit_int(e, count)));
    for (uint32_t k = 0; k < count; k++) {
        const weft_part *element = &bias->parts[weft_operand(dag, table, k)];
        LLVMValueRef value = type == WEFT_TYPE_INT ? widen(e, element->value) : element->value;
        LLVMValueRef here = LLVMBuildICmp(e->builder, LLVMIntEQ, at, constant_like(e, at, k), "here");
        out.value = k ? choose(e, here, value, out.value) : value;
        out.fault = either(e, out.fault, element->fault);
    }
    return out;
}

static LLVMValueRef uniform_address(weft_bias *bias, uint32_t slot) {
    LLVMValueRef uniforms =
        weft_emit_field(bias->e, bias->call, offsetof(weft_call, uniforms), bias->e->pointer, "uniforms");
    return weft_emit_offset(bias->e, bias->e->i64, uniforms, weft_emit_int(bias->e, slot), "uniform");
}

static weft_part emit_index(weft_bias *bias, weft_type type, weft_id table, const weft_part *index) {
    weft_emitter *e = bias->e;
    const weft_node *node = weft_node_at(&bias->program->dag, table);
    uint32_t slot = bias->modifiers->slot[table];
    if (node->op == WEFT_OP_LITERAL && slot == WEFT_NO_SLOT) return emit_literal(bias, type, table, index);
    if (node->op == WEFT_OP_LITERAL)
        return element_part(e, type, uniform_address(bias, WEFT_FIRST_UNIFORM + slot), weft_emit_int(e, node->arity),
                            index);
    LLVMValueRef tables = weft_emit_field(e, bias->call, offsetof(weft_call, tables), e->pointer, "tables");
    size_t at = slot * sizeof(weft_lookup);
    LLVMValueRef base = weft_emit_field(e, tables, at + offsetof(weft_lookup, at), e->pointer, "table");
    LLVMValueRef count = weft_emit_field(e, tables, at + offsetof(weft_lookup, count), e->i64, "count");
    return element_part(e, type, base, count, index);
}

/* ---- parts ---------------------------------------------------------------------------------------------------- */

static weft_part constant_part(weft_emitter *e, const weft_node *node) {
    int64_t value = node->value.integer;
    if (node->op == WEFT_OP_FLOAT) return (weft_part){.value = LLVMConstReal(f64_type(e), node->value.real)};
    if (node->op == WEFT_OP_BOOL) return (weft_part){.value = LLVMConstInt(i1_type(e), (unsigned)value, false)};
    LLVMTypeRef type = fits_32(value, value) ? i32_type(e) : e->i64;
    return (weft_part){LLVMConstInt(type, (unsigned long long)value, true), NULL, value, value};
}

static weft_part uniform_part(weft_bias *bias, weft_id id) {
    weft_emitter *e = bias->e;
    weft_type type = (weft_type)weft_node_at(&bias->program->dag, id)->type;
    LLVMValueRef at = uniform_address(bias, WEFT_FIRST_UNIFORM + bias->modifiers->slot[id]);
    LLVMValueRef value = LLVMBuildLoad2(e->builder, type == WEFT_TYPE_FLOAT ? f64_type(e) : e->i64, at, "known");
    if (type == WEFT_TYPE_FLOAT) return (weft_part){.value = value};
    if (type == WEFT_TYPE_BOOL)
        return (weft_part){.value = LLVMBuildICmp(e->builder, LLVMIntNE, value, weft_emit_int(e, 0), "truth")};
    if (bias->narrow) return int_part(e, value, NULL, -WEFT_NARROW_INT, WEFT_NARROW_INT);
    return (weft_part){value, NULL, INT64_MIN, INT64_MAX};
}

/* An operation of one or two operands that are all evaluated. */
static weft_part emit_operation(weft_bias *bias, const weft_node *node, const weft_part *a, const weft_part *b) {
    weft_emitter *e = bias->e;
    weft_op op = (weft_op)node->op;
    weft_type type = (weft_type)weft_node_at(&bias->program->dag, bias->program->dag.operands[node->first])->type;
    weft_part out = {.value = NULL};
    if (op == WEFT_OP_TO_FLOAT) {
        out.value = LLVMBuildSIToFP(e->builder, a->value, type_like(e, f64_type(e), a->value), "real");
    } else if (op >= WEFT_OP_EQ && op <= WEFT_OP_LE) {
        out.value = compare(e, op, type, a, b);
    } else if (op == WEFT_OP_NOT) {
        out.value = negate(e, a->value);
    } else if (type == WEFT_TYPE_INT) {
        out = weft_emit_int_operation(e, op, a, b);
    } else {
        out.value = node->arity == 1 ? emit_map(bias, op, a->value) : emit_float(e, op, a->value, b->value);
        if (op == WEFT_OP_DIV)
            out.fault = LLVMBuildFCmp(e->builder, LLVMRealOEQ, b->value, real_like(e, b->value, 0), "by_zero");
    }
    out.fault = either(e, out.fault, either(e, a->fault, node->arity == 2 ? b->fault : NULL));
    return out;
}

static weft_part emit_part(weft_bias *bias, weft_id id) {
    const weft_dag *dag = &bias->program->dag;
    const weft_node *node = weft_node_at(dag, id);
    const weft_part *operands[3] = {NULL, NULL, NULL};
    for (uint32_t k = 0; k < node->arity && k < 3; k++) operands[k] = &bias->parts[weft_operand(dag, id, k)];
    bool constant = node->op == WEFT_OP_INT || node->op == WEFT_OP_FLOAT || node->op == WEFT_OP_BOOL;
    if (constant) return constant_part(bias->e, node);
    if (!bias->modifiers->reads[id]) return uniform_part(bias, id);
    switch (node->op) {
    case WEFT_OP_AND:
    case WEFT_OP_OR: return emit_connective(bias->e, (weft_op)node->op, operands[0], operands[1]);
    case WEFT_OP_SELECT: return emit_select(bias->e, (weft_type)node->type, operands[0], operands[1], operands[2]);
    case WEFT_OP_INDEX: return emit_index(bias, (weft_type)node->type, weft_operand(dag, id, 0), operands[1]);
    default: return emit_operation(bias, node, operands[0], operands[1]);
    }
}

/* ---- stages --------------------------------------------------------------------------------------------------- */

static void use(weft_bias *bias) {
    const weft_dag *dag = &bias->program->dag;
    bias->used[bias->program->bias] = true;
    for (weft_id id = bias->modifiers->node_count; id-- > 1;) {
        if (!bias->used[id] || !bias->modifiers->reads[id]) continue;
        const weft_node *node = weft_node_at(dag, id);
        weft_id table = node->op == WEFT_OP_INDEX ? weft_operand(dag, id, 0) : 0;
        bool stored = table && !bias->modifiers->reads[table];
        for (uint32_t k = stored; k < node->arity; k++) bias->used[weft_operand(dag, id, k)] = true;
    }
}

bool weft_bias_init(weft_bias *bias, weft_emitter *e, const weft_program *program, const weft_modifiers *modifiers,
                    const weft_allocator *allocator) {
    uint32_t count = modifiers->node_count;
    *bias = (weft_bias){.e = e, .program = program, .modifiers = modifiers};
    if (!count) return true;
    bias->parts = weft_allocate_zero(allocator, count * sizeof *bias->parts);
    bias->used = weft_allocate_zero(allocator, count * sizeof *bias->used);
    if (bias->parts && bias->used) {
        use(bias);
        return true;
    }
    weft_bias_free(bias, allocator);
    return false;
}

void weft_bias_free(weft_bias *bias, const weft_allocator *allocator) {
    if (!bias->modifiers) return;
    weft_free(allocator, bias->parts, bias->modifiers->node_count * sizeof *bias->parts);
    weft_free(allocator, bias->used, bias->modifiers->node_count * sizeof *bias->used);
}

/* Operands come before their users, and belong to no later stage. Literal tables are parts of their reads. */
static void emit_stage(weft_bias *bias, unsigned stages) {
    const weft_dag *dag = &bias->program->dag;
    for (weft_id id = 1; id < bias->modifiers->node_count; id++) {
        weft_op op = (weft_op)weft_node_at(dag, id)->op;
        if (!bias->used[id] || !(stages & 1u << bias->modifiers->reads[id])) continue;
        if (op != WEFT_OP_LITERAL && op != WEFT_OP_VAR_I && op != WEFT_OP_VAR_J) bias->parts[id] = emit_part(bias, id);
    }
}

static void set_position(weft_bias *bias, weft_op op, LLVMValueRef value) {
    int64_t most = bias->narrow ? WEFT_NARROW_INT : WIDE_POSITION;
    for (weft_id id = 1; id < bias->modifiers->node_count; id++)
        if (weft_node_at(&bias->program->dag, id)->op == op) bias->parts[id] = (weft_part){value, NULL, -most, most};
}

LLVMTypeRef weft_bias_position(const weft_bias *bias) { return bias->narrow ? i32_type(bias->e) : bias->e->i64; }

void weft_bias_begin(weft_bias *bias, LLVMValueRef call, bool narrow) {
    bias->call = call;
    bias->narrow = narrow;
    emit_stage(bias, 1u << 0);
}

void weft_bias_row(weft_bias *bias, LLVMValueRef i) {
    set_position(bias, WEFT_OP_VAR_I, i);
    emit_stage(bias, 1u << WEFT_READS_ROW);
}

void weft_bias_pair(weft_bias *bias, LLVMValueRef j) {
    set_position(bias, WEFT_OP_VAR_J, j);
    emit_stage(bias, 1u << WEFT_READS_KEY | 1u << (WEFT_READS_ROW | WEFT_READS_KEY));
}

/* ---- adding --------------------------------------------------------------------------------------------------- */

static const double log2_of_e = 1.4426950408889634;

/* In the narrow code, factor * n for an int n that a float holds exactly: as good in floats as in doubles. */
static bool find_line(const weft_bias *bias, weft_id *factor, weft_id *n) {
    const weft_dag *dag = &bias->program->dag;
    weft_id root = bias->program->bias;
    if (!bias->narrow || !bias->modifiers->reads[root] || weft_node_at(dag, root)->op != WEFT_OP_MUL) return false;
    for (uint32_t k = 0; k < 2; k++) {
        weft_id real = weft_operand(dag, root, 1 - k);
        *factor = weft_operand(dag, root, k);
        const weft_node *node = weft_node_at(dag, *factor);
        bool large = node->op == WEFT_OP_FLOAT && !(fabs(node->value.real) <= WEFT_NARROW_FLOAT);
        if (bias->modifiers->reads[*factor] || large || weft_node_at(dag, real)->op != WEFT_OP_TO_FLOAT) continue;
        *n = weft_operand(dag, real, 0);
        const int64_t exact = INT64_C(1) << 24;
        if (bias->parts[*n].lo >= -exact && bias->parts[*n].hi <= exact) return true;
    }
    return false;
}

bool weft_bias_is_finite(const weft_bias *bias) {
    weft_id factor, n;
    return find_line(bias, &factor, &n);
}

static LLVMValueRef to_float(weft_emitter *e, LLVMValueRef real) {
    return LLVMBuildFPTrunc(e->builder, real, type_like(e, e->f32, real), "float");
}

static LLVMValueRef add_line(weft_bias *bias, weft_id factor, weft_id n, LLVMValueRef score) {
    weft_emitter *e = bias->e;
    LLVMValueRef real = bias->parts[factor].value;
    real = LLVMBuildFMul(e->builder, real, real_like(e, real, log2_of_e), "factor");
    LLVMValueRef by = weft_emit_spread(e, to_float(e, real)), steps = bias->parts[n].value;
    steps = LLVMBuildSIToFP(e->builder, steps, type_like(e, e->f32, steps), "steps");
    LLVMValueRef fault = bias->parts[n].fault, sum = weft_emit_multiply_add(e, by, weft_emit_spread(e, steps), score);
    return fault ? choose(e, fault, score, sum) : sum;
}

/* A finite bias stays finite, however large: half the largest float leaves room for the score. */
static LLVMValueRef as_score(weft_emitter *e, LLVMValueRef real) {
    LLVMTypeRef type = LLVMTypeOf(real);
    LLVMValueRef size = intrinsic(e, "llvm.fabs", &type, 1, &real, 1);
    LLVMValueRef infinite =
        LLVMBuildFCmp(e->builder, LLVMRealOEQ, size, real_like(e, real, (double)INFINITY), "infinite");
    LLVMValueRef scaled = to_float(e, LLVMBuildFMul(e->builder, real, real_like(e, real, log2_of_e), "scaled"));
    LLVMValueRef finite = weft_emit_clamp(e, scaled, real_like(e, scaled, 0x1p127));
    return LLVMBuildSelect(e->builder, infinite, scaled, finite, "bias");
}

LLVMValueRef weft_bias_add(weft_bias *bias, LLVMValueRef score) {
    weft_emitter *e = bias->e;
    const weft_part *whole = &bias->parts[bias->program->bias];
    weft_id factor, n;
    if (find_line(bias, &factor, &n)) return add_line(bias, factor, n, score);
    LLVMValueRef sum = LLVMBuildFAdd(e->builder, score, weft_emit_spread(e, as_score(e, whole->value)), "score");
    return whole->fault ? choose(e, whole->fault, score, sum) : sum;
}
