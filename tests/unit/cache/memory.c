/* Failing memory: every allocation of every operation once. The worst is a miss, and nothing is lost. */
#include "folders.h"
#include "support/suite.h"

static void once(bench *b, test_memory *memory, const thing *t) {
    b->config.resize = test_resize, b->config.resize_user = memory;
    weft_engine *engine = weft_engine_create(&b->config);
    weft_cache *cache = engine ? weft_cache_create(engine, b->path, 50000) : NULL;
    if (cache) {
        weft_text found;
        uint64_t entries, bytes;
        weft_text_init(&found, weft_engine_allocator(engine));
        if (weft_cache_load(cache, &t->inputs, &found)) {
            ck_assert_uint_eq(found.size, t->image.size);
            ck_assert_int_eq(memcmp(found.at, t->image.at, found.size), 0);
        } else {
            ck_assert_ptr_null(found.at);
        }
        ck_assert_ptr_null(weft_cache_store(cache, &t->inputs, &t->image)); /* needs none but to trim */
        const char *problem = weft_cache_probe(cache);
        ck_assert(!problem || memory->fail_at);
        ck_assert(weft_cache_measure(cache, &entries, &bytes));
        ck_assert_uint_eq(entries, 1);
        weft_text_release(&found);
    }
    weft_cache_destroy(cache);
    weft_engine_release(engine);
    ck_assert_uint_eq(memory->live, 0);
}

START_TEST(every_allocation) {
    bench b;
    begin(&b, 0);
    thing t = make_thing(&b, 1, 40000);
    keep(&b, &t);
    for (int forever = 0; forever < 2; forever++) {
        for (size_t nth = 1;; nth++) {
            test_memory memory = {.fail_at = nth, .forever = forever};
            once(&b, &memory, &t);
            if (memory.calls < nth) break;
            ck_assert_uint_lt(nth, 1000);
        }
    }
    b.config.resize = NULL;
    free_thing(&t);
    end(&b);
}
END_TEST

TEST_MAIN("cache/memory", every_allocation)
