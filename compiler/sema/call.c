/* Names and calls in expressions: variables, atoms, functions, definitions. NAME alone is NAME(). */
#include "sema/elaborate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- matching ----------------------------------------------------------------------------------------------- */

static void too_many(weft_elaborator *e, const weft_ast *call, const weft_ast *extra, uint32_t takes) {
    weft_diagnose(e->diagnostics, WEFT_E0202, extra->span, "`%s` takes %s%.0u argument%s, not %u", call->name,
                  takes ? "" : "no", takes, takes == 1 ? "" : "s", call->count);
}

static void unknown_argument(weft_elaborator *e, const weft_ast *call, const weft_ast *argument,
                             const weft_formal *formals, uint32_t count) {
    weft_diagnose(e->diagnostics, WEFT_E0203, argument->name_span, "`%s` has no argument `%s`", call->name,
                  argument->name);
    const char **names = weft_arena_take(&e->arena, (count + 1) * sizeof *names);
    for (uint32_t k = 0; names && k < count; k++) {
        names[k] = weft_arena_copy(&e->arena, formals[k].name.at, formals[k].name.size);
        if (!names[k]) return;
    }
    const char *closest = names ? weft_closest(argument->name, names, count) : NULL;
    if (closest) weft_diagnose_suggest(e->diagnostics, closest);
}

static bool match_named(weft_elaborator *e, const weft_ast *call, const weft_ast *argument, const weft_formal *formals,
                        uint32_t count, const weft_ast **given) {
    uint32_t k = 0;
    while (k < count && !weft_slice_is(formals[k].name, argument->name)) k++;
    if (k == count) {
        unknown_argument(e, call, argument, formals, count);
        return false;
    }
    if (given[k]) {
        weft_diagnose(e->diagnostics, WEFT_E0203, argument->name_span, "`%s` of `%s` is given twice", argument->name,
                      call->name);
        weft_diagnose_note(e->diagnostics, given[k]->span, "first given here");
        return false;
    }
    given[k] = argument->first;
    return true;
}

bool weft_match_arguments(weft_elaborator *e, const weft_ast *call, const weft_formal *formals, uint32_t count,
                          const weft_ast **given) {
    for (uint32_t k = 0; k < count; k++) given[k] = NULL;
    bool fits = true;
    uint32_t position = 0;
    for (const weft_ast *argument = call->first; argument; argument = argument->next) {
        if (argument->kind == WEFT_AST_ARGUMENT) {
            fits = match_named(e, call, argument, formals, count, given) && fits;
        } else if (position == count) {
            too_many(e, call, argument, count);
            return false;
        } else {
            given[position++] = argument;
        }
    }
    for (uint32_t k = 0; k < count && fits; k++) {
        if (given[k] || formals[k].initial.size) continue;
        weft_diagnose(e->diagnostics, WEFT_E0202, call->name_span, "`%s` needs its argument `%.*s`", call->name,
                      (int)formals[k].name.size, formals[k].name.at);
        fits = false;
    }
    return fits;
}

/* ---- arguments of signatures -------------------------------------------------------------------------------- */

/* "`force` must be `own`, `last` or `none`" */
static void report_word(weft_elaborator *e, const weft_ast *ast, const weft_formal *formal) {
    weft_text words;
    const char *names[8];
    uint32_t count = 0;
    weft_text_init(&words, e->arena.allocator);
    for (weft_slice word; count < 8 && (word = weft_formal_word_at(formal, count)).size; count++) {
        bool last = !weft_formal_word_at(formal, count + 1).size;
        weft_text_format(&words, "%s`%.*s`", count == 0 ? "" : last ? " or " : ", ", (int)word.size, word.at);
        names[count] = weft_arena_copy(&e->arena, word.at, word.size);
    }
    if (words.failed || e->arena.failed) {
        e->arena.failed = true;
    } else {
        weft_diagnose(e->diagnostics, WEFT_E0201, ast->span, "`%.*s` must be %s", (int)formal->name.size,
                      formal->name.at, words.at);
        const char *closest = ast->kind == WEFT_AST_NAME ? weft_closest(ast->name, names, count) : NULL;
        if (closest) weft_diagnose_suggest(e->diagnostics, closest);
    }
    weft_text_release(&words);
}

static weft_typed elaborate_word(weft_elaborator *e, const weft_ast *ast, const weft_formal *formal) {
    bool is_name = ast->kind == WEFT_AST_NAME;
    int32_t place = is_name ? weft_formal_word(formal, ast->name, strlen(ast->name)) : -1;
    if (place >= 0) return weft_leaf(e, WEFT_OP_INT, WEFT_TYPE_INT, (weft_value){.integer = place}, ast->span);
    report_word(e, ast, formal);
    return weft_typed_error();
}

