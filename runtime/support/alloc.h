/* Memory: every allocation of the libraries goes through the host's resize hook, so that hosts can account for it and
 * tests can make any one of them fail. Nothing here reports errors: NULL or false means out of memory. */
#ifndef WEFT_SUPPORT_ALLOC_H
#define WEFT_SUPPORT_ALLOC_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weft/runtime.h>

/* Exported for the sibling library (the compiler) and its tests; not public, no promise of stability. */
#define WEFT_SHARED WEFT_API
#if defined(__GNUC__)
#define WEFT_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define WEFT_PRINTF(text, first)
#endif

typedef struct weft_allocator {
    weft_resize_hook *resize; /* never NULL */
    void *user;
} weft_allocator;

/* The allocator that the config asks for; malloc's where it names none (config may be NULL). */
WEFT_SHARED weft_allocator weft_allocator_of(const weft_config *config);

WEFT_SHARED void *weft_allocate(const weft_allocator *allocator, size_t size); /* uninitialised; size 0 gives NULL */
WEFT_SHARED void *weft_allocate_zero(const weft_allocator *allocator, size_t size);
WEFT_SHARED void weft_free(const weft_allocator *allocator, void *block, size_t size); /* NULL is fine */

/* Makes room for `count` elements of `element` bytes in *array, at least doubling; false, and nothing changed, when it
 * cannot (or the size overflows). Start with *array NULL and *capacity 0. */
WEFT_SHARED bool weft_reserve(const weft_allocator *allocator, void *array, uint32_t *capacity, uint64_t count,
                              size_t element);

/* A region freed as a whole: AST, names, IR. After the first failure every allocation fails and `failed` stays set
 * until a reset. */
typedef struct weft_arena {
    const weft_allocator *allocator;
    struct weft_arena_chunk *chunk;
    bool failed;
} weft_arena;

WEFT_SHARED void weft_arena_init(weft_arena *arena, const weft_allocator *allocator);
WEFT_SHARED void weft_arena_free(weft_arena *arena);
WEFT_SHARED void weft_arena_reset(weft_arena *arena);              /* keeps the largest chunk for reuse */
WEFT_SHARED void *weft_arena_take(weft_arena *arena, size_t size); /* uninitialised, aligned to 16 bytes */
WEFT_SHARED char *weft_arena_copy(weft_arena *arena, const char *text, size_t size); /* adds a NUL */

/* Text that grows. After a failed allocation appends do nothing and `failed` stays set. */
typedef struct weft_text {
    const weft_allocator *allocator;
    char *at; /* NUL-terminated once anything was appended */
    size_t size, capacity;
    bool failed;
} weft_text;

WEFT_SHARED void weft_text_init(weft_text *text, const weft_allocator *allocator);
WEFT_SHARED void weft_text_release(weft_text *text);
WEFT_SHARED void weft_text_add(weft_text *text, const char *bytes, size_t size);
WEFT_SHARED void weft_text_format(weft_text *text, const char *format, ...) WEFT_PRINTF(2, 3);
WEFT_SHARED void weft_text_format_list(weft_text *text, const char *format, va_list arguments) WEFT_PRINTF(2, 0);
/* A double that reads back as the same bits, with a point or an exponent ("0.5", "1e+20"); inf, -inf and nan as words.
 */
WEFT_SHARED void weft_text_double(weft_text *text, double value);
/* Reads what weft_text_double writes and every number of decimal digits with a point or an exponent or neither,
 * whatever the locale; false on anything else. Too large a number gives an infinity, as IEEE rounds it. */
WEFT_SHARED bool weft_read_double(const char *text, size_t size, double *out);
/* snprintf's contract: copies at most size - 1 bytes and a NUL, returns the whole length. */
WEFT_SHARED size_t weft_text_copy_out(const weft_text *text, char *buffer, size_t size);

#endif
