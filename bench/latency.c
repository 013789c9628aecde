/* How long it takes from a pattern's text to a kernel that can be called: cold (code is generated), warm (once more in
 * the same process), and from the cache on disk; each in fresh processes, this program run again. Loading LLVM is timed
 * apart. Medians over REPEATS processes. usage: latency [REPEATS] */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <weft/weft.h>

static const char text[] = "set local(w) = window(w);\n"
                           "pattern longformer(w: int = 256, t: tokens, n: int = 16) {\n"
                           "    require w > 0, \"w must be positive\";\n"
                           "    attend local(w) | global({0..n, t});\n}\n";
static const char other[] = "pattern other(w: int = 64) { attend past(w) | cols({0..4}) & causal; }\n";

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- one process -------------------------------------------------------------------------------------------- */

/* Milliseconds, as a child hands them to its parent. */
typedef struct times {
    double plugin;  /* loading the code generator and LLVM */
    double context; /* making the context */
    double load;    /* reading and checking the pattern */
    double kernel;  /* from there to the kernel */
    double again;   /* another pattern, all of it, in the same process */
    int has_llvm;   /* is LLVM in this process at the end? */
} times;

static void die(weft_context *context, const char *what) {
    char message[4000] = "";
    if (context) weft_context_message(context, false, message, sizeof message);
    fprintf(stderr, "%s failed\n%s", what, message);
    exit(1);
}

static bool is_mapped(const char *name) {
    char line[4096];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && !found && fgets(line, sizeof line, maps)) found = strstr(line, name) != NULL;
    if (maps) fclose(maps);
    return found;
}

static void make_kernel(weft_context *context, const char *pattern, times *out) {
    weft_kernel_options options = {.size = sizeof options, .head_dim = 64};
    weft_module *module;
    weft_kernel *kernel;
    double start = now();
    if (weft_module_load_text(context, "latency.weft", pattern, strlen(pattern), NULL, &module)) die(context, "load");
    double loaded = now();
    if (weft_kernel_create(module, NULL, &options, &kernel)) die(context, "compile");
    out->load = loaded - start, out->kernel = now() - loaded;
    weft_kernel_destroy(kernel);
    weft_module_destroy(module);
}

static times measure(bool preload, const char *cache_path) {
    times out = {0}, again = {0};
    double start = now();
    if (preload) dlopen("libweft_llvm.so.0", RTLD_NOW | RTLD_LOCAL); /* a static build has it already */
    out.plugin = now() - start;
    start = now();
    weft_config config = {.size = sizeof config, .threads = 1, .cache_path = cache_path};
    weft_context *context;
    if (weft_context_create(&config, &context)) die(NULL, "context");
    out.context = now() - start;
    make_kernel(context, text, &out);
    out.has_llvm = is_mapped("LLVM");
    if (preload) make_kernel(context, other, &again);
    out.again = again.load + again.kernel;
    weft_context_destroy(context);
    return out;
}

/* ---- many processes ----------------------------------------------------------------------------------------- */

/* Runs this program again as a child, and gives the milliseconds that took in all. */
static double run_child(const char *way, const char *cache_path, times *out) {
    int ends[2];
    char number[16];
    if (pipe(ends) != 0) die(NULL, "pipe");
    double start = now();
    pid_t child = fork();
    if (child < 0) die(NULL, "fork");
    if (child == 0) {
        snprintf(number, sizeof number, "%d", ends[1]);
        execl("/proc/self/exe", "latency", way, cache_path, number, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    bool got = read(ends[0], out, sizeof *out) == (ssize_t)sizeof *out;
    int status;
    waitpid(child, &status, 0);
    close(ends[0]);
    if (!got || status != 0) die(NULL, "a child");
    return now() - start;
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_size);
    return values[count / 2];
}

enum { MOST_REPEATS = 1000, FIELDS = 7 };

static void report(const char *name, const char *way, const char *cache_path, int repeats) {
    static double values[FIELDS][MOST_REPEATS];
    times t = {0};
    int with_llvm = 0;
    for (int n = 0; n < repeats; n++) {
        double whole = run_child(way, cache_path, &t);
        double row[FIELDS] = {t.plugin, t.context, t.load, t.kernel, t.context + t.load + t.kernel, t.again, whole};
        for (int k = 0; k < FIELDS; k++) values[k][n] = row[k];
        with_llvm += t.has_llvm;
    }
    printf("%-8s", name);
    for (int k = 0; k < FIELDS; k++) printf(" %9.2f", median(values[k], repeats));
    printf("  %s\n", with_llvm == 0 ? "no" : with_llvm == repeats ? "yes" : "in some");
}

static int child_main(char **arguments) {
    bool cold = strcmp(arguments[1], "cold") == 0;
    times t = measure(cold, cold ? NULL : arguments[2]);
    int end = atoi(arguments[3]);
    return write(end, &t, sizeof t) == (ssize_t)sizeof t ? 0 : 1;
}

int main(int count, char **arguments) {
    if (count == 4) return child_main(arguments);
    int repeats = count > 1 ? atoi(arguments[1]) : 21;
    if (repeats < 1 || repeats > MOST_REPEATS) return 2;
    char folder[] = "/tmp/weft-latency-XXXXXX", command[64];
    if (!mkdtemp(folder)) die(NULL, "mkdtemp");
    times t;
    run_child("cached", folder, &t); /* fills it */
    printf("medians of %d processes, ms\n%-8s %9s %9s %9s %9s %9s %9s %9s  %s\n", repeats, "", "LLVM", "context",
           "parse", "kernel", "callable", "another", "process", "LLVM loaded");
    report("cold", "cold", folder, repeats);
    report("cached", "cached", folder, repeats);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0;
}
