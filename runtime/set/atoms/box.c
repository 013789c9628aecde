/* What a condition may be over a box of pairs: a walk over its nodes in interval arithmetic (range.c). */
#include "set/arithmetic.h"
#include "set/scalar.h"

/* Elements of an array that are looked at one by one; beyond that any value is possible. */
enum { SCANNED_ELEMENTS = 256 };

typedef struct walk {
    const weft_bound *bound;
    weft_box box;
} walk;

static weft_range range_of(const walk *w, weft_id id);

/* `and`, `or`: the right operand counts only where the left one does not decide. */
static weft_range connect(weft_op op, weft_range a, const walk *w, weft_id right) {
    int64_t decides = op == WEFT_OP_OR;
    if (!a.value || (a.lo.integer == decides && a.hi.integer == decides)) return a;
    weft_range b = range_of(w, right);
    b.on_keys = a.on_keys || b.on_keys;
    if (a.lo.integer != a.hi.integer) {
        weft_range decided = weft_range_ints(decides, decides);
        b = weft_range_hull(b, decided, WEFT_TYPE_BOOL);
        b.on_keys = b.on_keys || a.on_keys;
    }
    b.fault = b.fault || a.fault;
    return b;
}

static weft_range choose(weft_range condition, const walk *w, weft_id id, weft_type type) {
    const weft_dag *dag = &w->bound->dag;
    if (!condition.value) return condition;
    bool can_be_true = condition.hi.integer, can_be_false = !condition.lo.integer;
    weft_range out = range_of(w, weft_operand(dag, id, can_be_true ? 1 : 2));
    if (can_be_true && can_be_false) {
        weft_range other = range_of(w, weft_operand(dag, id, 2));
        bool on_keys = out.on_keys || other.on_keys || condition.on_keys;
        out = weft_range_hull(out, other, type);
        out.on_keys = on_keys;
    }
    out.fault = out.fault || condition.fault;
    out.on_keys = out.on_keys || (condition.fault && condition.on_keys);
    return out;
}

/* ---- tables ------------------------------------------------------------------------------------------------- */

/* The hull of the elements that an index in [lo, hi] reads; both ends exist. */
static weft_range array_elements(const weft_array *array, int64_t lo, int64_t hi, weft_type type) {
    weft_range out = weft_range_any(type);
    out.fault = hi - lo >= SCANNED_ELEMENTS; /* an element may not fit, when nobody looked */
    if (out.fault) return out;
    for (int64_t k = lo; k <= hi; k++) {
        weft_value value;
        weft_range element = weft_read_array(array, k, &value) ? weft_range_point(value, type) : weft_range_none();
        out = k == lo ? element : weft_range_hull(out, element, type);
    }
    return out;
}

static weft_range literal_elements(const walk *w, weft_id table, int64_t lo, int64_t hi, weft_type type) {
    uint32_t count = weft_node_at(&w->bound->dag, table)->arity;
    weft_range out = {0};
    bool fault = false, on_keys = false, dead = false;
    for (uint32_t k = 0; k < count; k++) {
        weft_range element = range_of(w, weft_operand(&w->bound->dag, table, k));
        fault = fault || element.fault;
        on_keys = on_keys || element.on_keys;
        dead = dead || !element.value; /* every element counts */
        if (k >= lo && k <= hi) out = k == lo ? element : weft_range_hull(out, element, type);
    }
    if (dead) return weft_range_none();
    out.fault = fault;
    out.on_keys = on_keys;
    return out;
}

static weft_range read_table(const walk *w, weft_id id, weft_type type) {
    const weft_dag *dag = &w->bound->dag;
    weft_id table = weft_operand(dag, id, 0);
    const weft_node *node = weft_node_at(dag, table);
    weft_range index = range_of(w, weft_operand(dag, id, 1));
    bool literal = node->op == WEFT_OP_LITERAL;
    if (!index.value || (!literal && node->op != WEFT_OP_ARRAY)) return weft_range_none();
    const weft_array *array = literal ? NULL : &w->bound->arrays[node->value.integer];
    int64_t last = (literal ? (int64_t)node->arity : weft_array_length(array)) - 1;
    int64_t lo = weft_larger(index.lo.integer, 0), hi = weft_smaller(index.hi.integer, last);
    if (lo > hi) return weft_range_none();
    weft_range out = literal ? literal_elements(w, table, lo, hi, type) : array_elements(array, lo, hi, type);
    out.fault = out.fault || index.fault || lo != index.lo.integer || hi != index.hi.integer;
    out.on_keys = out.on_keys || index.on_keys;
    return out;
}

static weft_range operation(const walk *w, weft_id id, const weft_node *node) {
    const weft_dag *dag = &w->bound->dag;
    if (node->arity == 0 || node->arity > 2) return weft_range_none(); /* not bound form */
    weft_type type = weft_node_at(dag, weft_operand(dag, id, 0))->type;
    weft_range a = range_of(w, weft_operand(dag, id, 0));
    if (!a.value) return a;
    weft_range b = node->arity == 2 ? range_of(w, weft_operand(dag, id, 1)) : a;
    if (!b.value) return b;
    weft_range out = weft_range_apply((weft_op)node->op, type, &a, &b);
    out.fault = out.fault || a.fault || b.fault;
    out.on_keys = a.on_keys || b.on_keys;
    return out;
}

static weft_range range_of(const walk *w, weft_id id) {
    const weft_dag *dag = &w->bound->dag;
    const weft_node *node = weft_node_at(dag, id);
    weft_range out;
    switch (node->op) {
    case WEFT_OP_INT:
    case WEFT_OP_BOOL: return weft_range_point(node->value, WEFT_TYPE_INT);
    case WEFT_OP_FLOAT: return weft_range_point(node->value, WEFT_TYPE_FLOAT);
    case WEFT_OP_VAR_I: return weft_range_ints(w->box.i0, w->box.i1 - 1);
    case WEFT_OP_VAR_J:
        out = weft_range_ints(w->box.j0, w->box.j1 - 1);
        out.on_keys = w->box.j1 - w->box.j0 > 1;
        return out;
    case WEFT_OP_AND:
    case WEFT_OP_OR: out = connect(node->op, range_of(w, weft_operand(dag, id, 0)), w, weft_operand(dag, id, 1)); break;
    case WEFT_OP_SELECT: out = choose(range_of(w, weft_operand(dag, id, 0)), w, id, node->type); break;
    case WEFT_OP_INDEX: out = read_table(w, id, node->type); break;
    default: out = operation(w, id, node); break;
    }
    /* What is known for certain is known for every part of the box. */
    if (!out.value || (weft_range_is_point(&out, node->type) && !out.fault)) out.on_keys = false;
    return out;
}

weft_range weft_range_of(const weft_bound *bound, weft_id scalar, const weft_box *box) {
    walk w = {bound, *box};
    return range_of(&w, scalar);
}
