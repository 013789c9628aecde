/* patterns WEFT FILE NAME: holds the patterns of a shipped file against their definitions, the mask of the oracle and
 * the mask of the plan pair by pair, at lengths that are ragged, short, and different for queries and keys; then has
 * `weft verify` run their kernels. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/weft.h>

#include "cli/npy.h"
#include "definitions.h"
#include "support/random.h"

enum { MOST_PARAMETERS = 12, MOST_TOKENS = 7, BATCH = 2, DIMS = 16, VERIFY_KEYS = 200 };

static const int64_t lengths[][2] = {{1, 1},     {1, 70},   {70, 1},   {63, 65},  {126, 126}, {128, 128},
                                     {130, 130}, {77, 200}, {200, 77}, {16, 257}, {301, 301}};
static const char *weft;

static void die(const char *what) {
    printf("FAILED: %s\n", what);
    exit(EXIT_FAILURE);
}

static void explain(const weft_context *context) {
    char message[2000];
    weft_context_message(context, false, message, sizeof message);
    fputs(message, stdout);
}

/* ---- values: ints from the definition, arrays at random ------------------------------------------------------- */

typedef struct values {
    weft_binding bindings[MOST_PARAMETERS];
    size_t count;
    int64_t ints[MOST_VALUES];
    struct {
        const char *name;
        int64_t shape[2], size; /* size: of one batch element */
        int32_t *data;
        DLTensor tensor;
    } arrays[MOST_ARRAYS];
    int array_count;
} values;

/* Labels: runs of one label, or shuffled ones. Tokens: some negative, some twice, some outside. */
static void fill_array(values *v, bool labels, int64_t keys, bool shuffled, test_random *random) {
    int n = v->array_count;
    int64_t size = labels ? keys : MOST_TOKENS, batch = labels ? BATCH : 1;
    int32_t label = 0, *data = malloc((size_t)(batch * size) * sizeof *data);
    if (!data) die("memory");
    for (int64_t at = 0; at < batch * size; at++) {
        label += test_range(random, 1, 20) == 1;
        data[at] = !labels    ? (int32_t)test_range(random, -keys - 2, keys + 2)
                   : shuffled ? (int32_t)test_range(random, -3, 3)
                              : label;
    }
    if (!labels) data[1] = data[0];
    v->arrays[n].data = data;
    v->arrays[n].size = size;
    v->arrays[n].shape[0] = labels ? batch : size;
    v->arrays[n].shape[1] = size;
    v->arrays[n].tensor = (DLTensor){.data = data,
                                     .device = {kDLCPU, 0},
                                     .ndim = labels ? 2 : 1,
                                     .dtype = {kDLInt, 32, 1},
                                     .shape = v->arrays[n].shape};
}

/* A value for each parameter; the ints stay unbound, at their defaults, where these are looked at. */
static void values_make(values *v, const weft_module *module, const definition *d, const int64_t *ints, bool unbound,
                        int64_t keys, test_random *random) {
    *v = (values){0};
    weft_parameter parameter;
    int int_count = 0;
    for (size_t n = 0; weft_module_parameter(module, d->pattern, n, &parameter); n++) {
        weft_binding binding = {.name = parameter.name};
        bool labels = !strcmp(parameter.type, "labels");
        if (v->count == MOST_PARAMETERS || int_count == MOST_VALUES) die("more parameters than expected");
        if (!strcmp(parameter.type, "int")) {
            binding.kind = WEFT_BIND_INT;
            binding.value.integer = v->ints[int_count] = ints[int_count];
            int_count++;
            if (unbound) continue;
        } else if (labels || !strcmp(parameter.type, "tokens")) {
            if (v->array_count == MOST_ARRAYS) die("more arrays than expected");
            fill_array(v, labels, keys, ints == d->trial[1], random);
            v->arrays[v->array_count].name = parameter.name;
            binding.kind = WEFT_BIND_ARRAY;
            binding.value.array = &v->arrays[v->array_count++].tensor;
        } else {
            continue; /* of score modifiers: no pair depends on it */
        }
        v->bindings[v->count++] = binding;
    }
}

