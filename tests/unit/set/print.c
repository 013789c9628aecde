/* Programs and sets as text; print after parse gives the same text. */
#include <stdio.h>
#include <time.h>

#include "support/failing.h"
#include "support/suite.h"
#include "unit/set/programs.h"

static weft_allocator allocator;

static void check_text(weft_text *text, const char *expected) {
    ck_assert(!text->failed);
    ck_assert_str_eq(text->at ? text->at : "", expected);
    weft_text_release(text);
    weft_text_init(text, &allocator);
}

START_TEST(prints_what_is_reached_and_no_more) {
    allocator = weft_allocator_of(NULL);
    weft_program *program = weft_program_create(&allocator, "two \"words\"");
    weft_dag *dag = &program->dag;
    weft_text text;
    weft_text_init(&text, &allocator);
    weft_sources_add(&program->sources, "a.weft", "w\t\xFF\"\\\r\n\u222A\xC2\x9B\0.", 14);
    weft_id unused = weft_make_int(dag, 99, WEFT_NO_SPAN);
    weft_id four = weft_make_int(dag, 4, (weft_span){1, 0, 1});
    weft_value w = {.integer =
                        (int64_t)weft_program_add_parameter(program, "w", WEFT_TYPE_INT, four, (weft_span){1, 0, 3})};
    weft_value x = {.integer = (int64_t)weft_program_add_parameter(program, "x", WEFT_TYPE_LABELS, 0, WEFT_NO_SPAN)};
    ck_assert_int_eq(x.integer, 1);
    weft_id param = weft_make(dag, WEFT_OP_PARAM, WEFT_TYPE_INT, w, NULL, 0, WEFT_NO_SPAN);
    weft_id window = weft_make_set(dag, WEFT_ATOM_WINDOW, (weft_span){1, 1, 2}, 2, param, four);
    weft_id truth = weft_make_bool(dag, true, WEFT_NO_SPAN);
    weft_value message = {.integer = (int64_t)weft_dag_string(dag, "why?", 4)};
    weft_id pair[] = {truth, window};
    program->meaning = weft_make(dag, WEFT_OP_REQUIRE, WEFT_TYPE_SET, message, pair, 2, WEFT_NO_SPAN);
    pair[1] = weft_make_set(dag, WEFT_ATOM_ALL, WEFT_NO_SPAN, 0);
    weft_id bare = weft_make(dag, WEFT_OP_REQUIRE, WEFT_TYPE_SET, (weft_value){.integer = 0}, pair, 2, WEFT_NO_SPAN);
    program->scale = weft_make_float(dag, -0.0, WEFT_NO_SPAN);
    ck_assert(weft_program_add_pass(program, (weft_pass){.row_tile = 64, .key_tile = 64, .set = bare}));
    weft_id stride = weft_make_int(dag, 16, WEFT_NO_SPAN), all = pair[1];
    ck_assert(weft_program_add_pass(
        program, (weft_pass){WEFT_ORDER_STRIDED, WEFT_ORDER_STRIDED, 64, 64, .set = all, .stride = stride}));
    weft_print_program(program, &text);
    check_text(&text, "weft-ir 1\n"
                      "pattern \"two \\\"words\\\"\"\n"
                      "source \"a.weft\" \"w\\t\\xFF\\\"\\\\\\r\\n\u222A\\xC2\\x9B\\x00.\"\n"
                      "%1 = int 4 @1:0-1\n"
                      "parameter w: int = %1 @1:0-3\n"
                      "parameter x: labels\n"
                      "%2 = param w\n"
                      "%3 = window %2 %1 @1:1-2\n"
                      "%4 = bool true\n"
                      "%5 = require \"why?\" %4 %3\n"
                      "%6 = all\n"
                      "%7 = require %4 %6\n"
                      "%8 = float -0.0\n"
                      "%9 = int 16\n"
                      "meaning %5\n"
                      "scale %8\n"
                      "pass contiguous contiguous 64x64 %7\n"
                      "pass strided strided 64x64 %6 %9\n");
    weft_print_set(program, window, true, &text);
    check_text(&text, "%1 = int 4 @1:0-1\n%2 = param w\n%3 = window %2 %1 @1:1-2\n");
    weft_print_set(program, window, false, &text);
    check_text(&text, "%1 = int 4\n%2 = param w\n%3 = window %2 %1\n");
    weft_print_set(program, unused, false, &text);
    check_text(&text, "%1 = int 99\n");
    weft_interval some[] = {{0, 16}, {20, 21}};
    weft_print_set(program, weft_make_intervals(dag, (weft_intervals){some, 2}, WEFT_NO_SPAN), false, &text);
    check_text(&text, "%1 = intervals 0..16 20..21\n");
    weft_text_release(&text);
    weft_program_destroy(program);
}
END_TEST

