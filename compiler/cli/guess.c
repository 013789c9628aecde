/* Candidates are found one kind after the other, each among the pairs that those before left over; then those that the
 * others make superfluous go. What is found is right as far as it goes: whoever asks compares it with the mask anyway.
 */
#include "guess.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TERMS = 12, MOST_RANGES = 8, MOST_BANDS = 4 };

typedef enum term_kind { BAND, COLUMNS, ROWS, PERIODIC_COLUMNS, CHUNK } term_kind;

typedef struct range {
    int64_t begin, end;
} range;

typedef struct term {
    term_kind kind;
    int64_t low, high,
        step; /* BAND; CHUNK: step is its size, high how many it looks back; PERIODIC_COLUMNS: [low, high) */
    range ranges[MOST_RANGES]; /* ROWS and COLUMNS, positions */
    int count;
} term;

typedef struct search {
    const grid *g;
    int32_t *out_before; /* [rows][columns + 1]: cells of the row that are out */
    uint8_t *covered;    /* [rows][columns]: terms that hold the cell */
    int64_t left;        /* cells that are in, and in no term */
    term terms[MOST_TERMS];
    int count;
} search;

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
static int64_t floor_mod(int64_t a, int64_t b) { return a - floor_div(a, b) * b; }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

static int cell_at(const search *s, int64_t row, int64_t column) { return s->g->cells[row * s->g->columns + column]; }
static bool is_left(const search *s, int64_t row, int64_t column) {
    return cell_at(s, row, column) == CELL_IN && !s->covered[row * s->g->columns + column];
}

static bool in_ranges(const term *t, int64_t position) {
    for (int n = 0; n < t->count; n++)
        if (position >= t->ranges[n].begin && position < t->ranges[n].end) return true;
    return false;
}

/* Is the pair of positions in the term? */
static bool holds(const term *t, int64_t i, int64_t j) {
    int64_t across = j - i;
    switch (t->kind) {
    case BAND: return across >= t->low && across <= t->high && floor_mod(across, t->step) == 0;
    case COLUMNS: return in_ranges(t, j);
    case ROWS: return in_ranges(t, i);
    case PERIODIC_COLUMNS: return j % t->step >= t->low && j % t->step < t->high;
    default: across = floor_div(i, t->step) - j / t->step; return across >= 0 && across <= t->high;
    }
}

/* Counts a term in (+1) or out (-1). */
static void cover(search *s, const term *t, int change) {
    const grid *g = s->g;
    for (int64_t row = 0; row < g->rows; row++)
        for (int64_t column = 0; column < g->columns; column++) {
            if (!holds(t, row + g->first, column)) continue;
            uint8_t *count = &s->covered[row * g->columns + column];
            bool before = *count;
            *count = (uint8_t)(*count + change);
            if (cell_at(s, row, column) == CELL_IN) s->left += (int64_t)before - (*count > 0);
        }
}

/* Keeps a term that holds something that is left. */
static void try_term(search *s, const term *t) {
    if (!s->left || s->count == MOST_TERMS) return;
    int64_t before = s->left;
    cover(s, t, 1);
    if (s->left == before) {
        cover(s, t, -1);
    } else {
        s->terms[s->count++] = *t;
    }
}

/* ---- diagonals ----------------------------------------------------------------------------------------------- */

typedef struct diagonals {
    int64_t low, high; /* all there are */
    uint8_t *state;    /* [high - low + 1]: CELL_IN: none of its cells is out, and some are in; CELL_FREE: all are */
} diagonals;

static int state_of(const diagonals *d, int64_t at) {
    return at < d->low || at > d->high ? CELL_OUT : d->state[at - d->low];
}

