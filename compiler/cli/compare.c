#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "picture/picture.h"

enum { MOST_ROWS = 4096, MOST_RANGES = 1 << 20 };

/* The ranges of some rows of a; row n of them ends at ends[n]. */
typedef struct row_batch {
    int64_t rows[MOST_ROWS];
    size_t ends[MOST_ROWS];
    size_t row_count, seen; /* rows that b has been seen of */
    weft_key_range *ranges;
    size_t range_count, capacity;
    bool failed;
    comparison *out;
    pair_grid *lost, *gained;
} row_batch;

static int cell_of(int64_t at, int cells, int64_t length) {
    int64_t scaled = (at + 1) * cells; /* the last cell that begins at or before `at` */
    return (int)(scaled / length + (scaled % length != 0) - 1);
}

static void add_to_grid(pair_grid *grid, int64_t row, int64_t begin, int64_t end) {
    if (!grid) return;
    double *pairs = grid->pairs + (size_t)cell_of(row, grid->rows, grid->queries) * (size_t)grid->columns;
    for (int column = cell_of(begin, grid->columns, grid->keys); begin < end; column++) {
        int64_t next = picture_begin(column + 1, grid->columns, grid->keys);
        if (next > end) next = end;
        pairs[column] += (double)(next - begin);
        begin = next;
    }
}

static void add_keys(row_batch *batch, int64_t row, int64_t begin, int64_t end, bool in_a, bool in_b) {
    uint64_t count = (uint64_t)(end - begin);
    if (in_a && in_b) {
        batch->out->kept += count;
    } else if (in_a) {
        batch->out->lost += count;
        add_to_grid(batch->lost, row, begin, end);
    } else if (in_b) {
        batch->out->gained += count;
        add_to_grid(batch->gained, row, begin, end);
    }
}

/* From where the list of ranges, from number n on, changes next: into a range or out of it. */
static int64_t next_change(const weft_key_range *ranges, size_t count, size_t n, int64_t at, bool *inside) {
    *inside = n < count && ranges[n].begin <= at;
    return n == count ? INT64_MAX : *inside ? ranges[n].end : ranges[n].begin;
}

static void compare_row(row_batch *batch, int64_t row, const weft_key_range *a, size_t a_count, const weft_key_range *b,
                        size_t b_count) {
    int64_t at = 0;
    for (size_t i = 0, j = 0; i < a_count || j < b_count;) {
        bool in_a, in_b;
        int64_t a_next = next_change(a, a_count, i, at, &in_a), b_next = next_change(b, b_count, j, at, &in_b);
        int64_t next = a_next < b_next ? a_next : b_next;
        add_keys(batch, row, at, next, in_a, in_b);
        i += in_a && a_next == next;
        j += in_b && b_next == next;
        at = next;
    }
}

static bool keep_row(void *user, int64_t row, const weft_key_range *keys, size_t count) {
    row_batch *batch = user;
    if (batch->range_count + count > batch->capacity) {
        size_t capacity = 2 * (batch->range_count + count);
        weft_key_range *more = realloc(batch->ranges, capacity * sizeof *more);
        batch->failed = !more;
        if (!more) return false;
        batch->ranges = more;
        batch->capacity = capacity;
    }
    if (count) memcpy(batch->ranges + batch->range_count, keys, count * sizeof *keys);
    batch->range_count += count;
    batch->rows[batch->row_count] = row;
    batch->ends[batch->row_count++] = batch->range_count;
    return batch->range_count < MOST_RANGES; /* the batch is full */
}

static bool compare_with_row(void *user, int64_t row, const weft_key_range *keys, size_t count) {
    row_batch *batch = user;
    size_t n = batch->seen++, first = n ? batch->ends[n - 1] : 0;
    compare_row(batch, row, batch->ranges + first, batch->ends[n] - first, keys, count);
    return true;
}

static weft_status compare_batch(row_batch *batch, const weft_plan *a, const weft_plan *b, int64_t head, int64_t first,
                                 int64_t end) {
    int64_t rows[MOST_ROWS];
    size_t count = 0;
    batch->row_count = batch->range_count = batch->seen = 0;
    while (first < end && count < MOST_ROWS) rows[count++] = first++;
    weft_status status = weft_plan_rows(a, 0, head, rows, count, keep_row, batch);
    if (batch->failed) return WEFT_OUT_OF_MEMORY;
    bool full = status == WEFT_CANCELLED && batch->range_count >= MOST_RANGES;
    if (status != WEFT_OK && !full) return status;
    return weft_plan_rows(b, 0, head, batch->rows, batch->row_count, compare_with_row, batch);
}

weft_status compare_heads(comparison *out, const weft_plan *a, const weft_plan *b, int64_t head,
                          const weft_shape *shape, pair_grid *lost, pair_grid *gained, double done, double total) {
    row_batch *batch = calloc(1, sizeof *batch);
    weft_status status = batch ? WEFT_OK : WEFT_OUT_OF_MEMORY;
    *out = (comparison){0};
    for (int64_t row = 0; row < shape->queries && status == WEFT_OK;) {
        batch->out = out, batch->lost = lost, batch->gained = gained;
        progress("diff", done + (double)row, total);
        status = compare_batch(batch, a, b, head, row, shape->queries);
        row += (int64_t)batch->row_count;
    }
    if (batch) free(batch->ranges);
    free(batch);
    return status;
}
