/* Rows of q and k, sixteen side by side, as floats. */
#include "select/select.h"

static weft_rows_at rows_at(const weft_choosing *choosing, const weft_operand_view *view, int64_t batch, int64_t head) {
    return (weft_rows_at){view, batch, head, choosing->selection->shape.head_dim};
}

weft_rows_at weft_queries_at(const weft_choosing *choosing, const weft_use *use) {
    int64_t heads = choosing->selection->shape.heads;
    return rows_at(choosing, &choosing->q, use->head / heads, use->head % heads);
}

weft_rows_at weft_keys_at(const weft_choosing *choosing, const weft_use *use) {
    const weft_shape *shape = &choosing->selection->shape;
    int64_t head = use->head % shape->heads / (shape->heads / shape->kv_heads);
    return rows_at(choosing, &choosing->k, use->head / shape->heads, head);
}

void weft_load_row(const weft_rows_at *rows, int64_t row, float *out) {
    const int64_t *stride = rows->view->stride;
    int64_t start = rows->batch * stride[0] + rows->head * stride[1] + row * stride[2];
    for (int64_t d = 0; d < rows->dims; d++)
        out[d] = weft_element_rounded(rows->view->at, start + d * stride[3], rows->view->dtype, rows->view->as);
}

/* Of the rows as they lie, where nothing is converted. */
static void load_floats(const float *at, int64_t row, int64_t dim, int64_t count, int64_t dims, float *lanes) {
    for (int64_t n = 0; n < WEFT_LANES; n++)
        for (int64_t d = 0; d < dims; d++) lanes[d * WEFT_LANES + n] = n < count ? at[n * row + d * dim] : 0;
}

void weft_load_lanes(const weft_rows_at *rows, int64_t first, int64_t count, float *lanes) {
    const weft_operand_view *view = rows->view;
    const int64_t *stride = view->stride;
    int64_t start = rows->batch * stride[0] + rows->head * stride[1] + first * stride[2];
    if (view->dtype == WEFT_F32 && view->as == WEFT_F32) {
        load_floats((const float *)view->at + start, stride[2], stride[3], count, rows->dims, lanes);
        return;
    }
    for (int64_t n = 0; n < WEFT_LANES; n++)
        for (int64_t d = 0; d < rows->dims; d++) {
            int64_t at = start + n * stride[2] + d * stride[3];
            lanes[d * WEFT_LANES + n] = n < count ? weft_element_rounded(view->at, at, view->dtype, view->as) : 0;
        }
}
