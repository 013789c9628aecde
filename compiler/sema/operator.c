/* Operators: numbers, conditions and sets share one grammar, and the types of the operands tell them apart. */
#include "sema/elaborate.h"

/* What an operator does to each kind of operand; INVALID where it does nothing. `other` is what was probably meant
 * where the operands are of the kind named. */
typedef struct operator_info {
    weft_op numbers, bools, sets;
    weft_type result; /* of numbers and bools; INT: the operands' type */
    bool swapped;     /* a > b is b < a */
    const char *takes;
    const char *for_bools, *for_sets, *for_numbers;
} operator_info;

static const operator_info operators[] = {
    [WEFT_OPERATOR_OR] = {.bools = WEFT_OP_OR, .result = WEFT_TYPE_BOOL, .takes = "bools", .for_sets = "|"},
    [WEFT_OPERATOR_AND] = {.bools = WEFT_OP_AND, .result = WEFT_TYPE_BOOL, .takes = "bools", .for_sets = "&"},
    [WEFT_OPERATOR_NOT] = {.bools = WEFT_OP_NOT, .result = WEFT_TYPE_BOOL, .takes = "a bool", .for_sets = "~"},
    [WEFT_OPERATOR_EQ] = {.numbers = WEFT_OP_EQ,
                          .bools = WEFT_OP_EQ,
                          .result = WEFT_TYPE_BOOL,
                          .takes = "numbers or bools"},
    [WEFT_OPERATOR_NE] = {.numbers = WEFT_OP_NE,
                          .bools = WEFT_OP_NE,
                          .result = WEFT_TYPE_BOOL,
                          .takes = "numbers or bools"},
    [WEFT_OPERATOR_LT] = {.numbers = WEFT_OP_LT, .result = WEFT_TYPE_BOOL, .takes = "numbers"},
    [WEFT_OPERATOR_LE] = {.numbers = WEFT_OP_LE, .result = WEFT_TYPE_BOOL, .takes = "numbers"},
    [WEFT_OPERATOR_GT] = {.numbers = WEFT_OP_LT, .result = WEFT_TYPE_BOOL, .swapped = true, .takes = "numbers"},
    [WEFT_OPERATOR_GE] = {.numbers = WEFT_OP_LE, .result = WEFT_TYPE_BOOL, .swapped = true, .takes = "numbers"},
    [WEFT_OPERATOR_UNION] = {.sets = WEFT_OP_UNION, .takes = "sets", .for_bools = "or", .for_numbers = "+"},
    [WEFT_OPERATOR_INTERSECTION] = {.sets = WEFT_OP_INTERSECTION, .takes = "sets", .for_bools = "and"},
    [WEFT_OPERATOR_ADD] = {.numbers = WEFT_OP_ADD, .takes = "numbers", .for_sets = "|"},
    [WEFT_OPERATOR_SUB] = {.numbers = WEFT_OP_SUB, .sets = WEFT_OP_DIFFERENCE, .takes = "numbers or sets"},
    [WEFT_OPERATOR_MUL] = {.numbers = WEFT_OP_MUL, .takes = "numbers", .for_sets = "&"},
    [WEFT_OPERATOR_DIV] = {.numbers = WEFT_OP_DIV, .result = WEFT_TYPE_FLOAT, .takes = "numbers"},
    [WEFT_OPERATOR_FLOORDIV] = {.numbers = WEFT_OP_FLOORDIV, .takes = "ints"},
    [WEFT_OPERATOR_MOD] = {.numbers = WEFT_OP_MOD, .takes = "ints"},
    [WEFT_OPERATOR_NEG] = {.numbers = WEFT_OP_NEG, .takes = "a number", .for_sets = "~", .for_bools = "not"},
    [WEFT_OPERATOR_COMPLEMENT] = {.sets = WEFT_OP_COMPLEMENT, .takes = "a set", .for_bools = "not", .for_numbers = "-"},
};

bool weft_is_number(weft_type type) { return type == WEFT_TYPE_INT || type == WEFT_TYPE_FLOAT; }

void weft_unify(weft_elaborator *e, weft_typed *left, weft_typed *right) {
    if (left->type == WEFT_TYPE_FLOAT) weft_convert(e, right, WEFT_TYPE_FLOAT);
    if (right->type == WEFT_TYPE_FLOAT) weft_convert(e, left, WEFT_TYPE_FLOAT);
}

