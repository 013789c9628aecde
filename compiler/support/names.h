/* Interned names: equal text, equal pointer. */
#ifndef WEFT_COMPILER_NAMES_H
#define WEFT_COMPILER_NAMES_H

#include "support/alloc.h"

typedef struct weft_names {
    weft_arena arena;
    const char **table;
    uint32_t count, size;
} weft_names;

void weft_names_init(weft_names *names, const weft_allocator *allocator);
void weft_names_free(weft_names *names);
/* NUL-terminated; NULL when memory fails. */
const char *weft_name(weft_names *names, const char *text, size_t size);

#endif
