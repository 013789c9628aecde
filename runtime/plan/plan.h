/* The inside of a plan: for every distinct (head, batch element) its stages, one after the other; for every distinct
 * class of positions of a stage one layout of key tiles by row tile, and the items, all fixed here, so that a run only
 * claims and computes. */
#ifndef WEFT_PLAN_PLAN_H
#define WEFT_PLAN_PLAN_H

#include "kernel/kernel.h"
#include "plan/filter.h"
#include "select/select.h"
#include "set/modifiers.h"
#include "set/set.h"

/* How many blocks a tile stands for. */
static inline int64_t weft_tile_steps(const weft_tile *tile) { return tile->masked ? 1 : (int64_t)tile->many; }

/* One unit of work: up to 64 or 16 rows against a list of tiles. */
typedef struct weft_item {
    int64_t row;         /* its first row, counted from the first of the layout's space */
    uint32_t first_tile; /* in the layout's tiles */
    uint32_t tile_count;
    float cost;     /* weft_tiles_cost: pairs computed, weighted by the kernel's speed */
    uint8_t height; /* 64 or 16: which kernel */
    uint8_t rows;   /* rows that exist, 1 … height */
    uint16_t split; /* 0: whole; else 1 + its number in the layout's splits */
} weft_item;

/* Parts of a split row tile times its height: at most. */
enum { WEFT_MOST_SHARES = 4096 };

/* A row tile cut along its keys: its items leave states that are merged in order. */
typedef struct weft_split {
    uint32_t first_item; /* its parts are consecutive in `parts` order */
    uint32_t parts;
    uint32_t first_state; /* of the first part, in units of one state */
} weft_split;

/* What one class of positions visits in one phase. Equal sets over equal spaces share one. */
typedef struct weft_layout {
    weft_id set;   /* in the plan's bound DAG */
    bool rest;     /* of pairs that are approximated: one item a row tile, in row order; no stage visits it */
    weft_id list;  /* 0: tiles; else each row visits the keys that this atom lists and `set` holds */
    bool at_run;   /* what a run is given decides them: each run asks the set anew, for every row (lister.c) */
    bool clusters; /* the same, but rows that see the same keys are brought together (clusters.c) */
    uint32_t part; /* of the list, where it falls into several */
    const weft_filter *filter; /* of lists that q and k choose: what else must hold; NULL: `set` is asked */
    weft_space space;          /* of the class */
    uint32_t phase;            /* in the first one every row has an item, in later ones those that have keys */
    weft_tile *tiles;
    uint32_t tile_count, tile_capacity;
    weft_item *items; /* in the order in which they are claimed: dear ones first */
    uint32_t item_count, item_capacity;
    weft_split *splits;
    uint32_t split_count, split_capacity;
    uint32_t state_count;
    int64_t *list_begin; /* [rows + 1]: where row r's keys begin in list_keys; NULL where the atom itself is at_run */
    uint32_t *list_keys;
    uint32_t list_count, list_capacity;
    double cost; /* of all items */
    double pairs, computed_pairs;
    int64_t full_tiles, partial_tiles;
    int64_t first_block, end_block; /* no tile is outside */
    int64_t first_run, end_run;     /* of a rest: no run of whole blocks is outside */
} weft_layout;

/* Tiles from that number on; NULL where there are none at all. */
static inline const weft_tile *weft_tiles_from(const weft_layout *layout, uint32_t first) {
    return layout->tiles ? layout->tiles + first : NULL;
}

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

/* Query heads of one KV head that share all of what stands for the pairs that they do not hold. */
typedef struct weft_unit {
    size_t first; /* batch element * H + head */
    int64_t heads;
} weft_unit;

/* What stands for the pairs that sets do not hold (rest.c). Row tiles of a unit are cut into as many strands as keys
 * into segments, from whose states a strand begins. */
typedef struct weft_plan_rest {
    int64_t features;   /* 0: nothing does */
    double *directions; /* [features][D]; NULL where the plan has no head dimension */
    float *narrow;      /* the same */
    weft_unit *units;
    uint32_t unit_count;
    int64_t segments; /* of a unit; 1: nothing is known before a strand begins */
    bool subtracts;   /* some route does */
} weft_plan_rest;

