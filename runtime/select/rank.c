/* The n-th best of many, by partitions around a middle one (Hoare's FIND, 1961): all orders are total, so what is found
 * does not depend on how. */
#include "select/select.h"

static void swap(weft_ranked *a, weft_ranked *b) {
    weft_ranked t = *a;
    *a = *b;
    *b = t;
}

static weft_ranked middle_of(weft_ranked a, weft_ranked b, weft_ranked c) {
    if (weft_is_better(b, a)) swap(&a, &b);
    if (weft_is_better(c, b)) b = weft_is_better(c, a) ? a : c;
    return b;
}

weft_ranked weft_find_ranked(weft_ranked *at, int64_t count, int64_t before) {
    int64_t lo = 0, hi = count - 1;
    while (lo < hi) {
        weft_ranked pivot = middle_of(at[lo], at[lo + (hi - lo) / 2], at[hi]);
        int64_t i = lo, j = hi;
        while (i <= j) {
            while (weft_is_better(at[i], pivot)) i++;
            while (weft_is_better(pivot, at[j])) j--;
            if (i <= j) swap(&at[i++], &at[j--]);
        }
        if (before <= j)
            hi = j;
        else if (before >= i)
            lo = i;
        else
            break;
    }
    return at[before];
}
