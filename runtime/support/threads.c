/* The pool of threads behind an engine that has no parallel_for hook. */
#include "support/threads.h"

#include <sched.h>

#if defined(WEFT_PLAIN_THREADS) || defined(__SANITIZE_THREAD__)
#define PLAIN_THREADS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PLAIN_THREADS 1
#endif
#endif

uint32_t weft_threads_available(void) {
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
    int count = CPU_COUNT(&cores);
    return count > 0 ? (uint32_t)count : 1;
}

static void run_here(size_t count, void (*task)(void *user, size_t index), void *user) {
    for (size_t index = 0; index < count; index++) task(user, index);
}

#ifdef PLAIN_THREADS

#include <pthread.h>
#include <stdatomic.h>

struct weft_threads {
    uint32_t count;
};

typedef struct weft_crew {
    _Atomic(size_t) next;
    size_t count;
    void (*task)(void *user, size_t index);
    void *user;
} weft_crew;

weft_threads *weft_threads_create(const weft_allocator *allocator, uint32_t count) {
    weft_threads *threads = weft_allocate(allocator, sizeof *threads);
    if (threads) threads->count = count;
    return threads;
}

void weft_threads_destroy(const weft_allocator *allocator, weft_threads *threads) {
    weft_free(allocator, threads, sizeof *threads);
}

static void *work(void *user) {
    weft_crew *crew = user;
    for (size_t index; (index = atomic_fetch_add(&crew->next, 1)) < crew->count;) crew->task(crew->user, index);
    return NULL;
}

/* The caller works too; a thread that cannot be started is not missed. */
void weft_threads_run(weft_threads *threads, size_t count, void (*task)(void *user, size_t index), void *user) {
    enum { MOST = 64 };
    if (!threads) {
        run_here(count, task, user);
        return;
    }
    weft_crew crew = {.count = count, .task = task, .user = user};
    pthread_t helpers[MOST];
    size_t wanted = threads->count < count ? threads->count : count, started = 0;
    while (started + 1 < wanted && started < MOST && !pthread_create(&helpers[started], NULL, work, &crew)) started++;
    work(&crew);
    while (started) pthread_join(helpers[--started], NULL);
}

#else

#include <pthreadpool.h>

/* pthreadpool's own handle, under our name. */
weft_threads *weft_threads_create(const weft_allocator *allocator, uint32_t count) {
    (void)allocator;
    return (weft_threads *)pthreadpool_create(count);
}

void weft_threads_destroy(const weft_allocator *allocator, weft_threads *threads) {
    (void)allocator;
    pthreadpool_destroy((pthreadpool_t)threads);
}

void weft_threads_run(weft_threads *threads, size_t count, void (*task)(void *user, size_t index), void *user) {
    if (threads)
        pthreadpool_parallelize_1d((pthreadpool_t)threads, task, user, count, PTHREADPOOL_FLAG_YIELD_WORKERS);
    else
        run_here(count, task, user);
}

#endif
