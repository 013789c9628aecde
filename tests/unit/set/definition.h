/* The definition of sets and scalars once more, as plainly as it can be written, straight from the symbolic form: what
 * the tests of folding and evaluation compare with. Nothing of the implementation is used but the DAG itself. */
#ifndef WEFT_TEST_DEFINITION_H
#define WEFT_TEST_DEFINITION_H

#include <math.h>

#include "define_atoms.h"
#include "random_sets.h"

/* Where a node is read: lengths as they read there, and the pair. */
typedef struct define_at {
    const test_sets *t;
    int64_t lq, lk, i, j;
    bool *fault_of_pair; /* or NULL: becomes true where a condition has no value at this pair */
    int64_t first;       /* smallest query position */
} define_at;

/* The quotient cut towards zero, one less where that is above the true one; b is not 0, nor is this INT64_MIN // -1. */
static inline int64_t define_floor_div(int64_t a, int64_t b) {
    int64_t quotient = a / b;
    bool below_zero = (a < 0) != (b < 0);
    return below_zero && quotient * b != a ? quotient - 1 : quotient;
}

static inline bool define_fits(long double x) { return x >= -0x1p63L && x < 0x1p63L; }

/* False: a fault. Ints in integer, floats in real, bools as 0 and 1. */
static inline bool define_scalar(const define_at *at, weft_id id, weft_value *out);

static inline bool define_int(weft_op op, int64_t a, int64_t b, weft_value *out) {
    bool zero = b == 0 && (op == WEFT_OP_FLOORDIV || op == WEFT_OP_MOD);
    long double x = (long double)a, y = (long double)b, exact = 0;
    if (zero) return false;
    switch (op) {
    case WEFT_OP_NEG: exact = -x; break;
    case WEFT_OP_ABS: exact = fabsl(x); break;
    case WEFT_OP_ADD: exact = x + y; break;
    case WEFT_OP_SUB: exact = x - y; break;
    case WEFT_OP_MUL: exact = x * y; break;
    case WEFT_OP_FLOORDIV: exact = a == INT64_MIN && b == -1 ? 0x1p63L : 0; break;
    default: break;
    }
    if (!define_fits(exact)) return false;
    switch (op) {
    case WEFT_OP_NEG: out->integer = -a; break;
    case WEFT_OP_ABS: out->integer = a < 0 ? -a : a; break;
    case WEFT_OP_ADD: out->integer = a + b; break;
    case WEFT_OP_SUB: out->integer = a - b; break;
    case WEFT_OP_MUL: out->integer = a * b; break;
    case WEFT_OP_FLOORDIV: out->integer = define_floor_div(a, b); break;
    case WEFT_OP_MOD: {
        int64_t rest = b == -1 ? 0 : a % b;
        out->integer = rest && (rest ^ b) < 0 ? rest + b : rest;
        break;
    }
    case WEFT_OP_MIN: out->integer = b < a ? b : a; break;
    case WEFT_OP_MAX: out->integer = b > a ? b : a; break;
    case WEFT_OP_TO_FLOAT: out->real = (double)a; break;
    case WEFT_OP_EQ: out->integer = a == b; break;
    case WEFT_OP_NE: out->integer = a != b; break;
    case WEFT_OP_LT: out->integer = a < b; break;
    case WEFT_OP_LE: out->integer = a <= b; break;
    case WEFT_OP_NOT: out->integer = a == 0; break;
    default: ck_abort_msg("operation %d", op);
    }
    return true;
}

static inline bool define_float(weft_op op, double a, double b, weft_value *out) {
    bool ordered = !isnan(a) && !isnan(b);
    if (op == WEFT_OP_DIV && b == 0) return false;
    switch (op) {
    case WEFT_OP_NEG: out->real = -a; break;
    case WEFT_OP_ABS: out->real = fabs(a); break;
    case WEFT_OP_ADD: out->real = a + b; break;
    case WEFT_OP_SUB: out->real = a - b; break;
    case WEFT_OP_MUL: out->real = a * b; break;
    case WEFT_OP_DIV: out->real = a / b; break;
    case WEFT_OP_MIN: out->real = b < a ? b : a; break;
    case WEFT_OP_MAX: out->real = b > a ? b : a; break;
    case WEFT_OP_SQRT: out->real = sqrt(a); break;
    case WEFT_OP_LOG: out->real = log(a); break;
    case WEFT_OP_EXP: out->real = exp(a); break;
    case WEFT_OP_LOG2: out->real = log2(a); break;
    case WEFT_OP_EXP2: out->real = exp2(a); break;
    case WEFT_OP_TANH: out->real = tanh(a); break;
    case WEFT_OP_EQ: out->integer = ordered && a == b; break;
    case WEFT_OP_NE: out->integer = ordered && a != b; break;
    case WEFT_OP_LT: out->integer = ordered && a < b; break;
    case WEFT_OP_LE: out->integer = ordered && a <= b; break;
    default: ck_abort_msg("operation %d", op);
    }
    return true;
}

