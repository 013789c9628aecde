/* What the parser and the verifier share: the types that operations give, and the search for what is wrong. */
#ifndef WEFT_SET_VERIFY_H
#define WEFT_SET_VERIFY_H

#include "set/program.h"

/* The type of an operation on such operands; WEFT_TYPE_COUNT where it has none. Reads the operands' types alone, so
 * that it is safe before anything was verified. */
weft_type weft_infer_type(const weft_program *program, weft_op op, weft_value value, const weft_id *operands,
                          uint32_t arity);

/* Says in `why` what is first wrong with the program (nothing: it is sound), and in *node with which node (0: not with
 * one). why->failed: out of memory. */
void weft_find_flaw(const weft_program *program, weft_id *node, weft_text *why);

#endif
