/* Debuggers and profilers see kernels, where the config asks for it: each entry of the code is a function with a name,
 * at the line of the pattern file that says what it attends to. */
#ifndef WEFT_KERNEL_DEBUG_H
#define WEFT_KERNEL_DEBUG_H

#include "kernel/kernel.h"

/* One function of the code. */
typedef struct weft_symbol {
    char name[96]; /* "weft_PATTERN_tall" */
    uint64_t offset, size;
} weft_symbol;

enum { WEFT_MOST_SYMBOLS = 4 };

/* Fills in the functions of a kernel's code, in their order there; returns how many. */
size_t weft_kernel_symbols(const weft_kernel *kernel, weft_symbol symbols[WEFT_MOST_SYMBOLS]);
/* The file and line where the pattern says what it attends to; false where nobody knows. */
bool weft_kernel_line(const weft_kernel *kernel, const char **file, uint32_t *line);

/* An ELF file that describes the code where it lies: symbols, and DWARF for the line. False when memory fails. */
bool weft_debug_elf(const weft_kernel *kernel, weft_text *out);

/* What a debugger has been told. */
typedef struct weft_jit_entry weft_jit_entry;
/* Tells gdb, or lldb, of the kernel until it is told otherwise; NULL when memory fails. Thread-safe. */
weft_jit_entry *weft_jit_register(const weft_kernel *kernel);
void weft_jit_unregister(const weft_allocator *allocator, weft_jit_entry *entry); /* NULL is fine */

/* Adds the kernel's functions to /tmp/perf-PID.map, where perf looks for them. False when that cannot be written. */
bool weft_perf_write(const weft_kernel *kernel);

#endif
