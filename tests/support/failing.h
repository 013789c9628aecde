/* An allocator for tests: it counts what lives, checks that blocks come back with the sizes they were given, and fails
 * on demand.
 *
 *     for (size_t nth = 1;; nth++) {
 *         test_memory memory = {.fail_at = nth};
 *         weft_allocator allocator = test_allocator(&memory);
 *         … do it, tolerating failure …
 *         ck_assert_uint_eq(memory.live, 0);
 *         if (memory.calls < nth) break;  // no allocation was left to fail
 *     } */
#ifndef WEFT_TEST_FAILING_H
#define WEFT_TEST_FAILING_H

#include <check.h>
#include <stdlib.h>

#include "support/alloc.h"

typedef struct test_memory {
    size_t fail_at; /* that allocation fails, counted from 1, and all after it when `forever`; 0: none does */
    bool forever;
    size_t calls; /* allocations asked for so far */
    size_t live;  /* blocks */
} test_memory;

static inline void *test_resize(void *user, void *block, size_t old_size, size_t new_size) {
    enum { HEADER = 16 };
    test_memory *memory = user;
    size_t *header = block ? (size_t *)(void *)((char *)block - HEADER) : NULL;
    /* Check notes every assertion in a file, which is too slow here for those that hold. */
    if ((header ? *header : 0) != old_size) ck_abort_msg("a block of another size comes back");
    if (new_size == 0) {
        if (!block) ck_abort_msg("nothing is freed");
        memory->live--;
        free(header);
        return NULL;
    }
    memory->calls++;
    if (memory->fail_at && (memory->calls == memory->fail_at || (memory->forever && memory->calls > memory->fail_at)))
        return NULL;
    size_t *fresh = malloc(HEADER + new_size); /* always elsewhere, so that stale pointers show */
    if (!fresh) ck_abort_msg("malloc failed");
    *fresh = new_size;
    if (header) {
        size_t kept = old_size < new_size ? old_size : new_size;
        for (size_t k = 0; k < kept; k++) ((char *)fresh)[HEADER + k] = ((char *)block)[k];
        free(header);
    } else {
        memory->live++;
    }
    return (char *)fresh + HEADER;
}

static inline weft_allocator test_allocator(test_memory *memory) { return (weft_allocator){test_resize, memory}; }

#endif
