/* What queries and keys chose, as JSON: for every head of every batch element its atoms, in the order of the file. */
#include <inttypes.h>

#include "cli.h"

/* [a, b, …] up to the first UINT32_MAX. */
static void write_numbers(FILE *out, const uint32_t *numbers, int64_t count) {
    putc('[', out);
    for (int64_t n = 0; n < count && numbers[n] != UINT32_MAX; n++)
        fprintf(out, "%s%" PRIu32, n ? ", " : "", numbers[n]);
    putc(']', out);
}

/* A list of lists, `count` of them. */
static void write_lists(FILE *out, const char *name, const uint32_t *numbers, int64_t count, int64_t each) {
    fprintf(out, ", \"%s\": [", name);
    for (int64_t n = 0; n < count; n++) {
        if (n) fputs(", ", out);
        write_numbers(out, numbers + n * each, each);
    }
    putc(']', out);
}

static void write_choice(FILE *out, const weft_choices *c, const weft_shape *shape) {
    fprintf(out, "{\"atom\": \"%s\", \"line\": %" PRIu32 ", \"column\": %" PRIu32, c->atom, c->line, c->column);
    if (c->rounds) {
        write_lists(out, c->chunked ? "row_chunks" : "row_buckets", c->row_buckets, c->rounds, shape->queries);
        write_lists(out, c->chunked ? "key_chunks" : "key_buckets", c->key_buckets, c->rounds, shape->keys);
    }
    if (c->blocks) write_lists(out, "blocks", c->blocks, shape->queries, c->blocks_a_row);
    if (c->columns) {
        fputs(", \"columns\": ", out);
        write_numbers(out, c->columns, c->column_count);
        fputs(", \"diagonals\": ", out);
        write_numbers(out, c->diagonals, c->diagonal_count);
    }
    putc('}', out);
}

static void write_head(FILE *out, const session *s, const weft_shape *shape, int64_t batch, int64_t head) {
    fprintf(out, "{\"batch\": %" PRId64 ", \"head\": %" PRId64 ", \"choices\": [", batch, head);
    for (int64_t n = 0; n < weft_plan_choice_count(s->plan, batch, head); n++) {
        weft_choices choices = {.size = sizeof choices};
        if (n) fputs(", ", out);
        weft_plan_choices(s->plan, batch, head, n, &choices);
        write_choice(out, &choices, shape);
    }
    fputs("]}", out);
}

int write_choices(const session *s, const weft_shape *shape, output_file *out) {
    fputs("{\"heads\": [", out->stream);
    for (int64_t n = 0; n < shape->batch * shape->heads; n++) {
        if (n) fputs(",\n  ", out->stream);
        write_head(out->stream, s, shape, n / shape->heads, n % shape->heads);
    }
    fputs("]}\n", out->stream);
    return output_commit(out) ? EXIT_FINE : EXIT_WRONG;
}
