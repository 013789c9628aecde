/* The public handles of weft.h. A context holds the hooks, the code generator and the diagnostics of its last
 * operation; a module holds what was read. Both are counted, so that a host may destroy them in any order. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "ahead.h"
#include "fmt/fmt.h"
#include "kernel/kernel.h"

/* Sources outlive their module for as long as diagnostics point into them. */
typedef struct library {
    _Atomic(uint32_t) references;
    const weft_allocator *allocator;
    weft_sources sources;
} library;

struct weft_context {
    _Atomic(uint32_t) references; /* the host's, and one a module */
    weft_engine *engine;
    weft_plugin plugin;
    weft_cache *cache;    /* NULL: none */
    pthread_mutex_t lock; /* of all that follows */
    library *last_library;
    weft_diagnostics last; /* of the last load or kernel creation */
};

struct weft_module {
    weft_context *context;
    library *library;
    weft_unit *unit;
};

static library *library_create(const weft_allocator *allocator) {
    library *made = weft_allocate(allocator, sizeof *made);
    if (!made) return NULL;
    made->references = 1;
    made->allocator = allocator;
    weft_sources_init(&made->sources, allocator);
    return made;
}

static library *library_retain(library *held) {
    atomic_fetch_add(&held->references, 1);
    return held;
}

static void library_release(library *held) {
    if (!held || atomic_fetch_sub(&held->references, 1) != 1) return;
    weft_sources_free(&held->sources);
    weft_free(held->allocator, held, sizeof *held);
}

/* ---- contexts ----------------------------------------------------------------------------------------------- */

static bool locks_init(weft_context *context) {
    if (pthread_mutex_init(&context->lock, NULL) != 0) return false;
    if (weft_plugin_init(&context->plugin)) return true;
    pthread_mutex_destroy(&context->lock);
    return false;
}

static bool cache_init(weft_context *context, const weft_config *config) {
    weft_config given = {0};
    weft_copy_known(&given, sizeof given, config);
    if (given.cache_path) context->cache = weft_cache_create(context->engine, given.cache_path, given.cache_limit);
    return context->cache || !given.cache_path;
}

static void context_release(weft_context *context) {
    if (!context || atomic_fetch_sub(&context->references, 1) != 1) return;
    weft_diagnostics_free(&context->last);
    library_release(context->last_library);
    pthread_mutex_destroy(&context->lock);
    weft_plugin_free(&context->plugin);
    weft_cache_destroy(context->cache);
    weft_engine *engine = context->engine;
    weft_free(weft_engine_allocator(engine), context, sizeof *context);
    weft_engine_release(engine);
}

weft_status weft_context_create(const weft_config *config, weft_context **out) {
    *out = NULL;
    weft_engine *engine = weft_engine_create(config);
    if (!engine) return WEFT_OUT_OF_MEMORY;
    const weft_allocator *allocator = weft_engine_allocator(engine);
    weft_context *context = weft_allocate_zero(allocator, sizeof *context);
    if (!context || !locks_init(context)) {
        weft_free(allocator, context, sizeof *context);
        weft_engine_release(engine);
        return WEFT_OUT_OF_MEMORY;
    }
    context->references = 1;
    context->engine = engine;
    weft_diagnostics_init(&context->last, allocator, NULL);
    if (!cache_init(context, config)) {
        context_release(context);
        return WEFT_OUT_OF_MEMORY;
    }
    *out = context;
    return WEFT_OK;
}

void weft_context_destroy(weft_context *context) { context_release(context); }

/* Keeps what an operation had to say, and turns it into the status that the operation returns. Takes the diagnostics;
 * the library may be NULL. */
