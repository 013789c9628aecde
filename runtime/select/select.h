/* Choosing: what sets that depend on data make of q and k. A selection says what is to be chosen for which head; it is
 * made with the plan and depends on shapes and parameters alone. Choosing itself then happens in memory that the caller
 * brings, in parallel, and its outcome (weft_choice) is the same for any number of threads. One family of atoms a file.
 */
#ifndef WEFT_SELECT_SELECT_H
#define WEFT_SELECT_SELECT_H

#include <stdatomic.h>

#include "set/set.h"
#include "support/elements.h"
#include "support/engine.h"

/* ---- what is to be chosen ------------------------------------------------------------------------------------- */

/* What a selection may at most hold; more is refused, with E0406. */
enum {
    WEFT_MAX_DIRECTIONS = 1 << 26, /* floats of one atom */
    WEFT_MAX_CHOSEN = 1 << 30      /* blocks of one atom and head */
};

/* For some rows what may be chosen: intervals of keys, or of blocks of them, exactly those that `within` allows. */
typedef struct weft_candidates {
    int64_t first_row;
    int64_t *begin; /* [rows + 1]: where a row's intervals begin; NULL: every row may have everything */
    int64_t rows;
    weft_interval *at;
    uint32_t count, capacity;
    weft_interval all; /* where begin is NULL */
} weft_candidates;

/* An atom in bound form: its numbers, and what is worked out once. */
typedef struct weft_selector {
    const struct weft_family *family;
    weft_id atom;
    int64_t number; /* that its node carries */
    /* lsh */
    int64_t rounds, columns, chunk; /* columns: half of all buckets of a round's factors */
    int64_t *buckets;               /* [factors] */
    uint32_t factors, bits;         /* bits: of a bucket's number */
    float *directions;              /* [rounds][columns][D]: what rows are multiplied by */
    /* topk */
    int64_t block, blocks, blocks_a_row;
    int32_t by, force; /* the numbers of the words */
    /* vertical_slash */
    int64_t column_count, diagonal_count;
    weft_candidates candidates; /* of both */
} weft_selector;

/* A selector as one head uses it. */
typedef struct weft_use {
    uint32_t selector;
    uint32_t head;    /* batch element * H + head */
    uint32_t keys_of; /* the use that works out what depends on the keys alone: the first of this KV head */
} weft_use;

typedef struct weft_selection {
    const weft_allocator *allocator;
    weft_shape shape;
    weft_selector *selectors;
    uint32_t selector_count, selector_capacity;
    weft_use *uses; /* by head */
    uint32_t use_count, use_capacity;
    uint32_t *first_use; /* [B * H + 1] */
} weft_selection;

/* What the sets of every head, `per_head` of them (0: none), choose by. False with E0406, or when memory fails; to be
 * freed in any case. */
bool weft_selection_make(weft_selection *selection, const weft_bound *bound, const weft_shape *shape,
                         const weft_id *sets, uint32_t per_head, weft_diagnostics *diagnostics);
void weft_selection_free(weft_selection *selection);
/* Memory that choosing takes, when that many workers do it. */
size_t weft_selection_bytes(const weft_selection *selection, uint32_t workers);

/* ---- choosing --------------------------------------------------------------------------------------------------- */

/* q or k of all heads: elements of `dtype`, which count as rounded to `as`. */
typedef struct weft_operand_view {
    const unsigned char *at;
    int64_t stride[4]; /* of batch element, head, row, dim; in elements */
    weft_dtype dtype, as;
} weft_operand_view;

typedef struct weft_choosing {
    const weft_selection *selection;
    weft_operand_view q, k;
    const float *scale_of; /* [H] */
    weft_engine *engine;
    uint32_t workers;
    unsigned char *memory; /* weft_selection_bytes, at a multiple of 64 */
    int stage;
    atomic_int_least64_t next; /* part of the stage */
    atomic_bool stopped;
} weft_choosing;

/* Chooses for all heads; false when the host's cancel hook said stop. */
bool weft_choose(weft_choosing *choosing);
/* Lets the bound form see what was chosen for head number n. */
void weft_see_choices(weft_bound *bound, const weft_selection *selection, const unsigned char *memory, size_t n);

/* ---- families --------------------------------------------------------------------------------------------------- */

/* Parts of one block, each at a multiple of 64 bytes; with no block it only counts. */
typedef struct weft_carving {
    unsigned char *at;
    size_t used;
} weft_carving;
void *weft_carve(weft_carving *carving, size_t bytes);

