/* The lists of a head, visited as a run would. */
#include "plan/clusters.h"

enum { ROOM = 256 };

static size_t open_bytes(const weft_plan *plan) { return plan->kernel->program->parameter_count * sizeof(weft_array); }

bool weft_plan_open(const weft_plan *plan, size_t n, weft_opened *opened) {
    const weft_shape *shape = &plan->shape;
    *opened = (weft_opened){.bound = plan->bound};
    weft_see_choices(&opened->bound, &plan->shown.selection, plan->shown.memory, n);
    opened->open = weft_allocate(weft_engine_allocator(plan->kernel->engine), open_bytes(plan));
    if (!opened->open) return open_bytes(plan) == 0;
    weft_open_keys(plan->kernel->program, plan->arguments, (int64_t)n / shape->heads, (int64_t)n % shape->heads,
                   opened->open);
    opened->bound.open = opened->open;
    return true;
}

void weft_plan_close(const weft_plan *plan, weft_opened *opened) {
    weft_free(weft_engine_allocator(plan->kernel->engine), opened->open, open_bytes(plan));
}

/* ---- lists ---------------------------------------------------------------------------------------------------- */

typedef struct weft_list_visit {
    const weft_plan *plan;
    weft_opened opened;
    void *memory, *clustering; /* of a lister, of clusters */
    weft_listed_hook *hook;
    void *user;
    bool at_run_only;
} weft_list_visit;

static bool visit_drawn(const weft_list_visit *v, const weft_layout *layout) {
    for (int64_t row = 0; row < layout->space.queries; row++) {
        int64_t begin = layout->list_begin[row], end = layout->list_begin[row + 1];
        if (end > begin && !v->hook(v->user, row, layout->list_keys + begin, (uint32_t)(end - begin))) return false;
    }
    return true;
}

static bool visit_at_run(const weft_list_visit *v, const weft_layout *layout) {
    weft_lister lister = weft_lister_of(&v->opened.bound, layout, v->memory);
    uint32_t keys[ROOM];
    for (int64_t row = 0; row < layout->space.queries; row++) {
        weft_lister_begin(&lister, row);
        for (uint32_t count; (count = weft_lister_take(&lister, keys, ROOM));)
            if (!v->hook(v->user, row, keys, count)) return false;
    }
    return true;
}

/* A cluster at a time, of each row the keys of a tile. */
typedef struct weft_cluster_visit {
    const weft_list_visit *of;
    const weft_layout *layout;
    bool stopped;
} weft_cluster_visit;

static void visit_pairs(weft_cluster_visit *b, const weft_pairs *pairs) {
    for (int32_t r = 0; r < pairs->row_count && !b->stopped; r++) {
        uint32_t keys[WEFT_TILE_KEYS], count = 0;
        for (int32_t k = 0; k < pairs->key_count; k++)
            if (pairs->word[k] >> r & 1) keys[count++] = pairs->keys[k];
        if (count) b->stopped = !b->of->hook(b->of->user, pairs->rows[r], keys, count);
    }
}

static void visit_cluster(void *user, const weft_cluster *cluster) {
    weft_cluster_visit *b = user;
    for (int64_t at = cluster->first; at < cluster->end && !b->stopped; at += WEFT_TILE_KEYS) {
        weft_pairs pairs;
        weft_cluster_pairs(b->of->plan, b->layout, &b->of->opened.bound, cluster, at, &pairs);
        visit_pairs(b, &pairs);
    }
}

static bool visit_clusters(const weft_list_visit *v, const weft_layout *layout) {
    weft_cluster_visit b = {.of = v, .layout = layout};
    for (uint32_t n = 0; n < layout->item_count && !b.stopped; n++)
        weft_visit_clusters(v->plan, layout, &v->opened.bound, layout->items[n].row, v->clustering, visit_cluster, &b);
    return !b.stopped;
}

static bool visit_layout(const weft_list_visit *v, const weft_layout *layout) {
    return layout->clusters ? visit_clusters(v, layout)
           : layout->at_run ? visit_at_run(v, layout)
                            : visit_drawn(v, layout);
}

static bool visit_stages(const weft_list_visit *v, size_t n) {
    for (uint32_t phase = 0; phase < v->plan->phase_count; phase++) {
        const weft_stage *stage = weft_plan_stage(v->plan, n, phase);
        const weft_layout *layout = stage ? weft_stage_layout(v->plan, stage, 0) : NULL;
        if (!layout || !layout->list || (v->at_run_only && !layout->at_run)) continue;
        if (!visit_layout(v, layout)) return false;
    }
    return true;
}

static bool visit_head(const weft_plan *plan, size_t n, bool at_run_only, weft_listed_hook *hook, void *user) {
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    size_t bytes = weft_lister_bytes(plan->shape.keys), clustering = weft_cluster_bytes(plan);
    weft_list_visit v = {.plan = plan, .hook = hook, .user = user, .at_run_only = at_run_only};
    v.memory = weft_allocate_zero(allocator, bytes);
    v.clustering = weft_allocate(allocator, clustering);
    bool done = weft_plan_open(plan, n, &v.opened) && v.memory && (!clustering || v.clustering) && visit_stages(&v, n);
    weft_plan_close(plan, &v.opened);
    weft_free(allocator, v.clustering, clustering);
    weft_free(allocator, v.memory, bytes);
    return done;
}

bool weft_plan_visit_lists(const weft_plan *plan, size_t n, weft_listed_hook *visit, void *user) {
    return visit_head(plan, n, false, visit, user);
}

static bool count(void *user, int64_t row, const uint32_t *keys, uint32_t many) {
    (void)row, (void)keys;
    *(double *)user += many;
    return true;
}

bool weft_plan_listed_pairs(const weft_plan *plan, size_t n, double *pairs) {
    *pairs = 0;
    return visit_head(plan, n, true, count, pairs);
}