static weft_status conclude(weft_context *context, library *held, weft_diagnostics *said, weft_status otherwise) {
    weft_status status = said->out_of_memory ? WEFT_OUT_OF_MEMORY : otherwise;
    for (uint32_t i = 0; status == WEFT_INVALID_PATTERN && i < said->count; i++) {
        weft_code code = said->reports[i].code;
        if (!weft_code_is_error(code)) continue;
        if (code == WEFT_E0405 && !said->reports[i].span.source) status = WEFT_INVALID_ARGUMENT; /* an option */
        if (code == WEFT_E0501) status = WEFT_UNSUPPORTED;
        if (code == WEFT_E0601) status = WEFT_IO_ERROR;
        if (code == WEFT_E0901 || code == WEFT_E0702) status = WEFT_INTERNAL;
        break;
    }
    weft_diagnostics_sort(said);
    pthread_mutex_lock(&context->lock);
    weft_diagnostics old = context->last;
    library *old_library = context->last_library;
    context->last = *said;
    context->last_library = held ? library_retain(held) : NULL;
    pthread_mutex_unlock(&context->lock);
    weft_diagnostics_free(&old);
    library_release(old_library);
    return status;
}

size_t weft_context_message(const weft_context *context, bool color, char *buffer, size_t size) {
    weft_context *mutable_context = (weft_context *)context; /* for its lock */
    weft_text text;
    weft_text_init(&text, weft_engine_allocator(context->engine));
    pthread_mutex_lock(&mutable_context->lock);
    weft_diagnostics_render(&context->last, color, &text);
    pthread_mutex_unlock(&mutable_context->lock);
    size_t length = weft_text_copy_out(&text, buffer, size);
    weft_text_release(&text);
    return length;
}

bool weft_context_diagnostic(const weft_context *context, size_t index, weft_diagnostic *out) {
    weft_context *mutable_context = (weft_context *)context;
    pthread_mutex_lock(&mutable_context->lock);
    const weft_diagnostics *said = &context->last;
    bool found = index < said->count;
    if (found) {
        const weft_report *report = &said->reports[index];
        memset(out, 0, sizeof *out);
        out->code = weft_code_name(report->code);
        out->is_error = weft_code_is_error(report->code);
        out->message = report->message;
        out->suggestion = report->suggestion;
        if (report->span.source && said->sources && report->span.source <= said->sources->count) {
            weft_point from = weft_sources_point(said->sources, report->span.source, report->span.begin);
            weft_point to = weft_sources_point(said->sources, report->span.source, report->span.end);
            out->file = said->sources->at[report->span.source - 1].name;
            out->line = from.line, out->column = from.column;
            out->end_line = to.line, out->end_column = to.column;
        }
    }
    pthread_mutex_unlock(&mutable_context->lock);
    return found;
}

/* ---- modules ------------------------------------------------------------------------------------------------ */

static weft_status load(weft_context *context, const char *name, const char *text, size_t size,
                        const weft_module_options *options, weft_module **out) {
    *out = NULL;
    const weft_allocator *allocator = weft_engine_allocator(context->engine);
    library *held = library_create(allocator);
    weft_module *module = weft_allocate_zero(allocator, sizeof *module);
    if (!held || !module) {
        library_release(held);
        weft_free(allocator, module, sizeof *module);
        return WEFT_OUT_OF_MEMORY;
    }
    weft_module_options known = {0};
    weft_copy_known(&known, sizeof known, options);
    weft_load_options where = {known.import_paths, known.import_path_count};
    weft_diagnostics said;
    weft_diagnostics_init(&said, allocator, &held->sources);
    module->unit = weft_sema_load(allocator, name, text, size, &where, &held->sources, &said);
    if (!module->unit && !said.errors) said.out_of_memory = true;
    weft_status status = conclude(context, held, &said, module->unit ? WEFT_OK : WEFT_INVALID_PATTERN);
    if (status != WEFT_OK) {
        weft_unit_free(module->unit);
        library_release(held);
        weft_free(allocator, module, sizeof *module);
        return status;
    }
    atomic_fetch_add(&context->references, 1);
    module->context = context;
    module->library = held;
    *out = module;
    return WEFT_OK;
}

weft_status weft_module_load(weft_context *context, const char *path, const weft_module_options *options,
                             weft_module **out) {
    return load(context, path, NULL, 0, options, out);
}

weft_status weft_module_load_text(weft_context *context, const char *name, const char *text, size_t size,
                                  const weft_module_options *options, weft_module **out) {
    return load(context, name, text ? text : "", text ? size : 0, options, out);
}

