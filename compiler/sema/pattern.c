/* The statements of a pattern. */
#include "sema/elaborate.h"

#include <string.h>

typedef struct statements {
    weft_elaborator *e;
    const weft_ast *pattern;
    const weft_ast *seen[WEFT_AST_KIND_COUNT];
    uint32_t slot; /* of the next let */
    weft_typed attend;
    weft_pattern_parts parts;
    const weft_ast *relu; /* the method of `approximate`, when it stands for all of the set */
    weft_typed *clauses;  /* heads: list, set, list, set, … */
    uint32_t clause_count;
    bool wrong; /* something that the set is made of has an error */
} statements;

static bool is_error(statements *s, weft_typed value) {
    bool error = weft_is_error(value);
    s->wrong |= error;
    return error;
}

/* ---- statements that make the set --------------------------------------------------------------------------- */

static void elaborate_let(statements *s, const weft_ast *let) {
    weft_frame *frame = s->e->frame;
    frame->defining = true;
    weft_typed value = weft_elaborate(s->e, let->last);
    frame->defining = false;
    frame->values[s->slot] = weft_check_constants(s->e, value);
    frame->filled = ++s->slot;
}

static void elaborate_heads(statements *s, const weft_ast *clause) {
    weft_typed list = weft_elaborate_as(s->e, clause->first, WEFT_TYPE_LIST, "the heads of a clause");
    if (list.by_head && !weft_is_error(list)) {
        weft_diagnose(s->e->diagnostics, WEFT_E0106, clause->first->span, "the heads of a clause cannot depend on `h`");
        list = weft_typed_error();
    }
    weft_typed set = weft_elaborate_as(s->e, clause->last, WEFT_TYPE_SET, "what heads attend to");
    if (is_error(s, list) || is_error(s, set)) return;
    s->clauses[s->clause_count++] = list;
    s->clauses[s->clause_count++] = set;
}

/* ---- statements about how it is computed -------------------------------------------------------------------- */

static void elaborate_tile(statements *s, const weft_ast *tile) {
    uint32_t k = 0;
    for (const weft_ast *side = tile->first; side; side = side->next) {
        weft_typed value = weft_elaborate_as(s->e, side, WEFT_TYPE_INT, "a side of `tile`");
        weft_check_size(s->e, value, "a side of `tile`");
        s->parts.tile[k++] = value;
    }
}

/* One W serves all heads. */
static void check_for_all_heads(statements *s, weft_typed value, const char *what) {
    if (weft_is_error(value) || !value.by_head) return;
    weft_diagnose(s->e->diagnostics, WEFT_E0106, weft_node_at(&s->e->program->dag, value.id)->place,
                  "%s cannot depend on `h`", what);
}

static void keep_favor(statements *s, const weft_ast *method, const weft_typed *operands, bool causal) {
    const weft_dag *dag = &s->e->program->dag;
    weft_check_size(s->e, operands[0], "`features`");
    check_for_all_heads(s, operands[0], "`features`");
    check_for_all_heads(s, operands[1], "`seed` of `favor`");
    bool relu = operands[2].id && weft_node_at(dag, operands[2].id)->value.integer == 1;
    if (relu) s->relu = method;
    s->parts.rest =
        (weft_approximation){relu ? WEFT_FAVOR_RELU : WEFT_FAVOR_EXP, causal, operands[0].id, operands[1].id};
}

/* `approximate T with favor(…)`: T is all or causal. */
static void elaborate_approximate(statements *s, const weft_ast *approximate) {
    weft_elaborator *e = s->e;
    const weft_ast *method = approximate->last;
    weft_typed target = weft_elaborate_as(e, approximate->first, WEFT_TYPE_SET, "what is approximated");
    weft_op op =
        weft_is_error(target) || !target.id ? WEFT_ATOM_ALL : (weft_op)weft_node_at(&e->program->dag, target.id)->op;
    if (op != WEFT_ATOM_ALL && op != WEFT_ATOM_CAUSAL) {
        weft_diagnose(e->diagnostics, WEFT_E0205, approximate->first->span,
                      "only `all` or `causal` can be approximated");
    }
    if (strcmp(method->name, "favor") != 0) {
        weft_diagnose(e->diagnostics, WEFT_E0101, method->name_span, "`%s` is not a way to approximate", method->name);
        weft_diagnose_suggest(e->diagnostics, "favor");
        return;
    }
    weft_typed operands[WEFT_MAX_FORMALS];
    uint32_t count;
    if (weft_elaborate_formals(e, method, "features: size, seed: int = 0, kind: exp|relu = exp", operands, &count))
        keep_favor(s, method, operands, op == WEFT_ATOM_CAUSAL);
}

/* ---- one statement ------------------------------------------------------------------------------------------ */

static bool may_repeat(weft_ast_kind kind) {
    return kind == WEFT_AST_LET || kind == WEFT_AST_HEADS || kind == WEFT_AST_REQUIRE;
}

static bool is_repeated(statements *s, const weft_ast *statement) {
    const weft_ast *first = s->seen[statement->kind];
    if (!first) s->seen[statement->kind] = statement;
    if (!first || may_repeat(statement->kind)) return false;
    weft_diagnose(s->e->diagnostics, WEFT_E0107, statement->span, "a second `%s`: a pattern has at most one",
                  weft_ast_kind_name(statement->kind));
    weft_diagnose_note(s->e->diagnostics, first->span, "the first one is here");
    return true;
}

