/* Elaboration: AST in, typed set IR out. Checking a definition and lowering a pattern are the same walk; checking makes
 * a program that is thrown away. Every use of a definition elaborates its body anew, in its own scope, with the
 * arguments of the call: that is what substitution means. Equal uses are found again in a table (expand.c).
 *
 * After an error the type is WEFT_TYPE_ERROR, and whatever is built from it stays silent and has it too. */
#ifndef WEFT_SEMA_ELABORATE_H
#define WEFT_SEMA_ELABORATE_H

#include "sema/unit.h"
#include "set/intern.h"

/* An expression's type and node. */
typedef struct weft_typed {
    weft_type type;
    weft_id id;
    uint16_t depth; /* levels of nodes above the leaves */
    bool by_head;   /* reads h */
    weft_id data;   /* of a set: an atom in it that depends on what a run is given, or 0: it is static */
} weft_typed;

/* One expansion of a definition. */
typedef struct weft_frame {
    weft_definition *definition;
    weft_typed *values; /* by slot: parameters, then inner lets */
    uint32_t filled;    /* slots that can be seen so far */
    bool open;          /* parameters are the program's own: nobody called */
    bool defining;      /* the inner let in slot `filled` is being read */
    bool defaults;      /* a parameter's default is being read: no parameter can be */
} weft_frame;

enum { WEFT_MAY_READ_PAIR = 1, WEFT_MAY_READ_SLOPES = 2 }; /* i and j; per_head arrays and alibi */
enum { WEFT_MAX_LEVELS = 2500, WEFT_MAX_TERMS = 1u << 20 };

/* An expansion that can be found again. */
typedef struct weft_expansion {
    const weft_definition *definition;
    const weft_id *arguments;
    weft_typed result;
} weft_expansion;

typedef struct weft_elaborator {
    const weft_unit *unit;
    weft_program *program;
    weft_diagnostics *diagnostics;
    weft_arena arena;
    weft_frame *frame;
    unsigned may;
    uint32_t levels, terms;
    bool exhausted; /* too deep or too large, and reported */
    uint64_t folds; /* nodes that may still be folded to find wrong constants; 0: they were checked before */
    weft_intern index;
    weft_expansion *expansions;
    uint32_t expansion_count, expansion_capacity;
} weft_elaborator;

bool weft_elaborator_init(weft_elaborator *e, const weft_unit *unit, const char *name, const weft_allocator *allocator,
                          weft_diagnostics *diagnostics);
/* Gives up the program too, unless it was taken (program set to NULL). */
void weft_elaborator_free(weft_elaborator *e);
bool weft_elaborator_failed(const weft_elaborator *e); /* out of memory */

static inline weft_typed weft_typed_error(void) { return (weft_typed){.type = (weft_type)WEFT_TYPE_ERROR}; }
static inline bool weft_is_error(weft_typed value) { return value.type == (weft_type)WEFT_TYPE_ERROR; }

/* ---- expression.c */
weft_typed weft_elaborate(weft_elaborator *e, const weft_ast *ast);
/* The same, and then its type must be `wanted`; `what` stands for it in messages: "the condition of `where`". */
weft_typed weft_elaborate_as(weft_elaborator *e, const weft_ast *ast, weft_type wanted, const char *what);

/* ---- build.c: nodes with types. Error operands give errors. */
weft_typed weft_leaf(weft_elaborator *e, weft_op op, weft_type type, weft_value value, weft_span place);
weft_typed weft_build(weft_elaborator *e, weft_op op, weft_type type, weft_value value, const weft_typed *operands,
                      uint32_t count, weft_span place);
/* Makes value one of that type if the language lets it be one: the same type, an int as a float or a list, tokens as a
 * list. */
bool weft_convert(weft_elaborator *e, weft_typed *value, weft_type wanted);
const char *weft_type_phrase(weft_type type); /* "an int" */
/* E0201 at ast: `what` must be wanted, not what it is. */
void weft_mismatch(weft_elaborator *e, const weft_ast *ast, weft_type got, weft_type wanted, const char *what);
/* Says once that the expansion is too deep or too large. */
void weft_exhausted(weft_elaborator *e, bool deep, weft_span place);

