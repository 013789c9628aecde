/* Explanations: the terms that decide a pair, with their places, through every operator. */
#include "make.h"

/* The same nodes once more without places, numbered on from `count`: the set of the pass. */
static void add_pass(weft_text *ir, const char *nodes, int count) {
    for (const char *at = nodes; *at;) {
        if (!strncmp(at, "meaning", 7)) {
            weft_text_format(ir, "%spass contiguous contiguous 64x64", at);
            at += 7;
        } else if (*at == '%') {
            char *end;
            weft_text_format(ir, "%%%ld", strtol(at + 1, &end, 10) + count);
            at = end;
        } else if (*at == '@') {
            at += strcspn(at, "\n");
        } else {
            weft_text_add(ir, at++, 1);
        }
    }
}

/* A source and its IR; places are byte ranges of the source. */
static weft_plan *plan_of_source(const char *source, const char *nodes, int64_t heads) {
    weft_text ir;
    int count = 0;
    for (const char *at = nodes; *at; at++) count += *at == '\n';
    weft_text_init(&ir, plain());
    const char *meaning = strstr(nodes, "meaning");
    weft_text_format(&ir, "source \"p.weft\" \"%s\"\n%.*s", source, (int)(meaning - nodes), nodes);
    add_pass(&ir, nodes, count - 1);
    weft_plan *plan = plan_of_ir(ir.at, shape_of(200, 200, heads));
    weft_text_release(&ir);
    return plan;
}

static void expect(const weft_plan *plan, int64_t head, int64_t i, int64_t j, bool allowed, const char *lines) {
    char text[4000];
    bool in = !allowed;
    size_t length = weft_plan_explain(plan, 0, head, i, j, &in, text, sizeof text);
    ck_assert_uint_eq(length, strlen(text));
    const char *body = strchr(text, '\n');
    ck_assert_ptr_nonnull(body);
    ck_assert_str_eq(body + 1, lines);
    ck_assert_int_eq(in, allowed);
}

static const char source[] = "(window(3) | cols({9})) & ~causal";
static const char nodes[] = "%1 = int 3\n%2 = window %1 %1 @1:1-10\n%3 = int 9\n%4 = list %3\n%5 = cols %4 @1:13-22\n"
                            "%6 = union %2 %5 @1:1-22\n%7 = causal @1:27-33\n%8 = complement %7 @1:26-33\n"
                            "%9 = intersection %6 %8 @1:0-33\nmeaning %9\n";

START_TEST(test_operators) {
    weft_plan *plan = plan_of_source(source, nodes, 1);
    expect(plan, 0, 5, 7, true,
           "p.weft:1:1: `(window(3) | cols({9})) & ~causal` admits (5, 7): every term of the intersection holds it\n"
           "  p.weft:1:2: `window(3)` admits (5, 7)\n"
           "  p.weft:1:27: `~causal` admits (5, 7): what it negates does not hold it\n"
           "    p.weft:1:28: `causal` excludes (5, 7)\n");
    expect(plan, 0, 5, 4, false,
           "p.weft:1:27: `~causal` excludes (5, 4): what it negates holds it\n"
           "  p.weft:1:28: `causal` admits (5, 4)\n");
    expect(plan, 0, 5, 50, false,
           "p.weft:1:2: `window(3) | cols({9})` excludes (5, 50): no term of the union holds it\n"
           "  p.weft:1:2: `window(3)` excludes (5, 50)\n"
           "  p.weft:1:14: `cols({9})` excludes (5, 50)\n");
    weft_plan_destroy(plan);
}
END_TEST

/* Difference, blocks, and heads; text over two lines becomes one. */
START_TEST(test_more_operators) {
    weft_plan *plan = plan_of_source("blocks(10,\\n  causal) - past(4)",
                                     "%1 = int 10\n%2 = causal @1:13-19\n%3 = blocks %1 %2 @1:0-20\n%4 = int 4\n"
                                     "%5 = past %4 @1:23-30\n%6 = difference %3 %5 @1:0-30\n%7 = int 0\n%8 = list %7\n"
                                     "%9 = heads %8 %6 %5\nmeaning %9\n",
                                     2);
    expect(plan, 0, 25, 29, true,
           "p.weft:1:1: `blocks(10, causal)` admits (25, 29), by its block pair:\n"
           "  p.weft:2:3: `causal` admits (2, 2)\n"
           "p.weft:2:13: `past(4)` does not take away (25, 29)\n");
    expect(plan, 0, 25, 24, false,
           "p.weft:2:13: `past(4)` takes away (25, 24)\n"
           "  p.weft:2:13: `past(4)` admits (25, 24)\n");
    expect(plan, 0, 25, 30, false,
           "p.weft:1:1: `blocks(10, causal)` excludes (25, 30), by its block pair:\n"
           "  p.weft:2:3: `causal` excludes (2, 3)\n");
    expect(plan, 1, 25, 24, true, "p.weft:2:13: `past(4)` admits (25, 24)\n");
    weft_plan_destroy(plan);
}
END_TEST

START_TEST(test_without_places) {
    weft_plan *plan = plan_of_ir("%1 = causal\nmeaning %1\n", shape_of(5, 9, 1));
    expect(plan, 0, 4, 0, true, "`causal` admits (4, 0)\n");
    expect(plan, 0, 4, 5, false, "`causal` excludes (4, 5)\n");
    weft_plan_destroy(plan);
}
END_TEST

START_TEST(test_ranges_and_buffers) {
    weft_plan *plan = plan_of_ir("%1 = causal\nmeaning %1\n", shape_of(5, 9, 2));
    bool allowed;
    char text[20] = "untouched";
    static const int64_t outside[][4] = {{0, 0, 3, 0}, {0, 0, 9, 0},  {0, 0, 4, -1}, {0, 0, 4, 9},
                                         {0, 2, 4, 0}, {0, -1, 4, 0}, {1, 0, 4, 0}};
    for (size_t k = 0; k < sizeof outside / sizeof *outside; k++) {
        const int64_t *at = outside[k];
        ck_assert_uint_eq(weft_plan_explain(plan, at[0], at[1], at[2], at[3], &allowed, text, sizeof text), 0);
        ck_assert_str_eq(text, "");
    }
    size_t length = weft_plan_explain(plan, 0, 1, 4, 4, NULL, NULL, 0);
    ck_assert_uint_gt(length, sizeof text);
    ck_assert_uint_eq(weft_plan_explain(plan, 0, 1, 4, 4, &allowed, text, sizeof text), length);
    ck_assert_uint_eq(strlen(text), sizeof text - 1);
    ck_assert_uint_eq(weft_plan_explain(NULL, 0, 0, 4, 4, &allowed, text, sizeof text), 0);
    weft_plan_destroy(plan);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("explain");
    tcase_add_test(tests, test_operators);
    tcase_add_test(tests, test_more_operators);
    tcase_add_test(tests, test_without_places);
    tcase_add_test(tests, test_ranges_and_buffers);
    return run_tests(tests);
}
