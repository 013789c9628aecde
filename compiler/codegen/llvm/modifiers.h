/* What becomes of scores between the two products: softcap, then bias, then the mask (LANGUAGE.md section 4). */
#ifndef WEFT_LLVM_MODIFIERS_H
#define WEFT_LLVM_MODIFIERS_H

#include "emit.h"
#include "set/program.h"

/* Emits NAME, a score_modifier of leaf/item.c for items of `rows` rows, or, where `rows` is 0, a list_modifier of
 * leaf/gather.c. NULL when memory fails. */
LLVMValueRef weft_emit_modifier(weft_emitter *e, const char *name, uint32_t rows, const weft_program *program,
                                const weft_allocator *allocator);

#endif
