/* Samples: a definition with some values of its parameters, at some lengths, for some heads. What its numbers come to
 * tells which lengths, heads and rows may make a difference: those beside each number, their products, and those beyond
 * all of them. */
#include "sema/warn.h"

#include <stdlib.h>

enum { LARGEST = 1 << 30, SHORT = 128, DIM = 64 };
enum { LONGEST_SPARSE = 1 << 17 }; /* where a row may be as many pieces */

/* Some number of [low, high] (splitmix64: Steele, Lea and Flood, 2014); the same ones every time. */
static int64_t pick(weft_sampler *s, int64_t low, int64_t high) {
    uint64_t z = (s->dice += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return low + (int64_t)((z ^ (z >> 31)) % (uint64_t)(high - low + 1));
}

/* ---- values -------------------------------------------------------------------------------------------------- */

/* Parameters vary by the bits of the choice's number: each is smaller and larger, near and far, and of any two either
 * is the larger one; bools take both their values with each other's. */
static bool bit_of(uint32_t number, uint32_t parameter) { return number >> parameter % 3 & 1; }

/* Another value, near or far; sizes stay sizes. */
static int64_t vary(weft_sampler *s, int64_t value, bool more, bool far) {
    if (value > LARGEST || value < -LARGEST) return value;
    if (value < 1) return more ? pick(s, value + 1, value + 9) : value;
    if (far) return more ? 8 * value + 5 : 1;
    return more ? pick(s, value + 1, 2 * value + 3) : pick(s, 1, value);
}

static void choose_value(weft_sampler *s, uint32_t k, uint32_t number, weft_argument *out) {
    const weft_parameter_info *parameter = &s->w->e->program->parameters[k];
    const weft_node *initial = weft_node_at(&s->w->e->program->dag, parameter->initial);
    bool is_int = parameter->type == WEFT_TYPE_INT, is_bool = parameter->type == WEFT_TYPE_BOOL;
    bool constant = initial->op == WEFT_OP_INT || initial->op == WEFT_OP_FLOAT || initial->op == WEFT_OP_BOOL;
    bool bit = bit_of(number, k);
    *out = (weft_argument){.bound = constant, .value = initial->value};
    if (parameter->initial && !constant) return; /* it reads lengths, and is folded with them */
    if (!parameter->initial && (is_int || is_bool)) {
        out->bound = true;
        out->value.integer = is_bool ? bit : bit ? pick(s, 20, 150) : pick(s, 1, 9);
    } else if (number > 0 && is_int) {
        out->value.integer = vary(s, initial->value.integer, bit, bit_of(number, k + 1));
    } else if (number > 0 && is_bool) {
        out->value.integer = initial->value.integer ^ bit;
    }
}

static void choose_values(weft_sampler *s, uint32_t number) {
    s->dice = number;
    for (uint32_t k = 0; k < s->w->e->program->parameter_count; k++) choose_value(s, k, number, &s->arguments[k]);
}

/* ---- folding ------------------------------------------------------------------------------------------------- */

/* The folded node, or 0; what is wrong is wrong for these values only, and nobody's concern. */
static weft_id fold(weft_sampler *s, weft_id root, const weft_environment *known, weft_bound *bound) {
    weft_elaborator *e = s->w->e;
    weft_diagnostics ignored;
    if (e->arena.failed || !weft_take_work(s->w, root)) return 0;
    weft_diagnostics_init(&ignored, e->arena.allocator, NULL);
    weft_id folded = weft_fold(e->program, root, known, bound, &ignored);
    if (ignored.out_of_memory) e->arena.failed = true;
    weft_diagnostics_free(&ignored);
    return e->arena.failed ? 0 : folded;
}

static bool init_bound(weft_sampler *s, weft_bound *bound) {
    bool done = weft_bound_init(bound, s->w->e->arena.allocator);
    if (!done) s->w->e->arena.failed = true;
    return done;
}

static weft_environment environment_of(const weft_sampler *s, int64_t length, int64_t head) {
    return (weft_environment){.lengths_known = true,
                              .head_known = true,
                              .dim_known = true,
                              .lq = length,
                              .lk = length,
                              .head = head,
                              .heads = s->head_total,
                              .dim = DIM,
                              .arguments = s->arguments,
                              .keep_places = true};
}

/* ---- sets ---------------------------------------------------------------------------------------------------- */

bool weft_sample_init(weft_sampler *s, int64_t length, weft_sample *out) {
    out->space = weft_space_of(length, length);
    return init_bound(s, &out->bound);
}

void weft_sample_free(weft_sample *sample) { weft_bound_free(&sample->bound); }

/* Is everything known that tells which pairs there are? Arrays are not, and neither is what data decides. */
static bool is_known(const weft_dag *dag) {
    for (weft_id id = 1; id < dag->count; id++) {
        weft_op op = (weft_op)weft_node_at(dag, id)->op;
        bool open = op == WEFT_OP_PARAM || op == WEFT_OP_ARRAY;
        if (open || (weft_op_describe(op)->traits & WEFT_TRAIT_DATA)) return false;
    }
    return true;
}

weft_id weft_sample_take(weft_sampler *s, weft_sample *sample, int64_t head) {
    weft_environment known = environment_of(s, sample->space.keys, head);
    weft_id set = fold(s, s->w->parts->set.id, &known, &sample->bound);
    return set && is_known(&sample->bound.dag) ? set : 0;
}

/* ---- scalars ------------------------------------------------------------------------------------------------- */

bool weft_sample_scalar(weft_sampler *s, weft_id scalar, int64_t length, int64_t head, weft_value *out) {
    weft_environment known = environment_of(s, length, head);
    weft_bound bound;
    if (!init_bound(s, &bound)) return false;
    weft_id folded = fold(s, scalar, &known, &bound);
    weft_op op = (weft_op)weft_node_at(&bound.dag, folded)->op;
    *out = weft_node_at(&bound.dag, folded)->value;
    weft_bound_free(&bound);
    return op == WEFT_OP_INT || op == WEFT_OP_FLOAT || op == WEFT_OP_BOOL;
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

/* Keeps the largest ones, each once. */
static void add_constant(weft_sampler *s, int64_t value) {
    if (value < 0 && value > INT64_MIN) value = -value;
    uint32_t at = s->constant_count;
    while (at > 0 && s->constants[at - 1] > value) at--;
    if (value < 2 || value > LARGEST || (at > 0 && s->constants[at - 1] == value)) return;
    bool full = s->constant_count == WEFT_MOST_CONSTANTS;
    if (full && at == 0) return;
    if (full) {
        for (uint32_t k = 1; k < at; k++) s->constants[k - 1] = s->constants[k];
        at--;
    } else {
        for (uint32_t k = s->constant_count++; k > at; k--) s->constants[k] = s->constants[k - 1];
    }
    s->constants[at] = value;
}

static void add_length(weft_sampler *s, int64_t length) {
    if (length < 1 || length > s->longest || s->length_count == WEFT_MOST_LENGTHS) return;
    for (uint32_t k = 0; k < s->length_count; k++)
        if (s->lengths[k] == length) return;
    s->lengths[s->length_count++] = length;
}

static void add_head(weft_sampler *s, int64_t head) {
    if (head < 0 || head >= s->head_total || s->head_count == WEFT_MOST_HEADS) return;
    for (uint32_t k = 0; k < s->head_count; k++)
        if (s->heads[k] == head) return;
    s->heads[s->head_count++] = head;
}

/* Rows by columns, of a grid that is known. */
static int64_t cells(const weft_dag *dag, weft_id id) {
    int64_t sides[2];
    for (uint32_t k = 0; k < 2; k++) {
        const weft_node *side = weft_node_at(dag, weft_operand(dag, id, k));
        sides[k] = side->op == WEFT_OP_INT && side->value.integer < SHORT * SHORT ? side->value.integer : 0;
    }
    return sides[0] * sides[1];
}

/* Does a set have few pieces in every row, however long it is? */
static bool is_plain(const weft_dag *dag, weft_id id) {
    switch (weft_node_at(dag, id)->op) {
    case WEFT_ATOM_ALL:
    case WEFT_ATOM_NONE:
    case WEFT_ATOM_CAUSAL:
    case WEFT_ATOM_WINDOW:
    case WEFT_ATOM_PAST:
    case WEFT_ATOM_ROWS:
    case WEFT_ATOM_COLS:
    case WEFT_ATOM_GLOBAL:
    case WEFT_ATOM_CHUNK: return true;
    case WEFT_ATOM_BAND: return weft_node_at(dag, weft_operand(dag, id, 2))->value.integer == 1;
    default: return !weft_op_is_atom((weft_op)weft_node_at(dag, id)->op);
    }
}

static void find_constants(weft_sampler *s, const weft_dag *dag) {
    s->constant_count = 0;
    s->longest = (int64_t)LARGEST * 4;
    for (weft_id id = 1; id < dag->count; id++) {
        if (!is_plain(dag, id)) s->longest = LONGEST_SPARSE;
        const weft_node *node = weft_node_at(dag, id);
        if (node->op == WEFT_OP_INT) add_constant(s, node->value.integer);
        if (node->op == WEFT_ATOM_WINDOW2D || node->op == WEFT_ATOM_NEIGHBORHOOD2D || node->op == WEFT_ATOM_AXIAL)
            add_constant(s, cells(dag, id));
    }
}

/* False when none is beyond all constants. */
static bool find_lengths(weft_sampler *s) {
    enum { LEAST = 16 }; /* shorter ones are nobody's text */
    int64_t most = s->constant_count ? s->constants[s->constant_count - 1] : 1, power = SHORT;
    int64_t second = s->constant_count > 1 ? s->constants[s->constant_count - 2] : 1;
    s->length_count = 0;
    while (power < 2 * most) power *= 2;
    add_length(s, 2 * most + 67);
    add_length(s, 3 * LEAST);
    add_length(s, power);
    add_length(s, LEAST + 1);
    add_length(s, (2 * most / SHORT + 3) * SHORT);
    for (uint32_t k = s->constant_count; k-- > 0;)
        if (s->constants[k] >= LEAST) add_length(s, s->constants[k]);
    add_length(s, 2 * most * second + 67); /* the so many'th block of so many */
    add_length(s, SHORT - 1);
    add_length(s, 2 * LEAST + 1);
    return s->lengths[0] > 2 * most;
}

static void find_heads(weft_sampler *s) {
    enum { USUAL = 8, MOST = 256 };
    s->head_total = s->by_head ? USUAL : 1;
    s->head_count = 0;
    for (uint32_t k = 0; k < s->constant_count && s->by_head; k++)
        if (s->constants[k] < MOST) s->head_total = s->constants[k] + 2 > USUAL ? s->constants[k] + 2 : USUAL;
    for (int64_t head = 0; head < USUAL; head++) add_head(s, head);
    for (uint32_t k = 0; k < s->constant_count; k++)
        for (int64_t by = -1; by <= 1; by++) add_head(s, s->constants[k] + by);
}

/* ---- choices ------------------------------------------------------------------------------------------------- */

bool weft_sampler_init(weft_sampler *s, const weft_warner *w) {
    enum { MOST_BOOLS = 3 };
    const weft_program *program = w->e->program;
    uint32_t bools = 0;
    *s = (weft_sampler){.w = w};
    for (uint32_t k = 0; k < w->definition->formal_count; k++) {
        if (w->definition->formals[k].type == WEFT_TYPE_SET) return false;
        bools += w->definition->formals[k].type == WEFT_TYPE_BOOL;
        s->has_choices |= w->definition->formals[k].type == WEFT_TYPE_INT;
    }
    s->has_choices |= bools > 0;
    for (weft_id id = 1; id < program->dag.count; id++) {
        weft_op op = (weft_op)weft_node_at(&program->dag, id)->op;
        s->by_head |= op == WEFT_OP_VAR_HEAD || op == WEFT_OP_VAR_HEADS || op == WEFT_OP_HEADS;
    }
    s->arguments = weft_arena_take(&w->e->arena, (program->parameter_count + 1) * sizeof *s->arguments);
    return s->arguments && bools <= MOST_BOOLS;
}

bool weft_sampler_choose(weft_sampler *s, uint32_t number) {
    weft_bound bound;
    if (number > 0 && !s->has_choices) return false;
    choose_values(s, number);
    weft_environment known = {.arguments = s->arguments};
    if (!init_bound(s, &bound)) return false;
    bool sound = fold(s, s->w->parts->set.id, &known, &bound);
    if (sound) find_constants(s, &bound.dag);
    weft_bound_free(&bound);
    find_heads(s);
    return sound && find_lengths(s);
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

typedef struct row_list {
    int64_t *at, length;
    uint32_t count, most;
} row_list;

static void add_row(row_list *rows, int64_t row) {
    if (row >= 0 && row < rows->length && rows->count < rows->most) rows->at[rows->count++] = row;
}

static void add_rows_beside(row_list *rows, int64_t row) {
    for (int64_t by = -1; by <= 1; by++) {
        add_row(rows, row + by);
        add_row(rows, rows->length - 1 - row - by);
    }
}

uint32_t weft_sample_rows(weft_sampler *s, int64_t length, uint32_t most, int64_t rows[WEFT_MOST_ROWS]) {
    enum { ANY = 32 };
    row_list list = {rows, length, 0, most};
    bool all = length <= SHORT && length <= most;
    for (int64_t row = 0; all && row < length; row++) add_row(&list, row);
    if (all) return list.count;
    add_row(&list, length / 2);
    add_rows_beside(&list, 0);
    for (uint32_t k = s->constant_count; k-- > 0;) add_rows_beside(&list, s->constants[k]);
    for (int k = 0; k < ANY; k++) add_row(&list, pick(s, 0, length - 1));
    for (uint32_t a = 0; a < s->constant_count; a++)
        for (uint32_t b = a; b < s->constant_count; b++) {
            if (s->constants[a] > length / s->constants[b]) continue;
            add_row(&list, s->constants[a] * s->constants[b]);
            add_row(&list, length - s->constants[a] * s->constants[b]);
        }
    return list.count;
}
