/* Orders: which passes cover a set, each pair once. What needs rows or keys in another order than they lie in memory
 * will get passes of its own, with the rest of the set left to later ones; no set of this build does, so one pass takes
 * all. */
#include "passes/passes.h"

bool weft_order_passes(weft_program *program, weft_id set) {
    weft_pass pass = {.row_order = WEFT_ORDER_CONTIGUOUS,
                      .key_order = WEFT_ORDER_CONTIGUOUS,
                      .row_tile = 64,
                      .key_tile = 64,
                      .set = set};
    return weft_program_add_pass(program, pass);
}
