/* Formatting, with and without its goldens. Whatever is formatted keeps its tokens and comments, in their order; what
 * was formatted stays as it is; nothing but comments and what cannot be broken stands beyond the last column. */
#include "fmt/fmt.h"
#include "grammar/tokens.h"

#include <ctype.h>
#include <time.h>

#include "support/failing.h"
#include "support/golden.h"
#include "support/random.h"
#include "support/suite.h"

static const weft_allocator *heap(void) {
    static weft_allocator allocator;
    allocator = weft_allocator_of(NULL);
    return &allocator;
}

/* Formats a text; false with what is wrong in `out`. */
static bool format_in(const weft_allocator *memory, const char *text, size_t size, weft_text *out) {
    weft_sources sources;
    weft_diagnostics d;
    weft_sources_init(&sources, memory);
    weft_diagnostics_init(&d, memory, &sources);
    uint32_t source = weft_sources_add(&sources, "text.weft", text, size);
    bool done = source && weft_format(memory, &sources, source, &d, out);
    ck_assert(done || !source || d.errors || d.out_of_memory);
    if (!done) weft_diagnostics_render(&d, false, out);
    weft_diagnostics_free(&d);
    weft_sources_free(&sources);
    return done;
}

static bool format(const char *text, size_t size, weft_text *out) {
    weft_text_init(out, heap());
    bool done = format_in(heap(), text, size, out);
    weft_text_add(out, "", 0);
    return done;
}

/* ---- goldens ------------------------------------------------------------------------------------------------- */

static void show_formatted(const char *name, const char *text, size_t size, weft_text *out) {
    (void)name;
    format_in(out->allocator, text, size, out);
}

START_TEST(goldens) {
    int count = 0;
    ck_assert_int_eq(golden_folder("fmt", show_formatted, &count), 0);
    ck_assert_int_ge(count, 8);
}
END_TEST

/* ---- what stays ---------------------------------------------------------------------------------------------- */

typedef struct reading {
    weft_text *out;
    const char *text;
    uint32_t at;
} reading;

static void add_comments(reading *r, uint32_t end) {
    for (const char *at = r->text + r->at, *last = r->text + end; at < last; at++) {
        if (*at != '#') continue;
        const char *stop = at;
        while (stop < last && *stop != '\n') stop++;
        size_t size = (size_t)(stop - at);
        while (at[size - 1] == ' ' || at[size - 1] == '\t' || at[size - 1] == '\r') size--;
        weft_text_add(r->out, at, size);
        weft_text_add(r->out, "\n", 1);
        at = stop;
    }
}

static void add_token(void *user, int kind, weft_span span) {
    reading *r = user;
    add_comments(r, span.begin);
    r->at = span.end;
    weft_text_format(r->out, "%d ", kind);
    weft_text_add(r->out, r->text + span.begin, span.end - span.begin);
    weft_text_add(r->out, "\n", 1);
}

/* Tokens and comments, one a line. */
static void list_words(const char *text, size_t size, weft_text *out) {
    weft_sources sources;
    weft_diagnostics d;
    reading r = {.out = out, .text = text};
    weft_text_init(out, heap());
    weft_sources_init(&sources, heap());
    weft_diagnostics_init(&d, heap(), &sources);
    weft_sources_add(&sources, "text.weft", text, size);
    ck_assert(weft_scan_tokens(heap(), &sources, 1, &d, add_token, &r));
    weft_diagnostics_free(&d);
    weft_sources_free(&sources);
}

static void check_lines(const char *text) {
    for (const char *line = text; *line;) {
        size_t size = strcspn(line, "\n");
        ck_assert_msg(line[size] == '\n', "the last line has no end");
        ck_assert_msg(size == 0 || (line[size - 1] != ' ' && line[size - 1] != '\t' && line[size - 1] != '\r'),
                      "blanks at the end of \"%.*s\"", (int)size, line);
        ck_assert_msg(strncmp(line, "\n\n", 2) != 0, "two empty lines");
        line += size + 1;
    }
    ck_assert_msg(text[0] != '\n', "it begins with an empty line");
}

static void check_same(const char *before, const char *after, const char *what, const char *text) {
    if (!strcmp(before, after)) return;
    fprintf(stderr, "formatting changed %s\n== from\n%s== to\n%s== in\n%s\n", what, before, after, text);
    ck_abort_msg("formatting changed %s", what);
}

/* False when the text has errors. */
static bool check_format(const char *text, size_t size) {
    weft_text once, twice, before, after;
    if (!format(text, size, &once)) {
        weft_text_release(&once);
        return false;
    }
    list_words(text, size, &before);
    list_words(once.at, once.size, &after);
    check_same(before.at, after.at, "its words", text);
    ck_assert(format(once.at, once.size, &twice));
    check_same(once.at, twice.at, "what was formatted", text);
    check_lines(once.at);
    weft_text_release(&once);
    weft_text_release(&twice);
    weft_text_release(&before);
    weft_text_release(&after);
    return true;
}

/* ---- other white space --------------------------------------------------------------------------------------- */

