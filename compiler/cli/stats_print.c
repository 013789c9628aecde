/* The figures of `weft stats` for people, and as JSON. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "figures.h"
#include "stats.h"

/* ---- the page ------------------------------------------------------------------------------------------------ */

static void print_pairs(const statistics *st) {
    char pairs[ROOM], all[ROOM], causal[ROOM];
    printf("pairs      %s, %s of all", grouped(st->work.pairs, pairs),
           percent(st->work.pairs / stats_possible(st, false), all));
    if (st->all_rows.causal) printf(", %s of causal ones", percent(st->work.pairs / stats_possible(st, true), causal));
    putchar('\n');
}

static const char *plural(double count) { return count == 1 ? "" : "s"; }

static void print_rows(const statistics *st) {
    const row_figures *rows = &st->all_rows;
    double count = (double)st->shape.queries * (double)st->shape.heads, empty = (double)rows->empty;
    char least[ROOM], mean[ROOM], most[ROOM], none[ROOM], looked[ROOM];
    printf("keys a row %s to %s, %s in the mean; %s empty row%s", grouped((double)rows->least, least),
           grouped((double)rows->most, most), mean_of(st->work.pairs / count, mean),
           rows->empty ? grouped(empty, none) : "no", plural(empty));
    if ((double)rows->looked_at < count) printf(" (of %s rows looked at)", grouped((double)rows->looked_at, looked));
    putchar('\n');
}

static void print_plan(const statistics *st) {
    char full[ROOM], partial[ROOM], masks[ROOM], items[ROOM], bytes[ROOM], asked[ROOM];
    printf("tiles      %s full, %s partial with %s mask%s; ", grouped((double)st->work.full_tiles, full),
           grouped((double)st->work.partial_tiles, partial), grouped((double)st->info.bit_tiles, masks),
           plural((double)st->info.bit_tiles));
    if (st->work.pairs > 0)
        printf("%.2f pairs computed for one that is allowed\n", st->work.computed_pairs / st->work.pairs);
    else
        printf("nothing is allowed\n");
    printf("plan       %s item%s, %s, made in %.1f ms\n", grouped((double)st->work.items, items),
           plural((double)st->work.items), scaled((double)st->info.bytes, 1024, "B", bytes), 1e3 * st->info.seconds);
    if (stats_is_hard(st))
        printf("           a condition is too hard to narrow down: %s pairs were asked one by one\n",
               grouped((double)st->info.contains_calls, asked));
}

static void print_cost(const statistics *st) {
    char flops[ROOM], computed[ROOM], read[ROOM], written[ROOM];
    double needed = stats_flops(st, st->work.pairs + st->info.rest_pairs),
           moved = stats_bytes_read(st) + stats_bytes_written(st);
    printf("work       %s, %s computed\n", scaled(needed, 1000, "FLOP", flops),
           scaled(stats_flops(st, st->work.computed_pairs + st->info.rest_pairs), 1000, "FLOP", computed));
    printf("memory     %s read, again by every item that needs it, %s written: %.1f FLOP a byte\n",
           scaled(stats_bytes_read(st), 1024, "B", read), scaled(stats_bytes_written(st), 1024, "B", written),
           needed / moved);
    printf("balance    the heaviest item is %.1f times the mean; %" PRId64 " %s at least %.1f %% busy\n",
           st->work.heaviest * (double)st->work.items / st->work.cost, st->threads,
           st->threads == 1 ? "thread is" : "threads are", 100 * stats_busy(st));
    printf("speed-up   %.1f times as fast as dense%s attention, by the cost of their plans\n",
           st->dense_cost / st->work.cost, st->all_rows.causal ? " causal" : "");
}

/* What costs are made of, in pairs that the 64-row kernel computes. */
static void print_model(void) {
    weft_cost input;
    printf("model     ");
    for (size_t n = 0; weft_cost_input(n, &input); n++) printf("%s %s %g", n ? "," : "", input.name, input.value);
    putchar('\n');
}

static void print_growth(const char *who, const char *whom, int64_t layers, double share, bool exact) {
    char part[ROOM];
    bool all = share >= 1;
    printf("%s on %s%sall tokens%s after %s%" PRId64 " %s%s", who, all ? "" : percent(share, part), all ? "" : " of ",
           whom, exact ? "" : "at least ", layers, layers == 1 ? "layer" : "layers", all ? "" : ", and never on more");
}

static void print_reach(const statistics *st) {
    const reach_figures *reach = &st->reach;
    if (!st->has_reach) return;
    print_growth("reach      the last token depends", "", reach->last_layers, reach->last_share, reach->last_exact);
    print_growth("\n           every token depends", st->all_rows.causal ? " before it" : "", reach->layers,
                 reach->share, reach->block == 1);
    if (reach->block > 1) printf(" (by blocks of %" PRId64 ")", reach->block);
    putchar('\n');
}

static void print_kinds(const statistics *st) {
    printf("\n%-18s %15s %9s %9s %9s %9s %9s %9s %9s\n", "heads", "pairs", "of all", "least", "most", "empty", "full",
           "partial", "computed");
    for (int n = 0; n < st->kinds.count; n++) {
        const head_kind *kind = &st->kinds.at[n];
        char pairs[ROOM], share[ROOM];
        double possible = stats_possible(st, false) / (double)st->shape.heads;
        printf("%-18s %15s %9s %9" PRId64 " %9" PRId64 " %9" PRId64 " %9" PRId64 " %9" PRId64 " %9.2f\n",
               strchr(kind->name, ' ') + 1, grouped(kind->work.pairs, pairs),
               percent(kind->work.pairs / possible, share), st->rows[n].least, st->rows[n].most, st->rows[n].empty,
               kind->work.full_tiles, kind->work.partial_tiles,
               kind->work.pairs > 0 ? kind->work.computed_pairs / kind->work.pairs : 0);
    }
}