/* The node that the operator makes of operands of that type. */
static weft_op operation_for(const weft_ast *ast, weft_type type) {
    const operator_info *info = &operators[ast->op];
    bool ints_only = ast->op == WEFT_OPERATOR_FLOORDIV || ast->op == WEFT_OPERATOR_MOD;
    if (type == WEFT_TYPE_BOOL) return info->bools;
    if (type == WEFT_TYPE_SET) return info->sets;
    if (type == WEFT_TYPE_INT || (type == WEFT_TYPE_FLOAT && !ints_only)) return info->numbers;
    return WEFT_OP_INVALID;
}

static const char *meant_for(const weft_ast *ast, weft_type type) {
    const operator_info *info = &operators[ast->op];
    if (type == WEFT_TYPE_BOOL) return info->for_bools;
    if (type == WEFT_TYPE_SET) return info->for_sets;
    return weft_is_number(type) ? info->for_numbers : NULL;
}

/* ---- complaints --------------------------------------------------------------------------------------------- */

/* All operands are alike and the operator is the wrong one: that is where to point. */
static void wrong_operator(weft_elaborator *e, const weft_ast *ast, weft_type type) {
    weft_diagnose(e->diagnostics, WEFT_E0201, ast->name_span, "`%s` takes %s, not %s", weft_operator_text(ast->op),
                  operators[ast->op].takes, weft_type_phrase(type));
    const char *meant = meant_for(ast, type);
    if (meant) weft_diagnose_suggest(e->diagnostics, meant);
}

static void wrong_operand(weft_elaborator *e, const weft_ast *ast, const weft_ast *operand, weft_type type) {
    weft_diagnose(e->diagnostics, WEFT_E0201, operand->span, "`%s` takes %s, but this is %s",
                  weft_operator_text(ast->op), operators[ast->op].takes, weft_type_phrase(type));
}

static void wrong_pair(weft_elaborator *e, const weft_ast *ast, weft_type left, weft_type right) {
    weft_diagnose(e->diagnostics, WEFT_E0201, ast->name_span, "`%s` cannot join %s and %s", weft_operator_text(ast->op),
                  weft_type_phrase(left), weft_type_phrase(right));
}

static bool alike(weft_type left, weft_type right) {
    return left == right || (weft_is_number(left) && weft_is_number(right));
}

/* Says what is wrong with two operands, if anything is. */
static bool operands_fit(weft_elaborator *e, const weft_ast *ast, weft_typed left, weft_typed right) {
    if (weft_is_error(left) || weft_is_error(right)) return false;
    bool left_fits = operation_for(ast, left.type), right_fits = operation_for(ast, right.type);
    if (left_fits && right_fits && alike(left.type, right.type)) return true;
    if (left_fits && right_fits)
        wrong_pair(e, ast, left.type, right.type);
    else if (left_fits)
        wrong_operand(e, ast, ast->last, right.type);
    else if (right_fits)
        wrong_operand(e, ast, ast->first, left.type);
    else
        wrong_operator(e, ast, left.type);
    return false;
}

/* ---- unary -------------------------------------------------------------------------------------------------- */

/* -3 is one constant. */
static weft_typed negative_literal(weft_elaborator *e, const weft_ast *ast) {
    const weft_ast *literal = ast->first;
    if (literal->kind == WEFT_AST_INT)
        return weft_leaf(e, WEFT_OP_INT, WEFT_TYPE_INT, (weft_value){.integer = -literal->value.integer}, ast->span);
    return weft_leaf(e, WEFT_OP_FLOAT, WEFT_TYPE_FLOAT, (weft_value){.real = -literal->value.real}, ast->span);
}

weft_typed weft_elaborate_unary(weft_elaborator *e, const weft_ast *ast) {
    if (ast->op == WEFT_OPERATOR_NEG && (ast->first->kind == WEFT_AST_INT || ast->first->kind == WEFT_AST_FLOAT))
        return negative_literal(e, ast);
    weft_typed operand = weft_elaborate(e, ast->first);
    if (weft_is_error(operand)) return operand;
    weft_op op = operation_for(ast, operand.type);
    if (op) return weft_build(e, op, operand.type, (weft_value){0}, &operand, 1, ast->span);
    wrong_operator(e, ast, operand.type);
    return weft_typed_error();
}

/* ---- binary ------------------------------------------------------------------------------------------------- */

