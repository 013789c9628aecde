/* Instruction sets: their names, and whether code for them can run here. */
#ifndef WEFT_KERNEL_ISA_H
#define WEFT_KERNEL_ISA_H

#include "kernel/image.h"

/* Can this processor, under this operating system, run code for `isa`? Where a kernel has to be asked before it lets a
 * process use registers (AMX), this asks it. */
WEFT_SHARED bool weft_isa_runs(weft_isa isa);
WEFT_SHARED const char *weft_isa_name(weft_isa isa);

#endif
