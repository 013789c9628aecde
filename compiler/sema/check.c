/* Checking a file: every definition, used or not, is elaborated once with its parameters open. */
#include "sema/elaborate.h"

/* What was found wrong in the definition itself makes it broken; uses of it then say nothing. */
static bool check_definition(const weft_unit *unit, weft_definition *definition, weft_check_budget *budget,
                             weft_diagnostics *diagnostics) {
    weft_elaborator e;
    uint32_t errors = diagnostics->errors;
    bool done = weft_elaborator_init(&e, unit, definition->ast->name, unit->allocator, diagnostics);
    if (done) {
        e.folds = budget->folds;
        weft_typed value = weft_elaborate_root(&e, definition).set;
        definition->broken |= weft_is_error(value) || diagnostics->errors != errors;
        budget->terms -= e.terms < budget->terms ? e.terms : budget->terms;
        budget->folds = e.folds;
    }
    done = done && !weft_elaborator_failed(&e);
    weft_elaborator_free(&e);
    return done;
}

bool weft_check_file(const weft_unit *unit, weft_file *file, weft_check_budget *budget, weft_diagnostics *diagnostics) {
    for (uint32_t k = 0; k < file->definition_count; k++) {
        weft_definition *definition = &file->definitions[k];
        if (!budget->terms) {
            weft_diagnose(diagnostics, WEFT_E0009, definition->ast->name_span,
                          "the file's definitions grow beyond what can be checked when they are expanded");
            return true;
        }
        if (!check_definition(unit, definition, budget, diagnostics)) return false;
    }
    return true;
}
