/* Open addressing with linear probing; at most half of the slots are taken, so every search ends. */
#include "set/intern.h"

weft_probe weft_intern_find(const weft_intern *index, uint64_t hash) {
    return (weft_probe){.hash = (uint32_t)hash, .slot = index->size ? (uint32_t)hash & (index->size - 1) : 0};
}

uint32_t weft_intern_next(const weft_intern *index, weft_probe *probe) {
    if (index->size == 0) return 0;
    for (;;) {
        weft_intern_slot slot = index->slots[probe->slot];
        if (slot.number == 0) return 0;
        probe->slot = (probe->slot + 1) & (index->size - 1);
        if (slot.hash == probe->hash) return slot.number;
    }
}

static void put(weft_intern *index, weft_intern_slot entry) {
    uint32_t slot = entry.hash & (index->size - 1);
    while (index->slots[slot].number) slot = (slot + 1) & (index->size - 1);
    index->slots[slot] = entry;
}

bool weft_intern_reserve(weft_intern *index, const weft_allocator *allocator) {
    enum { SMALLEST = 64 };
    if (index->used < index->size / 2) return true;
    if (index->size > UINT32_MAX / 4) return false;
    weft_intern larger = {.size = index->size ? 2 * index->size : SMALLEST, .used = index->used};
    larger.slots = weft_allocate_zero(allocator, larger.size * sizeof *larger.slots);
    if (!larger.slots) return false;
    for (uint32_t slot = 0; slot < index->size; slot++)
        if (index->slots[slot].number) put(&larger, index->slots[slot]);
    weft_intern_free(index, allocator);
    *index = larger;
    return true;
}

void weft_intern_add(weft_intern *index, uint64_t hash, uint32_t number) {
    put(index, (weft_intern_slot){(uint32_t)hash, number});
    index->used++;
}

void weft_intern_free(weft_intern *index, const weft_allocator *allocator) {
    weft_free(allocator, index->slots, index->size * sizeof *index->slots);
    *index = (weft_intern){0};
}
