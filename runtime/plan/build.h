/* The inside of planning: what the stages of weft_plan_create share. Each stage returns false after it has said why in
 * the diagnostics, or, with no error there, when memory has failed. */
#ifndef WEFT_PLAN_BUILD_H
#define WEFT_PLAN_BUILD_H

#include "plan/plan.h"

/* What a plan may at most hold. Beyond these it would take gigabytes or minutes: such plans are refused, with E0406. */
enum {
    WEFT_MAX_HEADS = 1 << 20,     /* B * H */
    WEFT_MAX_ROW_TILES = 1 << 26, /* of all layouts together */
    WEFT_MAX_TILES = 1 << 27,     /* of all layouts together */
    WEFT_MAX_LISTED = 1 << 30,    /* keys of one layout's lists */
    WEFT_MAX_CLASSES = 1 << 20,   /* of all strides together; what would need more stays in one class */
    WEFT_MAX_BUILT = 1 << 21      /* bit tiles that are built: 64 x 64 pairs are looked at for each */
};
#define WEFT_MAX_LENGTH (INT64_C(1) << 31)

/* ---- records made once --------------------------------------------------------------------------------------- */

/* Hash-consed records of one size: equal bytes, one number. */
typedef struct weft_records {
    const weft_allocator *allocator;
    unsigned char *at;
    size_t size; /* of one */
    uint32_t count, capacity;
    weft_intern index; /* numbers from 1 */
} weft_records;

void weft_records_init(weft_records *records, const weft_allocator *allocator, size_t size);
void weft_records_free(weft_records *records);
/* The number of the record equal to the given one, which is added if it is new; UINT32_MAX when memory fails. */
uint32_t weft_records_add(weft_records *records, const void *record);

/* ---- masks --------------------------------------------------------------------------------------------------- */

/* The bit tiles of a plan while it is made. Tiles with equal keys have equal masks. */
typedef struct weft_mask_pool {
    weft_records keys;
    uint32_t *mask_of; /* [keys.count], once masks are built */
    uint32_t to_build; /* tiles without a key, and keys */
    weft_records masks;
    uint32_t *pairs; /* [masks.count]: how many bits each has */
    uint32_t pairs_capacity;
    struct weft_draft *drafts; /* masks being built */
    uint32_t draft_count, draft_capacity;
    uint32_t *open; /* numbers of drafts that are not settled, level by level */
    uint32_t open_capacity;
} weft_mask_pool;

#define WEFT_NO_NUMBER UINT32_MAX /* of a key, of a mask */

void weft_mask_pool_free(weft_mask_pool *pool, const weft_allocator *allocator);

/* ---- planning ------------------------------------------------------------------------------------------------ */

/* One pass of the program, folded for a head. */
typedef struct weft_step {
    weft_id set; /* 0: the head has no part in the pass */
    weft_id list;
    int64_t stride; /* 1: contiguous */
} weft_step;

/* What a layout is known by. */
typedef struct weft_place {
    weft_id set, list;
    uint32_t phase, part, rest, unused;
    int64_t first, keys; /* of its space */
} weft_place;

/* Which of some rows a condition on rows holds for (alike.c). */
typedef struct weft_row_bits {
    weft_id id;
    int32_t count;
    int64_t first;
    uint64_t bits;
} weft_row_bits;
enum { WEFT_KEPT_BITS = 32 };

typedef struct weft_planner {
    weft_plan *plan;
    const weft_allocator *allocator;
    weft_diagnostics *diagnostics;
    weft_records recipes; /* the steps of every kind of head, one a pass; plan->route_of names them */
    weft_records places;  /* which layouts there are: what is equal in them (stages.c) */
    weft_scratch rows;    /* spans of the rows being planned, and of every term of their set */
    weft_scratch probe;   /* spans of single rows, and of strips on trial */
    weft_row_bits row_bits[WEFT_KEPT_BITS];
    weft_mask_pool pool;
    uint64_t tile_count; /* of the layouts that are done */
} weft_planner;

bool weft_planner_init(weft_planner *planner, weft_plan *plan, weft_diagnostics *diagnostics);
void weft_planner_free(weft_planner *planner);

/* Positions [first, first + count) that one call of the kernel takes. */
typedef struct weft_strip {
    int64_t first;
    int32_t count;
    int32_t height; /* 64 or 16 */
} weft_strip;

/* shape.c: copies the shape, fills in defaults, checks it. */
bool weft_plan_read_shape(weft_plan *plan, const weft_shape *shape, weft_diagnostics *diagnostics);

/* fold.c: folds the sets and scales of every (batch element, head); equal ones share a recipe. */
bool weft_plan_fold(weft_planner *planner);
weft_environment weft_plan_environment(const weft_plan *plan, int64_t batch, int64_t head);

/* modifiers.c: softcap and bias of every (batch element, head), as far as they are known without the arrays of a run.
 */
bool weft_plan_modify(weft_plan *plan, weft_diagnostics *diagnostics);
void weft_plan_modifiers_free(weft_plan *plan);

/* features.c: how many features there are, and their directions; needs the scales. rest.c: layouts of what is
 * approximated, one or two a route, and then, with their items, which of them pays; heads that share all of it. */
