/* A program is one compiled pattern as data, the block IR: its parameters, what it means (the located set IR, from
 * which the oracle and every message come), and the passes that a run makes over row and key tiles (canonical set IR).
 * It prints and parses as text; an image carries exactly that text. Immutable once made. */
#ifndef WEFT_SET_PROGRAM_H
#define WEFT_SET_PROGRAM_H

#include "set/dag.h"

typedef struct weft_parameter_info {
    const char *name;
    weft_type type;
    weft_id initial; /* default: a scalar node without parameters, or 0 */
    weft_span place;
} weft_parameter_info;

/* In which order a pass walks rows or keys. STRIDED: the positions of one residue class mod the stride after the other;
 * there, bands of that step are bands of step 1. LISTED, of keys: each row has a list of its own. A pass walks both in
 * order, both strided, or rows in order with listed keys.
 *
 * Where queries are keys (shared_qk), pairs (i, i) have the last pass to themselves: its list is `band 0 0 1`. A run
 * makes it for rows alone that have no other key. */
typedef enum weft_order { WEFT_ORDER_CONTIGUOUS, WEFT_ORDER_STRIDED, WEFT_ORDER_LISTED } weft_order;

/* The first pass of a program is contiguous and takes what no other pass does; it is the only one. */
typedef struct weft_pass {
    weft_order row_order, key_order;
    uint32_t row_tile, key_tile; /* 64 and 64 */
    weft_id set;                 /* canonical; disjoint from the sets of earlier passes */
    weft_id stride; /* STRIDED: an int over h, lengths and parameters; positions of a pair of `set` are equal mod it */
    weft_id
        list; /* LISTED: an atom that has a list of keys for each row; those of them that `set` holds are the pass's */
} weft_pass;

#define WEFT_NO_SINK UINT32_MAX

/* `approximate T with favor(…)`: pairs of T that the meaning does not hold have weight phi(q) . phi(k), with phi of one
 * of these kinds. */
typedef enum weft_favor { WEFT_FAVOR_NONE, WEFT_FAVOR_EXP, WEFT_FAVOR_RELU } weft_favor;
typedef struct weft_approximation {
    weft_favor kind;
    bool causal;            /* T is causal, not all */
    weft_id features, seed; /* located ints over lengths and parameters */
} weft_approximation;

typedef struct weft_program {
    const weft_allocator *allocator;
    const char *name; /* of the pattern */
    weft_dag dag;
    weft_sources sources;
    weft_parameter_info *parameters;
    uint32_t parameter_count, parameter_capacity;
    weft_intern parameter_index; /* by name */
    weft_id meaning;             /* located set: HEADS, REQUIRE and atoms as written */
    weft_id scale;               /* located float over h, lengths and parameters, or 0: 1 / sqrt(D) */
    weft_id softcap;             /* the same, or 0: none */
    weft_id bias;                /* located float over i and j too, or 0: none; may read per_head arrays and SLOPE */
    uint32_t sink;               /* number of a per_head parameter, or WEFT_NO_SINK */
    bool shared_qk;              /* keys are normalised queries, and a token is its own last resort */
    weft_approximation rest;     /* what stands for pairs that are not in the meaning */
    weft_pass *passes;
    uint32_t pass_count, pass_capacity;
    weft_arena arena; /* names */
} weft_program;

WEFT_SHARED weft_program *weft_program_create(const weft_allocator *allocator, const char *name);
WEFT_SHARED void weft_program_destroy(weft_program *program);
/* The parameter's number, or UINT32_MAX when out of memory. */
WEFT_SHARED uint32_t weft_program_add_parameter(weft_program *program, const char *name, weft_type type,
                                                weft_id initial, weft_span place);
/* The first parameter of that name, or UINT32_MAX. */
WEFT_SHARED uint32_t weft_program_parameter(const weft_program *program, const char *name, size_t size);
WEFT_SHARED bool weft_program_add_pass(weft_program *program, weft_pass pass);

/* Is it the list of the pass that is a last resort: each row's own key? Also of bound form. */
static inline bool weft_is_own_key(const weft_dag *dag, weft_id list) {
    return list && weft_node_at(dag, list)->op == WEFT_ATOM_BAND;
}

/* Is some pass one of lists? */
static inline bool weft_has_lists(const weft_program *program) {
    for (uint32_t k = 0; k < program->pass_count; k++)
        if (program->passes[k].list) return true;
    return false;
}

/* ---- text ---------------------------------------------------------------------------------------------------
 *
 * A line says one thing, and what it names stands above it:
 *
 *     weft-ir 1
 *     pattern "local"
 *     source "local.weft" "pattern local(w: int = 256) { attend window(w) & causal; }\n"
 *     %1 = int 256 @1:23-26
 *     parameter w: int = %1 @1:14-26
 *     %2 = param w @1:44-45
 *     %3 = window %2 %2 @1:37-46
 *     %4 = causal @1:49-55
 *     %5 = intersection %3 %4 @1:37-55
 *     meaning %5
 *     …
 *     pass contiguous contiguous 64x64 %9
 *     pass strided strided 64x64 %11 %4
 *
 * A pass names its set, then its stride or its list, if it has one.
 *
 * Nodes are numbered from 1, in order; only what parameters, meaning, scores, the rest and passes reach is printed.
 * `softcap %N`, `bias %N`, `sink NAME`, `shared_qk` and `approximate all exp %FEATURES %SEED` (causal, relu) stand
 * beside `scale %N`. A place is
 * @source:begin-end in bytes. Types follow from operations. `require "message" %4 %5` has its message first. Strings
 * have the escapes \" \\ \n \r \t \xHH. # begins a comment. */

/* The set IR of one root: its node lines alone, numbered from 1; the last one is the root. */
WEFT_SHARED void weft_print_set(const weft_program *program, weft_id root, bool places, weft_text *out);
/* The whole program (what parse reads): sources, parameters, nodes, meaning, scores, passes. */
WEFT_SHARED void weft_print_program(const weft_program *program, weft_text *out);
/* Reads what weft_print_program wrote, or a person; survives anything. NULL on failure, with diagnostics (E07xx). The
 * result is verified. */
WEFT_SHARED weft_program *weft_parse_program(const weft_allocator *allocator, const char *text, size_t size,
                                             weft_diagnostics *diagnostics);

/* Checks operand counts, types, order and forms; says what is wrong (E0702). Run after every step in debug builds. */
WEFT_SHARED bool weft_verify_program(const weft_program *program, weft_diagnostics *diagnostics);

#endif
