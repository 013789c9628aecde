/* What the scanner, the parser and their helpers share; private to grammar/.
 *
 * Text goes scan.l → brackets.c → parse.y → build.c → AST. Whatever a parse allocates lies in arenas (AST and names in
 * the caller's, flex's in `scratch`; bison's stacks are on the C stack), so a parse that cannot go on leaves by longjmp
 * and leaks nothing. */
#ifndef WEFT_GRAMMAR_PARSER_H
#define WEFT_GRAMMAR_PARSER_H

#include "ast/ast.h"

#include <setjmp.h>

/* An open bracket. */
typedef struct weft_bracket {
    int token; /* LPAREN, LBRACKET or LBRACE; 0: none */
    weft_span span;
    bool block; /* the braces of a pattern */
} weft_bracket;

typedef struct weft_parser {
    const weft_sources *sources;
    weft_arena *arena;
    weft_names *names;
    weft_diagnostics *diagnostics;
    weft_ast *file;
    jmp_buf escape;
    bool out_of_memory;

    weft_arena scratch;
    void *scanner;
    uint32_t source, offset; /* where the scanner is */

    weft_bracket brackets[WEFT_AST_MAX_LEVELS + 1];
    uint32_t depth;
    weft_bracket unmatched; /* what the current token closed over: `(` when `}` comes */
    int definition;         /* at file level, the keyword of what is being defined; 0 between definitions */
    bool recovering;        /* an error was reported, and the parser drops tokens */
    bool skipping;          /* the braces of something that is not a pattern */
    bool ended;             /* the file's end was reported already */

    int token, previous; /* the parser's current token and the one before */
    weft_span span, previous_span;
    int held; /* a token to give out next, or 0, never one with a value */
    weft_span held_span;
} weft_parser;

/* Leave the parse. */
_Noreturn void weft_parser_fail(weft_parser *p);                     /* memory has failed */
_Noreturn void weft_parser_stop(weft_parser *p);                     /* enough was reported */
_Noreturn void weft_parser_too_deep(weft_parser *p, weft_span span); /* reports E0009 and stops */
const char *weft_parser_intern(weft_parser *p, const char *text, size_t size);
const char *weft_parser_text(const weft_parser *p, weft_span span); /* where it begins in the source */

/* scan.l */
void weft_scanner_open(weft_parser *p);

/* literals.c: each reports what is malformed and then gives something to go on with. */
int64_t weft_scan_integer(weft_parser *p, const char *text, size_t size, weft_span span);
double weft_scan_float(weft_parser *p, const char *text, size_t size, weft_span span);
const char *weft_scan_string(weft_parser *p, const char *text, size_t size, weft_span span);
void weft_scan_bad_number(weft_parser *p, const char *text, size_t size, weft_span span);
void weft_scan_unterminated(weft_parser *p, weft_span span);

/* strange.c: reports what starts no token, and what to take it for: a token that it resembles (with the operator), an
 * error, or 0 for white space. */
int weft_scan_strange(weft_parser *p, const char *text, size_t size, weft_span span, weft_operator *op);
/* Reports every NUL and every run of bytes that is not UTF-8. */
void weft_check_text(weft_parser *p, const weft_source *source);

/* brackets.c */
void weft_parser_resume(weft_parser *p); /* the parser is past an error */

/* syntax.c: `found` came where one of the tokens marked in `expected` was due. */
void weft_syntax_error(weft_parser *p, int found, weft_span span, const bool *expected);
/* parse.y: a token's alias; whether it is a reserved word. */
const char *weft_token_name(int token);

/* build.c */
weft_ast *weft_node(weft_parser *p, weft_ast_kind kind, weft_span span);
weft_ast *weft_named(weft_parser *p, weft_ast_kind kind, weft_span span, const char *name, weft_span name_span);
weft_ast *weft_child(weft_parser *p, weft_ast *parent, weft_ast *child); /* appends, and returns the parent */
/* A list is collected in a node that will give it away, or that becomes its owner by weft_become. */
weft_ast *weft_list(weft_parser *p);
weft_ast *weft_adopt(weft_parser *p, weft_ast *parent, weft_ast *list);
weft_ast *weft_become(weft_ast *list, weft_ast_kind kind, weft_span span);
weft_ast *weft_argument(weft_parser *p, weft_ast *list, weft_ast *argument);
weft_ast *weft_nest(weft_parser *p, weft_ast *node, weft_span span); /* one level more */

/* An expression and where it stands, parentheses included. */
typedef struct weft_operand {
    weft_ast *ast;
    weft_span span;
} weft_operand;
weft_ast *weft_unary(weft_parser *p, weft_operator op, weft_span op_span, weft_operand operand, weft_span span);
weft_ast *weft_binary(weft_parser *p, weft_operator op, weft_span op_span, weft_operand left, weft_operand right,
                      weft_span span);
weft_ast *weft_select(weft_parser *p, weft_span op_span, weft_ast *condition, weft_ast *yes, weft_ast *no,
                      weft_span span);
weft_ast *weft_range(weft_parser *p, weft_ast *low, weft_ast *high, weft_span span);

#endif
