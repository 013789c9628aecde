/* Sets looked at without their masks: terms, grids of cells, ranges of rows, and the work of a head, each against masks
 * or counts made pair by pair. */
#include "random_sets.h"

/* ---- grids ------------------------------------------------------------------------------------------------------- */

static float *coverage_of(const weft_plan *plan, int64_t head, int64_t term, int64_t rows, int64_t columns) {
    float *share = malloc((size_t)(rows * columns) * sizeof *share);
    ck_assert_ptr_nonnull(share);
    weft_status status = weft_plan_coverage(plan, 0, head, term, rows, columns, share);
    ck_assert_msg(status == WEFT_OK, "%s", weft_status_name(status));
    return share;
}

/* Counts the pairs of every cell of the grid. */
static void check_grid(const float *share, const uint8_t *mask, const weft_shape *shape, int64_t rows, int64_t columns,
                       const char *what) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            int64_t top = r * shape->queries / rows, bottom = (r + 1) * shape->queries / rows;
            int64_t left = c * shape->keys / columns, right = (c + 1) * shape->keys / columns, pairs = 0;
            for (int64_t row = top; row < bottom; row++)
                for (int64_t j = left; j < right; j++) pairs += mask[row * shape->keys + j];
            float want = (float)((double)pairs / (double)((bottom - top) * (right - left)));
            if (share[r * columns + c] != want)
                ck_abort_msg("%s\n%d x %d cells, cell (%d, %d): %g, not %g", what, (int)rows, (int)columns, (int)r,
                             (int)c, (double)share[r * columns + c], (double)want);
        }
}

/* At one cell a pair the grid of a term is its mask. Together they are the whole. */
static void check_terms(const weft_plan *plan, int64_t head, const uint8_t *mask, int64_t rows, int64_t columns,
                        const char *what) {
    const weft_shape *shape = &plan->shape;
    int64_t pairs = shape->queries * shape->keys, count = weft_plan_term_count(plan, 0, head);
    uint8_t *any = calloc((size_t)pairs, 1), *one = malloc((size_t)pairs);
    ck_assert(any && one && count >= 1 && count <= WEFT_MOST_TERMS);
    for (int64_t term = 0; term < count; term++) {
        float *fine = coverage_of(plan, head, term, shape->queries, shape->keys);
        for (int64_t n = 0; n < pairs; n++) any[n] |= one[n] = fine[n] > 0;
        free(fine);
        float *coarse = coverage_of(plan, head, term, rows, columns);
        check_grid(coarse, one, shape, rows, columns, what);
        free(coarse);
    }
    ck_assert_msg(!memcmp(any, mask, (size_t)pairs), "%s\nits terms are not the whole", what);
    free(any);
    free(one);
}

typedef struct row_check {
    const uint8_t *mask;
    int64_t keys, next;
    const char *what;
} row_check;

static bool check_row(void *user, int64_t row, const weft_key_range *keys, size_t count) {
    row_check *check = user;
    const uint8_t *mask = check->mask + row * check->keys;
    int64_t j = 0;
    if (row != check->next++) ck_abort_msg("%s\nrow %d is visited out of turn", check->what, (int)row);
    for (size_t n = 0; n <= count; n++) {
        int64_t begin = n < count ? keys[n].begin : check->keys, end = n < count ? keys[n].end : check->keys;
        if (n < count && (begin >= end || end > check->keys || (n > 0 && begin <= j)))
            ck_abort_msg("%s\nrow %d: ranges overlap or touch", check->what, (int)row);
        for (; j < end; j++)
            if (mask[j] != (j >= begin)) ck_abort_msg("%s\nrow %d, key %d", check->what, (int)row, (int)j);
    }
    return true;
}

static void check_head(const weft_plan *plan, int64_t head, test_random *random, const char *what) {
    const weft_shape *shape = &plan->shape;
    uint8_t *mask = malloc((size_t)(shape->queries * shape->keys));
    ck_assert_int_eq(weft_plan_mask(plan, 0, head, WEFT_MASK_ORACLE, mask), WEFT_OK);
    for (int n = 0; n < 3; n++) {
        int64_t rows = test_range(random, 1, shape->queries), columns = test_range(random, 1, shape->keys);
        float *share = coverage_of(plan, head, WEFT_ALL_TERMS, rows, columns);
        check_grid(share, mask, shape, rows, columns, what);
        free(share);
        if (n == 0) check_terms(plan, head, mask, rows, columns, what);
    }
    row_check check = {mask, shape->keys, 0, what};
    ck_assert_int_eq(weft_plan_rows(plan, 0, head, NULL, (size_t)shape->queries, check_row, &check), WEFT_OK);
    ck_assert_int_eq(check.next, shape->queries);
    free(mask);
}

