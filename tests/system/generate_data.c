/* Tensors of any layout, and values for the parameters of a generated pattern. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <weft/half.h>

#include "generate.h"

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

/* Dimensions in any order in memory, some with room behind them. Returns the elements that it takes. */
static size_t lay_out(tensor *t, test_random *random) {
    int order[4] = {0, 1, 2, 3};
    int64_t stride = random && test_range(random, 0, 3) == 0 ? 2 : 1;
    for (int k = t->view.ndim; random && k > 1; k--) {
        int other = (int)test_range(random, 0, k - 1), last = order[k - 1];
        order[k - 1] = order[other];
        order[other] = last;
    }
    for (int n = t->view.ndim; n-- > 0;) {
        int k = order[n];
        t->strides[k] = stride;
        stride *= t->shape[k] + (random ? test_range(random, 0, 2) : 0);
    }
    return (size_t)stride;
}

static size_t width_of(const tensor *t) { return t->view.dtype.bits / 8; }

void tensor_make(tensor *t, test_random *random, DLDataType type, int ndim, const int64_t *shape) {
    if (random && test_range(random, 0, 2) == 0) random = NULL;
    *t = (tensor){.view = {.device = {kDLCPU, 0}, .ndim = ndim, .dtype = type}, .count = 1};
    for (int k = 0; k < ndim; k++) t->count *= (size_t)(t->shape[k] = shape[k]);
    size_t offset = random ? (size_t)test_range(random, 0, 5) * width_of(t) : 0;
    t->bytes = offset + lay_out(t, random) * width_of(t);
    t->memory = malloc(t->bytes + 1);
    tensor_poison(t);
    t->view.data = t->memory;
    t->view.byte_offset = offset;
    t->view.shape = t->shape;
    t->view.strides = random ? t->strides : NULL;
}

void tensor_free(tensor *t) { free(t->memory); }

void tensor_poison(tensor *t) { memset(t->memory, 0xff, t->bytes); }

static char *element(const tensor *t, size_t n) {
    int64_t offset = 0;
    for (int k = t->view.ndim; k-- > 0; n /= (size_t)t->shape[k])
        offset += (int64_t)(n % (size_t)t->shape[k]) * t->strides[k];
    return t->memory + t->view.byte_offset + offset * (int64_t)width_of(t);
}

double tensor_get(const tensor *t, size_t n) {
    float value; /* outputs are of 16 or 32 bits */
    uint16_t half;
    memcpy(&half, element(t, n), sizeof half);
    if (width_of(t) == sizeof value) memcpy(&value, element(t, n), sizeof value);
    return width_of(t) == sizeof value       ? (double)value
           : t->view.dtype.code == kDLBfloat ? (double)weft_bf16_to_float(half)
                                             : (double)weft_f16_to_float(half);
}

void tensor_set(tensor *t, size_t n, double value) {
    char *at = element(t, n);
    bool is_bfloat = t->view.dtype.code == kDLBfloat, is_float = t->view.dtype.code == kDLFloat || is_bfloat;
    int64_t whole = is_float ? 0 : (int64_t)value; /* little-endian, as all targets are */
    float narrow = (float)value;
    uint16_t half = is_bfloat ? weft_float_to_bf16(narrow) : weft_float_to_f16(narrow);
    if (!is_float)
        memcpy(at, &whole, width_of(t));
    else if (width_of(t) == sizeof half)
        memcpy(at, &half, sizeof half);
    else if (width_of(t) == sizeof narrow)
        memcpy(at, &narrow, sizeof narrow);
    else
        memcpy(at, &value, sizeof value);
}

bool tensor_gaps_are_poison(const tensor *t) {
    bool clean = true;
    char *taken = calloc(t->bytes + 1, 1);
    for (size_t n = 0; n < t->count; n++) memset(taken + (element(t, n) - t->memory), 1, width_of(t));
    for (size_t k = 0; k < t->bytes; k++) clean = clean && (taken[k] || (unsigned char)t->memory[k] == 0xff);
    free(taken);
    return clean;
}

