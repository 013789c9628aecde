/* What the tests of all kinds of pictures share: allocations that fail on demand (the linker wraps malloc and calloc),
 * a picture written to memory, and the cases that every kind must bear. */
#ifndef WEFT_TESTS_PICTURE_CASES_H
#define WEFT_TESTS_PICTURE_CASES_H

#include "gallery.h"

#include <check.h>

typedef bool writer(const picture *image, FILE *out);

/* The bytes that the writer makes, with a NUL behind them. */
char *written(writer *write, const picture *image, size_t *size);

/* Every allocation of creating and writing fails once: the result is false or NULL, nothing leaks, nothing crashes. */
void fail_every_allocation(writer *write);
void fail_to_write(writer *write); /* to a full device */

#define HOSTILE "a\033[31m<b attr=\"x\">&amp;'\n\t\x7f \xff\xc0\xaf \xe2\x80\xae \xed\xa0\x80 \xf4\x90\x80\x80 漢字"

/* Pictures at the edges of what is allowed. */
enum { EDGE_COUNT = 8 };
picture *edge_picture(int index);

/* (query, key) of lone pairs: at the corners, on the diagonal and elsewhere. */
enum { LONE_COUNT = 5 };
extern const int64_t lone_pairs[LONE_COUNT][2];

int run_cases(TCase *cases); /* main's result */

#endif
