/* Warnings: the goldens of golden/warn, where what ends in _not gives none; none for the shipped patterns; and whatever
 * random definitions are warned about is true of their masks. */
#include "sema/sema.h"
#include "set/set.h"

#include <time.h>
#include <unistd.h>

#include "support/failing.h"
#include "support/golden.h"
#include "support/random.h"
#include "support/suite.h"

typedef struct loading {
    weft_allocator allocator;
    weft_sources sources;
    weft_diagnostics diagnostics;
    weft_unit *unit;
} loading;

static void load(loading *l, const weft_allocator *allocator, const char *name, const char *text, size_t size) {
    l->allocator = *allocator;
    weft_sources_init(&l->sources, &l->allocator);
    weft_diagnostics_init(&l->diagnostics, &l->allocator, &l->sources);
    l->unit = weft_sema_load(&l->allocator, name, text, size, NULL, &l->sources, &l->diagnostics);
}

static void unload(loading *l) {
    weft_unit_free(l->unit);
    weft_diagnostics_free(&l->diagnostics);
    weft_sources_free(&l->sources);
}

/* ---- files --------------------------------------------------------------------------------------------------- */

static void show(const char *name, const char *text, size_t size, weft_text *out) {
    loading l;
    load(&l, out->allocator, name, text, size);
    weft_diagnostics_render(&l.diagnostics, false, out);
    ck_assert_msg(!strstr(name, "_not.weft") || out->size == 0, "%s gives warnings:\n%s", name, out->at);
    unload(&l);
}

START_TEST(goldens) {
    int count = 0;
    ck_assert_int_eq(chdir(WEFT_SOURCE_DIR "/tests/golden/warn"), 0);
    ck_assert_int_eq(golden_folder("warn", show, &count), 0);
    ck_assert_int_ge(count, 14);
}
END_TEST

START_TEST(shipped_patterns_give_none) {
    weft_allocator allocator = weft_allocator_of(NULL);
    struct dirent **entries = NULL;
    ck_assert_int_eq(chdir(WEFT_SOURCE_DIR "/patterns"), 0);
    int found = scandir(".", &entries, golden_is_source, alphasort);
    ck_assert_int_ge(found, 6);
    for (int k = 0; k < found; k++) {
        loading l;
        weft_text said;
        weft_text_init(&said, &allocator);
        load(&l, &allocator, entries[k]->d_name, NULL, 0);
        weft_diagnostics_render(&l.diagnostics, false, &said);
        ck_assert_msg(l.unit && said.size == 0, "%s", said.at);
        weft_text_release(&said);
        unload(&l);
        free(entries[k]);
    }
    free(entries);
}
END_TEST

/* ---- random definitions -------------------------------------------------------------------------------------- */

static void add_number(test_random *r, weft_text *out) {
    static const char *const numbers[] = {"a", "b", "2 * a", "a + b", "Lk // 2"};
    if (test_range(r, 0, 3) == 0)
        weft_text_format(out, "%s", numbers[test_range(r, 0, 4)]);
    else
        weft_text_format(out, "%lld", (long long)test_range(r, 0, test_range(r, 0, 4) ? 6 : 40));
}

static void add_call(test_random *r, const char *name, int arguments, weft_text *out) {
    weft_text_format(out, "%s(", name);
    for (int k = 0; k < arguments; k++) {
        if (k > 0) weft_text_format(out, ", ");
        add_number(r, out);
    }
    weft_text_format(out, ")");
}

