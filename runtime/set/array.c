/* Bound arrays: elements of any integer width, bools and floats, through strides of any sign. */
#include "set/set.h"

#include <string.h>

int64_t weft_array_length(const weft_array *array) { return array->tensor->shape[array->tensor->ndim - 1]; }

/* Two dimensions: one row a batch element. */
static const char *element_address(const weft_array *array, int64_t index) {
    const DLTensor *t = array->tensor;
    int64_t last = t->strides ? t->strides[t->ndim - 1] : 1;
    int64_t offset = index * last;
    if (t->ndim == 2) offset += array->batch * (t->strides ? t->strides[0] : t->shape[1]);
    return (const char *)t->data + t->byte_offset + offset * (t->dtype.bits / 8);
}

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
    if (index < 0 || index >= weft_array_length(array)) return false;
    const char *at = element_address(array, index);
    DLDataType type = array->tensor->dtype;
    if (type.code == kDLFloat) {
        out->real = read_float(at, type.bits);
    } else if (type.code == kDLInt) {
        out->integer = read_signed(at, type.bits);
    } else {
        uint64_t value = read_unsigned(at, type.bits);
        if (value > INT64_MAX) return false;
        out->integer = (int64_t)value;
    }
    return true;
}
