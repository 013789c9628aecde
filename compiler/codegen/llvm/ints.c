/* Operations on ints in a bias: each knows the range of its result, and checks only what that leaves open. Division
 * rounds down, as Python's does. */
#include "parts.h"
#include "set/arithmetic.h"
#include "set/set.h"

/* ---- sums and products ---------------------------------------------------------------------------------------- */

typedef bool checked(int64_t a, int64_t b, int64_t *out);

/* The range of an operation that is monotone in each operand; false where it may overflow. */
static bool range_of(checked *apply, const weft_part *a, const weft_part *b, int64_t *lo, int64_t *hi) {
    int64_t ends[4];
    bool fits = apply(a->lo, b->lo, &ends[0]) && apply(a->lo, b->hi, &ends[1]) && apply(a->hi, b->lo, &ends[2]) &&
                apply(a->hi, b->hi, &ends[3]);
    *lo = fits ? ends[0] : INT64_MIN, *hi = fits ? ends[0] : INT64_MAX;
    for (int k = 1; fits && k < 4; k++) *lo = weft_smaller(*lo, ends[k]), *hi = weft_larger(*hi, ends[k]);
    return fits;
}

/* The result of an LLVM intrinsic with a flag. */
static weft_part with_overflow(weft_emitter *e, const char *name, LLVMValueRef a, LLVMValueRef b) {
    match(e, &a, &b);
    LLVMTypeRef type = LLVMTypeOf(a);
    LLVMValueRef result = intrinsic(e, name, &type, 1, (LLVMValueRef[]){a, b}, 2);
    return (weft_part){LLVMBuildExtractValue(e->builder, result, 0, "value"),
                       LLVMBuildExtractValue(e->builder, result, 1, "overflow"), INT64_MIN, INT64_MAX};
}

static const struct {
    weft_op op;
    LLVMOpcode opcode;
    checked *apply;
    const char *with_overflow;
} arithmetic[] = {
    {WEFT_OP_ADD, LLVMAdd, weft_add_checked, "llvm.sadd.with.overflow"},
    {WEFT_OP_SUB, LLVMSub, weft_subtract_checked, "llvm.ssub.with.overflow"},
    {WEFT_OP_MUL, LLVMMul, weft_multiply_checked, "llvm.smul.with.overflow"},
};

static weft_part emit_arithmetic(weft_emitter *e, int which, const weft_part *a, const weft_part *b) {
    int64_t lo, hi;
    bool fits = range_of(arithmetic[which].apply, a, b, &lo, &hi);
    LLVMValueRef x = a->value, y = b->value;
    if (!(fits_32(lo, hi) && is_32(a) && is_32(b))) x = widen(e, x), y = widen(e, y);
    match(e, &x, &y);
    if (!fits) return with_overflow(e, arithmetic[which].with_overflow, x, y);
    return int_part(e, LLVMBuildBinOp(e->builder, arithmetic[which].opcode, x, y, "int"), NULL, lo, hi);
}

static weft_part zero_part(weft_emitter *e) { return (weft_part){LLVMConstInt(i32_type(e), 0, true), NULL, 0, 0}; }

static weft_part emit_absolute(weft_emitter *e, const weft_part *a) {
    weft_part zero = zero_part(e), negative = emit_arithmetic(e, 1, &zero, a);
    LLVMValueRef x = LLVMTypeOf(negative.value) == LLVMTypeOf(a->value) ? a->value : widen(e, a->value);
    LLVMValueRef below = LLVMBuildICmp(e->builder, LLVMIntSLT, x, constant_like(e, x, 0), "below");
    LLVMValueRef value = LLVMBuildSelect(e->builder, below, negative.value, x, "absolute");
    int64_t hi = weft_larger(a->hi, weft_subtract_saturated(0, a->lo));
    int64_t lo = a->lo > 0 ? a->lo : a->hi < 0 ? weft_subtract_saturated(0, a->hi) : 0;
    return int_part(e, value, negative.fault ? both(e, negative.fault, below) : NULL, lo, weft_larger(hi, 0));
}

static weft_part emit_extreme(weft_emitter *e, bool least, const weft_part *a, const weft_part *b) {
    LLVMValueRef x = a->value, y = b->value;
    if (!(is_32(a) && is_32(b))) x = widen(e, x), y = widen(e, y);
    match(e, &x, &y);
    LLVMValueRef first = LLVMBuildICmp(e->builder, least ? LLVMIntSLT : LLVMIntSGT, x, y, "first");
    int64_t lo = least ? weft_smaller(a->lo, b->lo) : weft_larger(a->lo, b->lo);
    int64_t hi = least ? weft_smaller(a->hi, b->hi) : weft_larger(a->hi, b->hi);
    return int_part(e, LLVMBuildSelect(e->builder, first, x, y, "extreme"), NULL, lo, hi);
}

/* ---- division ------------------------------------------------------------------------------------------------- */

/* Truncating division of ints that differ from lane to lane: by doubles where they hold both exactly, for vectors have
 * no other division. The quotient of ints below 2^53 never rounds up to the next int. */
static LLVMValueRef quotient(weft_emitter *e, LLVMValueRef a, LLVMValueRef b, bool by_doubles) {
    if (!by_doubles || !is_vector(a)) return LLVMBuildSDiv(e->builder, a, b, "quotient");
    LLVMTypeRef type = type_like(e, f64_type(e), a);
    LLVMValueRef x = LLVMBuildSIToFP(e->builder, a, type, "x"), y = LLVMBuildSIToFP(e->builder, b, type, "y");
    return LLVMBuildFPToSI(e->builder, LLVMBuildFDiv(e->builder, x, y, "ratio"), LLVMTypeOf(a), "quotient");
}

