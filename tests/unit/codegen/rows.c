/* Generated kernels on rows whose outcome is known beforehand: no keys at all, all masked in the first tiles, a NaN,
 * and how many keys lse counts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/machine.h"
#include "support/suite.h"

static void on_each_target(void (*test)(const char *target)) {
    static const char *const targets[] = {"x86-64-v4", "x86-64-v3",      "x86-64",
                                          "aarch64",   "x86-64-v4-bf16", "x86-64-v4-amx"};
    for (size_t n = 0; n < sizeof targets / sizeof *targets; n++)
        if (machine_runs(targets[n])) test(targets[n]);
}

enum { D = 16 };
typedef struct simple {
    float q[WEFT_TILE_ROWS][D], k[256][D], v[256][D], o[WEFT_TILE_ROWS][D], lse[WEFT_TILE_ROWS];
    weft_mask masks[4];
} simple;

static void run_simple(const char *target, simple *s, const weft_tile *tiles, uint32_t count, int64_t keys) {
    weft_codegen_spec spec = {WEFT_F32, D, D, target, NULL};
    loaded_kernel kernel = load_kernel(&spec);
    float *scratch = aligned_alloc(64, sizeof(float) * weft_scratch_floats(D, D));
    ck_assert(scratch);
    weft_call call = {.q = s->q,
                      .k = s->k,
                      .v = s->v,
                      .o = s->o,
                      .lse = s->lse,
                      .q_row = D,
                      .q_dim = 1,
                      .k_row = D,
                      .k_dim = 1,
                      .v_row = D,
                      .v_dim = 1,
                      .o_row = D,
                      .o_dim = 1,
                      .lse_row = 1,
                      .keys = keys,
                      .rows = WEFT_TILE_ROWS,
                      .scale = 1,
                      .tiles = tiles,
                      .tile_count = count,
                      .masks = s->masks,
                      .sink = -INFINITY,
                      .scratch = scratch};
    kernel.tall(&call);
    free(scratch);
    unload_kernel(&kernel);
}

static void no_tiles_give_zero_and_minus_infinity_on(const char *target) {
    static simple s;
    memset(&s, 0xff, sizeof s); /* NaN everywhere */
    run_simple(target, &s, NULL, 0, 256);
    for (int row = 0; row < WEFT_TILE_ROWS; row++) {
        ck_assert(s.lse[row] == -INFINITY);
        for (int d = 0; d < D; d++) ck_assert(s.o[row][d] == 0);
    }
}

START_TEST(no_tiles_give_zero_and_minus_infinity) { on_each_target(no_tiles_give_zero_and_minus_infinity_on); }
END_TEST

static void rows_masked_in_their_first_tiles_recover_on(const char *target) {
    static simple s;
    memset(&s, 0, sizeof s);
    for (int key = 0; key < 256; key++)
        for (int d = 0; d < D; d++) s.k[key][d] = 5, s.v[key][d] = (float)key;
    for (int row = 0; row < WEFT_TILE_ROWS; row++)
        for (int d = 0; d < D; d++) s.q[row][d] = row % 2 ? 3 : -3; /* scores of +-240 */
    for (int key = 0; key < WEFT_TILE_KEYS; key++) s.masks[1].key[key] = key == 7 ? 0xffffffff00000000u : 0;
    const weft_tile tiles[] = {{0, 0, 0, 64, 1, 0}, {1, 0, 0, 64, 1, 0}, {2, 1, 0, 64, 1, 0}};
    run_simple(target, &s, tiles, 3, 256);
    for (int row = 0; row < WEFT_TILE_ROWS; row++) {
        float want = row < 32 ? 0 : 128 + 7;
        for (int d = 0; d < D; d++) ck_assert_float_eq(s.o[row][d], want);
        if (row < 32)
            ck_assert(s.lse[row] == -INFINITY);
        else
            ck_assert_float_eq_tol(s.lse[row], row % 2 ? 240 : -240, 1e-4);
    }
}

START_TEST(rows_masked_in_their_first_tiles_recover) { on_each_target(rows_masked_in_their_first_tiles_recover_on); }
END_TEST

static void a_nan_score_stays_in_its_row_on(const char *target) {
    static const uint32_t payloads[] = {0x7fc00000, 0xffc00000, 0x7fc00001, 0x7f800001, 0x7fffffff, 0x7f800000};
    for (size_t n = 0; n < sizeof payloads / sizeof *payloads; n++) {
        static simple s;
        memset(&s, 0, sizeof s);
        for (int key = 0; key < 256; key++) s.k[key][0] = 1, s.v[key][0] = 2;
        memcpy(&s.q[5][0], &payloads[n], sizeof(float));
        const weft_tile tiles[] = {{0, 4, 0, 64, 0, 0}};
        run_simple(target, &s, tiles, 1, 256);
        for (int row = 0; row < WEFT_TILE_ROWS; row++) {
            if (row == 5) {
                ck_assert_msg(isnan(s.o[row][0]), "payload %x: %g", payloads[n], s.o[row][0]);
                ck_assert(isnan(s.lse[row]) || s.lse[row] == INFINITY);
            } else {
                ck_assert_float_eq(s.o[row][0], 2);
                ck_assert_float_eq(s.lse[row], logf(256));
            }
        }
    }
}

START_TEST(a_nan_score_stays_in_its_row) { on_each_target(a_nan_score_stays_in_its_row_on); }
END_TEST

/* With q = 0 every weight is 1, and exp(lse) counts keys: exactly, once rounded. K and V stand still (stride 0), so
 * that a million keys need no memory. */
static void lse_counts_keys_on(const char *target) {
    weft_codegen_spec spec = {WEFT_F32, 1, 1, target, NULL};
    loaded_kernel kernel = load_kernel(&spec);
    float *scratch = aligned_alloc(64, sizeof(float) * weft_scratch_floats(1, 1));
    ck_assert(scratch);
    static const int64_t counts[] = {1, 2, 3, 63, 64, 65, 1000, 4097, 65535, 99999, 524287, 777777, 999983, 1000000};
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
        float q = 0, k = 1, v = 1, o, lse;
        weft_tile run = {0, (uint32_t)((counts[n] + 63) / 64), 0, 64, 0, 0};
        weft_call call = {.q = &q,
                          .k = &k,
                          .v = &v,
                          .o = &o,
                          .lse = &lse,
                          .keys = counts[n],
                          .rows = 1,
                          .scale = 1,
                          .tiles = &run,
                          .tile_count = 1,
                          .sink = -INFINITY,
                          .scratch = scratch};
        kernel.strip(&call);
        ck_assert_int_eq(llround(exp((double)lse)), counts[n]);
        ck_assert_float_eq(o, 1);
    }
    free(scratch);
    unload_kernel(&kernel);
}

START_TEST(lse_counts_keys) { on_each_target(lse_counts_keys_on); }
END_TEST

TEST_MAIN("codegen/rows", no_tiles_give_zero_and_minus_infinity, rows_masked_in_their_first_tiles_recover,
          a_nan_score_stays_in_its_row, lse_counts_keys)