typedef struct spacer {
    test_random *random;
    weft_text *out;
    const char *text;
    uint32_t at;
    int previous;
} spacer;

static bool is_wordy(int c) { return isdigit(c) || isalpha(c) || c == '_' || c == '.'; }

/* Must two tokens stay apart? */
static bool would_join(char left, char right) {
    if (left == 0) return false;
    bool operators = strchr("/=<>!|&.", left) && strchr("/=<>!|&.", right);
    return operators || (is_wordy((unsigned char)left) && is_wordy((unsigned char)right));
}

static void add_white(spacer *s, bool needed) {
    static const char *const pieces[] = {
        " ", "  ", "\t", "\n", "\r\n", "\n\n\n", "        ", "# note\n", "  # \u222A é  \r\n", "#\n"};
    bool added = false;
    while (test_range(s->random, 0, 3) == 0) {
        const char *piece = pieces[test_range(s->random, 0, test_range(s->random, 0, 2) ? 6 : 9)];
        weft_text_add(s->out, piece, strlen(piece));
        added = true;
    }
    if (needed && !added) weft_text_add(s->out, " ", 1);
}

static void space_token(void *user, int kind, weft_span span) {
    spacer *s = user;
    (void)kind;
    bool had_comment = memchr(s->text + s->at, '#', span.begin - s->at) != NULL;
    bool as_it_was = had_comment || test_range(s->random, 0, 2) == 0;
    if (as_it_was) weft_text_add(s->out, s->text + s->at, span.begin - s->at);
    char first = span.begin < span.end ? s->text[span.begin] : 0;
    if (!as_it_was || test_range(s->random, 0, 9) == 0)
        add_white(s, !as_it_was && would_join(s->at ? s->text[s->at - 1] : 0, first));
    weft_text_add(s->out, s->text + span.begin, span.end - span.begin);
    s->at = span.end;
}

static void space_anew(test_random *random, const char *text, size_t size, weft_text *out) {
    weft_sources sources;
    weft_diagnostics d;
    spacer s = {.random = random, .out = out, .text = text};
    weft_text_init(out, heap());
    weft_sources_init(&sources, heap());
    weft_diagnostics_init(&d, heap(), &sources);
    weft_sources_add(&sources, "text.weft", text, size);
    ck_assert(weft_scan_tokens(heap(), &sources, 1, &d, space_token, &s));
    weft_diagnostics_free(&d);
    weft_sources_free(&sources);
}

static const char *const folders[] = {"patterns",           "tests/golden/ast",  "tests/golden/fmt",
                                      "tests/golden/lower", "tests/golden/sema", "tests/golden/syntax",
                                      "tests/golden/tokens"};

/* Calls check for each .weft file of a folder. */
static int each_file(const char *folder, int (*check)(const char *text, size_t size)) {
    char path[1024];
    struct dirent **entries = NULL;
    int checked = 0;
    snprintf(path, sizeof path, WEFT_SOURCE_DIR "/%s", folder);
    int found = scandir(path, &entries, golden_is_source, alphasort);
    for (int k = 0; k < found; k++) {
        size_t size = 0;
        snprintf(path, sizeof path, WEFT_SOURCE_DIR "/%s/%s", folder, entries[k]->d_name);
        char *text = golden_read(path, &size);
        checked += check(text, size);
        free(text);
        free(entries[k]);
    }
    free(entries);
    return checked;
}

static test_random dice;

static int check_variants(const char *text, size_t size) {
    enum { VARIANTS = 40, LARGE = 20000 };
    int checked = check_format(text, size);
    for (int k = 0; checked && size < LARGE && k < VARIANTS; k++) {
        weft_text variant;
        space_anew(&dice, text, size, &variant);
        checked += check_format(variant.at ? variant.at : "", variant.size);
        weft_text_release(&variant);
    }
    return checked;
}

START_TEST(files_and_their_variants) {
    dice.state = (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)dice.state);
    int checked = 0;
    for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) checked += each_file(folders[k], check_variants);
    ck_assert_int_ge(checked, 2000);
    printf("%d texts\n", checked);
}
END_TEST

/* ---- long texts ---------------------------------------------------------------------------------------------- */

static void add(weft_text *out, const char *text) { weft_text_add(out, text, strlen(text)); }

static void add_name(test_random *random, weft_text *out) {
    weft_text_format(out, "%.*s", (int)test_range(random, 1, 20), "a_rather_long_name_of_something");
}

static void add_expression(test_random *random, int levels, weft_text *out);

static void add_arguments(test_random *random, int levels, weft_text *out) {
    for (int64_t count = test_range(random, 1, 6); count > 0; count--) {
        add_expression(random, levels, out);
        if (test_range(random, 0, 15) == 0) add(out, " # why\n");
        if (count > 1) add(out, ", ");
        if (test_range(random, 0, 15) == 0) add(out, " # what\n  # and more\n");
    }
}

