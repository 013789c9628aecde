/* What weft import knows of a mask, and what it makes of it. */
#ifndef WEFT_CLI_IMPORT_H
#define WEFT_CLI_IMPORT_H

#include "cli.h"
#include "guess.h"

enum { MOST_KINDS = 64 };

typedef struct import_job {
    const options *given;
    const char *name; /* of the pattern */
    npy_array mask;
    const uint8_t *pairs; /* [heads][queries][keys]: the mask's bytes */
    int64_t heads, queries, keys;
    int *kind_of;              /* [heads]: heads of one kind have the same pairs */
    int64_t kinds[MOST_KINDS]; /* the first head of each */
    int kind_count;
    char *sets[MOST_KINDS]; /* the text of each kind's set; NULL: the mask is given */
    int32_t *labels;        /* [keys] of `doc`; NULL: no set names it */
    grid tiles;             /* those of `tiles`, 0 or 1; without cells where no set names it */
} import_job;

static inline const uint8_t *pairs_of(const import_job *job, int64_t head) {
    return job->pairs + head * job->queries * job->keys;
}

/* Finds what sets it can. False when memory fails. */
bool import_sets(import_job *job);
/* Forgets them: the mask is given. */
void import_forget(import_job *job);
bool import_is_given(const import_job *job);

/* The pattern file; NULL when memory fails. */
char *import_text(const import_job *job);

#endif
