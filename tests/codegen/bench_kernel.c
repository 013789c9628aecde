/* How fast generated kernels are, as a share of what the processor's multiply-adds could do, and how long they take to
 * make. One core; other work on the machine shows, so the best of several turns counts, next to the peak measured
 * between them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <weft/half.h>

#include "codegen/machine.h"

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define FMA(width, n) "vfmadd231ps %%" width "mm14, %%" width "mm15, %%" width "mm" n "\n"
#define FMAS(width)                                                                                                    \
    FMA(width, "0")                                                                                                    \
    FMA(width, "1")                                                                                                    \
    FMA(width, "2")                                                                                                    \
    FMA(width, "3")                                                                                                    \
    FMA(width, "4") FMA(width, "5") FMA(width, "6") FMA(width, "7") FMA(width, "8") FMA(width, "9") FMA(width, "10")   \
        FMA(width, "11")
#define CLOBBERS                                                                                                       \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm14", "xmm15"

#define DOT(n) "vdpbf16ps %%zmm14, %%zmm15, %%zmm" n "\n"
#define DOTS                                                                                                           \
    DOT("0") DOT("1") DOT("2") DOT("3") DOT("4") DOT("5") DOT("6") DOT("7") DOT("8") DOT("9") DOT("10") DOT("11")

enum { YMM = 16, ZMM = 32, PAIRS = 64 }; /* flops of an instruction */

/* Gflop/s of twelve independent chains of multiply-adds. */
static double peak(int kind) {
    enum { TURNS = 50000 };
    double begin = seconds();
    for (int i = 0; i < TURNS; i++) {
        if (kind == PAIRS)
            __asm__ volatile(DOTS : : : CLOBBERS);
        else if (kind == ZMM)
            __asm__ volatile(FMAS("z") : : : CLOBBERS);
        else
            __asm__ volatile(FMAS("y") : : : CLOBBERS);
    }
    return 12.0 * kind * TURNS / (seconds() - begin) * 1e-9;
}

static const char *const dtypes[] = {"f32", "bf16", "f16"};

static size_t element_size(weft_dtype dtype) { return dtype == WEFT_F32 ? sizeof(float) : sizeof(uint16_t); }

static char *elements(weft_dtype dtype, size_t count) {
    void *at = aligned_alloc(4096, (count * element_size(dtype) + 4095) / 4096 * 4096);
    machine_needs(at != NULL, "out of memory");
    for (size_t i = 0; i < count; i++) {
        float x = (float)(rand() % 2000 - 1000) * 1e-3f;
        if (dtype == WEFT_F32) ((float *)at)[i] = x;
        if (dtype == WEFT_BF16) ((uint16_t *)at)[i] = weft_float_to_bf16(x);
        if (dtype == WEFT_F16) ((uint16_t *)at)[i] = weft_float_to_f16(x);
    }
    return at;
}
static float *floats(size_t count) { return (float *)(void *)elements(WEFT_F32, count); }

enum { KEYS = 4096, QUERIES = 256, TURNS = 9 };

static void bench_run(const char *target, weft_dtype dtype, int dim, bool strip, bool scattered) {
    weft_codegen_spec spec = {dtype, (uint32_t)dim, (uint32_t)dim, target, NULL};
    loaded_kernel kernel = load_kernel(&spec);
    enum { FAR = 8 };
    size_t length = scattered ? (size_t)KEYS * FAR : KEYS;
    size_t rows = (size_t)(QUERIES * dim), columns = length * (size_t)dim;
    char *q = elements(dtype, rows), *k = elements(dtype, columns), *v = elements(dtype, columns);
    char *o = elements(dtype, rows);
    float *lse = floats(QUERIES), *scratch = floats(weft_scratch_floats(dim, dim));
    int64_t height = strip ? WEFT_STRIP_ROWS : WEFT_TILE_ROWS, blocks = scattered ? 16 : KEYS / WEFT_TILE_KEYS;
    int kind = strcmp(target, "x86-64-v4-bf16") == 0 && dtype == WEFT_BF16 ? PAIRS
               : strcmp(target, "x86-64-v3") == 0                          ? YMM
                                                                           : ZMM;
    double best = 0, best_peak = 0;
    for (int turn = 0; turn < TURNS; turn++) {
        double p = peak(kind);
        if (p > best_peak) best_peak = p;
        double begin = seconds();
        for (int64_t row = 0; row < QUERIES; row += height) {
            weft_tile tiles[16] = {{0, (uint32_t)blocks, 0, 64, 0, 0}};
            for (uint32_t i = 0; scattered && i < 16; i++)
                tiles[i] = (weft_tile){(uint32_t)rand() % (KEYS * FAR / 64), 1, 0, 64, 0, 0};
            weft_call call = {.q = q + row * dim * (int64_t)element_size(dtype),
                              .k = k,
                              .v = v,
                              .o = o + row * dim * (int64_t)element_size(dtype),
                              .lse = lse + row,
                              .q_row = dim,
                              .q_dim = 1,
                              .k_row = dim,
                              .k_dim = 1,
                              .v_row = dim,
                              .v_dim = 1,
                              .o_row = dim,
                              .o_dim = 1,
                              .lse_row = 1,
                              .keys = (int64_t)length,
                              .rows = (int32_t)height,
                              .scale = 1.0f / sqrtf((float)dim),
                              .tiles = tiles,
                              .tile_count = scattered ? 16 : 1,
                              .sink = -INFINITY,
                              .scratch = scratch};
            (strip ? kernel.strip : kernel.tall)(&call);
        }
        double rate = 4.0 * dim * QUERIES * (double)blocks * 64 / (seconds() - begin) * 1e-9;
        if (rate > best) best = rate;
    }
    printf("%-14s %-4s %3d  %-5s %-9s %6.1f of %6.1f Gflop/s  %5.1f %%  code %zu bytes\n", target, dtypes[dtype], dim,
           strip ? "strip" : "tall", scattered ? "scattered" : "dense", best, best_peak, 100 * best / best_peak,
           kernel.code_size);
    free(q), free(k), free(v), free(o), free(lse), free(scratch);
    unload_kernel(&kernel);
}

static void bench_compile(const char *target, int dim) {
    double best = 1e9;
    for (int turn = 0; turn < 15; turn++) {
        weft_codegen_spec spec = {WEFT_F32, (uint32_t)dim, (uint32_t)dim, target, NULL};
        double begin = seconds();
        loaded_kernel kernel = load_kernel(&spec);
        double took = seconds() - begin;
        if (took < best) best = took;
        unload_kernel(&kernel);
    }
    printf("%-10s %3d  compiled in %.2f ms\n", target, dim, 1e3 * best);
}

int main(void) {
    static const char *const targets[] = {"x86-64-v4-bf16", "x86-64-v4", "x86-64-v3"};
    for (int t = 0; t < 3; t++) {
        if (!machine_runs(targets[t])) continue;
        bench_compile(targets[t], 64);
        for (int dtype = WEFT_F32; dtype <= WEFT_F16; dtype++)
            for (int dim = 64; dim <= 128; dim *= 2)
                for (int variant = 0; variant < 4; variant++)
                    bench_run(targets[t], (weft_dtype)dtype, dim, variant & 1, variant & 2);
    }
    return 0;
}
