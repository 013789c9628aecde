/* The driver of list kernels: up to 64 query rows, each against keys of its own, by online softmax a row. Rows share no
 * keys, so the lanes are head dimensions: a key's product is summed across, for as many keys at a time as there are
 * lanes, and from there to the weights the lanes are keys. It is compiled once an instruction set and type of elements;
 * the code generator adds the entry, and what becomes of scores.
 *
 * Tensors are read and written by the functions under "rows" alone. */
#include <stdbool.h>

#include "finish.h"
#include "parts.h"

/* What becomes of the scores of `count` keys of one row: softcap, then bias, in whole registers. 0: no score became
 * -inf. NULL where a pattern says nothing about scores. */
typedef int64_t list_modifier(const weft_call *call, int64_t row, int64_t count, const uint32_t *keys, float *scores);

/* Keys of one row that are taken together, few enough for them, their values and the keys after them to stay near; the
 * last one stands in for those that a register lacks. */
enum { CHUNK = 32 };
typedef struct chunk {
    _Alignas(64) uint32_t key[CHUNK];
    _Alignas(64) float weight[CHUNK]; /* first the scores */
    int64_t keys;
    const uint32_t *next, *end; /* keys that come after it, of this row or others */
} chunk;

typedef struct list_item {
    const weft_call *call;
    int64_t head_dim, value_dim;
    list_modifier *modify;
    float *query;           /* head_dim, times scale and log2(e); the rest of its last register is 0 */
    float *acc;             /* rows x value_dim, rounded up to registers */
    float *maximum, *total; /* of each row */
    float *share, *kept;
} list_item;