/* One pass as heads of one kind make it: the classes of positions mod the stride, each with a layout; stride 1: all
 * positions are one class. */
typedef struct weft_stage {
    int64_t stride;
    uint32_t first_class; /* class c has layout number plan->classes[first_class + c] */
} weft_stage;

/* What heads of one kind do: stage n in phase n of a run, each folded into what the ones before left. At least one. */
typedef struct weft_route {
    uint32_t first_stage, stage_count;
    uint32_t heads;      /* how many (batch element, head) pairs are of the kind */
    uint32_t rest;       /* where something is approximated: the layout of what is, or of all that might be */
    uint32_t complement; /* while the plan is made: that of what is, if there is one */
    bool subtracts;      /* the latter: what its stages visit is to be taken away */
} weft_route;

/* What pairs of a list must hold besides. */
typedef struct weft_listed_filter {
    weft_id set, list;
    bool fits;
    weft_filter *filter; /* where it does */
} weft_listed_filter;

/* All heads go through a phase before any begins the next one. Sums over all heads: */
typedef struct weft_phase {
    int64_t items;
    size_t splits, states;
    double cost;
} weft_phase;

/* A selection of everything that the plan's sets and their meaning choose by, and what was chosen. */
typedef struct weft_chosen {
    const weft_allocator *allocator; /* NULL: nothing is held */
    weft_selection selection;
    unsigned char *block, *memory; /* memory: of the selection, in the block */
    size_t bytes;                  /* of the block */
} weft_chosen;

struct weft_plan {
    const weft_kernel *kernel; /* retained */
    weft_shape shape;          /* defaults filled in */
    weft_argument *arguments;
    weft_bound bound; /* sets of passes, canonical */
    weft_layout *layouts;
    uint32_t layout_count, layout_capacity;
    uint32_t *classes; /* layout numbers */
    uint32_t class_count, class_capacity;
    weft_stage *stages;
    uint32_t stage_count, stage_capacity;
    weft_route *routes;
    uint32_t route_count, route_capacity;
    uint32_t *route_of; /* [B * H] */
    weft_listed_filter *filters;
    uint32_t filter_count, filter_capacity;
    weft_phase *phases;
    uint32_t phase_count, phase_capacity;
    float *scale_of; /* [H] */
    weft_plan_modifiers modifiers;
    weft_plan_rest rest;
    weft_id *meaning_of; /* [B * H]: the oracle's set, folded from the program's meaning */
    weft_mask *masks;    /* shared by all layouts */
    uint32_t mask_count, mask_capacity;
    bool shared_qk;           /* keys are made of queries */
    bool lists_at_run;        /* some layout is at_run */
    bool clusters;            /* some layout has them */
    bool keys_missing;        /* the set reads keys that only a run brings: there is no mask */
    bool choices_missing;     /* the same of what is chosen of q and k */
    weft_selection selection; /* what runs choose by */
    weft_chosen shown;        /* what masks and figures are about (weft_plan_choose) */
    double listed_pairs;      /* in info.pairs: of lists that a run decides, as far as they are known */
    uint32_t workers;         /* tasks of a run: each has its own scratch in the workspace */
    weft_plan_info info;
    weft_message message; /* of the last failed run: the one thing that changes, under its own lock */
};

/* ---- rest.c: of a row tile of a rest, runs of blocks [begin, end) that all its rows see whole: the one that begins
 * with the layout's first run, and, unless pairs are causal, the one that ends with its last. Both grow, one down the
 * rows, the other up. All other tiles stand for single pairs. */
typedef struct weft_block_run {
    int64_t begin, end; /* equal: there is none */
} weft_block_run;
typedef struct weft_rest_runs {
    weft_block_run down, up;
} weft_rest_runs;
weft_rest_runs weft_rest_runs_of(const weft_plan *plan, const weft_layout *layout, const weft_item *item);
/* Is the tile part of one of them? */
bool weft_is_in_runs(const weft_rest_runs *runs, const weft_tile *tile);

/* Is it known which pairs there are? */
static inline bool weft_plan_is_known(const weft_plan *plan) { return !plan->keys_missing && !plan->choices_missing; }

/* How many (batch element, head) pairs there are. */
static inline size_t weft_plan_heads(const weft_plan *plan) { return (size_t)(plan->shape.batch * plan->shape.heads); }

