/* A source that is being read: what every test of the front end sets up. */
#ifndef WEFT_TESTS_READING_H
#define WEFT_TESTS_READING_H

#include "ast/ast.h"

typedef struct reading {
    weft_allocator allocator;
    weft_sources sources;
    weft_diagnostics diagnostics;
    weft_arena arena;
    weft_names names;
    uint32_t source; /* 0: memory failed */
} reading;

static inline void reading_begin(reading *r, weft_allocator allocator, const char *name, const char *text,
                                 size_t size) {
    r->allocator = allocator;
    weft_sources_init(&r->sources, &r->allocator);
    weft_diagnostics_init(&r->diagnostics, &r->allocator, &r->sources);
    weft_arena_init(&r->arena, &r->allocator);
    weft_names_init(&r->names, &r->allocator);
    r->source = weft_sources_add(&r->sources, name, text, size);
}

static inline weft_ast *reading_parse(reading *r) {
    if (r->source == 0) return NULL;
    return weft_parse_text(&r->arena, &r->names, &r->sources, r->source, &r->diagnostics);
}

static inline void reading_end(reading *r) {
    weft_names_free(&r->names);
    weft_arena_free(&r->arena);
    weft_diagnostics_free(&r->diagnostics);
    weft_sources_free(&r->sources);
}

#endif
