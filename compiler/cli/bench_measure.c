/* Measuring a pattern beside dense attention: in turns with each other and with the peak, so that whatever else the
 * machine does falls on all of them. Medians of the turns count. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "clock.h"
#include "element.h"

static const double turn_least = 4e-3;   /* seconds that a turn of one side takes at least, by repeating short runs */
static const double peak_seconds = 3e-3; /* of the peak, before and after */
static const double case_seconds = 3;    /* about how long a line may take … */
static const double dense_most = 2;      /* seconds that a dense run may take */
enum { LEAST_TURNS = 3, MOST_TURNS = 15, /* … between these */ MOST_RUNS = 4096, PLANS = 3, DENSE_FROM = 1024 };

/* Tensors of one length. */
typedef struct buffers {
    void *q, *k, *v, *o;
    int64_t n;
} buffers;

static weft_dtype dtype_of(const bench_pair *pair) { return (weft_dtype)pair->s->given->dtype; }

/* One of the two that are compared. */
typedef struct side {
    weft_plan *plan;
    weft_plan_info info;
    DLTensor q, k, v, o;
    int64_t shape[4], strides[4];
    void *workspace;
    int runs; /* a turn */
    double flops;
    double seconds[MOST_TURNS], fraction[MOST_TURNS];
} side;

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, ascending);
    return values[count / 2];
}

/* ---- tensors ------------------------------------------------------------------------------------------------ */

/* Numbers that look random, from -1 to 1. */
static void fill(void *out, size_t count, weft_dtype dtype, uint32_t seed) {
    for (size_t n = 0; n < count; n++) {
        seed = seed * 1664525u + 1013904223u;
        element_set(out, n, dtype, (double)(seed >> 8) * (2.0 / (1 << 24)) - 1);
    }
}

static void buffers_free(buffers *b) { free(b->q), free(b->k), free(b->v), free(b->o); }

/* Of q, k, v and o together. */
static double tensor_bytes(const bench_pair *pair, int64_t n) {
    return 4.0 * (double)element_size(dtype_of(pair)) * (double)pair->heads * (double)n * (double)pair->head_dim;
}

/* False with a complaint, also where the memory that the machine has would not hold them. */
static bool buffers_make(buffers *b, const bench_pair *pair, int64_t n) {
    double bytes = tensor_bytes(pair, n);
    double memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    *b = (buffers){.n = n};
    if (bytes > memory) {
        complain("n = %" PRId64 ": q, k, v and o take %.1f GiB, more than this machine has", n, bytes / (1 << 30));
        return false;
    }
    size_t count = (size_t)pair->heads * (size_t)n * (size_t)pair->head_dim;
    void **all[] = {&b->q, &b->k, &b->v, &b->o};
    for (uint32_t at = 0; at < 4; at++) {
        *all[at] = malloc(count * element_size(dtype_of(pair)));
        if (!*all[at]) {
            complain("out of memory");
            return false;
        }
        fill(*all[at], count, dtype_of(pair), at);
    }
    return true;
}

/* ---- sides -------------------------------------------------------------------------------------------------- */

/* Over the first n tokens of the buffers. */
static void look_at(side *it, const buffers *b, const bench_pair *pair, int64_t n) {
    const int64_t shape[4] = {1, pair->heads, n, pair->head_dim};
    const int64_t strides[4] = {pair->heads * b->n * pair->head_dim, b->n * pair->head_dim, pair->head_dim, 1};
    memcpy(it->shape, shape, sizeof shape);
    memcpy(it->strides, strides, sizeof strides);
    DLTensor *views[] = {&it->q, &it->k, &it->v, &it->o};
    void *const data[] = {b->q, b->k, b->v, b->o};
    for (int at = 0; at < 4; at++)
        *views[at] = (DLTensor){.data = data[at],
                                .device = {kDLCPU, 0},
                                .ndim = 4,
                                .dtype = element_type(dtype_of(pair)),
                                .shape = it->shape,
                                .strides = it->strides};
}

static void side_free(side *it) {
    weft_plan_destroy(it->plan);
    free(it->workspace);
    it->plan = NULL, it->workspace = NULL;
}

