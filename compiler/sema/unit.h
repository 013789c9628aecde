/* The inside of a unit: the files that were read, the definitions in them, and who sees which name.
 *
 * There are two kinds of scope. A file's holds its definitions and, where an import stands, everything that the
 * imported file sees. A definition's own holds its parameters and inner lets. A name is visible from behind its
 * definition on, which `order` tells: item numbers in a file, slots in a definition. */
#ifndef WEFT_SEMA_UNIT_H
#define WEFT_SEMA_UNIT_H

#include "ast/ast.h"
#include "sema/sema.h"
#include "set/signature.h"

/* What a name stands for in one scope. */
typedef struct weft_symbol {
    const char *name;
    const weft_ast *ast;                /* LET, SET, PATTERN or PARAM */
    struct weft_definition *definition; /* in file scopes */
    uint32_t order;
} weft_symbol;

typedef struct weft_scope {
    weft_symbol *symbols; /* in the order of their definition */
    uint32_t count, capacity;
    uint32_t *table; /* open addressing by the name's pointer: symbol numbers + 1 */
    uint32_t table_size;
} weft_scope;

/* A let, set or pattern at file scope. */
typedef struct weft_definition {
    const weft_ast *ast;
    struct weft_file *file;
    uint32_t order;       /* its item's number in the file */
    weft_formal *formals; /* of its parameters; type may be WEFT_TYPE_ERROR */
    uint32_t formal_count;
    weft_scope locals; /* parameters in slots 0 …, inner lets behind them */
    bool broken;       /* has errors, which were reported: uses of it say nothing */
} weft_definition;

typedef struct weft_file {
    const char *path;     /* as shown in diagnostics */
    const char *identity; /* its real path: one file however it is reached */
    uint32_t source;
    weft_ast *ast;
    struct weft_file **imports; /* one an import, in order; NULL where it failed */
    weft_definition *definitions;
    uint32_t definition_count;
    weft_scope scope;
    struct weft_file *importer; /* while it is being read: who asked, and where */
    weft_span import_span;
    bool reading;
    bool broken;     /* syntax errors: not checked */
    bool incomplete; /* something it imports is missing or broken: unknown names say nothing */
} weft_file;

struct weft_unit {
    const weft_allocator *allocator;
    weft_arena arena; /* everything but the tables of scopes */
    weft_names names;
    const weft_sources *sources;
    weft_file *root;
    weft_file **files; /* in the order in which they were finished: imported ones first */
    uint32_t file_count, file_capacity;
};

/* A type that silences: what it belongs to was reported already. */
enum { WEFT_TYPE_ERROR = WEFT_TYPE_COUNT };

/* ---- scope.c */
bool weft_scope_add(const weft_allocator *allocator, weft_scope *scope, weft_symbol symbol);
const weft_symbol *weft_scope_find(const weft_scope *scope, const char *name);
void weft_scope_free(const weft_allocator *allocator, weft_scope *scope);

/* ---- declare.c: fills the scopes of a file whose imports are declared. False when memory fails. */
bool weft_declare_file(weft_unit *unit, weft_file *file, weft_diagnostics *diagnostics);

/* ---- files.c */
typedef enum weft_read {
    WEFT_READ_DONE,
    WEFT_READ_MISSING,
    WEFT_READ_FAILED,
    WEFT_READ_TOO_LARGE,
    WEFT_READ_MEMORY
} weft_read;
/* Reads a whole file; `text` has size + 1 bytes, for weft_free. *reason is the system's on WEFT_READ_FAILED and
 * _MISSING. only_regular: no pipes or devices, which might never end. */
weft_read weft_read_file(const weft_allocator *allocator, const char *path, bool only_regular, char **text,
                         size_t *size, const char **reason);
/* The path without links and dots; the path itself where there is no such file. NULL when memory fails. */
const char *weft_real_path(weft_arena *arena, const char *path);
/* folder_of(from) "/" path, or path when it is absolute or `from` has no folder. NULL when memory fails. */
const char *weft_path_beside(weft_arena *arena, const char *from, const char *path);
const char *weft_path_join(weft_arena *arena, const char *folder, const char *path);

/* ---- check.c: types, statements and constants of every definition of a file. False when memory fails. */
typedef struct weft_check_budget {
    uint64_t terms, folds; /* work that is left, over the whole unit */
} weft_check_budget;
bool weft_check_file(const weft_unit *unit, weft_file *file, weft_check_budget *budget, weft_diagnostics *diagnostics);

/* ---- warn.c: the warnings about the root file of a unit without errors. False when memory fails. */
bool weft_warn_unit(const weft_unit *unit, weft_diagnostics *diagnostics);

#endif
