/* What this processor says of itself. Only bits that are the same on every core and at every start belong here: no core
 * number, no count of threads. */
#include <string.h>

#include "cache/cache.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t pair(uint32_t high, uint32_t low) { return (uint64_t)high << 32 | low; }

/* The registers that the system saves: without them, instructions that the processor has cannot be used. */
static uint64_t saved_state(uint32_t features) {
    enum { OSXSAVE = 1 << 27 };
    if (!(features & OSXSAVE)) return 0;
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return pair(high, low);
}

/* Maker, model, and the leaves that name instructions. A leaf that there is not reads as zeros. */
void weft_host_read(weft_host *out) {
    enum { A, B, C, D };
    static const uint32_t leaves[][2] = {{0, 0}, {1, 0}, {7, 0}, {7, 1}, {0x80000001, 0}};
    uint32_t r[sizeof leaves / sizeof leaves[0]][4] = {{0}};
    for (size_t n = 0; n < sizeof leaves / sizeof leaves[0]; n++)
        __get_cpuid_count(leaves[n][0], leaves[n][1], &r[n][A], &r[n][B], &r[n][C], &r[n][D]);
    *out = (weft_host){{0x86, pair(r[0][B], r[0][C]), pair(r[0][D], r[1][A]), pair(r[1][C], r[1][D]),
                        pair(r[2][B], r[2][C]), pair(r[2][D], r[3][A]), pair(r[3][B], r[3][D]), pair(r[4][C], r[4][D]),
                        saved_state(r[1][C])}};
}

#elif defined(__linux__)
#include <sys/auxv.h>

void weft_host_read(weft_host *out) {
#if defined(__aarch64__)
    *out = (weft_host){{0xA64, getauxval(AT_HWCAP), getauxval(AT_HWCAP2)}};
#else
    *out = (weft_host){{0, getauxval(AT_HWCAP), getauxval(AT_HWCAP2)}};
#endif
}

#else

void weft_host_read(weft_host *out) { memset(out, 0, sizeof *out); }

#endif
