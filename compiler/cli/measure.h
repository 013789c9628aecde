/* Figures of patterns that come from looking at rows and at who reaches whom. */
#ifndef WEFT_CLI_MEASURE_H
#define WEFT_CLI_MEASURE_H

#include "kinds.h"

/* How many keys rows have. All rows are looked at where that takes seconds, else a sample spread over them. */
typedef struct row_figures {
    int64_t looked_at;
    int64_t least, most; /* keys of a row */
    int64_t empty;       /* rows without any */
    bool causal;         /* no key stands after its query */
} row_figures;

weft_status measure_rows(row_figures *out, const weft_plan *plan, const weft_shape *shape, int64_t head);

/* How far information travels. A layer passes it along the pairs of all its heads, and a token keeps what it has. */
typedef struct reach_figures {
    int64_t last_layers; /* until what the last token depends on grows no more */
    double last_share;   /* of all tokens, that it depends on then */
    bool last_exact;     /* else both are about blocks of tokens, and it takes at least as many layers */
    int64_t layers;      /* until nothing grows any more */
    double share;        /* of all pairs, or all causal ones, that depend then */
    int64_t block;       /* tokens in a block; 1: `layers` and `share` are exact */
} reach_figures;

/* For as many queries as keys. Kinds as they are: a --head is a layer of that head alone. */
weft_status measure_reach(reach_figures *out, const weft_plan *plan, const weft_shape *shape, const head_kinds *kinds,
                          bool causal);

#endif
