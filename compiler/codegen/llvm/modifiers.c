/* For tiles a loop over vectors of rows, and in it one over the keys of a block: what depends on i alone is worked out
 * once a vector. For lists a loop over vectors of keys of one row. A bias gets two such nests, for numbers known to be
 * small and for any, and the call says which to take. */
#include "modifiers.h"

#include "bias.h"
#include "kernel/abi.h"
#include "softcap.h"

/* Parameters: of tiles, and of lists. */
enum { CALL, FIRST, KEYS, MASK, SCORES, HIGHEST, TILE_PARAMETERS };
enum { ROW = FIRST, LIST = MASK, LIST_PARAMETERS = HIGHEST };

typedef struct modifier {
    weft_emitter *e;
    LLVMValueRef function;
    uint32_t rows;                 /* of a tile; 0: a list */
    const weft_softcap *softcap;   /* NULL: none */
    weft_bias *bias;               /* NULL: none */
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

/* A vector of scores, at the keys j, or all of them at one. */
static LLVMValueRef modified(const modifier *m, LLVMValueRef j, LLVMValueRef score) {
    if (m->softcap) score = weft_softcap_apply(m->softcap, m->e, score);
    if (!m->bias) return score;
    weft_bias_pair(m->bias, j);
    return weft_bias_add(m->bias, score);
}

/* One vector of scores, in its place; the highest so far with it. */
static LLVMValueRef modify(const modifier *m, LLVMValueRef key, LLVMValueRef j, LLVMValueRef row,
                           LLVMValueRef highest) {
    weft_emitter *e = m->e;
    LLVMValueRef index = add(m, multiply(m, key, weft_emit_int(e, m->rows)), row);
    LLVMValueRef at = float_at(m, parameter(m, SCORES), index);
    LLVMValueRef score = apply_mask(m, key, row, modified(m, j, weft_emit_load(e, at, 0, "score")));
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

/* Can a score have become -inf? Known when the bias is there. */
static bool hides(const modifier *m) { return m->bias && !weft_bias_is_finite(m->bias); }

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
    LLVMBuildRet(e->builder, weft_emit_int(e, hides(m)));
}

/* The keys at `at`, a lane each. */
static LLVMValueRef list_positions(const modifier *m, LLVMValueRef at) {
    weft_emitter *e = m->e;
    LLVMTypeRef narrow = LLVMVectorType(LLVMInt32TypeInContext(e->context), e->target->lanes);
    LLVMValueRef keys = LLVMBuildLoad2(e->builder, narrow, at, "keys");
    LLVMSetAlignment(keys, (unsigned)sizeof(uint32_t) * e->target->lanes);
    keys = LLVMBuildZExt(e->builder, keys, LLVMVectorType(e->i64, e->target->lanes), "wide");
    LLVMValueRef stride = weft_emit_spread(e, field(m, offsetof(weft_call, key_stride), e->i64, "stride"));
    LLVMValueRef origin = weft_emit_spread(e, field(m, offsetof(weft_call, key_position), e->i64, "origin"));
    LLVMValueRef positions = add(m, origin, multiply(m, keys, stride));
    LLVMTypeRef type = LLVMVectorType(weft_bias_position(m->bias), e->target->lanes);
    return LLVMTypeOf(positions) == type ? positions : LLVMBuildTrunc(e->builder, positions, type, "j");
}

static LLVMValueRef row_position(const modifier *m) {
    LLVMValueRef stride = field(m, offsetof(weft_call, row_stride), m->e->i64, "stride");
    LLVMValueRef first = field(m, offsetof(weft_call, row_position), m->e->i64, "first");
    return as_position(m, add(m, first, multiply(m, parameter(m, ROW), stride)));
}

/* for n in 0, lanes, … KEYS, likewise. */
static void emit_list(const modifier *m, bool narrow) {
    weft_emitter *e = m->e;
    if (m->bias) {
        weft_bias_begin(m->bias, parameter(m, CALL), narrow);
        weft_bias_row(m->bias, row_position(m));
    }
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->builder);
    LLVMBasicBlockRef body = weft_emit_block(e, "key"), after = weft_emit_block(e, "keys_done");
    LLVMBuildBr(e->builder, body);
    weft_emit_at(e, body);
    LLVMValueRef n = weft_emit_phi(e, weft_emit_int(e, 0), before, "n");
    LLVMValueRef at = float_at(m, parameter(m, SCORES), n), keys = float_at(m, parameter(m, LIST), n);
    LLVMValueRef j = m->bias ? list_positions(m, keys) : NULL;
    weft_emit_store(e, at, 0, modified(m, j, weft_emit_load(e, at, 0, "score")));
    LLVMValueRef next = add(m, n, weft_emit_int(e, e->target->lanes));
    weft_emit_incoming(n, next, LLVMGetInsertBlock(e->builder));
    LLVMValueRef more = LLVMBuildICmp(e->builder, LLVMIntSLT, next, parameter(m, KEYS), "more");
    LLVMBuildCondBr(e->builder, more, body, after);
    weft_emit_at(e, after);
    LLVMBuildRet(e->builder, weft_emit_int(e, hides(m)));
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

static void emit_nest(const modifier *m, bool narrow) {
    if (m->rows)
        emit_rows(m, narrow);
    else
        emit_list(m, narrow);
}

static void emit_both(const modifier *m) {
    weft_emitter *e = m->e;
    LLVMValueRef uniforms = field(m, offsetof(weft_call, uniforms), e->pointer, "uniforms");
    LLVMValueRef at = weft_emit_offset(e, e->i64, uniforms, weft_emit_int(e, WEFT_UNIFORM_NARROW), "at");
    LLVMValueRef flag = LLVMBuildLoad2(e->builder, e->i64, at, "narrow");
    LLVMBasicBlockRef narrow = weft_emit_block(e, "narrow"), wide = weft_emit_block(e, "wide");
    LLVMBuildCondBr(e->builder, LLVMBuildIsNull(e->builder, flag, "any"), wide, narrow);
    weft_emit_at(e, narrow);
    emit_nest(m, true);
    weft_emit_at(e, wide);
    emit_nest(m, false);
}

static LLVMValueRef start_function(const modifier *m, const char *name) {
    weft_emitter *e = m->e;
    const LLVMTypeRef types[TILE_PARAMETERS] = {e->pointer, e->i64, e->i64, e->pointer, e->pointer, e->pointer};
    static const char *const of_tiles[] = {"call", "first", "keys", "mask", "scores", "highest"};
    static const char *const of_lists[] = {"call", "row", "keys", "list", "scores"};
    LLVMValueRef function = weft_emit_function(e, e->i64, name, types, m->rows ? of_tiles : of_lists,
                                               m->rows ? TILE_PARAMETERS : LIST_PARAMETERS);
    LLVMSetLinkage(function, LLVMInternalLinkage);
    if (e->target->lanes == 16) weft_emit_attribute(e, function, "reciprocal-estimates", "vec-divf:1");
    return function;
}

LLVMValueRef weft_emit_modifier(weft_emitter *e, const char *name, uint32_t rows, const weft_program *program,
                                const weft_allocator *allocator) {
    weft_modifiers modifiers;
    weft_bias bias;
    weft_softcap softcap;
    if (!weft_modifiers_init(&modifiers, program)) return NULL;
    if (!weft_bias_init(&bias, e, program, &modifiers, allocator)) {
        weft_modifiers_free(&modifiers);
        return NULL;
    }
    modifier m = {
        .e = e, .rows = rows, .softcap = program->softcap ? &softcap : NULL, .bias = program->bias ? &bias : NULL};
    m.function = start_function(&m, name);
    bias.lanes =
        LLVMBuildAlloca(e->builder, LLVMVectorType(LLVMDoubleTypeInContext(e->context), e->target->lanes), "lanes");
    if (rows) choose_masks(&m);
    if (m.softcap) softcap = weft_softcap_begin(e, parameter(&m, CALL));
    if (m.bias)
        emit_both(&m);
    else
        emit_nest(&m, false);
    weft_bias_free(&bias, allocator);
    weft_modifiers_free(&modifiers);
    return m.function;
}
