/* Every law of laws.def, one by one: what it makes of a node, and the canonical form of that. */
#include "passes/passes.h"
#include "passes/rewrite.h"

#include "support/suite.h"
#include "terms.h"

typedef struct law_test {
    const char *law, *before;
    const char *after; /* its canonical form; the same as before: the law must not apply, else it must */
} law_test;

#define LEAST "-9223372036854775808"
#define LARGEST "9223372036854775807"

static const law_test rows[] = {
    {"difference", "difference(x, y)", "intersection(x, complement(y))"},
    {"difference", "difference(causal, causal)", "none"},
    {"require", "require(c, x)", "x"},

    {"complement_of_constant", "complement(all)", "none"},
    {"complement_of_constant", "complement(none)", "all"},
    {"complement_of_constant", "complement(x)", "complement(x)"},
    {"double_complement", "complement(complement(x))", "x"},
    {"de_morgan", "complement(union(x, y))", "intersection(complement(x), complement(y))"},
    {"de_morgan", "complement(intersection(x, complement(y)))", "union(y, complement(x))"},
    {"complement_of_choice", "complement(select(c, x, y))", "select(c, complement(x), complement(y))"},
    {"complement_of_blocks", "complement(blocks(a, x))", "blocks(a, complement(x))"},
    {"complement_of_half", "complement(causal)", "band(1, " LARGEST ", 1)"},
    {"complement_of_half", "complement(band(3, " LARGEST ", 1))", "band(" LEAST ", 2, 1)"},
    {"complement_of_half", "complement(band(1, 3, 1))", "complement(band(1, 3, 1))"},
    {"complement_of_half", "complement(band(" LEAST ", 4, 2))", "complement(band(" LEAST ", 4, 2))"},

    {"flatten", "union(union(x, y), z)", "union(x, y, z)"},
    {"flatten", "intersection(x, intersection(y, z))", "intersection(x, y, z)"},
    {"flatten", "union(z, intersection(x, y))", "union(z, intersection(x, y))"},
    {"neutral", "union(none, x, y)", "union(x, y)"},
    {"neutral", "union(x, all)", "all"},
    {"neutral", "union(none)", "none"},
    {"neutral", "union(x)", "x"},
    {"neutral", "intersection(all, x, y)", "intersection(x, y)"},
    {"neutral", "intersection(none, x)", "none"},
    {"sort", "union(y, x)", "union(x, y)"},
    {"sort", "union(x, y, x)", "union(x, y)"},
    {"sort", "intersection(complement(x), rows(1), cols(2))", "intersection(rows(1), cols(2), complement(x))"},
    {"excluded_middle", "union(x, y, complement(x))", "all"},
    {"excluded_middle", "intersection(x, y, complement(x))", "none"},
    {"excluded_middle", "union(x, complement(y))", "union(x, complement(y))"},
    {"absorb", "union(x, intersection(x, y))", "x"},
    {"absorb", "union(intersection(x, y), intersection(x, y, z))", "intersection(x, y)"},
    {"absorb", "intersection(x, union(x, y))", "x"},
    {"absorb", "intersection(union(x, y), union(x, z))", "intersection(union(x, y), union(x, z))"},
    {"resolve", "union(x, intersection(complement(x), y))", "union(x, y)"},
    {"resolve", "union(complement(x), intersection(x, y))", "union(y, complement(x))"},
    {"resolve", "intersection(x, union(complement(x), y))", "intersection(x, y)"},
    {"resolve", "union(x, y, intersection(complement(x), complement(y)))", "all"},
    {"join_bands", "union(band(-3, 0, 1), band(1, 4, 1))", "band(-3, 4, 1)"},
    {"join_bands", "union(band(-3, 2, 1), band(0, 4, 1), x)", "union(band(-3, 4, 1), x)"},
    {"join_bands", "union(band(-4, 0, 2), band(2, 4, 2))", "band(-4, 4, 2)"},
    {"join_bands", "union(band(-4, 0, 2), band(-1, 1, 1), band(1, 9, 1))", "union(band(-4, 0, 2), band(-1, 9, 1))"},
    {"join_bands", "union(band(-3, 0, 1), band(2, 4, 1))", "union(band(-3, 0, 1), band(2, 4, 1))"},
    {"join_bands", "union(causal, band(1, " LARGEST ", 1))", "all"},
    {"join_lists", "union(rows(a), rows(t), x)", "union(rows(list(a, t)), x)"},
    {"join_lists", "union(cols(range(0, 4)), cols(list(4, -1)))", "cols(list(-1, range(0, 5)))"},
    {"join_lists", "union(rows(1), cols(1))", "union(rows(1), cols(1))"},
    {"join_blocks", "union(blocks(a, x), y, blocks(a, z))", "union(y, blocks(a, union(x, z)))"},
    {"join_blocks", "union(blocks(4, x), blocks(4, y), blocks(8, z))", "union(blocks(4, union(x, y)), blocks(8, z))"},
    {"join_blocks", "union(blocks(a, x), chunk(a, 2))", "blocks(a, union(band(-2, 0, 1), x))"},
    {"join_blocks", "union(chunk(a, 1), chunk(a, 3))", "chunk(a, 3)"},
    {"join_blocks", "intersection(blocks(8, x), blocks(8, y))", "blocks(8, intersection(x, y))"},
    {"join_blocks", "intersection(chunk(8, 1), chunk(8, 3))", "chunk(8, 1)"},
    {"join_blocks", "union(blocks(4, y), blocks(8, x))", "union(blocks(4, y), blocks(8, x))"},
    {"meet_bands", "intersection(band(-3, 4, 1), band(0, 9, 1))", "band(0, 4, 1)"},
    {"meet_bands", "intersection(band(-4, 4, 2), causal)", "band(-4, 0, 2)"},
    {"meet_bands", "intersection(band(-6, 6, 3), band(-4, 4, 2))", "intersection(band(-6, 6, 3), band(-4, 4, 2))"},
    {"meet_bands", "intersection(band(-4, a, b), band(-6, 6, b))", "band(-4, min(6, a), b)"},
    {"meet_bands", "intersection(causal, window(a, b))", "band(neg(max(-9223372036854775807, a)), min(0, b), 1)"},
    {"meet_bands", "intersection(past(a), band(-3, 3, 1))", "band(max(-3, sub(1, max(0, a))), 0, 1)"},
    {"meet_bands", "intersection(band(1, 4, 1), causal)", "none"},
    {"meet_lists", "intersection(rows(range(0, 4)), rows(range(2, 8)))", "rows(range(2, 4))"},
    {"meet_lists", "intersection(cols(list(1, 3, 5)), x, cols(range(2, 9)))", "intersection(cols(list(3, 5)), x)"},
    {"meet_lists", "intersection(cols(list(1, 3)), cols(2))", "none"},
    {"meet_lists", "intersection(rows(-1), rows(1))", "intersection(rows(-1), rows(1))"},

    {"causal_band", "causal", "band(" LEAST ", 0, 1)"},
    {"window_band", "window(3, 4)", "band(-3, 4, 1)"},
    {"window_band", "window(-3, 2)", "none"},
    {"window_band", "window(a, 4)", "window(a, 4)"},
    {"window_band", "window(" LEAST ", 4)", "none"},
    {"past_band", "past(4)", "band(-3, 0, 1)"},
    {"past_band", "past(0)", "none"},
    {"past_band", "past(" LEAST ")", "none"},
    {"past_band", "past(a)", "past(a)"},
    {"dilated_band", "dilated(3, 4)", "band(-12, 12, 4)"},
    {"dilated_band", "dilated(0, 4)", "band(0, 0, 1)"},
    {"dilated_band", "dilated(-1, 4)", "none"},
    {"dilated_band", "dilated(-1, a)", "none"},
    {"dilated_band", "dilated(a, 4)", "dilated(a, 4)"},
    {"dilated_band", "dilated(3, a)", "dilated(3, a)"},
    {"dilated_band", "dilated(" LARGEST ", 2)", "band(" LEAST ", " LARGEST ", 2)"},
    {"stride_band", "stride(4)", "band(" LEAST ", " LARGEST ", 4)"},
    {"stride_band", "stride(1)", "all"},
    {"stride_band", "stride(a)", "band(" LEAST ", " LARGEST ", a)"},
    {"band_ends", "band(-3, 5, 2)", "band(-2, 4, 2)"},
    {"band_ends", "band(3, 4, 5)", "none"},
    {"band_ends", "band(3, 2, a)", "none"},
    {"band_ends", "band(-1, 1, 5)", "band(0, 0, 1)"},
    {"band_ends", "band(" LEAST ", " LARGEST ", 1)", "all"},
    {"band_ends", "band(" LEAST ", " LARGEST ", 2)", "band(" LEAST ", " LARGEST ", 2)"},
    {"band_ends", "band(a, 5, 2)", "band(a, 5, 2)"},
    {"global", "global(a)", "union(rows(a), cols(a))"},
    {"no_rows", "rows(list())", "none"},
    {"no_rows", "cols(range(4, 4))", "none"},
    {"chunk", "chunk(1, 3)", "band(-3, 0, 1)"},
    {"chunk", "chunk(a, -1)", "none"},
    {"chunk", "chunk(2, 0)", "chunk(2, 0)"},
    {"axial", "axial(a, b)",
     "intersection(rows(range(0, mul(min(a, Lk), min(b, Lk)))), cols(range(0, mul(min(a, Lk), min(b, Lk)))), "
     "union(band(" LEAST ", " LARGEST ", b), chunk(b, 0)))"},
    {"axial", "axial(1, 1)",
     "intersection(rows(range(0, mul(min(1, Lk), min(1, Lk)))), "
     "cols(range(0, mul(min(1, Lk), min(1, Lk)))))"},
    {"constant_where", "where(true)", "all"},
    {"constant_where", "where(false)", "none"},

    {"blocks_of_constant", "blocks(a, all)", "all"},
    {"blocks_of_constant", "blocks(a, none)", "none"},
    {"blocks_of_constant", "blocks(1, x)", "x"},
    {"nested_blocks", "blocks(4, blocks(8, x))", "blocks(32, x)"},
    {"nested_blocks", "blocks(4, blocks(a, x))", "blocks(4, blocks(a, x))"},
    {"nested_blocks", "blocks(" LARGEST ", blocks(2, x))", "blocks(" LARGEST ", blocks(2, x))"},
    {"blocks_of_chunk", "blocks(4, chunk(8, a))", "blocks(4, chunk(8, a))"},
    {"blocks_of_chunk", "blocks(4, chunk(8, 2))", "chunk(32, 2)"},
    {"blocks_of_band", "blocks(a, band(-2, 0, 1))", "chunk(a, 2)"},
    {"blocks_of_band", "blocks(64, causal)", "chunk(64, " LARGEST ")"},
    {"blocks_of_band", "blocks(a, band(-2, 1, 1))", "blocks(a, band(-2, 1, 1))"},
    {"blocks_of_band", "blocks(a, band(b, 0, 1))", "blocks(a, band(b, 0, 1))"},

    {"choice", "select(true, x, y)", "x"},
    {"choice", "select(false, x, y)", "y"},
    {"choice", "select(not(c), x, y)", "select(c, y, x)"},
    {"choice", "select(c, x, x)", "x"},
    {"choice", "select(c, a, a)", "select(c, a, a)"},
    {"heads", "heads(0, x, 1, x, y)", "heads(range(0, 2), x, y)"},
    {"heads", "heads(0, x, 1, y, y)", "heads(0, x, y)"},
    {"heads", "heads(0, x, x)", "x"},
    {"heads", "heads(0, y, 1, x)", "heads(1, x, 0, y)"},
    {"heads", "heads(list(), y, 1, x)", "heads(1, x)"},
    {"heads", "heads(0, x)", "heads(0, x)"},

    {"range", "range(3, 3)", "list()"},
    {"range", "range(3, 4)", "3"},
    {"range", "range(-1, -2)", "list()"},
    {"range", "range(-2, -1)", "range(-2, -1)"},
    {"range", "range(-1, 4)", "range(-1, 4)"},
    {"range", "range(a, 4)", "range(a, 4)"},
    {"listing", "list(list(3, a), t, 1, 2)", "list(a, t, range(1, 4))"},
    {"listing", "list(5)", "5"},
    {"listing", "list(-1, 3, -1)", "list(-1, 3)"},
    {"listing", "list(range(0, 3), range(2, 9))", "range(0, 9)"},
    {"extreme", "max(a, max(b, a))", "max(a, b)"},
    {"extreme", "max(3, max(a, 5))", "max(5, a)"},
    {"extreme", "min(min(b, 3), min(2, a))", "min(min(2, a), b)"},
    {"extreme", "max(a, " LEAST ")", "a"},
    {"extreme", "min(a, " LARGEST ")", "a"},
    {"extreme", "max(g, f)", "max(g, f)"},
    {"negation", "neg(3)", "-3"},
    {"negation", "neg(a)", "neg(a)"},
    {"negation", "neg(" LEAST ")", "neg(" LEAST ")"},
    {"commute", "add(b, a)", "add(a, b)"},
    {"commute", "mul(b, 3)", "mul(3, b)"},
    {"commute", "eq(j, i)", "eq(i, j)"},
    {"commute", "ne(b, a)", "ne(a, b)"},
};
enum { TESTS = sizeof rows / sizeof *rows };

