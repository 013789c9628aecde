/* Short helpers over LLVM's builder for what kernels need: vectors of float, pointers, counted loops. Every value has a
 * name. One emitter fills one module. */
#ifndef WEFT_LLVM_EMIT_H
#define WEFT_LLVM_EMIT_H

#include <llvm-c/Core.h>

#include "target.h"

typedef struct weft_emitter {
    const weft_target *target;
    const char *tune;
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    LLVMTypeRef none, f32, i64, pointer, vector;
    LLVMValueRef function; /* where instructions go */
    bool calls_functions;  /* some of leaf/functions.c */
} weft_emitter;

void weft_emitter_init(weft_emitter *e, const weft_target *target, const char *tune, LLVMModuleRef module);
void weft_emitter_free(weft_emitter *e);

/* Starts a function; its parameters get the given names. */
LLVMValueRef weft_emit_function(weft_emitter *e, LLVMTypeRef result, const char *name, const LLVMTypeRef *types,
                                const char *const *names, unsigned count);
void weft_emit_attribute(const weft_emitter *e, LLVMValueRef function, const char *name, const char *value);
LLVMBasicBlockRef weft_emit_block(weft_emitter *e, const char *name); /* appended; the builder stays where it is */
void weft_emit_at(weft_emitter *e, LLVMBasicBlockRef block);

LLVMValueRef weft_emit_int(weft_emitter *e, int64_t value);
LLVMValueRef weft_emit_splat_constant(weft_emitter *e, double value);
LLVMValueRef weft_emit_broadcast(weft_emitter *e, LLVMValueRef scalar);
LLVMValueRef weft_emit_offset(weft_emitter *e, LLVMTypeRef element, LLVMValueRef base, LLVMValueRef index,
                              const char *name);
LLVMValueRef weft_emit_load_scalar(weft_emitter *e, LLVMValueRef at, const char *name);
/* Vectors lie `index` floats beyond base and are aligned to their size. */
LLVMValueRef weft_emit_load(weft_emitter *e, LLVMValueRef base, int64_t index, const char *name);
void weft_emit_store(weft_emitter *e, LLVMValueRef base, int64_t index, LLVMValueRef value);

LLVMValueRef weft_emit_multiply_add(weft_emitter *e, LLVMValueRef a, LLVMValueRef b,
                                    LLVMValueRef c); /* fused if it can be */
LLVMValueRef weft_emit_larger(weft_emitter *e, LLVMValueRef a, LLVMValueRef b, const char *name); /* b where NaN */

/* A phi with its first incoming value; the second is added when the loop closes. */
LLVMValueRef weft_emit_phi(weft_emitter *e, LLVMValueRef initial, LLVMBasicBlockRef from, const char *name);
void weft_emit_incoming(LLVMValueRef phi, LLVMValueRef value, LLVMBasicBlockRef from);

#endif
