/* The keys of single rows, as ranges. */
#include "plan/terms.h"

typedef struct weft_visit {
    const weft_plan *plan;
    weft_terms terms;
    weft_id set;
    weft_space space;
    weft_scratch scratch;
    weft_key_range *ranges;
    uint32_t range_capacity;
} weft_visit;

/* Spans of a single row leave keys open only where a condition is too hard: those are asked one by one. */
static weft_intervals settle(weft_visit *v, const weft_spans *spans, int64_t i) {
    bool settled = spans->full.count == spans->may.count;
    for (uint32_t n = 0; settled && n < spans->full.count; n++)
        settled = spans->full.at[n].lo == spans->may.at[n].lo && spans->full.at[n].hi == spans->may.at[n].hi;
    if (settled) return spans->full;
    weft_intervals open = weft_intervals_difference(&v->scratch, spans->may, spans->full);
    weft_interval_list found = {0};
    for (uint32_t n = 0; n < open.count; n++)
        for (int64_t j = open.at[n].lo; j < open.at[n].hi; j++)
            if (weft_contains(&v->terms.bound, v->set, v->space, i, j))
                weft_intervals_append(&v->scratch, &found, j, j + 1);
    return weft_intervals_union(&v->scratch, spans->full, weft_intervals_of(&found));
}

static weft_status visit_row(weft_visit *v, int64_t row, weft_row_hook *visit, void *user) {
    int64_t i = row + v->space.first;
    weft_spans spans;
    weft_scratch_reset(&v->scratch);
    if (!weft_spans_of(&v->scratch, v->set, v->space, i, i + 1, &spans)) return WEFT_OUT_OF_MEMORY;
    weft_intervals keys = settle(v, &spans, i);
    if (v->scratch.failed ||
        !weft_reserve(v->scratch.arena.allocator, &v->ranges, &v->range_capacity, keys.count, sizeof *v->ranges))
        return WEFT_OUT_OF_MEMORY;
    for (uint32_t n = 0; n < keys.count; n++) v->ranges[n] = (weft_key_range){keys.at[n].lo, keys.at[n].hi};
    return visit(user, row, v->ranges, keys.count) ? WEFT_OK : WEFT_CANCELLED;
}

static bool rows_exist(const weft_plan *plan, const int64_t *rows, size_t count) {
    if (!rows) return count <= (uint64_t)plan->shape.queries;
    for (size_t n = 0; n < count; n++)
        if (rows[n] < 0 || rows[n] >= plan->shape.queries) return false;
    return true;
}

static weft_status visit_rows(weft_visit *v, const int64_t *rows, size_t count, weft_row_hook *visit, void *user) {
    const weft_engine *engine = v->plan->kernel->engine;
    weft_status status = WEFT_OK;
    for (size_t n = 0; n < count && status == WEFT_OK; n++) {
        status = visit_row(v, rows ? rows[n] : (int64_t)n, visit, user);
        if (n % 1024 == 0 && weft_engine_cancelled(engine)) status = WEFT_CANCELLED;
    }
    return status;
}

weft_status weft_plan_rows(const weft_plan *plan, int64_t batch, int64_t head, const int64_t *rows, size_t count,
                           weft_row_hook *visit, void *user) {
    if (!plan || !visit || !weft_plan_has_head(plan, batch, head) || !rows_exist(plan, rows, count))
        return WEFT_INVALID_ARGUMENT;
    weft_visit v = {.plan = plan, .space = weft_space_of(plan->shape.queries, plan->shape.keys)};
    weft_status status = WEFT_OUT_OF_MEMORY;
    bool ready = weft_terms_init(&v.terms, plan, batch, head);
    v.set = ready ? weft_terms_set(&v.terms, WEFT_ALL_TERMS) : 0;
    if (v.set && weft_scratch_init(&v.scratch, &v.terms.bound)) {
        status = visit_rows(&v, rows, count, visit, user);
        weft_free(weft_engine_allocator(plan->kernel->engine), v.ranges, v.range_capacity * sizeof *v.ranges);
        weft_scratch_free(&v.scratch);
    }
    weft_terms_free(&v.terms);
    return status;
}
