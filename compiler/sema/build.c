/* Nodes with types, and the few conversions that the language has. */
#include "sema/elaborate.h"

void weft_exhausted(weft_elaborator *e, bool deep, weft_span place) {
    if (!e->exhausted && deep)
        weft_diagnose(e->diagnostics, WEFT_E0009, place,
                      "this nests deeper than %d levels with its definitions expanded", WEFT_MAX_LEVELS);
    else if (!e->exhausted)
        weft_diagnose(e->diagnostics, WEFT_E0009, place, "this grows beyond %u terms with its definitions expanded",
                      WEFT_MAX_TERMS);
    e->exhausted = true;
}

weft_typed weft_leaf(weft_elaborator *e, weft_op op, weft_type type, weft_value value, weft_span place) {
    return weft_build(e, op, type, value, NULL, 0, place);
}

/* Operand ids of one node; few nodes have more than fit on the stack. */
static weft_id make_node(weft_elaborator *e, weft_op op, weft_type type, weft_value value, const weft_typed *operands,
                         uint32_t count, weft_span place) {
    weft_id few[8] = {0}, *ids = few;
    if (count > sizeof few / sizeof *few) ids = weft_arena_take(&e->arena, count * sizeof *ids);
    if (!ids) return 0;
    for (uint32_t k = 0; k < count; k++) ids[k] = operands[k].id;
    return weft_make(&e->program->dag, op, type, value, ids, count, place);
}

/* Where the language takes static sets alone: what stands for that in a message, or NULL. */
static const char *static_place(weft_op op, uint32_t operand) {
    if (op == WEFT_OP_COMPLEMENT) return "what `~` negates";
    if (op == WEFT_OP_DIFFERENCE && operand == 1) return "the right side of `-`";
    if (op == WEFT_OP_BLOCKS) return "what `blocks` lifts";
    return weft_op_is_atom(op) ? "`within`" : NULL;
}

static bool is_static(weft_elaborator *e, weft_op op, uint32_t k, weft_typed operand, weft_span place) {
    const char *what = operand.data ? static_place(op, k) : NULL;
    if (!what) return true;
    const weft_node *atom = weft_node_at(&e->program->dag, operand.data);
    weft_diagnose(e->diagnostics, WEFT_E0207, place, "%s must be static, and `%s` depends on the data of a run", what,
                  weft_op_describe((weft_op)atom->op)->text);
    if (atom->place.source && atom->place.begin != place.begin)
        weft_diagnose_note(e->diagnostics, atom->place, "the set that depends on it");
    return false;
}

weft_typed weft_build(weft_elaborator *e, weft_op op, weft_type type, weft_value value, const weft_typed *operands,
                      uint32_t count, weft_span place) {
    weft_typed result = {.type = type, .by_head = op == WEFT_OP_VAR_HEAD};
    for (uint32_t k = 0; k < count; k++) {
        if (weft_is_error(operands[k])) return weft_typed_error();
        if (operands[k].depth >= result.depth) result.depth = (uint16_t)(operands[k].depth + 1);
        result.by_head |= operands[k].by_head;
        if (operands[k].data && !is_static(e, op, k, operands[k], place)) return weft_typed_error();
        if (operands[k].data) result.data = operands[k].data;
    }
    if (result.depth > WEFT_MAX_LEVELS || ++e->terms > WEFT_MAX_TERMS) {
        weft_exhausted(e, result.depth > WEFT_MAX_LEVELS, place);
        return weft_typed_error();
    }
    result.id = make_node(e, op, type, value, operands, count, place);
    if (weft_op_describe(op)->traits & WEFT_TRAIT_DATA) result.data = result.id;
    return result;
}

/* ---- conversions -------------------------------------------------------------------------------------------- */

static weft_typed as_float(weft_elaborator *e, weft_typed value) {
    const weft_node *node = weft_node_at(&e->program->dag, value.id);
    weft_span place = node->place;
    if (node->op == WEFT_OP_INT)
        return weft_leaf(e, WEFT_OP_FLOAT, WEFT_TYPE_FLOAT, (weft_value){.real = (double)node->value.integer}, place);
    return weft_build(e, WEFT_OP_TO_FLOAT, WEFT_TYPE_FLOAT, (weft_value){0}, &value, 1, place);
}

