/* Many processes, or threads, in one folder that is too small for what they keep, while some damage entries and take
 * them away: what is found is always right, and at the end all is in order. */
#include "folders.h"

#include <pthread.h>
#include <sys/wait.h>

#include "support/suite.h"

enum { PROCESSES = 8, THINGS = 12, ROUNDS = 400, CODE = 6000, FIT = 5 };

/* Overwrites some bytes in place, cuts the file, or takes it away; whoever reads meanwhile must notice. */
static void spoil(const char *path, test_random *random) {
    if (test_range(random, 0, 3) == 0) {
        unlink(path);
        return;
    }
    int file = open(path, O_RDWR);
    if (file < 0) return;
    if (test_range(random, 0, 2) == 0) {
        ck_assert_int_eq(ftruncate(file, test_range(random, 0, CODE)), 0);
    } else {
        uint64_t noise = test_bits(random);
        ck_assert_int_eq(pwrite(file, &noise, sizeof noise, test_range(random, 0, CODE)), sizeof noise);
    }
    close(file);
}

/* The exit status: 0, or 1 when nothing was ever found. */
static int work(const bench *b, const thing *things, uint64_t seed) {
    test_random random = {seed};
    int hits = 0;
    for (int n = 0; n < ROUNDS; n++) {
        const thing *t = &things[test_range(&random, 0, THINGS - 1)];
        char path[LONG_PATH];
        path_of(b, t, path);
        if (test_range(&random, 0, 9) == 0) spoil(path, &random);
        if (has(b, t))
            hits++;
        else
            weft_cache_store(b->cache, &t->inputs, &t->image); /* may fail where another one is as quick */
    }
    return hits == 0;
}

START_TEST(hammering) {
    bench b;
    thing things[THINGS];
    pid_t children[PROCESSES];
    begin(&b, FIT * (uint64_t)(CODE + 500));
    for (unsigned n = 0; n < THINGS; n++) things[n] = make_thing(&b, n, CODE);
    for (int n = 0; n < PROCESSES; n++) {
        children[n] = fork();
        ck_assert_int_ge(children[n], 0);
        if (children[n] == 0) _exit(work(&b, things, 1000 + (uint64_t)n));
    }
    for (int n = 0; n < PROCESSES; n++) {
        int status;
        ck_assert_int_eq(waitpid(children[n], &status, 0), children[n]);
        ck_assert_int_eq(status, 0);
    }
    uint64_t entries, bytes;
    for (unsigned n = 0; n < THINGS; n++) {
        keep(&b, &things[n]);
        ck_assert(has(&b, &things[n]));
        ck_assert(weft_cache_measure(b.cache, &entries, &bytes));
        ck_assert_uint_le(bytes, weft_cache_limit(b.cache));
    }
    ck_assert_uint_eq(entries, FIT);
    ck_assert_int_eq(count_files(&b), FIT); /* no file in the making was left behind */
    for (unsigned n = 0; n < THINGS; n++) free_thing(&things[n]);
    end(&b);
}
END_TEST

/* ---- threads ------------------------------------------------------------------------------------------------ */

typedef struct worker {
    const bench *b;
    const thing *mine;
    const char *problem;
} worker;

/* Every thread keeps its own thing, over and over: each must be whole each time. */
static void *keep_mine(void *user) {
    worker *w = user;
    for (int n = 0; n < ROUNDS && !w->problem; n++) {
        weft_text found;
        weft_text_init(&found, &w->b->allocator);
        w->problem = weft_cache_store(w->b->cache, &w->mine->inputs, &w->mine->image);
        if (!w->problem && !weft_cache_load(w->b->cache, &w->mine->inputs, &found)) w->problem = "not found";
        weft_text_release(&found);
    }
    return NULL;
}

START_TEST(threads) {
    enum { THREADS = 4 };
    bench b;
    thing things[THREADS];
    worker workers[THREADS];
    pthread_t ids[THREADS];
    begin(&b, 0);
    for (unsigned n = 0; n < THREADS; n++) {
        things[n] = make_thing(&b, n, 20000);
        workers[n] = (worker){&b, &things[n], NULL};
        ck_assert_int_eq(pthread_create(&ids[n], NULL, keep_mine, &workers[n]), 0);
    }
    for (unsigned n = 0; n < THREADS; n++) {
        ck_assert_int_eq(pthread_join(ids[n], NULL), 0);
        ck_assert_msg(!workers[n].problem, "%s", workers[n].problem ? workers[n].problem : "");
        free_thing(&things[n]);
    }
    ck_assert_int_eq(count_files(&b), THREADS);
    end(&b);
}
END_TEST

TEST_MAIN("cache/processes", hammering, threads)
