/* Reading programs: what people may write, every way to be wrong with its message, size and depth. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "support/failing.h"
#include "support/suite.h"
#include "unit/set/programs.h"

static weft_program *parse(const weft_allocator *allocator, const char *text, weft_diagnostics *diagnostics) {
    weft_diagnostics_init(diagnostics, allocator, NULL);
    return weft_parse_program(allocator, text, strlen(text), diagnostics);
}

START_TEST(reads_what_a_person_writes) {
    static const char text[] = "# a comment\n\n"
                               "  weft-ir 1 # the version\r\n"
                               "\tpattern \"\\x41\\x7a\"\n"
                               "%1=int -9223372036854775808\n"
                               "%2 = float 1e999\n"
                               "%3 = float 12\n"
                               "parameter x:float=%3\n"
                               "%4 = int 4\n"
                               "%5 = int 4   # the same node\n"
                               "%6 = window %4 %5\n"
                               "%7 = past %1\n"
                               "%8 = union %7%6\n"
                               "meaning %8";
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_diagnostics diagnostics;
    weft_program *program = parse(&allocator, text, &diagnostics);
    ck_assert_msg(program != NULL, "%s", diagnostics.count ? diagnostics.reports[0].message : "");
    ck_assert_str_eq(program->name, "Az");
    ck_assert_int_eq(program->dag.nodes[1].value.integer, INT64_MIN);
    ck_assert(isinf(program->dag.nodes[2].value.real));
    ck_assert_uint_eq(program->parameters[0].initial, 3);
    weft_id window = weft_operand(&program->dag, program->meaning, 1);
    ck_assert_uint_eq(weft_operand(&program->dag, window, 0), weft_operand(&program->dag, window, 1));
    weft_program_destroy(program);
    weft_diagnostics_free(&diagnostics);
}
END_TEST

/* A file in tests/golden/ir is a program as it prints; a comment line at its top says what it shows. */
START_TEST(golden_programs_print_as_they_are) {
    weft_allocator allocator = weft_allocator_of(NULL);
    DIR *folder = opendir(WEFT_SOURCE_DIR "/tests/golden/ir");
    ck_assert_ptr_nonnull(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        static char path[1024], text[1 << 16];
        const char *suffix = strrchr(entry->d_name, '.');
        if (!suffix || strcmp(suffix, ".ir") != 0) continue;
        snprintf(path, sizeof path, "%s/tests/golden/ir/%s", WEFT_SOURCE_DIR, entry->d_name);
        FILE *file = fopen(path, "rb");
        ck_assert_ptr_nonnull(file);
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        weft_diagnostics diagnostics;
        weft_program *program = parse(&allocator, text, &diagnostics);
        ck_assert_msg(program != NULL, "%s: %s", path, diagnostics.count ? diagnostics.reports[0].message : "");
        weft_text again;
        weft_text_init(&again, &allocator);
        weft_print_program(program, &again);
        ck_assert_str_eq(again.at, strstr(text, "weft-ir"));
        weft_text_release(&again);
        weft_program_destroy(program);
        weft_diagnostics_free(&diagnostics);
        count++;
    }
    closedir(folder);
    ck_assert_int_ge(count, 1);
}
END_TEST

/* ---- what is wrong ------------------------------------------------------------------------------------------ */

#define HEAD "weft-ir 1\npattern \"p\"\n"

