/* Formatting, step by step: parse for errors, read words, lay out lines, write them. */
#include "fmt/fmt.h"
#include "fmt/layout.h"

static bool parses(const weft_allocator *allocator, const weft_sources *sources, uint32_t source,
                   weft_diagnostics *diagnostics) {
    weft_arena arena;
    weft_names names;
    uint32_t errors = diagnostics->errors;
    weft_arena_init(&arena, allocator);
    weft_names_init(&names, allocator);
    if (!weft_parse_text(&arena, &names, sources, source, diagnostics)) diagnostics->out_of_memory = true;
    weft_names_free(&names);
    weft_arena_free(&arena);
    return diagnostics->errors == errors && !diagnostics->out_of_memory;
}

bool weft_format(const weft_allocator *allocator, const weft_sources *sources, uint32_t source,
                 weft_diagnostics *diagnostics, weft_text *out) {
    if (!parses(allocator, sources, source, diagnostics)) return false;
    weft_layout l = {.allocator = allocator, .sources = sources, .source = source};
    weft_text_init(&l.code, allocator);
    bool done = weft_read_words(&l, diagnostics);
    if (done) weft_lay_out_file(&l);
    if (done && !l.failed) weft_write_lines(&l, out);
    done = done && !l.failed && !out->failed;
    if (!done) diagnostics->out_of_memory = true;
    weft_text_release(&l.code);
    weft_free(allocator, l.lines, l.line_capacity * sizeof *l.lines);
    weft_free(allocator, l.words, l.word_capacity * sizeof *l.words);
    return done;
}
