/* Any bytes: parsing, printing and rendering survive them, the tree has its shape, and a tree that had no error prints
 * the same however often it is parsed. The last byte chooses an allocation that fails, or none. */
#include "../unit/front/reading.h"
#include "../unit/front/shape.h"

#include <stdlib.h>

typedef struct budget {
    size_t left; /* allocations until one fails; 0: none does */
} budget;

static void *resize(void *user, void *block, size_t old_size, size_t new_size) {
    budget *memory = user;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    if (memory->left > 0 && --memory->left == 0) return NULL;
    return realloc(block, new_size);
}

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    budget memory = {size > 0 ? data[size - 1] : 0}, plenty = {0};
    weft_allocator failing = {resize, &memory}, allocator = {resize, &plenty};
    weft_text first, second;
    weft_text_init(&first, &allocator);
    weft_text_init(&second, &allocator);
    read_once(allocator, (const char *)data, size, &first);
    read_once(failing, (const char *)data, size, &second);
    if (memory.left > 0 || size == 0 || data[size - 1] == 0)
        if (first.size != second.size || (first.size > 0 && memcmp(first.at, second.at, first.size) != 0)) abort();
    weft_text_release(&first);
    weft_text_release(&second);
    return 0;
}
