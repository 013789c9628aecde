/* The shape of a plan: what the host gave, with defaults, within bounds. Nothing is allocated before this has passed.
 */
#include "plan/build.h"

static bool refuse(weft_diagnostics *diagnostics, const char *what, int64_t value, int64_t low, int64_t high) {
    weft_diagnose(diagnostics, WEFT_E0406, WEFT_NO_SPAN, "%s must be %lld to %lld, not %lld", what, (long long)low,
                  (long long)high, (long long)value);
    return false;
}

static bool within(weft_diagnostics *diagnostics, const char *what, int64_t value, int64_t low, int64_t high) {
    return (value >= low && value <= high) || refuse(diagnostics, what, value, low, high);
}

/* An older host's shape may end before fields that we know. */
static bool copy_shape(weft_shape *known, const weft_shape *given, weft_diagnostics *diagnostics) {
    size_t least = offsetof(weft_shape, keys) + sizeof given->keys;
    if (!given || given->size < least) {
        weft_diagnose(diagnostics, WEFT_E0406, WEFT_NO_SPAN, "the shape is missing, or its size field is not set");
        return false;
    }
    *known = (weft_shape){0};
    weft_copy_known(known, sizeof *known, given);
    return true;
}

/* Dimensions of 0 are those of the kernel's code, or, without code, unknown. */
static bool read_dims(weft_shape *shape, const weft_machine_code *code, weft_diagnostics *diagnostics) {
    enum { LARGEST = 1 << 20 };
    if (!shape->head_dim && code->bytes) shape->head_dim = code->head_dim;
    if (!shape->value_dim) shape->value_dim = code->bytes ? code->value_dim : shape->head_dim;
    if (!within(diagnostics, "the head dimension", shape->head_dim, 0, LARGEST) ||
        !within(diagnostics, "the value dimension", shape->value_dim, 0, LARGEST))
        return false;
    if (!code->bytes || (shape->head_dim == code->head_dim && shape->value_dim == code->value_dim)) return true;
    weft_diagnose(diagnostics, WEFT_E0406, WEFT_NO_SPAN,
                  "the kernel was made for head dimensions %u and %u (of q and k, and of v), not %lld and %lld",
                  code->head_dim, code->value_dim, (long long)shape->head_dim, (long long)shape->value_dim);
    return false;
}

static bool read_heads(weft_shape *shape, weft_diagnostics *diagnostics) {
    if (!shape->batch) shape->batch = 1;
    if (!shape->heads) shape->heads = 1;
    if (!shape->kv_heads) shape->kv_heads = shape->heads;
    if (!within(diagnostics, "the batch", shape->batch, 1, WEFT_MAX_HEADS) ||
        !within(diagnostics, "the number of heads", shape->heads, 1, WEFT_MAX_HEADS) ||
        !within(diagnostics, "the number of key heads", shape->kv_heads, 1, shape->heads) ||
        !within(diagnostics, "batch times heads", shape->batch * shape->heads, 1, WEFT_MAX_HEADS))
        return false;
    if (shape->heads % shape->kv_heads == 0) return true;
    weft_diagnose(diagnostics, WEFT_E0406, WEFT_NO_SPAN, "%lld key heads do not divide %lld heads",
                  (long long)shape->kv_heads, (long long)shape->heads);
    return false;
}

bool weft_plan_read_shape(weft_plan *plan, const weft_shape *given, weft_diagnostics *diagnostics) {
    weft_shape shape;
    if (!copy_shape(&shape, given, diagnostics) ||
        !within(diagnostics, "the number of queries", shape.queries, 1, WEFT_MAX_LENGTH) ||
        !within(diagnostics, "the number of keys", shape.keys, 1, WEFT_MAX_LENGTH) ||
        !read_heads(&shape, diagnostics) || !read_dims(&shape, &plan->kernel->code, diagnostics))
        return false;
    plan->shape = shape;
    return true;
}
