/* Layouts of lists: each row has its own. What is drawn is drawn here, once, and held against the rest of the set; what
 * a run brings has nothing but its rows. */
#include "plan/build.h"
#include "plan/clusters.h"

enum { MOST_ENTRIES = 8192 }; /* of an item */

bool weft_list_is_at_run(const weft_plan *plan, weft_id set, weft_id list) {
    if (weft_is_own_key(&plan->bound.dag, list)) return true; /* which rows need it */
    return weft_reads_run(&plan->bound.dag, list) || weft_reads_run(&plan->bound.dag, set);
}

/* ---- draws ---------------------------------------------------------------------------------------------------- */

static bool add_entry(weft_planner *planner, weft_layout *layout, int64_t key) {
    if (layout->list_count == WEFT_MAX_LISTED) {
        weft_diagnose(planner->diagnostics, WEFT_E0406, WEFT_NO_SPAN,
                      "at this shape the pattern draws more than %d keys", WEFT_MAX_LISTED);
        return false;
    }
    if (!weft_reserve(planner->allocator, &layout->list_keys, &layout->list_capacity, (uint64_t)layout->list_count + 1,
                      sizeof *layout->list_keys))
        return false;
    layout->list_keys[layout->list_count++] = (uint32_t)key;
    return true;
}

/* What the set of a list that a run decides says is asked then. */
static bool is_kept(weft_planner *planner, const weft_layout *layout, int64_t i, int64_t key) {
    if (layout->at_run || weft_node_at(&planner->plan->bound.dag, layout->set)->op == WEFT_ATOM_ALL) return true;
    planner->probe.contains_calls++;
    return weft_contains_with(&planner->probe, layout->set, layout->space, i, key);
}

static bool draw_row(weft_planner *planner, weft_layout *layout, int64_t row) {
    weft_intervals drawn;
    int64_t i = row + layout->space.first;
    if (!weft_list_row(&planner->rows, layout->list, layout->space, i, &drawn)) return false;
    planner->rows.span_calls++;
    for (uint32_t n = 0; n < drawn.count; n++)
        for (int64_t key = drawn.at[n].lo; key < drawn.at[n].hi; key++)
            if (is_kept(planner, layout, i, key) && !add_entry(planner, layout, key)) return false;
    layout->list_begin[row + 1] = layout->list_count;
    return !planner->probe.failed;
}

static bool draw(weft_planner *planner, weft_layout *layout) {
    int64_t rows = layout->space.queries;
    layout->list_begin = weft_allocate(planner->allocator, ((size_t)rows + 1) * sizeof *layout->list_begin);
    if (!layout->list_begin) return false;
    layout->list_begin[0] = 0;
    for (int64_t row = 0; row < rows; row++) {
        if (row % WEFT_TILE_ROWS == 0) weft_scratch_reset(&planner->probe), weft_scratch_reset(&planner->rows);
        if (!draw_row(planner, layout, row)) return false;
    }
    weft_shrink(planner->allocator, &layout->list_keys, &layout->list_capacity, layout->list_count,
                sizeof *layout->list_keys);
    if (!layout->at_run) layout->pairs = layout->computed_pairs = layout->list_count;
    return true;
}

/* ---- items ---------------------------------------------------------------------------------------------------- */

/* Of what a run brings nothing is known: as many keys as tiles have rows. */
static double entries_of(const weft_layout *layout, int64_t row, int64_t count) {
    if (!layout->list_begin) return (double)WEFT_TILE_ROWS * (double)count;
    return (double)(layout->list_begin[row + count] - layout->list_begin[row]);
}

/* After the first phase, rows without keys have what they need. */
static bool add_item(weft_planner *planner, weft_layout *layout, int64_t row, int64_t count) {
    double entries = entries_of(layout, row, count);
    if (layout->phase > 0 && entries == 0) return true;
    if (!weft_reserve(planner->allocator, &layout->items, &layout->item_capacity, (uint64_t)layout->item_count + 1,
                      sizeof *layout->items))
        return false;
    layout->items[layout->item_count++] = (weft_item){
        .row = row, .height = WEFT_TILE_ROWS, .rows = (uint8_t)count, .cost = (float)weft_list_cost(count, entries)};
    return true;
}

bool weft_plan_lists(weft_planner *planner, weft_layout *layout) {
    bool drawn = weft_node_at(&planner->plan->bound.dag, layout->list)->op == WEFT_ATOM_RANDOM;
    if (drawn && !draw(planner, layout)) return false;
    planner->plan->lists_at_run |= layout->at_run;
    int64_t rows = layout->space.queries;
    for (int64_t row = 0; layout->clusters && row < rows; row += weft_cluster_rows(planner->plan, layout))
        if (!add_item(planner, layout, row, rows - row < WEFT_TILE_ROWS ? rows - row : WEFT_TILE_ROWS)) return false;
    for (int64_t row = layout->clusters ? rows : 0, count; row < rows; row += count) {
        count = 1;
        while (count < WEFT_TILE_ROWS && row + count < rows && entries_of(layout, row, count + 1) <= MOST_ENTRIES)
            count++;
        if (!add_item(planner, layout, row, count)) return false;
    }
    weft_shrink(planner->allocator, &layout->items, &layout->item_capacity, layout->item_count, sizeof *layout->items);
    return true;
}
