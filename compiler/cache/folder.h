/* The folder of a cache on disk: opened with care, entries named, counted and taken out. Inside this layer only. */
#ifndef WEFT_CACHE_FOLDER_H
#define WEFT_CACHE_FOLDER_H

#include <sys/stat.h>

#include "cache/cache.h"

struct weft_cache {
    weft_engine *engine;
    char *path;
    size_t path_size;
    uint64_t limit;
};

/* "0123…cdef.kernel" and its NUL. */
enum { WEFT_ENTRY_NAME = 32 + 7 + 1 };
void weft_entry_name(weft_cache_key key, char name[WEFT_ENTRY_NAME]);

/* What files in the making are called, so that those left behind are found. */
#define WEFT_TEMPORARY_PREFIX ".tmp-"

/* Opens the folder, for the caller to close; with `make`, makes it and what leads to it when it is missing. -1 with a
 * reason when that fails or the folder is not this user's alone; with NULL where it is only missing. */
int weft_folder_open(const char *path, bool make, const char **reason);
/* Is a file or folder this user's, and writable by nobody else? */
bool weft_is_ours(const struct stat *about);

/* Entries and their bytes. False when the folder cannot be read. */
bool weft_folder_measure(int folder, uint64_t *entries, uint64_t *bytes);
/* Takes out the entries used longest ago, but not `kept`, until all are at most `limit` bytes, and files in the making
 * that were left behind. */
void weft_folder_trim(int folder, const weft_allocator *allocator, uint64_t limit, const char *kept);

#endif