/* By 2^shift, rounding down; both parts. */
static weft_part divide_by_power(weft_emitter *e, weft_op op, const weft_part *a, int64_t divisor) {
    if (op == WEFT_OP_MOD) {
        LLVMValueRef rest = LLVMBuildAnd(e->builder, a->value, constant_like(e, a->value, divisor - 1), "rest");
        return int_part(e, rest, NULL, 0, divisor - 1);
    }
    int shift = 0;
    while (INT64_C(1) << shift < divisor) shift++;
    LLVMValueRef value = LLVMBuildAShr(e->builder, a->value, constant_like(e, a->value, shift), "quotient");
    return int_part(e, value, NULL, weft_floor_div(a->lo, divisor), weft_floor_div(a->hi, divisor));
}

/* The range of Python's a // b or a % b. */
static void division_range(weft_op op, const weft_part *a, const weft_part *b, int64_t *lo, int64_t *hi) {
    if (op == WEFT_OP_MOD) {
        *lo = b->lo < 0 ? weft_add_saturated(b->lo, 1) : 0;
        *hi = b->hi > 0 ? b->hi - 1 : 0;
        return;
    }
    int64_t most = weft_larger(weft_subtract_saturated(0, a->lo), a->hi);
    *lo = weft_smaller(a->lo, -weft_larger(most, 1)), *hi = weft_larger(most, 0);
}

static weft_part emit_division(weft_emitter *e, weft_op op, const weft_part *a, const weft_part *b) {
    bool power = b->lo == b->hi && b->lo > 0 && (b->lo & (b->lo - 1)) == 0;
    if (power && (is_32(a) ? b->lo <= INT32_MAX : true)) return divide_by_power(e, op, a, b->lo);
    bool small = is_32(a) && is_32(b), may_be_zero = b->lo <= 0 && b->hi >= 0;
    bool may_overflow = a->lo == INT64_MIN && b->lo <= -1 && b->hi >= -1;
    LLVMValueRef x = a->value, y = b->value, fault = NULL, by_minus_one = NULL;
    if (!small) x = widen(e, x), y = widen(e, y);
    match(e, &x, &y);
    LLVMValueRef one = constant_like(e, x, 1), zero = constant_like(e, x, 0);
    if (may_be_zero) {
        fault = LLVMBuildICmp(e->builder, LLVMIntEQ, y, zero, "by_zero");
        y = LLVMBuildSelect(e->builder, fault, one, y, "divisor");
    }
    if (may_overflow) {
        by_minus_one = LLVMBuildICmp(e->builder, LLVMIntEQ, y, constant_like(e, y, -1), "by_minus_one");
        y = LLVMBuildSelect(e->builder, by_minus_one, one, y, "divisor");
    }
    LLVMValueRef q = quotient(e, x, y, small);
    LLVMValueRef rest = LLVMBuildSub(e->builder, x, LLVMBuildMul(e->builder, q, y, ""), "rest");
    LLVMValueRef uneven = LLVMBuildICmp(e->builder, LLVMIntNE, rest, zero, "uneven");
    LLVMValueRef apart = LLVMBuildICmp(e->builder, LLVMIntSLT, LLVMBuildXor(e->builder, rest, y, ""), zero, "apart");
    LLVMValueRef below = LLVMBuildAnd(e->builder, uneven, apart, "below");
    int64_t lo, hi;
    division_range(op, a, b, &lo, &hi);
    if (op == WEFT_OP_MOD) {
        LLVMValueRef more = LLVMBuildSelect(e->builder, below, y, zero, "more");
        rest = LLVMBuildAdd(e->builder, rest, more, "rest");
        if (by_minus_one) rest = LLVMBuildSelect(e->builder, by_minus_one, zero, rest, "rest");
        return int_part(e, rest, fault, lo, hi);
    }
    q = LLVMBuildSub(e->builder, q, LLVMBuildSelect(e->builder, below, one, zero, "less"), "quotient");
    if (by_minus_one) {
        LLVMValueRef least = LLVMBuildICmp(e->builder, LLVMIntEQ, x, constant_like(e, x, INT64_MIN), "least");
        q = LLVMBuildSelect(e->builder, by_minus_one, LLVMBuildSub(e->builder, zero, x, ""), q, "quotient");
        fault = either(e, fault, LLVMBuildAnd(e->builder, by_minus_one, least, "overflow"));
    }
    return int_part(e, q, fault, lo, hi);
}

/* ---- all of them ---------------------------------------------------------------------------------------------- */

weft_part weft_emit_int_operation(weft_emitter *e, weft_op op, const weft_part *a, const weft_part *b) {
    weft_part zero = zero_part(e);
    switch (op) {
    case WEFT_OP_ADD: return emit_arithmetic(e, 0, a, b);
    case WEFT_OP_SUB: return emit_arithmetic(e, 1, a, b);
    case WEFT_OP_MUL: return emit_arithmetic(e, 2, a, b);
    case WEFT_OP_NEG: return emit_arithmetic(e, 1, &zero, a);
    case WEFT_OP_ABS: return emit_absolute(e, a);
    case WEFT_OP_MIN: return emit_extreme(e, true, a, b);
    case WEFT_OP_MAX: return emit_extreme(e, false, a, b);
    default: return emit_division(e, op, a, b);
    }
}
