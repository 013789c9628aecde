/* Expressions: literals, lists, tables and indexing; the rest is in operator.c and call.c. */
#include "sema/elaborate.h"

static weft_typed elaborate_range(weft_elaborator *e, const weft_ast *ast) {
    weft_typed ends[2] = {weft_elaborate_as(e, ast->first, WEFT_TYPE_INT, "an end of a range"),
                          weft_elaborate_as(e, ast->last, WEFT_TYPE_INT, "an end of a range")};
    return weft_build(e, WEFT_OP_RANGE, WEFT_TYPE_LIST, (weft_value){0}, ends, 2, ast->span);
}

/* The children of a list or table, each elaborated; NULL when memory fails. */
static weft_typed *elaborate_children(weft_elaborator *e, const weft_ast *ast) {
    weft_typed *values = weft_arena_take(&e->arena, (ast->count + 1) * sizeof *values);
    uint32_t count = 0;
    for (const weft_ast *child = ast->first; values && child; child = child->next)
        values[count++] = weft_elaborate(e, child);
    return values;
}

static weft_typed elaborate_list(weft_elaborator *e, const weft_ast *ast) {
    weft_typed *items = elaborate_children(e, ast);
    if (!items) return weft_typed_error();
    uint32_t k = 0;
    for (const weft_ast *child = ast->first; child; child = child->next, k++) {
        if (weft_convert(e, &items[k], WEFT_TYPE_LIST)) continue;
        weft_mismatch(e, child, items[k].type, WEFT_TYPE_INT, "an item of an index list");
        items[k] = weft_typed_error();
    }
    return weft_build(e, WEFT_OP_LISTING, WEFT_TYPE_LIST, (weft_value){0}, items, k, ast->span);
}

/* All ints, or all floats when one is. */
static weft_typed elaborate_table(weft_elaborator *e, const weft_ast *ast) {
    weft_typed *items = elaborate_children(e, ast);
    if (!items) return weft_typed_error();
    weft_type type = WEFT_TYPE_INT;
    for (uint32_t k = 0; k < ast->count; k++)
        if (items[k].type == WEFT_TYPE_FLOAT) type = WEFT_TYPE_FLOAT;
    uint32_t k = 0;
    for (const weft_ast *child = ast->first; child; child = child->next, k++) {
        if (weft_convert(e, &items[k], type)) continue;
        weft_mismatch(e, child, items[k].type, type, "an element of a table");
        items[k] = weft_typed_error();
    }
    return weft_build(e, WEFT_OP_LITERAL, WEFT_TYPE_TABLE, (weft_value){0}, items, k, ast->span);
}

/* The type of an array's elements, or ERROR where it cannot be indexed. */
static weft_type element_type(const weft_elaborator *e, weft_typed array) {
    const weft_dag *dag = &e->program->dag;
    switch (array.type) {
    case WEFT_TYPE_TOKENS:
    case WEFT_TYPE_LABELS: return WEFT_TYPE_INT;
    case WEFT_TYPE_PER_HEAD: return WEFT_TYPE_FLOAT;
    case WEFT_TYPE_TABLE:
        if (array.id && weft_node_at(dag, array.id)->op == WEFT_OP_LITERAL)
            return (weft_type)weft_node_at(dag, weft_operand(dag, array.id, 0))->type;
        return WEFT_TYPE_FLOAT;
    default: return (weft_type)WEFT_TYPE_ERROR;
    }
}

static weft_typed elaborate_index(weft_elaborator *e, const weft_ast *ast) {
    weft_typed operands[2] = {weft_elaborate(e, ast->first),
                              weft_elaborate_as(e, ast->last, WEFT_TYPE_INT, "an index")};
    if (weft_is_error(operands[0])) return weft_typed_error();
    weft_type type = element_type(e, operands[0]);
    if (type == (weft_type)WEFT_TYPE_ERROR) {
        weft_diagnose(e->diagnostics, WEFT_E0201, ast->first->span, "%s cannot be indexed",
                      weft_type_phrase(operands[0].type));
        return weft_typed_error();
    }
    if (operands[0].type == WEFT_TYPE_PER_HEAD && !(e->may & WEFT_MAY_READ_SLOPES)) {
        weft_diagnose(e->diagnostics, WEFT_E0106, ast->span,
                      "a per_head array is read when a kernel runs, by `bias` alone");
        return weft_typed_error();
    }
    return weft_build(e, WEFT_OP_INDEX, type, (weft_value){0}, operands, 2, ast->span);
}

static weft_typed elaborate_kind(weft_elaborator *e, const weft_ast *ast) {
    switch (ast->kind) {
    case WEFT_AST_INT:
        return weft_leaf(e, WEFT_OP_INT, WEFT_TYPE_INT, (weft_value){.integer = ast->value.integer}, ast->span);
    case WEFT_AST_FLOAT:
        return weft_leaf(e, WEFT_OP_FLOAT, WEFT_TYPE_FLOAT, (weft_value){.real = ast->value.real}, ast->span);
    case WEFT_AST_BOOL:
        return weft_leaf(e, WEFT_OP_BOOL, WEFT_TYPE_BOOL, (weft_value){.integer = ast->value.integer}, ast->span);
    case WEFT_AST_NAME:
    case WEFT_AST_CALL: return weft_elaborate_use(e, ast);
    case WEFT_AST_INDEX: return elaborate_index(e, ast);
    case WEFT_AST_UNARY: return weft_elaborate_unary(e, ast);
    case WEFT_AST_BINARY: return weft_elaborate_binary(e, ast);
    case WEFT_AST_SELECT: return weft_elaborate_select(e, ast);
    case WEFT_AST_RANGE: return elaborate_range(e, ast);
    case WEFT_AST_LIST: return elaborate_list(e, ast);
    case WEFT_AST_TABLE: return elaborate_table(e, ast);
    default: return weft_typed_error(); /* the grammar has no other expression */
    }
}

weft_typed weft_elaborate(weft_elaborator *e, const weft_ast *ast) {
    if (e->exhausted) return weft_typed_error();
    if (++e->levels > WEFT_MAX_LEVELS) {
        weft_exhausted(e, true, ast->span);
        return weft_typed_error();
    }
    weft_typed value = elaborate_kind(e, ast);
    e->levels--;
    return value;
}

weft_typed weft_elaborate_as(weft_elaborator *e, const weft_ast *ast, weft_type wanted, const char *what) {
    weft_typed value = weft_elaborate(e, ast);
    if (weft_convert(e, &value, wanted)) return value;
    weft_mismatch(e, ast, value.type, wanted, what);
    return weft_typed_error();
}