/* What heads do adds up to what the plan does, and equal sets are the same. */
static void check_work(const weft_plan *plan, const char *what) {
    weft_plan_info info = info_of(plan);
    weft_plan_work sum = {0};
    for (int64_t n = 0; n < plan->shape.batch * plan->shape.heads; n++) {
        weft_plan_work work = {.size = sizeof work}, first = {.size = sizeof first};
        int64_t batch = n / plan->shape.heads, head = n % plan->shape.heads;
        ck_assert_int_eq(weft_plan_head(plan, batch, head, &work), WEFT_OK);
        ck_assert(work.same_as <= n);
        ck_assert_int_eq(
            weft_plan_head(plan, work.same_as / plan->shape.heads, work.same_as % plan->shape.heads, &first), WEFT_OK);
        ck_assert(!memcmp(&work, &first, sizeof work));
        ck_assert(work.heaviest <= work.cost && work.heaviest * (double)work.items >= 0.999 * work.cost);
        ck_assert(work.rows_read >= plan->shape.queries);
        ck_assert_int_eq(work.rows_written, plan->shape.queries);
        sum.pairs += work.pairs, sum.computed_pairs += work.computed_pairs, sum.items += work.items;
        sum.full_tiles += work.full_tiles, sum.partial_tiles += work.partial_tiles;
    }
    ck_assert_msg(sum.pairs == info.pairs && sum.computed_pairs == info.computed_pairs && sum.items == info.items &&
                      sum.full_tiles == info.full_tiles && sum.partial_tiles == info.partial_tiles,
                  "%s\nheads do not add up", what);
}

static bool check_random(uint64_t seed, int64_t queries, int64_t keys) {
    test_random random = {seed};
    weft_program *program = random_program(&random);
    weft_text ir;
    weft_text_init(&ir, plain());
    weft_print_program(program, &ir);
    char what[4000];
    snprintf(what, sizeof what, "seed %llu, %d queries, %d keys\n%s", (unsigned long long)seed, (int)queries, (int)keys,
             ir.at);
    weft_text_release(&ir);
    weft_kernel *kernel = kernel_of_program(program, NULL);
    weft_shape shape = shape_of(queries, keys, 2);
    weft_plan *plan;
    bool planned = weft_plan_create(kernel, &shape, NULL, 0, &plan) == WEFT_OK;
    if (planned) {
        check_head(plan, 0, &random, what);
        check_head(plan, 1, &random, what);
        check_work(plan, what);
    }
    weft_plan_destroy(plan);
    weft_kernel_destroy(kernel);
    return planned;
}

START_TEST(test_random_sets) {
    static const int64_t lengths[] = {1, 2, 17, 63, 64, 65, 130, 200};
    test_random random = {31};
    int planned = 0;
    for (int n = 0; n < 300; n++) {
        int64_t queries = lengths[test_range(&random, 0, 7)];
        int64_t keys = test_range(&random, 0, 1) ? queries : lengths[test_range(&random, 0, 7)];
        planned += check_random(test_bits(&random), queries, keys);
    }
    ck_assert_int_ge(planned, 270);
}
END_TEST

/* Sets that small random ones seldom are: full tiles that are parts of blocks, one after the other; conditions that
 * even a single row leaves open; rows that are split. */
