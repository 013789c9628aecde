/* The spine's figures in one run: kernels as a fraction of this core's FMA peak, measured in turn with them; compile
 * latency; plan time and size. Ratios are what counts; absolute figures move from run to run. usage: spine [REPEATS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weft/weft.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_size);
    return values[count / 2];
}

/* ---- the peak: independent fused multiply-adds in registers, float32 GFLOP/s --------------------------------- */

#if defined(__x86_64__)
#define EACH_REGISTER(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
__attribute__((target("avx512f"))) static double peak_zmm(long rounds) {
    double start = now();
#define FMA(n) "vfmadd231ps %%zmm14, %%zmm15, %%zmm" #n "\n"
    __asm__ volatile("1:\n" EACH_REGISTER(FMA) "dec %0\njnz 1b\n"
                     : "+r"(rounds)
                     :
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                       "xmm11");
#undef FMA
    return now() - start;
}
__attribute__((target("avx2,fma"))) static double peak_ymm(long rounds) {
    double start = now();
#define FMA(n) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" #n "\n"
    __asm__ volatile("1:\n" EACH_REGISTER(FMA) "dec %0\njnz 1b\n"
                     : "+r"(rounds)
                     :
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                       "xmm11");
#undef FMA
    return now() - start;
}
static double peak(int lanes) {
    long rounds = 300000;
    double seconds = lanes == 16 ? peak_zmm(rounds) : peak_ymm(rounds);
    return 12.0 * 2 * lanes * (double)rounds / seconds * 1e-9;
}
static int widest(void) { return __builtin_cpu_supports("avx512f") ? 16 : 8; }
#else
static double peak(int lanes) { return (void)lanes, 0; }
static int widest(void) { return 0; }
#endif

/* ---- kernels ------------------------------------------------------------------------------------------------- */

static void die(weft_context *context, const char *what) {
    char message[4000];
    weft_context_message(context, false, message, sizeof message);
    fprintf(stderr, "%s failed\n%s", what, message);
    exit(1);
}

static weft_kernel *compile(weft_context *context, const char *text, int64_t dim, const char *target) {
    weft_module *module;
    weft_kernel *kernel;
    weft_kernel_options options = {.size = sizeof options, .head_dim = dim, .target = target};
    if (weft_module_load_text(context, "bench.weft", text, strlen(text), NULL, &module)) die(context, "load");
    if (weft_kernel_create(module, NULL, &options, &kernel)) die(context, "compile");
    weft_module_destroy(module);
    return kernel;
}

static const char *const patterns[][2] = {
    {"all", "pattern p { attend all; }"},
    {"causal", "pattern p { attend causal; }"},
    {"window 256", "pattern p { attend window(256); }"},
    {"longformer 256+16", "pattern p { attend window(256) | global(0..16); }"},
    {"past 1024 + 4 sinks", "pattern p { attend (past(1024) | cols(0..4)) & causal; }"},
};

static weft_plan *plan(weft_context *context, weft_kernel *kernel, int64_t heads, int64_t n, int64_t dim,
                       weft_plan_info *info) {
    weft_shape shape = {sizeof shape, 1, heads, heads, n, n, dim, dim};
    weft_plan *made;
    if (weft_plan_create(kernel, &shape, NULL, 0, &made)) die(context, "plan");
    info->size = sizeof *info;
    weft_plan_describe(made, info);
    return made;
}

static DLTensor tensor(float *data, int64_t *shape) {
    return (DLTensor){.data = data, .device = {kDLCPU, 0}, .ndim = 4, .dtype = {kDLFloat, 32, 1}, .shape = shape};
}

/* One line of the table: GFLOP/s on allowed and on computed pairs as fractions of the peak, medians over the repeats.
 */
