/* Words as sets of bits. */
#ifndef WEFT_SUPPORT_BITS_H
#define WEFT_SUPPORT_BITS_H

#include <stdint.h>

static inline uint32_t weft_count_bits(uint64_t word) {
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* The number of the lowest bit that is set; 64: none is. */
static inline uint32_t weft_lowest_bit(uint64_t word) { return weft_count_bits((word & (0 - word)) - 1); }

#endif