void weft_module_destroy(weft_module *module) {
    if (!module) return;
    weft_context *context = module->context;
    weft_unit_free(module->unit);
    library_release(module->library);
    weft_free(weft_engine_allocator(context->engine), module, sizeof *module);
    context_release(context);
}

const char *weft_module_pattern(const weft_module *module, size_t index) {
    for (const weft_ast *item = weft_unit_root(module->unit)->first; item; item = item->next)
        if (item->kind == WEFT_AST_PATTERN && index-- == 0) return item->name;
    return NULL;
}

bool weft_module_parameter(const weft_module *module, const char *pattern, size_t index, weft_parameter *out) {
    const weft_ast *found = weft_unit_pattern(module->unit, pattern);
    for (const weft_ast *child = found ? found->first : NULL; child; child = child->next) {
        if (child->kind != WEFT_AST_PARAM || index-- != 0) continue;
        *out = (weft_parameter){child->name, child->type ? child->type : "int", child->first != NULL};
        return true;
    }
    return false;
}

int64_t weft_module_heads(const weft_module *module, const char *pattern) {
    const weft_ast *found = weft_unit_pattern(module->unit, pattern);
    return found ? weft_unit_heads(module->unit, found) : 0;
}

/* ---- formatting --------------------------------------------------------------------------------------------- */

/* A copy of a text with its NUL, as hosts get it. */
static char *hand_out(const weft_allocator *allocator, const weft_text *text) {
    char *copy = weft_allocate(allocator, text->size + 1);
    if (copy) memcpy(copy, text->at ? text->at : "", text->size + 1);
    return copy;
}

weft_status weft_format_text(weft_context *context, const char *name, const char *text, size_t size, char **out) {
    *out = NULL;
    const weft_allocator *allocator = weft_engine_allocator(context->engine);
    library *held = library_create(allocator);
    if (!held) return WEFT_OUT_OF_MEMORY;
    weft_diagnostics said;
    weft_text formatted;
    weft_diagnostics_init(&said, allocator, &held->sources);
    weft_text_init(&formatted, allocator);
    uint32_t source = weft_sources_add(&held->sources, name, text ? text : "", text ? size : 0);
    bool done = source && weft_format(allocator, &held->sources, source, &said, &formatted);
    if (done) *out = hand_out(allocator, &formatted);
    if (!source || (done && !*out)) said.out_of_memory = true;
    weft_text_release(&formatted);
    weft_status status = conclude(context, held, &said, done ? WEFT_OK : WEFT_INVALID_PATTERN);
    library_release(held);
    return status;
}

void weft_formatted_free(weft_context *context, char *text) {
    if (text) weft_free(weft_engine_allocator(context->engine), text, strlen(text) + 1);
}

/* ---- kernels ------------------------------------------------------------------------------------------------ */

/* The named pattern, or the only one; says which there are when it cannot tell. */
static const weft_ast *find_pattern(const weft_module *module, const char *pattern, weft_diagnostics *said) {
    const weft_ast *found = weft_unit_pattern(module->unit, pattern);
    if (found) return found;
    const char *names[32];
    size_t count = 0;
    while (count < 32 && (names[count] = weft_module_pattern(module, count))) count++;
    if (pattern) {
        weft_diagnose(said, WEFT_E0109, WEFT_NO_SPAN, "the file has no pattern `%s`", pattern);
        const char *close = weft_closest(pattern, names, count);
        if (close) weft_diagnose_suggest(said, close);
    } else if (!count) {
        weft_diagnose(said, WEFT_E0109, WEFT_NO_SPAN, "the file has no pattern");
    } else {
        weft_diagnose(said, WEFT_E0109, WEFT_NO_SPAN, "the file has several patterns; name one, such as `%s`",
                      names[0]);
    }
    return NULL;
}

