/* Files that mean harm: deep chains, doubling, many definitions, long import chains. Each ends in a result or in errors
 * with a known code, soon. */
#include "sema/sema.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"

static weft_allocator allocator;

/* Loads the text and lowers its first pattern; the code of the first error, or WEFT_CODE_COUNT. */
static weft_code code_of(const weft_text *text, const char *name) {
    weft_sources sources;
    weft_diagnostics d;
    weft_sources_init(&sources, &allocator);
    weft_diagnostics_init(&d, &allocator, &sources);
    weft_unit *unit = weft_sema_load(&allocator, name, text->at, text->size, NULL, &sources, &d);
    const weft_ast *pattern = unit ? weft_unit_pattern(unit, NULL) : NULL;
    if (pattern) weft_program_destroy(weft_sema_lower(unit, pattern, &allocator, &d));
    weft_code code = d.errors ? d.reports[0].code : WEFT_CODE_COUNT;
    ck_assert(!d.out_of_memory);
    weft_unit_free(unit);
    weft_diagnostics_free(&d);
    weft_sources_free(&sources);
    return code;
}

static void begin(weft_text *text) {
    allocator = weft_allocator_of(NULL);
    weft_text_init(text, &allocator);
}

static void check_code(weft_text *text, weft_code wanted) {
    weft_code code = code_of(text, "hostile.weft");
    ck_assert_msg(code == wanted, "%s instead of %s", code < WEFT_CODE_COUNT ? weft_code_name(code) : "nothing",
                  wanted < WEFT_CODE_COUNT ? weft_code_name(wanted) : "nothing");
    weft_text_release(text);
}

/* Every definition stands on the one before. */
static void add_chain(weft_text *text, const char *first, const char *format, int count) {
    weft_text_format(text, "%s", first);
    for (int k = 1; k < count; k++) {
        char line[160];
        for (const char *c = format; *c; c++) {
            if (*c == '#') snprintf(line, sizeof line, "%d", k);
            if (*c == '@') snprintf(line, sizeof line, "%d", k - 1);
            if (*c != '#' && *c != '@') snprintf(line, sizeof line, "%c", *c);
            weft_text_add(text, line, strlen(line));
        }
    }
}

START_TEST(test_deep_lets) {
    weft_text text;
    begin(&text);
    add_chain(&text, "let a0 = 1;\n", "let a# = a@ + 1;\n", 20000);
    check_code(&text, WEFT_E0009);
}
END_TEST

START_TEST(test_deep_sets) {
    weft_text text;
    begin(&text);
    add_chain(&text, "set a0(x: set) = x;\n", "set a#(x: set) = ~a@(x);\n", 20000);
    check_code(&text, WEFT_E0009);
}
END_TEST

START_TEST(test_chain_of_definitions) {
    weft_text text;
    begin(&text);
    add_chain(&text, "set a0 = causal;\n", "set a# = a@ & window(#);\n", 300);
    weft_text_format(&text, "pattern p { attend a299; }\n");
    check_code(&text, WEFT_CODE_COUNT);
}
END_TEST

START_TEST(test_doubling_lets) {
    weft_text text;
    begin(&text);
    add_chain(&text, "set a0 = causal;\n", "set a# = a@ | a@;\n", 60);
    weft_text_format(&text, "pattern p { attend a59; }\n");
    check_code(&text, WEFT_E0009);
}
END_TEST

START_TEST(test_doubling_arguments) {
    weft_text text;
    begin(&text);
    add_chain(&text, "set a0(x: set) = x;\n", "set a#(x: set) = a@(x & rows(1)) | a@(x & rows(2));\n", 60);
    weft_text_format(&text, "pattern p { attend a59(causal); }\n");
    check_code(&text, WEFT_E0009);
}
END_TEST

START_TEST(test_doubling_numbers) {
    weft_text text;
    begin(&text);
    add_chain(&text, "set a0(n) = past(n);\n", "set a#(n) = a@(n + 1) | a@(n + 2);\n", 60);
    check_code(&text, WEFT_E0009);
}
END_TEST