static void measure(weft_context *context, int which, int64_t n, int64_t heads, int64_t dim, const char *target,
                    int lanes, int repeats) {
    weft_kernel *kernel = compile(context, patterns[which][1], dim, target);
    weft_plan_info info;
    weft_plan *made = plan(context, kernel, heads, n, dim, &info);
    size_t count = (size_t)(heads * n * dim);
    float *memory = malloc(4 * count * sizeof *memory);
    void *workspace = malloc(weft_plan_workspace(made));
    for (size_t i = 0; i < 3 * count; i++) memory[i] = (float)(i * 2654435761u % 2048) / 1024.0f - 1;
    int64_t shape[4] = {1, heads, n, dim};
    DLTensor q = tensor(memory, shape), k = tensor(memory + count, shape), v = tensor(memory + 2 * count, shape),
             o = tensor(memory + 3 * count, shape);
    weft_tensors tensors = {.size = sizeof tensors, .q = &q, .k = &k, .v = &v, .o = &o};
    double allowed[64], computed[64], seconds[64];
    for (int r = 0; r < repeats; r++) {
        double before = peak(lanes), start = now();
        if (weft_run(made, &tensors, workspace)) die(context, "run");
        seconds[r] = now() - start;
        double top = (before + peak(lanes)) / 2 * 1e9, flops = 4.0 * (double)dim / seconds[r];
        allowed[r] = flops * info.pairs / top, computed[r] = flops * info.computed_pairs / top;
    }
    printf("%-20s %7lld %2lld %4lld  %-10s %9.2f ms  %5.1f %%  %5.1f %%\n", patterns[which][0], (long long)n,
           (long long)heads, (long long)dim, target ? target : "native", 1e3 * median(seconds, repeats),
           100 * median(allowed, repeats), 100 * median(computed, repeats));
    fflush(stdout);
    weft_plan_destroy(made), weft_kernel_destroy(kernel);
    free(memory), free(workspace);
}

int main(int argc, char **argv) {
    int repeats = argc > 1 ? atoi(argv[1]) : 9;
    if (repeats < 1 || repeats > 64) return fprintf(stderr, "usage: spine [REPEATS], 1 to 64\n"), 2;
    weft_config config = {.size = sizeof config, .threads = 1};
    weft_context *context;
    double start = now();
    if (weft_context_create(&config, &context)) return 1;
    weft_kernel_destroy(compile(context, patterns[3][1], 64, NULL));
    printf("text to kernel, first in this process (loads LLVM): %.1f ms\n", 1e3 * (now() - start));
    for (int64_t dim = 64; dim <= 128; dim *= 2) {
        double seconds[15];
        for (int r = 0; r < 15; r++) {
            start = now();
            weft_kernel_destroy(compile(context, patterns[3][1], dim, NULL));
            seconds[r] = now() - start;
        }
        printf("text to kernel, warm, D = %lld: %.1f ms\n", (long long)dim, 1e3 * median(seconds, 15));
    }

    weft_kernel *kernel = compile(context, patterns[3][1], 64, NULL);
    printf("\nplan of %s, 8 heads\n%10s %10s %12s %8s %8s\n", patterns[3][0], "tokens", "ms", "bytes", "items",
           "masks");
    for (int64_t n = 16384; n <= 1048576; n *= n == 16384 ? 4 : 16) {
        double seconds[9];
        weft_plan_info info;
        for (int r = 0; r < 9; r++) {
            weft_plan_destroy(plan(context, kernel, 8, n, 64, &info));
            seconds[r] = info.seconds;
        }
        printf("%10lld %10.2f %12lld %8lld %8lld\n", (long long)n, 1e3 * median(seconds, 9), (long long)info.bytes,
               (long long)info.items, (long long)info.bit_tiles);
    }
    weft_kernel_destroy(kernel);

    int lanes = widest();
    printf("\none core; peak %.0f GFLOP/s (%d lanes)\n%-20s %7s %2s %4s  %-10s %12s  %7s  %7s\n", peak(lanes), lanes,
           "pattern", "tokens", "H", "D", "target", "time", "allowed", "computed");
    for (int64_t dim = 64; dim <= 128; dim *= 2)
        for (int which = 0; which < 2; which++) measure(context, which, 4096, 1, dim, NULL, lanes, repeats);
    for (int which = 2; which < 5; which++) measure(context, which, 16384, 1, 64, NULL, lanes, repeats);
    if (lanes == 16)
        for (int64_t dim = 64; dim <= 128; dim *= 2) measure(context, 0, 4096, 1, dim, "x86-64-v3", 8, repeats);
    weft_context_destroy(context);
    return 0;
}
