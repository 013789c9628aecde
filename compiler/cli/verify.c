/* weft verify: two comparisons over many shapes. Every pair of lengths has its masks compared; every pair of lengths is
 * run with one of the head dimensions, in turn, with and without grouped heads. */
#include "verify.h"

#include <inttypes.h>

static const int64_t usual_lengths[] = {1, 2, 15, 16, 17, 63, 64, 65, 127, 1000};
static const int64_t usual_dims[][2] = {{1, 1}, {15, 16}, {16, 16}, {64, 64}, {80, 64}, {128, 128}, {256, 256}};
static const int64_t mask_dims[2] = {16, 16}; /* of masks, where q and k decide them */
enum { LENGTHS = sizeof usual_lengths / sizeof *usual_lengths, DIMS = sizeof usual_dims / sizeof *usual_dims };

/* The lengths to try: those of --lq and --lk, else the usual ones. */
typedef struct lengths {
    const int64_t *at;
    int count;
} lengths;

static lengths lengths_of(const int64_t *given) {
    return *given ? (lengths){given, 1} : (lengths){usual_lengths, LENGTHS};
}

/* Shape number n. Grouped heads and a second batch element come in turn; with --heads, heads are as many as it says. */
static weft_shape shape_of(const verification *v, int n, const int64_t dims[2]) {
    lengths lq = lengths_of(&v->s->given->lq), lk = lengths_of(&v->s->given->lk);
    int64_t heads = session_heads(v->s);
    weft_shape shape = {.size = sizeof shape,
                        .batch = 1 + (n % 5 == 1),
                        .heads = heads,
                        .kv_heads = heads,
                        .queries = lq.at[n / lk.count],
                        .keys = lk.at[n % lk.count],
                        .head_dim = dims[0],
                        .value_dim = dims[1]};
    if (n % 2 == 0) return shape;
    if (v->s->given->heads) {
        shape.kv_heads = 1;
    } else {
        shape.heads *= 2;
    }
    return shape;
}

static int shape_count(const verification *v) {
    return lengths_of(&v->s->given->lq).count * lengths_of(&v->s->given->lk).count;
}

/* Makes the plan of a shape; *planned is false where the pattern or the library refuses it. */
static int plan_shape(verification *v, const weft_shape *shape, bool *planned) {
    if (!invention_make(&v->made_up, v->s, shape->heads)) return exit_code(WEFT_OUT_OF_MEMORY);
    int code = session_plan_with(v->s, shape, v->made_up.bindings, v->made_up.binding_count, true);
    *planned = code == EXIT_FINE;
    return code == EXIT_WRONG ? EXIT_FINE : code;
}

static int compare_masks(verification *v) {
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    int count = shape_count(v), code = session_compile(v->s, &plan_only);
    for (int n = 0; n < count && !code; n++) {
        weft_shape shape = shape_of(v, n, mask_dims);
        bool planned = false;
        progress("masks", n, count);
        code = plan_shape(v, &shape, &planned);
        if (!code && planned && !session_knows_pairs(v->s)) code = verify_show(v, &shape);
        if (!code && planned) code = verify_masks(v, &shape);
        v->refused += !planned;
    }
    progress_end();
    if (code || v->masks) return code;
    session_explain_plan(v->s); /* there is no shape that it takes */
    return EXIT_WRONG;
}

/* Runs the shapes whose turn it is with these head dimensions; for a single shape all have their turn. */
static int compare_runs(verification *v, int turn) {
    dim_result *result = &v->dims[v->dim_count];
    const int64_t *dims = usual_dims[turn];
    const weft_kernel_options how = {
        .size = sizeof how, .dtype = (weft_dtype)v->s->given->dtype, .head_dim = dims[0], .value_dim = dims[1]};
    int count = shape_count(v), code = session_compile(v->s, &how);
    result->head_dim = dims[0];
    result->value_dim = dims[1];
    v->dim_count++;
    for (int n = 0; n < count && !code; n++) {
        weft_shape shape = shape_of(v, n, dims);
        bool planned = false;
        if (count > 1 && (n / LENGTHS * 3 + n) % DIMS != turn) continue;
        progress("runs", (double)turn * count + n, (double)DIMS * count);
        code = plan_shape(v, &shape, &planned);
        if (!code && planned) code = verify_run(v, &shape, result);
    }
    return code;
}