/* The operands of a | b | c from left to right, and where each is written. */
static const weft_ast **chain_operands(weft_elaborator *e, const weft_ast *ast, uint32_t *count) {
    *count = 1;
    for (const weft_ast *link = ast; link->kind == WEFT_AST_BINARY && link->op == ast->op; link = link->first) ++*count;
    const weft_ast **operands = weft_arena_take(&e->arena, *count * sizeof *operands);
    const weft_ast *link = ast;
    for (uint32_t k = *count; operands && k-- > 0; link = link->first) operands[k] = k ? link->last : link;
    return operands;
}

/* Every operand must be a set; where none is, the operator is the wrong one. */
static bool chain_fits(weft_elaborator *e, const weft_ast *ast, const weft_ast **places, const weft_typed *values,
                       uint32_t count) {
    uint32_t misfits = 0;
    for (uint32_t k = 0; k < count; k++)
        misfits += values[k].type != WEFT_TYPE_SET && alike(values[k].type, values[0].type);
    if (misfits == count) {
        if (!weft_is_error(values[0])) wrong_operator(e, ast, values[0].type);
        return false;
    }
    bool fits = true;
    for (uint32_t k = 0; k < count; k++) {
        if (values[k].type == WEFT_TYPE_SET) continue;
        if (!weft_is_error(values[k])) wrong_operand(e, ast, places[k], values[k].type);
        fits = false;
    }
    return fits;
}

/* a | b | c is one union of three: chains are long where patterns are written by programs. */
static weft_typed elaborate_chain(weft_elaborator *e, const weft_ast *ast) {
    uint32_t count;
    const weft_ast **places = chain_operands(e, ast, &count);
    weft_typed *values = weft_arena_take(&e->arena, count * sizeof *values);
    if (!places || !values) return weft_typed_error();
    for (uint32_t k = 0; k < count; k++) values[k] = weft_elaborate(e, places[k]);
    if (!chain_fits(e, ast, places, values, count)) return weft_typed_error();
    return weft_build(e, operators[ast->op].sets, WEFT_TYPE_SET, (weft_value){0}, values, count, ast->span);
}

weft_typed weft_elaborate_binary(weft_elaborator *e, const weft_ast *ast) {
    if (ast->op == WEFT_OPERATOR_UNION || ast->op == WEFT_OPERATOR_INTERSECTION) return elaborate_chain(e, ast);
    weft_typed left = weft_elaborate(e, ast->first), right = weft_elaborate(e, ast->last);
    if (!operands_fit(e, ast, left, right)) return weft_typed_error();
    const operator_info *info = &operators[ast->op];
    if (ast->op == WEFT_OPERATOR_DIV) weft_convert(e, &left, WEFT_TYPE_FLOAT);
    weft_unify(e, &left, &right);
    weft_type type = info->result != WEFT_TYPE_INT ? info->result : left.type;
    weft_typed operands[2] = {info->swapped ? right : left, info->swapped ? left : right};
    return weft_build(e, operation_for(ast, left.type), type, (weft_value){0}, operands, 2, ast->span);
}

/* ---- c ? x : y ---------------------------------------------------------------------------------------------- */

static bool may_be_chosen(weft_type type) {
    return weft_is_number(type) || type == WEFT_TYPE_BOOL || type == WEFT_TYPE_SET;
}

static bool branches_fit(weft_elaborator *e, const weft_ast *ast, weft_typed yes, weft_typed no) {
    if (weft_is_error(yes) || weft_is_error(no)) return false;
    if (may_be_chosen(yes.type) && alike(yes.type, no.type)) return true;
    if (alike(yes.type, no.type))
        weft_diagnose(e->diagnostics, WEFT_E0201, ast->last->span,
                      "`?:` chooses between numbers, bools or sets, not %s", weft_type_phrase(yes.type));
    else
        weft_diagnose(e->diagnostics, WEFT_E0201, ast->last->span, "the branches of `?:` differ: %s, then %s",
                      weft_type_phrase(yes.type), weft_type_phrase(no.type));
    return false;
}

weft_typed weft_elaborate_select(weft_elaborator *e, const weft_ast *ast) {
    weft_typed condition = weft_elaborate_as(e, ast->first, WEFT_TYPE_BOOL, "the condition of `?:`");
    weft_typed yes = weft_elaborate(e, ast->first->next), no = weft_elaborate(e, ast->last);
    if (!branches_fit(e, ast, yes, no) || weft_is_error(condition)) return weft_typed_error();
    weft_unify(e, &yes, &no);
    weft_typed operands[3] = {condition, yes, no};
    return weft_build(e, WEFT_OP_SELECT, yes.type, (weft_value){0}, operands, 3, ast->span);
}
