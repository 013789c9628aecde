/* Where a strided view lies in memory: its byte range, whether its elements are distinct, and whether two views are
 * apart. All in bytes and unsigned addresses; no element is read. */
#include "exec/exec.h"

static int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

static bool single(const weft_view *view, int dim) { return view->size[dim] == 1; }

/* Distance between the first and last element along a dimension, in bytes. */
static int64_t reach(const weft_view *view, int dim) {
    return (view->size[dim] - 1) * magnitude(view->stride[dim]) * (int64_t)view->element;
}

bool weft_view_extent(const weft_view *view, weft_extent *out) {
    enum { LIMIT = 58 }; /* four dimensions of 2^58 bytes cannot overflow a sum */
    uintptr_t below = 0, above = view->element;
    for (int dim = 0; dim < WEFT_VIEW_DIMS; dim++) {
        if (single(view, dim)) continue;
        int64_t most = (INT64_C(1) << LIMIT) / (int64_t)view->element / (view->size[dim] - 1);
        if (view->stride[dim] > most || view->stride[dim] < -most) return false;
        uintptr_t bytes = (uintptr_t)reach(view, dim);
        if (view->stride[dim] < 0) {
            below += bytes;
        } else {
            above += bytes;
        }
    }
    uintptr_t base = (uintptr_t)view->data;
    if (below > base || above > UINTPTR_MAX - base) return false;
    *out = (weft_extent){base - below, base + above};
    return true;
}

bool weft_view_distinct(const weft_view *view) {
    int64_t covered = 0; /* by the dimensions taken so far */
    bool taken[WEFT_VIEW_DIMS] = {false};
    for (int turn = 0; turn < WEFT_VIEW_DIMS; turn++) {
        int least = -1;
        for (int dim = 0; dim < WEFT_VIEW_DIMS; dim++) {
            if (taken[dim] || single(view, dim)) continue;
            if (least < 0 || magnitude(view->stride[dim]) < magnitude(view->stride[least])) least = dim;
        }
        if (least < 0) break;
        taken[least] = true;
        if (magnitude(view->stride[least]) * (int64_t)view->element <= covered) return false;
        covered += reach(view, least);
    }
    return true;
}

/* Part [start, start + width) of every `step` bytes that holds the view; false when there is no such part. */
static bool part_of_step(const weft_view *view, int64_t step, uintptr_t lo, int64_t *start, int64_t *width) {
    *width = (int64_t)view->element;
    for (int dim = 0; dim < WEFT_VIEW_DIMS; dim++) {
        if (single(view, dim)) continue;
        if (magnitude(view->stride[dim]) * (int64_t)view->element % step != 0) *width += reach(view, dim);
    }
    *start = (int64_t)(lo % (uintptr_t)step);
    return *width < step;
}

static bool interleaved(const weft_view *a, uintptr_t a_lo, const weft_view *b, uintptr_t b_lo, int64_t step) {
    int64_t a_start, a_width, b_start, b_width;
    if (!part_of_step(a, step, a_lo, &a_start, &a_width)) return false;
    if (!part_of_step(b, step, b_lo, &b_start, &b_width)) return false;
    int64_t from_a = weft_floor_mod(b_start - a_start, step), from_b = weft_floor_mod(a_start - b_start, step);
    return from_a >= a_width && from_b >= b_width;
}

bool weft_views_apart(const weft_view *a, const weft_view *b) {
    weft_extent x, y;
    if (!weft_view_extent(a, &x) || !weft_view_extent(b, &y)) return false;
    if (x.hi <= y.lo || y.hi <= x.lo) return true;
    for (int dim = 0; dim < WEFT_VIEW_DIMS; dim++) {
        int64_t step = magnitude(a->stride[dim]) * (int64_t)a->element;
        if (!single(a, dim) && step > 0 && interleaved(a, x.lo, b, y.lo, step)) return true;
    }
    return false;
}
