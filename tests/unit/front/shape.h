/* What every AST must be like, after errors too: children of the right number and kinds, names where they belong, spans
 * inside their parents', height and levels true and within their bounds. */
#ifndef WEFT_TESTS_SHAPE_H
#define WEFT_TESTS_SHAPE_H

#include "ast/ast.h"

#include <check.h>
#include <string.h>

static inline void shape_count(const weft_ast *ast, uint32_t least, uint32_t most) {
    ck_assert_msg(ast->count >= least && ast->count <= most, "%s has %u children", weft_ast_kind_name(ast->kind),
                  ast->count);
}

static inline bool shape_is_expression(const weft_ast *ast) {
    return ast->kind >= WEFT_AST_INT && ast->kind != WEFT_AST_ARGUMENT && ast->kind != WEFT_AST_STRING;
}

static inline void shape_children(const weft_ast *ast) {
    enum { ANY = UINT32_MAX };
    switch (ast->kind) {
    case WEFT_AST_FILE:
        for (const weft_ast *c = ast->first; c; c = c->next)
            ck_assert(c->kind >= WEFT_AST_IMPORT && c->kind <= WEFT_AST_PATTERN);
        break;
    case WEFT_AST_SET:
        shape_count(ast, 1, ANY);
        for (const weft_ast *c = ast->first; c != ast->last; c = c->next) ck_assert_int_eq(c->kind, WEFT_AST_PARAM);
        ck_assert(shape_is_expression(ast->last));
        break;
    case WEFT_AST_PATTERN:
        for (const weft_ast *c = ast->first; c; c = c->next)
            ck_assert(c->kind == WEFT_AST_LET || (c->kind >= WEFT_AST_PARAM && c->kind <= WEFT_AST_REQUIRE));
        break;
    case WEFT_AST_PARAM: shape_count(ast, 0, 1); break;
    case WEFT_AST_REQUIRE:
        shape_count(ast, 1, 2);
        if (ast->count == 2) ck_assert_int_eq(ast->last->kind, WEFT_AST_STRING);
        break;
    case WEFT_AST_APPROXIMATE:
        shape_count(ast, 2, 2);
        ck_assert_int_eq(ast->last->kind, WEFT_AST_CALL);
        break;
    case WEFT_AST_HEADS:
    case WEFT_AST_TILE:
    case WEFT_AST_INDEX:
    case WEFT_AST_BINARY:
    case WEFT_AST_RANGE: shape_count(ast, 2, 2); break;
    case WEFT_AST_SELECT: shape_count(ast, 3, 3); break;
    case WEFT_AST_LET:
    case WEFT_AST_ATTEND:
    case WEFT_AST_SCALE:
    case WEFT_AST_SOFTCAP:
    case WEFT_AST_BIAS:
    case WEFT_AST_ARGUMENT:
    case WEFT_AST_UNARY: shape_count(ast, 1, 1); break;
    case WEFT_AST_LIST:
    case WEFT_AST_TABLE: shape_count(ast, 1, ANY); break;
    case WEFT_AST_CALL: break;
    default: shape_count(ast, 0, 0);
    }
}

static inline bool shape_has_name(const weft_ast *ast) {
    weft_ast_kind kind = ast->kind;
    return (kind >= WEFT_AST_IMPORT && kind <= WEFT_AST_PARAM) || kind == WEFT_AST_SINK || kind == WEFT_AST_STRING ||
           kind == WEFT_AST_NAME || kind == WEFT_AST_CALL || kind == WEFT_AST_ARGUMENT;
}

static inline void shape_names(const weft_ast *ast, weft_names *names) {
    bool has_operator = ast->kind == WEFT_AST_UNARY || ast->kind == WEFT_AST_BINARY;
    ck_assert_int_eq(ast->name != NULL, shape_has_name(ast));
    if (ast->name) ck_assert_ptr_eq(weft_name(names, ast->name, strlen(ast->name)), ast->name);
    ck_assert_int_eq(ast->op != WEFT_OPERATOR_NONE, has_operator);
    if (ast->type) ck_assert_int_eq(ast->kind, WEFT_AST_PARAM);
}

static inline bool shape_within(weft_span inner, weft_span outer) {
    return inner.source == outer.source && inner.begin >= outer.begin && inner.end <= outer.end &&
           inner.begin <= inner.end;
}

static inline void shape_check(const weft_ast *ast, weft_names *names) {
    uint32_t count = 0;
    uint16_t height = 1, levels = 0;
    const weft_ast *last = NULL;
    shape_children(ast);
    shape_names(ast, names);
    if (ast->name_span.source) ck_assert(shape_within(ast->name_span, ast->span));
    if (ast->type) ck_assert(shape_within(ast->type_span, ast->span));
    for (const weft_ast *child = ast->first; child; last = child, child = child->next, count++) {
        shape_check(child, names);
        ck_assert(shape_within(child->span, ast->span));
        if (last) ck_assert_uint_ge(child->span.begin, last->span.end);
        if (child->height >= height) height = child->height + 1;
        if (child->levels > levels) levels = child->levels;
    }
    ck_assert_uint_eq(count, ast->count);
    ck_assert_ptr_eq(last, ast->last);
    ck_assert_uint_eq(height, ast->height);
    ck_assert_uint_ge(ast->levels, levels);
    ck_assert_uint_le(height, WEFT_AST_MAX_HEIGHT);
    ck_assert_uint_le(ast->levels, WEFT_AST_MAX_LEVELS);
}

#endif
