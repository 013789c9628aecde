/* Candidates: `within` is static, so which keys or blocks a row may choose is known when the plan is made. */
#include "select/select.h"

static bool add(weft_candidates *c, const weft_allocator *allocator, weft_interval blocks) {
    if (!weft_reserve(allocator, &c->at, &c->capacity, (uint64_t)c->count + 1, sizeof *c->at)) return false;
    c->at[c->count++] = blocks;
    return true;
}

/* A block is one when a key of it is; neighbours that touch are joined. */
static bool add_row(weft_candidates *c, const weft_allocator *allocator, weft_intervals keys, int64_t block) {
    int64_t start = c->count;
    for (uint32_t n = 0; n < keys.count; n++) {
        weft_interval blocks = {keys.at[n].lo / block, weft_ceil_div(keys.at[n].hi, block)};
        if (c->count > start && c->at[c->count - 1].hi >= blocks.lo)
            c->at[c->count - 1].hi = blocks.hi;
        else if (!add(c, allocator, blocks))
            return false;
    }
    return true;
}

bool weft_candidates_make(weft_candidates *candidates, const weft_bound *bound, const weft_shape *shape, weft_id within,
                          int64_t first_row, int64_t rows, int64_t block) {
    bool fits;
    return weft_candidates_limited(candidates, bound, shape, within, first_row, rows, block, UINT32_MAX, &fits);
}

bool weft_candidates_limited(weft_candidates *candidates, const weft_bound *bound, const weft_shape *shape,
                             weft_id within, int64_t first_row, int64_t rows, int64_t block, int64_t most, bool *fits) {
    const weft_allocator *allocator = bound->dag.allocator;
    weft_space space = weft_space_of(shape->queries, shape->keys);
    *candidates =
        (weft_candidates){.first_row = first_row, .rows = rows, .all = {0, weft_ceil_div(shape->keys, block)}};
    *fits = true;
    if (weft_node_at(&bound->dag, within)->op == WEFT_ATOM_ALL || !rows) return true;
    candidates->begin = weft_allocate_zero(allocator, ((size_t)rows + 1) * sizeof *candidates->begin);
    if (!candidates->begin) return false;
    weft_scratch scratch;
    bool done = weft_scratch_init(&scratch, bound);
    for (int64_t row = 0; done && *fits && row < rows; row++) {
        weft_intervals keys;
        weft_scratch_reset(&scratch);
        done = weft_row_keys(&scratch, within, space, first_row + row + space.first, &keys) &&
               add_row(candidates, allocator, keys, block);
        candidates->begin[row + 1] = candidates->count;
        *fits = candidates->count <= most;
    }
    weft_scratch_free(&scratch);
    return done;
}

void weft_candidates_free(weft_candidates *candidates, const weft_allocator *allocator) {
    weft_free(allocator, candidates->begin, ((size_t)candidates->rows + 1) * sizeof *candidates->begin);
    weft_free(allocator, candidates->at, candidates->capacity * sizeof *candidates->at);
    *candidates = (weft_candidates){0};
}

weft_intervals weft_candidates_of(const weft_candidates *candidates, int64_t row) {
    if (!candidates->begin) return (weft_intervals){&candidates->all, 1};
    const int64_t *begin = candidates->begin + (row - candidates->first_row);
    return (weft_intervals){candidates->at + begin[0], (uint32_t)(begin[1] - begin[0])};
}
