/* Generated kernels against a float64 reference, on every instruction set that this machine has: random dimensions,
 * tiles, masks, strides and edges. Every tensor ends (or begins) where memory does, gaps hold NaN, keys outside the set
 * hold NaN. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codegen/emulated_item.h"
#include "codegen/matrix.h"

static const char *const targets[] = {"x86-64-v4", "x86-64-v3", "x86-64", "aarch64", "x86-64-v4-bf16", "x86-64-v4-amx"};
static const uint32_t dims[] = {1, 2, 3, 7, 15, 16, 17, 31, 33, 64, 65, 80, 96, 127, 128, 200, 255, 256};
enum { DIM_COUNT = sizeof dims / sizeof *dims, MAX_KEYS = 400, DTYPES = 3, MAX_TILES = 2 * MAX_KEYS };

/* What may be off, as a share of the largest |o| (of lse: of itself, at least 1), before o is rounded: scores are sums
 * of up to 256 products in float32, of which the weights are powers. Measured: 3e-6. */
static const double tolerance = 1e-5;
/* What rounding o to nearest adds, of |o|. Where bfloat16 is multiplied as it is, weights are rounded too, and powers
 * are rough: in o that adds as much again of the mean |v|, and 9e-5 twice; in lse 9e-5. */
static const double rounding[] = {[WEFT_F32] = 0, [WEFT_BF16] = 0x1p-8, [WEFT_F16] = 0x1p-11};
static const double rough = 9e-5;

/* ---- one item ---- */

typedef struct problem {
    const char *target;
    weft_dtype dtype;
    bool pairs; /* of bfloat16 are multiplied */
    uint64_t seed;
    double largest_value; /* |v| that is finite */
    int64_t head_dim, value_dim, height, rows, keys;
    float scale;
    matrix q, k, v;
    weft_tile tiles[MAX_TILES];
    weft_mask masks[MAX_TILES];
    uint32_t tile_count, mask_count;
    bool allowed[WEFT_TILE_ROWS][MAX_KEYS];
    bool indexed;
    uint32_t row_of[WEFT_TILE_ROWS]; /* where row r is in q, o and lse; r itself where they are not indexed */
    bool poisoned[MAX_KEYS];         /* v is NaN or infinite there, though some rows attend to it */
} problem;

typedef struct answer {
    double o[WEFT_TILE_ROWS][WEFT_MAX_DIM], size[WEFT_TILE_ROWS][WEFT_MAX_DIM], lse[WEFT_TILE_ROWS];
    bool finite[WEFT_TILE_ROWS];
} answer;

static double worst_o, worst_lse;
static long items_run;

static void mask_block(problem *p, test_random *random, int64_t block, int64_t first, int64_t last) {
    weft_mask *mask = &p->masks[p->mask_count];
    /* none, causal-like, dense, sparse, whole keys or rows missing, a range of keys for each 16 rows */
    int64_t kind = test_range(random, 0, 5);
    uint64_t rows = test_bits(random);
    int64_t begin[4], end[4];
    for (int strip = 0; strip < 4; strip++) {
        begin[strip] = test_range(random, first, last);
        end[strip] = test_range(random, begin[strip], last);
    }
    for (int64_t key = first; key < last; key++) {
        uint64_t word = 0;
        switch (kind) {
        case 1: word = ~(uint64_t)0 << (key < 63 ? key : 63); break;
        case 2: word = test_bits(random) | test_bits(random); break;
        case 3: word = test_bits(random) & test_bits(random) & test_bits(random); break;
        case 4: word = test_range(random, 0, 1) ? rows : 0; break;
        case 5:
            for (int strip = 0; strip < 4; strip++)
                if (begin[strip] <= key && key < end[strip]) word |= (rows | 1) << 16 * strip;
            break;
        default: break;
        }
        mask->key[key] = word;
        for (int64_t row = 0; row < p->height; row++)
            if (word >> row & 1) p->allowed[row][block * WEFT_TILE_KEYS + key] = true;
    }
    p->tiles[p->tile_count++] = (weft_tile){(uint32_t)block, p->mask_count++, (uint8_t)first, (uint8_t)last, 1, 0};
}

