/* An image is a compiled pattern as one run of bytes: header, block IR as text, machine code. The code is position
 * independent and needs no relocation; damaged or foreign images are refused, never trusted. */
#ifndef WEFT_KERNEL_IMAGE_H
#define WEFT_KERNEL_IMAGE_H

#include "kernel/abi.h"
#include "set/program.h"

/* Instruction sets that code may need; loading checks that this processor has them. One line a level; of those that a
 * processor has, a later one is better. The numbers are part of images. */
typedef enum weft_isa {
    WEFT_ISA_NONE,
    WEFT_ISA_X86_64,
    WEFT_ISA_X86_64_V3,
    WEFT_ISA_X86_64_V4,
    WEFT_ISA_AARCH64,
    WEFT_ISA_X86_64_V4_BF16,
    WEFT_ISA_X86_64_AMX
} weft_isa;

#define WEFT_NO_ENTRY UINT64_MAX

/* Offsets of the entries for features (features.h): items of 64 directions or queries, in float32 whatever the elements
 * are; rows; pairs; folding. WEFT_NO_ENTRY, all of them: programs that approximate nothing need none. */
typedef struct weft_favor_code {
    uint64_t item, rows, pairs, fold;
} weft_favor_code;
#define WEFT_NO_FAVOR ((weft_favor_code){WEFT_NO_ENTRY, WEFT_NO_ENTRY, WEFT_NO_ENTRY, WEFT_NO_ENTRY})

typedef struct weft_machine_code {
    const void *bytes; /* NULL: no code; plans and masks only */
    size_t size;
    uint64_t tall, strip; /* offsets of the entries for 64 and 16 rows */
    uint64_t gather;      /* of the one for lists, or WEFT_NO_ENTRY: programs without lists need none */
    uint64_t pack;        /* of the one that packs values, or WEFT_NO_ENTRY: products read them as they lie */
    weft_favor_code favor;
    uint32_t dtype; /* weft_dtype */
    uint32_t head_dim, value_dim;
    weft_isa isa;
} weft_machine_code;

/* Appends the image to `out`; the program is printed into it. False when memory fails. */
WEFT_SHARED bool weft_image_write(const weft_program *program, const weft_machine_code *code, weft_text *out);

/* Checks the header, sizes and hash (xxh3). On success *text is the program's IR and *code points into the image. */
WEFT_SHARED weft_status weft_image_read(const weft_image *image, const char **text, size_t *text_size,
                                        weft_machine_code *code, weft_diagnostics *diagnostics);

#endif
