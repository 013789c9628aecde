/* Declarations: who sees which name. Finds names defined twice, predefined names, and parameters of impossible types;
 * bodies are looked at later. */
#include "sema/unit.h"

#include <string.h>

typedef struct declarer {
    weft_unit *unit;
    weft_file *file;
    weft_diagnostics *diagnostics;
    bool failed;
} declarer;

static bool is_predefined(const char *name) {
    static const char *const names[] = {"i", "j", "h", "H", "Lq", "Lk", "D"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(name, names[k]) == 0) return true;
    return false;
}

/* Adds a symbol unless its name is taken; `import` is where the name comes in, if it is not defined in this file. */
static bool add(declarer *d, weft_scope *scope, weft_symbol symbol, weft_span import) {
    const weft_ast *ast = symbol.ast;
    const weft_symbol *first = weft_scope_find(scope, symbol.name);
    if (first && first->ast == ast) return true; /* one definition, imported along two ways */
    if (first) {
        weft_diagnose(d->diagnostics, WEFT_E0102, ast->name_span, "`%s` is defined twice", symbol.name);
        weft_diagnose_note(d->diagnostics, first->ast->name_span, "first defined here");
        if (import.source) weft_diagnose_note(d->diagnostics, import, "this import brings the second");
        return false;
    }
    if (!import.source && is_predefined(symbol.name)) {
        weft_diagnose(d->diagnostics, WEFT_E0104, ast->name_span, "`%s` is predefined and cannot be redefined",
                      symbol.name);
        return false;
    }
    if (!weft_scope_add(d->unit->allocator, scope, symbol)) d->failed = true;
    return !d->failed;
}

/* ---- parameters --------------------------------------------------------------------------------------------- */

enum { PARAMETER_TYPES = WEFT_TYPE_SET + 1 }; /* in types.def the types that a parameter may have come first */

static weft_type parameter_type(declarer *d, const weft_ast *definition, const weft_ast *param) {
    if (!param->type) return WEFT_TYPE_INT;
    const char *known[PARAMETER_TYPES];
    for (int type = 0; type < PARAMETER_TYPES; type++) {
        known[type] = weft_type_name((weft_type)type);
        if (strcmp(param->type, known[type]) != 0) continue;
        if (type == WEFT_TYPE_SET && definition->kind == WEFT_AST_PATTERN) {
            weft_diagnose(d->diagnostics, WEFT_E0205, param->type_span,
                          "a pattern's parameter cannot be a set; only those of `set` definitions can");
            return (weft_type)WEFT_TYPE_ERROR;
        }
        return (weft_type)type;
    }
    weft_diagnose(d->diagnostics, WEFT_E0101, param->type_span, "`%s` is not a type", param->type);
    weft_diagnose_suggest(d->diagnostics, weft_closest(param->type, known, PARAMETER_TYPES));
    return (weft_type)WEFT_TYPE_ERROR;
}

static bool is_array(weft_type type) {
    return type == WEFT_TYPE_TOKENS || type == WEFT_TYPE_LABELS || type == WEFT_TYPE_MASK || type == WEFT_TYPE_KEYS ||
           type == WEFT_TYPE_PER_HEAD;
}

static void declare_parameter(declarer *d, weft_definition *definition, const weft_ast *param) {
    uint32_t slot = definition->formal_count++;
    weft_formal *formal = &definition->formals[slot];
    *formal = (weft_formal){.name = {param->name, (uint32_t)strlen(param->name)},
                            .type = parameter_type(d, definition->ast, param)};
    if (param->first && is_array(formal->type))
        weft_diagnose(d->diagnostics, WEFT_E0205, param->first->span,
                      "`%s` is an array of the caller's and cannot have a default", param->name);
    else if (param->first)
        formal->initial = formal->name; /* any text: says that there is one */
    add(d, &definition->locals, (weft_symbol){.name = param->name, .ast = param, .order = slot}, WEFT_NO_SPAN);
}

/* ---- definitions -------------------------------------------------------------------------------------------- */

/* The slots of a definition: parameters, then inner lets. */
static void declare_locals(declarer *d, weft_definition *definition) {
    definition->formals = weft_arena_take(&d->unit->arena, (definition->ast->count + 1) * sizeof(weft_formal));
    if (!definition->formals) {
        d->failed = true;
        return;
    }
    uint32_t slot = 0;
    for (const weft_ast *child = definition->ast->first; child && !d->failed; child = child->next) {
        if (child->kind == WEFT_AST_PARAM) declare_parameter(d, definition, child);
        if (child->kind == WEFT_AST_LET)
            add(d, &definition->locals, (weft_symbol){.name = child->name, .ast = child, .order = slot}, WEFT_NO_SPAN);
        slot += child->kind == WEFT_AST_PARAM || child->kind == WEFT_AST_LET;
    }
}

static void declare_definition(declarer *d, const weft_ast *item, uint32_t order) {
    weft_definition *definition = &d->file->definitions[d->file->definition_count++];
    uint32_t errors = d->diagnostics->errors;
    *definition = (weft_definition){.ast = item, .file = d->file, .order = order};
    add(d, &d->file->scope, (weft_symbol){.name = item->name, .ast = item, .definition = definition, .order = order},
        WEFT_NO_SPAN);
    if (item->kind != WEFT_AST_LET) declare_locals(d, definition);
    definition->broken = d->diagnostics->errors != errors;
}

static void declare_import(declarer *d, const weft_ast *item, const weft_file *imported, uint32_t order) {
    if (!imported || imported->broken || imported->incomplete) d->file->incomplete = true;
    if (!imported) return;
    for (uint32_t k = 0; k < imported->scope.count && !d->failed; k++) {
        weft_symbol symbol = imported->scope.symbols[k];
        symbol.order = order;
        add(d, &d->file->scope, symbol, item->span);
    }
}

bool weft_declare_file(weft_unit *unit, weft_file *file, weft_diagnostics *diagnostics) {
    declarer d = {.unit = unit, .file = file, .diagnostics = diagnostics};
    file->definitions = weft_arena_take(&unit->arena, (file->ast->count + 1) * sizeof *file->definitions);
    if (!file->definitions) return false;
    uint32_t order = 0, imports = 0;
    for (const weft_ast *item = file->ast->first; item && !d.failed; item = item->next, order++) {
        if (item->kind == WEFT_AST_IMPORT)
            declare_import(&d, item, file->imports[imports++], order);
        else
            declare_definition(&d, item, order);
    }
    return !d.failed;
}
