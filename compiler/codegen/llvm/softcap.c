/* The softcap, by a rational function. */
#include "softcap.h"

#include <string.h>

#include "bias.h"
#include "kernel/abi.h"

/* tanh(x) / x = p(x^2) / q(x^2) to 2e-8 for |x| <= 9, where tanh is 1: minimax in relative error, p(0) = q(0) = 1. */
#define SATURATED 9.0
static const double numerator[] = {1, 0.13381024294404795, 0.0034955865410460896, 2.060905715407385e-05,
                                   1.3354628774840938e-08};
static const double denominator[] = {1, 0.4671433989207112, 0.02587697612403272, 0.00032856322612040336,
                                     7.776544442442298e-07};
enum { DEGREE = sizeof numerator / sizeof *numerator - 1 };

static LLVMValueRef known_float(weft_emitter *e, LLVMValueRef call, int slot, double times, const char *name) {
    LLVMTypeRef real = LLVMDoubleTypeInContext(e->context);
    LLVMValueRef uniforms = weft_emit_field(e, call, offsetof(weft_call, uniforms), e->pointer, "uniforms");
    LLVMValueRef at = weft_emit_offset(e, real, uniforms, weft_emit_int(e, slot), "at");
    LLVMValueRef value = LLVMBuildLoad2(e->builder, real, at, name);
    value = LLVMBuildFMul(e->builder, value, LLVMConstReal(real, times), name);
    return weft_emit_spread(e, LLVMBuildFPTrunc(e->builder, value, e->f32, name));
}

weft_softcap weft_softcap_begin(weft_emitter *e, LLVMValueRef call) {
    LLVMTypeRef type = e->vector;
    unsigned fabs = LLVMLookupIntrinsicID("llvm.fabs", strlen("llvm.fabs"));
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(e->module, fabs, &type, 1);
    LLVMValueRef limit = known_float(e, call, WEFT_UNIFORM_CAP, SATURATED, "limit");
    weft_softcap softcap = {.inverse = known_float(e, call, WEFT_UNIFORM_CAP_INVERSE, 1, "inverse")};
    softcap.limit = LLVMBuildCall2(e->builder, LLVMGlobalGetValueType(function), function, &limit, 1, "limit");
    return softcap;
}

static LLVMValueRef polynomial(weft_emitter *e, const double *coefficients, LLVMValueRef x) {
    LLVMValueRef sum = weft_emit_splat_constant(e, coefficients[DEGREE]);
    for (int k = DEGREE - 1; k >= 0; k--)
        sum = weft_emit_multiply_add(e, sum, x, weft_emit_splat_constant(e, coefficients[k]));
    return sum;
}

/* c tanh(s / c) = s p / q of (s / c)^2. */
LLVMValueRef weft_softcap_apply(const weft_softcap *softcap, weft_emitter *e, LLVMValueRef score) {
    score = weft_emit_clamp(e, score, softcap->limit);
    LLVMValueRef x = LLVMBuildFMul(e->builder, score, softcap->inverse, "x");
    LLVMValueRef square = LLVMBuildFMul(e->builder, x, x, "square");
    LLVMValueRef above = LLVMBuildFMul(e->builder, score, polynomial(e, numerator, square), "above");
    LLVMValueRef capped = LLVMBuildFDiv(e->builder, above, polynomial(e, denominator, square), "capped");
    LLVMSetFastMathFlags(capped, LLVMFastMathAllowReciprocal | LLVMFastMathNoInfs | LLVMFastMathAllowContract);
    return capped;
}