/* All head dimensions. A pattern that no shape can be run with (a scale that is no float, say) is not verified by that.
 */
static int compare_all_runs(verification *v) {
    int code = EXIT_FINE;
    int64_t runs = 0;
    for (int turn = 0; turn < DIMS && !code; turn++) {
        code = compare_runs(v, turn);
        runs += v->dims[turn].runs;
    }
    progress_end();
    if (code || runs) return code;
    session_explain_plan(v->s);
    return EXIT_WRONG;
}

/* ---- the report --------------------------------------------------------------------------------------------- */

static void describe_shape(const weft_shape *s, char *out, size_t size) {
    int used = snprintf(out, size, "batch %" PRId64 ", heads %" PRId64 " on %" PRId64 ", Lq %" PRId64 ", Lk %" PRId64,
                        s->batch, s->heads, s->kv_heads, s->queries, s->keys);
    if (s->head_dim && used > 0 && (size_t)used < size)
        snprintf(out + used, size - (size_t)used, ", D %" PRId64 ", Dv %" PRId64, s->head_dim, s->value_dim);
}

static double worst(const verification *v) {
    double error = 0;
    for (int n = 0; n < v->dim_count; n++)
        if (v->dims[n].error > error) error = v->dims[n].error;
    return error;
}

static void print_report(const verification *v) {
    printf("pattern %s\n", v->s->pattern);
    printf("masks              %4" PRId64 " shapes  %.0f allowed pairs\n", v->masks, v->pairs);
    for (int n = 0; n < v->dim_count; n++)
        printf("D %-4" PRId64 " Dv %-4" PRId64 "     %4" PRId64 " runs    error %.1e\n", v->dims[n].head_dim,
               v->dims[n].value_dim, v->dims[n].runs, v->dims[n].error);
    if (v->refused) printf("refused by the pattern: %" PRId64 " shapes\n", v->refused);
    if (v->first.found) {
        char shape[160];
        describe_shape(&v->first.shape, shape, sizeof shape);
        printf("different: %s\n  at %s\n", v->first.what, shape);
    } else {
        printf("verified: plan = oracle, kernel = reference within %.1e of the largest |o| (%.0e is allowed)\n",
               worst(v), verify_tolerance((weft_dtype)v->s->given->dtype));
    }
}

static void write_report(const verification *v) {
    fputs("{\"pattern\": ", stdout);
    json_string(stdout, v->s->pattern);
    printf(", \"verified\": %s, \"masks\": {\"shapes\": %" PRId64 ", \"pairs\": %.0f}, \"refused\": %" PRId64
           ", \"runs\": [",
           v->first.found ? "false" : "true", v->masks, v->pairs, v->refused);
    for (int n = 0; n < v->dim_count; n++) {
        printf("%s{\"head_dim\": %" PRId64 ", \"value_dim\": %" PRId64 ", \"runs\": %" PRId64 ", \"error\": ",
               n ? ", " : "", v->dims[n].head_dim, v->dims[n].value_dim, v->dims[n].runs);
        json_number(stdout, v->dims[n].error);
        putchar('}');
    }
    fputs("], \"difference\": ", stdout);
    if (v->first.found) {
        char shape[160];
        describe_shape(&v->first.shape, shape, sizeof shape);
        fputs("{\"what\": ", stdout);
        json_string(stdout, v->first.what);
        fputs(", \"shape\": ", stdout);
        json_string(stdout, shape);
        putchar('}');
    } else {
        fputs("null", stdout);
    }
    puts("}");
}

int command_verify(const options *given) {
    session s = {0};
    verification v = {.s = &s};
    int code = session_open(&s, given, false);
    if (!code) code = session_choose(&s);
    if (!code) code = session_bind(&s);
    if (!code) code = compare_masks(&v);
    if (!code) code = compare_all_runs(&v);
    if (code == EXIT_FINE || code == EXIT_MISMATCH) {
        if (given->json) {
            write_report(&v);
        } else {
            print_report(&v);
        }
    }
    session_close(&s);
    invention_free(&v.made_up);
    return code;
}
