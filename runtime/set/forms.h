/* Simpler forms of bound sets, found when the lengths are known. Inside this layer only. */
#ifndef WEFT_SET_FORMS_H
#define WEFT_SET_FORMS_H

#include "set/set.h"

/* forms.c: a WHERE without a place, as a simpler set where one equals it in that space; else the node itself. 0: memory
 * failed. */
weft_id weft_simpler_where(weft_bound *bound, weft_id where, weft_space space);

/* classes.c: `same` of labels that tell positions 0 … positions - 1 apart by the values of functions of j, ints or
 * bools. 0: one has no value somewhere, or memory failed, as *failed says. */
weft_id weft_make_classes(weft_bound *bound, const weft_id *functions, uint32_t count, int64_t positions, bool *failed);
/* `same` of labels. 0: memory failed. */
weft_id weft_same_of(weft_bound *bound, weft_array labels);

/* fold_array.c: the number of that array or an equal one; UINT32_MAX when memory fails. */
uint32_t weft_add_array(weft_bound *bound, weft_array array);

#endif
