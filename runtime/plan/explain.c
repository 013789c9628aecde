/* Why a pair is in a set or not: the terms that decide it, each with its place and its text. The set is folded once
 * more, with places kept, and walked: of a union that admits the pair, the terms that do; of an intersection that
 * excludes it, the terms that do; and so on down to atoms. */
#include "plan/terms.h"

typedef struct weft_explanation {
    const weft_sources *sources;
    weft_bound bound;
    weft_scratch scratch;
    weft_text *out;
    uint32_t lines;
} weft_explanation;

/* A pair of positions, or of block numbers inside blocks(). */
typedef struct weft_pair {
    weft_space space;
    int64_t i, j;
} weft_pair;

enum { MOST_LINES = 100 };

static void add_term(weft_explanation *explanation, const weft_node *node) {
    weft_text *out = explanation->out;
    const weft_source *source;
    weft_point point;
    if (weft_node_source(explanation->sources, node, &source, &point))
        weft_text_format(out, "%s:%u:%u: ", source->name, point.line, point.column);
    weft_text_format(out, "`");
    weft_node_text(explanation->sources, node, out);
    weft_text_format(out, "`");
}

static void say(weft_explanation *explanation, int depth, weft_id id, weft_pair pair, const char *verb,
                const char *reason) {
    if (explanation->lines++ >= MOST_LINES) return;
    weft_text_format(explanation->out, "%*s", 2 * depth, "");
    add_term(explanation, weft_node_at(&explanation->bound.dag, id));
    weft_text_format(explanation->out, " %s (%lld, %lld)%s\n", verb, (long long)pair.i, (long long)pair.j, reason);
}

static bool holds(weft_explanation *explanation, weft_id id, weft_pair pair) {
    return weft_contains_with(&explanation->scratch, id, pair.space, pair.i, pair.j);
}

static void explain(weft_explanation *explanation, int depth, weft_id id, weft_pair pair);

/* The operands that hold the pair, or those that do not. */
static void explain_operands(weft_explanation *explanation, int depth, weft_id id, weft_pair pair, bool holding) {
    for (uint32_t k = 0; k < weft_node_at(&explanation->bound.dag, id)->arity; k++) {
        weft_id operand = weft_operand(&explanation->bound.dag, id, k);
        if (holds(explanation, operand, pair) == holding) explain(explanation, depth, operand, pair);
    }
}

static void explain_difference(weft_explanation *explanation, int depth, weft_id id, weft_pair pair) {
    weft_id kept = weft_operand(&explanation->bound.dag, id, 0), removed = weft_operand(&explanation->bound.dag, id, 1);
    bool in = holds(explanation, kept, pair), out = holds(explanation, removed, pair);
    if (in != out || !in) explain(explanation, depth, kept, pair);
    if (!in) return;
    say(explanation, depth, removed, pair, out ? "takes away" : "does not take away", "");
    if (out) explain(explanation, depth + 1, removed, pair);
}

static void explain_blocks(weft_explanation *explanation, int depth, weft_id id, weft_pair pair, const char *verb) {
    int64_t size = weft_operand_int(&explanation->bound.dag, id, 0);
    weft_pair blocks = {weft_space_blocks(pair.space, size), weft_floor_div(pair.i, size),
                        weft_floor_div(pair.j, size)};
    say(explanation, depth, id, pair, verb, ", by its block pair:");
    explain(explanation, depth + 1, weft_operand(&explanation->bound.dag, id, 1), blocks);
}

static void explain(weft_explanation *explanation, int depth, weft_id id, weft_pair pair) {
    bool in = holds(explanation, id, pair);
    const char *verb = in ? "admits" : "excludes";
    if (explanation->lines >= MOST_LINES) return;
    switch (weft_node_at(&explanation->bound.dag, id)->op) {
    case WEFT_OP_UNION:
        if (!in) say(explanation, depth, id, pair, verb, ": no term of the union holds it");
        explain_operands(explanation, in ? depth : depth + 1, id, pair, in);
        break;
    case WEFT_OP_INTERSECTION:
        if (in) say(explanation, depth, id, pair, verb, ": every term of the intersection holds it");
        explain_operands(explanation, in ? depth + 1 : depth, id, pair, in);
        break;
    case WEFT_OP_DIFFERENCE: explain_difference(explanation, depth, id, pair); break;
    case WEFT_OP_COMPLEMENT:
        say(explanation, depth, id, pair, verb,
            in ? ": what it negates does not hold it" : ": what it negates holds it");
        explain(explanation, depth + 1, weft_operand(&explanation->bound.dag, id, 0), pair);
        break;
    case WEFT_OP_BLOCKS: explain_blocks(explanation, depth, id, pair, verb); break;
    default: say(explanation, depth, id, pair, verb, ""); break;
    }
}

static void explain_pair(const weft_plan *plan, int64_t batch, int64_t head, weft_pair pair, bool allowed,
                         weft_text *out) {
    const weft_program *program = plan->kernel->program;
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    weft_explanation explanation = {.sources = &program->sources, .out = out};
    weft_environment environment = weft_plan_environment(plan, batch, head);
    environment.keep_places = true;
    weft_text_format(out, "head %lld: query %lld %s key %lld\n", (long long)head, (long long)pair.i,
                     allowed ? "attends to" : "does not attend to", (long long)pair.j);
    weft_diagnostics diagnostics; /* of a fold that has succeeded before: only memory can fail */
    weft_diagnostics_init(&diagnostics, allocator, NULL);
    if (weft_bound_init(&explanation.bound, allocator)) {
        weft_id set = weft_fold(program, program->meaning, &environment, &explanation.bound, &diagnostics);
        size_t n = (size_t)(batch * plan->shape.heads + head);
        weft_see_choices(&explanation.bound, &plan->shown.selection, plan->shown.memory, n);
        weft_scratch_init(&explanation.scratch, &explanation.bound);
        if (set) explain(&explanation, 0, set, pair);
        out->failed = out->failed || !set || explanation.scratch.failed;
        weft_scratch_free(&explanation.scratch);
        weft_bound_free(&explanation.bound);
    } else {
        out->failed = true;
    }
    weft_diagnostics_free(&diagnostics);
}

size_t weft_plan_explain(const weft_plan *plan, int64_t batch, int64_t head, int64_t i, int64_t j, bool *allowed,
                         char *buffer, size_t size) {
    if (size) buffer[0] = '\0';
    if (!plan) return 0;
    const weft_shape *shape = &plan->shape;
    weft_pair pair = {weft_space_of(shape->queries, shape->keys), i, j};
    if (batch < 0 || batch >= shape->batch || head < 0 || head >= shape->heads || i < pair.space.first ||
        i >= shape->keys || j < 0 || j >= shape->keys || !weft_plan_is_known(plan))
        return 0;
    size_t n = (size_t)(batch * shape->heads + head);
    weft_opened opened;
    weft_scratch scratch;
    bool opens = weft_plan_open(plan, n, &opened);
    weft_scratch_init(&scratch, &opened.bound);
    bool in = opens && weft_contains_with(&scratch, plan->meaning_of[n], pair.space, i, j);
    bool failed = !opens || scratch.failed;
    weft_scratch_free(&scratch);
    weft_plan_close(plan, &opened);
    if (failed) return 0;
    if (allowed) *allowed = in;
    weft_text text;
    weft_text_init(&text, weft_engine_allocator(plan->kernel->engine));
    explain_pair(plan, batch, head, pair, in, &text);
    size_t length = text.failed ? 0 : weft_text_copy_out(&text, buffer, size);
    weft_text_release(&text);
    return length;
}
