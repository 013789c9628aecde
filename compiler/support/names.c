/* Interning: an open-addressing table of the texts seen, kept at most three quarters full. */
#include "support/names.h"

#include <string.h>

enum { FIRST_SIZE = 64 };

void weft_names_init(weft_names *names, const weft_allocator *allocator) {
    *names = (weft_names){0};
    weft_arena_init(&names->arena, allocator);
}

void weft_names_free(weft_names *names) {
    weft_free(names->arena.allocator, names->table, names->size * sizeof *names->table);
    weft_arena_free(&names->arena);
    names->table = NULL;
    names->count = names->size = 0;
}

/* FNV-1a, its high bits folded down because the table uses the low ones. */
static uint64_t hash_of(const char *text, size_t size) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

/* Where the text is, or where it belongs. The table has a free place. */
static weft_interned *place_of(const weft_names *names, const char *text, size_t size, uint64_t hash) {
    uint32_t mask = names->size - 1, at = (uint32_t)hash & mask;
    for (;; at = (at + 1) & mask) {
        weft_interned *place = &names->table[at];
        if (!place->text) return place;
        if (place->hash == hash && place->size == size && !memcmp(place->text, text, size)) return place;
    }
}

static bool grow(weft_names *names) {
    weft_names grown = *names;
    if (names->size > UINT32_MAX / 2) return false;
    grown.size = names->size ? names->size * 2 : FIRST_SIZE;
    grown.table = weft_allocate_zero(names->arena.allocator, grown.size * sizeof *grown.table);
    if (!grown.table) return false;
    for (uint32_t i = 0; i < names->size; i++) {
        const weft_interned *old = &names->table[i];
        if (old->text) *place_of(&grown, old->text, old->size, old->hash) = *old;
    }
    weft_free(names->arena.allocator, names->table, names->size * sizeof *names->table);
    names->table = grown.table;
    names->size = grown.size;
    return true;
}

const char *weft_name(weft_names *names, const char *text, size_t size) {
    if (names->count >= names->size / 4 * 3 && !grow(names)) return NULL;
    uint64_t hash = hash_of(text, size);
    weft_interned *place = place_of(names, text, size, hash);
    if (place->text) return place->text;
    const char *copy = weft_arena_copy(&names->arena, text, size);
    if (!copy) return NULL;
    *place = (weft_interned){copy, size, hash};
    names->count++;
    return copy;
}
