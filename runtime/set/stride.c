/* Sets in the coordinates of a residue class: positions i and j become stride * a + residue and stride * b + residue.
 * Distances shrink by the stride, lists are picked apart, conditions are read at the positions that a and b stand for;
 * a dilated window becomes a plain one. Terms that have no such form are refused. */
#include "set/arithmetic.h"
#include "set/forms.h"

typedef struct striding {
    weft_bound *bound;
    weft_space space; /* of the set */
    int64_t stride, residue;
    weft_id *made;  /* by id: what it became, 0 while not known */
    weft_id *stack; /* operands of the nodes under way */
    uint32_t stack_count, stack_capacity;
    weft_interval *picked; /* of the list under way */
    uint32_t picked_capacity;
    bool refused, failed;
} striding;

static weft_id rewrite(striding *s, weft_id id);

static weft_dag *dag_of(const striding *s) { return &s->bound->dag; }
static const weft_node *node_at(const striding *s, weft_id id) { return weft_node_at(dag_of(s), id); }
static weft_id make_int(striding *s, int64_t value) { return weft_make_int(dag_of(s), value, WEFT_NO_SPAN); }

static weft_id make(striding *s, weft_op op, weft_type type, const weft_id *operands, uint32_t arity) {
    return weft_make(dag_of(s), op, type, (weft_value){0}, operands, arity, WEFT_NO_SPAN);
}
static weft_id make_atom(striding *s, weft_op op) { return make(s, op, WEFT_TYPE_SET, NULL, 0); }
static weft_id make_one(striding *s, weft_op op, weft_id a) { return make(s, op, WEFT_TYPE_SET, &a, 1); }
static weft_id make_two(striding *s, weft_op op, weft_type type, weft_id a, weft_id b) {
    weft_id both[2] = {a, b};
    return make(s, op, type, both, 2);
}

static weft_id refuse(striding *s) {
    s->refused = true;
    return 0;
}

static void push(striding *s, weft_id id) {
    if (!weft_reserve(dag_of(s)->allocator, &s->stack, &s->stack_capacity, (uint64_t)s->stack_count + 1, sizeof id))
        s->failed = true;
    else
        s->stack[s->stack_count++] = id;
}

/* ---- distances ------------------------------------------------------------------------------------------------ */

/* lo <= stride * d <= hi and stride * d % step = 0. The least and the largest int stay away. */
static weft_id shrink_band(striding *s, int64_t stride, int64_t lo, int64_t hi, int64_t step) {
    if (lo != INT64_MIN) lo = weft_ceil_div(lo, stride);
    if (hi != INT64_MAX) hi = weft_floor_div(hi, stride);
    step /= (int64_t)weft_greatest_divisor((uint64_t)step, (uint64_t)stride);
    if (lo > hi) return make_atom(s, WEFT_ATOM_NONE);
    if (lo == INT64_MIN && hi == INT64_MAX && step == 1) return make_atom(s, WEFT_ATOM_ALL);
    weft_id operands[3] = {make_int(s, lo), make_int(s, hi), make_int(s, step)};
    return make(s, WEFT_ATOM_BAND, WEFT_TYPE_SET, operands, 3);
}
static weft_id band(striding *s, int64_t lo, int64_t hi, int64_t step) {
    return shrink_band(s, s->stride, lo, hi, step);
}

static weft_id dilated(striding *s, int64_t width, int64_t step) {
    int64_t reach;
    if (width < 0) return make_atom(s, WEFT_ATOM_NONE);
    if (!weft_multiply_checked(width, step, &reach)) reach = INT64_MAX;
    return band(s, -reach, reach, step);
}

/* ---- lists ---------------------------------------------------------------------------------------------------- */

/* The numbers of the listed positions that are in the class. */
static weft_id pick_list(striding *s, weft_id id) {
    weft_intervals list = dag_of(s)->lists[node_at(s, id)->value.integer];
    uint32_t count = 0;
    if (!weft_reserve(dag_of(s)->allocator, &s->picked, &s->picked_capacity, list.count, sizeof *s->picked)) {
        s->failed = true;
        return 0;
    }
    for (uint32_t k = 0; k < list.count; k++)
        s->picked[count++] = (weft_interval){weft_ceil_div(list.at[k].lo - s->residue, s->stride),
                                             weft_ceil_div(list.at[k].hi - s->residue, s->stride)};
    weft_intervals picked = {s->picked, weft_intervals_normalize(s->picked, count)};
    return weft_make_intervals(dag_of(s), picked, WEFT_NO_SPAN);
}

