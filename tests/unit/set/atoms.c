/* Every atom that has a definition of its own, with hundreds of random arguments each: pairs and spans against that
 * definition, for Lq less than, equal to and more than Lk, outside and inside blocks, and blocks of blocks. */
#include <stdio.h>
#include <string.h>

#include "define_atoms.h"
#include "set/set.h"
#include "support/failing.h"
#include "support/random.h"
#include "support/suite.h"

enum { HEADS = 3, MOST = 160, MOST_PICKED = 6, PARAMETERS = 3 };
enum { LABELS, MASK, PICKED };

typedef struct atom_test {
    test_memory memory;
    weft_allocator allocator;
    test_random random;
    uint64_t seed;
    weft_program *program;
    weft_environment environment;
    weft_argument arguments[PARAMETERS];
    int64_t block[2];             /* sizes of the blocks around the atom, the outer one first; 1: none */
    int64_t queries, keys, first; /* where the atom is */
    int64_t v[5];
    bool tight; /* spans of several rows are exact too */
    bool per_head;
    DLTensor tensor;
    int64_t shape[4], strides[4];
    int32_t labels[2 * MOST];
    uint8_t mask[HEADS * 2 * MOST * MOST];
    int16_t picked[2 * MOST * MOST_PICKED];
    bool pool[MOST];
} atom_test;

static int64_t pick(atom_test *t, int64_t low, int64_t high) { return test_range(&t->random, low, high); }
static bool chance(atom_test *t, int percent) { return pick(t, 1, 100) <= percent; }
static weft_id integer(atom_test *t, int64_t value) { return weft_make_int(&t->program->dag, value, WEFT_NO_SPAN); }

static int64_t floor_of(int64_t a, int64_t b) {
    int64_t quotient = a / b;
    return a % b < 0 ? quotient - 1 : quotient;
}

/* ---- cases ------------------------------------------------------------------------------------------------------- */

/* Lengths, and what they are inside the blocks that will be put around the atom. */
static void random_lengths(atom_test *t) {
    weft_environment *e = &t->environment;
    *e = (weft_environment){.lengths_known = true, .head_known = true, .arguments = t->arguments, .heads = HEADS};
    e->lk = pick(t, 1, chance(t, 50) ? 20 : MOST - 2);
    e->lq = chance(t, 30) ? e->lk : pick(t, 1, chance(t, 50) ? 20 : MOST - 2);
    e->head = pick(t, 0, HEADS - 1);
    e->batch = pick(t, 0, 1);
    t->queries = e->lq;
    t->keys = e->lk;
    t->first = e->lk - e->lq;
    for (int n = 0; n < 2; n++) {
        t->block[n] = chance(t, 60) ? 1 : pick(t, 2, 9);
        t->keys = (t->keys - 1) / t->block[n] + 1;
        t->first = floor_of(t->first, t->block[n]);
    }
    t->queries = t->keys - t->first;
}

static void begin(atom_test *t, uint64_t seed) {
    static const weft_type types[PARAMETERS] = {WEFT_TYPE_LABELS, WEFT_TYPE_MASK, WEFT_TYPE_KEYS};
    static const char *const names[PARAMETERS] = {"labels", "mask", "picked"};
    memset(t, 0, sizeof *t);
    t->seed = seed;
    t->random.state = seed;
    t->allocator = test_allocator(&t->memory);
    t->program = weft_program_create(&t->allocator, "p");
    for (int k = 0; k < PARAMETERS; k++) weft_program_add_parameter(t->program, names[k], types[k], 0, WEFT_NO_SPAN);
    random_lengths(t);
}

static void end(atom_test *t) {
    weft_program_destroy(t->program);
    ck_assert_uint_eq(t->memory.live, 0);
}

static weft_id parameter(atom_test *t, int64_t number, weft_type type, void *data, DLDataType element, int ndim) {
    t->tensor = (DLTensor){data, {kDLCPU, 0}, ndim, element, t->shape, t->strides, 0};
    t->arguments[number] = (weft_argument){.bound = true, .array = &t->tensor};
    return weft_make(&t->program->dag, WEFT_OP_PARAM, type, (weft_value){.integer = number}, NULL, 0, WEFT_NO_SPAN);
}