static inline bool define_index(const define_at *at, weft_id table, int64_t index, weft_value *out) {
    const weft_dag *dag = &at->t->program->dag;
    const weft_node *node = weft_node_at(dag, table);
    if (node->op == WEFT_OP_LITERAL) {
        weft_value element = {0};
        for (uint32_t k = 0; k < node->arity; k++) {
            if (!define_scalar(at, weft_operand(dag, table, k), &element)) return false;
            if (k == index) *out = element;
        }
        return index >= 0 && index < node->arity;
    }
    if (index < 0) return false;
    switch (node->value.integer) {
    case TOKENS_PARAM:
        if (index < TOKENS) out->integer = at->t->token_data[index];
        return index < TOKENS;
    case LABELS_PARAM:
        if (index >= at->t->labels_shape[1]) return false;
        out->integer = at->t->label_data[(at->t->environment.batch * MOST_KEYS + index) * 2 + 1];
        return true;
    default:
        if (index < 16) out->real = at->t->table_data[index];
        return index < 16;
    }
}

static inline bool define_scalar(const define_at *at, weft_id id, weft_value *out) {
    const weft_dag *dag = &at->t->program->dag;
    const weft_environment *e = &at->t->environment;
    weft_node node = *weft_node_at(dag, id);
    weft_value v[2] = {{0}, {0}};
    switch (node.op) {
    case WEFT_OP_INT:
    case WEFT_OP_FLOAT:
    case WEFT_OP_BOOL: *out = node.value; return true;
    case WEFT_OP_PARAM: *out = at->t->arguments[node.value.integer].value; return true;
    case WEFT_OP_VAR_I: out->integer = at->i; return true;
    case WEFT_OP_VAR_J: out->integer = at->j; return true;
    case WEFT_OP_VAR_HEAD: out->integer = e->head; return true;
    case WEFT_OP_VAR_HEADS: out->integer = e->heads; return true;
    case WEFT_OP_VAR_LQ: out->integer = at->lq; return true;
    case WEFT_OP_VAR_LK: out->integer = at->lk; return true;
    case WEFT_OP_VAR_DIM: out->integer = e->dim; return true;
    case WEFT_OP_AND:
        if (!define_scalar(at, weft_operand(dag, id, 0), v)) return false;
        if (v[0].integer) return define_scalar(at, weft_operand(dag, id, 1), out);
        out->integer = 0;
        return true;
    case WEFT_OP_OR:
        if (!define_scalar(at, weft_operand(dag, id, 0), v)) return false;
        if (!v[0].integer) return define_scalar(at, weft_operand(dag, id, 1), out);
        out->integer = 1;
        return true;
    case WEFT_OP_SELECT:
        if (!define_scalar(at, weft_operand(dag, id, 0), v)) return false;
        return define_scalar(at, weft_operand(dag, id, v[0].integer ? 1 : 2), out);
    case WEFT_OP_INDEX:
        if (!define_scalar(at, weft_operand(dag, id, 1), v)) return false;
        return define_index(at, weft_operand(dag, id, 0), v[0].integer, out);
    default: break;
    }
    for (uint32_t k = 0; k < node.arity; k++) {
        if (!define_scalar(at, weft_operand(dag, id, k), &v[k])) return false;
    }
    bool real = weft_node_at(dag, weft_operand(dag, id, 0))->type == WEFT_TYPE_FLOAT;
    return real ? define_float((weft_op)node.op, v[0].real, v[1].real, out)
                : define_int((weft_op)node.op, v[0].integer, v[1].integer, out);
}

/* ---- sets: *fault becomes true where an argument has no value or a size is below 1 ----------------------------- */

static inline int64_t define_argument(const define_at *at, weft_id id, bool *fault) {
    weft_value value = {0};
    if (!define_scalar(at, id, &value)) *fault = true;
    return value.integer;
}

