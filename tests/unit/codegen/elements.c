/* Conversions between float32 and the types of 16 bits, the driver's and those of <weft/half.h>: every half is widened
 * exactly, and around every half and every point between two the right one is found. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <weft/half.h>

#include "codegen/llvm/leaf/elements.h"
#include "support/random.h"

static float driver_bf16_to_float(uint16_t x) { return bf16_to_floats(x - (halves){0})[0]; }
static float driver_f16_to_float(uint16_t x) { return f16_to_floats(x - (halves){0})[0]; }
static uint16_t driver_float_to_bf16(float x) { return floats_to_bf16(splat(x))[0]; }
static uint16_t driver_float_to_f16(float x) { return floats_to_f16(splat(x))[0]; }

static const struct type {
    int exponent_bits, fraction_bits;
    float (*widen)(uint16_t);
    uint16_t (*narrow)(float);
} types[] = {{8, 7, weft_bf16_to_float, weft_float_to_bf16},
             {5, 10, weft_f16_to_float, weft_float_to_f16},
             {8, 7, driver_bf16_to_float, driver_float_to_bf16},
             {5, 10, driver_f16_to_float, driver_float_to_f16}};
enum { TYPES = sizeof types / sizeof *types };

/* What 16 bits mean; with an exponent beyond the largest, what they would mean if numbers went on. */
static double meaning(const struct type *t, uint32_t half) {
    int bias = (1 << (t->exponent_bits - 1)) - 1, exponent = (int)(half >> t->fraction_bits);
    int fraction = (int)(half & ((1u << t->fraction_bits) - 1)), hidden = exponent ? 1 << t->fraction_bits : 0;
    return ldexp(hidden + fraction, (exponent ? exponent : 1) - bias - t->fraction_bits);
}

static uint32_t infinity_of(const struct type *t) { return ((1u << t->exponent_bits) - 1) << t->fraction_bits; }

START_TEST(widening_is_exact) {
    const struct type *t = &types[_i];
    for (uint32_t half = 0; half < 0x10000; half++) {
        float got = t->widen((uint16_t)half);
        uint32_t size = half & 0x7fff;
        if (size > infinity_of(t)) {
            ck_assert(isnan(got));
            continue;
        }
        double want = size == infinity_of(t) ? (double)INFINITY : meaning(t, size);
        if ((double)fabsf(got) != want || (signbit(got) != 0) != half >> 15)
            ck_abort_msg("%04x is %a, not %a", half, (double)got, want);
    }
}
END_TEST

static void expect(const struct type *t, float x, uint32_t want) {
    uint16_t got = t->narrow(x), negative = t->narrow(-x);
    if (got != want || negative != (want | 0x8000)) ck_abort_msg("%a becomes %04x, not %04x", (double)x, got, want);
}

START_TEST(narrowing_takes_the_nearest_and_of_two_the_even_one) {
    const struct type *t = &types[_i];
    for (uint32_t half = 0; half < infinity_of(t); half++) {
        float here = (float)meaning(t, half), between = (float)((meaning(t, half) + meaning(t, half + 1)) / 2);
        expect(t, here, half);
        expect(t, between, half + (half & 1));
        expect(t, nextafterf(between, 0), half);
        expect(t, nextafterf(between, INFINITY), half + 1);
    }
    expect(t, INFINITY, infinity_of(t));
    expect(t, 3.4028235e38f, infinity_of(t));
    expect(t, 1.4e-45f, 0);
}
END_TEST

START_TEST(nan_stays_nan_and_is_quiet) {
    const struct type *t = &types[_i];
    test_random random = {3};
    uint32_t quiet = 1u << (t->fraction_bits - 1);
    for (int n = 0; n < 100000; n++) {
        uint32_t word = (uint32_t)test_bits(&random) | 0x7f800000u;
        if (n < 23) word = 0x7f800000u | 1u << n; /* a single bit of the payload, which may be cut off */
        if (!(word & 0x007fffffu)) continue;
        float x;
        memcpy(&x, &word, sizeof x);
        uint16_t got = t->narrow(x);
        if (!isnan(t->widen(got)) || !(got & quiet) || got >> 15 != word >> 31)
            ck_abort_msg("%08x becomes %04x", word, got);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("elements");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, widening_is_exact, 0, TYPES);
    tcase_add_loop_test(all, narrowing_takes_the_nearest_and_of_two_the_even_one, 0, TYPES);
    tcase_add_loop_test(all, nan_stays_nan_and_is_quiet, 0, TYPES);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
