/* Locality-sensitive hashing (Andoni et al. 2015; Reformer, Kitaev, Kaiser and Levskaya 2020): a vector falls into the
 * bucket of the direction that it is nearest to, among random ones and their opposites; of several factors every one
 * gives a digit. First all rows are hashed, then, round by round, rows and keys are put in order of their buckets. In
 * the chunked form the number of a key's chunk in that order takes the place of its bucket; queries are keys there.
 *
 * Ties go to the lowest number. A product that is NaN counts as less than all others, so a vector with a NaN in it
 * falls into the first bucket. */
#include <math.h>
#include <string.h>

#include "select/select.h"
#include "set/philox.h"

enum { PART_ROWS = 256, DIGIT = 8, TOGETHER = 16 /* directions, whose products are not stored */ };

/* ---- when the plan is made --------------------------------------------------------------------------------------- */

/* Factors of a product hash; a single number is one. */
static uint32_t factors_of(const weft_dag *dag, weft_id atom) {
    const weft_node *buckets = weft_node_at(dag, weft_operand(dag, atom, 0));
    return buckets->op == WEFT_OP_LITERAL ? buckets->arity : 1;
}
static int64_t factor_at(const weft_dag *dag, weft_id atom, uint32_t k) {
    weft_id buckets = weft_operand(dag, atom, 0);
    return weft_node_at(dag, buckets)->op == WEFT_OP_LITERAL ? weft_operand_int(dag, buckets, k)
                                                             : weft_operand_int(dag, atom, 0);
}

/* Adds up the columns and multiplies the buckets; false where either is more than we hold. */
static bool count_buckets(const weft_dag *dag, weft_selector *selector, int64_t dims) {
    int64_t room = WEFT_MAX_DIRECTIONS / dims, product = 1;
    if (selector->rounds > room) return false;
    for (uint32_t k = 0; k < factors_of(dag, selector->atom); k++) {
        int64_t buckets = factor_at(dag, selector->atom, k);
        if (buckets / 2 > room / selector->rounds - selector->columns || buckets > INT32_MAX / product) return false;
        selector->columns += buckets / 2;
        product *= buckets;
    }
    while (INT64_C(1) << selector->bits < product) selector->bits++;
    return true;
}

/* Element number e of a round's matrix is Gaussian e of it (LANGUAGE.md section 5). */
static void fill_directions(weft_selector *selector, int64_t dims, uint64_t seed) {
    const uint32_t purpose = 0x4C534821;
    float *at = selector->directions;
    for (int64_t round = 0; round < selector->rounds; round++)
        for (int64_t column = 0; column < selector->columns; column++)
            for (int64_t d = 0; d < dims; d++)
                *at++ =
                    (float)weft_gaussian((uint32_t)(d * selector->columns + column), (uint32_t)round, purpose, seed);
}

static bool prepare(const weft_selection *selection, const weft_bound *bound, weft_selector *selector,
                    weft_diagnostics *diagnostics) {
    const weft_dag *dag = &bound->dag;
    int64_t dims = selection->shape.head_dim;
    selector->rounds = weft_operand_int(dag, selector->atom, 1);
    selector->chunk = weft_operand_int(dag, selector->atom, 3);
    if (!count_buckets(dag, selector, dims)) {
        weft_diagnose(diagnostics, WEFT_E0406, weft_node_at(dag, selector->atom)->place,
                      "an `lsh` has at most 2^31 buckets, and %d numbers in its matrices", WEFT_MAX_DIRECTIONS);
        return false;
    }
    size_t floats = (size_t)(selector->rounds * selector->columns * dims);
    selector->directions = weft_allocate(selection->allocator, floats * sizeof *selector->directions);
    if (!selector->directions) return false;
    selector->factors = factors_of(dag, selector->atom);
    selector->buckets = weft_allocate(selection->allocator, selector->factors * sizeof *selector->buckets);
    if (!selector->buckets) return false;
    for (uint32_t k = 0; k < selector->factors; k++) selector->buckets[k] = factor_at(dag, selector->atom, k);
    fill_directions(selector, dims, (uint64_t)weft_operand_int(dag, selector->atom, 2));
    return true;
}

