/* Selections: which atoms choose, and for which heads. Heads with equal numbers share a selector, and heads of one KV
 * head what depends on the keys alone. */
#include <string.h>

#include "select/select.h"

static const weft_family *const families[] = {&weft_hash_family, &weft_topk_family, &weft_slash_family};

typedef struct weft_collecting {
    weft_selection *selection;
    const weft_bound *bound;
    weft_diagnostics *diagnostics;
    uint32_t *selector_of; /* by id; 0: none, else 1 + its number */
    uint32_t *seen;        /* by id: 1 + the head that was there last */
    uint32_t head;
} weft_collecting;

static const weft_family *family_of(weft_op op) {
    for (size_t n = 0; n < sizeof families / sizeof *families; n++)
        if (families[n]->op == op) return families[n];
    return NULL;
}

static bool add_selector(weft_collecting *c, weft_id id) {
    weft_selection *s = c->selection;
    if (c->selector_of[id]) return true;
    if (!weft_reserve(s->allocator, &s->selectors, &s->selector_capacity, (uint64_t)s->selector_count + 1,
                      sizeof *s->selectors))
        return false;
    const weft_node *node = weft_node_at(&c->bound->dag, id);
    weft_selector *selector = &s->selectors[s->selector_count++]; /* freed with the others whatever comes of it */
    *selector = (weft_selector){.family = family_of((weft_op)node->op), .atom = id, .number = node->value.integer};
    c->selector_of[id] = s->selector_count;
    return selector->family->prepare(s, c->bound, selector, c->diagnostics);
}

/* The first use of that selector by a head of the same KV head. */
static uint32_t first_alike(const weft_selection *s, uint32_t selector, uint32_t head) {
    uint32_t group = (uint32_t)(s->shape.heads / s->shape.kv_heads);
    uint32_t use = s->first_use[head / group * group];
    while (use < s->use_count && s->uses[use].selector != selector) use++;
    return use;
}

static bool add_use(weft_collecting *c, weft_id id) {
    weft_selection *s = c->selection;
    if (!add_selector(c, id) ||
        !weft_reserve(s->allocator, &s->uses, &s->use_capacity, (uint64_t)s->use_count + 1, sizeof *s->uses))
        return false;
    uint32_t selector = c->selector_of[id] - 1;
    weft_use use = {.selector = selector, .head = c->head, .keys_of = first_alike(s, selector, c->head)};
    s->uses[s->use_count++] = use;
    return true;
}

static bool collect(weft_collecting *c, weft_id id) {
    const weft_dag *dag = &c->bound->dag;
    if (c->seen[id] == 1 + c->head) return true;
    c->seen[id] = 1 + c->head;
    if (weft_op_chooses((weft_op)weft_node_at(dag, id)->op)) return add_use(c, id);
    for (uint32_t k = 0; k < weft_node_at(dag, id)->arity; k++)
        if (!collect(c, weft_operand(dag, id, k))) return false;
    return true;
}

static bool collect_all(weft_collecting *c, const weft_id *sets, uint32_t per_head) {
    weft_selection *s = c->selection;
    uint32_t heads = (uint32_t)(s->shape.batch * s->shape.heads);
    for (c->head = 0; c->head < heads; c->head++) {
        s->first_use[c->head] = s->use_count;
        for (uint32_t k = 0; k < per_head; k++) {
            weft_id set = sets[(size_t)c->head * per_head + k];
            if (set && !collect(c, set)) return false;
        }
    }
    s->first_use[heads] = s->use_count;
    return true;
}

static size_t bytes_of_first_use(const weft_selection *s) {
    return ((size_t)(s->shape.batch * s->shape.heads) + 1) * sizeof *s->first_use;
}

bool weft_selection_make(weft_selection *selection, const weft_bound *bound, const weft_shape *shape,
                         const weft_id *sets, uint32_t per_head, weft_diagnostics *diagnostics) {
    const weft_allocator *allocator = bound->dag.allocator;
    size_t bytes = bound->dag.count * sizeof(uint32_t);
    *selection = (weft_selection){.allocator = allocator, .shape = *shape};
    weft_collecting c = {.selection = selection, .bound = bound, .diagnostics = diagnostics};
    selection->first_use = weft_allocate_zero(allocator, bytes_of_first_use(selection));
    c.selector_of = weft_allocate_zero(allocator, bytes);
    c.seen = weft_allocate_zero(allocator, bytes);
    bool done = selection->first_use && c.selector_of && c.seen && collect_all(&c, sets, per_head);
    weft_free(allocator, c.selector_of, bytes);
    weft_free(allocator, c.seen, bytes);
    return done;
}

static void free_selector(const weft_selection *s, weft_selector *selector) {
    size_t floats = (size_t)(selector->rounds * selector->columns * s->shape.head_dim);
    weft_free(s->allocator, selector->buckets, selector->factors * sizeof *selector->buckets);
    weft_free(s->allocator, selector->directions, floats * sizeof *selector->directions);
    weft_candidates_free(&selector->candidates, s->allocator);
}

void weft_selection_free(weft_selection *selection) {
    const weft_allocator *allocator = selection->allocator;
    if (!allocator) return;
    for (uint32_t n = 0; n < selection->selector_count; n++) free_selector(selection, &selection->selectors[n]);
    weft_free(allocator, selection->selectors, selection->selector_capacity * sizeof *selection->selectors);
    weft_free(allocator, selection->uses, selection->use_capacity * sizeof *selection->uses);
    weft_free(allocator, selection->first_use, bytes_of_first_use(selection));
    *selection = (weft_selection){0};
}
