/* A run: what depends on q and k is chosen first. Then, phase after phase, workers claim the items of all heads by one
 * counter, and each item is one call of the kernel. What is computed, and in which order within an item, is fixed by
 * the plan, so the number of workers cannot change a bit of the result. A row tile that is split along its keys leaves
 * a state a part; whoever finishes the last part merges them, in the plan's order. */
#include <math.h>
#include <string.h>

#include "exec/rest.h"

/* One run, shared by its workers. */
typedef struct weft_execution {
    const weft_plan *plan;
    weft_views views;
    weft_run_modifiers modifiers;
    weft_workspace parts;
    unsigned char *workspace; /* at its 64-byte boundary */
    weft_mark *marks;         /* NULL: nobody asks */
    weft_kernel_entry *tall, *strip, *gather, *pack;
    uint32_t phase;
    atomic_int_least64_t next; /* claim of the phase */
    atomic_bool stopped;
} weft_execution;

/* ---- one item ----------------------------------------------------------------------------------------------- */

static unsigned char *worker_at(const weft_execution *run, size_t worker) {
    return run->workspace + run->parts.workers + worker * run->parts.worker;
}

static weft_slot *slots_of(const weft_execution *run) { return (weft_slot *)(void *)run->workspace; }

static weft_slot *slot_of(const weft_execution *run, const weft_work *work) {
    return weft_slot_of(slots_of(run), run->parts.ring.slots, work->squad);
}

/* From one row of a class to the next. Where there is no next one the stride need not fit. */
static int64_t stretched(const weft_view *view, int64_t rows, int64_t stride) {
    return rows > 1 ? view->stride[2] * stride : view->stride[2];
}

/* What items and chunks of a squad share: the keys of its class. */
static void fill_keys(const weft_execution *run, const weft_work *work, weft_call *call) {
    const weft_views *views = &run->views;
    int64_t keys = work->layout->space.keys, stride = work->stage->stride, key = keys > 0 ? work->residue : 0;
    call->k = weft_view_at(&views->k, work->batch, work->kv_head, key);
    call->v = weft_view_at(&views->v, work->batch, work->kv_head, key);
    call->k_row = stretched(&views->k, keys, stride);
    call->k_dim = views->k.stride[3];
    call->v_row = stretched(&views->v, keys, stride);
    call->v_dim = views->v.stride[3];
    call->keys = keys;
    call->key_position = key;
    call->key_stride = stride;
    if (!work->squad->chunks) return;
    size_t slot = (size_t)(slot_of(run, work) - slots_of(run));
    call->packed = (char *)(run->workspace + run->parts.packed + slot * run->parts.ring.bytes);
    call->packed_block = work->layout->first_block;
}

static void fill_call(weft_execution *run, const weft_work *work, size_t worker, weft_call *call) {
    const weft_plan *plan = run->plan;
    const weft_views *views = &run->views;
    const weft_item *item = &work->layout->items[work->item];
    int64_t stride = work->stage->stride, row = weft_stage_row(plan, work->stage, work->residue, item->row);
    *call = (weft_call){
        .q = weft_view_at(&views->q, work->batch, work->head, row),
        .o = weft_view_at(&views->o, work->batch, work->head, row),
        .lse = weft_view_at(&views->lse, work->batch, work->head, row),
        .q_row = stretched(&views->q, item->rows, stride),
        .q_dim = views->q.stride[3],
        .o_row = stretched(&views->o, item->rows, stride),
        .o_dim = views->o.stride[3],
        .lse_row = stretched(&views->lse, item->rows, stride),
        .rows = item->rows,
        .scale = plan->scale_of[work->head],
        .tiles = weft_tiles_from(work->layout, item->first_tile),
        .tile_count = item->tile_count,
        .masks = plan->masks,
        .fold = work->layout->phase > 0,
        .row_position = row + plan->shape.keys - plan->shape.queries,
        .row_stride = stride,
        .scratch = (float *)(void *)worker_at(run, worker),
    };
    fill_keys(run, work, call);
    weft_run_modifiers_tell(&run->modifiers, work->batch, work->head, call);
    if (call->fold) call->sink = -INFINITY; /* the first phase has counted it */
}