void stats_print(const statistics *st) {
    char queries[ROOM], keys[ROOM];
    printf("%s: %s queries, %s keys, %" PRId64 " %s of dimension %" PRId64 "\n\n", st->s->pattern,
           grouped((double)st->shape.queries, queries), grouped((double)st->shape.keys, keys), st->shape.heads,
           st->shape.heads == 1 ? "head" : "heads", st->head_dim);
    print_pairs(st);
    print_rows(st);
    print_plan(st);
    print_cost(st);
    print_model();
    print_reach(st);
    stats_print_choices(st);
    if (st->kinds.count > 1) print_kinds(st);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------- */

static void member(const char *name, double value) {
    printf(", \"%s\": ", name);
    json_number(stdout, value);
}

static void write_work(const weft_plan_work *work) {
    member("pairs", work->pairs);
    member("computed_pairs", work->computed_pairs);
    member("full_tiles", (double)work->full_tiles);
    member("partial_tiles", (double)work->partial_tiles);
    member("items", (double)work->items);
    member("cost", work->cost);
    member("heaviest_item", work->heaviest);
    member("rows_read", (double)work->rows_read);
    member("keys_read", (double)work->keys_read);
    member("rows_written", (double)work->rows_written);
}

static void write_model(void) {
    weft_cost input;
    printf(", \"cost_model\": {");
    for (size_t n = 0; weft_cost_input(n, &input); n++) {
        printf("%s\"%s\": ", n ? ", " : "", input.name);
        json_number(stdout, input.value);
    }
    putchar('}');
}

static void write_rows(const row_figures *rows, double mean) {
    printf(", \"rows\": {\"looked_at\": %" PRId64 ", \"least_keys\": %" PRId64 ", \"most_keys\": %" PRId64
           ", \"empty\": %" PRId64,
           rows->looked_at, rows->least, rows->most, rows->empty);
    member("mean_keys", mean);
    putchar('}');
}

static void write_reach(const statistics *st) {
    const reach_figures *reach = &st->reach;
    printf(", \"reach\": ");
    if (!st->has_reach) {
        printf("null");
        return;
    }
    printf("{\"last_token\": {\"layers\": %" PRId64 ", \"exact\": %s", reach->last_layers,
           reach->last_exact ? "true" : "false");
    member("share", reach->last_share);
    printf("}, \"all_tokens\": {\"layers\": %" PRId64 ", \"exact\": %s, \"block\": %" PRId64, reach->layers,
           reach->block == 1 ? "true" : "false", reach->block);
    member("share", reach->share);
    printf("}}");
}

static void write_kind(const statistics *st, int n) {
    const head_kind *kind = &st->kinds.at[n];
    printf("%s{\"heads\": ", n ? ",\n  " : "\n  ");
    kinds_write_heads(&st->kinds, n);
    write_work(&kind->work);
    write_rows(&st->rows[n], kind->work.pairs / (double)st->shape.queries);
    putchar('}');
}

void stats_write_json(const statistics *st) {
    char parameters[4096];
    weft_plan_parameters(st->s->plan, parameters, sizeof parameters);
    printf("{\"pattern\": ");
    json_string(stdout, st->s->pattern);
    printf(", \"parameters\": ");
    json_string(stdout, parameters);
    printf(", \"queries\": %" PRId64 ", \"keys\": %" PRId64 ", \"heads\": %" PRId64 ", \"head_dim\": %" PRId64
           ", \"causal\": %s",
           st->shape.queries, st->shape.keys, st->shape.heads, st->head_dim, st->all_rows.causal ? "true" : "false");
    write_work(&st->work);
    member("density", st->work.pairs / stats_possible(st, false));
    if (st->all_rows.causal) member("causal_density", st->work.pairs / stats_possible(st, true));
    write_rows(&st->all_rows, st->work.pairs / ((double)st->shape.queries * (double)st->shape.heads));
    printf(", \"plan\": {\"layouts\": %" PRId64 ", \"bit_tiles\": %" PRId64 ", \"bytes\": %" PRId64
           ", \"span_calls\": %" PRId64 ", \"contains_calls\": %" PRId64,
           st->info.layouts, st->info.bit_tiles, st->info.bytes, st->info.span_calls, st->info.contains_calls);
    member("seconds", st->info.seconds);
    putchar('}');
    double flops = stats_flops(st, st->work.pairs + st->info.rest_pairs),
           moved = stats_bytes_read(st) + stats_bytes_written(st);
    member("flops", flops);
    member("computed_flops", stats_flops(st, st->work.computed_pairs + st->info.rest_pairs));
    member("bytes_read", stats_bytes_read(st));
    member("bytes_written", stats_bytes_written(st));
    member("flops_a_byte", flops / moved);
    printf(", \"threads\": %" PRId64, st->threads);
    member("busy_at_least", stats_busy(st));
    member("dense_cost", st->dense_cost);
    member("speedup", st->dense_cost / st->work.cost);
    write_model();
    write_reach(st);
    stats_write_choices(st);
    printf(", \"kinds\": [");
    for (int n = 0; n < st->kinds.count; n++) write_kind(st, n);
    puts("]}");
}
