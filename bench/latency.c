/* How long it takes from text to something that runs: in a fresh process with the code generator yet to load, in a warm
 * one, from the disk cache; and how long plans take and how large they are. Medians. usage: latency [REPEATS] */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <weft/weft.h>

enum { MOST = 101 };

static const char pattern[] = "pattern longformer { attend window(256) | global(0..16); }";

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

static void die(const char *what) {
    fprintf(stderr, "latency: %s failed\n", what);
    exit(1);
}

static weft_context *open_context(const char *cache) {
    weft_config config = {.size = sizeof config, .threads = 1, .cache_path = cache};
    weft_context *context;
    if (weft_context_create(&config, &context)) die("the context");
    return context;
}

static weft_kernel *compile(weft_context *context, int64_t dim) {
    weft_module *module;
    weft_kernel *kernel;
    weft_kernel_options options = {.size = sizeof options, .head_dim = dim};
    if (weft_module_load_text(context, "latency.weft", pattern, strlen(pattern), NULL, &module)) die("loading");
    if (weft_kernel_create(module, NULL, &options, &kernel)) die("compiling");
    weft_module_destroy(module);
    return kernel;
}

/* ---- fresh processes ---------------------------------------------------------------------------------------- */

/* What a fresh process measures of itself. */
typedef struct fresh {
    double loading; /* the code generator; 0 from the cache */
    double callable;
    bool has_llvm;
} fresh;

static bool llvm_is_mapped(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096];
    bool found = false;
    while (maps && fgets(line, sizeof line, maps)) found = found || strstr(line, "LLVM");
    if (maps) fclose(maps);
    return found;
}

/* Asking what the machine can do loads the code generator, so that its time can be told from the compilation's. */
static fresh measure_here(const char *cache) {
    fresh out = {0};
    char nothing[1];
    double start = now();
    weft_context *context = open_context(cache);
    if (!cache) {
        weft_doctor(context, nothing, sizeof nothing);
        out.loading = now() - start;
        start = now();
    }
    weft_kernel *kernel = compile(context, 64);
    out.callable = now() - start;
    out.has_llvm = llvm_is_mapped();
    weft_kernel_destroy(kernel);
    weft_context_destroy(context);
    return out;
}

/* This program again, as another process, which writes its `fresh` to a pipe. */
static fresh measure_fresh(const char *cache) {
    int ends[2], status;
    fresh out;
    if (pipe(ends)) die("a pipe");
    pid_t child = fork();
    if (child < 0) die("a process");
    if (!child) {
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "latency", "fresh", cache, (char *)NULL);
        _exit(1);
    }
    close(ends[1]);
    bool read_all = read(ends[0], &out, sizeof out) == (ssize_t)sizeof out;
    close(ends[0]);
    if (waitpid(child, &status, 0) < 0 || status || !read_all) die("a fresh process");
    return out;
}

static fresh medians(const char *cache, int repeats) {
    double loading[MOST], callable[MOST];
    fresh out = {0};
    for (int n = 0; n < repeats; n++) {
        fresh one = measure_fresh(cache);
        loading[n] = one.loading, callable[n] = one.callable;
        out.has_llvm = out.has_llvm || one.has_llvm;
    }
    out.loading = median(loading, repeats), out.callable = median(callable, repeats);
    return out;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at) {
    (void)status, (void)kind, (void)at;
    return remove(path);
}

static void print_fresh(int repeats) {
    char folder[] = "/tmp/weft-latency-XXXXXX";
    fresh cold = medians(NULL, repeats);
    printf("| loading the code generator, fresh process | %.1f ms |\n", 1e3 * cold.loading);
    printf("| text to kernel, fresh process, D = 64 | %.1f ms |\n", 1e3 * cold.callable);
    if (!mkdtemp(folder)) die("a folder");
    measure_fresh(folder); /* fills the cache */
    fresh cached = medians(folder, repeats);
    printf("| the same from the disk cache | %.2f ms, LLVM %s |\n", 1e3 * cached.callable,
           cached.has_llvm ? "loaded" : "not loaded");
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- this process ------------------------------------------------------------------------------------------- */

static void print_warm(weft_context *context, int repeats) {
    double seconds[MOST];
    weft_kernel_destroy(compile(context, 64));
    for (int64_t dim = 64; dim <= 128; dim *= 2) {
        for (int n = 0; n < repeats; n++) {
            double start = now();
            weft_kernel_destroy(compile(context, dim));
            seconds[n] = now() - start;
        }
        printf("| text to kernel, warm, D = %d | %.1f ms |\n", (int)dim, 1e3 * median(seconds, repeats));
    }
}

static void print_plans(weft_context *context, int repeats) {
    weft_kernel *kernel = compile(context, 64);
    double seconds[MOST];
    for (int64_t n = 16384; n <= 1048576; n *= 4) {
        weft_shape shape = {.size = sizeof shape, .heads = 8, .queries = n, .keys = n, .head_dim = 64, .value_dim = 64};
        weft_plan_info info = {.size = sizeof info};
        for (int r = 0; r < repeats; r++) {
            weft_plan *plan;
            if (weft_plan_create(kernel, &shape, NULL, 0, &plan)) die("planning");
            weft_plan_describe(plan, &info);
            weft_plan_destroy(plan);
            seconds[r] = info.seconds;
        }
        printf("| plan, %lld tokens, 8 heads | %.2f ms, %lld bytes |\n", (long long)n, 1e3 * median(seconds, repeats),
               (long long)info.bytes);
    }
    weft_kernel_destroy(kernel);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "fresh")) {
        fresh result = measure_here(argc > 2 ? argv[2] : NULL);
        return write(STDOUT_FILENO, &result, sizeof result) != (ssize_t)sizeof result;
    }
    int repeats = argc > 1 ? atoi(argv[1]) : 15;
    if (repeats < 1 || repeats > MOST) return fprintf(stderr, "usage: latency [REPEATS], 1 to %d\n", MOST), 2;
    printf("| Longformer ±256, 16 global, float32 | median of %d |\n|---|---|\n", repeats);
    fflush(stdout);
    print_fresh(repeats);
    weft_context *context = open_context(NULL);
    print_warm(context, repeats);
    print_plans(context, repeats);
    weft_context_destroy(context);
    return 0;
}
