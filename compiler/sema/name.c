/* What names stand for: parameters and inner lets, then definitions in file order, then what the language brings. */
#include "sema/elaborate.h"

#include <string.h>

/* ---- what the language brings ------------------------------------------------------------------------------- */

typedef struct builtin {
    const char *name;
    weft_meaning meaning;
    weft_op op;
} builtin;

static const builtin builtins[] = {
    {"i", WEFT_MEANS_VARIABLE, WEFT_OP_VAR_I},    {"j", WEFT_MEANS_VARIABLE, WEFT_OP_VAR_J},
    {"h", WEFT_MEANS_VARIABLE, WEFT_OP_VAR_HEAD}, {"H", WEFT_MEANS_VARIABLE, WEFT_OP_VAR_HEADS},
    {"Lq", WEFT_MEANS_VARIABLE, WEFT_OP_VAR_LQ},  {"Lk", WEFT_MEANS_VARIABLE, WEFT_OP_VAR_LK},
    {"D", WEFT_MEANS_VARIABLE, WEFT_OP_VAR_DIM},  {"alibi", WEFT_MEANS_ALIBI, WEFT_OP_INVALID},
    {"min", WEFT_MEANS_FUNCTION, WEFT_OP_MIN},    {"max", WEFT_MEANS_FUNCTION, WEFT_OP_MAX},
    {"abs", WEFT_MEANS_FUNCTION, WEFT_OP_ABS},    {"sqrt", WEFT_MEANS_FUNCTION, WEFT_OP_SQRT},
    {"log", WEFT_MEANS_FUNCTION, WEFT_OP_LOG},    {"exp", WEFT_MEANS_FUNCTION, WEFT_OP_EXP},
    {"log2", WEFT_MEANS_FUNCTION, WEFT_OP_LOG2},  {"exp2", WEFT_MEANS_FUNCTION, WEFT_OP_EXP2},
    {"tanh", WEFT_MEANS_FUNCTION, WEFT_OP_TANH},  {"blocks", WEFT_MEANS_ATOM, WEFT_OP_BLOCKS},
#define ATOM(enum_, name, signature, traits) {#name, WEFT_MEANS_ATOM, WEFT_ATOM_##enum_},
#include "set/atoms.def"
#undef ATOM
};
enum { BUILTINS = sizeof builtins / sizeof *builtins };

static const builtin *find_builtin(const char *name) {
    for (size_t k = 0; k < BUILTINS; k++)
        if (strcmp(builtins[k].name, name) == 0) return &builtins[k];
    return NULL;
}

/* ---- lookup ------------------------------------------------------------------------------------------------- */

/* A symbol that is there but cannot be seen yet: defined further down, or being defined. */
typedef struct unseen {
    const weft_symbol *symbol;
    bool recursive;
} unseen;

static void keep_hidden(unseen *hidden, const weft_symbol *symbol, bool recursive) {
    if (!hidden->symbol) *hidden = (unseen){symbol, recursive};
}

static const weft_symbol *find_local(const weft_frame *frame, const char *name, unseen *hidden) {
    const weft_symbol *symbol = weft_scope_find(&frame->definition->locals, name);
    if (!symbol || symbol->order < frame->filled) return symbol;
    if (symbol->ast->kind == WEFT_AST_LET)
        keep_hidden(hidden, symbol, frame->defining && symbol->order == frame->filled);
    return NULL;
}

static const weft_symbol *find_definition(const weft_frame *frame, const char *name, unseen *hidden) {
    const weft_definition *user = frame->definition;
    const weft_symbol *symbol = weft_scope_find(&user->file->scope, name);
    if (!symbol || symbol->order < user->order) return symbol;
    keep_hidden(hidden, symbol, symbol->order == user->order);
    return NULL;
}

/* ---- complaints --------------------------------------------------------------------------------------------- */

static void suggest(weft_elaborator *e, const char *name) {
    const weft_frame *frame = e->frame;
    const weft_scope *file = &frame->definition->file->scope, *locals = &frame->definition->locals;
    const char **visible = weft_arena_take(&e->arena, (file->count + locals->count + BUILTINS) * sizeof *visible);
    if (!visible) return;
    size_t count = 0;
    for (uint32_t k = 0; k < locals->count; k++)
        if (locals->symbols[k].order < frame->filled) visible[count++] = locals->symbols[k].name;
    for (uint32_t k = 0; k < file->count; k++)
        if (file->symbols[k].order < frame->definition->order) visible[count++] = file->symbols[k].name;
    for (size_t k = 0; k < BUILTINS; k++) visible[count++] = builtins[k].name;
    const char *closest = weft_closest(name, visible, count);
    if (closest) weft_diagnose_suggest(e->diagnostics, closest);
}

static void report_unseen(weft_elaborator *e, const weft_ast *use, unseen hidden) {
    weft_diagnostics *d = e->diagnostics;
    if (hidden.symbol) {
        weft_diagnose(d, hidden.recursive ? WEFT_E0103 : WEFT_E0105, use->name_span, "`%s` is used %s its definition",
                      use->name, hidden.recursive ? "inside" : "before");
        weft_diagnose_note(d, hidden.symbol->ast->name_span, "defined here");
    } else if (!e->frame->definition->file->incomplete) {
        weft_diagnose(d, WEFT_E0101, use->name_span, "unknown name `%s`", use->name);
        if (d->errors <= WEFT_MAX_REPORTS) suggest(e, use->name);
    }
}

weft_found weft_resolve(weft_elaborator *e, const weft_ast *use) {
    unseen hidden = {0};
    const weft_symbol *symbol = find_local(e->frame, use->name, &hidden);
    if (symbol) return (weft_found){.meaning = WEFT_MEANS_LOCAL, .symbol = symbol};
    symbol = find_definition(e->frame, use->name, &hidden);
    if (symbol) return (weft_found){.meaning = WEFT_MEANS_DEFINITION, .symbol = symbol};
    const builtin *known = find_builtin(use->name);
    if (known) return (weft_found){.meaning = known->meaning, .op = known->op};
    report_unseen(e, use, hidden);
    return (weft_found){0};
}

/* ---- parameters and inner lets ------------------------------------------------------------------------------ */

/* A parameter that nobody has given a value. A set stands open too: any set at all, that is, `where` of an unknown. */
static weft_typed open_parameter(weft_elaborator *e, const weft_ast *use, uint32_t slot) {
    weft_type type = e->frame->definition->formals[slot].type;
    weft_value number = {.integer = slot};
    if (type != WEFT_TYPE_SET) return weft_leaf(e, WEFT_OP_PARAM, type, number, use->span);
    weft_typed unknown = weft_leaf(e, WEFT_OP_PARAM, WEFT_TYPE_BOOL, number, use->span);
    return weft_build(e, WEFT_ATOM_WHERE, WEFT_TYPE_SET, (weft_value){0}, &unknown, 1, use->span);
}

weft_typed weft_elaborate_local(weft_elaborator *e, const weft_ast *use, const weft_symbol *symbol) {
    bool is_parameter = symbol->ast->kind == WEFT_AST_PARAM;
    if (is_parameter && e->frame->defaults) {
        weft_diagnose(e->diagnostics, WEFT_E0106, use->span, "a default cannot depend on the parameter `%s`",
                      use->name);
        return weft_typed_error();
    }
    if (!is_parameter || !e->frame->open) return e->frame->values[symbol->order];
    if (e->frame->definition->formals[symbol->order].type == (weft_type)WEFT_TYPE_ERROR) return weft_typed_error();
    return open_parameter(e, use, symbol->order);
}
