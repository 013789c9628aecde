/* Binding: the host's values against the pattern's parameters. What depends on the pattern (an array's length where it
 * is read inside blocks) is left to the place that reads it. Arrays are borrowed. */
#include "set/arithmetic.h"
#include "set/set.h"

#include <string.h>

enum { DL_BOOL = 6 }; /* kDLBool of later DLPack versions */

typedef struct binder {
    const weft_program *program;
    const weft_shape *shape;
    weft_argument *arguments;
    weft_diagnostics *diagnostics;
    bool is_run; /* the last chance */
} binder;

static bool is_array(weft_type type) {
    return type != WEFT_TYPE_INT && type != WEFT_TYPE_FLOAT && type != WEFT_TYPE_BOOL;
}

/* Reports a value that does not suit its parameter, with a note where that is declared. */
static bool mismatch(binder *b, weft_code code, const weft_parameter_info *parameter, const char *what) {
    weft_diagnose(b->diagnostics, code, WEFT_NO_SPAN, "`%s`: %s", parameter->name, what);
    if (parameter->place.source) {
        weft_diagnose_note(b->diagnostics, parameter->place, "`%s` is declared here as %s", parameter->name,
                           weft_type_name(parameter->type));
    }
    return false;
}

/* ---- arrays ------------------------------------------------------------------------------------------------- */

static const char *element_type_problem(weft_type type, DLDataType dtype) {
    bool is_int = dtype.code == kDLInt || dtype.code == kDLUInt;
    bool has_width = dtype.bits == 8 || dtype.bits == 16 || dtype.bits == 32 || dtype.bits == 64;
    if (dtype.lanes != 1) return "vector elements (lanes other than 1) cannot be read";
    switch (type) {
    case WEFT_TYPE_MASK:
        if (dtype.bits == 8 && (dtype.code == DL_BOOL || dtype.code == kDLUInt)) return NULL;
        return "its elements must be bools or uint8";
    case WEFT_TYPE_PER_HEAD:
    case WEFT_TYPE_TABLE:
        if (dtype.code == kDLFloat && (dtype.bits == 32 || dtype.bits == 64)) return NULL;
        return "its elements must be float32 or float64";
    default: return is_int && has_width ? NULL : "its elements must be integers of 8, 16, 32 or 64 bits";
    }
}

/* Adds the bytes that one dimension spans to what the elements before and after the first one take. */
static bool add_extent(int64_t size, int64_t stride, int64_t *before, int64_t *after) {
    int64_t bytes;
    if (!weft_multiply_checked(size - 1, stride, &bytes)) return false;
    return bytes < 0 ? weft_add_checked(*before, bytes, before) : weft_add_checked(*after, bytes, after);
}

/* Does every element have an address that can be computed? Empty arrays need none. */
static const char *memory_problem(const DLTensor *t, bool *is_empty) {
    int64_t before = 0, after = 0, compact = t->dtype.bits / 8;
    *is_empty = false;
    for (int k = 0; k < t->ndim; k++) {
        if (t->shape[k] < 0) return "a length of its shape is negative";
        *is_empty = *is_empty || t->shape[k] == 0;
    }
    for (int k = t->ndim; !*is_empty && k-- > 0;) {
        int64_t stride = compact;
        bool fits = !t->strides || weft_multiply_checked(t->strides[k], t->dtype.bits / 8, &stride);
        fits = fits && add_extent(t->shape[k], stride, &before, &after);
        if (!fits || (!t->strides && !weft_multiply_checked(compact, t->shape[k], &compact))) {
            return "its strides and lengths overflow 64 bits";
        }
    }
    if (*is_empty) return NULL;
    if (t->byte_offset > INT64_MAX / 2 || after > INT64_MAX / 2) return "its strides and lengths overflow 64 bits";
    return t->data ? NULL : "its data pointer is NULL";
}

static int64_t at_least_one(int64_t value) { return value > 0 ? value : 1; }

/* Lengths that the parameter's type and the tensors fix; -1: any. Dimensions are counted from the last one. */
static void expected_lengths(const binder *b, weft_type type, int ndim, int64_t expected[4]) {
    for (int k = 0; k < 4; k++) expected[k] = -1;
    int64_t batch = at_least_one(b->shape->batch), heads = at_least_one(b->shape->heads);
    if (type == WEFT_TYPE_LABELS && ndim == 2) expected[1] = batch;
    if (type == WEFT_TYPE_PER_HEAD) expected[0] = heads;
    if (type == WEFT_TYPE_KEYS) expected[1] = b->shape->queries;
    if (type == WEFT_TYPE_KEYS || type == WEFT_TYPE_MASK) {
        expected[2] = heads;
        expected[3] = batch;
    }
}

