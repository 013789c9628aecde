/* perf's map of code made at run time: "START SIZE NAME" a line, hexadecimal, in a file that is found by its name
 * (Linux, tools/perf/Documentation/jit-interface.txt). */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/debug.h"

/* In a folder where others write: no link is followed, and what they left there is not written to. */
static int open_map(void) {
    char path[64];
    struct stat about;
    snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0 || (fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid())) return file;
    close(file);
    return -1;
}

bool weft_perf_write(const weft_kernel *kernel) {
    weft_symbol symbols[WEFT_MOST_SYMBOLS];
    size_t count = weft_kernel_symbols(kernel, symbols);
    weft_text text;
    weft_text_init(&text, weft_engine_allocator(kernel->engine));
    for (size_t n = 0; n < count; n++)
        weft_text_format(&text, "%llx %llx %s\n",
                         (unsigned long long)((uintptr_t)kernel->code.bytes + symbols[n].offset),
                         (unsigned long long)symbols[n].size, symbols[n].name);
    int file = open_map();
    bool written = file >= 0 && !text.failed && write(file, text.at, text.size) == (ssize_t)text.size;
    if (file >= 0) close(file);
    weft_text_release(&text);
    return written;
}
