/* An allocator for tests of the public API, as weft_config.resize: it counts what is held, and fails once on demand. */
#ifndef WEFT_TEST_LEDGER_H
#define WEFT_TEST_LEDGER_H

#include <stddef.h>
#include <stdlib.h>

typedef struct ledger {
    long calls, fail_at; /* fail_at 0: never */
    long long bytes;     /* held now */
    long blocks;
} ledger;

static inline void *counted_resize(void *user, void *block, size_t old_size, size_t new_size) {
    ledger *book = user;
    void *result = NULL;
    if (new_size && ++book->calls == book->fail_at) return NULL;
    if (!new_size) free(block);
    if (new_size && !(result = realloc(block, new_size))) return NULL;
    book->bytes += (long long)new_size - (long long)(block ? old_size : 0);
    book->blocks += (new_size != 0) - (block != NULL);
    return result;
}

#endif
