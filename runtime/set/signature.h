/* Signatures of atoms (atoms.def) read as lists of formals. Who matches arguments in a call and who verifies nodes read
 * them here.
 *
 *     const char *rest = weft_op_describe(op)->signature;
 *     for (weft_formal formal; weft_next_formal(&rest, &formal);) …
 *
 * An atom's node has exactly one operand a formal, in order, defaults filled in. A word (by = mean) is an INT node: the
 * word's place among those that the formal allows. */
#ifndef WEFT_SET_SIGNATURE_H
#define WEFT_SET_SIGNATURE_H

#include "set/dag.h"

/* Part of a longer string; no NUL at its end. */
typedef struct weft_slice {
    const char *at;
    uint32_t size; /* 0: absent */
} weft_slice;

typedef struct weft_formal {
    weft_slice name;
    weft_type type;     /* of the argument: INT also for sizes, WORD where words are given */
    bool is_size;       /* at least 1 */
    bool may_be_table;  /* `sizes`: a size, or a literal table of them */
    weft_slice words;   /* "mean|bounds" */
    weft_slice initial; /* the default as written: an int, true, false, a word, an atom, or an earlier formal's name */
} weft_formal;

/* Reads the formal that *rest begins with and moves *rest behind it; false at the end. */
WEFT_SHARED bool weft_next_formal(const char **rest, weft_formal *out);
/* How many formals the signature has. */
WEFT_SHARED uint32_t weft_count_formals(const char *signature);

/* The place of a word among the formal's words, from 0; -1: it is none of them. */
WEFT_SHARED int32_t weft_formal_word(const weft_formal *formal, const char *word, size_t size);
/* The word at a place; size 0 beyond the last. */
WEFT_SHARED weft_slice weft_formal_word_at(const weft_formal *formal, uint32_t place);

WEFT_SHARED bool weft_slice_is(weft_slice slice, const char *string);

#endif
