/* The drivers of low-rank attention (Performer, Choromanski et al. 2021; LANGUAGE.md section 4). Its two sums are
 * ordinary attention: directions attend to keys, which gives every feature the mean of the values and a denominator;
 * and queries attend to directions, whose values those means are. So both are done by weft_item, with a number added to
 * the scores of a key: -|k'|^2 / 2 of a key, the denominator of a feature. Only pairs for which a mask decides are done
 * here, by products of features.
 *
 * It is compiled once an instruction set and type of elements. All it works with are floats; elements are those of the
 * tensors. */
#include <stdbool.h>

#include "finish.h"
#include "kernel/features.h"
#include "layout.h"
#include "multiply.h"
/* ---- scores of directions ---------------------------------------------------------------------------------------- */

static const float OFFSET = 1e-3f; /* of relu */

/* log2 x for positive normal x: x = 2^exponent * m with m around 1, ln m = 2 atanh((m - 1) / (m + 1)). */
static inline vec log_2(vec x) {
    const bits root_half = (bits){0} + 0x3f3504f3;
    bits shifted = (bits)x - root_half, exponent = shifted >> 23;
    vec m = (vec)((shifted & 0x007fffff) + root_half), z = (m - 1) / (m + 1), square = z * z;
    vec series = square * splat(1.0f / 9) + splat(1.0f / 7);
    series = series * square + splat(1.0f / 5);
    series = series * square + splat(1.0f / 3);
    series = series * square + splat(1.0f);
    return __builtin_convertvector(exponent, vec) + z * series * splat((float)(2 * LOG2_E));
}

static inline vec rectified(vec x) { return choose(x < 0, splat(0), x) + OFFSET; }

/* A score_modifier of item.c, for 64 rows. No pair is masked. */
static inline __attribute__((always_inline)) int64_t modify(const weft_call *call, int64_t first, int64_t keys,
                                                            float *scores, float *highest, bool relu) {
    for (int64_t row = 0; row < WEFT_TILE_ROWS; row += LANES) {
        vec most = splat(-__builtin_inff());
        for (int64_t key = 0; key < keys; key++) {
            float *at = scores + key * WEFT_TILE_ROWS + row;
            vec score = load(at);
            if (relu) score = log_2(rectified(score * splat((float)LN_2)));
            if (call->addend) score += splat(call->addend[first + key]);
            store(at, score);
            most = larger(score, most);
        }
        store(highest + row, most);
    }
    return 0;
}

static int64_t modify_exp(const weft_call *call, int64_t first, int64_t keys, const uint64_t *mask, float *scores,
                          float *highest) {
    (void)mask;
    return modify(call, first, keys, scores, highest, false);
}

static int64_t modify_relu(const weft_call *call, int64_t first, int64_t keys, const uint64_t *mask, float *scores,
                           float *highest) {
    (void)mask;
    return modify(call, first, keys, scores, highest, true);
}

typedef int64_t score_modifier(const weft_call *call, int64_t first, int64_t keys, const uint64_t *mask, float *scores,
                               float *highest);
void weft_item(const weft_call *call, int64_t height, int64_t head_dim, int64_t value_dim, const void *by,
               score_modifier *modify);

void weft_favor_item(const weft_call *call, int64_t head_dim, int64_t value_dim, const void *by, int64_t relu);
void weft_favor_item(const weft_call *call, int64_t head_dim, int64_t value_dim, const void *by, int64_t relu) {
    weft_item(call, WEFT_TILE_ROWS, head_dim, value_dim, by, relu ? modify_relu : modify_exp);
}

/* ---- rows as floats ---------------------------------------------------------------------------------------------- */

#define SWAPPED(lane, step) ((lane) ^ (step))
#define ADD_SWAPPED(x, step) (x) += __builtin_shufflevector(x, x, EACH_LANE(SWAPPED, step))

static inline float sum_of(vec x) {
    ADD_SWAPPED(x, 1);
    ADD_SWAPPED(x, 2);
#if LANES > 4
    ADD_SWAPPED(x, 4);
#endif
#if LANES > 8
    ADD_SWAPPED(x, 8);
#endif
    return x[0];
}

void weft_favor_rows(const weft_rows_call *call);
void weft_favor_rows(const weft_rows_call *call) {
    int64_t length = weft_whole_registers(call->dims), whole = call->dim == 1 ? call->dims / LANES * LANES : 0;
    const float factor = -0.5f * (float)LOG2_E * call->factor * call->factor;
    for (int64_t r = 0; r < call->rows; r++) {
        const element *from = (const element *)call->from + (call->list ? (int64_t)call->list[r] : r) * call->row;
        float *to = call->to + r * length;
        vec squares = splat(0);
        for (int64_t d = 0; d < length; d += LANES) {
            int64_t left = smaller(call->dims - d, LANES);
            vec x =
                d < whole ? load_elements(from + d) : load_some(from + d * call->dim, call->dim, left > 0 ? left : 0);
            store(to + d, x);
            squares += x * x;
        }
        if (call->squares) call->squares[r] = sum_of(squares) * factor;
    }
}