/* ---- arrays ----------------------------------------------------------------------------------------------------- */

static const DLDataType floats[] = {{kDLFloat, 32, 1}, {kDLFloat, 64, 1}};
static const DLDataType ints[] = {{kDLInt, 8, 1},  {kDLInt, 16, 1}, {kDLInt, 32, 1},
                                  {kDLInt, 64, 1}, {kDLUInt, 8, 1}, {kDLUInt, 32, 1}};
static const DLDataType wide[] = {{kDLInt, 32, 1}, {kDLInt, 64, 1}};
enum { DL_BOOL = 6 }; /* kDLBool, in newer headers */
static const DLDataType bits[] = {{kDLUInt, 8, 1}, {DL_BOOL, 8, 1}};

static void make_tokens(tensor *t, test_random *random, int64_t keys) {
    int64_t positions[5] = {0, test_range(random, 0, keys), -1, keys / 2, test_range(random, -5, keys + 5)};
    tensor_make(t, random, PICK(random, wide), 1, (int64_t[]){5});
    for (size_t n = 0; n < 5; n++) tensor_set(t, n, (double)positions[n]);
}

/* Documents in order, or labels in none; of every batch element, or of all. */
static void make_labels(tensor *t, test_random *random, int64_t batch, int64_t keys) {
    bool sorted = test_range(random, 0, 1), all = test_range(random, 0, 1);
    int64_t length = test_range(random, 1 + keys / 100, 1 + keys / 3); /* at most 100 labels: they fit 8 bits */
    int64_t shape[2] = {batch, keys};
    tensor_make(t, random, PICK(random, ints), all ? 1 : 2, shape + all);
    for (size_t n = 0; n < t->count; n++) {
        int64_t in_order = (int64_t)n % keys / length;
        tensor_set(t, n, (double)(sorted ? in_order : test_range(random, 0, 1 + keys / length)));
    }
}

/* Of two, three or four dimensions; some halves of it are all of one kind. */
static void make_mask(tensor *t, test_random *random, const weft_shape *s, int64_t rows, int64_t columns) {
    int64_t shape[4] = {s->batch, s->heads, rows, columns};
    int ndim = (int)test_range(random, 2, 4);
    tensor_make(t, random, PICK(random, bits), ndim, shape + 4 - ndim);
    int64_t density = test_range(random, 0, 100), same = test_range(random, 0, 1);
    bool is_bool = t->view.dtype.code == DL_BOOL;
    size_t alike = t->count / (size_t)test_range(random, 1, 4);
    for (size_t n = 0; n < t->count; n++) {
        double some = test_range(random, 1, 100) <= density ? (double)test_range(random, 1, is_bool ? 1 : 9) : 0;
        tensor_set(t, n, n < alike ? (double)same : some);
    }
}

static void make_keys(tensor *t, test_random *random, const weft_shape *s) {
    int64_t shape[4] = {s->batch, s->heads, s->queries, test_range(random, 0, 9)};
    int ndim = (int)test_range(random, 2, 4);
    tensor_make(t, random, PICK(random, wide), ndim, shape + 4 - ndim);
    for (size_t n = 0; n < t->count; n++)
        tensor_set(
            t, n,
            (double)(test_range(random, 0, 9) ? test_range(random, 0, s->keys - 1) : test_range(random, -9, 2000)));
}

static void make_reals(tensor *t, test_random *random, int64_t count) {
    tensor_make(t, random, PICK(random, floats), 1, &count);
    for (size_t n = 0; n < t->count; n++) tensor_set(t, n, (double)test_normal(random));
}

