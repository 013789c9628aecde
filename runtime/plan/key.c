/* When are two bit tiles surely equal? Terms that hold all of a tile or none of it drop out. The operations between the
 * terms that are left, and the words that say where the bits of each come from (alike.c), are the key. Along a window's
 * edge every row tile asks for the same few keys. */
#include <string.h>

#include "plan/build.h"

/* How much of a tile a term holds. OPEN: some, as the key's words say. */
typedef enum weft_share { SHARE_NONE, SHARE_ALL, SHARE_OPEN, SHARE_UNKNOWN } weft_share;

typedef struct weft_search {
    weft_planner *planner;
    weft_spot spot;
    weft_mask_key *key;
    uint32_t visits; /* a DAG has exponentially many paths */
} weft_search;

enum { MOST_VISITS = 64 };

static bool covers(weft_intervals list, weft_interval keys) {
    uint32_t n = weft_intervals_find(list, keys.lo);
    return n < list.count && list.at[n].lo <= keys.lo && list.at[n].hi >= keys.hi;
}

static bool meets(weft_intervals list, weft_interval keys) {
    uint32_t n = weft_intervals_find(list, keys.lo);
    return n < list.count && list.at[n].lo < keys.hi;
}

static weft_share add_word(weft_search *search, uint32_t word) {
    weft_mask_key *key = search->key;
    if (key->count == WEFT_KEY_WORDS) return SHARE_UNKNOWN;
    key->words[key->count++] = word;
    return SHARE_OPEN;
}

/* After the words of its operands, an operation and how many of them there are. Ids stay below this. */
static weft_share add_operation(weft_search *search, weft_op op, uint32_t operands) {
    return add_word(search, UINT32_C(1) << 31 | (uint32_t)op << 8 | operands);
}

static weft_share share_of(weft_search *search, weft_id id);

/* Of a union, SHARE_NONE drops out and SHARE_ALL settles it; of an intersection, the other way round. */
static weft_share share_of_many(weft_search *search, weft_id id, weft_op op) {
    const weft_dag *dag = &search->planner->plan->bound.dag;
    weft_share drops = op == WEFT_OP_UNION ? SHARE_NONE : SHARE_ALL;
    weft_share settles = op == WEFT_OP_UNION ? SHARE_ALL : SHARE_NONE;
    uint16_t start = search->key->count;
    uint32_t left = 0;
    for (uint32_t k = 0; k < weft_node_at(dag, id)->arity; k++) {
        weft_share share = share_of(search, weft_operand(dag, id, k));
        if (share == SHARE_UNKNOWN) return share;
        if (share == settles) {
            search->key->count = start;
            return share;
        }
        left += share != drops;
    }
    if (left == 0) return drops;
    return left == 1 ? SHARE_OPEN : add_operation(search, op, left);
}

static weft_share complement(weft_search *search, weft_share share) {
    if (share == SHARE_NONE) return SHARE_ALL;
    if (share == SHARE_ALL) return SHARE_NONE;
    return share == SHARE_OPEN ? add_operation(search, WEFT_OP_COMPLEMENT, 1) : share;
}

static weft_share share_of_difference(weft_search *search, weft_id id) {
    const weft_dag *dag = &search->planner->plan->bound.dag;
    uint16_t start = search->key->count;
    weft_share kept = share_of(search, weft_operand(dag, id, 0));
    if (kept == SHARE_NONE || kept == SHARE_UNKNOWN) return kept;
    weft_share removed = complement(search, share_of(search, weft_operand(dag, id, 1)));
    if (removed == SHARE_NONE) search->key->count = start;
    if (kept == SHARE_ALL || removed != SHARE_OPEN) return removed == SHARE_ALL ? kept : removed;
    return add_operation(search, WEFT_OP_INTERSECTION, 2);
}

static weft_share share_of(weft_search *search, weft_id id) {
    weft_planner *planner = search->planner;
    const weft_node *node = weft_node_at(&planner->plan->bound.dag, id);
    const weft_spot *spot = &search->spot;
    int64_t first = spot->rows.first;
    weft_spans spans;
    if (++search->visits > MOST_VISITS) return SHARE_UNKNOWN;
    if (node->op == WEFT_OP_COMPLEMENT)
        return complement(search, share_of(search, weft_operand(&planner->plan->bound.dag, id, 0)));
    if (!weft_spans_of(&planner->rows, id, spot->space, first, first + spot->rows.count, &spans)) return SHARE_UNKNOWN;
    if (!meets(spans.may, spot->keys)) return SHARE_NONE;
    if (covers(spans.full, spot->keys)) return SHARE_ALL;
    switch (node->op) {
    case WEFT_OP_UNION:
    case WEFT_OP_INTERSECTION: return share_of_many(search, id, (weft_op)node->op);
    case WEFT_OP_DIFFERENCE: return share_of_difference(search, id);
    default: break;
    }
    if (add_word(search, id) == SHARE_UNKNOWN) return SHARE_UNKNOWN;
    return weft_add_alike(planner, spot, id, search->key) ? SHARE_OPEN : SHARE_UNKNOWN;
}

bool weft_mask_key_of(weft_planner *planner, const weft_layout *layout, const weft_tile *tile, weft_strip rows,
                      weft_mask_key *key) {
    int64_t base = (int64_t)tile->block * WEFT_TILE_KEYS;
    weft_interval keys = {base + tile->first, base + tile->last};
    memset(key, 0, sizeof *key); /* keys are compared by their bytes */
    key->rows = rows.count;
    key->first = tile->first;
    key->last = tile->last;
    weft_search search = {.planner = planner, .spot = {layout->space, rows, keys}, .key = key};
    if (share_of(&search, layout->set) != SHARE_OPEN) return false;
    memset(key->words + key->count, 0, (WEFT_KEY_WORDS - key->count) * sizeof *key->words); /* of what dropped out */
    return true;
}
