/* Blocks of keys that are best for a row: by the mean of their keys (MoBA, Lu et al. 2025), or by the most that a key
 * between their least and largest elements could give (Quest, Tang et al. 2024). First every block is summed up, once a
 * KV head; then rows choose, sixteen at a time.
 *
 * Of equal scores the lower number is better. A score that is NaN, because of a key of the block or of the query,
 * counts as -inf: of such blocks the lowest are chosen, and only after all others. */
#include <math.h>

#include "select/select.h"

enum { PART_KEYS = 256, PART_ROWS = 64, BY_BOUNDS = 1, FORCE_OWN = 0, FORCE_LAST = 1 };

/* ---- when the plan is made --------------------------------------------------------------------------------------- */

static bool prepare(const weft_selection *selection, const weft_bound *bound, weft_selector *selector,
                    weft_diagnostics *diagnostics) {
    const weft_dag *dag = &bound->dag;
    const weft_shape *shape = &selection->shape;
    int64_t k = weft_operand_int(dag, selector->atom, 0);
    selector->block = weft_operand_int(dag, selector->atom, 1);
    selector->by = (int32_t)weft_operand_int(dag, selector->atom, 2);
    selector->force = (int32_t)weft_operand_int(dag, selector->atom, 3);
    selector->blocks = weft_ceil_div(shape->keys, selector->block);
    selector->blocks_a_row = k < 0 ? 0 : k < selector->blocks ? k : selector->blocks;
    if (selector->blocks_a_row > WEFT_MAX_CHOSEN / shape->queries) {
        weft_diagnose(diagnostics, WEFT_E0406, weft_node_at(dag, selector->atom)->place,
                      "a `topk` of %lld blocks a row chooses more than %d at this shape",
                      (long long)selector->blocks_a_row, WEFT_MAX_CHOSEN);
        return false;
    }
    weft_id within = weft_operand(dag, selector->atom, 4);
    return weft_candidates_make(&selector->candidates, bound, shape, within, 0, shape->queries, selector->block);
}

/* Floats that sum up a block: means, or the largest elements and the least. */
static int64_t summary_of(const weft_selection *selection, const weft_selector *selector) {
    return selection->shape.head_dim * (selector->by == BY_BOUNDS ? 2 : 1);
}

static void place(const weft_selection *selection, const weft_selector *selector, const weft_choice *shared,
                  weft_carving *carving, weft_choice *choice) {
    size_t chosen = (size_t)(selection->shape.queries * selector->blocks_a_row) * sizeof *choice->blocks;
    size_t summed = (size_t)(selector->blocks * summary_of(selection, selector)) * sizeof *choice->summaries;
    double scored = (double)selector->blocks * (double)selection->shape.queries + (double)selection->shape.keys;
    choice->flops = 2 * scored * (double)selection->shape.head_dim;
    choice->choices = selector->blocks;
    choice->blocks_a_row = selector->blocks_a_row;
    choice->summaries = shared ? shared->summaries : weft_carve(carving, summed);
    choice->blocks = weft_carve(carving, chosen);
}

/* A worker's own: rows side by side, sums of keys, scores of all blocks, and those as ordered numbers. */
typedef struct weft_room {
    float *lanes, *scores; /* [D][LANES], [blocks][LANES] */
    uint32_t *numbers;     /* [blocks][LANES] */
    double *sums;          /* [D] */
} weft_room;

static weft_room room_of(const weft_selection *selection, const weft_selector *selector, weft_carving *carving) {
    size_t dims = (size_t)selection->shape.head_dim, blocks = (size_t)selector->blocks;
    weft_room room;
    room.lanes = weft_carve(carving, dims * WEFT_LANES * sizeof *room.lanes);
    room.scores = weft_carve(carving, blocks * WEFT_LANES * sizeof *room.scores);
    room.numbers = weft_carve(carving, blocks * WEFT_LANES * sizeof *room.numbers);
    room.sums = weft_carve(carving, dims * sizeof *room.sums);
    return room;
}

static size_t scratch(const weft_selection *selection, const weft_selector *selector) {
    weft_carving carving = {NULL, 0};
    room_of(selection, selector, &carving);
    return carving.used;
}

