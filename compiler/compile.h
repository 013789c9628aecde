/* The pipeline of the compiler, and the code generator that its last step needs. */
#ifndef WEFT_COMPILE_H
#define WEFT_COMPILE_H

#include <pthread.h>

#include "cache/cache.h"
#include "codegen/codegen.h"
#include "sema/sema.h"

/* Finds the code generator: linked in, or the plugin library beside this one, opened at the first call for good. */
typedef struct weft_plugin {
    pthread_mutex_t lock; /* of the two below */
    void *library;
    const weft_codegen *codegen; /* NULL until opened */
} weft_plugin;
bool weft_plugin_init(weft_plugin *plugin); /* false: no lock */
void weft_plugin_free(weft_plugin *plugin);
/* NULL with E0501 when there is none. */
const weft_codegen *weft_plugin_open(weft_plugin *plugin, weft_diagnostics *diagnostics);
/* Of the file that holds it, which is not opened. False when it cannot be told. */
bool weft_plugin_stamp(weft_stamp *out);

/* What to compile and how far. */
typedef struct weft_compilation {
    const weft_allocator *allocator;
    const weft_unit *unit;
    const weft_sources *sources;
    const weft_ast *pattern;
    weft_plugin *plugin; /* NULL: stop before code */
    weft_codegen_spec spec;
    const weft_cache *cache; /* NULL: none */
    weft_diagnostics *diagnostics;
} weft_compilation;

/* One pattern, from AST to image bytes in `out`: plans and masks only when there is no code generator. */
bool weft_compile(const weft_compilation *c, weft_text *out);
/* The same pipeline stopped after a stage, its result as text. */
bool weft_compile_dump(const weft_compilation *c, weft_stage stage, weft_text *out);

#endif
