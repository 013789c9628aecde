/* Clusters as calls of the kernel: up to 1024 keys of a cluster at a time, gathered unless they lie in order, with
 * masks that are made on the way. Each call folds into o and lse. Of outputs of 16 bits that would round each row many
 * times, so there floats stand in for o, and are folded into it when all is done. */
#include <math.h>
#include <string.h>

#include "exec/exec.h"

enum { BOUNDARY = 64, TILES = WEFT_CLUSTER_KEYS / WEFT_TILE_KEYS };

static size_t rounded(size_t bytes) { return (bytes + BOUNDARY - 1) / BOUNDARY * BOUNDARY; }

static weft_dtype dtype_of(const weft_plan *plan) { return (weft_dtype)plan->kernel->code.dtype; }

static size_t rows_bytes(const weft_plan *plan, int64_t dims) {
    return rounded(WEFT_CLUSTER_KEYS * (size_t)dims * weft_dtype_size(dtype_of(plan)));
}

size_t weft_gathered_bytes(const weft_plan *plan) {
    if (!plan->clusters) return 0;
    return rows_bytes(plan, plan->shape.head_dim) + rows_bytes(plan, plan->shape.value_dim) + TILES * sizeof(weft_mask);
}

/* ---- one item ---------------------------------------------------------------------------------------------------- */

typedef struct weft_gathering {
    const weft_cluster_job *job;
    weft_call call;
    unsigned char *keys, *values;
    weft_mask *masks;
    const uint32_t *order; /* what is gathered: keys [first, end) of that order, of the tiles whose bit is set */
    int64_t first, end;
    uint32_t tiles;
} weft_gathering;

static void gather_row(const weft_view *view, const unsigned char *from, unsigned char *to) {
    size_t element = view->element;
    if (view->stride[3] == 1) {
        memcpy(to, from, (size_t)view->size[3] * element);
        return;
    }
    for (int64_t d = 0; d < view->size[3]; d++)
        memcpy(to + (size_t)d * element, from + d * view->stride[3] * (int64_t)element, element);
}

static void gather_rows(const weft_gathering *g, const weft_view *view, const weft_pairs *pairs, int64_t at,
                        unsigned char *to) {
    const weft_work *work = g->job->work;
    size_t bytes = (size_t)view->size[3] * view->element;
    for (int32_t k = 0; k < pairs->key_count; k++)
        gather_row(view, weft_view_at(view, work->batch, work->kv_head, pairs->keys[k]), to + (size_t)(at + k) * bytes);
}

static void gather_tile(weft_gathering *g, const weft_pairs *pairs, uint32_t tile) {
    if (g->tiles >> tile & 1) return;
    gather_rows(g, &g->job->views->k, pairs, (int64_t)tile * WEFT_TILE_KEYS, g->keys);
    gather_rows(g, &g->job->views->v, pairs, (int64_t)tile * WEFT_TILE_KEYS, g->values);
    g->tiles |= UINT32_C(1) << tile;
}

/* The tile of the pairs, trimmed; false: none of them counts. */
static bool make_tile(weft_gathering *g, const weft_pairs *pairs, uint32_t block, weft_tile *tile, uint64_t *seen) {
    uint64_t any = 0, all = UINT64_MAX;
    int32_t first = pairs->key_count, last = 0;
    for (int32_t k = 0; k < pairs->key_count; k++) {
        any |= pairs->word[k];
        all &= pairs->word[k];
        if (!pairs->word[k]) continue;
        if (k < first) first = k;
        last = k + 1;
    }
    if (!any) return false;
    *seen |= any;
    bool whole = all == UINT64_MAX >> (WEFT_TILE_ROWS - pairs->row_count);
    last = (last + WEFT_KEY_GROUP - 1) / WEFT_KEY_GROUP * WEFT_KEY_GROUP;
    *tile = (weft_tile){.block = block,
                        .many = whole ? 1 : block,
                        .first = (uint8_t)(first / WEFT_KEY_GROUP * WEFT_KEY_GROUP),
                        .last = (uint8_t)(last < pairs->key_count ? last : pairs->key_count),
                        .masked = !whole};
    if (!whole) memcpy(g->masks[block].key, pairs->word, sizeof pairs->word);
    return true;
}

static void mark_rows(const weft_gathering *g, const weft_cluster *cluster, uint64_t seen) {
    for (int32_t r = 0; g->job->marks && r < cluster->row_count; r++)
        if (seen >> r & 1) weft_mark_row(g->job->plan, g->job->marks, g->job->work, cluster->rows[r]);
}

/* Keys [at, end) of the cluster, 1024 at most. */
static void compute_part(weft_gathering *g, const weft_cluster *cluster, int64_t at, int64_t end) {
    const weft_cluster_job *job = g->job;
    const weft_view *k = &job->views->k, *v = &job->views->v;
    weft_tile tiles[TILES];
    uint64_t seen = 0;
    bool again = g->order == cluster->keys && g->first == at && g->end == end;
    if (!again) g->order = cluster->keys, g->first = at, g->end = end, g->tiles = 0;
    g->call.tile_count = 0;
    for (uint32_t tile = 0; at + tile * WEFT_TILE_KEYS < end; tile++) {
        weft_pairs pairs;
        weft_cluster_pairs(job->plan, job->work->layout, job->bound, cluster, at + tile * WEFT_TILE_KEYS, &pairs);
        if (!make_tile(g, &pairs, tile, &tiles[g->call.tile_count], &seen)) continue;
        g->call.tile_count++;
        if (cluster->keys) gather_tile(g, &pairs, tile);
    }
    if (!g->call.tile_count) return;
    g->call.tiles = tiles;
    g->call.keys = end - at;
    g->call.row_index = cluster->rows;
    g->call.rows = cluster->row_count;
    g->call.k = cluster->keys ? g->keys : weft_view_at(k, job->work->batch, job->work->kv_head, at);
    g->call.v = cluster->keys ? g->values : weft_view_at(v, job->work->batch, job->work->kv_head, at);
    g->call.k_row = cluster->keys ? k->size[3] : k->stride[2];
    g->call.v_row = cluster->keys ? v->size[3] : v->stride[2];
    g->call.k_dim = cluster->keys ? 1 : k->stride[3];
    g->call.v_dim = cluster->keys ? 1 : v->stride[3];
    (cluster->row_count <= WEFT_STRIP_ROWS ? job->strip : job->tall)(&g->call);
    mark_rows(g, cluster, seen);
}

