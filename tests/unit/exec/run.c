/* Runs with a naive kernel against the float64 reference: random patterns, shapes and strides; any number of threads;
 * splits, merging, cancelling, failing memory. The naive kernel reads nothing but tiles and masks, so this also tests
 * plans. */
#include "case.h"

/* ---- random patterns ----------------------------------------------------------------------------------------- */

static void make_case(run_case *c, uint64_t *state) {
    static const int64_t lengths[] = {1, 2, 15, 16, 17, 63, 64, 65, 127, 200};
    enum { LENGTHS = sizeof lengths / sizeof *lengths };
    *c = (run_case){.dims = &naive_shapes[random_int(state, 0, NAIVE_SHAPE_COUNT - 1)]};
    c->program = weft_program_create(plain_allocator(), "random");
    ck_assert(c->program && finish_with_passes(c->program, random_meaning(&c->program->dag, state), state));
    int64_t kv_heads = random_int(state, 1, 2);
    c->shape = (weft_shape){.size = sizeof(weft_shape),
                            .batch = random_int(state, 1, 2),
                            .kv_heads = kv_heads,
                            .heads = kv_heads * random_int(state, 1, 3),
                            .queries = lengths[random_int(state, 0, LENGTHS - 1)],
                            .keys = lengths[random_int(state, 0, LENGTHS - 1)],
                            .head_dim = c->dims->head_dim,
                            .value_dim = c->dims->value_dim};
    make_inputs(c, state, random_int(state, 0, 1));
}

/* The same without lse: the same o. */
static void run_without_lse(const run_case *c, const weft_plan *plan, const outputs *with, uint64_t *state) {
    outputs out;
    int64_t rows = c->o_size[0] * c->o_size[1] * c->o_size[2], index[4];
    make_outputs(&out, c, state, true);
    weft_tensors tensors = {.size = sizeof tensors, .q = &c->q.dl, .k = &c->k.dl, .v = &c->v.dl, .o = &out.o.dl};
    ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_OK);
    for (int64_t n = 0; n < rows * c->o_size[3]; n++) {
        index[3] = n % c->o_size[3], index[2] = n / c->o_size[3] % c->o_size[2];
        index[1] = n / c->o_size[3] / c->o_size[2] % c->o_size[1],
        index[0] = n / c->o_size[3] / c->o_size[2] / c->o_size[1];
        ck_assert(*element_of(&out.o, 4, index) == *element_of((random_tensor *)&with->o, 4, index));
    }
    free_outputs(&out);
}

START_TEST(random_runs_match_the_reference) {
#ifdef __SANITIZE_THREAD__ /* ten times as slow */
    enum { CASES = 60 };
#else
    enum { CASES = 300 };
#endif
    const uint64_t first = 1000;
    for (case_seed = first; case_seed < first + CASES; case_seed++) {
        uint64_t state = case_seed;
        run_case c;
        make_case(&c, &state);
        size_t threads = (size_t)random_int(&state, 1, 3);
        weft_config config = config_of(&threads);
        weft_plan *plan = plan_case(&c, &config);
        outputs out;
        make_outputs(&out, &c, &state, random_int(&state, 0, 1));
        double *o, *lse;
        reference_of(&c, plan, &o, &lse);
        run_case_into(&c, plan, &out, NULL);
        run_without_lse(&c, plan, &out, &state);
        compare(&c, &out, o, lse);
        ck_assert_msg(atomic_load(&naive_faults) == 0, "seed %llu", (unsigned long long)case_seed);
        free(o);
        free(lse);
        free_outputs(&out);
        weft_plan_destroy(plan);
        free_case(&c);
    }
    ck_assert_int_gt(atomic_load(&naive_folds), CASES / 2);
}
END_TEST

/* ---- splits and threads ------------------------------------------------------------------------------------- */

/* Some rows that see every key, beside narrow windows, and others that see every second key, in a pass of their own:
 * heavy row tiles, which plans split. */
