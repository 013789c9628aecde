/* Random pattern files, of the whole language that kernels are made for, and the values for their parameters.
 *
 * Drawn are: every atom of atoms.def; both spellings of the set operators, `blocks` (also nested),
 * `?:` on heads, parameters and lengths; index lists of every form; the scalar operators and functions, in sizes, in
 * `where` and in `bias`; faults that depend on the pair; `let`, `set` with parameters of type set, patterns as sets;
 * `heads` by ranges and lists, with and without `attend`; `require`, `scale`, `softcap`, `bias`, `sink`, `shared_qk`,
 * `approximate`, beside a set or alone; parameters of every type, arrays with each of their shapes. Not drawn: imports,
 * and what this build refuses (`tile`).
 *
 * generate.c writes patterns, generate_sets.c sets, generate_scalars.c numbers and conditions, generate_data.c makes
 * tensors and values. */
#ifndef WEFT_TEST_GENERATE_H
#define WEFT_TEST_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <weft/runtime.h>

#include "support/random.h"

#define PICK(random, list) list[test_range(random, 0, (int64_t)(sizeof list / sizeof *list) - 1)]

/* The arrays that a pattern may take. The comment says for what, and of which lengths. */
#define GENERATED_ARRAYS(array)                                                                                        \
    array(k, tokens)       /* 5 positions */                                                                           \
        array(x, labels)   /* of keys */                                                                               \
        array(y, labels)   /* of blocks of GENERATED_BLOCK keys */                                                     \
        array(m, mask)     /* queries by keys */                                                                       \
        array(d, mask)     /* the same in blocks */                                                                    \
        array(n, keys)     /* up to 9 a query */                                                                       \
        array(v, table)    /* for `where`, 6 */                                                                        \
        array(t, table)    /* for `bias`, 4 to 9 */                                                                    \
        array(u, table)    /* for `bias`, 0 to 5 */                                                                    \
        array(s, per_head) /* for `bias` */                                                                            \
        array(b, per_head) /* for `sink` */
enum {
#define ARRAY(name, type) GENERATED_##name,
    GENERATED_ARRAYS(ARRAY)
#undef ARRAY
        GENERATED_ARRAY_COUNT,
    GENERATED_BLOCK = 32
};

typedef struct generated {
    char text[24000];
    size_t size;
    const char *body; /* of the pattern: its part of the text */
    bool takes[GENERATED_ARRAY_COUNT];
} generated;

/* A file with a pattern `p`, whose parameters are w (int), r (float) and on (bool), with defaults, and arrays. Numbers
 * are around `scale`; with `shared` it may say that queries are keys. */
void generate_pattern(test_random *random, int64_t scale, bool shared, generated *out);

/* How often a word of letters stands in a text by itself, or a sign in it. */
long generated_count(const char *text, const char *word);

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

/* Elements in any order in memory, with gaps or without. */
typedef struct tensor {
    DLTensor view;
    int64_t shape[4], strides[4];
    char *memory;
    size_t bytes, count; /* count: of elements */
} tensor;

/* Compact where random is NULL, and now and then else. Elements are poison: all bits set. */
void tensor_make(tensor *t, test_random *random, DLDataType type, int ndim, const int64_t *shape);
void tensor_free(tensor *t);
void tensor_poison(tensor *t);
/* Element n in row-major order, as a double. */
double tensor_get(const tensor *t, size_t n);
void tensor_set(tensor *t, size_t n, double value);
/* Is all that lies between the elements still poison? */
bool tensor_gaps_are_poison(const tensor *t);

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* Bindings of a plan, and of a run: what a run may bind comes with either, or both. */
typedef struct generated_values {
    tensor arrays[2][GENERATED_ARRAY_COUNT];
    weft_binding bindings[2][GENERATED_ARRAY_COUNT + 3];
    size_t count[2];
} generated_values;

void generate_values(const generated *pattern, test_random *random, int64_t scale, const weft_shape *shape,
                     generated_values *out);
void generated_values_free(generated_values *values);

#endif
