/* The directions of features. Each block of rows is Gaussian and made orthonormal, row after row, by Gram-Schmidt; what
 * a row still has of earlier ones, because of rounding, is taken away a second time. Then each row gets the length of a
 * Gaussian vector of its own. */
#include <math.h>

#include "lowrank/lowrank.h"
#include "set/philox.h"

static double number(int64_t element, uint64_t seed) {
    const uint32_t purpose = 0x4641564F;
    return weft_gaussian((uint32_t)element, 0, purpose, seed);
}

static double product(const double *a, const double *b, int64_t dims) {
    double sum = 0;
    for (int64_t d = 0; d < dims; d++) sum += a[d] * b[d];
    return sum;
}

static void scale(double *row, int64_t dims, double factor) {
    for (int64_t d = 0; d < dims; d++) row[d] *= factor;
}

/* The rows from `first` on that are before `row` have length 1. */
static void orthonormalise(const double *first, double *row, int64_t dims) {
    for (int turn = 0; turn < 2; turn++)
        for (const double *other = first; other < row; other += dims) {
            double along = product(row, other, dims);
            for (int64_t d = 0; d < dims; d++) row[d] -= along * other[d];
        }
    scale(row, dims, 1 / sqrt(product(row, row, dims)));
}

static double length_of(int64_t n, int64_t features, int64_t dims, uint64_t seed) {
    int64_t blocks = (features + dims - 1) / dims;
    double sum = 0;
    for (int64_t d = 0; d < dims; d++) {
        double x = number(blocks * dims * dims + n * dims + d, seed);
        sum += x * x;
    }
    return sqrt(sum);
}

void weft_make_directions(double *w, int64_t features, int64_t dims, uint64_t seed) {
    for (int64_t n = 0; n < features; n++) {
        double *row = w + n * dims;
        for (int64_t d = 0; d < dims; d++) row[d] = number(n * dims + d, seed);
        orthonormalise(w + n / dims * dims * dims, row, dims);
    }
    for (int64_t n = 0; n < features; n++) scale(w + n * dims, dims, length_of(n, features, dims, seed));
}