static void make_heavy_case(run_case *c, uint64_t *state, int64_t keys) {
    *c = (run_case){.dims = &naive_shapes[1]};
    c->program = weft_program_create(plain_allocator(), "heavy");
    weft_dag *dag = &c->program->dag;
    weft_value none = {0};
    weft_id ends[2] = {weft_make_int(dag, keys - 150, WEFT_NO_SPAN), weft_make_int(dag, keys - 3, WEFT_NO_SPAN)};
    weft_id range = weft_make(dag, WEFT_OP_RANGE, WEFT_TYPE_LIST, none, ends, 2, WEFT_NO_SPAN);
    weft_id list = weft_make(dag, WEFT_OP_LISTING, WEFT_TYPE_LIST, none, &range, 1, WEFT_NO_SPAN);
    weft_id width = weft_make_int(dag, 9, WEFT_NO_SPAN);
    weft_id window = weft_make_set(dag, WEFT_ATOM_WINDOW, WEFT_NO_SPAN, 2, width, width);
    weft_id rows = weft_make_set(dag, WEFT_ATOM_ROWS, WEFT_NO_SPAN, 1, list);
    ck_assert(finish_program(c->program, weft_make_set(dag, WEFT_OP_UNION, WEFT_NO_SPAN, 2, window, rows)));
    weft_pass pass = {WEFT_ORDER_STRIDED, WEFT_ORDER_STRIDED, 64, 64, .set = 0};
    ends[0] = weft_make_int(dag, 110, WEFT_NO_SPAN), ends[1] = weft_make_int(dag, 230, WEFT_NO_SPAN);
    range = weft_make(dag, WEFT_OP_RANGE, WEFT_TYPE_LIST, none, ends, 2, WEFT_NO_SPAN);
    list = weft_make(dag, WEFT_OP_LISTING, WEFT_TYPE_LIST, none, &range, 1, WEFT_NO_SPAN);
    pass.stride = weft_make_int(dag, 2, WEFT_NO_SPAN);
    weft_id steps = weft_make_set(dag, WEFT_ATOM_BAND, WEFT_NO_SPAN, 3, weft_make_int(dag, -keys, WEFT_NO_SPAN),
                                  weft_make_int(dag, keys, WEFT_NO_SPAN), pass.stride);
    steps = weft_make_set(dag, WEFT_OP_INTERSECTION, WEFT_NO_SPAN, 2, steps,
                          weft_make_set(dag, WEFT_ATOM_ROWS, WEFT_NO_SPAN, 1, list));
    pass.set = weft_make_set(dag, WEFT_OP_DIFFERENCE, WEFT_NO_SPAN, 2, steps, c->program->meaning);
    c->program->meaning = weft_make_set(dag, WEFT_OP_UNION, WEFT_NO_SPAN, 2, c->program->meaning, steps);
    ck_assert(weft_program_add_pass(c->program, pass));
    c->shape = (weft_shape){sizeof(weft_shape), 1, 4, 2, keys - 100, keys, c->dims->head_dim, c->dims->value_dim};
    make_inputs(c, state, true);
}

/* The heavy rows were split, those of the second pass too. */
static void look_at_heavy(const run_case *c, const weft_plan *plan, outputs *out, size_t threads) {
    ck_assert_int_gt(atomic_exchange(&naive_parts, 0), 8);
    ck_assert_uint_eq(plan->phase_count, 2);
    ck_assert_uint_gt(plan->phases[1].splits, 0);
    if (threads < 7) return;
    double *o, *lse;
    reference_of(c, plan, &o, &lse);
    compare(c, out, o, lse);
    free(o);
    free(lse);
}

START_TEST(threads_do_not_change_a_bit) {
    enum { KEYS = 6000 };
    uint64_t state = 5;
    run_case c;
    make_heavy_case(&c, &state, KEYS);
    atomic_store(&naive_parts, 0);
    check_threads(&c, look_at_heavy);
    free_case(&c);
}
END_TEST

/* ---- one plan, several runs at once ------------------------------------------------------------------------- */

typedef struct shared_run {
    const run_case *c;
    const weft_plan *plan;
    outputs out;
} shared_run;

static void *run_shared(void *user) {
    shared_run *shared = user;
    run_case_into(shared->c, shared->plan, &shared->out, NULL);
    return NULL;
}

START_TEST(plans_are_shared_between_threads) {
    enum { RUNS = 3 };
    uint64_t state = 6;
    run_case c;
    make_heavy_case(&c, &state, 700);
    size_t threads = 2;
    weft_config config = config_of(&threads);
    weft_plan *plan = plan_case(&c, &config);
    shared_run runs[RUNS];
    pthread_t running[RUNS];
    for (int n = 0; n < RUNS; n++) {
        runs[n] = (shared_run){.c = &c, .plan = plan};
        make_outputs(&runs[n].out, &c, &state, false);
    }
    for (int n = 0; n < RUNS; n++) ck_assert(!pthread_create(&running[n], NULL, run_shared, &runs[n]));
    for (int n = 0; n < RUNS; n++) pthread_join(running[n], NULL);
    for (int n = 1; n < RUNS; n++) ck_assert(same_bits(&runs[n].out.o, &runs[0].out.o));
    for (int n = 0; n < RUNS; n++) free_outputs(&runs[n].out);
    weft_plan_destroy(plan);
    free_case(&c);
}
END_TEST

/* ---- what can go wrong -------------------------------------------------------------------------------------- */