static weft_id make(atom_test *t, weft_op op, uint32_t count) {
    weft_id operands[5];
    for (uint32_t k = 0; k < count; k++) operands[k] = integer(t, t->v[k]);
    return weft_make(&t->program->dag, op, WEFT_TYPE_SET, (weft_value){0}, operands, count, WEFT_NO_SPAN);
}

static weft_id make_dilated(atom_test *t) {
    static const int64_t large[] = {INT64_MAX, INT64_MIN, INT64_MAX / 2, INT64_MAX / 3};
    t->v[0] = chance(t, 10) ? large[pick(t, 0, 3)] : pick(t, -2, 20);
    t->v[1] = chance(t, 10) ? large[pick(t, 0, 3) & 2] : pick(t, 1, 12);
    return make(t, WEFT_ATOM_DILATED, 2);
}
static bool dilated(atom_test *t, int64_t i, int64_t j) { return define_dilated(i, j, t->v[0], t->v[1]); }

static weft_id make_stride(atom_test *t) {
    t->v[0] = chance(t, 10) ? INT64_MAX - pick(t, 0, 2) : pick(t, 1, 30);
    return make(t, WEFT_ATOM_STRIDE, 1);
}
static bool stride(atom_test *t, int64_t i, int64_t j) { return define_stride(i, j, t->v[0]); }

/* Grids smaller than, as large as and larger than what there is. */
static void random_grid(atom_test *t) {
    t->v[0] = pick(t, 1, 14);
    t->v[1] = chance(t, 20) ? 1 : chance(t, 60) ? pick(t, 1, 14) : pick(t, 1, 90);
    if (chance(t, 40)) t->v[0] = (t->keys - 1) / t->v[1] + 1;
    if (chance(t, 3)) t->v[pick(t, 0, 1)] = INT64_MAX;
}

static weft_id make_window2d(atom_test *t) {
    random_grid(t);
    t->v[2] = chance(t, 5) ? INT64_MAX : pick(t, -1, 5);
    t->v[3] = chance(t, 5) ? INT64_MAX : pick(t, -1, 5);
    if (chance(t, 2)) t->v[pick(t, 2, 3)] = INT64_MIN;
    return make(t, WEFT_ATOM_WINDOW2D, 4);
}
static bool window2d(atom_test *t, int64_t i, int64_t j) { return define_window2d(i, j, t->v); }

static weft_id make_axial(atom_test *t) {
    random_grid(t);
    return make(t, WEFT_ATOM_AXIAL, 2);
}
static bool axial(atom_test *t, int64_t i, int64_t j) { return define_axial(i, j, t->v); }

static weft_id make_neighborhood2d(atom_test *t) {
    random_grid(t);
    if (t->v[0] > MOST) t->v[0] = MOST; /* the definition counts cells */
    if (t->v[1] > MOST) t->v[1] = MOST;
    t->v[4] = chance(t, 50) ? 1 : pick(t, 1, t->v[0] < t->v[1] ? t->v[0] : t->v[1]);
    t->v[2] = pick(t, chance(t, 10) ? -1 : 1, t->v[0] / t->v[4]);
    t->v[3] = pick(t, chance(t, 10) ? -1 : 1, t->v[1] / t->v[4]);
    if (chance(t, 30) && t->v[2] > 3) t->v[2] = 3;
    return make(t, WEFT_ATOM_NEIGHBORHOOD2D, 5);
}
static bool neighborhood2d(atom_test *t, int64_t i, int64_t j) { return define_neighborhood2d(i, j, t->v); }

