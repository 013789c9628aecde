/* What `weft stats` finds out, and the two ways in which it says it. */
#ifndef WEFT_CLI_STATS_H
#define WEFT_CLI_STATS_H

#include "cli.h"
#include "measure.h"

typedef struct statistics {
    const session *s;
    weft_shape shape;
    weft_plan_info info; /* of the plan */
    head_kinds kinds;
    row_figures *rows;   /* of each kind */
    weft_plan_work work; /* of all heads together; `heaviest` is the dearest item of any */
    row_figures all_rows;
    bool has_reach; /* as many queries as keys */
    reach_figures reach;
    int64_t head_dim, threads;
    int element; /* bytes of a number in memory */
    double dense_cost;
} statistics;

/* Pairs of the heads' masks, all of them or the causal ones. */
double stats_possible(const statistics *st, bool causal);
double stats_flops(const statistics *st, double pairs);
double stats_bytes_read(const statistics *st);
double stats_bytes_written(const statistics *st);
/* The least share of the time that `threads` threads are busy, if each takes the next item when it is done: the last
 * item may begin when the others have just ended (R. L. Graham, "Bounds for certain multiprocessing anomalies", 1966).
 */
double stats_busy(const statistics *st);
/* Were pairs asked one by one to an extent that is worth a word? */
bool stats_is_hard(const statistics *st);

/* stats_choices.c: what q and k chose, where the pattern asks them: summed up atom by atom. */
void stats_print_choices(const statistics *st);
void stats_write_choices(const statistics *st);

void stats_print(const statistics *st);
void stats_write_json(const statistics *st);

#endif
