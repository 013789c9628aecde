/* Warnings that follow from the terms alone: windows that a causal clip cuts in half, and random sets with one seed. */
#include "sema/warn.h"

#include <stdio.h>
#include <string.h>

/* ---- one scalar ---------------------------------------------------------------------------------------------- */

static bool compare(const weft_dag *dag, weft_id a, weft_id b, uint32_t *steps) {
    const weft_node *x = weft_node_at(dag, a), *y = weft_node_at(dag, b);
    if (a == b) return true;
    if (*steps == 0 || x->op != y->op || x->type != y->type || x->arity != y->arity ||
        x->value.integer != y->value.integer)
        return false;
    --*steps;
    for (uint32_t k = 0; k < x->arity; k++)
        if (!compare(dag, weft_operand(dag, a, k), weft_operand(dag, b, k), steps)) return false;
    return true;
}

/* The same computation, wherever it is written? Large ones are not compared. */
static bool same_scalar(const weft_dag *dag, weft_id a, weft_id b) {
    uint32_t steps = 100;
    return compare(dag, a, b, &steps);
}

/* ---- windows under a causal clip ------------------------------------------------------------------------------ */

enum { CLIPPED = 1, FREE = 2 };

typedef struct clips {
    const weft_warner *w;
    const weft_dag *dag;
    unsigned char *seen; /* by node: under what it was found so far */
    bool *causal;        /* by node: is it a clip? */
} clips;

/* An intersection with `causal`, at any level. Operands come before their users. */
static void mark_causal(clips *c) {
    for (weft_id id = 1; id < c->dag->count; id++) {
        const weft_node *node = weft_node_at(c->dag, id);
        c->causal[id] = node->op == WEFT_ATOM_CAUSAL;
        for (uint32_t k = 0; node->op == WEFT_OP_INTERSECTION && k < node->arity; k++)
            c->causal[id] |= c->causal[weft_operand(c->dag, id, k)];
    }
}

static void look(clips *c, weft_id id, unsigned clip);

/* The sets among the operands: a clip reaches those that are part of the result, as positions. */
static void look_at_operands(clips *c, weft_id id, unsigned clip) {
    const weft_node *node = weft_node_at(c->dag, id);
    bool reaches = node->op == WEFT_OP_UNION || node->op == WEFT_OP_INTERSECTION || node->op == WEFT_OP_SELECT ||
                   node->op == WEFT_OP_HEADS || node->op == WEFT_OP_REQUIRE;
    for (uint32_t k = 0; k < node->arity; k++) {
        weft_id operand = weft_operand(c->dag, id, k);
        bool kept = reaches || (node->op == WEFT_OP_DIFFERENCE && k == 0);
        if (weft_node_at(c->dag, operand)->type == WEFT_TYPE_SET) look(c, operand, kept ? clip : FREE);
    }
}

static void look(clips *c, weft_id id, unsigned clip) {
    if (c->causal[id]) clip = CLIPPED;
    if (c->seen[id] & clip) return;
    c->seen[id] |= (unsigned char)clip;
    look_at_operands(c, id, clip);
}

static bool is_symmetric(const weft_dag *dag, weft_id window) {
    weft_id left = weft_operand(dag, window, 0), right = weft_operand(dag, window, 1);
    const weft_node *node = weft_node_at(dag, right);
    return same_scalar(dag, left, right) && (node->op != WEFT_OP_INT || node->value.integer > 0);
}

/* Is the same window, as it is written, used without the clip too? */
static bool is_free_elsewhere(const clips *c, weft_id window) {
    weft_span place = weft_node_at(c->dag, window)->place;
    for (weft_id id = 1; id < c->dag->count; id++) {
        const weft_node *node = weft_node_at(c->dag, id);
        bool same = node->op == WEFT_ATOM_WINDOW && node->place.begin == place.begin && node->place.end == place.end;
        if (same && (c->seen[id] & FREE)) return true;
    }
    return false;
}

static void report_half(const clips *c, weft_id window) {
    enum { SHOWN = 60 };
    weft_diagnostics *d = c->w->e->diagnostics;
    weft_diagnose(d, WEFT_W0003, weft_node_at(c->dag, window)->place,
                  "the causal clip cuts this window in half: say that it looks back only");
    weft_span width = weft_node_at(c->dag, weft_operand(c->dag, window, 0))->place;
    if (!weft_is_within(c->w, width) || width.end - width.begin > SHOWN) return;
    char meant[SHOWN + 20];
    const char *text = c->w->e->unit->sources->at[width.source - 1].text + width.begin;
    snprintf(meant, sizeof meant, "window(%.*s, 0)", (int)(width.end - width.begin), text);
    weft_diagnose_suggest(d, meant);
    weft_diagnose_note(d, WEFT_NO_SPAN,
                       "`past(w)` has w keys, the query's own among them: `window(w, 0)` is `past(w + 1)`");
}

