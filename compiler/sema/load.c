/* Loading: reads and parses a file and everything that it imports, each file once, then declares and checks them in the
 * order in which they were finished, imported ones first. */
#include "sema/unit.h"

#include <string.h>

enum { MAX_IMPORT_DEPTH = 100 };

typedef struct loader {
    weft_unit *unit;
    const weft_load_options *options;
    weft_sources *sources;
    weft_diagnostics *diagnostics;
    uint32_t depth;
    bool failed; /* out of memory */
} loader;

static weft_file *load_file(loader *l, weft_file *importer, const weft_ast *import);

/* ---- one file ----------------------------------------------------------------------------------------------- */

static weft_file *find_file(const loader *l, weft_file *reading, const char *identity) {
    for (; reading; reading = reading->importer)
        if (strcmp(reading->identity, identity) == 0) return reading;
    for (uint32_t k = 0; k < l->unit->file_count; k++)
        if (strcmp(l->unit->files[k]->identity, identity) == 0) return l->unit->files[k];
    return NULL;
}

static weft_file *new_file(loader *l, const char *path, const char *identity, weft_file *importer, weft_span span) {
    weft_file *file = weft_arena_take(&l->unit->arena, sizeof *file);
    if (!file) return NULL;
    *file = (weft_file){.path = path, .identity = identity, .importer = importer, .import_span = span, .reading = true};
    return file;
}

static uint32_t count_imports(const weft_ast *ast) {
    uint32_t count = 0;
    for (const weft_ast *item = ast->first; item; item = item->next) count += item->kind == WEFT_AST_IMPORT;
    return count;
}

static void load_imports(loader *l, weft_file *file) {
    file->imports = weft_arena_take(&l->unit->arena, (count_imports(file->ast) + 1) * sizeof(weft_file *));
    if (!file->imports) l->failed = true;
    uint32_t count = 0;
    for (const weft_ast *item = file->ast->first; item && !l->failed; item = item->next)
        if (item->kind == WEFT_AST_IMPORT) file->imports[count++] = load_file(l, file, item);
}

/* Parses a text, then loads what it imports; files[] gets it behind all of those. */
static bool finish_file(loader *l, weft_file *file, const char *text, size_t size) {
    weft_unit *unit = l->unit;
    uint32_t errors = l->diagnostics->errors;
    file->source = weft_sources_add(l->sources, file->path, text, size);
    if (!file->source) return false;
    file->ast = weft_parse_text(&unit->arena, &unit->names, l->sources, file->source, l->diagnostics);
    if (!file->ast) return false;
    file->broken = l->diagnostics->errors != errors;
    if (!file->broken) load_imports(l, file);
    file->reading = false;
    if (l->failed ||
        !weft_reserve(unit->allocator, &unit->files, &unit->file_capacity, (uint64_t)unit->file_count + 1, sizeof file))
        return false;
    unit->files[unit->file_count++] = file;
    return true;
}

/* ---- imports ------------------------------------------------------------------------------------------------ */

static void report_cycle(const loader *l, const weft_ast *import, const weft_file *importer, const weft_file *target) {
    weft_diagnose(l->diagnostics, WEFT_E0602, import->span, "this import closes a cycle: `%s` is still being read",
                  target->path);
    for (const weft_file *file = importer; file != target; file = file->importer)
        weft_diagnose_note(l->diagnostics, file->import_span, "`%s` is imported here", file->path);
}

static void report_read(loader *l, weft_read result, weft_span span, const char *path, const char *reason) {
    if (result == WEFT_READ_MEMORY)
        l->failed = true;
    else if (result == WEFT_READ_TOO_LARGE)
        weft_diagnose(l->diagnostics, WEFT_E0010, span, "`%s` is larger than %d MiB", path, WEFT_MAX_FILE >> 20);
    else
        weft_diagnose(l->diagnostics, WEFT_E0601, span, "cannot read `%s`: %s", path, reason);
}

/* The k-th place where an import may lie, or NULL. */
static const char *candidate(loader *l, const weft_file *importer, const char *path, size_t k) {
    weft_arena *arena = &l->unit->arena;
    if (k == 0) return weft_path_beside(arena, importer->path, path);
    if (path[0] == '/' || !l->options || k > l->options->import_path_count) return NULL;
    return weft_path_join(arena, l->options->import_paths[k - 1], path);
}

static void report_missing(loader *l, const weft_file *importer, const weft_ast *import) {
    weft_diagnose(l->diagnostics, WEFT_E0603, import->name_span, "`%s` is not found", import->name);
    const char *path;
    for (size_t k = 0; (path = candidate(l, importer, import->name, k)); k++)
        weft_diagnose_note(l->diagnostics, WEFT_NO_SPAN, "looked for `%s`", path);
}

/* A file that is known already, or in the making: NULL with an error for a cycle. */
static weft_file *known_file(const loader *l, const weft_ast *import, const weft_file *importer, weft_file *file) {
    if (!file->reading) return file;
    report_cycle(l, import, importer, file);
    return NULL;
}

