/* From a file to a plan, in the steps that the commands share: open, choose, bind, compile, plan. */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the library's words ------------------------------------------------------------------------------------ */

/* Prints what `fetch` has to say, if anything; true if it was something. */
typedef size_t fetch_text(const session *s, char *buffer, size_t size);

static bool print_text(const session *s, fetch_text *fetch) {
    char nothing[1];
    size_t length = fetch(s, nothing, sizeof nothing);
    char *text = length ? malloc(length + 1) : NULL;
    if (!text) return false;
    fetch(s, text, length + 1);
    progress_end();
    fputs(text, stderr);
    if (text[strlen(text) - 1] != '\n') fputc('\n', stderr);
    free(text);
    return true;
}

static size_t context_text(const session *s, char *buffer, size_t size) {
    return weft_context_message(s->context, use_color(s->given->color, STDERR_FILENO), buffer, size);
}
static size_t kernel_text(const session *s, char *buffer, size_t size) {
    return weft_kernel_message(s->kernel, buffer, size);
}
static size_t plan_text(const session *s, char *buffer, size_t size) {
    return weft_plan_message(s->plan, buffer, size);
}

void session_explain(const session *s) { print_text(s, context_text); }
void session_explain_plan(const session *s) { print_text(s, kernel_text); }
void session_explain_run(const session *s) { print_text(s, plan_text); }

/* ---- opening ------------------------------------------------------------------------------------------------ */

static bool asked_to_stop(void *user) {
    (void)user;
    return interrupted();
}

static weft_status load(session *s) {
    const options *given = s->given;
    size_t count = given->libraries.count;
    const char **paths = calloc(count + 1, sizeof *paths);
    if (!paths) return WEFT_OUT_OF_MEMORY;
    if (count) memcpy(paths, given->libraries.at, count * sizeof *paths);
    char *own = pattern_folder();
    if (own) paths[count++] = own;
    weft_module_options how = {sizeof how, paths, count};
    weft_status status = WEFT_IO_ERROR;
    if (strcmp(given->words[0], "-") != 0) {
        status = weft_module_load(s->context, given->words[0], &how, &s->module);
    } else {
        size_t size;
        char *text = read_all(stdin, "standard input", &size);
        if (text) status = weft_module_load_text(s->context, "<stdin>", text, size, &how, &s->module);
        free(text);
    }
    free(paths);
    free(own);
    return status;
}

int session_open(session *s, const options *given, bool quiet) {
    weft_config config = {
        .size = sizeof config, .cancel = asked_to_stop, .threads = (uint32_t)given->threads, .debug = debug_wanted()};
    s->given = given;
    if (given->threads > UINT16_MAX) {
        complain("--threads is at most %d", UINT16_MAX);
        return EXIT_USAGE;
    }
    char *folder = cache_folder(given);
    config.cache_path = folder;
    weft_status status = weft_context_create(&config, &s->context);
    free(folder);
    if (status != WEFT_OK) return exit_code(status);
    if (!given->word_count) return EXIT_FINE;
    status = load(s);
    if (!quiet && status != WEFT_OK) session_explain(s);
    return status == WEFT_OK ? EXIT_FINE : exit_code(status);
}

int session_choose(session *s) {
    s->pattern = s->given->pattern;
    if (s->pattern) return EXIT_FINE;
    const char *first = weft_module_pattern(s->module, 0), *second = first ? weft_module_pattern(s->module, 1) : NULL;
    s->pattern = first;
    if (first && !second) return EXIT_FINE;
    if (first) {
        complain("%s defines more than one pattern; choose one, such as -p %s or -p %s", s->given->words[0], first,
                 second);
    } else {
        complain("%s defines no pattern", s->given->words[0]);
    }
    return EXIT_USAGE;
}

int64_t session_heads(const session *s) {
    if (s->given->heads) return s->given->heads;
    int64_t named = weft_module_heads(s->module, s->pattern);
    return named > 0 ? named : 1;
}

/* ---- bindings ----------------------------------------------------------------------------------------------- */

/* The binding of that name, old or new: what was said last counts. */
static weft_binding *binding_for(session *s, const char *argument, const char **value) {
    size_t size = strcspn(argument, "=");
    if (!size || !argument[size]) return NULL;
    *value = argument + size + 1;
    for (size_t n = 0; n < s->binding_count; n++)
        if (strlen(s->bindings[n].name) == size && !memcmp(s->bindings[n].name, argument, size)) return &s->bindings[n];
    char *name = strndup(argument, size);
    if (!name) return NULL;
    s->bindings[s->binding_count].name = name;
    return &s->bindings[s->binding_count++];
}

