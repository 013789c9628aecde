/* The terms of a set. They are found in the set as written, folded for one head with places kept; what is then asked of
 * a term is asked of a copy without places, which folds to something simpler. */
#include "plan/terms.h"

#include <string.h>

enum { MOST_TEXT = 60, MOST_VISITS = 1 << 12 };

/* ---- texts ------------------------------------------------------------------------------------------------------ */

bool weft_node_source(const weft_sources *sources, const weft_node *node, const weft_source **source,
                      weft_point *point) {
    weft_span place = node->place;
    if (place.source == 0 || place.source > sources->count || place.begin >= place.end ||
        place.end > sources->at[place.source - 1].size)
        return false;
    *source = &sources->at[place.source - 1];
    *point = weft_sources_point(sources, place.source, place.begin);
    return true;
}

/* White space becomes one blank, long text is cut. */
static void add_on_one_line(weft_text *out, const char *text, size_t size) {
    size_t shown = 0;
    bool blank = false;
    for (size_t n = 0; n < size; n++) {
        unsigned char byte = (unsigned char)text[n];
        if (byte <= ' ' || byte == 0x7f) {
            blank = shown > 0;
            continue;
        }
        bool continues = (byte & 0xc0) == 0x80; /* of a UTF-8 sequence */
        if (shown >= MOST_TEXT && !continues) {
            weft_text_format(out, "…");
            return;
        }
        if (blank) weft_text_add(out, " ", 1), shown++;
        blank = false;
        weft_text_add(out, text + n, 1);
        shown += !continues;
    }
}

void weft_node_text(const weft_sources *sources, const weft_node *node, weft_text *out) {
    const weft_source *source;
    weft_point point;
    if (weft_node_source(sources, node, &source, &point))
        add_on_one_line(out, source->text + node->place.begin, node->place.end - node->place.begin);
    else
        weft_text_format(out, "%s", weft_op_describe((weft_op)node->op)->text);
}

/* ---- finding them ------------------------------------------------------------------------------------------------ */

/* An operator above the unions: all of its operands but one belong to every term below that one. */
typedef struct weft_clip {
    const struct weft_clip *outer;
    weft_id node;
    uint32_t open;   /* the operand that is opened */
    uint32_t number; /* from 1; 0: nothing is above */
} weft_clip;

typedef struct weft_collection {
    weft_terms *terms;
    uint8_t *splits; /* by id: is there a union to open? */
    uint32_t *seen;  /* by id: 1 + the number of the clip that it was visited under last */
    uint32_t clips, visits;
} weft_collection;

/* Which operand of an operator may be opened: the first one that splits. */
static bool operand_to_open(const weft_dag *dag, const uint8_t *splits, weft_id id, uint32_t *open) {
    const weft_node *node = weft_node_at(dag, id);
    uint32_t begin = node->op == WEFT_OP_BLOCKS, end = node->op == WEFT_OP_DIFFERENCE ? 1 : node->arity;
    if (node->op != WEFT_OP_INTERSECTION && node->op != WEFT_OP_DIFFERENCE && node->op != WEFT_OP_BLOCKS) return false;
    for (*open = begin; *open < end; ++*open)
        if (splits[weft_operand(dag, id, *open)]) return true;
    return false;
}

/* Operands come before their users. */
static void mark_splits(const weft_dag *dag, weft_id last, uint8_t *splits) {
    for (weft_id id = 1; id <= last; id++) {
        uint32_t open;
        bool is_union = weft_node_at(dag, id)->op == WEFT_OP_UNION && weft_node_at(dag, id)->arity > 1;
        splits[id] = is_union || operand_to_open(dag, splits, id, &open);
    }
}

/* The node with one operand, `at`, exchanged. */
static weft_id with_operand(weft_terms *terms, weft_id id, uint32_t at, weft_id operand) {
    weft_dag *dag = &terms->bound.dag;
    const weft_node node = *weft_node_at(dag, id);
    if (!weft_reserve(dag->allocator, &terms->operands, &terms->operand_capacity, node.arity, sizeof(weft_id)))
        return 0;
    memcpy(terms->operands, dag->operands + node.first, node.arity * sizeof(weft_id));
    terms->operands[at] = operand;
    return weft_make(dag, (weft_op)node.op, (weft_type)node.type, node.value, terms->operands, node.arity, node.place);
}

