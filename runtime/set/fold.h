/* The inside of weft_fold: one walk over the symbolic form, split by what it folds. fold.c walks and folds scalars,
 * fold_list.c index lists, fold_array.c arrays, fold_set.c sets, fold_atom.c their atoms. Inside this layer only. */
#ifndef WEFT_SET_FOLD_H
#define WEFT_SET_FOLD_H

#include "set/intern.h"
#include "set/scalar.h"
#include "set/signature.h"

/* What lengths read as, and how many things index lists name, at one place of the walk: positions, block numbers inside
 * blocks(), heads in the lists of HEADS. Equal levels are one; level 0 is the outermost. */
typedef struct weft_fold_level {
    bool lengths_known, count_known;
    int64_t lq, lk, count;
    int64_t first; /* smallest query position */
} weft_fold_level;

/* What one node became at one level. */
typedef struct weft_fold_entry {
    weft_id id, result; /* result 0: an error was reported */
    uint32_t level;
    uint32_t weight; /* nodes visited, were nothing shared */
} weft_fold_entry;

typedef struct weft_folder {
    const weft_program *program;
    const weft_dag *source; /* may be the very DAG that grows: nodes are copied before anything is made */
    const weft_environment *environment;
    weft_bound *bound;
    weft_diagnostics *diagnostics;
    weft_fold_level *levels;
    uint32_t level_count, level_capacity;
    weft_fold_entry *entries;
    uint32_t entry_count, entry_capacity;
    weft_intern index; /* of entries */
    weft_id *stack;    /* folded operands of the nodes under way */
    uint32_t stack_count, stack_capacity;
    weft_interval *items; /* of the index list under way */
    uint32_t item_count, item_capacity;
    uint32_t weight, depth;
    bool failed; /* out of memory */
} weft_folder;

/* The folded node, or 0: an error that was reported, or memory. */
weft_id weft_fold_node(weft_folder *f, weft_id id, uint32_t level);
weft_id weft_fold_operand(weft_folder *f, weft_id id, uint32_t k, uint32_t level);
/* Pushes every folded operand on f->stack; false when one failed (all are visited, so that all errors are seen). */
bool weft_fold_operands(weft_folder *f, weft_id id, uint32_t level);
void weft_fold_push(weft_folder *f, weft_id result);

weft_id weft_fold_list(weft_folder *f, weft_id id, uint32_t level);
/* A folded index list (or an int, or a tokens array, where a list is wanted) as INTERVALS, as soon as all is known. */
weft_id weft_fold_as_intervals(weft_folder *f, weft_id folded, uint32_t level, weft_span place);
weft_id weft_fold_set(weft_folder *f, weft_id id, uint32_t level);
weft_id weft_fold_atom(weft_folder *f, weft_id id, const weft_node *node, uint32_t level);
/* An ARRAY node of what this head and batch element see of a parameter's tensor. */
weft_id weft_fold_array(weft_folder *f, const weft_node *node, const DLTensor *tensor);
weft_id weft_fold_array_part(weft_folder *f, const weft_node *node, weft_array array);
/* Operand k of an atom, folded, if it is an array: has it a row for every query and a column for every key? Reports if
 * not. */
bool weft_fold_check_array(weft_folder *f, weft_id id, uint32_t k, weft_id folded, uint32_t level);

/* Is it an int of at least 1, as far as that is known? Reports if not. */
bool weft_fold_check_size(weft_folder *f, weft_id size, weft_slice name, weft_span place);

static inline bool weft_fold_simplifies(const weft_folder *f) { return !f->environment->keep_places; }

/* The number of an equal level, new or old. */
uint32_t weft_fold_add_level(weft_folder *f, weft_fold_level level);

/* The node with operands f->stack[base …], which are popped. */
weft_id weft_fold_make(weft_folder *f, weft_node node, uint32_t base);
weft_span weft_fold_place(const weft_folder *f, weft_span place);
/* The place of an operand as written; of its user where it has none. */
weft_span weft_fold_operand_place(const weft_folder *f, weft_id id, uint32_t k);

static inline const weft_node *weft_folded(const weft_folder *f, weft_id result) {
    return weft_node_at(&f->bound->dag, result);
}
static inline bool weft_is_known(const weft_folder *f, weft_id result) {
    return result && weft_is_constant(weft_folded(f, result));
}

#endif
