/* The words of IR text. A cursor stands in one line of it; readers take what they are named for and blanks before it,
 * or give false and take nothing. None looks beyond the line. */
#ifndef WEFT_SET_PARSE_LEX_H
#define WEFT_SET_PARSE_LEX_H

#include "set/signature.h"

typedef struct weft_cursor {
    const char *at, *end;     /* what is left of the line */
    const char *next, *limit; /* what is left of the text after it */
    uint32_t line;            /* its number, from 1 */
} weft_cursor;

weft_cursor weft_cursor_of(const char *text, size_t size);
/* Goes to the next line that holds more than blanks and a comment; false: there is none. */
bool weft_cursor_next_line(weft_cursor *cursor);
/* Is nothing left on the line but blanks and a comment? */
bool weft_cursor_is_done(weft_cursor *cursor);
/* A few bytes of what comes next, for messages; size 0 at the end of the line. */
weft_slice weft_cursor_peek(weft_cursor *cursor);

bool weft_cursor_take(weft_cursor *cursor, char symbol);
bool weft_cursor_word(weft_cursor *cursor, weft_slice *out); /* a letter, then letters, digits, _ and - */
bool weft_cursor_number(weft_cursor *cursor, uint32_t *out);
bool weft_cursor_int(weft_cursor *cursor, int64_t *out);
bool weft_cursor_double(weft_cursor *cursor, double *out);
/* Replaces what `out` held. out->failed: out of memory, else malformed. */
bool weft_cursor_string(weft_cursor *cursor, weft_text *out);
bool weft_cursor_place(weft_cursor *cursor, weft_span *out);

#endif
