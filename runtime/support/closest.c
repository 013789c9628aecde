/* "Did you mean": the edit distance of Damerau and Levenshtein in its restricted form (optimal string alignment). */
#include "support/diagnostics.h"

#include <string.h>

enum { LONGEST = 64 }; /* longer names are not compared: the work stays bounded */

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

/* Edits that turn a into b: insert, delete, replace, or exchange two neighbours. Three rows of the table suffice. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size) {
    size_t rows[3][LONGEST + 1];
    for (size_t k = 0; k <= b_size; k++) rows[0][k] = k;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = min_size(replaced, min_size(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min_size(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

/* A third of the name may be wrong, but never all of it. */
const char *weft_closest(const char *name, const char *const *candidates, size_t count) {
    size_t size = strnlen(name, LONGEST + 1);
    if (size > LONGEST) return NULL;
    size_t allowed = size / 3 > 1 ? size / 3 : 1;
    const char *closest = NULL;
    size_t least = allowed + 1;
    for (size_t k = 0; k < count; k++) {
        size_t other = strnlen(candidates[k], LONGEST + 1);
        if (other > LONGEST || other + allowed < size || size + allowed < other) continue;
        size_t edits = distance(name, size, candidates[k], other);
        if (edits == 0 || edits >= least || edits >= (size > other ? size : other)) continue;
        least = edits;
        closest = candidates[k];
    }
    return closest;
}
