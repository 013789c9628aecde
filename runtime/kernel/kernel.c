/* Kernels: an image made live. Counted: the creator holds one reference, every plan another. */
#include "kernel/kernel.h"

#include <stdatomic.h>

#include "kernel/isa.h"
#include "kernel/pages.h"

static void destroy(weft_kernel *kernel) {
    weft_engine *engine = kernel->engine;
    weft_pages_unmap(kernel->pages, kernel->pages_size);
    weft_program_destroy(kernel->program);
    weft_text_release(&kernel->image);
    weft_message_free(&kernel->message);
    weft_free(weft_engine_allocator(engine), kernel, sizeof *kernel);
    weft_engine_release(engine);
}

static weft_kernel *create(weft_engine *engine) {
    const weft_allocator *allocator = weft_engine_allocator(engine);
    weft_kernel *kernel = weft_allocate_zero(allocator, sizeof *kernel);
    if (!kernel) return NULL;
    if (!weft_message_init(&kernel->message, allocator)) {
        weft_free(allocator, kernel, sizeof *kernel);
        return NULL;
    }
    atomic_init(&kernel->references, 1);
    kernel->engine = weft_engine_retain(engine);
    weft_text_init(&kernel->image, allocator);
    return kernel;
}

static weft_status load_code(weft_kernel *kernel, weft_diagnostics *diagnostics) {
    weft_machine_code *code = &kernel->code;
    if (!code->bytes) return WEFT_OK;
    if (code->gather == WEFT_NO_ENTRY && weft_has_lists(kernel->program)) {
        weft_diagnose(diagnostics, WEFT_E0703, WEFT_NO_SPAN, "the image's code has no entry for lists, and needs one");
        return WEFT_INVALID_ARGUMENT;
    }
    if (!weft_isa_runs(code->isa)) {
        weft_diagnose(diagnostics, WEFT_E0703, WEFT_NO_SPAN, "the image holds code for %s, which this processor is not",
                      weft_isa_name(code->isa));
        return WEFT_INVALID_ARGUMENT;
    }
    kernel->pages = weft_pages_map(code->bytes, code->size, &kernel->pages_size);
    code->bytes = kernel->pages;
    return kernel->pages ? WEFT_OK : WEFT_OUT_OF_MEMORY;
}

/* Everything that the kernel keeps points into its own copy of the image. */
static weft_status load(weft_kernel *kernel, const weft_image *image, weft_diagnostics *diagnostics) {
    const char *ir;
    size_t ir_size;
    weft_status status = weft_image_read(image, &ir, &ir_size, &kernel->code, diagnostics);
    if (status != WEFT_OK) return status;
    weft_text_add(&kernel->image, image->data, image->size);
    if (kernel->image.failed) return WEFT_OUT_OF_MEMORY;
    kernel->program = weft_parse_program(weft_engine_allocator(kernel->engine), ir, ir_size, diagnostics);
    if (!kernel->program) return diagnostics->errors ? WEFT_INVALID_ARGUMENT : WEFT_OUT_OF_MEMORY;
    return load_code(kernel, diagnostics);
}

weft_status weft_kernel_from_image_in(weft_engine *engine, const weft_image *image, weft_diagnostics *diagnostics,
                                      weft_kernel **out) {
    *out = NULL;
    weft_diagnostics unheard;
    weft_diagnostics_init(&unheard, weft_engine_allocator(engine), NULL);
    if (!diagnostics) diagnostics = &unheard;
    weft_kernel *kernel = create(engine);
    weft_status status = kernel ? load(kernel, image, diagnostics) : WEFT_OUT_OF_MEMORY;
    if (diagnostics->out_of_memory && status != WEFT_OK) status = WEFT_OUT_OF_MEMORY;
    if (status == WEFT_OK)
        *out = kernel;
    else if (kernel)
        destroy(kernel);
    weft_diagnostics_free(&unheard);
    return status;
}

/* There is no kernel yet to hold the message of a failure: it goes to the log. */
weft_status weft_kernel_from_image(const weft_image *image, const weft_config *config, weft_kernel **out) {
    if (!out) return WEFT_INVALID_ARGUMENT;
    *out = NULL;
    weft_engine *engine = weft_engine_create(config);
    if (!engine) return WEFT_OUT_OF_MEMORY;
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, weft_engine_allocator(engine), NULL);
    weft_status status = weft_kernel_from_image_in(engine, image, &diagnostics, out);
    for (uint32_t n = 0; n < diagnostics.count; n++) weft_engine_log(engine, "%s", diagnostics.reports[n].message);
    weft_diagnostics_free(&diagnostics);
    weft_engine_release(engine);
    return status;
}

weft_image weft_kernel_image(const weft_kernel *kernel) { return (weft_image){kernel->image.at, kernel->image.size}; }

/* Counting and saying what went wrong are the two things that even an immutable kernel does. */
static weft_kernel *shared(const weft_kernel *kernel) { return (weft_kernel *)kernel; }

void weft_kernel_retain(const weft_kernel *kernel) {
    atomic_fetch_add_explicit(&shared(kernel)->references, 1, memory_order_relaxed);
}

void weft_kernel_destroy(weft_kernel *kernel) {
    if (kernel && atomic_fetch_sub_explicit(&kernel->references, 1, memory_order_acq_rel) == 1) destroy(kernel);
}

size_t weft_kernel_message(const weft_kernel *kernel, char *buffer, size_t size) {
    return weft_message_copy(&shared(kernel)->message, buffer, size);
}
