/* Statements about scores: scale, softcap, bias and sink, and the value alibi. */
#include "sema/elaborate.h"

static weft_typed elaborate_score(weft_elaborator *e, const weft_ast *statement, unsigned may, const char *what) {
    e->may = may;
    weft_typed value = weft_elaborate_as(e, statement->first, WEFT_TYPE_FLOAT, what);
    e->may = 0;
    return weft_check_constants(e, value);
}

weft_typed weft_elaborate_scale(weft_elaborator *e, const weft_ast *statement) {
    return elaborate_score(e, statement, 0, statement->kind == WEFT_AST_SCALE ? "`scale`" : "`softcap`");
}

weft_typed weft_elaborate_bias(weft_elaborator *e, const weft_ast *statement) {
    return elaborate_score(e, statement, WEFT_MAY_READ_PAIR | WEFT_MAY_READ_SLOPES, "`bias`");
}

weft_typed weft_elaborate_sink(weft_elaborator *e, const weft_ast *statement) {
    weft_found found = weft_resolve(e, statement);
    if (found.meaning == WEFT_MEANS_NOTHING) return weft_typed_error();
    weft_typed value = {.type = (weft_type)WEFT_TYPE_COUNT};
    if (found.meaning == WEFT_MEANS_LOCAL) {
        value = weft_elaborate_local(e, statement, found.symbol);
        if (weft_is_error(value)) return value;
    }
    if (value.type == WEFT_TYPE_PER_HEAD) return value;
    weft_diagnose(e->diagnostics, WEFT_E0201, statement->name_span, "`sink` needs a per_head parameter of the pattern");
    return weft_typed_error();
}

/* The slope is a factor of its own, so that |i - j| stays a small int for as long as it can. */
weft_typed weft_elaborate_alibi(weft_elaborator *e, const weft_ast *use) {
    if (!(e->may & WEFT_MAY_READ_SLOPES)) {
        weft_diagnose(e->diagnostics, WEFT_E0106, use->span, "`alibi` is a value for `bias` alone");
        return weft_typed_error();
    }
    weft_value none = {0};
    weft_span place = use->span;
    weft_typed pair[2] = {weft_leaf(e, WEFT_OP_VAR_I, WEFT_TYPE_INT, none, place),
                          weft_leaf(e, WEFT_OP_VAR_J, WEFT_TYPE_INT, none, place)};
    weft_typed distance = weft_build(e, WEFT_OP_SUB, WEFT_TYPE_INT, none, pair, 2, place);
    distance = weft_build(e, WEFT_OP_ABS, WEFT_TYPE_INT, none, &distance, 1, place);
    weft_convert(e, &distance, WEFT_TYPE_FLOAT);
    weft_typed slope = weft_leaf(e, WEFT_OP_SLOPE, WEFT_TYPE_FLOAT, none, place);
    weft_typed factors[2] = {weft_build(e, WEFT_OP_NEG, WEFT_TYPE_FLOAT, none, &slope, 1, place), distance};
    factors[0].by_head = true;
    return weft_build(e, WEFT_OP_MUL, WEFT_TYPE_FLOAT, none, factors, 2, place);
}
