/* The driver of a kernel, as the algorithm reads: one item of up to 64 query rows against its key tiles by online
 * softmax (Milakov and Gimelshein 2018; Dao et al. 2022), with queries in lanes: S' = K Q', O' = V' P'. It is compiled
 * once an instruction set and type of elements; the code generator adds the two matrix products for the dimensions at
 * hand, and the entries that call weft_item with them.
 *
 * -inf is a value here: it is the score of a pair outside the set, and the maximum of a row that has seen no key. Such
 * a row subtracts 0 instead of its maximum, so that its weights are 2^-inf = 0 and nothing is ever NaN because of
 * masks. */
#include <stdbool.h>

#include "finish.h"
#ifdef TILES
#include "tiled.h"
#else
#include "products.h"
#endif

#include "values.h"

/* What becomes of the scores of a block, whose first key is number `first`: softcap, then bias, then the mask. Sets
 * highest[row] to the largest. 0: no score became -inf that was not masked. NULL where a pattern says nothing about
 * scores. */
typedef int64_t score_modifier(const weft_call *call, int64_t first, int64_t keys, const uint64_t *mask, float *scores,
                               float *highest);

typedef struct item {
    const weft_call *call;
    int64_t height, head_dim, value_dim; /* height: 64 or 16 rows, of which call->rows exist */
    int64_t
        rows; /* that products take: strips that have no row at all stay as they began, unless scores are modified */
    const products *products; /* the one for most rows first, the one for strips last */
    score_modifier *modify;
    float *queries, *scores, *weights, *acc;  /* [head_dim | 64 keys | 64 keys | value_dim] x height */
    float *room;                              /* for the keys of a group, or the values of a block, as operands */
    float factor;                             /* that scores are still to be multiplied with */
    float *maximum, *total, *decay, *highest; /* height: so far, so far, of the last block, in this block */
} item;

/* What one step attends to: at most 64 consecutive keys. */
typedef struct block {
    const element *k, *v; /* of the first */
    int64_t first, keys;
    const uint64_t *mask;       /* of the first; NULL: all pairs */
    const packed_block *packed; /* NULL: values as they lie */
    int64_t offset;             /* of the first, from that of the packed ones */
} block;

typedef struct cursor {
    uint32_t tile, step; /* step counts the blocks of a run */
} cursor;

/* What is packed is taken from multiples of KEY_STEP on. */
static bool next_block(const item *it, cursor *at, block *out) {
    const weft_call *call = it->call;
    while (at->tile < call->tile_count) {
        const weft_tile *tile = &call->tiles[at->tile];
        int64_t base = ((int64_t)tile->block + at->step) * WEFT_TILE_KEYS;
        const packed_block *packed = packed_at(call, base / WEFT_TILE_KEYS, it->value_dim);
        int64_t early = packed ? tile->first % KEY_STEP : 0, offset = tile->first - early;
        int64_t begin = base + offset, end = smaller(base + tile->last, call->keys);
        const uint64_t *mask = tile->masked ? call->masks[tile->many].key + offset
                               : early      ? late_keys + KEY_STEP - early
                                            : NULL;
        bool done = tile->masked || ++at->step >= tile->many;
        if (done) *at = (cursor){at->tile + 1, 0};
        if (begin + early >= end) continue;
        *out = (block){.k = (const element *)call->k + begin * call->k_row,
                       .v = (const element *)call->v + begin * call->v_row,
                       .first = begin,
                       .keys = end - begin,
                       .mask = mask,
                       .packed = packed,
                       .offset = offset};
        return true;
    }
    return false;
}

/* The values of the block; of what is packed, as much as they make up. */
static void look_at_values(const item *it, ahead *soon, const block *now) {
    int64_t packed_row = weft_whole_registers(it->value_dim);
    if (now->packed)
        look_ahead(soon, (const element *)now->packed->values + now->offset * packed_row, packed_row, now->keys);
    else
        look_ahead(soon, now->v, it->call->v_row, now->keys);
}