static float *state_at(weft_execution *run, size_t state) {
    return (float *)(run->workspace + run->parts.states + state * run->parts.state);
}

/* A part of a split row tile: leaves its state, and merges all when it is the last to finish. */
static void compute_part(weft_execution *run, const weft_work *work, weft_kernel_entry *entry, weft_call *call) {
    const weft_item *item = &work->layout->items[work->item];
    const weft_split *split = &work->layout->splits[item->split - 1];
    size_t first = work->states + split->first_state;
    call->state = state_at(run, first + (work->item - split->first_item));
    entry(call);
    atomic_uint_least32_t *finished = (atomic_uint_least32_t *)(run->workspace + run->parts.counters);
    finished += work->splits + (item->split - 1);
    if (atomic_fetch_add_explicit(finished, 1, memory_order_acq_rel) + 1 < split->parts) return;
    weft_merge(call, run->views.o.dtype, state_at(run, first), run->parts.state / sizeof(float), split->parts,
               item->height, run->plan->shape.value_dim);
}

/* ---- lists ---------------------------------------------------------------------------------------------------- */

/* A list that the run decides, as far as there is room: rows [first, rows) of the item. */
typedef struct weft_gathering {
    weft_kernel_entry *gather;
    const weft_call *item; /* of all its rows */
    weft_list_part *part;
    int64_t element; /* bytes of one of q and o */
    int32_t first, rows;
    uint32_t count; /* keys so far */
} weft_gathering;

/* Computes the rows; with `again`, which is for one row, folds into what was made of it before. */
static void gather_rows(weft_gathering *g, bool again) {
    weft_call call = *g->item;
    if (g->rows == g->first) return;
    call.q = (const char *)call.q + g->first * call.q_row * g->element;
    call.o = (char *)call.o + g->first * call.o_row * g->element;
    call.lse = call.lse + g->first * call.lse_row;
    call.row_position += g->first * call.row_stride;
    call.rows = g->rows - g->first;
    call.list_begin = g->part->begin;
    call.list = g->part->keys;
    if (again) call.fold = 1, call.sink = -INFINITY;
    if (g->count || !call.fold) g->gather(&call);
    g->first = g->rows;
    g->count = 0;
}

/* Adds the next row. Where the room ends with it, or before, the rows so far are computed, and what is left of this one
 * after them. Has it any keys? */
static bool gather_row(weft_gathering *g, weft_lister *lister) {
    uint32_t room = WEFT_LIST_ROOM - g->count, taken = weft_lister_take(lister, g->part->keys + g->count, room);
    g->part->begin[g->rows - g->first] = g->count;
    g->count += taken;
    g->part->begin[++g->rows - g->first] = g->count;
    if (taken < room) return taken > 0;
    gather_rows(g, false);
    while ((g->count = weft_lister_take(lister, g->part->keys, WEFT_LIST_ROOM))) {
        g->first = g->rows - 1;
        g->part->begin[0] = 0;
        g->part->begin[1] = g->count;
        gather_rows(g, true);
    }
    return true;
}

/* The plan's sets, with what the run decides for the head. */
static weft_bound open_sets(const weft_execution *run, const weft_work *work, unsigned char *own) {
    weft_bound bound = run->plan->bound;
    weft_array *open = (weft_array *)(void *)(own + run->parts.open);
    weft_open_keys(run->plan->kernel->program, run->modifiers.arguments, work->batch, work->head, open);
    bound.open = open;
    weft_see_choices(&bound, &run->plan->selection, run->workspace + run->parts.choices,
                     (size_t)(work->batch * run->plan->shape.heads + work->head));
    return bound;
}

static void cluster_at_run(weft_execution *run, const weft_work *work, size_t worker, const weft_call *call) {
    unsigned char *own = worker_at(run, worker);
    weft_bound bound = open_sets(run, work, own);
    weft_cluster_job job = {.plan = run->plan,
                            .work = work,
                            .views = &run->views,
                            .bound = &bound,
                            .tall = run->tall,
                            .strip = run->strip,
                            .clustering = own + run->parts.clustering,
                            .gathered = own + run->parts.gathered,
                            .wide = run->workspace + run->parts.wide,
                            .marks = run->marks};
    weft_compute_clusters(&job, call);
}

