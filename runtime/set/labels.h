/* Where labels stand: for every position the intervals of all positions that have its label. Sorted labels make one
 * interval a label, shuffled ones as many as there are runs; nothing is ever compared pair by pair. Inside this layer
 * only. */
#ifndef WEFT_SET_LABELS_H
#define WEFT_SET_LABELS_H

#include "set/set.h"

typedef struct weft_labels {
    int64_t *begins;     /* of the runs of equal labels, ascending */
    uint32_t *group_of;  /* by run: which label, as a number below group_count */
    uint32_t *groups;    /* by label: its first interval in `runs`; one more at the end */
    weft_interval *runs; /* label by label, ascending in each */
    uint32_t run_count, group_count;
} weft_labels;

/* Gives the array its index, if it has none; false when memory fails. */
bool weft_labels_index(weft_array *array, const weft_allocator *allocator);
void weft_labels_free(weft_labels *labels, const weft_allocator *allocator);

/* The run that holds a position. */
uint32_t weft_labels_run(const weft_labels *labels, int64_t position);
static inline weft_intervals weft_labels_group(const weft_labels *labels, uint32_t group) {
    uint32_t first = labels->groups[group];
    return (weft_intervals){labels->runs + first, labels->groups[group + 1] - first};
}

#endif
