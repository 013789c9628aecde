/* A run: workers claim the items of all heads by one counter, and each item is one call of the kernel. What is
 * computed, and in which order within an item, is fixed by the plan, so the number of workers cannot change a bit of
 * the result. A row tile that is split along its keys leaves a state a part; whoever finishes the last part merges
 * them, in the plan's order. */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "exec/exec.h"

/* One run, shared by its workers. */
typedef struct weft_execution {
    const weft_plan *plan;
    weft_views views;
    weft_run_modifiers modifiers;
    weft_workspace parts;
    unsigned char *workspace; /* at its 64-byte boundary */
    weft_kernel_entry *tall, *strip;
    int64_t items; /* of all heads */
    atomic_int_least64_t next;
    atomic_bool stopped;
} weft_execution;

/* The query heads of one KV head of one batch element: their items are claimed together, so that their keys and values
 * are still in cache. Groups follow each other; a worker's claims only rise, so it walks them once. */
typedef struct weft_group {
    int64_t batch, kv_head;
    int64_t first_item; /* items, splits and states of the groups before it */
    size_t splits, states;
} weft_group;

/* One item of one head, with the splits and states of the heads before it. */
typedef struct weft_work {
    int64_t batch, head, kv_head;
    const weft_layout *layout;
    uint32_t item;
    size_t splits, states;
} weft_work;

/* ---- claiming ----------------------------------------------------------------------------------------------- */

static int64_t group_size(const weft_plan *plan) { return plan->shape.heads / plan->shape.kv_heads; }

static const weft_layout *layout_of(const weft_plan *plan, int64_t batch, int64_t head) {
    return &plan->layouts[plan->layout_of[batch * plan->shape.heads + head]];
}

static const weft_layout *member(const weft_plan *plan, const weft_group *group, int64_t n) {
    return layout_of(plan, group->batch, group->kv_head * group_size(plan) + n);
}

static int64_t items_of_group(const weft_plan *plan, const weft_group *group) {
    int64_t items = 0;
    for (int64_t n = 0; n < group_size(plan); n++) items += member(plan, group, n)->item_count;
    return items;
}

static void next_group(const weft_plan *plan, weft_group *group) {
    group->first_item += items_of_group(plan, group);
    for (int64_t n = 0; n < group_size(plan); n++) {
        group->splits += member(plan, group, n)->split_count;
        group->states += member(plan, group, n)->state_count;
    }
    group->kv_head++;
    if (group->kv_head < plan->shape.kv_heads) return;
    group->kv_head = 0;
    group->batch++;
}

static bool one_layout(const weft_plan *plan, const weft_group *group) {
    for (int64_t n = 1; n < group_size(plan); n++)
        if (member(plan, group, n) != member(plan, group, 0)) return false;
    return true;
}

/* Claim number `claim` lies in the group. Heads that share a layout take turns item by item: they read the same keys.
 * Otherwise head follows head. */
static weft_work work_of(const weft_plan *plan, const weft_group *group, int64_t claim) {
    int64_t n = 0, size = group_size(plan), item = claim - group->first_item;
    if (one_layout(plan, group)) {
        n = item % size;
        item /= size;
    } else {
        for (; item >= member(plan, group, n)->item_count; n++) item -= member(plan, group, n)->item_count;
    }
    weft_work work = {.batch = group->batch,
                      .head = group->kv_head * size + n,
                      .kv_head = group->kv_head,
                      .layout = member(plan, group, n),
                      .item = (uint32_t)item,
                      .splits = group->splits,
                      .states = group->states};
    for (int64_t before = 0; before < n; before++) {
        work.splits += member(plan, group, before)->split_count;
        work.states += member(plan, group, before)->state_count;
    }
    return work;
}

/* ---- one item ----------------------------------------------------------------------------------------------- */