/* Fills in defaults and checks ranges, before anything is compiled. */
static bool read_options(const weft_kernel_options *options, weft_codegen_spec *spec, bool *plan_only,
                         weft_diagnostics *said) {
    weft_kernel_options given = {.plan_only = !options};
    weft_copy_known(&given, sizeof given, options);
    *plan_only = given.plan_only;
    if (given.plan_only) return true;
    if (!given.value_dim) given.value_dim = given.head_dim;
    if (given.head_dim < 1 || given.head_dim > WEFT_MAX_DIM || given.value_dim < 1 || given.value_dim > WEFT_MAX_DIM) {
        weft_diagnose(said, WEFT_E0405, WEFT_NO_SPAN, "head dimensions must be 1 to %d, not %lld and %lld",
                      WEFT_MAX_DIM, (long long)given.head_dim, (long long)given.value_dim);
        return false;
    }
    if (given.dtype > WEFT_F16) {
        weft_diagnose(said, WEFT_E0405, WEFT_NO_SPAN, "%d is no dtype", (int)given.dtype);
        return false;
    }
    *spec = (weft_codegen_spec){.dtype = given.dtype,
                                .head_dim = (uint32_t)given.head_dim,
                                .value_dim = (uint32_t)given.value_dim,
                                .target = given.target};
    return true;
}

/* Sets up a compilation; false, with a reason, when it cannot start. */
static bool begin(const weft_module *module, const char *pattern, const weft_kernel_options *options, bool needs_code,
                  weft_diagnostics *said, weft_compilation *c) {
    bool plan_only = true;
    *c = (weft_compilation){.allocator = weft_engine_allocator(module->context->engine),
                            .unit = module->unit,
                            .cache = module->context->cache,
                            .sources = &module->library->sources,
                            .diagnostics = said};
    c->pattern = find_pattern(module, pattern, said);
    if (!c->pattern || !read_options(options, &c->spec, &plan_only, said)) return false;
    if (needs_code && plan_only) {
        weft_diagnose(said, WEFT_E0405, WEFT_NO_SPAN, "code needs a head dimension");
        return false;
    }
    if (!plan_only) c->plugin = &module->context->plugin;
    return true;
}

weft_status weft_kernel_create(const weft_module *module, const char *pattern, const weft_kernel_options *options,
                               weft_kernel **out) {
    *out = NULL;
    weft_diagnostics said;
    weft_compilation c;
    weft_text image;
    weft_diagnostics_init(&said, weft_engine_allocator(module->context->engine), &module->library->sources);
    weft_text_init(&image, weft_engine_allocator(module->context->engine));
    weft_status status = WEFT_INVALID_PATTERN;
    if (begin(module, pattern, options, false, &said, &c) && weft_compile(&c, &image)) {
        weft_image bytes = {image.at, image.size};
        status = weft_kernel_load(module->context->engine, &bytes, false, &said, out);
    } else if (!said.errors) {
        said.out_of_memory = true;
    }
    weft_text_release(&image);
    return conclude(module->context, module->library, &said, status);
}

/* Reads what each kernel is to be, and makes them all. */
static bool build(const weft_module *module, const char *pattern, const char *name,
                  const weft_kernel_options *const *kernels, size_t count, weft_diagnostics *said, weft_text *object,
                  weft_text *header) {
    weft_compilation c;
    const weft_allocator *allocator = weft_engine_allocator(module->context->engine);
    if (!count || count > UINT16_MAX) {
        weft_diagnose(said, WEFT_E0405, WEFT_NO_SPAN, "an object file has 1 to %d kernels", UINT16_MAX);
        return false;
    }
    weft_codegen_spec *specs = weft_allocate(allocator, count * sizeof *specs);
    bool done = specs != NULL;
    for (size_t n = 0; n < count && done; n++) {
        done = begin(module, pattern, kernels[n], true, said, &c);
        if (done) specs[n] = c.spec;
    }
    done = done && weft_build_ahead(&c, name, specs, (uint32_t)count, object, header);
    weft_free(allocator, specs, count * sizeof *specs);
    return done;
}

