/* What parts of a bias are made of: values that become vectors when they have to, conditions, and ints as wide as their
 * range. */
#ifndef WEFT_LLVM_PARTS_H
#define WEFT_LLVM_PARTS_H

#include <string.h>

#include "bias.h"

static inline bool is_vector(LLVMValueRef value) { return LLVMGetTypeKind(LLVMTypeOf(value)) == LLVMVectorTypeKind; }

static inline LLVMTypeRef i1_type(weft_emitter *e) { return LLVMInt1TypeInContext(e->context); }
static inline LLVMTypeRef i32_type(weft_emitter *e) { return LLVMInt32TypeInContext(e->context); }
static inline LLVMTypeRef f64_type(weft_emitter *e) { return LLVMDoubleTypeInContext(e->context); }

/* That type, or a vector of it when `like` is one. */
static inline LLVMTypeRef type_like(weft_emitter *e, LLVMTypeRef type, LLVMValueRef like) {
    return is_vector(like) ? LLVMVectorType(type, e->target->lanes) : type;
}

/* Both become vectors when one is. */
static inline void match(weft_emitter *e, LLVMValueRef *a, LLVMValueRef *b) {
    if (is_vector(*a)) *b = weft_emit_spread(e, *b);
    if (is_vector(*b)) *a = weft_emit_spread(e, *a);
}

static inline LLVMValueRef choose(weft_emitter *e, LLVMValueRef condition, LLVMValueRef yes, LLVMValueRef no) {
    match(e, &yes, &no);
    if (is_vector(condition)) yes = weft_emit_spread(e, yes), no = weft_emit_spread(e, no);
    return LLVMBuildSelect(e->builder, condition, yes, no, "chosen");
}

/* a and b of i1. */
static inline LLVMValueRef both(weft_emitter *e, LLVMValueRef a, LLVMValueRef b) {
    match(e, &a, &b);
    return LLVMBuildAnd(e->builder, a, b, "both");
}

static inline LLVMValueRef either(weft_emitter *e, LLVMValueRef a, LLVMValueRef b) {
    if (!a || !b) return a ? a : b;
    match(e, &a, &b);
    return LLVMBuildOr(e->builder, a, b, "either");
}

static inline LLVMValueRef negate(weft_emitter *e, LLVMValueRef condition) {
    return LLVMBuildNot(e->builder, condition, "not");
}

static inline LLVMValueRef constant_like(weft_emitter *e, LLVMValueRef like, int64_t value) {
    LLVMTypeRef type = LLVMTypeOf(like), element = is_vector(like) ? LLVMGetElementType(type) : type;
    LLVMValueRef scalar = LLVMConstInt(element, (unsigned long long)value, true);
    return is_vector(like) ? weft_emit_spread(e, scalar) : scalar;
}

static inline LLVMValueRef real_like(weft_emitter *e, LLVMValueRef like, double value) {
    LLVMTypeRef type = LLVMTypeOf(like), element = is_vector(like) ? LLVMGetElementType(type) : type;
    LLVMValueRef scalar = LLVMConstReal(element, value);
    return is_vector(like) ? weft_emit_spread(e, scalar) : scalar;
}

static inline LLVMValueRef intrinsic(weft_emitter *e, const char *name, LLVMTypeRef *types, unsigned type_count,
                                     LLVMValueRef *arguments, unsigned count) {
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(e->module, id, types, type_count);
    return LLVMBuildCall2(e->builder, LLVMGlobalGetValueType(function), function, arguments, count, "");
}

/* INT32_MIN is left out, so that every int of 32 bits has its negative. */
static inline bool fits_32(int64_t lo, int64_t hi) { return lo >= -INT32_MAX && hi <= INT32_MAX; }

static inline LLVMValueRef widen(weft_emitter *e, LLVMValueRef value) {
    LLVMTypeRef type = type_like(e, e->i64, value);
    return LLVMTypeOf(value) == type ? value : LLVMBuildSExt(e->builder, value, type, "wide");
}

/* An int part as its range wants it. */
static inline weft_part int_part(weft_emitter *e, LLVMValueRef value, LLVMValueRef fault, int64_t lo, int64_t hi) {
    LLVMTypeRef type = type_like(e, fits_32(lo, hi) ? i32_type(e) : e->i64, value);
    if (LLVMTypeOf(value) != type)
        value = fits_32(lo, hi) ? LLVMBuildTrunc(e->builder, value, type, "narrow")
                                : LLVMBuildSExt(e->builder, value, type, "wide");
    return (weft_part){value, fault, lo, hi};
}

static inline bool is_32(const weft_part *part) { return fits_32(part->lo, part->hi); }

/* An operation on ints, of one operand or two; b may be anything where there is one (ints.c). */
weft_part weft_emit_int_operation(weft_emitter *e, weft_op op, const weft_part *a, const weft_part *b);

#endif
