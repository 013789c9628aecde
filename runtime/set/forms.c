/* Conditions that are simpler sets. `where` of an `and` is the intersection of what its parts hold, for a part that has
 * no value holds for no pair; and a part that reads j alone is a list of columns, one that reads i alone a list of
 * rows, one that reads i - j alone a few bands, and all of the form f(i) == f(j) together are classes of positions.
 * Worked out once here, they cost a plan little or nothing a row. */
#include "set/forms.h"

enum {
    MOST_BANDS = 16,
    MOST_ROWS = 256,         /* intervals */
    MOST_BOXES = 1 << 12,    /* that are looked at to find bands: for distances that repeat there is no end */
    MOST_ROW_BOXES = 1 << 8, /* likewise; of rows only long runs are better than the condition */
    MOST_FUNCTIONS = 8,      /* that tell classes apart */
    MOST_NAMED = 64          /* operands of a node where i and j are exchanged */
};

/* The parts of a condition: conditions of one kind as one, functions of j that i and j must agree in. */
typedef struct parts {
    weft_bound *bound;
    weft_space space;
    weft_id columns, rows, distance, agreed, other;
    weft_id functions[MOST_FUNCTIONS]; /* of j, that `agreed` compares */
    uint32_t function_count;
    weft_id made[5]; /* sets */
    uint32_t count;
    bool failed; /* out of memory */
} parts;

static weft_dag *dag_of(const parts *p) { return &p->bound->dag; }
static weft_id make_atom(parts *p, weft_op op) { return weft_make_set(dag_of(p), op, WEFT_NO_SPAN, 0); }

static weft_id conjunction(parts *p, weft_id a, weft_id b) {
    weft_id both[2] = {a, b};
    return a ? weft_make(dag_of(p), WEFT_OP_AND, WEFT_TYPE_BOOL, (weft_value){0}, both, 2, WEFT_NO_SPAN) : b;
}

/* ---- parts ------------------------------------------------------------------------------------------------------ */

/* A function of i as the same one of j; small, as what depends on i alone is. 0 where it is not, or memory fails. */
static weft_id of_key(weft_dag *dag, weft_id id) {
    const weft_node node = *weft_node_at(dag, id);
    weft_id operands[MOST_NAMED];
    weft_op op = node.op == WEFT_OP_VAR_I ? WEFT_OP_VAR_J : (weft_op)node.op;
    if (node.arity > MOST_NAMED) return 0;
    for (uint32_t k = 0; k < node.arity; k++) {
        operands[k] = of_key(dag, weft_operand(dag, id, k));
        if (!operands[k]) return 0;
    }
    return weft_make(dag, op, (weft_type)node.type, node.value, operands, node.arity, WEFT_NO_SPAN);
}

/* f of f(i) == f(j), else 0. Floats may be equal and yet differ in bits, or be no number. */
static weft_id agreed_function(weft_dag *dag, weft_id condition) {
    if (weft_node_at(dag, condition)->op != WEFT_OP_EQ) return 0;
    weft_id a = weft_operand(dag, condition, 0), b = weft_operand(dag, condition, 1);
    if (weft_node_at(dag, a)->type == WEFT_TYPE_FLOAT) return 0;
    bool row_first = weft_condition_depends_on(dag, a) == WEFT_ON_ROW;
    weft_id of_row = row_first ? a : b, of_column = row_first ? b : a;
    if (weft_condition_depends_on(dag, of_row) != WEFT_ON_ROW) return 0;
    return of_key(dag, of_row) == of_column ? of_column : 0;
}

/* Labels and lists know no negative positions. */
static void add_part(parts *p, weft_id condition) {
    weft_dag *dag = dag_of(p);
    bool listed = p->space.first >= 0;
    weft_id function = listed && p->function_count < MOST_FUNCTIONS ? agreed_function(dag, condition) : 0;
    weft_id *kind = function ? &p->agreed : &p->other;
    switch (weft_condition_depends_on(dag, condition)) {
    case WEFT_ON_KEY: kind = &p->columns; break;
    case WEFT_ON_ROW: kind = listed ? &p->rows : &p->other; break;
    case WEFT_ON_DISTANCE: kind = &p->distance; break;
    default: break;
    }
    if (function) p->functions[p->function_count++] = function;
    *kind = conjunction(p, *kind, condition);
}

static void collect(parts *p, weft_id condition) {
    const weft_node node = *weft_node_at(dag_of(p), condition);
    if (node.op != WEFT_OP_AND) {
        add_part(p, condition);
        return;
    }
    for (uint32_t k = 0; k < node.arity; k++) collect(p, weft_operand(dag_of(p), condition, k));
}

/* ---- their sets -------------------------------------------------------------------------------------------------- */

/* The intervals as rows or columns. */
static weft_id make_list(parts *p, weft_op op, weft_intervals list) {
    if (!list.count) return make_atom(p, WEFT_ATOM_NONE);
    if (list.count == 1 && list.at[0].lo == 0 && list.at[0].hi == p->space.keys) return make_atom(p, WEFT_ATOM_ALL);
    weft_id intervals = weft_make_intervals(dag_of(p), list, WEFT_NO_SPAN);
    return weft_make_set(dag_of(p), op, WEFT_NO_SPAN, 1, intervals);
}

