/* Filters: a set as a formula over what is static and what is chosen. Each step of it gives a word a key, and the whole
 * is the last one's. */
#include <string.h>

#include "plan/filter.h"
#include "support/bits.h"

enum { MOST_INTERVALS = 16 /* of a row, in the mean */, MOST_VISITS = 4096, HALF = 32 };

/* ---- when the plan is made --------------------------------------------------------------------------------------- */

typedef struct weft_filtering {
    weft_filter *filter;
    weft_bound *bound;
    const weft_shape *shape;
    bool fits, failed;
} weft_filtering;

static bool reads_run(const weft_dag *dag, weft_id id, uint32_t *visits) {
    const weft_node *node = weft_node_at(dag, id);
    if (++*visits > MOST_VISITS || weft_op_describe((weft_op)node->op)->traits & WEFT_TRAIT_DATA) return true;
    for (uint32_t k = 0; k < node->arity; k++)
        if (reads_run(dag, weft_operand(dag, id, k), visits)) return true;
    return false;
}

bool weft_reads_run(const weft_dag *dag, weft_id set) {
    uint32_t visits = 0;
    return reads_run(dag, set, &visits);
}

static bool is_static(const weft_filtering *f, weft_id id) { return !weft_reads_run(&f->bound->dag, id); }

/* The number of the new step; what does not fit is 0. */
static uint32_t add_step(weft_filtering *f, weft_filter_step step) {
    if (f->filter->count == WEFT_FILTER_STEPS) {
        f->fits = false;
        return 0;
    }
    f->filter->steps[f->filter->count] = step;
    return f->filter->count++;
}

static uint32_t add_static(weft_filtering *f, weft_id set) {
    weft_filter *filter = f->filter;
    uint32_t step = add_step(f, (weft_filter_step){.kind = WEFT_FILTER_STATIC, .first = filter->interval_count});
    if (!f->fits) return 0;
    weft_candidates *intervals = &filter->intervals[filter->interval_count++];
    int64_t rows = f->shape->queries;
    f->failed |=
        !weft_candidates_limited(intervals, f->bound, f->shape, set, 0, rows, 1, MOST_INTERVALS * rows, &f->fits);
    return step;
}

static uint32_t add_set(weft_filtering *f, weft_id set);

/* What is static of the operands is one step, the others one each. */
static uint32_t add_many(weft_filtering *f, weft_id set, weft_op op) {
    weft_dag *dag = &f->bound->dag;
    weft_filter_kind kind = op == WEFT_OP_UNION ? WEFT_FILTER_EITHER : WEFT_FILTER_BOTH;
    weft_id fixed = 0;
    uint32_t so_far = 0, steps = 0;
    for (uint32_t k = 0; k < weft_node_at(dag, set)->arity; k++) {
        weft_id operand = weft_operand(dag, set, k);
        if (is_static(f, operand)) fixed = fixed ? weft_make_set(dag, op, WEFT_NO_SPAN, 2, fixed, operand) : operand;
    }
    if (dag->failed) f->failed = true;
    if (f->failed) return 0;
    if (fixed) so_far = add_static(f, fixed), steps++;
    for (uint32_t k = 0; k < weft_node_at(dag, set)->arity && f->fits && !f->failed; k++) {
        weft_id operand = weft_operand(dag, set, k);
        if (is_static(f, operand)) continue;
        uint32_t step = add_set(f, operand);
        so_far = steps++ ? add_step(f, (weft_filter_step){.kind = kind, .first = so_far, .second = step}) : step;
    }
    return so_far;
}

static uint32_t add_set(weft_filtering *f, weft_id set) {
    const weft_dag *dag = &f->bound->dag;
    weft_op op = (weft_op)weft_node_at(dag, set)->op;
    if (!f->fits || f->failed) return 0;
    if (is_static(f, set)) return add_static(f, set);
    if (weft_op_describe(op)->traits & WEFT_TRAIT_DATA)
        return add_step(f, (weft_filter_step){.kind = WEFT_FILTER_CHOSEN, .set = set});
    weft_id first = weft_operand(dag, set, 0);
    switch (op) {
    case WEFT_OP_UNION:
    case WEFT_OP_INTERSECTION: return add_many(f, set, op);
    case WEFT_OP_COMPLEMENT:
        return add_step(f, (weft_filter_step){.kind = WEFT_FILTER_NOT, .first = add_set(f, first)});
    case WEFT_OP_DIFFERENCE: {
        weft_id second = weft_operand(dag, set, 1);
        uint32_t kept = add_set(f, first);
        uint32_t taken = add_step(f, (weft_filter_step){.kind = WEFT_FILTER_NOT, .first = add_set(f, second)});
        return add_step(f, (weft_filter_step){.kind = WEFT_FILTER_BOTH, .first = kept, .second = taken});
    }
    default: f->fits = false; return 0;
    }
}