static const weft_law *find_law(const char *name, weft_op op) {
    for (uint32_t k = 0; k < weft_law_count; k++)
        if (strcmp(weft_laws[k].name, name) == 0 && weft_laws[k].op == op) return &weft_laws[k];
    return NULL;
}

static void check_term(const weft_program *program, weft_id id, const char *expected, const char *before) {
    weft_text text;
    weft_text_init(&text, program->allocator);
    write_term(program, id, &text);
    ck_assert_msg(strcmp(text.at, expected) == 0, "%s became %s instead of %s", before, text.at, expected);
    weft_text_release(&text);
}

/* The node with canonical operands, as the engine shows it to laws. */
static weft_id with_canonical_operands(weft_rewriter *rw, weft_id id) {
    weft_id operands[16];
    const weft_node node = *weft_node_at(rw->dag, id);
    for (uint32_t k = 0; k < node.arity; k++) operands[k] = weft_rewrite(rw, weft_operand(rw->dag, id, k));
    return weft_make(rw->dag, (weft_op)node.op, (weft_type)node.type, node.value, operands, node.arity, WEFT_NO_SPAN);
}

static void run_test(const law_test *test, bool *covered) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_program *program = terms_program(&allocator);
    const char *text = test->before;
    weft_rewriter rw;
    weft_id whole = read_term(program, &text);
    weft_rewriter_init(&rw, &program->dag);
    weft_id before = with_canonical_operands(&rw, whole);
    const weft_law *law = find_law(test->law, (weft_op)weft_node_at(&program->dag, before)->op);
    bool applies = strcmp(test->before, test->after) != 0;
    ck_assert_msg(law != NULL, "%s: no law %s", test->before, test->law);
    weft_id after = law->apply(&rw, before);
    ck_assert_msg((after != before) == applies, "%s: %s %s", test->before, test->law,
                  applies ? "does not apply" : "applies");
    check_term(program, weft_rewrite(&rw, after), test->after, test->before);
    covered[law - weft_laws] |= applies;
    check_term(program, weft_rewrite(&rw, whole), test->after, test->before);
    weft_rewriter_free(&rw);
    weft_program_destroy(program);
}

START_TEST(test_laws) {
    bool covered[128] = {false};
    ck_assert_uint_le(weft_law_count, 128);
    for (int k = 0; k < TESTS; k++) run_test(&rows[k], covered);
    for (uint32_t k = 0; k < weft_law_count; k++)
        ck_assert_msg(covered[k], "no test shows %s of %s", weft_laws[k].name, weft_op_describe(weft_laws[k].op)->text);
}
END_TEST

TEST_MAIN("passes/laws", test_laws)