START_TEST(runs_can_be_cancelled) {
    uint64_t state = 7;
    run_case c;
    make_heavy_case(&c, &state, 700);
    for (int polls = 0; polls < 40; polls++) {
        size_t threads = (size_t)(1 + polls % 3);
        atomic_int left = polls;
        weft_config config = config_of(&threads);
        config.cancel = cancel_after;
        config.cancel_user = &left;
        weft_kernel *kernel = naive_kernel(c.program, &config, c.dims);
        weft_plan *plan = NULL;
        weft_plan_create(kernel, &c.shape, NULL, 0, &plan);
        weft_kernel_destroy(kernel);
        if (!plan) continue; /* plans may poll too */
        outputs out;
        make_outputs(&out, &c, &state, false);
        weft_tensors tensors = {
            .size = sizeof tensors, .q = &c.q.dl, .k = &c.k.dl, .v = &c.v.dl, .o = &out.o.dl, .lse = &out.lse.dl};
        ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_CANCELLED);
        char message[80] = "?";
        ck_assert_uint_eq(weft_plan_message(plan, message, sizeof message), 0);
        atomic_store(&left, 1000000);
        ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_OK); /* nothing is left behind */
        free_outputs(&out);
        weft_plan_destroy(plan);
    }
    free_case(&c);
}
END_TEST

START_TEST(refusals_are_explained) {
    uint64_t state = 8;
    run_case c;
    make_heavy_case(&c, &state, 300);
    size_t threads = 1;
    weft_config config = config_of(&threads);
    weft_plan *plan = plan_case(&c, &config);
    outputs out;
    make_outputs(&out, &c, &state, false);
    weft_tensors tensors = {.size = sizeof tensors, .q = &c.q.dl, .k = &c.v.dl, .v = &c.v.dl, .o = &out.o.dl};
    weft_tensors good = {.size = sizeof tensors, .q = &c.q.dl, .k = &c.k.dl, .v = &c.v.dl, .o = &out.o.dl};
    char message[200];
    c.k.shape[3]++;
    tensors.k = &c.k.dl;
    ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_INVALID_ARGUMENT);
    weft_plan_message(plan, message, sizeof message);
    ck_assert_ptr_nonnull(strstr(message, "error[E0408]: k has the shape"));
    double o[1];
    ck_assert_int_eq(weft_reference(plan, &tensors, o, NULL), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_reference(plan, &tensors, NULL, NULL), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_run(NULL, &tensors, NULL), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_run(plan, NULL, NULL), WEFT_INVALID_ARGUMENT);
    c.k.shape[3]--;
    ck_assert_int_eq(weft_run(plan, &good, NULL), WEFT_OK);
    weft_machine_code code = plan->kernel->code;
    ((weft_kernel *)plan->kernel)->code.bytes = NULL;
    ck_assert_int_eq(weft_run(plan, &good, NULL), WEFT_UNSUPPORTED);
    weft_plan_message(plan, message, sizeof message);
    ck_assert_ptr_nonnull(strstr(message, "error[E0501]: the kernel was made without code"));
    ((weft_kernel *)plan->kernel)->code = code;
    weft_plan_destroy(plan);
    free_outputs(&out);
    free_case(&c);
}
END_TEST

START_TEST(failing_memory_leaks_nothing) {
    uint64_t state = 9;
    run_case c;
    make_heavy_case(&c, &state, 300);
    size_t threads = 1;
    failing memory = {.left = INT64_MAX};
    weft_config config = config_of(&threads);
    config.resize = failing_resize;
    config.resize_user = &memory;
    weft_plan *plan = plan_case(&c, &config);
    outputs out;
    make_outputs(&out, &c, &state, false);
    weft_tensors tensors = {.size = sizeof tensors, .q = &c.q.dl, .k = &c.k.dl, .v = &c.v.dl, .o = &out.o.dl};
    int64_t rows = c.o_size[0] * c.o_size[1] * c.o_size[2];
    double *o = malloc((size_t)(rows * c.o_size[3]) * sizeof *o);
    memory.left = 0;
    ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_OUT_OF_MEMORY);
    memory.left = 0;
    ck_assert_int_eq(weft_reference(plan, &tensors, o, NULL), WEFT_OUT_OF_MEMORY);
    void *workspace = malloc(weft_plan_workspace(plan));
    memory.left = 0;
    ck_assert_int_eq(weft_run(plan, &tensors, workspace), WEFT_OK); /* allocates nothing */
    ck_assert_int_eq(memory.left, 0);
    tensors.q = &c.k.dl;
    for (int64_t n = 0; n < 8; n++) { /* the message itself may not fit */
        memory.left = n;
        ck_assert_int_eq(weft_run(plan, &tensors, workspace), WEFT_INVALID_ARGUMENT);
    }
    memory.left = INT64_MAX;
    tensors.q = &c.q.dl;
    ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_OK);
    weft_plan_destroy(plan);
    ck_assert_int_eq(memory.in_use, 0);
    free(workspace);
    free(o);
    free_outputs(&out);
    free_case(&c);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("run");
    TCase *tests = tcase_create("run");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, random_runs_match_the_reference);
    tcase_add_test(tests, threads_do_not_change_a_bit);
    tcase_add_test(tests, plans_are_shared_between_threads);
    tcase_add_test(tests, runs_can_be_cancelled);
    tcase_add_test(tests, refusals_are_explained);
    tcase_add_test(tests, failing_memory_leaks_nothing);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