static void values_free(values *v) {
    for (int n = 0; n < v->array_count; n++) free(v->arrays[n].data);
}

/* ---- masks against the definition ---------------------------------------------------------------------------- */

typedef struct tally {
    int64_t allowed, denied, close; /* close: nothing can be said */
} tally;

/* Queries and keys, and what the definition says that they decide. */
typedef struct decisions {
    const definition *of;
    weft_shape shape;
    float *q, *k;
    int8_t *chosen;
    int64_t q_shape[4], k_shape[4];
} decisions;

static float *normal(int64_t count, test_random *random) {
    float *data = malloc((size_t)count * sizeof *data);
    if (!data) die("memory");
    for (int64_t n = 0; n < count; n++) data[n] = test_normal(random);
    return data;
}

static void show(decisions *it, const definition *d, weft_plan *plan, const weft_shape *shape, test_random *random) {
    const int64_t heads = shape->heads ? shape->heads : 1;
    *it = (decisions){.of = d,
                      .shape = *shape,
                      .q_shape = {1, heads, shape->queries, shape->head_dim},
                      .k_shape = {1, heads, shape->keys, shape->head_dim}};
    if (!d->choose) return;
    it->q = normal(heads * shape->queries * shape->head_dim, random);
    it->k = normal(heads * shape->keys * shape->head_dim, random);
    it->chosen = malloc((size_t)(shape->queries * shape->keys));
    if (!it->chosen) die("memory");
    DLTensor q = {.data = it->q, .device = {kDLCPU, 0}, .ndim = 4, .dtype = {kDLFloat, 32, 1}, .shape = it->q_shape};
    DLTensor k = q;
    k.data = it->k;
    k.shape = it->k_shape;
    weft_tensors tensors = {.size = sizeof tensors, .q = &q, .k = &k};
    if (weft_plan_choose(plan, &tensors) != WEFT_OK) die("nothing is chosen");
}

static void decide(const decisions *it, question *q) {
    const weft_shape *s = &it->shape;
    if (!it->of->choose) return;
    q->q = it->q + q->h * s->queries * s->head_dim;
    q->k = it->k + q->h * s->keys * s->head_dim;
    q->dims = s->head_dim;
    q->chosen = it->chosen;
    it->of->choose(q);
}

static question question_of(const values *v, const weft_shape *shape, int64_t batch, int64_t head) {
    question q = {.h = head, .queries = shape->queries, .keys = shape->keys, .p = v->ints};
    for (int n = 0; n < v->array_count; n++) {
        q.arrays[n] = v->arrays[n].data + (v->arrays[n].tensor.ndim == 2 ? batch * v->arrays[n].size : 0);
        q.array_sizes[n] = v->arrays[n].size;
    }
    return q;
}

static void compare_head(const definition *d, const weft_plan *plan, const values *v, const weft_shape *shape,
                         const decisions *shown, int64_t batch, int64_t head, tally *sum) {
    static const char *const names[] = {[WEFT_MASK_ORACLE] = "oracle", [WEFT_MASK_PLAN] = "plan"};
    size_t pairs = (size_t)(shape->queries * shape->keys);
    uint8_t *masks[] = {malloc(pairs), malloc(pairs)};
    for (int source = 0; source < 2; source++) {
        if (!masks[source]) die("memory");
        memset(masks[source], 0xff, pairs);
        if (weft_plan_mask(plan, batch, head, (weft_mask_source)source, masks[source]) != WEFT_OK) die("no mask");
    }
    question q = question_of(v, shape, batch, head);
    decide(shown, &q);
    for (size_t n = 0; n < pairs; n++) {
        if (q.chosen && q.chosen[n] < 0) {
            sum->close++;
            continue;
        }
        q.i = (int64_t)n / shape->keys + shape->keys - shape->queries;
        q.j = (int64_t)n % shape->keys;
        bool allowed = d->holds(&q);
        *(allowed ? &sum->allowed : &sum->denied) += 1;
        for (int source = 0; source < 2; source++) {
            if (masks[source][n] == allowed) continue;
            printf("FAILED: %s, first parameters %" PRId64 " %" PRId64 ", Lq %" PRId64 ", Lk %" PRId64
                   ", batch element %" PRId64 ", head %" PRId64 ": query %" PRId64 ", key %" PRId64
                   ": the %s says %d, the definition %d\n",
                   d->pattern, v->ints[0], v->ints[1], shape->queries, shape->keys, batch, head, q.i, q.j,
                   names[source], masks[source][n], allowed);
            exit(EXIT_FAILURE);
        }
    }
    free(masks[0]), free(masks[1]);
}

