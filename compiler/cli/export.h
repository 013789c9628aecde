/* What the formats of `weft export` share: the plan, and the heads that are written. */
#ifndef WEFT_CLI_EXPORT_H
#define WEFT_CLI_EXPORT_H

#include "blocks.h"
#include "cli.h"
#include "kinds.h"

typedef struct export_job {
    const session *session;
    const weft_shape *shape;
    const head_kinds *kinds; /* --head leaves the others out */
    int64_t heads;           /* that are written */
    int64_t side;            /* of a block */
    FILE *out;
} export_job;

/* Each writes its whole file and returns an exit code. */
int export_flex(const export_job *job);
int export_flashinfer(const export_job *job);
int export_intervals(const export_job *job);

/* For a visit that was stopped, if it was: by an interrupt, or for want of memory. */
int export_stopped(weft_status status);
/* For a stream that may have failed: committing the file says why, if it has; else it was too large. */
int export_written(const export_job *job, bool written);

#endif
