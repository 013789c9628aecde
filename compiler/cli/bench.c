/* weft bench: a pattern beside dense attention on this machine, over lengths, head dimensions and numbers of threads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "drawing.h"

static bool asked_to_stop(void *user) {
    (void)user;
    return interrupted();
}

static int compile_dense(const session *s, const weft_kernel_options *how, weft_kernel **out) {
    static const char *const texts[] = {"pattern dense { attend causal; }", "pattern dense { attend all; }"};
    const char *text = texts[s->given->against];
    weft_module *module = NULL;
    weft_status status = weft_module_load_text(s->context, "dense", text, strlen(text), NULL, &module);
    if (status == WEFT_OK) status = weft_kernel_create(module, NULL, how, out);
    weft_module_destroy(module);
    return exit_code(status);
}

/* The same code for another number of threads. */
static weft_status with_threads(const weft_kernel *kernel, int threads, weft_kernel **out) {
    weft_config config = {.size = sizeof config, .cancel = asked_to_stop, .threads = (uint32_t)threads};
    weft_image image = weft_kernel_image(kernel);
    return weft_kernel_from_image(&image, &config, out);
}

/* ---- lines -------------------------------------------------------------------------------------------------- */

/* All lengths for one head dimension and one number of threads. */
static int measure_lengths(bench_report *b, const bench_pair *pair) {
    const number_list *lengths = &b->s->given->lengths;
    int code = EXIT_FINE;
    for (int n = 0; n < lengths->count && !code; n++) {
        bench_result *r = &b->results[b->count];
        code = bench_measure(pair, lengths->at[n], r);
        if (code) break;
        b->count++;
        if (!b->s->given->json) bench_print_line(r);
    }
    return code;
}

static int measure_threads(bench_report *b, session *s, const weft_kernel *dense, int64_t head_dim, int threads) {
    bench_pair pair = {.s = s,
                       .heads = b->heads,
                       .head_dim = head_dim,
                       .threads = threads,
                       .level = b->level,
                       .copy = peak_copy(threads)};
    weft_status status = invention_make(&pair.made_up, s, b->heads) ? WEFT_OK : WEFT_OUT_OF_MEMORY;
    if (status == WEFT_OK) status = with_threads(s->kernel, threads, &pair.pattern);
    if (status == WEFT_OK) status = with_threads(dense, threads, &pair.dense);
    int code = status == WEFT_OK ? measure_lengths(b, &pair) : exit_code(status);
    weft_kernel_destroy(pair.pattern);
    weft_kernel_destroy(pair.dense);
    invention_free(&pair.made_up);
    return code;
}

/* Does a text have all of some words? */
static bool has_words(const char *text, const char *words) {
    char word[32];
    for (int length = 0; sscanf(words, "%31s%n", word, &length) == 1; words += length)
        if (!strstr(text, word)) return false;
    return true;
}

/* The peak that kernels are held against: this processor's, or for another target that of what its code uses. */
static const peak_level *choose_level(const session *s, const weft_kernel_options *how) {
    const peak_level *widest = peak_find(how->dtype, 0), *level = widest;
    char *text = NULL;
    if (!how->target || weft_module_dump(s->module, s->pattern, WEFT_STAGE_ASM, how, &text) != WEFT_OK) return widest;
    for (int n = 0; level && !has_words(text, level->name); n++) level = peak_find(how->dtype, n + 1);
    weft_text_free(s->module, text);
    return level ? level : widest;
}

/* A plan at the first length, for what can be said before anything is measured. */
static int begin(bench_report *b, session *s, const weft_kernel_options *how) {
    const weft_shape shape = {.size = sizeof shape,
                              .heads = b->heads,
                              .queries = s->given->lengths.at[0],
                              .keys = s->given->lengths.at[0],
                              .head_dim = how->head_dim,
                              .value_dim = how->head_dim};
    int code = session_plan(s, &shape, false);
    if (code) return code;
    b->level = choose_level(s, how);
    b->title = drawing_title(s);
    if (!b->title) return exit_code(WEFT_OUT_OF_MEMORY);
    if (!s->given->json) bench_print_head(b);
    return EXIT_FINE;
}

static int measure_all(bench_report *b, session *s, const number_list *dims, const number_list *threads) {
    int code = EXIT_FINE;
    for (int d = 0; d < dims->count && !code; d++) {
        weft_kernel_options how = {.size = sizeof how,
                                   .dtype = (weft_dtype)s->given->dtype,
                                   .head_dim = dims->at[d],
                                   .target = target_of(s->given)};
        weft_kernel *dense = NULL;
        code = session_compile(s, &how);
        if (!code && !b->title) code = begin(b, s, &how);
        if (!code) code = compile_dense(s, &how, &dense);
        for (int t = 0; t < threads->count && !code; t++)
            code = measure_threads(b, s, dense, dims->at[d], (int)threads->at[t]);
        weft_kernel_destroy(dense);
    }
    return code;
}

/* ---- the command -------------------------------------------------------------------------------------------- */

static const number_list *or_one(const number_list *given, int64_t otherwise, number_list *room) {
    if (given->count) return given;
    *room = (number_list){.at = {otherwise}, .count = 1};
    return room;
}

/* Numbers that options.c could not know the limits of. */
static int check_options(const options *given) {
    for (int t = 0; t < given->thread_counts.count; t++)
        if (given->thread_counts.at[t] > UINT16_MAX) {
            complain("--threads is at most %d", UINT16_MAX);
            return EXIT_USAGE;
        }
    return given->output && !bench_can_draw(given->output) ? EXIT_USAGE : EXIT_FINE;
}

static int draw(const bench_report *b, output_file *out) {
    if (!bench_draw(b, out->stream) && !ferror(out->stream)) return exit_code(WEFT_OUT_OF_MEMORY);
    return output_commit(out) ? EXIT_FINE : EXIT_WRONG;
}

static int measure_and_report(session *s) {
    const options *given = s->given;
    number_list one_dim, one_count;
    bench_report b = {.s = s, .heads = session_heads(s)};
    machine_describe(s->context, &b.on);
    if (target_of(given)) snprintf(b.on.target, sizeof b.on.target, "%s", target_of(given));
    const number_list *dims = or_one(&given->head_dims, 64, &one_dim);
    const number_list *threads = or_one(&given->thread_counts, b.on.cores, &one_count);
    b.results = calloc((size_t)(dims->count * threads->count * given->lengths.count), sizeof *b.results);
    output_file file = {0}; /* opened before the work, so that a wrong place is known at once */
    int code = b.results ? EXIT_FINE : exit_code(WEFT_OUT_OF_MEMORY);
    if (!code && given->output && !output_open(&file, given->output)) code = EXIT_WRONG;
    if (!code) code = measure_all(&b, s, dims, threads);
    if (!code) (given->json ? bench_print_json : bench_print_notes)(&b);
    if (!code && given->output) code = draw(&b, &file);
    output_discard(&file);
    free(b.results);
    free(b.title);
    return code;
}

int command_bench(const options *given) {
    session s = {0};
    int code = check_options(given);
    if (!code) code = session_open(&s, given, false);
    if (!code) code = session_choose(&s);
    if (!code) code = session_bind(&s);
    if (!code) code = measure_and_report(&s);
    session_close(&s);
    return code;
}