static const struct wrong {
    const char *text, *message;
} wrong[] = {
    {"", "line 0: this is no Weft IR: it must begin with `weft-ir 1`"},
    {"pattern p {}", "line 1: this is no Weft IR: it must begin with `weft-ir 1`"},
    {"weft-ir 2\n", "line 1: this build reads version 1 of the IR alone"},
    {"weft-ir 1 2\n", "line 1: expected nothing more instead of `2`"},
    {"weft-ir 1\n", "line 1: expected `pattern \"name\"`"},
    {"weft-ir 1\npattern p", "line 2: expected a string in quotes instead of `p`"},
    {"weft-ir 1\npattern \"p", "line 2: expected a string in quotes instead of `\"p`"},
    {"weft-ir 1\npattern \"\\q\"", "line 2: expected a string in quotes instead of `\"\\q\"`"},
    {"weft-ir 1\npattern \"\\x4\"", "line 2: expected a string in quotes instead of `\"\\x4\"`"},
    {"weft-ir 1\npattern \"\\x00\"", "line 2: a NUL in a name or message"},
    {HEAD "meaning", "line 3: expected a node such as %1 at the end of the line"},
    {HEAD "meaning %1", "line 3: %1 is not defined above"},
    {HEAD "meaning %0", "line 3: %0 is not defined above"},
    {HEAD "meaning %4294967296", "line 3: expected a node such as %1 instead of `4294967296`"},
    {HEAD "%1 = all\nmeaning %1\nmeaning %1", "line 5: a second one"},
    {HEAD "%1 = all\nmeaning %1 %1", "line 4: expected nothing more instead of `%1`"},
    {HEAD "%2 = all", "line 3: expected %1: nodes are numbered in order"},
    {HEAD "%1 = all\n%1 = all", "line 4: expected %2: nodes are numbered in order"},
    {HEAD "%1 all", "line 3: expected `=` instead of `all`"},
    {HEAD "%1 =", "line 3: expected an operation at the end of the line"},
    {HEAD "%1 = windows", "line 3: expected an operation instead of `windows`"},
    {HEAD "%1 = complement %1", "line 3: %1 is not defined above"},
    {HEAD "%1 = int", "line 3: expected an integer at the end of the line"},
    {HEAD "%1 = int 9223372036854775808", "line 3: expected an integer instead of `9223372036854775808`"},
    {HEAD "%1 = int -9223372036854775809", "line 3: expected an integer instead of `-9223372036854775809`"},
    {HEAD "%1 = int 1.5", "line 3: expected nothing more instead of `.5`"},
    {HEAD "%1 = float x", "line 3: expected a number instead of `x`"},
    {HEAD "%1 = float 0x10", "line 3: expected a number instead of `0x10`"},
    {HEAD "%1 = bool 1", "line 3: expected true or false instead of `1`"},
    {HEAD "%1 = bool maybe", "line 3: expected true or false"},
    {HEAD "%1 = param w", "line 3: no parameter `w` stands above"},
    {HEAD "%1 = param", "line 3: expected a parameter's name at the end of the line"},
    {HEAD "%1 = array 0", "line 3: `array` belongs to the bound form"},
    {HEAD "%1 = intervals 0..16", "line 3: `intervals` belongs to the bound form"},
    {HEAD "%1 = all 5", "line 3: expected nothing more instead of `5`"},
    {HEAD "%1 = all @1", "line 3: expected a place such as @1:20-27 instead of `@1`"},
    {HEAD "%1 = all @1:0-0\nmeaning %1", "line 3: a place in source 1 of 0"},
    {HEAD "%1 = all @0:0-1\nmeaning %1", "line 3: a place in no source"},
    {HEAD "source \"a\" \"xy\"\n%1 = all @1:0-3\nmeaning %1", "line 4: a place outside its source"},
    {HEAD "source \"a\" \"xy\"\n%1 = all @1:2-1\nmeaning %1", "line 4: a place outside its source"},
    {HEAD "source \"a\"", "line 3: expected a string in quotes at the end of the line"},
    {HEAD "approximate causal", "line 3: expected exp at the end of the line"},
    {HEAD "approximate some exp", "line 3: expected all instead of `some`"},
    {HEAD "%1 = int 1\napproximate all relu %1", "line 4: expected a node such as %1 at the end of the line"},
    {HEAD "%1 = int 1\napproximate all exp %1 %1\napproximate all exp %1 %1", "line 5: a second one"},
    {HEAD "%1 = all\nmeaning %1\napproximate all exp %1 %1",
     "line 5: features and seed of what is approximated are not ints"},
    {HEAD "parameter", "line 3: expected a name at the end of the line"},
    {HEAD "parameter w int", "line 3: expected `:` instead of `int`"},
    {HEAD "parameter w: number", "line 3: expected a type instead of `number`"},
    {HEAD "parameter w: int = 4", "line 3: expected a node such as %1 instead of `4`"},
    {HEAD "parameter w: set\n%1 = all\nmeaning %1", "line 5: parameter `w` has no parameter type"},
    {HEAD "parameter w-w: int\n%1 = all\nmeaning %1", "line 5: parameter 1 has no proper name"},
    {HEAD "parameter w: int\nparameter w: int\n%1 = all\nmeaning %1", "line 6: two parameters `w`"},
    {HEAD "%1 = i\nparameter w: int = %1\n%2 = all\nmeaning %2", "line 6: the default of `w` is not one int"},
    {HEAD "%1 = float 1\nparameter w: int = %1\n%2 = all\nmeaning %2", "line 6: the default of `w` is not one int"},
    {HEAD "parameter a: int\n%1 = param a\n%2 = neg %1\nparameter b: int = %2\n%3 = all\nmeaning %3",
     "line 8: the default of `b` reads a parameter"},
    {HEAD "%1 = literal\nmeaning %1", "line 3: a table without elements"},
    {HEAD "%1 = neg", "line 3: `neg` cannot have such operands"},
    {HEAD "%1 = all\n%2 = neg %1\nmeaning %1", "line 4: operand 1 cannot be of type set"},
    {HEAD "%1 = int 1\n%2 = float 1\n%3 = add %1 %2\nmeaning %1", "line 5: operands 1 and 2 differ in type"},
    {HEAD "%1 = int 1\n%2 = add %1 %1 %1\nmeaning %1", "line 4: 3 operands instead of 2"},
    {HEAD "%1 = heads\nmeaning %1", "line 3: no operands"},
    {HEAD "%1 = int 1\n%2 = all\n%3 = heads %2 %2\nmeaning %3", "line 5: operand 1 cannot be of type set"},
    {HEAD "%1 = int 1\n%2 = all\n%3 = heads %1 %2 %1\nmeaning %3", "line 5: operand 3 cannot be of type int"},
    {HEAD "%1 = window\nmeaning %1", "line 3: 0 operands instead of 2"},
    {HEAD "%1 = float 1\n%2 = past %1\nmeaning %2", "line 4: `w` cannot be of type float"},
    {HEAD "%1 = i\n%2 = past %1\nmeaning %2", "line 4: operand 1 reads i or j outside a where"},
    {HEAD "%1 = all\nmeaning %1\nshared_qk\nshared_qk", "line 6: a second one"},
    {HEAD "%1 = int 1\nmeaning %1", "line 4: the meaning is not a set"},
    {HEAD "%1 = all\nmeaning %1\nscale %1", "line 5: the scale is not one float"},
    {HEAD "%1 = all\nmeaning %1\n%2 = i\n%3 = tofloat %2\nscale %3", "line 7: the scale is not one float"},
    {HEAD, "line 2: the meaning is not a set"},
    {HEAD "%1 = all\nmeaning %1\npass sideways contiguous 64x64 %1",
     "line 5: expected contiguous, strided or listed instead of `sideways`"},
    {HEAD "%1 = all\nmeaning %1\npass strided strided 64x64 %1",
     "line 5: expected a node such as %1 at the end of the line"},
    {HEAD "%1 = all\n%2 = int 4\nmeaning %1\npass strided strided 64x64 %1 %2",
     "line 6: pass 1: the first pass, and no other, is contiguous"},
    {HEAD "%1 = all\n%2 = int 4\nmeaning %1\npass contiguous contiguous 64x64 %1\npass strided strided 64x64 %1 %1",
     "line 7: pass 2: the stride is not one int"},
    {HEAD "%1 = all\n%2 = i\nmeaning %1\npass contiguous contiguous 64x64 %1\npass strided strided 64x64 %1 %2",
     "line 7: pass 2: the stride is not one int"},
    {HEAD "%1 = all\nmeaning %1\npass contiguous contiguous 64x64 %1\npass contiguous strided 64x64 %1",
     "line 6: pass 2: these orders do not go together"},
    {HEAD "%1 = all\nmeaning %1\npass contiguous contiguous 64x64 %1\npass contiguous listed 64x64 %1 %1",
     "line 6: pass 2: the list is no atom that lists keys"},
    {HEAD "%1 = all\nmeaning %1\npass contiguous contiguous 64*64 %1",
     "line 5: expected a tile such as 64x64 instead of `*64`"},
    {HEAD "%1 = all\nmeaning %1\npass contiguous contiguous 64x32 %1", "line 5: pass 1: tiles must be 64x64"},
    {HEAD "%1 = i\n%2 = all\nmeaning %2\npass contiguous contiguous 64x64 %1", "line 6: pass 1: not a set"},
    {HEAD "source \"a\" \"xy\"\n%1 = all @1:0-1\n%2 = complement %1\nmeaning %1\n"
          "pass contiguous contiguous 64x64 %2",
     "line 7: pass 1: a canonical set has no places"},
    {HEAD "answer %1", "line 3: expected source, parameter, %, meaning, scale, softcap, bias, sink, shared_qk, approximate or pass "
                       "instead of `answer`"},
    {HEAD "\xFF\xFE", "line 3: expected `%` instead of `\xFF\xFE`"},
};

