/* Queries that are keys (shared_qk): keys are made of them before a run, and rows that have seen a key are marked, so
 * that the last pass is made for the others alone. */
#include <math.h>

#include "exec/exec.h"

/* ---- keys -------------------------------------------------------------------------------------------------------- */

typedef struct weft_sharing {
    const weft_view *q;
    weft_view k;
    size_t heads, workers;
} weft_sharing;

size_t weft_shared_keys_size(const weft_plan *plan) {
    const weft_shape *s = &plan->shape;
    size_t rows = weft_plan_heads(plan) * (size_t)s->keys;
    if (!plan->shared_qk) return 0;
    size_t bytes = rows * (size_t)s->head_dim * weft_dtype_size((weft_dtype)plan->kernel->code.dtype);
    return (bytes + 7) / 8 * 8;
}

/* q / |q|, and 0 of 0. */
static void share_row(const weft_sharing *sharing, int64_t batch, int64_t head, int64_t row) {
    const weft_view *q = sharing->q, *k = &sharing->k;
    const void *from = weft_view_at(q, batch, head, row);
    void *to = weft_view_at(k, batch, head, row);
    double sum = 0;
    for (int64_t d = 0; d < q->size[3]; d++) {
        double x = (double)weft_element_rounded(from, d * q->stride[3], q->dtype, k->dtype);
        sum += x * x;
    }
    double inverse = sum > 0 ? 1 / sqrt(sum) : sum; /* NaN stays */
    for (int64_t d = 0; d < q->size[3]; d++) {
        double x = (double)weft_element_rounded(from, d * q->stride[3], q->dtype, k->dtype);
        weft_element_set(to, d, k->dtype, (float)(x * inverse));
    }
}

static void share_heads(void *user, size_t worker) {
    const weft_sharing *sharing = user;
    for (size_t n = worker; n < sharing->heads; n += sharing->workers)
        for (int64_t row = 0; row < sharing->q->size[2]; row++)
            share_row(sharing, (int64_t)n / sharing->q->size[1], (int64_t)n % sharing->q->size[1], row);
}

void weft_share_keys(const weft_plan *plan, weft_views *views, uint32_t workers, void *memory) {
    if (!plan->shared_qk) return;
    const int64_t *size = views->q.size;
    weft_dtype dtype = (weft_dtype)plan->kernel->code.dtype;
    weft_sharing sharing = {
        .q = &views->q, .heads = weft_plan_heads(plan), .workers = workers, .k = {.data = memory, .dtype = dtype}};
    int64_t stride = 1;
    sharing.k.element = weft_dtype_size(dtype);
    for (int dim = WEFT_VIEW_DIMS - 1; dim >= 0; dim--) {
        sharing.k.size[dim] = size[dim];
        sharing.k.stride[dim] = stride;
        stride *= size[dim];
    }
    weft_engine_parallel(plan->kernel->engine, workers, share_heads, &sharing);
    views->k = sharing.k;
}

/* ---- marks ------------------------------------------------------------------------------------------------------- */

size_t weft_marks_size(const weft_plan *plan) {
    return plan->shared_qk ? weft_plan_heads(plan) * (size_t)plan->shape.queries : 0;
}

static weft_mark *mark_of(const weft_plan *plan, weft_mark *marks, const weft_work *work, int64_t row) {
    int64_t n = work->batch * plan->shape.heads + work->head;
    return marks + n * plan->shape.queries + weft_stage_row(plan, work->stage, work->residue, row);
}

void weft_mark_row(const weft_plan *plan, weft_mark *marks, const weft_work *work, int64_t row) {
    if (marks) atomic_store_explicit(mark_of(plan, marks, work, row), 1, memory_order_relaxed);
}

bool weft_is_marked(const weft_plan *plan, weft_mark *marks, const weft_work *work, int64_t row) {
    return marks && atomic_load_explicit(mark_of(plan, marks, work, row), memory_order_relaxed);
}

/* Bit q: has row q of the item a key in its tiles? */
static uint64_t rows_with_keys(const weft_plan *plan, const weft_layout *layout, const weft_item *item) {
    uint64_t rows = 0;
    for (uint32_t n = 0; n < item->tile_count; n++) {
        const weft_tile *tile = &layout->tiles[item->first_tile + n];
        if (!tile->masked) return ~UINT64_C(0);
        for (int k = tile->first; k < tile->last; k++) rows |= plan->masks[tile->many].key[k];
    }
    return rows;
}

void weft_mark_item(const weft_plan *plan, weft_mark *marks, const weft_work *work) {
    const weft_layout *layout = work->layout;
    const weft_item *item = &layout->items[work->item];
    if (!marks || (layout->list && layout->at_run)) return;
    uint64_t rows = layout->list ? 0 : rows_with_keys(plan, layout, item);
    for (int64_t q = 0; q < item->rows; q++) {
        const int64_t *begin = layout->list ? layout->list_begin + item->row + q : NULL;
        if (begin ? begin[1] > begin[0] : rows >> q & 1) weft_mark_row(plan, marks, work, item->row + q);
    }
}
