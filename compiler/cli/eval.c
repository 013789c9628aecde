/* weft eval: what a pattern keeps of dense attention on given tensors, per head, and the time it takes beside it.
 *
 * Recall of row i is the share of its dense attention mass that lies in the pattern, sum of p_ij over the pattern's
 * keys; it is exp(lse_pattern - lse_dense), since both are logarithms of sums over the same exponentials. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

enum { REPEATS = 5 };

/* One of the two runs that are compared. */
typedef struct side {
    weft_plan *plan;
    tensor o, lse;
    double seconds; /* median */
    double pairs;
} side;

typedef struct inputs {
    tensor q, k, v;
    weft_shape shape;
} inputs;

/* Of one head, over all batch elements and rows. */
typedef struct kept {
    double recall, worst_recall; /* mean, least */
    double error;                /* |o - o_dense| / |o_dense|, Frobenius norms */
} kept;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int read_inputs(const options *given, inputs *in) {
    weft_dtype dtype = (weft_dtype)given->dtype;
    bool read = tensor_read(&in->q, "q", given->q, dtype) && tensor_read(&in->k, "k", given->k, dtype) &&
                tensor_read(&in->v, "v", given->v, dtype) && tensors_shape(&in->q, &in->k, &in->v, &in->shape);
    return read ? EXIT_FINE : EXIT_WRONG;
}

static int prepare(side *it, const inputs *in) {
    const weft_shape *shape = &in->shape;
    const int64_t o_shape[4] = {shape->batch, shape->heads, shape->queries, shape->value_dim};
    const int64_t lse_shape[4] = {shape->batch, shape->heads, shape->queries, 1};
    weft_plan_info info = {.size = sizeof info};
    if (!tensor_make(&it->o, 4, o_shape, in->q.dtype) || !tensor_make(&it->lse, 4, lse_shape, WEFT_F32))
        return EXIT_WRONG;
    it->lse.view.ndim = 3;
    weft_plan_describe(it->plan, &info);
    it->pairs = info.pairs;
    return EXIT_FINE;
}

static weft_status run_once(const side *it, const inputs *in, void *workspace, double *seconds) {
    weft_tensors tensors = {.size = sizeof tensors,
                            .q = &in->q.view,
                            .k = &in->k.view,
                            .v = &in->v.view,
                            .o = &it->o.view,
                            .lse = &it->lse.view};
    double start = now();
    weft_status status = weft_run(it->plan, &tensors, workspace);
    *seconds = now() - start;
    return status;
}

/* In turns, so that what else the machine does falls on both. */
static int run_both(side sides[2], const inputs *in) {
    size_t sizes[2] = {weft_plan_workspace(sides[0].plan), weft_plan_workspace(sides[1].plan)};
    void *workspace = malloc(sizes[0] > sizes[1] ? sizes[0] : sizes[1]);
    double seconds[2][REPEATS];
    weft_status status = workspace ? WEFT_OK : WEFT_OUT_OF_MEMORY;
    for (int turn = 0; turn < 2 * REPEATS && status == WEFT_OK; turn++) {
        progress("running", turn, 2 * REPEATS);
        status = run_once(&sides[turn % 2], in, workspace, &seconds[turn % 2][turn / 2]);
    }
    progress_end();
    free(workspace);
    if (status != WEFT_OK) return exit_code(status);
    for (int n = 0; n < 2; n++) {
        qsort(seconds[n], REPEATS, sizeof *seconds[n], ascending);
        sides[n].seconds = seconds[n][REPEATS / 2];
    }
    return EXIT_FINE;
}

