/* Runs a fuzz target over files and folders, where there is no fuzzer. usage: fuzz_NAME PATH … */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

static bool run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(size + 1), *exact = malloc(size ? size : 1);
    bool read = bytes && exact && fread(bytes, 1, size + 1, file) == size;
    fclose(file);
    if (read) {
        if (size) memcpy(exact, bytes, size);
        LLVMFuzzerTestOneInput(exact, size);
    }
    free(exact);
    free(bytes);
    return read;
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* Counts what was run; -1 when something cannot be read. */
static long run(const char *path) {
    struct stat about;
    if (stat(path, &about) != 0) return -1;
    if (!S_ISDIR(about.st_mode)) return run_file(path) ? 1 : -1;
    struct dirent **entries = NULL;
    long total = 0;
    int count = scandir(path, &entries, is_visible, alphasort);
    for (int k = 0; k < count; k++) {
        char inner[4096];
        snprintf(inner, sizeof inner, "%s/%s", path, entries[k]->d_name);
        long ran = total < 0 ? -1 : run(inner);
        total = ran < 0 ? -1 : total + ran;
        free(entries[k]);
    }
    free(entries);
    return count < 0 ? -1 : total;
}

int main(int count, char **arguments) {
    long total = 0;
    for (int k = 1; k < count; k++) {
        long ran = run(arguments[k]);
        if (ran < 0) {
            fprintf(stderr, "%s cannot be read\n", arguments[k]);
            return 1;
        }
        total += ran;
    }
    printf("%ld inputs\n", total);
    return total == 0;
}
