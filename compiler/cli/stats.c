/* weft stats: the pairs and tiles of a pattern, and what a run will cost, without running it. */
#include "stats.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- figures ------------------------------------------------------------------------------------------------- */

double stats_possible(const statistics *st, bool causal) {
    double heads = (double)st->shape.heads, lq = (double)st->shape.queries, lk = (double)st->shape.keys;
    double seeing = lq < lk ? lq : lk; /* rows with a key at or before them */
    return causal ? heads * seeing * (2 * lk - seeing + 1) / 2 : heads * lq * lk;
}

double stats_flops(const statistics *st, double pairs) { return 4 * (double)st->head_dim * pairs; }

static double bytes_of_rows(const statistics *st, double rows) { return rows * (double)st->head_dim * st->element; }

double stats_bytes_read(const statistics *st) {
    return bytes_of_rows(st, (double)st->work.rows_read + 2 * (double)st->work.keys_read);
}

double stats_bytes_written(const statistics *st) { return bytes_of_rows(st, (double)st->work.rows_written); }

double stats_busy(const statistics *st) {
    double mean = st->work.cost / (double)st->threads;
    double longest = mean + st->work.heaviest * (1 - 1 / (double)st->threads);
    return longest > 0 ? mean / longest : 1;
}

bool stats_is_hard(const statistics *st) {
    const double few = 1 << 16;
    double asked = (double)st->info.contains_calls;
    return asked > few && asked > st->info.pairs;
}

/* ---- finding out --------------------------------------------------------------------------------------------- */

static void add_work(weft_plan_work *sum, const weft_plan_work *work, int64_t heads) {
    double times = (double)heads;
    sum->pairs += times * work->pairs;
    sum->computed_pairs += times * work->computed_pairs;
    sum->full_tiles += heads * work->full_tiles;
    sum->partial_tiles += heads * work->partial_tiles;
    sum->items += heads * work->items;
    sum->cost += times * work->cost;
    sum->rows_read += heads * work->rows_read;
    sum->keys_read += heads * work->keys_read;
    sum->rows_written += heads * work->rows_written;
    if (work->heaviest > sum->heaviest) sum->heaviest = work->heaviest;
}

static void add_rows(row_figures *sum, const row_figures *rows, int64_t heads, bool first) {
    if (first || rows->least < sum->least) sum->least = rows->least;
    if (rows->most > sum->most) sum->most = rows->most;
    sum->looked_at += heads * rows->looked_at;
    sum->empty += heads * rows->empty;
    sum->causal = (first || sum->causal) && rows->causal;
}

static weft_status look_at_kinds(statistics *st) {
    st->rows = calloc((size_t)st->kinds.count, sizeof *st->rows);
    if (!st->rows) return WEFT_OUT_OF_MEMORY;
    for (int n = 0; n < st->kinds.count; n++) {
        const head_kind *kind = &st->kinds.at[n];
        progress("rows", n, st->kinds.count);
        weft_status status = measure_rows(&st->rows[n], st->s->plan, &st->shape, kind->first);
        if (status != WEFT_OK) return status;
        add_work(&st->work, &kind->work, kind->count);
        add_rows(&st->all_rows, &st->rows[n], kind->count, n == 0);
    }
    st->work.cost += st->info.rest_pairs;
    return WEFT_OK;
}

/* A dense head costs the same as any other. */
static int cost_dense(statistics *st) {
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    weft_shape shape = st->shape;
    weft_plan_work work = {.size = sizeof work};
    weft_plan *plan = NULL;
    shape.heads = shape.kv_heads = 1;
    int code = session_plan_dense(st->s, st->all_rows.causal, &plan_only, &shape, &plan);
    if (!code) code = exit_code(weft_plan_head(plan, 0, 0, &work));
    st->dense_cost = work.cost * (double)st->shape.heads;
    weft_plan_destroy(plan);
    return code;
}

static int find_out(statistics *st) {
    st->info.size = sizeof st->info;
    weft_plan_describe(st->s->plan, &st->info);
    int code = kinds_find(&st->kinds, st->s->plan, st->shape.heads, st->s->given);
    if (!code) code = exit_code(look_at_kinds(st));
    if (!code) code = cost_dense(st);
    st->has_reach = st->shape.queries == st->shape.keys;
    if (!code && st->has_reach)
        code = exit_code(measure_reach(&st->reach, st->s->plan, &st->shape, &st->kinds, st->all_rows.causal));
    progress_end();
    return code;
}

static int64_t cores(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? count : 1;
}

int command_stats(const options *given) {
    static const int sizes[] = {4, 2, 2}; /* of --dtype's choices */
    options wanted = *given;
    session s = {0};
    statistics st = {.s = &s, .element = sizes[given->dtype]};
    if (!wanted.head_dim) wanted.head_dim = 64;
    st.head_dim = wanted.head_dim;
    st.threads = given->threads ? given->threads : cores();
    int code = session_look(&s, &wanted, &st.shape);
    if (given->q) st.head_dim = st.shape.head_dim;
    if (!code) code = find_out(&st);
    if (!code) (given->json ? stats_write_json : stats_print)(&st);
    free(st.rows);
    kinds_free(&st.kinds);
    session_close(&s);
    return code;
}