static int64_t blocks_of_part(const weft_selector *selector) {
    return selector->block < PART_KEYS ? PART_KEYS / selector->block : 1;
}

static int64_t parts(const weft_selection *selection, const weft_selector *selector, bool own_keys, int stage) {
    if (stage) return weft_ceil_div(selection->shape.queries, PART_ROWS);
    return own_keys ? weft_ceil_div(selector->blocks, blocks_of_part(selector)) : 0;
}

/* ---- stage 0: summing up ----------------------------------------------------------------------------------------- */

static void add_lanes(const weft_room *room, int64_t dims, int64_t count) {
    for (int64_t d = 0; d < dims; d++)
        for (int64_t n = 0; n < count; n++) room->sums[d] += (double)room->lanes[d * WEFT_LANES + n];
}

/* Once a NaN, always one. */
static void bound_lanes(const weft_room *room, int64_t dims, int64_t count, float *most, float *least) {
    for (int64_t d = 0; d < dims; d++)
        for (int64_t n = 0; n < count; n++) {
            float x = room->lanes[d * WEFT_LANES + n];
            most[d] = x > most[d] || isnan(x) ? x : most[d];
            least[d] = x < least[d] || isnan(x) ? x : least[d];
        }
}

/* Keys [begin, end), some at all. */
static void sum_up(const weft_rows_at *keys, bool bounds, int64_t begin, int64_t end, const weft_room *room,
                   float *summary) {
    int64_t dims = keys->dims;
    for (int64_t d = 0; d < dims; d++) {
        room->sums[d] = 0;
        if (bounds) summary[d] = -INFINITY, summary[dims + d] = INFINITY;
    }
    for (int64_t key = begin; key < end; key += WEFT_LANES) {
        int64_t count = end - key < WEFT_LANES ? end - key : WEFT_LANES;
        weft_load_lanes(keys, key, count, room->lanes);
        bounds ? bound_lanes(room, dims, count, summary, summary + dims) : add_lanes(room, dims, count);
    }
    for (int64_t d = 0; d < dims && !bounds; d++) summary[d] = (float)(room->sums[d] / (double)(end - begin));
}

static void sum_up_part(const weft_choosing *choosing, const weft_use *use, const weft_choice *choice, int64_t part,
                        const weft_room *room) {
    const weft_selection *selection = choosing->selection;
    const weft_selector *selector = &selection->selectors[use->selector];
    int64_t first = part * blocks_of_part(selector), keys = selection->shape.keys;
    weft_rows_at rows = weft_keys_at(choosing, use);
    for (int64_t block = first; block < first + blocks_of_part(selector) && block < selector->blocks; block++) {
        int64_t begin = block * selector->block, end = keys - begin < selector->block ? keys : begin + selector->block;
        float *summary = (float *)choice->summaries + block * summary_of(selection, selector);
        sum_up(&rows, selector->by == BY_BOUNDS, begin, end, room, summary);
    }
}

/* ---- stage 1: choosing ------------------------------------------------------------------------------------------- */

/* The larger of two; NaN where either is. */
static float larger(float a, float b) { return a > b ? a : a <= b ? b : a + b; }

static void bound_product(const float *most, const float *lanes, int64_t dims, float product[WEFT_LANES]) {
    const float *least = most + dims;
    float sum[WEFT_LANES] = {0};
    for (int64_t d = 0; d < dims; d++)
        for (int n = 0; n < WEFT_LANES; n++) {
            float q = lanes[d * WEFT_LANES + n];
            sum[n] += larger(q * most[d], q * least[d]);
        }
    for (int n = 0; n < WEFT_LANES; n++) product[n] = sum[n];
}

/* Of blocks below `count`. */
static void score_blocks(const weft_selector *selector, const float *summaries, int64_t count, int64_t dims,
                         const weft_room *room) {
    if (selector->by != BY_BOUNDS) weft_multiply_lanes(summaries, count, room->lanes, dims, room->scores);
    for (int64_t block = 0; block < count && selector->by == BY_BOUNDS; block++)
        bound_product(summaries + 2 * block * dims, room->lanes, dims, room->scores + block * WEFT_LANES);
}