/* Its queries, and the keys of its first block. */
static void look_at_call(const item *it, ahead *soon, const weft_call *call) {
    item next = {.call = call, .value_dim = it->value_dim};
    cursor at = {0, 0};
    block first;
    if (!next_block(&next, &at, &first)) return;
    look_ahead(soon, call->q, call->q_row, call->rows);
    look_ahead(soon, first.k, call->k_row, first.keys);
}

/* ---- columns ---------------------------------------------------------------------------------------------------- */

enum { STRIP = WEFT_STRIP_ROWS, MOST_STRIPS = WEFT_TILE_ROWS / STRIP };

/* Rows of an item that are taken together, and the keys [first, last) of a block that any of them sees: multiples of
 * KEY_STEP, or the block's end. */
typedef struct column {
    int64_t row, rows, first, last;
    const products *by;
} column;

typedef struct columns {
    column at[MOST_STRIPS];
    int64_t count;
} columns;

static int64_t area(const column *c) { return c->first < c->last ? c->rows * (c->last - c->first) : 0; }

static void look_at(const item *it, const block *now, column *strips, int64_t count) {
    for (int64_t s = 0; s < count; s++) strips[s] = (column){s * STRIP, STRIP, now->keys, 0, &it->products[1]};
    for (int64_t key = 0; key < now->keys; key += KEY_STEP) {
        int64_t end = smaller(key + KEY_STEP, now->keys);
        uint64_t rows = 0;
        for (int64_t k = key; k < end; k++) rows |= now->mask[k];
        for (int64_t s = 0; s < count; s++, rows >>= STRIP) {
            if (!(rows & ((1 << STRIP) - 1))) continue;
            strips[s].first = smaller(strips[s].first, key);
            strips[s].last = end;
        }
    }
}

/* All rows are taken together, unless strips of them, which are slower for each pair, save an eighth of the pairs: at
 * the edges of a window many see no key. */
static columns columns_of(const item *it, const block *now) {
    column strips[MOST_STRIPS];
    columns out = {.count = 0};
    if (now->mask && it->rows > STRIP) {
        int64_t count = it->rows / STRIP, pairs = 0;
        look_at(it, now, strips, count);
        for (int64_t s = 0; s < count; s++) pairs += area(&strips[s]);
        if (pairs <= it->rows * now->keys * 7 / 8) {
            for (int64_t s = 0; s < count; s++)
                if (area(&strips[s])) out.at[out.count++] = strips[s];
            return out;
        }
    }
    const products *by = it->products;
    for (int64_t row = 0; row < it->rows; row += by->rows) {
        while (by->rows > it->rows - row) by++;
        out.at[out.count++] = (column){row, by->rows, 0, now->keys, by};
    }
    return out;
}

/* ---- a block ---------------------------------------------------------------------------------------------------- */

static void score_column(const item *it, const block *now, const column *c, ahead *soon) {
    const weft_call *call = it->call;
    const char *mask = it->modify ? 0 : (const char *)now->mask;
    for (int64_t key = c->first; key < c->last; key += c->by->group) {
        int64_t valid = smaller(c->by->group, now->keys - key);
        strided rows = {call->k_row, call->k_dim, valid, it->head_dim};
        score_keys(c->by, it->queries + c->row, it->height, c->rows, now->k + key * call->k_row, &rows, it->room,
                   mask ? mask + key * (int64_t)sizeof(uint64_t) + c->row / 8 : NULL,
                   it->scores + key * it->height + c->row, it->highest + c->row,
                   take_rows(soon, fetches_of(it->head_dim, c->by->score_steps)));
    }
}

/* False: every row attends to every key, however little. */
static bool score(const item *it, const block *now, const columns *parts, ahead *soon) {
    for (int64_t row = 0; row < it->height; row += LANES) store(it->highest + row, splat(-__builtin_inff()));
    for (int64_t n = 0; n < parts->count; n++) score_column(it, now, &parts->at[n], soon);
    take_rest(soon);
    if (!it->modify) return now->mask;
    for (int64_t at = 0; at < now->keys * it->height; at += LANES)
        store(it->scores + at, scaled(load(it->scores + at), it->factor));
    return it->modify(it->call, now->first, now->keys, now->mask, it->scores, it->highest) || now->mask;
}