static inline bool define_lists(const define_at *at, weft_id id, int64_t count, int64_t x, bool *fault) {
    const weft_dag *dag = &at->t->program->dag;
    const weft_node *node = weft_node_at(dag, id);
    bool found = false;
    if (node->op == WEFT_OP_LISTING) {
        for (uint32_t k = 0; k < node->arity; k++) {
            if (define_lists(at, weft_operand(dag, id, k), count, x, fault)) found = true;
        }
    } else if (node->op == WEFT_OP_RANGE) {
        int64_t lo = define_argument(at, weft_operand(dag, id, 0), fault);
        int64_t hi = define_argument(at, weft_operand(dag, id, 1), fault);
        if (lo < 0) lo += count;
        if (hi < 0) hi += count;
        found = lo <= x && x < hi;
    } else if (node->op == WEFT_OP_PARAM && node->type == WEFT_TYPE_TOKENS) {
        for (int k = 0; k < TOKENS; k++) {
            int64_t at_k = at->t->token_data[k];
            if ((at_k < 0 ? at_k + count : at_k) == x) found = true;
        }
    } else {
        int64_t single = define_argument(at, id, fault);
        found = (single < 0 ? single + count : single) == x;
    }
    return found && 0 <= x && x < count;
}

static inline bool define_set(const define_at *at, weft_id id, bool *fault);

static inline bool define_blocks(const define_at *at, weft_id size_id, weft_id set, bool *fault) {
    int64_t size = define_argument(at, size_id, fault);
    if (size < 1) {
        *fault = true;
        return false;
    }
    define_at inner = *at;
    inner.lq = (at->lq - 1) / size + 1;
    inner.lk = (at->lk - 1) / size + 1;
    inner.first = define_floor_div(at->first, size);
    inner.i = define_floor_div(at->i, size);
    inner.j = define_floor_div(at->j, size);
    return define_set(&inner, set, fault);
}

/* Of queries and keys where the atom is: does an array have one row, and one column, for each? */
static inline bool define_fits_array(const define_at *at, const DLTensor *tensor, bool rows, bool columns) {
    int64_t first = at->first, *shape = tensor->shape;
    bool every_row = !rows || shape[tensor->ndim - 2] == at->lk - first;
    return every_row && (!columns || shape[tensor->ndim - 1] == at->lk);
}

static inline bool define_draw(const define_at *at, weft_id id, bool *fault) {
    const weft_dag *dag = &at->t->program->dag;
    int64_t k = define_argument(at, weft_operand(dag, id, 0), fault);
    int64_t seed = define_argument(at, weft_operand(dag, id, 1), fault);
    bool per_head = define_argument(at, weft_operand(dag, id, 3), fault), pool[MOST_KEYS + 1];
    define_at other = *at;
    for (other.j = 0; other.j < at->lk; other.j++) pool[other.j] = define_set(&other, weft_operand(dag, id, 2), fault);
    return define_random(at->i, at->j, k, seed, per_head ? at->t->environment.head : 0, pool, at->lk);
}

/* Grids, arrays and draws. */
static inline bool define_other_atom(const define_at *at, weft_id id, bool *fault) {
    const weft_dag *dag = &at->t->program->dag;
    const weft_node *node = weft_node_at(dag, id);
    const test_sets *t = at->t;
    weft_op op = (weft_op)node->op;
    bool arrays = op == WEFT_ATOM_SAME || op == WEFT_ATOM_GIVEN || op == WEFT_ATOM_LISTED;
    int64_t v[5] = {0}, r = at->i - at->first;
    if (op == WEFT_ATOM_RANDOM) return define_draw(at, id, fault);
    for (uint32_t k = 0; !arrays && k < node->arity; k++) {
        const char *sizes = op == WEFT_ATOM_DILATED ? "01" : op == WEFT_ATOM_STRIDE ? "1" : "11001";
        v[k] = define_argument(at, weft_operand(dag, id, k), fault);
        if (sizes[k] == '1' && v[k] < 1) *fault = true;
    }
    if (*fault) return false;
    switch (op) {
    case WEFT_ATOM_DILATED: return define_dilated(at->i, at->j, v[0], v[1]);
    case WEFT_ATOM_STRIDE: return define_stride(at->i, at->j, v[0]);
    case WEFT_ATOM_WINDOW2D: return define_window2d(at->i, at->j, v);
    case WEFT_ATOM_AXIAL: return define_axial(at->i, at->j, v);
    case WEFT_ATOM_NEIGHBORHOOD2D:
        if (v[2] * v[4] > v[0] || v[3] * v[4] > v[1]) *fault = true;
        return !*fault && define_neighborhood2d(at->i, at->j, v);
    case WEFT_ATOM_SAME: {
        weft_value a = {0}, b = {0};
        if (!define_fits_array(at, &t->labels, false, true)) *fault = true;
        if (*fault || at->i < 0) return false;
        define_index(at, weft_operand(dag, id, 0), at->i, &a);
        define_index(at, weft_operand(dag, id, 0), at->j, &b);
        return a.integer == b.integer;
    }
    case WEFT_ATOM_GIVEN:
        if (!define_fits_array(at, &t->mask, true, true)) *fault = true;
        return !*fault && t->mask_data[t->environment.head * t->mask_strides[0] + r * t->mask_strides[1] +
                                       at->j * t->mask_strides[2]] != 0;
    default:
        if (!define_fits_array(at, &t->keys, true, false)) *fault = true;
        for (int k = 0; k < PICKED_KEYS && !*fault; k++)
            if (t->key_data[r * PICKED_KEYS + k] == at->j) return true;
        return false;
    }
}

