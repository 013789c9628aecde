/* Any bytes as program IR: what parses verifies, prints, and reads back as the same text. */
#include "text.h"

static void read_once(fuzz_memory memory, const char *text, size_t size) {
    weft_allocator allocator = fuzz_allocator(&memory);
    weft_diagnostics d;
    weft_diagnostics_init(&d, &allocator, NULL);
    weft_program *program = weft_parse_program(&allocator, text, size, &d);
    if (program) {
        HOLDS(d.errors == 0 && !d.out_of_memory);
        fuzz_check_text(program, &memory);
    } else {
        fuzz_check_failure(&d, &memory);
    }
    weft_program_destroy(program);
    fuzz_end_diagnostics(&d);
    HOLDS(memory.blocks == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    read_once((fuzz_memory){0}, (const char *)data, size);
    read_once(fuzz_scarce(data, size), (const char *)data, size);
    return 0;
}
