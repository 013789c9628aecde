/* The folder: made with care or refused, bounded, and never a reason to fail. */
#include "folders.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "support/suite.h"

/* Nothing can be kept there, which is said once a time, and nothing is found. */
static void assert_useless(bench *b, const char *reason) {
    thing t = make_thing(b, 1, 300);
    b->lines = 0;
    const char *said = weft_cache_store(b->cache, &t.inputs, &t.image);
    ck_assert_ptr_nonnull(said);
    ck_assert_msg(strstr(said, reason), "%s", said);
    ck_assert_int_eq(b->lines, 1);
    ck_assert_msg(strstr(b->log, reason) && strstr(b->log, b->path), "%s", b->log);
    ck_assert(!has(b, &t));
    ck_assert_ptr_nonnull(weft_cache_probe(b->cache));
    free_thing(&t);
}

static void make_parent(const bench *b) {
    char made[LONG_PATH];
    snprintf(made, sizeof made, "%s/made", b->parent);
    ck_assert_int_eq(mkdir(made, 0700), 0);
}

START_TEST(strange_folders) {
    bench b;
    begin(&b, 0);
    make_parent(&b);
    write_path(b.path, "x", 1); /* a file */
    assert_useless(&b, "Not a directory");
    ck_assert_int_eq(unlink(b.path), 0);
    ck_assert_int_eq(symlink(b.parent, b.path), 0); /* a link, even to a folder of ours */
    assert_useless(&b, "");
    ck_assert_int_eq(unlink(b.path), 0);
    ck_assert_int_eq(mkdir(b.path, 0700), 0);
    ck_assert_int_eq(chmod(b.path, 0770), 0); /* others may write there */
    assert_useless(&b, "others may write");
    ck_assert_int_eq(chmod(b.path, 0707), 0);
    assert_useless(&b, "others may write");
    ck_assert_int_eq(chmod(b.path, 0755), 0);
    ck_assert_ptr_null(weft_cache_probe(b.cache));
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(b.path, 12345, (gid_t)-1), 0);
        assert_useless(&b, "own it");
    } else {
        ck_assert_int_eq(chmod(b.path, 0500), 0);
        assert_useless(&b, "Permission denied");
    }
    end(&b);
}
END_TEST

START_TEST(impossible_folders) {
    static char longest[6000];
    const char *paths[] = {"", "/proc/nowhere/cache", "/dev/null/cache", longest};
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    bench b;
    begin(&b, 0);
    for (size_t n = 0; n < sizeof paths / sizeof *paths; n++) {
        weft_cache *cache = weft_cache_create(b.engine, paths[n], 0);
        thing t = make_thing(&b, 1, 300);
        weft_text found;
        uint64_t entries, bytes;
        weft_text_init(&found, &b.allocator);
        ck_assert_ptr_nonnull(weft_cache_store(cache, &t.inputs, &t.image));
        ck_assert(!weft_cache_load(cache, &t.inputs, &found));
        ck_assert(!weft_cache_measure(cache, &entries, &bytes));
        ck_assert_ptr_nonnull(weft_cache_probe(cache));
        weft_cache_destroy(cache);
        free_thing(&t);
    }
    end(&b);
}
END_TEST

/* A limit on files stands in for a full disk. */
START_TEST(full_disk) {
    bench b;
    begin(&b, 0);
    thing small = make_thing(&b, 1, 10), large = make_thing(&b, 2, 50000);
    keep(&b, &small);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, few = {10000, RLIM_INFINITY};
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    few.rlim_max = before.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
    const char *reason = weft_cache_store(b.cache, &large.inputs, &large.image);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_ptr_nonnull(reason);
    ck_assert(has(&b, &small));
    ck_assert(!has(&b, &large));
    ck_assert_int_eq(count_files(&b), 1);
    free_thing(&small);
    free_thing(&large);
    end(&b);
}
END_TEST

/* ---- the limit ---------------------------------------------------------------------------------------------- */

/* Used that many seconds ago, and a few nanoseconds later. */
static void set_age(const char *path, long seconds, long nanoseconds) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - seconds, .tv_nsec = nanoseconds}};
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

