/* What folding must say and must make, case by case: every error with its place, sets that go away, index lists, what
 * blocks() reads, places that are kept. Programs are written as IR text. */
#include <stdio.h>
#include <string.h>

#include "set/set.h"
#include "support/failing.h"
#include "support/suite.h"

static const char head[] = "weft-ir 1\npattern \"p\"\n"
                           "source \"f\" \"0123456789012345678901234567890123456789012345678901234567890123456789\"\n";

typedef struct folding {
    test_memory memory;
    weft_allocator allocator;
    weft_program *program;
    weft_bound bound;
    weft_diagnostics diagnostics;
    weft_argument arguments[4];
    weft_environment environment;
    weft_id folded;
} folding;

/* 128 queries and keys, head 1 of 4. The parameters a, b are 7 and 0. */
static void begin(folding *f, const char *text) {
    weft_text whole;
    *f = (folding){
        .environment = {.lengths_known = true, .head_known = true, .lq = 128, .lk = 128, .head = 1, .heads = 4}};
    f->allocator = test_allocator(&f->memory);
    f->arguments[0] = (weft_argument){.bound = true, .value.integer = 7};
    f->arguments[1] = (weft_argument){.bound = true, .value.integer = 0};
    f->environment.arguments = f->arguments;
    weft_text_init(&whole, &f->allocator);
    weft_text_format(&whole, "%s%s", head, text);
    weft_diagnostics_init(&f->diagnostics, &f->allocator, NULL);
    f->program = weft_parse_program(&f->allocator, whole.at, whole.size, &f->diagnostics);
    ck_assert_msg(f->program != NULL, "%s\n%s", f->diagnostics.count ? f->diagnostics.reports[0].message : "", text);
    ck_assert(weft_bound_init(&f->bound, &f->allocator));
    weft_text_release(&whole);
}

static void fold(folding *f) {
    f->folded = weft_fold(f->program, f->program->meaning, &f->environment, &f->bound, &f->diagnostics);
}

static void end(folding *f) {
    weft_bound_free(&f->bound);
    weft_program_destroy(f->program);
    weft_diagnostics_free(&f->diagnostics);
    ck_assert_uint_eq(f->memory.live, 0);
}

/* ---- errors ---------------------------------------------------------------------------------------------------- */

#define PARAMETERS "parameter a: int\nparameter b: int\n"

START_TEST(errors_stand_where_they_are) {
    static const struct {
        const char *text;
        weft_code code;
        uint32_t place; /* its begin */
        const char *message;
        bool early; /* constants alone show it */
    } cases[] = {
        {"%1 = int 0 @1:3-4\n%2 = all @1:5-8\n%3 = blocks %1 %2 @1:0-9\nmeaning %3", WEFT_E0301, 3,
         "`block` is 0, but a size is at least 1", true},
        {"%1 = int -5 @1:3-4\n%2 = int 1 @1:5-6\n%3 = chunk %1 %2 @1:0-9\nmeaning %3", WEFT_E0301, 3,
         "`size` is -5, but a size is at least 1", true},
        {PARAMETERS "%1 = param b @1:9-10\n%2 = int 1 @1:5-6\n%3 = band %2 %2 %1 @1:0-9\nmeaning %3", WEFT_E0301, 9,
         "`step` is 0, but a size is at least 1", false},
        {"%1 = int 0 @1:3-4\n%2 = floordiv %1 %1 @1:2-5\n%3 = past %2 @1:0-9\nmeaning %3", WEFT_E0302, 2,
         "division by zero", true},
        {PARAMETERS "%1 = param b @1:3-4\n%2 = i @1:4-5\n%3 = mod %2 %1 @1:2-6\n%4 = eq %3 %1 @1:2-9\n"
                    "%5 = where %4 @1:0-9\nmeaning %5",
         WEFT_E0302, 2, "division by zero", false},
        {"%1 = int 9223372036854775807 @1:3-4\n%2 = int 1 @1:5-6\n%3 = add %1 %2 @1:3-7\n%4 = past %3 @1:0-9\n"
         "meaning %4",
         WEFT_E0303, 3, "the result does not fit in 64 bits", true},
        {"%1 = int 4 @1:3-4\n%2 = h @1:5-6\n%3 = literal %1 @1:3-4\n%4 = index %3 %2 @1:3-8\n%5 = past %4 @1:0-9\n"
         "meaning %5",
         WEFT_E0304, 3, "index 1 is out of range: there are 1 elements", false},
        {"%1 = int 1 @1:3-4\n%2 = all @1:5-8\n%3 = int -3 @1:9-11\n%4 = heads %1 %2 %3 %2 @1:0-30\nmeaning %4",
         WEFT_E0305, 9, "head 1 is in an earlier clause too", false},
        {"%1 = int 2 @1:3-4\n%2 = all @1:5-8\n%3 = heads %1 %2 @1:0-30\nmeaning %3", WEFT_E0306, 0,
         "head 1 has no set: no `heads` clause names it, and there is no `attend`", false},
        {"%1 = bool false @1:3-4\n%2 = all @1:5-8\n%3 = require \"w must be even\" %1 %2 @1:1-30\nmeaning %3",
         WEFT_E0307, 1, "w must be even", true},
        {"%1 = Lk @1:3-5\n%2 = int 100 @1:6-9\n%3 = le %1 %2 @1:3-9\n%4 = all @1:12-15\n%5 = require %3 %4 @1:1-30\n"
         "meaning %5",
         WEFT_E0307, 1, "this requirement is not met", false},
        {"%1 = D @1:3-4\n%2 = past %1 @1:0-5\nmeaning %2", WEFT_E0407, 3,
         "`D` is read, but no head dimension is known here", false},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        folding f;
        for (int early = 0; early < 2; early++) {
            begin(&f, cases[k].text);
            if (early) f.environment = (weft_environment){0};
            fold(&f);
            ck_assert_msg((f.folded == 0) == (!early || cases[k].early), "case %zu", k);
            ck_assert_uint_eq(f.diagnostics.count, f.folded == 0);
            if (!f.folded) {
                const weft_report *report = &f.diagnostics.reports[0];
                ck_assert_str_eq(weft_code_name(report->code), weft_code_name(cases[k].code));
                ck_assert_uint_eq(report->span.begin, cases[k].place);
                ck_assert_str_eq(report->message, cases[k].message);
            }
            end(&f);
        }
    }
}
END_TEST

