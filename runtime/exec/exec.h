/* What the files of a run share: tensors seen through one kind of view, the workspace cut into parts, and merging. */
#ifndef WEFT_EXEC_EXEC_H
#define WEFT_EXEC_EXEC_H

#include <stdatomic.h>

#include "plan/clusters.h"
#include "support/elements.h"

/* ---- tensors ------------------------------------------------------------------------------------------------ */

enum { WEFT_VIEW_DIMS = 4 };

/* A checked tensor as [batch, head, row, dim]; strides in elements, 1 where a dimension has one element or is missing.
 */
typedef struct weft_view {
    unsigned char *data; /* of element [0, 0, 0, 0]; NULL: the tensor was not given */
    int64_t size[WEFT_VIEW_DIMS];
    int64_t stride[WEFT_VIEW_DIMS];
    size_t element; /* bytes */
    weft_dtype dtype;
} weft_view;

typedef struct weft_views {
    weft_view q, k, v, o, lse;
} weft_views;

/* Address of [batch, head, row, 0]; NULL for a tensor that was not given. */
static inline void *weft_view_at(const weft_view *view, int64_t batch, int64_t head, int64_t row) {
    if (!view->data) return NULL;
    int64_t steps = batch * view->stride[0] + head * view->stride[1] + row * view->stride[2];
    return view->data + steps * (int64_t)view->element;
}

/* Element [batch, head, row, dim] of a tensor that was given. */
static inline double weft_view_number(const weft_view *view, int64_t batch, int64_t head, int64_t row, int64_t dim) {
    return (double)weft_element_at(weft_view_at(view, batch, head, row), dim * view->stride[3], view->dtype);
}

/* The host's struct as we know it; false with E0408 where it is missing or too small. */
bool weft_known_tensors(const weft_tensors *given, weft_tensors *known, weft_diagnostics *diagnostics);

/* Checks q, k and v (and with `outputs` also o and lse) against the plan's shape and the element type. False with
 * E0408 that names the tensor, what was expected and what was given. */
bool weft_check_tensors(const weft_plan *plan, const weft_tensors *tensors, weft_dtype dtype, bool outputs,
                        weft_views *views, weft_diagnostics *diagnostics);

/* The same of q and k alone. */
bool weft_check_operands(const weft_plan *plan, const weft_tensors *tensors, weft_dtype dtype, weft_views *views,
                         weft_diagnostics *diagnostics);
/* The element type: what q is made of decides, where it can. */
weft_dtype weft_dtype_of(const weft_tensors *tensors);

/* The bytes that a view may touch, as addresses [lo, hi). False when they do not fit the address space. */
typedef struct weft_extent {
    uintptr_t lo, hi;
} weft_extent;
bool weft_view_extent(const weft_view *view, weft_extent *out);

/* Does every index have an element of its own? Sufficient, not necessary: ordered by stride, each dimension must step
 * over all smaller ones together. Every slice and transpose of a compact tensor passes. */
bool weft_view_distinct(const weft_view *view);

/* Are the two surely apart? True when their byte ranges are, or when they interleave like slices of one larger tensor:
 * for some step all outer dimensions of both are multiples of it and the inner ones stay in separate parts of it. */
bool weft_views_apart(const weft_view *a, const weft_view *b);

/* ---- modifiers (modifiers.c) ---------------------------------------------------------------------------------- */

/* What the score modifiers are in one run: the plan's, with the arrays that the run brought. */
typedef struct weft_run_modifiers {
    const weft_plan *plan;
    weft_argument *arguments; /* of this run, one a parameter */
    weft_bound bound;         /* the plan's, reading the arrays of this run */
    int64_t *uniforms;        /* [B * H][weft_uniform_slots]; NULL: none */
    weft_lookup *tables;      /* [B][of.table_count] */
    void **copies;            /* [of.table_count]: elements of tables that cannot be used where they lie */
    float *sinks;             /* [H]; NULL: none */
} weft_run_modifiers;

/* Bytes of memory that begin takes, aligned to 8; depends on the plan alone. */
size_t weft_run_modifiers_size(const weft_plan *plan);
/* Binds the arrays and works out what they decide. Tables that come with the run as anything but compact float64 are
 * copied, which allocates. False with E03 or E04, or without where memory fails. */
bool weft_run_modifiers_begin(weft_run_modifiers *m, const weft_plan *plan, const weft_tensors *tensors, void *memory,
                              weft_diagnostics *diagnostics);
void weft_run_modifiers_end(weft_run_modifiers *m);
/* Fills in what a call of the kernel is told. */
void weft_run_modifiers_tell(const weft_run_modifiers *m, int64_t batch, int64_t head, weft_call *call);
/* In float64, for the reference: what becomes of scale (q . k) at (i, j); and a head's sink, -inf for none. */
double weft_modified_score(const weft_run_modifiers *m, int64_t batch, int64_t head, int64_t i, int64_t j,
                           double score);