static void gather_at_run(weft_execution *run, const weft_work *work, size_t worker, const weft_call *call) {
    const weft_item *item = &work->layout->items[work->item];
    unsigned char *own = worker_at(run, worker);
    weft_bound bound = open_sets(run, work, own);
    weft_lister lister = weft_lister_of(&bound, work->layout, own + run->parts.lister);
    weft_gathering g = {.gather = run->gather,
                        .item = call,
                        .part = (weft_list_part *)(void *)(own + run->parts.list),
                        .element = (int64_t)run->views.q.element};
    bool last_resort = weft_is_own_key(&bound.dag, work->layout->list);
    for (int64_t row = item->row; row < item->row + item->rows; row++) {
        if (!last_resort || !weft_is_marked(run->plan, run->marks, work, row)) weft_lister_begin(&lister, row);
        if (gather_row(&g, &lister)) weft_mark_row(run->plan, run->marks, work, row);
    }
    gather_rows(&g, false);
}

static void compute_lists(weft_execution *run, const weft_work *work, size_t worker, weft_call *call) {
    if (work->layout->clusters) {
        cluster_at_run(run, work, worker, call);
        return;
    }
    if (work->layout->at_run) {
        gather_at_run(run, work, worker, call);
        return;
    }
    call->list_begin = work->layout->list_begin + work->layout->items[work->item].row;
    call->list = work->layout->list_keys;
    run->gather(call);
}

static void compute_item(weft_execution *run, const weft_work *work, size_t worker, weft_call *call) {
    const weft_item *item = &work->layout->items[work->item];
    weft_kernel_entry *entry = item->height == WEFT_TILE_ROWS ? run->tall : run->strip;
    if (work->layout->list)
        compute_lists(run, work, worker, call);
    else if (item->split)
        compute_part(run, work, entry, call);
    else
        entry(call);
    weft_mark_item(run->plan, run->marks, work);
}

/* ---- claims -------------------------------------------------------------------------------------------------- */

/* What one worker has claimed. */
typedef struct weft_turn {
    weft_work work;
    weft_call call; /* of an item */
} weft_turn;

/* False: nothing is left. */
static bool claim(weft_execution *run, weft_squad *squad, size_t worker, weft_turn *out) {
    int64_t number = atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed);
    if (!weft_claim(squad, number, &out->work)) return false;
    if (out->work.chunk == WEFT_NO_CHUNK) fill_call(run, &out->work, worker, &out->call);
    return true;
}

/* Before an item is computed the next one is claimed, so that its kernel can fetch what that begins with; not near the
 * end, where another worker may have the time, and not where items wait for what is packed. */
static bool claim_ahead(weft_execution *run, weft_squad *squad, size_t worker, weft_turn *now, weft_turn *next) {
    const int64_t few = 4;
    int64_t left = run->plan->phases[run->phase].items - atomic_load_explicit(&run->next, memory_order_relaxed);
    if (run->parts.ring.slots || left < few * (int64_t)run->plan->workers) return false;
    if (!claim(run, squad, worker, next)) return false;
    if (!next->work.layout->list) now->call.next = &next->call;
    return true;
}

static bool pack_chunk(weft_execution *run, const weft_work *work) {
    const weft_layout *layout = work->layout;
    weft_slot *slot = slot_of(run, work);
    if (!weft_slot_wait_to_pack(slot, work->squad, &run->stopped)) return false;
    int64_t block = layout->first_block + work->chunk * WEFT_CHUNK_BLOCKS, left = layout->end_block - block;
    weft_tile tile = {.block = (uint32_t)block,
                      .many = (uint32_t)(left < WEFT_CHUNK_BLOCKS ? left : WEFT_CHUNK_BLOCKS),
                      .last = WEFT_TILE_KEYS};
    weft_call call = {.tiles = &tile, .tile_count = 1};
    fill_keys(run, work, &call);
    run->pack(&call);
    weft_slot_count_chunk(slot, work->squad);
    return true;
}

