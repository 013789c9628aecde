/* FlexAttention's BlockMask (PyTorch, torch.nn.attention.flex_attention) in an .npz file.
 *
 * kv_num_blocks [1, H, R], kv_indices [1, H, R, C], full_kv_num_blocks, full_kv_indices: what BlockMask.from_kv_blocks
 * takes, int32, for R blocks of queries and C of keys; partial blocks and full ones. The mask function reads the rest:
 * tile_of [H, R, C] says which of the tiles [T, side, side / 8] a block has, bit j % 8 of byte j / 8 being key j; tile
 * 0 is empty and tile 1 full, so it is right for every pair. `lengths` is (Lq, Lk), and `side` the blocks' side.
 *
 * Of the wide arrays, which are mostly 0, one row is in memory at a time. */
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "npz.h"

enum { EMPTY_TILE, FULL_TILE };

/* Growing arrays. */
typedef struct ints {
    int32_t *at;
    size_t count, room;
} ints;

typedef struct tiles {
    uint8_t *bits; /* [count][bytes], no two alike */
    size_t bytes, room;
    int32_t count;
    int32_t *table; /* 1 + a tile's number, by its hash; a power of two of them, at most half of them taken */
    size_t table_size;
} tiles;

typedef struct gathering {
    int64_t side;
    tiles tiles;
    ints columns, numbers; /* of the blocks, kind after kind and row after row: the column, the tile */
    ints row_ends;         /* [kinds][R]: how many blocks there were by the row's end */
} gathering;

static bool push(ints *list, int32_t value) {
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 256;
        int32_t *more = realloc(list->at, room * sizeof *more);
        if (!more) return false;
        list->at = more;
        list->room = room;
    }
    list->at[list->count++] = value;
    return true;
}

/* ---- tiles, each kept once ----------------------------------------------------------------------------------- */

/* FNV-1a (Fowler, Noll, Vo), eight bytes at a time. */
static size_t hash(const uint8_t *bits, size_t bytes) {
    uint64_t h = UINT64_C(0xcbf29ce484222325), word;
    for (size_t n = 0; n < bytes; n += sizeof word) {
        memcpy(&word, bits + n, sizeof word);
        h = (h ^ word) * UINT64_C(0x100000001b3);
        h ^= h >> 32;
    }
    return (size_t)h;
}

/* Where the tile is, or would be. */
static size_t place_of(const tiles *t, const uint8_t *bits) {
    size_t at = hash(bits, t->bytes) & (t->table_size - 1);
    while (t->table[at] && memcmp(t->bits + (size_t)(t->table[at] - 1) * t->bytes, bits, t->bytes) != 0)
        at = (at + 1) & (t->table_size - 1);
    return at;
}

static bool grow(tiles *t) {
    size_t room = t->room ? 2 * t->room : 64;
    uint8_t *bits = realloc(t->bits, room * t->bytes);
    if (bits) t->bits = bits;
    int32_t *table = bits ? calloc(2 * room, sizeof *table) : NULL;
    if (!table) return false;
    free(t->table);
    t->table = table;
    t->table_size = 2 * room;
    t->room = room;
    for (int32_t n = 0; n < t->count; n++) t->table[place_of(t, t->bits + (size_t)n * t->bytes)] = n + 1;
    return true;
}

/* The tile's number, new or old; -1 when memory fails. */
static int32_t number_of(tiles *t, const uint8_t *bits) {
    if ((size_t)t->count == t->room && !grow(t)) return -1;
    size_t at = place_of(t, bits);
    if (t->table[at]) return t->table[at] - 1;
    memcpy(t->bits + (size_t)t->count * t->bytes, bits, t->bytes);
    t->table[at] = ++t->count;
    return t->count - 1;
}

static bool add_constant_tiles(tiles *t) {
    uint8_t *bits = calloc(1, t->bytes);
    bool added = bits && number_of(t, bits) == EMPTY_TILE;
    if (added) memset(bits, 0xff, t->bytes);
    added = added && number_of(t, bits) == FULL_TILE;
    free(bits);
    return added;
}

/* ---- gathering ----------------------------------------------------------------------------------------------- */

static bool gather_row(void *user, int64_t row, const block *blocks, int64_t count) {
    gathering *g = user;
    (void)row;
    for (int64_t n = 0; n < count; n++) {
        int32_t number = number_of(&g->tiles, blocks[n].bits);
        if (number < 0 || !push(&g->columns, blocks[n].column) || !push(&g->numbers, number)) return false;
    }
    return g->columns.count < INT32_MAX && push(&g->row_ends, (int32_t)g->columns.count);
}