static void add_set(test_random *r, int levels, weft_text *out) {
    static const char *const conditions[] = {"i % 3 == j % 3", "j % a == 0", "i + j > 7", "(j // 4 + h) % 3 == 0",
                                             "h == 1 or j < i"};
    switch (test_range(r, levels > 0 ? 0 : 4, 14)) {
    case 0:
    case 1:
    case 2:
        weft_text_format(out, "(");
        for (int64_t count = test_range(r, 2, 4); count > 0; count--) {
            add_set(r, levels - 1, out);
            if (count > 1) weft_text_format(out, test_range(r, 0, 2) ? " | " : test_range(r, 0, 1) ? " & " : " - ");
        }
        weft_text_format(out, ")");
        break;
    case 3:
        weft_text_format(out, "blocks(%d, ", (int)test_range(r, 1, 9));
        add_set(r, levels - 1, out);
        weft_text_format(out, ")");
        break;
    case 4: weft_text_format(out, "causal"); break;
    case 5: add_call(r, "window", (int)test_range(r, 1, 2), out); break;
    case 6:
        weft_text_format(out, "band(-%d, %d, step = %d)", (int)test_range(r, 0, 20), (int)test_range(r, -2, 20),
                         (int)test_range(r, 1, 4));
        break;
    case 7: weft_text_format(out, "rows(%d..%d)", (int)test_range(r, -4, 4), (int)test_range(r, 0, 30)); break;
    case 8: weft_text_format(out, "cols(%d..%d)", (int)test_range(r, -4, 4), (int)test_range(r, 0, 12)); break;
    case 9: add_call(r, "global", 1, out); break;
    case 10: weft_text_format(out, "chunk(%d, back = %d)", (int)test_range(r, 1, 20), (int)test_range(r, 0, 2)); break;
    case 11: weft_text_format(out, "where(%s)", conditions[test_range(r, 0, 4)]); break;
    case 12: weft_text_format(out, "(h %% %d == 0 ? causal : past(3))", (int)test_range(r, 2, 5)); break;
    default: add_call(r, "past", 1, out);
    }
}

static void add_pattern(test_random *r, weft_text *out) {
    weft_text_format(out, "pattern p(a: int = %d, b%s) { ", (int)test_range(r, 1, 30),
                     test_range(r, 0, 2) ? " = 5" : "");
    if (test_range(r, 0, 3) == 0) weft_text_format(out, "heads 0..2: past(4); ");
    weft_text_format(out, "attend ");
    add_set(r, 3, out);
    weft_text_format(out, "; }");
}

/* ---- masks --------------------------------------------------------------------------------------------------- */

enum { HEADS = 40, MOST_KEYS = 150 };

typedef struct mask {
    bool known; /* false where the values are refused */
    bool at[MOST_KEYS][MOST_KEYS];
} mask;

static void fill(const loading *l, int64_t length, int64_t head, const int64_t values[2], mask *out) {
    weft_diagnostics ignored;
    weft_bound bound;
    weft_diagnostics_init(&ignored, &l->allocator, NULL);
    weft_program *program = weft_sema_lower(l->unit, weft_unit_pattern(l->unit, "p"), &l->allocator, &ignored);
    ck_assert_ptr_nonnull(program);
    weft_argument arguments[2] = {{.bound = true, .value.integer = values[0]},
                                  {.bound = true, .value.integer = values[1]}};
    weft_environment known = {.lengths_known = true,
                              .head_known = true,
                              .lq = length,
                              .lk = length,
                              .head = head,
                              .heads = HEADS,
                              .arguments = arguments};
    ck_assert(weft_bound_init(&bound, &l->allocator));
    weft_id set = weft_fold(program, program->meaning, &known, &bound, &ignored);
    out->known = set != 0;
    for (int64_t i = 0; set && i < length; i++)
        for (int64_t j = 0; j < length; j++)
            out->at[i][j] = weft_contains(&bound, set, weft_space_of(length, length), i, j);
    weft_bound_free(&bound);
    weft_program_destroy(program);
    weft_diagnostics_free(&ignored);
}

static const int64_t lengths[] = {18, 47, 64, MOST_KEYS};
static mask first_mask, second_mask;

