/* What weft bench found, as a table, as JSON, and as a picture. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench.h"
#include "picture/chart.h"

static const char *const dtypes[] = {"f32", "bf16", "f16"};

static const char *dense_name(const session *s) { return s->given->against ? "all" : "causal"; }

static double gflops(const bench_result *r) {
    return 4e-9 * (double)r->head_dim * (r->plan.pairs + r->plan.rest_pairs) / r->pattern.median;
}

static double computed(const bench_result *r) { return r->plan.pairs > 0 ? r->plan.computed_pairs / r->plan.pairs : 1; }

static double speed_up(const bench_result *r) { return r->dense_seconds / r->pattern.median; }

static bool is_scaled(const bench_result *r) { return r->dense_n < r->n; }

/* ---- the table ---------------------------------------------------------------------------------------------- */

/* The machine and the build in one line. */
static void print_machine(const bench_report *b, FILE *out) {
    const machine *m = &b->on;
    fprintf(out, "%s, %d core%s; %s; weft %s, %s\n", m->processor, m->cores, m->cores > 1 ? "s" : "", m->target,
            weft_version(), m->generator);
}

void bench_print_head(const bench_report *b) {
    print_machine(b, stdout);
    printf("%s, %s, %" PRId64 " head%s, beside dense attention (%s)\n\n", b->title, dtypes[b->s->given->dtype],
           b->heads, b->heads > 1 ? "s" : "", dense_name(b->s));
    printf("%8s %4s %7s  %9s %11s  %10s  %11s %8s  %8s %7s  %8s\n", "n", "D", "threads", "plan ms", "plan bytes",
           "time ms", "dense ms", "speed-up", "GFLOP/s", "of peak", "computed");
    fflush(stdout);
}

/* Four digits or so. */
static const char *in_ms(double seconds, const char *mark, char out[24]) {
    double ms = 1e3 * seconds;
    snprintf(out, 24, "%s%.*f", mark, ms < 10 ? 3 : ms < 100 ? 2 : ms < 1e4 ? 1 : 0, ms);
    return out;
}

void bench_print_line(const bench_result *r) {
    char fraction[16] = "-", plan[24], time[24], dense[24];
    if (isfinite(r->pattern.fraction)) snprintf(fraction, sizeof fraction, "%.1f %%", 100 * r->pattern.fraction);
    printf("%8" PRId64 " %4" PRId64 " %7d  %9s %11" PRId64 "  %10s  %11s %8.2f  %8.1f %7s  %8.3f\n", r->n, r->head_dim,
           r->threads, in_ms(r->plan_seconds, "", plan), r->plan.bytes, in_ms(r->pattern.median, "", time),
           in_ms(r->dense_seconds, is_scaled(r) ? "~" : "", dense), speed_up(r), gflops(r), fraction, computed(r));
    fflush(stdout);
}

void bench_print_notes(const bench_report *b) {
    int64_t measured = 0;
    for (int n = 0; n < b->count; n++)
        if (is_scaled(&b->results[n]) && b->results[n].dense_n > measured) measured = b->results[n].dense_n;
    bool disturbed = false;
    for (int n = 0; n < b->count; n++)
        disturbed = disturbed || b->results[n].pattern.median > 1.25 * b->results[n].pattern.least;
    printf("\nTimes are medians of turns taken with dense attention and with the peak");
    if (b->level) printf(" (multiply-adds on %s registers)", b->level->name);
    printf(".\nGFLOP/s count allowed pairs, and features of queries and keys; computed is the pairs computed for each "
           "allowed one.\n");
    if (measured) printf("~ dense attention from n = %" PRId64 " or less, in proportion to its pairs.\n", measured);
    if (disturbed) printf("The machine was busy: turns differ by a quarter and more.\n");
}

/* ---- JSON --------------------------------------------------------------------------------------------------- */

static void field(const char *name, double value) {
    printf(", \"%s\": ", name);
    json_number(stdout, value);
}

static void text_field(const char *before, const char *name, const char *value) {
    printf("%s\"%s\": ", before, name);
    json_string(stdout, value);
}

static void print_time(const char *name, const bench_time *t) {
    printf(", \"%s\": {\"median\": ", name);
    json_number(stdout, t->median);
    field("least", t->least);
    field("most", t->most);
    field("peak_fraction", t->fraction);
    field("best_peak_fraction", t->best_fraction);
    printf("}");
}

