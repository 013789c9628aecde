/* Philox4x32-10, the counter-based generator that LANGUAGE.md section 5 names (Salmon, Moraes, Dror and Shaw, "Parallel
 * random numbers: as easy as 1, 2, 3", 2011): a bijection of counters for every key, so that any number of the sequence
 * is had at once and nothing is remembered. */
#ifndef WEFT_SET_PHILOX_H
#define WEFT_SET_PHILOX_H

#include "support/alloc.h"

typedef struct weft_philox {
    uint32_t word[4];
} weft_philox;

WEFT_SHARED weft_philox weft_philox_of(weft_philox counter, uint32_t key_low, uint32_t key_high);

/* A normally distributed number (Box and Muller 1958) from the counter (element, 0, round, purpose). */
WEFT_SHARED double weft_gaussian(uint32_t element, uint32_t round, uint32_t purpose, uint64_t seed);

#endif