START_TEST(test_special_sets) {
    static const char *const sets[] = {
        "%1 = int 16\n%2 = int 48\n%3 = range %1 %2\n%4 = int 80\n%5 = int 112\n%6 = range %4 %5\n%7 = int 144\n"
        "%8 = int 176\n%9 = range %7 %8\n%10 = list %3 %6 %9\n%11 = cols %10\nmeaning %11\n",
        "%1 = i\n%2 = j\n%3 = mul %1 %2\n%4 = int 4099\n%5 = mod %3 %4\n%6 = int 1\n%7 = eq %5 %6\n%8 = where %7\n"
        "meaning %8\n"};
    test_random random = {5};
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        weft_plan *plan = plan_of_ir(sets[k], shape_of(1000, 1000, 1));
        check_head(plan, 0, &random, sets[k]);
        check_work(plan, sets[k]);
        weft_plan_destroy(plan);
    }
    weft_plan *plan =
        plan_of_ir("%1 = int 0\n%2 = list %1\n%3 = global %2\nmeaning %3\n", shape_of(1 << 20, 1 << 20, 1));
    weft_plan_work work = {.size = sizeof work};
    ck_assert_int_eq(weft_plan_head(plan, 0, 0, &work), WEFT_OK);
    ck_assert(work.rows_read > plan->shape.queries); /* those of the split row */
    check_work(plan, "global");
    weft_plan_destroy(plan);
}
END_TEST

/* A row so long that its spans leave keys open. */
START_TEST(test_hard_row) {
    enum { KEYS = 5000000 };
    weft_plan *plan = plan_of_ir("%1 = i\n%2 = j\n%3 = mul %2 %2\n%4 = add %1 %3\n%5 = int 7\n%6 = mod %4 %5\n"
                                 "%7 = int 5\n%8 = eq %6 %7\n%9 = where %8\nmeaning %9\n",
                                 shape_of(1, KEYS, 1));
    uint8_t *mask = malloc(KEYS);
    ck_assert_ptr_nonnull(mask);
    for (int64_t j = 0; j < KEYS; j++) mask[j] = (KEYS - 1 + j * j) % 7 == 5;
    row_check check = {mask, KEYS, 0, "hard"};
    ck_assert_int_eq(weft_plan_rows(plan, 0, 0, NULL, 1, check_row, &check), WEFT_OK);
    free(mask);
    weft_plan_destroy(plan);
}
END_TEST

/* ---- large ones -------------------------------------------------------------------------------------------------- */

static int64_t cells_above_0(const float *share, int64_t cells) {
    int64_t count = 0;
    for (int64_t n = 0; n < cells; n++) count += share[n] > 0;
    return count;
}

START_TEST(test_lone_pair) {
    enum { LENGTH = 1 << 20, CELLS = 100 };
    weft_plan *plan = plan_of_ir("%1 = int 777777\n%2 = list %1\n%3 = rows %2\n%4 = int 123456\n%5 = list %4\n"
                                 "%6 = cols %5\n%7 = intersection %3 %6\nmeaning %7\n",
                                 shape_of(LENGTH, LENGTH, 1));
    float *share = coverage_of(plan, 0, WEFT_ALL_TERMS, CELLS, CELLS);
    int64_t row = 777777LL * CELLS / LENGTH, column = 123456LL * CELLS / LENGTH;
    ck_assert_int_eq(cells_above_0(share, CELLS * CELLS), 1);
    ck_assert(share[row * CELLS + column] > 0);
    free(share);
    share = coverage_of(plan, 0, WEFT_ALL_TERMS, 1, 1);
    ck_assert(share[0] == (float)(1.0 / ((double)LENGTH * LENGTH)));
    free(share);
    weft_plan_destroy(plan);
}
END_TEST

/* All but one pair is not all. */
START_TEST(test_nearly_all) {
    enum { LENGTH = 1 << 20 };
    weft_plan *plan = plan_of_ir("%1 = int 777777\n%2 = list %1\n%3 = rows %2\n%4 = int 123456\n%5 = list %4\n"
                                 "%6 = cols %5\n%7 = intersection %3 %6\n%8 = complement %7\nmeaning %8\n",
                                 shape_of(LENGTH, LENGTH, 1));
    float *share = coverage_of(plan, 0, WEFT_ALL_TERMS, 1, 2);
    ck_assert(share[0] < 1 && share[0] > 0.999999f && share[1] == 1);
    free(share);
    weft_plan_destroy(plan);
}
END_TEST

/* Half of the pairs of a square, and the pairs of its last row. */
START_TEST(test_long) {
    const int64_t length = INT64_C(1) << 26;
    weft_plan *plan = plan_of_ir("%1 = causal\nmeaning %1\n", shape_of(1000, length, 1));
    float *share = coverage_of(plan, 0, WEFT_ALL_TERMS, 1, 4);
    ck_assert(share[0] == 1 && share[2] == 1 && share[3] < 1 && share[3] > 0.9999f);
    free(share);
    weft_plan_destroy(plan);
}
END_TEST

