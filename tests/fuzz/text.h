/* A program and its text: it verifies, prints, and reads back as the same text. */
#ifndef WEFT_FUZZ_TEXT_H
#define WEFT_FUZZ_TEXT_H

#include "fuzz.h"
#include "set/program.h"

/* Failing memory may spoil any step, but no step may be wrong. */
static inline void fuzz_check_text(const weft_program *program, const fuzz_memory *memory) {
    const weft_allocator *allocator = program->allocator;
    weft_text first, second;
    weft_diagnostics d;
    weft_text_init(&first, allocator);
    weft_text_init(&second, allocator);
    weft_diagnostics_init(&d, allocator, NULL);
    HOLDS(weft_verify_program(program, &d) || memory->failed);
    weft_print_program(program, &first);
    HOLDS(!first.failed || memory->failed);
    weft_program *again = first.failed ? NULL : weft_parse_program(allocator, first.at, first.size, &d);
    HOLDS(again || memory->failed);
    if (again) {
        weft_print_program(again, &second);
        bool same = second.size == first.size && memcmp(first.at, second.at, first.size) == 0;
        HOLDS(same || second.failed);
    }
    weft_program_destroy(again);
    weft_diagnostics_free(&d);
    weft_text_release(&second);
    weft_text_release(&first);
}

#endif
