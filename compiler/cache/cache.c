/* Loading and storing. An entry is a magic number, its key, and the image; magic and key are compared whole, the image
 * has a hash of its own, and its program is compared with the one asked for: no byte can change unnoticed. */
#include "cache/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x454843414357ff01) /* "\1\377WCACHE", little-endian */

typedef struct head {
    uint64_t magic;
    weft_cache_key key;
} head;

weft_cache *weft_cache_create(weft_engine *engine, const char *path, uint64_t limit) {
    const weft_allocator *allocator = weft_engine_allocator(engine);
    weft_cache *cache = weft_allocate_zero(allocator, sizeof *cache);
    size_t size = strlen(path) + 1;
    char *copy = weft_allocate(allocator, size);
    if (!cache || !copy) {
        weft_free(allocator, cache, sizeof *cache);
        weft_free(allocator, copy, size);
        return NULL;
    }
    memcpy(copy, path, size);
    *cache = (weft_cache){engine, copy, size, limit ? limit : WEFT_CACHE_LIMIT};
    return cache;
}

void weft_cache_destroy(weft_cache *cache) {
    if (!cache) return;
    const weft_allocator *allocator = weft_engine_allocator(cache->engine);
    weft_free(allocator, cache->path, cache->path_size);
    weft_free(allocator, cache, sizeof *cache);
}

const char *weft_cache_path(const weft_cache *cache) { return cache->path; }
uint64_t weft_cache_limit(const weft_cache *cache) { return cache->limit; }

bool weft_cache_measure(const weft_cache *cache, uint64_t *entries, uint64_t *bytes) {
    const char *reason;
    int folder = weft_folder_open(cache->path, false, &reason);
    bool read = folder >= 0 && weft_folder_measure(folder, entries, bytes);
    if (folder >= 0) close(folder);
    return read;
}

/* ---- loading ------------------------------------------------------------------------------------------------ */

/* Only a plain file of ours is opened for good: no link, no pipe that would make us wait. -1 with a reason, or NULL
 * where there is no entry. */
static int open_entry(int folder, const char *name, uint64_t limit, const char **reason) {
    struct stat about;
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        *reason = errno == ENOENT ? NULL : strerror(errno);
        return -1;
    }
    bool right = fstat(file, &about) == 0 && S_ISREG(about.st_mode) && weft_is_ours(&about);
    if (right && (uint64_t)about.st_size <= limit) return file;
    *reason = right ? "is too large" : "is no file of ours";
    close(file);
    return -1;
}

/* What follows the head; false when the file cannot be read or is another's. */
static bool read_entry(int file, weft_cache_key key, weft_text *out) {
    char block[16384];
    const head wanted = {MAGIC, key};
    head found;
    if (read(file, &found, sizeof found) != (ssize_t)sizeof found) return false;
    if (memcmp(&found, &wanted, sizeof found) != 0) return false;
    for (;;) {
        ssize_t got = read(file, block, sizeof block);
        if (got == 0) return true;
        if (got < 0 && errno != EINTR) return false;
        if (got > 0) weft_text_add(out, block, (size_t)got);
        if (out->failed) return false;
    }
}

/* Is it, whole and sound, the image that was asked for? */
static bool suits(const weft_cache_inputs *inputs, const weft_text *bytes) {
    weft_image image = {bytes->at, bytes->size};
    weft_machine_code code;
    weft_diagnostics unheard;
    const char *program;
    size_t size;
    weft_diagnostics_init(&unheard, bytes->allocator, NULL);
    bool sound = weft_image_read(&image, &program, &size, &code, &unheard) == WEFT_OK;
    weft_diagnostics_free(&unheard);
    return sound && size == inputs->program_size && memcmp(program, inputs->program, size) == 0 &&
           code.dtype == (uint32_t)inputs->spec.dtype && code.head_dim == inputs->spec.head_dim &&
           code.value_dim == inputs->spec.value_dim;
}

static void touch(int file) {
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};
    futimens(file, times); /* where that fails nothing can be taken out either */
}

/* -1 with a reason, or NULL where there is no such entry. */
static int find_entry(const weft_cache *cache, const char *name, const char **reason) {
    int folder = weft_folder_open(cache->path, false, reason);
    if (folder < 0) return -1;
    int file = open_entry(folder, name, cache->limit, reason);
    close(folder);
    return file;
}

bool weft_cache_load(const weft_cache *cache, const weft_cache_inputs *inputs, weft_text *image) {
    char name[WEFT_ENTRY_NAME];
    const char *reason = NULL;
    weft_cache_key key = weft_cache_key_of(inputs);
    weft_entry_name(key, name);
    int file = find_entry(cache, name, &reason);
    bool found = file >= 0 && read_entry(file, key, image) && suits(inputs, image);
    if (file >= 0 && !found) reason = image->failed ? "out of memory" : "is damaged";
    if (found) touch(file);
    if (file >= 0) close(file);
    if (!found) weft_text_release(image);
    if (reason) weft_engine_log(cache->engine, "cache: %s/%s: %s", cache->path, name, reason);
    return found;
}

/* ---- storing ------------------------------------------------------------------------------------------------ */

enum { TEMPORARY_NAME = 64, MOST_TRIES = 1000 };

/* A new file that nobody else has, and its name. */
static int make_temporary(int folder, char name[TEMPORARY_NAME]) {
    int file = -1;
    for (int n = 0; n < MOST_TRIES && file < 0; n++) {
        snprintf(name, TEMPORARY_NAME, WEFT_TEMPORARY_PREFIX "%ld-%d", (long)getpid(), n);
        file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (file < 0 && errno != EEXIST) break;
    }
    return file;
}

static bool write_all(int file, const void *bytes, size_t size) {
    for (const char *at = bytes; size > 0;) {
        ssize_t put = write(file, at, size);
        if (put < 0 && errno != EINTR) return false;
        if (put > 0) at += put, size -= (size_t)put;
    }
    return true;
}

/* Written beside its place and moved there. Nothing is flushed to the disk: what a crash of the machine spoils is
 * noticed when it is read. */
static const char *write_entry(int folder, const char *name, weft_cache_key key, const weft_text *image) {
    const head first = {MAGIC, key};
    char temporary[TEMPORARY_NAME];
    int file = make_temporary(folder, temporary);
    if (file < 0) return strerror(errno);
    bool done = write_all(file, &first, sizeof first) && write_all(file, image->at, image->size);
    int error = done ? 0 : errno;
    if (close(file) != 0 && done) done = false, error = errno;
    if (done && renameat(folder, temporary, folder, name) == 0) return NULL;
    if (done) error = errno;
    unlinkat(folder, temporary, 0);
    return strerror(error);
}

const char *weft_cache_store(const weft_cache *cache, const weft_cache_inputs *inputs, const weft_text *image) {
    char name[WEFT_ENTRY_NAME];
    const char *reason = "it is larger than the cache may be";
    weft_cache_key key = weft_cache_key_of(inputs);
    weft_entry_name(key, name);
    bool fits = image->size < cache->limit && cache->limit - image->size >= sizeof(head);
    int folder = fits ? weft_folder_open(cache->path, true, &reason) : -1;
    if (folder >= 0) {
        reason = write_entry(folder, name, key, image);
        if (!reason) weft_folder_trim(folder, weft_engine_allocator(cache->engine), cache->limit, name);
        close(folder);
    }
    if (reason) weft_engine_log(cache->engine, "cache: %s: a kernel could not be kept: %s", cache->path, reason);
    return reason;
}
