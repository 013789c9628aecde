/* What the halves of weft verify share: what was compared so far, and the first difference. */
#ifndef WEFT_CLI_VERIFY_H
#define WEFT_CLI_VERIFY_H

#include "cli.h"

enum { VERIFY_MOST_DIMS = 8 };

/* Runs of one kernel, compared. */
typedef struct dim_result {
    int64_t head_dim, value_dim, runs;
    double error; /* largest, relative to the largest |o| of its run */
} dim_result;

/* The first difference, in words, and where. */
typedef struct difference {
    bool found;
    weft_shape shape;
    char what[200];
} difference;

typedef struct verification {
    session *s;
    invention made_up;      /* what the plan at hand was given */
    int64_t masks, refused; /* shapes */
    double pairs;
    dim_result dims[VERIFY_MOST_DIMS];
    int dim_count;
    difference first;
} verification;

/* The largest error of o, by the largest |o| of its run, that is taken for rounding. */
double verify_tolerance(weft_dtype dtype);

/* Shows the session's plan random q and k. An exit code. */
int verify_show(verification *v, const weft_shape *shape);
/* Compares all heads of the session's plan, pair by pair: tiles against oracle. An exit code. */
int verify_masks(verification *v, const weft_shape *shape);
/* Runs the session's plan on random tensors and compares with the reference; notes the error in `result`. An exit code.
 */
int verify_run(verification *v, const weft_shape *shape, dim_result *result);

#endif
