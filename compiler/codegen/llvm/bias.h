/* A bias as straight-line code: each part of it becomes a value, in vectors where it differs between lanes. Parts are
 * emitted in three stages, wherever the builder stands: what is known once a call, what reads i alone, the rest.
 *
 * Ints are as wide as their range needs, 32 or 64 bits; where the range shows that nothing can overflow, nothing is
 * checked. In the narrow code positions and uniforms are known to be small, so that hardly anything is. */
#ifndef WEFT_LLVM_BIAS_H
#define WEFT_LLVM_BIAS_H

#include "emit.h"
#include "set/modifiers.h"

/* A value, and where it has none. A scalar is the same in all lanes. */
typedef struct weft_part {
    LLVMValueRef value; /* i1, i32, i64 or double, or a vector of them */
    LLVMValueRef fault; /* i1 or a vector of them; NULL: never */
    int64_t lo, hi;     /* of an int: no value is outside */
} weft_part;

typedef struct weft_bias {
    weft_emitter *e;
    const weft_program *program;
    const weft_modifiers *modifiers;
    bool narrow;
    LLVMValueRef call;  /* the weft_call */
    weft_part *parts;   /* by node */
    bool *used;         /* by node: is it needed? */
    LLVMValueRef lanes; /* memory for one double a lane */
} weft_bias;

/* Finds what is needed. False when memory fails. */
bool weft_bias_init(weft_bias *bias, weft_emitter *e, const weft_program *program, const weft_modifiers *modifiers,
                    const weft_allocator *allocator);
void weft_bias_free(weft_bias *bias, const weft_allocator *allocator);

/* The stages, in this order; i and j are ints of weft_bias_position's type, or vectors of them. */
void weft_bias_begin(weft_bias *bias, LLVMValueRef call, bool narrow);
void weft_bias_row(weft_bias *bias, LLVMValueRef i);
void weft_bias_pair(weft_bias *bias, LLVMValueRef j);
LLVMTypeRef weft_bias_position(const weft_bias *bias);

/* score + bias log2(e), for scores in base 2; after the last stage. */
LLVMValueRef weft_bias_add(weft_bias *bias, LLVMValueRef score);
bool weft_bias_is_finite(const weft_bias *bias); /* surely; after the last stage */

/* Helpers that modifiers.c and softcap.c share. */
LLVMValueRef weft_emit_spread(weft_emitter *e, LLVMValueRef scalar); /* to all lanes; a vector stays as it is */
LLVMValueRef weft_emit_field(weft_emitter *e, LLVMValueRef call, size_t offset, LLVMTypeRef type, const char *name);
LLVMValueRef weft_emit_clamp(weft_emitter *e, LLVMValueRef x, LLVMValueRef limit); /* to ±limit; NaN stays NaN */

#endif
