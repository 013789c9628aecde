/* The pipeline of the compiler, and the code generator that its last step needs. */
#ifndef WEFT_COMPILE_H
#define WEFT_COMPILE_H

#include "codegen/codegen.h"
#include "sema/sema.h"

/* Finds the code generator: linked in, or the plugin library beside this one, opened at the first call for good. */
typedef struct weft_plugin {
    void *library;
    const weft_codegen *codegen; /* NULL until opened */
} weft_plugin;
/* NULL with E0501 when there is none. Not thread-safe: the caller locks. */
const weft_codegen *weft_plugin_open(weft_plugin *plugin, weft_diagnostics *diagnostics);

/* What to compile and how far. */
typedef struct weft_compilation {
    const weft_allocator *allocator;
    const weft_unit *unit;
    const weft_sources *sources;
    const weft_ast *pattern;
    const weft_codegen *codegen; /* NULL: stop before code */
    weft_codegen_spec spec;
    weft_diagnostics *diagnostics;
} weft_compilation;

/* One pattern, from AST to image bytes in `out`: plans and masks only when there is no code generator. */
bool weft_compile(const weft_compilation *c, weft_text *out);
/* The same pipeline stopped after a stage, its result as text. */
bool weft_compile_dump(const weft_compilation *c, weft_stage stage, weft_text *out);

#endif
