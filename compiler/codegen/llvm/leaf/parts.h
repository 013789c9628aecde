/* Parts of registers, element by element: at the ends of rows, and where elements do not lie side by side. */
#ifndef WEFT_LEAF_PARTS_H
#define WEFT_LEAF_PARTS_H

#include "elements.h"

/* The first `count` lanes, `step` elements from each other; the others are 0. */
static inline vec load_some(const element *at, int64_t step, int64_t count) {
    elements x = {0};
#pragma clang loop unroll(disable) vectorize(disable)
    for (int64_t lane = 0; lane < count; lane++) x[lane] = at[lane * step];
    return widen(x);
}

static inline void store_some(element *at, int64_t step, int64_t count, vec x) {
    elements narrowed = narrow(x);
#pragma clang loop unroll(disable) vectorize(disable)
    for (int64_t lane = 0; lane < count; lane++) at[lane * step] = narrowed[lane];
}

#endif
