/* Goldens of the front end: tokens, trees, and whole diagnostics with their carets. */
#include "golden.h"
#include "ast/ast.h"

#include <check.h>

typedef struct reading {
    weft_allocator allocator;
    weft_sources sources;
    weft_diagnostics diagnostics;
    weft_arena arena;
    weft_names names;
    uint32_t source;
} reading;

static void begin(reading *r, const char *name, const char *text, size_t size) {
    r->allocator = weft_allocator_of(NULL);
    weft_sources_init(&r->sources, &r->allocator);
    weft_diagnostics_init(&r->diagnostics, &r->allocator, &r->sources);
    weft_arena_init(&r->arena, &r->allocator);
    weft_names_init(&r->names, &r->allocator);
    r->source = weft_sources_add(&r->sources, name, text, size);
}

static void end(reading *r, weft_text *out) {
    weft_diagnostics_sort(&r->diagnostics);
    weft_diagnostics_render(&r->diagnostics, false, out);
    weft_names_free(&r->names);
    weft_arena_free(&r->arena);
    weft_diagnostics_free(&r->diagnostics);
    weft_sources_free(&r->sources);
}

static void make_tokens(const char *name, const char *text, size_t size, weft_text *out) {
    reading r;
    begin(&r, name, text, size);
    weft_print_tokens(&r.allocator, &r.sources, r.source, &r.diagnostics, out);
    end(&r, out);
}

/* A file that begins with "# spans" is shown with them. */
static void make_ast(const char *name, const char *text, size_t size, weft_text *out) {
    reading r;
    begin(&r, name, text, size);
    const weft_ast *file = weft_parse_text(&r.arena, &r.names, &r.sources, r.source, &r.diagnostics);
    weft_print_ast(file, &r.sources, !strncmp(text, "# spans", 7), out);
    end(&r, out);
}

/* Reports only, unless the file begins with "# tree": then what could be read stands before them. */
static void make_syntax(const char *name, const char *text, size_t size, weft_text *out) {
    reading r;
    begin(&r, name, text, size);
    const weft_ast *file = weft_parse_text(&r.arena, &r.names, &r.sources, r.source, &r.diagnostics);
    if (!strncmp(text, "# tree", 6)) weft_print_ast(file, &r.sources, false, out);
    end(&r, out);
}

static void check_folder(const char *folder, golden_make *make) {
    int count = 0, failed = golden_folder(folder, make, &count);
    ck_assert_msg(failed == 0, "%d of %d files in %s", failed, count, folder);
    ck_assert_int_gt(count, 0);
}

START_TEST(tokens) { check_folder("tokens", make_tokens); }
END_TEST
START_TEST(trees) { check_folder("ast", make_ast); }
END_TEST
START_TEST(syntax_errors) { check_folder("syntax", make_syntax); }
END_TEST

int main(void) {
    Suite *suite = suite_create("golden");
    TCase *cases = tcase_create("front");
    tcase_add_test(cases, tokens);
    tcase_add_test(cases, trees);
    tcase_add_test(cases, syntax_errors);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