/* Makes the plan PLANS times over; *seconds (may be NULL) is the median. */
static weft_status make_plan(side *it, const weft_kernel *kernel, const bench_pair *pair, int64_t n, bool is_pattern,
                             double *seconds) {
    weft_shape shape = {.size = sizeof shape,
                        .batch = 1,
                        .heads = pair->heads,
                        .kv_heads = pair->heads,
                        .queries = n,
                        .keys = n,
                        .head_dim = pair->head_dim,
                        .value_dim = pair->head_dim};
    double took[PLANS];
    weft_status status = WEFT_OK;
    for (int at = 0; at < PLANS && status == WEFT_OK; at++) {
        weft_plan_destroy(it->plan);
        it->plan = NULL;
        status = weft_plan_create(kernel, &shape, is_pattern ? pair->made_up.bindings : NULL,
                                  is_pattern ? pair->made_up.binding_count : 0, &it->plan);
        if (status == WEFT_OK) {
            it->info = (weft_plan_info){.size = sizeof it->info};
            weft_plan_describe(it->plan, &it->info);
            took[at] = it->info.seconds;
        }
    }
    if (status == WEFT_OK && seconds) *seconds = median(took, PLANS);
    if (status != WEFT_OK && is_pattern) return session_plan(pair->s, &shape, false) ? status : WEFT_INTERNAL;
    return status;
}

static weft_tensors tensors_of(const side *it) {
    return (weft_tensors){.size = sizeof(weft_tensors), .q = &it->q, .k = &it->k, .v = &it->v, .o = &it->o};
}

/* Pairs that depend on q and k are counted once these are there. */
static weft_status count_pairs(side *it) {
    weft_tensors tensors = tensors_of(it);
    if (weft_plan_term_count(it->plan, 0, 0) > 0) return WEFT_OK;
    weft_status status = weft_plan_choose(it->plan, &tensors);
    return status == WEFT_OK ? weft_plan_describe(it->plan, &it->info) : status;
}

/* What choosing takes, where q and k are asked. */
static double choosing_flops(const side *it, int64_t heads) {
    double sum = 0;
    for (int64_t head = 0; head < heads; head++)
        for (int64_t n = 0; n < weft_plan_choice_count(it->plan, 0, head); n++) {
            weft_choices choices = {.size = sizeof choices};
            if (weft_plan_choices(it->plan, 0, head, n, &choices) == WEFT_OK) sum += choices.flops;
        }
    return sum;
}

static weft_status run(side *it, int runs, double *seconds) {
    weft_tensors tensors = tensors_of(it);
    weft_status status = WEFT_OK;
    double start = clock_seconds();
    for (int n = 0; n < runs && status == WEFT_OK; n++) status = weft_run(it->plan, &tensors, it->workspace);
    *seconds = (clock_seconds() - start) / runs;
    return status;
}

/* Plans, allocates, and warms up; *seconds is about what a run takes. */
static weft_status prepare(side *it, const bench_pair *pair, const buffers *b, int64_t n, bool is_pattern,
                           double *plan_seconds, double *seconds) {
    side_free(it);
    weft_status status = make_plan(it, is_pattern ? pair->pattern : pair->dense, pair, n, is_pattern, plan_seconds);
    if (status != WEFT_OK) return status;
    it->workspace = malloc(weft_plan_workspace(it->plan) + 1);
    if (!it->workspace) return WEFT_OUT_OF_MEMORY;
    look_at(it, b, pair, n);
    status = count_pairs(it);
    if (status == WEFT_OK) status = run(it, 1, seconds);
    if (status == WEFT_OK && *seconds < turn_least) status = run(it, 2, seconds); /* the first one met cold caches */
    it->runs = (int)fmin(ceil(turn_least / *seconds), MOST_RUNS);
    if (it->runs < 1) it->runs = 1;
    it->flops = 4.0 * (double)pair->head_dim * (it->info.pairs + it->info.rest_pairs);
    it->flops += choosing_flops(it, pair->heads);
    return status;
}

/* Dense attention at the greatest length, n or n halved some times, at which a run does not take too long. */
static weft_status prepare_dense(side *it, const bench_pair *pair, const buffers *b, int64_t *n, double *seconds) {
    int64_t full = *n, probe = full;
    while (probe > DENSE_FROM) probe /= 2;
    weft_status status = prepare(it, pair, b, probe, false, NULL, seconds);
    if (status != WEFT_OK) return status;
    double growth = (double)full / (double)probe, most = dense_most;
    for (*n = full; *n > probe && *seconds * growth * growth > most; growth /= 2) *n /= 2;
    return *n == probe ? WEFT_OK : prepare(it, pair, b, *n, false, NULL, seconds);
}

