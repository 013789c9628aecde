/* Interval arithmetic on conditions: what a scalar may be over a box of pairs. Sound to the bit: integer bounds that
 * leave 64 bits become faults, float bounds are rounded as the evaluator rounds or widened where a function of the C
 * library need not be monotone. Where every operand is known exactly the evaluator's own operation is used. */
#include "set/arithmetic.h"
#include "set/scalar.h"

#include <float.h>
#include <math.h>

/* Elements of an array that are looked at one by one; beyond that any value is possible. */
enum { SCANNED_ELEMENTS = 256 };

typedef struct walk {
    const weft_bound *bound;
    weft_box box;
} walk;

static weft_range range_of(const walk *w, weft_id id);

static weft_range no_value(void) { return (weft_range){.fault = true}; }

static weft_range point(weft_value value) { return (weft_range){.lo = value, .hi = value, .value = true}; }

static weft_range ints(int64_t lo, int64_t hi) {
    return (weft_range){.lo.integer = lo, .hi.integer = hi, .value = true};
}

static weft_range truth(bool can_be_false, bool can_be_true) { return ints(!can_be_false, can_be_true); }

static weft_range floats(double lo, double hi) { return (weft_range){.lo.real = lo, .hi.real = hi, .value = true}; }

static weft_range any_float(bool nan) {
    weft_range all = floats(-INFINITY, INFINITY);
    all.nan = nan;
    return all;
}

static bool is_point(const weft_range *r, weft_type type) {
    if (!r->value || r->nan) return false;
    return type == WEFT_TYPE_FLOAT ? r->lo.real == r->hi.real : r->lo.integer == r->hi.integer;
}

/* ---- ints: edges of an interval may lie beyond 64 bits
 * ------------------------------------------------------------------------- */

typedef struct edge {
    int beyond; /* -1: below, 1: above all of them */
    int64_t value;
} edge;

static bool edge_less(edge a, edge b) {
    return a.beyond != b.beyond ? a.beyond < b.beyond : a.beyond == 0 && a.value < b.value;
}

static edge apply_to_edge(weft_op op, int64_t a, int64_t b) {
    edge out = {0, 0};
    bool up = false, fits = true;
    switch (op) {
    case WEFT_OP_ADD: fits = weft_add_checked(a, b, &out.value), up = b > 0; break;
    case WEFT_OP_SUB: fits = weft_subtract_checked(a, b, &out.value), up = b < 0; break;
    case WEFT_OP_MUL: fits = weft_multiply_checked(a, b, &out.value), up = (a < 0) == (b < 0); break;
    default: fits = weft_divide_checked(a, b, &out.value), up = true; break;
    }
    if (!fits) out.beyond = up ? 1 : -1;
    return out;
}

static weft_range between(edge lo, edge hi) {
    if (lo.beyond > 0 || hi.beyond < 0) return no_value();
    weft_range out = ints(lo.beyond ? INT64_MIN : lo.value, hi.beyond ? INT64_MAX : hi.value);
    out.fault = lo.beyond || hi.beyond;
    return out;
}

/* For operations whose extremes over a rectangle of operands lie at its corners. */
static weft_range corners(weft_op op, int64_t alo, int64_t ahi, int64_t blo, int64_t bhi) {
    edge at[4] = {apply_to_edge(op, alo, blo), apply_to_edge(op, alo, bhi), apply_to_edge(op, ahi, blo),
                  apply_to_edge(op, ahi, bhi)};
    edge lo = at[0], hi = at[0];
    for (int k = 1; k < 4; k++) {
        if (edge_less(at[k], lo)) lo = at[k];
        if (edge_less(hi, at[k])) hi = at[k];
    }
    return between(lo, hi);
}

/* The hull of both; the type says how to compare. */
static weft_range hull(weft_range a, weft_range b, weft_type type) {
    if (!a.value || !b.value) {
        weft_range out = a.value ? a : b;
        out.fault = a.fault || b.fault;
        return out;
    }
    weft_range out = a;
    if (type == WEFT_TYPE_FLOAT) {
        if (b.lo.real < out.lo.real) out.lo = b.lo;
        if (b.hi.real > out.hi.real) out.hi = b.hi;
    } else {
        out.lo.integer = weft_smaller(a.lo.integer, b.lo.integer);
        out.hi.integer = weft_larger(a.hi.integer, b.hi.integer);
    }
    out.nan = a.nan || b.nan;
    out.fault = a.fault || b.fault;
    return out;
}

