/* Code on this machine: what it can run, and generated kernels made executable. */
#ifndef WEFT_TEST_MACHINE_H
#define WEFT_TEST_MACHINE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codegen/codegen.h"
#include "kernel/isa.h"

/* For what cannot fail on a sound machine; works outside tests too. */
static inline void machine_needs(bool fine, const char *what) {
    if (fine) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static inline bool machine_runs(const char *target) {
    static const struct {
        const char *target;
        weft_isa isa;
    } known[] = {{"x86-64", WEFT_ISA_X86_64},
                 {"x86-64-v3", WEFT_ISA_X86_64_V3},
                 {"x86-64-v4", WEFT_ISA_X86_64_V4},
                 {"x86-64-v4-bf16", WEFT_ISA_X86_64_V4_BF16},
                 {"x86-64-v4-amx", WEFT_ISA_X86_64_AMX},
                 {"aarch64", WEFT_ISA_AARCH64}};
    for (size_t n = 0; n < sizeof known / sizeof *known; n++)
        if (strcmp(target, known[n].target) == 0) return weft_isa_runs(known[n].isa);
    return false;
}

typedef struct loaded_kernel {
    weft_kernel_entry *tall, *strip, *gather,
        *pack; /* gather is there where the program needs it, pack where products */
    void *pages;
    size_t size, code_size;
} loaded_kernel;

static inline loaded_kernel load_kernel(const weft_codegen_spec *spec) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, &allocator, NULL);
    weft_text bytes;
    weft_text_init(&bytes, &allocator);
    weft_machine_code code;
    bool made = weft_llvm_codegen()->generate(spec, WEFT_FORM_CODE, &code, &bytes, &diagnostics);
    machine_needs(made, diagnostics.count ? diagnostics.reports[0].message : "out of memory");
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    loaded_kernel kernel = {.size = (code.size + page - 1) / page * page, .code_size = code.size};
    kernel.pages = mmap(NULL, kernel.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    machine_needs(kernel.pages != MAP_FAILED, "mmap");
    memcpy(kernel.pages, code.bytes, code.size);
    machine_needs(mprotect(kernel.pages, kernel.size, PROT_READ | PROT_EXEC) == 0, "mprotect");
    __builtin___clear_cache(kernel.pages, (char *)kernel.pages + kernel.size);
    kernel.tall = (weft_kernel_entry *)((uintptr_t)kernel.pages + code.tall);
    kernel.strip = (weft_kernel_entry *)((uintptr_t)kernel.pages + code.strip);
    if (code.gather != WEFT_NO_ENTRY) kernel.gather = (weft_kernel_entry *)((uintptr_t)kernel.pages + code.gather);
    if (code.pack != WEFT_NO_ENTRY) kernel.pack = (weft_kernel_entry *)((uintptr_t)kernel.pages + code.pack);
    weft_text_release(&bytes);
    weft_diagnostics_free(&diagnostics);
    return kernel;
}

static inline void unload_kernel(loaded_kernel *kernel) { munmap(kernel->pages, kernel->size); }

/* Memory whose first or last byte touches some that may not be read or written. */
typedef struct guarded {
    float *at;
    void *map;
    size_t map_size;
} guarded;

static inline guarded guarded_bytes(size_t bytes, bool at_end) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (bytes + page - 1) / page * page;
    guarded g = {.map_size = room + 2 * page};
    g.map = mmap(NULL, g.map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    machine_needs(g.map != MAP_FAILED, "mmap");
    char *inside = (char *)g.map + page;
    machine_needs(mprotect(inside, room, PROT_READ | PROT_WRITE) == 0, "mprotect");
    g.at = (float *)(void *)(at_end ? inside + (room - bytes) : inside);
    return g;
}

static inline guarded guarded_floats(size_t count, bool at_end) { return guarded_bytes(count * sizeof(float), at_end); }

static inline void guarded_free(guarded *g) { munmap(g->map, g->map_size); }

#endif