static void make_sinks(tensor *t, test_random *random, int64_t heads) {
    static const double special[] = {-INFINITY, 60, -60, 0};
    make_reals(t, random, heads);
    for (size_t n = 0; n < t->count; n++)
        tensor_set(t, n, test_range(random, 0, 3) ? 3 * (double)test_normal(random) : PICK(random, special));
}

static int64_t blocks_below(int64_t position) { /* rounded down */
    return position >= 0 ? position / GENERATED_BLOCK : -((-position + GENERATED_BLOCK - 1) / GENERATED_BLOCK);
}

static void make_array(tensor *t, int which, test_random *random, const weft_shape *s) {
    int64_t blocks = blocks_below(s->keys - 1) + 1, first = blocks_below(s->keys - s->queries);
    switch (which) {
    case GENERATED_k: make_tokens(t, random, s->keys); break;
    case GENERATED_x: make_labels(t, random, s->batch, s->keys); break;
    case GENERATED_y: make_labels(t, random, s->batch, blocks); break;
    case GENERATED_m: make_mask(t, random, s, s->queries, s->keys); break;
    case GENERATED_d: make_mask(t, random, s, blocks - first, blocks); break;
    case GENERATED_n: make_keys(t, random, s); break;
    case GENERATED_v: make_reals(t, random, 6); break;
    case GENERATED_t: make_reals(t, random, test_range(random, 4, 9)); break;
    case GENERATED_u: make_reals(t, random, test_range(random, 0, 5)); break;
    case GENERATED_s: make_reals(t, random, s->heads); break;
    default: make_sinks(t, random, s->heads); break;
    }
}

/* ---- bindings --------------------------------------------------------------------------------------------------- */

static void bind(generated_values *values, int to, weft_binding binding) {
    values->bindings[to][values->count[to]++] = binding;
}

/* Now and then as large as it gets, or no size. */
static void bind_numbers(test_random *random, int64_t scale, generated_values *out) {
    static const int64_t special[] = {0, 3000000, INT64_C(1) << 40, INT64_C(1) << 62, -1, -70};
    int64_t w = test_range(random, 0, 9) ? test_range(random, 0, scale) : PICK(random, special);
    if (test_range(random, 0, 1)) bind(out, 0, (weft_binding){"w", WEFT_BIND_INT, {.integer = w}});
    if (test_range(random, 0, 2) == 0)
        bind(out, 0, (weft_binding){"r", WEFT_BIND_FLOAT, {.real = (double)test_range(random, 0, 999) / 1000}});
    else if (test_range(random, 0, 3) == 0)
        bind(out, 0, (weft_binding){"r", WEFT_BIND_INT, {.integer = 0}});
    if (test_range(random, 0, 2) == 0)
        bind(out, 0, (weft_binding){"on", WEFT_BIND_BOOL, {.truth = test_range(random, 0, 1)}});
}

void generate_values(const generated *pattern, test_random *random, int64_t scale, const weft_shape *shape,
                     generated_values *out) {
    static const char *const names[] = {
#define ARRAY(name, type) #name,
        GENERATED_ARRAYS(ARRAY)
#undef ARRAY
    };
    memset(out, 0, sizeof *out);
    bind_numbers(random, scale, out);
    for (int k = 0; k < GENERATED_ARRAY_COUNT; k++) {
        bool late = k >= GENERATED_t;
        int to = late ? (int)test_range(random, 1, 3) : 1;
        for (int n = 0; n < 2; n++) {
            if (!pattern->takes[k] || !(to >> n & 1)) continue;
            make_array(&out->arrays[n][k], k, random, shape);
            bind(out, n, (weft_binding){names[k], WEFT_BIND_ARRAY, {.array = &out->arrays[n][k].view}});
        }
    }
}

void generated_values_free(generated_values *values) {
    for (int n = 0; n < 2 * GENERATED_ARRAY_COUNT; n++)
        tensor_free(&values->arrays[n / GENERATED_ARRAY_COUNT][n % GENERATED_ARRAY_COUNT]);
}
