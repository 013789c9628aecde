/* What the parts of the generator share: a text that grows, and what may stand in it. Inside generate*.c only. */
#ifndef WEFT_TEST_GENERATOR_H
#define WEFT_TEST_GENERATOR_H

#include "generate.h"

typedef struct generator {
    test_random *random;
    int64_t scale;
    char *at;
    size_t size, used;
    int inside_blocks; /* array lengths are those of positions, so none is read there */
    int static_only;   /* no set that depends on data may stand here */
    bool in_where;     /* nothing that comes with a run may be read */
    bool same_for_all; /* no i, no j */
    bool shared;       /* queries are keys */
    bool approximates; /* what is left out of the set; scales are positive then */
} generator;

void put(generator *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
int64_t pick(generator *g, int64_t low, int64_t high);

void put_set(generator *g, int depth);
void put_condition(generator *g, int depth);
void put_real(generator *g, int depth);
/* A condition that no pair decides. */
void put_choice(generator *g);

#endif
