/* Tiles that lie alike share a mask: terms of every kind, alone and together, over enough row tiles that many tiles are
 * taken for equal, pair by pair against the definition. */
#include "make.h"
#include "support/random.h"

/* IR under way: adds a line, gives its number. */
typedef struct writer {
    weft_text text;
    test_random random;
    int last;
} writer;

static int64_t pick(writer *w, int64_t low, int64_t high) { return test_range(&w->random, low, high); }
static int number(writer *w, int64_t value) {
    weft_text_format(&w->text, "%%%d = int %lld\n", ++w->last, (long long)value);
    return w->last;
}
static int picked(writer *w, int64_t low, int64_t high) { return number(w, pick(w, low, high)); }
static int leaf(writer *w, const char *op) {
    weft_text_format(&w->text, "%%%d = %s\n", ++w->last, op);
    return w->last;
}
static int apply(writer *w, const char *op, int a, int b) {
    weft_text_format(&w->text, b ? "%%%d = %s %%%d %%%d\n" : "%%%d = %s %%%d\n", w->last + 1, op, a, b);
    return ++w->last;
}
static int apply_five(writer *w, const char *op, int a, int b, int c, int d, int e) {
    weft_text_format(&w->text, e ? "%%%d = %s %%%d %%%d %%%d %%%d %%%d\n" : "%%%d = %s %%%d %%%d %%%d %%%d\n",
                     w->last + 1, op, a, b, c, d, e);
    return ++w->last;
}

/* Positions in some thousand, in a rhythm or not. */
static int random_listed(writer *w, const char *op) {
    int first = number(w, pick(w, 0, 1) ? 64 * pick(w, 0, 15) : pick(w, 0, 999));
    int list = apply(w, "list", first, apply(w, "range", picked(w, 300, 400), picked(w, 350, 460)));
    return apply(w, op, list, 0);
}

static int random_condition(writer *w) {
    int i = leaf(w, "i"), j = leaf(w, "j"), size = picked(w, 3, 300), more = picked(w, 2, 9), x = i;
    switch (pick(w, 0, 5)) {
    case 4: x = apply(w, "add", apply(w, "mul", i, j), apply(w, "mul", i, more)); break;
    case 5: x = apply(w, "floordiv", apply(w, "add", i, apply(w, "neg", j, 0)), more); break;
    case 0: return apply(w, "eq", apply(w, "floordiv", i, size), apply(w, "floordiv", j, size));
    case 1: x = j; break;
    case 2: x = apply(w, "sub", i, j); break;
    default: break;
    }
    return apply(w, "lt", apply(w, "mod", apply(w, "mod", x, size), more), picked(w, 1, 4));
}

static int random_grid(writer *w, bool window) {
    static const int64_t widths[] = {17, 32, 50, 64, 100, 128};
    int64_t width = widths[pick(w, 0, 5)];
    int height = number(w, pick(w, 900, 1100) / width + 1), across = number(w, width);
    if (window) return apply_five(w, "window2d", height, across, picked(w, 0, 3), picked(w, 0, 9), 0);
    return apply_five(w, "neighborhood2d", height, across, picked(w, 1, 3), picked(w, 1, 5), picked(w, 1, 2));
}

static int random_band(writer *w) {
    int lo = picked(w, -300, 0), hi = picked(w, -50, 200), step = picked(w, 2, 9);
    weft_text_format(&w->text, "%%%d = band %%%d %%%d %%%d\n", w->last + 1, lo, hi, step);
    return ++w->last;
}

static int random_term(writer *w) {
    switch (pick(w, 0, 9)) {
    case 0: return apply(w, "window", picked(w, 0, 200), picked(w, -20, 100));
    case 1: return apply(w, "dilated", picked(w, 1, 60), picked(w, 2, 9));
    case 2: return apply(w, "stride", picked(w, 2, 70), 0);
    case 3: return random_listed(w, "rows");
    case 4: return random_listed(w, "cols");
    case 5: return apply(w, "chunk", number(w, pick(w, 0, 1) ? 16 * pick(w, 1, 9) : pick(w, 5, 300)), picked(w, 0, 3));
    case 6: return random_grid(w, true);
    case 7: return random_grid(w, false);
    case 8: return random_band(w);
    default: return apply(w, "where", random_condition(w), 0);
    }
}

START_TEST(test_sharing) {
    static const char *const ops[] = {"union", "intersection", "difference", "union"};
    for (uint64_t seed = 1; seed <= 200; seed++) {
        writer w = {.random = {seed}};
        weft_text_init(&w.text, plain());
        int set = random_term(&w);
        for (int64_t n = pick(&w, 0, 2); n > 0; n--) set = apply(&w, ops[pick(&w, 0, 3)], set, random_term(&w));
        weft_text_format(&w.text, "meaning %%%d\n", set);
        weft_plan *plan = plan_of_ir(w.text.at, shape_of(pick(&w, 500, 950), pick(&w, 700, 900), 1));
        check_masks(plan, w.text.at);
        weft_plan_destroy(plan);
        weft_text_release(&w.text);
    }
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("alike");
    tcase_add_test(tests, test_sharing);
    return run_tests(tests);
}
