// A host in C++: the same pattern made ahead of time and when it runs gives the same numbers.
#include <cstdio>
#include <cstring>
#include <vector>

#include <weft/half.h>
#include <weft/weft.h>

#include "sliding_window.h"

static_assert(WEFT_VERSION_AT_LEAST(0, 1, 0) && !WEFT_VERSION_AT_LEAST(99, 0, 0), "versions are compared");

constexpr int64_t heads = 2, tokens = 300, dim = 64;

static std::vector<float> attend(const weft_kernel *kernel) {
    std::vector<float> in(heads * tokens * dim), out(in.size());
    int64_t dims[] = {heads, tokens, dim};
    for (size_t n = 0; n < in.size(); n++) in[n] = weft_bf16_to_float(weft_float_to_bf16(float(n % 31) / 16 - 1));
    DLTensor q = {in.data(), {kDLCPU, 0}, 3, {kDLFloat, 32, 1}, dims, nullptr, 0}, o = q;
    o.data = out.data();
    const weft_shape shape = {sizeof shape, 1, heads, heads, tokens, tokens, dim, dim};
    const weft_tensors tensors = {sizeof tensors, &q, &q, &q, &o, nullptr, nullptr, 0, nullptr};
    weft_plan *plan = nullptr;
    if (weft_plan_create(kernel, &shape, nullptr, 0, &plan) != WEFT_OK || weft_run(plan, &tensors, nullptr) != WEFT_OK)
        out.clear();
    weft_plan_destroy(plan);
    return out;
}

int main() {
    const char text[] = "pattern p(w: int = 4096) { attend past(w); }";
    weft_kernel_options options = {};
    options.size = sizeof options, options.head_dim = dim;
    weft_context *context = nullptr;
    weft_module *module = nullptr;
    weft_kernel *ahead = nullptr, *at_run = nullptr;
    bool made = sliding_window_kernel_create(WEFT_F32, dim, dim, nullptr, &ahead) == WEFT_OK &&
                weft_context_create(nullptr, &context) == WEFT_OK &&
                weft_module_load_text(context, "p.weft", text, sizeof text - 1, nullptr, &module) == WEFT_OK &&
                weft_kernel_create(module, nullptr, &options, &at_run) == WEFT_OK;
    const std::vector<float> first = made ? attend(ahead) : std::vector<float>();
    bool same = made && !first.empty() && first == attend(at_run);
    std::printf("%s, weft %s\n", same ? "the same numbers" : "other numbers", weft_version());
    weft_kernel_destroy(ahead);
    weft_kernel_destroy(at_run);
    weft_module_destroy(module);
    weft_context_destroy(context);
    return same && std::strcmp(weft_version(), WEFT_VERSION_TEXT) == 0 ? 0 : 1;
}
