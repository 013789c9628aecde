/* The one capability check: statements that the language has and this build does not. Later stages never meet
 * them. */
#include "sema/elaborate.h"

static void refuse(weft_diagnostics *diagnostics, weft_span place, const char *name) {
    weft_diagnose(diagnostics, WEFT_E0501, place, "`%s` is not supported by this build", name);
}

void weft_check_capability(const weft_ast *pattern, weft_diagnostics *diagnostics) {
    for (const weft_ast *statement = pattern->first; statement; statement = statement->next) {
        switch (statement->kind) {
        case WEFT_AST_TILE: refuse(diagnostics, statement->span, weft_ast_kind_name(statement->kind)); break;
        default: break;
        }
    }
}