bool weft_plan_features(weft_plan *plan, weft_diagnostics *diagnostics);
bool weft_plan_rest_layouts(weft_planner *planner);
bool weft_plan_rest_choose(weft_plan *plan, const weft_allocator *allocator);
double weft_plan_rest_pairs(const weft_plan *plan);
size_t weft_plan_rest_bytes(const weft_plan *plan);
void weft_plan_rest_free(weft_plan *plan);

/* stages.c: chooses the stages of every recipe; makes their layouts, still empty. */
bool weft_plan_stages(weft_planner *planner);
/* The layout of pairs that are approximated, new or old. */
bool weft_rest_layout(weft_planner *planner, weft_id set, uint32_t *number);
/* The set of the passes that share a contiguous stage; 0: memory failed. Either may be 0. */
weft_id weft_join_sets(weft_planner *planner, weft_id a, weft_id b);

/* pays.c: is a step cheaper in a stage of its own than beside `contiguous` (0: nothing) in tiles of one class? */
bool weft_step_pays(weft_planner *planner, weft_id contiguous, const weft_step *step, bool *pays);
/* All pairs of a step. 0: memory failed. */
weft_id weft_step_set(weft_planner *planner, const weft_step *step);

/* filters.c: what the pairs of a list that q and k choose must hold besides; NULL: that cannot be had. False when
 * memory fails. */
bool weft_plan_filter(weft_planner *planner, weft_id set, weft_id list, const weft_filter **filter);
void weft_plan_filters_free(weft_plan *plan);

/* lists.c: the rows of a layout of lists, drawn where they can be, and their items. */
bool weft_plan_lists(weft_planner *planner, weft_layout *layout);
bool weft_list_is_at_run(const weft_plan *plan, weft_id set, weft_id list);

/* items.c: tiles and items of one layout, in row order; and, when masks are built, its counts of pairs. */
bool weft_plan_items(weft_planner *planner, weft_layout *layout);
void weft_count_pairs(weft_layout *layout, const uint32_t *mask_pairs);
void weft_layout_free(weft_layout *layout, const weft_allocator *allocator);

/* tiles.c: appends the tiles of the spans; masked ones have no mask yet. */
bool weft_append_tiles(weft_planner *planner, weft_layout *layout, const weft_spans *spans);

/* costs.c: the inputs of the cost model; what one 64-key step costs, an item of tiles, and one of lists. */
typedef struct weft_costs {
#define COST(name, value, meaning) double name;
#include "plan/costs.def"
} weft_costs;
extern const weft_costs weft_cost_of;
double weft_step_cost(const weft_tile *tile, int32_t height);
double weft_tiles_cost(const weft_tile *tiles, uint32_t count, int32_t height);
double weft_list_cost(int64_t rows, double keys);

/* heights.c: is it clearly cheaper to compute the rows 16 at a time? `spans` and the tiles from number `first` on are
 * those of all rows together. *cost is that of the chosen way. */
bool weft_prefer_strips(weft_planner *planner, weft_layout *layout, uint32_t first, weft_strip rows,
                        const weft_spans *spans, bool *strips, double *cost);
/* The part of `rows` that begins at position `first` and ends at the next multiple of 16. */
weft_strip weft_strip_at(weft_strip rows, int64_t first);

/* masks.c: first every masked tile is given the number of its key, or none, in place of its mask; then, when it is
 * known how many there are, the masks are built. While keys are found, planner->rows must hold the spans of these rows.
 */
bool weft_find_keys(weft_planner *planner, weft_layout *layout, uint32_t first, weft_strip rows);
bool weft_build_masks(weft_planner *planner);
/* key.c: the key of a masked tile, or false where another tile with the same bits is not to be expected. */
enum { WEFT_KEY_WORDS = 60 };
typedef struct weft_mask_key {
    int32_t rows;
    uint8_t first, last;
    uint16_t count; /* of words */
    uint32_t words[WEFT_KEY_WORDS];
} weft_mask_key;
bool weft_mask_key_of(weft_planner *planner, const weft_layout *layout, const weft_tile *tile, weft_strip rows,
                      weft_mask_key *key);

/* alike.c: adds to the key where the bits of an atom come from. False: not known, or too long. */
typedef struct weft_spot {
    weft_space space;
    weft_strip rows;
    weft_interval keys; /* of a tile */
} weft_spot;
bool weft_add_alike(weft_planner *planner, const weft_spot *spot, weft_id id, weft_mask_key *key);

/* split.c: cuts heavy items along their keys. order.c: puts dear items first. Both look at nothing but the costs. */
bool weft_plan_split(weft_plan *plan, const weft_allocator *allocator);
bool weft_plan_order(weft_plan *plan, const weft_allocator *allocator);

/* info.c: the phases' sums, from the layouts; and plan->info, but for the time. */
bool weft_plan_sum(weft_plan *plan, const weft_allocator *allocator);
bool weft_plan_measure(weft_plan *plan, const weft_planner *planner);
/* Adds the pairs of lists that a run decides, where they are known. */
bool weft_plan_count_lists(weft_plan *plan);

/* Makes an array no larger than it must be; when that cannot be had, it stays as it is. */
void weft_shrink(const weft_allocator *allocator, void *array, uint32_t *capacity, uint32_t count, size_t element);

#endif
