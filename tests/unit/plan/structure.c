/* What plans look like: runs, trimmed tiles, shared bit tiles and layouts, strips, splits, claim order, scale. And what
 * making them costs. */
#include <math.h>

#include "make.h"

#define WINDOW_256 "%1 = int 256\n%2 = window %1 %1\n"
#define GLOBAL_16 "%3 = int 0\n%4 = int 16\n%5 = range %3 %4\n%6 = list %5\n%7 = global %6\n"
static const char longformer[] = WINDOW_256 GLOBAL_16 "%8 = union %2 %7\nmeaning %8\n";
static const char window[] = WINDOW_256 "meaning %2\n";
static const char causal[] = "%1 = causal\nmeaning %1\n";
static const char all[] = "%1 = all\nmeaning %1\n";

static const weft_layout *only_layout(const weft_plan *plan) {
    ck_assert_uint_eq(plan->layout_count, 1);
    return &plan->layouts[0];
}

/* ---- tiles --------------------------------------------------------------------------------------------------- */

START_TEST(test_all_is_one_run) {
    weft_plan *plan = plan_of_ir(all, shape_of(124, 64 * 9 + 60, 1));
    const weft_layout *layout = only_layout(plan);
    /* positions 512 … 635: two row tiles */
    ck_assert_uint_eq(layout->item_count, 2);
    for (uint32_t n = 0; n < 2; n++) {
        const weft_item *item = &layout->items[n];
        ck_assert_uint_eq(item->tile_count, 2);
        const weft_tile *tiles = &layout->tiles[item->first_tile];
        ck_assert(!tiles[0].masked && tiles[0].block == 0 && tiles[0].many == 9 && tiles[0].last == 64);
        ck_assert(!tiles[1].masked && tiles[1].block == 9 && tiles[1].many == 1 && tiles[1].last == 60);
    }
    ck_assert_int_eq(info_of(plan).bit_tiles, 0);
    ck_assert_int_eq(info_of(plan).full_tiles, 20);
    weft_plan_destroy(plan);
}
END_TEST

/* Columns 0 … 15 are a full tile of 16 keys for whoever else sees nothing there. */
START_TEST(test_columns_are_trimmed) {
    weft_plan *plan = plan_of_ir("%1 = int 0\n%2 = int 16\n%3 = range %1 %2\n%4 = list %3\n%5 = cols %4\nmeaning %5\n",
                                 shape_of(1000, 1000, 1));
    const weft_layout *layout = only_layout(plan);
    for (uint32_t n = 0; n < layout->tile_count; n++) {
        const weft_tile *tile = &layout->tiles[n];
        ck_assert(!tile->masked && tile->block == 0 && tile->many == 1 && tile->first == 0 && tile->last == 16);
    }
    ck_assert(info_of(plan).computed_pairs == 16 * 1024);
    ck_assert(info_of(plan).pairs == 16 * 1000);
    weft_plan_destroy(plan);
}
END_TEST

/* Equal trimmed tiles of neighbouring blocks are one run. */
START_TEST(test_equal_trimmed_tiles_merge) {
    weft_plan *plan = plan_of_ir("%1 = int 64\n%2 = int 80\n%3 = range %1 %2\n%4 = int 128\n%5 = int 144\n"
                                 "%6 = range %4 %5\n%7 = list %3 %6\n%8 = cols %7\nmeaning %8\n",
                                 shape_of(64, 640, 1));
    check_masks(plan, "columns");
    ck_assert_int_eq(info_of(plan).partial_tiles, 0);
    ck_assert_uint_eq(only_layout(plan)->tile_count, 1);
    const weft_tile *tile = &only_layout(plan)->tiles[0];
    ck_assert(tile->block == 1 && tile->many == 2 && tile->first == 0 && tile->last == 16);
    weft_plan_destroy(plan);
}
END_TEST

