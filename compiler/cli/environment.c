/* What the environment says of kernels: where they are kept, for which processor they are made, and who is told of
 * them; and where the patterns are that come with the tool. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* "folder/more"; NULL when memory fails, and where the folder is not given or not absolute, as the XDG base directory
 * specification has it. */
static char *path_under(const char *folder, const char *more) {
    if (!folder || folder[0] != '/') return NULL;
    size_t size = strlen(folder) + strlen(more) + 2;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s/%s", folder, more);
    return path;
}

char *cache_folder(const options *given) {
    const char *chosen = getenv("WEFT_CACHE");
    if (given->no_cache) return NULL;
    if (chosen) return *chosen ? strdup(chosen) : NULL;
    char *path = path_under(getenv("XDG_CACHE_HOME"), "weft");
    return path ? path : path_under(getenv("HOME"), ".cache/weft");
}

uint32_t debug_wanted(void) {
    const char *chosen = getenv("WEFT_DEBUG");
    if (!chosen) return 0;
    return (strstr(chosen, "gdb") ? WEFT_DEBUG_GDB : 0u) | (strstr(chosen, "perf") ? WEFT_DEBUG_PERF : 0u);
}

const char *target_of(const options *given) {
    const char *chosen = getenv("WEFT_TARGET");
    if (given->target) return given->target;
    return chosen && *chosen ? chosen : NULL;
}

char *pattern_folder(void) {
    char tool[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", tool, sizeof tool - 1);
    tool[size > 0 ? size : 0] = 0;
    char *slash = strrchr(tool, '/');
    if (!slash) return NULL;
    *slash = 0;
    return path_under(tool, WEFT_PATTERN_DIR);
}
