/* Q, K and V from files, and room for O and lse. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "element.h"

static void set_view(tensor *t) {
    t->view = (DLTensor){
        .data = t->data, .device = {kDLCPU, 0}, .ndim = 4, .dtype = element_type(t->dtype), .shape = t->shape};
}

bool tensor_read(tensor *out, const char *option, const char *path, weft_dtype dtype) {
    npy_array array;
    *out = (tensor){.dtype = dtype};
    if (!read_npy(path, &array)) return false;
    const npy_header *header = &array.header;
    if (!npy_is_float(&array)) {
        complain("%s: --%s takes floats of 16, 32 or 64 bits", path, option);
    } else if (header->dims != 3 && header->dims != 4) {
        complain("%s: --%s takes [heads, length, dim] or [batch, heads, length, dim], not %d dimensions", path, option,
                 header->dims);
    } else if (!header->count) {
        complain("%s: --%s is empty", path, option);
    } else {
        out->dims = header->dims;
        out->shape[0] = 1;
        memcpy(out->shape + 4 - header->dims, header->shape, (size_t)header->dims * sizeof *out->shape);
        out->data = npy_convert(&array, dtype);
        if (!out->data) complain("%s: out of memory", path);
        set_view(out);
    }
    npy_free(&array);
    return out->data != NULL;
}

bool tensor_make(tensor *out, int dims, const int64_t *shape, weft_dtype dtype) {
    *out = (tensor){.dims = dims, .dtype = dtype};
    memcpy(out->shape, shape, sizeof out->shape);
    size_t count = 1, most = SIZE_MAX / element_size(dtype);
    for (int n = 0; n < 4; n++) {
        if ((uint64_t)shape[n] > most / count) {
            complain("out of memory");
            return false;
        }
        count *= (size_t)shape[n];
    }
    out->data = malloc(count * element_size(dtype));
    if (!out->data) complain("out of memory");
    set_view(out);
    return out->data != NULL;
}

size_t tensor_count(const tensor *t) {
    return (size_t)t->shape[0] * (size_t)t->shape[1] * (size_t)t->shape[2] * (size_t)t->shape[3];
}

double tensor_at(const tensor *t, size_t n) { return element_at(t->data, n, t->dtype); }

void tensor_free(tensor *t) {
    free(t->data);
    t->data = NULL;
}

static bool agree(const char *what, const char *a_name, int64_t a, const char *b_name, int64_t b) {
    if (a == b) return true;
    complain("%s has %" PRId64 " %s, but %s has %" PRId64, a_name, a, what, b_name, b);
    return false;
}

bool tensors_shape(const tensor *q, const tensor *k, const tensor *v, weft_shape *out) {
    enum { BATCH, HEADS, LENGTH, DIM };
    *out = (weft_shape){.size = sizeof *out,
                        .batch = q->shape[BATCH],
                        .heads = q->shape[HEADS],
                        .kv_heads = k->shape[HEADS],
                        .queries = q->shape[LENGTH],
                        .keys = k->shape[LENGTH],
                        .head_dim = q->shape[DIM],
                        .value_dim = v ? v->shape[DIM] : q->shape[DIM]};
    if (!agree("dimensions", "q", q->dims, "k", k->dims) ||
        !agree("batch elements", "q", q->shape[BATCH], "k", k->shape[BATCH]) ||
        !agree("head dimensions", "q", q->shape[DIM], "k", k->shape[DIM]))
        return false;
    if (q->shape[HEADS] % k->shape[HEADS] != 0) {
        complain("q has %" PRId64 " heads, which the %" PRId64 " of k do not divide", q->shape[HEADS], k->shape[HEADS]);
        return false;
    }
    return !v || (agree("dimensions", "k", k->dims, "v", v->dims) &&
                  agree("batch elements", "k", k->shape[BATCH], "v", v->shape[BATCH]) &&
                  agree("heads", "k", k->shape[HEADS], "v", v->shape[HEADS]) &&
                  agree("keys", "k", k->shape[LENGTH], "v", v->shape[LENGTH]));
}