START_TEST(every_error_is_reported) {
    folding f;
    begin(&f, "%1 = int 0 @1:3-4\n%2 = floordiv %1 %1 @1:5-6\n%3 = past %2 @1:5-7\n%4 = none @1:8-9\n"
              "%5 = intersection %3 %4 @1:5-9\n%6 = blocks %1 %5 @1:3-10\n%7 = chunk %1 %1 @1:20-30\n"
              "%8 = union %6 %7 @1:3-30\nmeaning %8");
    fold(&f);
    ck_assert_uint_eq(f.folded, 0);
    ck_assert_uint_eq(f.diagnostics.errors, 2); /* the 0 at 3 serves blocks and chunk: one place, one report */
    ck_assert(!f.diagnostics.out_of_memory);
    end(&f);
}
END_TEST

/* Branches not taken, clauses of other heads and operands that are decided before do not count. */
START_TEST(what_is_not_evaluated_does_not_count) {
    static const char *const fine[] = {
        "%1 = int 0\n%2 = all\n%3 = blocks %1 %2\n%4 = bool false\n%5 = select %4 %3 %2\nmeaning %5",
        "%1 = int 0\n%2 = all\n%3 = blocks %1 %2\n%4 = int 2\n%5 = heads %4 %3 %2\nmeaning %5",
        "%1 = int 0\n%2 = floordiv %1 %1\n%3 = eq %2 %1\n%4 = bool false\n%5 = and %4 %3\n%6 = where %5\nmeaning %6",
        "%1 = int 0\n%2 = floordiv %1 %1\n%3 = eq %2 %1\n%4 = bool true\n%5 = or %4 %3\n%6 = where %5\nmeaning %6",
    };
    for (size_t k = 0; k < sizeof fine / sizeof fine[0]; k++) {
        folding f;
        begin(&f, fine[k]);
        fold(&f);
        ck_assert_msg(f.folded != 0 && f.diagnostics.count == 0, "case %zu", k);
        end(&f);
    }
}
END_TEST

/* ---- what folding makes ------------------------------------------------------------------------------------- */