static const char *dimension_problem(weft_type type, int ndim) {
    switch (type) {
    case WEFT_TYPE_LABELS: return ndim == 1 || ndim == 2 ? NULL : "it must have the shape [Lk] or [B, Lk]";
    case WEFT_TYPE_MASK:
        return ndim >= 2 && ndim <= 4 ? NULL : "it must have the shape [R, C], [H, R, C] or [B, H, R, C]";
    case WEFT_TYPE_KEYS:
        return ndim >= 2 && ndim <= 4 ? NULL : "it must have the shape [Lq, k], [H, Lq, k] or [B, H, Lq, k]";
    default: return ndim == 1 ? NULL : "it must have one dimension";
    }
}

static bool check_lengths(binder *b, const weft_parameter_info *parameter, const DLTensor *t) {
    int64_t expected[4];
    expected_lengths(b, parameter->type, t->ndim, expected);
    for (int k = 0; k < t->ndim; k++) {
        int64_t length = t->shape[t->ndim - 1 - k];
        if (expected[k] < 0 || length == expected[k]) continue;
        weft_diagnose(b->diagnostics, WEFT_E0404, WEFT_NO_SPAN, "`%s`: dimension %d has length %lld instead of %lld",
                      parameter->name, t->ndim - 1 - k, (long long)length, (long long)expected[k]);
        if (parameter->place.source) {
            weft_diagnose_note(b->diagnostics, parameter->place, "`%s` is declared here as %s", parameter->name,
                               weft_type_name(parameter->type));
        }
        return false;
    }
    return true;
}

