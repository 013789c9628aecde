/* What is done to sixteen rows side by side, against the same done to each: turning, the highest of many scores with
 * ties, zeros of both signs and NaN among them, and sums of a softmax. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "select/select.h"
#include "support/random.h"
#include "support/suite.h"

enum { MOST = 300 };

START_TEST(rows_are_turned) {
    enum { APART = 260 };
    static float rows[WEFT_LANES][APART], lanes[APART * WEFT_LANES];
    test_random random = {1};
    bool right = true;
    for (int64_t dims = 1; dims <= 256; dims++) {
        for (int n = 0; n < WEFT_LANES; n++)
            for (int64_t d = 0; d < APART; d++) rows[n][d] = d < dims ? test_normal(&random) : NAN;
        for (int64_t n = 0; n < APART * WEFT_LANES; n++) lanes[n] = -7;
        weft_turn_lanes(rows[0], APART, dims, lanes);
        for (int64_t d = 0; d < APART; d++)
            for (int n = 0; n < WEFT_LANES; n++) right &= lanes[d * WEFT_LANES + n] == (d < dims ? rows[n][d] : -7);
    }
    ck_assert(right);
}
END_TEST

/* ---- the highest ------------------------------------------------------------------------------------------------- */

static float draw_score(test_random *random) {
    switch (test_range(random, 0, 12)) {
    case 0: return NAN;
    case 1: return -INFINITY;
    case 2: return INFINITY;
    case 3: return test_range(random, 0, 1) ? 0.0f : -0.0f;
    case 4:
    case 5: return (float)test_range(random, -2, 2);
    default: return test_normal(random) * 100;
    }
}

static double rank(float score) { return isnan(score) ? -INFINITY : (double)score; }

/* How many of a lane come before entry n: higher ones, and as high ones with lower numbers. */
static int64_t better(const float *scores, const uint32_t *numbers, int64_t count, int lane, int64_t n) {
    int64_t many = 0;
    double own = rank(scores[n * WEFT_LANES + lane]);
    for (int64_t m = 0; m < count; m++) {
        double other = rank(scores[m * WEFT_LANES + lane]);
        many += numbers[m * WEFT_LANES + lane] && (other > own || (other == own && m < n));
    }
    return many;
}

START_TEST(the_highest_are_found) {
    static float scores[MOST * WEFT_LANES];
    static uint32_t numbers[MOST * WEFT_LANES];
    for (uint64_t seed = 0; seed < 150; seed++) {
        test_random random = {seed};
        int64_t count = test_range(&random, 1, seed % 3 ? 40 : MOST), k = test_range(&random, 1, count + 3);
        uint32_t least[WEFT_LANES], ties[WEFT_LANES];
        bool right = true;
        for (int64_t n = 0; n < count * WEFT_LANES; n++) scores[n] = draw_score(&random);
        weft_order_lanes(scores, count, numbers);
        for (int64_t n = 0; n < count * WEFT_LANES; n++) {
            right &= numbers[n] > 0 && numbers[n] < UINT32_MAX;
            if (test_range(&random, 0, 3) == 0) numbers[n] = 0; /* not to be had */
        }
        weft_find_highest(numbers, count, k, least, ties);
        for (int lane = 0; lane < WEFT_LANES; lane++)
            for (int64_t n = 0, seen = 0; n < count; n++) {
                uint32_t number = numbers[n * WEFT_LANES + lane];
                bool tie = number == least[lane], taken = number > least[lane] || (tie && number && seen < ties[lane]);
                seen += tie && number;
                right &= taken == (number && better(scores, numbers, count, lane, n) < k);
            }
        ck_assert_msg(right, "seed %llu", (unsigned long long)seed);
    }
}
END_TEST

/* ---- softmax ----------------------------------------------------------------------------------------------------- */

/* Of one lane, in float64: a score that is the largest weighs 1, also where it is infinite; NaN nothing. */
static void add_lane(const float *scores, int lane, int64_t keys, float scale, int64_t i, double *columns,
                     double *diagonals) {
    double most = -INFINITY, total = 0, weight[MOST];
    for (int64_t j = 0; j < keys; j++) most = fmax(most, (double)(scores[j * WEFT_LANES + lane] * scale));
    for (int64_t j = 0; j < keys; j++) {
        double score = (double)(scores[j * WEFT_LANES + lane] * scale);
        weight[j] = isnan(score) ? 0 : score == most ? 1 : exp(score - most);
        total += weight[j];
    }
    for (int64_t j = 0; j < keys && total > 0; j++) {
        columns[j] += weight[j] / total;
        if (i >= j && i - j < keys) diagonals[i - j] += weight[j] / total;
    }
}

START_TEST(a_softmax_is_added_up) {
    static float scores[MOST * WEFT_LANES], given[MOST * WEFT_LANES];
    for (uint64_t seed = 0; seed < 200; seed++) {
        test_random random = {seed};
        int64_t keys = test_range(&random, 1, MOST), first = test_range(&random, -20, 2 * MOST);
        float scale = test_range(&random, 0, 3) ? 0.125f : -2.0f, spread = (float)test_range(&random, 0, 60);
        double columns[MOST], diagonals[MOST], want_columns[MOST], want_diagonals[MOST], off = 0;
        for (int64_t n = 0; n < keys * WEFT_LANES; n++) {
            bool odd = test_range(&random, 0, 60) == 0 && seed % 2;
            given[n] = scores[n] = odd ? draw_score(&random) : spread * test_normal(&random);
        }
        for (int64_t j = 0; j < keys; j++)
            columns[j] = diagonals[j] = want_columns[j] = want_diagonals[j] = (double)test_normal(&random);
        weft_add_softmax(scores, keys, scale, first, columns, diagonals);
        for (int lane = 0; lane < WEFT_LANES; lane++)
            add_lane(given, lane, keys, scale, first + lane, want_columns, want_diagonals);
        for (int64_t j = 0; j < keys; j++) {
            double column = fabs(columns[j] - want_columns[j]), diagonal = fabs(diagonals[j] - want_diagonals[j]);
            if (!(column <= off)) off = column;
            if (!(diagonal <= off)) off = diagonal;
        }
        ck_assert_msg(off < 1e-5, "seed %llu: off by %g", (unsigned long long)seed, off);
    }
}
END_TEST

TEST_MAIN("select/lanes", rows_are_turned, the_highest_are_found, a_softmax_is_added_up)
