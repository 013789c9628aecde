/* The set IR: a hash-consed DAG of typed nodes, scalars and sets alike. Operands come before their users, so an id is
 * also a topological order. Equal nodes (operation, type, operands, value, place) are one node; without places
 * (canonical form) equal sets therefore share one id.
 *
 * Two forms use it. The symbolic form (what the compiler makes) reads parameters, lengths and heads. The bound form
 * (what a plan evaluates) is what folding it for one head of one shape leaves: sizes are INT nodes, index lists are
 * INTERVALS, arrays are ARRAY nodes; only conditions of `where` still hold expressions, over i and j. */
#ifndef WEFT_SET_DAG_H
#define WEFT_SET_DAG_H

#include "set/intern.h"
#include "support/diagnostics.h"

typedef enum weft_type {
#define TYPE(enum_, name) WEFT_TYPE_##enum_,
#include "set/types.def"
#undef TYPE
    WEFT_TYPE_COUNT
} weft_type;

typedef enum weft_op {
    WEFT_OP_INVALID, /* node 0: "no node" */
#define OP(enum_, text, operands, result) WEFT_OP_##enum_,
#include "set/ops.def"
#undef OP
#define ATOM(enum_, name, signature, traits) WEFT_ATOM_##enum_,
#include "set/atoms.def"
#undef ATOM
    WEFT_OP_COUNT
} weft_op;

enum { WEFT_TRAIT_SHIFT = 1, WEFT_TRAIT_DATA = 2, WEFT_TRAIT_CHOICE = 4 };

/* What the lists say of each operation. */
typedef struct weft_op_info {
    const char *text;      /* its name in files and IR */
    const char *operands;  /* OP: letters of ops.def; NULL for atoms */
    const char *result;    /* OP only */
    const char *signature; /* atoms only, else NULL */
    unsigned traits;
} weft_op_info;
WEFT_SHARED const weft_op_info *weft_op_describe(weft_op op);
WEFT_SHARED bool weft_op_is_atom(weft_op op);
/* Is it an atom that chooses of q and k? Its nodes carry a number in bound form (set.h, weft_choice). */
WEFT_SHARED bool weft_op_chooses(weft_op op);
/* The operation of that text, or WEFT_OP_INVALID. */
WEFT_SHARED weft_op weft_op_named(const char *text, size_t size);
WEFT_SHARED const char *weft_type_name(weft_type type);

typedef uint32_t weft_id; /* 0: no node */

typedef union weft_value {
    int64_t integer; /* also BOOL (0 or 1), and the numbers that PARAM, ARRAY, INTERVALS, REQUIRE carry */
    double real;
} weft_value;

typedef struct weft_node {
    uint16_t op;   /* weft_op */
    uint16_t type; /* weft_type */
    uint32_t arity;
    uint32_t first;  /* its operands are dag->operands[first … first + arity) */
    weft_span place; /* in canonical and bound form WEFT_NO_SPAN, unless a caller asked to keep places */
    weft_value value;
} weft_node;

/* Sorted, disjoint, non-touching half-open intervals. */
typedef struct weft_interval {
    int64_t lo, hi;
} weft_interval;
typedef struct weft_intervals {
    const weft_interval *at;
    uint32_t count;
} weft_intervals;

typedef struct weft_dag {
    const weft_allocator *allocator;
    weft_node *nodes; /* nodes[0] is INVALID */
    uint32_t count, node_capacity;
    weft_id *operands;
    uint32_t operand_count, operand_capacity;
    const char **strings; /* strings[0] is NULL; equal strings have one number */
    uint32_t string_count, string_capacity;
    weft_intervals *lists; /* of INTERVALS nodes; equal lists have one number */
    uint32_t list_count, list_capacity;
    weft_intern node_index, string_index, list_index;
    weft_arena arena; /* strings and interval lists */
    bool failed;      /* out of memory or over WEFT_MAX_NODES; makers return 0 from then on */
} weft_dag;

/* A program that verifies has no more nodes, and none higher above its leaves, so that what reads one may recurse. */
enum { WEFT_MAX_NODES = 1u << 24, WEFT_MAX_DEPTH = 4096 };

WEFT_SHARED bool weft_dag_init(weft_dag *dag, const weft_allocator *allocator);
WEFT_SHARED void weft_dag_free(weft_dag *dag);

/* Makers give the node's id, new or old, or 0 when memory fails or an operand is 0 (so a chain needs one check at its
 * end). They do not check types; weft_verify_program does. Floats are equal by bits, and all NaN are one. The general
 * one takes everything; its operands may lie in the DAG itself: */
WEFT_SHARED weft_id weft_make(weft_dag *dag, weft_op op, weft_type type, weft_value value, const weft_id *operands,
                              uint32_t arity, weft_span place);
WEFT_SHARED weft_id weft_make_int(weft_dag *dag, int64_t value, weft_span place);
WEFT_SHARED weft_id weft_make_float(weft_dag *dag, double value, weft_span place);
WEFT_SHARED weft_id weft_make_bool(weft_dag *dag, bool value, weft_span place);
/* A set operation or atom with up to a few operands: weft_make_set(dag, op, place, count, a, b, …). */
WEFT_SHARED weft_id weft_make_set(weft_dag *dag, weft_op op, weft_span place, uint32_t arity, ...);
/* An INTERVALS node; the intervals are copied and must be sorted, disjoint and not touching. */
WEFT_SHARED weft_id weft_make_intervals(weft_dag *dag, weft_intervals list, weft_span place);
/* The number of an interned string, or 0 when memory fails. */
WEFT_SHARED uint32_t weft_dag_string(weft_dag *dag, const char *text, size_t size);

static inline const weft_node *weft_node_at(const weft_dag *dag, weft_id id) { return &dag->nodes[id]; }
static inline weft_id weft_operand(const weft_dag *dag, weft_id id, uint32_t k) {
    return dag->operands[dag->nodes[id].first + k];
}
/* Of an INT operand in bound form. */
static inline int64_t weft_operand_int(const weft_dag *dag, weft_id id, uint32_t k) {
    return dag->nodes[weft_operand(dag, id, k)].value.integer;
}

#endif
