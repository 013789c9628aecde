/* Machine code in memory of its own: written first, then read and executed, never both at once. */
#ifndef WEFT_KERNEL_PAGES_H
#define WEFT_KERNEL_PAGES_H

#include "kernel/image.h"

/* Can this processor, under this operating system, run code for `isa`? */
bool weft_isa_runs(weft_isa isa);
const char *weft_isa_name(weft_isa isa);

/* Copies code into fresh executable pages; NULL when they cannot be had. *mapped is what weft_pages_unmap needs. */
void *weft_pages_map(const void *code, size_t size, size_t *mapped);
void weft_pages_unmap(void *pages, size_t mapped);

#endif
