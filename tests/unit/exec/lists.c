/* Runs of list passes with a naive kernel against the float64 reference: lists that are drawn and lists that a run
 * brings, clipped, beside tiles and after each other; long ones, taken in parts; any number of threads; failing memory.
 */
#include "case.h"
#include "support/suite.h"

#define NOWHERE WEFT_NO_SPAN

/* ---- patterns with lists ------------------------------------------------------------------------------------- */

static weft_id join(weft_dag *dag, weft_op op, weft_id a, weft_id b) {
    return weft_make_set(dag, op, NOWHERE, 2, a, b);
}

static weft_id listed_atom(weft_program *program) {
    weft_value first = {0};
    return weft_make_set(&program->dag, WEFT_ATOM_LISTED, NOWHERE, 1,
                         weft_make(&program->dag, WEFT_OP_PARAM, WEFT_TYPE_KEYS, first, NULL, 0, NOWHERE));
}

static weft_id random_draw(weft_dag *dag, uint64_t *state) {
    weft_id within = random_int(state, 0, 1) ? weft_make_set(dag, WEFT_ATOM_ALL, NOWHERE, 0) : random_atom(dag, state);
    return weft_make_set(dag, WEFT_ATOM_RANDOM, NOWHERE, 4, random_number(dag, state, 0, 12),
                         random_number(dag, state, 0, 3), within,
                         weft_make_bool(dag, random_int(state, 0, 1), NOWHERE));
}

/* One more pass, over the keys of `list` that `clip` holds and nothing before does. */
static void add_list(weft_program *program, weft_id list, weft_id clip) {
    weft_dag *dag = &program->dag;
    weft_pass pass = {WEFT_ORDER_CONTIGUOUS, WEFT_ORDER_LISTED, 64, 64, .list = list};
    pass.set = join(dag, WEFT_OP_DIFFERENCE, clip, program->meaning);
    program->meaning = join(dag, WEFT_OP_UNION, program->meaning, join(dag, WEFT_OP_INTERSECTION, list, clip));
    ck_assert(weft_program_add_pass(program, pass));
}

static weft_program *program_with_lists(uint64_t *state, bool listed, bool drawn) {
    weft_program *program = weft_program_create(plain_allocator(), "lists");
    weft_dag *dag = &program->dag;
    weft_id all = weft_make_set(dag, WEFT_ATOM_ALL, NOWHERE, 0), none = weft_make_set(dag, WEFT_ATOM_NONE, NOWHERE, 0);
    weft_program_add_parameter(program, "s", WEFT_TYPE_KEYS, 0, NOWHERE);
    ck_assert(finish_program(program, random_int(state, 0, 2) ? random_set(dag, state, 1) : none));
    if (listed) add_list(program, listed_atom(program), random_int(state, 0, 1) ? all : random_meaning(dag, state));
    for (int64_t n = drawn ? random_int(state, 1, 2) : 0; n > 0; n--)
        add_list(program, random_draw(dag, state), random_int(state, 0, 1) ? all : random_meaning(dag, state));
    return program;
}

/* ---- keys ---------------------------------------------------------------------------------------------------- */

typedef struct host_keys {
    DLTensor dl;
    int64_t shape[4];
    int32_t *at;
    size_t count;
} host_keys;

/* Some repeated, some that name no key. */
static void make_keys(host_keys *keys, const weft_shape *s, int dims, int64_t columns, uint64_t *state) {
    int64_t shape[4] = {s->batch, s->heads, s->queries, columns};
    *keys = (host_keys){.count = 1};
    memcpy(keys->shape, shape + 4 - dims, (size_t)dims * sizeof *shape);
    for (int k = 0; k < dims; k++) keys->count *= (size_t)keys->shape[k];
    keys->at = malloc((keys->count + 1) * sizeof *keys->at);
    ck_assert_ptr_nonnull(keys->at);
    for (size_t n = 0; n < keys->count; n++) keys->at[n] = (int32_t)random_int(state, -3, s->keys + 2);
    keys->dl = (DLTensor){
        .data = keys->at, .device = {kDLCPU, 0}, .ndim = dims, .dtype = {kDLInt, 32, 1}, .shape = keys->shape};
}

static void bind_keys(run_case *c, const host_keys *keys, bool to_runs) {
    c->bindings[0] = (weft_binding){"s", WEFT_BIND_ARRAY, {.array = &keys->dl}};
    c->binding_count = 1;
    c->bind_runs = to_runs;
}

static void make_case(run_case *c, host_keys *keys, uint64_t *state) {
    static const int64_t lengths[] = {1, 2, 15, 17, 63, 64, 65, 127, 200};
    enum { LENGTHS = sizeof lengths / sizeof *lengths };
    *c = (run_case){.dims = &naive_shapes[random_int(state, 0, NAIVE_SHAPE_COUNT - 1)]};
    bool listed = random_int(state, 0, 2);
    c->program = program_with_lists(state, listed, !listed || random_int(state, 0, 1));
    int64_t kv_heads = random_int(state, 1, 2);
    c->shape = (weft_shape){sizeof(weft_shape),
                            random_int(state, 1, 2),
                            kv_heads * random_int(state, 1, 3),
                            kv_heads,
                            lengths[random_int(state, 0, LENGTHS - 1)],
                            lengths[random_int(state, 0, LENGTHS - 1)],
                            c->dims->head_dim,
                            c->dims->value_dim};
    make_inputs(c, state, random_int(state, 0, 1));
    make_keys(keys, &c->shape, (int)random_int(state, 2, 4), random_int(state, 0, 9), state);
    bind_keys(c, keys, random_int(state, 0, 1));
}

