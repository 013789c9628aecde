/* The inputs of the cost model (runtime/plan/costs.def) as this machine has them: each is what two runs differ in, in
 * units of a pair that the 64-row kernel computes. One thread, float32; a turn of all runs after another, medians
 * count, since a machine's clock moves.
 * usage: costs [TURNS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weft/weft.h>

enum { MOST_TURNS = 101, N = 8192, FEW = 16, MANY = 64 };

/* What is run: a pattern that has N queries and keys. */
typedef struct probe {
    const char *text;
    weft_plan *plan;
    void *workspace;
    double pairs; /* that are computed */
    double seconds[MOST_TURNS];
} probe;

enum {
    DENSE,
    NARROW,
    WIDE,
    MASKED,
    SHORT_NARROW,
    SHORT_WIDE,
    LIST_SHORT,
    LIST_LONG,
    FOLDED,
    STRIDED,
    CONTIGUOUS,
    PROBES
};
static const char *const texts[PROBES] = {
    [DENSE] = "pattern p { attend cols(0..1024); }",
    [NARROW] = "pattern p { attend cols(0..64); }",
    [WIDE] = "pattern p { attend cols(0..512); }",
    [MASKED] = "pattern p { attend where((i + j) % 2 == 0 and j < 512); }",
    [SHORT_NARROW] = "pattern p { attend where(i % 64 < 16 and j < 256); }",
    [SHORT_WIDE] = "pattern p { attend where(i % 64 < 16 and j < 1024); }",
    [LIST_SHORT] = "pattern p { attend random(16); }",
    [LIST_LONG] = "pattern p { attend random(64); }",
    [FOLDED] = "pattern p { attend cols(0..64) | random(16, within = ~cols(0..64)); }",
    [STRIDED] = "pattern p { attend dilated(128, step = 16); }",
    [CONTIGUOUS] = "pattern p { attend window(128); }",
};

static void die(const char *what) {
    fprintf(stderr, "costs: %s failed\n", what);
    exit(1);
}

/* Of this process on its processor: what else runs there does not count. */
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- runs -------------------------------------------------------------------------------------------------------- */

static void make_plan(probe *p, weft_context *context, int64_t dim) {
    weft_module *module;
    weft_kernel *kernel;
    weft_kernel_options options = {.size = sizeof options, .head_dim = dim};
    weft_shape shape = {.size = sizeof shape, .queries = N, .keys = N, .head_dim = dim, .value_dim = dim};
    if (weft_module_load_text(context, "costs.weft", p->text, strlen(p->text), NULL, &module)) die("loading");
    if (weft_kernel_create(module, NULL, &options, &kernel)) die("compiling");
    if (weft_plan_create(kernel, &shape, NULL, 0, &p->plan)) die("planning");
    weft_plan_info info = {.size = sizeof info};
    if (weft_plan_describe(p->plan, &info)) die("describing a plan");
    p->pairs = info.computed_pairs;
    p->workspace = malloc(weft_plan_workspace(p->plan) + 1);
    if (!p->workspace) die("memory");
    weft_kernel_destroy(kernel);
    weft_module_destroy(module);
}

static void release(probe *p) {
    weft_plan_destroy(p->plan);
    free(p->workspace);
}

static float *random_floats(int64_t count) {
    float *at = aligned_alloc(64, (size_t)count * sizeof *at);
    if (!at) die("memory");
    for (int64_t n = 0; n < count; n++) at[n] = (float)(rand() % 2001 - 1000) * 1e-3f;
    return at;
}

