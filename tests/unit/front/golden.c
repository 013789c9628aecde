/* Goldens of the front end: tokens, trees, and whole diagnostics with their carets. */
#include "support/golden.h"
#include "reading.h"
#include "support/suite.h"

static void begin(reading *r, const char *name, const char *text, size_t size) {
    reading_begin(r, weft_allocator_of(NULL), name, text, size);
}

static void end(reading *r, weft_text *out) {
    weft_diagnostics_sort(&r->diagnostics);
    weft_diagnostics_render(&r->diagnostics, false, out);
    reading_end(r);
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
    weft_print_ast(reading_parse(&r), &r.sources, !strncmp(text, "# spans", 7), out);
    end(&r, out);
}

/* Reports only, unless the file begins with "# tree": then what could be read stands before them. */
static void make_syntax(const char *name, const char *text, size_t size, weft_text *out) {
    reading r;
    begin(&r, name, text, size);
    const weft_ast *file = reading_parse(&r);
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

TEST_MAIN("front/golden", tokens, trees, syntax_errors)
