/* Kernels: an image made live. Counted: the creator holds one reference, every plan another. */
#include "kernel/kernel.h"

#include <stdatomic.h>

#include "kernel/debug.h"
#include "kernel/isa.h"
#include "kernel/pages.h"

static void destroy(weft_kernel *kernel) {
    weft_engine *engine = kernel->engine;
    weft_jit_unregister(weft_engine_allocator(engine), kernel->debugger);
    weft_pages_unmap(kernel->pages, kernel->pages_size);
    weft_program_destroy(kernel->program);
    weft_text_release(&kernel->copy);
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
    weft_text_init(&kernel->copy, allocator);
    return kernel;
}

/* Debuggers that know less are no failure of the kernel. */
static void tell_debuggers(weft_kernel *kernel) {
    uint32_t wanted = weft_engine_debug(kernel->engine);
    if (wanted & WEFT_DEBUG_GDB) kernel->debugger = weft_jit_register(kernel);
    if (wanted & WEFT_DEBUG_GDB && !kernel->debugger)
        weft_engine_log(kernel->engine, "no memory to tell gdb of a kernel");
    if (wanted & WEFT_DEBUG_PERF && !weft_perf_write(kernel))
        weft_engine_log(kernel->engine, "the map for perf cannot be written");
}

static weft_status load_code(weft_kernel *kernel, bool linked, weft_diagnostics *diagnostics) {
    weft_machine_code *code = &kernel->code;
    if (!code->bytes) return WEFT_OK;
    if (code->gather == WEFT_NO_ENTRY && weft_has_lists(kernel->program)) {
        weft_diagnose(diagnostics, WEFT_E0703, WEFT_NO_SPAN, "the image's code has no entry for lists, and needs one");
        return WEFT_INVALID_ARGUMENT;
    }
    if (code->favor.item == WEFT_NO_ENTRY && kernel->program->rest.kind) {
        weft_diagnose(diagnostics, WEFT_E0703, WEFT_NO_SPAN, "the image's code has no entry for features, and needs one");
        return WEFT_INVALID_ARGUMENT;
    }
    if (!weft_isa_runs(code->isa)) {
        weft_diagnose(diagnostics, WEFT_E0703, WEFT_NO_SPAN, "the image holds code for %s, which this processor is not",
                      weft_isa_name(code->isa));
        return WEFT_INVALID_ARGUMENT;
    }
    if (linked) return WEFT_OK;
    kernel->pages = weft_pages_map(code->bytes, code->size, &kernel->pages_size);
    code->bytes = kernel->pages;
    if (!kernel->pages) return WEFT_OUT_OF_MEMORY;
    tell_debuggers(kernel);
    return WEFT_OK;
}

/* Everything that the kernel keeps is its own, or linked. */
static weft_status load(weft_kernel *kernel, const weft_image *image, bool linked, weft_diagnostics *diagnostics) {
    const char *ir;
    size_t ir_size;
    weft_status status = weft_image_read(image, &ir, &ir_size, &kernel->code, diagnostics);
    if (status != WEFT_OK) return status;
    kernel->image = *image;
    if (!linked) {
        weft_text_add(&kernel->copy, image->data, image->size);
        if (kernel->copy.failed) return WEFT_OUT_OF_MEMORY;
        kernel->image.data = kernel->copy.at;
    }
    kernel->program = weft_parse_program(weft_engine_allocator(kernel->engine), ir, ir_size, diagnostics);
    if (!kernel->program) return diagnostics->errors ? WEFT_INVALID_ARGUMENT : WEFT_OUT_OF_MEMORY;
    return load_code(kernel, linked, diagnostics);
}

weft_status weft_kernel_load(weft_engine *engine, const weft_image *image, bool linked, weft_diagnostics *diagnostics,
                             weft_kernel **out) {
    *out = NULL;
    weft_kernel *kernel = create(engine);
    weft_status status = kernel ? load(kernel, image, linked, diagnostics) : WEFT_OUT_OF_MEMORY;
    if (diagnostics->out_of_memory && status != WEFT_OK) status = WEFT_OUT_OF_MEMORY;
    if (status == WEFT_OK)
        *out = kernel;
    else if (kernel)
        destroy(kernel);
    return status;
}

weft_image weft_kernel_image(const weft_kernel *kernel) { return kernel->image; }

weft_status weft_kernel_describe(const weft_kernel *kernel, weft_kernel_info *info) {
    if (!kernel || !info || info->size < sizeof info->size) return WEFT_INVALID_ARGUMENT;
    const weft_machine_code *code = &kernel->code;
    weft_kernel_info known = {.pattern = kernel->program->name,
                              .target = weft_isa_name(code->isa),
                              .dtype = (weft_dtype)code->dtype,
                              .head_dim = code->head_dim,
                              .value_dim = code->value_dim,
                              .code_size = (int64_t)code->size,
                              .image_size = (int64_t)kernel->image.size,
                              .tile_rows = WEFT_TILE_ROWS,
                              .strip_rows = WEFT_STRIP_ROWS,
                              .tile_keys = WEFT_TILE_KEYS};
    weft_tell_known(info, &known, sizeof known);
    return WEFT_OK;
}

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
