/* Canonical form: constants are folded, then the laws (laws.def) are applied until none changes anything. Places go:
 * equal sets are one node, wherever they were written. */
#include "passes/passes.h"

#include "passes/rewrite.h"
#include "set/set.h"

/* The set with its constants worked out, in the same DAG. A set that has a fault whatever is bound stays as it is: its
 * meaning reports that. */
static weft_id fold_constants(weft_program *program, weft_id set) {
    static const weft_environment nothing_known = {0};
    weft_diagnostics ignored;
    weft_diagnostics_init(&ignored, program->allocator, NULL);
    weft_bound own = {.dag = program->dag};
    weft_id folded = weft_fold(program, set, &nothing_known, &own, &ignored);
    program->dag = own.dag; /* what it reads is known to nobody, so there are no arrays */
    if (!folded && ignored.errors) folded = set;
    weft_diagnostics_free(&ignored);
    return folded;
}

weft_id weft_simplify(weft_program *program, weft_id set) {
    weft_rewriter rw;
    weft_id folded = fold_constants(program, set);
    if (!folded) return 0;
    weft_rewriter_init(&rw, &program->dag);
    weft_id result = weft_rewrite(&rw, folded);
    weft_rewriter_free(&rw);
    return result;
}
