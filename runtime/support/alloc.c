/* The allocator: the host's resize hook or realloc, and arrays that grow through it. */
#include "support/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *resize_with_realloc(void *user, void *block, size_t old_size, size_t new_size) {
    (void)user;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, new_size);
}

/* An older host's config may end before a field that we know: `size` says which fields are there. */
weft_allocator weft_allocator_of(const weft_config *config) {
    size_t needed = offsetof(weft_config, resize_user) + sizeof config->resize_user;
    if (config && config->size >= needed && config->resize)
        return (weft_allocator){config->resize, config->resize_user};
    return (weft_allocator){resize_with_realloc, NULL};
}

void *weft_allocate(const weft_allocator *allocator, size_t size) {
    return size ? allocator->resize(allocator->user, NULL, 0, size) : NULL;
}

void *weft_allocate_zero(const weft_allocator *allocator, size_t size) {
    void *block = weft_allocate(allocator, size);
    if (block) memset(block, 0, size);
    return block;
}

void weft_free(const weft_allocator *allocator, void *block, size_t size) {
    if (block) allocator->resize(allocator->user, block, size, 0);
}

/* The array is a pointer of the caller's own type, so it is read and written by bytes: no aliasing. */
bool weft_reserve(const weft_allocator *allocator, void *array, uint32_t *capacity, uint64_t count, size_t element) {
    enum { SMALLEST = 8 };
    if (count <= *capacity) return true;
    if (count > UINT32_MAX) return false;
    uint64_t wanted = 2 * (uint64_t)*capacity;
    if (wanted < SMALLEST) wanted = SMALLEST;
    if (wanted < count) wanted = count;
    if (wanted > UINT32_MAX) wanted = UINT32_MAX;
    if (wanted > PTRDIFF_MAX / element) return false;

    void *block;
    memcpy(&block, array, sizeof block);
    block = allocator->resize(allocator->user, block, *capacity * element, (size_t)wanted * element);
    if (!block) return false;
    memcpy(array, &block, sizeof block);
    *capacity = (uint32_t)wanted;
    return true;
}