static inline bool define_atom(const define_at *at, weft_id id, bool *fault) {
    const weft_dag *dag = &at->t->program->dag;
    const weft_node *node = weft_node_at(dag, id);
    weft_op op = (weft_op)node->op;
    long double delta = (long double)(at->j - at->i);
    int64_t v[3] = {0};
    bool scalars = op == WEFT_ATOM_BAND || op == WEFT_ATOM_WINDOW || op == WEFT_ATOM_PAST || op == WEFT_ATOM_CHUNK;
    for (uint32_t k = 0; scalars && k < node->arity; k++) v[k] = define_argument(at, weft_operand(dag, id, k), fault);
    weft_id first = node->arity ? weft_operand(dag, id, 0) : 0;
    switch (op) {
    case WEFT_ATOM_ALL: return true;
    case WEFT_ATOM_NONE: return false;
    case WEFT_ATOM_CAUSAL: return delta <= 0;
    case WEFT_ATOM_BAND:
        if (v[2] < 1) *fault = true;
        return v[2] >= 1 && v[0] <= delta && delta <= v[1] && (at->j - at->i) % v[2] == 0;
    case WEFT_ATOM_WINDOW: return -(long double)v[0] <= delta && delta <= v[1];
    case WEFT_ATOM_PAST: return -(long double)v[0] < delta && delta <= 0;
    case WEFT_ATOM_ROWS: return define_lists(at, first, at->lk, at->i, fault);
    case WEFT_ATOM_COLS: return define_lists(at, first, at->lk, at->j, fault);
    case WEFT_ATOM_GLOBAL: {
        bool row = define_lists(at, first, at->lk, at->i, fault), col = define_lists(at, first, at->lk, at->j, fault);
        return row || col;
    }
    case WEFT_ATOM_CHUNK: {
        if (v[0] < 1) *fault = true;
        int64_t distance = v[0] < 1 ? -1 : define_floor_div(at->i, v[0]) - define_floor_div(at->j, v[0]);
        return 0 <= distance && distance <= v[1];
    }
    case WEFT_ATOM_WHERE: {
        weft_value value;
        bool fine = define_scalar(at, first, &value);
        if (!fine && at->fault_of_pair) *at->fault_of_pair = true;
        return fine && value.integer;
    }
    default: return define_other_atom(at, id, fault);
    }
}

static inline bool define_heads(const define_at *at, weft_id id, bool *fault) {
    const weft_dag *dag = &at->t->program->dag;
    uint32_t arity = weft_node_at(dag, id)->arity;
    for (uint32_t k = 0; k + 1 < arity; k += 2) {
        const weft_environment *e = &at->t->environment;
        if (define_lists(at, weft_operand(dag, id, k), e->heads, e->head, fault)) {
            return define_set(at, weft_operand(dag, id, k + 1), fault);
        }
    }
    return define_set(at, weft_operand(dag, id, arity - 1), fault);
}

/* No short cuts, so that every argument that counts is seen. */
static inline bool define_set(const define_at *at, weft_id id, bool *fault) {
    const weft_dag *dag = &at->t->program->dag;
    const weft_node *node = weft_node_at(dag, id);
    bool any = false, every = true, first = false;
    switch (node->op) {
    case WEFT_OP_UNION:
    case WEFT_OP_INTERSECTION:
    case WEFT_OP_DIFFERENCE:
    case WEFT_OP_COMPLEMENT:
        for (uint32_t k = 0; k < node->arity; k++) {
            bool in = define_set(at, weft_operand(dag, id, k), fault);
            if (k == 0) first = in;
            if (in) any = true;
            if (!in) every = false;
        }
        if (node->op == WEFT_OP_DIFFERENCE) return first && !define_set(at, weft_operand(dag, id, 1), fault);
        return node->op == WEFT_OP_UNION ? any : node->op == WEFT_OP_INTERSECTION ? every : !first;
    case WEFT_OP_BLOCKS: return define_blocks(at, weft_operand(dag, id, 0), weft_operand(dag, id, 1), fault);
    case WEFT_OP_SELECT:
        return define_set(at, weft_operand(dag, id, define_argument(at, weft_operand(dag, id, 0), fault) ? 1 : 2),
                          fault);
    case WEFT_OP_HEADS: return define_heads(at, id, fault);
    case WEFT_OP_REQUIRE: return define_set(at, weft_operand(dag, id, 1), fault);
    default: return define_atom(at, id, fault);
    }
}

#endif
