/* Golden files: for each FOLDER/NAME.weft under tests/golden, what `make` says of it must be FOLDER/NAME.expected to
 * the byte. With WEFT_UPDATE_GOLDENS=1 in the environment the expected files are written instead: read them before you
 * commit them. For tests; a test includes it once. */
#ifndef WEFT_TESTS_GOLDEN_H
#define WEFT_TESTS_GOLDEN_H

#include "support/alloc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Adds to `out` what there is to say about a file's text; name is the file's, without its folder. */
typedef void golden_make(const char *name, const char *text, size_t size, weft_text *out);

/* NULL where there is no such file. */
static char *golden_read(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(*size + 1, 1);
    if (fread(text, 1, *size, file) != *size) *size = 0;
    fclose(file);
    return text;
}

static void golden_write(const char *path, const weft_text *text) {
    FILE *file = fopen(path, "wb");
    if (file) fwrite(text->at, 1, text->size, file);
    if (file) fclose(file);
}

/* The first line in which the two differ, on standard error. */
static void golden_show(const char *path, const char *expected, const char *found) {
    int line = 1;
    while (*expected && *expected == *found) line += *expected++ == '\n', found++;
    fprintf(stderr, "%s: line %d differs\n  expected: …%.*s\n  found:    …%.*s\n", path, line,
            (int)strcspn(expected, "\n"), expected, (int)strcspn(found, "\n"), found);
}

static bool golden_check(const char *folder, const char *name, golden_make *make) {
    char path[1024];
    size_t size = 0, expected_size = 0;
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_text out;
    weft_text_init(&out, &allocator);
    snprintf(path, sizeof path, WEFT_SOURCE_DIR "/tests/golden/%s/%s", folder, name);
    char *text = golden_read(path, &size);
    make(name, text, size, &out);
    weft_text_add(&out, "", 0);
    strcpy(strrchr(path, '.'), ".expected");
    if (getenv("WEFT_UPDATE_GOLDENS")) golden_write(path, &out);
    char *expected = golden_read(path, &expected_size);
    bool same = expected && expected_size == out.size && (out.size == 0 || !memcmp(expected, out.at, out.size));
    if (!same) golden_show(path, expected ? expected : "", out.at ? out.at : "");
    weft_text_release(&out);
    free(expected);
    free(text);
    return same;
}

static int golden_is_source(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return dot && !strcmp(dot, ".weft");
}

/* Checks a folder's files in order; returns how many are not as expected, and adds their number to *count. */
static int golden_folder(const char *folder, golden_make *make, int *count) {
    char path[1024];
    struct dirent **entries = NULL;
    int failed = 0;
    snprintf(path, sizeof path, WEFT_SOURCE_DIR "/tests/golden/%s", folder);
    int found = scandir(path, &entries, golden_is_source, alphasort);
    for (int k = 0; k < found; k++) {
        failed += !golden_check(folder, entries[k]->d_name, make);
        free(entries[k]);
    }
    free(entries);
    *count += found > 0 ? found : 0;
    return failed;
}

#endif
