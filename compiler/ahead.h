/* Ahead of time: kernels of one pattern as an object file to link with, and the header that declares them. */
#ifndef WEFT_AHEAD_H
#define WEFT_AHEAD_H

#include "compile.h"

/* One kernel for each of the specs, all for one architecture; what has the instruction set, type and dimensions of an
 * earlier one is left out. name: what the C names begin with; NULL: the pattern's. False, with reasons. */
bool weft_build_ahead(const weft_compilation *c, const char *name, const weft_codegen_spec *specs, uint32_t count,
                      weft_text *object, weft_text *header);

#endif