double weft_sink_of(const weft_run_modifiers *m, int64_t head);

/* Is something folded into o and lse, so that both must be there? */
static inline bool weft_run_folds(const weft_plan *plan) {
    return plan->phase_count > 1 || plan->lists_at_run || plan->rest.directions;
}

/* ---- workspace ---------------------------------------------------------------------------------------------- */

/* Values of the squads that are under way, a slot each, taken in turn. */
typedef struct weft_ring {
    int64_t slots;
    size_t bytes; /* of the values of one slot */
} weft_ring;

/* From a 64-byte boundary on: the slots of packed values, and those values; the counters of unfinished parts, one a
 * split of every (batch element, head); the states of split row tiles; the modifiers; keys that are made of queries,
 * and marks of rows that have seen one; what is chosen of q and k; lse for hosts that do not ask for it, where
 * something is folded; what stands in for o and lse of clusters; of pairs that are approximated, what is to be taken
 * away from each row, the states of segments, and each worker's room; then each worker's: scratch, and what it needs
 * for lists that the run decides: open keys, a lister's memory, and the list of an item, or what clusters are made in
 * and gathered. Counters and states are those of the phase that needs most. Sizes are multiples of 64 bytes. */
typedef struct weft_workspace {
    weft_ring ring;
    size_t packed, counters, states, modifiers, shared, marks, choices, lse, wide, visited, segments, rooms,
        workers;                               /* offsets in bytes; slots are at the begin */
    size_t state_of_features, room, key_marks; /* bytes of one state, of one room, and, at its end, of its marks */
    size_t open, lister, list, clustering, gathered; /* offsets in what is a worker's, whose scratch is at its begin */
    size_t state, worker;                            /* bytes of one state and of what is one worker's */
    size_t size;                                     /* whole, with room to reach the boundary */
} weft_workspace;
/* Keys of an item's list that a run decides; longer ones are taken in parts. */
enum { WEFT_LIST_ROOM = 8192 };
typedef struct weft_list_part {
    int64_t begin[WEFT_TILE_ROWS + 1];
    uint32_t keys[WEFT_LIST_ROOM];
} weft_list_part;
weft_workspace weft_workspace_of(const weft_plan *plan);

/* ---- choosing (choices.c) -------------------------------------------------------------------------------------- */

/* Chooses of q and k, in the memory of a selection; false when the host said stop. */
bool weft_choose_of(const weft_plan *plan, const weft_selection *selection, const weft_views *views, uint32_t workers,
                    unsigned char *memory);

/* ---- clusters (clusters.c) --------------------------------------------------------------------------------------- */

/* Keys that one call takes of a cluster, and what they are gathered into: keys, then values, then masks. Each call
 * rounds lse once more. */
enum { WEFT_CLUSTER_KEYS = 1024 };
size_t weft_gathered_bytes(const weft_plan *plan);
/* Where o has 16 bits: floats that all clusters fold into, and their lse; 0 bytes elsewhere. */
size_t weft_wide_bytes(const weft_plan *plan);
void weft_wide_begin(const weft_plan *plan, unsigned char *wide);
/* Folds them into o and lse. */
void weft_wide_end(const weft_plan *plan, const weft_views *views, uint32_t workers, unsigned char *wide);

struct weft_work;
/* One item of clusters. */
typedef struct weft_cluster_job {
    const weft_plan *plan;
    const struct weft_work *work;
    const weft_views *views;
    const weft_bound *bound; /* that knows what was chosen */
    weft_kernel_entry *tall, *strip;
    unsigned char *clustering, *gathered, *wide;
    _Atomic(uint8_t) *marks;
} weft_cluster_job;
/* `call` is that of the item: scale, modifiers and scratch are read. */
void weft_compute_clusters(const weft_cluster_job *job, const weft_call *call);

/* ---- claiming ----------------------------------------------------------------------------------------------- */

/* The items of one phase in the order in which they are claimed, a squad after the other: consecutive query heads of
 * one KV head and one route, in one class of positions. They read the same keys, which are then still in cache, and
 * take turns item by item. Where their values are packed, that comes first, in chunks, which are claimed as well. A
 * worker's claims only rise, so it walks the squads once. */
typedef struct weft_squad {
    const weft_plan *plan;
    uint32_t phase;
    size_t first_head; /* batch element * H + head */
    int64_t heads, residue;
    const weft_stage *stage; /* NULL: these heads have nothing to do in this phase */
    const weft_layout *layout;
    int64_t chunks;              /* 0: values are not packed */
    int64_t first_claim, packed; /* claims of the squads before it; how many of them pack */
    size_t splits, states;       /* of the squads before it */
} weft_squad;

enum { WEFT_NO_CHUNK = -1 };

