/* The words of the AST's two lists. */
#include "ast/ast.h"

const char *weft_operator_text(weft_operator op) {
    static const char *const texts[] = {"",
#define OPERATOR(enum_, text) text,
                                        WEFT_OPERATORS(OPERATOR)
#undef OPERATOR
    };
    return texts[op];
}

const char *weft_ast_kind_name(weft_ast_kind kind) {
    static const char *const names[] = {
#define AST(enum_, name, children) name,
#include "ast/ast.def"
#undef AST
    };
    return names[kind];
}