START_TEST(says_what_is_wrong_and_where) {
    weft_allocator allocator = weft_allocator_of(NULL);
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        weft_diagnostics diagnostics;
        ck_assert_ptr_null(parse(&allocator, wrong[k].text, &diagnostics));
        ck_assert_msg(diagnostics.count == 1, "%s", wrong[k].text);
        ck_assert_int_eq(weft_code_name(diagnostics.reports[0].code)[2], '7');
        ck_assert(strncmp(diagnostics.reports[0].message, "IR ", 3) == 0);
        ck_assert_str_eq(diagnostics.reports[0].message + 3, wrong[k].message);
        weft_diagnostics_free(&diagnostics);
    }
}
END_TEST

/* ---- size --------------------------------------------------------------------------------------------------- */

/* Memory that an attacker can make us take, in bytes a byte of text. */
typedef struct meter {
    size_t now, most;
} meter;

static void *metered(void *user, void *block, size_t old_size, size_t new_size) {
    meter *m = user;
    if (new_size == 0) {
        free(block);
        m->now -= old_size;
        return NULL;
    }
    m->now += new_size - old_size;
    if (m->now > m->most) m->most = m->now;
    return realloc(block, new_size);
}

static void check_bounded(const weft_text *text) {
    enum { BYTES_A_BYTE = 64 };
    meter m = {0};
    weft_allocator allocator = {metered, &m};
    weft_diagnostics diagnostics;
    clock_t begin = clock();
    weft_program *program = parse(&allocator, text->at, &diagnostics);
    if (program) weft_program_destroy(program);
    weft_diagnostics_free(&diagnostics);
    ck_assert_int_lt(clock() - begin, 20 * CLOCKS_PER_SEC);
    ck_assert_uint_le(m.most, BYTES_A_BYTE * text->size + (1 << 16));
    ck_assert_uint_eq(m.now, 0);
}

