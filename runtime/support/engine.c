/* The config made live. Its pool of threads starts at the first call that wants more than one, under a lock; where
 * there can be none, everything runs in the caller. */
#include "support/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "support/threads.h"

enum { MOST_THREADS = 1024 };

struct weft_engine {
    _Atomic(uint32_t) references;
    weft_config config; /* fields that an older host did not know are zero */
    weft_allocator allocator;
    uint32_t threads;
    pthread_mutex_t lock; /* of the two below */
    weft_threads *pool;
    bool pool_tried;
};

void weft_copy_known(void *ours, size_t size, const void *given) {
    size_t theirs = 0;
    if (given) memcpy(&theirs, given, sizeof theirs);
    if (theirs) memcpy(ours, given, theirs < size ? theirs : size);
    memcpy(ours, &size, sizeof size);
}

void weft_tell_known(void *theirs, const void *ours, size_t size) {
    size_t known;
    memcpy(&known, theirs, sizeof known);
    if (known > size) known = size;
    if (known > sizeof known)
        memcpy((char *)theirs + sizeof known, (const char *)ours + sizeof known, known - sizeof known);
}

weft_engine *weft_engine_create(const weft_config *config) {
    weft_config known = {0};
    weft_copy_known(&known, sizeof known, config);
    weft_allocator allocator = weft_allocator_of(&known);
    weft_engine *engine = weft_allocate_zero(&allocator, sizeof *engine);
    if (!engine) return NULL;
    if (pthread_mutex_init(&engine->lock, NULL) != 0) {
        weft_free(&allocator, engine, sizeof *engine);
        return NULL;
    }
    atomic_init(&engine->references, 1);
    engine->config = known;
    engine->allocator = allocator;
    uint32_t threads = known.threads ? known.threads : weft_threads_available();
    engine->threads = threads < MOST_THREADS ? threads : MOST_THREADS;
    return engine;
}

weft_engine *weft_engine_retain(weft_engine *engine) {
    atomic_fetch_add_explicit(&engine->references, 1, memory_order_relaxed);
    return engine;
}

void weft_engine_release(weft_engine *engine) {
    if (!engine || atomic_fetch_sub_explicit(&engine->references, 1, memory_order_acq_rel) != 1) return;
    weft_allocator allocator = engine->allocator;
    if (engine->pool) weft_threads_destroy(&allocator, engine->pool);
    pthread_mutex_destroy(&engine->lock);
    weft_free(&allocator, engine, sizeof *engine);
}

const weft_allocator *weft_engine_allocator(const weft_engine *engine) { return &engine->allocator; }

uint32_t weft_engine_threads(const weft_engine *engine) { return engine->threads; }

uint32_t weft_engine_debug(const weft_engine *engine) { return engine->config.debug; }

bool weft_engine_cancelled(const weft_engine *engine) {
    return engine->config.cancel && engine->config.cancel(engine->config.cancel_user);
}

/* A line that cannot be built for want of memory is not said. */
void weft_engine_log(const weft_engine *engine, const char *format, ...) {
    if (!engine->config.log) return;
    weft_text line;
    weft_text_init(&line, &engine->allocator);
    va_list arguments;
    va_start(arguments, format);
    weft_text_format_list(&line, format, arguments);
    va_end(arguments);
    if (!line.failed && line.at) engine->config.log(engine->config.log_user, line.at);
    weft_text_release(&line);
}

static weft_threads *pool_of(weft_engine *engine) {
    if (engine->threads == 1) return NULL;
    pthread_mutex_lock(&engine->lock);
    bool first = !engine->pool_tried;
    if (first) engine->pool = weft_threads_create(&engine->allocator, engine->threads);
    engine->pool_tried = true;
    weft_threads *pool = engine->pool;
    pthread_mutex_unlock(&engine->lock);
    if (first && !pool) weft_engine_log(engine, "no thread pool could be started; running on one thread");
    return pool;
}

void weft_engine_parallel(weft_engine *engine, size_t count, void (*task)(void *user, size_t index), void *user) {
    if (count == 0) return;
    if (count == 1)
        task(user, 0);
    else if (engine->config.parallel_for)
        engine->config.parallel_for(engine->config.parallel_for_user, count, task, user);
    else
        weft_threads_run(pool_of(engine), count, task, user);
}