void weft_warn_halves(const weft_warner *w) {
    clips c = {.w = w, .dag = &w->e->program->dag};
    if (!weft_take_work(w, c.dag->count)) return;
    c.seen = weft_arena_take(&w->e->arena, c.dag->count);
    c.causal = weft_arena_take(&w->e->arena, c.dag->count * sizeof *c.causal);
    if (!c.seen || !c.causal) return;
    mark_causal(&c);
    memset(c.seen, 0, c.dag->count);
    look(&c, w->parts->set.id, FREE);
    for (weft_id id = 1; id < c.dag->count; id++) {
        const weft_node *node = weft_node_at(c.dag, id);
        if (node->op == WEFT_ATOM_WINDOW && c.seen[id] == CLIPPED && weft_is_within(w, node->place) &&
            is_symmetric(c.dag, id) && !is_free_elsewhere(&c, id))
            report_half(&c, id);
    }
}

/* ---- random sets with one seed -------------------------------------------------------------------------------- */

static uint32_t count_random(const weft_dag *dag) {
    uint32_t count = 0;
    for (weft_id id = 1; id < dag->count; id++) count += weft_node_at(dag, id)->op == WEFT_ATOM_RANDOM;
    return count;
}

static void report_seeds(const weft_warner *w, const weft_dag *dag, weft_id first, weft_id second) {
    weft_span places[2] = {weft_node_at(dag, first)->place, weft_node_at(dag, second)->place};
    bool here = weft_is_within(w, places[1]);
    weft_diagnose(w->e->diagnostics, WEFT_W0006, here ? places[1] : w->definition->ast->name_span,
                  "%s with one seed: they draw much the same keys; give each a `seed` of its own",
                  here ? "this and another `random` draw" : "two `random` sets in this pattern draw");
    weft_diagnose_note(w->e->diagnostics, places[0], here ? "the other one" : "one of them");
    if (!here) weft_diagnose_note(w->e->diagnostics, places[1], "the other one");
}

/* Looks for two random sets of one head. */
static bool find_twins(const weft_warner *w, const weft_dag *dag) {
    for (weft_id b = 1; b < dag->count; b++) {
        if (weft_node_at(dag, b)->op != WEFT_ATOM_RANDOM) continue;
        for (weft_id a = 1; a < b; a++) {
            if (weft_node_at(dag, a)->op != WEFT_ATOM_RANDOM) continue;
            if (!same_scalar(dag, weft_operand(dag, a, 1), weft_operand(dag, b, 1))) continue;
            weft_span x = weft_node_at(dag, a)->place, y = weft_node_at(dag, b)->place;
            bool in_order = x.source != y.source ? x.source < y.source : x.begin <= y.begin;
            report_seeds(w, dag, in_order ? a : b, in_order ? b : a);
            return true;
        }
    }
    return false;
}

/* Heads draw apart from each other, so the definition is folded head by head; parameters stay what they are. */
void weft_warn_seeds(const weft_warner *w) {
    enum { HEADS = 16, MOST = 64 };
    uint32_t count = count_random(&w->e->program->dag);
    bool found = count < 2 || count > MOST;
    for (int64_t head = 0; head < HEADS && !found; head++) {
        weft_environment known = {.head_known = true, .head = head, .heads = HEADS, .keep_places = true};
        weft_diagnostics ignored;
        weft_bound bound;
        if (!weft_take_work(w, w->e->program->dag.count)) return;
        if (!weft_bound_init(&bound, w->e->arena.allocator)) {
            w->e->arena.failed = true;
            return;
        }
        weft_diagnostics_init(&ignored, w->e->arena.allocator, NULL);
        weft_id set = weft_fold(w->e->program, w->parts->set.id, &known, &bound, &ignored);
        if (ignored.out_of_memory) w->e->arena.failed = true;
        found = set && find_twins(w, &bound.dag);
        weft_diagnostics_free(&ignored);
        weft_bound_free(&bound);
    }
}
