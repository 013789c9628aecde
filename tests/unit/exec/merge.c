/* Merging states: against the softmax of all parts at once, with parts and rows that hold no key, and with NaN. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exec/exec.h"

enum { DV = 3, PARTS = 5, HEIGHT = 16, STEP = HEIGHT * (DV + 2) + 7, KEYS = 4 };

static uint64_t seed = 20240611;
static double uniform(void) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 40) / (1 << 24);
}

typedef struct merged {
    float o[HEIGHT * DV], lse[HEIGHT];
} merged;

static weft_call call_of(merged *out, int rows) {
    return (weft_call){
        .o = out->o, .lse = out->lse, .o_row = DV, .o_dim = 1, .lse_row = 1, .rows = rows, .sink = -INFINITY};
}

/* Each part holds KEYS scores a row, unless the row or the part has none there. */
static void make_states(float *states, double scores[PARTS][HEIGHT][KEYS], double values[PARTS][KEYS][DV]) {
    for (int part = 0; part < PARTS; part++)
        for (int key = 0; key < KEYS; key++)
            for (int dim = 0; dim < DV; dim++) values[part][key][dim] = uniform() - 0.5;
    for (int part = 0; part < PARTS; part++)
        for (int row = 0; row < HEIGHT; row++) {
            float *state = states + part * STEP;
            bool empty = row == 3 || (row + part) % 3 == 0;
            double max = -INFINITY, sum = 0, acc[DV] = {0};
            for (int key = 0; key < KEYS; key++) {
                scores[part][row][key] = empty ? -INFINITY : uniform() * 40 - 20;
                max = fmax(max, scores[part][row][key]);
            }
            for (int key = 0; key < KEYS && !empty; key++) {
                sum += exp2(scores[part][row][key] - max);
                for (int dim = 0; dim < DV; dim++)
                    acc[dim] += exp2(scores[part][row][key] - max) * values[part][key][dim];
            }
            state[row] = empty && part == 0 ? -0x1p100f : (float)max; /* whatever stands there */
            state[HEIGHT + row] = (float)sum;
            for (int dim = 0; dim < DV; dim++) state[(2 + dim) * HEIGHT + row] = (float)acc[dim];
        }
}

START_TEST(parts_are_one_softmax) {
    float states[PARTS * STEP];
    double scores[PARTS][HEIGHT][KEYS], values[PARTS][KEYS][DV];
    make_states(states, scores, values);
    merged out;
    for (size_t n = 0; n < sizeof out.o / sizeof *out.o; n++) out.o[n] = NAN;
    enum { ROWS = 11 };
    for (int n = 0; n < HEIGHT; n++) out.lse[n] = 77;
    weft_call call = call_of(&out, ROWS);
    weft_merge(&call, WEFT_F32, states, STEP, PARTS, HEIGHT, DV);
    for (int row = 0; row < ROWS; row++) {
        double sum = 0, o[DV] = {0};
        for (int part = 0; part < PARTS; part++)
            for (int key = 0; key < KEYS; key++) {
                double weight = exp2(scores[part][row][key]);
                sum += weight;
                for (int dim = 0; dim < DV; dim++) o[dim] += weight * values[part][key][dim];
            }
        for (int dim = 0; dim < DV; dim++)
            ck_assert_double_eq_tol(out.o[row * DV + dim], sum == 0 ? 0 : o[dim] / sum, 1e-6);
        if (sum == 0) {
            ck_assert(isinf(out.lse[row]) && out.lse[row] < 0);
        } else {
            ck_assert_double_eq_tol(out.lse[row], log(sum), 1e-5);
        }
    }
    ck_assert(isinf(out.lse[3])); /* the row that no part holds a key of */
    for (int row = ROWS; row < HEIGHT; row++) {
        ck_assert(out.lse[row] == 77);
        for (int dim = 0; dim < DV; dim++) ck_assert(isnan(out.o[row * DV + dim]));
    }
}
END_TEST

static const double all_close = 1e-6;

/* Some parts first and the others folded into what they left: the same as all at once. */
START_TEST(later_parts_are_folded_in) {
    float states[PARTS * STEP];
    double scores[PARTS][HEIGHT][KEYS], values[PARTS][KEYS][DV];
    make_states(states, scores, values);
    merged whole, out;
    weft_call call = call_of(&whole, HEIGHT);
    weft_merge(&call, WEFT_F32, states, STEP, PARTS, HEIGHT, DV);
    for (uint32_t cut = 0; cut <= PARTS; cut++) {
        memset(&out, 0xff, sizeof out);
        call = call_of(&out, HEIGHT);
        weft_merge(&call, WEFT_F32, states, STEP, cut, HEIGHT, DV);
        call.fold = 1;
        weft_merge(&call, WEFT_F32, states + cut * STEP, STEP, PARTS - cut, HEIGHT, DV);
        for (int row = 0; row < HEIGHT; row++) {
            if (isinf(whole.lse[row]))
                ck_assert(out.lse[row] == whole.lse[row]);
            else
                ck_assert_double_eq_tol(out.lse[row], whole.lse[row], 1e-5);
            for (int dim = 0; dim < DV; dim++)
                ck_assert_double_eq_tol(out.o[row * DV + dim], whole.o[row * DV + dim], all_close);
        }
    }
}
END_TEST

