/* Builders of AST nodes. They keep height and levels, and refuse text that goes too deep: the parser's own stack is
 * bounded, and by this so is every recursion over the AST. */
#include "parser.h"

#include <stdio.h>
#include <string.h>

weft_ast *weft_node(weft_parser *p, weft_ast_kind kind, weft_span span) {
    weft_ast *node = weft_arena_take(p->arena, sizeof *node);
    if (!node) weft_parser_fail(p);
    *node = (weft_ast){.kind = kind, .span = span, .height = 1};
    return node;
}

weft_ast *weft_named(weft_parser *p, weft_ast_kind kind, weft_span span, const char *name, weft_span name_span) {
    weft_ast *node = weft_node(p, kind, span);
    node->name = name;
    node->name_span = name_span;
    return node;
}

/* ---- children ----------------------------------------------------------------------------------------------- */

static void rise(weft_parser *p, weft_ast *parent, unsigned height, uint16_t levels) {
    if (height > WEFT_AST_MAX_HEIGHT) {
        weft_diagnose(p->diagnostics, WEFT_E0009, parent->name_span.source ? parent->name_span : parent->span,
                      "this expression has more than some %d operators in a row; name parts of it with `let`",
                      WEFT_AST_MAX_HEIGHT);
        weft_parser_stop(p);
    }
    if (parent->height < height) parent->height = (uint16_t)height;
    if (parent->levels < levels) parent->levels = levels;
}

weft_ast *weft_child(weft_parser *p, weft_ast *parent, weft_ast *child) {
    rise(p, parent, child->height + 1u, child->levels);
    *(parent->last ? &parent->last->next : &parent->first) = child;
    parent->last = child;
    parent->count++;
    return parent;
}

weft_ast *weft_nest(weft_parser *p, weft_ast *node, weft_span span) {
    if (node->levels >= WEFT_AST_MAX_LEVELS) weft_parser_too_deep(p, span);
    node->levels++;
    return node;
}

weft_ast *weft_list(weft_parser *p) { return weft_node(p, WEFT_AST_LIST, WEFT_NO_SPAN); }

weft_ast *weft_adopt(weft_parser *p, weft_ast *parent, weft_ast *list) {
    rise(p, parent, list->height, list->levels);
    if (!list->first) return parent;
    *(parent->last ? &parent->last->next : &parent->first) = list->first;
    parent->last = list->last;
    parent->count += list->count;
    return parent;
}

weft_ast *weft_become(weft_ast *list, weft_ast_kind kind, weft_span span) {
    list->kind = kind;
    list->span = span;
    return list;
}

weft_ast *weft_argument(weft_parser *p, weft_ast *list, weft_ast *argument) {
    if (list->last->kind == WEFT_AST_ARGUMENT && argument->kind != WEFT_AST_ARGUMENT) {
        weft_diagnose(p->diagnostics, WEFT_E0007, argument->span, "positional arguments stand before named ones");
        weft_diagnose_note(p->diagnostics, list->last->span, "`%s` is named here", list->last->name);
    }
    return weft_child(p, list, argument);
}

/* ---- operators ---------------------------------------------------------------------------------------------- */

static bool is_comparison(const weft_ast *ast) {
    return ast->kind == WEFT_AST_BINARY && ast->op >= WEFT_OPERATOR_EQ && ast->op <= WEFT_OPERATOR_GE;
}

static bool is_parenthesised(weft_operand operand) { return operand.span.begin != operand.ast->span.begin; }

/* A span's text where it is short and on one line, to be repeated in a message. */
static bool quote(const weft_parser *p, weft_span span, char *out, size_t size) {
    const char *text = weft_parser_text(p, span);
    size_t length = span.end - span.begin;
    if (length >= size || memchr(text, '\n', length) || memchr(text, '\0', length)) return false;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

/* a < b < c: `left` is a < b. */
static void report_chain(weft_parser *p, weft_operand left, weft_span op, weft_operand right) {
    enum { SIZE = 40 };
    char first[SIZE], middle[SIZE], sign[SIZE], last[SIZE], meant[4 * SIZE + 8];
    weft_span shared = {op.source, left.ast->name_span.end, left.span.end};
    const char *text = weft_parser_text(p, shared);
    for (; shared.begin < shared.end && (*text == ' ' || *text == '\t'); text++) shared.begin++;
    bool is_first = !is_comparison(left.ast->first);
    weft_diagnose(p->diagnostics, WEFT_E0204, op, "comparisons do not chain; join two of them with `and`");
    if (is_first && quote(p, left.span, first, SIZE) && quote(p, shared, middle, SIZE) && quote(p, op, sign, SIZE) &&
        quote(p, right.span, last, SIZE)) {
        snprintf(meant, sizeof meant, "%s and %s %s %s", first, middle, sign, last);
        weft_diagnose_suggest(p->diagnostics, meant);
    }
}

/* `not` binds looser than the operator that has it as its operand. */
static void check_not(weft_parser *p, weft_operator op, weft_operand operand) {
    if (operand.ast->kind != WEFT_AST_UNARY || operand.ast->op != WEFT_OPERATOR_NOT || is_parenthesised(operand))
        return;
    if (op == WEFT_OPERATOR_AND || op == WEFT_OPERATOR_OR || op == WEFT_OPERATOR_NOT) return;
    weft_diagnose(p->diagnostics, WEFT_E0007, operand.ast->name_span,
                  "`not` binds looser than `%s`: put it in parentheses with its operand", weft_operator_text(op));
}

weft_ast *weft_unary(weft_parser *p, weft_operator op, weft_span op_span, weft_operand operand, weft_span span) {
    check_not(p, op, operand);
    weft_ast *node = weft_named(p, WEFT_AST_UNARY, span, NULL, op_span);
    node->op = op;
    return weft_nest(p, weft_child(p, node, operand.ast), op_span);
}

weft_ast *weft_binary(weft_parser *p, weft_operator op, weft_span op_span, weft_operand left, weft_operand right,
                      weft_span span) {
    weft_ast *node = weft_named(p, WEFT_AST_BINARY, span, NULL, op_span);
    node->op = op;
    check_not(p, op, right);
    if (is_comparison(node) && is_comparison(left.ast) && !is_parenthesised(left))
        report_chain(p, left, op_span, right);
    return weft_child(p, weft_child(p, node, left.ast), right.ast);
}

weft_ast *weft_select(weft_parser *p, weft_span op_span, weft_ast *condition, weft_ast *yes, weft_ast *no,
                      weft_span span) {
    weft_ast *node = weft_named(p, WEFT_AST_SELECT, span, NULL, op_span);
    weft_child(p, weft_child(p, weft_child(p, node, condition), yes), no);
    return weft_nest(p, node, op_span);
}

weft_ast *weft_range(weft_parser *p, weft_ast *low, weft_ast *high, weft_span span) {
    return weft_child(p, weft_child(p, weft_node(p, WEFT_AST_RANGE, span), low), high);
}