START_TEST(test_many_definitions) {
    weft_text text;
    begin(&text);
    for (int k = 0; k < 30000; k++) weft_text_format(&text, "let name_%d = %d;\n", k, k);
    weft_text_format(&text, "pattern p { attend past(name_29999); }\n");
    check_code(&text, WEFT_CODE_COUNT);
}
END_TEST

START_TEST(test_many_inner_lets) {
    weft_text text;
    begin(&text);
    weft_text_format(&text, "pattern p {\nlet n0 = 1;\n");
    for (int k = 1; k < 30000; k++) weft_text_format(&text, "let n%d = n%d // 2 + n0;\n", k, k % 7 ? 0 : k - 1);
    weft_text_format(&text, "attend past(n29999); }\n");
    check_code(&text, WEFT_CODE_COUNT);
}
END_TEST

START_TEST(test_many_unknown_names) {
    weft_text text;
    begin(&text);
    for (int k = 0; k < 20000; k++) weft_text_format(&text, "let name_%d = unknown_%d;\n", k, k);
    check_code(&text, WEFT_E0101);
}
END_TEST

/* A large set that many definitions use: each of them is checked with it written out, up to a budget. */
START_TEST(test_large_set_used_often) {
    weft_text text;
    begin(&text);
    weft_text_format(&text, "let list = {0");
    for (int k = 1; k < 20000; k++) weft_text_format(&text, ", %d", 2 * k);
    weft_text_format(&text, "};\n");
    for (int k = 0; k < 5000; k++) weft_text_format(&text, "set s%d = rows(list) | cols(%d);\n", k, k);
    check_code(&text, WEFT_E0009);
}
END_TEST

START_TEST(test_long_union) {
    weft_text text;
    begin(&text);
    weft_text_format(&text, "pattern p { attend rows(0)");
    for (int k = 1; k < 1900; k++) weft_text_format(&text, " | rows(%d)", k);
    weft_text_format(&text, "; }\n");
    check_code(&text, WEFT_CODE_COUNT);
}
END_TEST

START_TEST(test_long_sum) {
    weft_text text;
    begin(&text);
    weft_text_format(&text, "pattern p { attend past(0");
    for (int k = 1; k < 1900; k++) weft_text_format(&text, " + %d", k);
    weft_text_format(&text, "); }\n");
    check_code(&text, WEFT_CODE_COUNT);
}
END_TEST

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* 150 files, each importing the next one: too deep; half of them are fine. A pipe is not read. */
START_TEST(test_imports) {
    char folder[] = "weft_sema_XXXXXX", path[64], line[80];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (int k = 0; k < 150; k++) {
        snprintf(path, sizeof path, "%s/f%d.weft", folder, k);
        snprintf(line, sizeof line, "%s\"f%d.weft\";\nset s%d = causal;\n", k < 149 ? "import " : "# ", k + 1, k);
        write_file(path, line);
    }
    weft_text text;
    begin(&text);
    weft_text_format(&text, "import \"%s/f0.weft\"; pattern p { attend s149; }", folder);
    check_code(&text, WEFT_E0009);
    begin(&text);
    weft_text_format(&text, "import \"%s/f75.weft\"; pattern p { attend s149 | s75; }", folder);
    check_code(&text, WEFT_CODE_COUNT);
    snprintf(path, sizeof path, "%s/pipe", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    begin(&text);
    weft_text_format(&text, "import \"%s/pipe\"; pattern p { attend causal; }", folder);
    check_code(&text, WEFT_E0601);
    unlink(path);
    begin(&text);
    weft_text_format(&text, "import \"/dev/zero\"; pattern p { attend causal; }");
    check_code(&text, WEFT_E0601);
    for (int k = 0; k < 150; k++) {
        snprintf(path, sizeof path, "%s/f%d.weft", folder, k);
        unlink(path);
    }
    rmdir(folder);
}
END_TEST

TEST_MAIN("sema/hostile", test_deep_lets, test_deep_sets, test_chain_of_definitions, test_doubling_lets,
          test_doubling_arguments, test_doubling_numbers, test_many_definitions, test_many_inner_lets,
          test_many_unknown_names, test_large_set_used_often, test_long_union, test_long_sum, test_imports)
