/* Clusters: what q and k choose, as dense work. Rows that see the same keys are brought together, up to 64 of them,
 * with a range of keys in some order; which of the pairs count, bits say. What is chosen may take several parts, one
 * after the other, of which each row has a cluster or more: the rounds of `lsh`; of `vertical_slash` its columns,
 * before its diagonals, which stay lists. A pair belongs to the first part that holds it.
 *
 * Clusters come in a fixed order, and items of one part have no row in common. */
#ifndef WEFT_PLAN_CLUSTERS_H
#define WEFT_PLAN_CLUSTERS_H

#include "plan/plan.h"

typedef struct weft_cluster {
    const uint32_t *rows; /* query rows */
    int32_t row_count;    /* 1 … 64 */
    const uint32_t *keys; /* in that order; NULL: in their own */
    int64_t first, end;   /* the range */
} weft_cluster;
typedef void weft_cluster_hook(void *user, const weft_cluster *cluster);

/* Into how many parts a list falls; 0: it has no clusters. */
uint32_t weft_cluster_parts(const weft_dag *dag, weft_id list);
/* Is that part made of clusters? */
bool weft_part_clusters(const weft_dag *dag, weft_id list, uint32_t part);
/* Rows of an item, in the order that its clusters take rows in. */
int64_t weft_cluster_rows(const weft_plan *plan, const weft_layout *layout);

/* Of a worker, for one item of any layout of the plan; 0: there are no clusters. */
size_t weft_cluster_bytes(const weft_plan *plan);
/* Clusters of rows [row, row + weft_cluster_rows) of the layout, once the bound form knows what was chosen. */
void weft_visit_clusters(const weft_plan *plan, const weft_layout *layout, const weft_bound *bound, int64_t row,
                         void *memory, weft_cluster_hook *hook, void *user);
/* Up to 64 keys of the cluster, from `at` on, and which of the pairs count. */
void weft_cluster_pairs(const weft_plan *plan, const weft_layout *layout, const weft_bound *bound,
                        const weft_cluster *cluster, int64_t at, weft_pairs *pairs);

#endif