/* x % m for divisors of one sign, [mlo, mhi]. */
static weft_range remainder_part(int64_t lo, int64_t hi, int64_t mlo, int64_t mhi) {
    if (mlo == mhi) {
        int64_t first, last;
        bool known = weft_divide_checked(lo, mlo, &first) && weft_divide_checked(hi, mlo, &last);
        if (known && first == last) {
            int64_t a = weft_remainder(lo, mlo), b = weft_remainder(hi, mlo);
            return ints(weft_smaller(a, b), weft_larger(a, b));
        }
    }
    if (mlo > 0 && lo >= 0) return ints(hi < mlo ? lo : 0, weft_smaller(hi, mhi - 1));
    return mlo > 0 ? ints(0, mhi - 1) : ints(mlo + 1, 0);
}

/* // and %: the divisor's range is cut at zero, where the result is a fault. */
static weft_range divide_ints(weft_op op, const weft_range *a, const weft_range *b) {
    weft_range out = {0};
    int64_t alo = a->lo.integer, ahi = a->hi.integer;
    int64_t cut[2][2] = {{weft_larger(b->lo.integer, 1), b->hi.integer},
                         {b->lo.integer, weft_smaller(b->hi.integer, -1)}};
    for (int k = 0; k < 2; k++) {
        int64_t lo = cut[k][0], hi = cut[k][1];
        if (lo > hi) continue;
        weft_range part = op == WEFT_OP_MOD ? remainder_part(alo, ahi, lo, hi) : corners(op, alo, ahi, lo, hi);
        out = out.value || out.fault ? hull(out, part, WEFT_TYPE_INT) : part;
    }
    if (b->lo.integer <= 0 && b->hi.integer >= 0) out.fault = true;
    return out;
}

static weft_range negate_ints(const weft_range *a) { return corners(WEFT_OP_SUB, 0, 0, a->lo.integer, a->hi.integer); }

static weft_range absolute_ints(const weft_range *a) {
    if (a->lo.integer >= 0) return *a;
    weft_range negated = negate_ints(a);
    if (a->hi.integer <= 0 || !negated.value) return negated;
    negated.lo.integer = 0;
    negated.hi.integer = weft_larger(negated.hi.integer, a->hi.integer);
    return negated;
}

static weft_range apply_to_ints(weft_op op, const weft_range *a, const weft_range *b) {
    switch (op) {
    case WEFT_OP_NEG: return negate_ints(a);
    case WEFT_OP_ABS: return absolute_ints(a);
    case WEFT_OP_ADD:
        return between(apply_to_edge(op, a->lo.integer, b->lo.integer),
                       apply_to_edge(op, a->hi.integer, b->hi.integer));
    case WEFT_OP_SUB:
        return between(apply_to_edge(op, a->lo.integer, b->hi.integer),
                       apply_to_edge(op, a->hi.integer, b->lo.integer));
    case WEFT_OP_MUL: return corners(op, a->lo.integer, a->hi.integer, b->lo.integer, b->hi.integer);
    case WEFT_OP_FLOORDIV:
    case WEFT_OP_MOD: return divide_ints(op, a, b);
    case WEFT_OP_MIN:
        return ints(weft_smaller(a->lo.integer, b->lo.integer), weft_smaller(a->hi.integer, b->hi.integer));
    case WEFT_OP_MAX: return ints(weft_larger(a->lo.integer, b->lo.integer), weft_larger(a->hi.integer, b->hi.integer));
    case WEFT_OP_TO_FLOAT: return floats((double)a->lo.integer, (double)a->hi.integer);
    default: return no_value();
    }
}

/* ---- floats ------------------------------------------------------------------------------------------------------ */

static bool is_finite(const weft_range *r) { return !r->nan && isfinite(r->lo.real) && isfinite(r->hi.real); }

static double apply_double(weft_op op, double a, double b) {
    switch (op) {
    case WEFT_OP_ADD: return a + b;
    case WEFT_OP_SUB: return a - b;
    case WEFT_OP_MUL: return a * b;
    case WEFT_OP_DIV: return a / b;
    case WEFT_OP_SQRT: return sqrt(a);
    case WEFT_OP_LOG: return log(a);
    case WEFT_OP_LOG2: return log2(a);
    case WEFT_OP_EXP: return exp(a);
    case WEFT_OP_EXP2: return exp2(a);
    default: return tanh(a);
    }
}

static weft_range binary_floats(weft_op op, const weft_range *a, const weft_range *b) {
    bool by_zero = op == WEFT_OP_DIV && b->lo.real <= 0 && b->hi.real >= 0;
    if (!is_finite(a) || !is_finite(b) || by_zero) {
        weft_range out = any_float(true);
        out.fault = by_zero;
        return out;
    }
    double lo = INFINITY, hi = -INFINITY;
    for (int k = 0; k < 4; k++) {
        double x = apply_double(op, k & 1 ? a->hi.real : a->lo.real, k & 2 ? b->hi.real : b->lo.real);
        lo = fmin(lo, x);
        hi = fmax(hi, x);
    }
    return floats(lo, hi);
}

