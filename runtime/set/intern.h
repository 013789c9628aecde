/* The index behind hash-consing: from hashes to numbers of things that the caller keeps and compares.
 *
 *     weft_probe probe = weft_intern_find(&index, hash);
 *     while ((number = weft_intern_next(&index, &probe)) && !equal(number)) {}
 *
 * Numbers begin at 1. */
#ifndef WEFT_SET_INTERN_H
#define WEFT_SET_INTERN_H

#include "support/alloc.h"

typedef struct weft_intern_slot {
    uint32_t hash, number; /* number 0: free */
} weft_intern_slot;

typedef struct weft_intern {
    weft_intern_slot *slots;
    uint32_t size, used; /* size is 0 or a power of two */
} weft_intern;

typedef struct weft_probe {
    uint32_t hash, slot;
} weft_probe;

WEFT_SHARED weft_probe weft_intern_find(const weft_intern *index, uint64_t hash);
/* The next number that was added with this hash, or 0: there is no other. */
WEFT_SHARED uint32_t weft_intern_next(const weft_intern *index, weft_probe *probe);
/* Makes sure that one more addition succeeds. */
WEFT_SHARED bool weft_intern_reserve(weft_intern *index, const weft_allocator *allocator);
WEFT_SHARED void weft_intern_add(weft_intern *index, uint64_t hash, uint32_t number);
WEFT_SHARED void weft_intern_free(weft_intern *index, const weft_allocator *allocator);

/* Folds one more word into a hash (the finaliser of SplitMix64; Steele, Lea and Flood 2014). */
static inline uint64_t weft_hash(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) + UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94D049BB133111EB);
    return hash ^ (hash >> 31);
}

#endif