/* ---- terms ------------------------------------------------------------------------------------------------------- */

static weft_plan *plan_of_source(const char *source, const char *nodes, int64_t heads) {
    char ir[4000];
    snprintf(ir, sizeof ir, "source \"p.weft\" \"%s\"\n%s", source, nodes);
    weft_program *program = program_of_ir(ir);
    weft_id all = weft_make_set(&program->dag, WEFT_ATOM_ALL, NOWHERE, 0); /* passes are not what is looked at */
    ck_assert(weft_program_add_pass(program, (weft_pass){.row_tile = 64, .key_tile = 64, .set = all}));
    weft_kernel *kernel = kernel_of_program(program, NULL);
    weft_plan *plan = plan_of(kernel, shape_of(200, 200, heads));
    weft_kernel_destroy(kernel);
    return plan;
}

static void expect_term(const weft_plan *plan, int64_t head, int64_t term, const char *want, uint32_t line,
                        uint32_t column) {
    char text[200];
    weft_term_place place = {.size = sizeof place};
    size_t length = weft_plan_term(plan, 0, head, term, &place, text, sizeof text);
    ck_assert_str_eq(text, want);
    ck_assert_uint_eq(length, strlen(want));
    ck_assert_uint_eq(place.line, line);
    ck_assert_uint_eq(place.column, column);
    if (line) ck_assert_str_eq(place.file, "p.weft");
    if (!line) ck_assert_ptr_null(place.file);
}

static int64_t pairs_of(const weft_plan *plan, int64_t head, int64_t term) {
    float *share = coverage_of(plan, head, term, 200, 200);
    int64_t pairs = cells_above_0(share, 200 * 200);
    free(share);
    return pairs;
}

/* Unions in each other, clipped from outside; text over two lines. */
START_TEST(test_clipped) {
    weft_plan *plan = plan_of_source("(window(3) |\\n cols({9}) | (past(\\n 2) | causal)) & causal",
                                     "%1 = int 3\n%2 = window %1 %1 @1:1-10\n%3 = int 9\n%4 = list %3\n"
                                     "%5 = cols %4 @1:14-23\n%6 = int 2\n%7 = past %6 @1:27-36\n%8 = causal @1:39-45\n"
                                     "%9 = union %7 %8 @1:26-46\n%10 = union %2 %5 %9 @1:1-46\n%11 = causal @1:50-56\n"
                                     "%12 = intersection %10 %11 @1:0-56\nmeaning %12\n",
                                     1);
    ck_assert_int_eq(weft_plan_term_count(plan, 0, 0), 4);
    expect_term(plan, 0, 0, "window(3)", 1, 2);
    expect_term(plan, 0, 1, "cols({9})", 2, 2);
    expect_term(plan, 0, 2, "past( 2)", 2, 15);
    expect_term(plan, 0, 3, "causal", 3, 7);
    ck_assert_int_eq(pairs_of(plan, 0, 0), 4 * 200 - 3 - 2 - 1);
    ck_assert_int_eq(pairs_of(plan, 0, 1), 200 - 9);
    ck_assert_int_eq(pairs_of(plan, 0, 2), 2 * 200 - 1);
    ck_assert_int_eq(pairs_of(plan, 0, 3), 200 * 201 / 2);
    weft_plan_destroy(plan);
}
END_TEST

/* Through blocks and difference; heads have their own. */
START_TEST(test_blocks_and_heads) {
    weft_plan *plan = plan_of_source("blocks(10, causal | window(1)) - past(4)",
                                     "%1 = int 10\n%2 = causal @1:11-17\n%3 = int 1\n%4 = window %3 %3 @1:20-29\n"
                                     "%5 = union %2 %4 @1:11-29\n%6 = blocks %1 %5 @1:0-30\n%7 = int 4\n"
                                     "%8 = past %7 @1:33-40\n%9 = difference %6 %8 @1:0-40\n%10 = int 0\n"
                                     "%11 = list %10\n%12 = heads %11 %9 %8\nmeaning %12\n",
                                     2);
    ck_assert_int_eq(weft_plan_term_count(plan, 0, 0), 2);
    ck_assert_int_eq(weft_plan_term_count(plan, 0, 1), 1);
    expect_term(plan, 0, 0, "causal", 1, 12);
    expect_term(plan, 0, 1, "window(1)", 1, 21);
    expect_term(plan, 1, 0, "past(4)", 1, 34);
    int64_t past = 4 * 200 - 3 - 2 - 1;
    ck_assert_int_eq(pairs_of(plan, 1, 0), past);
    ck_assert_int_eq(pairs_of(plan, 0, 0), 100 * 20 * 21 / 2 - past);
    ck_assert_int_eq(pairs_of(plan, 0, 1), 100 * (3 * 20 - 2) - past);
    weft_plan_destroy(plan);
}
END_TEST