static void fill_run(problem *p, int64_t block, int64_t many, int64_t first, int64_t last) {
    p->tiles[p->tile_count++] = (weft_tile){(uint32_t)block, (uint32_t)many, (uint8_t)first, (uint8_t)last, 0, 0};
    for (int64_t b = block; b < block + many; b++)
        for (int64_t key = first; key < last && b * WEFT_TILE_KEYS + key < p->keys; key++)
            for (int64_t row = 0; row < p->height; row++) p->allowed[row][b * WEFT_TILE_KEYS + key] = true;
}

static void choose_tiles(problem *p, test_random *random) {
    int64_t blocks = (p->keys + WEFT_TILE_KEYS - 1) / WEFT_TILE_KEYS;
    for (int64_t block = 0; block < blocks; block++) {
        int64_t edge = p->keys - block * WEFT_TILE_KEYS, end = edge < WEFT_TILE_KEYS ? edge : WEFT_TILE_KEYS;
        int64_t first = test_range(random, 0, (end - 1) / WEFT_KEY_GROUP) * WEFT_KEY_GROUP, last = end;
        int64_t shape = test_range(random, 0, 7);
        if (shape == 0) continue;
        if (shape == 1) first = test_range(random, 0, end - 1);
        if (shape > 1 && test_range(random, 0, 1)) first = 0;
        if (shape < 4) last = first + test_range(random, 1, end - first);
        if (shape == 7) {
            int64_t many = test_range(random, 1, blocks - block);
            fill_run(p, block, many, first, WEFT_TILE_KEYS);
            block += many - 1;
        } else if (shape % 2) {
            mask_block(p, random, block, first, last);
        } else {
            fill_run(p, block, 1, first, last);
        }
    }
}

static void shuffle_rows(problem *p, test_random *random) {
    p->indexed = test_range(random, 0, 2) == 0;
    for (int64_t row = 0; row < p->rows; row++) {
        int64_t other = p->indexed ? test_range(random, 0, row) : row;
        p->row_of[row] = p->row_of[other];
        p->row_of[other] = (uint32_t)row;
    }
}

static bool seen(const problem *p, int64_t key, bool by_all) {
    bool any = false, all = true;
    for (int64_t row = 0; row < p->rows; row++) {
        any |= p->allowed[row][key];
        all &= p->allowed[row][key];
    }
    return by_all ? all : any;
}

/* Keys that no row sees keep NaN in K and V; some that only some rows see get a NaN or infinity in V. */
static void fill_tensors(problem *p, test_random *random) {
    float spread = (float)test_range(random, 0, p->pairs ? 4 : 3);
    if (spread > 3) spread = 40; /* later scores are far above the first ones, where rough powers are good enough */
    bool poison = test_range(random, 0, 3) == 0, hidden = test_range(random, 0, 1); /* keys that no row sees hold NaN */
    for (int64_t row = 0; row < p->rows; row++)
        for (int64_t d = 0; d < p->head_dim; d++) put(&p->q, row, d, spread * test_normal(random));
    for (int64_t key = 0; key < p->keys; key++) {
        if (hidden && !seen(p, key, false)) continue;
        for (int64_t d = 0; d < p->head_dim; d++) put(&p->k, key, d, test_normal(random));
        for (int64_t d = 0; d < p->value_dim; d++) {
            put(&p->v, key, d, test_normal(random));
            p->largest_value = fmax(p->largest_value, fabs(get(&p->v, key, d)));
        }
        if (!poison || seen(p, key, true) || test_range(random, 0, 9)) continue;
        p->poisoned[key] = true;
        put(&p->v, key, test_range(random, 0, p->value_dim - 1), test_range(random, 0, 1) ? NAN : -INFINITY);
    }
}

/* All of a matrix, rows one after the other. */
static double *widen(const matrix *m) {
    double *all = malloc((size_t)(m->rows * m->columns) * sizeof *all);
    ck_assert(all);
    for (int64_t row = 0; row < m->rows; row++)
        for (int64_t column = 0; column < m->columns; column++) all[row * m->columns + column] = get(m, row, column);
    return all;
}

