/* Interned names: equal text, equal pointer. */
#ifndef WEFT_COMPILER_NAMES_H
#define WEFT_COMPILER_NAMES_H

#include "support/alloc.h"

typedef struct weft_interned {
    const char *text; /* NULL: a free place */
    size_t size;
    uint64_t hash;
} weft_interned;

typedef struct weft_names {
    weft_arena arena;
    weft_interned *table; /* open addressing; size is 0 or a power of two */
    uint32_t count, size;
} weft_names;

void weft_names_init(weft_names *names, const weft_allocator *allocator);
void weft_names_free(weft_names *names);
/* NUL-terminated; NULL when memory fails. */
const char *weft_name(weft_names *names, const char *text, size_t size);

#endif