/* Any expression that parses; types do not matter. */
static void add_expression(test_random *random, int levels, weft_text *out) {
    static const char *const operators[] = {"∪", "|", "∩", "&", "∖", "-", "+", "*", "//", "%", "and", "or"};
    int64_t kind = levels > 0 ? test_range(random, 0, 9) : 0;
    if (kind < 3) {
        add_name(random, out);
    } else if (kind < 6) {
        add(out, "(");
        for (int64_t count = test_range(random, 1, 7); count > 0; count--) {
            if (test_range(random, 0, 4) == 0) add(out, "~");
            add_expression(random, levels - 1, out);
            if (test_range(random, 0, 19) == 0) add(out, "\n  # about the next\n\n");
            if (count > 1) weft_text_format(out, " %s ", operators[test_range(random, 0, 11)]);
            if (test_range(random, 0, 19) == 0) add(out, "# about this\n");
        }
        add(out, ")");
    } else if (kind < 8) {
        add_name(random, out);
        add(out, "(");
        if (test_range(random, 0, 9)) add_arguments(random, levels - 1, out);
        add(out, ")");
    } else if (kind < 9) {
        add(out, test_range(random, 0, 1) ? "{" : "(x)[[");
        bool list = out->at[out->size - 1] == '{';
        add_arguments(random, levels - 1, out);
        add(out, list ? "}" : "][0]]");
    } else {
        add(out, "(a == b ? ");
        add_expression(random, levels - 1, out);
        add(out, " : ");
        add_expression(random, levels - 1, out);
        add(out, ")");
    }
}

static void add_file(test_random *random, weft_text *out) {
    static const char *const statements[] = {
        "attend ", "heads 0..2: ", "heads {1, 2, 3} : ", "let a = ", "require ", "approximate ", "bias "};
    add(out, "set f(a, b = 1, c : set) = ");
    add_expression(random, 4, out);
    add(out, ";# beside\n#more\n\n\npattern p(");
    for (int64_t count = test_range(random, 1, 9); count > 0; count--)
        weft_text_format(out, "parameter_%d:int=%d%s", (int)count, (int)count, count > 1 ? "," : "");
    add(out, ") {");
    for (int64_t count = test_range(random, 0, 6); count > 0; count--) {
        int64_t kind = test_range(random, 0, 6);
        add(out, statements[kind]);
        add_expression(random, (int)test_range(random, 0, 4), out);
        if (kind == 5) add(out, " with favor(features=64)");
        add(out, test_range(random, 0, 2) ? ";\n" : test_range(random, 0, 1) ? "; # beside\n" : ";\n\n# alone\n");
    }
    add(out, "}");
}

START_TEST(long_texts) {
    dice.state = (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)dice.state);
    for (int k = 0; k < 2000; k++) {
        weft_text text, variant;
        weft_text_init(&text, heap());
        add_file(&dice, &text);
        ck_assert(check_format(text.at, text.size));
        space_anew(&dice, text.at, text.size, &variant);
        check_format(variant.at, variant.size);
        weft_text_release(&variant);
        weft_text_release(&text);
    }
}
END_TEST

/* Nested as deep as the language allows, and long lines of short terms. */
START_TEST(extremes) {
    weft_text text;
    weft_text_init(&text, heap());
    add(&text, "let a = ");
    for (int k = 0; k < 199; k++) add(&text, "f(x ∪ ");
    add(&text, "y");
    for (int k = 0; k < 199; k++) add(&text, ")");
    add(&text, ";let b=");
    for (int k = 0; k < 1500; k++) add(&text, "x|");
    add(&text, "x; let c = [0");
    for (int k = 0; k < 20000; k++) add(&text, ",1");
    add(&text, "];");
    ck_assert(check_format(text.at, text.size));
    weft_text_release(&text);
}
END_TEST

START_TEST(without_words) {
    static const char *const texts[] = {"", "\n", " \r\n\t\n", "\xEF\xBB\xBF"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        weft_text out;
        ck_assert(format(texts[k], strlen(texts[k]), &out));
        ck_assert_uint_eq(out.size, 0);
        weft_text_release(&out);
    }
}
END_TEST

/* Columns of the first line do not count a byte order mark. */
START_TEST(marks_are_dropped) {
    weft_text out;
    static const char text[] = "\xEF\xBB\xBFlet a = 1; # x\nlet b = 2; # y\n";
    ck_assert(format(text, sizeof text - 1, &out));
    ck_assert_str_eq(out.at, text + 3);
    weft_text_release(&out);
}
END_TEST

START_TEST(memory_fails) {
    static const char text[] =
        "# c\nset f(a) = a ∪ window(1); # x\npattern p(a: int = 1) {\n  heads 0: f(a);\n attend all;}";
    bool done = false;
    for (size_t nth = 1;; nth++) {
        test_memory memory = {.fail_at = nth};
        weft_allocator failing = test_allocator(&memory);
        weft_text out;
        weft_text_init(&out, &failing);
        done = format_in(&failing, text, sizeof text - 1, &out);
        weft_text_release(&out);
        ck_assert_uint_eq(memory.live, 0);
        if (memory.calls < nth) break;
        ck_assert(!done);
    }
    ck_assert(done);
}
END_TEST

TEST_MAIN("fmt/format", goldens, files_and_their_variants, long_texts, extremes, without_words, marks_are_dropped,
          memory_fails)