START_TEST(test_few_bit_tiles) {
    static const char *const sets[] = {longformer, window, causal, "%1 = int 1000\n%2 = past %1\nmeaning %2\n"};
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        weft_plan *small = plan_of_ir(sets[k], shape_of(4096, 4096, 1));
        weft_plan *large = plan_of_ir(sets[k], shape_of(65536, 65536, 1));
        ck_assert_int_le(info_of(large).bit_tiles, 16);
        ck_assert_int_eq(info_of(large).bit_tiles, info_of(small).bit_tiles);
        ck_assert_int_eq(info_of(large).contains_calls, 0);
        weft_plan_destroy(small);
        weft_plan_destroy(large);
    }
}
END_TEST

/* ---- layouts ------------------------------------------------------------------------------------------------- */

START_TEST(test_equal_heads_share) {
    /* heads 0 and 1 see a window, all others the past */
    weft_shape shape = shape_of(300, 300, 8);
    shape.batch = 3;
    weft_plan *plan = plan_of_ir(WINDOW_256 "%3 = int 0\n%4 = int 2\n%5 = range %3 %4\n%6 = list %5\n%7 = causal\n"
                                            "%8 = heads %6 %2 %7\nmeaning %8\n",
                                 shape);
    ck_assert_uint_eq(plan->layout_count, 2);
    ck_assert_int_eq(info_of(plan).layouts, 2);
    for (int n = 0; n < 24; n++) ck_assert_uint_eq(plan->route_of[n], plan->route_of[n % 8 < 2 ? 0 : 7]);
    const weft_layout *first = weft_stage_layout(plan, weft_plan_stage(plan, 0, 0), 0);
    const weft_layout *last = weft_stage_layout(plan, weft_plan_stage(plan, 7, 0), 0);
    ck_assert_ptr_ne(first, last);
    ck_assert(info_of(plan).pairs == 3 * (2 * first->pairs + 6 * last->pairs));
    weft_plan_destroy(plan);
}
END_TEST

/* ---- items --------------------------------------------------------------------------------------------------- */

/* Every row in the items that cover it: once, or once a part. */
static void check_rows(const weft_plan *plan) {
    const weft_layout *layout = only_layout(plan);
    int64_t first = plan->shape.keys - plan->shape.queries;
    unsigned char *covered = calloc((size_t)plan->shape.queries, 1);
    ck_assert_ptr_nonnull(covered);
    for (uint32_t n = 0; n < layout->item_count; n++) {
        const weft_item *item = &layout->items[n];
        ck_assert(item->height == 64 || item->height == 16);
        ck_assert(item->rows >= 1 && item->rows <= item->height);
        ck_assert_uint_le(item->first_tile + item->tile_count, layout->tile_count);
        /* within one row tile of positions */
        ck_assert_int_eq(weft_floor_div(item->row + first, item->height),
                         weft_floor_div(item->row + first + item->rows - 1, item->height));
        if (item->split && layout->splits[item->split - 1].first_item != n) continue;
        for (int q = 0; q < item->rows; q++) covered[item->row + q]++;
    }
    for (int64_t r = 0; r < plan->shape.queries; r++) ck_assert_uint_eq(covered[r], 1);
    free(covered);
}

static void check_splits(const weft_plan *plan) {
    const weft_layout *layout = only_layout(plan);
    uint32_t states = 0;
    for (uint32_t n = 0; n < layout->split_count; n++) {
        const weft_split *split = &layout->splits[n];
        ck_assert_uint_ge(split->parts, 2);
        ck_assert_uint_eq(split->first_state, states);
        ck_assert_uint_le(split->parts * layout->items[split->first_item].height, WEFT_MOST_SHARES);
        states += split->parts;
        for (uint32_t part = 0; part < split->parts; part++) {
            const weft_item *item = &layout->items[split->first_item + part];
            ck_assert_uint_eq(item->split, n + 1);
            ck_assert_uint_ge(item->tile_count, 1);
            ck_assert_int_eq(item->row, layout->items[split->first_item].row);
        }
    }
    ck_assert_uint_eq(layout->state_count, states);
}