/* Forty columns: fifteen terms, and what is left. */
START_TEST(test_many_terms) {
    char nodes[4000] = "", operands[400] = "";
    for (int n = 0; n < 40; n++) {
        char line[80];
        snprintf(line, sizeof line, "%%%d = int %d\n%%%d = list %%%d\n%%%d = cols %%%d @1:%d-%d\n", 3 * n + 1, n,
                 3 * n + 2, 3 * n + 1, 3 * n + 3, 3 * n + 2, n, n + 1);
        strcat(nodes, line);
        snprintf(line, sizeof line, " %%%d", 3 * n + 3);
        strcat(operands, line);
    }
    snprintf(nodes + strlen(nodes), sizeof nodes - strlen(nodes), "%%121 = union%s\nmeaning %%121\n", operands);
    weft_plan *plan = plan_of_source("abcdefghijklmnopqrstuvwxyzabcdefghijklmnop", nodes, 1);
    ck_assert_int_eq(weft_plan_term_count(plan, 0, 0), WEFT_MOST_TERMS);
    expect_term(plan, 0, 14, "o", 1, 15);
    expect_term(plan, 0, 15, "25 more terms", 0, 0);
    ck_assert_int_eq(pairs_of(plan, 0, 14), 200);
    ck_assert_int_eq(pairs_of(plan, 0, 15), 25 * 200);
    weft_plan_destroy(plan);
}
END_TEST

/* The same set twice is one term. */
START_TEST(test_repeated) {
    weft_plan *plan = plan_of_ir("%1 = causal\n%2 = int 3\n%3 = past %2\n%4 = union %3 %1\n%5 = union %3 %4 %1\n"
                                 "meaning %5\n",
                                 shape_of(20, 20, 1));
    ck_assert_int_eq(weft_plan_term_count(plan, 0, 0), 2);
    weft_plan_destroy(plan);
}
END_TEST

/* A set that doubles 16 times is opened in no time. */
START_TEST(test_doubling) {
    char nodes[4000] = "%1 = causal\n%2 = all\n";
    for (int n = 0; n < 16; n++) {
        int at = 3 + 3 * n, below = n ? at - 1 : 1;
        snprintf(nodes + strlen(nodes), sizeof nodes - strlen(nodes),
                 "%%%d = intersection %%%d %%2\n%%%d = intersection %%2 %%%d\n%%%d = union %%%d %%%d\n", at, below,
                 at + 1, below, at + 2, at, at + 1);
    }
    snprintf(nodes + strlen(nodes), sizeof nodes - strlen(nodes), "meaning %%%d\n", 2 + 3 * 16);
    weft_plan *plan = plan_of_ir(nodes, shape_of(20, 20, 1));
    ck_assert_int_eq(weft_plan_term_count(plan, 0, 0), WEFT_MOST_TERMS);
    float *share = coverage_of(plan, 0, 15, 1, 1);
    ck_assert(share[0] == (float)(210.0 / 400.0));
    free(share);
    weft_plan_destroy(plan);
}
END_TEST

/* ---- misuse ------------------------------------------------------------------------------------------------------ */

static bool stop_at_2(void *user, int64_t row, const weft_key_range *keys, size_t count) {
    (void)keys;
    *(size_t *)user += count;
    return row != 2;
}