/* [Lk], or [B, Lk] backwards in memory; sorted, shuffled, or all of their own. */
static weft_id make_same(atom_test *t) {
    int64_t kinds = pick(t, 1, 8), kind = pick(t, 0, 2);
    for (int k = 0; k < 2 * MOST; k++)
        t->labels[k] = (int32_t)(kind == 0 ? k / kinds - 7 : kind == 1 ? pick(t, 0, kinds) - 3 : k);
    bool batches = chance(t, 50);
    t->v[0] = batches ? t->environment.batch : -1;
    t->shape[0] = 2;
    t->shape[batches] = t->keys;
    t->strides[0] = batches ? MOST : 1;
    t->strides[1] = -1;
    int32_t *data = batches ? t->labels + t->keys - 1 : t->labels;
    return weft_make_set(&t->program->dag, WEFT_ATOM_SAME, WEFT_NO_SPAN, 1,
                         parameter(t, LABELS, WEFT_TYPE_LABELS, data, (DLDataType){kDLInt, 32, 1}, 1 + batches));
}
static bool same(atom_test *t, int64_t i, int64_t j) {
    if (i < 0) return false;
    if (t->v[0] < 0) return t->labels[i] == t->labels[j];
    const int32_t *end = t->labels + t->v[0] * MOST + t->keys - 1;
    return end[-i] == end[-j];
}

/* [R, C], [H, R, C] or [B, H, R, C], packed or with rows and columns exchanged in memory. */
static weft_id make_given(atom_test *t) {
    int dims = (int)pick(t, 2, 4);
    bool exchanged = chance(t, 40);
    int64_t density = pick(t, 0, 4) * 25, cells = t->queries * t->keys;
    for (size_t k = 0; k < sizeof t->mask; k++) t->mask[k] = chance(t, (int)density) ? (uint8_t)pick(t, 1, 255) : 0;
    for (int64_t k = 0; k < cells && chance(t, 40); k++) t->mask[k] = 1;
    int64_t shape[] = {2, HEADS, t->queries, t->keys};
    int64_t strides[] = {HEADS * cells, cells, exchanged ? 1 : t->keys, exchanged ? t->queries : 1};
    if (HEADS * 2 * cells > (int64_t)sizeof t->mask) strides[0] = 0; /* both batch elements see one mask */
    memcpy(t->shape, shape + 4 - dims, (size_t)dims * sizeof *shape);
    memcpy(t->strides, strides + 4 - dims, (size_t)dims * sizeof *strides);
    t->v[0] = exchanged ? 1 : t->keys;
    t->v[1] = exchanged ? t->queries : 1;
    t->v[2] = (dims > 2 ? t->environment.head * cells : 0) + (dims > 3 ? t->environment.batch * strides[0] : 0);
    return weft_make_set(&t->program->dag, WEFT_ATOM_GIVEN, WEFT_NO_SPAN, 1,
                         parameter(t, MASK, WEFT_TYPE_MASK, t->mask, (DLDataType){kDLUInt, 8, 1}, dims));
}
static bool given(atom_test *t, int64_t i, int64_t j) {
    return t->mask[t->v[2] + (i - t->first) * t->v[0] + j * t->v[1]] != 0;
}

/* Negative, repeated and too large ones among them. */
static weft_id make_listed(atom_test *t) {
    int64_t width = pick(t, 0, MOST_PICKED);
    for (int k = 0; k < 2 * MOST * MOST_PICKED; k++)
        t->picked[k] = (int16_t)(chance(t, 20) ? pick(t, -300, 300) : pick(t, 0, t->keys - 1));
    t->shape[0] = t->queries;
    t->shape[1] = width;
    t->strides[0] = MOST_PICKED;
    t->strides[1] = 1;
    t->v[0] = width;
    return weft_make_set(&t->program->dag, WEFT_ATOM_LISTED, WEFT_NO_SPAN, 1,
                         parameter(t, PICKED, WEFT_TYPE_KEYS, t->picked, (DLDataType){kDLInt, 16, 1}, 2));
}
static bool listed(atom_test *t, int64_t i, int64_t j) {
    for (int64_t n = 0; n < t->v[0]; n++)
        if (t->picked[(i - t->first) * MOST_PICKED + n] == j) return true;
    return false;
}

