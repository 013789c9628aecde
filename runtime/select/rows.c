/* Rows of q and k, sixteen side by side, as floats. */
#include <string.h>

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

/* Elements that are not rounded to another type, one loop a type, so that compilers see what is done to each. */
static bool load_as_they_are(const weft_operand_view *view, int64_t start, int64_t dims, float *out) {
    const int64_t step = view->stride[3];
    const uint16_t *half = (const uint16_t *)(const void *)view->at + start;
    const float *whole = (const float *)(const void *)view->at + start;
    if (view->dtype != view->as || step != 1) return false;
    switch (view->dtype) {
    case WEFT_F32: memcpy(out, whole, (size_t)dims * sizeof *out); return true;
    case WEFT_BF16:
        for (int64_t d = 0; d < dims; d++) out[d] = weft_bf16_to_float(half[d]);
        return true;
    case WEFT_F16:
        for (int64_t d = 0; d < dims; d++) out[d] = weft_f16_to_float(half[d]);
        return true;
    }
    return false;
}

void weft_load_row(const weft_rows_at *rows, int64_t row, float *out) {
    const weft_operand_view *view = rows->view;
    const int64_t *stride = view->stride;
    int64_t start = rows->batch * stride[0] + rows->head * stride[1] + row * stride[2];
    if (load_as_they_are(view, start, rows->dims, out)) return;
    for (int64_t d = 0; d < rows->dims; d++)
        out[d] = weft_element_rounded(view->at, start + d * stride[3], view->dtype, view->as);
}

/* Dims side by side become rows side by side. */
void weft_load_lanes(const weft_rows_at *rows, int64_t first, int64_t count, float *lanes) {
    enum { MOST_DIMS = 256 };
    float row[WEFT_LANES][MOST_DIMS];
    for (int64_t n = 0; n < WEFT_LANES; n++) {
        if (n < count)
            weft_load_row(rows, first + n, row[n]);
        else
            memset(row[n], 0, (size_t)rows->dims * sizeof **row);
    }
    weft_turn_lanes(row[0], MOST_DIMS, rows->dims, lanes);
}
