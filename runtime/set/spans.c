/* Spans of sets: atoms answer for themselves, operators merge what their operands answered. Nodes of the outermost
 * space are remembered until the rows change. What an intersection has found empty is not asked of its other operands:
 * each question names the keys that it is about. */
#include "set/arithmetic.h"
#include "set/rows.h"

#include <string.h>

static const weft_spans no_spans = {{NULL, 0}, {NULL, 0}};

bool weft_scratch_init(weft_scratch *scratch, const weft_bound *bound) {
    *scratch = (weft_scratch){.bound = bound, .now = 1};
    weft_arena_init(&scratch->arena, bound->dag.allocator);
    return true;
}

void weft_scratch_free(weft_scratch *scratch) {
    const weft_allocator *allocator = scratch->bound->dag.allocator;
    weft_free(allocator, scratch->seen, scratch->seen_capacity * sizeof *scratch->seen);
    weft_arena_free(&scratch->arena);
    weft_rows_free(scratch->rows, allocator);
    if (scratch->inner) weft_scratch_free(scratch->inner);
    weft_free(allocator, scratch->inner, sizeof *scratch->inner);
    *scratch = (weft_scratch){.bound = scratch->bound};
}

weft_scratch *weft_scratch_inner(weft_scratch *scratch) {
    if (!scratch->inner) {
        scratch->inner = weft_allocate(scratch->bound->dag.allocator, sizeof *scratch->inner);
        if (!scratch->inner) return NULL;
        weft_scratch_init(scratch->inner, scratch->bound);
    }
    weft_scratch_reset(scratch->inner);
    return scratch->inner;
}

/* Everything seen becomes stale. */
static void forget(weft_scratch *scratch) {
    if (++scratch->now == 0) {
        for (uint32_t id = 0; id < scratch->seen_capacity; id++) scratch->seen[id].stamp = 0;
        scratch->now = 1;
    }
}

void weft_scratch_reset(weft_scratch *scratch) {
    weft_arena_reset(&scratch->arena);
    scratch->failed = false;
    forget(scratch);
}

/* ---- operators ------------------------------------------------------------------------------------------------- */

/* One question: which space, rows and keys, and whether answers are remembered; `asked` is the caller's whole question.
 */
typedef struct rows {
    weft_scratch *scratch;
    weft_space space;
    int64_t i0, i1;
    weft_interval keys, asked;
    bool outermost;
} rows;

static weft_spans spans(const rows *in, weft_id id);

static weft_spans unite(const rows *in, weft_spans a, weft_spans b) {
    return (weft_spans){weft_intervals_union(in->scratch, a.full, b.full),
                        weft_intervals_union(in->scratch, a.may, b.may)};
}

static weft_spans intersect(const rows *in, weft_spans a, weft_spans b) {
    return (weft_spans){weft_intervals_intersection(in->scratch, a.full, b.full),
                        weft_intervals_intersection(in->scratch, a.may, b.may)};
}

/* Operands [begin, end) of a union, by halves: wide ones are merged in n log n. */
static weft_spans union_of(const rows *in, weft_id id, uint32_t begin, uint32_t end) {
    if (end - begin == 1) return spans(in, weft_operand(&in->scratch->bound->dag, id, begin));
    uint32_t middle = begin + (end - begin) / 2;
    return unite(in, union_of(in, id, begin, middle), union_of(in, id, middle, end));
}

static weft_spans union_spans(const rows *in, weft_id id) {
    uint32_t count = weft_node_at(&in->scratch->bound->dag, id)->arity;
    return count > 0 ? union_of(in, id, 0, count) : no_spans;
}

static weft_spans whole(const rows *in) {
    weft_intervals all = weft_intervals_one(in->scratch, 0, in->space.keys, in->space.keys);
    return (weft_spans){all, all};
}

static weft_spans difference(const rows *in, weft_spans a, weft_spans b) {
    return (weft_spans){weft_intervals_difference(in->scratch, a.full, b.may),
                        weft_intervals_difference(in->scratch, a.may, b.full)};
}

/* The same question about keys of `may` alone. */
static rows narrowed(const rows *in, weft_intervals may) {
    rows out = *in;
    if (may.count == 0) return out;
    out.keys.lo = weft_larger(out.keys.lo, may.at[0].lo);
    out.keys.hi = weft_larger(out.keys.lo, weft_smaller(out.keys.hi, may.at[may.count - 1].hi));
    return out;
}