static void place(const weft_selection *selection, const weft_selector *selector, const weft_choice *shared,
                  weft_carving *carving, weft_choice *choice) {
    size_t rows = (size_t)(selector->rounds * selection->shape.queries) * sizeof(uint32_t);
    size_t keys = (size_t)(selector->rounds * selection->shape.keys) * sizeof(uint32_t);
    double hashed = (double)(selection->shape.keys + (selector->chunk ? 0 : selection->shape.queries));
    choice->flops = 2.0 * hashed * (double)(selector->rounds * selector->columns * selection->shape.head_dim);
    choice->choices = 1;
    for (uint32_t k = 0; k < selector->factors; k++) choice->choices *= selector->buckets[k];
    choice->rounds = selector->rounds;
    choice->chunked = selector->chunk > 0;
    if (shared) {
        choice->key_buckets = shared->key_buckets;
        choice->keys_by_bucket = shared->keys_by_bucket;
        choice->hashes = shared->hashes;
    } else {
        choice->key_buckets = weft_carve(carving, keys);
        choice->keys_by_bucket = weft_carve(carving, keys);
        choice->hashes = selector->chunk ? weft_carve(carving, keys) : NULL;
    }
    choice->row_buckets = selector->chunk ? choice->key_buckets : weft_carve(carving, rows);
    choice->rows_by_bucket = selector->chunk ? choice->keys_by_bucket : weft_carve(carving, rows);
}

static size_t scratch(const weft_selection *selection, const weft_selector *selector) {
    (void)selector;
    size_t lanes = (size_t)selection->shape.head_dim * WEFT_LANES * sizeof(float);
    int64_t queries = selection->shape.queries, keys = selection->shape.keys;
    size_t order = (size_t)(queries > keys ? queries : keys) * sizeof(uint32_t);
    return lanes > order ? lanes : order;
}

static int64_t parts_of_rows(int64_t rows) { return weft_ceil_div(rows, PART_ROWS); }

static int64_t parts(const weft_selection *selection, const weft_selector *selector, bool own_keys, int stage) {
    if (stage) return selector->rounds * (own_keys + !selector->chunk);
    int64_t of_keys = own_keys ? parts_of_rows(selection->shape.keys) : 0;
    return of_keys + (selector->chunk ? 0 : parts_of_rows(selection->shape.queries));
}

/* ---- stage 0: hashing -------------------------------------------------------------------------------------------- */

/* The largest product of each row so far, and the number of its direction. */
typedef struct weft_largest {
    float of[WEFT_LANES];
    int32_t at[WEFT_LANES];
} weft_largest;

static void begin(weft_largest *largest) {
    for (int n = 0; n < WEFT_LANES; n++) largest->of[n] = -INFINITY, largest->at[n] = 0;
}

static void take(weft_largest *largest, const float product[WEFT_LANES], float sign, int32_t number) {
    for (int n = 0; n < WEFT_LANES; n++) {
        bool larger = sign * product[n] > largest->of[n];
        largest->of[n] = larger ? sign * product[n] : largest->of[n];
        largest->at[n] = larger ? number : largest->at[n];
    }
}

/* The digit that one factor gives to each row; opposites are numbered after all directions. */
static void find_digits(const float *directions, int64_t buckets, const float *lanes, int64_t dims,
                        int32_t digits[WEFT_LANES]) {
    weft_largest ahead, behind;
    float products[TOGETHER * WEFT_LANES];
    begin(&ahead);
    begin(&behind);
    for (int64_t first = 0; first < buckets / 2; first += TOGETHER) {
        int64_t count = buckets / 2 - first < TOGETHER ? buckets / 2 - first : TOGETHER;
        weft_multiply_lanes(directions + first * dims, count, lanes, dims, products);
        for (int64_t k = 0; k < count; k++) {
            take(&ahead, products + k * WEFT_LANES, 1, (int32_t)(first + k));
            take(&behind, products + k * WEFT_LANES, -1, (int32_t)(first + k));
        }
    }
    for (int n = 0; n < WEFT_LANES; n++)
        digits[n] = behind.of[n] > ahead.of[n] ? (int32_t)(buckets / 2) + behind.at[n] : ahead.at[n];
}

/* Of the lanes in one round. */
static void find_buckets(const weft_selector *selector, int64_t round, const float *lanes, int64_t dims,
                         uint32_t buckets[WEFT_LANES]) {
    const float *directions = selector->directions + round * selector->columns * dims;
    int32_t digits[WEFT_LANES];
    for (int n = 0; n < WEFT_LANES; n++) buckets[n] = 0;
    for (uint32_t k = 0; k < selector->factors; k++) {
        find_digits(directions, selector->buckets[k], lanes, dims, digits);
        for (int n = 0; n < WEFT_LANES; n++)
            buckets[n] = buckets[n] * (uint32_t)selector->buckets[k] + (uint32_t)digits[n];
        directions += selector->buckets[k] / 2 * dims;
    }
}

