/* UTF-8, for whoever counts columns or checks text. */
#ifndef WEFT_SUPPORT_UTF8_H
#define WEFT_SUPPORT_UTF8_H

#include "support/alloc.h"

enum { WEFT_UTF8_INVALID = 0x110000 }; /* no code point */

/* Reads the code point that starts at `text`, size > 0, into *out and returns its length in bytes. Where no valid one
 * starts (overlong forms and surrogates included) *out is WEFT_UTF8_INVALID and the length 1. */
WEFT_SHARED size_t weft_utf8_read(const char *text, size_t size, uint32_t *out);

#endif