/* ---- against the reference ---------------------------------------------------------------------------------- */

static void compare_run(const run_case *c, const weft_plan *plan, uint64_t *state) {
    outputs out;
    double *o, *lse;
    make_outputs(&out, c, state, random_int(state, 0, 1));
    reference_of(c, plan, &o, &lse);
    run_case_into(c, plan, &out, NULL);
    compare(c, &out, o, lse);
    free(o);
    free(lse);
    free_outputs(&out);
}

START_TEST(random_lists_match_the_reference) {
    enum { CASES = 400 };
    const uint64_t first = 5000;
    atomic_store(&naive_lists, 0);
    for (case_seed = first; case_seed < first + CASES; case_seed++) {
        uint64_t state = case_seed;
        run_case c;
        host_keys keys;
        make_case(&c, &keys, &state);
        size_t threads = (size_t)random_int(&state, 1, 3);
        weft_config config = config_of(&threads);
        weft_plan *plan = plan_case(&c, &config);
        compare_run(&c, plan, &state);
        for (size_t n = 0; n < keys.count; n++) keys.at[n] = (int32_t)random_int(&state, -3, c.shape.keys + 2);
        compare_run(&c, plan, &state); /* a plan holds no key of the host's */
        ck_assert_msg(atomic_load(&naive_faults) == 0, "seed %llu", (unsigned long long)case_seed);
        weft_plan_destroy(plan);
        free(keys.at);
        free_case(&c);
    }
    ck_assert_int_gt(atomic_load(&naive_lists), CASES);
}
END_TEST

/* ---- long lists ---------------------------------------------------------------------------------------------- */

/* Every row lists nearly every key, some of them twice, and some rows none. */
static void make_long_case(run_case *c, host_keys *keys, uint64_t *state, int64_t queries, int64_t length) {
    *c = (run_case){.dims = &naive_shapes[0]};
    c->program = program_with_lists(state, true, true);
    c->shape = (weft_shape){sizeof(weft_shape), 1, 2, 1, queries, length, c->dims->head_dim, c->dims->value_dim};
    make_inputs(c, state, true);
    make_keys(keys, &c->shape, 3, length, state);
    for (int64_t row = 0; row < 2 * queries; row += 7)
        for (int64_t n = 0; n < length; n++) keys->at[row * length + n] = -1;
    bind_keys(c, keys, true);
}

START_TEST(long_lists_are_taken_in_parts) {
    int64_t lengths[] = {WEFT_LIST_ROOM / 2, WEFT_LIST_ROOM, 2 * WEFT_LIST_ROOM + 5000};
    for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++) {
        uint64_t state = case_seed = 77 + n;
        run_case c;
        host_keys keys;
        make_long_case(&c, &keys, &state, 9, lengths[n]);
        if (n == 1) /* a row that fills the room to the last key */
            for (int64_t k = 0; k < 2 * 9 * lengths[n]; k++) keys.at[k] = (int32_t)(k % lengths[n]);
        size_t threads = 2;
        weft_config config = config_of(&threads);
        weft_plan *plan = plan_case(&c, &config);
        compare_run(&c, plan, &state);
        ck_assert_int_eq(atomic_load(&naive_faults), 0);
        weft_plan_destroy(plan);
        free(keys.at);
        free_case(&c);
    }
}
END_TEST

/* ---- threads, memory ----------------------------------------------------------------------------------------- */

START_TEST(threads_do_not_change_a_bit) {
    uint64_t state = 6;
    run_case c;
    host_keys keys;
    make_long_case(&c, &keys, &state, 300, 900);
    check_threads(&c, NULL);
    free(keys.at);
    free_case(&c);
}
END_TEST

START_TEST(keys_must_be_there) {
    uint64_t state = 8;
    run_case c;
    host_keys keys;
    make_long_case(&c, &keys, &state, 40, 60);
    size_t threads = 1;
    failing memory = {.left = INT64_MAX};
    weft_config config = config_of(&threads);
    config.resize = failing_resize;
    config.resize_user = &memory;
    weft_plan *plan = plan_case(&c, &config);
    outputs out;
    make_outputs(&out, &c, &state, false);
    weft_tensors tensors = tensors_of(&c, &out);
    tensors.binding_count = 0;
    ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_INVALID_ARGUMENT);
    char message[200];
    weft_plan_message(plan, message, sizeof message);
    ck_assert_msg(strstr(message, "E0401") != NULL, "%s", message);
    uint8_t mask[40 * 60];
    ck_assert_int_eq(weft_plan_mask(plan, 0, 0, WEFT_MASK_ORACLE, mask), WEFT_INVALID_ARGUMENT);
    tensors.binding_count = 1;
    void *workspace = malloc(weft_plan_workspace(plan));
    memory.left = 0;
    ck_assert_int_eq(weft_run(plan, &tensors, workspace), WEFT_OK); /* allocates nothing */
    ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_OUT_OF_MEMORY);
    memory.left = INT64_MAX;
    weft_plan_destroy(plan);
    ck_assert_int_eq(memory.in_use, 0);
    free(workspace);
    free_outputs(&out);
    free(keys.at);
    free_case(&c);
}
END_TEST

TEST_MAIN("exec/lists", random_lists_match_the_reference, long_lists_are_taken_in_parts, threads_do_not_change_a_bit,
          keys_must_be_there)
