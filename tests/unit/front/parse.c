/* Parsing as a whole: precedence against an independent printer, bounds, hostile text, and memory that fails. */
#include "reading.h"
#include "shape.h"
#include "support/failing.h"
#include "support/random.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char sample[] = "import \"lib.weft\";\n"
                             "set clip(S: set, w = 3) = S \u2229 past(w); # comment\n"
                             "let base = [1, 2.5e3, -h][0];\n"
                             "pattern p(w: int = 64, t: tokens = {0, -1, 2..4}, x: labels) {\n"
                             "    let near = window(w, right = 2) | blocks(64, ~causal - none);\n"
                             "    heads 0..2: h % 2 == 0 ? clip(near) : all;\n"
                             "    heads {0, 3..5}: where(i // 2 <= j and not (x[i] != x[j]) or true);\n"
                             "    attend near & global({0, -1});\n"
                             "    approximate all with favor(features = 128);\n"
                             "    scale 1 / sqrt(D); softcap 30.0; bias alibi; sink s; shared_qk; tile (64, 32);\n"
                             "    require Lq == Lk, \"a \\\"square\\\" mask\";\n"
                             "}\n";

static void begin(const char *text, size_t size, reading *r) {
    reading_begin(r, weft_allocator_of(NULL), "test.weft", text, size);
}

static uint32_t errors_of(const char *text, size_t size, weft_code *first) {
    reading r;
    begin(text, size, &r);
    weft_ast *file = reading_parse(&r);
    ck_assert_ptr_nonnull(file);
    shape_check(file, &r.names);
    uint32_t errors = r.diagnostics.errors;
    if (first && errors) *first = r.diagnostics.reports[0].code;
    reading_end(&r);
    return errors;
}

/* ---- precedence ---------------------------------------------------------------------------------------------- */

/* Two spellings of one random expression: with every parenthesis, and with only those that this table asks for. */
typedef struct spelling {
    char full[8192], spare[8192];
} spelling;

enum { TERNARY, OR, AND, NOT, COMPARISON, UNION, INTERSECTION, SUM, PRODUCT, SIGN, ATOM };
static const struct {
    int level;
    const char *text;
} binaries[] = {{OR, "or"},        {AND, "and"},        {COMPARISON, "=="}, {COMPARISON, "!="},
                {COMPARISON, "<"}, {COMPARISON, ">"},   {COMPARISON, "<="}, {COMPARISON, ">="},
                {UNION, "|"},      {INTERSECTION, "&"}, {SUM, "+"},         {SUM, "-"},
                {PRODUCT, "*"},    {PRODUCT, "/"},      {PRODUCT, "//"},    {PRODUCT, "%"}};

static int generate(test_random *random, int depth, spelling *out);

/* An operand that must bind at least as tightly as `least`. */
static void generate_operand(test_random *random, int depth, int least, spelling *out) {
    spelling inner;
    int level = generate(random, depth, &inner);
    bool spared = level >= least;
    snprintf(out->full, sizeof out->full, "(%.4000s)", inner.full);
    snprintf(out->spare, sizeof out->spare, spared ? "%.4000s" : "(%.4000s)", inner.spare);
}

static int generate(test_random *random, int depth, spelling *out) {
    spelling a, b, c;
    int64_t choice = depth == 0 ? 0 : test_range(random, 0, 9);
    if (choice <= 1) {
        static const char *const atoms[] = {"x", "3", "2.5", "f(1, y = 2)", "{1, 2..3}", "[1, 2]", "true"};
        snprintf(out->full, sizeof out->full, "%s", atoms[test_range(random, 0, 6)]);
        strcpy(out->spare, out->full);
        return ATOM;
    }
    if (choice == 2) {
        static const char *const signs[] = {"-", "~", "not "};
        int64_t sign = test_range(random, 0, 2);
        int level = sign == 2 ? NOT : SIGN;
        generate_operand(random, depth - 1, level, &a);
        snprintf(out->full, sizeof out->full, "%s%.4000s", signs[sign], a.full);
        snprintf(out->spare, sizeof out->spare, "%s%.4000s", signs[sign], a.spare);
        return level;
    }
    if (choice == 3) {
        generate_operand(random, depth - 1, ATOM, &a);
        generate_operand(random, depth - 1, TERNARY, &b);
        snprintf(out->full, sizeof out->full, "%.2000s[%.2000s]", a.full, b.full);
        snprintf(out->spare, sizeof out->spare, "%.2000s[%.2000s]", a.spare, b.spare);
        return ATOM;
    }
    if (choice == 4) {
        generate_operand(random, depth - 1, OR, &a);
        generate_operand(random, depth - 1, TERNARY, &b);
        generate_operand(random, depth - 1, TERNARY, &c);
        snprintf(out->full, sizeof out->full, "%.2000s ? %.2000s : %.2000s", a.full, b.full, c.full);
        snprintf(out->spare, sizeof out->spare, "%.2000s ? %.2000s : %.2000s", a.spare, b.spare, c.spare);
        return TERNARY;
    }
    size_t op = (size_t)test_range(random, 0, sizeof binaries / sizeof *binaries - 1);
    int level = binaries[op].level;
    generate_operand(random, depth - 1, level + (level == COMPARISON), &a);
    generate_operand(random, depth - 1, level + 1, &b);
    snprintf(out->full, sizeof out->full, "%.2000s %s %.2000s", a.full, binaries[op].text, b.full);
    snprintf(out->spare, sizeof out->spare, "%.2000s%s%.2000s", a.spare,
             level == OR    ? " or "
             : level == AND ? " and "
                            : binaries[op].text,
             b.spare);
    return level;
}

