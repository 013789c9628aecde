/* The sets of a mask's heads: a few atoms where such hold exactly the pairs (guess.c), under `causal` or within
 * documents where that helps; else blocks, of atoms or given. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

enum { LEAST_SIDE = 4, MOST_SIDE = 512 };

/* ---- documents: what no chain of pairs connects ----------------------------------------------------------------- */

static int32_t root_of(int32_t *parent, int32_t at) {
    while (parent[at] != at) at = parent[at] = parent[parent[at]];
    return at;
}

/* The root of a part is its first position. */
static void join(int32_t *parent, int32_t a, int32_t b) {
    a = root_of(parent, a);
    b = root_of(parent, b);
    if (a < b) {
        parent[b] = a;
    } else {
        parent[a] = b;
    }
}

/* Labels [keys] of the parts that positions fall into by the pairs of a head; NULL when memory fails. *parts is how
 * many there are. */
static int32_t *find_parts(const import_job *job, int64_t head, int64_t *parts) {
    int32_t *parent = malloc((size_t)job->keys * sizeof *parent), *labels = malloc((size_t)job->keys * sizeof *labels);
    const uint8_t *pair = pairs_of(job, head);
    int64_t first = job->keys - job->queries;
    *parts = 0;
    if (!parent || !labels) {
        free(parent);
        free(labels);
        return NULL;
    }
    for (int64_t n = 0; n < job->keys; n++) parent[n] = (int32_t)n;
    for (int64_t row = 0; row < job->queries; row++)
        for (int64_t j = 0; j < job->keys; j++, pair++)
            if (*pair && row + first >= 0) join(parent, (int32_t)(row + first), (int32_t)j);
    for (int64_t n = 0; n < job->keys; n++) {
        int32_t root = root_of(parent, (int32_t)n);
        labels[n] = root == n ? (int32_t)(*parts)++ : labels[root];
    }
    free(parent);
    return labels;
}

/* ---- one set ----------------------------------------------------------------------------------------------------- */

/* The pairs as cells. Returns whether `causal` keeps any out that the cells then leave free. */
static bool fill_cells(const import_job *job, int64_t head, const int32_t *labels, grid *g) {
    const uint8_t *pair = pairs_of(job, head);
    bool future = false, causal = true;
    for (int64_t row = 0; row < g->rows; row++)
        for (int64_t j = 0; j < g->columns; j++) {
            bool after = j > row + g->first;
            future = future || after;
            causal = causal && !(after && pair[row * g->columns + j]);
        }
    causal = causal && future;
    for (int64_t row = 0; row < g->rows; row++)
        for (int64_t j = 0; j < g->columns; j++) {
            int64_t i = row + g->first;
            bool apart = labels && (i < 0 || labels[i] != labels[j]);
            bool in = pair[row * g->columns + j];
            g->cells[row * g->columns + j] = in ? CELL_IN : apart ? CELL_APART : causal && j > i ? CELL_FREE : CELL_OUT;
        }
    return causal;
}

/* Is there a union outside of all parentheses? */
static bool is_union(const char *set) {
    int depth = 0;
    for (; *set; set++) {
        depth += (*set == '(') - (*set == ')');
        if (*set == '|' && !depth) return true;
    }
    return false;
}

/* "set & causal & same(doc)", of which the last two may be missing. */
static char *clip(char *set, bool causal, bool documents) {
    char *text = NULL;
    bool is_all = !strcmp(set, "all"), several = is_union(set) && (causal || documents);
    if (asprintf(&text, "%s%s%s%s%s%s%s", several ? "(" : "", is_all && (causal || documents) ? "" : set,
                 several ? ")" : "", causal && !is_all ? " & " : "", causal ? "causal" : "",
                 documents && (causal || !is_all) ? " & " : "", documents ? "same(doc)" : "") < 0)
        text = NULL;
    free(set);
    return text;
}

static guess_result guess_clipped(import_job *job, int kind, grid *g, const int32_t *labels) {
    int spills = 0;
    char *set = NULL;
    fill_cells(job, job->kinds[kind], labels, g);
    guess_result result = guess_set(g, &set, &spills);
    if (result != GUESS_FOUND) return result;
    job->sets[kind] = clip(set, spills & 1 << CELL_FREE, spills & 1 << CELL_APART);
    return job->sets[kind] ? GUESS_FOUND : GUESS_NO_MEMORY;
}

