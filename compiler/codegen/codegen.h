/* Code generators behind one small table, free of LLVM and of anything that only a CPU has. */
#ifndef WEFT_CODEGEN_CODEGEN_H
#define WEFT_CODEGEN_CODEGEN_H

#include <weft/weft.h>

#include "kernel/image.h"
#include "support/diagnostics.h"

/* What code depends on: no length and no value is among it. */
typedef struct weft_codegen_spec {
    weft_dtype dtype;
    uint32_t head_dim, value_dim; /* 1 … 256 */
    const char *target;           /* NULL: this machine; else LLVM's name of a processor, or x86-64-v3 … */
    const weft_program *program;  /* its softcap, bias and passes; NULL: scores are left alone, passes are any */
} weft_codegen_spec;

typedef enum weft_codegen_form { WEFT_FORM_CODE, WEFT_FORM_LLVM, WEFT_FORM_ASM } weft_codegen_form;

typedef struct weft_codegen {
    uint32_t abi; /* WEFT_CODEGEN_ABI */
    const char *name;
    /* Makes code (code->bytes are `out`'s, position independent) or its text into `out`. False with E0501 or E0901.
     * Thread-safe. */
    bool (*generate)(const weft_codegen_spec *spec, weft_codegen_form form, weft_machine_code *code, weft_text *out,
                     weft_diagnostics *diagnostics);
    /* "name: value" lines about the generator and the host target, for doctor. */
    void (*describe)(weft_text *out);
} weft_codegen;

enum { WEFT_CODEGEN_ABI = 10 };

/* The plugin's only export. */
WEFT_API const weft_codegen *weft_llvm_codegen(void);

#endif