/* A whole number, a float, true or false; nothing else that strtod would take. */
static bool read_value(const char *text, weft_binding *out) {
    bool truth = !strcmp(text, "true");
    if (truth || !strcmp(text, "false")) {
        out->kind = WEFT_BIND_BOOL;
        out->value.truth = truth;
        return true;
    }
    char *end;
    const char *digits = text + (*text == '-' || *text == '+');
    if (!isdigit((unsigned char)*digits) || strspn(digits, "0123456789.eE+-") != strlen(digits)) return false;
    errno = 0;
    if (digits[strspn(digits, "0123456789")]) {
        out->kind = WEFT_BIND_FLOAT;
        out->value.real = strtod(text, &end);
        return !*end && isfinite(out->value.real); /* too small is 0, too large is a mistake */
    }
    out->kind = WEFT_BIND_INT;
    out->value.integer = strtoll(text, &end, 10);
    return !*end && !errno;
}

static int bind_value(session *s, const char *argument) {
    const char *value = NULL;
    weft_binding *binding = binding_for(s, argument, &value);
    if (binding && read_value(value, binding)) return EXIT_FINE;
    complain("-D takes NAME=VALUE with a whole number, a float, true or false, not \"%s\"", argument);
    return EXIT_USAGE;
}

static int bind_array(session *s, const char *argument) {
    const char *path = NULL;
    weft_binding *binding = binding_for(s, argument, &path);
    if (!binding) {
        complain("--array takes NAME=FILE.npy, not \"%s\"", argument);
        return EXIT_USAGE;
    }
    binding->kind = WEFT_BIND_INT; /* until there is an array */
    npy_array *array = &s->arrays[s->array_count];
    DLTensor *view = &s->tensors[s->array_count];
    if (!read_npy(path, array)) return EXIT_WRONG;
    s->array_count++;
    *view = (DLTensor){.data = array->data,
                       .device = {kDLCPU, 0},
                       .ndim = array->header.dims,
                       .dtype = array->header.type,
                       .shape = array->header.shape,
                       .strides = array->strides};
    binding->kind = WEFT_BIND_ARRAY;
    binding->value.array = view;
    return EXIT_FINE;
}

int session_bind(session *s) {
    const options *given = s->given;
    size_t arrays = given->arrays.count;
    s->bindings = calloc(given->defines.count + arrays + 1, sizeof *s->bindings);
    s->arrays = calloc(arrays + 1, sizeof *s->arrays);
    s->tensors = calloc(arrays + 1, sizeof *s->tensors);
    if (!s->bindings || !s->arrays || !s->tensors) return exit_code(WEFT_OUT_OF_MEMORY);
    int code = EXIT_FINE;
    for (size_t n = 0; n < given->defines.count && !code; n++) code = bind_value(s, given->defines.at[n]);
    for (size_t n = 0; n < arrays && !code; n++) code = bind_array(s, given->arrays.at[n]);
    return code;
}

/* ---- compiling and planning --------------------------------------------------------------------------------- */

int session_compile(session *s, const weft_kernel_options *wanted) {
    bool first = !s->kernel;
    weft_kernel_options how = *wanted;
    how.target = target_of(s->given);
    weft_kernel_destroy(s->kernel);
    weft_status status = weft_kernel_create(s->module, s->pattern, &how, &s->kernel);
    bool said = (first || status != WEFT_OK) && print_text(s, context_text);
    if (status == WEFT_OK) return EXIT_FINE;
    if (!said && status != WEFT_OUT_OF_MEMORY) complain("%s: %s", s->pattern, weft_status_name(status));
    return exit_code(status);
}

int session_read(session *s, weft_shape *shape) {
    const options *given = s->given;
    if (!given->q) return EXIT_FINE;
    if (!tensor_read(&s->q, "q", given->q, WEFT_F32) || !tensor_read(&s->k, "k", given->k, WEFT_F32) ||
        !tensors_shape(&s->q, &s->k, NULL, shape))
        return EXIT_WRONG;
    if (!given->heads || given->heads == shape->heads) return EXIT_FINE;
    complain("--heads is %" PRId64 ", but q has %" PRId64 " heads", given->heads, shape->heads);
    return EXIT_WRONG;
}

