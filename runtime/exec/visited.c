/* What is to be taken away: products of features for the pairs that a head attends to, item by item of what its stages
 * visit, added up row by row. The keys of an item are taken 64 at a time wherever they lie, so that tiles and lists are
 * the same: a mask of rows for each key. */
#include <math.h>

#include "exec/rest.h"
#include "support/bits.h"

enum { WORD = 64 };

/* One item. */
typedef struct weft_visit {
    const weft_estimation *run;
    const weft_work *work;
    const weft_item *item;
    size_t n, worker;
    int64_t first, stride; /* query row of the item's first one, and from one to the next */
    weft_pairing pairing;
} weft_visit;

/* Rows that exist, and, where pairs are causal, do not lie before the key. */
static uint64_t rows_that_may(const weft_visit *v, int64_t key) {
    const weft_plan *plan = v->run->plan;
    uint64_t all = ~UINT64_C(0) >> (WORD - v->item->rows);
    if (!plan->kernel->program->rest.causal) return all;
    int64_t i = v->first + plan->shape.keys - plan->shape.queries;
    int64_t early = key > i ? weft_ceil_div(key - i, v->stride) : 0;
    return early < v->item->rows ? all >> early << early : 0;
}

static void add(weft_visit *v, int64_t key, uint64_t rows) {
    int64_t j = v->work->residue + key * v->stride;
    weft_pairing_add(&v->pairing, j, rows & rows_that_may(v, j));
}

static void visit_tiles(weft_visit *v, const weft_item *item) {
    const weft_layout *layout = v->work->layout;
    for (uint32_t n = 0; n < item->tile_count; n++) {
        const weft_tile *tile = &layout->tiles[item->first_tile + n];
        for (int64_t step = 0; step < weft_tile_steps(tile); step++)
            for (int k = tile->first; k < tile->last; k++) {
                int64_t key = ((int64_t)tile->block + step) * WEFT_TILE_KEYS + k;
                if (key < layout->space.keys)
                    add(v, key, tile->masked ? v->run->plan->masks[tile->many].key[k] : ~UINT64_C(0));
            }
    }
}

/* ---- lists ------------------------------------------------------------------------------------------------------- */

static void mark(weft_key_marks *marks, int64_t key, int64_t row) {
    marks->rows[key] |= UINT64_C(1) << row;
    marks->words[key / WORD] |= UINT64_C(1) << key % WORD;
}

static void mark_rows(weft_visit *v, weft_key_marks *marks) {
    const weft_layout *layout = v->work->layout;
    const weft_item *item = v->item;
    if (!layout->at_run) {
        const int64_t *begin = layout->list_begin + item->row;
        for (int64_t row = 0; row < item->rows; row++)
            for (int64_t n = begin[row]; n < begin[row + 1]; n++) mark(marks, layout->list_keys[n], row);
        return;
    }
    enum { ROOM = 64 };
    uint32_t keys[ROOM], count;
    weft_bound bound = weft_rest_bound(v->run, v->worker, v->n);
    unsigned char *own = v->run->workspace + v->run->parts->workers + v->worker * v->run->parts->worker;
    weft_lister lister = weft_lister_of(&bound, layout, own + v->run->parts->lister);
    for (int64_t row = 0; row < item->rows; row++) {
        weft_lister_begin(&lister, item->row + row);
        while ((count = weft_lister_take(&lister, keys, ROOM)))
            for (uint32_t n = 0; n < count; n++) mark(marks, keys[n], row);
    }
}

static void visit_lists(weft_visit *v) {
    weft_key_marks marks = weft_rest_marks(v->run, v->worker);
    mark_rows(v, &marks);
    for (int64_t at = 0; at < weft_ceil_div(v->work->layout->space.keys, WORD); at++)
        for (uint64_t *word = &marks.words[at]; *word; *word &= *word - 1) {
            int64_t key = at * WORD + weft_lowest_bit(*word);
            add(v, key, marks.rows[key]);
            marks.rows[key] = 0;
        }
}

/* ---- items ------------------------------------------------------------------------------------------------------- */

/* Row r of the outcome is added to what other items have left of that query. */
static void add_row(const weft_visit *v, const float *outcome, int64_t row) {
    float *to = weft_visited_row(v->run, v->n, v->first + row * v->stride);
    const float *from = outcome + row;
    if (from[WEFT_TILE_ROWS] == 0) return;
    float most = to[1] != 0 && !(to[0] < from[0]) ? to[0] : from[0];
    float old = to[1] == 0 ? 0 : exp2f(to[0] - most), fresh = exp2f(from[0] - most);
    to[0] = most;
    for (int64_t n = 1; n < v->run->features.value_dim + 2; n++) to[n] = to[n] * old + from[n * WEFT_TILE_ROWS] * fresh;
}

/* All parts of a split row tile are visited with its first one. */
static void visit(weft_visit *v) {
    const weft_layout *layout = v->work->layout;
    const weft_split *split = v->item->split ? &layout->splits[v->item->split - 1] : NULL;
    weft_head_keys keys = weft_rest_keys(v->run, v->n);
    weft_head_rows queries = weft_rest_queries(v->run, v->n);
    weft_feature_room room = weft_rest_room(v->run, v->worker);
    if (split && v->work->item != split->first_item) return;
    weft_look_at_queries(&v->run->features, &queries, v->first, v->stride, v->item->rows, keys.factor, &room);
    v->pairing = weft_pairing_begin(&v->run->features, &keys, &room, room.outcome[0]);
    if (layout->list) {
        visit_lists(v);
    } else {
        for (uint32_t part = 0; part < (split ? split->parts : 1); part++) visit_tiles(v, v->item + part);
    }
    if (!weft_pairing_end(&v->pairing)) return;
    for (int64_t row = 0; row < v->item->rows; row++) add_row(v, room.outcome[0], row);
}

void weft_visit_items(void *user, size_t worker) {
    weft_estimation *run = user;
    const weft_plan *plan = run->plan;
    weft_squad squad = weft_first_squad(plan, run->phase);
    weft_work work;
    while (!weft_rest_is_stopped(run) &&
           weft_claim(&squad, atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed), &work)) {
        size_t n = (size_t)(work.batch * plan->shape.heads + work.head);
        if (work.chunk != WEFT_NO_CHUNK || !plan->routes[plan->route_of[n]].subtracts) continue;
        const weft_item *item = &work.layout->items[work.item];
        weft_visit v = {.run = run, .work = &work, .item = item, .n = n, .worker = worker};
        v.stride = work.stage->stride;
        v.first = weft_stage_row(plan, work.stage, work.residue, item->row);
        visit(&v);
    }
}
