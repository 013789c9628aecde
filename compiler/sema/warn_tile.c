/* The warning about tiles: whether those that a pattern asks for are mostly masked, and smaller ones were not. Some
 * tiles of a long text stand for all of them. */
#include "sema/warn.h"

enum { SMALL = 16, TILES = 8, ROWS = 64 };

typedef struct measure {
    const weft_warner *w;
    weft_sample sample;
    weft_scratch scratch;
    int64_t rows, keys; /* of a tile */
    double kept;        /* pairs of the set */
    double computed;    /* pairs of the tiles that hold any */
    double small;       /* the same in small tiles */
} measure;

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static bool ask(measure *m, weft_id set, int64_t i0, int64_t i1, weft_intervals *keys) {
    weft_spans found;
    weft_scratch_reset(&m->scratch);
    uint64_t before = m->scratch.span_calls + m->scratch.contains_calls;
    if (!weft_spans_of(&m->scratch, set, m->sample.space, i0, i1, &found)) {
        m->w->e->arena.failed = true;
        return false;
    }
    *keys = found.may;
    return weft_take_work(m->w, 1 + found.may.count + m->scratch.span_calls + m->scratch.contains_calls - before);
}

/* The keys of all tiles of that width that some interval touches. */
static int64_t touched(weft_intervals keys, int64_t width) {
    int64_t tiles = 0, next = 0; /* the first tile that is not counted yet */
    for (uint32_t k = 0; k < keys.count; k++) {
        int64_t first = keys.at[k].lo / width, end = (keys.at[k].hi - 1) / width + 1;
        if (first < next) first = next;
        if (end > first) tiles += end - first;
        if (end > next) next = end;
    }
    return tiles * width;
}

/* Pairs in tiles of that size over rows [i0, i1), from at most `most` of them. */
static bool measure_tiles(measure *m, weft_id set, int64_t i0, int64_t i1, int64_t rows, int64_t keys, int64_t most,
                          double *pairs) {
    int64_t count = weft_ceil_div(i1 - i0, rows), step = weft_ceil_div(count, most);
    for (int64_t tile = 0; tile < count; tile += step) {
        int64_t begin = i0 + tile * rows, end = smaller(begin + rows, i1);
        weft_intervals list;
        if (!ask(m, set, begin, end, &list)) return false;
        *pairs += (double)touched(list, keys) * (double)(end - begin) * (double)step;
    }
    return true;
}

static bool measure_set(measure *m, weft_id set) {
    int64_t length = m->sample.space.keys, count = weft_ceil_div(length, m->rows), step = weft_ceil_div(count, TILES);
    for (int64_t tile = 0; tile < count; tile += step) {
        int64_t begin = tile * m->rows, end = smaller(begin + m->rows, length);
        if (!measure_tiles(m, set, begin, end, m->rows, m->keys, 1, &m->computed) ||
            !measure_tiles(m, set, begin, end, smaller(SMALL, m->rows), smaller(SMALL, m->keys), ROWS, &m->small) ||
            !measure_tiles(m, set, begin, end, 1, 1, ROWS, &m->kept))
            return false;
    }
    return true;
}

static bool measure_heads(measure *m, weft_sampler *s) {
    bool any = false;
    for (uint32_t k = 0; k < s->head_count; k++) {
        weft_id set = weft_sample_take(s, &m->sample, s->heads[k]);
        if (set && !measure_set(m, set)) return false;
        any = any || set;
    }
    return any;
}

static bool measure_length(measure *m, weft_sampler *s, int64_t length) {
    if (!weft_sample_init(s, length, &m->sample)) return false;
    weft_scratch_init(&m->scratch, &m->sample.bound);
    bool done = measure_heads(m, s);
    weft_scratch_free(&m->scratch);
    weft_sample_free(&m->sample);
    return done;
}

void weft_warn_tile(const weft_warner *w) {
    weft_sampler s;
    weft_value rows, keys;
    measure m = {.w = w};
    if (!w->parts->tile[0].id || !weft_sampler_init(&s, w) || !weft_sampler_choose(&s, 0)) return;
    int64_t length = s.lengths[0];
    if (!weft_sample_scalar(&s, w->parts->tile[0].id, length, s.heads[0], &rows) ||
        !weft_sample_scalar(&s, w->parts->tile[1].id, length, s.heads[0], &keys) || rows.integer < 1 ||
        keys.integer < 1)
        return;
    m.rows = rows.integer;
    m.keys = keys.integer;
    int64_t side = m.rows > m.keys ? m.rows : m.keys;
    if (side > s.longest / TILES) return;
    if (length < TILES * side) length = TILES * side;
    if (!measure_length(&m, &s, length) || m.kept == 0) return;
    if (m.kept > m.computed / 2 || m.small > m.computed / 2) return;
    weft_diagnose(
        w->e->diagnostics, WEFT_W0004, weft_statement_of(w, WEFT_AST_TILE)->span,
        "tiles of %lld by %lld compute %.0f pairs for each one that is kept, smaller tiles fewer than half of "
        "those; ask for smaller ones, or leave `tile` out",
        (long long)m.rows, (long long)m.keys, m.computed / m.kept);
    weft_diagnose_note(w->e->diagnostics, WEFT_NO_SPAN, "seen at %lld positions%s", (long long)length,
                       s.has_choices ? ", with the default values" : "");
}
