/* Machine code in memory of its own: written first, then read and executed, never both at once. */
#ifndef WEFT_KERNEL_PAGES_H
#define WEFT_KERNEL_PAGES_H

#include <stddef.h>

/* Copies code into fresh executable pages; NULL when they cannot be had. *mapped is what weft_pages_unmap needs. */
void *weft_pages_map(const void *code, size_t size, size_t *mapped);
void weft_pages_unmap(void *pages, size_t mapped);

#endif