START_TEST(test_misuse) {
    weft_plan *plan = plan_of_ir("%1 = causal\nmeaning %1\n", shape_of(10, 10, 1));
    float share[4];
    char text[8] = "x";
    weft_plan_work work = {.size = sizeof work};
    ck_assert_int_eq(weft_plan_coverage(NULL, 0, 0, 0, 2, 2, share), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_coverage(plan, 0, 1, 0, 2, 2, share), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_coverage(plan, 0, 0, 1, 2, 2, share), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_coverage(plan, 0, 0, -2, 2, 2, share), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_coverage(plan, 0, 0, 0, 0, 2, share), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_coverage(plan, 0, 0, 0, 2, 11, share), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_term_count(plan, 1, 0), 0);
    ck_assert_uint_eq(weft_plan_term(plan, 0, 0, 1, NULL, text, sizeof text), 0);
    ck_assert_str_eq(text, "");
    ck_assert_uint_eq(weft_plan_term(plan, 0, 0, 0, NULL, text, 4), 6);
    ck_assert_str_eq(text, "cau");
    ck_assert_int_eq(weft_plan_head(plan, 0, -1, &work), WEFT_INVALID_ARGUMENT);
    const int64_t rows[] = {9, 0, 2, 5}, outside[] = {10};
    size_t ranges = 0;
    ck_assert_int_eq(weft_plan_rows(plan, 0, 0, outside, 1, stop_at_2, &ranges), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_rows(plan, 0, 0, NULL, 11, stop_at_2, &ranges), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_rows(plan, 0, 0, rows, 4, stop_at_2, &ranges), WEFT_CANCELLED);
    ck_assert_uint_eq(ranges, 3);
    weft_plan_destroy(plan);
}
END_TEST

/* Every allocation fails once. */
START_TEST(test_memory) {
    const char *set =
        "%1 = int 5\n%2 = window %1 %1\n%3 = i\n%4 = j\n%5 = mul %3 %4\n%6 = int 7\n%7 = mod %5 %6\n%8 = int 3\n"
        "%9 = eq %7 %8\n%10 = where %9\n%11 = union %2 %10\n%12 = causal\n%13 = intersection %11 %12\nmeaning %13\n";
    fussy_memory memory = {.fail_at = -1};
    weft_config config = fussy_config(&memory);
    weft_kernel *kernel = kernel_of_ir(set, &config);
    weft_plan *plan = plan_of(kernel, shape_of(150, 150, 1));
    int64_t held = memory.held;
    float share[9], want[9];
    size_t ranges = 0, failures = 0;
    char text[100];
    ck_assert_int_eq(weft_plan_coverage(plan, 0, 0, 1, 3, 3, want), WEFT_OK);
    for (memory.calls = 0, memory.fail_at = 0;; memory.fail_at++, memory.calls = 0) {
        weft_status status = weft_plan_coverage(plan, 0, 0, 1, 3, 3, share);
        ck_assert_int_eq(memory.held, held);
        if (status == WEFT_OK && memory.calls <= memory.fail_at) break;
        ck_assert(status == WEFT_OK || status == WEFT_OUT_OF_MEMORY);
        failures += status != WEFT_OK;
    }
    ck_assert(!memcmp(share, want, sizeof want) && failures > 10);
    for (memory.calls = 0, memory.fail_at = 0;; memory.fail_at++, memory.calls = 0) {
        weft_status status = weft_plan_rows(plan, 0, 0, NULL, 2, stop_at_2, &ranges);
        size_t length = weft_plan_term(plan, 0, 0, 0, NULL, text, sizeof text);
        ck_assert_int_eq(memory.held, held);
        if (status == WEFT_OK && length && memory.calls <= memory.fail_at) break;
    }
    memory.fail_at = -1;
    weft_plan_destroy(plan);
    weft_kernel_destroy(kernel);
    ck_assert_int_eq(memory.held, 0);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("coverage");
    tcase_add_test(tests, test_random_sets);
    tcase_add_test(tests, test_special_sets);
    tcase_add_test(tests, test_hard_row);
    tcase_add_test(tests, test_repeated);
    tcase_add_test(tests, test_lone_pair);
    tcase_add_test(tests, test_nearly_all);
    tcase_add_test(tests, test_long);
    tcase_add_test(tests, test_clipped);
    tcase_add_test(tests, test_blocks_and_heads);
    tcase_add_test(tests, test_many_terms);
    tcase_add_test(tests, test_doubling);
    tcase_add_test(tests, test_misuse);
    tcase_add_test(tests, test_memory);
    return run_tests(tests);
}