START_TEST(test_strips_for_global_rows) {
    weft_plan *plan = plan_of_ir(longformer, shape_of(16384, 16384, 1));
    const weft_layout *layout = only_layout(plan);
    double global_keys = 0;
    for (uint32_t n = 0; n < layout->item_count; n++) {
        const weft_item *item = &layout->items[n];
        if (item->row >= 64) ck_assert_int_eq(item->height, 64); /* a window this wide is not worth strips */
        if (item->row) continue;
        ck_assert_int_eq(item->height, 16);
        for (uint32_t t = 0; t < item->tile_count; t++) {
            const weft_tile *tile = &layout->tiles[item->first_tile + t];
            global_keys += (double)weft_tile_steps(tile) * (tile->last - tile->first);
        }
    }
    ck_assert(global_keys == 16384);
    ck_assert_uint_eq(layout->split_count, 1);
    check_rows(plan);
    check_splits(plan);
    ck_assert(info_of(plan).computed_pairs < 1.35 * info_of(plan).pairs);
    weft_plan_destroy(plan);
}
END_TEST

/* One query over many keys is one strip, cut into many parts; with many heads there is less need to. */
START_TEST(test_decode_is_split) {
    weft_plan *one = plan_of_ir(all, shape_of(1, 1 << 20, 1)), *many = plan_of_ir(all, shape_of(1, 1 << 20, 512));
    ck_assert_int_gt(info_of(one).items, 128);
    ck_assert_int_le(info_of(one).items, 512);
    ck_assert_int_lt(info_of(many).items, 2 * 512);
    ck_assert_int_eq(only_layout(one)->items[0].height, 16);
    check_rows(one);
    check_splits(one);
    weft_plan *tall = plan_of_ir(all, shape_of(WEFT_TILE_ROWS, 1 << 20, 1)); /* as many parts as merging takes */
    ck_assert_int_eq(only_layout(tall)->items[0].height, WEFT_TILE_ROWS);
    ck_assert_int_eq(info_of(tall).items, WEFT_MOST_SHARES / WEFT_TILE_ROWS);
    check_rows(tall);
    check_splits(tall);
    weft_plan_destroy(tall);
    weft_plan_destroy(one);
    weft_plan_destroy(many);
}
END_TEST

/* Plans are made without asking how many threads there are. */
START_TEST(test_threads_change_nothing) {
    weft_config few = {.size = sizeof few, .threads = 1}, lots = {.size = sizeof lots, .threads = 16};
    weft_kernel *a = kernel_of_ir(longformer, &few), *b = kernel_of_ir(longformer, &lots);
    weft_plan *p = plan_of(a, shape_of(20000, 20000, 2)), *q = plan_of(b, shape_of(20000, 20000, 2));
    const weft_layout *x = only_layout(p), *y = only_layout(q);
    ck_assert_uint_eq(p->workers, 1);
    ck_assert_uint_eq(q->workers, 16);
    ck_assert_uint_eq(x->tile_count, y->tile_count);
    ck_assert_uint_eq(x->item_count, y->item_count);
    ck_assert_int_eq(memcmp(x->tiles, y->tiles, x->tile_count * sizeof *x->tiles), 0);
    for (uint32_t n = 0; n < x->item_count; n++)
        ck_assert(x->items[n].row == y->items[n].row && x->items[n].first_tile == y->items[n].first_tile);
    weft_plan_destroy(p);
    weft_plan_destroy(q);
    weft_kernel_destroy(a);
    weft_kernel_destroy(b);
}
END_TEST

START_TEST(test_dear_items_first) {
    weft_plan *plan = plan_of_ir(causal, shape_of(8192, 8192, 1));
    const weft_layout *layout = only_layout(plan);
    for (uint32_t n = 0; n + 1 < layout->item_count; n++)
        ck_assert(layout->items[n + 1].cost < 1.5F * layout->items[n].cost);
    check_rows(plan);
    weft_plan_destroy(plan);
}
END_TEST

