/* The passes between the set IR and the block IR, each a function of the program; each leaves a program that verifies.
 */
#ifndef WEFT_PASSES_PASSES_H
#define WEFT_PASSES_PASSES_H

#include "set/program.h"

/* The canonical form of a set: named laws applied until nothing changes (simplify.c lists them). Makes nodes without
 * places in the program's own DAG. 0 when memory fails. */
weft_id weft_simplify(weft_program *program, weft_id set);

/* Chooses row and key orders and appends the passes that cover `set` (canonical), each pair once. Contiguous for now.
 */
bool weft_order_passes(weft_program *program, weft_id set);

#endif
