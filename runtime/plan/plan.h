/* The inside of a plan: per distinct (head, batch element) one layout of key tiles by row tile, and the items, all fixed
 * here, so that a run only claims and computes. */
#ifndef WEFT_PLAN_PLAN_H
#define WEFT_PLAN_PLAN_H

#include "kernel/kernel.h"
#include "set/modifiers.h"
#include "set/set.h"

/* How many blocks a tile stands for. */
static inline int64_t weft_tile_steps(const weft_tile *tile) { return tile->masked ? 1 : (int64_t)tile->many; }

/* One unit of work: up to 64 or 16 rows against a list of tiles. */
typedef struct weft_item {
    int64_t row;          /* first query row r */
    uint32_t first_tile;  /* in the layout's tiles */
    uint32_t tile_count;
    float cost;           /* weft_tiles_cost: pairs computed, weighted by the kernel's speed */
    uint8_t height;       /* 64 or 16: which kernel */
    uint8_t rows;         /* rows that exist, 1 … height */
    uint16_t split;       /* 0: whole; else 1 + its number in the layout's splits */
} weft_item;

/* A row tile cut along its keys: its items leave states that are merged in order. */
typedef struct weft_split {
    uint32_t first_item; /* its parts are consecutive in `parts` order */
    uint32_t parts;
    uint32_t first_state; /* of the first part, in units of one state */
} weft_split;

/* What one class of heads visits. Heads (and batch elements) with equal sets share one. Only one pass is built so far. */
typedef struct weft_layout {
    weft_id set; /* in the plan's bound DAG: equal ids, equal layouts */
    weft_tile *tiles;
    uint32_t tile_count, tile_capacity;
    weft_item *items; /* in the order in which they are claimed: dear ones first */
    uint32_t item_count, item_capacity;
    weft_split *splits;
    uint32_t split_count, split_capacity;
    uint32_t state_count;
    double pairs, computed_pairs;
    int64_t full_tiles, partial_tiles;
} weft_layout;

/* What becomes of scores, per head (modifiers.c); nothing where the plan has no head dimension, and so cannot be run.
 * What a run may bind is still open in it: ARRAY nodes without tensors, lookups without elements. */
typedef struct weft_plan_modifiers {
    weft_modifiers of;   /* the program */
    double *softcap_of;  /* [H]; NULL: none */
    weft_id *bias_of;    /* [B * H]: as the text has it; NULL: none */
    weft_id *uniform_of; /* [B * H][of.uniform_count]; 0: only branches that are not taken read it */
    weft_lookup *tables; /* [B][of.table_count] */
    void **copies;       /* [B][of.table_count]: elements of those that could not be used where they lie */
} weft_plan_modifiers;

struct weft_plan {
    const weft_kernel *kernel; /* retained */
    weft_shape shape;          /* defaults filled in */
    weft_argument *arguments;
    weft_bound bound;     /* sets of passes, canonical */
    weft_layout *layouts;
    uint32_t layout_count, layout_capacity;
    uint32_t *layout_of;  /* [B * H]: which layout */
    float *scale_of;      /* [H] */
    weft_plan_modifiers modifiers;
    weft_id *meaning_of;  /* [B * H]: the oracle's set, folded from the program's meaning */
    weft_mask *masks;     /* shared by all layouts */
    uint32_t mask_count, mask_capacity;
    uint32_t workers;     /* tasks of a run: each has its own scratch in the workspace */
    weft_plan_info info;
    weft_message message; /* of the last failed run: the one thing that changes, under its own lock */
};

/* How many (batch element, head) pairs there are. */
static inline size_t weft_plan_heads(const weft_plan *plan) { return (size_t)(plan->shape.batch * plan->shape.heads); }

/* What a failure that was described amounts to: the pattern is wrong for this shape (E03), or the host's values are
 * (E04), or we cannot (E05), or memory has failed (create.c). */
weft_status weft_status_of_failure(const weft_diagnostics *diagnostics);

/* ---- lookup.c: arrays as kernels read them */
/* Elements that can be used where they lie, or NULL. */
const void *weft_lookup_in_place(const weft_array *array);
/* Copies them to 8 bytes each; false where one does not fit in 64 bits. */
bool weft_lookup_copy(const weft_array *array, void *to);
/* Of a parameter, whose value does not suit: E0405. */
void weft_lookup_refuse(const weft_program *program, uint32_t parameter, weft_diagnostics *diagnostics);
extern const int64_t weft_lookup_nothing; /* what the `at` of an empty array points to */

#endif
