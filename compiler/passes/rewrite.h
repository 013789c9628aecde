/* Rewriting: laws are functions from a node, whose operands are canonical, to an equal node or to itself; the engine
 * applies them until none changes anything. Inside this layer only. */
#ifndef WEFT_PASSES_REWRITE_H
#define WEFT_PASSES_REWRITE_H

#include "set/program.h"

typedef struct weft_rewriter {
    weft_dag *dag;
    weft_arena arena;   /* lists of the law under way */
    weft_id *canonical; /* by id: its canonical form, 0 while not known */
    weft_id *next;      /* by id: what a law made of it */
    uint32_t *mark;     /* by id: see weft_rewriter_mark */
    uint32_t canonical_capacity, next_capacity, mark_capacity, now;
    weft_id *stack;
    uint32_t stack_count, stack_capacity;
    bool failed; /* out of memory */
} weft_rewriter;

typedef weft_id weft_law_function(weft_rewriter *rw, weft_id id);

typedef struct weft_law {
    weft_op op; /* of the nodes that it looks at */
    const char *name;
    weft_law_function *apply;
} weft_law;

extern const weft_law weft_laws[];
extern const uint32_t weft_law_count;

#define LAW(op, name, statement) weft_law_function weft_law_##name;
#include "passes/laws.def"
#undef LAW

void weft_rewriter_init(weft_rewriter *rw, weft_dag *dag);
void weft_rewriter_free(weft_rewriter *rw);
/* The canonical form, or 0 when memory fails. */
weft_id weft_rewrite(weft_rewriter *rw, weft_id root);

/* ---- for laws: results may be 0, which is passed on */
weft_id weft_rewriter_make(weft_rewriter *rw, weft_op op, weft_type type, const weft_id *operands, uint32_t count);
weft_id weft_rewriter_int(weft_rewriter *rw, int64_t value);
static inline weft_id weft_rewriter_set(weft_rewriter *rw, weft_op op, const weft_id *operands, uint32_t count) {
    return weft_rewriter_make(rw, op, WEFT_TYPE_SET, operands, count);
}
/* A copy of the operands with room for `more`, or NULL. */
weft_id *weft_rewriter_operands(weft_rewriter *rw, weft_id id, uint32_t more);
/* A set of ids that is empty at first: mark, then ask. The next call forgets it. NULL when memory fails. */
uint32_t *weft_rewriter_marks(weft_rewriter *rw);

static inline weft_op weft_op_of(const weft_rewriter *rw, weft_id id) { return (weft_op)weft_node_at(rw->dag, id)->op; }
static inline bool weft_known_int(const weft_rewriter *rw, weft_id id, int64_t *value) {
    const weft_node *node = weft_node_at(rw->dag, id);
    *value = node->value.integer;
    return node->op == WEFT_OP_INT;
}

/* ---- order.c's neighbour compare.c: an order of nodes by what they say, whatever their ids */
int weft_compare(const weft_dag *dag, weft_id a, weft_id b);
/* Sorts and drops repetitions; the new count. `room` has as many elements. */
uint32_t weft_sort(const weft_dag *dag, weft_id *ids, uint32_t count, weft_id *room);

#endif
