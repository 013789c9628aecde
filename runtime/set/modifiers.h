/* What a kernel is told of its program's softcap and bias: which number stands where in weft_call.uniforms, and which
 * array in weft_call.tables. The code generator and the runtime each work it out from the program, and agree because it
 * follows from the structure of the bias alone.
 *
 * Uniforms are the largest parts of the bias that read neither i nor j: known once a head, as int64 or the bits of a
 * double. The first few are not the bias's. */
#ifndef WEFT_SET_MODIFIERS_H
#define WEFT_SET_MODIFIERS_H

#include "set/program.h"

enum {
    WEFT_UNIFORM_NARROW,      /* 1: positions and all ints among the uniforms are within ±WEFT_NARROW_INT, all floats
                                 within ±WEFT_NARROW_FLOAT: the narrow code may be taken; else 0 */
    WEFT_UNIFORM_CAP,         /* the softcap times log2(e), as scores are in base 2 */
    WEFT_UNIFORM_CAP_INVERSE, /* 1 / that; 0 for a softcap of 0, whose limit is 0 */
    WEFT_FIRST_UNIFORM        /* of the bias */
};

#define WEFT_NARROW_INT (INT64_C(1) << 21)
#define WEFT_NARROW_FLOAT 0x1p80

enum { WEFT_READS_ROW = 1, WEFT_READS_KEY = 2 }; /* i; j */

#define WEFT_NO_SLOT UINT32_MAX

typedef struct weft_modifiers {
    const weft_allocator *allocator;
    uint32_t node_count; /* of the next two: 0 where there is no bias */
    uint8_t *reads;      /* by node */
    uint32_t *slot;      /* by node: its number in uniforms (of a literal table: that of its first element), or for an array
                            its number in tables; WEFT_NO_SLOT where it has none */
    weft_id *uniforms;   /* weft_call.uniforms[WEFT_FIRST_UNIFORM + n] is the value of this node */
    uint32_t uniform_count, uniform_capacity;
    uint32_t *tables; /* weft_call.tables[n] is the array of this parameter */
    uint32_t table_count, table_capacity;
} weft_modifiers;

/* False when memory fails; there is nothing to free then. */
WEFT_SHARED bool weft_modifiers_init(weft_modifiers *modifiers, const weft_program *program);
WEFT_SHARED void weft_modifiers_free(weft_modifiers *modifiers);

/* How many numbers a head has. */
static inline size_t weft_uniform_slots(const weft_modifiers *modifiers) {
    return (size_t)WEFT_FIRST_UNIFORM + modifiers->uniform_count;
}

static inline bool weft_has_modifiers(const weft_program *program) { return program->softcap || program->bias; }

#endif
