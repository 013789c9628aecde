/* An ELF relocatable object with one section of bytes that are executable and need no relocation. */
#ifndef WEFT_OBJECT_H
#define WEFT_OBJECT_H

#include "kernel/image.h"

typedef enum weft_object_kind { WEFT_OBJECT_LABEL, WEFT_OBJECT_FUNCTION, WEFT_OBJECT_DATA } weft_object_kind;

/* DATA is what other objects of the same program or library see (hidden, so that no other module does, and no address
 * is looked up at load); the others are for debuggers, and come before it. */
typedef struct weft_object_symbol {
    const char *name;
    weft_object_kind kind;
    uint64_t offset, size;
} weft_object_symbol;

/* Appends the object, whose section begins at a multiple of 64 bytes and is called after `name`. False when memory
 * fails. */
bool weft_object_write(weft_isa isa, const char *name, const weft_text *bytes, const weft_object_symbol *symbols,
                       uint32_t count, weft_text *out);

#endif