static bool add_term(weft_terms *terms, weft_id written, const weft_clip *clip) {
    const weft_allocator *allocator = terms->bound.dag.allocator;
    weft_id set = written;
    for (; clip && set; clip = clip->outer) set = with_operand(terms, clip->node, clip->open, set);
    if (!set ||
        !weft_reserve(allocator, &terms->written, &terms->written_capacity, (uint64_t)terms->count + 1,
                      sizeof(weft_id)) ||
        !weft_reserve(allocator, &terms->sets, &terms->set_capacity, (uint64_t)terms->count + 1, sizeof(weft_id)))
        return false;
    terms->written[terms->count] = written;
    terms->sets[terms->count++] = set;
    return true;
}

/* A set that stands twice below the same clip is one term; and what would have thousands is opened no further. */
static bool collect(weft_collection *c, weft_id id, const weft_clip *clip) {
    const weft_dag *dag = &c->terms->bound.dag;
    uint32_t under = clip ? clip->number : 0;
    weft_clip inner = {.outer = clip, .node = id};
    if (c->seen[id] == 1 + under) return true;
    c->seen[id] = 1 + under;
    if (!c->splits[id] || c->visits++ > MOST_VISITS) return add_term(c->terms, id, clip);
    if (operand_to_open(dag, c->splits, id, &inner.open)) {
        inner.number = ++c->clips;
        return collect(c, weft_operand(dag, id, inner.open), &inner);
    }
    for (uint32_t k = 0; k < weft_node_at(dag, id)->arity; k++)
        if (!collect(c, weft_operand(dag, id, k), clip)) return false;
    return true;
}

static bool find_terms(weft_terms *terms) {
    const weft_allocator *allocator = terms->bound.dag.allocator;
    uint32_t count = terms->whole + 1; /* operands have smaller ids; what is made below is not looked at */
    weft_collection c = {.terms = terms,
                         .splits = weft_allocate_zero(allocator, count * sizeof *c.splits),
                         .seen = weft_allocate_zero(allocator, count * sizeof *c.seen)};
    bool done = c.splits && c.seen;
    if (done) {
        mark_splits(&terms->bound.dag, terms->whole, c.splits);
        done = collect(&c, terms->whole, NULL);
    }
    weft_free(allocator, c.splits, count * sizeof *c.splits);
    weft_free(allocator, c.seen, count * sizeof *c.seen);
    return done;
}

bool weft_terms_init(weft_terms *terms, const weft_plan *plan, int64_t batch, int64_t head) {
    const weft_program *program = plan->kernel->program;
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    *terms = (weft_terms){.plan = plan, .environment = weft_plan_environment(plan, batch, head)};
    terms->environment.keep_places = true;
    if (!weft_bound_init(&terms->bound, allocator)) return false;
    weft_diagnostics diagnostics; /* of a fold that has succeeded before: only memory can fail */
    weft_diagnostics_init(&diagnostics, allocator, NULL);
    terms->whole = weft_fold(program, program->meaning, &terms->environment, &terms->bound, &diagnostics);
    weft_diagnostics_free(&diagnostics);
    size_t n = (size_t)(batch * plan->shape.heads + head);
    weft_see_choices(&terms->bound, &plan->shown.selection, plan->shown.memory, n);
    return terms->whole && find_terms(terms);
}

void weft_terms_free(weft_terms *terms) {
    const weft_allocator *allocator = weft_engine_allocator(terms->plan->kernel->engine);
    weft_free(allocator, terms->written, terms->written_capacity * sizeof *terms->written);
    weft_free(allocator, terms->sets, terms->set_capacity * sizeof *terms->sets);
    weft_free(allocator, terms->operands, terms->operand_capacity * sizeof *terms->operands);
    weft_bound_free(&terms->bound);
}

int64_t weft_terms_count(const weft_terms *terms) {
    return terms->count < WEFT_MOST_TERMS ? terms->count : WEFT_MOST_TERMS;
}

/* ---- their sets -------------------------------------------------------------------------------------------------- */