START_TEST(large_texts_cost_what_they_are_long) {
    enum { MANY = 50000 };
    weft_allocator allocator = weft_allocator_of(NULL);
    for (int kind = 0; kind < 7; kind++) {
        weft_text text;
        weft_text_init(&text, &allocator);
        weft_text_format(&text, HEAD "%%1 = all\n%%2 = bool true\n");
        for (int k = 0; k < MANY; k++) switch (kind) {
            case 0: weft_text_format(&text, "%%%d = complement %%%d\n", k + 3, k == 0 ? 1 : k + 2); break;
            case 1: weft_text_format(&text, "%%%d = all\n", k + 3); break;
            case 2: weft_text_format(&text, "parameter p%d: int\n", k); break;
            case 3: weft_text_format(&text, "%%%d = require \"m%d\" %%2 %%1\n", k + 3, k); break;
            case 4: weft_text_format(&text, "source \"a\" \"%d\"\n", k); break;
            case 5: weft_text_format(&text, "pass contiguous contiguous 64x64 %%1\n"); break;
            default: weft_text_format(&text, k == 0 ? "%%3 = union" : " %%1"); break;
            }
        weft_text_format(&text, "\nmeaning %%1\n");
        check_bounded(&text);
        weft_text_release(&text);
    }
}
END_TEST