/* The folded set as text: operations with their operands, in one line. */
static void write(const weft_bound *bound, weft_id id, weft_text *out) {
    const weft_node *node = weft_node_at(&bound->dag, id);
    if (node->op == WEFT_OP_INT) {
        weft_text_format(out, "%lld", (long long)node->value.integer);
    } else if (node->op == WEFT_OP_INTERVALS) {
        weft_intervals list = bound->dag.lists[node->value.integer];
        weft_text_add(out, "{", 1);
        for (uint32_t k = 0; k < list.count; k++) {
            weft_text_format(out, "%s%lld..%lld", k ? " " : "", (long long)list.at[k].lo, (long long)list.at[k].hi);
        }
        weft_text_add(out, "}", 1);
    } else {
        weft_text_format(out, "%s", weft_op_describe((weft_op)node->op)->text);
        for (uint32_t k = 0; k < node->arity; k++) {
            weft_text_add(out, k ? " " : "(", 1);
            write(bound, weft_operand(&bound->dag, id, k), out);
        }
        if (node->arity) weft_text_add(out, ")", 1);
    }
}

static void expect(const char *text, const char *wanted) {
    folding f;
    weft_text found;
    begin(&f, text);
    fold(&f);
    ck_assert_msg(f.folded != 0, "%s: %s", text, f.diagnostics.count ? f.diagnostics.reports[0].message : "");
    weft_text_init(&found, &f.allocator);
    write(&f.bound, f.folded, &found);
    ck_assert_str_eq(found.at, wanted);
    weft_text_release(&found);
    end(&f);
}

