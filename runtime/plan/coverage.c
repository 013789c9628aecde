/* How much of every cell of a grid is in a set. The set is laid out as for a run, some thousand row tiles at a time,
 * and every tile is counted where it lies: runs of whole tiles by what they add to all cells between two, masked tiles
 * by their bits. */
#include <math.h>
#include <string.h>

#include "plan/terms.h"
#include "support/bits.h"

/* What bounds the memory of a batch of row tiles. */
enum { BATCH_ITEMS = 4096, BATCH_TILES = 1 << 18, BATCH_MASKS = 1 << 14 };

/* The grid, one row of cells at a time. */
typedef struct weft_grid {
    int64_t queries, keys, rows, columns;
    int64_t row;      /* of cells, that is being counted */
    uint64_t *pairs;  /* [columns]: pairs counted one by one */
    int64_t *through; /* [columns + 1]: how many more rows than in the cell before have all of its keys */
    float *share;
} weft_grid;

typedef struct weft_sweep {
    weft_plan plan; /* the part of it that the planner looks at: one layout */
    weft_layout layout;
    weft_planner planner;
    weft_diagnostics diagnostics;
    weft_grid *grid;
} weft_sweep;

/* ---- the grid ---------------------------------------------------------------------------------------------------- */

static int64_t cell_begin(int64_t cell, int64_t cells, int64_t length) {
    return cell * (length / cells) + cell * (length % cells) / cells; /* cell * length / cells would overflow */
}

/* The last cell that begins at or before `at`. */
static int64_t cell_of(int64_t at, int64_t cells, int64_t length) {
    return weft_ceil_div((at + 1) * cells, length) - 1;
}

/* `rows` rows have the keys [begin, end). */
static void add_keys(weft_grid *grid, int64_t begin, int64_t end, int64_t rows) {
    int64_t first = cell_of(begin, grid->columns, grid->keys), last = cell_of(end - 1, grid->columns, grid->keys);
    if (first == last) {
        grid->pairs[first] += (uint64_t)((end - begin) * rows);
        return;
    }
    grid->pairs[first] += (uint64_t)((cell_begin(first + 1, grid->columns, grid->keys) - begin) * rows);
    grid->pairs[last] += (uint64_t)((end - cell_begin(last, grid->columns, grid->keys)) * rows);
    grid->through[first + 1] += rows;
    grid->through[last] -= rows;
}

static float share_of(uint64_t pairs, uint64_t area) {
    float share = (float)((double)pairs / (double)area); /* at least 2^-62 of a single pair: no underflow */
    return share >= 1 && pairs < area ? nextafterf(1, 0) : share;
}

/* Writes the row of cells and begins the next one. */
static void end_row(weft_grid *grid) {
    int64_t height =
        cell_begin(grid->row + 1, grid->rows, grid->queries) - cell_begin(grid->row, grid->rows, grid->queries);
    int64_t through = 0, begin = 0;
    float *share = grid->share + grid->row * grid->columns;
    for (int64_t c = 0; c < grid->columns; c++) {
        int64_t end = cell_begin(c + 1, grid->columns, grid->keys);
        through += grid->through[c];
        share[c] = share_of(grid->pairs[c] + (uint64_t)(through * (end - begin)), (uint64_t)(height * (end - begin)));
        begin = end;
    }
    memset(grid->pairs, 0, (size_t)grid->columns * sizeof *grid->pairs);
    memset(grid->through, 0, ((size_t)grid->columns + 1) * sizeof *grid->through);
    grid->row++;
}

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

/* Of the rows whose bits are set in `rows`. */
static void add_masked(const weft_sweep *sweep, const weft_tile *tile, uint64_t rows) {
    weft_grid *grid = sweep->grid;
    const weft_mask *mask = (const weft_mask *)(const void *)sweep->planner.pool.masks.at + tile->many;
    int64_t base = (int64_t)tile->block * WEFT_TILE_KEYS, end = 0, cell = 0;
    for (int k = tile->first; k < tile->last; k++) {
        if (base + k >= end) {
            cell = cell_of(base + k, grid->columns, grid->keys);
            end = cell_begin(cell + 1, grid->columns, grid->keys);
        }
        grid->pairs[cell] += weft_count_bits(mask->key[k] & rows);
    }
}

static void add_full(weft_grid *grid, const weft_tile *tile, int64_t rows) {
    int64_t base = (int64_t)tile->block * WEFT_TILE_KEYS;
    if (tile->first == 0 && tile->last == WEFT_TILE_KEYS) {
        add_keys(grid, base, base + (int64_t)tile->many * WEFT_TILE_KEYS, rows);
        return;
    }
    for (uint32_t n = 0; n < tile->many; n++)
        add_keys(grid, base + n * WEFT_TILE_KEYS + tile->first, base + n * WEFT_TILE_KEYS + tile->last, rows);
}

/* An item's rows lie in one row of cells or, where cells are small, in several. */
static void add_item(const weft_sweep *sweep, const weft_item *item) {
    weft_grid *grid = sweep->grid;
    for (int64_t row = item->row; row < item->row + item->rows;) {
        int64_t end = cell_begin(grid->row + 1, grid->rows, grid->queries);
        int64_t last = end < item->row + item->rows ? end : item->row + item->rows;
        uint64_t bits = ~UINT64_C(0) >> (WEFT_TILE_ROWS - (last - row)) << (row - item->row);
        for (uint32_t n = 0; n < item->tile_count; n++) {
            const weft_tile *tile = &sweep->layout.tiles[item->first_tile + n];
            if (tile->masked)
                add_masked(sweep, tile, bits);
            else
                add_full(grid, tile, last - row);
        }
        if (last == end) end_row(grid);
        row = last;
    }
}

