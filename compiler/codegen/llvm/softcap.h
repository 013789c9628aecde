/* A softcap: c tanh(s / c) of scores in base 2, for a limit that a call brings. */
#ifndef WEFT_LLVM_SOFTCAP_H
#define WEFT_LLVM_SOFTCAP_H

#include "emit.h"

typedef struct weft_softcap {
    LLVMValueRef inverse, limit;
} weft_softcap;

/* Reads the limit from a weft_call, where the builder stands. */
weft_softcap weft_softcap_begin(weft_emitter *e, LLVMValueRef call);
LLVMValueRef weft_softcap_apply(const weft_softcap *softcap, weft_emitter *e, LLVMValueRef score);

#endif
