/* Hash-consed records, and arrays cut to size. */
#include <string.h>
#include <xxhash.h>

#include "plan/build.h"

void weft_records_init(weft_records *records, const weft_allocator *allocator, size_t size) {
    *records = (weft_records){.allocator = allocator, .size = size};
}

void weft_records_free(weft_records *records) {
    weft_free(records->allocator, records->at, records->capacity * records->size);
    weft_intern_free(&records->index, records->allocator);
}

uint32_t weft_records_add(weft_records *records, const void *record) {
    uint64_t hash = XXH3_64bits(record, records->size);
    weft_probe probe = weft_intern_find(&records->index, hash);
    for (uint32_t number; (number = weft_intern_next(&records->index, &probe));)
        if (!memcmp(records->at + (number - 1) * records->size, record, records->size)) return number - 1;
    if (!weft_reserve(records->allocator, &records->at, &records->capacity, (uint64_t)records->count + 1,
                      records->size) ||
        !weft_intern_reserve(&records->index, records->allocator))
        return UINT32_MAX;
    memcpy(records->at + records->count * records->size, record, records->size);
    weft_intern_add(&records->index, hash, ++records->count);
    return records->count - 1;
}

void weft_shrink(const weft_allocator *allocator, void *array, uint32_t *capacity, uint32_t count, size_t element) {
    if (count == *capacity) return;
    void *block;
    memcpy(&block, array, sizeof block);
    void *smaller = allocator->resize(allocator->user, block, *capacity * element, count * element);
    if (!smaller && count) return;
    memcpy(array, &smaller, sizeof smaller);
    *capacity = count;
}
