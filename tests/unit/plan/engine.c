/* The engine: every index once, by the pool, the hook, or the caller; older configs; counting. */
#include <pthread.h>
#include <stdatomic.h>

#include "make.h"

enum { INDICES = 5000 };

typedef struct tally {
    atomic_int seen[INDICES];
} tally;

static void note(void *user, size_t index) { atomic_fetch_add(&((tally *)user)->seen[index], 1); }

static void check_tally(const tally *t, size_t count, int times) {
    for (size_t n = 0; n < INDICES; n++) ck_assert_int_eq(t->seen[n], n < count ? times : 0);
}

START_TEST(test_every_index_once) {
    for (uint32_t threads = 0; threads < 5; threads++) {
        weft_config config = {.size = sizeof config, .threads = threads};
        weft_engine *engine = weft_engine_create(&config);
        ck_assert_uint_ge(weft_engine_threads(engine), 1);
        if (threads) ck_assert_uint_eq(weft_engine_threads(engine), threads);
        static const size_t counts[] = {0, 1, 2, 3, 64, INDICES};
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            static tally t;
            memset(&t, 0, sizeof t);
            weft_engine_parallel(engine, counts[k], note, &t);
            check_tally(&t, counts[k], 1);
        }
        weft_engine_release(engine);
    }
}
END_TEST

typedef struct caller {
    weft_engine *engine;
    tally *tally;
} caller;

static void *call(void *user) {
    caller *c = user;
    weft_engine_parallel(c->engine, INDICES, note, c->tally);
    return NULL;
}

/* The pool starts once, whoever asks first; callers take turns. */
START_TEST(test_many_callers) {
    enum { CALLERS = 4 };
    static tally t;
    memset(&t, 0, sizeof t);
    weft_config config = {.size = sizeof config, .threads = 3};
    caller c = {weft_engine_create(&config), &t};
    pthread_t threads[CALLERS];
    for (int n = 0; n < CALLERS; n++) ck_assert_int_eq(pthread_create(&threads[n], NULL, call, &c), 0);
    for (int n = 0; n < CALLERS; n++) pthread_join(threads[n], NULL);
    check_tally(&t, INDICES, CALLERS);
    weft_engine_release(c.engine);
}
END_TEST

static void backwards(void *user, size_t count, void (*task)(void *task_user, size_t index), void *task_user) {
    ++*(int *)user;
    while (count) task(task_user, --count);
}
static bool always(void *user) {
    ++*(int *)user;
    return true;
}
static void keep_line(void *user, const char *line) { snprintf(user, 100, "%s", line); }

START_TEST(test_hooks) {
    int calls = 0, polls = 0;
    char line[100];
    weft_config config = {.size = sizeof config,
                          .parallel_for = backwards,
                          .parallel_for_user = &calls,
                          .cancel = always,
                          .cancel_user = &polls,
                          .log = keep_line,
                          .log_user = line,
                          .threads = 7};
    weft_engine *engine = weft_engine_create(&config);
    static tally t;
    memset(&t, 0, sizeof t);
    weft_engine_parallel(engine, 9, note, &t);
    check_tally(&t, 9, 1);
    ck_assert_int_eq(calls, 1);
    ck_assert(weft_engine_cancelled(engine));
    ck_assert_int_eq(polls, 1);
    weft_engine_log(engine, "%d of %s", 3, "four");
    ck_assert_str_eq(line, "3 of four");
    weft_engine_release(engine);
}
END_TEST

/* A host that was compiled when the config ended after `cancel_user`: what lies behind is not read. */
START_TEST(test_older_config) {
    weft_config config;
    memset(&config, 0x5a, sizeof config);
    config.size = offsetof(weft_config, log);
    config.resize = NULL;
    config.parallel_for = NULL;
    config.cancel = NULL;
    weft_engine *engine = weft_engine_create(&config);
    ck_assert_uint_le(weft_engine_threads(engine), 1024);
    weft_engine_log(engine, "nobody hears this");
    ck_assert(!weft_engine_cancelled(engine));
    weft_engine_release(engine);
    config.size = 0;
    weft_engine_release(weft_engine_create(&config));
    weft_engine_release(weft_engine_create(NULL));
    weft_engine_release(NULL);
}
END_TEST

START_TEST(test_counting) {
    fussy_memory memory = {.fail_at = 0};
    weft_config config = fussy_config(&memory);
    ck_assert_ptr_null(weft_engine_create(&config));
    memory.fail_at = -1;
    weft_engine *engine = weft_engine_create(&config);
    ck_assert_ptr_eq(weft_engine_retain(engine), engine);
    weft_engine_release(engine);
    ck_assert_int_gt(memory.held, 0);
    weft_engine_release(engine);
    ck_assert_int_eq(memory.held, 0);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("engine");
    tcase_add_test(tests, test_every_index_once);
    tcase_add_test(tests, test_many_callers);
    tcase_add_test(tests, test_hooks);
    tcase_add_test(tests, test_older_config);
    tcase_add_test(tests, test_counting);
    return run_tests(tests);
}
