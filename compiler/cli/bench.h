/* What the parts of weft bench share: what is measured, and what came out. */
#ifndef WEFT_CLI_BENCH_H
#define WEFT_CLI_BENCH_H

#include "cli.h"
#include "machine.h"
#include "peak.h"

/* A pattern and dense attention, compiled for one head dimension and one number of threads; serves any length. */
typedef struct bench_pair {
    session *s; /* its kernel is the pattern's too, and can say where in the file a mistake is */
    weft_kernel *pattern, *dense;
    invention made_up; /* what plans of the pattern are given */
    int64_t heads, head_dim;
    int threads;
    const peak_level *level; /* of multiply-adds; may be NULL */
    double copy;             /* bytes a second, read and written */
} bench_pair;

/* Times of one run in seconds. */
typedef struct bench_time {
    double median, least, most;
    double fraction;      /* speed on allowed pairs as a share of the peak beside it, median of the turns' */
    double best_fraction; /* that of the least time, of the highest peak: less moved by what else the machine does */
} bench_time;

/* One line of the table. */
typedef struct bench_result {
    int64_t n, head_dim;
    int threads, turns;
    double plan_seconds; /* median */
    weft_plan_info plan;
    bench_time pattern, dense;
    int64_t dense_n;      /* where dense was measured: n, or less where it would take too long */
    double dense_seconds; /* at n; in proportion to the pairs where it was measured at less */
    double peak;          /* flop/s, median; 0 where it is not known */
    double roofline; /* seconds: the pairs at that peak, or the tensors at the speed of copies, whichever is more */
} bench_result;

/* Measures one line (bench_measure.c). An exit code; what is wrong has been said. */
int bench_measure(const bench_pair *pair, int64_t n, bench_result *out);

/* The table, the JSON and the picture (bench_report.c). */
typedef struct bench_report {
    const session *s;
    char *title; /* the pattern with its parameters */
    machine on;
    int64_t heads;
    const peak_level *level;
    bench_result *results;
    int count;
} bench_report;

void bench_print_head(const bench_report *b);
void bench_print_line(const bench_result *r);
void bench_print_notes(const bench_report *b);
void bench_print_json(const bench_report *b);
/* Is the name that of a kind of picture? False with a complaint. */
bool bench_can_draw(const char *path);
/* False when memory or the stream fails. */
bool bench_draw(const bench_report *b, FILE *out);

#endif
