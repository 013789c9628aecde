/* The AST as indented S-expressions, one node a line, for `weft ir --stage ast` and for goldens. */
#include "ast/ast.h"

#include <inttypes.h>
#include <string.h>

static void print_spans(const weft_ast *ast, const weft_sources *sources, weft_text *out) {
    weft_point point = weft_sources_point(sources, ast->span.source, ast->span.begin);
    weft_text_format(out, " @%" PRIu32 ":%" PRIu32 "+%" PRIu32, point.line, point.column,
                     ast->span.end - ast->span.begin);
    if (ast->name_span.source)
        weft_text_format(out, "/%" PRIu32 "+%" PRIu32, ast->name_span.begin - ast->span.begin,
                         ast->name_span.end - ast->name_span.begin);
}

static void print_quoted(const char *text, weft_text *out) {
    weft_text_add(out, " \"", 2);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') weft_text_add(out, "\\", 1);
        weft_text_add(out, text, 1);
    }
    weft_text_add(out, "\"", 1);
}

static void print_value(const weft_ast *ast, weft_text *out) {
    switch (ast->kind) {
    case WEFT_AST_INT: weft_text_format(out, " %" PRId64, ast->value.integer); break;
    case WEFT_AST_BOOL: weft_text_format(out, " %s", ast->value.integer ? "true" : "false"); break;
    case WEFT_AST_FLOAT:
        weft_text_add(out, " ", 1);
        weft_text_double(out, ast->value.real);
        break;
    case WEFT_AST_IMPORT:
    case WEFT_AST_STRING: print_quoted(ast->name, out); break;
    default:
        if (ast->op != WEFT_OPERATOR_NONE) weft_text_format(out, " %s", weft_operator_text(ast->op));
        if (ast->name) weft_text_format(out, " %s", ast->name);
        if (ast->type) weft_text_format(out, " %s", ast->type);
    }
}

/* sources is NULL where no spans are wanted. */
static void print_node(const weft_ast *ast, int depth, const weft_sources *sources, weft_text *out) {
    weft_text_format(out, "%*s(%s", 2 * depth, "", weft_ast_kind_name(ast->kind));
    print_value(ast, out);
    if (sources) print_spans(ast, sources, out);
    for (const weft_ast *child = ast->first; child; child = child->next) {
        weft_text_add(out, "\n", 1);
        print_node(child, depth + 1, sources, out);
    }
    weft_text_add(out, ")", 1);
}

void weft_print_ast(const weft_ast *ast, const weft_sources *sources, bool spans, weft_text *out) {
    print_node(ast, 0, spans ? sources : NULL, out);
    weft_text_add(out, "\n", 1);
}
