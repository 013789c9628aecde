/* The file system as imports see it: reading a whole file, and paths. */
#include "sema/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_missing(int error) { return error == ENOENT || error == ENOTDIR; }

/* Reads to the end of what may be a pipe: its size is not known before. */
static weft_read read_all(const weft_allocator *allocator, int file, char **text, size_t *size, int *error) {
    char *buffer = NULL;
    uint32_t capacity = 0;
    size_t count = 0;
    weft_read result = WEFT_READ_DONE;
    for (;;) {
        if (!weft_reserve(allocator, &buffer, &capacity, count + 4096, 1)) {
            result = WEFT_READ_MEMORY;
            break;
        }
        ssize_t got = read(file, buffer + count, capacity - count);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            *error = errno;
            result = WEFT_READ_FAILED;
            break;
        }
        if (got == 0) break;
        count += (size_t)got;
        if (count > WEFT_MAX_FILE) {
            result = WEFT_READ_TOO_LARGE;
            break;
        }
    }
    if (result == WEFT_READ_DONE) {
        *text = weft_allocate(allocator, count + 1);
        *size = count;
        if (*text)
            memcpy(*text, buffer, count);
        else
            result = WEFT_READ_MEMORY;
    }
    weft_free(allocator, buffer, capacity);
    return result;
}

weft_read weft_read_file(const weft_allocator *allocator, const char *path, bool only_regular, char **text,
                         size_t *size, const char **reason) {
    int error = 0;
    weft_read result = WEFT_READ_FAILED;
    struct stat about;
    if (stat(path, &about) != 0) {
        error = errno;
        if (is_missing(error)) result = WEFT_READ_MISSING;
    } else if (S_ISDIR(about.st_mode)) {
        error = EISDIR;
    } else if (only_regular && !S_ISREG(about.st_mode)) {
        *reason = "not a regular file";
        return WEFT_READ_FAILED;
    } else {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) {
            error = errno;
        } else {
            result = read_all(allocator, file, text, size, &error);
            close(file);
        }
    }
    *reason = error ? strerror(error) : ""; /* thread-safe wherever it matters: glibc since 2.32, musl */
    return result;
}

const char *weft_real_path(weft_arena *arena, const char *path) {
    char real[PATH_MAX];
    const char *found = realpath(path, real) ? real : path;
    return weft_arena_copy(arena, found, strlen(found));
}

const char *weft_path_join(weft_arena *arena, const char *folder, const char *path) {
    size_t folder_size = strlen(folder), path_size = strlen(path);
    bool slash = folder_size && folder[folder_size - 1] != '/';
    char *joined = weft_arena_take(arena, folder_size + slash + path_size + 1);
    if (!joined) return NULL;
    memcpy(joined, folder, folder_size);
    if (slash) joined[folder_size] = '/';
    memcpy(joined + folder_size + slash, path, path_size + 1);
    return joined;
}

const char *weft_path_beside(weft_arena *arena, const char *from, const char *path) {
    const char *slash = strrchr(from, '/');
    if (path[0] == '/' || !slash) return weft_arena_copy(arena, path, strlen(path));
    const char *folder = weft_arena_copy(arena, from, (size_t)(slash + 1 - from));
    return folder ? weft_path_join(arena, folder, path) : NULL;
}