/* Scores become weights; maxima, totals and decays follow. */
static void soften(const item *it, const column *c) {
    float factor = it->modify ? 1 : it->factor;
    for (int64_t row = c->row; row < c->row + c->rows; row += LANES) {
        vec before = load(it->maximum + row), now = raised(before, scaled(load(it->highest + row), factor));
        vec base = choose(now == -__builtin_inff(), splat(0), now);
        vec sum = soften_keys(it->scores + row, it->weights + row, it->height, c->first, c->last, factor, base);
        vec decay = choose(before == -__builtin_inff(), splat(1), power_of_two(before - base)); /* of 0 */
        store(it->decay + row, decay);
        store(it->maximum + row, now);
        store(it->total + row, load(it->total + row) * decay + sum);
    }
}

/* The product with values that may be NaN or infinite at keys that some rows do not see: 0 there, whatever the value.
 */
static void weigh_guarded(const item *it, const matrix *values, const column *c) {
    for (int64_t dim = 0; dim < it->value_dim; dim++)
        for (int64_t row = c->row; row < c->row + c->rows; row += LANES) {
            vec sum = load(it->acc + dim * it->height + row) * load(it->decay + row);
            for (int64_t key = c->first; key < c->last; key++) {
                vec weight = weight_at(it->weights + row, it->height, key), value = value_at(values, key, dim);
                sum += choose(weight == 0, splat(0), weight * value);
            }
            store(it->acc + dim * it->height + row, sum);
        }
}

static void weigh_column(const item *it, const matrix *values, const column *c, ahead *soon) {
    for (int64_t dim = 0; dim < it->value_dim; dim += c->by->group)
        add_values(c->by, it->weights + c->row, it->height, c->rows, values, c->first, c->last, dim,
                   it->value_dim - dim, it->decay + c->row, it->acc + c->row,
                   take_rows(soon, fetches_of(c->last - c->first, c->by->value_steps)));
}

static matrix values_of(const item *it, const block *now) {
    if (now->packed) return packed_rows(now->packed->values, it->value_dim, now->offset);
    strided rows = {it->call->v_row, it->call->v_dim, now->keys, it->value_dim};
    return value_rows(now->v, &rows, it->room);
}

/* Is some value not finite whose weight may be 0 all the same? */
static bool is_guarded(const item *it, const block *now, const matrix *values, bool hides) {
    if (now->packed) return (hides || now->keys < WEFT_TILE_KEYS) && !now->packed->finite;
    return hides && !all_finite(values, now->keys, it->value_dim);
}

static void weigh(const item *it, const block *now, const columns *parts, bool hides, ahead *soon) {
    matrix values = values_of(it, now);
    bool guarded = is_guarded(it, now, &values, hides);
    for (int64_t n = 0; n < parts->count; n++) {
        soften(it, &parts->at[n]);
        if (guarded)
            weigh_guarded(it, &values, &parts->at[n]);
        else
            weigh_column(it, &values, &parts->at[n], soon);
    }
    take_rest(soon);
}

/* While scores are computed the block's values are fetched, and after the last block (no next one) where outputs go;
 * while values are, the next block's keys, or what the next call begins with. */
static void attend(const item *it, const block *now, const block *next) {
    const weft_call *call = it->call;
    ahead values = {.bytes = it->value_dim * (int64_t)sizeof(element)};
    ahead keys = {.bytes = it->head_dim * (int64_t)sizeof(element)};
    look_at_values(it, &values, now);
    if (next) {
        look_ahead(&keys, next->k, call->k_row, next->keys);
    } else {
        if (!call->state && !call->row_index) look_ahead(&values, call->o, call->o_row, call->rows);
        if (call->next) look_at_call(it, &keys, call->next);
    }
    columns parts = columns_of(it, now);
    bool hides = score(it, now, &parts, &values);
    weigh(it, now, &parts, hides, &keys);
}

/* ---- an item ---------------------------------------------------------------------------------------------------- */

