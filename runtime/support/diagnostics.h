/* Diagnostics are data: a code, a span of bytes in a source, a message, notes, perhaps a suggestion. Line, column and
 * carets are worked out when they are rendered. Nothing here prints. */
#ifndef WEFT_SUPPORT_DIAGNOSTICS_H
#define WEFT_SUPPORT_DIAGNOSTICS_H

#include "support/alloc.h"

/* A place: bytes [begin, end) of source number `source`. Sources are numbered from 1; 0 means "no place". */
typedef struct weft_span {
    uint32_t source, begin, end;
} weft_span;

#define WEFT_NO_SPAN ((weft_span){0, 0, 0})

/* A point of a source, from 1, in code points (an invalid byte counts as one). */
typedef struct weft_point {
    uint32_t line, column;
} weft_point;

typedef struct weft_landmark {
    uint32_t offset;
    weft_point point;
} weft_landmark;

typedef struct weft_source {
    const char *name; /* as the user wrote the path */
    const char *text; /* NUL after size bytes */
    size_t size;
    weft_landmark *landmarks; /* one every few thousand bytes, so that any point is found in bounded time */
} weft_source;

/* All sources of a module, in the order they were read; copies names and texts. */
typedef struct weft_sources {
    const weft_allocator *allocator;
    weft_source *at; /* source number n is at[n - 1] */
    uint32_t count, capacity;
} weft_sources;

WEFT_SHARED void weft_sources_init(weft_sources *sources, const weft_allocator *allocator);
WEFT_SHARED void weft_sources_free(weft_sources *sources);
/* The new source's number, or 0 when out of memory (or at 4 GiB of text, which spans cannot address). */
WEFT_SHARED uint32_t weft_sources_add(weft_sources *sources, const char *name, const char *text, size_t size);

/* Where the byte at `offset` stands; beyond the end, where the end stands. */
WEFT_SHARED weft_point weft_sources_point(const weft_sources *sources, uint32_t source, uint32_t offset);

typedef enum weft_code {
#define DIAGNOSTIC(code, title) WEFT_##code,
#include "support/codes.def"
#undef DIAGNOSTIC
    WEFT_CODE_COUNT
} weft_code;

WEFT_SHARED const char *weft_code_name(weft_code code);  /* "E0201" */
WEFT_SHARED const char *weft_code_title(weft_code code); /* what it is about, in a few words */
WEFT_SHARED bool weft_code_is_error(weft_code code);     /* else a warning */

typedef struct weft_note {
    weft_span span;
    const char *message;
    struct weft_note *next;
} weft_note;

typedef struct weft_report {
    weft_code code;
    weft_span span;
    const char *message;
    const char *suggestion; /* NULL, or a replacement: rendered as "did you mean `…`?" */
    weft_note *notes;
} weft_report;

enum { WEFT_MAX_REPORTS = 100 };

/* The reports of one operation. At most WEFT_MAX_REPORTS are kept, errors rather than warnings; the others are counted.
 * Identical (code, span) pairs are one report; so are, where there is no place, identical messages. */
typedef struct weft_diagnostics {
    weft_arena arena;
    const weft_sources *sources; /* may be NULL; borrowed */
    weft_report *reports;        /* WEFT_MAX_REPORTS of them, allocated at the first */
    weft_report *last;           /* the one made last, for notes; NULL when it was not kept */
    uint32_t count;
    uint32_t dropped; /* reports beyond those kept */
    uint32_t errors;  /* errors seen, kept or not */
    bool out_of_memory;
} weft_diagnostics;

WEFT_SHARED void weft_diagnostics_init(weft_diagnostics *d, const weft_allocator *allocator,
                                       const weft_sources *sources);
WEFT_SHARED void weft_diagnostics_free(weft_diagnostics *d);
WEFT_SHARED void weft_diagnostics_clear(weft_diagnostics *d);

/* Adds a report; warnings and errors alike. The message is one sentence without a final point. */
WEFT_SHARED void weft_diagnose(weft_diagnostics *d, weft_code code, weft_span span, const char *format, ...)
    WEFT_PRINTF(4, 5);
/* Adds to the report made last (dropped with it when that one was dropped, or sorted since). */
WEFT_SHARED void weft_diagnose_note(weft_diagnostics *d, weft_span span, const char *format, ...) WEFT_PRINTF(3, 4);
WEFT_SHARED void weft_diagnose_suggest(weft_diagnostics *d, const char *replacement);

/* Sorts by source and place; stable. */
WEFT_SHARED void weft_diagnostics_sort(weft_diagnostics *d);

/* FILE:LINE:COL: error[E0123]: message, the source line, a caret span, notes, suggestion. Control bytes of the source
 * are shown harmless; long lines are cut around the span. */
WEFT_SHARED void weft_diagnostics_render(const weft_diagnostics *d, bool color, weft_text *out);

/* The closest of `count` candidates to `name` by edit distance (transpositions count one), if close enough to be what
 * was meant; else NULL. */
WEFT_SHARED const char *weft_closest(const char *name, const char *const *candidates, size_t count);

#endif
