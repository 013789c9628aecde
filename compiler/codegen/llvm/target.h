/* Which instruction set to generate for, and the driver that was compiled for it. Code uses what its level has
 * and nothing more, so that an image made here runs on every machine of the level; the processor's name only tunes it.
 */
#ifndef WEFT_LLVM_TARGET_H
#define WEFT_LLVM_TARGET_H

#include "codegen/codegen.h"
#include "flatten.h"

typedef struct weft_target {
    const char *name;   /* the level; LLVM's name of a generic processor of that level */
    const char *triple; /* always ELF */
    weft_isa isa;
    uint32_t lanes, registers;
    const char *needs;
    weft_object drivers[3], functions; /* leaf/item.c by weft_dtype, leaf/functions.c */
} weft_target;

/* The level that `name` asks for (NULL: the best that this machine has) and, in *tune, the processor to tune for: a
 * string of at most `size` bytes. NULL after a report (E0501). LLVM must have been initialised. */
const weft_target *weft_target_find(const char *name, char *tune, size_t size, weft_diagnostics *diagnostics);

#endif
