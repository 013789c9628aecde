/* The set of one head as it is written: its terms, each as a set of its own, and the texts that name them. Inside this
 * layer only. */
#ifndef WEFT_PLAN_TERMS_H
#define WEFT_PLAN_TERMS_H

#include "plan/build.h"

/* The operands of the unions at the top of a set, through intersections, differences and blocks, which are the terms'
 * own then: in (a | b) & c, the terms are a, which is a & c, and b. */
typedef struct weft_terms {
    const weft_plan *plan;
    weft_environment environment;
    weft_bound bound;
    weft_id whole;    /* with places */
    weft_id *written; /* of each term: the operand, with its place */
    weft_id *sets;    /* what is left of it where it stands */
    uint32_t count, written_capacity, set_capacity;
    weft_id *operands; /* scratch */
    uint32_t operand_capacity;
} weft_terms;

/* Of a head that exists. False when memory fails; to be freed in any case. */
bool weft_terms_init(weft_terms *terms, const weft_plan *plan, int64_t batch, int64_t head);
void weft_terms_free(weft_terms *terms);
/* How many there are to a caller, who sees the last of more than WEFT_MOST_TERMS as one. */
int64_t weft_terms_count(const weft_terms *terms);
/* The set of a term, or of all of them with WEFT_ALL_TERMS, without places and as simple as folding makes it; in
 * terms->bound. 0 when memory fails. */
weft_id weft_terms_set(weft_terms *terms, int64_t term);

static inline bool weft_plan_has_head(const weft_plan *plan, int64_t batch, int64_t head) {
    return plan && weft_plan_is_known(plan) && batch >= 0 && batch < plan->shape.batch && head >= 0 &&
           head < plan->shape.heads;
}

/* Where a node was written; false where that is not known. */
bool weft_node_source(const weft_sources *sources, const weft_node *node, const weft_source **source,
                      weft_point *point);
/* Its text, on one line and not too long; the name of its operation where it was written nowhere. */
void weft_node_text(const weft_sources *sources, const weft_node *node, weft_text *out);

#endif
