/* Program IR on small shapes: for every set of what parses, spans say of each row tile what asking pair by pair says,
 * and the canonical form has the same pairs. Shapes and the values of parameters follow from the bytes of the input. */
#include "fuzz.h"
#include "passes/passes.h"
#include "set/set.h"
#include "support/random.h"

enum { MOST_NODES = 200, MOST_PARAMETERS = 16, MOST_DRAWS = 4, HEADS = 2 };
enum { FEW_KEYS = 12, MOST_KEYS = 80, MOST_ELEMENTS = 4 * MOST_KEYS * MOST_KEYS };

/* What a program is asked about. */
typedef struct question {
    weft_program *program;
    const weft_allocator *allocator;
    test_random random;
    weft_shape shape;
    weft_argument arguments[MOST_PARAMETERS];
    DLTensor tensors[MOST_PARAMETERS];
    int64_t longest;
    int64_t shapes[MOST_PARAMETERS][4];
    int64_t integers[MOST_KEYS * 2];
    float floats[MOST_KEYS];
    uint8_t bytes[MOST_ELEMENTS];
} question;

static int64_t pick(question *q, int64_t low, int64_t high) { return test_range(&q->random, low, high); }

/* ---- values for parameters ---------------------------------------------------------------------------------- */

static void fill(question *q, uint64_t seed) {
    q->random = (test_random){seed};
    int64_t longest = pick(q, 0, 7) ? FEW_KEYS : q->longest;
    q->shape = (weft_shape){.size = sizeof q->shape, .batch = 1, .heads = HEADS, .kv_heads = HEADS};
    q->shape.queries = pick(q, 1, longest), q->shape.keys = pick(q, 1, longest);
    q->shape.head_dim = q->shape.value_dim = 8;
    for (int k = 0; k < MOST_KEYS * 2; k++) q->integers[k] = pick(q, -3, q->shape.keys);
    for (int k = 0; k < MOST_KEYS; k++) q->floats[k] = (float)pick(q, -8, 8) / 4;
    for (int k = 0; k < MOST_ELEMENTS; k++) q->bytes[k] = pick(q, 0, 3) == 0;
}

/* An array of a shape that suits the type, if there is one. */
static DLTensor array_for(question *q, weft_type type, int64_t shape[4]) {
    bool pairs = type == WEFT_TYPE_MASK || type == WEFT_TYPE_KEYS;
    bool real = type == WEFT_TYPE_PER_HEAD || type == WEFT_TYPE_TABLE;
    int64_t length = type == WEFT_TYPE_PER_HEAD ? HEADS : type == WEFT_TYPE_TOKENS ? pick(q, 0, 3) : q->shape.keys;
    shape[0] = pairs ? q->shape.queries : length;
    shape[1] = type == WEFT_TYPE_KEYS ? 2 : q->shape.keys;
    DLTensor out = {.data = q->integers, .device = {kDLCPU, 0}, .ndim = pairs ? 2 : 1, .shape = shape};
    out.dtype = (DLDataType){kDLInt, 64, 1};
    if (real) out.dtype = (DLDataType){kDLFloat, 32, 1};
    if (real) out.data = q->floats;
    if (type == WEFT_TYPE_MASK) out.dtype = (DLDataType){kDLUInt, 8, 1};
    if (type == WEFT_TYPE_MASK) out.data = q->bytes;
    return out;
}

static weft_binding binding_for(question *q, uint32_t number) {
    const weft_parameter_info *parameter = &q->program->parameters[number];
    weft_binding out = {.name = parameter->name};
    switch (parameter->type) {
    case WEFT_TYPE_INT: out.kind = WEFT_BIND_INT, out.value.integer = pick(q, -2, q->shape.keys); break;
    case WEFT_TYPE_FLOAT: out.kind = WEFT_BIND_FLOAT, out.value.real = (double)pick(q, -9, 9) / 4; break;
    case WEFT_TYPE_BOOL: out.kind = WEFT_BIND_BOOL, out.value.truth = pick(q, 0, 1); break;
    default:
        q->tensors[number] = array_for(q, parameter->type, q->shapes[number]);
        out.kind = WEFT_BIND_ARRAY, out.value.array = &q->tensors[number];
    }
    return out;
}

static bool bind(question *q, weft_diagnostics *d) {
    weft_binding bindings[MOST_PARAMETERS];
    size_t count = 0;
    for (uint32_t k = 0; k < q->program->parameter_count; k++) {
        bool keeps_default = q->program->parameters[k].initial && pick(q, 0, 1);
        if (!keeps_default) bindings[count++] = binding_for(q, k);
    }
    return weft_bind(q->program, &q->shape, bindings, count, q->arguments, d);
}

/* ---- checks ------------------------------------------------------------------------------------------------- */

static void check_list(weft_intervals list, int64_t keys) {
    for (uint32_t k = 0; k < list.count; k++) {
        HOLDS(list.at[k].lo < list.at[k].hi && list.at[k].hi <= keys);
        HOLDS(k == 0 ? list.at[k].lo >= 0 : list.at[k - 1].hi < list.at[k].lo);
    }
}