static weft_id listed(striding *s, weft_id id, weft_op op) {
    weft_id list = pick_list(s, weft_operand(dag_of(s), id, 0));
    if (!list) return 0;
    bool empty = dag_of(s)->lists[node_at(s, list)->value.integer].count == 0;
    return empty ? make_atom(s, WEFT_ATOM_NONE) : make_one(s, op, list);
}

/* ---- conditions ------------------------------------------------------------------------------------------------ */

/* The position that a number stands for. */
static weft_id position(striding *s, weft_op variable) {
    weft_id number = make(s, variable, WEFT_TYPE_INT, NULL, 0);
    weft_id scaled = make_two(s, WEFT_OP_MUL, WEFT_TYPE_INT, make_int(s, s->stride), number);
    return s->residue ? make_two(s, WEFT_OP_ADD, WEFT_TYPE_INT, scaled, make_int(s, s->residue)) : scaled;
}

/* i - j and j - i stay distances, so that masks along a diagonal are still seen to be equal. */
static bool is_distance(const striding *s, const weft_node *node) {
    if (node->op != WEFT_OP_SUB) return false;
    weft_op left = (weft_op)node_at(s, dag_of(s)->operands[node->first])->op;
    weft_op right = (weft_op)node_at(s, dag_of(s)->operands[node->first + 1])->op;
    return (left == WEFT_OP_VAR_I && right == WEFT_OP_VAR_J) || (left == WEFT_OP_VAR_J && right == WEFT_OP_VAR_I);
}

/* The same operation on rewritten operands. */
static weft_id rebuild(striding *s, weft_id id) {
    uint32_t base = s->stack_count;
    const weft_node node = *node_at(s, id);
    for (uint32_t k = 0; k < node.arity && !s->failed; k++) {
        weft_id operand = rewrite(s, weft_operand(dag_of(s), id, k));
        if (!operand) return 0;
        push(s, operand);
    }
    if (s->failed) return 0;
    weft_id made = weft_make(dag_of(s), (weft_op)node.op, (weft_type)node.type, node.value, s->stack + base, node.arity,
                             WEFT_NO_SPAN);
    s->stack_count = base;
    return made;
}

static weft_id scalar(striding *s, weft_id id) {
    const weft_node node = *node_at(s, id);
    if (node.op == WEFT_OP_VAR_I || node.op == WEFT_OP_VAR_J) return position(s, (weft_op)node.op);
    if (is_distance(s, &node)) return make_two(s, WEFT_OP_MUL, WEFT_TYPE_INT, make_int(s, s->stride), id);
    return node.arity == 0 ? id : rebuild(s, id);
}

/* In its simpler form, where the class gives it one. */
static weft_id simpler(striding *s, weft_id where) {
    weft_id set = weft_simpler_where(s->bound, where, weft_space_class(s->space, s->stride, s->residue));
    s->failed = s->failed || !set;
    return set;
}

/* ---- labels ----------------------------------------------------------------------------------------------------- */

