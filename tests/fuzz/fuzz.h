/* What the targets share: checks that abort, so that a fuzzer sees them, and an allocator that counts what lives and
 * can fail. */
#ifndef WEFT_FUZZ_H
#define WEFT_FUZZ_H

#include "support/alloc.h"
#include "support/diagnostics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(condition) (void)((condition) || (fuzz_fail(__FILE__, __LINE__, #condition), 0))

static inline void fuzz_fail(const char *file, int line, const char *condition) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

typedef struct fuzz_memory {
    size_t left; /* allocations until one fails; 0: none does */
    bool failed;
    int64_t blocks;
} fuzz_memory;

static inline void *fuzz_resize(void *user, void *block, size_t old_size, size_t new_size) {
    fuzz_memory *memory = user;
    (void)old_size;
    if (new_size == 0) {
        memory->blocks -= block != NULL;
        free(block);
        return NULL;
    }
    bool fails = memory->left > 0 && --memory->left == 0;
    void *result = fails ? NULL : realloc(block, new_size);
    memory->failed = memory->failed || !result;
    memory->blocks += result && !block;
    return result;
}

static inline weft_allocator fuzz_allocator(fuzz_memory *memory) { return (weft_allocator){fuzz_resize, memory}; }

/* The last byte of an input chooses an allocation that fails, or none. */
static inline fuzz_memory fuzz_scarce(const uint8_t *data, size_t size) {
    return (fuzz_memory){.left = size > 0 ? data[size - 1] : 0};
}

/* A failure must have been said, and failing memory alone may be called that. */
static inline void fuzz_check_failure(const weft_diagnostics *d, const fuzz_memory *memory) {
    HOLDS(d->errors > 0 || memory->failed);
    HOLDS(!d->out_of_memory || memory->failed);
}

/* Renders what was said, as a host would, and forgets it. */
static inline void fuzz_end_diagnostics(weft_diagnostics *d) {
    weft_text said;
    weft_text_init(&said, d->arena.allocator);
    weft_diagnostics_sort(d);
    weft_diagnostics_render(d, true, &said);
    weft_text_release(&said);
    weft_diagnostics_free(d);
}

#endif