/* From everything, the past, all but a window, or nothing. */
static weft_id make_random(atom_test *t) {
    weft_dag *dag = &t->program->dag;
    t->v[0] = chance(t, 10) ? INT64_MAX : pick(t, -1, chance(t, 50) ? 5 : 40);
    t->v[1] = chance(t, 50) ? pick(t, -3, 3) : (int64_t)test_bits(&t->random);
    t->v[2] = pick(t, 0, 3);
    t->per_head = chance(t, 50);
    weft_id window = weft_make_set(dag, WEFT_ATOM_WINDOW, WEFT_NO_SPAN, 2, integer(t, 1), integer(t, 1));
    weft_id sets[] = {weft_make_set(dag, WEFT_ATOM_ALL, WEFT_NO_SPAN, 0),
                      weft_make_set(dag, WEFT_ATOM_CAUSAL, WEFT_NO_SPAN, 0),
                      weft_make_set(dag, WEFT_OP_COMPLEMENT, WEFT_NO_SPAN, 1, window),
                      weft_make_set(dag, WEFT_ATOM_NONE, WEFT_NO_SPAN, 0)};
    return weft_make_set(dag, WEFT_ATOM_RANDOM, WEFT_NO_SPAN, 4, integer(t, t->v[0]), integer(t, t->v[1]),
                         sets[t->v[2]], weft_make_bool(dag, t->per_head, WEFT_NO_SPAN));
}
static bool drawn(atom_test *t, int64_t i, int64_t j) {
    for (int64_t key = 0; key < t->keys; key++)
        t->pool[key] = t->v[2] == 0 || (t->v[2] == 1 && key <= i) || (t->v[2] == 2 && (key - i > 1 || i - key > 1));
    return define_random(i, j, t->v[0], t->v[1], t->per_head ? t->environment.head : 0, t->pool, t->keys);
}

/* ---- comparing --------------------------------------------------------------------------------------------------- */

typedef bool definition(atom_test *t, int64_t i, int64_t j);

static void fail_pair(const atom_test *t, const char *what, int64_t i, int64_t j, bool wanted) {
    ck_abort_msg("seed %llu: %s of (%lld, %lld) should be %d; Lq %lld, Lk %lld, blocks %lld %lld, %lld %lld %lld %lld "
                 "%lld",
                 (unsigned long long)t->seed, what, (long long)i, (long long)j, wanted, (long long)t->environment.lq,
                 (long long)t->environment.lk, (long long)t->block[0], (long long)t->block[1], (long long)t->v[0],
                 (long long)t->v[1], (long long)t->v[2], (long long)t->v[3], (long long)t->v[4]);
}

static bool wanted_at(atom_test *t, definition *define, int64_t i, int64_t j) {
    for (int n = 0; n < 2; n++) i = floor_of(i, t->block[n]), j = floor_of(j, t->block[n]);
    return define(t, i, j);
}

static void check_pairs(atom_test *t, definition *define, const weft_bound *bound, weft_id set, const uint8_t *wanted) {
    weft_space space = weft_space_of(t->environment.lq, t->environment.lk);
    weft_scratch scratch;
    ck_assert(weft_scratch_init(&scratch, bound));
    bool slow = define == drawn && space.keys > 40; /* contains() without memory is for judging */
    for (int64_t i = space.first; i < space.keys; i++)
        for (int64_t j = 0; j < space.keys; j++) {
            bool in = *wanted++;
            if ((!slow || chance(t, 2)) && weft_contains(bound, set, space, i, j) != in)
                fail_pair(t, "contains", i, j, in);
            if (weft_contains_with(&scratch, set, space, i, j) != in) fail_pair(t, "contains_with", i, j, in);
        }
    weft_scratch_free(&scratch);
}

static void check_rows(atom_test *t, weft_scratch *scratch, weft_id set, int64_t i0, int64_t i1,
                       const uint8_t *wanted) {
    weft_space space = weft_space_of(t->environment.lq, t->environment.lk);
    weft_spans spans;
    ck_assert(weft_spans_of(scratch, set, space, i0, i1, &spans));
    for (int64_t j = 0; j < space.keys; j++) {
        bool some = false, every = true;
        for (int64_t i = i0; i < i1; i++) {
            bool in = wanted[(i - space.first) * space.keys + j];
            some = some || in;
            every = every && in;
        }
        bool full = weft_intervals_contain(spans.full, j), may = weft_intervals_contain(spans.may, j);
        if (i1 - i0 == 1 && (may != some || full != some)) fail_pair(t, "single row", i0, j, some);
        if ((full && !every) || (some && !may) || (full && !may)) fail_pair(t, "rows", i0, j, some);
        if (t->tight && (full != every || may != some)) fail_pair(t, "tight rows", i0, j, some);
    }
    for (uint32_t k = 1; k < spans.may.count; k++) ck_assert_int_lt(spans.may.at[k - 1].hi, spans.may.at[k].lo);
}

