/* W against Gram-Schmidt worked out by hand in the plane, and against what it is known by in any dimension. */
#include <math.h>
#include <stdlib.h>

#include "lowrank/lowrank.h"
#include "set/philox.h"
#include "support/suite.h"

enum { PURPOSE = 0x4641564F };

static double number(uint32_t element, uint64_t seed) { return weft_gaussian(element, 0, PURPOSE, seed); }

static double product(const double *a, const double *b, int64_t dims) {
    double sum = 0;
    for (int64_t d = 0; d < dims; d++) sum += a[d] * b[d];
    return sum;
}

static void expect_close(double got, double wanted) {
    ck_assert_msg(fabs(got - wanted) <= 1e-12 * (1 + fabs(wanted)), "%.17g, not %.17g", got, wanted);
}

/* Box and Muller from the words of counter (e, 0, 0, purpose). */
START_TEST(numbers_are_of_the_counter) {
    const uint64_t seed = UINT64_C(0x123456789abcdef);
    weft_philox w = weft_philox_of((weft_philox){{7, 0, 0, PURPOSE}}, 0x89abcdef, 0x01234567);
    double u1 = (w.word[0] + 1.0) / 4294967296.0, u2 = w.word[1] / 4294967296.0;
    expect_close(number(7, seed), sqrt(-2 * log(u1)) * cos(2 * acos(-1) * u2));
}
END_TEST

/* In the plane the second row is at a right angle to the first, on the side where its Gaussian lies. Five features: two
 * blocks of two, and one row of a third one; lengths are drawn after all three. */
START_TEST(plane) {
    enum { FEATURES = 5, BLOCKS = 3 };
    double w[FEATURES * 2];
    weft_make_directions(w, FEATURES, 2, 42);
    for (uint32_t n = 0; n < FEATURES; n++) {
        uint32_t block = n / 2, lengths = BLOCKS * 4 + n * 2;
        double a[2] = {number(4 * block, 42), number(4 * block + 1, 42)}, size = hypot(a[0], a[1]);
        double b[2] = {number(4 * block + 2, 42), number(4 * block + 3, 42)};
        double length = hypot(number(lengths, 42), number(lengths + 1, 42));
        double side = a[0] * b[1] - a[1] * b[0] > 0 ? 1 : -1;
        double wanted[2] = {n % 2 ? -side * a[1] : a[0], n % 2 ? side * a[0] : a[1]};
        for (int d = 0; d < 2; d++) expect_close(w[2 * n + d], wanted[d] / size * length);
    }
}
END_TEST

/* The Gaussian of a row has no part along later rows of its block, and a positive one along its own. */
START_TEST(triangular) {
    enum { FEATURES = 100, DIMS = 48 };
    double *w = malloc(FEATURES * DIMS * sizeof *w), worst = 0;
    weft_make_directions(w, FEATURES, DIMS, 3);
    for (int64_t n = 0; n < FEATURES; n++) {
        double g[DIMS], *row = w + n * DIMS, length = sqrt(product(row, row, DIMS)), drawn = 0;
        for (int64_t d = 0; d < DIMS; d++) {
            g[d] = number((uint32_t)(n * DIMS + d), 3);
            drawn += pow(number((uint32_t)((FEATURES + DIMS - 1) / DIMS * DIMS * DIMS + n * DIMS + d), 3), 2);
        }
        worst = fmax(worst, fabs(length - sqrt(drawn)));
        ck_assert_msg(product(row, g, DIMS) > 0, "row %d points away", (int)n);
        for (int64_t later = n + 1; later < FEATURES && later / DIMS == n / DIMS; later++) {
            worst = fmax(worst, fabs(product(w + later * DIMS, row, DIMS)));
            worst = fmax(worst, fabs(product(w + later * DIMS, g, DIMS)));
        }
    }
    ck_assert_msg(worst < 1e-11, "off by %g", worst);
    free(w);
}
END_TEST

TEST_MAIN("lowrank/directions", numbers_are_of_the_counter, plane, triangular)
