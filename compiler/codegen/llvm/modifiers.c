/* A loop over vectors of rows, and in it one over the keys of a block: what depends on i alone is worked out once a
 * vector. A bias gets two such nests, for numbers known to be small and for any, and the call says which to take. */
#include "modifiers.h"

#include "bias.h"
#include "kernel/abi.h"

enum { CALL, FIRST, KEYS, MASK, SCORES, HIGHEST, PARAMETERS };

typedef struct modifier {
    weft_emitter *e;
    LLVMValueRef function;
    uint32_t rows;
    bool softcap;
    weft_bias *bias;               /* NULL: none */
    LLVMValueRef inverse, limit;   /* of the softcap */
    LLVMValueRef masks, mask_step; /* words of the block; one that is all 1, over and over, where there are none */
} modifier;

static LLVMValueRef parameter(const modifier *m, unsigned n) { return LLVMGetParam(m->function, n); }

static LLVMValueRef add(const modifier *m, LLVMValueRef a, LLVMValueRef b) {
    return LLVMBuildAdd(m->e->builder, a, b, "sum");
}

static LLVMValueRef multiply(const modifier *m, LLVMValueRef a, LLVMValueRef b) {
    return LLVMBuildMul(m->e->builder, a, b, "product");
}

static LLVMValueRef field(const modifier *m, size_t offset, LLVMTypeRef type, const char *name) {
    return weft_emit_field(m->e, parameter(m, CALL), offset, type, name);
}

/* ---- softcap -------------------------------------------------------------------------------------------------- */

/* tanh(x) / x = p(x^2) / q(x^2) to 2e-8 for |x| <= 9, where tanh is 1: minimax in relative error, p(0) = q(0) = 1. */
#define SATURATED 9.0
static const double numerator[] = {1, 0.13381024294404795, 0.0034955865410460896, 2.060905715407385e-05,
                                   1.3354628774840938e-08};
static const double denominator[] = {1, 0.4671433989207112, 0.02587697612403272, 0.00032856322612040336,
                                     7.776544442442298e-07};
enum { DEGREE = sizeof numerator / sizeof *numerator - 1 };

static LLVMValueRef known_float(const modifier *m, int slot, double times, const char *name) {
    weft_emitter *e = m->e;
    LLVMTypeRef real = LLVMDoubleTypeInContext(e->context);
    LLVMValueRef uniforms = field(m, offsetof(weft_call, uniforms), e->pointer, "uniforms");
    LLVMValueRef at = weft_emit_offset(e, real, uniforms, weft_emit_int(e, slot), "at");
    LLVMValueRef value = LLVMBuildLoad2(e->builder, real, at, name);
    value = LLVMBuildFMul(e->builder, value, LLVMConstReal(real, times), name);
    return weft_emit_spread(e, LLVMBuildFPTrunc(e->builder, value, e->f32, name));
}

static void begin_softcap(modifier *m) {
    LLVMTypeRef type = m->e->vector;
    unsigned fabs = LLVMLookupIntrinsicID("llvm.fabs", sizeof "llvm.fabs" - 1);
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(m->e->module, fabs, &type, 1);
    LLVMValueRef limit = known_float(m, WEFT_UNIFORM_CAP, SATURATED, "limit");
    m->inverse = known_float(m, WEFT_UNIFORM_CAP_INVERSE, 1, "inverse");
    m->limit = LLVMBuildCall2(m->e->builder, LLVMGlobalGetValueType(function), function, &limit, 1, "limit");
}

static LLVMValueRef polynomial(weft_emitter *e, const double *coefficients, LLVMValueRef x) {
    LLVMValueRef sum = weft_emit_splat_constant(e, coefficients[DEGREE]);
    for (int k = DEGREE - 1; k >= 0; k--)
        sum = weft_emit_multiply_add(e, sum, x, weft_emit_splat_constant(e, coefficients[k]));
    return sum;
}

/* c tanh(s / c) = s p / q of (s / c)^2. */
static LLVMValueRef apply_softcap(const modifier *m, LLVMValueRef score) {
    weft_emitter *e = m->e;
    score = weft_emit_clamp(e, score, m->limit);
    LLVMValueRef x = LLVMBuildFMul(e->builder, score, m->inverse, "x");
    LLVMValueRef square = LLVMBuildFMul(e->builder, x, x, "square");
    LLVMValueRef above = LLVMBuildFMul(e->builder, score, polynomial(e, numerator, square), "above");
    LLVMValueRef capped = LLVMBuildFDiv(e->builder, above, polynomial(e, denominator, square), "capped");
    LLVMSetFastMathFlags(capped, LLVMFastMathAllowReciprocal | LLVMFastMathNoInfs | LLVMFastMathAllowContract);
    return capped;
}

/* ---- positions ------------------------------------------------------------------------------------------------ */

static LLVMValueRef as_position(const modifier *m, LLVMValueRef x) {
    LLVMTypeRef type = weft_bias_position(m->bias);
    return type == m->e->i64 ? x : LLVMBuildTrunc(m->e->builder, x, type, "position");
}

