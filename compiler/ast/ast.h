/* The abstract syntax tree: what the grammar builds and sema reads. Nodes live in the file's arena and are never freed
 * one by one. Names are interned in the module's weft_names, so equal names are equal pointers. */
#ifndef WEFT_AST_AST_H
#define WEFT_AST_AST_H

#include "support/diagnostics.h"
#include "support/names.h"

typedef enum weft_ast_kind {
#define AST(enum_, name, children) WEFT_AST_##enum_,
#include "ast/ast.def"
#undef AST
    WEFT_AST_KIND_COUNT
} weft_ast_kind;

/* Operators of UNARY and BINARY, once: OPERATOR(ENUM, text as usually written). */
#define WEFT_OPERATORS(OPERATOR)                                                                                       \
    OPERATOR(OR, "or")                                                                                                 \
    OPERATOR(AND, "and")                                                                                               \
    OPERATOR(NOT, "not")                                                                                               \
    OPERATOR(EQ, "==")                                                                                                 \
    OPERATOR(NE, "!=")                                                                                                 \
    OPERATOR(LT, "<")                                                                                                  \
    OPERATOR(LE, "<=")                                                                                                 \
    OPERATOR(GT, ">")                                                                                                  \
    OPERATOR(GE, ">=")                                                                                                 \
    OPERATOR(UNION, "|")                                                                                               \
    OPERATOR(INTERSECTION, "&")                                                                                        \
    OPERATOR(ADD, "+")                                                                                                 \
    OPERATOR(SUB, "-")                                                                                                 \
    OPERATOR(MUL, "*")                                                                                                 \
    OPERATOR(DIV, "/")                                                                                                 \
    OPERATOR(FLOORDIV, "//")                                                                                           \
    OPERATOR(MOD, "%")                                                                                                 \
    OPERATOR(NEG, "-")                                                                                                 \
    OPERATOR(COMPLEMENT, "~")
typedef enum weft_operator {
    WEFT_OPERATOR_NONE,
#define OPERATOR(enum_, text) WEFT_OPERATOR_##enum_,
    WEFT_OPERATORS(OPERATOR)
#undef OPERATOR
} weft_operator;
const char *weft_operator_text(weft_operator op);
const char *weft_ast_kind_name(weft_ast_kind kind); /* as dumps write it */

/* Text is bounded so that everything after the parser may recurse over nodes without counting: levels are those of
 * LANGUAGE.md (brackets, unary operators, ?:), height is nodes on a path. Only a left-associative chain of operators is
 * much higher than its levels; it is refused (E0009) when it makes a node higher than WEFT_AST_MAX_HEIGHT, beyond some
 * 2000 terms. */
enum { WEFT_AST_MAX_LEVELS = 200, WEFT_AST_MAX_HEIGHT = 2048 };
enum { WEFT_MAX_FILE = 16 * 1024 * 1024 }; /* bytes; E0010 beyond */

typedef struct weft_ast {
    weft_ast_kind kind;
    weft_operator op;    /* UNARY, BINARY */
    weft_span span;      /* the whole of it, without parentheses around it */
    weft_span name_span; /* of the name, where there is one; for BINARY, UNARY and SELECT, of the operator */
    const char *name;    /* interned, or NULL */
    const char *type;    /* PARAM: interned type name as written (sema says which exist), or NULL */
    weft_span type_span;
    union {
        int64_t integer;
        double real;
    } value;
    struct weft_ast *first, *last; /* children */
    struct weft_ast *next;         /* sibling */
    uint32_t count;                /* children */
    uint16_t height, levels;
} weft_ast;

/* "(pattern longformer (param w …) …)", one node a line, indented. With spans, each node is followed by
 * @LINE:COL+BYTES, and by /OFFSET+BYTES of its name or operator counted from there. */
void weft_print_ast(const weft_ast *ast, const weft_sources *sources, bool spans, weft_text *out);

/* The file as a FILE node. Never NULL unless memory fails: after syntax errors it holds what could be read (no child is
 * missing in what it holds), and diagnostics->errors says that it may not be used further. Implemented in grammar/. */
weft_ast *weft_parse_text(weft_arena *arena, weft_names *names, const weft_sources *sources, uint32_t source,
                          weft_diagnostics *diagnostics);
/* The tokens of a source, one a line (LINE:COL kind text), for goldens. */
void weft_print_tokens(const weft_allocator *allocator, const weft_sources *sources, uint32_t source,
                       weft_diagnostics *diagnostics, weft_text *out);

#endif
