/* LANGUAGE.md's definitions of single atoms, as plainly as they can be written, on plain numbers: what tests compare
 * with. Nothing of the implementation is used, not even its generator. */
#ifndef WEFT_TEST_DEFINE_ATOMS_H
#define WEFT_TEST_DEFINE_ATOMS_H

#include <stdbool.h>
#include <stdint.h>

/* delta = step * t with -w <= t <= w */
static inline bool define_dilated(int64_t i, int64_t j, int64_t w, int64_t step) {
    int64_t delta = j - i, t = delta / step;
    return delta == t * step && -(long double)w <= t && t <= w;
}

static inline bool define_stride(int64_t i, int64_t j, int64_t step) { return (j - i) % step == 0; }

/* ---- grids ------------------------------------------------------------------------------------------------------- */

static inline bool define_in_grid(int64_t p, int64_t height, int64_t width) {
    return p >= 0 && (long double)p < (long double)height * (long double)width;
}

static inline bool define_window2d(int64_t i, int64_t j, const int64_t v[5]) {
    int64_t height = v[0], width = v[1], dy = v[2], dx = v[3];
    if (!define_in_grid(i, height, width) || !define_in_grid(j, height, width)) return false;
    int64_t y = i / width - j / width, x = i % width - j % width;
    return (y < 0 ? -y : y) <= dy && (x < 0 ? -x : x) <= dx;
}

static inline bool define_axial(int64_t i, int64_t j, const int64_t v[5]) {
    int64_t height = v[0], width = v[1];
    if (!define_in_grid(i, height, width) || !define_in_grid(j, height, width)) return false;
    return i / width == j / width || i % width == j % width;
}

/* Along one side of n cells: the cells of x's residue class are counted off one by one. */
static inline bool define_neighbor(int64_t x, int64_t key, int64_t n, int64_t k, int64_t dilation) {
    int64_t place = 0, place_of_key = -1, cells = 0;
    if (k <= 0) return false;
    for (int64_t cell = x % dilation; cell < n; cell += dilation, cells++) {
        if (cell == x) place = cells;
        if (cell == key) place_of_key = cells;
    }
    int64_t start = place - k / 2;
    if (start < 0) start = 0;
    if (start > cells - k) start = cells - k;
    return place_of_key >= start && place_of_key < start + k;
}

static inline bool define_neighborhood2d(int64_t i, int64_t j, const int64_t v[5]) {
    int64_t height = v[0], width = v[1];
    if (!define_in_grid(i, height, width) || !define_in_grid(j, height, width)) return false;
    return define_neighbor(i / width, j / width, height, v[2], v[4]) &&
           define_neighbor(i % width, j % width, width, v[3], v[4]);
}

/* ---- random ------------------------------------------------------------------------------------------------------ */

/* The first word of Philox4x32-10, from the paper's figure: ten times, multiply two words, mix in two and the key. */
static inline uint32_t define_philox(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint64_t seed) {
    uint32_t key[2] = {(uint32_t)(seed & 0xffffffff), (uint32_t)(seed >> 32)};
    uint32_t x[4] = {a, b, c, d};
    for (int round = 1; round <= 10; round++) {
        uint64_t m0 = (uint64_t)x[0] * 0xD2511F53u, m1 = (uint64_t)x[2] * 0xCD9E8D57u;
        uint32_t y[4];
        y[0] = (uint32_t)(m1 >> 32) ^ x[1] ^ key[0];
        y[1] = (uint32_t)(m1 & 0xffffffff);
        y[2] = (uint32_t)(m0 >> 32) ^ x[3] ^ key[1];
        y[3] = (uint32_t)(m0 & 0xffffffff);
        for (int n = 0; n < 4; n++) x[n] = y[n];
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    return x[0];
}

/* Is j among the k keys that row i draws? pool[0 … keys) says which keys `within` allows there. */
static inline bool define_random(int64_t i, int64_t j, int64_t k, int64_t seed, int64_t head, const bool *pool,
                                 int64_t keys) {
    enum { MOST = 4096 };
    static int64_t element[MOST];
    static bool drawn[MOST];
    int64_t size = 0, distinct = 0;
    for (int64_t key = 0; key < keys; key++) {
        if (pool[key]) element[size++] = key;
        drawn[key] = false;
    }
    int64_t wanted = k < size ? k : size;
    for (uint32_t t = 0; distinct < wanted; t++) {
        uint64_t x = define_philox(t, (uint32_t)(uint64_t)i, (uint32_t)head, 0x57454654, (uint64_t)seed);
        int64_t key = element[(x * (uint64_t)size) >> 32];
        distinct += !drawn[key];
        drawn[key] = true;
    }
    return drawn[j];
}

#endif