static bool diagonals_read(diagonals *d, const grid *g) {
    d->low = -(g->rows - 1 + g->first);
    d->high = g->columns - 1 - g->first;
    d->state = malloc((size_t)(g->rows + g->columns));
    if (!d->state) return false;
    memset(d->state, CELL_FREE, (size_t)(g->rows + g->columns));
    for (int64_t row = 0; row < g->rows; row++)
        for (int64_t column = 0; column < g->columns; column++) {
            uint8_t *state = &d->state[column - row - g->first - d->low];
            int now = g->cells[row * g->columns + column];
            if (now == CELL_OUT || (now == CELL_IN && *state == CELL_FREE)) *state = (uint8_t)now;
        }
    return true;
}

/* The run of diagonals around one, from and to such that are in. */
static term run_around(const diagonals *d, int64_t at) {
    term t = {.kind = BAND, .low = at, .high = at, .step = 1};
    for (int64_t n = at; state_of(d, n) != CELL_OUT; n--)
        if (state_of(d, n) == CELL_IN) t.low = n;
    for (int64_t n = at; state_of(d, n) != CELL_OUT; n++)
        if (state_of(d, n) == CELL_IN) t.high = n;
    return t;
}

static void try_main_band(search *s, const diagonals *d) {
    term best = {.kind = BAND, .low = 0, .high = -1, .step = 1};
    if (state_of(d, 0) == CELL_IN) {
        best = run_around(d, 0);
    } else {
        for (int64_t at = d->low; at <= d->high; at++) {
            if (state_of(d, at) != CELL_IN) continue;
            term t = run_around(d, at);
            if (t.high - t.low > best.high - best.low) best = t;
            at = t.high;
        }
    }
    if (best.high >= best.low) try_term(s, &best);
}

/* Multiples of a step: the one that has the most diagonals, three at least. */
static void try_progression(search *s, const diagonals *d) {
    term best = {.kind = BAND, .step = 1};
    int64_t most_diagonals = 2;
    for (int64_t step = 2; step <= most(-d->low, d->high); step++) {
        term t = {.kind = BAND, .step = step};
        if (state_of(d, 0) == CELL_OUT) break;
        while (state_of(d, t.low - step) != CELL_OUT) t.low -= step;
        while (state_of(d, t.high + step) != CELL_OUT) t.high += step;
        if (t.low - step >= d->low || t.high + step <= d->high) { /* else it is a stride */
            while (t.low < 0 && state_of(d, t.low) == CELL_FREE) t.low += step;
            while (t.high > 0 && state_of(d, t.high) == CELL_FREE) t.high -= step;
        }
        if ((t.high - t.low) / step + 1 <= most_diagonals) continue;
        most_diagonals = (t.high - t.low) / step + 1;
        best = t;
    }
    if (best.step > 1) try_term(s, &best);
}

static void try_other_bands(search *s, const diagonals *d) {
    int tried = 0;
    for (int64_t at = d->low; at <= d->high && tried < MOST_BANDS && s->left; at++) {
        if (state_of(d, at) != CELL_IN) continue;
        term t = run_around(d, at);
        try_term(s, &t);
        tried++;
        at = t.high;
    }
}

/* ---- columns and rows ---------------------------------------------------------------------------------------- */

/* Lines are columns, or the rows at positions from 0 on. */
typedef struct lines {
    int64_t count;
    bool *fine, *wanted; /* none of its cells is out; one of them is left */
} lines;

static bool lines_read(lines *l, const search *s, term_kind kind) {
    const grid *g = s->g;
    l->count = kind == ROWS ? g->first + g->rows : g->columns;
    l->fine = calloc((size_t)most(l->count, 1), sizeof *l->fine);
    l->wanted = calloc((size_t)most(l->count, 1), sizeof *l->wanted);
    if (!l->fine || !l->wanted) return false;
    for (int64_t n = kind == ROWS ? most(g->first, 0) : 0; n < l->count; n++) l->fine[n] = true;
    for (int64_t row = 0; row < g->rows; row++)
        for (int64_t column = 0; column < g->columns; column++) {
            int64_t at = kind == ROWS ? row + g->first : column;
            if (at < 0) continue;
            if (cell_at(s, row, column) == CELL_OUT) l->fine[at] = false;
            if (is_left(s, row, column)) l->wanted[at] = true;
        }
    return true;
}

