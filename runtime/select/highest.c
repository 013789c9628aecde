/* The k highest of many scores, for sixteen rows side by side: the lowest of them is found bit by bit, by counting how
 * many are as high, so that nothing is sorted and no branch depends on scores. */
#include "select/lanes.h"

enum { SIGN = 31 };

/* Scores as numbers in the same order, above 0: NaN counts as -inf, and -0 as 0. */
WEFT_INLINE void order(const float *scores, int64_t count, uint32_t *numbers) {
    for (int64_t n = 0; n < count; n++) {
        weft_floats x;
        weft_ints bits;
        WEFT_LOAD(x, scores + n * WEFT_LANES);
        x += 0.0f;
        memcpy(&bits, &x, sizeof bits);
        weft_ints valid = x == x, lowest = (weft_ints){0} + INT32_MIN + 0x7fffff;
        bits ^= bits >> SIGN & INT32_MAX;
        bits = (bits & valid) | (lowest & ~valid);
        weft_words number = (weft_words)bits ^ UINT32_C(1) << SIGN;
        WEFT_STORE(numbers + n * WEFT_LANES, number);
    }
}

WEFT_FOR_EACH_WIDTH(weft_order_lanes, order, (const float *scores, int64_t count, uint32_t *numbers),
                    (scores, count, numbers))

/* The largest number that at least k are not below; 0 where there are not so many above 0. */
WEFT_INLINE void find(const uint32_t *numbers, int64_t count, int64_t k, uint32_t *least, uint32_t *ties) {
    weft_words lowest = {0}, above = {0}, wanted = (weft_words){0} + (uint32_t)k, number;
    for (int bit = SIGN; bit >= 0; bit--) {
        weft_words trial = lowest | UINT32_C(1) << bit, many = {0};
        for (int64_t n = 0; n < count; n++) {
            WEFT_LOAD(number, numbers + n * WEFT_LANES);
            many -= (weft_words)(number >= trial);
        }
        weft_words enough = (weft_words)(many >= wanted);
        lowest = (trial & enough) | (lowest & ~enough);
    }
    for (int64_t n = 0; n < count; n++) {
        WEFT_LOAD(number, numbers + n * WEFT_LANES);
        above -= (weft_words)(number > lowest);
    }
    weft_words left = wanted - above;
    WEFT_STORE(least, lowest);
    WEFT_STORE(ties, left);
}

WEFT_FOR_EACH_WIDTH(weft_find_highest, find,
                    (const uint32_t *numbers, int64_t count, int64_t k, uint32_t least[WEFT_LANES],
                     uint32_t ties[WEFT_LANES]),
                    (numbers, count, k, least, ties))
