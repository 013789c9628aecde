/* Who depends on whom after how many layers. From the last token, row by row: a search by layers that visits every row
 * once. Between all, on bit sets of tokens or, of long sequences, of blocks of tokens that are joined where a single
 * pair joins them. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "measure.h"

enum { MOST_NODES = 2048, MOST_TOKENS = 1 << 21, MOST_RANGES = 1 << 26, PROBED = 64 };

/* ---- from the last token ------------------------------------------------------------------------------------- */

typedef struct search {
    int64_t *next;          /* [tokens + 1]: of a token that was reached, where to look on; else itself */
    int64_t *layer, *fresh; /* tokens reached in the layer before, and in this one */
    size_t layer_count, fresh_count;
} search;

/* The first token from j on that was not reached yet. */
static int64_t first_from(int64_t *next, int64_t j) {
    int64_t root = j;
    while (next[root] != root) root = next[root];
    while (next[j] != root) {
        int64_t up = next[j];
        next[j] = root;
        j = up;
    }
    return root;
}

static void reach_token(search *s, int64_t j) {
    s->next[j] = j + 1;
    s->fresh[s->fresh_count++] = j;
}

static bool reach_keys(void *user, int64_t row, const weft_key_range *keys, size_t count) {
    search *s = user;
    (void)row;
    for (size_t n = 0; n < count; n++)
        for (int64_t j = first_from(s->next, keys[n].begin); j < keys[n].end; j = first_from(s->next, j))
            reach_token(s, j);
    return true;
}

static bool count_ranges(void *user, int64_t row, const weft_key_range *keys, size_t count) {
    (void)row;
    (void)keys;
    *(double *)user += (double)count;
    return true;
}

/* Would visiting every row of every kind take long? */
static weft_status is_long(const weft_plan *plan, int64_t tokens, const head_kinds *kinds, bool *out) {
    int64_t rows[PROBED], probed = tokens < PROBED ? tokens : PROBED;
    double ranges = 0;
    for (int64_t n = 0; n < probed; n++) rows[n] = n * (tokens - 1) / probed;
    *out = tokens > MOST_TOKENS;
    for (int k = 0; k < kinds->count && !*out; k++) {
        weft_status status = weft_plan_rows(plan, 0, kinds->at[k].first, rows, (size_t)probed, count_ranges, &ranges);
        if (status != WEFT_OK) return status;
    }
    *out = *out || (ranges / (double)probed + kinds->count) * (double)tokens > MOST_RANGES;
    return WEFT_OK;
}

static weft_status search_layers(search *s, reach_figures *out, const weft_plan *plan, int64_t tokens,
                                 const head_kinds *kinds) {
    int64_t reached = 1;
    for (int64_t j = 0; j <= tokens; j++) s->next[j] = j;
    reach_token(s, tokens - 1);
    for (int64_t layers = 0;; layers++) {
        int64_t *before = s->layer;
        s->layer = s->fresh, s->layer_count = s->fresh_count;
        s->fresh = before, s->fresh_count = 0;
        progress("reach", (double)reached, (double)tokens);
        for (int k = 0; k < kinds->count; k++) {
            weft_status status = weft_plan_rows(plan, 0, kinds->at[k].first, s->layer, s->layer_count, reach_keys, s);
            if (status != WEFT_OK) return status;
        }
        if (!s->fresh_count) break;
        reached += (int64_t)s->fresh_count;
        out->last_layers = layers + 1;
    }
    out->last_share = (double)reached / (double)tokens;
    return WEFT_OK;
}

static weft_status search_from_last(reach_figures *out, const weft_plan *plan, int64_t tokens,
                                    const head_kinds *kinds) {
    size_t bytes = ((size_t)tokens + 1) * sizeof(int64_t);
    search s = {.next = malloc(bytes), .layer = malloc(bytes), .fresh = malloc(bytes)};
    weft_status status = WEFT_OUT_OF_MEMORY;
    if (s.next && s.layer && s.fresh) status = search_layers(&s, out, plan, tokens, kinds);
    free(s.next);
    free(s.layer);
    free(s.fresh);
    return status;
}

/* ---- between all ---------------------------------------------------------------------------------------------- */

/* Bit k of row n: does node n see node k in one layer; does it depend on node k after the layers so far, and one more?
 */