static void lines_free(lines *l) {
    free(l->fine);
    free(l->wanted);
}

/* The next run of lines that are fine, from `at` on; false when there is none. */
static bool next_run(const lines *l, int64_t at, range *out) {
    while (at < l->count && !l->fine[at]) at++;
    for (out->begin = at; at < l->count && l->fine[at];) at++;
    out->end = at;
    return out->end > out->begin;
}

/* From and to lines that are wanted; false when none is. */
static bool trim(const lines *l, range *run) {
    while (run->begin < run->end && !l->wanted[run->begin]) run->begin++;
    while (run->end > run->begin && !l->wanted[run->end - 1]) run->end--;
    return run->end > run->begin;
}

static void try_ranges(search *s, const lines *l, term_kind kind) {
    term t = {.kind = kind};
    range run = {0, 0};
    while (next_run(l, run.end, &run)) {
        range part = run;
        if (!trim(l, &part)) continue;
        if (t.count == MOST_RANGES) return; /* these are no few */
        t.ranges[t.count++] = part;
    }
    if (t.count) try_term(s, &t);
}

/* Columns that come back: the second run and the third say how often. */
static void try_period(search *s, const lines *l, term_kind kind) {
    range runs[3] = {{0, 0}, {0, 0}, {0, 0}};
    int64_t from = 0;
    for (int n = 0; n < 3; from = runs[n++].end)
        if (!next_run(l, from, &runs[n])) return;
    int64_t step = runs[2].begin - runs[1].begin, low = runs[1].begin % step, high = low + runs[1].end - runs[1].begin;
    term t = {.kind = kind, .low = low, .high = high, .step = step};
    if (high > step) return;
    for (int64_t column = 0; column < l->count; column++)
        if (column % step >= low && column % step < high && !l->fine[column]) return;
    try_term(s, &t);
}

static bool try_lines(search *s, term_kind kind, void (*attempt)(search *s, const lines *l, term_kind kind)) {
    lines l;
    bool read = lines_read(&l, s, kind);
    if (read) attempt(s, &l, kind);
    lines_free(&l);
    return read;
}

/* ---- chunks -------------------------------------------------------------------------------------------------- */

static bool chunk_is_fine(const search *s, int64_t size, int64_t back) {
    const grid *g = s->g;
    for (int64_t row = 0; row < g->rows; row++) {
        const int32_t *before = s->out_before + row * (g->columns + 1);
        int64_t number = floor_div(row + g->first, size);
        int64_t begin = least(most((number - back) * size, 0), g->columns);
        int64_t end = least(most((number + 1) * size, 0), g->columns);
        if (before[end] != before[begin]) return false;
    }
    return true;
}

/* The largest chunks that look back the farthest. */
static void try_chunks(search *s) {
    enum { MOST_BACK = 3, MOST_TRIED = 8 };
    int tried = 0;
    int64_t size = most(s->g->rows + s->g->first, s->g->columns) - 1;
    for (; size > 1 && s->left && tried < MOST_TRIED; size--)
        for (int64_t back = MOST_BACK; back >= 0 && s->left && tried < MOST_TRIED; back--) {
            const term t = {.kind = CHUNK, .step = size, .high = back};
            if (!chunk_is_fine(s, size, back)) continue;
            try_term(s, &t);
            tried++;
        }
}

/* ---- text ---------------------------------------------------------------------------------------------------- */

static void write_ranges(FILE *out, const char *name, const term *t) {
    bool several = t->count > 1;
    fprintf(out, "%s(%s", name, several ? "{" : "");
    for (int n = 0; n < t->count; n++) {
        fprintf(out, "%s%" PRId64, n ? ", " : "", t->ranges[n].begin);
        if (t->ranges[n].end > t->ranges[n].begin + 1) fprintf(out, "..%" PRId64, t->ranges[n].end);
    }
    fprintf(out, "%s)", several ? "}" : "");
}

