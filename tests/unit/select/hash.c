/* Hashing against its definition in float64, where no two products are too close to tell; order; chunks; vectors that
 * are hard to hash; threads. */
#include "choosing.h"
#include "set/philox.h"
#include "support/suite.h"

enum { MOST_FACTORS = 3 };

typedef struct hash_case {
    choosing_case c;
    int64_t buckets[MOST_FACTORS], rounds, seed;
    int factors;
} hash_case;

static weft_id lsh_atom(weft_program *program, const hash_case *h) {
    weft_id factors[MOST_FACTORS] = {0};
    for (int k = 0; k < h->factors; k++) factors[k] = make_number(program, h->buckets[k]);
    weft_id buckets = factors[0];
    if (h->factors > 1)
        buckets = weft_make(&program->dag, WEFT_OP_LITERAL, WEFT_TYPE_TABLE, (weft_value){0}, factors,
                            (uint32_t)h->factors, WEFT_NO_SPAN);
    return weft_make_set(&program->dag, WEFT_ATOM_LSH, WEFT_NO_SPAN, 4, buckets, make_number(program, h->rounds),
                         make_number(program, h->seed), make_number(program, 0));
}

static void make_hash_case(hash_case *h, const weft_shape *shape, test_random *random) {
    weft_program *program = weft_program_create(test_allocator(), "p");
    ck_assert_ptr_nonnull(program);
    make_case(&h->c, program, lsh_atom(program, h), shape, random);
}

/* ---- the definition ------------------------------------------------------------------------------------------ */

static double element(const hash_case *h, int64_t round, int64_t d, int64_t column) {
    int64_t columns = 0;
    for (int k = 0; k < h->factors; k++) columns += h->buckets[k] / 2;
    weft_philox counter = {{(uint32_t)(d * columns + column), 0, (uint32_t)round, 0x4C534821}};
    weft_philox w = weft_philox_of(counter, (uint32_t)h->seed, (uint32_t)((uint64_t)h->seed >> 32));
    double u1 = ldexp((double)w.word[0] + 1, -32), u2 = ldexp((double)w.word[1], -32);
    return sqrt(-2 * log(u1)) * cos(2 * acos(-1) * u2);
}

/* The bucket in one round; *close where another direction is nearly as good. */
static int64_t bucket_of(const hash_case *h, const float *x, int64_t round, bool *close) {
    int64_t result = 0, column = 0, dims = h->c.shape.head_dim;
    double norm = 0;
    for (int64_t d = 0; d < dims; d++) norm += fabs((double)x[d]);
    for (int k = 0; k < h->factors; k++) {
        double best = -INFINITY, second = -INFINITY;
        int64_t half = h->buckets[k] / 2, digit = 0;
        for (int64_t n = 0; n < 2 * half; n++) {
            double product = 0;
            for (int64_t d = 0; d < dims; d++) product += (double)x[d] * element(h, round, d, column + n % half);
            if (n >= half) product = -product;
            if (product > best)
                second = best, best = product, digit = n;
            else if (product > second)
                second = product;
        }
        *close = *close || best - second <= 1e-5 * norm;
        column += half;
        result = result * h->buckets[k] + digit;
    }
    return result;
}

typedef struct comparison {
    long told, close;
} comparison;

static void compare_buckets(const hash_case *h, const float *x, int64_t round, uint32_t found, comparison *sum) {
    bool close = false;
    int64_t bucket = bucket_of(h, x, round, &close);
    sum->close += close;
    sum->told += !close;
    if (!close) ck_assert_int_eq(found, bucket);
}

static void check_order(const weft_choice *choice, int64_t rounds, int64_t keys) {
    for (int64_t round = 0; round < rounds; round++) {
        const uint32_t *of = choice->key_buckets + round * keys, *order = choice->keys_by_bucket + round * keys;
        for (int64_t n = 0; n < keys; n++) ck_assert_uint_lt(order[n], keys);
        for (int64_t n = 1; n < keys; n++)
            if (of[order[n - 1]] > of[order[n]] || (of[order[n - 1]] == of[order[n]] && order[n - 1] >= order[n]))
                ck_abort_msg("keys %u and %u are out of order", order[n - 1], order[n]);
    }
}

/* The set, given the buckets. */
static bool meet(const choosing_case *c, size_t n, int64_t row, int64_t key) {
    const weft_choice *choice = (const weft_choice *)(const void *)c->memory + n;
    int64_t rounds = c->selection.selectors[c->selection.uses[n].selector].rounds;
    for (int64_t round = 0; round < rounds; round++)
        if (choice->row_buckets[round * c->shape.queries + row] == choice->key_buckets[round * c->shape.keys + key])
            return true;
    return false;
}

