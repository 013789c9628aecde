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
    long programs, with_strides, with_lists, passes, pairs, strided_pairs, listed_pairs;
} tally;

/* A pass, folded. */
typedef struct folded {
    weft_id set, list; /* list 0: every key */
    int64_t stride;    /* 0: none */
} folded;

/* How often the passes hold the pair; those that are strided must hold pairs of one class only. */
static int count(const weft_bound *bound, const folded *at, uint32_t passes, weft_space space, int64_t i, int64_t j,
                 tally *sum) {
    int times = 0;
    for (uint32_t k = 0; k < passes; k++) {
        if (at[k].list && !weft_contains(bound, at[k].list, space, i, j)) continue;
        if (!weft_contains(bound, at[k].set, space, i, j)) continue;
        times++;
        ck_assert(at[k].stride == 0 || (j - i) % at[k].stride == 0);
        sum->strided_pairs += at[k].stride > 1;
        sum->listed_pairs += at[k].list != 0;
    }
    return times;
}

static folded fold_pass(test_sets *t, const weft_pass *pass, weft_bound *bound, uint64_t seed) {
    folded out = {fold(t, pass->set, bound), 0, 0};
    ck_assert_msg(out.set != 0, "seed %llu: only a pass has a fault", (unsigned long long)seed);
    if (weft_node_at(&bound->dag, out.set)->op == WEFT_ATOM_NONE) return out;
    if (pass->stride) {
        weft_id stride = fold(t, pass->stride, bound);
        ck_assert_msg(stride != 0, "seed %llu: only a stride has a fault", (unsigned long long)seed);
        out.stride = weft_node_at(&bound->dag, stride)->value.integer;
        ck_assert_int_ge(out.stride, 1);
    }
    if (pass->list) {
        out.list = fold(t, pass->list, bound);
        ck_assert_msg(out.list != 0, "seed %llu: only a list has a fault", (unsigned long long)seed);
    }
    return out;
}

static void check_head(test_sets *t, weft_id set, uint64_t seed, tally *sum) {
    enum { MOST = 32 };
    folded at[MOST];
    weft_bound bound;
    uint32_t passes = t->program->pass_count;
    ck_assert(weft_bound_init(&bound, &t->allocator) && passes <= MOST);
    weft_id wanted = fold(t, set, &bound);
    weft_space space = weft_space_of(t->environment.lq, t->environment.lk);
    for (uint32_t k = 0; wanted && k < passes; k++) at[k] = fold_pass(t, &t->program->passes[k], &bound, seed);
    for (int64_t i = space.first; wanted && i < space.keys; i++)
        for (int64_t j = 0; j < space.keys; j++) {
            int should = weft_contains(&bound, wanted, space, i, j);
            int is = count(&bound, at, passes, space, i, j, sum);
            sum->pairs += should;
            if (is != should)
                ck_abort_msg("seed %llu: pair (%lld, %lld) is there %d times instead of %d", (unsigned long long)seed,
                             (long long)i, (long long)j, is, should);
        }
    weft_bound_free(&bound);
}

/* Strides before lists, and lists that are drawn last. */
static void check_orders(const weft_program *program, tally *sum) {
    uint32_t strided = 0, listed = 0;
    ck_assert(program->passes[0].key_order == WEFT_ORDER_CONTIGUOUS);
    for (uint32_t k = 1; k < program->pass_count; k++) {
        const weft_pass *pass = &program->passes[k];
        bool drawn = pass->list && weft_node_at(&program->dag, pass->list)->op == WEFT_ATOM_RANDOM;
        ck_assert((pass->stride != 0) != (pass->list != 0));
        ck_assert((pass->row_order == WEFT_ORDER_STRIDED) == (pass->stride != 0));
        ck_assert((pass->key_order == WEFT_ORDER_LISTED) == (pass->list != 0));
        int rank = pass->stride ? 0 : drawn ? 2 : 1;
        const weft_pass *before = pass - 1;
        bool drawn_before = before->list && weft_node_at(&program->dag, before->list)->op == WEFT_ATOM_RANDOM;
        ck_assert(k == 1 || rank >= (before->stride ? 0 : drawn_before ? 2 : 1));
        strided += pass->stride != 0;
        listed += pass->list != 0;
    }
    sum->with_strides += strided > 0;
    sum->with_lists += listed > 0;
}