static void write_band(FILE *out, const term *t, const grid *g) {
    bool to_the_ends = t->low - t->step < -(g->rows - 1 + g->first) && t->high + t->step > g->columns - 1 - g->first;
    if (t->step > 1 && to_the_ends) {
        fprintf(out, "stride(%" PRId64 ")", t->step);
    } else if (t->step > 1 && t->low == -t->high) {
        fprintf(out, "dilated(%" PRId64 ", %" PRId64 ")", t->high / t->step, t->step);
    } else if (t->step > 1) {
        fprintf(out, "band(%" PRId64 ", %" PRId64 ", step = %" PRId64 ")", t->low, t->high, t->step);
    } else if (t->high == 0 && t->low <= 0) {
        fprintf(out, "past(%" PRId64 ")", 1 - t->low);
    } else if (t->low == -t->high) {
        fprintf(out, "window(%" PRId64 ")", t->high);
    } else {
        fprintf(out, "band(%" PRId64 ", %" PRId64 ")", t->low, t->high);
    }
}

static void write_period(FILE *out, const term *t) {
    fprintf(out, "where(j %% %" PRId64, t->step);
    if (t->high == t->low + 1) {
        fprintf(out, " == %" PRId64 ")", t->low);
    } else if (t->low == 0) {
        fprintf(out, " < %" PRId64 ")", t->high);
    } else if (t->high == t->step) {
        fprintf(out, " >= %" PRId64 ")", t->low);
    } else {
        fprintf(out, " >= %" PRId64 " and j %% %" PRId64 " < %" PRId64 ")", t->low, t->step, t->high);
    }
}

/* The rows that are columns as well, or NULL. */
static const term *same_rows(const search *s, const term *columns) {
    for (int n = 0; n < s->count; n++) {
        const term *t = &s->terms[n];
        bool same = t->kind == ROWS && t->count == columns->count;
        if (same && !memcmp(t->ranges, columns->ranges, (size_t)t->count * sizeof *t->ranges)) return t;
    }
    return NULL;
}

static void write_term(FILE *out, const term *t, const grid *g) {
    switch (t->kind) {
    case BAND: write_band(out, t, g); break;
    case COLUMNS: write_ranges(out, "cols", t); break;
    case ROWS: write_ranges(out, "rows", t); break;
    case PERIODIC_COLUMNS: write_period(out, t); break;
    case CHUNK:
        fprintf(out, t->high ? "chunk(%" PRId64 ", back = %" PRId64 ")" : "chunk(%" PRId64 ")", t->step, t->high);
    }
}

/* NULL when memory fails. */
static char *write_terms(const search *s) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    const term *written = NULL; /* as part of another */
    for (int n = 0; n < s->count; n++) {
        const term *t = &s->terms[n], *rows = t->kind == COLUMNS ? same_rows(s, t) : NULL;
        if (t == written) continue;
        if (n) fputs(" | ", out);
        if (rows) {
            written = rows;
            write_ranges(out, "global", t);
        } else {
            write_term(out, t, s->g);
        }
    }
    bool failed = ferror(out);
    if (fclose(out) == 0 && !failed) return text;
    free(text);
    return NULL;
}

/* ---- the search ---------------------------------------------------------------------------------------------- */

static bool begin(search *s) {
    const grid *g = s->g;
    size_t cells = (size_t)(g->rows * g->columns);
    s->covered = calloc(cells, 1);
    s->out_before = malloc((cells + (size_t)g->rows) * sizeof *s->out_before);
    if (!s->covered || !s->out_before) return false;
    int32_t *before = s->out_before;
    for (int64_t row = 0; row < g->rows; row++, before++)
        for (int64_t column = (*before = 0); column < g->columns; column++, before++) {
            int now = cell_at(s, row, column);
            before[1] = before[0] + (now == CELL_OUT);
            s->left += now == CELL_IN;
        }
    return true;
}