static void reference(const problem *p, answer *out) {
    double *q = widen(&p->q), *k = widen(&p->k), *v = widen(&p->v);
    for (int64_t row = 0; row < p->rows; row++) {
        double scores[MAX_KEYS], most = -INFINITY, total = 0;
        out->finite[row] = true;
        for (int64_t key = 0; key < p->keys; key++) {
            if (!p->allowed[row][key]) continue;
            const double *query = q + p->row_of[row] * p->head_dim, *with = k + key * p->head_dim;
            double dot = 0;
            for (int64_t d = 0; d < p->head_dim; d++) dot += query[d] * with[d];
            scores[key] = p->scale * dot;
            most = fmax(most, scores[key]);
            if (p->poisoned[key]) out->finite[row] = false;
        }
        for (int64_t d = 0; d < p->value_dim; d++) out->o[row][d] = out->size[row][d] = 0;
        for (int64_t key = 0; key < p->keys; key++) {
            if (!p->allowed[row][key]) continue;
            const double *value = v + key * p->value_dim;
            double weight = exp(scores[key] - most);
            total += weight;
            for (int64_t d = 0; d < p->value_dim; d++) {
                out->o[row][d] += weight * value[d];
                out->size[row][d] += weight * fabs(value[d]);
            }
        }
        for (int64_t d = 0; d < p->value_dim && total > 0; d++) out->o[row][d] /= total, out->size[row][d] /= total;
        out->lse[row] = total > 0 ? most + log(total) : -INFINITY;
    }
    free(q);
    free(k);
    free(v);
}

/* ---- running ---- */

static const float untouched = 12288.0f; /* in every type */

static void expect_untouched(const matrix *m, const char *what) {
    bool all = true; /* one assertion for all: each writes to Check's log */
    for (int64_t i = 0; i < m->count; i++) all &= value_at(m, i) == (double)untouched;
    ck_assert_msg(all, "%s", what);
}

static float *scratch_of(const problem *p, guarded *memory) {
    size_t count = weft_scratch_floats(p->head_dim, p->value_dim);
    *memory = guarded_floats(count, true);
    for (size_t i = 0; i < count; i++) memory->at[i] = NAN;
    return memory->at;
}

static weft_call call_of(const problem *p, const matrix *o, float *scratch) {
    return (weft_call){.q = origin(&p->q),
                       .k = origin(&p->k),
                       .v = origin(&p->v),
                       .o = origin(o),
                       .q_row = p->q.row,
                       .q_dim = p->q.column,
                       .k_row = p->k.row,
                       .k_dim = p->k.column,
                       .v_row = p->v.row,
                       .v_dim = p->v.column,
                       .o_row = o->row,
                       .o_dim = o->column,
                       .keys = p->keys,
                       .rows = (int32_t)p->rows,
                       .scale = p->scale,
                       .tiles = p->tiles,
                       .tile_count = p->tile_count,
                       .masks = p->masks,
                       .sink = -INFINITY,
                       .row_index = p->indexed ? p->row_of : NULL,
                       .scratch = scratch};
}

/* What an error has beyond what is allowed; NaN stays NaN, which fmax would make 0. */
static double beyond(double error, double allowed) { return error <= allowed ? 0 : error - allowed; }

/* `rounded` is what roundings to the element type may have changed. */
static void compare(const problem *p, const answer *want, int64_t row, int64_t d, double o, double biggest,
                    double rounded) {
    if (!want->finite[row]) return; /* it attends to something that is not finite */
    if (p->pairs) rounded += (rounding[WEFT_BF16] + 2 * rough) * want->size[row][d];
    rounded += 0x1p-23 * want->size[row][d]; /* of float32, where values cancel: o is small, its terms are not */
    double error = beyond(fabs(o - want->o[row][d]), rounded) / biggest;
    if (!(error <= tolerance))
        ck_abort_msg("%s D %d Dv %d seed %llu height %d row %d dim %d: %g, not %g", p->target, (int)p->head_dim,
                     (int)p->value_dim, (unsigned long long)p->seed, (int)p->height, (int)row, (int)d, o,
                     want->o[row][d]);
    worst_o = fmax(worst_o, error);
}

static double biggest_output(const problem *p, const answer *want) {
    double biggest = 1e-30;
    for (int64_t row = 0; row < p->rows; row++)
        for (int64_t d = 0; d < p->value_dim && want->finite[row]; d++) biggest = fmax(biggest, fabs(want->o[row][d]));
    return biggest;
}

static void compare_lse(const problem *p, double lse, double want) {
    if (isinf(want)) {
        ck_assert_msg(lse == want, "%s seed %llu: lse %g, not -inf", p->target, (unsigned long long)p->seed, lse);
        return;
    }
    double error = beyond(fabs(lse - want), p->pairs ? rough : 0) / fmax(1, fabs(want));
    ck_assert_msg(error <= tolerance, "%s D %d seed %llu: lse %.9g, not %.9g", p->target, (int)p->head_dim,
                  (unsigned long long)p->seed, lse, want);
    worst_lse = fmax(worst_lse, error);
}