START_TEST(test_empty_rows_have_items) {
    weft_plan *plan = plan_of_ir("%1 = none\nmeaning %1\n", shape_of(100, 100, 1));
    ck_assert_int_eq(info_of(plan).items, 2);
    ck_assert_uint_eq(only_layout(plan)->tile_count, 0);
    check_rows(plan);
    weft_plan_destroy(plan);
}
END_TEST

/* ---- scale --------------------------------------------------------------------------------------------------- */

START_TEST(test_scale) {
    weft_shape shape = shape_of(10, 10, 3);
    shape.head_dim = 48;
    weft_plan *plan = plan_of_ir(all, shape);
    for (int h = 0; h < 3; h++) ck_assert(plan->scale_of[h] == (float)(1 / sqrt(48)));
    ck_assert_int_eq(plan->shape.value_dim, 48);
    ck_assert_int_eq(plan->shape.kv_heads, 3);
    weft_plan_destroy(plan);
    /* scale (h + 1) / D */
    plan = plan_of_ir("%1 = all\n%2 = h\n%3 = int 1\n%4 = add %2 %3\n%5 = tofloat %4\n%6 = D\n%7 = tofloat %6\n"
                      "%8 = div %5 %7\nmeaning %1\nscale %8\n",
                      shape);
    for (int h = 0; h < 3; h++) ck_assert(plan->scale_of[h] == (float)((h + 1) / 48.0));
    weft_plan_destroy(plan);
}
END_TEST

/* ---- what it costs ------------------------------------------------------------------------------------------- */

static int64_t calls_at(const char *set, int64_t length) {
    weft_plan *plan = plan_of_ir(set, shape_of(length, length, 1));
    weft_plan_info info = info_of(plan);
    ck_assert_int_eq(info.contains_calls, 0);
    weft_plan_destroy(plan);
    return info.span_calls;
}

/* Set evaluations grow with the row tiles, not with their product with the keys: causal tiles are runs. */
START_TEST(test_cost_grows_linearly) {
    static const char *const sets[] = {window, causal, longformer};
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        int64_t n = calls_at(sets[k], 1 << 15), twice = calls_at(sets[k], 1 << 16), four = calls_at(sets[k], 1 << 17);
        ck_assert_int_le(n, 1 << 15); /* at most 64 a row tile; in truth a few */
        ck_assert_int_le(twice - n, n + n / 8);
        ck_assert_int_le(four - twice, 2 * (twice - n) + 64);
    }
}
END_TEST

/* The figure of the design: Longformer at 1,048,576 tokens in 2 MB. Its time is for the benchmarks. */
START_TEST(test_a_million_tokens) {
    static const char *const sets[] = {longformer, causal};
    for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
        weft_plan *plan = plan_of_ir(sets[k], shape_of(1 << 20, 1 << 20, 8));
        weft_plan_info info = info_of(plan);
        ck_assert_int_eq(info.layouts, 1);
        ck_assert_int_lt(info.bytes, 2 << 20);
        ck_assert_int_le(info.bit_tiles, 16);
        ck_assert(info.seconds > 0);
        if (getenv("WEFT_TEST_TIMES"))
            printf("1M tokens: %.2f ms, %lld bytes, %lld items, %lld span calls\n", 1e3 * info.seconds,
                   (long long)info.bytes, (long long)info.items, (long long)info.span_calls);
        weft_plan_destroy(plan);
    }
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("structure");
    tcase_add_test(tests, test_all_is_one_run);
    tcase_add_test(tests, test_columns_are_trimmed);
    tcase_add_test(tests, test_equal_trimmed_tiles_merge);
    tcase_add_test(tests, test_few_bit_tiles);
    tcase_add_test(tests, test_equal_heads_share);
    tcase_add_test(tests, test_strips_for_global_rows);
    tcase_add_test(tests, test_decode_is_split);
    tcase_add_test(tests, test_threads_change_nothing);
    tcase_add_test(tests, test_dear_items_first);
    tcase_add_test(tests, test_empty_rows_have_items);
    tcase_add_test(tests, test_scale);
    tcase_add_test(tests, test_cost_grows_linearly);
    tcase_add_test(tests, test_a_million_tokens);
    return run_tests(tests);
}