/* What earlier passes left is not NaN for want of keys, and not less NaN for what comes after. */
START_TEST(folding_keeps_what_is_there) {
    float states[PARTS * STEP];
    double scores[PARTS][HEIGHT][KEYS], values[PARTS][KEYS][DV];
    make_states(states, scores, values);
    merged out;
    memset(&out, 0, sizeof out);
    for (int row = 0; row < HEIGHT; row++) out.lse[row] = row == 3 ? 2.5f : -INFINITY;
    out.lse[4] = NAN;
    out.o[4 * DV] = out.o[5 * DV] = NAN; /* row 5 has nothing there: its o does not count */
    out.o[3 * DV] = 7;
    weft_call call = call_of(&out, HEIGHT);
    call.fold = 1;
    weft_merge(&call, WEFT_F32, states, STEP, PARTS, HEIGHT, DV);
    ck_assert(out.o[3 * DV] == 7 && fabsf(out.lse[3] - 2.5f) < 1e-6f);
    ck_assert(isnan(out.o[4 * DV]) && isnan(out.lse[4]));
    ck_assert(!isnan(out.o[5 * DV]) && !isnan(out.lse[5]));
}
END_TEST

START_TEST(nan_stays_in_its_row) {
    float states[PARTS * STEP];
    double scores[PARTS][HEIGHT][KEYS], values[PARTS][KEYS][DV];
    make_states(states, scores, values);
    states[2 * STEP + HEIGHT + 5] = NAN;     /* a sum */
    states[2 * STEP + 2 * HEIGHT + 8] = NAN; /* an accumulator: dim 0 of row 8 */
    states[1 * STEP + 7] = NAN;              /* a maximum */
    ck_assert(states[1 * STEP + HEIGHT + 7] != 0);
    merged out;
    weft_call call = call_of(&out, HEIGHT);
    weft_merge(&call, WEFT_F32, states, STEP, PARTS, HEIGHT, DV);
    for (int row = 0; row < HEIGHT; row++)
        for (int dim = 0; dim < DV; dim++) {
            bool expected = row == 5 || row == 7 || (row == 8 && dim == 0);
            ck_assert_msg((isnan(out.o[row * DV + dim]) != 0) == expected, "row %d dim %d", row, dim);
        }
    ck_assert(isnan(out.lse[5]) && isnan(out.lse[7]) && !isnan(out.lse[8]));
}
END_TEST

START_TEST(strides_and_missing_lse) {
    float states[PARTS * STEP];
    double scores[PARTS][HEIGHT][KEYS], values[PARTS][KEYS][DV];
    make_states(states, scores, values);
    merged plain;
    weft_call call = call_of(&plain, HEIGHT);
    weft_merge(&call, WEFT_F32, states, STEP, PARTS, HEIGHT, DV);
    float o[2 * HEIGHT * DV], lse[2 * HEIGHT];
    for (int n = 0; n < 2 * HEIGHT * DV; n++) o[n] = 55;
    call =
        (weft_call){.o = o + 2 * HEIGHT * DV - 1, .o_row = -2, .o_dim = -2 * HEIGHT, .rows = HEIGHT, .sink = -INFINITY};
    weft_merge(&call, WEFT_F32, states, STEP, PARTS, HEIGHT, DV);
    call.lse = lse;
    call.lse_row = 2;
    weft_merge(&call, WEFT_F32, states, STEP, PARTS, HEIGHT, DV);
    for (int row = 0; row < HEIGHT; row++) {
        ck_assert(lse[2 * row] == plain.lse[row]);
        for (int dim = 0; dim < DV; dim++) {
            int at = 2 * HEIGHT * DV - 1 - 2 * row - 2 * HEIGHT * dim;
            ck_assert(o[at] == plain.o[row * DV + dim]);
            ck_assert(o[at - 1] == 55);
        }
    }
}
END_TEST

/* What is merged, and folded, is rounded once. */
START_TEST(halves_are_rounded_once) {
    float states[PARTS * STEP];
    double scores[PARTS][HEIGHT][KEYS], values[PARTS][KEYS][DV];
    make_states(states, scores, values);
    for (int dtype = WEFT_BF16; dtype <= WEFT_F16; dtype++) {
        merged whole;
        uint16_t halves[HEIGHT * DV];
        weft_call call = call_of(&whole, HEIGHT), half = call;
        half.o = halves;
        for (int pass = 0; pass < 2; pass++) { /* the second folds the same parts in again */
            call.fold = half.fold = pass;
            float lse[HEIGHT];
            memcpy(lse, whole.lse, sizeof lse);
            half.lse = lse;
            weft_merge(&half, (weft_dtype)dtype, states, STEP, PARTS, HEIGHT, DV);
            weft_merge(&call, WEFT_F32, states, STEP, PARTS, HEIGHT, DV);
            ck_assert(memcmp(lse, whole.lse, sizeof lse) == 0);
            for (int n = 0; n < HEIGHT * DV; n++) {
                uint16_t want;
                weft_element_set(&want, 0, (weft_dtype)dtype, whole.o[n]);
                ck_assert_uint_eq(halves[n], want);
                whole.o[n] = weft_element_at(halves, n, (weft_dtype)dtype);
            }
        }
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("merge");
    TCase *tests = tcase_create("merge");
    tcase_add_test(tests, parts_are_one_softmax);
    tcase_add_test(tests, later_parts_are_folded_in);
    tcase_add_test(tests, folding_keeps_what_is_there);
    tcase_add_test(tests, nan_stays_in_its_row);
    tcase_add_test(tests, strides_and_missing_lse);
    tcase_add_test(tests, halves_are_rounded_once);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