static void check_spans(atom_test *t, const weft_bound *bound, weft_id set, const uint8_t *wanted) {
    weft_space space = weft_space_of(t->environment.lq, t->environment.lk);
    weft_scratch scratch;
    ck_assert(weft_scratch_init(&scratch, bound));
    for (int64_t i = space.first; i < space.keys; i++) check_rows(t, &scratch, set, i, i + 1, wanted);
    for (int n = 0; n < 12; n++) {
        int64_t i0 = pick(t, space.first, space.keys - 1), rows = pick(t, 1, chance(t, 50) ? 8 : 200);
        weft_scratch_reset(&scratch);
        check_rows(t, &scratch, set, i0, i0 + rows < space.keys ? i0 + rows : space.keys, wanted);
    }
    weft_scratch_free(&scratch);
}

static void sweep(weft_id (*generate)(atom_test *), definition *define, bool tight, uint64_t first, int cases) {
    static atom_test t;
    static uint8_t wanted[MOST * MOST];
    uint64_t pairs = 0, held = 0;
    for (int n = 0; n < cases; n++) {
        begin(&t, first + (uint64_t)n);
        weft_id set = generate(&t);
        t.tight = tight;
        for (int k = 2; k-- > 0;)
            set = weft_make_set(&t.program->dag, WEFT_OP_BLOCKS, WEFT_NO_SPAN, 2, integer(&t, t.block[k]), set);
        weft_bound bound;
        weft_diagnostics diagnostics;
        weft_diagnostics_init(&diagnostics, &t.allocator, NULL);
        ck_assert(weft_bound_init(&bound, &t.allocator));
        t.environment.keep_places = chance(&t, 20);
        weft_id folded = weft_fold(t.program, set, &t.environment, &bound, &diagnostics);
        if (!folded) fail_pair(&t, diagnostics.count ? diagnostics.reports[0].message : "memory", 0, 0, false);
        weft_space space = weft_space_of(t.environment.lq, t.environment.lk);
        for (int64_t i = space.first, k = 0; i < space.keys; i++)
            for (int64_t j = 0; j < space.keys; j++, k++) held += wanted[k] = wanted_at(&t, define, i, j), pairs++;
        check_pairs(&t, define, &bound, folded, wanted);
        check_spans(&t, &bound, folded, wanted);
        weft_diagnostics_free(&diagnostics);
        weft_bound_free(&bound);
        end(&t);
    }
    printf("%d cases from seed %llu: %llu pairs, %llu held\n", cases, (unsigned long long)first,
           (unsigned long long)pairs, (unsigned long long)held);
    ck_assert_uint_gt(held, pairs / 100);
}

START_TEST(dilated_windows) { sweep(make_dilated, dilated, false, 1000000, 600); }
END_TEST
START_TEST(strides) { sweep(make_stride, stride, false, 2000000, 400); }
END_TEST
START_TEST(labels) { sweep(make_same, same, true, 3000000, 800); }
END_TEST
START_TEST(windows_in_2d) { sweep(make_window2d, window2d, true, 4000000, 1500); }
END_TEST
START_TEST(neighborhoods_in_2d) { sweep(make_neighborhood2d, neighborhood2d, false, 5000000, 1500); }
END_TEST
START_TEST(axes) { sweep(make_axial, axial, false, 6000000, 800); }
END_TEST
START_TEST(draws) { sweep(make_random, drawn, true, 7000000, 600); }
END_TEST
START_TEST(masks) { sweep(make_given, given, true, 8000000, 600); }
END_TEST
START_TEST(lists) { sweep(make_listed, listed, true, 9000000, 600); }
END_TEST

TEST_MAIN("set/atoms", dilated_windows, strides, labels, windows_in_2d, neighborhoods_in_2d, axes, draws, masks, lists)