static int64_t whole_lanes(int64_t dims) { return (dims + LANES - 1) / LANES * LANES; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static const element *key_at(const weft_call *call, uint32_t key) {
    return (const element *)call->k + (int64_t)key * call->k_row;
}
static const element *value_at(const weft_call *call, uint32_t key) {
    return (const element *)call->v + (int64_t)key * call->v_row;
}

/* `left` elements, at most a register of them, and 0. */
static __attribute__((noinline)) vec some_of(const element *at, int64_t step, int64_t left) {
    return load_some(at, step, smaller(left, LANES));
}

/* Element `dim` of a row of `dims` and those after it. */
static inline __attribute__((always_inline)) vec part_of(const element *row, int64_t step, int64_t dim, int64_t dims) {
    return step == 1 && dim + LANES <= dims ? load_elements(row + dim) : some_of(row + dim * step, step, dims - dim);
}

static void read_query(const list_item *it, int64_t row) {
    const weft_call *call = it->call;
    const element *q = (const element *)call->q + row * call->q_row;
    const vec factor = splat(call->scale * (float)LOG2_E);
    for (int64_t dim = 0; dim < it->head_dim; dim += LANES)
        store(it->query + dim, part_of(q, call->q_dim, dim, it->head_dim) * factor);
}

/* o = acc * share, plus `kept` (unless 0) of what it was. */
static void write_output(const list_item *it, int64_t row, const float *acc) {
    const weft_call *call = it->call;
    element *o = (element *)call->o + row * call->o_row;
    float kept = call->fold ? it->kept[row] : 0;
    for (int64_t dim = 0; dim < it->value_dim; dim += LANES) {
        vec x = load(acc + dim) * splat(it->share[row]);
        int64_t left = it->value_dim - dim;
        if (kept != 0) x += splat(kept) * part_of(o, call->o_dim, dim, it->value_dim);
        if (call->o_dim == 1 && left >= LANES)
            store_elements(o + dim, x);
        else
            store_some(o + dim * call->o_dim, call->o_dim, smaller(left, LANES), x);
    }
}

static inline void prefetch(const element *row, int64_t dims) {
    enum { LINE = 64 / sizeof *row };
    for (int64_t dim = 0; dim < dims; dim += LINE) __builtin_prefetch(row + dim, 0, 3);
}

/* ---- scores ----------------------------------------------------------------------------------------------------- */

/* Adds the lanes of x[n] into lane n: of two registers at a time, whose sums take turns in one. */
#define STAY_OR_TAKE(lane, step) ((lane) & (step) ? LANES + ((lane) ^ (step)) : (lane))
#define TAKE_OR_STAY(lane, step) ((lane) & (step) ? LANES + (lane) : (lane) ^ (step))
#define ADD_STEP(x, step)                                                                                              \
    _Pragma("unroll") for (int i = 0; i < LANES; i += 2 * (step)) {                                                    \
        vec first = x[i], second = x[i | (step)];                                                                      \
        x[i] = __builtin_shufflevector(first, second, EACH_LANE(STAY_OR_TAKE, step)) +                                 \
               __builtin_shufflevector(first, second, EACH_LANE(TAKE_OR_STAY, step));                                  \
    }

static inline __attribute__((always_inline)) vec add_across(vec x[LANES]) {
    ADD_STEP(x, 1)
    ADD_STEP(x, 2)
#if LANES > 4
    ADD_STEP(x, 4)
#endif
#if LANES > 8
    ADD_STEP(x, 8)
#endif
    return x[0];
}

/* The products of the query with four keys, each still apart in lanes. */
static inline __attribute__((always_inline)) void multiply(const list_item *it, const uint32_t *keys, vec sums[4]) {
    const weft_call *call = it->call;
    const element *k[4];
    int64_t dims = it->head_dim, whole = call->k_dim == 1 ? dims / LANES * LANES : 0;
#pragma unroll
    for (int n = 0; n < 4; n++) k[n] = key_at(call, keys[n]), sums[n] = splat(0);
    for (int64_t dim = 0; dim < whole; dim += LANES) {
        vec q = load(it->query + dim);
#pragma unroll
        for (int n = 0; n < 4; n++) sums[n] += q * load_elements(k[n] + dim);
    }
    for (int64_t dim = whole; dim < dims; dim += LANES) {
        vec q = load(it->query + dim);
#pragma unroll
        for (int n = 0; n < 4; n++) sums[n] += q * some_of(k[n] + dim * call->k_dim, call->k_dim, dims - dim);
    }
}

/* False: every key counts, however little. */
static bool score(const list_item *it, int64_t row, chunk *now) {
    for (int64_t at = 0; at < now->keys; at += LANES) {
        vec sums[LANES];
        for (int64_t n = at; n < smaller(at + LANES, now->keys); n++)
            prefetch(value_at(it->call, now->key[n]), it->value_dim);
#pragma unroll
        for (int n = 0; n < LANES; n += 4) multiply(it, now->key + at + n, sums + n);
        store(now->weight + at, add_across(sums));
    }
    bool hides = it->modify && it->modify(it->call, row, now->keys, now->key, now->weight);
    for (int64_t n = now->keys; n < whole_lanes(now->keys); n++) now->weight[n] = -__builtin_inff();
    return hides;
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

static float highest_of(const chunk *now, float so_far) {
    vec most = splat(-__builtin_inff());
    for (int64_t n = 0; n < now->keys; n += LANES) most = larger(load(now->weight + n), most);
    for (int lane = 0; lane < LANES; lane++) so_far = most[lane] > so_far ? most[lane] : so_far;
    return so_far;
}

/* Scores become weights, and what was summed before is worth *decay. */
static void soften(chunk *now, float *maximum, vec *total, float *decay) {
    float highest = highest_of(now, *maximum);
    vec base = splat(highest == -__builtin_inff() ? 0 : highest), sum = splat(0);
    for (int64_t n = 0; n < now->keys; n += LANES) {
        vec weight = power_of_two(load(now->weight + n) - base);
        store(now->weight + n, weight);
        sum += weight;
    }
    vec old = power_of_two(splat(*maximum) - base);
    *decay = old[0];
    *total = *total * old + sum;
    *maximum = highest;
}

/* Only keys that count stay, so that values which are not finite do no harm elsewhere. */
static void drop_weightless(chunk *now) {
    int64_t kept = 0;
    for (int64_t n = 0; n < now->keys; n++) {
        now->key[kept] = now->key[n];
        now->weight[kept] = now->weight[n];
        kept += now->weight[n] != 0;
    }
    now->keys = kept;
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* acc[dim …] = acc[dim …] * decay + sum over keys of weight * value[dim …], for `width` registers; with `ahead` the
 * keys that come next are on their way meanwhile. */
static inline __attribute__((always_inline)) void add_values(const list_item *it, const chunk *now, int64_t dim,
                                                             int width, float decay, bool ahead, float *acc) {
    const weft_call *call = it->call;
    int64_t next = ahead ? now->end - now->next : 0;
    vec sum[8];
#pragma unroll
    for (int i = 0; i < width; i++) sum[i] = load(acc + dim + i * LANES) * splat(decay);
    for (int64_t n = 0; n < now->keys; n++) {
        const element *v = value_at(call, now->key[n]);
        vec weight = splat(now->weight[n]);
        if (n < next) prefetch(key_at(call, now->next[n]), it->head_dim);
#pragma unroll
        for (int i = 0; i < width; i++) {
            int64_t at = dim + i * LANES;
            sum[i] += weight * (width > 1 ? load_elements(v + at) : part_of(v, call->v_dim, at, it->value_dim));
        }
    }
#pragma unroll
    for (int i = 0; i < width; i++) store(acc + dim + i * LANES, sum[i]);
}

static void weigh(const list_item *it, const chunk *now, float decay, float *acc) {
    int64_t dim = 0, whole = it->call->v_dim == 1 ? it->value_dim : 0;
    for (; dim + 8 * LANES <= whole; dim += 8 * LANES) add_values(it, now, dim, 8, decay, dim == 0, acc);
    for (; dim + 4 * LANES <= whole; dim += 4 * LANES) add_values(it, now, dim, 4, decay, dim == 0, acc);
    for (; dim < it->value_dim; dim += LANES) add_values(it, now, dim, 1, decay, dim == 0, acc);
}

/* ---- an item ---------------------------------------------------------------------------------------------------- */

/* The next keys of a row, from *keys on; false: there are none. */
static bool take(const uint32_t **keys, const uint32_t *row_end, chunk *out) {
    out->keys = smaller(row_end - *keys, CHUNK);
    for (int64_t n = 0; n < whole_lanes(out->keys); n++) out->key[n] = (*keys)[smaller(n, out->keys - 1)];
    *keys += out->keys;
    out->next = *keys;
    return out->keys > 0;
}

static void attend(const list_item *it, int64_t row) {
    const weft_call *call = it->call;
    const uint32_t *keys = call->list + call->list_begin[row], *end = call->list + call->list_begin[row + 1];
    float *acc = it->acc + row * whole_lanes(it->value_dim), maximum = -__builtin_inff(), decay, sum = 0;
    vec total = splat(0);
    chunk now;
    now.end = call->list + call->list_begin[call->rows];
    for (int64_t dim = 0; dim < it->value_dim; dim += LANES) store(acc + dim, splat(0));
    read_query(it, row);
    while (take(&keys, end, &now)) {
        bool hides = score(it, row, &now);
        soften(&now, &maximum, &total, &decay);
        if (hides) drop_weightless(&now);
        weigh(it, &now, decay, acc);
    }
    for (int lane = 0; lane < LANES; lane++) sum += total[lane];
    it->maximum[row] = maximum;
    it->total[row] = sum;
}

static void start(list_item *it, float *scratch) {
    it->maximum = scratch;
    it->total = it->maximum + WEFT_TILE_ROWS;
    it->share = it->total + WEFT_TILE_ROWS;
    it->kept = it->share + WEFT_TILE_ROWS;
    it->query = it->kept + WEFT_TILE_ROWS;
    it->acc = it->query + whole_lanes(it->head_dim);
    for (int64_t row = 0; row < WEFT_TILE_ROWS; row += LANES) {
        store(it->maximum + row, splat(-__builtin_inff()));
        store(it->total + row, splat(0));
    }
}

void weft_list_item(const weft_call *call, int64_t head_dim, int64_t value_dim, list_modifier *modify);
void weft_list_item(const weft_call *call, int64_t head_dim, int64_t value_dim, list_modifier *modify) {
    list_item it = {.call = call, .head_dim = head_dim, .value_dim = value_dim, .modify = modify};
    start(&it, call->scratch);
    for (int64_t row = 0; row < call->rows; row++) attend(&it, row);
    outcome found = {WEFT_TILE_ROWS, it.maximum, it.total, it.share, it.kept};
    weigh_passes(call, &found);
    for (int64_t row = 0; row < call->rows; row++) write_output(&it, row, it.acc + row * whole_lanes(value_dim));
    write_lse(call, &found);
}