/* Turns of all runs, and a first one that warms. */
static void take_turns(probe *all, int64_t dim, int turns) {
    float *q = random_floats(N * dim), *k = random_floats(N * dim), *v = random_floats(N * dim),
          *o = random_floats(N * dim);
    int64_t size[4] = {1, 1, N, dim};
    DLTensor tensor = {.data = q, .device = {kDLCPU, 0}, .ndim = 4, .dtype = {kDLFloat, 32, 1}, .shape = size};
    DLTensor key = tensor, value = tensor, output = tensor;
    key.data = k, value.data = v, output.data = o;
    weft_tensors tensors = {.size = sizeof tensors, .q = &tensor, .k = &key, .v = &value, .o = &output};
    for (int turn = -1; turn < turns; turn++)
        for (int n = 0; n < PROBES; n++) {
            double start = 0;
            for (int again = 0; again < 2; again++) { /* the first fills caches */
                start = now();
                if (weft_run(all[n].plan, &tensors, all[n].workspace)) die("a run");
            }
            if (turn >= 0) all[n].seconds[turn] = now() - start;
        }
    for (int n = 0; n < PROBES; n++) qsort(all[n].seconds, (size_t)turns, sizeof(double), by_size);
    free(q), free(k), free(v), free(o);
}

/* ---- what they say ----------------------------------------------------------------------------------------------- */

/* In the time of a pair of the 64-row kernel, for 64 rows of queries. */
typedef struct figures {
    double at[PROBES];
    double apart; /* a pair of STRIDED, in those of CONTIGUOUS */
} figures;

static figures by_pairs(const probe *all, int turns) {
    figures out;
    double pair = all[DENSE].seconds[turns / 2] - all[WIDE].seconds[turns / 2];
    pair /= 512.0 * N;
    for (int n = 0; n < PROBES; n++) out.at[n] = all[n].seconds[turns / 2] / pair / (N / 64.0);
    out.apart = out.at[STRIDED] / all[STRIDED].pairs / (out.at[CONTIGUOUS] / all[CONTIGUOUS].pairs);
    return out;
}

/* The model's inputs by their names. */
static double find(const figures *f, const char *name) {
    const double *at = f->at;
    /* Four items of 16 rows, of which one has keys, beside one of 64 rows. */
    double short_pair = (at[SHORT_WIDE] - at[SHORT_NARROW]) / (16 * 768), tall = at[NARROW] - 64 * 64;
    double item = (at[SHORT_NARROW] - 16 * 256 * short_pair - tall) / 3;
    double list_key = (at[LIST_LONG] - at[LIST_SHORT]) / (64 * (MANY - FEW));
    const struct {
        const char *name;
        double value;
    } found[] = {{"item", item},
                 {"row", (tall - item) / 64},
                 {"short_pair", short_pair},
                 {"mask", (at[MASKED] - at[WIDE]) / 8},
                 {"list_row", at[LIST_SHORT] / 64 - list_key * FEW},
                 {"list_key", list_key},
                 {"fold_row", (at[FOLDED] - at[NARROW] - at[LIST_SHORT]) / 64},
                 {"apart", f->apart}};
    for (size_t n = 0; n < sizeof found / sizeof *found; n++)
        if (!strcmp(name, found[n].name)) return found[n].value;
    die("measuring an input of the model that is new");
    return 0;
}

static figures measure(weft_context *context, int64_t dim, int turns) {
    static probe all[PROBES];
    for (int n = 0; n < PROBES; n++) {
        all[n].text = texts[n];
        make_plan(&all[n], context, dim);
    }
    take_turns(all, dim, turns);
    figures out = by_pairs(all, turns);
    for (int n = 0; n < PROBES; n++) release(&all[n]);
    return out;
}

int main(int argc, char **argv) {
    int turns = argc > 1 ? atoi(argv[1]) : 15;
    if (turns < 1 || turns > MOST_TURNS) return fprintf(stderr, "usage: costs [TURNS], 1 to %d\n", MOST_TURNS), 2;
    weft_config config = {.size = sizeof config, .threads = 1};
    weft_context *context;
    if (weft_context_create(&config, &context)) die("the context");
    figures small = measure(context, 64, turns), large = measure(context, 128, turns);
    weft_context_destroy(context);
    printf("| cost, in pairs of the 64-row kernel | model | D = 64 | D = 128 |\n|---|---|---|---|\n");
    weft_cost input;
    for (size_t n = 0; weft_cost_input(n, &input); n++)
        printf("| %s: %s | %g | %.3g | %.3g |\n", input.name, input.meaning, input.value, find(&small, input.name),
               find(&large, input.name));
    return 0;
}
