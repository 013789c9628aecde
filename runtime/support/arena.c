/* Arenas: a list of chunks, the newest first, each at least twice as large as the one before up to a limit. */
#include "support/alloc.h"

#include <string.h>

enum { ALIGNMENT = 16, FIRST_CHUNK = 4096 - 64, LARGEST_CHUNK = 1 << 20 };

typedef struct weft_arena_chunk {
    struct weft_arena_chunk *next;
    size_t size, used; /* of bytes */
    _Alignas(ALIGNMENT) unsigned char bytes[];
} weft_arena_chunk;

void weft_arena_init(weft_arena *arena, const weft_allocator *allocator) {
    *arena = (weft_arena){.allocator = allocator};
}

static void free_chunks(weft_arena *arena, weft_arena_chunk *chunk) {
    while (chunk) {
        weft_arena_chunk *next = chunk->next;
        weft_free(arena->allocator, chunk, sizeof *chunk + chunk->size);
        chunk = next;
    }
}

void weft_arena_free(weft_arena *arena) {
    free_chunks(arena, arena->chunk);
    weft_arena_init(arena, arena->allocator);
}

void weft_arena_reset(weft_arena *arena) {
    arena->failed = false;
    weft_arena_chunk *largest = arena->chunk;
    for (weft_arena_chunk *chunk = arena->chunk; chunk; chunk = chunk->next)
        if (chunk->size > largest->size) largest = chunk;
    if (!largest) return;
    for (weft_arena_chunk **link = &arena->chunk; *link; link = &(*link)->next) {
        if (*link != largest) continue;
        *link = largest->next;
        break;
    }
    free_chunks(arena, arena->chunk);
    largest->next = NULL;
    largest->used = 0;
    arena->chunk = largest;
}

static weft_arena_chunk *add_chunk(weft_arena *arena, size_t size) {
    size_t wanted = arena->chunk ? 2 * arena->chunk->size : FIRST_CHUNK;
    if (wanted > LARGEST_CHUNK) wanted = LARGEST_CHUNK;
    if (wanted < size) wanted = size;
    weft_arena_chunk *chunk = weft_allocate(arena->allocator, sizeof *chunk + wanted);
    if (!chunk) return NULL;
    *chunk = (weft_arena_chunk){.next = arena->chunk, .size = wanted};
    arena->chunk = chunk;
    return chunk;
}

void *weft_arena_take(weft_arena *arena, size_t size) {
    weft_arena_chunk *chunk = arena->chunk;
    if (size == 0) size = 1;
    if (!arena->failed && size <= PTRDIFF_MAX / 2) {
        size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (!chunk || size > chunk->size - chunk->used) chunk = add_chunk(arena, size);
    } else {
        chunk = NULL;
    }
    if (!chunk) {
        arena->failed = true;
        return NULL;
    }
    void *block = chunk->bytes + chunk->used;
    chunk->used += size;
    return block;
}

char *weft_arena_copy(weft_arena *arena, const char *text, size_t size) {
    char *copy = size < SIZE_MAX ? weft_arena_take(arena, size + 1) : NULL;
    if (!copy) return NULL;
    if (size) memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}
