/* Whole diagnostics of files with errors (golden/sema), and the set IR of every pattern of files without
 * (golden/lower). Both folders hold what loading says, then what lowering each pattern says or gives. */
#include "sema/sema.h"

#include <unistd.h>

#include "support/golden.h"
#include "support/suite.h"

static const weft_allocator *allocator;
static const char *const libraries[] = {"library", "other_library"};

static void show_pattern(const weft_unit *unit, const weft_ast *pattern, weft_sources *sources, weft_text *out) {
    weft_diagnostics d;
    weft_diagnostics_init(&d, allocator, sources);
    weft_program *program = weft_sema_lower(unit, pattern, allocator, &d);
    weft_text_format(out, "pattern %s, heads %lld\n", pattern->name, (long long)weft_unit_heads(unit, pattern));
    if (program) {
        ck_assert(weft_verify_program(program, &d));
        weft_print_set(program, program->meaning, false, out);
        if (program->scale) weft_text_format(out, "scale\n");
        if (program->scale) weft_print_set(program, program->scale, false, out);
    }
    weft_diagnostics_render(&d, false, out);
    weft_program_destroy(program);
    weft_diagnostics_free(&d);
}

static void show_file(const char *name, const char *text, size_t size, weft_text *out) {
    weft_sources sources;
    weft_diagnostics d;
    allocator = out->allocator;
    weft_sources_init(&sources, allocator);
    weft_diagnostics_init(&d, allocator, &sources);
    weft_load_options options = {libraries, 2};
    weft_unit *unit = weft_sema_load(allocator, name, text, size, &options, &sources, &d);
    ck_assert((unit == NULL) == (d.errors > 0));
    weft_diagnostics_render(&d, false, out);
    for (const weft_ast *item = unit ? weft_unit_root(unit)->first : NULL; item; item = item->next)
        if (item->kind == WEFT_AST_PATTERN) show_pattern(unit, item, &sources, out);
    weft_unit_free(unit);
    weft_diagnostics_free(&d);
    weft_sources_free(&sources);
}

static void check_folder(const char *folder, int least) {
    char path[1024];
    int count = 0;
    snprintf(path, sizeof path, WEFT_SOURCE_DIR "/tests/golden/%s", folder);
    ck_assert_int_eq(chdir(path), 0);
    ck_assert_int_eq(golden_folder(folder, show_file, &count), 0);
    ck_assert_int_ge(count, least);
}

START_TEST(test_errors) { check_folder("sema", 50); }
END_TEST

START_TEST(test_lowering) { check_folder("lower", 10); }
END_TEST

TEST_MAIN("sema/golden", test_errors, test_lowering)