static void dump_expression(const char *expression, weft_text *out) {
    reading r;
    char text[8300];
    int size = snprintf(text, sizeof text, "let a = %s;", expression);
    begin(text, (size_t)size, &r);
    const weft_ast *file = reading_parse(&r);
    if (r.diagnostics.errors) weft_diagnostics_render(&r.diagnostics, false, out);
    ck_assert_msg(r.diagnostics.errors == 0, "%s", out->at);
    weft_print_ast(file, &r.sources, false, out);
    reading_end(&r);
}

START_TEST(parentheses_that_precedence_spares_change_nothing) {
    weft_allocator allocator = weft_allocator_of(NULL);
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        test_random random = {seed};
        static spelling both;
        weft_text full, spare;
        weft_text_init(&full, &allocator);
        weft_text_init(&spare, &allocator);
        generate(&random, 4, &both);
        dump_expression(both.full, &full);
        dump_expression(both.spare, &spare);
        ck_assert_msg(!strcmp(full.at, spare.at), "seed %d\n%s\n%s", (int)seed, both.full, both.spare);
        weft_text_release(&full);
        weft_text_release(&spare);
    }
}
END_TEST

/* ---- literals ------------------------------------------------------------------------------------------------- */

static double read_float(const char *literal) {
    reading r;
    char text[1200];
    int size = snprintf(text, sizeof text, "let a = %s;", literal);
    begin(text, (size_t)size, &r);
    const weft_ast *value = reading_parse(&r)->first->first;
    ck_assert_uint_eq(r.diagnostics.errors, 0);
    ck_assert_int_eq(value->kind, WEFT_AST_FLOAT);
    double real = value->value.real;
    reading_end(&r);
    return real;
}

START_TEST(floats_are_read_to_the_bit) {
    test_random random = {3};
    for (int k = 0; k < 3000; k++) {
        uint64_t bits = test_bits(&random) >> 1;
        double value, read;
        char literal[400];
        memcpy(&value, &bits, sizeof value);
        if (!(value < 1e308)) continue;
        snprintf(literal, sizeof literal, k % 2 ? "%.17e" : "%.17g", value);
        if (!strpbrk(literal, ".e")) continue;
        read = read_float(literal);
        ck_assert_msg(!memcmp(&read, &value, sizeof value), "%s", literal);
    }
    char zeros[1100]; /* the point's distance and the exponent cancel */
    memset(zeros, '0', 1000);
    memcpy(zeros, "0.", 2);
    strcpy(zeros + 1000, "15e999");
    ck_assert(read_float(zeros) == 1.5);
    ck_assert(read_float("1e-99999999999999999999") == 0);
    ck_assert(read_float("00.50E+00") == 0.5);
}
END_TEST

/* ---- bounds --------------------------------------------------------------------------------------------------- */

/* `before`, `unit` repeated, `middle`, `closing` repeated, `after`. */
static char *repeat(const char *before, const char *unit, size_t count, const char *middle, const char *closing,
                    const char *after, size_t *size) {
    size_t length = strlen(unit), closing_length = strlen(closing);
    char *text = malloc(strlen(before) + count * (length + closing_length) + strlen(middle) + strlen(after) + 1);
    char *at = text + sprintf(text, "%s", before);
    for (size_t k = 0; k < count; k++, at += length) memcpy(at, unit, length);
    at += sprintf(at, "%s", middle);
    for (size_t k = 0; k < count; k++, at += closing_length) memcpy(at, closing, closing_length);
    at += sprintf(at, "%s", after);
    *size = (size_t)(at - text);
    return text;
}