static bool check_array(binder *b, const weft_parameter_info *parameter, const DLTensor *t) {
    bool is_empty = false;
    if (!t) return mismatch(b, WEFT_E0404, parameter, "the array is NULL");
    const char *problem = t->device.device_type != kDLCPU ? "the array is not in CPU memory" : NULL;
    if (!problem) problem = element_type_problem(parameter->type, t->dtype);
    if (!problem) problem = dimension_problem(parameter->type, t->ndim);
    if (!problem && !t->shape) problem = "its shape is NULL";
    if (!problem) problem = memory_problem(t, &is_empty);
    if (problem) return mismatch(b, WEFT_E0404, parameter, problem);
    return check_lengths(b, parameter, t);
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static bool bind_scalar(binder *b, const weft_parameter_info *parameter, const weft_binding *binding, weft_value *out) {
    switch (parameter->type) {
    case WEFT_TYPE_INT:
        out->integer = binding->value.integer;
        return binding->kind == WEFT_BIND_INT || mismatch(b, WEFT_E0403, parameter, "an int is wanted");
    case WEFT_TYPE_BOOL:
        out->integer = binding->value.truth;
        return binding->kind == WEFT_BIND_BOOL || mismatch(b, WEFT_E0403, parameter, "`true` or `false` is wanted");
    default:
        out->real = binding->kind == WEFT_BIND_INT ? (double)binding->value.integer : binding->value.real;
        return binding->kind == WEFT_BIND_INT || binding->kind == WEFT_BIND_FLOAT ||
               mismatch(b, WEFT_E0403, parameter, "a number is wanted");
    }
}

static bool bind_one(binder *b, const weft_parameter_info *parameter, const weft_binding *binding, weft_argument *out) {
    if (out->bound) return mismatch(b, WEFT_E0403, parameter, "it is bound twice");
    if (b->is_run && !out->late)
        return mismatch(b, WEFT_E0403, parameter, "it is bound when the plan is made, not when it is run");
    out->bound = true;
    if (!is_array(parameter->type)) {
        if (binding->kind == WEFT_BIND_ARRAY)
            return mismatch(b, WEFT_E0403, parameter, "an array cannot be given for it");
        return bind_scalar(b, parameter, binding, &out->value);
    }
    if (binding->kind != WEFT_BIND_ARRAY) return mismatch(b, WEFT_E0403, parameter, "an array is wanted");
    out->array = binding->value.array;
    return check_array(b, parameter, out->array);
}

static bool refuse_unknown(binder *b, const char *name) {
    const weft_allocator *allocator = b->diagnostics->arena.allocator;
    uint32_t count = b->program->parameter_count;
    weft_diagnose(b->diagnostics, WEFT_E0402, WEFT_NO_SPAN, "the pattern has no parameter `%s`", name);
    const char **names = weft_allocate(allocator, count * sizeof *names);
    if (!names) return false;
    for (uint32_t k = 0; k < count; k++) names[k] = b->program->parameters[k].name;
    weft_diagnose_suggest(b->diagnostics, weft_closest(name, names, count));
    weft_free(allocator, names, count * sizeof *names);
    return false;
}

/* A default that is a constant is filled in; one that reads lengths is folded where the parameter is read. */
static void fill_default(const weft_dag *dag, const weft_parameter_info *parameter, weft_argument *out) {
    const weft_node *node = weft_node_at(dag, parameter->initial);
    if (out->bound || is_array(parameter->type)) return;
    if (node->op != WEFT_OP_INT && node->op != WEFT_OP_FLOAT && node->op != WEFT_OP_BOOL) return;
    out->bound = true;
    out->value = node->value;
    if (parameter->type == WEFT_TYPE_FLOAT && node->op == WEFT_OP_INT) out->value.real = (double)node->value.integer;
}

static bool is_missing(const binder *b, uint32_t k) {
    const weft_parameter_info *parameter = &b->program->parameters[k];
    bool may_wait = b->arguments[k].late && !b->is_run;
    return !b->arguments[k].bound && !parameter->initial && !may_wait;
}

/* One report for all that are missing, at the first. */
static bool check_complete(binder *b) {
    uint32_t count = b->program->parameter_count, first = 0;
    while (first < count && !is_missing(b, first)) first++;
    if (first == count) return true;
    weft_text names;
    weft_text_init(&names, b->diagnostics->arena.allocator);
    for (uint32_t k = first; k < count; k++) {
        if (!is_missing(b, k)) continue;
        weft_text_format(&names, "%s`%s`", k == first ? "" : ", ", b->program->parameters[k].name);
    }
    if (names.failed) {
        b->diagnostics->out_of_memory = true;
    } else {
        weft_diagnose(b->diagnostics, WEFT_E0401, b->program->parameters[first].place,
                      "no value for %s, and no default", names.at);
    }
    weft_text_release(&names);
    return false;
}

static bool bind_all(binder *b, const weft_binding *bindings, size_t count) {
    const weft_program *program = b->program;
    bool sound = true;
    for (size_t n = 0; n < count; n++) {
        const char *name = bindings[n].name ? bindings[n].name : "";
        uint32_t k = weft_program_parameter(program, name, strlen(name));
        bool fits = k == UINT32_MAX ? refuse_unknown(b, name)
                                    : bind_one(b, &program->parameters[k], &bindings[n], &b->arguments[k]);
        sound = sound && fits;
    }
    return sound;
}

bool weft_bind(const weft_program *program, const weft_shape *shape, const weft_binding *bindings, size_t count,
               weft_argument *arguments, weft_diagnostics *diagnostics) {
    binder b = {program, shape, arguments, diagnostics, false};
    for (uint32_t k = 0; k < program->parameter_count; k++) arguments[k] = (weft_argument){0};
    if (!weft_mark_late(program, arguments)) {
        diagnostics->out_of_memory = true;
        return false;
    }
    bool sound = bind_all(&b, bindings, count);
    for (uint32_t k = 0; k < program->parameter_count; k++) {
        if (program->parameters[k].initial) fill_default(&program->dag, &program->parameters[k], &arguments[k]);
    }
    return check_complete(&b) && sound;
}

bool weft_bind_run(const weft_program *program, const weft_shape *shape, const weft_argument *planned,
                   const weft_binding *bindings, size_t count, weft_argument *arguments,
                   weft_diagnostics *diagnostics) {
    binder b = {program, shape, arguments, diagnostics, true};
    for (uint32_t k = 0; k < program->parameter_count; k++) arguments[k] = (weft_argument){.late = planned[k].late};
    bool sound = bind_all(&b, bindings, count);
    for (uint32_t k = 0; k < program->parameter_count; k++)
        if (!arguments[k].bound) arguments[k] = planned[k];
    return check_complete(&b) && sound;
}
