/* One call for 64 rows, or one for every 16: whichever costs clearly less. Sixteen global rows must not make their
 * neighbours compute every key. */
#include "plan/build.h"

static const double clearly = 0.8;

weft_strip weft_strip_at(weft_strip rows, int64_t first) {
    int64_t end = (weft_floor_div(first, WEFT_STRIP_ROWS) + 1) * WEFT_STRIP_ROWS;
    if (end > rows.first + rows.count) end = rows.first + rows.count;
    return (weft_strip){first, (int32_t)(end - first), WEFT_STRIP_ROWS};
}

/* Whatever the strips are, each visits at least the keys that all rows see: often that settles it. */
static double least_cost(weft_strip rows, const weft_spans *spans) {
    weft_tile all = {.last = WEFT_KEY_GROUP, .many = 1};
    int64_t groups = 0;
    for (uint32_t n = 0; n < spans->full.count; n++)
        groups += (spans->full.at[n].hi - spans->full.at[n].lo) / WEFT_KEY_GROUP;
    all.many = (uint32_t)groups;
    int64_t strips = (rows.count + WEFT_STRIP_ROWS - 1) / WEFT_STRIP_ROWS;
    return (double)strips * weft_tiles_cost(&all, 1, WEFT_STRIP_ROWS);
}

static bool cost_of(weft_planner *planner, weft_layout *layout, weft_strip strip, double *cost) {
    weft_spans spans;
    uint32_t before = layout->tile_count;
    weft_scratch_reset(&planner->probe);
    if (!weft_spans_of(&planner->probe, layout->set, layout->space, strip.first, strip.first + strip.count, &spans) ||
        !weft_append_tiles(planner, layout, &spans))
        return false;
    *cost += weft_tiles_cost(weft_tiles_from(layout, before), layout->tile_count - before, strip.height);
    layout->tile_count = before;
    return true;
}

bool weft_prefer_strips(weft_planner *planner, weft_layout *layout, uint32_t first, weft_strip rows,
                        const weft_spans *spans, bool *strips, double *cost) {
    *strips = false;
    uint32_t count = layout->tile_count - first;
    *cost = weft_tiles_cost(weft_tiles_from(layout, first), count, WEFT_TILE_ROWS);
    double worth = clearly * *cost;
    if (!count || least_cost(rows, spans) >= worth) return true;
    double apart = 0;
    int64_t end = rows.first + rows.count;
    for (int64_t next = rows.first; next < end && apart < worth;) {
        weft_strip strip = weft_strip_at(rows, next);
        if (!cost_of(planner, layout, strip, &apart)) return false;
        next += strip.count;
    }
    *strips = apart < worth;
    if (*strips) *cost = apart;
    return true;
}
