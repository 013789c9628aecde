/* 64-bit integer arithmetic of the language: checked (a fault where the result does not fit), saturating (for bounds of
 * intervals), and Python's floor division for divisors of any sign. */
#ifndef WEFT_SET_ARITHMETIC_H
#define WEFT_SET_ARITHMETIC_H

#include <stdbool.h>
#include <stdint.h>

static inline int64_t weft_smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t weft_larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* The greatest common divisor; 0 is a multiple of everything. */
static inline uint64_t weft_greatest_divisor(uint64_t a, uint64_t b) {
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* False: the sum does not fit. */
static inline bool weft_add_checked(int64_t a, int64_t b, int64_t *out) {
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) return false;
    *out = a + b;
    return true;
}

static inline bool weft_subtract_checked(int64_t a, int64_t b, int64_t *out) {
    if (b > 0 ? a < INT64_MIN + b : a > INT64_MAX + b) return false;
    *out = a - b;
    return true;
}

static inline bool weft_multiply_checked(int64_t a, int64_t b, int64_t *out) {
    bool small = a == (int32_t)a && b == (int32_t)b; /* spares the divisions */
    if (!small && a != 0 && b != 0) {
        bool negative = (a < 0) != (b < 0);
        int64_t limit = negative ? INT64_MIN : INT64_MAX;
        if (a == -1 || b == -1) {
            if (a == INT64_MIN || b == INT64_MIN) return false;
        } else if (b > 0 ? (negative ? a < limit / b : a > limit / b) : (negative ? a > limit / b : a < limit / b)) {
            return false;
        }
    }
    *out = a * b;
    return true;
}

static inline int64_t weft_add_saturated(int64_t a, int64_t b) {
    int64_t sum;
    return weft_add_checked(a, b, &sum) ? sum : b > 0 ? INT64_MAX : INT64_MIN;
}

static inline int64_t weft_subtract_saturated(int64_t a, int64_t b) {
    int64_t difference;
    return weft_subtract_checked(a, b, &difference) ? difference : b > 0 ? INT64_MIN : INT64_MAX;
}

/* Python's a // b and a % b for b != 0. The quotient does not fit for INT64_MIN // -1 alone; the remainder always does.
 */
static inline bool weft_divide_checked(int64_t a, int64_t b, int64_t *out) {
    if (b == -1) return weft_subtract_checked(0, a, out);
    int64_t rest = a % b;
    *out = a / b - (rest != 0 && (rest < 0) != (b < 0));
    return true;
}

static inline int64_t weft_remainder(int64_t a, int64_t b) {
    if (b == -1) return 0;
    int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

#endif