static int gather(gathering *g, const export_job *job) {
    *g = (gathering){.side = job->side, .tiles.bytes = (size_t)(job->side * job->side / 8)};
    weft_status status = add_constant_tiles(&g->tiles) ? WEFT_OK : WEFT_CANCELLED;
    for (int kind = 0; kind < job->kinds->count && status == WEFT_OK; kind++) {
        progress("export", kind, job->kinds->count);
        status = visit_blocks(job->session->plan, job->shape, job->kinds->at[kind].first, job->side, gather_row, g);
    }
    return export_stopped(status);
}

static void gathering_free(gathering *g) {
    ints *lists[] = {&g->columns, &g->numbers, &g->row_ends};
    for (size_t n = 0; n < sizeof lists / sizeof *lists; n++) free(lists[n]->at);
    free(g->tiles.bits);
    free(g->tiles.table);
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

typedef enum part { PARTIAL_COUNT, PARTIAL, FULL_COUNT, FULL, TILE_OF } part;

typedef struct wide_row {
    int32_t *cells; /* [columns] */
    int64_t columns, rows;
    int64_t count; /* what of the cells is written */
} wide_row;

/* One row of one array. */
static void fill_row(wide_row *out, const gathering *g, part what, int64_t row) {
    int32_t begin = row ? g->row_ends.at[row - 1] : 0, found = 0;
    memset(out->cells, 0, (size_t)out->columns * sizeof *out->cells);
    for (int32_t n = begin; n < g->row_ends.at[row]; n++) {
        bool full = g->numbers.at[n] == FULL_TILE;
        if (what == TILE_OF) {
            out->cells[g->columns.at[n]] = g->numbers.at[n];
        } else if (full == (what == FULL || what == FULL_COUNT)) {
            out->cells[found++] = g->columns.at[n];
        }
    }
    bool counts = what == PARTIAL_COUNT || what == FULL_COUNT;
    if (counts) out->cells[0] = found;
    out->count = counts ? 1 : out->columns;
}

static bool write_part(npz_writer *archive, const export_job *job, const gathering *g, wide_row *row, part what,
                       const char *name, int dims, const int64_t *shape) {
    bool fine = npz_begin(archive, name, "<i4", dims, shape);
    for (int64_t head = 0; head < job->kinds->heads && fine; head++)
        for (int64_t n = 0; n < row->rows && fine && job->kinds->of[head] >= 0; n++) {
            fill_row(row, g, what, job->kinds->of[head] * row->rows + n);
            fine = npz_write(archive, row->cells, (size_t)row->count * sizeof *row->cells);
        }
    return fine && npz_end(archive);
}

static bool write_archive(const export_job *job, const gathering *g, wide_row *row) {
    npz_writer archive = {.stream = job->out};
    const int64_t sizes[] = {1, job->heads, row->rows, row->columns}, two[] = {2};
    const int64_t tile_sizes[] = {g->tiles.count, g->side, g->side / 8};
    const int32_t lengths[] = {(int32_t)job->shape->queries, (int32_t)job->shape->keys}, side = (int32_t)g->side;
    return write_part(&archive, job, g, row, PARTIAL_COUNT, "kv_num_blocks", 3, sizes) &&
           write_part(&archive, job, g, row, PARTIAL, "kv_indices", 4, sizes) &&
           write_part(&archive, job, g, row, FULL_COUNT, "full_kv_num_blocks", 3, sizes) &&
           write_part(&archive, job, g, row, FULL, "full_kv_indices", 4, sizes) &&
           write_part(&archive, job, g, row, TILE_OF, "tile_of", 3, sizes + 1) &&
           npz_begin(&archive, "tiles", "|u1", 3, tile_sizes) &&
           npz_write(&archive, g->tiles.bits, (size_t)g->tiles.count * g->tiles.bytes) && npz_end(&archive) &&
           npz_add_ints(&archive, "lengths", 1, two, lengths) && npz_add_ints(&archive, "side", 0, NULL, &side) &&
           npz_finish(&archive);
}

/* Known before any block is: the arrays are as wide as the lengths make them. */
static bool too_large(const export_job *job, const wide_row *row) {
    double cells = (double)job->heads * (double)row->rows * (3 * (double)row->columns + 2);
    return cells * sizeof *row->cells > (double)UINT32_MAX;
}

int export_flex(const export_job *job) {
    gathering g;
    wide_row row = {.rows = (job->shape->queries + job->side - 1) / job->side,
                    .columns = (job->shape->keys + job->side - 1) / job->side};
    if (too_large(job, &row)) return export_written(job, false);
    int code = gather(&g, job);
    row.cells = malloc((size_t)row.columns * sizeof *row.cells);
    if (!code) code = row.cells ? export_written(job, write_archive(job, &g, &row)) : exit_code(WEFT_OUT_OF_MEMORY);
    free(row.cells);
    gathering_free(&g);
    return code;
}
