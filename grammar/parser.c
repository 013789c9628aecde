/* The two entries of the grammar: a source as an AST, and as tokens. */
#include "parser.h"
#include "parse.h"
#include "tokens.h"

#include <inttypes.h>
#include <string.h>

_Noreturn void weft_parser_fail(weft_parser *p) {
    p->out_of_memory = true;
    longjmp(p->escape, 1);
}

_Noreturn void weft_parser_stop(weft_parser *p) { longjmp(p->escape, 1); }

_Noreturn void weft_parser_too_deep(weft_parser *p, weft_span span) {
    weft_diagnose(p->diagnostics, WEFT_E0009, span, "this is nested more than %d levels deep", WEFT_AST_MAX_LEVELS);
    weft_parser_stop(p);
}

const char *weft_parser_intern(weft_parser *p, const char *text, size_t size) {
    const char *name = weft_name(p->names, text, size);
    if (!name) weft_parser_fail(p);
    return name;
}

const char *weft_parser_text(const weft_parser *p, weft_span span) {
    return p->sources->at[p->source - 1].text + span.begin;
}

static void check_size(weft_parser *p, const weft_source *source) {
    if (source->size <= WEFT_MAX_FILE) return;
    weft_diagnose(p->diagnostics, WEFT_E0010, (weft_span){p->source, 0, 0},
                  "the file has %zu bytes; %d MiB is the most a pattern file may have", source->size,
                  WEFT_MAX_FILE / (1024 * 1024));
    weft_parser_stop(p);
}

/* Runs `job` where helpers may leave it. `p` is the caller's, so that what job did to it is defined after the jump. */
static void run(weft_parser *p, void (*job)(weft_parser *p, void *user), void *user) {
    weft_arena_init(&p->scratch, p->arena->allocator);
    if (setjmp(p->escape) == 0) {
        const weft_source *source = &p->sources->at[p->source - 1];
        check_size(p, source);
        weft_check_text(p, source);
        weft_scanner_open(p);
        job(p, user);
    }
    weft_arena_free(&p->scratch);
    if (p->diagnostics->out_of_memory) p->out_of_memory = true;
}

/* ---- the AST ------------------------------------------------------------------------------------------------ */

static void parse(weft_parser *p, void *user) {
    (void)user;
    weft_grammar_parse(p);
}

weft_ast *weft_parse_text(weft_arena *arena, weft_names *names, const weft_sources *sources, uint32_t source,
                          weft_diagnostics *diagnostics) {
    weft_parser p = {.sources = sources, .arena = arena, .names = names, .diagnostics = diagnostics, .source = source};
    p.file = weft_arena_take(arena, sizeof *p.file);
    if (!p.file) return NULL;
    *p.file = (weft_ast){.kind = WEFT_AST_FILE, .height = 1};
    p.file->span = (weft_span){source, 0, (uint32_t)sources->at[source - 1].size};
    run(&p, parse, NULL);
    return p.out_of_memory ? NULL : p.file;
}

/* ---- the tokens --------------------------------------------------------------------------------------------- */

typedef struct token_walk {
    weft_token_taker *take;
    void *user;
} token_walk;

static void walk_tokens(weft_parser *p, void *user) {
    const token_walk *walk = user;
    int token;
    do {
        WEFT_GRAMMAR_STYPE value;
        weft_span span;
        token = weft_scan(&value, &span, p->scanner);
        if (token == WEFT_TOKEN_END) span = (weft_span){p->source, p->offset, p->offset};
        walk->take(walk->user, token, span);
    } while (token != WEFT_TOKEN_END);
}

bool weft_scan_tokens(const weft_allocator *allocator, const weft_sources *sources, uint32_t source,
                      weft_diagnostics *diagnostics, weft_token_taker *take, void *user) {
    weft_arena arena;
    weft_names names;
    token_walk walk = {take, user};
    weft_arena_init(&arena, allocator);
    weft_names_init(&names, allocator);
    weft_parser p = {
        .sources = sources, .arena = &arena, .names = &names, .diagnostics = diagnostics, .source = source};
    run(&p, walk_tokens, &walk);
    weft_names_free(&names);
    weft_arena_free(&arena);
    return !p.out_of_memory;
}

typedef struct token_printer {
    const weft_sources *sources;
    weft_text *out;
} token_printer;

static void print_token(void *user, int token, weft_span span) {
    const token_printer *printer = user;
    weft_text *out = printer->out;
    weft_point point = weft_sources_point(printer->sources, span.source, span.begin);
    const char *name = weft_token_name(token), *text = printer->sources->at[span.source - 1].text + span.begin;
    size_t size = span.end - span.begin;
    weft_text_format(out, "%" PRIu32 ":%" PRIu32 " %s", point.line, point.column, name);
    if (size != 0 && (size != strlen(name) || memcmp(name, text, size) != 0)) {
        weft_text_add(out, " ", 1);
        weft_text_add(out, text, size);
    }
    weft_text_add(out, "\n", 1);
}

void weft_print_tokens(const weft_allocator *allocator, const weft_sources *sources, uint32_t source,
                       weft_diagnostics *diagnostics, weft_text *out) {
    token_printer printer = {sources, out};
    out->failed |= !weft_scan_tokens(allocator, sources, source, diagnostics, print_token, &printer);
}
