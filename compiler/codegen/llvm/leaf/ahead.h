/* What is read soon is fetched into the cache on the way: a few rows with each product, so that nothing is waited for
 * when it is needed, and no load waits behind many that come from afar. */
#ifndef WEFT_LEAF_AHEAD_H
#define WEFT_LEAF_AHEAD_H

#include "layout.h"

/* Rows of memory, `apart` bytes from each other; those before `next` have been fetched. */
typedef struct rows_ahead {
    const char *at;
    int64_t apart, rows, next;
} rows_ahead;

/* Rows of as many bytes, the first kind first. */
typedef struct ahead {
    rows_ahead of[2];
    int64_t count, bytes;
} ahead;

/* What goes with one product. */
typedef struct fetch {
    const char *row;
    int64_t apart, bytes;
} fetch;

enum { LINE = 64 }; /* bytes of the cache's */

static inline void fetch_rows(const char *at, int64_t apart, int64_t rows, int64_t bytes) {
    if (apart == bytes) bytes *= rows, rows = 1;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t byte = 0; byte < bytes; byte += LINE) __builtin_prefetch(at + r * apart + byte, 0, 3);
}

/* Rows of tensors, whose strides count elements. */
static inline void look_ahead(ahead *a, const void *at, int64_t row, int64_t rows) {
    a->of[a->count++] = (rows_ahead){at, row * (int64_t)sizeof(element), rows, 0};
}

/* The next `rows` rows. Where a kind ends, some come again; where it has fewer, all come at once. Products fetch
 * whatever they are given: when nothing is left, one line that is there. */
static inline fetch take_rows(ahead *a, int64_t rows) {
    for (int64_t n = 0; n < a->count; n++) {
        rows_ahead *r = &a->of[n];
        if (r->next >= r->rows) continue;
        if (r->rows < rows) {
            fetch_rows(r->at, r->apart, r->rows, a->bytes);
            r->next = r->rows;
            continue;
        }
        int64_t first = smaller(r->next, r->rows - rows);
        r->next = first + rows;
        return (fetch){r->at + first * r->apart, r->apart, a->bytes};
    }
    return (fetch){(const char *)a, 0, 0};
}

/* What the products had no steps for. */
static inline void take_rest(ahead *a) {
    for (int64_t n = 0; n < a->count; n++) {
        rows_ahead *r = &a->of[n];
        fetch_rows(r->at + r->next * r->apart, r->apart, r->rows - r->next, a->bytes);
    }
}

#endif