static void print_again(const weft_text *text, weft_text *again, uint64_t seed) {
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, &allocator, NULL);
    weft_program *program = weft_parse_program(&allocator, text->at, text->size, &diagnostics);
    ck_assert_msg(program != NULL, "seed %llu: %s\n%s", (unsigned long long)seed,
                  diagnostics.count ? diagnostics.reports[0].message : "?", text->at);
    weft_print_program(program, again);
    weft_program_destroy(program);
    weft_diagnostics_free(&diagnostics);
}

START_TEST(random_programs_verify_and_come_back) {
    allocator = weft_allocator_of(NULL);
    bool seen[WEFT_OP_COUNT] = {false};
    for (uint64_t seed = 1; seed <= 500; seed++) {
        weft_program *program = random_program(&allocator, seed, (int)(seed % 120));
        weft_diagnostics diagnostics;
        weft_diagnostics_init(&diagnostics, &allocator, NULL);
        ck_assert_msg(weft_verify_program(program, &diagnostics), "seed %llu: %s", (unsigned long long)seed,
                      diagnostics.count ? diagnostics.reports[0].message : "?");
        weft_text text, again;
        weft_text_init(&text, &allocator);
        weft_text_init(&again, &allocator);
        weft_print_program(program, &text);
        print_again(&text, &again, seed);
        ck_assert_msg(strcmp(text.at, again.at) == 0, "seed %llu:\n%s\n%s", (unsigned long long)seed, text.at,
                      again.at);
        for (weft_id id = 1; id < program->dag.count; id++) seen[program->dag.nodes[id].op] = true;
        weft_text_release(&text);
        weft_text_release(&again);
        weft_diagnostics_free(&diagnostics);
        weft_program_destroy(program);
    }
    for (int op = 1; op < WEFT_OP_COUNT; op++) {
        bool expected = op != WEFT_OP_ARRAY && op != WEFT_OP_INTERVALS;
        ck_assert_msg(seen[op] == expected, "%s", weft_op_describe((weft_op)op)->text);
    }
}
END_TEST

/* As deep as a DAG can be, each level used twice: neither depth nor paths may count. */
START_TEST(deep_and_shared_sets_print_in_a_moment) {
    allocator = weft_allocator_of(NULL);
    weft_program *program = weft_program_create(&allocator, "deep");
    weft_id set = weft_make_set(&program->dag, WEFT_ATOM_ALL, WEFT_NO_SPAN, 0);
    for (int k = 0; k < 1000000; k++) set = weft_make_set(&program->dag, WEFT_OP_DIFFERENCE, WEFT_NO_SPAN, 2, set, set);
    weft_text text;
    weft_text_init(&text, &allocator);
    clock_t begin = clock();
    weft_print_set(program, set, true, &text);
    ck_assert_int_lt(clock() - begin, 20 * CLOCKS_PER_SEC);
    ck_assert(!text.failed);
    const char *last = "%1000001 = difference %1000000 %1000000\n";
    ck_assert_str_eq(text.at + text.size - strlen(last), last);
    weft_text_release(&text);
    weft_program_destroy(program);
}
END_TEST

START_TEST(printing_survives_failing_memory) {
    allocator = weft_allocator_of(NULL);
    for (size_t nth = 1;; nth++) {
        test_memory memory = {0};
        weft_allocator failing = test_allocator(&memory);
        weft_program *program = random_program(&failing, 5, 60);
        weft_text text;
        weft_text_init(&text, &failing);
        size_t calls = memory.calls;
        memory.fail_at = calls + nth;
        weft_print_program(program, &text);
        bool is_done = memory.calls < memory.fail_at;
        ck_assert_int_eq(text.failed, !is_done);
        weft_text_release(&text);
        weft_program_destroy(program);
        ck_assert_uint_eq(memory.live, 0);
        if (is_done) break;
    }
}
END_TEST

TEST_MAIN("set/print", prints_what_is_reached_and_no_more, random_programs_verify_and_come_back,
          deep_and_shared_sets_print_in_a_moment, printing_survives_failing_memory)
