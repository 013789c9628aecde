/* Where the code generator comes from. A shared build opens libweft_llvm the first time that code must be made, so a
 * host that only plans, or loads finished images, never pays for LLVM; a static build has it linked in. */
#include "compile.h"

#ifdef WEFT_LINKED_CODEGEN

const weft_codegen *weft_plugin_open(weft_plugin *plugin, weft_diagnostics *diagnostics) {
    (void)diagnostics;
    plugin->codegen = weft_llvm_codegen();
    return plugin->codegen;
}

#else

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define PLUGIN_FILE "libweft_llvm.so.0"

/* The plugin beside the library that this function is part of, so that a build tree or a moved install finds its own;
 * else wherever the loader looks. */
static void *open_library(void) {
    char path[4096];
    Dl_info here;
    if (dladdr((void *)(uintptr_t)&weft_context_create, &here)) {
        const char *slash = here.dli_fname ? strrchr(here.dli_fname, '/') : NULL;
        int folder = slash ? (int)(slash - here.dli_fname) + 1 : 0;
        int length = snprintf(path, sizeof path, "%.*s%s", folder, here.dli_fname ? here.dli_fname : "", PLUGIN_FILE);
        if (folder && length > 0 && (size_t)length < sizeof path) {
            void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
            if (library) return library;
        }
    }
    return dlopen(PLUGIN_FILE, RTLD_NOW | RTLD_LOCAL);
}

const weft_codegen *weft_plugin_open(weft_plugin *plugin, weft_diagnostics *diagnostics) {
    if (plugin->codegen) return plugin->codegen;
    if (!plugin->library) plugin->library = open_library();
    if (!plugin->library) {
        weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN,
                      "code cannot be generated: %s; install the library beside libweft", dlerror());
        return NULL;
    }
    const weft_codegen *(*entry)(void) = NULL;
    *(void **)&entry = dlsym(plugin->library, "weft_llvm_codegen"); /* as POSIX has it */
    const weft_codegen *codegen = entry ? entry() : NULL;
    if (!codegen || codegen->abi != WEFT_CODEGEN_ABI) {
        weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN,
                      "code cannot be generated: %s is of another version; install the one that came with libweft",
                      PLUGIN_FILE);
        return NULL;
    }
    plugin->codegen = codegen;
    return codegen;
}

#endif