/* Farther out by more than a library function may be wrong. */
static double widen(double x, double direction) {
    return isfinite(x) ? x + direction * (fabs(x) * 16 * DBL_EPSILON + DBL_MIN) : x;
}

static weft_range monotone(weft_op op, const weft_range *a) {
    bool needs_positive = op == WEFT_OP_SQRT || op == WEFT_OP_LOG || op == WEFT_OP_LOG2;
    bool negative = needs_positive && a->lo.real < 0;
    if (needs_positive && a->hi.real < 0) return any_float(true);
    double lo = apply_double(op, negative ? 0 : a->lo.real, 0), hi = apply_double(op, a->hi.real, 0);
    weft_range out = floats(widen(lo, -1), widen(hi, 1));
    out.nan = a->nan || negative;
    return out.nan ? any_float(true) : out;
}

static weft_range extreme(const weft_range *a, const weft_range *b, bool smaller) {
    if (a->nan) return any_float(true);
    double lo = smaller ? fmin(a->lo.real, b->lo.real) : fmax(a->lo.real, b->lo.real);
    double hi = smaller ? fmin(a->hi.real, b->hi.real) : fmax(a->hi.real, b->hi.real);
    if (!b->nan) return floats(lo, hi);
    return floats(fmin(lo, a->lo.real), fmax(hi, a->hi.real)); /* beside a NaN on the right the left one stays */
}

static weft_range apply_to_floats(weft_op op, const weft_range *a, const weft_range *b) {
    weft_range out = *a;
    switch (op) {
    case WEFT_OP_NEG: out.lo.real = -a->hi.real, out.hi.real = -a->lo.real; return out;
    case WEFT_OP_ABS:
        out.hi.real = fmax(-a->lo.real, a->hi.real);
        out.lo.real = a->lo.real >= 0 ? a->lo.real : a->hi.real <= 0 ? -a->hi.real : 0;
        return out;
    case WEFT_OP_ADD:
    case WEFT_OP_SUB:
    case WEFT_OP_MUL:
    case WEFT_OP_DIV: return binary_floats(op, a, b);
    case WEFT_OP_MIN:
    case WEFT_OP_MAX: return extreme(a, b, op == WEFT_OP_MIN);
    default: return monotone(op, a);
    }
}

/* ---- conditions ---------------------------------------------------------------------------------------------------
 */

static bool less(weft_value a, weft_value b, weft_type type, bool or_equal) {
    if (type == WEFT_TYPE_FLOAT) return or_equal ? a.real <= b.real : a.real < b.real;
    return or_equal ? a.integer <= b.integer : a.integer < b.integer;
}

static weft_range compare(weft_op op, const weft_range *a, const weft_range *b, weft_type type) {
    bool nan = a->nan || b->nan;
    bool overlap = less(a->lo, b->hi, type, true) && less(b->lo, a->hi, type, true);
    bool equal = overlap && is_point(a, type) && is_point(b, type);
    switch (op) {
    case WEFT_OP_EQ: return truth(!equal || nan, overlap);
    case WEFT_OP_NE: return truth(overlap || nan, !equal);
    case WEFT_OP_LT: return truth(!less(a->hi, b->lo, type, false) || nan, less(a->lo, b->hi, type, false));
    default: return truth(!less(a->hi, b->lo, type, true) || nan, less(a->lo, b->hi, type, true));
    }
}

/* `and`, `or`: the right operand counts only where the left one does not decide. */
static weft_range connect(weft_op op, weft_range a, const walk *w, weft_id right) {
    int64_t decides = op == WEFT_OP_OR;
    if (!a.value || (a.lo.integer == decides && a.hi.integer == decides)) return a;
    weft_range b = range_of(w, right);
    b.on_keys = a.on_keys || b.on_keys;
    if (a.lo.integer != a.hi.integer) {
        weft_range decided = ints(decides, decides);
        b = hull(b, decided, WEFT_TYPE_BOOL);
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
        out = hull(out, other, type);
        out.on_keys = on_keys;
    }
    out.fault = out.fault || condition.fault;
    out.on_keys = out.on_keys || (condition.fault && condition.on_keys);
    return out;
}

/* ---- tables -------------------------------------------------------------------------------------------------------
 */

