/* What the files of a run share: tensors seen through one kind of view, the workspace cut into parts, and merging. */
#ifndef WEFT_EXEC_EXEC_H
#define WEFT_EXEC_EXEC_H

#include "plan/plan.h"

/* ---- tensors ------------------------------------------------------------------------------------------------ */

enum { WEFT_VIEW_DIMS = 4 };

/* A checked tensor as [batch, head, row, dim]; strides in elements, 1 where a dimension has one element or is missing.
 */
typedef struct weft_view {
    unsigned char *data; /* of element [0, 0, 0, 0]; NULL: the tensor was not given */
    int64_t size[WEFT_VIEW_DIMS];
    int64_t stride[WEFT_VIEW_DIMS];
    size_t element; /* bytes */
} weft_view;

typedef struct weft_views {
    weft_view q, k, v, o, lse;
} weft_views;

/* Address of [batch, head, row, 0]; NULL for a tensor that was not given. */
static inline void *weft_view_at(const weft_view *view, int64_t batch, int64_t head, int64_t row) {
    if (!view->data) return NULL;
    int64_t steps = batch * view->stride[0] + head * view->stride[1] + row * view->stride[2];
    return view->data + steps * (int64_t)view->element;
}

/* Checks q, k and v (and with `outputs` also o and lse) against the plan's shape and the element type `dtype` (a
 * weft_dtype). False with E0408 that names the tensor, what was expected and what was given. */
bool weft_check_tensors(const weft_plan *plan, const weft_tensors *tensors, uint32_t dtype, bool outputs,
                        weft_views *views, weft_diagnostics *diagnostics);

/* The bytes that a view may touch, as addresses [lo, hi). False when they do not fit the address space. */
typedef struct weft_extent {
    uintptr_t lo, hi;
} weft_extent;
bool weft_view_extent(const weft_view *view, weft_extent *out);

/* Does every index have an element of its own? Sufficient, not necessary: ordered by stride, each dimension must step
 * over all smaller ones together. Every slice and transpose of a compact tensor passes. */
bool weft_view_distinct(const weft_view *view);

/* Are the two surely apart? True when their byte ranges are, or when they interleave like slices of one larger tensor:
 * for some step all outer dimensions of both are multiples of it and the inner ones stay in separate parts of it. */
bool weft_views_apart(const weft_view *a, const weft_view *b);

/* ---- workspace ---------------------------------------------------------------------------------------------- */

/* From a 64-byte boundary on: the counters of unfinished parts, one a split of every (batch element, head); the states
 * of split row tiles; the scratch of every worker. Sizes are multiples of 64 bytes. */
typedef struct weft_workspace {
    size_t counters, states, scratch; /* offsets in bytes */
    size_t state, worker;             /* bytes of one state and of one worker's scratch */
    size_t size;                      /* whole, with room to reach the boundary */
} weft_workspace;
weft_workspace weft_workspace_of(const weft_plan *plan);

/* ---- merging ------------------------------------------------------------------------------------------------ */

/* Merges the states of the parts of one row tile, in their order, into the o and lse of `call` (its rows, strides,
 * pointers and fold; nothing else of it is read). `step` floats lie between states of `height` rows. */
void weft_merge(const weft_call *call, const float *states, size_t step, uint32_t parts, int64_t height,
                int64_t value_dim);

#endif