enum { WEFT_STAGES = 2 }; /* one after the other; parts of one stage in any order */

typedef struct weft_family {
    weft_op op;
    /* Reads the atom's numbers. False with E0406, or when memory fails. */
    bool (*prepare)(const weft_selection *selection, const weft_bound *bound, weft_selector *selector,
                    weft_diagnostics *diagnostics);
    /* Finds room for a choice; what depends on the keys alone is that of `shared`, unless NULL. */
    void (*place)(const weft_selection *selection, const weft_selector *selector, const weft_choice *shared,
                  weft_carving *carving, weft_choice *choice);
    size_t (*scratch)(const weft_selection *selection, const weft_selector *selector); /* bytes of a worker */
    /* How many parts a stage has; `own_keys`: with what depends on the keys alone. */
    int64_t (*parts)(const weft_selection *selection, const weft_selector *selector, bool own_keys, int stage);
    void (*compute)(const weft_choosing *choosing, const weft_use *use, const weft_choice *choice, int64_t part,
                    void *scratch);
} weft_family;

extern const weft_family weft_hash_family, weft_topk_family, weft_slash_family;

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* Rows are taken side by side, so that what is done to one is done to all: element d of row n lies at d * LANES + n. */
enum { WEFT_LANES = 16 };

/* Of q by query head, of k by KV head. */
typedef struct weft_rows_at {
    const weft_operand_view *view;
    int64_t batch, head, dims;
} weft_rows_at;
weft_rows_at weft_queries_at(const weft_choosing *choosing, const weft_use *use);
weft_rows_at weft_keys_at(const weft_choosing *choosing, const weft_use *use);
/* One row, side by side with nothing. */
void weft_load_row(const weft_rows_at *rows, int64_t row, float *out);
/* Rows [first, first + count), count at most LANES; lanes beyond are 0. */
void weft_load_lanes(const weft_rows_at *rows, int64_t first, int64_t count, float *lanes);

/* turn.c: lanes[d][n] = rows[n][d], rows that far apart. */
void weft_turn_lanes(const float *rows, int64_t apart, int64_t dims, float *lanes);
/* multiply.c: products[k][n] = direction k . row n, summed in order; directions lie one after the other. */
void weft_multiply_lanes(const float *directions, int64_t count, const float *lanes, int64_t dims, float *products);

/* highest.c: scores [count][LANES] as numbers above 0 in the same order; NaN counts as -inf. */
void weft_order_lanes(const float *scores, int64_t count, uint32_t *numbers);
/* Of the k highest of each lane, 0 not counted: the least, and how many as low as that are among them. 0: there are
 * fewer. */
void weft_find_highest(const uint32_t *numbers, int64_t count, int64_t k, uint32_t least[WEFT_LANES],
                       uint32_t ties[WEFT_LANES]);

/* softmax.c: the softmax of scores [keys][LANES], times scale, of rows at positions `first` and on, added up by key and
 * by distance, both of [keys]; scores that are NaN weigh nothing. */
void weft_add_softmax(float *scores, int64_t keys, float scale, int64_t first, double *columns, double *diagonals);

/* ---- candidates.c */
/* Of `rows` rows from number `first_row` on, in blocks of that many keys. False when memory fails. */
bool weft_candidates_make(weft_candidates *candidates, const weft_bound *bound, const weft_shape *shape, weft_id within,
                          int64_t first_row, int64_t rows, int64_t block);
/* The same, but for at most so many intervals; *fits: there are no more. */
bool weft_candidates_limited(weft_candidates *candidates, const weft_bound *bound, const weft_shape *shape,
                             weft_id within, int64_t first_row, int64_t rows, int64_t block, int64_t most, bool *fits);
void weft_candidates_free(weft_candidates *candidates, const weft_allocator *allocator);
weft_intervals weft_candidates_of(const weft_candidates *candidates, int64_t row);

/* ---- rank.c */
/* What may be chosen, and how good it is: never NaN. Of equal ones the lower number is better. */
typedef struct weft_ranked {
    double score;
    uint32_t number;
} weft_ranked;
static inline bool weft_is_better(weft_ranked a, weft_ranked b) {
    return a.score > b.score || (a.score == b.score && a.number < b.number);
}
/* The best but `before`, of more than that many; they are put in another order. */
weft_ranked weft_find_ranked(weft_ranked *at, int64_t count, int64_t before);

#endif
