/* Ten rounds of two multiplications; the key moves on by odd constants between them. */
#include "set/philox.h"

#include <math.h>

static weft_philox one_round(weft_philox in, uint32_t key_low, uint32_t key_high) {
    uint64_t even = UINT64_C(0xD2511F53) * in.word[0], odd = UINT64_C(0xCD9E8D57) * in.word[2];
    return (weft_philox){{(uint32_t)(odd >> 32) ^ in.word[1] ^ key_low, (uint32_t)odd,
                          (uint32_t)(even >> 32) ^ in.word[3] ^ key_high, (uint32_t)even}};
}

weft_philox weft_philox_of(weft_philox counter, uint32_t key_low, uint32_t key_high) {
    enum { ROUNDS = 10 };
    for (int round = 0; round < ROUNDS; round++) {
        counter = one_round(counter, key_low, key_high);
        key_low += UINT32_C(0x9E3779B9);
        key_high += UINT32_C(0xBB67AE85);
    }
    return counter;
}

double weft_gaussian(uint32_t element, uint32_t round, uint32_t purpose, uint64_t seed) {
    const double unit = 1.0 / 4294967296.0, tau = 6.28318530717958647692528676656;
    weft_philox w = weft_philox_of((weft_philox){{element, 0, round, purpose}}, (uint32_t)seed, (uint32_t)(seed >> 32));
    double u1 = ((double)w.word[0] + 1) * unit, u2 = (double)w.word[1] * unit;
    return sqrt(-2 * log(u1)) * cos(tau * u2);
}