static void print_result(const bench_result *r) {
    printf("{\"n\": %" PRId64 ", \"head_dim\": %" PRId64 ", \"threads\": %d, \"turns\": %d", r->n, r->head_dim,
           r->threads, r->turns);
    field("plan_seconds", r->plan_seconds);
    printf(", \"plan_bytes\": %" PRId64, r->plan.bytes);
    field("pairs", r->plan.pairs);
    field("computed_pairs", r->plan.computed_pairs);
    field("rest_pairs", r->plan.rest_pairs);
    print_time("seconds", &r->pattern);
    printf(", \"dense_n\": %" PRId64, r->dense_n);
    print_time("dense_measured_seconds", &r->dense);
    field("dense_seconds", r->dense_seconds);
    printf(", \"dense_is_extrapolated\": %s", is_scaled(r) ? "true" : "false");
    field("speed_up", speed_up(r));
    field("gflops", gflops(r));
    field("peak_gflops", r->peak > 0 ? 1e-9 * r->peak : NAN);
    field("roofline_seconds", r->roofline);
    printf("}");
}

void bench_print_json(const bench_report *b) {
    text_field("{\"machine\": {", "processor", b->on.processor);
    printf(", \"cores\": %d", b->on.cores);
    text_field(", ", "host", b->on.host);
    text_field(", ", "target", b->on.target);
    text_field(", ", "code_generator", b->on.generator);
    text_field(", ", "weft", weft_version());
    text_field("}, ", "pattern", b->s->pattern);
    text_field(", ", "title", b->title);
    text_field(", ", "dtype", dtypes[b->s->given->dtype]);
    printf(", \"heads\": %" PRId64, b->heads);
    text_field(", ", "against", dense_name(b->s));
    text_field(", ", "peak", b->level ? b->level->name : NULL);
    printf(", \"runs\": [");
    for (int n = 0; n < b->count; n++) {
        if (n) printf(", ");
        print_result(&b->results[n]);
    }
    printf("]}\n");
}

/* ---- the picture -------------------------------------------------------------------------------------------- */

static bool ends_in(const char *path, const char *ending) {
    size_t size = strlen(path), length = strlen(ending);
    return size > length && !strcasecmp(path + size - length, ending);
}

bool bench_can_draw(const char *path) {
    if (ends_in(path, ".png") || ends_in(path, ".svg")) return true;
    complain("%s: a picture's name ends in .png or .svg", path);
    return false;
}

/* A line of the chart begins where the head dimension or the threads change. */
static bool begins_line(const bench_report *b, int n) {
    const bench_result *r = &b->results[n];
    return !n || r->head_dim != r[-1].head_dim || r->threads != r[-1].threads;
}

static int by_length(const void *a, const void *b) {
    const chart_point *x = a, *y = b;
    return (x->length > y->length) - (x->length < y->length);
}

/* Two lines of points, the pattern's and dense attention's, for each head dimension and number of threads. */
static int make_lines(const bench_report *b, chart_line *lines, chart_point *points) {
    int count = 0;
    for (int n = 0; n < b->count; n++) {
        const bench_result *r = &b->results[n];
        if (begins_line(b, n)) {
            for (int dense = 0; dense < 2; dense++) {
                chart_line *line = &lines[count + dense];
                *line = (chart_line){.points = points + dense * b->count + n, .hue = count / 2, .dashed = dense};
                snprintf(line->name, sizeof line->name, "%s, D = %" PRId64 ", %d thread%s",
                         dense ? dense_name(b->s) : b->s->pattern, r->head_dim, r->threads, r->threads > 1 ? "s" : "");
            }
            count += 2;
        }
        points[n] = (chart_point){(double)r->n, r->pattern.median, false};
        points[b->count + n] = (chart_point){(double)r->n, r->dense_seconds, is_scaled(r)};
        lines[count - 2].count++, lines[count - 1].count++;
    }
    for (int n = 0; n < count; n++)
        qsort(points + (lines[n].points - points), (size_t)lines[n].count, sizeof *points, by_length);
    return count;
}

bool bench_draw(const bench_report *b, FILE *out) {
    char title[256], facts[512];
    snprintf(title, sizeof title, "%s beside dense attention (%s)", b->title, dense_name(b->s));
    snprintf(facts, sizeof facts, "%s, %" PRId64 " head%s · %s, %s · weft %s", dtypes[b->s->given->dtype], b->heads,
             b->heads > 1 ? "s" : "", b->on.processor, b->on.target, weft_version());
    size_t room = 2 * (size_t)b->count;
    chart_line *lines = calloc(room, sizeof *lines);
    chart_point *points = calloc(room, sizeof *points);
    bool drawn = lines && points;
    if (drawn) {
        chart c = {.title = title, .facts = facts, .lines = lines, .line_count = make_lines(b, lines, points)};
        drawn = (ends_in(b->s->given->output, ".svg") ? chart_write_svg : chart_write_png)(&c, out);
    }
    free(lines), free(points);
    return drawn;
}
