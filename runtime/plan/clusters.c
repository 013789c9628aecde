/* Clusters of each kind of choice: one section each. To give another kind clusters, give it parts, rows and a visit. */
#include "plan/clusters.h"

#include <string.h>

enum {
    MOST_ROUNDS = 32,
    COLUMNS = 0,
    BUCKET_ROWS = 256,
    COLUMN_ROWS = 256,
    COLUMN_KEYS = 256,
    FEWEST_ROWS = 2048,
    MOST_ROWS = 4096
};

static weft_op op_of(const weft_dag *dag, weft_id list) { return (weft_op)weft_node_at(dag, list)->op; }

uint32_t weft_cluster_parts(const weft_dag *dag, weft_id list) {
    int64_t rounds;
    switch (op_of(dag, list)) {
    case WEFT_ATOM_LSH: rounds = weft_operand_int(dag, list, 1); return rounds <= MOST_ROUNDS ? (uint32_t)rounds : 0;
    case WEFT_ATOM_TOPK: return 1;
    case WEFT_ATOM_VERTICAL_SLASH: return 2;
    default: return 0;
    }
}

bool weft_part_clusters(const weft_dag *dag, weft_id list, uint32_t part) {
    return weft_cluster_parts(dag, list) && (op_of(dag, list) != WEFT_ATOM_VERTICAL_SLASH || part == COLUMNS);
}

/* What an item works in. */
typedef struct weft_clustering {
    const weft_plan *plan;
    const weft_layout *layout;
    const weft_choice *choice;
    int64_t row, end; /* rows of the item */
    void *memory;
    weft_cluster_hook *hook;
    void *user;
} weft_clustering;

