/* One row against 64 keys: what filters spend their time on. Compiled for the widest registers of each generation of
 * processors. */
#include <string.h>

#include "plan/filter.h"

enum { LANES = 16 };
typedef uint32_t lanes __attribute__((vector_size(LANES * sizeof(uint32_t))));

#define INLINE static inline __attribute__((always_inline))

INLINE void mark(const uint32_t *numbers, uint32_t base, uint32_t span, uint32_t bit, uint32_t *words) {
    for (int k = 0; k < WEFT_TILE_KEYS; k += LANES) {
        lanes number, word;
        memcpy(&number, numbers + k, sizeof number);
        memcpy(&word, words + k, sizeof word);
        word |= (lanes)(number - base < (lanes){0} + span) & bit;
        memcpy(words + k, &word, sizeof word);
    }
}

#ifdef __x86_64__
__attribute__((target("avx512f"))) static void mark_zmm(const uint32_t *numbers, uint32_t base, uint32_t span,
                                                        uint32_t bit, uint32_t *words) {
    mark(numbers, base, span, bit, words);
}
__attribute__((target("avx2"))) static void mark_ymm(const uint32_t *numbers, uint32_t base, uint32_t span,
                                                     uint32_t bit, uint32_t *words) {
    mark(numbers, base, span, bit, words);
}
#endif

void weft_mark_keys(const uint32_t numbers[WEFT_TILE_KEYS], uint32_t base, uint32_t span, uint32_t bit,
                    uint32_t words[WEFT_TILE_KEYS]) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f")) {
        mark_zmm(numbers, base, span, bit, words);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        mark_ymm(numbers, base, span, bit, words);
        return;
    }
#endif
    mark(numbers, base, span, bit, words);
}