/* A literal table of ints where one of floats is wanted. */
static weft_typed as_floats(weft_elaborator *e, weft_typed table) {
    const weft_dag *dag = &e->program->dag;
    weft_node node = *weft_node_at(dag, table.id);
    if (node.op != WEFT_OP_LITERAL || weft_node_at(dag, weft_operand(dag, table.id, 0))->type != WEFT_TYPE_INT)
        return table;
    weft_typed *elements = weft_arena_take(&e->arena, node.arity * sizeof *elements);
    if (!elements) return weft_typed_error();
    for (uint32_t k = 0; k < node.arity; k++) {
        weft_typed element = {.type = WEFT_TYPE_INT, .id = weft_operand(dag, table.id, k), .by_head = table.by_head};
        elements[k] = as_float(e, element);
    }
    return weft_build(e, WEFT_OP_LITERAL, WEFT_TYPE_TABLE, (weft_value){0}, elements, node.arity, node.place);
}

bool weft_convert(weft_elaborator *e, weft_typed *value, weft_type wanted) {
    if (weft_is_error(*value)) return true;
    if (wanted == WEFT_TYPE_TABLE && value->type == WEFT_TYPE_TABLE) *value = as_floats(e, *value);
    if (value->type == wanted || weft_is_error(*value)) return true;
    if (wanted == WEFT_TYPE_LIST) return value->type == WEFT_TYPE_INT || value->type == WEFT_TYPE_TOKENS;
    if (wanted != WEFT_TYPE_FLOAT || value->type != WEFT_TYPE_INT) return false;
    *value = as_float(e, *value);
    return true;
}

/* ---- messages ----------------------------------------------------------------------------------------------- */

const char *weft_type_phrase(weft_type type) {
    switch (type) {
    case WEFT_TYPE_INT: return "an int";
    case WEFT_TYPE_FLOAT: return "a float";
    case WEFT_TYPE_BOOL: return "a bool";
    case WEFT_TYPE_TOKENS: return "a tokens array";
    case WEFT_TYPE_LABELS: return "a labels array";
    case WEFT_TYPE_MASK: return "a mask";
    case WEFT_TYPE_KEYS: return "a keys array";
    case WEFT_TYPE_PER_HEAD: return "a per_head array";
    case WEFT_TYPE_TABLE: return "a table";
    case WEFT_TYPE_SET: return "a set";
    case WEFT_TYPE_LIST: return "an index list";
    case WEFT_TYPE_WORD: return "a word";
    default: return "nothing";
    }
}

/* Does a `/` give this value, so that `//` is what was meant? */
static bool divides(const weft_ast *ast, int levels) {
    if (levels == 0) return false;
    bool arithmetic = ast->kind == WEFT_AST_UNARY || ast->kind == WEFT_AST_BINARY || ast->kind == WEFT_AST_SELECT;
    if (ast->kind == WEFT_AST_BINARY && ast->op == WEFT_OPERATOR_DIV) return true;
    for (const weft_ast *child = arithmetic ? ast->first : NULL; child; child = child->next)
        if (divides(child, levels - 1)) return true;
    return false;
}

static bool is_literal(const weft_ast *ast) {
    return ast->kind == WEFT_AST_FLOAT || (ast->kind == WEFT_AST_UNARY && ast->first->kind == WEFT_AST_FLOAT);
}

void weft_mismatch(weft_elaborator *e, const weft_ast *ast, weft_type got, weft_type wanted, const char *what) {
    bool narrows = wanted == WEFT_TYPE_INT && got == WEFT_TYPE_FLOAT;
    bool by_division = narrows && divides(ast, 8);
    weft_diagnose(e->diagnostics, WEFT_E0201, ast->span, "%s must be %s, not %s%s", what, weft_type_phrase(wanted),
                  weft_type_phrase(got),
                  narrows && !by_division && !is_literal(ast) ? "; only `//` divides to an int" : "");
    if (by_division) weft_diagnose_suggest(e->diagnostics, "//");
}