bool weft_filter_make(weft_filter *filter, weft_bound *bound, const weft_shape *shape, weft_id set, bool *fits) {
    weft_filtering f = {.filter = filter, .bound = bound, .shape = shape, .fits = true};
    *filter = (weft_filter){.is_static = true};
    *fits = true;
    if (weft_node_at(&bound->dag, set)->op == WEFT_ATOM_ALL) return true;
    add_set(&f, set);
    *fits = f.fits;
    filter->is_static = filter->count == 1 && filter->steps[0].kind == WEFT_FILTER_STATIC;
    return !f.failed;
}

void weft_filter_free(weft_filter *filter, const weft_allocator *allocator) {
    for (uint32_t n = 0; n < filter->interval_count; n++) weft_candidates_free(&filter->intervals[n], allocator);
    *filter = (weft_filter){0};
}

/* ---- when pairs are asked ---------------------------------------------------------------------------------------- */

static void join(const uint32_t low[WEFT_TILE_KEYS], const uint32_t high[WEFT_TILE_KEYS],
                 uint64_t word[WEFT_TILE_KEYS]) {
    for (int k = 0; k < WEFT_TILE_KEYS; k++) word[k] = low[k] | (uint64_t)high[k] << HALF;
}

/* Keys below 2^31 and intervals of them, as numbers of 32 bits. Rows that hold all of the keys are set together. */
static void find_static(const weft_candidates *intervals, const weft_pairs *pairs, weft_interval range,
                        uint64_t word[WEFT_TILE_KEYS]) {
    uint32_t half[2][WEFT_TILE_KEYS] = {{0}};
    uint64_t whole = 0;
    for (int32_t r = 0; r < pairs->row_count; r++) {
        weft_intervals of = weft_candidates_of(intervals, pairs->rows[r]);
        for (uint32_t n = of.count > 4 ? weft_intervals_find(of, range.lo) : 0; n < of.count; n++) {
            weft_interval x = of.at[n];
            if (x.lo >= range.hi) break;
            if (x.hi <= range.lo) continue;
            if (x.lo <= range.lo && x.hi >= range.hi) {
                whole |= UINT64_C(1) << r;
                break;
            }
            weft_mark_keys(pairs->keys, (uint32_t)x.lo, (uint32_t)(x.hi - x.lo), UINT32_C(1) << r % HALF,
                           half[r / HALF]);
        }
    }
    join(half[0], half[1], word);
    for (int k = 0; k < WEFT_TILE_KEYS; k++) word[k] |= whole;
}

static void find_chosen(const weft_bound *bound, const weft_shape *shape, weft_id set, const weft_pairs *pairs,
                        uint64_t word[WEFT_TILE_KEYS]) {
    weft_space space = weft_space_of(shape->queries, shape->keys);
    for (int32_t k = 0; k < pairs->key_count; k++) {
        word[k] = 0;
        for (uint64_t left = pairs->word[k]; left; left &= left - 1) { /* of the others nobody will ask */
            int r = weft_lowest_bit(left);
            if (weft_contains(bound, set, space, pairs->rows[r] + space.first, pairs->keys[k]))
                word[k] |= UINT64_C(1) << r;
        }
    }
    for (int32_t k = pairs->key_count; k < WEFT_TILE_KEYS; k++) word[k] = 0;
}

/* The least and the largest key. */
static weft_interval range_of(const weft_pairs *pairs) {
    weft_interval range = {UINT32_MAX, 0};
    for (int32_t k = 0; k < pairs->key_count; k++) {
        if (pairs->keys[k] < range.lo) range.lo = pairs->keys[k];
        if (pairs->keys[k] >= range.hi) range.hi = (int64_t)pairs->keys[k] + 1;
    }
    return range;
}

void weft_filter_apply(const weft_filter *filter, const weft_bound *bound, const weft_shape *shape, weft_pairs *pairs) {
    uint64_t words[WEFT_FILTER_STEPS][WEFT_TILE_KEYS];
    weft_interval range = range_of(pairs);
    if (!filter->count) return;
    for (uint32_t n = 0; n < filter->count; n++) {
        const weft_filter_step *step = &filter->steps[n];
        const uint64_t *first = words[step->first], *second = words[step->second];
        switch (step->kind) {
        case WEFT_FILTER_STATIC: find_static(&filter->intervals[step->first], pairs, range, words[n]); break;
        case WEFT_FILTER_CHOSEN: find_chosen(bound, shape, step->set, pairs, words[n]); break;
        case WEFT_FILTER_NOT:
            for (int k = 0; k < WEFT_TILE_KEYS; k++) words[n][k] = ~first[k];
            break;
        case WEFT_FILTER_BOTH:
            for (int k = 0; k < WEFT_TILE_KEYS; k++) words[n][k] = first[k] & second[k];
            break;
        case WEFT_FILTER_EITHER:
            for (int k = 0; k < WEFT_TILE_KEYS; k++) words[n][k] = first[k] | second[k];
            break;
        }
    }
    for (int32_t k = 0; k < pairs->key_count; k++) pairs->word[k] &= words[filter->count - 1][k];
}

bool weft_filter_holds(const weft_filter *filter, int64_t row, int64_t key) {
    return !filter->count || weft_intervals_contain(weft_candidates_of(&filter->intervals[0], row), key);
}