/* Rows of part number `part`; out has the buckets of `total` rows a round. */
static void hash_rows(const weft_selector *selector, const weft_rows_at *rows, int64_t part, int64_t total,
                      uint32_t *out, float *lanes) {
    int64_t end = (part + 1) * PART_ROWS < total ? (part + 1) * PART_ROWS : total;
    for (int64_t first = part * PART_ROWS; first < end; first += WEFT_LANES) {
        int64_t count = end - first < WEFT_LANES ? end - first : WEFT_LANES;
        weft_load_lanes(rows, first, count, lanes);
        for (int64_t round = 0; round < selector->rounds; round++) {
            uint32_t buckets[WEFT_LANES];
            find_buckets(selector, round, lanes, rows->dims, buckets);
            memcpy(out + round * total + first, buckets, (size_t)count * sizeof *out);
        }
    }
}

/* ---- stage 1: order ---------------------------------------------------------------------------------------------- */

/* One digit of a stable counting sort; `from` NULL: keys in order of their positions. */
static void sort_by_digit(const uint32_t *buckets, uint32_t shift, const uint32_t *from, uint32_t *to, int64_t count) {
    enum { DIGITS = 1 << DIGIT };
    int64_t next[DIGITS] = {0}, before = 0;
    for (int64_t n = 0; n < count; n++) next[buckets[n] >> shift & (DIGITS - 1)]++;
    for (int k = 0; k < DIGITS; k++) {
        int64_t these = next[k];
        next[k] = before;
        before += these;
    }
    for (int64_t n = 0; n < count; n++) {
        uint32_t key = from ? from[n] : (uint32_t)n;
        to[next[buckets[key] >> shift & (DIGITS - 1)]++] = key;
    }
}

/* Passes alternate between the two, so that the last one leaves its outcome in `order`. */
static void sort_by_buckets(const uint32_t *buckets, uint32_t bits, int64_t count, uint32_t *order, uint32_t *room) {
    uint32_t passes = bits > DIGIT ? (bits + DIGIT - 1) / DIGIT : 1;
    const uint32_t *from = NULL;
    for (uint32_t pass = 0; pass < passes; pass++) {
        uint32_t *to = (passes - pass) % 2 ? order : room;
        sort_by_digit(buckets, pass * DIGIT, from, to, count);
        from = to;
    }
}

static void sort_round(const weft_selector *selector, const uint32_t *buckets, const uint32_t *order, int64_t round,
                       int64_t count, uint32_t *room) {
    sort_by_buckets(buckets + round * count, selector->bits, count, (uint32_t *)order + round * count, room);
}

/* Numbers of chunks take the place of buckets. */
static void cut_chunks(const weft_choice *choice, int64_t chunk, int64_t round, int64_t count) {
    uint32_t *buckets = (uint32_t *)choice->key_buckets + round * count;
    const uint32_t *order = choice->keys_by_bucket + round * count;
    memcpy((uint32_t *)choice->hashes + round * count, buckets, (size_t)count * sizeof *buckets);
    for (int64_t n = 0; n < count; n++) buckets[order[n]] = (uint32_t)(n / chunk);
}

/* Keys round by round, where they are this use's own; then queries. */
static void sort_part(const weft_selection *selection, const weft_selector *selector, const weft_choice *choice,
                      bool own_keys, int64_t part, uint32_t *room) {
    int64_t of_keys = own_keys ? selector->rounds : 0;
    if (part < of_keys)
        sort_round(selector, choice->key_buckets, choice->keys_by_bucket, part, selection->shape.keys, room);
    else
        sort_round(selector, choice->row_buckets, choice->rows_by_bucket, part - of_keys, selection->shape.queries,
                   room);
    if (selector->chunk) cut_chunks(choice, selector->chunk, part, selection->shape.keys);
}

static void compute(const weft_choosing *choosing, const weft_use *use, const weft_choice *choice, int64_t part,
                    void *room) {
    const weft_selection *selection = choosing->selection;
    const weft_selector *selector = &selection->selectors[use->selector];
    int64_t keys = selection->shape.keys, of_keys = 0;
    bool own_keys = use == &selection->uses[use->keys_of];
    if (choosing->stage) {
        sort_part(selection, selector, choice, own_keys, part, room);
        return;
    }
    if (own_keys) of_keys = parts_of_rows(keys);
    bool is_key = part < of_keys;
    weft_rows_at rows = is_key ? weft_keys_at(choosing, use) : weft_queries_at(choosing, use);
    uint32_t *out = (uint32_t *)(is_key ? choice->key_buckets : choice->row_buckets);
    hash_rows(selector, &rows, is_key ? part : part - of_keys, is_key ? keys : selection->shape.queries, out, room);
}

const weft_family weft_hash_family = {WEFT_ATOM_LSH, prepare, place, scratch, parts, compute};