static void start(item *it, float *scratch) {
    it->maximum = scratch;
    it->total = it->maximum + it->height;
    it->decay = it->total + it->height;
    it->highest = it->decay + it->height;
    it->scores = it->highest + it->height;
    it->weights = weights_of(it->scores, it->height);
    it->queries = it->scores + (WEFT_TILE_KEYS * 3 / 2 + WEFT_GROUP_REST) * it->height + WEFT_TILE_ROWS;
    it->acc = it->queries + weft_whole_registers(it->head_dim) * it->height;
    if (!it->call->row_index)
        fetch_rows(it->call->q, it->call->q_row * (int64_t)sizeof(element), it->call->rows,
                   it->head_dim * (int64_t)sizeof(element));
    for (int64_t row = 0; row < it->height; row += LANES) {
        store(it->maximum + row, splat(-__builtin_inff()));
        store(it->total + row, splat(0));
    }
    int64_t dims = weft_whole_registers(it->value_dim);
    it->room = it->acc + (dims + WEFT_GROUP_REST) * it->height;
    for (int64_t at = 0; at < dims * it->height; at += LANES) store(it->acc + at, splat(0));
    it->factor = pack_queries(it->call, it->rows, it->height, it->head_dim, it->queries);
}

/* Adds what the rows are to the state that is there. Sums of many calls are sums of sums, which round less often. */
static void add_to_state(const item *it) {
    float *max = it->call->state, *sum = max + it->height, *acc = sum + it->height, *kept = it->decay,
          *share = it->highest;
    const vec nothing = splat(-__builtin_inff());
    for (int64_t row = 0; row < it->height; row += LANES) {
        vec before = load_loose(max + row), own = load(it->maximum + row), now = larger(before, own);
        vec base = choose(now == nothing, splat(0), now);
        store(kept + row, power_of_two(before - base));
        store(share + row, power_of_two(own - base));
        store_loose(max + row, now);
        store_loose(sum + row, load_loose(sum + row) * load(kept + row) + load(it->total + row) * load(share + row));
    }
    for (int64_t dim = 0; dim < it->value_dim; dim++)
        for (int64_t row = 0; row < it->height; row += LANES) {
            float *at = acc + dim * it->height + row;
            vec own = load(it->acc + dim * it->height + row) * load(share + row);
            store_loose(at, load_loose(at) * load(kept + row) + own);
        }
}

/* A part of a split row tile: leaves its state for a merge. */
static void leave(const item *it) {
    float *max = it->call->state, *sum = max + it->height, *acc = sum + it->height;
    for (int64_t row = 0; row < it->height; row += LANES) {
        store_loose(max + row, load(it->maximum + row));
        store_loose(sum + row, load(it->total + row));
    }
    for (int64_t at = 0; at < it->value_dim * it->height; at += LANES) store_loose(acc + at, load(it->acc + at));
}

/* The rows become o and lse, or are combined with what earlier passes left there. */
static void end_item(const item *it) {
    const weft_call *call = it->call;
    outcome found = {it->height, it->maximum, it->total, it->decay, it->highest};
    weigh_passes(call, &found);
    unpack_outputs(call, it->height, it->value_dim, it->acc, found.share, call->fold ? found.kept : 0);
    write_lse(call, &found);
}

void weft_item(const weft_call *call, int64_t height, int64_t head_dim, int64_t value_dim, const products *by,
               score_modifier *modify);
void weft_item(const weft_call *call, int64_t height, int64_t head_dim, int64_t value_dim, const products *by,
               score_modifier *modify) {
    item it = {
        .call = call, .height = height, .head_dim = head_dim, .value_dim = value_dim, .products = by, .modify = modify};
    it.rows = modify ? height : (call->rows + STRIP - 1) / STRIP * STRIP;
    open_products();
    start(&it, call->scratch);
    cursor at = {0, 0};
    block now, next;
    for (bool more = next_block(&it, &at, &now); more; now = next) {
        more = next_block(&it, &at, &next);
        attend(&it, &now, more ? &next : NULL);
    }
    close_products();
    if (call->state && call->resume)
        add_to_state(&it);
    else if (call->state)
        leave(&it);
    else
        end_item(&it);
}
