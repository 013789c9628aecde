/* Executable pages, and which instruction sets this processor has. */
#include "kernel/pages.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *weft_isa_name(weft_isa isa) {
    switch (isa) {
    case WEFT_ISA_NONE: return "none";
    case WEFT_ISA_X86_64: return "x86-64";
    case WEFT_ISA_X86_64_V3: return "x86-64-v3";
    case WEFT_ISA_X86_64_V4: return "x86-64-v4";
    case WEFT_ISA_AARCH64: return "aarch64";
    }
    return "unknown";
}

#if defined(__x86_64__)
bool weft_isa_runs(weft_isa isa) {
    switch (isa) {
    case WEFT_ISA_X86_64: return true;
    case WEFT_ISA_X86_64_V3: return __builtin_cpu_supports("x86-64-v3");
    case WEFT_ISA_X86_64_V4: return __builtin_cpu_supports("x86-64-v4");
    default: return false;
    }
}
#elif defined(__aarch64__)
bool weft_isa_runs(weft_isa isa) { return isa == WEFT_ISA_AARCH64; }
#else
bool weft_isa_runs(weft_isa isa) {
    (void)isa;
    return false;
}
#endif

void *weft_pages_map(const void *code, size_t size, size_t *mapped) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (size == 0 || size > PTRDIFF_MAX - page) return NULL;
    size_t whole = (size + page - 1) / page * page;
    char *pages = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return NULL;
    memcpy(pages, code, size);
    if (mprotect(pages, whole, PROT_READ | PROT_EXEC) != 0) {
        munmap(pages, whole);
        return NULL;
    }
    __builtin___clear_cache(pages, pages + whole);
    *mapped = whole;
    return pages;
}

void weft_pages_unmap(void *pages, size_t mapped) {
    if (pages) munmap(pages, mapped);
}
