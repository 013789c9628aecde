/* weft import: a boolean mask becomes a pattern file. Heads that have one mask share a set: a few atoms where such hold
 * exactly its pairs, or else the mask itself, by `given`. What is written has been compared with the mask, pair by
 * pair, through the library. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

/* ---- the mask ------------------------------------------------------------------------------------------------- */

static bool read_mask(import_job *job) {
    const char *path = job->given->words[0];
    if (!read_npy(path, &job->mask)) return false;
    const npy_header *h = &job->mask.header;
    int64_t batch = h->dims == 4 ? h->shape[0] : 1;
    if (h->type.bits != 8 || h->type.code != kDLUInt) {
        complain("%s: a mask has booleans, or bytes without a sign", path);
    } else if (h->dims < 2 || h->dims > 4 || batch != 1) {
        complain("%s: a mask is [Lq, Lk] or [H, Lq, Lk], of one batch element", path);
    } else if (!h->count || h->count > INT64_C(1) << 34) {
        complain("%s: %s", path, h->count ? "too large" : "empty");
    } else if (h->fortran) {
        complain("%s: in Fortran order; numpy.ascontiguousarray changes that", path);
    } else {
        job->pairs = job->mask.data;
        job->heads = h->dims > 2 ? h->shape[h->dims - 3] : 1;
        job->queries = h->shape[h->dims - 2];
        job->keys = h->shape[h->dims - 1];
        return true;
    }
    return false;
}

static bool find_kinds(import_job *job) {
    size_t size = (size_t)(job->queries * job->keys);
    job->kind_of = malloc((size_t)job->heads * sizeof *job->kind_of);
    if (!job->kind_of) return false;
    for (int64_t head = 0; head < job->heads; head++) {
        int kind = 0;
        while (kind < job->kind_count && memcmp(pairs_of(job, job->kinds[kind]), pairs_of(job, head), size) != 0)
            kind++;
        if (kind == MOST_KINDS) kind--; /* which is wrong; the proof fails, and the mask is given */
        if (kind == job->kind_count) job->kinds[job->kind_count++] = head;
        job->kind_of[head] = kind;
    }
    return true;
}

/* ---- the proof ------------------------------------------------------------------------------------------------ */

static DLTensor view_of(void *data, uint8_t code, uint8_t bits, int dims, int64_t *sizes) {
    return (DLTensor){.data = data, .device = {kDLCPU, 0}, .ndim = dims, .dtype = {code, bits, 1}, .shape = sizes};
}

static weft_status compare_heads(const import_job *job, const weft_plan *plan, bool *same) {
    size_t size = (size_t)(job->queries * job->keys);
    uint8_t *found = malloc(size);
    weft_status status = found ? WEFT_OK : WEFT_OUT_OF_MEMORY;
    *same = true;
    for (int64_t head = 0; head < job->heads && status == WEFT_OK && *same; head++) {
        const uint8_t *wanted = pairs_of(job, head);
        progress("comparing", (double)head, (double)job->heads);
        status = weft_plan_mask(plan, 0, head, WEFT_MASK_ORACLE, found);
        for (size_t n = 0; n < size && status == WEFT_OK && *same; n++) *same = found[n] == (wanted[n] != 0);
    }
    free(found);
    return status;
}

/* Has the pattern exactly the mask's pairs, as the library reads it? */
static weft_status compare(const import_job *job, weft_module *module, bool *same) {
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    const weft_shape shape = {.size = sizeof shape, .heads = job->heads, .queries = job->queries, .keys = job->keys};
    int64_t mask_sizes[] = {job->heads, job->queries, job->keys}, tile_sizes[] = {job->tiles.rows, job->tiles.columns};
    DLTensor pairs = view_of(job->mask.data, kDLUInt, 8, 3, mask_sizes);
    DLTensor doc = view_of(job->labels, kDLInt, 32, 1, mask_sizes + 2);
    DLTensor tiles = view_of(job->tiles.cells, kDLUInt, 8, 2, tile_sizes);
    weft_binding bindings[3];
    size_t count = 0;
    if (import_is_given(job)) bindings[count++] = (weft_binding){"pairs", WEFT_BIND_ARRAY, {.array = &pairs}};
    if (job->labels) bindings[count++] = (weft_binding){"doc", WEFT_BIND_ARRAY, {.array = &doc}};
    if (job->tiles.cells) bindings[count++] = (weft_binding){"tiles", WEFT_BIND_ARRAY, {.array = &tiles}};
    weft_kernel *kernel = NULL;
    weft_plan *plan = NULL;
    weft_status status = weft_kernel_create(module, NULL, &plan_only, &kernel);
    if (status == WEFT_OK) status = weft_plan_create(kernel, &shape, bindings, count, &plan);
    if (status == WEFT_OK) status = compare_heads(job, plan, same);
    weft_plan_destroy(plan);
    weft_kernel_destroy(kernel);
    return status;
}

