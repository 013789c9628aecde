/* What the tests of the cache share: a folder for one test, programs and images to keep, and files to spoil. */
#ifndef WEFT_TESTS_CACHE_FOLDERS_H
#define WEFT_TESTS_CACHE_FOLDERS_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache/folder.h"
#include "support/failing.h"
#include "support/random.h"

typedef struct bench {
    weft_config config;
    weft_allocator allocator;
    weft_engine *engine;
    weft_cache *cache;
    char parent[64], path[80]; /* the cache's folder is made by the cache */
    char log[4096];            /* the last line */
    int lines;
} bench;

static inline void log_line(void *user, const char *line) {
    bench *b = user;
    b->lines++;
    snprintf(b->log, sizeof b->log, "%s", line);
}

static inline void open_cache(bench *b, uint64_t limit) {
    b->engine = weft_engine_create(&b->config);
    ck_assert_ptr_nonnull(b->engine);
    b->cache = weft_cache_create(b->engine, b->path, limit);
    ck_assert_ptr_nonnull(b->cache);
}

static inline void close_cache(bench *b) {
    weft_cache_destroy(b->cache);
    weft_engine_release(b->engine);
}

static inline void begin(bench *b, uint64_t limit) {
    memset(b, 0, sizeof *b);
    strcpy(b->parent, "/tmp/weft-cache-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(b->parent));
    snprintf(b->path, sizeof b->path, "%s/made/cache", b->parent);
    b->config = (weft_config){.size = sizeof b->config, .log = log_line, .log_user = b, .threads = 1};
    b->allocator = weft_allocator_of(&b->config);
    open_cache(b, limit);
}

static inline void end(bench *b) {
    char command[128];
    close_cache(b);
    snprintf(command, sizeof command, "rm -rf %s", b->parent);
    ck_assert_int_eq(system(command), 0);
}

/* ---- things to keep ----------------------------------------------------------------------------------------- */

/* A program's text and its image, with code whose bytes follow from the number too. */
typedef struct thing {
    weft_cache_inputs inputs;
    weft_text text, image;
} thing;

static inline thing make_thing(const bench *b, unsigned number, size_t code_size) {
    thing out = {.inputs = {.spec = {.head_dim = 64, .value_dim = 32}}};
    char name[32], *bytes = malloc(code_size);
    test_random random = {number};
    ck_assert_ptr_nonnull(bytes);
    for (size_t k = 0; k < code_size; k++) bytes[k] = (char)test_bits(&random);
    weft_machine_code code = {
        .bytes = bytes, .size = code_size, .head_dim = 64, .value_dim = 32, .isa = WEFT_ISA_X86_64};
    snprintf(name, sizeof name, "p%u", number);
    weft_program *program = weft_program_create(&b->allocator, name);
    ck_assert_ptr_nonnull(program);
    weft_text_init(&out.text, &b->allocator);
    weft_text_init(&out.image, &b->allocator);
    weft_print_program(program, &out.text);
    ck_assert(weft_image_write(program, &code, &out.image));
    weft_program_destroy(program);
    free(bytes);
    out.inputs.program = out.text.at, out.inputs.program_size = out.text.size;
    return out;
}

static inline void free_thing(thing *t) {
    weft_text_release(&t->text);
    weft_text_release(&t->image);
}

static inline void keep(const bench *b, const thing *t) {
    const char *reason = weft_cache_store(b->cache, &t->inputs, &t->image);
    ck_assert_msg(!reason, "%s", reason ? reason : "");
}

/* Is the thing there? It may be there only as it was. */
static inline bool has(const bench *b, const thing *t) {
    weft_text found;
    weft_text_init(&found, &b->allocator);
    bool loaded = weft_cache_load(b->cache, &t->inputs, &found);
    if (loaded) {
        ck_assert_uint_eq(found.size, t->image.size);
        ck_assert_int_eq(memcmp(found.at, t->image.at, found.size), 0);
    } else {
        ck_assert_uint_eq(found.size, 0);
        ck_assert(!found.failed);
    }
    weft_text_release(&found);
    return loaded;
}

/* ---- files -------------------------------------------------------------------------------------------------- */

enum { LONG_PATH = 256 };

static inline void path_of(const bench *b, const thing *t, char path[LONG_PATH]) {
    char name[WEFT_ENTRY_NAME];
    weft_entry_name(weft_cache_key_of(&t->inputs), name);
    snprintf(path, LONG_PATH, "%s/%s", b->path, name);
}

static inline size_t read_path(const char *path, char *bytes, size_t room) {
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(bytes, 1, room, file);
    ck_assert_uint_lt(size, room);
    fclose(file);
    return size;
}

static inline void write_path(const char *path, const char *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* Files of any name in the cache's folder. */
static inline int count_files(const bench *b) {
    DIR *folder = opendir(b->path);
    int count = 0;
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *file; (file = readdir(folder)) != NULL;)
        count += strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0;
    closedir(folder);
    return count;
}

#endif