/* A literal one: nothing else has ints. Where memory has failed there is no node to say otherwise. */
static bool is_table_of_ints(const weft_elaborator *e, weft_typed value) {
    const weft_dag *dag = &e->program->dag;
    if (value.type != WEFT_TYPE_TABLE || !value.id) return value.type == WEFT_TYPE_TABLE;
    return weft_node_at(dag, value.id)->op == WEFT_OP_LITERAL &&
           weft_node_at(dag, weft_operand(dag, value.id, 0))->type == WEFT_TYPE_INT;
}

static weft_typed elaborate_argument(weft_elaborator *e, const weft_ast *call, const weft_ast *ast,
                                     const weft_formal *formal) {
    if (formal->type == WEFT_TYPE_WORD) return elaborate_word(e, ast, formal);
    weft_typed value = weft_elaborate(e, ast);
    if (formal->may_be_table && is_table_of_ints(e, value)) return value;
    if (weft_convert(e, &value, formal->type)) return value;
    char what[200];
    snprintf(what, sizeof what, "`%.*s` of `%.80s`", formal->name.size > 80 ? 80 : (int)formal->name.size,
             formal->name.at, call->name);
    weft_mismatch(e, ast, value.type, formal->type, what);
    return weft_typed_error();
}

/* A default as the signature writes it; it stands where the call does. */
static weft_typed elaborate_initial(weft_elaborator *e, const weft_ast *call, const weft_formal *formals, uint32_t k,
                                    const weft_typed *operands) {
    const weft_formal *formal = &formals[k];
    weft_slice text = formal->initial;
    for (uint32_t earlier = 0; earlier < k; earlier++)
        if (formals[earlier].name.size == text.size && memcmp(formals[earlier].name.at, text.at, text.size) == 0)
            return operands[earlier];
    weft_value value = {.integer = 0};
    switch (formal->type) {
    case WEFT_TYPE_WORD: value.integer = weft_formal_word(formal, text.at, text.size); break;
    case WEFT_TYPE_BOOL: value.integer = weft_slice_is(text, "true"); break;
    case WEFT_TYPE_SET:
        return weft_build(e, weft_op_named(text.at, text.size), WEFT_TYPE_SET, value, NULL, 0, call->span);
    default: value.integer = strtoll(text.at, NULL, 10);
    }
    bool truth = formal->type == WEFT_TYPE_BOOL;
    return weft_leaf(e, truth ? WEFT_OP_BOOL : WEFT_OP_INT, truth ? WEFT_TYPE_BOOL : WEFT_TYPE_INT, value, call->span);
}

bool weft_elaborate_formals(weft_elaborator *e, const weft_ast *call, const char *signature, weft_typed *operands,
                            uint32_t *count) {
    weft_formal formals[WEFT_MAX_FORMALS];
    const weft_ast *given[WEFT_MAX_FORMALS];
    *count = 0;
    while (*count < WEFT_MAX_FORMALS && weft_next_formal(&signature, &formals[*count])) ++*count;
    bool fits = weft_match_arguments(e, call, formals, *count, given);
    for (uint32_t k = 0; k < *count; k++) {
        if (given[k])
            operands[k] = elaborate_argument(e, call, given[k], &formals[k]);
        else if (fits)
            operands[k] = elaborate_initial(e, call, formals, k, operands);
        else
            operands[k] = weft_typed_error();
        fits = fits && !weft_is_error(operands[k]);
    }
    return fits;
}

static weft_typed elaborate_atom(weft_elaborator *e, const weft_ast *use, weft_op op) {
    const char *signature = op == WEFT_OP_BLOCKS ? "B: size, S: set" : weft_op_describe(op)->signature;
    weft_typed operands[WEFT_MAX_FORMALS];
    uint32_t count;
    unsigned may = e->may;
    e->may = op == WEFT_ATOM_WHERE ? WEFT_MAY_READ_PAIR : 0;
    bool fits = weft_elaborate_formals(e, use, signature, operands, &count);
    e->may = may;
    if (!fits) return weft_typed_error();
    return weft_build(e, op, WEFT_TYPE_SET, (weft_value){0}, operands, count, use->span);
}

/* ---- functions ---------------------------------------------------------------------------------------------- */

static bool count_fits(weft_elaborator *e, const weft_ast *use, bool many) {
    for (const weft_ast *argument = use->first; argument; argument = argument->next) {
        if (argument->kind != WEFT_AST_ARGUMENT) continue;
        weft_diagnose(e->diagnostics, WEFT_E0203, argument->name_span, "`%s` has no named arguments", use->name);
        return false;
    }
    if (many ? use->count >= 2 : use->count == 1) return true;
    weft_diagnose(e->diagnostics, WEFT_E0202, use->kind == WEFT_AST_NAME ? use->name_span : use->span,
                  "`%s` takes %s, not %u", use->name, many ? "two or more arguments" : "1 argument", use->count);
    return false;
}