int session_show(const session *s, const tensor *q, const tensor *k) {
    weft_tensors tensors = {.size = sizeof tensors, .q = &q->view, .k = &k->view};
    weft_status status = weft_plan_choose(s->plan, &tensors);
    if (status != WEFT_OK) session_explain_run(s);
    return exit_code(status);
}

int session_plan_with(session *s, const weft_shape *shape, const weft_binding *bindings, size_t count, bool quiet) {
    weft_plan_destroy(s->plan);
    weft_status status = weft_plan_create(s->kernel, shape, bindings, count, &s->plan);
    if (status == WEFT_OK) return s->q.data ? session_show(s, &s->q, &s->k) : EXIT_FINE;
    if (!quiet) session_explain_plan(s);
    return exit_code(status);
}

int session_plan(session *s, const weft_shape *shape, bool quiet) {
    return session_plan_with(s, shape, s->bindings, s->binding_count, quiet);
}

bool session_lengths(const options *given, weft_shape *shape) {
    const uint64_t both = TAKES(LQ) | TAKES(LK), all = both | TAKES(LENGTH);
    uint64_t said = given->given & all;
    shape->queries = given->n ? given->n : given->lq;
    shape->keys = given->n ? given->n : given->lk;
    if (said == both || said == TAKES(LENGTH)) return true;
    complain("how long? --n N, or --lq N and --lk N");
    return false;
}

int session_prepare(session *s, const options *given) {
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    int code = session_open(s, given, false);
    if (!code) code = session_choose(s);
    if (!code) code = session_bind(s);
    if (!code) code = session_compile(s, &plan_only);
    return code;
}

bool session_knows_pairs(const session *s) { return weft_plan_term_count(s->plan, 0, 0) > 0; }

int session_check_pairs(const session *s) {
    if (session_knows_pairs(s)) return EXIT_FINE;
    complain(
        "which pairs there are depends on what a run is given: on --q and --k, or on keys (--array NAME=FILE.npy)");
    return EXIT_WRONG;
}

bool session_lengths_or_tensors(const options *given, weft_shape *shape) {
    const uint64_t tensors = TAKES(QUERY) | TAKES(KEY), lengths = TAKES(LENGTH) | TAKES(LQ) | TAKES(LK);
    if (!(given->given & tensors)) return session_lengths(given, shape);
    if ((given->given & (tensors | lengths)) == tensors) return true;
    complain("--q and --k go together, and say how long both are");
    return false;
}

int session_look(session *s, const options *given, weft_shape *shape) {
    *shape = (weft_shape){.size = sizeof *shape, .head_dim = given->head_dim};
    if (!session_lengths_or_tensors(given, shape)) return EXIT_USAGE;
    int code = session_prepare(s, given);
    if (!code) code = session_read(s, shape);
    if (code) return code;
    if (!shape->heads) shape->heads = session_heads(s);
    code = session_plan(s, shape, false);
    return code ? code : session_check_pairs(s);
}

int session_plan_dense(const session *s, bool causal, const weft_kernel_options *wanted, const weft_shape *shape,
                       weft_plan **out) {
    const char *text = causal ? "pattern dense { attend causal; }" : "pattern dense { attend all; }";
    weft_kernel_options how = *wanted;
    weft_module *module = NULL;
    weft_kernel *kernel = NULL;
    how.target = target_of(s->given);
    weft_status status = weft_module_load_text(s->context, "dense", text, strlen(text), NULL, &module);
    if (status == WEFT_OK) status = weft_kernel_create(module, NULL, &how, &kernel);
    if (status == WEFT_OK) status = weft_plan_create(kernel, shape, NULL, 0, out);
    weft_kernel_destroy(kernel);
    weft_module_destroy(module);
    return exit_code(status);
}

void session_close(session *s) {
    weft_plan_destroy(s->plan);
    weft_kernel_destroy(s->kernel);
    weft_module_destroy(s->module);
    weft_context_destroy(s->context);
    for (size_t n = 0; n < s->binding_count; n++) free((char *)(uintptr_t)s->bindings[n].name);
    for (size_t n = 0; n < s->array_count; n++) npy_free(&s->arrays[n]);
    tensor_free(&s->q);
    tensor_free(&s->k);
    free(s->bindings);
    free(s->arrays);
    free(s->tensors);
    memset(s, 0, sizeof *s);
}
