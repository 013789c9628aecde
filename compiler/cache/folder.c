/* Opening the folder, and keeping it small. */
#include "cache/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void weft_entry_name(weft_cache_key key, char name[WEFT_ENTRY_NAME]) {
    snprintf(name, WEFT_ENTRY_NAME, "%016llx%016llx.kernel", (unsigned long long)key.high, (unsigned long long)key.low);
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

bool weft_is_ours(const struct stat *about) {
    return about->st_uid == geteuid() && !(about->st_mode & (S_IWGRP | S_IWOTH));
}

/* Every folder on the way that is missing, for this user alone. What fails here shows when the folder is opened. */
static void make_folders(const char *path) {
    char part[4096];
    size_t size = strlen(path);
    if (size >= sizeof part) return;
    memcpy(part, path, size + 1);
    for (size_t at = 1; at <= size; at++) {
        if (part[at] != '/' && part[at] != '\0') continue;
        char end = part[at];
        part[at] = '\0';
        mkdir(part, S_IRWXU);
        part[at] = end;
    }
}

int weft_folder_open(const char *path, bool make, const char **reason) {
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int folder = open(path, flags);
    if (folder < 0 && errno == ENOENT && make) {
        make_folders(path);
        folder = open(path, flags);
    }
    struct stat about;
    if (folder < 0 || fstat(folder, &about) != 0) {
        bool missing = errno == ENOENT && !make;
        *reason = missing ? NULL : strerror(errno); /* thread-safe wherever it matters: glibc since 2.32, musl */
    } else if (!weft_is_ours(&about)) {
        *reason = "others may write there, or own it";
    } else {
        return folder;
    }
    if (folder >= 0) close(folder);
    return -1;
}

/* ---- entries ------------------------------------------------------------------------------------------------ */

typedef struct entry {
    char name[WEFT_ENTRY_NAME];
    uint64_t size;
    struct timespec used;
} entry;

/* Calls `visit` for every plain file until it says no; false when the folder cannot be read. */
typedef bool visit_file(void *user, const char *name, const struct stat *about);

static bool each_file(int folder, visit_file *visit, void *user) {
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* a place in the folder that is not shared */
    DIR *stream = own < 0 ? NULL : fdopendir(own);
    if (!stream) {
        if (own >= 0) close(own);
        return false;
    }
    bool more = true;
    for (struct dirent *file; more && (file = readdir(stream)) != NULL;) {
        struct stat about;
        if (fstatat(folder, file->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode))
            more = visit(user, file->d_name, &about);
    }
    closedir(stream);
    return more;
}

static bool is_entry(const char *name) {
    size_t digits = strspn(name, "0123456789abcdef");
    return digits == 32 && strcmp(name + digits, ".kernel") == 0;
}

typedef struct tally {
    uint64_t entries, bytes;
} tally;

static bool count_file(void *user, const char *name, const struct stat *about) {
    tally *sum = user;
    if (!is_entry(name)) return true;
    sum->entries++;
    sum->bytes += (uint64_t)about->st_size;
    return true;
}

bool weft_folder_measure(int folder, uint64_t *entries, uint64_t *bytes) {
    tally sum = {0, 0};
    bool read = each_file(folder, count_file, &sum);
    *entries = sum.entries, *bytes = sum.bytes;
    return read;
}

/* ---- trimming ----------------------------------------------------------------------------------------------- */

typedef struct listing {
    const weft_allocator *allocator;
    int folder;
    time_t now;
    entry *at;
    uint32_t count, capacity;
    uint64_t bytes;
} listing;

/* Files in the making that nobody finishes any more go at once. */
static bool list_file(void *user, const char *name, const struct stat *about) {
    enum { LONGEST_WRITE = 10 * 60 }; /* seconds */
    listing *list = user;
    if (strncmp(name, WEFT_TEMPORARY_PREFIX, sizeof WEFT_TEMPORARY_PREFIX - 1) == 0 &&
        list->now - about->st_mtim.tv_sec > LONGEST_WRITE)
        unlinkat(list->folder, name, 0);
    if (!is_entry(name)) return true;
    if (!weft_reserve(list->allocator, &list->at, &list->capacity, (uint64_t)list->count + 1, sizeof *list->at))
        return false;
    entry *added = &list->at[list->count++];
    *added = (entry){.size = (uint64_t)about->st_size, .used = about->st_mtim};
    memcpy(added->name, name, sizeof added->name);
    list->bytes += added->size;
    return true;
}

static int by_use(const void *a, const void *b) {
    const entry *one = a, *other = b;
    if (one->used.tv_sec != other->used.tv_sec) return one->used.tv_sec < other->used.tv_sec ? -1 : 1;
    if (one->used.tv_nsec != other->used.tv_nsec) return one->used.tv_nsec < other->used.tv_nsec ? -1 : 1;
    return strcmp(one->name, other->name);
}

/* Another process may be trimming too: what is gone already was counted, and goes on counting as gone. */
void weft_folder_trim(int folder, const weft_allocator *allocator, uint64_t limit, const char *kept) {
    listing list = {.allocator = allocator, .folder = folder, .now = time(NULL)};
    if (each_file(folder, list_file, &list) && list.bytes > limit) {
        qsort(list.at, list.count, sizeof *list.at, by_use);
        for (uint32_t n = 0; n < list.count && list.bytes > limit; n++) {
            if (strcmp(list.at[n].name, kept) == 0) continue;
            unlinkat(folder, list.at[n].name, 0);
            list.bytes -= list.at[n].size;
        }
    }
    weft_free(allocator, list.at, list.capacity * sizeof *list.at);
}
