/* A small seeded generator for tests (splitmix64; Steele, Lea and Flood 2014): the same seed, the same case,
 * everywhere. */
#ifndef WEFT_TEST_RANDOM_H
#define WEFT_TEST_RANDOM_H

#include <stdint.h>

typedef struct test_random {
    uint64_t state;
} test_random;

static inline uint64_t test_bits(test_random *random) {
    uint64_t z = (random->state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}
/* In [low, high]. */
static inline int64_t test_range(test_random *random, int64_t low, int64_t high) {
    return low + (int64_t)(test_bits(random) % (uint64_t)(high - low + 1));
}
/* About normal, variance 1. */
static inline float test_normal(test_random *random) {
    float sum = 0;
    for (int i = 0; i < 4; i++) sum += (float)(test_bits(random) >> 40) * (1.0f / 16777216.0f) - 0.5f;
    return sum * 1.7320508f;
}

#endif
