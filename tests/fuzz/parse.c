/* Any bytes: parsing, printing and rendering survive them, the tree has its shape, and a tree that had no error prints
 * the same however often it is parsed. The last byte chooses an allocation that fails, or none. */
#include "../unit/front/reading.h"
#include "../unit/front/shape.h"
#include "fuzz.h"

static void read_once(weft_allocator allocator, const char *text, size_t size, weft_text *out) {
    reading r;
    reading_begin(&r, allocator, "fuzz.weft", text, size);
    const weft_ast *file = reading_parse(&r);
    if (file) {
        shape_check(file, &r.names);
        weft_print_ast(file, &r.sources, true, out);
        weft_print_tokens(&r.allocator, &r.sources, r.source, &r.diagnostics, out);
    }
    weft_diagnostics_sort(&r.diagnostics);
    weft_diagnostics_render(&r.diagnostics, false, out);
    reading_end(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_memory plenty = {0}, memory = fuzz_scarce(data, size);
    weft_allocator allocator = fuzz_allocator(&plenty), failing = fuzz_allocator(&memory);
    weft_text first, second;
    weft_text_init(&first, &allocator);
    weft_text_init(&second, &allocator);
    read_once(allocator, (const char *)data, size, &first);
    read_once(failing, (const char *)data, size, &second);
    if (!memory.failed)
        HOLDS(first.size == second.size && (first.size == 0 || !memcmp(first.at, second.at, first.size)));
    weft_text_release(&first);
    weft_text_release(&second);
    HOLDS(plenty.blocks == 0 && memory.blocks == 0);
    return 0;
}