/* Rows that see nothing even when dense (Lq > Lk, causal) have no mass to keep and are left out. */
static kept compare_head(const side sides[2], const weft_shape *shape, int64_t head) {
    kept result = {.worst_recall = INFINITY};
    double difference = 0, norm = 0;
    int64_t rows = 0;
    for (int64_t batch = 0; batch < shape->batch; batch++)
        for (int64_t row = 0; row < shape->queries; row++) {
            int64_t at = (batch * shape->heads + head) * shape->queries + row;
            double dense_lse = tensor_at(&sides[1].lse, (size_t)at);
            if (isinf(dense_lse) && dense_lse < 0) continue;
            double recall = exp(tensor_at(&sides[0].lse, (size_t)at) - dense_lse);
            result.recall += recall;
            if (recall < result.worst_recall) result.worst_recall = recall;
            rows++;
            for (int64_t dim = at * shape->value_dim; dim < (at + 1) * shape->value_dim; dim++) {
                double o = tensor_at(&sides[0].o, (size_t)dim), dense = tensor_at(&sides[1].o, (size_t)dim);
                difference += (o - dense) * (o - dense), norm += dense * dense;
            }
        }
    result.recall = rows ? result.recall / (double)rows : NAN;
    result.error = norm > 0 ? sqrt(difference / norm) : NAN;
    return result;
}

static void print_table(const session *s, const side sides[2], const weft_shape *shape) {
    printf("%s: %.1f %% of %s's pairs\n", s->pattern, 100 * sides[0].pairs / sides[1].pairs,
           s->given->against ? "all" : "causal");
    printf("%6s  %12s  %12s  %12s\n", "head", "recall", "worst row", "error");
    for (int64_t head = 0; head < shape->heads; head++) {
        kept k = compare_head(sides, shape, head);
        printf("%6" PRId64 "  %10.2f %%  %10.2f %%  %12.4f\n", head, 100 * k.recall, 100 * k.worst_recall, k.error);
    }
    printf("time: %.2f ms, dense %.2f ms: %.2f times as fast\n", 1e3 * sides[0].seconds, 1e3 * sides[1].seconds,
           sides[1].seconds / sides[0].seconds);
}

static void print_json(const session *s, const side sides[2], const weft_shape *shape) {
    printf("{\"pattern\": ");
    json_string(stdout, s->pattern);
    printf(", \"pairs\": %.0f, \"dense_pairs\": %.0f, \"seconds\": %.9f, \"dense_seconds\": %.9f, \"heads\": [",
           sides[0].pairs, sides[1].pairs, sides[0].seconds, sides[1].seconds);
    for (int64_t head = 0; head < shape->heads; head++) {
        kept k = compare_head(sides, shape, head);
        printf("%s{\"recall\": ", head ? ", " : "");
        json_number(stdout, k.recall);
        printf(", \"worst_recall\": ");
        json_number(stdout, k.worst_recall);
        printf(", \"error\": ");
        json_number(stdout, k.error);
        printf("}");
    }
    printf("]}\n");
}

int command_eval(const options *given) {
    session s = {0};
    inputs in = {0};
    side sides[2] = {{0}, {0}}; /* the pattern, dense */
    int code = read_inputs(given, &in);
    weft_kernel_options how = {
        .size = sizeof how, .dtype = in.q.dtype, .head_dim = in.shape.head_dim, .value_dim = in.shape.value_dim};
    if (!code) code = session_open(&s, given, false);
    if (!code) code = session_choose(&s);
    if (!code) code = session_bind(&s);
    if (!code) code = session_compile(&s, &how);
    if (!code) code = session_plan(&s, &in.shape, false);
    if (!code && !session_knows_pairs(&s)) code = session_show(&s, &in.q, &in.k);
    if (!code) code = session_plan_dense(&s, !given->against, &how, &in.shape, &sides[1].plan);
    sides[0].plan = s.plan;
    for (int n = 0; n < 2 && !code; n++) code = prepare(&sides[n], &in);
    if (!code) code = run_both(sides, &in);
    if (!code) (given->json ? print_json : print_table)(&s, sides, &in.shape);
    weft_plan_destroy(sides[1].plan);
    for (int n = 0; n < 2; n++) tensor_free(&sides[n].o), tensor_free(&sides[n].lse);
    tensor_free(&in.q), tensor_free(&in.k), tensor_free(&in.v);
    session_close(&s);
    return code;
}
