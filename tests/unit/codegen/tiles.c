/* The driver's products on tile registers, with registers in plain C: every number of rows, columns and steps, against
 * sums in double. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "../../codegen/emulated_tiles.h"

#include "codegen/llvm/leaf/tiles.h"
#include "support/random.h"

enum { MOST_ROWS = 64, MOST_COLUMNS = 64, STEP = 32, MOST_STEPS = 8 };

static uint16_t a[MOST_ROWS][MOST_STEPS * STEP], b[MOST_STEPS * STEP / 2][MOST_COLUMNS][2];
static float sums[MOST_ROWS][MOST_COLUMNS], before[MOST_ROWS][MOST_COLUMNS];

static uint16_t element_between(test_random *random) {
    float value = (float)test_range(random, -100, 100) / 64;
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    return (uint16_t)(word >> 16);
}

static void fill(test_random *random) {
    for (size_t n = 0; n < sizeof a / 2; n++) (&a[0][0])[n] = element_between(random);
    for (size_t n = 0; n < sizeof b / 2; n++) (&b[0][0][0])[n] = element_between(random);
    for (int row = 0; row < MOST_ROWS; row++)
        for (int column = 0; column < MOST_COLUMNS; column++)
            sums[row][column] = before[row][column] = (float)test_range(random, -9, 9);
}

static double expected(int row, int column, int64_t steps, bool add) {
    double sum = add ? (double)before[row][column] : 0;
    for (int k = 0; k < steps * STEP; k++)
        sum += (double)emulated_float(a[row][k]) * (double)emulated_float(b[k / 2][column][k % 2]);
    return sum;
}

START_TEST(products_are_sums) {
    test_random random = {11};
    for (int64_t rows = TILE; rows <= MOST_ROWS; rows += TILE)
        for (int64_t columns = TILE; columns <= MOST_COLUMNS; columns += TILE) {
            int64_t steps = test_range(&random, 1, MOST_STEPS);
            bool add = test_range(&random, 0, 1);
            fill(&random);
            open_tiles();
            ck_assert(tiles_are_open);
            multiply_tiles((tiled){(const char *)a, sizeof a[0], TILE_ROW},
                           (tiled){(const char *)b, sizeof b[0], TILE * (int64_t)sizeof b[0]}, steps, rows, columns,
                           (tiled_sums){&sums[0][0], sizeof sums[0]}, add);
            close_tiles();
            for (int row = 0; row < MOST_ROWS; row++)
                for (int column = 0; column < MOST_COLUMNS; column++) {
                    bool inside = row < rows && column < columns;
                    double want = inside ? expected(row, column, steps, add) : (double)before[row][column];
                    ck_assert(fabs((double)sums[row][column] - want) <= 1e-3);
                }
        }
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("tiles");
    tcase_add_test(tests, products_are_sums);
    Suite *suite = suite_create("tiles");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