typedef struct graph {
    size_t nodes, words; /* of a row */
    uint64_t *sees, *depends, *fresh;
} graph;

static bool make_graph(graph *g, size_t nodes) {
    *g = (graph){.nodes = nodes, .words = (nodes + 63) / 64};
    g->sees = calloc(nodes * g->words, sizeof *g->sees);
    g->depends = calloc(nodes * g->words, sizeof *g->depends);
    g->fresh = calloc(nodes * g->words, sizeof *g->fresh);
    return g->sees && g->depends && g->fresh;
}

static void free_graph(graph *g) {
    free(g->sees);
    free(g->depends);
    free(g->fresh);
}

static weft_status add_pairs(graph *g, const weft_plan *plan, const head_kinds *kinds) {
    float *share = malloc(g->nodes * g->nodes * sizeof *share);
    weft_status status = share ? WEFT_OK : WEFT_OUT_OF_MEMORY;
    for (int k = 0; k < kinds->count && status == WEFT_OK; k++) {
        status = weft_plan_coverage(plan, 0, kinds->at[k].first, WEFT_ALL_TERMS, (int64_t)g->nodes, (int64_t)g->nodes,
                                    share);
        for (size_t n = 0; n < g->nodes * g->nodes && status == WEFT_OK; n++)
            if (share[n] > 0) g->sees[n / g->nodes * g->words + n % g->nodes / 64] |= UINT64_C(1) << n % g->nodes % 64;
    }
    free(share);
    return status;
}

/* What node n depends on after one layer more; true when that is more. */
static bool advance(graph *g, size_t n) {
    const uint64_t *before = g->depends + n * g->words;
    uint64_t *after = g->fresh + n * g->words;
    memcpy(after, before, g->words * sizeof *after);
    for (size_t word = 0; word < g->words; word++) {
        uint64_t bits = g->sees[n * g->words + word];
        for (size_t k = 64 * word; bits; bits >>= 1, k++) {
            if (!(bits & 1)) continue;
            for (size_t w = 0; w < g->words; w++) after[w] |= g->depends[k * g->words + w];
        }
    }
    return memcmp(before, after, g->words * sizeof *after) != 0;
}

static double count_bits(const uint64_t *words, size_t count) {
    double bits = 0;
    for (size_t n = 0; n < count; n++)
        for (uint64_t word = words[n]; word; word &= word - 1) bits++;
    return bits;
}

static void close_graph(graph *g, reach_figures *out, bool causal) {
    double nodes = (double)g->nodes;
    for (size_t n = 0; n < g->nodes; n++) g->depends[n * g->words + n / 64] |= UINT64_C(1) << n % 64;
    bool grows = true;
    for (int64_t layer = 1; grows && !interrupted(); layer++) {
        grows = false;
        for (size_t n = 0; n < g->nodes; n++) {
            bool more = advance(g, n);
            grows = grows || more;
            if (more && n == g->nodes - 1 && !out->last_exact) out->last_layers = layer;
        }
        uint64_t *before = g->depends;
        g->depends = g->fresh, g->fresh = before;
        if (grows) out->layers = layer;
    }
    out->share = count_bits(g->depends, g->nodes * g->words) / (causal ? nodes * (nodes + 1) / 2 : nodes * nodes);
    if (!out->last_exact) out->last_share = count_bits(g->depends + (g->nodes - 1) * g->words, g->words) / nodes;
}

weft_status measure_reach(reach_figures *out, const weft_plan *plan, const weft_shape *shape, const head_kinds *kinds,
                          bool causal) {
    int64_t tokens = shape->keys, nodes = tokens < MOST_NODES ? tokens : MOST_NODES;
    bool skip;
    *out = (reach_figures){.block = (tokens + nodes - 1) / nodes};
    weft_status status = is_long(plan, tokens, kinds, &skip);
    out->last_exact = !skip;
    if (status == WEFT_OK && !skip) status = search_from_last(out, plan, tokens, kinds);
    if (status != WEFT_OK) return status;
    graph g;
    status = make_graph(&g, (size_t)nodes) ? add_pairs(&g, plan, kinds) : WEFT_OUT_OF_MEMORY;
    if (status == WEFT_OK) close_graph(&g, out, causal);
    free_graph(&g);
    return interrupted() ? WEFT_CANCELLED : status;
}
