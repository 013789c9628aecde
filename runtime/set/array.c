/* Bound arrays: elements of any integer width, bools and floats, through strides of any sign. */
#include "set/set.h"

#include <string.h>

/* ---- parts ------------------------------------------------------------------------------------------------------ */

/* Elements from one index of dimension k to the next. */
static int64_t stride_of(const DLTensor *t, int k) {
    int64_t stride = 1;
    if (t->strides) return t->strides[k];
    for (int n = k + 1; n < t->ndim; n++) stride *= t->shape[n];
    return stride;
}

/* Elements to the part that belongs to `index` in dimension k, if there is such a dimension and it tells them apart. */
static int64_t offset_of(const DLTensor *t, int k, int64_t index) {
    return k >= 0 && t->shape[k] > 1 ? index * stride_of(t, k) : 0;
}

weft_array weft_array_of(const DLTensor *tensor, weft_type type, int64_t batch, int64_t head) {
    int64_t width = tensor->dtype.bits / 8, offset = 0;
    int last = tensor->ndim - 1;
    bool matrix = type == WEFT_TYPE_MASK || type == WEFT_TYPE_KEYS;
    weft_array array = {.rows = matrix ? tensor->shape[last - 1] : 1,
                        .columns = tensor->shape[last],
                        .row_stride = matrix ? stride_of(tensor, last - 1) * width : 0,
                        .column_stride = stride_of(tensor, last) * width,
                        .element = tensor->dtype,
                        .type = type};
    if (matrix) offset = offset_of(tensor, last - 2, head) + offset_of(tensor, last - 3, batch);
    if (type == WEFT_TYPE_LABELS) offset = offset_of(tensor, last - 1, batch);
    array.at = tensor->data;
    if (array.at) array.at += tensor->byte_offset + offset * width;
    return array;
}

int64_t weft_array_length(const weft_array *array) { return array->columns; }

/* ---- elements --------------------------------------------------------------------------------------------------- */

static int64_t read_signed(const char *at, unsigned bits) {
    int8_t narrow;
    int16_t shorter;
    int32_t middle;
    int64_t wide;
    switch (bits) {
    case 8: return memcpy(&narrow, at, sizeof narrow), narrow;
    case 16: return memcpy(&shorter, at, sizeof shorter), shorter;
    case 32: return memcpy(&middle, at, sizeof middle), middle;
    default: return memcpy(&wide, at, sizeof wide), wide;
    }
}

static uint64_t read_unsigned(const char *at, unsigned bits) {
    uint8_t narrow;
    uint16_t shorter;
    uint32_t middle;
    uint64_t wide;
    switch (bits) {
    case 8: return memcpy(&narrow, at, sizeof narrow), narrow;
    case 16: return memcpy(&shorter, at, sizeof shorter), shorter;
    case 32: return memcpy(&middle, at, sizeof middle), middle;
    default: return memcpy(&wide, at, sizeof wide), wide;
    }
}

static double read_float(const char *at, unsigned bits) {
    float narrow;
    double wide;
    if (bits == 32) return memcpy(&narrow, at, sizeof narrow), (double)narrow;
    return memcpy(&wide, at, sizeof wide), wide;
}

bool weft_read_array(const weft_array *array, int64_t index, weft_value *out) {
    if (index < 0 || index >= array->columns) return false;
    const char *at = weft_array_at(array, 0, index);
    if (array->element.code == kDLFloat) {
        out->real = read_float(at, array->element.bits);
    } else if (array->element.code == kDLInt) {
        out->integer = read_signed(at, array->element.bits);
    } else {
        uint64_t value = read_unsigned(at, array->element.bits);
        if (value > INT64_MAX) return false;
        out->integer = (int64_t)value;
    }
    return true;
}

int64_t weft_array_bits(const weft_array *array, int64_t row, int64_t column) {
    const char *at = weft_array_at(array, row, column);
    return array->element.code == kDLInt ? read_signed(at, array->element.bits)
                                         : (int64_t)read_unsigned(at, array->element.bits);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

uint32_t weft_array_keys(const weft_array *array, int64_t row, int64_t keys, weft_interval *room) {
    uint32_t count = 0;
    for (int64_t column = 0; column < array->columns; column++) {
        int64_t key = weft_array_bits(array, row, column);
        if (key >= 0 && key < keys) room[count++] = (weft_interval){key, key + 1};
    }
    return weft_intervals_normalize(room, count);
}

/* ---- equality --------------------------------------------------------------------------------------------------- */

bool weft_array_same(const weft_array *a, const weft_array *b) {
    size_t width = a->element.bits / 8;
    bool alike = a->type == b->type && a->parameter == b->parameter && a->rows == b->rows && a->columns == b->columns &&
                 a->element.code == b->element.code && a->element.bits == b->element.bits;
    if (!alike) return false;
    if (a->at == b->at && a->row_stride == b->row_stride && a->column_stride == b->column_stride) return true;
    bool packed = a->column_stride == (int64_t)width && b->column_stride == a->column_stride;
    for (int64_t row = 0; row < a->rows && a->columns > 0; row++) {
        const char *x = weft_array_at(a, row, 0), *y = weft_array_at(b, row, 0);
        if (packed && memcmp(x, y, (size_t)a->columns * width)) return false;
        for (int64_t column = 0; column < a->columns && !packed; column++)
            if (memcmp(weft_array_at(a, row, column), weft_array_at(b, row, column), width)) return false;
    }
    return true;
}

/* A number below count, that share of the way. */
static int64_t share_of(int64_t count, double share) {
    int64_t number = (int64_t)(share * (double)count);
    return number < count ? number : count - 1;
}

uint64_t weft_array_hash(const weft_array *array) {
    enum { SAMPLES = 64 };
    uint64_t hash = weft_hash(weft_hash(array->type, (uint64_t)array->rows), (uint64_t)array->columns);
    hash = weft_hash(hash, array->parameter);
    hash = weft_hash(hash, (uint64_t)array->element.code << 8 | array->element.bits);
    if (array->rows == 0 || array->columns == 0) return hash;
    for (int64_t n = 0; n < SAMPLES; n++) { /* scattered by the golden section */
        int64_t row = share_of(array->rows, (double)(n * 40503 % 65536) / 65536);
        int64_t column = share_of(array->columns, (double)n / SAMPLES);
        uint64_t word = 0;
        memcpy(&word, weft_array_at(array, row, column), array->element.bits / 8);
        hash = weft_hash(hash, word);
    }
    return hash;
}