static weft_typed function_argument(weft_elaborator *e, const weft_ast *use, const weft_ast *argument, bool floats) {
    weft_typed value = weft_elaborate(e, argument);
    if (floats) weft_convert(e, &value, WEFT_TYPE_FLOAT);
    if (weft_is_error(value) || weft_is_number(value.type)) return value;
    weft_diagnose(e->diagnostics, WEFT_E0201, argument->span, "`%s` takes numbers, but this is %s", use->name,
                  weft_type_phrase(value.type));
    return weft_typed_error();
}

/* min(a, b, c) is min(min(a, b), c). */
static weft_typed elaborate_function(weft_elaborator *e, const weft_ast *use, weft_op op) {
    bool many = op == WEFT_OP_MIN || op == WEFT_OP_MAX, floats = !many && op != WEFT_OP_ABS;
    if (!count_fits(e, use, many)) return weft_typed_error();
    weft_typed result = function_argument(e, use, use->first, floats);
    if (!many) return weft_build(e, op, result.type, (weft_value){0}, &result, 1, use->span);
    for (const weft_ast *argument = use->first->next; argument; argument = argument->next) {
        weft_typed pair[2] = {result, function_argument(e, use, argument, floats)};
        weft_unify(e, &pair[0], &pair[1]);
        result = weft_build(e, op, pair[1].type, (weft_value){0}, pair, 2, use->span);
    }
    return result;
}

/* ---- variables ---------------------------------------------------------------------------------------------- */

static weft_typed elaborate_variable(weft_elaborator *e, const weft_ast *use, weft_op op) {
    if ((op != WEFT_OP_VAR_I && op != WEFT_OP_VAR_J) || (e->may & WEFT_MAY_READ_PAIR))
        return weft_leaf(e, op, WEFT_TYPE_INT, (weft_value){0}, use->span);
    weft_diagnose(e->diagnostics, WEFT_E0106, use->span, "`%s` is known only inside `where` and `bias`", use->name);
    return weft_typed_error();
}

static weft_typed not_a_call(weft_elaborator *e, const weft_ast *use, const char *kind, const weft_symbol *symbol) {
    weft_diagnose(e->diagnostics, WEFT_E0206, use->name_span, "`%s` is %s, which cannot be called", use->name, kind);
    if (symbol) weft_diagnose_note(e->diagnostics, symbol->ast->name_span, "defined here");
    return weft_typed_error();
}

/* A let that is one number is found at fault where it is used: `step = zero` and not `let zero = 0` is what is wrong.
 */
static weft_typed at_use(weft_elaborator *e, const weft_ast *use, weft_typed value, const weft_symbol *symbol) {
    if (symbol->ast->kind != WEFT_AST_LET || weft_is_error(value) || !value.id) return value;
    weft_node node = *weft_node_at(&e->program->dag, value.id);
    bool is_number = weft_is_number((weft_type)node.type) || node.type == WEFT_TYPE_BOOL;
    if (node.arity || !is_number) return value;
    return weft_leaf(e, (weft_op)node.op, (weft_type)node.type, node.value, use->span);
}

weft_typed weft_elaborate_use(weft_elaborator *e, const weft_ast *use) {
    weft_found found = weft_resolve(e, use);
    bool is_call = use->kind == WEFT_AST_CALL;
    switch (found.meaning) {
    case WEFT_MEANS_LOCAL:
        if (!is_call) return at_use(e, use, weft_elaborate_local(e, use, found.symbol), found.symbol);
        return not_a_call(e, use, found.symbol->ast->kind == WEFT_AST_PARAM ? "a parameter" : "a `let`", found.symbol);
    case WEFT_MEANS_DEFINITION:
        if (is_call && found.symbol->ast->kind == WEFT_AST_LET) return not_a_call(e, use, "a `let`", found.symbol);
        return at_use(e, use, weft_expand(e, use, found.symbol->definition), found.symbol);
    case WEFT_MEANS_VARIABLE:
        return is_call ? not_a_call(e, use, "a number", NULL) : elaborate_variable(e, use, found.op);
    case WEFT_MEANS_ALIBI: return is_call ? not_a_call(e, use, "a value", NULL) : weft_elaborate_alibi(e, use);
    case WEFT_MEANS_ATOM: return elaborate_atom(e, use, found.op);
    case WEFT_MEANS_FUNCTION: return elaborate_function(e, use, found.op);
    default: return weft_typed_error();
    }
}
