/* From object files in memory to machine code that needs no loader: one run of bytes, position independent, that refers
 * to nothing outside itself. It must be placed at a multiple of WEFT_CODE_ALIGNMENT. */
#ifndef WEFT_LLVM_FLATTEN_H
#define WEFT_LLVM_FLATTEN_H

#include "kernel/image.h"
#include "support/diagnostics.h"

enum { WEFT_CODE_ALIGNMENT = 64 };

typedef struct weft_object {
    const void *bytes;
    size_t size;
} weft_object;

/* A function that is wanted, and where it went. */
typedef struct weft_symbol {
    const char *name;
    uint64_t offset;
} weft_symbol;

/* Appends the code and constants of relocatable ELF objects, which may refer to each other's symbols, to `out`, and
 * fills in where the entries are. False with E0901 (objects that need more than this: other symbols, data that is
 * written, absolute addresses), or when memory fails. */
bool weft_flatten(const weft_object *objects, uint32_t count, weft_text *out, weft_symbol *entries,
                  uint32_t entry_count, weft_diagnostics *diagnostics);

#endif