/* One item of one head, or one chunk to pack for all heads of a squad; in the sums, the splits and states of the squads
 * and heads before it. */
typedef struct weft_work {
    const weft_squad *squad;
    int64_t batch, head, kv_head, residue;
    const weft_stage *stage;
    const weft_layout *layout;
    int64_t chunk; /* or WEFT_NO_CHUNK */
    uint32_t item;
    size_t splits, states;
} weft_work;

weft_squad weft_first_squad(const weft_plan *plan, uint32_t phase);
bool weft_next_squad(weft_squad *squad); /* false: there is none, and this one is done */
int64_t weft_squad_items(const weft_squad *squad);
/* Number `claim` of the phase, which never falls from one call to the next. The work is of `squad` as it then is.
 * False: there are not so many. */
bool weft_claim(weft_squad *squad, int64_t claim, weft_work *work);

/* ---- packing (pack.c) ---------------------------------------------------------------------------------------- */

/* Of 64-key blocks, what one claim packs. */
enum { WEFT_CHUNK_BLOCKS = 8 };
int64_t weft_chunks_of(const weft_plan *plan, const weft_layout *layout, int64_t heads);

weft_ring weft_ring_of(const weft_plan *plan);

/* Who has a slot, and how far they are. A cache line each. */
typedef struct weft_slot {
    _Alignas(64) atomic_int_least64_t owner; /* number of the squad, among those that pack, that may pack or read it */
    atomic_int_least64_t ready;              /* 1 + number of the last squad whose values are all there */
    atomic_int_least64_t packed, finished;   /* chunks and items of its owner */
} weft_slot;
void weft_slots_begin(weft_slot *slots, int64_t count);
weft_slot *weft_slot_of(weft_slot *slots, int64_t count, const weft_squad *squad);

/* Waits until chunks of the squad may be packed; until all are. Only earlier claims are waited for, each of which has a
 * worker, so that the wait ends, unless the run is stopped: false. */
bool weft_slot_wait_to_pack(const weft_slot *slot, const weft_squad *squad, const atomic_bool *stopped);
bool weft_slot_wait_to_read(const weft_slot *slot, const weft_squad *squad, const atomic_bool *stopped);
/* One more chunk is packed; one more item, of a squad that packs, is finished. */
void weft_slot_count_chunk(weft_slot *slot, const weft_squad *squad);
void weft_slot_count_item(weft_slot *slot, int64_t slots, const weft_squad *squad);

/* ---- queries that are keys (shared.c) ---------------------------------------------------------------------------- */

/* Bytes that keys made of queries take, a multiple of 8; 0 where they are not shared. */
size_t weft_shared_keys_size(const weft_plan *plan);
/* Makes them, and lets the views see them as k. Nothing where they are not shared. */
void weft_share_keys(const weft_plan *plan, weft_views *views, uint32_t workers, void *memory);

/* One a row of every head: has it seen a key? All of these take NULL for nothing to be marked. */
typedef _Atomic(uint8_t) weft_mark;
size_t weft_marks_size(const weft_plan *plan);
void weft_mark_row(const weft_plan *plan, weft_mark *marks, const weft_work *work, int64_t row);
bool weft_is_marked(const weft_plan *plan, weft_mark *marks, const weft_work *work, int64_t row);
/* The rows of an item that have keys in its tiles, or in lists that were drawn. */
void weft_mark_item(const weft_plan *plan, weft_mark *marks, const weft_work *work);

/* ---- what is approximated, for the reference (reference_rest.c) ------------------------------------------------- */

/* Logarithms of features: of every key of a head, [keys][features], and then of a query. */
typedef struct weft_reference_rest {
    const weft_plan *plan;
    double *logs;
} weft_reference_rest;
size_t weft_reference_rest_size(const weft_plan *plan); /* of logs, in bytes; 0 where nothing is approximated */
/* The keys of head number n (batch element * H + head); query row `row` of it. */
void weft_reference_rest_begin(weft_reference_rest *rest, const weft_views *views, int64_t n);
void weft_reference_rest_row(weft_reference_rest *rest, const weft_views *views, int64_t n, int64_t row);
/* ln(phi_i . phi_j) at position i of that row, for a pair that is not in the set; -inf where it is not approximated. */
double weft_reference_rest_score(const weft_reference_rest *rest, int64_t i, int64_t j);

/* ---- merging ------------------------------------------------------------------------------------------------ */

/* Merges the states of the parts of one row tile, in their order, into the o, of `dtype`, and lse of `call` (its rows,
 * strides, pointers, fold and sink; nothing else of it is read). `step` floats lie between states of `height` rows. */
void weft_merge(const weft_call *call, weft_dtype dtype, const float *states, size_t step, uint32_t parts,
                int64_t height, int64_t value_dim);

#endif