/* The rows from `row` on, a lane each; the last that exists stands in for those that do not. */
static LLVMValueRef row_positions(const modifier *m, LLVMValueRef row) {
    weft_emitter *e = m->e;
    LLVMTypeRef i32 = LLVMInt32TypeInContext(e->context);
    LLVMValueRef count = LLVMBuildSExt(e->builder, field(m, offsetof(weft_call, rows), i32, "rows"), e->i64, "rows");
    LLVMValueRef last = LLVMBuildSub(e->builder, count, weft_emit_int(e, 1), "last"), numbers[16];
    for (uint32_t lane = 0; lane < e->target->lanes; lane++) numbers[lane] = weft_emit_int(e, lane);
    LLVMValueRef lanes = LLVMConstVector(numbers, e->target->lanes);
    LLVMValueRef rows = add(m, weft_emit_spread(e, row), lanes);
    last = weft_emit_spread(e, last);
    LLVMValueRef exists = LLVMBuildICmp(e->builder, LLVMIntSLT, rows, last, "exists");
    rows = LLVMBuildSelect(e->builder, exists, rows, last, "rows");
    LLVMValueRef stride = weft_emit_spread(e, field(m, offsetof(weft_call, row_stride), e->i64, "stride"));
    LLVMValueRef first = weft_emit_spread(e, field(m, offsetof(weft_call, row_position), e->i64, "first"));
    LLVMValueRef positions = add(m, first, multiply(m, rows, stride));
    LLVMTypeRef type = LLVMVectorType(weft_bias_position(m->bias), e->target->lanes);
    return LLVMTypeOf(positions) == type ? positions : LLVMBuildTrunc(e->builder, positions, type, "i");
}

/* Of the first key, and the distance from one to the next. */
static LLVMValueRef first_key(const modifier *m, LLVMValueRef *stride) {
    *stride = field(m, offsetof(weft_call, key_stride), m->e->i64, "stride");
    LLVMValueRef origin = field(m, offsetof(weft_call, key_position), m->e->i64, "origin");
    LLVMValueRef first = as_position(m, add(m, origin, multiply(m, parameter(m, FIRST), *stride)));
    *stride = as_position(m, *stride);
    return first;
}

/* ---- loops ---------------------------------------------------------------------------------------------------- */

static LLVMValueRef float_at(const modifier *m, LLVMValueRef base, LLVMValueRef index) {
    return weft_emit_offset(m->e, m->e->f32, base, index, "at");
}

/* -inf where the mask has a 0. */
static LLVMValueRef apply_mask(const modifier *m, LLVMValueRef key, LLVMValueRef row, LLVMValueRef score) {
    weft_emitter *e = m->e;
    LLVMTypeRef word = LLVMIntTypeInContext(e->context, e->target->lanes);
    LLVMTypeRef flags = LLVMVectorType(LLVMInt1TypeInContext(e->context), e->target->lanes);
    LLVMValueRef at = weft_emit_offset(e, e->i64, m->masks, multiply(m, key, m->mask_step), "at");
    LLVMValueRef rows = LLVMBuildLoad2(e->builder, e->i64, at, "rows");
    rows = LLVMBuildTrunc(e->builder, LLVMBuildLShr(e->builder, rows, row, "here"), word, "here");
    LLVMValueRef inside = LLVMBuildBitCast(e->builder, rows, flags, "inside");
    return LLVMBuildSelect(e->builder, inside, score, weft_emit_splat_constant(e, -1.0 / 0.0), "score");
}

/* One vector of scores, in its place; the highest so far with it. */
static LLVMValueRef modify(const modifier *m, LLVMValueRef key, LLVMValueRef j, LLVMValueRef row,
                           LLVMValueRef highest) {
    weft_emitter *e = m->e;
    LLVMValueRef index = add(m, multiply(m, key, weft_emit_int(e, m->rows)), row);
    LLVMValueRef at = float_at(m, parameter(m, SCORES), index), score = weft_emit_load(e, at, 0, "score");
    if (m->softcap) score = apply_softcap(m, score);
    if (m->bias) {
        weft_bias_pair(m->bias, j);
        score = weft_bias_add(m->bias, score);
    }
    score = apply_mask(m, key, row, score);
    weft_emit_store(e, at, 0, score);
    return weft_emit_larger(e, score, highest, "highest");
}

/* for key in 0 … KEYS: the builder is left behind the loop. */
static LLVMValueRef emit_keys(const modifier *m, LLVMValueRef row) {
    weft_emitter *e = m->e;
    LLVMValueRef stride = NULL, first = m->bias ? first_key(m, &stride) : NULL, j = NULL;
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef body = weft_emit_block(e, "key"), after = weft_emit_block(e, "keys_done");
    LLVMBuildBr(e->builder, body);
    weft_emit_at(e, body);
    LLVMValueRef key = weft_emit_phi(e, weft_emit_int(e, 0), before, "key");
    if (m->bias) j = weft_emit_phi(e, first, before, "j");
    LLVMValueRef highest = weft_emit_phi(e, weft_emit_splat_constant(e, -1.0 / 0.0), before, "highest");
    LLVMValueRef higher = modify(m, key, j, row, highest), next = add(m, key, weft_emit_int(e, 1));
    if (m->bias) weft_emit_incoming(j, add(m, j, stride), body);
    weft_emit_incoming(key, next, body);
    weft_emit_incoming(highest, higher, body);
    LLVMValueRef more = LLVMBuildICmp(e->builder, LLVMIntSLT, next, parameter(m, KEYS), "more");
    LLVMBuildCondBr(e->builder, more, body, after);
    weft_emit_at(e, after);
    return higher;
}