/* Values of the blocks that tiles name, and of a few more, packed in two calls; in between is NaN. */
static void pack_values(const problem *p, weft_kernel_entry *pack, weft_call *call, guarded *memory,
                        test_random *random) {
    int64_t blocks = (p->keys + WEFT_TILE_KEYS - 1) / WEFT_TILE_KEYS, first = blocks,
            bytes = weft_packed_bytes(p->value_dim);
    for (uint32_t n = 0; n < p->tile_count; n++) first = p->tiles[n].block < first ? p->tiles[n].block : first;
    if (first == blocks) first = 0;
    int64_t middle = test_range(random, first, blocks);
    *memory = guarded_bytes((size_t)((blocks - first) * bytes), true);
    memset(memory->at, 0xff, (size_t)((blocks - first) * bytes));
    call->packed = (char *)memory->at;
    call->packed_block = first;
    weft_tile part[] = {{(uint32_t)first, (uint32_t)(middle - first), 0, WEFT_TILE_KEYS, 0, 0},
                        {(uint32_t)middle, (uint32_t)(blocks - middle), 0, WEFT_TILE_KEYS, 0, 0}};
    for (int n = 0; n < 2; n++) {
        weft_call packing = {.v = call->v,
                             .v_row = call->v_row,
                             .v_dim = call->v_dim,
                             .keys = call->keys,
                             .tiles = &part[n],
                             .tile_count = 1,
                             .packed = call->packed,
                             .packed_block = first};
        if (part[n].many) pack(&packing);
    }
    call->v = NULL; /* it is not read again */
}

/* Packs values where `pack` is not NULL. */
static void run_whole(const problem *p, weft_kernel_entry *entry, weft_kernel_entry *pack, const answer *want,
                      test_random *random) {
    guarded memory, values = {0};
    matrix o = make_matrix(random, p->dtype, p->rows, p->value_dim, untouched);
    matrix lse = make_matrix(random, WEFT_F32, p->rows, 1, untouched);
    weft_call call = call_of(p, &o, scratch_of(p, &memory));
    bool with_lse = test_range(random, 0, 3) != 0;
    call.lse = with_lse ? origin(&lse) : NULL;
    call.lse_row = lse.row;
    if (pack) pack_values(p, pack, &call, &values, random);
    weft_call next = call; /* is fetched ahead, no more */
    next.tile_count = (uint32_t)test_range(random, 0, p->tile_count);
    if (test_range(random, 0, 1)) call.next = &next;
    entry(&call);
    if (pack) guarded_free(&values);
    double biggest = biggest_output(p, want);
    for (int64_t row = 0; row < p->rows; row++) {
        for (int64_t d = 0; d < p->value_dim; d++) {
            compare(p, want, row, d, get(&o, p->row_of[row], d), biggest,
                    rounding[p->dtype] * (1 + tolerance) * fabs(want->o[row][d]) + 0x1p-25);
            put(&o, p->row_of[row], d, untouched);
        }
        if (with_lse) compare_lse(p, get(&lse, p->row_of[row], 0), want->lse[row]);
        put(&lse, p->row_of[row], 0, untouched);
    }
    expect_untouched(&o, "a gap of o was written");
    expect_untouched(&lse, "a gap of lse was written");
    guarded_free(&o.memory);
    guarded_free(&lse.memory);
    guarded_free(&memory);
}

