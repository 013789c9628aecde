/* Warnings about sets, from samples: rows that are empty, terms that add no pair, dilations that never leave a residue
 * class. The samples are taken one after the other until each question is settled, which for a good definition is soon.
 */
#include "sema/warn.h"

#include <stdio.h>

enum { MOST_TERMS = 48, MOST_REPORTED = 4 };
enum { FEW_LENGTHS = 4, FEW_ROWS = 48 }; /* for values other than the first */

/* An operand of a union, as it is written. */
typedef struct term {
    weft_span set; /* the union */
    uint32_t operand;
    weft_span place;
    bool seen;    /* it was part of a sample */
    bool adds;    /* and made a difference, or nobody can tell */
    bool removed; /* reported: the others are judged without it */
} term;

typedef struct survey {
    const weft_warner *w;
    weft_sampler sampler;
    term terms[MOST_TERMS];
    uint32_t term_count;
    bool rows_open, residues_open; /* every sample so far has an empty row; stays in its residue classes */
    bool own_values;               /* some parameter has no default: those questions are asked of all values */
    int64_t empty_row, empty_head, empty_length; /* an example */
    int64_t modulus;
    int64_t shortest, longest; /* lengths that were sampled */
} survey;

/* What one length showed, in all heads. */
typedef struct finding {
    bool sampled, empty;
    int64_t modulus; /* all distances are multiples of it */
} finding;

/* ---- terms --------------------------------------------------------------------------------------------------- */

static bool is_union(const weft_ast *ast) { return ast->kind == WEFT_AST_BINARY && ast->op == WEFT_OPERATOR_UNION; }

/* Later ones first, and what holds others before them: of two equal terms the second one is to be reported. */
static bool comes_before(weft_span a, weft_span b) { return a.end != b.end ? a.end > b.end : a.begin < b.begin; }

static void add_term(survey *v, term added) {
    if (v->term_count == MOST_TERMS) return;
    uint32_t at = v->term_count++;
    for (; at > 0 && comes_before(added.place, v->terms[at - 1].place); at--) v->terms[at] = v->terms[at - 1];
    v->terms[at] = added;
}

static void find_terms(survey *v, const weft_ast *ast);

/* a | b | c is one union of three. */
static void find_operands(survey *v, const weft_ast *ast) {
    uint32_t count = 1;
    for (const weft_ast *link = ast; is_union(link); link = link->first) count++;
    const weft_ast *link = ast;
    for (uint32_t k = count; k-- > 0; link = link->first) {
        const weft_ast *operand = k ? link->last : link;
        add_term(v, (term){.set = ast->span, .operand = k, .place = operand->span});
        find_terms(v, operand);
    }
}

static void find_terms(survey *v, const weft_ast *ast) {
    if (is_union(ast)) {
        find_operands(v, ast);
        return;
    }
    for (const weft_ast *child = ast->first; child; child = child->next) find_terms(v, child);
}

/* ---- a set without some terms --------------------------------------------------------------------------------- */

typedef struct surgery {
    const survey *v;
    const term *also; /* to be left out beside those removed for good; NULL: none */
    weft_dag *dag;
    weft_arena *arena;
    weft_id *made; /* by node */
} surgery;

static bool is_same_place(weft_span a, weft_span b) {
    return a.source == b.source && a.begin == b.begin && a.end == b.end;
}

static bool is_left_out(const surgery *s, weft_span set, uint32_t operand) {
    for (uint32_t k = 0; k < s->v->term_count; k++) {
        const term *t = &s->v->terms[k];
        if ((t->removed || t == s->also) && t->operand == operand && is_same_place(t->set, set)) return true;
    }
    return false;
}

static weft_id rebuild(surgery *s, weft_id id);

static weft_id rebuild_new(surgery *s, weft_id id) {
    weft_node node = *weft_node_at(s->dag, id);
    if (node.type != WEFT_TYPE_SET || node.arity == 0) return id;
    weft_id *operands = weft_arena_take(s->arena, node.arity * sizeof *operands);
    if (!operands) return 0;
    for (uint32_t k = 0; k < node.arity; k++) {
        bool gone = node.op == WEFT_OP_UNION && is_left_out(s, node.place, k);
        weft_id operand = weft_operand(s->dag, id, k);
        operands[k] = gone ? weft_make_set(s->dag, WEFT_ATOM_NONE, WEFT_NO_SPAN, 0) : rebuild(s, operand);
        if (!operands[k]) return 0;
    }
    return weft_make(s->dag, (weft_op)node.op, WEFT_TYPE_SET, node.value, operands, node.arity, node.place);
}

