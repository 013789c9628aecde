/* What several definitions need: tokens, and random draws (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2,
 * 3", 2011). */
#include "definitions.h"

#include <stdlib.h>

bool among_tokens(const question *q, int n, int64_t j) {
    for (int64_t at = 0; at < q->array_sizes[n]; at++) {
        int64_t token = q->arrays[n][at];
        if (j >= 0 && (token < 0 ? token + q->keys : token) == j) return true;
    }
    return false;
}

void philox(const uint32_t counter[4], uint64_t seed, uint32_t words[4]) {
    uint32_t *x = words;
    for (int n = 0; n < 4; n++) x[n] = counter[n];
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int round = 0; round < 10; round++) {
        uint64_t even = UINT64_C(0xD2511F53) * x[0], odd = UINT64_C(0xCD9E8D57) * x[2];
        uint32_t next[4] = {(uint32_t)(odd >> 32) ^ x[1] ^ key[0], (uint32_t)odd,
                            (uint32_t)(even >> 32) ^ x[3] ^ key[1], (uint32_t)even};
        for (int n = 0; n < 4; n++) x[n] = next[n];
        key[0] += UINT32_C(0x9E3779B9);
        key[1] += UINT32_C(0xBB67AE85);
    }
}

bool drawn(const question *q, int64_t a, int64_t block, int64_t blocks, int64_t k, uint64_t seed,
           allowed_block *allowed) {
    int64_t pool[4096], size = 0, left = k;
    bool taken[4096] = {false};
    for (int64_t b = 0; b < blocks; b++)
        if (allowed(a, b, blocks)) pool[size++] = b;
    if (left > size) left = size;
    for (uint32_t t = 0; left > 0; t++) {
        uint32_t counter[4] = {t, (uint32_t)a, (uint32_t)q->h, 0x57454654}, words[4];
        philox(counter, seed, words);
        int64_t choice = (int64_t)((uint64_t)words[0] * (uint64_t)size >> 32);
        if (taken[choice]) continue;
        if (pool[choice] == block) return true;
        taken[choice] = true;
        left--;
    }
    return false;
}
