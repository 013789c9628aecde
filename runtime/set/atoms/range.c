/* Interval arithmetic: what an operation may give when its operands may be anything of two ranges. Ranges of ints have
 * a step (Granger, "Static Analysis of Arithmetical Congruences", 1989), so that 4 * i + 1 is known to be odd. Sound to
 * the bit: integer bounds that leave 64 bits become faults, float bounds are rounded as the evaluator rounds, or
 * widened where a function of the C library need not be monotone. Where every operand is known exactly the evaluator's
 * own operation is used. */
#include "set/arithmetic.h"
#include "set/scalar.h"

#include <float.h>
#include <math.h>

static weft_range truth(bool can_be_false, bool can_be_true) { return weft_range_ints(!can_be_false, can_be_true); }

static weft_range floats(double lo, double hi) { return (weft_range){.lo.real = lo, .hi.real = hi, .value = true}; }

static weft_range any_float(void) {
    weft_range all = floats(-INFINITY, INFINITY);
    all.nan = true;
    return all;
}

weft_range weft_range_any(weft_type type) {
    return type == WEFT_TYPE_FLOAT ? any_float() : weft_range_ints(INT64_MIN, INT64_MAX);
}

weft_range weft_range_point(weft_value value, weft_type type) {
    return type == WEFT_TYPE_FLOAT && isnan(value.real) ? any_float()
                                                        : (weft_range){.lo = value, .hi = value, .value = true};
}

bool weft_range_is_point(const weft_range *r, weft_type type) {
    if (!r->value || r->nan) return false;
    return type == WEFT_TYPE_FLOAT ? r->lo.real == r->hi.real : r->lo.integer == r->hi.integer;
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* What all differences of values are multiples of; 0: there is one value. */
static uint64_t step_of(const weft_range *r) {
    if (r->lo.integer == r->hi.integer) return 0;
    return r->step > 1 ? (uint64_t)r->step : 1;
}

static weft_range with_step(weft_range range, uint64_t step) {
    range.step = !range.fault && step <= INT64_MAX ? (int64_t)step : 1; /* what was cut off has no step */
    return range;
}

static bool may_be_equal(const weft_range *a, const weft_range *b) {
    uint64_t step = weft_greatest_divisor(step_of(a), step_of(b));
    return step <= 1 || weft_remainder(a->lo.integer, (int64_t)step) == weft_remainder(b->lo.integer, (int64_t)step);
}

/* ---- ints: edges of an interval may lie beyond 64 bits --------------------------------------------------------- */

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
    if (lo.beyond > 0 || hi.beyond < 0) return weft_range_none();
    weft_range out = weft_range_ints(lo.beyond ? INT64_MIN : lo.value, hi.beyond ? INT64_MAX : hi.value);
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

weft_range weft_range_hull(weft_range a, weft_range b, weft_type type) {
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
        uint64_t apart = (uint64_t)weft_larger(a.lo.integer, b.lo.integer) - (uint64_t)out.lo.integer;
        out = with_step(out, weft_greatest_divisor(weft_greatest_divisor(step_of(&a), step_of(&b)), apart));
    }
    out.nan = a.nan || b.nan;
    out.fault = a.fault || b.fault;
    return out;
}

/* x % m for one divisor: where the quotient is one too, x less a constant; else what is left of the step. */
static weft_range remainder_by(const weft_range *x, int64_t m) {
    int64_t first, last, lo = x->lo.integer;
    bool known = weft_divide_checked(lo, m, &first) && weft_divide_checked(x->hi.integer, m, &last);
    if (known && first == last)
        return with_step(weft_range_ints(weft_remainder(lo, m), weft_remainder(x->hi.integer, m)), step_of(x));
    if (m < 0) return weft_range_ints(m + 1, 0);
    int64_t step = (int64_t)weft_greatest_divisor(step_of(x), (uint64_t)m), rest = weft_remainder(lo, step);
    return with_step(weft_range_ints(rest, m - step + rest), (uint64_t)step);
}

/* x % m for divisors of one sign, [mlo, mhi]. */
static weft_range remainder_part(const weft_range *x, int64_t mlo, int64_t mhi) {
    int64_t lo = x->lo.integer, hi = x->hi.integer;
    if (mlo == mhi) return remainder_by(x, mlo);
    if (mlo > 0 && lo >= 0) return weft_range_ints(hi < mlo ? lo : 0, weft_smaller(hi, mhi - 1));
    return mlo > 0 ? weft_range_ints(0, mhi - 1) : weft_range_ints(mlo + 1, 0);
}

/* x // m likewise. */
static weft_range quotient_part(const weft_range *x, int64_t mlo, int64_t mhi) {
    weft_range out = corners(WEFT_OP_FLOORDIV, x->lo.integer, x->hi.integer, mlo, mhi);
    bool even = mlo == mhi && mlo > 0 && step_of(x) % (uint64_t)mlo == 0;
    return even ? with_step(out, step_of(x) / (uint64_t)mlo) : out;
}

/* // and %: the divisor's range is cut at zero, where the result is a fault. */
static weft_range divide_ints(weft_op op, const weft_range *a, const weft_range *b) {
    weft_range out = {0};
    int64_t cut[2][2] = {{weft_larger(b->lo.integer, 1), b->hi.integer},
                         {b->lo.integer, weft_smaller(b->hi.integer, -1)}};
    for (int k = 0; k < 2; k++) {
        int64_t lo = cut[k][0], hi = cut[k][1];
        if (lo > hi) continue;
        weft_range part = op == WEFT_OP_MOD ? remainder_part(a, lo, hi) : quotient_part(a, lo, hi);
        out = out.value || out.fault ? weft_range_hull(out, part, WEFT_TYPE_INT) : part;
    }
    if (b->lo.integer <= 0 && b->hi.integer >= 0) out.fault = true;
    return out;
}