static void check_repeated(const char *unit, size_t count, const char *middle, const char *closing, bool fine,
                           weft_code code) {
    size_t size;
    weft_code first = WEFT_CODE_COUNT;
    char *text = repeat("let a = ", unit, count, middle, closing, ";\n", &size);
    uint32_t errors = errors_of(text, size, &first);
    ck_assert_msg((errors == 0) == fine, "%zu times %s: %u errors", count, unit, errors);
    if (!fine) ck_assert_str_eq(weft_code_name(first), weft_code_name(code));
    free(text);
}

START_TEST(nesting_has_200_levels) {
    static const struct {
        const char *unit, *middle, *closing;
    } nests[] = {{"(", "1", ")"},       {"{", "1", "}"},      {"[", "1", "]"},      {"f(", "1", ")"},
                 {"x[", "1", "]"},      {"-", "1", ""},       {"not ", "true", ""}, {"c ? 1 : ", "2", ""},
                 {"c ? ", "1", " : 2"}, {"f(x = ", "1", ")"}, {"{0, ", "1", "}"},   {"{0..", "1", "}"}};
    for (size_t k = 0; k < sizeof nests / sizeof *nests; k++) {
        check_repeated(nests[k].unit, 200, nests[k].middle, nests[k].closing, true, WEFT_E0009);
        check_repeated(nests[k].unit, 201, nests[k].middle, nests[k].closing, false, WEFT_E0009);
        check_repeated(nests[k].unit, 100000, nests[k].middle, nests[k].closing, false, WEFT_E0009);
    }
    /* the deepest stack that 200 levels can ask of the parser */
    check_repeated("1 or a and not b == c | d & e + f * g(1, y = ", 100, "1", ")", true, WEFT_E0009);
    check_repeated("-1 or a and b == c | d & e + f * -(1 or 2) ? 3 : ", 198, "1", "", true, WEFT_E0009);
    check_repeated("(1 or a and not b == c | d & e + f * -", 66, "1", ")", true, WEFT_E0009);
}
END_TEST

START_TEST(chains_of_a_thousand_terms_are_fine) {
    check_repeated("window(3) | ", 1000, "all", "", true, WEFT_E0009);
    check_repeated("1 + 2 * ", 1000, "3", "", true, WEFT_E0009);
    check_repeated("1 + ", 2040, "3", "", true, WEFT_E0009);
    check_repeated("1 + ", 2100, "3", "", false, WEFT_E0009);
    check_repeated("1 + ", 200000, "3", "", false, WEFT_E0009);
    check_repeated("x", 1, "[0]", "", true, WEFT_E0009);
    size_t size;
    char *text = repeat("let a = {", "1, ", 300000, "2", "", "};", &size);
    ck_assert_uint_eq(errors_of(text, size, NULL), 0);
    free(text);
}
END_TEST

START_TEST(files_have_a_largest_size) {
    weft_code code = WEFT_CODE_COUNT;
    char *text = malloc(WEFT_MAX_FILE + 1);
    memset(text, ' ', WEFT_MAX_FILE + 1);
    ck_assert_uint_eq(errors_of(text, WEFT_MAX_FILE, &code), 0);
    ck_assert_uint_eq(errors_of(text, WEFT_MAX_FILE + 1, &code), 1);
    ck_assert_str_eq(weft_code_name(code), "E0010");
    free(text);
}
END_TEST

/* ---- hostile text ---------------------------------------------------------------------------------------------- */

static void check_quick(const char *text, size_t size) {
    clock_t start = clock();
    ck_assert_uint_gt(errors_of(text, size, NULL), 0);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    ck_assert_msg(seconds < 5, "%.1f s for %.20s…", seconds, text);
}

