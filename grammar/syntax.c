/* Syntax errors in words: what was expected, in a handful of terms ("an expression", not twenty tokens), what came
 * instead, and where the slip is a common one, what was probably meant. */
#include "parse.h"
#include "parser.h"

#include <stdio.h>
#include <string.h>

enum { MOST_TERMS = 5, TERM = 64, FOUND = 40 };

typedef struct terms {
    char at[MOST_TERMS][TERM];
    uint32_t count; /* may pass MOST_TERMS: too many to list */
} terms;

static void add_term(terms *t, const char *text) {
    if (t->count < MOST_TERMS) snprintf(t->at[t->count], TERM, "%s", text);
    t->count++;
}

static void add_token(terms *t, int token) {
    char text[TERM];
    snprintf(text, sizeof text, "`%s`", weft_token_name(token));
    add_term(t, text);
}

/* ---- where the error is, seen from the grammar ---------------------------------------------------------------- */

static bool wants_expression(const bool *expected) { return expected[WEFT_TOKEN_INT]; }
static bool wants_statement(const bool *expected) { return expected[WEFT_TOKEN_ATTEND]; }
static bool wants_definition(const bool *expected) { return expected[WEFT_TOKEN_IMPORT]; }
/* An expression is complete, and any operator could go on. */
static bool wants_operator(const bool *expected) { return expected[WEFT_TOKEN_PLUS] && !wants_expression(expected); }
static bool wants_name_only(const bool *expected) { return expected[WEFT_TOKEN_NAME] && !wants_expression(expected); }

static bool is_reserved(int token) {
    return (token >= WEFT_TOKEN_IMPORT && token <= WEFT_TOKEN_REQUIRE) ||
           (token >= WEFT_TOKEN_OR && token <= WEFT_TOKEN_FALSE);
}

/* Tokens that are part of a larger term, or that could go on but are not worth a word. */
static bool is_noise(int token, const bool *expected) {
    bool between = token == WEFT_TOKEN_OR || token == WEFT_TOKEN_AND || token == WEFT_TOKEN_QUESTION ||
                   token == WEFT_TOKEN_LBRACKET || (token >= WEFT_TOKEN_UNION && token <= WEFT_TOKEN_PRODUCT);
    bool begins = token == WEFT_TOKEN_NOT || token == WEFT_TOKEN_TRUE || token == WEFT_TOKEN_FALSE ||
                  token == WEFT_TOKEN_LPAREN || token == WEFT_TOKEN_LBRACKET || token == WEFT_TOKEN_LBRACE ||
                  token == WEFT_TOKEN_MINUS || token == WEFT_TOKEN_TILDE || token == WEFT_TOKEN_NAME ||
                  token == WEFT_TOKEN_INT || token == WEFT_TOKEN_FLOAT;
    bool keyword = token >= WEFT_TOKEN_IMPORT && token <= WEFT_TOKEN_REQUIRE && token != WEFT_TOKEN_WITH;
    if (token == WEFT_TOKEN_END) return true;
    if (wants_statement(expected) || wants_definition(expected)) return keyword;
    if (wants_expression(expected)) return begins;
    if (!wants_operator(expected)) return wants_name_only(expected) && keyword;
    bool in_list = expected[WEFT_TOKEN_COMMA] && (token == WEFT_TOKEN_DOTS || token == WEFT_TOKEN_ASSIGN);
    return between || token == WEFT_TOKEN_LPAREN || in_list;
}

static terms terms_of(const bool *expected) {
    terms t = {.count = 0};
    if (wants_expression(expected)) add_term(&t, "an expression");
    if (wants_statement(expected)) add_term(&t, "a statement");
    if (wants_definition(expected)) add_term(&t, "`import`, `let`, `set` or `pattern`");
    if (wants_name_only(expected)) add_term(&t, "a name");
    if (expected[WEFT_TOKEN_STRING]) add_term(&t, "a string");
    for (int token = WEFT_TOKEN_IMPORT; token < WEFT_TOKEN_NAME; token++)
        if (expected[token] && !is_noise(token, expected)) add_token(&t, token);
    return t;
}

/* ---- words ---------------------------------------------------------------------------------------------------- */

static void describe(const weft_parser *p, int token, weft_span span, char *out) {
    size_t size = span.end - span.begin;
    if (token == WEFT_TOKEN_END)
        snprintf(out, FOUND, "the end of the file");
    else if (size == 0)
        snprintf(out, FOUND, "`%s`", weft_token_name(token));
    else if (token == WEFT_TOKEN_STRING || size + 3 > FOUND)
        snprintf(out, FOUND, "this %s", weft_token_name(token));
    else
        snprintf(out, FOUND, "`%.*s`", (int)size, weft_parser_text(p, span));
}

static void describe_terms(const terms *t, char *out, size_t size) {
    size_t used = 0;
    for (uint32_t k = 0; k < t->count && used < size; k++) {
        const char *joint = k == 0 ? "" : k + 1 == t->count ? " or " : ", ";
        used += (size_t)snprintf(out + used, size - used, "%s%s", joint, t->at[k]);
    }
}