/* False: the run was stopped. */
static bool do_work(weft_execution *run, weft_turn *turn, size_t worker) {
    const weft_work *work = &turn->work;
    if (work->chunk != WEFT_NO_CHUNK) return pack_chunk(run, work);
    if (!run->parts.ring.slots || !work->squad->chunks) {
        compute_item(run, work, worker, &turn->call);
        return true;
    }
    weft_slot *slot = slot_of(run, work);
    if (!weft_slot_wait_to_read(slot, work->squad, &run->stopped)) return false;
    compute_item(run, work, worker, &turn->call);
    weft_slot_count_item(slot, run->parts.ring.slots, work->squad);
    return true;
}

/* Asks the host; once one worker was told to stop, all do. */
static bool stopped(weft_execution *run) {
    if (atomic_load_explicit(&run->stopped, memory_order_relaxed)) return true;
    if (!weft_engine_cancelled(run->plan->kernel->engine)) return false;
    atomic_store_explicit(&run->stopped, true, memory_order_relaxed);
    return true;
}

static void work_until_done(void *user, size_t worker) {
    weft_execution *run = user;
    weft_squad squad = weft_first_squad(run->plan, run->phase);
    weft_turn turns[2], *now = &turns[0], *next = &turns[1];
    for (bool more = claim(run, &squad, worker, now); more && !stopped(run);) {
        bool ahead = claim_ahead(run, &squad, worker, now, next);
        if (!do_work(run, now, worker)) return;
        more = ahead || claim(run, &squad, worker, next);
        weft_turn *done = now;
        now = next, next = done;
    }
}

/* ---- the run ------------------------------------------------------------------------------------------------ */

static weft_kernel_entry *entry_at(const weft_machine_code *code, uint64_t offset) {
    uintptr_t address = (uintptr_t)code->bytes + (uintptr_t)offset;
    weft_kernel_entry *entry;
    memcpy(&entry, &address, sizeof entry); /* ISO C has no cast from an object to a function */
    return entry;
}

/* All heads' items of one phase; when they are done, so is what the next one folds into. */
static void execute_phase(weft_execution *run) {
    const weft_plan *plan = run->plan;
    const weft_phase *phase = &plan->phases[run->phase];
    memset(run->workspace + run->parts.counters, 0, phase->splits * sizeof(uint32_t));
    weft_slots_begin(slots_of(run), run->parts.ring.slots);
    atomic_store_explicit(&run->next, 0, memory_order_relaxed);
    size_t workers = phase->items < plan->workers ? (size_t)phase->items : plan->workers;
    weft_engine_parallel(plan->kernel->engine, workers, work_until_done, run);
}

/* Later phases fold by lse: where the host does not want it, it is kept in the workspace. */
static void keep_lse(weft_execution *run) {
    const weft_shape *shape = &run->plan->shape;
    if (run->views.lse.data || !weft_run_folds(run->plan)) return;
    run->views.lse = (weft_view){.data = run->workspace + run->parts.lse,
                                 .size = {shape->batch, shape->heads, shape->queries, 1},
                                 .stride = {shape->heads * shape->queries, shape->queries, 1, 1},
                                 .element = sizeof(float)};
}

/* What listers work in is 0 between rows. */
static void clear_listers(weft_execution *run) {
    for (uint32_t worker = 0; worker < run->plan->workers; worker++)
        memset(worker_at(run, worker) + run->parts.lister, 0, weft_lister_bytes(run->plan->shape.keys));
}

static void share_keys(weft_execution *run) {
    size_t marks = weft_marks_size(run->plan);
    weft_share_keys(run->plan, &run->views, run->plan->workers, run->workspace + run->parts.shared);
    run->marks = marks ? (weft_mark *)(void *)(run->workspace + run->parts.marks) : NULL;
    for (size_t n = 0; n < marks; n++) atomic_init(&run->marks[n], 0);
}