/* The set, and keys of a list that is clipped somehow. */
static weft_id add_list(test_sets *t, weft_id set) {
    weft_id list =
        make_op(t, WEFT_ATOM_LISTED, WEFT_TYPE_SET, 1, (weft_id[]){make_parameter(t, KEYS_PARAM, WEFT_TYPE_KEYS)});
    if (chance(t, 60)) {
        weft_id within = chance(t, 50) ? make_op(t, WEFT_ATOM_ALL, WEFT_TYPE_SET, 0, NULL)
                                       : make_op(t, WEFT_ATOM_CAUSAL, WEFT_TYPE_SET, 0, NULL);
        weft_id operands[] = {make_integer(t, pick(t, 0, 5)), make_integer(t, pick(t, 0, 2)), within,
                              weft_make_bool(&t->program->dag, chance(t, 50), WEFT_NO_SPAN)};
        list = make_op(t, WEFT_ATOM_RANDOM, WEFT_TYPE_SET, 4, operands);
    }
    weft_id clip = random_set(t, 1),
            clipped = make_op(t, WEFT_OP_INTERSECTION, WEFT_TYPE_SET, 2, (weft_id[]){list, clip});
    return make_op(t, WEFT_OP_UNION, WEFT_TYPE_SET, 2, (weft_id[]){set, chance(t, 50) ? list : clipped});
}

START_TEST(every_pair_once) {
    static test_sets t;
    tally sum = {0};
    for (uint64_t seed = 1; seed <= 12000; seed++) {
        sets_begin(&t, seed);
        random_environment(&t, seed % 10 ? 20 : 60);
        weft_id set = random_set(&t, seed % 3 ? 3 : 4);
        for (int64_t n = seed % 4 ? 0 : pick(&t, 1, 3); n > 0; n--) set = add_list(&t, set);
        if (!lists_are_lawful(&t.program->dag, set, true)) {
            sets_end(&t);
            continue;
        }
        weft_id simple = weft_simplify(t.program, set);
        ck_assert(simple && weft_order_passes(t.program, simple));
        sum.programs++;
        sum.passes += t.program->pass_count;
        check_orders(t.program, &sum);
        check_head(&t, set, seed, &sum);
        random_environment(&t, 20);
        check_head(&t, set, seed, &sum);
        sets_end(&t);
    }
    printf("passes: %ld programs, %ld with strides, %ld with lists, %ld passes; %ld pairs, %ld of them in strides, %ld "
           "in lists\n",
           sum.programs, sum.with_strides, sum.with_lists, sum.passes, sum.pairs, sum.strided_pairs, sum.listed_pairs);
    ck_assert_int_gt(sum.with_lists, sum.programs / 50);
    ck_assert_int_gt(sum.listed_pairs, 10000);
    ck_assert_int_gt(sum.with_strides, sum.programs / 10);
    ck_assert_int_gt(sum.strided_pairs, 10000);
}
END_TEST

/* A set, and its passes: "set", "set by stride", or "set of list". */
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
    /* lists: what they are held against, never themselves */
    {"random(7, 1, all, true)", {"none", "all of random(7, 1, all, true)"}},
    {"union(x, random(7, 1, y, true))", {"x", "complement(x) of random(7, 1, y, true)"}},
    {"intersection(x, random(7, 1, all, true))", {"none", "x of random(7, 1, all, true)"}},
    {"difference(x, random(7, 1, all, true))", {"intersection(x, complement(random(7, 1, all, true)))"}},
    {"blocks(4, random(7, 1, all, true))", {"blocks(4, random(7, 1, all, true))"}},
    {"intersection(union(x, random(7, 1, all, true)), y)",
     {"intersection(x, y)", "intersection(y, complement(x)) of random(7, 1, all, true)"}},
    {"heads(1, random(7, 1, all, true), x)", {"heads(1, none, x)", "heads(1, all, none) of random(7, 1, all, true)"}},
    {"union(x, band(-8, 8, 2), random(7, 1, all, true))",
     {"x", "intersection(band(-8, 8, 2), complement(x)) by 2",
      "intersection(complement(x), complement(band(-8, 8, 2))) of random(7, 1, all, true)"}},
};

static void write_passes(const weft_program *program, weft_text *out) {
    for (uint32_t k = 0; k < program->pass_count; k++) {
        const weft_pass *pass = &program->passes[k];
        write_term(program, pass->set, out);
        weft_text_format(out, "%s", pass->stride ? " by " : pass->list ? " of " : "");
        if (pass->stride || pass->list) write_term(program, pass->stride ? pass->stride : pass->list, out);
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
            const char *text = forms[n].passes[wanted], *by = strstr(text, " by "), *of = strstr(text, " of ");
            ck_assert_msg(wanted < program->pass_count, "%s:\n%s", forms[n].set, found.at);
            const weft_pass *pass = &program->passes[wanted];
            ck_assert_msg(pass->set == simple_term(program, text), "%s:\n%s", forms[n].set, found.at);
            by = by ? by + 4 : NULL;
            of = of ? of + 4 : NULL;
            ck_assert_msg(pass->stride == (by ? read_term(program, &by) : 0), "%s:\n%s", forms[n].set, found.at);
            ck_assert_msg(pass->list == (of ? read_term(program, &of) : 0), "%s:\n%s", forms[n].set, found.at);
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
