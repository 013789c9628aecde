/* The two matrix products of a kernel, for 64 or 16 rows, and the entry that hands them to the driver (leaf/item.c). */
#ifndef WEFT_LLVM_PRODUCTS_H
#define WEFT_LLVM_PRODUCTS_H

#include "emit.h"

/* Emits NAME (the entry), NAME_scores, NAME_values and, where the program says something about scores, NAME_modify for
 * items of `rows` rows. False when memory fails. */
bool weft_emit_kernel(weft_emitter *e, const char *name, uint32_t rows, const weft_codegen_spec *spec,
                      const weft_allocator *allocator);

#endif