/* ---- batches ----------------------------------------------------------------------------------------------------- */

/* The tiles of the rows from position `first` to the next multiple of 64. */
static bool lay_out_rows(weft_sweep *sweep, int64_t first, int64_t *next) {
    weft_planner *planner = &sweep->planner;
    weft_layout *layout = &sweep->layout;
    weft_spans spans;
    uint32_t tile = layout->tile_count;
    *next = (weft_floor_div(first, WEFT_TILE_ROWS) + 1) * WEFT_TILE_ROWS;
    if (*next > sweep->plan.shape.keys) *next = sweep->plan.shape.keys;
    weft_strip rows = {first, (int32_t)(*next - first), WEFT_TILE_ROWS};
    weft_space space = weft_space_of(sweep->plan.shape.queries, sweep->plan.shape.keys);
    weft_scratch_reset(&planner->rows);
    if (!weft_spans_of(&planner->rows, layout->set, space, first, *next, &spans) ||
        !weft_append_tiles(planner, layout, &spans) || !weft_find_keys(planner, layout, tile, rows) ||
        !weft_reserve(planner->allocator, &layout->items, &layout->item_capacity, (uint64_t)layout->item_count + 1,
                      sizeof *layout->items))
        return false;
    layout->items[layout->item_count++] = (weft_item){.row = first - space.first,
                                                      .first_tile = tile,
                                                      .tile_count = layout->tile_count - tile,
                                                      .height = WEFT_TILE_ROWS,
                                                      .rows = (uint8_t)rows.count};
    return true;
}

/* As many row tiles from position *next on as a batch may hold. */
static bool count_batch(weft_sweep *sweep, int64_t *next) {
    weft_layout *layout = &sweep->layout;
    weft_planner *planner = &sweep->planner;
    layout->tile_count = layout->item_count = 0;
    bool done = weft_planner_init(planner, &sweep->plan, &sweep->diagnostics);
    sweep->plan.layouts = layout;
    sweep->plan.layout_count = 1;
    while (done && *next < sweep->plan.shape.keys && layout->item_count < BATCH_ITEMS &&
           layout->tile_count < BATCH_TILES && planner->pool.to_build < BATCH_MASKS)
        done = lay_out_rows(sweep, *next, next);
    done = done && weft_build_masks(planner);
    for (uint32_t n = 0; done && n < layout->item_count; n++) add_item(sweep, &layout->items[n]);
    weft_planner_free(planner);
    return done;
}

static weft_status count_set(const weft_plan *plan, weft_bound *bound, weft_id set, weft_grid *grid) {
    weft_engine *engine = plan->kernel->engine;
    weft_sweep sweep = {.grid = grid,
                        .layout = {.set = set, .space = weft_space_of(plan->shape.queries, plan->shape.keys)}};
    sweep.plan.kernel = plan->kernel;
    sweep.plan.shape = plan->shape;
    sweep.plan.bound = *bound; /* lent: planning a set adds nothing to it */
    weft_diagnostics_init(&sweep.diagnostics, weft_engine_allocator(engine), NULL);
    weft_status status = WEFT_OK;
    for (int64_t next = plan->shape.keys - plan->shape.queries; next < plan->shape.keys && status == WEFT_OK;) {
        if (weft_engine_cancelled(engine))
            status = WEFT_CANCELLED;
        else if (!count_batch(&sweep, &next))
            status = sweep.diagnostics.errors ? WEFT_UNSUPPORTED : WEFT_OUT_OF_MEMORY;
    }
    if (sweep.diagnostics.errors) weft_message_set((weft_message *)&plan->message, &sweep.diagnostics);
    weft_layout_free(&sweep.layout, weft_engine_allocator(engine));
    weft_diagnostics_free(&sweep.diagnostics);
    return status;
}

weft_status weft_plan_coverage(const weft_plan *plan, int64_t batch, int64_t head, int64_t term, int64_t rows,
                               int64_t columns, float *share) {
    if (!plan || !share || rows < 1 || rows > plan->shape.queries || columns < 1 || columns > plan->shape.keys)
        return WEFT_INVALID_ARGUMENT;
    if (!weft_plan_has_head(plan, batch, head)) return WEFT_INVALID_ARGUMENT;
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    weft_grid grid = {
        .queries = plan->shape.queries, .keys = plan->shape.keys, .rows = rows, .columns = columns, .share = share};
    size_t pairs_bytes = (size_t)columns * sizeof *grid.pairs, through_bytes = pairs_bytes + sizeof *grid.through;
    grid.pairs = weft_allocate_zero(allocator, pairs_bytes);
    grid.through = weft_allocate_zero(allocator, through_bytes);
    weft_terms terms;
    bool ready = weft_terms_init(&terms, plan, batch, head) && grid.pairs && grid.through;
    bool exists = !ready || term == WEFT_ALL_TERMS || (term >= 0 && term < weft_terms_count(&terms));
    weft_id set = ready && exists ? weft_terms_set(&terms, term) : 0;
    weft_status status = exists ? WEFT_OUT_OF_MEMORY : WEFT_INVALID_ARGUMENT;
    if (set) status = count_set(plan, &terms.bound, set, &grid);
    weft_terms_free(&terms);
    weft_free(allocator, grid.pairs, pairs_bytes);
    weft_free(allocator, grid.through, through_bytes);
    return status;
}
