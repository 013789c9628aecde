/* Between scanner and parser: matches brackets, and steers recovery. It tells the braces of patterns from those of
 * lists, reports what never closes at its opening bracket, gives the parser the `}` that is missing before the next
 * definition, and keeps from it the block of what was meant to be a pattern and is none. */
#include "parse.h"
#include "parser.h"

void weft_parser_resume(weft_parser *p) { p->recovering = false; }

/* ---- the stack of open brackets ------------------------------------------------------------------------------ */

static bool in_block(const weft_parser *p) { return p->depth > 0 && p->brackets[0].block; }

static void drop_to(weft_parser *p, uint32_t depth) {
    if (p->depth > depth) p->unmatched = p->brackets[p->depth - 1];
    p->depth = depth;
}

static void push(weft_parser *p, int token, weft_span span, bool block) {
    if (p->depth - in_block(p) >= WEFT_AST_MAX_LEVELS) weft_parser_too_deep(p, span);
    p->brackets[p->depth++] = (weft_bracket){token, span, block};
}

/* Closes the nearest bracket that `open` begins, and with it what was left open inside; `)` and `]` never close a
 * block. True where that was a pattern's block. */
static bool close_bracket(weft_parser *p, int open) {
    uint32_t at = p->depth;
    while (at > 0 && p->brackets[at - 1].token != open) {
        if (p->brackets[at - 1].block) return false;
        at--;
    }
    if (at == 0) return false;
    drop_to(p, at);
    return p->brackets[--p->depth].block;
}

static void report_unclosed(weft_parser *p, const weft_bracket *bracket) {
    weft_diagnose(p->diagnostics, WEFT_E0008, bracket->span, "this `%c` is never closed",
                  *weft_parser_text(p, bracket->span));
}

static void end_of_file(weft_parser *p) {
    for (uint32_t i = 0; i < p->depth; i++) report_unclosed(p, &p->brackets[i]);
    p->ended = p->depth > 0;
    p->depth = 0;
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

/* Tokens after which an expression begins. */
static bool expects_operand(int token) {
    return (token >= WEFT_TOKEN_ATTEND && token <= WEFT_TOKEN_NOT) || token == WEFT_TOKEN_COMMA ||
           token == WEFT_TOKEN_COLON || token == WEFT_TOKEN_ASSIGN || token == WEFT_TOKEN_DOTS ||
           token == WEFT_TOKEN_QUESTION || token == WEFT_TOKEN_LPAREN || token == WEFT_TOKEN_LBRACKET ||
           token == WEFT_TOKEN_LBRACE || (token >= WEFT_TOKEN_UNION && token <= WEFT_TOKEN_PRODUCT);
}

/* A brace where no list can begin opens a block: a pattern's, or that of something misspelt, which is skipped. */
static int open_brace(weft_parser *p, weft_span span) {
    bool header = p->definition == WEFT_TOKEN_PATTERN && (p->depth == 0 || !expects_operand(p->token));
    bool unknown = p->definition == 0 && p->recovering && p->depth == 0 && !expects_operand(p->token);
    bool block = !in_block(p) && (header || unknown);
    if (block) drop_to(p, 0);
    push(p, WEFT_TOKEN_LBRACE, span, block);
    if (!block) return WEFT_TOKEN_LBRACE;
    p->definition = 0;
    p->skipping = unknown;
    return WEFT_TOKEN_BLOCK;
}

static int close_brace(weft_parser *p) {
    bool stray = p->depth == 0;
    if (!close_bracket(p, WEFT_TOKEN_LBRACE) && !stray) return WEFT_TOKEN_RBRACE;
    p->skipping = false;
    return WEFT_TOKEN_BLOCK_END;
}

/* ---- definitions --------------------------------------------------------------------------------------------- */

static bool begins_line(const weft_parser *p, weft_span span) {
    return span.begin == 0 || weft_parser_text(p, span)[-1] == '\n';
}

/* Whether a keyword shows that a pattern's `}` is missing: no definition but `let` stands in a pattern. An indented
 * `set` is more likely somebody's hope that it may. */
static bool leaves_block(const weft_parser *p, int token, weft_span span) {
    return in_block(p) && (token == WEFT_TOKEN_PATTERN || token == WEFT_TOKEN_IMPORT ||
                           (token == WEFT_TOKEN_SET && begins_line(p, span)));
}

static int insert_close(weft_parser *p, int token, weft_span *span) {
    report_unclosed(p, &p->brackets[0]);
    weft_diagnose_note(p->diagnostics, *span, "`%s` begins here", weft_token_name(token));
    p->held = token;
    p->held_span = *span;
    p->depth = 0;
    p->skipping = false;
    span->end = span->begin;
    return WEFT_TOKEN_BLOCK_END;
}

/* ---- tokens -------------------------------------------------------------------------------------------------- */

static int take(weft_parser *p, WEFT_GRAMMAR_STYPE *value, weft_span *span) {
    int token = p->held;
    if (token != 0) {
        *span = p->held_span;
        p->held = 0;
        return token;
    }
    token = weft_scan(value, span, p->scanner);
    if (token == WEFT_TOKEN_END) *span = (weft_span){p->source, p->offset, p->offset};
    return token;
}

/* Follows one token, and gives it back as the parser shall see it. */
static int follow(weft_parser *p, int token, weft_span span) {
    switch (token) {
    case WEFT_TOKEN_LPAREN:
    case WEFT_TOKEN_LBRACKET: push(p, token, span, false); break;
    case WEFT_TOKEN_LBRACE: return open_brace(p, span);
    case WEFT_TOKEN_RPAREN: close_bracket(p, WEFT_TOKEN_LPAREN); break;
    case WEFT_TOKEN_RBRACKET: close_bracket(p, WEFT_TOKEN_LBRACKET); break;
    case WEFT_TOKEN_RBRACE: return close_brace(p);
    case WEFT_TOKEN_SEMICOLON:
        drop_to(p, in_block(p));
        if (p->depth == 0) p->definition = 0;
        break;
    case WEFT_TOKEN_IMPORT:
    case WEFT_TOKEN_LET:
    case WEFT_TOKEN_SET:
    case WEFT_TOKEN_PATTERN:
        if (in_block(p) || p->token == WEFT_TOKEN_COLON) break; /* a statement; a type */
        drop_to(p, 0);
        p->definition = token;
        break;
    case WEFT_TOKEN_END: end_of_file(p); break;
    case WEFT_TOKEN_REPORTED: p->recovering = true; break;
    default: break;
    }
    return token;
}

int weft_grammar_lex(WEFT_GRAMMAR_STYPE *value, weft_span *span, weft_parser *p) {
    int token;
    p->unmatched.token = 0;
    do {
        if (p->diagnostics->errors >= WEFT_MAX_REPORTS) weft_parser_stop(p);
        token = take(p, value, span);
        if (leaves_block(p, token, *span)) {
            token = insert_close(p, token, span);
            break;
        }
        token = follow(p, token, *span);
    } while (p->skipping && token != WEFT_TOKEN_END);
    p->previous = p->token;
    p->previous_span = p->span;
    p->token = token;
    p->span = *span;
    return token;
}