static weft_range negate_ints(const weft_range *a) {
    return with_step(corners(WEFT_OP_SUB, 0, 0, a->lo.integer, a->hi.integer), step_of(a));
}

/* By one number the step grows with the values. */
static weft_range multiply_ints(const weft_range *a, const weft_range *b) {
    weft_range out = corners(WEFT_OP_MUL, a->lo.integer, a->hi.integer, b->lo.integer, b->hi.integer);
    const weft_range *many = step_of(a) ? a : b, *one = step_of(a) ? b : a;
    int64_t step;
    bool known = !step_of(one) && weft_multiply_checked((int64_t)step_of(many), one->lo.integer, &step);
    return known && step > INT64_MIN ? with_step(out, (uint64_t)(step < 0 ? -step : step)) : out;
}

static weft_range absolute_ints(const weft_range *a) {
    if (a->lo.integer >= 0) return *a;
    weft_range negated = negate_ints(a);
    if (a->hi.integer <= 0 || !negated.value) return negated;
    negated.lo.integer = 0;
    negated.step = 1;
    negated.hi.integer = weft_larger(negated.hi.integer, a->hi.integer);
    return negated;
}

static weft_range apply_to_ints(weft_op op, const weft_range *a, const weft_range *b) {
    weft_range out;
    switch (op) {
    case WEFT_OP_NEG: return negate_ints(a);
    case WEFT_OP_ABS: return absolute_ints(a);
    case WEFT_OP_ADD:
        out = between(apply_to_edge(op, a->lo.integer, b->lo.integer), apply_to_edge(op, a->hi.integer, b->hi.integer));
        return with_step(out, weft_greatest_divisor(step_of(a), step_of(b)));
    case WEFT_OP_SUB:
        out = between(apply_to_edge(op, a->lo.integer, b->hi.integer), apply_to_edge(op, a->hi.integer, b->lo.integer));
        return with_step(out, weft_greatest_divisor(step_of(a), step_of(b)));
    case WEFT_OP_MUL: return multiply_ints(a, b);
    case WEFT_OP_FLOORDIV:
    case WEFT_OP_MOD: return divide_ints(op, a, b);
    case WEFT_OP_MIN:
        return weft_range_ints(weft_smaller(a->lo.integer, b->lo.integer), weft_smaller(a->hi.integer, b->hi.integer));
    case WEFT_OP_MAX:
        return weft_range_ints(weft_larger(a->lo.integer, b->lo.integer), weft_larger(a->hi.integer, b->hi.integer));
    case WEFT_OP_TO_FLOAT: return floats((double)a->lo.integer, (double)a->hi.integer);
    default: return weft_range_none();
    }
}

/* ---- floats ---------------------------------------------------------------------------------------------------- */

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
        weft_range out = any_float();
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
    if (needs_positive && a->hi.real < 0) return any_float();
    double lo = apply_double(op, negative ? 0 : a->lo.real, 0), hi = apply_double(op, a->hi.real, 0);
    weft_range out = floats(widen(lo, -1), widen(hi, 1));
    out.nan = a->nan || negative;
    return out.nan ? any_float() : out;
}

static weft_range extreme(const weft_range *a, const weft_range *b, bool smaller) {
    if (a->nan) return any_float();
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

/* ---- conditions --------------------------------------------------------------------------------------------- */

static bool less(weft_value a, weft_value b, weft_type type, bool or_equal) {
    if (type == WEFT_TYPE_FLOAT) return or_equal ? a.real <= b.real : a.real < b.real;
    return or_equal ? a.integer <= b.integer : a.integer < b.integer;
}

static weft_range compare(weft_op op, const weft_range *a, const weft_range *b, weft_type type) {
    bool nan = a->nan || b->nan;
    bool overlap = less(a->lo, b->hi, type, true) && less(b->lo, a->hi, type, true) &&
                   (type == WEFT_TYPE_FLOAT || may_be_equal(a, b));
    bool equal = overlap && weft_range_is_point(a, type) && weft_range_is_point(b, type);
    switch (op) {
    case WEFT_OP_EQ: return truth(!equal || nan, overlap);
    case WEFT_OP_NE: return truth(overlap || nan, !equal);
    case WEFT_OP_LT: return truth(!less(a->hi, b->lo, type, false) || nan, less(a->lo, b->hi, type, false));
    default: return truth(!less(a->hi, b->lo, type, true) || nan, less(a->lo, b->hi, type, true));
    }
}

/* ---- any operation --------------------------------------------------------------------------------------------- */

weft_range weft_range_apply(weft_op op, weft_type type, const weft_range *a, const weft_range *b) {
    if (weft_range_is_point(a, type) && weft_range_is_point(b, type)) {
        weft_value value;
        if (weft_apply(op, type, a->lo, b->lo, &value)) return weft_range_none();
        bool is_float = op == WEFT_OP_TO_FLOAT || (type == WEFT_TYPE_FLOAT && op < WEFT_OP_EQ);
        return weft_range_point(value, is_float ? WEFT_TYPE_FLOAT : WEFT_TYPE_INT);
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
