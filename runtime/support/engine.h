/* An engine is the config made live: allocator, threads, hooks. Shared by everything made under one config; counted. */
#ifndef WEFT_SUPPORT_ENGINE_H
#define WEFT_SUPPORT_ENGINE_H

#include "support/alloc.h"

typedef struct weft_engine weft_engine;

/* Copies a host's struct, whose first field is its size, over ours of that size. Of fields that an older host does not
 * know ours stay, and what a newer one adds is left out. `given` may be NULL. */
WEFT_SHARED void weft_copy_known(void *ours, size_t size, const void *given);
/* The other way round: fills in a host's struct, but for its size, and no further than that. */
void weft_tell_known(void *theirs, const void *ours, size_t size);

/* NULL when memory fails. The thread pool starts at the first parallel call, not before. */
WEFT_SHARED weft_engine *weft_engine_create(const weft_config *config);
WEFT_SHARED weft_engine *weft_engine_retain(weft_engine *engine);
WEFT_SHARED void weft_engine_release(weft_engine *engine);

WEFT_SHARED const weft_allocator *weft_engine_allocator(const weft_engine *engine);
WEFT_SHARED uint32_t weft_engine_threads(const weft_engine *engine); /* >= 1 */
uint32_t weft_engine_debug(const weft_engine *engine);               /* weft_debug flags */
WEFT_SHARED bool weft_engine_cancelled(const weft_engine *engine);
WEFT_SHARED void weft_engine_log(const weft_engine *engine, const char *format, ...) WEFT_PRINTF(2, 3);
/* Runs task for 0 … count - 1 by the host's hook, or the pool; in this thread when count is 1 or no pool can be had. */
WEFT_SHARED void weft_engine_parallel(weft_engine *engine, size_t count, void (*task)(void *user, size_t index),
                                      void *user);

#endif
