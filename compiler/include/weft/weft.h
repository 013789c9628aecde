/* weft/weft.h: read pattern files and compile them to kernels. Adds to <weft/runtime.h>, which plans and runs them. */
#ifndef WEFT_WEFT_H
#define WEFT_WEFT_H

#include <weft/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_context weft_context; /* hooks, threads, the code generator; may be shared between threads */
typedef struct weft_module weft_module;   /* a file that was read and checked; immutable, may be shared */

/* config may be NULL; it is copied. */
WEFT_API weft_status weft_context_create(const weft_config *config, weft_context **out);
WEFT_API void weft_context_destroy(weft_context *context); /* modules, kernels and plans outlive it safely */

/* ---- modules ------------------------------------------------------------------------------------------------ */

/* How to read a file. `size` is sizeof(weft_module_options). */
typedef struct weft_module_options {
    size_t size;
    const char *const *import_paths; /* folders searched for imports after the importing file's own; may be NULL */
    size_t import_path_count;
} weft_module_options;

/* Reads, resolves and type-checks a file and what it imports. options may be NULL. On failure *out is NULL; errors, and
 * warnings in any case, are in the context's diagnostics until the next load by that context. */
WEFT_API weft_status weft_module_load(weft_context *context, const char *path, const weft_module_options *options,
                                      weft_module **out);
/* The same from memory; name stands for the file in diagnostics, and imports are relative to its folder. text need not end
 * in NUL. */
WEFT_API weft_status weft_module_load_text(weft_context *context, const char *name, const char *text, size_t size,
                                           const weft_module_options *options, weft_module **out);
WEFT_API void weft_module_destroy(weft_module *module);

/* The patterns that the file itself defines, in file order (not those it imports). NULL beyond the end. */
WEFT_API const char *weft_module_pattern(const weft_module *module, size_t index);

/* A parameter of a pattern; strings live as long as the module. */
typedef struct weft_parameter {
    const char *name;
    const char *type;  /* "int", "tokens", … */
    bool has_default;
} weft_parameter;
/* False beyond the end or for an unknown pattern. */
WEFT_API bool weft_module_parameter(const weft_module *module, const char *pattern, size_t index, weft_parameter *out);

/* One more than the largest head that the pattern names with constants, or 0 if it names none. */
WEFT_API int64_t weft_module_heads(const weft_module *module, const char *pattern);

/* ---- formatting --------------------------------------------------------------------------------------------- */

/* The text of a pattern file in the house style: tokens, comments and their order stay, white space is settled (LANGUAGE
 * has examples). Formatting what was formatted changes nothing. Only syntax is looked at: imports are not read. name stands
 * for the file in diagnostics; text need not end in NUL. On success *out is the text, NUL-terminated and the caller's to
 * free with weft_formatted_free; WEFT_INVALID_PATTERN with *out NULL where the text has syntax errors, which are then in
 * the context's diagnostics. */
WEFT_API weft_status weft_format_text(weft_context *context, const char *name, const char *text, size_t size,
                                      char **out);
WEFT_API void weft_formatted_free(weft_context *context, char *text); /* NULL is fine */

/* ---- diagnostics -------------------------------------------------------------------------------------------- */

typedef struct weft_diagnostic {
    const char *code;     /* "E0123" or "W0001" */
    bool is_error;        /* else a warning */
    const char *file;     /* NULL where there is no place */
    uint32_t line, column, end_line, end_column; /* from 1, in code points; the end is just past */
    const char *message;
    const char *suggestion; /* NULL, or what was probably meant */
} weft_diagnostic;

/* The diagnostics of the context's last load or kernel creation, rendered: places, source lines, carets, notes. As
 * snprintf. color adds ANSI escapes. */
WEFT_API size_t weft_context_message(const weft_context *context, bool color, char *buffer, size_t size);
/* One by one, in source order; false beyond the end. Strings live until the next load or kernel creation. */
WEFT_API bool weft_context_diagnostic(const weft_context *context, size_t index, weft_diagnostic *out);

/* ---- kernels ------------------------------------------------------------------------------------------------ */

/* What to compile for. `size` is sizeof(weft_kernel_options). */
typedef struct weft_kernel_options {
    size_t size;
    weft_dtype dtype;
    int64_t head_dim;   /* D, 1 to 256; 0 with plan_only */
    int64_t value_dim;  /* Dv, 1 to 256; 0: D */
    const char *target; /* LLVM's name of a processor, or NULL for this one */
    bool plan_only;     /* make no code: plans, masks and explanations work, weft_run does not */
} weft_kernel_options;

/* Compiles one pattern of the module; pattern may be NULL when the file defines exactly one. No length, no parameter and
 * no array is known here: one kernel serves them all. On failure the context's diagnostics say why. */
WEFT_API weft_status weft_kernel_create(const weft_module *module, const char *pattern,
                                        const weft_kernel_options *options, weft_kernel **out);

/* ---- ahead of time ------------------------------------------------------------------------------------------ */

/* What to link a program with: an ELF object file, and the C header that declares what is in it. */
typedef struct weft_built {
    void *object;
    size_t object_size;
    char *header; /* NUL-terminated */
} weft_built;

/* Compiles one pattern once for each of `kernels`, for processors of one architecture, this one or another, and puts all
 * of them into one object file: bytes that run where they lie, without a relocation, that need libweft_runtime and no
 * compiler. The best one for a processor is taken when a program asks for a kernel (weft_kernel_from_bundle), by the
 * function that the header declares. What is for the instruction set, type and dimensions of an earlier one is left out.
 * C names begin with `name`; NULL: the pattern's. On failure *out is zero and the context's diagnostics say why. */
WEFT_API weft_status weft_module_build(const weft_module *module, const char *pattern, const char *name,
                                       const weft_kernel_options *const *kernels, size_t count, weft_built *out);
WEFT_API void weft_built_free(const weft_module *module, weft_built *built);

/* ---- looking inside ----------------------------------------------------------------------------------------- */

typedef enum weft_stage { WEFT_STAGE_AST, WEFT_STAGE_SET, WEFT_STAGE_BLOCKS, WEFT_STAGE_LLVM, WEFT_STAGE_ASM } weft_stage;

/* The pattern after a stage of the pipeline, as text that the caller frees with weft_text_free. */
WEFT_API weft_status weft_module_dump(const weft_module *module, const char *pattern, weft_stage stage,
                                      const weft_kernel_options *options, char **out);
WEFT_API void weft_text_free(const weft_module *module, char *text);

/* What this build and machine can do, as lines "name: value" (version, LLVM, target, features, threads, cache).
 * Writes an entry into the cache, if there is one, and takes it out again. As snprintf. */
WEFT_API size_t weft_doctor(weft_context *context, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif
#endif