weft_status weft_module_build(const weft_module *module, const char *pattern, const char *name,
                              const weft_kernel_options *const *kernels, size_t count, weft_built *out) {
    *out = (weft_built){0};
    const weft_allocator *allocator = weft_engine_allocator(module->context->engine);
    weft_diagnostics said;
    weft_text object, header;
    weft_diagnostics_init(&said, allocator, &module->library->sources);
    weft_text_init(&object, allocator);
    weft_text_init(&header, allocator);
    bool done = build(module, pattern, name, kernels, count, &said, &object, &header);
    if (done) {
        *out = (weft_built){hand_out(allocator, &object), object.size, hand_out(allocator, &header)};
        done = out->object && out->header;
        if (!done) weft_built_free(module, out);
    }
    if (!done && !said.errors) said.out_of_memory = true;
    weft_text_release(&object);
    weft_text_release(&header);
    return conclude(module->context, module->library, &said, done ? WEFT_OK : WEFT_INVALID_PATTERN);
}

void weft_built_free(const weft_module *module, weft_built *built) {
    if (!built) return;
    const weft_allocator *allocator = weft_engine_allocator(module->context->engine);
    if (built->object) weft_free(allocator, built->object, built->object_size + 1);
    if (built->header) weft_free(allocator, built->header, strlen(built->header) + 1);
    *built = (weft_built){0};
}

weft_status weft_module_dump(const weft_module *module, const char *pattern, weft_stage stage,
                             const weft_kernel_options *options, char **out) {
    *out = NULL;
    const weft_allocator *allocator = weft_engine_allocator(module->context->engine);
    bool needs_code = stage == WEFT_STAGE_LLVM || stage == WEFT_STAGE_ASM;
    weft_diagnostics said;
    weft_compilation c;
    weft_text text;
    weft_diagnostics_init(&said, allocator, &module->library->sources);
    weft_text_init(&text, allocator);
    bool done = begin(module, pattern, needs_code ? options : NULL, needs_code, &said, &c) &&
                weft_compile_dump(&c, stage, &text);
    if (!done && !said.errors) said.out_of_memory = true;
    if (done) *out = hand_out(allocator, &text);
    if (done && !*out) said.out_of_memory = true;
    weft_text_release(&text);
    return conclude(module->context, module->library, &said, done ? WEFT_OK : WEFT_INVALID_PATTERN);
}

void weft_text_free(const weft_module *module, char *text) {
    if (text) weft_free(weft_engine_allocator(module->context->engine), text, strlen(text) + 1);
}

/* Where kernels are kept, how many, and whether that works. */
static void describe_cache(const weft_cache *cache, weft_text *out) {
    if (!cache) {
        weft_text_format(out, "cache: off\n");
        return;
    }
    uint64_t entries = 0, bytes = 0;
    const char *problem = weft_cache_probe(cache);
    weft_cache_measure(cache, &entries, &bytes);
    weft_text_format(out, "cache: %s\ncache entries: %llu\n", weft_cache_path(cache), (unsigned long long)entries);
    weft_text_format(out, "cache bytes: %llu of %llu\n", (unsigned long long)bytes,
                     (unsigned long long)weft_cache_limit(cache));
    weft_text_format(out, "cache probe: %s%s\n", problem ? "miss, " : "hit", problem ? problem : "");
}

size_t weft_doctor(weft_context *context, char *buffer, size_t size) {
    const weft_allocator *allocator = weft_engine_allocator(context->engine);
    weft_diagnostics said;
    weft_text text;
    weft_diagnostics_init(&said, allocator, NULL);
    weft_text_init(&text, allocator);
    weft_text_format(&text, "weft: %s\nthreads: %u\n", weft_version(), weft_engine_threads(context->engine));
    const weft_codegen *codegen = weft_plugin_open(&context->plugin, &said);
    if (codegen)
        codegen->describe(&text);
    else
        weft_text_format(&text, "code generator: none (%s)\n", said.count ? said.reports[0].message : "out of memory");
    describe_cache(context->cache, &text);
    size_t length = weft_text_copy_out(&text, buffer, size);
    weft_text_release(&text);
    weft_diagnostics_free(&said);
    return length;
}
