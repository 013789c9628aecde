/* Scalars of the set IR: one operation on known values, and what a condition may be over a box of pairs. Shared by the
 * evaluator, the folder and where's spans; inside this layer only. */
#ifndef WEFT_SET_SCALAR_H
#define WEFT_SET_SCALAR_H

#include "set/set.h"

/* NEG … NOT of ops.def on known values, except AND, OR (they may skip an operand); `type` is that of the operands; b is
 * ignored by operations of one operand. Faults leave *out alone. */
weft_fault weft_apply(weft_op op, weft_type type, weft_value a, weft_value b, weft_value *out);

/* Is it INT, FLOAT or BOOL? */
static inline bool weft_is_constant(const weft_node *node) {
    return node->op == WEFT_OP_INT || node->op == WEFT_OP_FLOAT || node->op == WEFT_OP_BOOL;
}

/* ---- intervals of values (atoms/range.c, atoms/box.c) ---------------------------------------------------------- */

/* Query positions [i0, i1) by keys [j0, j1), neither empty. */
typedef struct weft_box {
    int64_t i0, i1, j0, j1;
} weft_box;

/* What a scalar may be over a box: any value of [lo, hi] (when `value`), of ints those that are lo, as hi is, modulo
 * the step; NaN (when `nan`), a fault. A superset of the truth. Bools are 0 and 1. */
typedef struct weft_range {
    weft_value lo, hi;
    int64_t step; /* 0 and 1: any int */
    bool value;   /* it may have a value, NaN included; else it faults everywhere */
    bool nan;
    bool fault;
    bool on_keys; /* a smaller range of keys could tell more */
} weft_range;

static inline weft_range weft_range_none(void) { return (weft_range){.fault = true}; }
static inline weft_range weft_range_ints(int64_t lo, int64_t hi) {
    return (weft_range){.lo.integer = lo, .hi.integer = hi, .value = true};
}
weft_range weft_range_point(weft_value value, weft_type type);
weft_range weft_range_any(weft_type type);
/* Exactly one value, when there is one? */
bool weft_range_is_point(const weft_range *range, weft_type type);
/* All that either may be. */
weft_range weft_range_hull(weft_range a, weft_range b, weft_type type);
/* As weft_apply; faults of the operands and on_keys are the caller's to add. */
weft_range weft_range_apply(weft_op op, weft_type type, const weft_range *a, const weft_range *b);

/* Of a scalar node in bound form. */
weft_range weft_range_of(const weft_bound *bound, weft_id scalar, const weft_box *box);

#endif