/* The block that comes first whatever its score; -1: none. */
static int64_t forced_block(const weft_selector *selector, weft_intervals candidates, int64_t i) {
    int64_t own = weft_floor_div(i, selector->block);
    if (selector->force == FORCE_OWN) return weft_intervals_contain(candidates, own) ? own : -1;
    return selector->force == FORCE_LAST && candidates.count ? candidates.at[candidates.count - 1].hi - 1 : -1;
}

/* Blocks that the row may not have are 0; the one that comes first is above all others. */
static void restrict_lane(const weft_selector *selector, weft_intervals candidates, int64_t i, int64_t count,
                          uint32_t *lane) {
    int64_t forced = forced_block(selector, candidates, i), block = 0;
    for (uint32_t n = 0; n <= candidates.count; n++) {
        int64_t end = n < candidates.count ? candidates.at[n].lo : count;
        for (; block < end; block++) lane[block * WEFT_LANES] = 0;
        if (n < candidates.count) block = candidates.at[n].hi;
    }
    if (forced >= 0) lane[forced * WEFT_LANES] = UINT32_MAX;
}

/* The blocks of up to sixteen rows, each ascending. */
static void take_blocks(const uint32_t *numbers, int64_t count, int64_t rows, int64_t width, uint32_t *out) {
    uint32_t least[WEFT_LANES], ties[WEFT_LANES];
    weft_find_highest(numbers, count, width, least, ties);
    for (int64_t lane = 0; lane < rows; lane++) {
        const uint32_t *at = numbers + lane;
        int64_t taken = 0;
        for (int64_t block = 0; block < count && taken < width; block++, at += WEFT_LANES) {
            bool tie = *at == least[lane];
            if (*at < least[lane] || *at == 0 || (tie && !ties[lane])) continue;
            ties[lane] -= tie;
            out[lane * width + taken++] = (uint32_t)block;
        }
        while (taken < width) out[lane * width + taken++] = WEFT_NO_BLOCK;
    }
}

static void choose_part(const weft_choosing *choosing, const weft_use *use, const weft_choice *choice, int64_t part,
                        const weft_room *room) {
    const weft_shape *shape = &choosing->selection->shape;
    const weft_selector *selector = &choosing->selection->selectors[use->selector];
    weft_rows_at rows = weft_queries_at(choosing, use);
    int64_t width = selector->blocks_a_row;
    int64_t end = (part + 1) * PART_ROWS < shape->queries ? (part + 1) * PART_ROWS : shape->queries;
    for (int64_t first = part * PART_ROWS; first < end && width; first += WEFT_LANES) {
        int64_t count = end - first < WEFT_LANES ? end - first : WEFT_LANES, blocks = 0;
        for (int64_t n = 0; n < count; n++) {
            weft_intervals candidates = weft_candidates_of(&selector->candidates, first + n);
            int64_t last = candidates.count ? candidates.at[candidates.count - 1].hi : 0;
            if (last > blocks) blocks = last;
        }
        weft_load_lanes(&rows, first, count, room->lanes);
        score_blocks(selector, choice->summaries, blocks, shape->head_dim, room);
        weft_order_lanes(room->scores, blocks, room->numbers);
        for (int64_t n = 0; n < count; n++)
            restrict_lane(selector, weft_candidates_of(&selector->candidates, first + n),
                          first + n + shape->keys - shape->queries, blocks, room->numbers + n);
        take_blocks(room->numbers, blocks, count, width, (uint32_t *)choice->blocks + first * width);
    }
}

static void compute(const weft_choosing *choosing, const weft_use *use, const weft_choice *choice, int64_t part,
                    void *memory) {
    weft_carving carving = {memory, 0};
    weft_room room = room_of(choosing->selection, &choosing->selection->selectors[use->selector], &carving);
    (choosing->stage ? choose_part : sum_up_part)(choosing, use, choice, part, &room);
}

const weft_family weft_topk_family = {WEFT_ATOM_TOPK, prepare, place, scratch, parts, compute};
