/* The algebra of interval lists against sets of bits. */
#include "set/set.h"
#include "support/failing.h"
#include "support/random.h"
#include "support/suite.h"

enum { KEYS = 60 };

static uint64_t bits_of(weft_intervals list) {
    uint64_t bits = 0;
    for (uint32_t k = 0; k < list.count; k++) {
        ck_assert_int_lt(list.at[k].lo, list.at[k].hi);
        ck_assert_int_le(list.at[k].hi, KEYS);
        if (k > 0) ck_assert_int_lt(list.at[k - 1].hi, list.at[k].lo);
        for (int64_t x = list.at[k].lo; x < list.at[k].hi; x++) bits |= UINT64_C(1) << x;
    }
    return bits;
}

/* Of a random density, often empty, whole or a single interval. */
static uint64_t random_bits(test_random *random) {
    uint64_t bits = test_bits(random) >> (64 - KEYS);
    for (int64_t k = test_range(random, 0, 4); k > 0; k--) bits &= test_bits(random);
    for (int64_t k = test_range(random, 0, 3); k > 0; k--) {
        uint64_t lo = (uint64_t)test_range(random, 0, KEYS - 1);
        bits |= (UINT64_MAX >> (64 - KEYS)) >> lo;
    }
    return test_range(random, 0, 9) ? bits : 0;
}

static weft_intervals list_of(weft_scratch *scratch, uint64_t bits) {
    weft_interval_list list = {0};
    for (int64_t x = 0; x < KEYS; x++) {
        if (bits >> x & 1) weft_intervals_append(scratch, &list, x, x + 1);
    }
    return weft_intervals_of(&list);
}

START_TEST(algebra) {
    test_memory memory = {0};
    weft_allocator allocator = test_allocator(&memory);
    weft_bound bound;
    weft_scratch scratch;
    ck_assert(weft_bound_init(&bound, &allocator) && weft_scratch_init(&scratch, &bound));
    test_random random = {7};
    uint64_t every = UINT64_MAX >> (64 - KEYS);
    for (int n = 0; n < 20000; n++) {
        weft_scratch_reset(&scratch);
        uint64_t a = random_bits(&random), b = random_bits(&random);
        weft_intervals x = list_of(&scratch, a), y = list_of(&scratch, b);
        ck_assert_uint_eq(bits_of(x), a);
        ck_assert_uint_eq(bits_of(weft_intervals_union(&scratch, x, y)), a | b);
        ck_assert_uint_eq(bits_of(weft_intervals_intersection(&scratch, x, y)), a & b);
        ck_assert_uint_eq(bits_of(weft_intervals_difference(&scratch, x, y)), a & ~b);
        ck_assert_uint_eq(bits_of(weft_intervals_complement(&scratch, x, KEYS)), every & ~a);
        for (int64_t k = -1; k <= KEYS; k++) {
            bool in = k >= 0 && k < KEYS && (a >> k & 1);
            ck_assert(weft_intervals_contain(x, k) == in);
        }
        int64_t lo = test_range(&random, -9, KEYS + 9), hi = test_range(&random, -9, KEYS + 9);
        uint64_t one = 0;
        for (int64_t k = 0; k < KEYS; k++) one |= (uint64_t)(lo <= k && k < hi) << k;
        ck_assert_uint_eq(bits_of(weft_intervals_one(&scratch, lo, hi, KEYS)), one);
    }
    ck_assert(!scratch.failed);
    weft_scratch_free(&scratch);
    weft_bound_free(&bound);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

START_TEST(normalizing) {
    test_random random = {11};
    for (int n = 0; n < 20000; n++) {
        weft_interval at[20];
        uint32_t count = (uint32_t)test_range(&random, 0, 20);
        uint64_t bits = 0;
        for (uint32_t k = 0; k < count; k++) {
            at[k].lo = test_range(&random, 0, KEYS);
            at[k].hi = test_range(&random, at[k].lo - 3, at[k].lo + 4 > KEYS ? KEYS : at[k].lo + 4);
            for (int64_t x = at[k].lo; x < at[k].hi; x++) bits |= UINT64_C(1) << x;
        }
        weft_intervals list = {at, weft_intervals_normalize(at, count)};
        ck_assert_uint_eq(bits_of(list), bits);
    }
}
END_TEST

TEST_MAIN("set/intervals", algebra, normalizing)