static weft_status prove(const import_job *job, const char *text, bool *same) {
    weft_context *context = NULL;
    weft_module *module = NULL;
    weft_status status = weft_context_create(NULL, &context);
    if (status == WEFT_OK) status = weft_module_load_text(context, job->name, text, strlen(text), NULL, &module);
    if (status == WEFT_OK) status = compare(job, module, same);
    weft_module_destroy(module);
    weft_context_destroy(context);
    return status;
}

/* The text of a pattern that has been proved; should what was found be wrong, that of the mask given. */
static int make_text(import_job *job, char **text) {
    bool same = false;
    weft_status status = import_sets(job) ? WEFT_OK : WEFT_OUT_OF_MEMORY;
    for (int attempt = 0; attempt < 2 && status == WEFT_OK && !same; attempt++) {
        if (attempt) import_forget(job);
        free(*text);
        *text = import_text(job);
        status = *text ? prove(job, *text, &same) : WEFT_OUT_OF_MEMORY;
    }
    if (status == WEFT_OK && interrupted()) status = WEFT_CANCELLED;
    if (status == WEFT_OK && !same) status = WEFT_INTERNAL;
    if (status == WEFT_INVALID_PATTERN) complain("--name %s: that is no name for a pattern", job->name);
    return status == WEFT_INVALID_PATTERN ? EXIT_USAGE : exit_code(status);
}

/* ---- the files ------------------------------------------------------------------------------------------------ */

/* An array that the pattern needs, beside it: NAME_WHAT.npy. */
static int write_array(const import_job *job, const char *what, const char *descr, int dims, const int64_t *sizes,
                       const void *elements, size_t bytes) {
    const char *output = job->given->output, *slash = strrchr(output, '/');
    output_file out = {0};
    char *path = NULL;
    if (asprintf(&path, "%.*s%s_%s.npy", slash ? (int)(slash - output) + 1 : 0, output, job->name, what) < 0)
        return exit_code(WEFT_OUT_OF_MEMORY);
    bool written = output_open(&out, path);
    if (written) {
        npy_write_header(out.stream, descr, dims, sizes);
        fwrite(elements, 1, bytes, out.stream); /* committing says whether it went well */
        written = output_commit(&out);
    }
    output_discard(&out);
    free(path);
    return written ? EXIT_FINE : EXIT_WRONG;
}

static int write_files(const import_job *job, const char *text) {
    const int64_t tile_sizes[] = {job->tiles.rows, job->tiles.columns};
    output_file out = {0};
    int code = EXIT_FINE;
    if (!output_open(&out, job->given->output)) return EXIT_WRONG;
    fputs(text, out.stream);
    if (job->labels)
        code = write_array(job, "doc", "<i4", 1, &job->keys, job->labels, (size_t)job->keys * sizeof *job->labels);
    if (!code && job->tiles.cells)
        code =
            write_array(job, "tiles", "|b1", 2, tile_sizes, job->tiles.cells, (size_t)(tile_sizes[0] * tile_sizes[1]));
    if (!code && !output_commit(&out)) code = EXIT_WRONG;
    output_discard(&out);
    return code;
}

int command_import(const options *given) {
    import_job job = {.given = given, .name = given->name ? given->name : "imported"};
    char *text = NULL;
    int code = read_mask(&job) ? EXIT_FINE : EXIT_WRONG;
    if (!code && !find_kinds(&job)) code = exit_code(WEFT_OUT_OF_MEMORY);
    if (!code) code = make_text(&job, &text);
    if (!code) code = write_files(&job, text);
    import_forget(&job);
    free(job.kind_of);
    free(text);
    npy_free(&job.mask);
    return code;
}