/* The same tiles in two calls that leave their states, merged here. */
static void run_split(const problem *p, weft_kernel_entry *entry, const answer *want, test_random *random) {
    matrix o = make_matrix(random, p->dtype, p->rows, p->value_dim, untouched);
    guarded state[2];
    uint32_t cut = (uint32_t)test_range(random, 0, p->tile_count);
    for (int part = 0; part < 2; part++) {
        guarded memory;
        state[part] = guarded_floats(weft_state_floats(p->height, p->value_dim), true);
        weft_call call = call_of(p, &o, scratch_of(p, &memory));
        call.state = state[part].at;
        call.tiles = p->tiles + (part ? cut : 0);
        call.tile_count = part ? p->tile_count - cut : cut;
        entry(&call);
        guarded_free(&memory);
    }
    expect_untouched(&o, "a part wrote o");
    double biggest = biggest_output(p, want);
    for (int64_t row = 0; row < p->rows; row++) {
        double max[2], sum[2], most, weight[2], total = 0;
        for (int part = 0; part < 2; part++) {
            max[part] = state[part].at[row];
            sum[part] = state[part].at[p->height + row];
        }
        most = fmax(max[0], max[1]);
        for (int part = 0; part < 2; part++) {
            weight[part] = max[part] == -INFINITY ? 0 : exp2(max[part] - most);
            total += weight[part] * sum[part];
        }
        compare_lse(p, total > 0 ? (most + log2(total)) * 0.6931471805599453 : -INFINITY, want->lse[row]);
        for (int64_t d = 0; d < p->value_dim; d++) {
            double acc = 0;
            for (int part = 0; part < 2; part++)
                acc += weight[part] * (double)state[part].at[(2 + d) * p->height + row];
            compare(p, want, row, d, total > 0 ? acc / total : acc, biggest, 0);
        }
    }
    guarded_free(&state[0]);
    guarded_free(&state[1]);
    guarded_free(&o.memory);
}

/* The same tiles in passes, each folded into what the ones before it left, in o or in floats that stand in for it. */
static void run_folded(const problem *p, weft_kernel_entry *entry, const answer *want, test_random *random) {
    enum { PASSES = 3 };
    bool wide = test_range(random, 0, 1);
    int64_t wide_row = weft_whole_registers(p->value_dim);
    guarded wide_rows = guarded_floats((size_t)(p->rows * wide_row), true);
    matrix o = make_matrix(random, p->dtype, p->rows, p->value_dim, untouched);
    matrix lse = make_matrix(random, WEFT_F32, p->rows, 1, untouched);
    uint32_t done = 0;
    for (int64_t n = 0; n < p->rows * wide_row; n++) wide_rows.at[n] = NAN;
    for (int pass = 0; pass < PASSES; pass++) {
        guarded memory;
        uint32_t end = pass == PASSES - 1 ? p->tile_count : (uint32_t)test_range(random, done, p->tile_count);
        weft_call call = call_of(p, &o, scratch_of(p, &memory));
        call.lse = origin(&lse);
        call.lse_row = lse.row;
        call.fold = pass > 0;
        if (wide) call.wide = wide_rows.at, call.wide_row = wide_row;
        call.tiles = p->tiles + done;
        call.tile_count = end - done;
        entry(&call);
        done = end;
        guarded_free(&memory);
    }
    double biggest = biggest_output(p, want);
    for (int64_t row = 0; row < p->rows; row++) {
        for (int64_t d = 0; d < p->value_dim; d++) {
            int64_t at = p->row_of[row];
            compare(p, want, row, d, wide ? (double)wide_rows.at[at * wide_row + d] : get(&o, at, d), biggest,
                    wide ? 0x1p-25 : PASSES * rounding[p->dtype] * p->largest_value);
            if (!wide) put(&o, at, d, untouched);
        }
        compare_lse(p, get(&lse, p->row_of[row], 0), want->lse[row]);
        put(&lse, p->row_of[row], 0, untouched);
    }
    guarded_free(&wide_rows);
    expect_untouched(&o, "a gap of o was written");
    expect_untouched(&lse, "a gap of lse was written");
    guarded_free(&o.memory);
    guarded_free(&lse.memory);
}