static void compare_shape(const definition *d, const weft_kernel *kernel, const values *v, int64_t queries,
                          int64_t keys, test_random *random, tally *sum) {
    weft_shape shape = {
        .size = sizeof shape, .batch = v->array_count ? BATCH : 1, .heads = d->heads, .queries = queries, .keys = keys};
    weft_plan *plan;
    decisions shown;
    if (d->choose) shape.head_dim = shape.value_dim = DIMS;
    if (weft_plan_create(kernel, &shape, v->bindings, v->count, &plan) != WEFT_OK) {
        char message[2000];
        weft_kernel_message(kernel, message, sizeof message);
        fputs(message, stdout);
        die("no plan");
    }
    show(&shown, d, plan, &shape, random);
    for (int64_t batch = 0; batch < shape.batch; batch++)
        for (int64_t head = 0; head < (d->heads ? d->heads : 1); head++)
            compare_head(d, plan, v, &shape, &shown, batch, head, sum);
    free(shown.q), free(shown.k), free(shown.chosen);
    weft_plan_destroy(plan);
}

static void compare_masks(const definition *d, const weft_module *module, const weft_kernel *kernel,
                          test_random *random) {
    values v;
    for (int t = 0; t < d->trials; t++) {
        tally sum = {0};
        for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++) {
            int64_t queries = lengths[n][0], keys = lengths[n][1];
            if (d->square && (queries != keys || keys % (d->square * d->trial[t][0]))) continue;
            values_make(&v, module, d, d->trial[t], false, keys, random);
            compare_shape(d, kernel, &v, queries, keys, random, &sum);
            values_free(&v);
        }
        printf("%s: trial %d, %" PRId64 " pairs allowed, %" PRId64 " denied, %" PRId64 " too close to tell\n",
               d->pattern, t + 1, sum.allowed, sum.denied, sum.close);
        if (!sum.allowed != d->empty || !sum.denied != d->dense || sum.close * 10 > sum.denied)
            die("a trial that says nothing");
    }
    if (!d->keys) return;
    tally sum = {0};
    values_make(&v, module, d, d->usual, true, d->keys, random);
    compare_shape(d, kernel, &v, d->queries, d->keys, random, &sum);
    values_free(&v);
    printf("%s: defaults, %" PRId64 " pairs allowed, %" PRId64 " denied\n", d->pattern, sum.allowed, sum.denied);
    if (!sum.allowed || !sum.denied) die("defaults that do not show");
}

/* ---- weft verify --------------------------------------------------------------------------------------------- */

typedef struct command {
    char words[40][600];
    int count;
} command;

/* Adds OPTIONvalue or OPTIONname=value. */
static void add_word(command *c, const char *option, const char *name, const char *value) {
    snprintf(c->words[c->count++], sizeof c->words[0], "%s%s%s%s", option, name ? name : "", name ? "=" : "", value);
}

static void add_number(command *c, const char *option, const char *name, int64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    add_word(c, option, name, text);
}

static void run(command *c) {
    char *arguments[41] = {0};
    for (int n = 0; n < c->count; n++) arguments[n] = c->words[n];
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        execv(weft, arguments);
        _exit(127);
    }
    int status;
    if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status)) die("weft verify");
}

/* The first batch element, as a vector. */
static void write_array(const values *v, int n, const char *path) {
    FILE *file = fopen(path, "wb");
    if (!file || !npy_write_header(file, "<i4", 1, &v->arrays[n].size)) die(path);
    fwrite(v->arrays[n].data, sizeof *v->arrays[n].data, (size_t)v->arrays[n].size, file);
    if (fclose(file)) die(path);
}

