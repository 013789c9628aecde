/* Which instruction set to generate for, and the driver that was compiled for it. Code uses what its level has
 * and nothing more, so that an image made here runs on every machine of the level; the processor's name only tunes it.
 */
#ifndef WEFT_LLVM_TARGET_H
#define WEFT_LLVM_TARGET_H

#include "codegen/codegen.h"
#include "flatten.h"

typedef struct weft_target {
    const char *name;
    const char *cpu, *features; /* LLVM's names */
    const char *triple;         /* always ELF */
    weft_isa isa;
    uint32_t lanes, registers;
    const char *needs;
    const struct weft_target *level;               /* for kernels that it is not for; NULL: there are none */
    bool pairs;                                    /* products are of pairs of bfloat16 */
    uint32_t group;                                /* of the driver's own products; 0: they are generated */
    weft_object drivers[3], gathers[3], favors[3]; /* by weft_dtype: leaf/item.c, leaf/gather.c, leaf/favor.c */
    weft_object functions;                         /* leaf/functions.c */
} weft_target;

/* The target that `name` asks for (NULL: the best that this machine has) in kernels of `dtype` and, in *tune, the
 * processor to tune for: a string of at most `size` bytes. NULL after a report (E0501). LLVM must have been
 * initialised.
 */
const weft_target *weft_target_find(const char *name, weft_dtype dtype, char *tune, size_t size,
                                    weft_diagnostics *diagnostics);

#endif
