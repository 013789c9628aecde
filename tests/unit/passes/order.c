/* Passes cover their set, each pair once: random sets, folded for random heads and shapes, pair by pair; and what the
 * passes of some patterns look like. */
#include "passes/passes.h"

#include <stdio.h>

#include "support/suite.h"
#include "terms.h"
#include "unit/set/random_sets.h"

/* The folded node, or 0 after an error. */
static weft_id fold(test_sets *t, weft_id root, weft_bound *bound) {
    weft_diagnostics d;
    weft_diagnostics_init(&d, &t->allocator, NULL);
    weft_id folded = weft_fold(t->program, root, &t->environment, bound, &d);
    weft_diagnostics_free(&d);
    return folded;
}

typedef struct tally {
    long programs, with_strides, passes, pairs, strided_pairs;
} tally;

/* How often the passes hold the pair; those that are strided must hold pairs of one class only. */
static int count(const weft_bound *bound, const weft_id *sets, const int64_t *strides, uint32_t passes,
                 weft_space space, int64_t i, int64_t j, tally *sum) {
    int times = 0;
    for (uint32_t k = 0; k < passes; k++) {
        if (!weft_contains(bound, sets[k], space, i, j)) continue;
        times++;
        ck_assert(strides[k] == 0 || (j - i) % strides[k] == 0);
        sum->strided_pairs += strides[k] > 1;
    }
    return times;
}

static void check_head(test_sets *t, weft_id set, uint64_t seed, tally *sum) {
    enum { MOST = 32 };
    weft_id sets[MOST];
    int64_t strides[MOST];
    weft_bound bound;
    uint32_t passes = t->program->pass_count;
    ck_assert(weft_bound_init(&bound, &t->allocator) && passes <= MOST);
    weft_id wanted = fold(t, set, &bound);
    weft_space space = weft_space_of(t->environment.lq, t->environment.lk);
    for (uint32_t k = 0; wanted && k < passes; k++) {
        const weft_pass *pass = &t->program->passes[k];
        strides[k] = 0;
        sets[k] = fold(t, pass->set, &bound);
        ck_assert_msg(sets[k] != 0, "seed %llu: only a pass has a fault", (unsigned long long)seed);
        if (!pass->stride || weft_node_at(&bound.dag, sets[k])->op == WEFT_ATOM_NONE) continue;
        weft_id stride = fold(t, pass->stride, &bound);
        ck_assert_msg(stride != 0, "seed %llu: only a stride has a fault", (unsigned long long)seed);
        strides[k] = weft_node_at(&bound.dag, stride)->value.integer;
        ck_assert_int_ge(strides[k], 1);
    }
    for (int64_t i = space.first; wanted && i < space.keys; i++)
        for (int64_t j = 0; j < space.keys; j++) {
            int should = weft_contains(&bound, wanted, space, i, j);
            int is = count(&bound, sets, strides, passes, space, i, j, sum);
            sum->pairs += should;
            if (is != should)
                ck_abort_msg("seed %llu: pair (%lld, %lld) is there %d times instead of %d", (unsigned long long)seed,
                             (long long)i, (long long)j, is, should);
        }
    weft_bound_free(&bound);
}

START_TEST(every_pair_once) {
    static test_sets t;
    tally sum = {0};
    for (uint64_t seed = 1; seed <= 12000; seed++) {
        sets_begin(&t, seed);
        random_environment(&t, seed % 10 ? 20 : 60);
        weft_id set = random_set(&t, seed % 3 ? 3 : 4);
        weft_id simple = weft_simplify(t.program, set);
        ck_assert(simple && weft_order_passes(t.program, simple));
        sum.programs++;
        sum.passes += t.program->pass_count;
        sum.with_strides += t.program->pass_count > 1;
        ck_assert(t.program->passes[0].row_order == WEFT_ORDER_CONTIGUOUS);
        for (uint32_t k = 1; k < t.program->pass_count; k++)
            ck_assert(t.program->passes[k].row_order == WEFT_ORDER_STRIDED && t.program->passes[k].stride);
        check_head(&t, set, seed, &sum);
        random_environment(&t, 20);
        check_head(&t, set, seed, &sum);
        sets_end(&t);
    }
    printf("passes: %ld programs, %ld with strides, %ld passes; %ld pairs, %ld of them in strides\n", sum.programs,
           sum.with_strides, sum.passes, sum.pairs, sum.strided_pairs);
    ck_assert_int_gt(sum.with_strides, sum.programs / 10);
    ck_assert_int_gt(sum.strided_pairs, 10000);
}
END_TEST