static weft_file *load_candidate(loader *l, weft_file *importer, const weft_ast *import, const char *path,
                                 bool *missing) {
    const char *identity = weft_real_path(&l->unit->arena, path), *reason;
    if (!identity) {
        l->failed = true;
        return NULL;
    }
    weft_file *file = find_file(l, importer, identity);
    if (file) return known_file(l, import, importer, file);
    char *text = NULL;
    size_t size = 0;
    weft_read result = weft_read_file(l->unit->allocator, path, true, &text, &size, &reason);
    *missing = result == WEFT_READ_MISSING;
    if (*missing) return NULL;
    if (result != WEFT_READ_DONE) {
        report_read(l, result, import->name_span, path, reason);
        return NULL;
    }
    file = new_file(l, path, identity, importer, import->span);
    if (!file || !finish_file(l, file, text, size)) l->failed = true;
    weft_free(l->unit->allocator, text, size + 1);
    return l->failed ? NULL : file;
}

static weft_file *load_file(loader *l, weft_file *importer, const weft_ast *import) {
    if (l->depth >= MAX_IMPORT_DEPTH) {
        weft_diagnose(l->diagnostics, WEFT_E0009, import->span, "imports nest deeper than %d files", MAX_IMPORT_DEPTH);
        return NULL;
    }
    l->depth++;
    weft_file *file = NULL;
    bool missing = true;
    const char *path;
    for (size_t k = 0; missing && (path = candidate(l, importer, import->name, k)); k++) {
        missing = false;
        file = load_candidate(l, importer, import, path, &missing);
    }
    l->depth--;
    if (l->unit->arena.failed) l->failed = true;
    if (missing && !l->failed) report_missing(l, importer, import);
    return file;
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

static bool load_root(loader *l, const char *path, const char *text, size_t size) {
    weft_unit *unit = l->unit;
    const char *identity = weft_real_path(&unit->arena, path), *reason;
    const char *shown = weft_arena_copy(&unit->arena, path, strlen(path));
    if (!identity || !shown) return false;
    unit->root = new_file(l, shown, identity, NULL, WEFT_NO_SPAN);
    if (!unit->root) return false;
    if (text && size <= WEFT_MAX_FILE) return finish_file(l, unit->root, text, size);
    char *read = NULL;
    weft_read result = text ? WEFT_READ_TOO_LARGE : weft_read_file(unit->allocator, path, false, &read, &size, &reason);
    if (result != WEFT_READ_DONE) {
        report_read(l, result, WEFT_NO_SPAN, path, text ? "" : reason);
        return false;
    }
    bool done = finish_file(l, unit->root, read, size);
    weft_free(unit->allocator, read, size + 1);
    return done;
}

static bool check_files(weft_unit *unit, weft_diagnostics *diagnostics) {
    weft_check_budget budget = {.terms = 1u << 22, .folds = 1u << 26};
    for (uint32_t k = 0; k < unit->file_count; k++) {
        weft_file *file = unit->files[k];
        if (file->broken) continue;
        if (!weft_declare_file(unit, file, diagnostics) || !weft_check_file(unit, file, &budget, diagnostics))
            return false;
    }
    return true;
}

weft_unit *weft_sema_load(const weft_allocator *allocator, const char *path, const char *text, size_t size,
                          const weft_load_options *options, weft_sources *sources, weft_diagnostics *diagnostics) {
    weft_unit *unit = weft_allocate_zero(allocator, sizeof *unit);
    if (!unit) {
        diagnostics->out_of_memory = true;
        return NULL;
    }
    uint32_t errors = diagnostics->errors;
    unit->allocator = allocator;
    unit->sources = sources;
    weft_arena_init(&unit->arena, allocator);
    weft_names_init(&unit->names, allocator);
    loader l = {.unit = unit, .options = options, .sources = sources, .diagnostics = diagnostics};
    bool done = load_root(&l, path, text, size) && check_files(unit, diagnostics);
    if (done && diagnostics->errors == errors) done = weft_warn_unit(unit, diagnostics);
    if (l.failed || (!done && diagnostics->errors == errors)) diagnostics->out_of_memory = true;
    weft_diagnostics_sort(diagnostics);
    if (done && diagnostics->errors == errors && !diagnostics->out_of_memory) return unit;
    weft_unit_free(unit);
    return NULL;
}

void weft_unit_free(weft_unit *unit) {
    if (!unit) return;
    for (uint32_t k = 0; k < unit->file_count; k++) {
        weft_file *file = unit->files[k];
        for (uint32_t n = 0; n < file->definition_count; n++)
            weft_scope_free(unit->allocator, &file->definitions[n].locals);
        weft_scope_free(unit->allocator, &file->scope);
    }
    weft_free(unit->allocator, unit->files, unit->file_capacity * sizeof(weft_file *));
    weft_names_free(&unit->names);
    weft_arena_free(&unit->arena);
    weft_free(unit->allocator, unit, sizeof *unit);
}

const weft_ast *weft_unit_root(const weft_unit *unit) { return unit->root->ast; }

const weft_ast *weft_unit_pattern(const weft_unit *unit, const char *pattern) {
    const weft_ast *found = NULL;
    for (const weft_ast *item = unit->root->ast->first; item; item = item->next) {
        if (item->kind != WEFT_AST_PATTERN) continue;
        if (pattern && strcmp(item->name, pattern) == 0) return item;
        if (!pattern && found) return NULL;
        if (!pattern) found = item;
    }
    return found;
}