static weft_id make_columns(parts *p, weft_scratch *scratch) {
    weft_intervals list;
    uint64_t budget = (uint64_t)p->space.keys / 16 + MOST_BOXES;
    if (!weft_condition_keys(scratch, p->columns, 0, p->space.keys, budget, &list)) return 0;
    return make_list(p, WEFT_ATOM_COLS, list);
}

static weft_id make_rows(parts *p, weft_scratch *scratch) {
    weft_intervals list;
    weft_id condition = of_key(dag_of(p), p->rows);
    if (!condition || !weft_condition_keys(scratch, condition, 0, p->space.keys, MOST_ROW_BOXES, &list) ||
        list.count > MOST_ROWS)
        return 0;
    return make_list(p, WEFT_ATOM_ROWS, list);
}

static weft_id make_band(parts *p, int64_t lo, int64_t hi) {
    weft_dag *dag = dag_of(p);
    weft_id first = weft_make_int(dag, lo, WEFT_NO_SPAN), last = weft_make_int(dag, hi, WEFT_NO_SPAN);
    return weft_make_set(dag, WEFT_ATOM_BAND, WEFT_NO_SPAN, 3, first, last, weft_make_int(dag, 1, WEFT_NO_SPAN));
}

/* The last row looks at the distances from 1 - keys on; as many keys as there are distances, up to the first row's
 * last. */
static weft_id make_bands(parts *p, weft_scratch *scratch) {
    weft_intervals list;
    weft_id bands[MOST_BANDS];
    int64_t row = p->space.keys - 1;
    if (!weft_condition_keys(scratch, p->distance, row, row - p->space.first + p->space.keys, MOST_BOXES, &list) ||
        list.count > MOST_BANDS)
        return 0;
    if (!list.count) return make_atom(p, WEFT_ATOM_NONE);
    for (uint32_t n = 0; n < list.count; n++) bands[n] = make_band(p, list.at[n].lo - row, list.at[n].hi - 1 - row);
    if (list.count == 1) return bands[0];
    return weft_make(dag_of(p), WEFT_OP_UNION, WEFT_TYPE_SET, (weft_value){0}, bands, list.count, WEFT_NO_SPAN);
}

static weft_id make_classes(parts *p, weft_scratch *scratch) {
    return weft_make_classes(p->bound, p->functions, p->function_count, p->space.keys, &scratch->failed);
}

static weft_id keep(parts *p, weft_scratch *scratch) { return (void)p, (void)scratch, 0; }

/* ---- the whole --------------------------------------------------------------------------------------------------- */

typedef weft_id make_form(parts *p, weft_scratch *scratch);

/* What holds the condition, if there is one, in its form or as it is. */
static void add_form(parts *p, weft_id condition, make_form *form) {
    weft_scratch scratch;
    if (!condition) return;
    weft_id made = weft_scratch_init(&scratch, p->bound) ? form(p, &scratch) : 0;
    p->failed = p->failed || scratch.failed;
    weft_scratch_free(&scratch);
    p->made[p->count++] = made ? made : weft_make_set(dag_of(p), WEFT_ATOM_WHERE, WEFT_NO_SPAN, 1, condition);
}

/* The intersection of the sets: what decides it stands alone, what says nothing is left out. */
static weft_id meet(parts *p) {
    weft_dag *dag = dag_of(p);
    uint32_t kept = 0;
    for (uint32_t n = 0; n < p->count; n++) {
        if (!p->made[n]) return 0;
        weft_op op = (weft_op)weft_node_at(dag, p->made[n])->op;
        if (op == WEFT_ATOM_NONE) return p->made[n];
        if (op != WEFT_ATOM_ALL) p->made[kept++] = p->made[n];
    }
    if (kept == 0) return make_atom(p, WEFT_ATOM_ALL);
    if (kept == 1) return p->made[0];
    return weft_make(dag, WEFT_OP_INTERSECTION, WEFT_TYPE_SET, (weft_value){0}, p->made, kept, WEFT_NO_SPAN);
}

static weft_id find_form(weft_bound *bound, weft_id where, weft_space space) {
    parts p = {.bound = bound, .space = space};
    collect(&p, weft_operand(&bound->dag, where, 0));
    add_form(&p, p.columns, make_columns);
    add_form(&p, p.rows, make_rows);
    add_form(&p, p.agreed, make_classes);
    add_form(&p, p.distance, make_bands);
    add_form(&p, p.other, keep);
    return p.failed ? 0 : meet(&p);
}

weft_id weft_simpler_where(weft_bound *bound, weft_id where, weft_space space) {
    const weft_allocator *allocator = bound->dag.allocator;
    if (!where || space.keys < 1 || space.queries < 1) return where;
    uint64_t hash = weft_hash(weft_hash(where, (uint64_t)space.first), (uint64_t)space.keys);
    weft_probe probe = weft_intern_find(&bound->form_index, hash);
    for (uint32_t number; (number = weft_intern_next(&bound->form_index, &probe)) != 0;) {
        const weft_form *form = &bound->forms[number - 1];
        if (form->where == where && form->first == space.first && form->keys == space.keys) return form->set;
    }
    weft_id set = find_form(bound, where, space);
    if (!set || !weft_intern_reserve(&bound->form_index, allocator) ||
        !weft_reserve(allocator, &bound->forms, &bound->form_capacity, (uint64_t)bound->form_count + 1,
                      sizeof *bound->forms))
        return 0;
    bound->forms[bound->form_count++] = (weft_form){where, set, space.first, space.keys};
    weft_intern_add(&bound->form_index, hash, bound->form_count);
    return set;
}