static void draw_case(hash_case *h, test_random *random) {
    static const int64_t dims[] = {1, 2, 7, 16, 33, 64, 128};
    weft_shape shape = {.size = sizeof shape,
                        .batch = test_range(random, 1, 2),
                        .kv_heads = test_range(random, 1, 2),
                        .queries = test_range(random, 1, 90),
                        .keys = test_range(random, 1, 90),
                        .head_dim = dims[test_range(random, 0, 6)],
                        .value_dim = 1};
    shape.heads = shape.kv_heads * test_range(random, 1, 3);
    *h = (hash_case){.rounds = test_range(random, 1, 4), .factors = (int)test_range(random, 1, MOST_FACTORS)};
    h->seed = (int64_t)test_bits(random);
    for (int k = 0; k < h->factors; k++) h->buckets[k] = 2 * test_range(random, 1, k ? 20 : 9);
    make_hash_case(h, &shape, random);
}

START_TEST(buckets_are_those_of_the_definition) {
    comparison sum = {0};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        test_random random = {seed};
        hash_case h;
        draw_case(&h, &random);
        choose_case(&h.c, (uint32_t)test_range(&random, 1, 3));
        for (size_t n = 0; n < case_heads(&h.c); n++) {
            const weft_choice *choice = choice_of(&h.c, n);
            for (int64_t round = 0; round < h.rounds; round++) {
                for (int64_t row = 0; row < h.c.shape.queries; row++)
                    compare_buckets(&h, case_query(&h.c, n, row), round,
                                    choice->row_buckets[round * h.c.shape.queries + row], &sum);
                for (int64_t key = 0; key < h.c.shape.keys; key++)
                    compare_buckets(&h, case_key(&h.c, n, key), round,
                                    choice->key_buckets[round * h.c.shape.keys + key], &sum);
            }
            check_order(choice, h.rounds, h.c.shape.keys);
            check_set(&h.c, n, meet, seed);
        }
        free_case(&h.c);
    }
    ck_assert_int_gt(sum.told, 50000);
    ck_assert_msg(sum.close * 500 < sum.told, "%ld of %ld too close to tell", sum.close, sum.told);
}
END_TEST

/* ---- hard vectors -------------------------------------------------------------------------------------------- */

static void set_key(choosing_case *c, int64_t key, float value) {
    float *x = c->k + key * c->shape.head_dim;
    for (int64_t d = 0; d < c->shape.head_dim; d++) x[d] = value;
}

START_TEST(hard_vectors_have_defined_buckets) {
    enum { ZERO, MINUS_ZERO, NOT_A_NUMBER, SOME_NAN, INFINITE, HUGE, SAME, SAME_TOO, KEYS };
    test_random random = {77};
    weft_shape shape = {sizeof shape, 1, 1, 1, 5, KEYS, 16, 1};
    hash_case h = {.buckets = {8, 6}, .rounds = 3, .seed = 5, .factors = 2};
    make_hash_case(&h, &shape, &random);
    choose_case(&h.c, 1);
    uint32_t undisturbed[3 * 5];
    memcpy(undisturbed, choice_of(&h.c, 0)->row_buckets, sizeof undisturbed);
    set_key(&h.c, ZERO, 0);
    set_key(&h.c, MINUS_ZERO, -0.0f);
    set_key(&h.c, NOT_A_NUMBER, NAN);
    h.c.k[SOME_NAN * 16 + 3] = NAN;
    set_key(&h.c, INFINITE, INFINITY);
    for (int d = 0; d < 16; d++) h.c.k[HUGE * 16 + d] *= 1e37f;
    memcpy(h.c.k + (int64_t)SAME_TOO * 16, h.c.k + (int64_t)SAME * 16, 16 * sizeof(float));
    choose_case(&h.c, 2);
    const weft_choice *choice = choice_of(&h.c, 0);
    check_order(choice, 3, KEYS);
    for (int round = 0; round < 3; round++) {
        const uint32_t *of = choice->key_buckets + round * KEYS;
        for (int key = 0; key < KEYS; key++) ck_assert_uint_lt(of[key], 48);
        for (int key = ZERO; key <= SOME_NAN; key++) ck_assert_uint_eq(of[key], 0); /* ties, and products that are NaN */
        ck_assert_uint_eq(of[SAME], of[SAME_TOO]);
    }
    ck_assert_mem_eq(choice->row_buckets, undisturbed, sizeof undisturbed); /* a key touches no other vector */
    free_case(&h.c);
}
END_TEST