/* ---- pairs ------------------------------------------------------------------------------------------------------- */

typedef struct pairs {
    const weft_pairs_call *call;
    float *packed;         /* [head_dim]: 64 queries, or keys, in lanes */
    float *queries, *keys; /* features, [features], less their largest exponents, which are: */
    float *query_top, *key_top;
    float *directions; /* times the factor */
    float *weights;    /* [64 keys] */
    float *decay;
} pairs;

enum { ROWS = WEFT_TILE_ROWS };

/* packed[d][row] = rows[row][d] * factor */
static void pack(const float *rows, int64_t dims, float factor, float *packed) {
    int64_t length = weft_whole_registers(dims);
    for (int64_t row = 0; row < ROWS; row += LANES)
        for (int64_t dim = 0; dim < dims; dim += LANES) {
            vec x[LANES];
#pragma unroll
            for (int r = 0; r < LANES; r++) x[r] = load(rows + (row + r) * length + dim) * splat(factor);
            transpose(x);
#pragma unroll
            for (int d = 0; d < LANES; d++) store(packed + (dim + d) * ROWS + row, x[d]);
        }
}

/* Exponents become features, less the largest of each row: that is left in top. */
static void soften(const weft_pairs_call *call, float *features, float *top) {
    for (int64_t row = 0; row < ROWS; row += LANES) {
        vec most = splat(call->relu ? 0 : -__builtin_inff());
        for (int64_t n = 0; !call->relu && n < call->features; n++)
            most = larger(load(features + n * ROWS + row), most);
        for (int64_t n = 0; n < call->features; n++) {
            float *at = features + n * ROWS + row;
            store(at, call->relu ? rectified(load(at)) : power_of_two(load(at) - most));
        }
        store(top + row, most);
    }
}

static float factor_of(const weft_pairs_call *call) { return call->relu ? call->factor : call->factor * (float)LOG2_E; }

static void look_at_queries(const pairs *p) {
    const weft_pairs_call *call = p->call;
    pack(call->q, call->head_dim, factor_of(call), p->packed);
    multiply((streams){call->w, call->head_dim, 1, call->features}, p->packed, call->head_dim, 0, p->queries);
    soften(call, p->queries, p->query_top);
    for (int64_t n = 0; n < call->features * call->head_dim; n++) p->directions[n] = call->w[n] * factor_of(call);
}

/* In the same steps as weft_item: what it sums up can be taken away again, with all that was rounded. */
static void look_at_keys(const pairs *p, int64_t first) {
    const weft_pairs_call *call = p->call;
    pack(call->k + first * weft_whole_registers(call->head_dim), call->head_dim, 1, p->packed);
    multiply((streams){p->directions, call->head_dim, 1, call->features}, p->packed, call->head_dim, 0, p->keys);
    for (int64_t row = 0; !call->relu && row < ROWS; row += LANES)
        for (int64_t n = 0; n < call->features; n++) {
            float *at = p->keys + n * ROWS + row;
            store(at, load(at) + load_loose(call->squares + first + row));
        }
    soften(call, p->keys, p->key_top);
}

/* The lanes whose bits are set, from bit `row` of the word on. */
static inline bits lanes_of(uint64_t word, int64_t row) {
    bits lane = {0};
#pragma unroll
    for (int n = 0; n < LANES; n++) lane[n] = 1 << n;
    return (((bits){0} + (int32_t)(word >> row & 0xffff)) & lane) != 0;
}

/* Finds the largest exponent of keys that some row sees, NaN aside: that is for those rows alone. False: there is no
 * such key. */
static bool find_highest(const pairs *p, int64_t first, int64_t keys, float *most) {
    const weft_pairs_call *call = p->call;
    bool seen = false;
    *most = -__builtin_inff();
    for (int64_t j = 0; j < keys; j++) {
        if (!call->mask[first + j]) continue;
        if (p->key_top[j] > *most) *most = p->key_top[j];
        seen = true;
    }
    if (*most == -__builtin_inff()) *most = 0;
    return seen;
}

/* What is kept of the state, and what the weights of this block are to be multiplied with. */
static void raise(const pairs *p, float most, float *share) {
    float *maximum = p->call->state;
    for (int64_t row = 0; row < ROWS; row += LANES) {
        vec before = load(maximum + row), here = load(p->query_top + row) + splat(most), now = larger(before, here);
        store(p->decay + row, choose(before == -__builtin_inff(), splat(0), power_of_two(before - now)));
        store(share + row, power_of_two(here - now));
        store(maximum + row, now);
    }
}

