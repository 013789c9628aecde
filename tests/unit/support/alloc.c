/* Allocator, growing arrays, arenas. */
#include <string.h>

#include "support/failing.h"
#include "support/suite.h"

static void *count_calls(void *user, void *block, size_t old_size, size_t new_size) {
    ++*(int *)user;
    (void)old_size;
    if (new_size) return realloc(block, new_size);
    free(block);
    return NULL;
}

START_TEST(takes_the_hook_of_a_config_that_has_one) {
    int calls = 0;
    weft_config config = {.size = sizeof config, .resize = count_calls, .resize_user = &calls};
    weft_allocator allocator = weft_allocator_of(&config);
    weft_free(&allocator, weft_allocate(&allocator, 10), 10);
    ck_assert_int_eq(calls, 2);

    config.size = sizeof config.size; /* a host that knew no hooks: what follows is not ours to read */
    allocator = weft_allocator_of(&config);
    ck_assert(allocator.resize != count_calls);
    config = (weft_config){.size = sizeof config};
    allocator = weft_allocator_of(&config);
    weft_free(&allocator, weft_allocate(&allocator, 10), 10);
    allocator = weft_allocator_of(NULL);
    weft_free(&allocator, weft_allocate(&allocator, 10), 10);
    ck_assert_int_eq(calls, 2);
}
END_TEST

START_TEST(allocates_nothing_for_nothing) {
    test_memory memory = {0};
    weft_allocator allocator = test_allocator(&memory);
    ck_assert_ptr_null(weft_allocate(&allocator, 0));
    ck_assert_ptr_null(weft_allocate_zero(&allocator, 0));
    weft_free(&allocator, NULL, 0);
    ck_assert_uint_eq(memory.calls, 0);
    char *zeros = weft_allocate_zero(&allocator, 100);
    for (int k = 0; k < 100; k++) ck_assert_int_eq(zeros[k], 0);
    weft_free(&allocator, zeros, 100);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

START_TEST(reserve_keeps_elements_and_grows_rarely) {
    test_memory memory = {0};
    weft_allocator allocator = test_allocator(&memory);
    uint64_t *numbers = NULL;
    uint32_t capacity = 0;
    for (uint32_t count = 0; count < 100000; count++) {
        ck_assert(weft_reserve(&allocator, &numbers, &capacity, count + 1, sizeof *numbers));
        numbers[count] = count;
    }
    for (uint32_t k = 0; k < 100000; k++) ck_assert_uint_eq(numbers[k], k);
    ck_assert_uint_le(memory.calls, 20);
    weft_free(&allocator, numbers, capacity * sizeof *numbers);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

START_TEST(reserve_refuses_what_cannot_be_counted) {
    test_memory memory = {0};
    weft_allocator allocator = test_allocator(&memory);
    char *bytes = NULL;
    uint32_t capacity = 0;
    ck_assert(!weft_reserve(&allocator, &bytes, &capacity, (uint64_t)UINT32_MAX + 1, 1));
    ck_assert(!weft_reserve(&allocator, &bytes, &capacity, UINT64_MAX, 1));
    ck_assert(!weft_reserve(&allocator, &bytes, &capacity, UINT32_MAX, SIZE_MAX / 2));
    ck_assert(!weft_reserve(&allocator, &bytes, &capacity, 1, PTRDIFF_MAX));
    ck_assert_uint_eq(memory.calls, 0);

    ck_assert(weft_reserve(&allocator, &bytes, &capacity, 1, 1));
    char *before = bytes;
    uint32_t capacity_before = capacity;
    memory.fail_at = memory.calls + 1;
    ck_assert(!weft_reserve(&allocator, &bytes, &capacity, capacity + 1, 1));
    ck_assert_ptr_eq(bytes, before);
    ck_assert_uint_eq(capacity, capacity_before);
    weft_free(&allocator, bytes, capacity);
}
END_TEST

START_TEST(arenas_give_aligned_blocks_that_do_not_overlap) {
    enum { BLOCKS = 2000 };
    test_memory memory = {0};
    weft_allocator allocator = test_allocator(&memory);
    weft_arena arena;
    unsigned char *blocks[BLOCKS];
    weft_arena_init(&arena, &allocator);
    for (int k = 0; k < BLOCKS; k++) {
        size_t size = (size_t)(k * 7 % 500);
        blocks[k] = weft_arena_take(&arena, size);
        ck_assert_uint_eq((uintptr_t)blocks[k] % 16, 0);
        memset(blocks[k], k & 255, size);
    }
    for (int k = 0; k < BLOCKS; k++)
        for (int at = 0; at < k * 7 % 500; at++) ck_assert_int_eq(blocks[k][at], k & 255);
    ck_assert_str_eq(weft_arena_copy(&arena, "abcdef", 3), "abc");
    ck_assert_ptr_nonnull(weft_arena_take(&arena, 10000000));
    weft_arena_reset(&arena);
    ck_assert_uint_eq(memory.live, 1);
    size_t calls = memory.calls;
    ck_assert_ptr_nonnull(weft_arena_take(&arena, 10000000));
    ck_assert_uint_eq(memory.calls, calls);
    weft_arena_free(&arena);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

START_TEST(arenas_stay_failed) {
    test_memory memory = {.fail_at = 1};
    weft_allocator allocator = test_allocator(&memory);
    weft_arena arena;
    weft_arena_init(&arena, &allocator);
    ck_assert_ptr_null(weft_arena_take(&arena, 1));
    ck_assert(arena.failed);
    ck_assert_ptr_null(weft_arena_copy(&arena, "a", 1));
    weft_arena_reset(&arena);
    ck_assert(!arena.failed);
    ck_assert_ptr_nonnull(weft_arena_take(&arena, 1));
    ck_assert_ptr_null(weft_arena_take(&arena, SIZE_MAX - 3));
    ck_assert_ptr_null(weft_arena_copy(&arena, "a", SIZE_MAX));
    weft_arena_free(&arena);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

TEST_MAIN("support/alloc", takes_the_hook_of_a_config_that_has_one, allocates_nothing_for_nothing,
          reserve_keeps_elements_and_grows_rarely, reserve_refuses_what_cannot_be_counted,
          arenas_give_aligned_blocks_that_do_not_overlap, arenas_stay_failed)