static void estimate(weft_execution *run, const weft_tensors *tensors) {
    weft_estimation rest = {.plan = run->plan,
                            .views = &run->views,
                            .modifiers = &run->modifiers,
                            .parts = &run->parts,
                            .workspace = run->workspace,
                            .stopped = &run->stopped};
    int64_t rows = run->plan->rest.directions && !stopped(run) ? weft_estimate(&rest) : 0;
    if (tensors->recomputed_rows) *tensors->recomputed_rows = rows;
}

static weft_status execute(weft_execution *run, const weft_tensors *tensors, void *workspace,
                           weft_diagnostics *diagnostics) {
    enum { BOUNDARY = 64 };
    uintptr_t past = (uintptr_t)workspace % BOUNDARY;
    run->workspace = (unsigned char *)workspace + (past ? BOUNDARY - past : 0);
    run->parts = weft_workspace_of(run->plan);
    keep_lse(run);
    atomic_init(&run->next, 0);
    atomic_init(&run->stopped, false);
    bool ready = weft_run_modifiers_begin(&run->modifiers, run->plan, tensors, run->workspace + run->parts.modifiers,
                                          diagnostics);
    if (run->plan->lists_at_run) clear_listers(run);
    share_keys(run);
    bool chosen = ready && weft_choose_of(run->plan, &run->plan->selection, &run->views, run->plan->workers,
                                          run->workspace + run->parts.choices);
    if (ready && !chosen) atomic_store(&run->stopped, true);
    weft_wide_begin(run->plan, run->workspace + run->parts.wide);
    for (; ready && run->phase < run->plan->phase_count && !stopped(run); run->phase++) execute_phase(run);
    if (ready && !stopped(run))
        weft_wide_end(run->plan, &run->views, run->plan->workers, run->workspace + run->parts.wide);
    if (ready) estimate(run, tensors);
    weft_run_modifiers_end(&run->modifiers);
    if (!ready) return weft_status_of_failure(diagnostics);
    return atomic_load(&run->stopped) ? WEFT_CANCELLED : WEFT_OK;
}

static weft_status execute_allocated(weft_execution *run, const weft_tensors *tensors, weft_diagnostics *diagnostics) {
    const weft_allocator *allocator = weft_engine_allocator(run->plan->kernel->engine);
    size_t size = weft_plan_workspace(run->plan);
    void *workspace = weft_allocate(allocator, size);
    if (!workspace) return WEFT_OUT_OF_MEMORY;
    weft_status status = execute(run, tensors, workspace, diagnostics);
    weft_free(allocator, workspace, size);
    return status;
}

static weft_status check(weft_execution *run, const weft_tensors *tensors, weft_diagnostics *diagnostics) {
    const weft_machine_code *code = &run->plan->kernel->code;
    if (!code->bytes) {
        weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN,
                      "the kernel was made without code; it can plan but not run");
        return WEFT_UNSUPPORTED;
    }
    run->tall = entry_at(code, code->tall);
    run->strip = entry_at(code, code->strip);
    if (code->gather != WEFT_NO_ENTRY) run->gather = entry_at(code, code->gather);
    if (code->pack != WEFT_NO_ENTRY) run->pack = entry_at(code, code->pack);
    if (!weft_check_tensors(run->plan, tensors, (weft_dtype)code->dtype, true, &run->views, diagnostics))
        return WEFT_INVALID_ARGUMENT;
    return WEFT_OK;
}

weft_status weft_run(const weft_plan *plan, const weft_tensors *tensors, void *workspace) {
    if (!plan) return WEFT_INVALID_ARGUMENT;
    weft_execution run = {.plan = plan};
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, weft_engine_allocator(plan->kernel->engine), &plan->kernel->program->sources);
    weft_tensors known;
    weft_status status =
        weft_known_tensors(tensors, &known, &diagnostics) ? check(&run, &known, &diagnostics) : WEFT_INVALID_ARGUMENT;
    if (status == WEFT_OK)
        status =
            workspace ? execute(&run, &known, workspace, &diagnostics) : execute_allocated(&run, &known, &diagnostics);
    if (status != WEFT_OK) weft_message_set((weft_message *)&plan->message, &diagnostics);
    weft_diagnostics_free(&diagnostics);
    return status;
}