static void compute_cluster(void *user, const weft_cluster *cluster) {
    for (int64_t at = cluster->first, end; at < cluster->end; at = end) {
        end = at + WEFT_CLUSTER_KEYS < cluster->end ? at + WEFT_CLUSTER_KEYS : cluster->end;
        compute_part(user, cluster, at, end);
    }
}

/* ---- floats that stand in for o ---------------------------------------------------------------------------------- */

/* Rows of all heads, then their lse. */
static size_t wide_rows(const weft_plan *plan) { return weft_plan_heads(plan) * (size_t)plan->shape.queries; }
static size_t wide_row(const weft_plan *plan) { return (size_t)weft_whole_registers(plan->shape.value_dim); }
static bool is_wide(const weft_plan *plan) { return plan->clusters && dtype_of(plan) != WEFT_F32; }

size_t weft_wide_bytes(const weft_plan *plan) {
    return is_wide(plan) ? rounded(wide_rows(plan) * (wide_row(plan) + 1) * sizeof(float)) : 0;
}

static float *wide_lse(const weft_plan *plan, unsigned char *wide) {
    return (float *)(void *)wide + wide_rows(plan) * wide_row(plan);
}

void weft_wide_begin(const weft_plan *plan, unsigned char *wide) {
    if (!is_wide(plan)) return;
    float *lse = wide_lse(plan, wide);
    for (size_t n = 0; n < wide_rows(plan); n++) lse[n] = -INFINITY;
}

typedef struct weft_ending {
    const weft_plan *plan;
    const weft_views *views;
    unsigned char *wide;
    uint32_t workers;
} weft_ending;

static void end_row(const weft_ending *e, size_t n, int64_t row) {
    const weft_view *o = &e->views->o;
    int64_t batch = (int64_t)n / e->plan->shape.heads, head = (int64_t)n % e->plan->shape.heads;
    size_t number = n * (size_t)e->plan->shape.queries + (size_t)row;
    const float *from = (const float *)(void *)e->wide + number * wide_row(e->plan);
    float *lse = weft_view_at(&e->views->lse, batch, head, row), fresh = wide_lse(e->plan, e->wide)[number];
    if (fresh == -INFINITY) return;
    float most = *lse > fresh ? *lse : fresh, total = most + logf(expf(*lse - most) + expf(fresh - most));
    float kept = expf(*lse - total), share = expf(fresh - total);
    void *to = weft_view_at(o, batch, head, row);
    for (int64_t d = 0; d < e->plan->shape.value_dim; d++) {
        float old = kept != 0 ? kept * weft_element_at(to, d * o->stride[3], o->dtype) : 0;
        weft_element_set(to, d * o->stride[3], o->dtype, old + share * from[d]);
    }
    *lse = total;
}

static void end_rows(void *user, size_t worker) {
    const weft_ending *e = user;
    for (int64_t row = (int64_t)worker; row < (int64_t)wide_rows(e->plan); row += e->workers)
        end_row(e, (size_t)(row / e->plan->shape.queries), row % e->plan->shape.queries);
}

void weft_wide_end(const weft_plan *plan, const weft_views *views, uint32_t workers, unsigned char *wide) {
    weft_ending ending = {plan, views, wide, workers};
    if (is_wide(plan)) weft_engine_parallel(plan->kernel->engine, workers, end_rows, &ending);
}

/* ---- an item ----------------------------------------------------------------------------------------------------- */

void weft_compute_clusters(const weft_cluster_job *job, const weft_call *call) {
    const weft_plan *plan = job->plan;
    const weft_views *views = job->views;
    const weft_work *work = job->work;
    weft_gathering g = {.job = job, .call = *call, .keys = job->gathered};
    size_t first = (size_t)(work->batch * plan->shape.heads + work->head) * (size_t)plan->shape.queries;
    g.values = g.keys + rows_bytes(plan, plan->shape.head_dim);
    g.masks = (weft_mask *)(void *)(g.values + rows_bytes(plan, plan->shape.value_dim));
    g.call.q = weft_view_at(&views->q, work->batch, work->head, 0);
    g.call.o = weft_view_at(&views->o, work->batch, work->head, 0);
    g.call.lse = weft_view_at(&views->lse, work->batch, work->head, 0);
    g.call.q_row = views->q.stride[2];
    g.call.o_row = views->o.stride[2];
    g.call.lse_row = views->lse.stride[2];
    g.call.masks = g.masks;
    g.call.next = NULL;
    g.call.packed = NULL;
    if (is_wide(plan)) {
        g.call.wide = (float *)(void *)job->wide + first * wide_row(plan);
        g.call.wide_row = (int64_t)wide_row(plan);
        g.call.lse = wide_lse(plan, job->wide) + first;
        g.call.lse_row = 1;
    }
    weft_visit_clusters(plan, work->layout, job->bound, work->layout->items[work->item].row, job->clustering,
                        compute_cluster, &g);
}
