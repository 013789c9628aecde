/* Checks the tensors of a run against its plan, before anything of them is read. Every refusal is one E0408 that names
 * the tensor, what was expected and what was given. */
#include "exec/exec.h"

static const struct weft_element_type {
    const char *name;
    uint8_t code, bits;
} element_types[] = {
    [WEFT_F32] = {"float32", kDLFloat, 32},
    [WEFT_BF16] = {"bfloat16", kDLBfloat, 16},
    [WEFT_F16] = {"float16", kDLFloat, 16},
};

/* What one tensor has to be. */
typedef struct weft_expectation {
    const char *name;
    int64_t size[WEFT_VIEW_DIMS];
    int dims; /* 4, or 3 for lse */
    weft_dtype dtype;
    bool written;
} weft_expectation;

static void name_type(DLDataType type, weft_text *out) {
    static const char *const codes[] = {"int", "uint", "float", "handle", "bfloat", "complex"};
    if (type.code < sizeof codes / sizeof *codes) {
        weft_text_format(out, "%s%d", codes[type.code], type.bits);
    } else {
        weft_text_format(out, "type %d of %d bits", type.code, type.bits);
    }
    if (type.lanes != 1) weft_text_format(out, " x %d lanes", type.lanes);
}

static void name_shape(const int64_t *size, int dims, weft_text *out) {
    weft_text_add(out, "[", 1);
    for (int dim = 0; dim < dims; dim++) weft_text_format(out, "%s%lld", dim ? ", " : "", (long long)size[dim]);
    weft_text_add(out, "]", 1);
}

static const char *shown(const weft_text *text) { return text->failed || !text->at ? "?" : text->at; }

static bool check_type(const weft_expectation *want, const DLTensor *given, weft_diagnostics *diagnostics) {
    DLDataType type = given->dtype;
    const struct weft_element_type *right = &element_types[want->dtype];
    if (type.code == right->code && type.bits == right->bits && type.lanes == 1) return true;
    weft_text text;
    weft_text_init(&text, diagnostics->arena.allocator);
    name_type(type, &text);
    weft_diagnose(diagnostics, WEFT_E0408, WEFT_NO_SPAN, "%s has elements of %s; %s is expected", want->name,
                  shown(&text), right->name);
    weft_text_release(&text);
    return false;
}

/* With one batch element the first dimension may be missing. */
static bool check_shape(const weft_expectation *want, const DLTensor *given, weft_diagnostics *diagnostics) {
    enum { MOST_SHOWN = 8 };
    int missing = want->dims - given->ndim;
    bool right = given->shape && (missing == 0 || (missing == 1 && want->size[0] == 1));
    for (int dim = 0; right && dim < given->ndim; dim++) right = given->shape[dim] == want->size[dim + missing];
    if (right) return true;
    weft_text expected, found;
    weft_text_init(&expected, diagnostics->arena.allocator);
    weft_text_init(&found, diagnostics->arena.allocator);
    name_shape(want->size, want->dims, &expected);
    if (given->shape && given->ndim >= 0 && given->ndim <= MOST_SHOWN) {
        name_shape(given->shape, given->ndim, &found);
    } else {
        weft_text_format(&found, "%d dimensions", given->ndim);
    }
    weft_diagnose(diagnostics, WEFT_E0408, WEFT_NO_SPAN, "%s has the shape %s; %s is expected", want->name,
                  shown(&found), shown(&expected));
    weft_text_release(&expected);
    weft_text_release(&found);
    return false;
}

/* Product of two sizes, or a stride so large that no tensor of it fits the address space. */
static int64_t span_of(int64_t inner, int64_t size) {
    enum { LIMIT = 60 };
    const int64_t most = INT64_C(1) << LIMIT;
    return inner > most / size ? most : inner * size;
}

/* Fills the view; strides of dimensions with one element are not looked at, since hosts may leave anything there. */
static void look(const weft_expectation *want, const DLTensor *given, weft_view *view) {
    int missing = want->dims - given->ndim;
    int64_t compact = 1;
    *view = (weft_view){
        .element = weft_dtype_size(want->dtype), .dtype = want->dtype, .size = {1, 1, 1, 1}, .stride = {1, 1, 1, 1}};
    for (int dim = want->dims - 1; dim >= 0; dim--) {
        int64_t stride = given->strides && dim >= missing ? given->strides[dim - missing] : compact;
        view->size[dim] = want->size[dim];
        view->stride[dim] = want->size[dim] > 1 ? stride : 1;
        compact = span_of(compact, want->size[dim]);
    }
}

static bool check_memory(const weft_expectation *want, const DLTensor *given, weft_view *view,
                         weft_diagnostics *diagnostics) {
    uintptr_t address = (uintptr_t)given->data;
    if (!given->data) {
        weft_diagnose(diagnostics, WEFT_E0408, WEFT_NO_SPAN, "%s has no data", want->name);
        return false;
    }
    weft_extent extent;
    bool wraps = given->byte_offset > UINTPTR_MAX - address;
    view->data = (unsigned char *)given->data + (wraps ? 0 : given->byte_offset);
    if (wraps || !weft_view_extent(view, &extent)) {
        weft_diagnose(diagnostics, WEFT_E0408, WEFT_NO_SPAN, "%s reaches beyond the address space", want->name);
        return false;
    }
    if ((uintptr_t)view->data % view->element != 0) {
        weft_diagnose(diagnostics, WEFT_E0408, WEFT_NO_SPAN, "%s is not aligned to its elements of %zu bytes",
                      want->name, view->element);
        return false;
    }
    if (want->written && !weft_view_distinct(view)) {
        weft_diagnose(diagnostics, WEFT_E0408, WEFT_NO_SPAN, "the strides of %s let elements share memory", want->name);
        return false;
    }
    return true;
}