/* Products of features become weights; their sum. A row that does not see a key has weight 0 there, whatever its
 * features are. */
static void weigh(const pairs *p, int64_t first, int64_t keys, float most, const float *share) {
    const weft_pairs_call *call = p->call;
    float *total = call->state + ROWS, of_key[WEFT_TILE_KEYS] __attribute__((aligned(64)));
    for (int64_t j = 0; j < WEFT_TILE_KEYS; j += LANES)
        store(of_key + j, power_of_two(load(p->key_top + j) - splat(most)));
    for (int64_t row = 0; row < ROWS; row += LANES) {
        vec sum = load(total + row) * load(p->decay + row), part = load(share + row);
        for (int64_t j = 0; j < keys; j++) {
            float *at = p->weights + j * ROWS + row;
            vec weight = load(at) * part * splat(of_key[j]);
            weight = choose(lanes_of(call->mask[first + j], row), weight, splat(0));
            store(at, weight);
            sum += weight;
        }
        store(total + row, sum);
    }
}

/* Values that are not finite are kept from rows that do not see them. */
static bool all_finite(const float *v, int64_t keys, int64_t length) {
    vec zeros = splat(0);
    for (int64_t at = 0; at < keys * length; at += LANES) zeros += load(v + at) * 0.0f;
    return sum_of(zeros) == 0;
}

static void add_guarded(const pairs *p, const float *v, int64_t keys, int64_t length, float *acc) {
    for (int64_t dim = 0; dim < p->call->value_dim; dim++)
        for (int64_t row = 0; row < ROWS; row += LANES) {
            vec sum = load(acc + dim * ROWS + row) * load(p->decay + row);
            for (int64_t j = 0; j < keys; j++) {
                vec weight = load(p->weights + j * ROWS + row);
                sum += choose(weight == 0, splat(0), weight * splat(v[j * length + dim]));
            }
            store(acc + dim * ROWS + row, sum);
        }
}

static void attend(const pairs *p, int64_t first) {
    const weft_pairs_call *call = p->call;
    int64_t keys = smaller(call->keys - first, WEFT_TILE_KEYS), length = weft_whole_registers(call->value_dim);
    const float *v = call->v + first * length;
    float share[ROWS] __attribute__((aligned(64))), *acc = call->state + 2 * ROWS, most;
    look_at_keys(p, first);
    if (!find_highest(p, first, keys, &most)) return;
    multiply((streams){p->keys, 1, ROWS, keys}, p->queries, call->features, 0, p->weights);
    raise(p, most, share);
    weigh(p, first, keys, most, share);
    if (all_finite(v, keys, length))
        multiply((streams){v, 1, length, call->value_dim}, p->weights, keys, p->decay, acc);
    else
        add_guarded(p, v, keys, length, acc);
}

static void clear(const weft_pairs_call *call) {
    for (int64_t at = 0; at < ROWS; at += LANES) store(call->state + at, splat(-__builtin_inff()));
    for (int64_t at = ROWS; at < ROWS * (call->value_dim + 2); at += LANES) store(call->state + at, splat(0));
}

void weft_favor_pairs(const weft_pairs_call *call);
void weft_favor_pairs(const weft_pairs_call *call) {
    pairs p = {.call = call, .query_top = call->scratch};
    p.key_top = p.query_top + ROWS;
    p.decay = p.key_top + ROWS;
    p.weights = p.decay + ROWS;
    p.packed = p.weights + WEFT_TILE_KEYS * ROWS;
    p.queries = p.packed + weft_whole_registers(call->head_dim) * ROWS;
    p.keys = p.queries + call->features * ROWS;
    p.directions = p.keys + call->features * ROWS;
    if (!call->again) look_at_queries(&p);
    if (!call->resume) clear(call);
    for (int64_t first = 0; first < call->keys; first += WEFT_TILE_KEYS) attend(&p, first);
}

/* ---- outcomes ---------------------------------------------------------------------------------------------------- */

void weft_favor_fold(const weft_fold_call *call);
void weft_favor_fold(const weft_fold_call *call) {
    float share[ROWS] __attribute__((aligned(64))), kept[ROWS] __attribute__((aligned(64)));
    float *maximum = call->rows.state, *total = maximum + ROWS;
    outcome found = {ROWS, maximum, total, share, kept};
    for (int64_t row = 0; row < ROWS; row += LANES)
        store(maximum + row, load(maximum + row) + load_loose(call->shift + row));
    weigh_passes(&call->rows, &found);
    unpack_outputs(&call->rows, ROWS, call->value_dim, total + ROWS, share, kept);
    write_lse(&call->rows, &found);
}