/* Operands are asked in turns: first what has few intervals, whatever the keys; last what may have one a key. */
enum { TURNS = 3 };

static int turn_of(const weft_dag *dag, weft_id id) {
    switch (weft_node_at(dag, id)->op) {
    case WEFT_ATOM_BAND: return weft_operand_int(dag, id, 2) > 1;
    case WEFT_ATOM_CAUSAL:
    case WEFT_ATOM_WINDOW:
    case WEFT_ATOM_PAST:
    case WEFT_ATOM_CHUNK:
    case WEFT_ATOM_ROWS: return 0;
    case WEFT_ATOM_SAME:
    case WEFT_ATOM_WHERE: return 2;
    default: return 1;
    }
}

/* Meets `rest` with the operands of one turn that are not complemented. */
static weft_spans take_turn(const rows *in, weft_id id, int turn, weft_spans rest) {
    const weft_dag *dag = &in->scratch->bound->dag;
    for (uint32_t k = 0; k < weft_node_at(dag, id)->arity && rest.may.count > 0; k++) {
        weft_id operand = weft_operand(dag, id, k);
        if (weft_node_at(dag, operand)->op == WEFT_OP_COMPLEMENT || turn_of(dag, operand) != turn) continue;
        rows part = narrowed(in, rest.may);
        rest = intersect(in, rest, spans(&part, operand));
    }
    return rest;
}

/* What is complemented is then taken from that, which is mostly little: its own complement may be a long list. */
static weft_spans intersection_spans(const rows *in, weft_id id) {
    const weft_dag *dag = &in->scratch->bound->dag;
    weft_spans rest = whole(in);
    for (int turn = 0; turn < TURNS; turn++) rest = take_turn(in, id, turn, rest);
    for (uint32_t k = 0; k < weft_node_at(dag, id)->arity && rest.may.count > 0; k++) {
        weft_id operand = weft_operand(dag, id, k);
        rows part = narrowed(in, rest.may);
        if (weft_node_at(dag, operand)->op == WEFT_OP_COMPLEMENT)
            rest = difference(in, rest, spans(&part, weft_operand(dag, operand, 0)));
    }
    return rest;
}

static weft_spans difference_spans(const rows *in, weft_id id) {
    weft_spans left = spans(in, weft_operand(&in->scratch->bound->dag, id, 0));
    if (left.may.count == 0) return no_spans;
    rows part = narrowed(in, left.may);
    return difference(in, left, spans(&part, weft_operand(&in->scratch->bound->dag, id, 1)));
}

/* Block numbers as positions. */
static weft_intervals scale(const rows *in, weft_intervals list, int64_t size) {
    if (list.count == 0) return list;
    weft_interval *at = weft_arena_take(&in->scratch->arena, list.count * sizeof *at);
    if (!at) {
        in->scratch->failed = true;
        return no_spans.may;
    }
    for (uint32_t k = 0; k < list.count; k++) at[k] = (weft_interval){list.at[k].lo * size, list.at[k].hi * size};
    at[list.count - 1].hi = weft_smaller(at[list.count - 1].hi, in->space.keys);
    return (weft_intervals){at, list.count};
}

static weft_spans blocks_spans(const rows *in, weft_id id) {
    int64_t size = weft_operand_int(&in->scratch->bound->dag, id, 0);
    weft_interval keys = {in->keys.lo / size, weft_ceil_div(in->keys.hi, size)};
    rows blocks = {.scratch = in->scratch,
                   .space = weft_space_blocks(in->space, size),
                   .i0 = weft_floor_div(in->i0, size),
                   .i1 = weft_floor_div(in->i1 - 1, size) + 1,
                   .keys = keys,
                   .asked = keys};
    weft_spans inner = spans(&blocks, weft_operand(&in->scratch->bound->dag, id, 1));
    weft_intervals may = scale(in, inner.may, size);
    bool same = inner.full.at == inner.may.at && inner.full.count == inner.may.count;
    return (weft_spans){same ? may : scale(in, inner.full, size), may};
}

/* ---- the walk -------------------------------------------------------------------------------------------------- */

