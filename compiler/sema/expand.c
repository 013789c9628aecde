/* Definitions at their use: the body anew, seeing its own scope and the call's arguments. Equal uses (same definition,
 * same argument nodes) are found again, which keeps sets that double their argument linear. */
#include "sema/elaborate.h"

#include <stdio.h>
#include <string.h>

/* ---- the table ---------------------------------------------------------------------------------------------- */

static uint64_t hash_use(const weft_definition *definition, const weft_id *arguments) {
    uint64_t hash = weft_hash(0, (uint64_t)(uintptr_t)definition);
    for (uint32_t k = 0; k < definition->formal_count; k++) hash = weft_hash(hash, arguments[k]);
    return hash;
}

static const weft_expansion *find_expansion(weft_elaborator *e, const weft_definition *definition,
                                            const weft_id *arguments, uint64_t hash) {
    weft_probe probe = weft_intern_find(&e->index, hash);
    for (uint32_t number; (number = weft_intern_next(&e->index, &probe));) {
        const weft_expansion *known = &e->expansions[number - 1];
        size_t size = definition->formal_count * sizeof *arguments;
        if (known->definition == definition && (!size || memcmp(known->arguments, arguments, size) == 0)) return known;
    }
    return NULL;
}

static void keep_expansion(weft_elaborator *e, weft_expansion expansion, uint64_t hash) {
    const weft_allocator *allocator = e->arena.allocator;
    if (!weft_intern_reserve(&e->index, allocator) ||
        !weft_reserve(allocator, &e->expansions, &e->expansion_capacity, (uint64_t)e->expansion_count + 1,
                      sizeof expansion)) {
        e->arena.failed = true;
        return;
    }
    e->expansions[e->expansion_count++] = expansion;
    weft_intern_add(&e->index, hash, e->expansion_count);
}

/* ---- bodies ------------------------------------------------------------------------------------------------- */

static weft_typed elaborate_body(weft_elaborator *e, const weft_definition *definition) {
    const weft_ast *ast = definition->ast;
    if (ast->kind == WEFT_AST_PATTERN) return weft_elaborate_pattern(e, ast).set;
    if (ast->kind == WEFT_AST_SET) return weft_elaborate_as(e, ast->last, WEFT_TYPE_SET, "the body of a `set`");
    return weft_elaborate(e, ast->last);
}

static weft_typed expand_in(weft_elaborator *e, weft_frame *frame) {
    weft_frame *outer = e->frame;
    unsigned may = e->may;
    e->frame = frame;
    e->may = 0;
    weft_typed result = elaborate_body(e, frame->definition);
    e->frame = outer;
    e->may = may;
    return result;
}

/* ---- arguments ---------------------------------------------------------------------------------------------- */

static weft_typed elaborate_argument(weft_elaborator *e, const weft_ast *use, const weft_ast *given,
                                     const weft_formal *formal) {
    weft_typed value = weft_elaborate(e, given);
    if (formal->type == (weft_type)WEFT_TYPE_ERROR) return weft_typed_error();
    if (weft_convert(e, &value, formal->type)) return value;
    char what[200];
    snprintf(what, sizeof what, "`%.80s` of `%.80s`", formal->name.at, use->name);
    weft_mismatch(e, given, value.type, formal->type, what);
    return weft_typed_error();
}

/* A default sees the file that it is written in, never the caller. */
static weft_typed elaborate_default(weft_elaborator *e, weft_frame *frame, uint32_t slot) {
    const weft_ast *param = frame->definition->ast->first;
    for (uint32_t k = 0; k < slot; k++) param = param->next;
    weft_frame *outer = e->frame;
    unsigned may = e->may;
    frame->filled = slot; /* earlier parameters are in scope, to be refused by name */
    e->frame = frame;
    e->may = 0;
    weft_typed value = weft_elaborate(e, param->first);
    weft_convert(e, &value, frame->definition->formals[slot].type);
    frame->filled = frame->definition->formal_count;
    e->frame = outer;
    e->may = may;
    return value;
}

static bool elaborate_arguments(weft_elaborator *e, const weft_ast *use, weft_frame *frame) {
    const weft_definition *definition = frame->definition;
    uint32_t count = definition->formal_count;
    const weft_ast **given = weft_arena_take(&e->arena, (count + 1) * sizeof *given);
    if (!given) return false;
    bool fits = weft_match_arguments(e, use, definition->formals, count, given);
    for (uint32_t k = 0; k < count; k++) {
        if (given[k])
            frame->values[k] = elaborate_argument(e, use, given[k], &definition->formals[k]);
        else
            frame->values[k] = fits && !definition->broken ? elaborate_default(e, frame, k) : weft_typed_error();
        fits = fits && !weft_is_error(frame->values[k]);
    }
    return fits;
}

/* ---- a use -------------------------------------------------------------------------------------------------- */

static bool usable(weft_elaborator *e, const weft_ast *use, const weft_definition *definition) {
    if (definition->broken) return false;
    if (definition->ast->kind != WEFT_AST_PATTERN) return true;
    const weft_ast *obstacle = weft_pattern_obstacle(definition->ast);
    if (!obstacle) return true;
    weft_diagnose(e->diagnostics, WEFT_E0108, use->name_span,
                  "`%s` cannot be used as a set: it says more than `attend`, `heads`, `let` and `require`", use->name);
    weft_diagnose_note(e->diagnostics, obstacle->span, "this has no place in a set");
    return false;
}

weft_typed weft_expand(weft_elaborator *e, const weft_ast *use, weft_definition *definition) {
    uint32_t count = definition->formal_count;
    weft_frame frame = {.definition = definition, .filled = count, .defaults = true};
    frame.values = weft_arena_take(&e->arena, (definition->ast->count + 1) * sizeof *frame.values);
    if (!frame.values || !elaborate_arguments(e, use, &frame) || !usable(e, use, definition)) return weft_typed_error();
    frame.defaults = false;
    weft_id *arguments = weft_arena_take(&e->arena, (count + 1) * sizeof *arguments);
    if (!arguments) return weft_typed_error();
    weft_expansion expansion = {.definition = definition, .arguments = arguments};
    for (uint32_t k = 0; k < count; k++) arguments[k] = frame.values[k].id;
    uint64_t hash = hash_use(definition, arguments);
    const weft_expansion *known = find_expansion(e, definition, arguments, hash);
    if (known) return known->result;
    expansion.result = expand_in(e, &frame);
    keep_expansion(e, expansion, hash);
    return expansion.result;
}
