/* Scalars evaluated at one pair (i, j), with the language's exact semantics: Python's floor division and remainder,
 * faults on overflow, on division by zero and on reads out of range, comparisons false on NaN, `and` and `or` left to
 * right. */
#include "set/arithmetic.h"
#include "set/scalar.h"

#include <math.h>

static weft_fault fault_unless(bool fits) { return fits ? WEFT_FAULT_NONE : WEFT_FAULT_OVERFLOW; }

static weft_fault apply_int(weft_op op, int64_t a, int64_t b, weft_value *out) {
    int64_t *result = &out->integer;
    switch (op) {
    case WEFT_OP_NEG: return fault_unless(weft_subtract_checked(0, a, result));
    case WEFT_OP_ABS:
        if (a < 0) return fault_unless(weft_subtract_checked(0, a, result));
        return *result = a, WEFT_FAULT_NONE;
    case WEFT_OP_ADD: return fault_unless(weft_add_checked(a, b, result));
    case WEFT_OP_SUB: return fault_unless(weft_subtract_checked(a, b, result));
    case WEFT_OP_MUL: return fault_unless(weft_multiply_checked(a, b, result));
    case WEFT_OP_FLOORDIV:
        if (b == 0) return WEFT_FAULT_DIVISION;
        return fault_unless(weft_divide_checked(a, b, result));
    case WEFT_OP_MOD:
        if (b == 0) return WEFT_FAULT_DIVISION;
        return *result = weft_remainder(a, b), WEFT_FAULT_NONE;
    case WEFT_OP_MIN: return *result = weft_smaller(a, b), WEFT_FAULT_NONE;
    case WEFT_OP_MAX: return *result = weft_larger(a, b), WEFT_FAULT_NONE;
    case WEFT_OP_TO_FLOAT: return out->real = (double)a, WEFT_FAULT_NONE;
    case WEFT_OP_EQ: return *result = a == b, WEFT_FAULT_NONE;
    case WEFT_OP_NE: return *result = a != b, WEFT_FAULT_NONE;
    case WEFT_OP_LT: return *result = a < b, WEFT_FAULT_NONE;
    case WEFT_OP_LE: return *result = a <= b, WEFT_FAULT_NONE;
    case WEFT_OP_NOT: return *result = !a, WEFT_FAULT_NONE;
    default: return WEFT_FAULT_INDEX; /* no such operation on ints: a verified program has none */
    }
}

static weft_fault apply_float(weft_op op, double a, double b, weft_value *out) {
    double *result = &out->real;
    switch (op) {
    case WEFT_OP_NEG: return *result = -a, WEFT_FAULT_NONE;
    case WEFT_OP_ABS: return *result = fabs(a), WEFT_FAULT_NONE;
    case WEFT_OP_ADD: return *result = a + b, WEFT_FAULT_NONE;
    case WEFT_OP_SUB: return *result = a - b, WEFT_FAULT_NONE;
    case WEFT_OP_MUL: return *result = a * b, WEFT_FAULT_NONE;
    case WEFT_OP_DIV:
        if (b == 0) return WEFT_FAULT_DIVISION;
        return *result = a / b, WEFT_FAULT_NONE;
    case WEFT_OP_MIN: return *result = b < a ? b : a, WEFT_FAULT_NONE; /* Python's choice beside a NaN */
    case WEFT_OP_MAX: return *result = b > a ? b : a, WEFT_FAULT_NONE;
    case WEFT_OP_SQRT: return *result = sqrt(a), WEFT_FAULT_NONE;
    case WEFT_OP_LOG: return *result = log(a), WEFT_FAULT_NONE;
    case WEFT_OP_EXP: return *result = exp(a), WEFT_FAULT_NONE;
    case WEFT_OP_LOG2: return *result = log2(a), WEFT_FAULT_NONE;
    case WEFT_OP_EXP2: return *result = exp2(a), WEFT_FAULT_NONE;
    case WEFT_OP_TANH: return *result = tanh(a), WEFT_FAULT_NONE;
    case WEFT_OP_EQ: return out->integer = a == b, WEFT_FAULT_NONE;
    case WEFT_OP_NE: return out->integer = a < b || a > b, WEFT_FAULT_NONE; /* a NaN is not even unequal */
    case WEFT_OP_LT: return out->integer = a < b, WEFT_FAULT_NONE;
    case WEFT_OP_LE: return out->integer = a <= b, WEFT_FAULT_NONE;
    default: return WEFT_FAULT_INDEX;
    }
}

