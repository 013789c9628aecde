/* Every allocation of loading and lowering may fail: nothing leaks or crashes, and what is missing is said to be
 * memory. */
#include "sema/sema.h"

#include <stdio.h>
#include <unistd.h>

#include "support/failing.h"
#include "support/suite.h"

static const char *const libraries[] = {"library", "other_library"};

static void lower_patterns(const weft_unit *unit, const weft_allocator *allocator, weft_sources *sources) {
    for (const weft_ast *item = weft_unit_root(unit)->first; item; item = item->next) {
        if (item->kind != WEFT_AST_PATTERN) continue;
        weft_diagnostics d;
        weft_diagnostics_init(&d, allocator, sources);
        weft_program *program = weft_sema_lower(unit, item, allocator, &d);
        ck_assert(program || d.errors || d.out_of_memory);
        ck_assert(!program || program->meaning);
        weft_program_destroy(program);
        weft_unit_heads(unit, item);
        weft_diagnostics_free(&d);
    }
}

static void load_and_lower(const char *path, test_memory *memory) {
    weft_allocator allocator = test_allocator(memory);
    weft_load_options options = {libraries, 2};
    weft_sources sources;
    weft_diagnostics d;
    weft_sources_init(&sources, &allocator);
    weft_diagnostics_init(&d, &allocator, &sources);
    weft_unit *unit = weft_sema_load(&allocator, path, NULL, 0, &options, &sources, &d);
    ck_assert_msg(unit || d.errors || d.out_of_memory, "%s, allocation %zu", path, memory->fail_at);
    if (unit) lower_patterns(unit, &allocator, &sources);
    weft_unit_free(unit);
    weft_diagnostics_free(&d);
    weft_sources_free(&sources);
    ck_assert_uint_eq(memory->live, 0);
}

static size_t fail_each(const char *folder, const char *const *files, size_t count) {
    char path[1024];
    size_t tried = 0;
    snprintf(path, sizeof path, WEFT_SOURCE_DIR "/tests/golden/%s", folder);
    ck_assert_int_eq(chdir(path), 0);
    for (size_t k = 0; k < count; k++) {
        for (size_t nth = 1;; nth++, tried++) {
            test_memory memory = {.fail_at = nth};
            load_and_lower(files[k], &memory);
            if (memory.calls < nth) break;
        }
    }
    return tried;
}

START_TEST(test_right_files) {
    static const char *const files[] = {"imports.weft", "longformer.weft",       "heads.weft",  "requirements.weft",
                                        "scale.weft",   "pattern_defaults.weft", "arrays.weft", "widening.weft"};
    size_t tried = fail_each("lower", files, sizeof files / sizeof *files);
    printf("sema: %zu failing allocations in right files\n", tried);
    ck_assert_uint_gt(tried, 1000);
}
END_TEST

START_TEST(test_wrong_files) {
    static const char *const files[] = {"import_cycle.weft",  "import_missing.weft",   "import_duplicate.weft",
                                        "defined_twice.weft", "unknown_suggests.weft", "named_arguments.weft",
                                        "words.weft",         "constants.weft",        "approximate.weft"};
    size_t tried = fail_each("sema", files, sizeof files / sizeof *files);
    printf("sema: %zu failing allocations in wrong files\n", tried);
    ck_assert_uint_gt(tried, 500);
}
END_TEST

TEST_MAIN("sema/memory", test_right_files, test_wrong_files)