static bool check_tensor(const weft_expectation *want, const DLTensor *given, weft_view *view,
                         weft_diagnostics *diagnostics) {
    if (!given) {
        weft_diagnose(diagnostics, WEFT_E0408, WEFT_NO_SPAN, "%s is missing", want->name);
        return false;
    }
    if (given->device.device_type != kDLCPU) {
        weft_diagnose(diagnostics, WEFT_E0408, WEFT_NO_SPAN, "%s is not in the memory of the CPU (device type %d)",
                      want->name, (int)given->device.device_type);
        return false;
    }
    if (!check_type(want, given, diagnostics) || !check_shape(want, given, diagnostics)) return false;
    look(want, given, view);
    return check_memory(want, given, view, diagnostics);
}

static bool check_apart(const char *name, const weft_view *written, const char *other_name, const weft_view *other,
                        weft_diagnostics *diagnostics) {
    if (!other->data || weft_views_apart(written, other)) return true;
    weft_diagnose(diagnostics, WEFT_E0408, WEFT_NO_SPAN, "%s overlaps %s", name, other_name);
    return false;
}

static bool check_outputs(const weft_plan *plan, const weft_tensors *tensors, weft_dtype dtype, weft_views *views,
                          weft_diagnostics *d) {
    const weft_shape *s = &plan->shape;
    const weft_expectation o = {"o", {s->batch, s->heads, s->queries, s->value_dim}, 4, dtype, true};
    const weft_expectation lse = {"lse", {s->batch, s->heads, s->queries, 1}, 3, WEFT_F32, true};
    if (!check_tensor(&o, tensors->o, &views->o, d)) return false;
    if (tensors->lse && !check_tensor(&lse, tensors->lse, &views->lse, d)) return false;
    const weft_views *in = views;
    if (!check_apart("o", &views->o, "q", &in->q, d) || !check_apart("o", &views->o, "k", &in->k, d) ||
        !check_apart("o", &views->o, "v", &in->v, d) || !check_apart("o", &views->o, "lse", &in->lse, d)) {
        return false;
    }
    return !tensors->lse ||
           (check_apart("lse", &views->lse, "q", &in->q, d) && check_apart("lse", &views->lse, "k", &in->k, d) &&
            check_apart("lse", &views->lse, "v", &in->v, d));
}

/* An older host's tensors may end before fields that we know, but not before the ones that every run needs. */
bool weft_known_tensors(const weft_tensors *given, weft_tensors *known, weft_diagnostics *diagnostics) {
    size_t least = offsetof(weft_tensors, o) + sizeof known->o;
    *known = (weft_tensors){0};
    weft_copy_known(known, sizeof *known, given);
    if (given && given->size >= least) return true;
    weft_diagnose(diagnostics, WEFT_E0408, WEFT_NO_SPAN, "%s",
                  given ? "weft_tensors.size is not set to sizeof(weft_tensors)" : "the tensors are missing");
    return false;
}

weft_dtype weft_dtype_of(const weft_tensors *tensors) {
    const DLTensor *q = tensors->q;
    if (!q || q->dtype.bits != 16) return WEFT_F32;
    return q->dtype.code == kDLBfloat ? WEFT_BF16 : WEFT_F16;
}

static bool has_dims(int64_t dims, weft_diagnostics *d) {
    if (dims > 0) return true;
    weft_diagnose(d, WEFT_E0406, WEFT_NO_SPAN, "the plan was made without head dimensions; it cannot be run");
    return false;
}

bool weft_check_operands(const weft_plan *plan, const weft_tensors *tensors, weft_dtype dtype, weft_views *views,
                         weft_diagnostics *d) {
    *views = (weft_views){0};
    const weft_shape *s = &plan->shape;
    const weft_expectation q = {"q", {s->batch, s->heads, s->queries, s->head_dim}, 4, dtype, false};
    const weft_expectation k = {"k", {s->batch, s->kv_heads, s->keys, s->head_dim}, 4, dtype, false};
    bool needs_k = !plan->shared_qk; /* else q is all there is */
    return has_dims(s->head_dim, d) && check_tensor(&q, tensors->q, &views->q, d) &&
           (!needs_k || check_tensor(&k, tensors->k, &views->k, d));
}

bool weft_check_tensors(const weft_plan *plan, const weft_tensors *tensors, weft_dtype dtype, bool outputs,
                        weft_views *views, weft_diagnostics *d) {
    const weft_shape *s = &plan->shape;
    const weft_expectation v = {"v", {s->batch, s->kv_heads, s->keys, s->value_dim}, 4, dtype, false};
    *views = (weft_views){0};
    return has_dims(s->value_dim, d) && weft_check_operands(plan, tensors, dtype, views, d) &&
           check_tensor(&v, tensors->v, &views->v, d) && (!outputs || check_outputs(plan, tensors, dtype, views, d));
}