static void check_rows(weft_scratch *scratch, weft_id set, weft_space space, int64_t i0, int64_t i1) {
    weft_spans spans;
    HOLDS(weft_spans_of(scratch, set, space, i0, i1, &spans));
    check_list(spans.full, space.keys);
    check_list(spans.may, space.keys);
    for (int64_t j = 0; j < space.keys; j++) {
        bool full = weft_intervals_contain(spans.full, j), may = weft_intervals_contain(spans.may, j);
        HOLDS(may || !full);
        for (int64_t i = i0; i < i1; i++) {
            bool in = weft_contains(scratch->bound, set, space, i, j);
            HOLDS(in || !full);
            HOLDS(may || !in);
        }
    }
}

static void check_spans(question *q, const weft_bound *bound, weft_id set) {
    weft_space space = weft_space_of(q->shape.queries, q->shape.keys);
    weft_scratch scratch;
    HOLDS(weft_scratch_init(&scratch, bound));
    int64_t height = pick(q, 2, 64);
    for (int64_t i0 = space.first; i0 < space.keys; i0 += height) {
        int64_t i1 = i0 + height < space.keys ? i0 + height : space.keys, row = pick(q, i0, i1 - 1);
        weft_scratch_reset(&scratch);
        check_rows(&scratch, set, space, i0, i1);
        check_rows(&scratch, set, space, row, row + 1); /* without a reset: what was seen is not this row's */
    }
    weft_scratch_free(&scratch);
}

static void check_same(const question *q, const weft_bound *one, weft_id a, const weft_bound *other, weft_id b) {
    weft_space space = weft_space_of(q->shape.queries, q->shape.keys);
    for (int64_t i = space.first; i < space.keys; i++)
        for (int64_t j = 0; j < space.keys; j++)
            HOLDS(weft_contains(one, a, space, i, j) == weft_contains(other, b, space, i, j));
}

/* The set for one head, bound; 0 when it has a fault, which is reported. */
static weft_id fold(const question *q, weft_id set, int64_t head, weft_bound *bound) {
    weft_environment environment = {.lengths_known = true, .head_known = true, .dim_known = true};
    environment.lq = q->shape.queries, environment.lk = q->shape.keys;
    environment.head = head, environment.heads = HEADS, environment.dim = q->shape.head_dim;
    environment.arguments = q->arguments;
    environment.keep_places = head % 2;
    weft_diagnostics d;
    weft_diagnostics_init(&d, q->allocator, NULL);
    HOLDS(weft_bound_init(bound, q->allocator));
    weft_id folded = weft_fold(q->program, set, &environment, bound, &d);
    HOLDS((folded == 0) == (d.errors > 0));
    fuzz_end_diagnostics(&d);
    return folded;
}

static void check_head(question *q, weft_id meaning, weft_id canonical, int64_t head) {
    weft_bound as_written, simple;
    weft_id written = fold(q, meaning, head, &as_written), found = fold(q, canonical, head, &simple);
    if (written) HOLDS(found);
    if (written) check_spans(q, &as_written, written);
    if (found) check_spans(q, &simple, found);
    if (written) check_same(q, &as_written, written, &simple, found);
    weft_bound_free(&simple);
    weft_bound_free(&as_written);
}

/* Asking pair by pair costs a walk over the keys for every draw that is within a draw. */
static bool is_small(question *q) {
    const weft_dag *dag = &q->program->dag;
    uint32_t draws = 0;
    for (weft_id id = 1; id < dag->count; id++) draws += dag->nodes[id].op == WEFT_ATOM_RANDOM;
    q->longest = draws ? FEW_KEYS : MOST_KEYS;
    return draws <= MOST_DRAWS && dag->count < MOST_NODES && q->program->parameter_count <= MOST_PARAMETERS;
}

static void check_program(question *q, uint64_t seed, weft_diagnostics *d) {
    weft_id canonical = weft_simplify(q->program, q->program->meaning);
    HOLDS(canonical);
    for (uint64_t n = 0; n < 2; n++) {
        fill(q, seed + n);
        if (!bind(q, d)) continue;
        for (int64_t head = 0; head < HEADS; head++) check_head(q, q->program->meaning, canonical, head);
    }
}

static uint64_t hash(const uint8_t *data, size_t size) {
    uint64_t value = 14695981039346656037u; /* Fowler, Noll and Vo's */
    for (size_t k = 0; k < size; k++) value = (value ^ data[k]) * 1099511628211u;
    return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_memory memory = {0};
    weft_allocator allocator = fuzz_allocator(&memory);
    weft_diagnostics d;
    weft_diagnostics_init(&d, &allocator, NULL);
    question *q = calloc(1, sizeof *q);
    HOLDS(q);
    q->allocator = &allocator;
    q->program = weft_parse_program(&allocator, (const char *)data, size, &d);
    if (q->program && q->program->meaning && is_small(q)) check_program(q, hash(data, size), &d);
    weft_program_destroy(q->program);
    fuzz_end_diagnostics(&d);
    free(q);
    HOLDS(memory.blocks == 0);
    return 0;
}