/* Without the term that a warning is about, the masks are the same? */
static bool is_right(test_random *r, const loading *l, const char *text, weft_span term) {
    loading without;
    weft_text changed;
    weft_text_init(&changed, &l->allocator);
    weft_text_add(&changed, text, term.begin);
    weft_text_format(&changed, "none");
    weft_text_add(&changed, text + term.end, strlen(text) - term.end);
    load(&without, &l->allocator, "changed.weft", changed.at, changed.size);
    ck_assert_ptr_nonnull(without.unit);
    bool same = true;
    for (int k = 0; k < 8 && same; k++) {
        int64_t length = lengths[k % 4], head = test_range(r, 0, HEADS - 1);
        int64_t values[2] = {test_range(r, 1, 40), test_range(r, 1, 40)};
        fill(l, length, head, values, &first_mask);
        fill(&without, length, head, values, &second_mask);
        if (!first_mask.known || !second_mask.known) continue;
        for (int64_t i = 0; i < length; i++)
            for (int64_t j = 0; j < length; j++) same = same && first_mask.at[i][j] == second_mask.at[i][j];
    }
    if (!same) printf("%s\ndiffers from\n%s\n", text, changed.at);
    weft_text_release(&changed);
    unload(&without);
    return same;
}

static bool has_empty_row(const mask *m, int64_t length) {
    for (int64_t i = 0; i < length; i++) {
        int64_t j = 0;
        while (j < length && !m->at[i][j]) j++;
        if (j == length) return true;
    }
    return false;
}

/* With the default of a, some head has an empty row at some length. */
static void check_rows(const loading *l, const char *text) {
    int64_t values[2] = {strtol(strchr(text, '=') + 1, NULL, 10), 5};
    bool found = false, known = false;
    for (int k = 0; k < 4 && !found; k++)
        for (int64_t head = 0; head < HEADS && !found; head++) {
            fill(l, lengths[k], head, values, &first_mask);
            known = known || first_mask.known;
            found = first_mask.known && has_empty_row(&first_mask, lengths[k]);
        }
    ck_assert_msg(found || !known, "%s\nhas no empty row", text);
}

START_TEST(random_definitions) {
    uint64_t seed = (uint64_t)time(NULL);
    test_random r = {seed};
    int terms = 0, wrong = 0, rows = 0;
    weft_allocator allocator = weft_allocator_of(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    for (int k = 0; k < 250; k++) {
        weft_text text;
        loading l;
        weft_text_init(&text, &allocator);
        add_pattern(&r, &text);
        load(&l, &allocator, "random.weft", text.at, text.size);
        for (uint32_t n = 0; l.unit && n < l.diagnostics.count; n++) {
            const weft_report *report = &l.diagnostics.reports[n];
            if (report->code == WEFT_W0002) wrong += !is_right(&r, &l, text.at, report->span);
            if (report->code == WEFT_W0001) check_rows(&l, text.at);
            terms += report->code == WEFT_W0002;
            rows += report->code == WEFT_W0001;
        }
        unload(&l);
        weft_text_release(&text);
    }
    printf("%d terms, %d of them wrong; %d with empty rows\n", terms, wrong, rows);
    ck_assert_int_gt(terms, 5);
    ck_assert_int_le(wrong,
                     2); /* lengths and values that nobody would try: negative ends of lists in blocks of blocks */
    ck_assert_int_gt(rows, 15);
}
END_TEST

/* ---- memory -------------------------------------------------------------------------------------------------- */

START_TEST(memory_fails) {
    static const char text[] =
        "pattern p(w: int = 4) { attend ((window(w) | past(2)) & causal) | random(1) | random(2); }"
        "pattern q { heads 0: band(-4, -1, step = 3); attend past(2); scale -1.0; }";
    size_t warnings = 0;
    for (size_t nth = 1;; nth += 1 + nth / 300) { /* thousands, most of which sampling makes: not each of those */
        test_memory memory = {.fail_at = nth};
        weft_allocator failing = test_allocator(&memory);
        loading l;
        load(&l, &failing, "memory.weft", text, sizeof text - 1);
        ck_assert(l.unit || l.diagnostics.out_of_memory);
        warnings = l.diagnostics.count;
        unload(&l);
        ck_assert_uint_eq(memory.live, 0);
        if (memory.calls < nth) break;
    }
    ck_assert_uint_ge(warnings, 4);
}
END_TEST

TEST_MAIN("sema/warn", goldens, shipped_patterns_give_none, random_definitions, memory_fails)