/* ---- lister.c: keys of rows that only a run knows */
/* What the open keys of a program are for one head: `open` has one element a parameter. */
void weft_open_keys(const weft_program *program, const weft_argument *arguments, int64_t batch, int64_t head,
                    weft_array *open);
/* A walk over the keys of rows, each in ascending order and once; a set of keys as bits, and as bits of those words. */
typedef struct weft_lister {
    const weft_bound *bound; /* with open keys */
    const weft_layout *layout;
    bool filters; /* not all keys that are listed count */
    uint64_t *bits, *words;
    int64_t next;                    /* words before it are empty */
    const weft_choice *diagonals_of; /* keys are those of its diagonals, and come as they are taken; NULL: bits */
    int64_t row, diagonal;           /* then: the row, and how many diagonals are left of it */
    weft_interval whole;             /* keys of the row that need not be asked for */
} weft_lister;
size_t weft_lister_bytes(int64_t keys);
/* memory: weft_lister_bytes, all 0; it is again when a row's keys are all taken. */
weft_lister weft_lister_of(const weft_bound *bound, const weft_layout *layout, void *memory);
void weft_lister_begin(weft_lister *lister, int64_t row);
/* The next keys of the row, at most `room`; fewer: there are no more. */
uint32_t weft_lister_take(weft_lister *lister, uint32_t *keys, uint32_t room);

/* ---- choices.c */
bool weft_plan_chooses(const weft_plan *plan);
/* What the sets of runs, of the meaning or of both choose by; nothing where there is no head dimension. False with
 * E0406, or when memory fails; to be freed in any case. */
bool weft_plan_select(const weft_plan *plan, bool runs, bool meaning, weft_selection *out,
                      weft_diagnostics *diagnostics);
/* A selection of the meaning, and with `runs` of what runs do, and memory for its choices, which are still to be made.
 * False with E0406, or when memory fails; to be freed in any case. */
bool weft_chosen_make(weft_chosen *chosen, const weft_plan *plan, bool runs, uint32_t workers,
                      weft_diagnostics *diagnostics);
void weft_chosen_free(weft_chosen *chosen);
/* Takes the choices over in place of those that it has; false when memory fails, then they stay the caller's. */
bool weft_plan_show(weft_plan *plan, const weft_chosen *chosen);

/* ---- visit.c: sets and lists of one head, with the keys that the plan was given */
/* The plan's sets as head number n sees them. False when memory fails; to be closed in any case. */
typedef struct weft_opened {
    weft_bound bound; /* the plan's, with `open` in it */
    weft_array *open;
} weft_opened;
bool weft_plan_open(const weft_plan *plan, size_t n, weft_opened *opened);
void weft_plan_close(const weft_plan *plan, weft_opened *opened);
/* Told the keys of query rows, in order; several times for a long row. False stops the visit. */
typedef bool weft_listed_hook(void *user, int64_t row, const uint32_t *keys, uint32_t count);
/* All lists of head number n; those that are drawn as well. False when memory fails, or stopped. */
bool weft_plan_visit_lists(const weft_plan *plan, size_t n, weft_listed_hook *visit, void *user);
/* How many pairs only a run decides. False when memory fails. */
bool weft_plan_listed_pairs(const weft_plan *plan, size_t n, double *pairs);

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

/* What head number n (batch element * H + head) does in a phase; NULL: nothing. */
static inline const weft_stage *weft_plan_stage(const weft_plan *plan, size_t n, uint32_t phase) {
    const weft_route *route = &plan->routes[plan->route_of[n]];
    return phase < route->stage_count ? &plan->stages[route->first_stage + phase] : NULL;
}
static inline const weft_layout *weft_stage_layout(const weft_plan *plan, const weft_stage *stage, int64_t residue) {
    return &plan->layouts[plan->classes[stage->first_class + residue]];
}
/* The query row that is row number `row` of the class, and the key that is its number `key`. */
static inline int64_t weft_stage_row(const weft_plan *plan, const weft_stage *stage, int64_t residue, int64_t row) {
    const weft_layout *layout = weft_stage_layout(plan, stage, residue);
    return (layout->space.first + row) * stage->stride + residue - (plan->shape.keys - plan->shape.queries);
}

#endif
