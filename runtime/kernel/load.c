/* Kernels for hosts that have no compiler: from one image, or from the bundle that `weft build` put into a program.
 * There is no kernel yet to hold the message of a failure: it goes to the log. */
#include "kernel/bundle.h"
#include "kernel/isa.h"
#include "kernel/kernel.h"

/* What is wanted of a bundle. */
typedef struct wish {
    const void *bundle;
    size_t size;
    weft_dtype dtype;
    int64_t head_dim, value_dim;
} wish;

/* The best image that fits and that can run here; `fits` counts those that fit. */
static weft_status find_image(const wish *w, weft_image *best, uint32_t *fits, weft_diagnostics *diagnostics) {
    uint32_t count;
    weft_status status = weft_bundle_read(w->bundle, w->size, &count, diagnostics);
    weft_isa isa = WEFT_ISA_NONE;
    *fits = 0;
    for (uint32_t n = 0; status == WEFT_OK && n < count; n++) {
        const char *ir;
        size_t ir_size;
        weft_machine_code code;
        weft_image image = weft_bundle_at(w->bundle, n);
        status = weft_image_read(&image, &ir, &ir_size, &code, diagnostics);
        if (status != WEFT_OK || code.dtype != (uint32_t)w->dtype || code.head_dim != w->head_dim ||
            code.value_dim != w->value_dim)
            continue;
        ++*fits;
        if (code.isa <= isa || !weft_isa_runs(code.isa)) continue;
        *best = image;
        isa = code.isa;
    }
    return status;
}

static weft_status load_best(weft_engine *engine, const wish *w, weft_diagnostics *diagnostics, weft_kernel **out) {
    weft_image best = {NULL, 0};
    uint32_t fits;
    weft_status status = find_image(w, &best, &fits, diagnostics);
    if (status != WEFT_OK) return status;
    if (best.data) return weft_kernel_load(engine, &best, true, diagnostics, out);
    if (fits)
        weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN,
                      "none of the %u kernels that fit is for this processor; build with its --target, or a lesser one",
                      (unsigned)fits);
    else
        weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN,
                      "no kernel was built for this --dtype and head dimensions of %lld and %lld",
                      (long long)w->head_dim, (long long)w->value_dim);
    return WEFT_UNSUPPORTED;
}

/* From one image where there is no wish. */
static weft_status load(const weft_image *image, const wish *w, const weft_config *config, weft_kernel **out) {
    if (!out) return WEFT_INVALID_ARGUMENT;
    *out = NULL;
    weft_engine *engine = weft_engine_create(config);
    if (!engine) return WEFT_OUT_OF_MEMORY;
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, weft_engine_allocator(engine), NULL);
    weft_status status =
        w ? load_best(engine, w, &diagnostics, out) : weft_kernel_load(engine, image, false, &diagnostics, out);
    if (diagnostics.out_of_memory && status != WEFT_OK) status = WEFT_OUT_OF_MEMORY;
    for (uint32_t n = 0; n < diagnostics.count; n++) weft_engine_log(engine, "%s", diagnostics.reports[n].message);
    weft_diagnostics_free(&diagnostics);
    weft_engine_release(engine);
    return status;
}

weft_status weft_kernel_from_image(const weft_image *image, const weft_config *config, weft_kernel **out) {
    return load(image, NULL, config, out);
}

weft_status weft_kernel_from_bundle(const void *bundle, size_t size, weft_dtype dtype, int64_t head_dim,
                                    int64_t value_dim, const weft_config *config, weft_kernel **out) {
    wish w = {bundle, size, dtype, head_dim, value_dim ? value_dim : head_dim};
    return load(NULL, &w, config, out);
}