/* Every stride-th one. */
static weft_id same(striding *s, weft_id id) {
    weft_array array = s->bound->arrays[node_at(s, weft_operand(dag_of(s), id, 0))->value.integer];
    int64_t columns = weft_ceil_div(array.columns - s->residue, s->stride);
    if (columns < 1) return make_atom(s, WEFT_ATOM_NONE);
    array.at += s->residue * array.column_stride;
    array.columns = columns;
    array.column_stride *= s->stride;
    array.labels = NULL;
    array.own = false;
    weft_id made = weft_same_of(s->bound, array);
    s->failed = s->failed || !made;
    return made;
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

/* Does membership in the atom depend on the two positions alone, whatever space they are in? */
static bool ignores_space(weft_op op) {
    switch (op) {
    case WEFT_ATOM_ALL:
    case WEFT_ATOM_NONE:
    case WEFT_ATOM_CAUSAL:
    case WEFT_ATOM_BAND:
    case WEFT_ATOM_WINDOW:
    case WEFT_ATOM_PAST:
    case WEFT_ATOM_DILATED:
    case WEFT_ATOM_STRIDE:
    case WEFT_ATOM_ROWS:
    case WEFT_ATOM_COLS:
    case WEFT_ATOM_GLOBAL:
    case WEFT_ATOM_CHUNK:
    case WEFT_ATOM_WHERE: return true;
    default: return !weft_op_is_atom(op);
    }
}

/* Of every set under `id`, which are few or shared: a DAG of a few dozen nodes. */
static bool all_ignore_space(const striding *s, weft_id id, uint32_t *visits) {
    enum { MOST_VISITS = 4096 };
    const weft_node *node = node_at(s, id);
    if (++*visits > MOST_VISITS || !ignores_space((weft_op)node->op)) return false;
    for (uint32_t k = 0; k < node->arity; k++) {
        weft_id operand = weft_operand(dag_of(s), id, k);
        if (node_at(s, operand)->type == WEFT_TYPE_SET && !all_ignore_space(s, operand, visits)) return false;
    }
    return true;
}

/* Block numbers of the class are block numbers by size / stride where the stride divides the size; where the size
 * divides the stride, the block numbers are a residue class themselves. */
static weft_id blocks(striding *s, weft_id id) {
    int64_t size = weft_operand_int(dag_of(s), id, 0);
    weft_id set = weft_operand(dag_of(s), id, 1);
    uint32_t visits = 0;
    if (!all_ignore_space(s, set, &visits)) return refuse(s);
    if (size == s->stride) return set;
    if (size % s->stride == 0) return make_two(s, WEFT_OP_BLOCKS, WEFT_TYPE_SET, make_int(s, size / s->stride), set);
    if (s->stride % size) return refuse(s);
    bool refused = false;
    weft_id made = weft_stride_set(s->bound, set, weft_space_blocks(s->space, size), s->stride / size,
                                   s->residue / size, &refused);
    return refused ? refuse(s) : made;
}

/* 0 <= i // size - j // size <= back, as a condition; of one chunk, that i // size == j // size. */
static weft_id chunk_condition(striding *s, int64_t size, int64_t back) {
    weft_id number = make_int(s, size), quotient[2];
    for (int k = 0; k < 2; k++)
        quotient[k] =
            make_two(s, WEFT_OP_FLOORDIV, WEFT_TYPE_INT, position(s, k ? WEFT_OP_VAR_J : WEFT_OP_VAR_I), number);
    if (back == 0) return make_two(s, WEFT_OP_EQ, WEFT_TYPE_BOOL, quotient[0], quotient[1]);
    weft_id distance = make_two(s, WEFT_OP_SUB, WEFT_TYPE_INT, quotient[0], quotient[1]);
    weft_id least = make_two(s, WEFT_OP_LE, WEFT_TYPE_BOOL, make_int(s, 0), distance);
    weft_id most = make_two(s, WEFT_OP_LE, WEFT_TYPE_BOOL, distance, make_int(s, back));
    return make_two(s, WEFT_OP_AND, WEFT_TYPE_BOOL, least, most);
}

static weft_id chunk(striding *s, weft_id id) {
    int64_t size = weft_operand_int(dag_of(s), id, 0), back = weft_operand_int(dag_of(s), id, 1);
    if (back < 0) return make_atom(s, WEFT_ATOM_NONE);
    if (size % s->stride == 0)
        return make_two(s, WEFT_ATOM_CHUNK, WEFT_TYPE_SET, make_int(s, size / s->stride), make_int(s, back));
    if (s->stride % size) return simpler(s, make_one(s, WEFT_ATOM_WHERE, chunk_condition(s, size, back)));
    return shrink_band(s, s->stride / size, -back, 0, 1); /* neighbours in the class are stride / size chunks apart */
}

/* ---- sets -------------------------------------------------------------------------------------------------------- */

static bool is_op(const striding *s, weft_id id, weft_op op) { return node_at(s, id)->op == op; }

/* Without operands that say nothing; what decides the whole stands alone. All are visited, so that what is refused does
 * not depend on the residue. */
static weft_id lattice(striding *s, weft_id id, weft_op op) {
    weft_op neutral = op == WEFT_OP_UNION ? WEFT_ATOM_NONE : WEFT_ATOM_ALL;
    weft_op absorbing = op == WEFT_OP_UNION ? WEFT_ATOM_ALL : WEFT_ATOM_NONE;
    uint32_t base = s->stack_count, arity = node_at(s, id)->arity;
    weft_id decides = 0;
    for (uint32_t k = 0; k < arity && !s->failed; k++) {
        weft_id operand = rewrite(s, weft_operand(dag_of(s), id, k));
        if (!operand) return 0;
        if (is_op(s, operand, absorbing)) decides = operand;
        if (!is_op(s, operand, neutral)) push(s, operand);
    }
    if (s->failed) return 0;
    uint32_t count = s->stack_count - base;
    s->stack_count = base;
    if (decides) return decides;
    if (count == 0) return make_atom(s, neutral);
    if (count == 1) return s->stack[base];
    return make(s, op, WEFT_TYPE_SET, s->stack + base, count);
}

static weft_id complement(striding *s, weft_id id) {
    weft_id inner = rewrite(s, weft_operand(dag_of(s), id, 0));
    if (!inner) return 0;
    if (is_op(s, inner, WEFT_ATOM_ALL)) return make_atom(s, WEFT_ATOM_NONE);
    if (is_op(s, inner, WEFT_ATOM_NONE)) return make_atom(s, WEFT_ATOM_ALL);
    return make_one(s, WEFT_OP_COMPLEMENT, inner);
}

static weft_id where(striding *s, weft_id id) {
    weft_id made = rebuild(s, id);
    return made ? simpler(s, made) : 0;
}

static weft_id rewrite_set(striding *s, weft_id id) {
    const weft_dag *dag = dag_of(s);
    weft_op op = (weft_op)node_at(s, id)->op;
    switch (op) {
    case WEFT_OP_UNION:
    case WEFT_OP_INTERSECTION: return lattice(s, id, op);
    case WEFT_OP_COMPLEMENT: return complement(s, id);
    case WEFT_OP_DIFFERENCE: return rebuild(s, id);
    case WEFT_OP_BLOCKS: return blocks(s, id);
    case WEFT_ATOM_ALL:
    case WEFT_ATOM_NONE:
    case WEFT_ATOM_CAUSAL: return id;
    case WEFT_ATOM_BAND:
        return band(s, weft_operand_int(dag, id, 0), weft_operand_int(dag, id, 1), weft_operand_int(dag, id, 2));
    case WEFT_ATOM_WINDOW:
        return band(s, weft_subtract_saturated(0, weft_operand_int(dag, id, 0)), weft_operand_int(dag, id, 1), 1);
    case WEFT_ATOM_PAST: return band(s, weft_subtract_saturated(1, weft_operand_int(dag, id, 0)), 0, 1);
    case WEFT_ATOM_DILATED: return dilated(s, weft_operand_int(dag, id, 0), weft_operand_int(dag, id, 1));
    case WEFT_ATOM_STRIDE: return band(s, INT64_MIN, INT64_MAX, weft_operand_int(dag, id, 0));
    case WEFT_ATOM_ROWS:
    case WEFT_ATOM_COLS:
    case WEFT_ATOM_GLOBAL: return listed(s, id, op);
    case WEFT_ATOM_CHUNK: return chunk(s, id);
    case WEFT_ATOM_SAME: return same(s, id);
    case WEFT_ATOM_WHERE: return where(s, id);
    default: return refuse(s);
    }
}

static weft_id rewrite(striding *s, weft_id id) {
    if (!s->made[id]) {
        weft_id made = node_at(s, id)->type == WEFT_TYPE_SET ? rewrite_set(s, id) : scalar(s, id);
        s->made[id] = made;
    }
    return s->made[id];
}

weft_id weft_stride_set(weft_bound *bound, weft_id set, weft_space space, int64_t stride, int64_t residue,
                        bool *refused) {
    const weft_allocator *allocator = bound->dag.allocator;
    size_t bytes = ((size_t)set + 1) * sizeof(weft_id);
    striding s = {.bound = bound, .space = space, .stride = stride, .residue = residue};
    s.made = weft_allocate_zero(allocator, bytes);
    weft_id result = s.made ? rewrite(&s, set) : 0;
    weft_free(allocator, s.made, bytes);
    weft_free(allocator, s.stack, s.stack_capacity * sizeof *s.stack);
    weft_free(allocator, s.picked, s.picked_capacity * sizeof *s.picked);
    *refused = s.refused && !s.failed && !bound->dag.failed;
    return result;
}