static weft_spans work_out(const rows *in, weft_id id) {
    weft_atom atom = {in->scratch->bound, id, in->space, in->scratch, in->keys};
    weft_spans out = no_spans;
    in->scratch->span_calls++;
    switch (weft_node_at(&in->scratch->bound->dag, id)->op) {
    case WEFT_OP_UNION: return union_spans(in, id);
    case WEFT_OP_INTERSECTION: return intersection_spans(in, id);
    case WEFT_OP_DIFFERENCE: return difference_spans(in, id);
    case WEFT_OP_COMPLEMENT: return difference(in, whole(in), spans(in, weft_operand(&in->scratch->bound->dag, id, 0)));
    case WEFT_OP_BLOCKS: return blocks_spans(in, id);
#define ATOM(enum_, name, signature, traits)                                                                           \
    case WEFT_ATOM_##enum_:                                                                                            \
        if (!weft_##name##_spans(&atom, in->i0, in->i1, &out)) in->scratch->failed = true;                             \
        return out;
#include "set/atoms.def"
#undef ATOM
    default: return out; /* not bound form */
    }
}

/* A node that was asked about other keys is asked once more, about all of them. */
static weft_spans spans(const rows *in, weft_id id) {
    weft_scratch *scratch = in->scratch;
    if (!in->outermost) return work_out(in, id);
    weft_seen seen = scratch->seen[id];
    bool known = seen.stamp == scratch->now;
    if (known && seen.keys.lo <= in->keys.lo && seen.keys.hi >= in->keys.hi) return seen.spans;
    rows question = *in;
    if (known) question.keys = in->asked;
    weft_spans out = work_out(&question, id);
    scratch->seen[id] = (weft_seen){out, question.keys, scratch->now};
    return out;
}

/* Room to remember every node up to `id`; operands have smaller ids. */
static bool reserve_seen(weft_scratch *scratch, weft_id id) {
    uint32_t old = scratch->seen_capacity;
    if (id < old) return true;
    if (!weft_reserve(scratch->bound->dag.allocator, &scratch->seen, &scratch->seen_capacity, scratch->bound->dag.count,
                      sizeof *scratch->seen))
        return false;
    memset(scratch->seen + old, 0, (scratch->seen_capacity - old) * sizeof *scratch->seen);
    return true;
}

bool weft_spans_within(weft_scratch *scratch, weft_id set, weft_space space, int64_t i0, int64_t i1, weft_interval keys,
                       weft_spans *out) {
    *out = no_spans;
    if (!reserve_seen(scratch, set)) return false;
    bool same = scratch->i0 == i0 && scratch->i1 == i1 && scratch->space.keys == space.keys &&
                scratch->space.first == space.first;
    if (!same) forget(scratch);
    scratch->space = space;
    scratch->i0 = i0;
    scratch->i1 = i1;
    rows in = {scratch, space, i0, i1, keys, keys, true};
    *out = spans(&in, set);
    return !scratch->failed && !scratch->arena.failed;
}

bool weft_spans_of(weft_scratch *scratch, weft_id set, weft_space space, int64_t i0, int64_t i1, weft_spans *out) {
    return weft_spans_within(scratch, set, space, i0, i1, (weft_interval){0, space.keys}, out);
}

/* Adds the keys of row i among those of the gap that spans left open. */
static void ask(weft_scratch *scratch, weft_id set, weft_space space, int64_t i, weft_interval gap,
                weft_interval_list *list) {
    for (int64_t j = gap.lo; j < gap.hi; j++) {
        scratch->contains_calls++;
        if (weft_contains_with(scratch, set, space, i, j)) weft_intervals_append(scratch, list, j, j + 1);
    }
}

bool weft_row_keys(weft_scratch *scratch, weft_id set, weft_space space, int64_t i, weft_intervals *out) {
    weft_spans row;
    weft_interval_list open = {0};
    *out = no_spans.may;
    if (!weft_spans_of(scratch, set, space, i, i + 1, &row)) return false;
    weft_intervals gaps = weft_intervals_difference(scratch, row.may, row.full);
    for (uint32_t k = 0; k < gaps.count; k++) ask(scratch, set, space, i, gaps.at[k], &open);
    *out = weft_intervals_union(scratch, row.full, weft_intervals_of(&open));
    return !scratch->failed && !scratch->arena.failed;
}
