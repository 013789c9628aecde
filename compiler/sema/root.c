/* A definition for its own sake: its parameters are the program's. */
#include "sema/elaborate.h"

#include <stdio.h>

bool weft_elaborator_init(weft_elaborator *e, const weft_unit *unit, const char *name, const weft_allocator *allocator,
                          weft_diagnostics *diagnostics) {
    *e = (weft_elaborator){.unit = unit, .diagnostics = diagnostics};
    weft_arena_init(&e->arena, allocator);
    e->program = weft_program_create(allocator, name);
    return e->program != NULL;
}

void weft_elaborator_free(weft_elaborator *e) {
    const weft_allocator *allocator = e->arena.allocator;
    weft_program_destroy(e->program);
    weft_free(allocator, e->expansions, e->expansion_capacity * sizeof *e->expansions);
    weft_intern_free(&e->index, allocator);
    weft_arena_free(&e->arena);
}

bool weft_elaborator_failed(const weft_elaborator *e) {
    return !e->program || e->arena.failed || e->program->dag.failed || e->program->arena.failed;
}

/* ---- parameters --------------------------------------------------------------------------------------------- */

static weft_typed elaborate_default(weft_elaborator *e, const weft_ast *param, weft_type type) {
    char what[160];
    snprintf(what, sizeof what, "the default of `%.80s`", param->name);
    weft_typed value = weft_elaborate_as(e, param->first, type, what);
    if (weft_is_error(value)) return value;
    if (value.by_head && e->frame->definition->ast->kind == WEFT_AST_PATTERN) {
        weft_diagnose(e->diagnostics, WEFT_E0106, param->first->span, "a default cannot depend on `h`");
        return weft_typed_error();
    }
    return weft_check_constants(e, value);
}

/* Parameter number k of the program is slot k of the frame. A set that is a parameter stands as an unknown condition.
 */
static void declare_parameter(weft_elaborator *e, const weft_ast *param, uint32_t slot) {
    weft_frame *frame = e->frame;
    weft_type type = frame->definition->formals[slot].type;
    bool error = type == (weft_type)WEFT_TYPE_ERROR;
    weft_typed initial = weft_typed_error();
    frame->filled = slot;
    frame->defaults = true;
    if (param->first && !error && frame->definition->formals[slot].initial.size)
        initial = elaborate_default(e, param, type);
    frame->defaults = false;
    weft_type held = type == WEFT_TYPE_SET || error ? WEFT_TYPE_BOOL : type;
    weft_id node = weft_is_error(initial) || type == WEFT_TYPE_SET ? 0 : initial.id;
    if (weft_program_add_parameter(e->program, param->name, held, node, param->span) == UINT32_MAX)
        e->arena.failed = true;
}

/* ---- bodies ------------------------------------------------------------------------------------------------- */

weft_pattern_parts weft_elaborate_root(weft_elaborator *e, weft_definition *definition) {
    const weft_ast *ast = definition->ast;
    weft_pattern_parts parts = weft_no_parts();
    weft_frame frame = {.definition = definition, .open = true};
    frame.values = weft_arena_take(&e->arena, (ast->count + 1) * sizeof *frame.values);
    if (!frame.values) return parts;
    e->frame = &frame;
    uint32_t slot = 0;
    for (const weft_ast *child = ast->first; child && child->kind == WEFT_AST_PARAM; child = child->next)
        declare_parameter(e, child, slot++);
    frame.filled = slot;
    if (ast->kind == WEFT_AST_PATTERN) {
        parts = weft_elaborate_pattern(e, ast);
    } else {
        parts.set = ast->kind == WEFT_AST_SET ? weft_elaborate_as(e, ast->last, WEFT_TYPE_SET, "the body of a `set`")
                                              : weft_elaborate(e, ast->last);
        parts.set = weft_check_constants(e, parts.set);
    }
    e->frame = NULL;
    return parts;
}