static void run_item(const loaded_kernel *kernel, const char *target, weft_dtype dtype, uint32_t head_dim,
                     uint32_t value_dim, uint64_t seed) {
    test_random random = {seed};
    problem *p = calloc(1, sizeof *p);
    answer *want = malloc(sizeof *want);
    ck_assert(p && want);
    bool strip = test_range(&random, 0, 2) == 0;
    p->target = target;
    p->dtype = dtype;
    p->pairs = dtype == WEFT_BF16 && (strstr(target, "-bf16") || strstr(target, "amx"));
    p->seed = seed;
    p->head_dim = head_dim;
    p->value_dim = value_dim;
    p->height = strip ? WEFT_STRIP_ROWS : WEFT_TILE_ROWS;
    p->rows = test_range(&random, 0, 1) ? p->height : test_range(&random, 1, p->height);
    p->keys = test_range(&random, 1, test_range(&random, 0, 1) ? MAX_KEYS : 70);
    p->scale = (test_range(&random, 0, 5) ? 1.0f : -0.5f) / sqrtf((float)head_dim);
    p->q = make_matrix(&random, p->dtype, p->rows, head_dim, NAN);
    p->k = make_matrix(&random, p->dtype, p->keys, head_dim, NAN);
    p->v = make_matrix(&random, p->dtype, p->keys, value_dim, NAN);
    shuffle_rows(p, &random);
    choose_tiles(p, &random);
    fill_tensors(p, &random);
    reference(p, want);
    weft_kernel_entry *entry = strip ? kernel->strip : kernel->tall;
    run_whole(p, entry, NULL, want, &random);
    if (kernel->pack) run_whole(p, entry, kernel->pack, want, &random);
    run_split(p, entry, want, &random);
    run_folded(p, entry, want, &random);
    items_run += kernel->pack ? 4 : 3;
    guarded_free(&p->q.memory);
    guarded_free(&p->k.memory);
    guarded_free(&p->v.memory);
    free(want);
    free(p);
}

static uint64_t base_seed(void) {
    const char *fixed = getenv("WEFT_TEST_SEED");
    uint64_t seed = fixed ? strtoull(fixed, NULL, 10) : (uint64_t)time(NULL);
    printf("WEFT_TEST_SEED=%llu\n", (unsigned long long)seed);
    return seed;
}

typedef void run_dims(const char *target, weft_dtype dtype, uint32_t head_dim, uint32_t value_dim, int items,
                      test_random *random);

static void run_generated(const char *target, weft_dtype dtype, uint32_t head_dim, uint32_t value_dim, int items,
                          test_random *random) {
    weft_codegen_spec spec = {dtype, head_dim, value_dim, target, NULL};
    loaded_kernel kernel = load_kernel(&spec);
    for (int item = 0; item < items; item++) run_item(&kernel, target, dtype, head_dim, value_dim, test_bits(random));
    unload_kernel(&kernel);
}

static void run_random_items(const char *target, weft_dtype dtype, run_dims *run) {
    test_random random = {base_seed()};
    int turns = getenv("WEFT_TEST_LONG") ? 6 : 2, items = getenv("WEFT_TEST_LONG") ? 40 : 4;
    worst_o = worst_lse = 0;
    items_run = 0;
    for (int i = 0; i < DIM_COUNT; i++)
        for (int turn = 0; turn < turns; turn++) {
            uint32_t value_dim = turn ? dims[test_range(&random, 0, DIM_COUNT - 1)] : dims[i];
            run(target, dtype, dims[i], value_dim, items, &random);
        }
    printf("%-10s %-4s %ld items, worst error %.2g of max |o| beside rounding, %.2g of lse\n", target,
           (const char *const[]){"f32", "bf16", "f16"}[dtype], items_run, worst_o, worst_lse);
}

START_TEST(random_items_match_the_reference) {
    const char *target = targets[_i / DTYPES];
    if (machine_runs(target)) run_random_items(target, (weft_dtype)(_i % DTYPES), run_generated);
}
END_TEST

#ifdef WEFT_EMULATED_TILES
static void run_emulated(const char *target, weft_dtype dtype, uint32_t head_dim, uint32_t value_dim, int items,
                         test_random *random) {
    loaded_kernel kernel = {.tall = emulated_tall, .strip = emulated_strip, .pack = emulated_pack};
    emulated_dims(head_dim, value_dim);
    for (int item = 0; item < items; item++) run_item(&kernel, target, dtype, head_dim, value_dim, test_bits(random));
}

START_TEST(random_items_on_tile_registers) {
    if (machine_runs("x86-64-v4-bf16")) run_random_items("emulated amx", WEFT_BF16, run_emulated);
}
END_TEST
#endif

int main(void) {
    enum { TARGETS = sizeof targets / sizeof *targets };
    Suite *suite = suite_create("kernels");
    TCase *differential = tcase_create("differential");
    tcase_set_timeout(differential, 1200);
    tcase_add_loop_test(differential, random_items_match_the_reference, 0, TARGETS * DTYPES);
#ifdef WEFT_EMULATED_TILES
    tcase_add_test(differential, random_items_on_tile_registers);
#endif
    suite_add_tcase(suite, differential);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
