/* Kernels kept on disk: an image that is found there spares the code generator, and with it LLVM. An entry's name is a
 * hash of everything that its image depends on, so nothing is ever stale, only unused; what was used longest ago goes
 * first when the folder grows too large.
 *
 * Nothing is trusted: the folder and its entries must belong to this user and be writable by nobody else, no link is
 * followed, and an entry is checked byte for byte. Any number of processes may share a folder, since entries appear
 * whole, by renaming. No failure is an error: the worst is a kernel made again, and a line in the log. */
#ifndef WEFT_CACHE_CACHE_H
#define WEFT_CACHE_CACHE_H

#include "codegen/codegen.h"
#include "support/engine.h"

/* ---- keys --------------------------------------------------------------------------------------------------- */

/* The file that holds the code generator, as it is now: a build changes it even where no version changes. */
typedef struct weft_stamp {
    uint64_t size;
    int64_t seconds, nanoseconds; /* when it was changed */
} weft_stamp;

/* What this processor can do, as it says itself (no LLVM needed): raw words whose meaning nobody needs here. */
typedef struct weft_host {
    uint64_t words[12];
} weft_host;
void weft_host_read(weft_host *out);

/* All that an image depends on. */
typedef struct weft_cache_inputs {
    const char *program; /* its text, as the image carries it */
    size_t program_size;
    weft_codegen_spec spec;
    const char *versions; /* NULL: those of this build */
    weft_host host;       /* counts where the spec names no target */
    weft_stamp generator;
} weft_cache_inputs;

typedef struct weft_cache_key {
    uint64_t low, high;
} weft_cache_key;
weft_cache_key weft_cache_key_of(const weft_cache_inputs *inputs);

/* ---- the folder --------------------------------------------------------------------------------------------- */

typedef struct weft_cache weft_cache; /* a folder's path and limit; no state, so threads may share it */

enum { WEFT_CACHE_LIMIT = 64 << 20 }; /* bytes, where the host names no limit */

/* Touches no file. limit 0: WEFT_CACHE_LIMIT. NULL when memory fails. */
weft_cache *weft_cache_create(weft_engine *engine, const char *path, uint64_t limit);
void weft_cache_destroy(weft_cache *cache);

/* Puts the image of these inputs into `image`, which is empty, and marks it as used. False, and `image` still empty,
 * when there is none that can be trusted. */
bool weft_cache_load(const weft_cache *cache, const weft_cache_inputs *inputs, weft_text *image);
/* Keeps the image, makes the folder when there is none, and takes old entries out where there are too many bytes. NULL,
 * or why it could not be kept, which was logged too. */
const char *weft_cache_store(const weft_cache *cache, const weft_cache_inputs *inputs, const weft_text *image);

/* For doctor (probe.c): writes an entry, reads it back and takes it out. NULL, or why that failed. */
const char *weft_cache_probe(const weft_cache *cache);
/* False when the folder cannot be read. */
bool weft_cache_measure(const weft_cache *cache, uint64_t *entries, uint64_t *bytes);
const char *weft_cache_path(const weft_cache *cache);
uint64_t weft_cache_limit(const weft_cache *cache);

#endif
