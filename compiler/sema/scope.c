/* Scopes: symbols in the order of their definition, and a hash table over the (interned) names. */
#include "sema/unit.h"

static uint32_t slot_of(const weft_scope *scope, const char *name) {
    uint64_t hash = (uint64_t)(uintptr_t)name * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(hash >> 32) & (scope->table_size - 1);
}

static void index_symbol(weft_scope *scope, uint32_t number) {
    uint32_t slot = slot_of(scope, scope->symbols[number].name);
    while (scope->table[slot]) slot = (slot + 1) & (scope->table_size - 1);
    scope->table[slot] = number + 1;
}

/* Keeps the table at most half full. */
static bool grow_table(const weft_allocator *allocator, weft_scope *scope) {
    if (2 * (scope->count + 1) <= scope->table_size) return true;
    uint32_t size = scope->table_size ? 2 * scope->table_size : 8;
    uint32_t *table = weft_allocate_zero(allocator, size * sizeof *table);
    if (!table) return false;
    weft_free(allocator, scope->table, scope->table_size * sizeof *table);
    scope->table = table;
    scope->table_size = size;
    for (uint32_t k = 0; k < scope->count; k++) index_symbol(scope, k);
    return true;
}

bool weft_scope_add(const weft_allocator *allocator, weft_scope *scope, weft_symbol symbol) {
    if (!grow_table(allocator, scope)) return false;
    if (!weft_reserve(allocator, &scope->symbols, &scope->capacity, (uint64_t)scope->count + 1, sizeof *scope->symbols))
        return false;
    scope->symbols[scope->count++] = symbol;
    index_symbol(scope, scope->count - 1);
    return true;
}

const weft_symbol *weft_scope_find(const weft_scope *scope, const char *name) {
    if (!scope->table_size) return NULL;
    for (uint32_t slot = slot_of(scope, name); scope->table[slot]; slot = (slot + 1) & (scope->table_size - 1)) {
        const weft_symbol *symbol = &scope->symbols[scope->table[slot] - 1];
        if (symbol->name == name) return symbol;
    }
    return NULL;
}

void weft_scope_free(const weft_allocator *allocator, weft_scope *scope) {
    weft_free(allocator, scope->symbols, scope->capacity * sizeof *scope->symbols);
    weft_free(allocator, scope->table, scope->table_size * sizeof *scope->table);
    *scope = (weft_scope){0};
}