static weft_range element_point(weft_value value, weft_type type) {
    return type == WEFT_TYPE_FLOAT && isnan(value.real) ? any_float(true) : point(value);
}

static weft_range any_element(weft_type type) {
    return type == WEFT_TYPE_FLOAT ? any_float(true) : ints(INT64_MIN, INT64_MAX);
}

/* The hull of the elements that an index in [lo, hi] reads; both ends exist. */
static weft_range array_elements(const weft_array *array, int64_t lo, int64_t hi, weft_type type) {
    weft_range out = any_element(type);
    out.fault = hi - lo >= SCANNED_ELEMENTS; /* an element may not fit, when nobody looked */
    if (out.fault) return out;
    for (int64_t k = lo; k <= hi; k++) {
        weft_value value;
        weft_range element = weft_read_array(array, k, &value) ? element_point(value, type) : no_value();
        out = k == lo ? element : hull(out, element, type);
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
        if (k >= lo && k <= hi) out = k == lo ? element : hull(out, element, type);
    }
    if (dead) return no_value();
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
    if (!index.value || (!literal && node->op != WEFT_OP_ARRAY)) return no_value();
    const weft_array *array = literal ? NULL : &w->bound->arrays[node->value.integer];
    int64_t last = (literal ? (int64_t)node->arity : weft_array_length(array)) - 1;
    int64_t lo = weft_larger(index.lo.integer, 0), hi = weft_smaller(index.hi.integer, last);
    if (lo > hi) return no_value();
    weft_range out = literal ? literal_elements(w, table, lo, hi, type) : array_elements(array, lo, hi, type);
    out.fault = out.fault || index.fault || lo != index.lo.integer || hi != index.hi.integer;
    out.on_keys = out.on_keys || index.on_keys;
    return out;
}

/* ---- the walk ------------------------------------------------------------------------------------------------------
 */

static weft_range apply(weft_op op, weft_type type, const weft_range *a, const weft_range *b) {
    if (is_point(a, type) && is_point(b, type)) {
        weft_value value;
        if (weft_apply(op, type, a->lo, b->lo, &value)) return no_value();
        bool is_float = op == WEFT_OP_TO_FLOAT || (type == WEFT_TYPE_FLOAT && op < WEFT_OP_EQ);
        return element_point(value, is_float ? WEFT_TYPE_FLOAT : WEFT_TYPE_INT);
    }
    switch (op) {
    case WEFT_OP_NOT: return truth(a->hi.integer, !a->lo.integer);
    case WEFT_OP_EQ:
    case WEFT_OP_NE:
    case WEFT_OP_LT:
    case WEFT_OP_LE: return compare(op, a, b, type);
    default: return type == WEFT_TYPE_FLOAT ? apply_to_floats(op, a, b) : apply_to_ints(op, a, b);
    }
}

static weft_range operation(const walk *w, weft_id id, const weft_node *node) {
    const weft_dag *dag = &w->bound->dag;
    if (node->arity == 0 || node->arity > 2) return no_value(); /* not bound form */
    weft_type type = weft_node_at(dag, weft_operand(dag, id, 0))->type;
    weft_range a = range_of(w, weft_operand(dag, id, 0));
    if (!a.value) return a;
    weft_range b = node->arity == 2 ? range_of(w, weft_operand(dag, id, 1)) : a;
    if (!b.value) return b;
    weft_range out = apply(node->op, type, &a, &b);
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
    case WEFT_OP_BOOL: return point(node->value);
    case WEFT_OP_FLOAT: return element_point(node->value, WEFT_TYPE_FLOAT);
    case WEFT_OP_VAR_I: return ints(w->box.i0, w->box.i1 - 1);
    case WEFT_OP_VAR_J:
        out = ints(w->box.j0, w->box.j1 - 1);
        out.on_keys = w->box.j1 - w->box.j0 > 1;
        return out;
    case WEFT_OP_AND:
    case WEFT_OP_OR: out = connect(node->op, range_of(w, weft_operand(dag, id, 0)), w, weft_operand(dag, id, 1)); break;
    case WEFT_OP_SELECT: out = choose(range_of(w, weft_operand(dag, id, 0)), w, id, node->type); break;
    case WEFT_OP_INDEX: out = read_table(w, id, node->type); break;
    default: out = operation(w, id, node); break;
    }
    /* What is known for certain is known for every part of the box. */
    if (!out.value || (is_point(&out, node->type) && !out.fault)) out.on_keys = false;
    return out;
}

weft_range weft_range_of(const weft_bound *bound, weft_id scalar, const weft_box *box) {
    walk w = {bound, *box};
    return range_of(&w, scalar);
}
