/* Where the code generator comes from. A shared build opens libweft_llvm the first time that code must be made, so a
 * host that only plans, or loads finished images, or finds its kernels in the cache, never pays for LLVM; a static
 * build has it linked in. */
#include "compile.h"

#include <dlfcn.h>
#include <sys/stat.h>

bool weft_plugin_init(weft_plugin *plugin) {
    plugin->library = NULL;
    plugin->codegen = NULL;
    return pthread_mutex_init(&plugin->lock, NULL) == 0;
}

void weft_plugin_free(weft_plugin *plugin) { pthread_mutex_destroy(&plugin->lock); }

/* The file that this function is part of, as the loader knows it; NULL when it cannot tell. */
static const char *own_file(void) {
    Dl_info here;
    return dladdr((void *)(uintptr_t)&weft_context_create, &here) ? here.dli_fname : NULL;
}

static bool stamp_file(const char *path, weft_stamp *out) {
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode)) return false;
    *out = (weft_stamp){(uint64_t)about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec};
    return true;
}

#ifdef WEFT_LINKED_CODEGEN

static const weft_codegen *find_codegen(weft_plugin *plugin, weft_diagnostics *diagnostics) {
    (void)plugin, (void)diagnostics;
    return weft_llvm_codegen();
}

/* For a program's own file the loader knows only what it was called by. */
bool weft_plugin_stamp(weft_stamp *out) {
    const char *file = own_file();
    return (file && file[0] == '/' && stamp_file(file, out)) || stamp_file("/proc/self/exe", out);
}

#else

#include <stdio.h>
#include <string.h>

#define PLUGIN_FILE "libweft_llvm.so.0"

enum { PATH_SIZE = 4096 };

/* The plugin beside the library that this function is part of, so that a build tree or a moved install finds its own.
 */
static bool path_beside(char path[PATH_SIZE]) {
    const char *file = own_file(), *slash = file ? strrchr(file, '/') : NULL;
    if (!slash) return false;
    int length = snprintf(path, PATH_SIZE, "%.*s%s", (int)(slash - file) + 1, file, PLUGIN_FILE);
    return length > 0 && length < PATH_SIZE;
}

/* Else wherever the loader looks. */
static void *open_library(void) {
    char path[PATH_SIZE];
    void *library = path_beside(path) ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    return library ? library : dlopen(PLUGIN_FILE, RTLD_NOW | RTLD_LOCAL);
}

bool weft_plugin_stamp(weft_stamp *out) {
    char path[PATH_SIZE];
    return path_beside(path) && stamp_file(path, out);
}

static const weft_codegen *find_codegen(weft_plugin *plugin, weft_diagnostics *diagnostics) {
    if (!plugin->library) plugin->library = open_library();
    if (!plugin->library) {
        weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN,
                      "code cannot be generated: %s; install the library beside libweft", dlerror());
        return NULL;
    }
    const weft_codegen *(*entry)(void) = NULL;
    *(void **)&entry = dlsym(plugin->library, "weft_llvm_codegen"); /* as POSIX has it */
    const weft_codegen *codegen = entry ? entry() : NULL;
    if (codegen && codegen->abi == WEFT_CODEGEN_ABI) return codegen;
    weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN,
                  "code cannot be generated: %s is of another version; install the one that came with libweft",
                  PLUGIN_FILE);
    return NULL;
}

#endif

const weft_codegen *weft_plugin_open(weft_plugin *plugin, weft_diagnostics *diagnostics) {
    pthread_mutex_lock(&plugin->lock);
    if (!plugin->codegen) plugin->codegen = find_codegen(plugin, diagnostics);
    const weft_codegen *codegen = plugin->codegen;
    pthread_mutex_unlock(&plugin->lock);
    return codegen;
}