/* ---- operator.c */
weft_typed weft_elaborate_unary(weft_elaborator *e, const weft_ast *ast);
weft_typed weft_elaborate_binary(weft_elaborator *e, const weft_ast *ast);
weft_typed weft_elaborate_select(weft_elaborator *e, const weft_ast *ast);
bool weft_is_number(weft_type type);
/* Both numbers, of one type afterwards. */
void weft_unify(weft_elaborator *e, weft_typed *left, weft_typed *right);

/* ---- name.c */
typedef enum weft_meaning {
    WEFT_MEANS_NOTHING,
    WEFT_MEANS_LOCAL,
    WEFT_MEANS_DEFINITION,
    WEFT_MEANS_VARIABLE,
    WEFT_MEANS_ATOM,
    WEFT_MEANS_FUNCTION,
    WEFT_MEANS_ALIBI
} weft_meaning;
typedef struct weft_found {
    weft_meaning meaning;
    const weft_symbol *symbol; /* LOCAL, DEFINITION */
    weft_op op;                /* VARIABLE, ATOM (blocks is one here), FUNCTION */
} weft_found;
/* What the name of a NAME, CALL or SINK means here; errors are reported (NOTHING). */
weft_found weft_resolve(weft_elaborator *e, const weft_ast *use);
weft_typed weft_elaborate_local(weft_elaborator *e, const weft_ast *use, const weft_symbol *symbol);

/* ---- call.c: NAME and CALL. */
weft_typed weft_elaborate_use(weft_elaborator *e, const weft_ast *use);
/* Matches arguments with formals: given[k] is the k-th formal's argument, NULL for its default. False after errors. */
bool weft_match_arguments(weft_elaborator *e, const weft_ast *call, const weft_formal *formals, uint32_t count,
                          const weft_ast **given);
/* A call by a signature: its operands in order. False after errors. */
enum { WEFT_MAX_FORMALS = 8 };
bool weft_elaborate_formals(weft_elaborator *e, const weft_ast *call, const char *signature, weft_typed *operands,
                            uint32_t *count);

/* ---- expand.c: definitions at their use. */
weft_typed weft_expand(weft_elaborator *e, const weft_ast *use, weft_definition *definition);

/* ---- pattern.c: statements. */
typedef struct weft_pattern_parts {
    weft_typed set;
    weft_typed scale, softcap, bias, sink; /* sink is a PARAM node */
    weft_typed tile[2];
    bool shared_qk;
    weft_approximation rest;
} weft_pattern_parts; /* type ERROR with id 0 where there is none */
static inline weft_pattern_parts weft_no_parts(void) {
    const weft_typed none = weft_typed_error();
    return (weft_pattern_parts){none, none, none, none, none, {none, none}, false, {WEFT_FAVOR_NONE, false, 0, 0}};
}
weft_pattern_parts weft_elaborate_pattern(weft_elaborator *e, const weft_ast *pattern);
/* The first statement that keeps a pattern from being used as a set, or NULL. */
const weft_ast *weft_pattern_obstacle(const weft_ast *pattern);

/* ---- score.c: statements about scores. */
weft_typed weft_elaborate_scale(weft_elaborator *e, const weft_ast *statement); /* `scale` or `softcap` */
weft_typed weft_elaborate_bias(weft_elaborator *e, const weft_ast *statement);
weft_typed weft_elaborate_sink(weft_elaborator *e, const weft_ast *statement);
/* -m_h |i - j|, a value of a bias. */
weft_typed weft_elaborate_alibi(weft_elaborator *e, const weft_ast *use);

/* ---- root.c: a definition for its own sake, parameters open. */
weft_pattern_parts weft_elaborate_root(weft_elaborator *e, weft_definition *definition);

/* ---- constants.c, where it is wanted (e->folds) */
/* Reports what constants alone show to be wrong in a value, which is an error then. */
weft_typed weft_check_constants(weft_elaborator *e, weft_typed value);
/* E0301 where an int is known to be below 1. */
void weft_check_size(weft_elaborator *e, weft_typed value, const char *what);

/* ---- capability.c: the one place that refuses. E0501 for every statement that this build cannot do. */
void weft_check_capability(const weft_ast *pattern, weft_diagnostics *diagnostics);

#endif
