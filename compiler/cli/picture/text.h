/* Texts of pictures: cleaning what comes from files, walking code points, and the numbers on an axis. */
#ifndef WEFT_CLI_PICTURE_TEXT_H
#define WEFT_CLI_PICTURE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

enum { TEXT_BYTES = 512 }; /* room for any clean text, its NUL included */

/* A copy fit for any output: valid UTF-8 without control or direction characters, at most 120 code points. NULL when
 * memory fails; "" for NULL. */
char *text_clean(const char *text);

/* The next code point of clean text, or 0 at the end; moves *at past it. An invalid byte is U+FFFD. */
uint32_t text_next(const char **at);

/* Puts a code point as UTF-8 (at most 4 bytes, no NUL) and returns what follows it. */
char *text_put(char *at, uint32_t point);

/* The step between labels for an axis of `length` with about `wanted` of them: a power of two where that divides the
 * length well, else 1, 2 or 5 times a power of ten. At least 1. */
int64_t text_axis_step(int64_t length, int wanted);

#endif