static void tell(const weft_clustering *b, const uint32_t *rows, int64_t count, const uint32_t *keys, int64_t first,
                 int64_t end) {
    weft_cluster cluster = {rows, (int32_t)count, keys, first, end};
    if (count && first < end) b->hook(b->user, &cluster);
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- lsh: rows and keys in order of their buckets ---------------------------------------------------------------- */

/* Rows of a bucket are taken 64 at a time from its first on; an item has those clusters that begin in it, so that a
 * bucket of any size falls to many items, and clusters have no more than one bucket. */
static void visit_buckets(const weft_clustering *b) {
    const weft_shape *shape = &b->plan->shape;
    const weft_choice *c = b->choice;
    uint32_t round = b->layout->part, back = c->chunked;
    const uint32_t *rows = c->rows_by_bucket + round * shape->queries, *of = c->row_buckets + round * shape->queries;
    const uint32_t *keys = c->keys_by_bucket + round * shape->keys, *key_of = c->key_buckets + round * shape->keys;
    for (int64_t row = b->row, end; row < b->end; row = end) {
        uint32_t bucket = of[rows[row]];
        int64_t start = row > b->row ? row : weft_count_below(rows, of, shape->queries, bucket);
        end = weft_count_below(rows, of, shape->queries, (uint64_t)bucket + 1);
        int64_t first = weft_count_below(keys, key_of, shape->keys, bucket < back ? 0 : bucket - back);
        int64_t last = weft_count_below(keys, key_of, shape->keys, (uint64_t)bucket + 1);
        row += (start - row) & (WEFT_TILE_ROWS - 1); /* the next cluster, as many rows from the bucket's begin */
        for (; row < smaller(end, b->end); row += WEFT_TILE_ROWS)
            tell(b, rows + row, smaller(end - row, WEFT_TILE_ROWS), keys, first, last);
    }
}

/* Bits of pairs whose buckets in some round are such that they see each other. */
static void see_buckets(const weft_choice *c, const weft_shape *shape, uint32_t round, const weft_pairs *pairs,
                        uint64_t word[WEFT_TILE_KEYS]) {
    const uint32_t *of = c->row_buckets + round * shape->queries, *key_of = c->key_buckets + round * shape->keys;
    uint32_t buckets[WEFT_TILE_KEYS], half[2][WEFT_TILE_KEYS] = {{0}}, back = c->chunked;
    for (int32_t k = 0; k < WEFT_TILE_KEYS; k++) buckets[k] = k < pairs->key_count ? key_of[pairs->keys[k]] : 0;
    for (int32_t r = 0; r < pairs->row_count; r++)
        weft_mark_keys(buckets, of[pairs->rows[r]] - back, back + 1, UINT32_C(1) << r % 32, half[r / 32]);
    for (int32_t k = 0; k < WEFT_TILE_KEYS; k++) word[k] = half[0][k] | (uint64_t)half[1][k] << 32;
}

static void drop_earlier_rounds(const weft_choice *c, const weft_shape *shape, uint32_t round, weft_pairs *pairs) {
    uint64_t word[WEFT_TILE_KEYS];
    for (uint32_t n = 0; n < round; n++) {
        see_buckets(c, shape, n, pairs, word);
        for (int32_t k = 0; k < pairs->key_count; k++) pairs->word[k] &= ~word[k];
    }
}

/* ---- topk: rows by the blocks that they chose -------------------------------------------------------------------- */

static int64_t blocks_of(const weft_plan *plan, const weft_layout *layout) {
    return weft_ceil_div(plan->shape.keys, weft_operand_int(&plan->bound.dag, layout->list, 1));
}

static int64_t blocks_a_row(const weft_plan *plan, const weft_layout *layout) {
    int64_t k = weft_operand_int(&plan->bound.dag, layout->list, 0), blocks = blocks_of(plan, layout);
    return k < 0 ? 0 : k < blocks ? k : blocks;
}

/* As many as give two tiles to each block, if all are chosen alike, while their outputs stay in the second cache. */
static int64_t topk_rows(const weft_plan *plan, const weft_layout *layout) {
    int64_t width = blocks_a_row(plan, layout),
            rows = 2 * WEFT_TILE_ROWS * blocks_of(plan, layout) / (width ? width : 1);
    rows = rows < FEWEST_ROWS ? FEWEST_ROWS : rows > MOST_ROWS ? MOST_ROWS : rows;
    return rows / WEFT_TILE_ROWS * WEFT_TILE_ROWS;
}

static size_t topk_bytes(const weft_plan *plan, const weft_layout *layout) {
    int64_t rows = smaller(topk_rows(plan, layout), plan->shape.queries), blocks = blocks_of(plan, layout);
    return (size_t)(blocks + 1 + rows * blocks_a_row(plan, layout)) * sizeof(uint32_t);
}

/* A counting sort of (row, block); rows of a block ascend. */
static void visit_chosen_blocks(const weft_clustering *b) {
    const weft_choice *c = b->choice;
    int64_t blocks = blocks_of(b->plan, b->layout), size = weft_operand_int(&b->plan->bound.dag, b->layout->list, 1);
    const uint32_t *chosen = c->blocks + b->row * c->blocks_a_row, *chosen_end = c->blocks + b->end * c->blocks_a_row;
    uint32_t *end = b->memory, *rows = end + blocks + 1;
    memset(end, 0, (size_t)(blocks + 1) * sizeof *end);
    for (const uint32_t *block = chosen; block < chosen_end; block++)
        if (*block != WEFT_NO_BLOCK) end[*block + 1]++;
    for (int64_t n = 0; n < blocks; n++) end[n + 1] += end[n];
    for (int64_t row = b->row; row < b->end; row++)
        for (int64_t n = 0; n < c->blocks_a_row; n++, chosen++)
            if (*chosen != WEFT_NO_BLOCK) rows[end[*chosen]++] = (uint32_t)row; /* where it ends, in the end */
    for (int64_t n = 0, row = 0; n < blocks; n++)
        for (int64_t count; row < end[n]; row += count) {
            count = smaller(end[n] - row, WEFT_TILE_ROWS);
            tell(b, rows + row, count, NULL, n * size, smaller((n + 1) * size, b->plan->shape.keys));
        }
}

/* ---- vertical_slash: columns
 * ----------------------------------------------------------------------------------------- */

/* Some columns with all rows, then the next ones, so that keys need be gathered once an item. */
static void visit_columns(const weft_clustering *b) {
    uint32_t *rows = b->memory;
    for (int64_t row = b->row; row < b->end; row++) rows[row - b->row] = (uint32_t)row;
    for (int64_t first = 0; first < b->choice->column_count; first += COLUMN_KEYS)
        for (int64_t row = 0; row < b->end - b->row; row += WEFT_TILE_ROWS)
            tell(b, rows + row, smaller(b->end - b->row - row, WEFT_TILE_ROWS), b->choice->columns, first,
                 smaller(first + COLUMN_KEYS, b->choice->column_count));
}

/* ---- all
 * --------------------------------------------------------------------------------------------------------------- */

int64_t weft_cluster_rows(const weft_plan *plan, const weft_layout *layout) {
    switch (op_of(&plan->bound.dag, layout->list)) {
    case WEFT_ATOM_TOPK: return topk_rows(plan, layout);
    case WEFT_ATOM_VERTICAL_SLASH: return COLUMN_ROWS;
    default: return BUCKET_ROWS;
    }
}

size_t weft_cluster_bytes(const weft_plan *plan) {
    size_t most = 0;
    for (uint32_t n = 0; n < plan->layout_count; n++) {
        const weft_layout *layout = &plan->layouts[n];
        bool counts = layout->clusters && op_of(&plan->bound.dag, layout->list) == WEFT_ATOM_TOPK;
        size_t bytes = !layout->clusters ? 0 : counts ? topk_bytes(plan, layout) : COLUMN_ROWS * sizeof(uint32_t);
        if (bytes > most) most = bytes;
    }
    return most;
}

void weft_visit_clusters(const weft_plan *plan, const weft_layout *layout, const weft_bound *bound, int64_t row,
                         void *memory, weft_cluster_hook *hook, void *user) {
    weft_clustering b = {.plan = plan,
                         .layout = layout,
                         .choice = weft_find_choice(bound, layout->list),
                         .row = row,
                         .end = smaller(row + weft_cluster_rows(plan, layout), layout->space.queries),
                         .memory = memory,
                         .hook = hook,
                         .user = user};
    if (!b.choice) return;
    switch (op_of(&bound->dag, layout->list)) {
    case WEFT_ATOM_LSH: visit_buckets(&b); return;
    case WEFT_ATOM_TOPK: visit_chosen_blocks(&b); return;
    case WEFT_ATOM_VERTICAL_SLASH: visit_columns(&b); return;
    default: return;
    }
}

void weft_cluster_pairs(const weft_plan *plan, const weft_layout *layout, const weft_bound *bound,
                        const weft_cluster *cluster, int64_t at, weft_pairs *pairs) {
    const uint64_t all = UINT64_MAX >> (WEFT_TILE_ROWS - cluster->row_count);
    pairs->rows = cluster->rows;
    pairs->row_count = cluster->row_count;
    pairs->key_count = (int32_t)smaller(cluster->end - at, WEFT_TILE_KEYS);
    for (int32_t k = 0; k < WEFT_TILE_KEYS; k++) {
        bool exists = k < pairs->key_count;
        pairs->keys[k] = !exists ? 0 : cluster->keys ? cluster->keys[at + k] : (uint32_t)(at + k);
        pairs->word[k] = exists ? all : 0;
    }
    if (op_of(&bound->dag, layout->list) == WEFT_ATOM_LSH)
        drop_earlier_rounds(weft_find_choice(bound, layout->list), &plan->shape, layout->part, pairs);
    weft_filter_apply(layout->filter, bound, &plan->shape, pairs);
}