weft_fault weft_apply(weft_op op, weft_type type, weft_value a, weft_value b, weft_value *out) {
    return type == WEFT_TYPE_FLOAT ? apply_float(op, a.real, b.real, out) : apply_int(op, a.integer, b.integer, out);
}

double weft_alibi_slope(int64_t head, int64_t heads) {
    int64_t power = 1;
    while (power <= heads / 2) power *= 2;
    if (head < power) return exp2(-8.0 * (double)(head + 1) / (double)power);
    return exp2(-4.0 * (double)(2 * (head - power) + 1) / (double)power);
}

/* Every element of a literal table counts, not only the one that is read. */
static weft_fault evaluate_literal(const weft_bound *bound, weft_id table, int64_t index, int64_t i, int64_t j,
                                   weft_value *out) {
    uint32_t count = weft_node_at(&bound->dag, table)->arity;
    for (uint32_t k = 0; k < count; k++) {
        weft_id element = weft_operand(&bound->dag, table, k);
        const weft_node *node = weft_node_at(&bound->dag, element);
        weft_value value = node->value;
        weft_fault fault = weft_is_constant(node) ? WEFT_FAULT_NONE : weft_evaluate(bound, element, i, j, &value);
        if (fault) return fault;
        if (k == (uint64_t)index) *out = value;
    }
    return index < 0 || index >= count ? WEFT_FAULT_INDEX : WEFT_FAULT_NONE;
}

static weft_fault evaluate_index(const weft_bound *bound, weft_id id, int64_t i, int64_t j, weft_value *out) {
    weft_id table = weft_operand(&bound->dag, id, 0);
    weft_value index;
    weft_fault fault = weft_evaluate(bound, weft_operand(&bound->dag, id, 1), i, j, &index);
    if (fault) return fault;
    const weft_node *node = weft_node_at(&bound->dag, table);
    if (node->op == WEFT_OP_LITERAL) return evaluate_literal(bound, table, index.integer, i, j, out);
    if (node->op != WEFT_OP_ARRAY) return WEFT_FAULT_INDEX;
    return weft_read_array(&bound->arrays[node->value.integer], index.integer, out) ? WEFT_FAULT_NONE
                                                                                    : WEFT_FAULT_INDEX;
}

/* `and`, `or`, `?:`: the first operand decides what counts. */
static weft_fault evaluate_choice(const weft_bound *bound, weft_id id, int64_t i, int64_t j, weft_value *out) {
    weft_op op = weft_node_at(&bound->dag, id)->op;
    weft_value first;
    weft_fault fault = weft_evaluate(bound, weft_operand(&bound->dag, id, 0), i, j, &first);
    if (fault) return fault;
    uint32_t next = op == WEFT_OP_SELECT && !first.integer ? 2 : 1;
    bool decided = (op == WEFT_OP_AND && !first.integer) || (op == WEFT_OP_OR && first.integer);
    if (!decided) return weft_evaluate(bound, weft_operand(&bound->dag, id, next), i, j, out);
    *out = first;
    return WEFT_FAULT_NONE;
}

weft_fault weft_evaluate(const weft_bound *bound, weft_id scalar, int64_t i, int64_t j, weft_value *out) {
    const weft_dag *dag = &bound->dag;
    const weft_node *node = weft_node_at(dag, scalar);
    switch (node->op) {
    case WEFT_OP_INT:
    case WEFT_OP_FLOAT:
    case WEFT_OP_BOOL: return *out = node->value, WEFT_FAULT_NONE;
    case WEFT_OP_VAR_I: return out->integer = i, WEFT_FAULT_NONE;
    case WEFT_OP_VAR_J: return out->integer = j, WEFT_FAULT_NONE;
    case WEFT_OP_AND:
    case WEFT_OP_OR:
    case WEFT_OP_SELECT: return evaluate_choice(bound, scalar, i, j, out);
    case WEFT_OP_INDEX: return evaluate_index(bound, scalar, i, j, out);
    default: break;
    }
    if (node->arity == 0 || node->arity > 2) return WEFT_FAULT_INDEX; /* not bound form */
    weft_value a, b = {0};
    weft_fault fault = weft_evaluate(bound, weft_operand(dag, scalar, 0), i, j, &a);
    if (!fault && node->arity == 2) fault = weft_evaluate(bound, weft_operand(dag, scalar, 1), i, j, &b);
    if (fault) return fault;
    return weft_apply(node->op, weft_node_at(dag, weft_operand(dag, scalar, 0))->type, a, b, out);
}
