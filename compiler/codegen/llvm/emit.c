/* The builder helpers of emit.h. */
#include "emit.h"

#include <stdio.h>
#include <string.h>

void weft_emitter_init(weft_emitter *e, const weft_target *target, const char *tune, LLVMModuleRef module) {
    LLVMContextRef context = LLVMGetModuleContext(module);
    *e = (weft_emitter){.target = target,
                        .tune = tune,
                        .context = context,
                        .module = module,
                        .builder = LLVMCreateBuilderInContext(context),
                        .none = LLVMVoidTypeInContext(context),
                        .f32 = LLVMFloatTypeInContext(context),
                        .i64 = LLVMInt64TypeInContext(context),
                        .pointer = LLVMPointerTypeInContext(context, 0),
                        .vector = LLVMVectorType(LLVMFloatTypeInContext(context), target->lanes)};
}

void weft_emitter_free(weft_emitter *e) { LLVMDisposeBuilder(e->builder); }

void weft_emit_attribute(const weft_emitter *e, LLVMValueRef function, const char *name, const char *value) {
    LLVMAddAttributeAtIndex(
        function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
        LLVMCreateStringAttribute(e->context, name, (unsigned)strlen(name), value, (unsigned)strlen(value)));
}

static void aim(const weft_emitter *e, LLVMValueRef function) {
    char width[16];
    snprintf(width, sizeof width, "%u", 32 * e->target->lanes);
    weft_emit_attribute(e, function, "target-cpu", e->target->cpu);
    if (*e->target->features) weft_emit_attribute(e, function, "target-features", e->target->features);
    weft_emit_attribute(e, function, "tune-cpu", e->tune);
    weft_emit_attribute(e, function, "prefer-vector-width", width);
    weft_emit_attribute(e, function, "min-legal-vector-width", width);
}

LLVMValueRef weft_emit_function(weft_emitter *e, LLVMTypeRef result, const char *name, const LLVMTypeRef *types,
                                const char *const *names, unsigned count) {
    LLVMTypeRef parameters[11];
    memcpy(parameters, types, count * sizeof *types);
    e->function = LLVMAddFunction(e->module, name, LLVMFunctionType(result, parameters, count, false));
    for (unsigned i = 0; i < count; i++) LLVMSetValueName2(LLVMGetParam(e->function, i), names[i], strlen(names[i]));
    unsigned kind = LLVMGetEnumAttributeKindForName("nounwind", strlen("nounwind"));
    LLVMAddAttributeAtIndex(e->function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(e->context, kind, 0));
    aim(e, e->function);
    weft_emit_at(e, weft_emit_block(e, "entry"));
    return e->function;
}

LLVMBasicBlockRef weft_emit_block(weft_emitter *e, const char *name) {
    return LLVMAppendBasicBlockInContext(e->context, e->function, name);
}

void weft_emit_at(weft_emitter *e, LLVMBasicBlockRef block) { LLVMPositionBuilderAtEnd(e->builder, block); }

LLVMValueRef weft_emit_int(weft_emitter *e, int64_t value) {
    return LLVMConstInt(e->i64, (unsigned long long)value, true);
}

LLVMValueRef weft_emit_splat_constant(weft_emitter *e, double value) {
    LLVMValueRef lanes[16];
    for (unsigned i = 0; i < e->target->lanes; i++) lanes[i] = LLVMConstReal(e->f32, value);
    return LLVMConstVector(lanes, e->target->lanes);
}

LLVMValueRef weft_emit_broadcast(weft_emitter *e, LLVMValueRef scalar) {
    LLVMTypeRef i32 = LLVMInt32TypeInContext(e->context);
    LLVMValueRef none = LLVMGetPoison(e->vector);
    LLVMValueRef one = LLVMBuildInsertElement(e->builder, none, scalar, LLVMConstInt(i32, 0, false), "one");
    LLVMValueRef zeros = LLVMConstNull(LLVMVectorType(i32, e->target->lanes));
    return LLVMBuildShuffleVector(e->builder, one, none, zeros, "all");
}

LLVMValueRef weft_emit_offset(weft_emitter *e, LLVMTypeRef element, LLVMValueRef base, LLVMValueRef index,
                              const char *name) {
    return LLVMBuildGEP2(e->builder, element, base, &index, 1, name);
}

LLVMValueRef weft_emit_load_scalar(weft_emitter *e, LLVMValueRef at, const char *name) {
    LLVMValueRef value = LLVMBuildLoad2(e->builder, e->f32, at, name);
    LLVMSetAlignment(value, sizeof(float));
    return value;
}

LLVMValueRef weft_emit_load(weft_emitter *e, LLVMValueRef base, int64_t index, const char *name) {
    LLVMValueRef at = weft_emit_offset(e, e->f32, base, weft_emit_int(e, index), "at");
    LLVMValueRef value = LLVMBuildLoad2(e->builder, e->vector, at, name);
    LLVMSetAlignment(value, (unsigned)sizeof(float) * e->target->lanes);
    return value;
}

void weft_emit_store(weft_emitter *e, LLVMValueRef base, int64_t index, LLVMValueRef value) {
    LLVMValueRef at = weft_emit_offset(e, e->f32, base, weft_emit_int(e, index), "at");
    LLVMSetAlignment(LLVMBuildStore(e->builder, value, at), (unsigned)sizeof(float) * e->target->lanes);
}

LLVMValueRef weft_emit_multiply_add(weft_emitter *e, LLVMValueRef a, LLVMValueRef b, LLVMValueRef c) {
    unsigned id = LLVMLookupIntrinsicID("llvm.fmuladd", strlen("llvm.fmuladd"));
    LLVMValueRef intrinsic = LLVMGetIntrinsicDeclaration(e->module, id, &e->vector, 1);
    return LLVMBuildCall2(e->builder, LLVMGlobalGetValueType(intrinsic), intrinsic, (LLVMValueRef[]){a, b, c}, 3,
                          "sum");
}

LLVMValueRef weft_emit_larger(weft_emitter *e, LLVMValueRef a, LLVMValueRef b, const char *name) {
    return LLVMBuildSelect(e->builder, LLVMBuildFCmp(e->builder, LLVMRealOGT, a, b, "above"), a, b, name);
}

LLVMValueRef weft_emit_phi(weft_emitter *e, LLVMValueRef initial, LLVMBasicBlockRef from, const char *name) {
    LLVMValueRef phi = LLVMBuildPhi(e->builder, LLVMTypeOf(initial), name);
    weft_emit_incoming(phi, initial, from);
    return phi;
}

void weft_emit_incoming(LLVMValueRef phi, LLVMValueRef value, LLVMBasicBlockRef from) {
    LLVMAddIncoming(phi, &value, &from, 1);
}
