/* Images. The bytes are read as an image as they are; then a real image is made and edited by the input, and its hash
 * corrected, so that what lies behind the hash is reached too. Whatever is accepted must lie within the image; its code
 * is never run.
 *
 * An input is the number of edits (at most 8), the edits of 7 bytes (offset: 2, width: 1, value: 4), and a program as
 * text, for which another stands in when it does not parse. */
#include "kernel/kernel.h"
#include "text.h"

#include <xxhash.h>

enum { HASH_AT = 8, HASHED_FROM = 16, MOST_EDITS = 8, EDIT_SIZE = 7 }; /* as image.c has it */

static const char spare[] = "weft-ir 1\npattern \"p\"\n%1 = causal\nmeaning %1\npass contiguous contiguous 64x64 %1\n";

static void check_within(const weft_image *image, const void *part, size_t size) {
    uintptr_t begin = (uintptr_t)image->data, end = begin + image->size, at = (uintptr_t)part;
    HOLDS(size == 0 || (at >= begin && at <= end && size <= end - at));
}

/* Reads the image, then makes a kernel of it. */
static void check_image(const weft_image *image, fuzz_memory *memory) {
    weft_config config = {.size = sizeof config, .resize = fuzz_resize, .resize_user = memory, .threads = 1};
    weft_allocator allocator = weft_allocator_of(&config);
    weft_diagnostics d;
    const char *text;
    size_t text_size;
    weft_machine_code code;
    weft_diagnostics_init(&d, &allocator, NULL);
    weft_status status = weft_image_read(image, &text, &text_size, &code, &d);
    HOLDS(status == WEFT_OK || d.errors > 0 || memory->failed);
    if (status == WEFT_OK) {
        check_within(image, text, text_size);
        check_within(image, code.bytes, code.size);
        HOLDS(!code.bytes || (code.tall < code.size && code.strip < code.size));
    }
    fuzz_end_diagnostics(&d);
    weft_kernel *kernel;
    weft_status loaded = weft_kernel_from_image(image, &config, &kernel);
    HOLDS((loaded == WEFT_OK) == (kernel != NULL));
    HOLDS(status == WEFT_OK || loaded != WEFT_OK);
    HOLDS(loaded != WEFT_OUT_OF_MEMORY || memory->failed);
    if (kernel) fuzz_check_text(kernel->program, memory);
    weft_kernel_destroy(kernel);
}

/* Little-endian; the hash corrected unless an edit leaves no room for one. */
static void apply_edits(char *image, size_t size, const uint8_t *edits, size_t count) {
    for (size_t n = 0; n < count; n++) {
        const uint8_t *edit = edits + n * EDIT_SIZE;
        size_t at = (size_t)(edit[0] | edit[1] << 8) % size, width = edit[2] % 5u;
        for (size_t k = 0; k < width && at + k < size; k++) image[at + k] = (char)edit[3 + k];
    }
    uint64_t hash = XXH3_64bits(image + HASHED_FROM, size - HASHED_FROM);
    memcpy(image + HASH_AT, &hash, sizeof hash);
}

static weft_program *program_of(const weft_allocator *allocator, const char *text, size_t size) {
    weft_diagnostics d;
    weft_diagnostics_init(&d, allocator, NULL);
    weft_program *program = weft_parse_program(allocator, text, size, &d);
    if (!program) program = weft_parse_program(allocator, spare, sizeof spare - 1, &d);
    weft_diagnostics_free(&d);
    HOLDS(program);
    return program;
}

static void check_edited(const uint8_t *data, size_t size, fuzz_memory *memory) {
    static const unsigned char bytes[100] = {0xC3};
    weft_machine_code code = {
        .bytes = bytes, .size = sizeof bytes, .strip = 64, .head_dim = 8, .value_dim = 8, .isa = WEFT_ISA_X86_64};
    fuzz_memory plenty = {0};
    weft_allocator allocator = fuzz_allocator(&plenty);
    size_t edits = size > 0 ? data[0] % (MOST_EDITS + 1u) : 0, head = 1 + edits * EDIT_SIZE;
    if (size < head) return;
    weft_program *program = program_of(&allocator, (const char *)data + head, size - head);
    weft_text image;
    weft_text_init(&image, &allocator);
    HOLDS(weft_image_write(program, &code, &image));
    apply_edits(image.at, image.size, data + 1, edits);
    char *exact = malloc(image.size); /* so that reading beyond its end is noticed */
    HOLDS(exact);
    memcpy(exact, image.at, image.size);
    check_image(&(weft_image){exact, image.size}, memory);
    free(exact);
    weft_text_release(&image);
    weft_program_destroy(program);
}

static void read_once(fuzz_memory memory, const uint8_t *data, size_t size) {
    check_image(&(weft_image){data, size}, &memory);
    check_edited(data, size, &memory);
    HOLDS(memory.blocks == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    read_once((fuzz_memory){0}, data, size);
    read_once(fuzz_scarce(data, size), data, size);
    return 0;
}
