/* The two matrix products of a kernel, for 64 and 16 rows, and the entry that hands them to the driver (leaf/item.c);
 * and the entry of the driver for lists (leaf/gather.c), which needs none. */
#ifndef WEFT_LLVM_PRODUCTS_H
#define WEFT_LLVM_PRODUCTS_H

#include "emit.h"

enum { WEFT_PRODUCT_HEIGHTS = 2 };

/* The products of so many rows, how many keys, or dims, one call takes, and after how many steps it fetches a row. */
typedef struct weft_products {
    uint32_t rows, group, score_steps, value_steps;
    LLVMValueRef scores, values;
} weft_products;

/* Emits scores_ROWS and values_ROWS, unless the driver has products of its own, for both heights, the taller first. */
void weft_emit_products(weft_emitter *e, const weft_codegen_spec *spec, weft_products *out);

/* Emits NAME, the entry, and, where the program says something about scores, NAME_modify for items of `rows` rows.
 * False when memory fails. */
bool weft_emit_kernel(weft_emitter *e, const char *name, uint32_t rows, const weft_products *products,
                      const weft_codegen_spec *spec, const weft_allocator *allocator);

/* Emits NAME and, where the program says something about scores, NAME_modify. False when memory fails. */
bool weft_emit_gather(weft_emitter *e, const char *name, const weft_codegen_spec *spec,
                      const weft_allocator *allocator);

/* Emits NAME, the entry of leaf/favor.c for 64 directions or queries: features of relu, or of exp. */
void weft_emit_favor(weft_emitter *e, const char *name, const weft_products *products, const weft_codegen_spec *spec,
                     bool relu);

/* Emits NAME, which packs values, for a target whose products want them in another form. */
void weft_emit_pack(weft_emitter *e, const char *name, const weft_codegen_spec *spec);

#endif
