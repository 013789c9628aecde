/* A pool of threads that runs one indexed task at a time: the library pthreadpool, or plain threads started for each call,
 * where it is not to be had, and under the thread sanitizer, which cannot see into it. */
#ifndef WEFT_SUPPORT_THREADS_H
#define WEFT_SUPPORT_THREADS_H

#include "support/alloc.h"

typedef struct weft_threads weft_threads;

uint32_t weft_threads_available(void); /* cores that this process may use, >= 1 */

/* NULL when it cannot be had; a NULL pool runs everything in the calling thread. */
weft_threads *weft_threads_create(const weft_allocator *allocator, uint32_t count);
void weft_threads_destroy(const weft_allocator *allocator, weft_threads *threads);

/* Calls task(user, index) for every index in [0, count) and returns when all have returned. Calls from several threads
 * take turns. */
void weft_threads_run(weft_threads *threads, size_t count, void (*task)(void *user, size_t index), void *user);

#endif
