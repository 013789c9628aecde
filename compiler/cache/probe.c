/* Does the folder keep what it is given? An entry that no program has goes in, comes back, and goes out again. */
#include <string.h>
#include <unistd.h>

#include "cache/folder.h"

static const char *round_trip(const weft_cache *cache, const weft_cache_inputs *inputs, const weft_text *image) {
    weft_text back;
    weft_text_init(&back, image->allocator);
    const char *reason = weft_cache_store(cache, inputs, image);
    if (!reason && !weft_cache_load(cache, inputs, &back)) reason = "what was written does not come back";
    weft_text_release(&back);
    return reason;
}

static void take_out(const weft_cache *cache, const weft_cache_inputs *inputs) {
    char name[WEFT_ENTRY_NAME];
    const char *reason;
    weft_entry_name(weft_cache_key_of(inputs), name);
    int folder = weft_folder_open(cache->path, false, &reason);
    if (folder < 0) return;
    unlinkat(folder, name, 0);
    close(folder);
}

const char *weft_cache_probe(const weft_cache *cache) {
    static const char nothing[64] = {0};
    const weft_allocator *allocator = weft_engine_allocator(cache->engine);
    weft_machine_code code = {
        .bytes = nothing, .size = sizeof nothing, .head_dim = 1, .value_dim = 1, .isa = WEFT_ISA_X86_64};
    weft_cache_inputs inputs = {.spec = {.head_dim = 1, .value_dim = 1, .target = "probe"}};
    const char *reason = "out of memory";
    weft_text text, image;
    weft_text_init(&text, allocator);
    weft_text_init(&image, allocator);
    weft_program *program = weft_program_create(allocator, "probe");
    if (program) weft_print_program(program, &text);
    if (program && !text.failed && weft_image_write(program, &code, &image)) {
        inputs.program = text.at, inputs.program_size = text.size;
        reason = round_trip(cache, &inputs, &image);
        take_out(cache, &inputs);
    }
    weft_program_destroy(program);
    weft_text_release(&image);
    weft_text_release(&text);
    return reason;
}
