/* Lists of intervals: merging in one walk, with short cuts for the lists of no or one interval that most terms have. */
#include "set/arithmetic.h"
#include "set/set.h"

#include <string.h>

static const weft_intervals nothing = {NULL, 0};

static weft_interval *take(weft_scratch *scratch, uint64_t count) {
    weft_interval *at = weft_arena_take(&scratch->arena, (size_t)count * sizeof *at);
    if (!at) scratch->failed = true;
    return at;
}

static weft_intervals one(weft_scratch *scratch, int64_t lo, int64_t hi) {
    weft_interval *at = take(scratch, 1);
    if (!at) return nothing;
    *at = (weft_interval){lo, hi};
    return (weft_intervals){at, 1};
}

weft_intervals weft_intervals_one(weft_scratch *scratch, int64_t lo, int64_t hi, int64_t keys) {
    lo = weft_larger(lo, 0);
    hi = weft_smaller(hi, keys);
    return lo < hi ? one(scratch, lo, hi) : nothing;
}

uint32_t weft_intervals_find(weft_intervals list, int64_t x) {
    uint32_t low = 0, high = list.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (list.at[middle].hi > x) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

bool weft_intervals_contain(weft_intervals list, int64_t x) {
    uint32_t k = weft_intervals_find(list, x);
    return k < list.count && list.at[k].lo <= x;
}

/* ---- building -------------------------------------------------------------------------------------------------- */

void weft_intervals_append(weft_scratch *scratch, weft_interval_list *list, int64_t lo, int64_t hi) {
    if (lo >= hi) return;
    if (list->count && lo <= list->at[list->count - 1].hi) {
        list->at[list->count - 1].hi = weft_larger(list->at[list->count - 1].hi, hi);
        return;
    }
    if (list->count == list->capacity) {
        if (list->capacity > UINT32_MAX / 2) {
            scratch->failed = true;
            return;
        }
        uint32_t capacity = list->capacity ? list->capacity * 2 : 4;
        weft_interval *at = take(scratch, capacity);
        if (!at) return;
        if (list->count) memcpy(at, list->at, list->count * sizeof *at);
        list->at = at;
        list->capacity = capacity;
    }
    list->at[list->count++] = (weft_interval){lo, hi};
}

/* Heap sort by lower end: in place, and no input is slow. */
static void sift(weft_interval *at, uint32_t root, uint32_t count) {
    weft_interval moved = at[root];
    for (;;) {
        uint64_t child = (uint64_t)root * 2 + 1;
        if (child + 1 < count && at[child].lo < at[child + 1].lo) child++;
        if (child >= count || at[child].lo <= moved.lo) break;
        at[root] = at[child];
        root = (uint32_t)child;
    }
    at[root] = moved;
}

static void sort(weft_interval *at, uint32_t count) {
    uint32_t ordered = 1;
    while (ordered < count && at[ordered - 1].lo <= at[ordered].lo) ordered++;
    if (ordered >= count) return;
    for (uint32_t k = count / 2; k-- > 0;) sift(at, k, count);
    for (uint32_t end = count - 1; end > 0; end--) {
        weft_interval largest = at[0];
        at[0] = at[end];
        at[end] = largest;
        sift(at, 0, end);
    }
}

uint32_t weft_intervals_normalize(weft_interval *at, uint32_t count) {
    uint32_t kept = 0;
    sort(at, count);
    for (uint32_t k = 0; k < count; k++) {
        if (at[k].lo >= at[k].hi) continue;
        if (kept && at[k].lo <= at[kept - 1].hi) {
            at[kept - 1].hi = weft_larger(at[kept - 1].hi, at[k].hi);
        } else {
            at[kept++] = at[k];
        }
    }
    return kept;
}

/* ---- algebra --------------------------------------------------------------------------------------------------- */

static weft_intervals union_of_two(weft_scratch *scratch, weft_interval a, weft_interval b) {
    if (a.lo > b.lo) {
        weft_interval first = b;
        b = a;
        a = first;
    }
    if (b.lo <= a.hi) return one(scratch, a.lo, weft_larger(a.hi, b.hi));
    weft_interval *at = take(scratch, 2);
    if (!at) return nothing;
    at[0] = a;
    at[1] = b;
    return (weft_intervals){at, 2};
}

weft_intervals weft_intervals_union(weft_scratch *scratch, weft_intervals a, weft_intervals b) {
    if (a.count == 0) return b;
    if (b.count == 0) return a;
    if (a.count == 1 && b.count == 1) return union_of_two(scratch, a.at[0], b.at[0]);
    weft_interval *at = take(scratch, (uint64_t)a.count + b.count);
    if (!at) return nothing;
    uint32_t count = 0;
    for (uint32_t m = 0, n = 0; m < a.count || n < b.count;) {
        bool from_a = n == b.count || (m < a.count && a.at[m].lo <= b.at[n].lo);
        weft_interval next = from_a ? a.at[m++] : b.at[n++];
        if (count && next.lo <= at[count - 1].hi) {
            at[count - 1].hi = weft_larger(at[count - 1].hi, next.hi);
        } else {
            at[count++] = next;
        }
    }
    return (weft_intervals){at, count};
}

/* Those of a list that may meet another one: between its ends. Long lists (labels, masks) mostly meet short ones. */
static weft_intervals part_near(weft_intervals list, weft_intervals other) {
    int64_t end = other.at[other.count - 1].hi;
    uint32_t first = weft_intervals_find(list, other.at[0].lo), last = weft_intervals_find(list, end - 1);
    if (last < list.count && list.at[last].lo < end) last++;
    return (weft_intervals){list.at + first, last - first};
}

/* Is the first list one interval that holds the second list? */
static bool spans_all(weft_intervals a, weft_intervals b) {
    return a.count == 1 && a.at[0].lo <= b.at[0].lo && b.at[b.count - 1].hi <= a.at[0].hi;
}

weft_intervals weft_intervals_intersection(weft_scratch *scratch, weft_intervals a, weft_intervals b) {
    if (a.count == 0 || b.count == 0) return nothing;
    a = part_near(a, b);
    if (a.count == 0) return nothing;
    b = part_near(b, a);
    if (b.count == 0) return nothing;
    if (spans_all(a, b)) return b;
    if (spans_all(b, a)) return a;
    weft_interval *at = take(scratch, (uint64_t)a.count + b.count - 1);
    if (!at) return nothing;
    uint32_t count = 0;
    for (uint32_t m = 0, n = 0; m < a.count && n < b.count;) {
        int64_t lo = weft_larger(a.at[m].lo, b.at[n].lo), hi = weft_smaller(a.at[m].hi, b.at[n].hi);
        if (lo < hi) at[count++] = (weft_interval){lo, hi};
        if (a.at[m].hi < b.at[n].hi) {
            m++;
        } else {
            n++;
        }
    }
    return (weft_intervals){at, count};
}

weft_intervals weft_intervals_difference(weft_scratch *scratch, weft_intervals a, weft_intervals b) {
    if (a.count == 0 || b.count == 0) return a;
    b = part_near(b, a);
    if (b.count == 0) return a;
    weft_interval *at = take(scratch, (uint64_t)a.count + b.count);
    if (!at) return nothing;
    uint32_t count = 0, n = 0;
    for (uint32_t m = 0; m < a.count; m++) {
        int64_t lo = a.at[m].lo, hi = a.at[m].hi;
        while (n < b.count && b.at[n].hi <= lo) n++;
        for (uint32_t k = n; k < b.count && b.at[k].lo < hi; k++) {
            if (lo < b.at[k].lo) at[count++] = (weft_interval){lo, b.at[k].lo};
            lo = b.at[k].hi;
        }
        if (lo < hi) at[count++] = (weft_interval){lo, hi};
    }
    return (weft_intervals){at, count};
}

weft_intervals weft_intervals_complement(weft_scratch *scratch, weft_intervals a, int64_t keys) {
    return weft_intervals_difference(scratch, weft_intervals_one(scratch, 0, keys, keys), a);
}
