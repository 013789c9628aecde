/* The functions of a kernel's code, and where the pattern file speaks of them. */
#include <stdio.h>
#include <stdlib.h>

#include "kernel/debug.h"

static int by_offset(const void *a, const void *b) {
    const weft_symbol *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

size_t weft_kernel_symbols(const weft_kernel *kernel, weft_symbol symbols[WEFT_MOST_SYMBOLS]) {
    const weft_machine_code *code = &kernel->code;
    const struct {
        const char *name;
        uint64_t offset;
    } entries[WEFT_MOST_SYMBOLS] = {
        {"tall", code->tall}, {"strip", code->strip}, {"gather", code->gather}, {"pack", code->pack}};
    size_t count = 0;
    for (size_t n = 0; code->bytes && n < WEFT_MOST_SYMBOLS; n++) {
        if (entries[n].offset == WEFT_NO_ENTRY) continue;
        weft_symbol *symbol = &symbols[count++];
        symbol->offset = entries[n].offset;
        snprintf(symbol->name, sizeof symbol->name, "weft_%s_%s", kernel->program->name, entries[n].name);
    }
    qsort(symbols, count, sizeof *symbols, by_offset);
    for (size_t n = 0; n < count; n++) /* what lies between two entries is called by the first */
        symbols[n].size = (n + 1 < count ? symbols[n + 1].offset : code->size) - symbols[n].offset;
    return count;
}

bool weft_kernel_line(const weft_kernel *kernel, const char **file, uint32_t *line) {
    const weft_program *program = kernel->program;
    weft_span place = program->meaning ? weft_node_at(&program->dag, program->meaning)->place : WEFT_NO_SPAN;
    if (!place.source || place.source > program->sources.count) return false;
    *file = program->sources.at[place.source - 1].name;
    *line = weft_sources_point(&program->sources, place.source, place.begin).line;
    return true;
}
