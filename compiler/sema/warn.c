/* The warnings of a file, definition by definition. */
#include "sema/warn.h"

bool weft_is_within(const weft_warner *w, weft_span place) {
    weft_span whole = w->definition->ast->span;
    return place.source == whole.source && place.begin >= whole.begin && place.end <= whole.end;
}

bool weft_take_work(const weft_warner *w, uint64_t amount) {
    bool enough = *w->work >= amount;
    *w->work -= enough ? amount : *w->work;
    return enough;
}

const weft_ast *weft_statement_of(const weft_warner *w, weft_ast_kind kind) {
    for (const weft_ast *child = w->definition->ast->first; child; child = child->next)
        if (child->kind == kind) return child;
    return NULL;
}

static void warn(const weft_warner *w) {
    bool is_pattern = w->definition->ast->kind == WEFT_AST_PATTERN;
    if (is_pattern) weft_warn_scores(w);
    if (w->parts->set.type != WEFT_TYPE_SET || !w->parts->set.id) return;
    weft_warn_halves(w);
    if (is_pattern) weft_warn_seeds(w);
    if (is_pattern) weft_warn_tile(w);
    weft_warn_sets(w);
}

static bool warn_about(const weft_unit *unit, weft_definition *definition, uint64_t *work,
                       weft_diagnostics *diagnostics) {
    weft_elaborator e;
    bool done = weft_elaborator_init(&e, unit, definition->ast->name, unit->allocator, diagnostics);
    if (done) {
        weft_pattern_parts parts = weft_elaborate_root(&e, definition);
        weft_warner w = {&e, definition, &parts, work};
        if (weft_take_work(&w, e.terms) && !weft_elaborator_failed(&e)) warn(&w);
    }
    done = done && !weft_elaborator_failed(&e);
    weft_elaborator_free(&e);
    return done;
}

bool weft_warn_unit(const weft_unit *unit, weft_diagnostics *diagnostics) {
    uint64_t work = 1u << 18; /* some 20 ms */
    const weft_file *file = unit->root;
    for (uint32_t k = 0; k < file->definition_count && work > 0; k++)
        if (!warn_about(unit, &file->definitions[k], &work, diagnostics)) return false;
    return true;
}