static void verify(const definition *d, const weft_module *module, const char *file, test_random *random) {
    char folder[] = "/tmp/weft-patterns-XXXXXX", path[MOST_ARRAYS][64];
    command c = {.words = {"weft", "verify"}, .count = 2};
    values v;
    values_make(&v, module, d, d->trial[0], false, VERIFY_KEYS, random);
    if (!mkdtemp(folder)) die(folder);
    add_word(&c, "", NULL, file);
    add_word(&c, "-p", NULL, d->pattern);
    for (size_t n = 0; n < v.count; n++)
        if (v.bindings[n].kind == WEFT_BIND_INT) add_number(&c, "-D", v.bindings[n].name, v.bindings[n].value.integer);
    for (int n = 0; n < v.array_count; n++) {
        snprintf(path[n], sizeof path[n], "%s/%d.npy", folder, n);
        write_array(&v, n, path[n]);
        add_word(&c, "--array=", v.arrays[n].name, path[n]);
    }
    if (v.array_count) add_number(&c, "--lk=", NULL, VERIFY_KEYS);
    if (d->heads) add_number(&c, "--heads=", NULL, d->heads);
    run(&c);
    for (int n = 0; n < v.array_count; n++) unlink(path[n]);
    rmdir(folder);
    values_free(&v);
}

/* ---- one file ------------------------------------------------------------------------------------------------- */

static const definitions *const families[] = {&sequence_patterns, &block_patterns,  &grid_patterns,    &hybrid_patterns,
                                              &score_patterns,    &choice_patterns, &low_rank_patterns};
enum { FAMILIES = sizeof families / sizeof *families };

static const definition *find(const char *file, const char *pattern) {
    for (size_t f = 0; f < FAMILIES; f++)
        for (size_t n = 0; n < families[f]->count; n++) {
            const definition *d = &families[f]->at[n];
            if (!strcmp(d->file, file) && !strcmp(d->pattern, pattern)) return d;
        }
    return NULL;
}

static bool has_pattern(const weft_module *module, const char *name) {
    const char *pattern;
    for (size_t n = 0; (pattern = weft_module_pattern(module, n)); n++)
        if (!strcmp(pattern, name)) return true;
    return false;
}

/* Every definition is of a pattern: those of this file, and the files of all. */
static void check_definitions(const weft_module *module, const char *file, const char *name) {
    int folder = (int)(strrchr(file, '/') - file);
    for (size_t f = 0; f < FAMILIES; f++)
        for (size_t n = 0; n < families[f]->count; n++) {
            const definition *d = &families[f]->at[n];
            char path[4096];
            snprintf(path, sizeof path, "%.*s/%s.weft", folder, file, d->file);
            if (access(path, R_OK) == 0 && (strcmp(d->file, name) || has_pattern(module, d->pattern))) continue;
            printf("%s, %s\n", d->file, d->pattern);
            die("a definition of no pattern");
        }
}

static void test_pattern(weft_context *context, const weft_module *module, const char *file, const char *name,
                         const char *pattern, test_random *random) {
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    const definition *d = find(name, pattern);
    weft_kernel *kernel;
    printf("pattern %s\n", pattern);
    if (!d) die("it has no definition in tests/patterns");
    if (weft_kernel_create(module, pattern, &plan_only, &kernel) != WEFT_OK) explain(context), die("no kernel");
    compare_masks(d, module, kernel, random);
    weft_kernel_destroy(kernel);
    verify(d, module, file, random);
}

int main(int count, char **arguments) {
    if (count != 4) return EXIT_FAILURE;
    weft = arguments[1];
    const char *file = arguments[2], *name = arguments[3], *pattern;
    test_random random = {2024};
    weft_context *context;
    weft_module *module;
    if (weft_context_create(NULL, &context) != WEFT_OK) die("no context");
    if (weft_module_load(context, file, NULL, &module) != WEFT_OK) explain(context), die("the file is wrong");
    check_definitions(module, file, name);
    size_t patterns = 0;
    for (; (pattern = weft_module_pattern(module, patterns)); patterns++)
        test_pattern(context, module, file, name, pattern, &random);
    if (!patterns) die("no pattern");
    weft_module_destroy(module);
    weft_context_destroy(context);
    return EXIT_SUCCESS;
}
