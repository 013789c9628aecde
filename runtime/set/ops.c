/* What ops.def, atoms.def and types.def say, as tables. */
#include "set/dag.h"

#include <string.h>

static const weft_op_info operations[] = {
    {.text = "invalid", .operands = "", .result = "?"},
#define OP(enum_, text_, operands_, result_) {.text = text_, .operands = operands_, .result = result_},
#include "set/ops.def"
#undef OP
#define SHIFT WEFT_TRAIT_SHIFT
#define DATA WEFT_TRAIT_DATA
#define CHOICE WEFT_TRAIT_CHOICE
#define ATOM(enum_, name, signature_, traits_) {.text = #name, .signature = signature_, .traits = traits_},
#include "set/atoms.def"
#undef ATOM
#undef SHIFT
#undef DATA
#undef CHOICE
};

static const char *const types[] = {
#define TYPE(enum_, name) name,
#include "set/types.def"
#undef TYPE
};

const weft_op_info *weft_op_describe(weft_op op) { return &operations[op]; }

bool weft_op_is_atom(weft_op op) { return operations[op].signature != NULL; }

bool weft_op_chooses(weft_op op) { return operations[op].traits & WEFT_TRAIT_CHOICE; }

weft_op weft_op_named(const char *text, size_t size) {
    for (int op = WEFT_OP_INVALID + 1; op < WEFT_OP_COUNT; op++) {
        const char *known = operations[op].text;
        if (size && known[0] == text[0] && strlen(known) == size && memcmp(known, text, size) == 0) return (weft_op)op;
    }
    return WEFT_OP_INVALID;
}

const char *weft_type_name(weft_type type) { return types[type]; }
