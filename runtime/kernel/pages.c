/* Executable pages. */
#include "kernel/pages.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
