/* What q and k chose, summed up over the heads: how full buckets are and what chunks lose of them, how often blocks
 * are chosen, and what choosing costs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "stats.h"

/* One atom of the file, of all heads that have it. */
typedef struct summary {
    weft_choices one; /* of some head */
    int64_t heads;
    double flops;
    /* of buckets that are not empty, or of blocks: how many there are, keys or rows in them, and in the fullest */
    double groups, members, fullest;
    double sharing, kept; /* lsh with chunks: pairs of keys in one bucket; of them, those that chunks leave */
} summary;

typedef struct summaries {
    summary *at;
    int count;
} summaries;

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void add_group(summary *s, double members) {
    s->groups += 1;
    s->members += members;
    if (members > s->fullest) s->fullest = members;
}

/* Lengths of runs of equal numbers. */
static void add_runs(summary *s, uint32_t *numbers, int64_t count) {
    qsort(numbers, (size_t)count, sizeof *numbers, by_number);
    for (int64_t n = 0, end; n < count && numbers[n] != UINT32_MAX; n = end) {
        for (end = n; end < count && numbers[end] == numbers[n]; end++) continue;
        add_group(s, (double)(end - n));
    }
}

/* A key's bucket and chunk. */
typedef struct place {
    uint32_t bucket, chunk;
} place;

static int by_bucket(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->bucket != y->bucket) return (x->bucket > y->bucket) - (x->bucket < y->bucket);
    return (x->chunk > y->chunk) - (x->chunk < y->chunk);
}

/* Of the pairs that share a bucket, those whose key is in the query's chunk or the one before it. */
static void add_losses(summary *s, place *places, int64_t count) {
    qsort(places, (size_t)count, sizeof *places, by_bucket);
    for (int64_t n = 0, end; n < count; n = end) {
        double before = 0, all = 0;
        for (end = n; end < count && places[end].bucket == places[n].bucket;) {
            int64_t first = end;
            uint32_t chunk = places[end].chunk;
            while (end < count && places[end].bucket == places[n].bucket && places[end].chunk == chunk) end++;
            double here = (double)(end - first);
            s->kept += here * (here + before); /* chunks of a bucket follow each other */
            before = here;
            all += here;
        }
        s->sharing += all * all;
    }
}

static bool add_buckets(summary *s, const weft_choices *c, int64_t keys) {
    const uint32_t *buckets = c->chunked ? c->hashes : c->key_buckets;
    uint32_t *numbers = malloc((size_t)keys * sizeof *numbers);
    place *places = malloc((size_t)keys * sizeof *places);
    for (int64_t round = 0; numbers && places && round < c->rounds; round++) {
        memcpy(numbers, buckets + round * keys, (size_t)keys * sizeof *numbers);
        add_runs(s, numbers, keys);
        for (int64_t key = 0; key < keys; key++)
            places[key] = (place){buckets[round * keys + key], c->key_buckets[round * keys + key]};
        if (c->chunked) add_losses(s, places, keys);
    }
    bool done = numbers && places;
    free(numbers);
    free(places);
    return done;
}

static bool add_blocks(summary *s, const weft_choices *c, int64_t rows) {
    size_t count = (size_t)(rows * c->blocks_a_row);
    uint32_t *numbers = malloc(count * sizeof *numbers);
    if (count && !numbers) return false;
    if (count) memcpy(numbers, c->blocks, count * sizeof *numbers);
    add_runs(s, numbers, (int64_t)count);
    free(numbers);
    return true;
}

static summary *find(summaries *all, const weft_choices *c) {
    for (int n = 0; n < all->count; n++) {
        const weft_choices *one = &all->at[n].one;
        if (one->line == c->line && one->column == c->column && !strcmp(one->atom, c->atom)) return &all->at[n];
    }
    summary *grown = realloc(all->at, (size_t)(all->count + 1) * sizeof *grown);
    if (!grown) return NULL;
    all->at = grown;
    all->at[all->count] = (summary){.one = *c};
    return &all->at[all->count++];
}

