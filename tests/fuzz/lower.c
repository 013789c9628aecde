/* Any bytes as a pattern file: loading says what is wrong; whatever loads lowers, simplifies and gets its passes, and
 * after each step the program verifies and its text reads back. Imports are not followed: no file system is asked. */
#include "passes/passes.h"
#include "sema/sema.h"
#include "text.h"

typedef struct target {
    const weft_allocator *allocator;
    const fuzz_memory *memory;
    weft_sources *sources;
} target;

static void check_passes(const target *t, weft_program *program) {
    weft_id set = weft_simplify(program, program->meaning);
    HOLDS(set || t->memory->failed);
    bool ordered = set && weft_order_passes(program, set);
    HOLDS(ordered || t->memory->failed);
    if (ordered) fuzz_check_text(program, t->memory);
}

static void check_pattern(const target *t, const weft_unit *unit, const weft_ast *pattern) {
    weft_diagnostics d;
    weft_diagnostics_init(&d, t->allocator, t->sources);
    HOLDS(weft_unit_heads(unit, pattern) >= 0);
    weft_program *program = weft_sema_lower(unit, pattern, t->allocator, &d);
    if (program) {
        fuzz_check_text(program, t->memory);
        check_passes(t, program);
    } else {
        fuzz_check_failure(&d, t->memory);
    }
    weft_program_destroy(program);
    fuzz_end_diagnostics(&d);
}

static void load_once(fuzz_memory memory, const char *text, size_t size) {
    weft_allocator allocator = fuzz_allocator(&memory);
    weft_sources sources;
    weft_diagnostics d;
    weft_sources_init(&sources, &allocator);
    weft_diagnostics_init(&d, &allocator, &sources);
    weft_load_options options = {NULL, 0};
    weft_unit *unit = weft_sema_load(&allocator, "fuzz.weft", text, size, &options, &sources, &d);
    if (!unit) fuzz_check_failure(&d, &memory);
    const target t = {&allocator, &memory, &sources};
    for (const weft_ast *item = unit ? weft_unit_root(unit)->first : NULL; item; item = item->next)
        if (item->kind == WEFT_AST_PATTERN) check_pattern(&t, unit, item);
    weft_unit_free(unit);
    fuzz_end_diagnostics(&d);
    weft_sources_free(&sources);
    HOLDS(memory.blocks == 0);
}

static bool imports(const uint8_t *data, size_t size) {
    static const char word[] = "import";
    for (size_t at = 0; at + sizeof word - 1 <= size; at++)
        if (memcmp(data + at, word, sizeof word - 1) == 0) return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (imports(data, size)) return 0;
    load_once((fuzz_memory){0}, (const char *)data, size);
    load_once(fuzz_scarce(data, size), (const char *)data, size);
    return 0;
}