START_TEST(a_megabyte_of_junk_ends_quickly) {
    enum { MEGABYTE = 1 << 20 };
    static const char *const units[] = {"(",        "{",  "[",          "a;",      "-",          "a ",   "\"",
                                        "1 ",       ";",  "}",          "..",      "c?",         "let ", "let a=1",
                                        "pattern ", "p{", "pattern p{", "1.",      ")",          "\xFF", "\\",
                                        "a(1,",     "9",  "a=",         "set a=(", "pattern p(", "a<"};
    for (size_t k = 0; k < sizeof units / sizeof *units; k++) {
        size_t size, length = strlen(units[k]);
        char *bare = repeat("", units[k], MEGABYTE / length, "", "", "", &size);
        check_quick(bare, size);
        free(bare);
        char *inside = repeat("pattern p { attend ", units[k], MEGABYTE / length, "", "", "", &size);
        check_quick(inside, size);
        free(inside);
    }
    test_random random = {7};
    char *noise = malloc(MEGABYTE);
    for (size_t k = 0; k < MEGABYTE; k++) noise[k] = (char)test_bits(&random);
    check_quick(noise, MEGABYTE);
    for (size_t k = 0; k < MEGABYTE; k++) noise[k] = (char)test_range(&random, 32, 126);
    check_quick(noise, MEGABYTE);
    free(noise);
}
END_TEST

/* Deletes, doubles or overwrites a piece. `text` has room for twice its size. */
static size_t mutate(test_random *random, char *text, size_t size) {
    static const char pieces[] = "(){}[];,..:=?|&~-+*/ \"\\#\n.eE019ax\xE2\x88\xAA\xC3\x00<>!";
    size_t at = (size_t)test_range(random, 0, (int64_t)size - 1);
    size_t length = (size_t)test_range(random, 1, 12);
    if (length > size - at) length = size - at;
    switch (test_range(random, 0, 3)) {
    case 0:
        if (length == size) return size;
        memmove(text + at, text + at + length, size - at - length);
        return size - length;
    case 1:
        if (size + length > 2 * sizeof sample) return size;
        memmove(text + at + length, text + at, size - at);
        return size + length;
    case 2: memmove(text + at, text + test_range(random, 0, (int64_t)(size - length)), length); return size;
    default: text[at] = pieces[test_range(random, 0, sizeof pieces - 2)]; return size;
    }
}

START_TEST(mutations_never_break_the_tree) {
    int broken = 0;
    for (uint64_t seed = 1; seed <= 6000; seed++) {
        test_random random = {seed};
        char text[2 * sizeof sample];
        size_t size = sizeof sample - 1;
        memcpy(text, sample, size);
        for (int64_t count = test_range(&random, 1, 8); count > 0; count--) size = mutate(&random, text, size);
        broken += errors_of(text, size, NULL) > 0;
    }
    ck_assert_int_gt(broken, 3000);
}
END_TEST

START_TEST(every_prefix_is_survived) {
    for (size_t size = 0; size < sizeof sample; size++) errors_of(sample, size, NULL);
    ck_assert_uint_eq(errors_of(sample, sizeof sample - 1, NULL), 0);
}
END_TEST

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static void fail_every_allocation(const char *text, size_t size, bool tokens) {
    for (size_t nth = 1;; nth++) {
        test_memory memory = {.fail_at = nth};
        reading r;
        weft_text out;
        reading_begin(&r, test_allocator(&memory), "test.weft", text, size);
        weft_text_init(&out, &r.allocator);
        if (tokens && r.source)
            weft_print_tokens(&r.allocator, &r.sources, r.source, &r.diagnostics, &out);
        else if (r.source) {
            weft_ast *file = reading_parse(&r);
            bool failed = memory.calls >= nth;
            ck_assert_int_eq(file == NULL, failed);
            if (file) shape_check(file, &r.names);
        }
        weft_text_release(&out);
        reading_end(&r);
        ck_assert_uint_eq(memory.live, 0);
        if (memory.calls < nth) break;
    }
}

START_TEST(failing_memory_leaks_nothing) {
    static const char wrong[] = "let a = 1 2; let b = 0 < i < 3;\npattern p { attend ((1; } set x = \"\\q\xFF\";\n"
                                "let c = 1e999 + 3px; patern q { }";
    char text[30 * sizeof sample];
    size_t size = 0;
    for (int k = 0; k < 20; k++, size += sizeof sample - 1) memcpy(text + size, sample, sizeof sample - 1);
    memcpy(text + size, wrong, sizeof wrong - 1);
    fail_every_allocation(sample, sizeof sample - 1, false);
    fail_every_allocation(text, size + sizeof wrong - 1, false);
    fail_every_allocation(text, size + sizeof wrong - 1, true);
}
END_TEST

TEST_MAIN("front/parse", parentheses_that_precedence_spares_change_nothing, floats_are_read_to_the_bit,
          nesting_has_200_levels, chains_of_a_thousand_terms_are_fine, files_have_a_largest_size,
          a_megabyte_of_junk_ends_quickly, mutations_never_break_the_tree, every_prefix_is_survived,
          failing_memory_leaks_nothing)