/* A set, and its passes: "set", or "set by stride". */
static const struct {
    const char *set, *passes[4];
} forms[] = {
    {"band(-64, 64, 1)", {"band(-64, 64, 1)"}},
    {"band(-64, 64, 16)", {"none", "band(-64, 64, 16) by 16"}},
    {"band(-8, 8, a)", {"none", "band(-8, 8, a) by a"}},
    {"union(x, band(-64, 64, 16))", {"x", "intersection(band(-64, 64, 16), complement(x)) by 16"}},
    {"intersection(x, band(-64, 64, 16))", {"none", "intersection(x, band(-64, 64, 16)) by 16"}},
    {"intersection(union(x, band(-64, 64, 16)), y)",
     {"intersection(x, y)", "intersection(band(-64, 64, 16), y, complement(x)) by 16"}},
    /* what only takes pairs away stays where it is */
    {"difference(x, band(-64, 64, 16))", {"intersection(x, complement(band(-64, 64, 16)))"}},
    /* one step, one pass */
    {"union(band(-64, 0, 16), band(1600, 3200, 16))", {"none", "union(band(-64, 0, 16), band(1600, 3200, 16)) by 16"}},
    {"union(x, band(-8, 8, 2), band(-64, 64, 16))",
     {"x", "intersection(band(-8, 8, 2), complement(x)) by 2",
      "intersection(band(-64, 64, 16), complement(x), complement(band(-8, 8, 2))) by 16"}},
    /* heads have strides of their own, and none of what others do */
    {"heads(1, band(-64, 64, 16), 2, x, y)",
     {"heads(1, none, 2, x, y)", "heads(1, band(-64, 64, 16), 2, none, none) by 16"}},
    {"heads(1, union(x, band(-64, 64, 16)), y)",
     {"heads(1, x, y)", "heads(1, intersection(band(-64, 64, 16), complement(x)), none) by 16"}},
    {"select(c, band(-8, 8, 2), x)", {"select(c, none, x)", "select(c, band(-8, 8, 2), none) by 2"}},
    {"blocks(4, band(-8, 8, 2))", {"blocks(4, band(-8, 8, 2))"}},
};

static void write_passes(const weft_program *program, weft_text *out) {
    for (uint32_t k = 0; k < program->pass_count; k++) {
        write_term(program, program->passes[k].set, out);
        if (program->passes[k].stride) weft_text_format(out, " by ");
        if (program->passes[k].stride) write_term(program, program->passes[k].stride, out);
        weft_text_format(out, "\n");
    }
}

/* Terms as they are, or as they are once simplified: the order of operands is not the matter here. */
static weft_id simple_term(weft_program *program, const char *text) {
    return weft_simplify(program, read_term(program, &text));
}

START_TEST(forms_of_passes) {
    weft_allocator allocator = weft_allocator_of(NULL);
    for (size_t n = 0; n < sizeof forms / sizeof *forms; n++) {
        weft_program *program = terms_program(&allocator);
        weft_text found;
        weft_text_init(&found, &allocator);
        ck_assert(weft_order_passes(program, simple_term(program, forms[n].set)));
        write_passes(program, &found);
        uint32_t wanted = 0;
        for (; wanted < 4 && forms[n].passes[wanted]; wanted++) {
            const char *text = forms[n].passes[wanted], *by = strstr(text, " by ");
            ck_assert_msg(wanted < program->pass_count, "%s:\n%s", forms[n].set, found.at);
            const weft_pass *pass = &program->passes[wanted];
            ck_assert_msg(pass->set == simple_term(program, text), "%s:\n%s", forms[n].set, found.at);
            by = by ? by + 4 : NULL;
            ck_assert_msg(pass->stride == (by ? read_term(program, &by) : 0), "%s:\n%s", forms[n].set, found.at);
        }
        ck_assert_msg(wanted == program->pass_count, "%s:\n%s", forms[n].set, found.at);
        weft_text_release(&found);
        weft_program_destroy(program);
    }
}
END_TEST

/* However many steps there are, passes stay few, and what has no pass of its own is in the first. */
START_TEST(many_steps) {
    static test_sets t;
    sets_begin(&t, 1);
    weft_id bands[40];
    for (int k = 0; k < 40; k++)
        bands[k] = weft_make_set(&t.program->dag, WEFT_ATOM_BAND, WEFT_NO_SPAN, 3, make_integer(&t, -200),
                                 make_integer(&t, 0), make_integer(&t, 2 + k));
    weft_id set = make_op(&t, WEFT_OP_UNION, WEFT_TYPE_SET, 40, bands);
    ck_assert(weft_order_passes(t.program, weft_simplify(t.program, set)));
    ck_assert_uint_eq(t.program->pass_count, 16);
    t.environment = (weft_environment){.lengths_known = true, .head_known = true, .lq = 70, .lk = 90, .heads = 1};
    tally sum = {0};
    check_head(&t, set, 1, &sum);
    sets_end(&t);
}
END_TEST

TEST_MAIN("passes/order", every_pair_once, forms_of_passes, many_steps)
