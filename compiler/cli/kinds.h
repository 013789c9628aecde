/* Heads whose sets are equal are one kind: what is shown or counted for one of them holds for all. */
#ifndef WEFT_CLI_KINDS_H
#define WEFT_CLI_KINDS_H

#include <weft/weft.h>

#include "options.h"

typedef struct head_kind {
    int64_t first;       /* its first head */
    int64_t count;       /* of heads */
    weft_plan_work work; /* of each */
    char *name;          /* "heads 0-3, 8" */
} head_kind;

typedef struct head_kinds {
    int64_t heads;
    int *of; /* [heads]: the kind's number, or -1 where --head leaves the head out */
    head_kind *at;
    int count;
} head_kinds;

/* Of the first batch element's heads. An exit code. */
int kinds_find(head_kinds *kinds, const weft_plan *plan, int64_t heads, const options *given);
/* Heads that are of one kind in both; `work` is that of neither. */
int kinds_join(head_kinds *kinds, const head_kinds *a, const head_kinds *b);
/* The heads of a kind as a JSON array, on stdout. */
void kinds_write_heads(const head_kinds *kinds, int kind);
void kinds_free(head_kinds *kinds);

#endif