static void elaborate_statement(statements *s, const weft_ast *statement) {
    switch (statement->kind) {
    case WEFT_AST_LET: elaborate_let(s, statement); break;
    case WEFT_AST_HEADS: elaborate_heads(s, statement); break;
    case WEFT_AST_ATTEND:
        s->attend = weft_elaborate_as(s->e, statement->first, WEFT_TYPE_SET, "what `attend` names");
        is_error(s, s->attend);
        break;
    case WEFT_AST_SCALE: s->parts.scale = weft_elaborate_scale(s->e, statement); break;
    case WEFT_AST_SOFTCAP: s->parts.softcap = weft_elaborate_scale(s->e, statement); break;
    case WEFT_AST_BIAS: s->parts.bias = weft_elaborate_bias(s->e, statement); break;
    case WEFT_AST_SINK: s->parts.sink = weft_elaborate_sink(s->e, statement); break;
    case WEFT_AST_TILE: elaborate_tile(s, statement); break;
    case WEFT_AST_SHARED_QK: s->parts.shared_qk = true; break;
    case WEFT_AST_APPROXIMATE: elaborate_approximate(s, statement); break;
    default: break; /* parameters; requirements are put around the whole below */
    }
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

/* The set of all heads: clauses first, then what every other head attends to. */
static weft_typed join_heads(statements *s) {
    weft_elaborator *e = s->e;
    const weft_ast *attend = s->seen[WEFT_AST_ATTEND], *approximate = s->seen[WEFT_AST_APPROXIMATE];
    if (!attend && !s->seen[WEFT_AST_HEADS] && !approximate) {
        weft_diagnose(e->diagnostics, WEFT_E0308, s->pattern->name_span,
                      "`%s` attends to nothing: it needs `attend` or `heads`", s->pattern->name);
        s->wrong = true;
    }
    const weft_ast *exact = attend ? attend : s->seen[WEFT_AST_HEADS];
    if (exact && s->relu) {
        weft_diagnose(e->diagnostics, WEFT_E0106, exact->span, "`%s` has no meaning beside `kind = relu`",
                      weft_ast_kind_name(exact->kind));
        weft_diagnose_note(e->diagnostics, s->relu->span, "which leaves nothing exact");
        s->wrong = true;
    }
    if (s->wrong) return weft_typed_error();
    if (!attend && approximate)
        s->attend = weft_build(e, WEFT_ATOM_NONE, WEFT_TYPE_SET, (weft_value){0}, NULL, 0, approximate->span);
    if (!s->clause_count) return s->attend;
    if (attend || approximate) s->clauses[s->clause_count++] = s->attend;
    return weft_build(e, WEFT_OP_HEADS, WEFT_TYPE_SET, (weft_value){0}, s->clauses, s->clause_count,
                      s->pattern->name_span);
}

static weft_typed require_one(statements *s, const weft_ast *require, weft_typed condition, weft_typed set) {
    weft_value message = {0};
    const weft_ast *text = require->last;
    if (text->kind == WEFT_AST_STRING) {
        message.integer = weft_dag_string(&s->e->program->dag, text->name, strlen(text->name));
        if (!message.integer) return weft_typed_error();
    }
    weft_typed operands[2] = {condition, set};
    return weft_build(s->e, WEFT_OP_REQUIRE, WEFT_TYPE_SET, message, operands, 2, require->span);
}

/* Requirements go around the set, the first one outermost. */
static weft_typed wrap_requirements(statements *s, const weft_ast **requires, weft_typed *conditions, uint32_t count,
                                    weft_typed set) {
    while (count-- > 0) set = require_one(s, requires[count], conditions[count], set);
    return set;
}

weft_pattern_parts weft_elaborate_pattern(weft_elaborator *e, const weft_ast *pattern) {
    statements s = {.e = e, .pattern = pattern, .slot = e->frame->filled, .parts = weft_no_parts()};
    uint32_t count = 0;
    s.clauses = weft_arena_take(&e->arena, (2 * pattern->count + 1) * sizeof *s.clauses);
    const weft_ast **
        requires
    = weft_arena_take(&e->arena, (pattern->count + 1) * sizeof *requires);
    weft_typed *conditions = weft_arena_take(&e->arena, (pattern->count + 1) * sizeof *conditions);
    if (!s.clauses || !requires || !conditions) return s.parts;
    for (const weft_ast *statement = pattern->first; statement; statement = statement->next) {
        if (statement->kind == WEFT_AST_PARAM || is_repeated(&s, statement)) continue;
        elaborate_statement(&s, statement);
        if (statement->kind != WEFT_AST_REQUIRE) continue;
        requires[count] = statement;
        conditions[count] = weft_elaborate_as(e, statement->first, WEFT_TYPE_BOOL, "a requirement");
        is_error(&s, conditions[count++]);
    }
    s.parts.set = wrap_requirements(&s, requires, conditions, count, join_heads(&s));
    s.parts.set = weft_check_constants(e, s.parts.set);
    return s.parts;
}

const weft_ast *weft_pattern_obstacle(const weft_ast *pattern) {
    for (const weft_ast *child = pattern->first; child; child = child->next)
        if (!may_repeat(child->kind) && child->kind != WEFT_AST_PARAM && child->kind != WEFT_AST_ATTEND) return child;
    return NULL;
}
