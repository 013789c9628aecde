/* What a measurement was made on, so that it can be quoted: processor, cores, and what code is made by and for. */
#ifndef WEFT_CLI_MACHINE_H
#define WEFT_CLI_MACHINE_H

#include <weft/weft.h>

typedef struct machine {
    char processor[96]; /* as the processor calls itself */
    int cores;          /* that may be used */
    char host[96];      /* triple, and LLVM's name of the processor */
    char target[96];    /* the instructions that kernels use */
    char generator[96]; /* "LLVM 19.1.7" */
} machine;

void machine_describe(weft_context *context, machine *out);

#endif
