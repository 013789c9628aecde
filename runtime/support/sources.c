/* The texts that diagnostics point into. Each keeps a landmark every STEP bytes, so that finding the line and column of
 * a byte costs the same in a file of ten lines and in one of a megabyte without any. */
#include "support/diagnostics.h"
#include "support/utf8.h"

#include <string.h>

enum { STEP = 4096 };

void weft_sources_init(weft_sources *sources, const weft_allocator *allocator) {
    *sources = (weft_sources){.allocator = allocator};
}

static void free_source(const weft_allocator *allocator, const weft_source *source) {
    if (source->name) weft_free(allocator, (void *)source->name, strlen(source->name) + 1);
    weft_free(allocator, (void *)source->text, source->size + 1);
    weft_free(allocator, source->landmarks, source->size / STEP * sizeof *source->landmarks);
}

void weft_sources_free(weft_sources *sources) {
    for (uint32_t k = 0; k < sources->count; k++) free_source(sources->allocator, &sources->at[k]);
    weft_free(sources->allocator, sources->at, sources->capacity * sizeof *sources->at);
    weft_sources_init(sources, sources->allocator);
}

static char *copy_text(const weft_allocator *allocator, const char *text, size_t size) {
    char *copy = weft_allocate(allocator, size + 1);
    if (!copy) return NULL;
    if (size) memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

/* Goes on from `from` to the code point that holds, or starts at, byte `offset`. */
static weft_landmark walk(const weft_source *source, weft_landmark from, uint32_t offset) {
    while (from.offset < offset) {
        uint32_t point;
        size_t length = weft_utf8_read(source->text + from.offset, source->size - from.offset, &point);
        if (length > offset - from.offset) break;
        from.offset += (uint32_t)length;
        bool mark = point == 0xFEFF && from.offset == (uint32_t)length; /* a byte order mark is no column */
        from.point.column += !mark;
        if (point == '\n') from.point = (weft_point){from.point.line + 1, 1};
    }
    return from;
}

static const weft_landmark beginning = {0, {1, 1}};

/* landmarks[k] is the last code point that starts at or before byte (k + 1) STEP. */
static bool set_landmarks(const weft_allocator *allocator, weft_source *source) {
    size_t count = source->size / STEP;
    if (count == 0) return true;
    source->landmarks = weft_allocate(allocator, count * sizeof *source->landmarks);
    if (!source->landmarks) return false;
    weft_landmark at = beginning;
    for (size_t k = 0; k < count; k++) {
        at = walk(source, at, (uint32_t)((k + 1) * STEP));
        source->landmarks[k] = at;
    }
    return true;
}

uint32_t weft_sources_add(weft_sources *sources, const char *name, const char *text, size_t size) {
    const weft_allocator *allocator = sources->allocator;
    if (size >= UINT32_MAX) return 0;
    if (!weft_reserve(allocator, &sources->at, &sources->capacity, (uint64_t)sources->count + 1, sizeof *sources->at))
        return 0;
    weft_source source = {.size = size};
    source.name = copy_text(allocator, name, strlen(name));
    source.text = copy_text(allocator, text, size);
    if (!source.name || !source.text || !set_landmarks(allocator, &source)) {
        free_source(allocator, &source);
        return 0;
    }
    sources->at[sources->count++] = source;
    return sources->count;
}

weft_point weft_sources_point(const weft_sources *sources, uint32_t source, uint32_t offset) {
    if (source == 0 || source > sources->count) return beginning.point;
    const weft_source *at = &sources->at[source - 1];
    if (offset > at->size) offset = (uint32_t)at->size;
    size_t passed = offset / STEP;
    return walk(at, passed ? at->landmarks[passed - 1] : beginning, offset).point;
}