/* for row in 0, lanes, … rows, from the block in which the builder stands; returns from the function. */
static void emit_rows(const modifier *m, bool narrow) {
    weft_emitter *e = m->e;
    if (m->bias) weft_bias_begin(m->bias, parameter(m, CALL), narrow);
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef body = weft_emit_block(e, "row"), after = weft_emit_block(e, "rows_done");
    LLVMBuildBr(e->builder, body);
    weft_emit_at(e, body);
    LLVMValueRef row = weft_emit_phi(e, weft_emit_int(e, 0), before, "row");
    if (m->bias) weft_bias_row(m->bias, row_positions(m, row));
    LLVMValueRef highest = emit_keys(m, row);
    weft_emit_store(e, float_at(m, parameter(m, HIGHEST), row), 0, highest);
    LLVMValueRef next = add(m, row, weft_emit_int(e, e->target->lanes));
    weft_emit_incoming(row, next, LLVMGetInsertBlock(e->builder));
    LLVMValueRef more = LLVMBuildICmp(e->builder, LLVMIntSLT, next, weft_emit_int(e, m->rows), "more");
    LLVMBuildCondBr(e->builder, more, body, after);
    weft_emit_at(e, after);
    LLVMBuildRet(e->builder, weft_emit_int(e, m->bias && !weft_bias_is_finite(m->bias)));
}

/* ---- the function --------------------------------------------------------------------------------------------- */

static void choose_masks(modifier *m) {
    weft_emitter *e = m->e;
    LLVMValueRef everything = LLVMBuildAlloca(e->builder, e->i64, "everything");
    LLVMBuildStore(e->builder, weft_emit_int(e, -1), everything);
    LLVMValueRef none = LLVMBuildIsNull(e->builder, parameter(m, MASK), "all_pairs");
    m->masks = LLVMBuildSelect(e->builder, none, everything, parameter(m, MASK), "masks");
    m->mask_step = LLVMBuildSelect(e->builder, none, weft_emit_int(e, 0), weft_emit_int(e, 1), "mask_step");
}

static void emit_both(modifier *m) {
    weft_emitter *e = m->e;
    LLVMValueRef uniforms = field(m, offsetof(weft_call, uniforms), e->pointer, "uniforms");
    LLVMValueRef at = weft_emit_offset(e, e->i64, uniforms, weft_emit_int(e, WEFT_UNIFORM_NARROW), "at");
    LLVMValueRef flag = LLVMBuildLoad2(e->builder, e->i64, at, "narrow");
    LLVMBasicBlockRef narrow = weft_emit_block(e, "narrow"), wide = weft_emit_block(e, "wide");
    LLVMBuildCondBr(e->builder, LLVMBuildIsNull(e->builder, flag, "any"), wide, narrow);
    weft_emit_at(e, narrow);
    emit_rows(m, true);
    weft_emit_at(e, wide);
    emit_rows(m, false);
}

static LLVMValueRef start_function(weft_emitter *e, const char *name) {
    const LLVMTypeRef types[PARAMETERS] = {e->pointer, e->i64, e->i64, e->pointer, e->pointer, e->pointer};
    static const char *const names[PARAMETERS] = {"call", "first", "keys", "mask", "scores", "highest"};
    LLVMValueRef function = weft_emit_function(e, e->i64, name, types, names, PARAMETERS);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    return function;
}

LLVMValueRef weft_emit_modifier(weft_emitter *e, const char *name, uint32_t rows, const weft_program *program,
                                const weft_allocator *allocator) {
    weft_modifiers modifiers;
    weft_bias bias;
    if (!weft_modifiers_init(&modifiers, program)) return NULL;
    if (!weft_bias_init(&bias, e, program, &modifiers, allocator)) {
        weft_modifiers_free(&modifiers);
        return NULL;
    }
    modifier m = {.e = e, .rows = rows, .softcap = program->softcap != 0, .bias = program->bias ? &bias : NULL};
    m.function = start_function(e, name);
    if (e->target->lanes == 16) weft_emit_attribute(e, m.function, "reciprocal-estimates", "vec-divf:1");
    bias.lanes =
        LLVMBuildAlloca(e->builder, LLVMVectorType(LLVMDoubleTypeInContext(e->context), e->target->lanes), "lanes");
    choose_masks(&m);
    if (m.softcap) begin_softcap(&m);
    if (m.bias)
        emit_both(&m);
    else
        emit_rows(&m, false);
    weft_bias_free(&bias, allocator);
    weft_modifiers_free(&modifiers);
    return m.function;
}
