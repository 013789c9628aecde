/* Meaning: files are resolved (imports, names), and one pattern is type-checked and lowered to a program. */
#ifndef WEFT_SEMA_SEMA_H
#define WEFT_SEMA_SEMA_H

#include "ast/ast.h"
#include "set/program.h"

/* A loaded file and all that it imports. Owned by the module; immutable after weft_sema_load. */
typedef struct weft_unit weft_unit;

typedef struct weft_load_options {
    const char *const *import_paths;
    size_t import_path_count;
} weft_load_options;

/* Reads `path` (or takes `text` when not NULL, with path standing for it), parses it and what it imports, and checks
 * every definition: names, types, statements, constants. NULL when anything is an error (diagnostics say what) or
 * memory fails. Sources are added to `sources`, which diagnostics must already refer to. */
weft_unit *weft_sema_load(const weft_allocator *allocator, const char *path, const char *text, size_t size,
                          const weft_load_options *options, weft_sources *sources, weft_diagnostics *diagnostics);
void weft_unit_free(weft_unit *unit);

const weft_ast *weft_unit_root(const weft_unit *unit); /* the file's FILE node */
const weft_ast *weft_unit_pattern(const weft_unit *unit,
                                  const char *pattern); /* NULL: none, or pattern NULL and not exactly one */
/* One more than the largest head that the pattern's heads clauses and conditions name with constants; 0 if none. */
int64_t weft_unit_heads(const weft_unit *unit, const weft_ast *pattern);

/* The pattern as a program: parameters, meaning and scale, no passes yet. Sources are copied into it. NULL with
 * diagnostics on failure; statements and atoms that this build cannot do are refused here and nowhere else (E0501). */
weft_program *weft_sema_lower(const weft_unit *unit, const weft_ast *pattern, const weft_allocator *allocator,
                              weft_diagnostics *diagnostics);

#endif