/* What reads a program may recurse, so a deeper one is none. */
START_TEST(depth_has_a_limit) {
    weft_allocator allocator = weft_allocator_of(NULL);
    for (int levels = WEFT_MAX_DEPTH - 1; levels <= WEFT_MAX_DEPTH; levels++) {
        weft_text text;
        weft_text_init(&text, &allocator);
        weft_text_format(&text, HEAD "%%1 = all\n");
        for (int k = 1; k <= levels; k++) weft_text_format(&text, "%%%d = complement %%%d\n", k + 1, k);
        weft_text_format(&text, "meaning %%%d\n", levels + 1);
        weft_diagnostics diagnostics;
        weft_program *program = parse(&allocator, text.at, &diagnostics);
        ck_assert_int_eq(program != NULL, levels < WEFT_MAX_DEPTH);
        if (!program) ck_assert_str_eq(diagnostics.reports[0].message, "IR line 4099: more than 4096 levels deep");
        weft_program_destroy(program);
        weft_diagnostics_free(&diagnostics);
        weft_text_release(&text);
    }
}
END_TEST

START_TEST(every_allocation_may_fail) {
    weft_allocator sound = weft_allocator_of(NULL);
    weft_program *program = random_program(&sound, 3, 40);
    weft_text text;
    weft_text_init(&text, &sound);
    weft_print_program(program, &text);
    weft_program_destroy(program);
    for (int forever = 0; forever < 2; forever++)
        for (size_t nth = 1;; nth++) {
            test_memory memory = {.fail_at = nth, .forever = forever};
            weft_allocator allocator = test_allocator(&memory);
            weft_diagnostics diagnostics;
            program = parse(&allocator, text.at, &diagnostics);
            bool is_done = memory.calls < nth;
            ck_assert_int_eq(program != NULL, is_done);
            ck_assert_int_eq(diagnostics.out_of_memory, !is_done);
            weft_program_destroy(program);
            weft_diagnostics_free(&diagnostics);
            ck_assert_uint_eq(memory.live, 0);
            if (is_done) break;
        }
    weft_text_release(&text);
}
END_TEST

/* Messages need memory too. */
START_TEST(every_allocation_of_a_message_may_fail) {
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
        for (size_t nth = 1;; nth++) {
            test_memory memory = {.fail_at = nth};
            weft_allocator allocator = test_allocator(&memory);
            weft_diagnostics diagnostics;
            ck_assert_ptr_null(parse(&allocator, wrong[k].text, &diagnostics));
            ck_assert(diagnostics.out_of_memory || diagnostics.count == 1);
            weft_diagnostics_free(&diagnostics);
            ck_assert_uint_eq(memory.live, 0);
            if (memory.calls < nth) break;
        }
}
END_TEST

TEST_MAIN("set/parse", reads_what_a_person_writes, golden_programs_print_as_they_are, says_what_is_wrong_and_where,
          large_texts_cost_what_they_are_long, depth_has_a_limit, every_allocation_may_fail,
          every_allocation_of_a_message_may_fail)