/* ---- turns -------------------------------------------------------------------------------------------------- */

static double measure_peak(const bench_pair *pair) {
    return pair->level ? peak_measure(pair->level, pair->threads, peak_seconds) : 0;
}

/* One turn of one side; *peak is what was measured before it, and then what was measured after. */
static weft_status take_turn(side *it, int turn, const bench_pair *pair, double *peak) {
    weft_status status = run(it, it->runs, &it->seconds[turn]);
    double before = *peak;
    *peak = measure_peak(pair);
    it->fraction[turn] = it->flops / it->seconds[turn] / ((before + *peak) / 2);
    return status;
}

static int count_turns(double seconds) {
    int turns = (int)fmin(fmax(case_seconds / seconds, LEAST_TURNS), MOST_TURNS);
    return turns | 1; /* odd, for the median */
}

static bench_time conclude(side *it, int turns, double peak) {
    bench_time out = {.median = median(it->seconds, turns), .fraction = median(it->fraction, turns)};
    out.least = it->seconds[0], out.most = it->seconds[turns - 1];
    out.best_fraction = it->flops / out.least / peak;
    return out;
}

static weft_status take_turns(side *pattern, side *dense, const bench_pair *pair, bench_result *out) {
    weft_status status = WEFT_OK;
    double peaks[MOST_TURNS], peak = measure_peak(pair);
    char label[96];
    snprintf(label, sizeof label, "n = %" PRId64 ", D = %" PRId64 ", threads = %d", out->n, out->head_dim,
             out->threads);
    for (int turn = 0; turn < out->turns && status == WEFT_OK; turn++) {
        progress(label, turn, out->turns);
        status = take_turn(pattern, turn, pair, &peak);
        peaks[turn] = peak;
        if (status == WEFT_OK) status = take_turn(dense, turn, pair, &peak);
        if (interrupted()) status = WEFT_CANCELLED;
    }
    if (status != WEFT_OK) return status;
    out->peak = median(peaks, out->turns);
    out->roofline = fmax(pattern->flops / out->peak, tensor_bytes(pair, out->n) / pair->copy);
    out->pattern = conclude(pattern, out->turns, peaks[out->turns - 1]);
    out->dense = conclude(dense, out->turns, peaks[out->turns - 1]);
    return status;
}

/* Pairs of dense attention at any length, from those at another: what its time grows with. */
static double dense_growth(const options *given, int64_t from, int64_t to) {
    double ratio = (double)to / (double)from;
    return given->against ? ratio * ratio : ratio * ((double)to + 1) / ((double)from + 1);
}

static void say_what_failed(const bench_pair *pair, const side *it) {
    char text[1024];
    if (it->plan && weft_plan_message(it->plan, text, sizeof text)) complain("%s: %s", pair->s->pattern, text);
}

int bench_measure(const bench_pair *pair, int64_t n, bench_result *out) {
    *out = (bench_result){.n = n, .head_dim = pair->head_dim, .threads = pair->threads, .dense_n = n};
    side *sides = calloc(2, sizeof *sides), *pattern = sides, *dense = sides + 1;
    if (!sides) return exit_code(WEFT_OUT_OF_MEMORY);
    buffers b = {0};
    double seconds = 0, dense_seconds = 0;
    weft_status status = WEFT_OK;
    int code = buffers_make(&b, pair, n) ? EXIT_FINE : EXIT_WRONG;
    if (!code) {
        status = prepare(pattern, pair, &b, n, true, &out->plan_seconds, &seconds);
        if (status == WEFT_OK) status = prepare_dense(dense, pair, &b, &out->dense_n, &dense_seconds);
        out->plan = pattern->info;
        out->turns = count_turns(pattern->runs * seconds + dense->runs * dense_seconds + 2 * peak_seconds);
        if (status == WEFT_OK) status = take_turns(pattern, dense, pair, out);
        out->dense_seconds = out->dense.median * dense_growth(pair->s->given, out->dense_n, n);
        if (status != WEFT_OK && status != WEFT_CANCELLED) say_what_failed(pair, pattern);
        code = exit_code(status);
    }
    progress_end();
    side_free(pattern), side_free(dense);
    buffers_free(&b);
    free(sides);
    return code;
}