/* Documents serve the whole file: all its heads have the same. */
static guess_result guess_documents(import_job *job, int kind, grid *g) {
    int64_t parts = 0;
    int32_t *labels = find_parts(job, job->kinds[kind], &parts);
    size_t size = (size_t)job->keys * sizeof *labels;
    guess_result result = labels ? GUESS_NOTHING : GUESS_NO_MEMORY;
    if (labels && parts > 1 && parts < job->keys && (!job->labels || !memcmp(labels, job->labels, size)))
        result = guess_clipped(job, kind, g, labels);
    bool needed = result == GUESS_FOUND && !job->labels && strstr(job->sets[kind], "same(doc)");
    if (needed) {
        job->labels = labels;
    } else {
        free(labels);
    }
    return result;
}

/* Unions in a text, of which there should be few. */
static int unions_in(const char *set) {
    int count = 0;
    for (; *set; set++) count += *set == '|';
    return count;
}

/* Blocks of one side. With `give`, those that atoms do not hold are given. */
static guess_result guess_tiles(import_job *job, const grid *g, int64_t side, bool give, char **text) {
    grid tiles;
    char *set = NULL;
    int spills;
    guess_result result = guess_blocks(g, side, &tiles);
    if (result != GUESS_FOUND) return result;
    result = guess_set(&tiles, &set, &spills);
    if (result == GUESS_NOTHING && give) {
        set = strdup("given(tiles)");
        result = set ? GUESS_FOUND : GUESS_NO_MEMORY;
        job->tiles = tiles;
    } else {
        free(tiles.cells);
    }
    if (result == GUESS_FOUND && asprintf(text, "blocks(%" PRId64 ", %s)", side, set) < 0) result = GUESS_NO_MEMORY;
    free(set);
    return result;
}

/* The largest blocks; instead of a set that was found before only where they have fewer unions. They are given only if
 * this is the only set of the file. */
static guess_result guess_in_blocks(import_job *job, int kind, grid *g) {
    bool causal = fill_cells(job, job->kinds[kind], NULL, g);
    char **set = &job->sets[kind], *text = NULL;
    guess_result result = GUESS_NOTHING;
    for (int64_t side = MOST_SIDE; side >= LEAST_SIDE && result == GUESS_NOTHING; side /= 2)
        if (2 * side <= job->keys) result = guess_tiles(job, g, side, !*set && job->kind_count == 1, &text);
    if (result != GUESS_FOUND) return result;
    if (*set && unions_in(text) >= unions_in(*set)) {
        free(text);
        return GUESS_FOUND;
    }
    free(*set);
    *set = clip(text, causal, false);
    return *set ? GUESS_FOUND : GUESS_NO_MEMORY;
}

static bool guess_kind(import_job *job, int kind, grid *g) {
    enum { FEW = 2 };
    guess_result result = guess_clipped(job, kind, g, NULL);
    if (result == GUESS_NOTHING) result = guess_documents(job, kind, g);
    bool enough = result == GUESS_FOUND && unions_in(job->sets[kind]) < FEW;
    if (result != GUESS_NO_MEMORY && !enough) result = guess_in_blocks(job, kind, g);
    return result != GUESS_NO_MEMORY;
}

bool import_sets(import_job *job) {
    grid g = {.rows = job->queries, .columns = job->keys, .first = job->keys - job->queries};
    g.cells = malloc((size_t)(g.rows * g.columns));
    bool fine = g.cells;
    for (int kind = 0; kind < job->kind_count && fine && !interrupted(); kind++) {
        progress("import", kind, job->kind_count);
        fine = guess_kind(job, kind, &g);
    }
    free(g.cells);
    for (int64_t n = 0; job->tiles.cells && n < job->tiles.rows * job->tiles.columns; n++)
        job->tiles.cells[n] = job->tiles.cells[n] == CELL_IN;
    return fine;
}

void import_forget(import_job *job) {
    for (int kind = 0; kind < job->kind_count; kind++) {
        free(job->sets[kind]);
        job->sets[kind] = NULL;
    }
    free(job->labels);
    free(job->tiles.cells);
    job->labels = NULL;
    job->tiles.cells = NULL;
}

bool import_is_given(const import_job *job) {
    for (int kind = 0; kind < job->kind_count; kind++)
        if (!job->sets[kind]) return true;
    return false;
}