/* The set once more without places. */
static weft_id without_places(weft_terms *terms, weft_id set) {
    weft_dag *dag = &terms->bound.dag;
    size_t bytes = ((size_t)set + 1) * sizeof(weft_id);
    weft_id *copies = weft_allocate_zero(dag->allocator, bytes), result = 0;
    for (weft_id id = 1; copies && id <= set; id++) {
        const weft_node node = *weft_node_at(dag, id);
        if (!weft_reserve(dag->allocator, &terms->operands, &terms->operand_capacity, node.arity, sizeof(weft_id)))
            break;
        for (uint32_t k = 0; k < node.arity; k++) terms->operands[k] = copies[weft_operand(dag, id, k)];
        copies[id] = weft_make(dag, (weft_op)node.op, (weft_type)node.type, node.value, terms->operands, node.arity,
                               WEFT_NO_SPAN);
        result = id == set ? copies[id] : 0;
    }
    weft_free(dag->allocator, copies, bytes);
    return result;
}

/* All terms from number `first` on. */
static weft_id rest(weft_terms *terms, uint32_t first) {
    return weft_make(&terms->bound.dag, WEFT_OP_UNION, WEFT_TYPE_SET, (weft_value){0}, terms->sets + first,
                     terms->count - first, WEFT_NO_SPAN);
}

weft_id weft_terms_set(weft_terms *terms, int64_t term) {
    weft_id set = terms->whole;
    if (term != WEFT_ALL_TERMS) set = terms->sets[term];
    if (term == WEFT_MOST_TERMS - 1 && terms->count > WEFT_MOST_TERMS) set = rest(terms, WEFT_MOST_TERMS - 1);
    weft_id plain = set ? without_places(terms, set) : 0;
    if (!plain) return 0;
    weft_environment environment = terms->environment;
    environment.keep_places = false;
    weft_program source = {.allocator = terms->bound.dag.allocator, .dag = terms->bound.dag}; /* folded in place */
    weft_diagnostics diagnostics;
    weft_diagnostics_init(&diagnostics, source.allocator, NULL);
    weft_id folded = weft_fold(&source, plain, &environment, &terms->bound, &diagnostics);
    bool failed = diagnostics.out_of_memory;
    weft_diagnostics_free(&diagnostics);
    return failed ? 0 : folded ? folded : plain;
}

/* ---- for callers ------------------------------------------------------------------------------------------------- */

int64_t weft_plan_term_count(const weft_plan *plan, int64_t batch, int64_t head) {
    weft_terms terms;
    if (!weft_plan_has_head(plan, batch, head)) return 0;
    int64_t count = weft_terms_init(&terms, plan, batch, head) ? weft_terms_count(&terms) : 0;
    weft_terms_free(&terms);
    return count;
}

static void fill_place(weft_term_place *place, const weft_sources *sources, const weft_node *node) {
    weft_term_place known = {0};
    const weft_source *source;
    weft_point point;
    if (node && weft_node_source(sources, node, &source, &point)) {
        known.file = source->name;
        known.line = point.line;
        known.column = point.column;
    }
    weft_tell_known(place, &known, sizeof known);
}

size_t weft_plan_term(const weft_plan *plan, int64_t batch, int64_t head, int64_t term, weft_term_place *place,
                      char *text, size_t size) {
    weft_terms terms;
    size_t length = 0;
    if (size) text[0] = '\0';
    if (!weft_plan_has_head(plan, batch, head)) return 0;
    if (weft_terms_init(&terms, plan, batch, head) && term >= 0 && term < weft_terms_count(&terms)) {
        const weft_sources *sources = &plan->kernel->program->sources;
        const weft_node *node = weft_node_at(&terms.bound.dag, terms.written[term]);
        uint32_t others = terms.count - (uint32_t)term;
        weft_text words;
        weft_text_init(&words, terms.bound.dag.allocator);
        if (term == WEFT_MOST_TERMS - 1 && others > 1) node = NULL;
        if (node)
            weft_node_text(sources, node, &words);
        else
            weft_text_format(&words, "%u more terms", others);
        if (place) fill_place(place, sources, node);
        if (!words.failed) length = weft_text_copy_out(&words, text, size);
        weft_text_release(&words);
    }
    weft_terms_free(&terms);
    return length;
}