static weft_id rebuild(surgery *s, weft_id id) {
    if (!s->made[id]) s->made[id] = rebuild_new(s, id);
    return s->made[id];
}

/* 0 when memory fails. */
static weft_id set_without(const survey *v, const term *also, weft_dag *dag, weft_id set, weft_arena *arena) {
    surgery s = {v, also, dag, arena, NULL};
    s.made = weft_arena_take(arena, (set + 1) * sizeof *s.made);
    for (weft_id id = 0; s.made && id <= set; id++) s.made[id] = 0;
    return s.made && weft_take_work(v->w, set) ? rebuild(&s, set) : 0;
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

static bool is_same_list(weft_intervals a, weft_intervals b) {
    if (a.count != b.count) return false;
    for (uint32_t k = 0; k < a.count && a.at != b.at; k++)
        if (a.at[k].lo != b.at[k].lo || a.at[k].hi != b.at[k].hi) return false;
    return true;
}

static int64_t common_divisor(int64_t a, int64_t b) {
    if (a < 0) a = -a;
    if (b < 0) b = -b;
    for (int64_t rest; b; a = b, b = rest) rest = a % b;
    return a;
}

static int64_t modulus_of(weft_intervals keys, int64_t row, int64_t modulus) {
    for (uint32_t k = 0; k < keys.count && modulus != 1; k++) {
        modulus = common_divisor(modulus, keys.at[k].lo - row);
        if (keys.at[k].hi - keys.at[k].lo > 1) modulus = 1;
    }
    return modulus;
}

/* A length under examination: the set of one head, and the same without each term that is still in question (0: not
 * part of it). */
typedef struct examination {
    survey *v;
    weft_sample sample;
    weft_scratch scratch;
    weft_arena arena;
    int64_t rows[WEFT_MOST_ROWS];
    uint32_t row_count;
    int64_t head;
    weft_id set, without[MOST_TERMS];
    finding found;
} examination;

static bool is_open(const term *t) { return !t->adds && !t->removed; }

static bool ask(examination *x, weft_id set, int64_t row, weft_spans *out) {
    bool done = weft_spans_of(&x->scratch, set, x->sample.space, row, row + 1, out);
    if (!done) x->v->w->e->arena.failed = true;
    return done;
}

/* Work is nodes asked and pieces found. */
static bool pay(const examination *x, uint64_t calls_before) {
    enum { PIECES = 8 }; /* that cost as much as a node */
    const weft_scratch *scratch = &x->scratch;
    uint64_t work = 1 + scratch->span_calls + scratch->contains_calls - calls_before, pieces = 0;
    for (weft_id id = 1; id < scratch->seen_capacity && id < scratch->bound->dag.count; id++) {
        const weft_spans *spans = &scratch->seen[id].spans;
        if (scratch->seen[id].stamp == scratch->now) pieces += spans->full.count + spans->may.count;
    }
    return weft_take_work(x->v->w, work + pieces / PIECES);
}

static bool examine_terms(examination *x, int64_t row, const weft_spans *whole) {
    bool exact = is_same_list(whole->full, whole->may);
    for (uint32_t k = 0; k < x->v->term_count; k++) {
        weft_spans rest;
        term *t = &x->v->terms[k];
        if (!x->without[k] || !is_open(t)) continue;
        if (!ask(x, x->without[k], row, &rest)) return false;
        t->adds = !exact || !is_same_list(rest.full, rest.may) || !is_same_list(rest.may, whole->may);
    }
    return true;
}

static bool examine_row(examination *x, int64_t row) {
    weft_spans keys;
    uint64_t before = x->scratch.span_calls + x->scratch.contains_calls;
    weft_scratch_reset(&x->scratch);
    if (!ask(x, x->set, row, &keys)) return false;
    if (keys.may.count == 0 && !x->found.empty) {
        x->found.empty = true;
        x->v->empty_row = row;
        x->v->empty_head = x->head;
        x->v->empty_length = x->sample.space.keys;
    }
    x->found.modulus = modulus_of(keys.may, row, x->found.modulus);
    return examine_terms(x, row, &keys) && pay(x, before);
}

static bool has_open_terms(const survey *v) {
    for (uint32_t k = 0; k < v->term_count; k++)
        if (is_open(&v->terms[k])) return true;
    return false;
}

/* Can this sample still tell something? */
static bool is_curious(const examination *x) {
    const survey *v = x->v;
    if ((v->rows_open && !x->found.empty) || (v->residues_open && x->found.modulus != 1)) return true;
    for (uint32_t k = 0; k < v->term_count; k++)
        if (x->without[k] && is_open(&v->terms[k])) return true;
    return false;
}

static bool prepare(examination *x, weft_id set) {
    survey *v = x->v;
    weft_dag *dag = &x->sample.bound.dag;
    x->set = set_without(v, NULL, dag, set, &x->arena);
    for (uint32_t k = 0; x->set && k < v->term_count; k++) {
        x->without[k] = 0;
        if (!is_open(&v->terms[k])) continue;
        weft_id without = set_without(v, &v->terms[k], dag, set, &x->arena);
        if (!without) return false;
        if (without == x->set) continue;
        x->without[k] = without;
        v->terms[k].seen = true;
    }
    return x->set != 0;
}

/* False when the work or the memory is used up. */
static bool examine(examination *x, weft_id set) {
    bool done = prepare(x, set);
    for (uint32_t k = 0; k < x->row_count && done && is_curious(x); k++) done = examine_row(x, x->rows[k]);
    if (x->arena.failed || x->sample.bound.dag.failed) x->v->w->e->arena.failed = true;
    weft_arena_reset(&x->arena);
    return done;
}

/* Heads that are alike are looked at once. */
static bool examine_heads(examination *x) {
    weft_sampler *s = &x->v->sampler;
    weft_id sets[WEFT_MOST_HEADS];
    uint32_t count = 0;
    bool done = true;
    for (uint32_t k = 0; k < s->head_count && done; k++) {
        x->head = s->heads[k];
        weft_id set = weft_sample_take(s, &x->sample, x->head);
        uint32_t known = 0;
        while (known < count && sets[known] != set) known++;
        if (!set || known < count) continue;
        sets[count++] = set;
        x->found.sampled = true;
        done = examine(x, set);
    }
    return done && !x->v->w->e->arena.failed;
}

/* ---- the survey ---------------------------------------------------------------------------------------------- */

/* What a length has shown, for the questions that ask for something at every length. */
static void conclude(survey *v, const finding *found, int64_t length) {
    if (!found->sampled) return;
    if (length < v->shortest) v->shortest = length;
    if (length > v->longest) v->longest = length;
    v->rows_open = v->rows_open && found->empty;
    if (found->modulus == 1) v->residues_open = false;
    if (found->modulus > 1) v->modulus = common_divisor(v->modulus, found->modulus);
}

static bool survey_length(survey *v, uint32_t number, int64_t length) {
    examination x = {.v = v};
    weft_arena_init(&x.arena, v->w->e->arena.allocator);
    x.row_count = weft_sample_rows(&v->sampler, length, number == 0 ? WEFT_MOST_ROWS : FEW_ROWS, x.rows);
    if (!weft_sample_init(&v->sampler, length, &x.sample)) return false;
    weft_scratch_init(&x.scratch, &x.sample.bound);
    bool done = examine_heads(&x);
    weft_scratch_free(&x.scratch);
    weft_sample_free(&x.sample);
    weft_arena_free(&x.arena);
    if (number == 0 || v->own_values) conclude(v, &x.found, length);
    return done && *v->w->work > 0;
}

/* False when it could not be finished: then nothing is known. */
static bool survey_all(survey *v) {
    for (uint32_t number = 0; number < WEFT_CHOICES; number++) {
        bool chosen = weft_sampler_choose(&v->sampler, number), about_all = number == 0 || v->own_values;
        if (!chosen && number == 0 && !v->own_values) return false;
        uint32_t count = chosen ? v->sampler.length_count : 0;
        if (number > 0 && count > FEW_LENGTHS) count = FEW_LENGTHS;
        for (uint32_t k = 0; k < count; k++) {
            bool open = has_open_terms(v) || (about_all && (v->rows_open || v->residues_open));
            if (open && !survey_length(v, number, v->sampler.lengths[k])) return false;
        }
    }
    return v->longest > 0;
}

/* ---- reports ------------------------------------------------------------------------------------------------- */

static void note_samples(const survey *v, const char *values) {
    const char *with = v->sampler.has_choices ? values : "";
    weft_diagnose_note(v->w->e->diagnostics, WEFT_NO_SPAN,
                       "so it was at every length tried, from %lld to %lld positions%s", (long long)v->shortest,
                       (long long)v->longest, with);
}

static const char *usual_values(const survey *v) {
    return v->own_values ? ", with several values of the parameters" : ", with the default values";
}

static void report_rows(const survey *v) {
    const weft_ast *attend = weft_statement_of(v->w, WEFT_AST_ATTEND);
    bool only = attend && !weft_statement_of(v->w, WEFT_AST_HEADS);
    char head[40] = "";
    if (v->sampler.by_head) snprintf(head, sizeof head, " of head %lld", (long long)v->empty_head);
    weft_diagnose(v->w->e->diagnostics, WEFT_W0001, only ? attend->first->span : v->w->definition->ast->name_span,
                  "a row can be empty: query %lld%s, of %lld positions, sees no key, and its output is 0; with "
                  "`window(0)` in the union every query sees itself",
                  (long long)v->empty_row, head, (long long)v->empty_length);
    note_samples(v, usual_values(v));
}

static bool is_dilation(weft_op op) {
    return op == WEFT_ATOM_DILATED || op == WEFT_ATOM_STRIDE || op == WEFT_ATOM_BAND || op == WEFT_ATOM_NEIGHBORHOOD2D;
}

/* The first dilation that is written in the definition; its name where they all come from elsewhere; no place where
 * there is none. */
static weft_span dilation_place(const survey *v) {
    const weft_dag *dag = &v->w->e->program->dag;
    weft_span place = WEFT_NO_SPAN;
    for (weft_id id = 1; id < dag->count; id++) {
        const weft_node *node = weft_node_at(dag, id);
        if (!is_dilation((weft_op)node->op)) continue;
        if (weft_is_within(v->w, node->place)) return node->place;
        place = v->w->definition->ast->name_span;
    }
    return place;
}

static void report_residues(const survey *v) {
    weft_diagnose(
        v->w->e->diagnostics, WEFT_W0005, dilation_place(v),
        "no head ever leaves a residue class mod %lld: nothing passes from one class to another; give some heads "
        "another step, or add a term such as `window(1)`",
        (long long)v->modulus);
    note_samples(v, usual_values(v));
}

static void report_term(const survey *v, const term *t) {
    weft_diagnose(v->w->e->diagnostics, WEFT_W0002, t->place,
                  "this term adds no pair: leave it out, or let it hold what the other terms lack");
    note_samples(v, v->own_values ? usual_values(v) : ", with the default values and with others");
}

static term *next_reported(survey *v) {
    for (uint32_t k = 0; k < v->term_count; k++)
        if (v->terms[k].seen && is_open(&v->terms[k])) return &v->terms[k];
    return NULL;
}

/* One after the other: what a term adds depends on those that stay. */
static void report_terms(survey *v) {
    v->rows_open = v->residues_open = false;
    term *t = next_reported(v);
    for (int count = 0; t && count < MOST_REPORTED; count++) {
        report_term(v, t);
        t->removed = true;
        for (uint32_t k = 0; k < v->term_count; k++) v->terms[k].seen = false;
        if (!has_open_terms(v) || !survey_all(v)) return;
        t = next_reported(v);
    }
}

static bool has_own_values(const weft_program *program) {
    for (uint32_t k = 0; k < program->parameter_count; k++) {
        const weft_parameter_info *p = &program->parameters[k];
        if (!p->initial && (p->type == WEFT_TYPE_INT || p->type == WEFT_TYPE_BOOL)) return true;
    }
    return false;
}

void weft_warn_sets(const weft_warner *w) {
    bool is_pattern = w->definition->ast->kind == WEFT_AST_PATTERN && !weft_statement_of(w, WEFT_AST_APPROXIMATE);
    survey v = {.w = w, .rows_open = is_pattern, .own_values = has_own_values(w->e->program), .shortest = INT64_MAX};
    find_terms(&v, w->definition->ast);
    v.residues_open = is_pattern && dilation_place(&v).source;
    if ((!is_pattern && !v.term_count) || !weft_sampler_init(&v.sampler, w) || !survey_all(&v)) return;
    if (v.rows_open) report_rows(&v);
    if (v.residues_open && v.modulus > 1) report_residues(&v);
    report_terms(&v);
}