static void drop_superfluous(search *s) {
    for (int n = 0; n < s->count;) {
        cover(s, &s->terms[n], -1);
        if (s->left) {
            cover(s, &s->terms[n], 1);
            n++;
        } else {
            memmove(&s->terms[n], &s->terms[n + 1], (size_t)(--s->count - n) * sizeof *s->terms);
        }
    }
}

static bool look(search *s) {
    diagonals d = {0};
    bool fine = diagonals_read(&d, s->g);
    if (fine) {
        try_main_band(s, &d);
        try_progression(s, &d);
        fine = try_lines(s, PERIODIC_COLUMNS, try_period) && try_lines(s, COLUMNS, try_ranges) &&
               try_lines(s, ROWS, try_ranges);
    }
    if (fine) {
        try_other_bands(s, &d);
        try_chunks(s);
    }
    free(d.state);
    return fine;
}

static const int free_kinds = 1 << CELL_FREE | 1 << CELL_APART;

/* The kinds of free cells that are held; of all cells, if nothing says which are covered. */
static int spills_of(const grid *g, const uint8_t *covered) {
    size_t cells = (size_t)(g->rows * g->columns);
    int kinds = 0;
    for (size_t n = 0; n < cells; n++)
        if (!covered || covered[n]) kinds |= 1 << g->cells[n];
    return kinds & free_kinds;
}

static guess_result constant(const grid *g, char **text, int *spills) {
    size_t cells = (size_t)(g->rows * g->columns);
    bool all = !memchr(g->cells, CELL_OUT, cells), none = !memchr(g->cells, CELL_IN, cells);
    if (!all && !none) return GUESS_NOTHING;
    *spills = none ? 0 : spills_of(g, NULL);
    *text = strdup(none ? "none" : "all");
    return *text ? GUESS_FOUND : GUESS_NO_MEMORY;
}

guess_result guess_set(const grid *g, char **text, int *spills) {
    guess_result result = constant(g, text, spills);
    if (result != GUESS_NOTHING) return result;
    search *s = calloc(1, sizeof *s);
    if (!s) return GUESS_NO_MEMORY;
    s->g = g;
    result = begin(s) && look(s) ? GUESS_NOTHING : GUESS_NO_MEMORY;
    if (result == GUESS_NOTHING && !s->left) {
        drop_superfluous(s);
        *spills = spills_of(g, s->covered);
        *text = write_terms(s);
        result = *text ? GUESS_FOUND : GUESS_NO_MEMORY;
    }
    free(s->covered);
    free(s->out_before);
    free(s);
    return result;
}

guess_result guess_blocks(const grid *g, int64_t side, grid *out) {
    int64_t first = floor_div(g->first, side);
    *out = (grid){.rows = floor_div(g->first + g->rows - 1, side) - first + 1,
                  .columns = (g->columns + side - 1) / side,
                  .first = first};
    size_t blocks = (size_t)(out->rows * out->columns);
    out->cells = malloc(blocks);
    if (!out->cells) return GUESS_NO_MEMORY;
    memset(out->cells, CELL_FREE, blocks);
    for (int64_t row = 0; row < g->rows; row++)
        for (int64_t column = 0; column < g->columns; column++) {
            int now = g->cells[row * g->columns + column];
            uint8_t *block = &out->cells[(floor_div(row + g->first, side) - first) * out->columns + column / side];
            if (now >= CELL_FREE || now == *block) continue;
            if (*block != CELL_FREE) {
                free(out->cells);
                out->cells = NULL;
                return GUESS_NOTHING;
            }
            *block = (uint8_t)now;
        }
    return GUESS_FOUND;
}
