/* Warnings: what a definition says without anybody being likely to mean it. They are about what is written in the
 * definition itself, found once it has no errors. Some follow from the terms alone (warn_terms.c); the others are what
 * a definition turns out to mean at a few lengths, heads and values of its parameters, and are given only where all of
 * those agree (warn_sample.c makes them, warn_sets.c looks at sets, warn_scores.c and warn_tile.c at numbers). Inside
 * this layer only.
 */
#ifndef WEFT_SEMA_WARN_H
#define WEFT_SEMA_WARN_H

#include "sema/elaborate.h"
#include "set/set.h"

typedef struct weft_warner {
    weft_elaborator *e; /* holds the definition's program */
    const weft_definition *definition;
    const weft_pattern_parts *parts;
    uint64_t *work; /* nodes and spans that may still be looked at; nothing more is found when it is used up */
} weft_warner;

/* ---- warn.c. Where memory fails, all set e->arena.failed. */
/* Is that place in the definition? */
bool weft_is_within(const weft_warner *w, weft_span place);
/* Takes from the work that is left; false when that is too little. */
bool weft_take_work(const weft_warner *w, uint64_t amount);
/* The pattern's first statement of that kind, or NULL. */
const weft_ast *weft_statement_of(const weft_warner *w, weft_ast_kind kind);

/* ---- warn_terms.c */
void weft_warn_halves(const weft_warner *w); /* W0003 */
void weft_warn_seeds(const weft_warner *w);  /* W0006 */

/* ---- warn_sample.c: the definition at some lengths, heads and values. */
enum { WEFT_CHOICES = 8 }; /* of values */
enum { WEFT_MOST_CONSTANTS = 16, WEFT_MOST_LENGTHS = 24, WEFT_MOST_HEADS = 64, WEFT_MOST_ROWS = 256 };

typedef struct weft_sampler {
    const weft_warner *w;
    weft_argument *arguments;
    uint64_t dice;
    bool has_choices; /* there are parameters to vary */
    bool by_head;
    int64_t constants[WEFT_MOST_CONSTANTS]; /* what the numbers in it come to, the largest ones, ascending */
    uint32_t constant_count;
    int64_t longest;                    /* that it is not too much work to look at */
    int64_t lengths[WEFT_MOST_LENGTHS]; /* that it may be about, those first that tell most */
    uint32_t length_count;
    int64_t heads[WEFT_MOST_HEADS];
    uint32_t head_count;
    int64_t head_total;
} weft_sampler;

/* Sets of one length in bound form, as written; those of heads that are alike are one. */
typedef struct weft_sample {
    weft_bound bound;
    weft_space space;
} weft_sample;

/* False when it cannot be sampled (its parameters are sets, or too many bools), or memory fails. */
bool weft_sampler_init(weft_sampler *s, const weft_warner *w);
/* Gives the parameters their defaults (number 0) or other values (up to WEFT_CHOICES), and finds lengths and heads to
 * try. False when there are no such values, or they are refused. */
bool weft_sampler_choose(weft_sampler *s, uint32_t number);
/* False when memory fails. */
bool weft_sample_init(weft_sampler *s, int64_t length, weft_sample *out);
void weft_sample_free(weft_sample *sample);
/* The definition's set for one head; 0 when it is refused, or cannot be known. */
weft_id weft_sample_take(weft_sampler *s, weft_sample *sample, int64_t head);
/* Query positions of a length that are likely to tell, those first that tell most: all of a short one, if that many are
 * wanted. */
uint32_t weft_sample_rows(weft_sampler *s, int64_t length, uint32_t most, int64_t rows[WEFT_MOST_ROWS]);
/* A scalar of the definition's program for one head; false when it is not known. */
bool weft_sample_scalar(weft_sampler *s, weft_id scalar, int64_t length, int64_t head, weft_value *out);

/* ---- warn_sets.c */
void weft_warn_sets(const weft_warner *w); /* W0001, W0002, W0005 */

/* ---- warn_scores.c */
void weft_warn_scores(const weft_warner *w); /* W0007 */

/* ---- warn_tile.c */
void weft_warn_tile(const weft_warner *w); /* W0004 */

#endif