START_TEST(trivial_sets_go_away) {
    static const char atoms[] = "%1 = int 1\n%2 = all\n%3 = none\n%4 = past %1\n%5 = causal\n%6 = int 0\n%7 = list\n"
                                "%8 = range %6 %1\n%9 = bool true\n%10 = Lk\n%11 = range %6 %10\n%12 = int -1\n";
    static const char *const cases[][2] = {
        {"%13 = union %4 %3 %4", "past(1)"},
        {"%13 = union %4 %2", "all"},
        {"%13 = union %3 %3", "none"},
        {"%13 = intersection %4 %2", "past(1)"},
        {"%13 = intersection %4 %3", "none"},
        {"%13 = intersection %2 %2", "all"},
        {"%13 = union %4 %5\n%14 = union %13 %3", "union(past(1) causal)"},
        {"%13 = union %4 %5\n%14 = union %5 %13 %13", "union(causal past(1))"},
        {"%13 = complement %2", "none"},
        {"%13 = complement %3", "all"},
        {"%13 = complement %4\n%14 = complement %13", "past(1)"},
        {"%13 = difference %4 %3", "past(1)"},
        {"%13 = difference %4 %2", "none"},
        {"%13 = difference %3 %4", "none"},
        {"%13 = difference %4 %4", "none"},
        {"%13 = blocks %1 %4", "past(1)"},
        {"%13 = int 8\n%14 = blocks %13 %2", "all"},
        {"%13 = int 8\n%14 = blocks %13 %3", "none"},
        {"%13 = int 8\n%14 = blocks %13 %4", "blocks(8 past(1))"},
        {"%13 = past %6", "none"},
        {"%13 = band %1 %6 %1", "none"},
        {"%13 = window %12 %6", "none"},
        {"%13 = window %12 %1", "window(-1 1)"},
        {"%13 = chunk %1 %12", "none"},
        {"%13 = rows %7", "none"},
        {"%13 = cols %11", "all"},
        {"%13 = global %11", "all"},
        {"%13 = rows %11", "rows({0..128})"}, /* queries may have positions below 0 */
        {"%13 = where %9", "all"},
        {"%13 = not %9\n%14 = where %13", "none"},
        {"%13 = i\n%14 = le %6 %13\n%15 = and %14 %9\n%16 = where %15", "all"},
        {"%13 = select %9 %4 %5", "past(1)"},
        {"%13 = require %9 %4", "past(1)"},
        {"%13 = h\n%14 = eq %13 %1\n%15 = select %14 %4 %5", "past(1)"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char text[1000], last[8] = {0};
        const char *line = strrchr(cases[k][0], '\n');
        line = line ? line + 1 : cases[k][0];
        memcpy(last, line, strcspn(line, " "));
        ck_assert_int_gt(snprintf(text, sizeof text, "%s%s\nmeaning %s", atoms, cases[k][0], last), 0);
        expect(text, cases[k][1]);
    }
}
END_TEST

START_TEST(lists_become_intervals) {
    /* {3, -1, 4, -4..Lk, 120..-7, 1000, -1000, 5..2, -128} of 128 */
    expect("%1 = int 3\n%2 = int -1\n%3 = int 4\n%4 = int -4\n%5 = Lk\n%6 = range %4 %5\n%7 = int 120\n%8 = int -7\n"
           "%9 = range %7 %8\n%10 = int 1000\n%11 = int -1000\n%12 = int 5\n%13 = int 2\n%14 = range %12 %13\n"
           "%15 = int -128\n%16 = list %1 %2 %3 %6 %9 %10 %11 %14 %15\n%17 = cols %16\nmeaning %17",
           "cols({0..1 3..5 120..121 124..128})");
    /* -1000..5: the end counts from the end once, then what does not exist is ignored */
    expect("%1 = int -1000\n%2 = int 5\n%3 = range %1 %2\n%4 = rows %3\nmeaning %4", "rows({0..5})");
    expect("%1 = int -1\n%2 = global %1\nmeaning %2", "global({127..128})");
    /* Inside blocks(60, …) there are 3 key blocks, and Lk and Lq read as 3. */
    expect("%1 = int 60\n%2 = int -1\n%3 = Lk\n%4 = past %3\n%5 = cols %2\n%6 = union %4 %5\n%7 = blocks %1 %6\n"
           "%8 = past %3\n%9 = union %7 %8\nmeaning %9",
           "union(blocks(60 union(past(3) cols({2..3}))) past(128))");
    expect("%1 = int 60\n%2 = int 2\n%3 = Lq\n%4 = past %3\n%5 = blocks %2 %4\n%6 = blocks %1 %5\nmeaning %6",
           "blocks(60 blocks(2 past(2)))");
}
END_TEST

START_TEST(heads_count_from_the_end) {
    static const char sets[] = "%1 = int 0\n%2 = int -3\n%3 = range %2 %1\n%4 = int -1\n%5 = range %2 %4\n%6 = causal\n"
                               "%7 = all\n%8 = int 100\n%9 = range %1 %8\n%10 = list %4 %2\n";
    char text[1000];
    static const char *const cases[][2] = {
        {"%11 = heads %2 %6 %7", "causal"},  /* -3 of 4 is head 1 */
        {"%11 = heads %5 %6 %7", "causal"},  /* -3..-1: heads 1 and 2 */
        {"%11 = heads %3 %6 %7", "all"},     /* -3..0 is empty */
        {"%11 = heads %9 %6", "causal"},     /* clipped to H */
        {"%11 = heads %10 %6 %7", "causal"}, /* {-1, -3} */
        {"%11 = heads %4 %6 %7", "all"},     {"%11 = heads %7", "all"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        ck_assert_int_gt(snprintf(text, sizeof text, "%s%s\nmeaning %%11", sets, cases[k][0]), 0);
        expect(text, cases[k][1]);
    }
}
END_TEST

/* Defaults that read lengths mean the outermost ones, wherever the parameter is read. */
START_TEST(defaults_mean_positions) {
    folding f;
    begin(&f, "%1 = Lk\nparameter a: int = %1\n%2 = param a\n%3 = past %2\n%4 = int 60\n%5 = blocks %4 %3\nmeaning %5");
    f.arguments[0].bound = false;
    fold(&f);
    ck_assert_uint_ne(f.folded, 0);
    weft_id past = weft_operand(&f.bound.dag, f.folded, 1);
    ck_assert_int_eq(weft_operand_int(&f.bound.dag, past, 0), 128);
    end(&f);
}
END_TEST

START_TEST(places_are_kept_on_demand) {
    folding f;
    begin(
        &f,
        "%1 = int 3 @1:4-5\n%2 = past %1 @1:0-6\n%3 = none @1:8-12\n%4 = bool true @1:20-21\n%5 = union %2 %3 @1:0-12\n"
        "%6 = select %4 %5 %3 @1:0-30\nmeaning %6");
    f.environment.keep_places = true;
    fold(&f);
    const weft_node *node = weft_node_at(&f.bound.dag, f.folded);
    ck_assert_int_eq(node->op, WEFT_OP_UNION);
    ck_assert_uint_eq(node->place.end, 12);
    ck_assert_uint_eq(node->arity, 2);
    ck_assert_uint_eq(weft_node_at(&f.bound.dag, weft_operand(&f.bound.dag, f.folded, 1))->place.begin, 8);
    f.environment.keep_places = false;
    fold(&f);
    ck_assert_int_eq(weft_node_at(&f.bound.dag, f.folded)->op, WEFT_ATOM_PAST);
    ck_assert_uint_eq(weft_node_at(&f.bound.dag, f.folded)->place.source, 0);
    end(&f);
}
END_TEST

/* Equal sets of different heads are one node. */
START_TEST(heads_share_nodes) {
    folding f;
    begin(&f, "%1 = h\n%2 = int 2\n%3 = floordiv %1 %2\n%4 = int 64\n%5 = mul %3 %4\n%6 = int 9\n%7 = window %5 "
              "%6\nmeaning %7");
    weft_id sets[4];
    for (int64_t h = 0; h < 4; h++) {
        f.environment.head = h;
        fold(&f);
        sets[h] = f.folded;
    }
    ck_assert(sets[0] == sets[1] && sets[2] == sets[3] && sets[0] != sets[2]);
    end(&f);
}
END_TEST

/* s1 = ~s0 | s0 & p, s2 = ~s1 | s1 & p, …: linear while shared, refused when too large to be evaluated. */
START_TEST(shared_terms_are_folded_once) {
    weft_text text;
    weft_allocator allocator = weft_allocator_of(NULL);
    for (int levels = 4; levels <= 300; levels += 296) {
        int last = 2;
        weft_text_init(&text, &allocator);
        weft_text_format(&text, "%%1 = int 3\n%%2 = past %%1\n");
        for (int k = 0; k < levels; k++, last += 3) {
            weft_text_format(&text, "%%%d = complement %%%d\n%%%d = intersection %%%d %%2\n%%%d = union %%%d %%%d\n",
                             last + 1, last, last + 2, last, last + 3, last + 1, last + 2);
        }
        weft_text_format(&text, "meaning %%%d", last);
        folding f;
        begin(&f, text.at);
        fold(&f);
        ck_assert_int_eq(f.folded != 0, levels == 4);
        if (!f.folded) ck_assert_str_eq(weft_code_name(f.diagnostics.reports[0].code), "E0009");
        end(&f);
        weft_text_release(&text);
    }
}
END_TEST

/* As deep as a program may be: folding, the oracle, spans and conditions recurse. */
START_TEST(deep_sets_fit_the_stack) {
    enum { LEVELS = 3000 };
    weft_text text;
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_text_init(&text, &allocator);
    weft_text_format(&text, "%%1 = i\n%%2 = int 3\n%%3 = lt %%2 %%1\n%%4 = causal\n");
    for (int k = 4; k < LEVELS; k++) weft_text_format(&text, "%%%d = not %%%d\n", k + 1, k == 4 ? 3 : k);
    weft_text_format(&text, "%%%d = where %%%d\n%%%d = past %%2\n", LEVELS + 1, LEVELS, LEVELS + 2);
    for (int k = LEVELS + 2; k < 2 * LEVELS; k += 2) {
        weft_text_format(&text, "%%%d = complement %%%d\n%%%d = intersection %%%d %%4\n", k + 1, k, k + 2, k + 1);
    }
    weft_text_format(&text, "%%%d = union %%%d %%%d\nmeaning %%%d", 2 * LEVELS + 1, LEVELS + 1, 2 * LEVELS,
                     2 * LEVELS + 1);
    folding f;
    begin(&f, text.at);
    fold(&f);
    weft_scratch scratch;
    weft_spans spans;
    ck_assert(f.folded && weft_scratch_init(&scratch, &f.bound));
    ck_assert(weft_spans_of(&scratch, f.folded, weft_space_of(128, 128), 10, 11, &spans));
    for (int64_t j = 0; j < 128; j++) {
        bool in = weft_contains(&f.bound, f.folded, weft_space_of(128, 128), 10, j);
        ck_assert(in == weft_intervals_contain(spans.may, j));
    }
    weft_scratch_free(&scratch);
    end(&f);
    weft_text_release(&text);
}
END_TEST

START_TEST(deeper_sets_are_refused) {
    weft_text text;
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_text_init(&text, &allocator);
    weft_text_format(&text, "%%1 = causal\n");
    for (int k = 1; k < 4000; k++) weft_text_format(&text, "%%%d = complement %%%d\n", k + 1, k);
    weft_text_format(&text, "meaning %%4000");
    folding f;
    begin(&f, text.at);
    fold(&f);
    ck_assert(!f.folded && !f.diagnostics.out_of_memory);
    ck_assert_uint_eq(f.diagnostics.count, 1);
    ck_assert_str_eq(weft_code_name(f.diagnostics.reports[0].code), "E0009");
    end(&f);
    weft_text_release(&text);
}
END_TEST

TEST_MAIN("set/fold", errors_stand_where_they_are, every_error_is_reported, what_is_not_evaluated_does_not_count,
          trivial_sets_go_away, lists_become_intervals, heads_count_from_the_end, defaults_mean_positions,
          places_are_kept_on_demand, heads_share_nodes, shared_terms_are_folded_once, deep_sets_fit_the_stack,
          deeper_sets_are_refused)
