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
enum { WEFT_MAX_DIRECTIONS = 1 << 26 /* floats of one atom */ };

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

extern const weft_family weft_hash_family;

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
/* Rows [first, first + count), count at most LANES; lanes beyond are 0. */
void weft_load_lanes(const weft_rows_at *rows, int64_t first, int64_t count, float *lanes);
/* product[n] = direction . row n, summed in order. */
void weft_multiply_lanes(const float *direction, const float *lanes, int64_t dims, float product[WEFT_LANES]);

#endif