/* What is missing at a line's end is shown there, not at whatever the next line begins with. */
static weft_span place_of(const weft_parser *p, int found, weft_span span, const bool *expected) {
    weft_span previous = p->previous_span;
    bool missing = !wants_expression(expected) && !wants_statement(expected) && !wants_definition(expected) &&
                   !wants_name_only(expected);
    if (previous.source == 0 || (!missing && found != WEFT_TOKEN_END)) return span;
    size_t between = span.begin - previous.end;
    if (found != WEFT_TOKEN_END &&
        !memchr(weft_parser_text(p, previous) + (previous.end - previous.begin), '\n', between))
        return span;
    return (weft_span){span.source, previous.end, previous.end};
}

/* ---- common slips --------------------------------------------------------------------------------------------- */

static const char *keyword_like(const char *name, const bool *expected) {
    const char *keywords[WEFT_TOKEN_FLOAT + 1];
    size_t count = 0;
    for (int token = WEFT_TOKEN_IMPORT; token <= WEFT_TOKEN_FALSE; token++)
        if (expected[token]) keywords[count++] = weft_token_name(token);
    return weft_closest(name, keywords, count);
}

static const char *operator_like(const char *name) {
    static const char *const words[][2] = {{"AND", "and"},     {"And", "and"},   {"OR", "or"},   {"Or", "or"},
                                           {"union", "|"},     {"minus", "-"},   {"mod", "%"},   {"div", "//"},
                                           {"intersect", "&"}, {"without", "-"}, {"except", "-"}};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (!strcmp(name, words[k][0])) return words[k][1];
    return NULL;
}

static void suggest(weft_parser *p, int found, weft_span span, const bool *expected) {
    size_t size = span.end - span.begin;
    const char *text = weft_parser_text(p, span), *meant = NULL;
    if (found == WEFT_TOKEN_NAME && size < FOUND) {
        const char *name = weft_parser_intern(p, text, size);
        meant = wants_operator(expected) ? operator_like(name) : NULL;
        if (!meant && !wants_expression(expected)) meant = keyword_like(name, expected);
    }
    if (found == WEFT_TOKEN_ASSIGN && expected[WEFT_TOKEN_COMPARISON]) meant = "==";
    if (found == WEFT_TOKEN_COMPARISON && expected[WEFT_TOKEN_ASSIGN] && !expected[WEFT_TOKEN_COMPARISON]) meant = "=";
    if (meant) weft_diagnose_suggest(p->diagnostics, meant);
}

/* Slips that have a better message than what was expected. */
static bool report_slip(weft_parser *p, int found, weft_span span, const bool *expected) {
    weft_diagnostics *d = p->diagnostics;
    bool range = found == WEFT_TOKEN_DOTS || p->previous == WEFT_TOKEN_DOTS;
    if (is_reserved(found) && wants_name_only(expected))
        weft_diagnose(d, WEFT_E0104, span, "`%s` is a reserved word and names nothing else", weft_token_name(found));
    else if (range && wants_expression(expected))
        weft_diagnose(d, WEFT_E0007, found == WEFT_TOKEN_DOTS ? span : p->previous_span,
                      "a range needs both of its ends, as in `0..4`");
    else if (range && found == WEFT_TOKEN_DOTS && wants_operator(expected))
        weft_diagnose(d, WEFT_E0007, span, "a range stands in braces, as in `{0..4}`, in an argument or after `heads`");
    else if (found == WEFT_TOKEN_PRODUCT && *weft_parser_text(p, span) == '/' &&
             (wants_statement(expected) || wants_definition(expected)))
        weft_diagnose(d, WEFT_E0007, span, "a comment begins with `#`");
    else if (found == WEFT_TOKEN_SET && wants_statement(expected))
        weft_diagnose(d, WEFT_E0007, span, "`set` stands outside patterns; inside, `let` names a set");
    else
        return false;
    return true;
}

void weft_syntax_error(weft_parser *p, int found, weft_span span, const bool *expected) {
    p->recovering = true;
    if (p->ended || report_slip(p, found, span, expected)) return;
    char what[FOUND], list[MOST_TERMS * TERM] = "";
    terms t = terms_of(expected);
    describe(p, found, span, what);
    describe_terms(&t, list, sizeof list);
    weft_span place = place_of(p, found, span, expected);
    if (t.count == 0 || t.count > MOST_TERMS)
        weft_diagnose(p->diagnostics, WEFT_E0007, place, "unexpected %s", what);
    else
        weft_diagnose(p->diagnostics, WEFT_E0007, place, "expected %s before %s", list, what);
    suggest(p, found, span, expected);
    if (p->unmatched.token != 0)
        weft_diagnose_note(p->diagnostics, p->unmatched.span, "this `%s` is still open",
                           weft_token_name(p->unmatched.token));
}
