/* What every AST must be like, after errors too: children of the right number and kinds, names where they belong, spans
 * inside their parents', height and levels true and within their bounds. */
#ifndef WEFT_TESTS_SHAPE_H
#define WEFT_TESTS_SHAPE_H

#include "ast/ast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Aborts, so that a fuzzer can use it too; and ck_assert writes to a pipe for every assertion that holds. */
#define SHAPE(condition) (void)((condition) || (shape_fail(ast, #condition), 0))

static inline void shape_fail(const weft_ast *ast, const char *condition) {
    fprintf(stderr, "%s at byte %u: %s\n", weft_ast_kind_name(ast->kind), ast->span.begin, condition);
    abort();
}

static inline void shape_count(const weft_ast *ast, uint32_t least, uint32_t most) {
    SHAPE(ast->count >= least && ast->count <= most);
}

static inline bool shape_is_expression(const weft_ast *ast) {
    return ast->kind >= WEFT_AST_INT && ast->kind != WEFT_AST_ARGUMENT && ast->kind != WEFT_AST_STRING &&
           ast->kind != WEFT_AST_RANGE;
}

static inline void shape_children(const weft_ast *ast) {
    const uint32_t ANY = UINT32_MAX;
    switch (ast->kind) {
    case WEFT_AST_FILE:
        for (const weft_ast *c = ast->first; c; c = c->next)
            SHAPE(c->kind >= WEFT_AST_IMPORT && c->kind <= WEFT_AST_PATTERN);
        break;
    case WEFT_AST_SET:
        shape_count(ast, 1, ANY);
        for (const weft_ast *c = ast->first; c != ast->last; c = c->next) SHAPE(c->kind == WEFT_AST_PARAM);
        SHAPE(shape_is_expression(ast->last));
        break;
    case WEFT_AST_PATTERN:
        for (const weft_ast *c = ast->first; c; c = c->next)
            SHAPE(c->kind == WEFT_AST_LET || (c->kind >= WEFT_AST_PARAM && c->kind <= WEFT_AST_REQUIRE));
        break;
    case WEFT_AST_PARAM: shape_count(ast, 0, 1); break;
    case WEFT_AST_REQUIRE:
        shape_count(ast, 1, 2);
        if (ast->count == 2) SHAPE(ast->last->kind == WEFT_AST_STRING);
        break;
    case WEFT_AST_APPROXIMATE:
        shape_count(ast, 2, 2);
        SHAPE(ast->last->kind == WEFT_AST_CALL);
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
    SHAPE((ast->name != NULL) == shape_has_name(ast));
    if (ast->name) SHAPE(weft_name(names, ast->name, strlen(ast->name)) == ast->name);
    SHAPE((ast->op != WEFT_OPERATOR_NONE) == has_operator);
    if (ast->type) SHAPE(ast->kind == WEFT_AST_PARAM);
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
    if (ast->name_span.source) SHAPE(shape_within(ast->name_span, ast->span));
    if (ast->type) SHAPE(shape_within(ast->type_span, ast->span));
    for (const weft_ast *child = ast->first; child; last = child, child = child->next, count++) {
        shape_check(child, names);
        SHAPE(shape_within(child->span, ast->span));
        if (last) SHAPE(child->span.begin >= last->span.end);
        if (child->height >= height) height = child->height + 1;
        if (child->levels > levels) levels = child->levels;
    }
    SHAPE(count == ast->count);
    SHAPE(last == ast->last);
    SHAPE(height == ast->height);
    SHAPE(ast->levels >= levels);
    SHAPE(height <= WEFT_AST_MAX_HEIGHT);
    SHAPE(ast->levels <= WEFT_AST_MAX_LEVELS);
}

#endif