START_TEST(oldest_goes_first) {
    enum { COUNT = 10, CODE = 10000 };
    bench b;
    thing things[COUNT];
    begin(&b, 6 * (uint64_t)(CODE + 1000));
    for (unsigned n = 0; n < COUNT; n++) {
        char path[LONG_PATH];
        things[n] = make_thing(&b, n, CODE);
        keep(&b, &things[n]);
        path_of(&b, &things[n], path);
        set_age(path, 100000 - 1000 * (long)(n / 4), n % 4); /* four a time */
        if (n >= 2) ck_assert(has(&b, &things[2]));          /* used, and so never the oldest */
        uint64_t entries, bytes;
        ck_assert(weft_cache_measure(b.cache, &entries, &bytes));
        ck_assert_uint_le(bytes, weft_cache_limit(b.cache));
        ck_assert_uint_eq(entries, n < 6 ? n + 1 : 6);
    }
    for (unsigned n = 0; n < COUNT; n++) ck_assert_int_eq(has(&b, &things[n]), n == 2 || n >= 5);
    for (unsigned n = 0; n < COUNT; n++) free_thing(&things[n]);
    end(&b);
}
END_TEST

/* To the byte; and what was just kept stays, even beside entries from the future. */
START_TEST(just_enough) {
    enum { HEAD = 24 };
    bench b;
    begin(&b, 0);
    thing things[] = {make_thing(&b, 1, 1000), make_thing(&b, 2, 1000), make_thing(&b, 3, 1000)};
    close_cache(&b);
    open_cache(&b, 2 * (HEAD + things[0].image.size));
    for (int n = 0; n < 2; n++) {
        char path[LONG_PATH];
        keep(&b, &things[n]);
        path_of(&b, &things[n], path);
        set_age(path, -1000, n);
    }
    ck_assert_int_eq(count_files(&b), 2);
    keep(&b, &things[2]);
    for (int n = 0; n < 3; n++) ck_assert_int_eq(has(&b, &things[n]), n > 0);
    for (int n = 0; n < 3; n++) free_thing(&things[n]);
    end(&b);
}
END_TEST

START_TEST(too_large_for_any) {
    bench b;
    begin(&b, 20000);
    thing small = make_thing(&b, 1, 1000), large = make_thing(&b, 2, 20000);
    keep(&b, &small);
    ck_assert_ptr_nonnull(weft_cache_store(b.cache, &large.inputs, &large.image));
    ck_assert(has(&b, &small)); /* nothing was taken out for it */
    ck_assert(!has(&b, &large));
    close_cache(&b);
    open_cache(&b, 100000);
    keep(&b, &large);
    close_cache(&b);
    open_cache(&b, 20000); /* the limit of another process was larger */
    ck_assert(!has(&b, &large));
    keep(&b, &small);
    ck_assert(has(&b, &small));
    ck_assert_int_eq(count_files(&b), 1);
    free_thing(&small);
    free_thing(&large);
    end(&b);
}
END_TEST

/* Files in the making go when nobody can be making them any more; files of other names stay, and count for nothing. */
START_TEST(other_files) {
    bench b;
    begin(&b, 20000);
    thing t = make_thing(&b, 1, 1000);
    static char bytes[30000];
    const char *names[] = {".tmp-1-0", ".tmp-2-0", "notes.txt", "0123456789abcdef0123456789abcdef.kernel.txt"};
    keep(&b, &t);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        char path[LONG_PATH];
        snprintf(path, sizeof path, "%s/%s", b.path, names[n]);
        write_path(path, bytes, sizeof bytes);
        if (n != 1) set_age(path, 100000, 0);
    }
    uint64_t entries, size;
    ck_assert(weft_cache_measure(b.cache, &entries, &size));
    ck_assert_uint_eq(entries, 1);
    ck_assert_int_eq(count_files(&b), 5);
    keep(&b, &t);
    ck_assert_int_eq(count_files(&b), 4);
    ck_assert(has(&b, &t));
    free_thing(&t);
    end(&b);
}
END_TEST

START_TEST(probe) {
    bench b;
    begin(&b, 0);
    uint64_t entries, bytes;
    ck_assert(!weft_cache_measure(b.cache, &entries, &bytes));
    ck_assert_ptr_null(weft_cache_probe(b.cache));
    ck_assert(weft_cache_measure(b.cache, &entries, &bytes));
    ck_assert_uint_eq(entries, 0);
    ck_assert_uint_eq(bytes, 0);
    ck_assert_int_eq(count_files(&b), 0);
    ck_assert_str_eq(weft_cache_path(b.cache), b.path);
    ck_assert_uint_eq(weft_cache_limit(b.cache), 64 << 20);
    end(&b);
}
END_TEST

TEST_MAIN("cache/folder", strange_folders, impossible_folders, full_disk, oldest_goes_first, just_enough,
          too_large_for_any, other_files, probe)