static void fill_call(weft_execution *run, const weft_work *work, size_t worker, weft_call *call) {
    const weft_plan *plan = run->plan;
    const weft_views *views = &run->views;
    const weft_item *item = &work->layout->items[work->item];
    *call = (weft_call){
        .q = weft_view_at(&views->q, work->batch, work->head, item->row),
        .k = weft_view_at(&views->k, work->batch, work->kv_head, 0),
        .v = weft_view_at(&views->v, work->batch, work->kv_head, 0),
        .o = weft_view_at(&views->o, work->batch, work->head, item->row),
        .lse = weft_view_at(&views->lse, work->batch, work->head, item->row),
        .q_row = views->q.stride[2],
        .q_dim = views->q.stride[3],
        .k_row = views->k.stride[2],
        .k_dim = views->k.stride[3],
        .v_row = views->v.stride[2],
        .v_dim = views->v.stride[3],
        .o_row = views->o.stride[2],
        .o_dim = views->o.stride[3],
        .lse_row = views->lse.stride[2],
        .keys = plan->shape.keys,
        .rows = item->rows,
        .scale = plan->scale_of[work->head],
        .tiles = work->layout->tiles + item->first_tile,
        .tile_count = item->tile_count,
        .masks = plan->masks,
        .row_position = item->row + plan->shape.keys - plan->shape.queries,
        .row_stride = 1,
        .key_stride = 1,
        .scratch = (float *)(run->workspace + run->parts.scratch + worker * run->parts.worker),
    };
    weft_run_modifiers_tell(&run->modifiers, work->batch, work->head, call);
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
    weft_merge(call, state_at(run, first), run->parts.state / sizeof(float), split->parts, item->height,
               run->plan->shape.value_dim);
}

static void compute_item(weft_execution *run, const weft_work *work, size_t worker) {
    const weft_item *item = &work->layout->items[work->item];
    weft_kernel_entry *entry = item->height == WEFT_TILE_ROWS ? run->tall : run->strip;
    weft_call call;
    fill_call(run, work, worker, &call);
    if (item->split) {
        compute_part(run, work, entry, &call);
    } else {
        entry(&call);
    }
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
    weft_group group = {0};
    for (;;) {
        int64_t claim = atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed);
        if (claim >= run->items || stopped(run)) return;
        while (claim >= group.first_item + items_of_group(run->plan, &group)) next_group(run->plan, &group);
        weft_work work = work_of(run->plan, &group, claim);
        compute_item(run, &work, worker);
    }
}

/* ---- the run ------------------------------------------------------------------------------------------------ */

static weft_kernel_entry *entry_at(const weft_machine_code *code, uint64_t offset) {
    uintptr_t address = (uintptr_t)code->bytes + (uintptr_t)offset;
    weft_kernel_entry *entry;
    memcpy(&entry, &address, sizeof entry); /* ISO C has no cast from an object to a function */
    return entry;
}

static int64_t count_items(const weft_plan *plan) {
    int64_t items = 0;
    for (int64_t n = 0; n < plan->shape.batch * plan->shape.heads; n++)
        items += plan->layouts[plan->layout_of[n]].item_count;
    return items;
}

static weft_status execute(weft_execution *run, const weft_tensors *tensors, void *workspace,
                           weft_diagnostics *diagnostics) {
    const weft_plan *plan = run->plan;
    enum { BOUNDARY = 64 };
    uintptr_t past = (uintptr_t)workspace % BOUNDARY;
    run->workspace = (unsigned char *)workspace + (past ? BOUNDARY - past : 0);
    run->parts = weft_workspace_of(plan);
    run->items = count_items(plan);
    memset(run->workspace + run->parts.counters, 0, run->parts.states - run->parts.counters);
    atomic_init(&run->next, 0);
    atomic_init(&run->stopped, false);
    size_t workers = run->items < plan->workers ? (size_t)run->items : plan->workers;
    bool ready =
        weft_run_modifiers_begin(&run->modifiers, plan, tensors, run->workspace + run->parts.modifiers, diagnostics);
    if (ready) weft_engine_parallel(plan->kernel->engine, workers, work_until_done, run);
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
    if (!weft_check_tensors(run->plan, tensors, code->dtype, true, &run->views, diagnostics))
        return WEFT_INVALID_ARGUMENT;
    return WEFT_OK;
}

weft_status weft_run(const weft_plan *plan, const weft_tensors *tensors, void *workspace) {
    if (!plan) return WEFT_INVALID_ARGUMENT;
    weft_execution run = {.plan = plan};
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, weft_engine_allocator(plan->kernel->engine), &plan->kernel->program->sources);
    weft_status status = check(&run, tensors, &diagnostics);
    if (status == WEFT_OK)
        status = workspace ? execute(&run, tensors, workspace, &diagnostics)
                           : execute_allocated(&run, tensors, &diagnostics);
    if (status != WEFT_OK) weft_message_set((weft_message *)&plan->message, &diagnostics);
    weft_diagnostics_free(&diagnostics);
    return status;
}