/* Of the first batch element, whose figures these are. */
static bool sum_up(const statistics *st, summaries *all) {
    for (int64_t head = 0; head < st->shape.heads; head++)
        for (int64_t n = 0; n < weft_plan_choice_count(st->s->plan, 0, head); n++) {
            weft_choices c = {.size = sizeof c};
            if (weft_plan_choices(st->s->plan, 0, head, n, &c) != WEFT_OK) return false;
            summary *s = find(all, &c);
            if (!s) return false;
            s->heads++;
            s->flops += c.flops;
            if (c.rounds && !add_buckets(s, &c, st->shape.keys)) return false;
            if (c.blocks && !add_blocks(s, &c, st->shape.queries)) return false;
        }
    return true;
}

/* ---- the page ---------------------------------------------------------------------------------------------------- */

static void print_buckets(const summary *s) {
    char buckets[ROOM], mean[ROOM], most[ROOM], lost[ROOM];
    printf("%" PRId64 " round%s of %s buckets; one that is not empty holds %s keys in the mean, the fullest %s",
           s->one.rounds, s->one.rounds == 1 ? "" : "s", grouped((double)s->one.choices, buckets),
           mean_of(s->members / s->groups, mean), grouped(s->fullest, most));
    if (s->one.chunked && s->sharing > 0)
        printf("; chunks lose %s of the pairs that share a bucket", percent(1 - s->kept / s->sharing, lost));
}

static void print_blocks(const summary *s) {
    char blocks[ROOM], mean[ROOM], most[ROOM];
    printf("%" PRId64 " of %s blocks a row", s->one.blocks_a_row, grouped((double)s->one.choices, blocks));
    if (s->groups > 0)
        printf("; one that is chosen has %s rows in the mean, the most frequent %s",
               mean_of(s->members / s->groups, mean), grouped(s->fullest, most));
}

static void print_summary(const statistics *st, const summary *s) {
    char flops[ROOM], share[ROOM];
    printf("chosen     by `%s`", s->one.atom);
    if (s->one.line) printf(" in line %" PRIu32, s->one.line);
    printf(": ");
    if (s->one.rounds)
        print_buckets(s);
    else if (s->one.columns)
        printf("%" PRId64 " columns and %" PRId64 " diagonals", s->one.column_count, s->one.diagonal_count);
    else
        print_blocks(s);
    printf("; %s, %s of the work on pairs\n", scaled(s->flops, 1000, "FLOP", flops),
           percent(s->flops / stats_flops(st, st->work.pairs), share));
}

void stats_print_choices(const statistics *st) {
    summaries all = {NULL, 0};
    if (!sum_up(st, &all)) puts("chosen     more than memory can hold");
    for (int n = 0; n < all.count; n++) print_summary(st, &all.at[n]);
    free(all.at);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static void member(const char *name, double value) {
    printf(", \"%s\": ", name);
    json_number(stdout, value);
}

static void write_summary(const summary *s) {
    printf("{\"atom\": \"%s\", \"line\": %" PRIu32 ", \"column\": %" PRIu32 ", \"heads\": %" PRId64, s->one.atom,
           s->one.line, s->one.column, s->heads);
    member("flops", s->flops);
    if (s->groups > 0) {
        member(s->one.rounds ? "mean_keys_of_a_bucket" : "mean_rows_of_a_block", s->members / s->groups);
        member(s->one.rounds ? "most_keys_of_a_bucket" : "most_rows_of_a_block", s->fullest);
    }
    if (s->sharing > 0) member("lost_to_chunks", 1 - s->kept / s->sharing);
    putchar('}');
}

void stats_write_choices(const statistics *st) {
    summaries all = {NULL, 0};
    bool done = sum_up(st, &all);
    printf(", \"chosen\": ");
    if (!done) printf("null");
    for (int n = 0; done && n < all.count; n++) {
        printf("%s", n ? ", " : "[");
        write_summary(&all.at[n]);
    }
    if (done) printf("%s]", all.count ? "" : "[");
    free(all.at);
}