START_TEST(elements_are_rounded_first) {
    test_random random = {78};
    weft_shape shape = {sizeof shape, 1, 1, 1, 40, 40, 8, 1};
    hash_case h = {.buckets = {64}, .rounds = 2, .seed = 1, .factors = 1};
    make_hash_case(&h, &shape, &random);
    h.c.as = WEFT_BF16;
    choose_case(&h.c, 1);
    uint32_t first[2 * 40];
    memcpy(first, choice_of(&h.c, 0)->key_buckets, sizeof first);
    for (int n = 0; n < 40 * 8; n++) h.c.k[n] = weft_bf16_to_float(weft_float_to_bf16(h.c.k[n]));
    h.c.as = WEFT_F32;
    choose_case(&h.c, 1);
    ck_assert_mem_eq(choice_of(&h.c, 0)->key_buckets, first, sizeof first);
    free_case(&h.c);
}
END_TEST

/* ---- many buckets, many threads ------------------------------------------------------------------------------- */

START_TEST(many_buckets_are_sorted_digit_by_digit) {
    test_random random = {79};
    weft_shape shape = {sizeof shape, 1, 2, 1, 3000, 5000, 12, 1};
    hash_case h = {.buckets = {256, 254, 250}, .rounds = 2, .seed = 9, .factors = 3};
    make_hash_case(&h, &shape, &random);
    choose_case(&h.c, 3);
    check_order(choice_of(&h.c, 0), 2, shape.keys);
    ck_assert_ptr_eq(choice_of(&h.c, 0)->key_buckets, choice_of(&h.c, 1)->key_buckets); /* one KV head */
    ck_assert_ptr_ne(choice_of(&h.c, 0)->row_buckets, choice_of(&h.c, 1)->row_buckets);
    free_case(&h.c);
}
END_TEST

START_TEST(threads_do_not_change_a_bit) {
    test_random random = {80};
    weft_shape shape = {sizeof shape, 2, 4, 2, 700, 900, 24, 1};
    hash_case h = {.buckets = {16, 6}, .rounds = 3, .seed = -3, .factors = 2};
    make_hash_case(&h, &shape, &random);
    size_t rows = 3 * 700 * sizeof(uint32_t), keys = 3 * 900 * sizeof(uint32_t), heads = case_heads(&h.c);
    unsigned char *first = malloc(heads * (rows + keys));
    for (uint32_t threads = 1; threads <= 7; threads += 2) {
        choose_case(&h.c, threads);
        for (size_t n = 0; n < heads; n++) {
            const weft_choice *choice = choice_of(&h.c, n);
            unsigned char *known = first + n * (rows + keys);
            if (threads == 1)
                memcpy(known, choice->row_buckets, rows), memcpy(known + rows, choice->keys_by_bucket, keys);
            ck_assert_mem_eq(known, choice->row_buckets, rows);
            ck_assert_mem_eq(known + rows, choice->keys_by_bucket, keys);
        }
    }
    free(first);
    free_case(&h.c);
}
END_TEST

/* ---- refusals -------------------------------------------------------------------------------------------------- */

START_TEST(too_many_buckets_are_refused) {
    static const int64_t most[][MOST_FACTORS] = {{INT64_C(1) << 40, 2, 2}, {65536, 65536, 2}, {1 << 28, 2, 2}};
    for (int n = 0; n < 3; n++) {
        hash_case h = {.rounds = 1, .factors = MOST_FACTORS};
        memcpy(h.buckets, most[n], sizeof h.buckets);
        weft_program *program = weft_program_create(test_allocator(), "p");
        weft_id atom = lsh_atom(program, &h);
        weft_shape shape = {sizeof shape, 1, 1, 1, 4, 4, 4, 4};
        weft_environment environment = {
            .lengths_known = true, .head_known = true, .lq = 4, .lk = 4, .heads = 1, .dim_known = true, .dim = 4};
        weft_bound bound;
        weft_selection selection;
        weft_diagnostics diagnostics;
        weft_diagnostics_init(&diagnostics, test_allocator(), NULL);
        ck_assert(weft_bound_init(&bound, test_allocator()));
        weft_id set = weft_fold(program, atom, &environment, &bound, &diagnostics);
        ck_assert(!weft_selection_make(&selection, &bound, &shape, &set, 1, &diagnostics));
        ck_assert_uint_eq(diagnostics.count, 1);
        ck_assert_int_eq(diagnostics.reports[0].code, WEFT_E0406);
        weft_selection_free(&selection);
        weft_diagnostics_free(&diagnostics);
        weft_bound_free(&bound);
        weft_program_destroy(program);
    }
}
END_TEST

TEST_MAIN("select/hash", buckets_are_those_of_the_definition, hard_vectors_have_defined_buckets,
          elements_are_rounded_first, many_buckets_are_sorted_digit_by_digit, threads_do_not_change_a_bit,
          too_many_buckets_are_refused)
