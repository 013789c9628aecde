/* Values packed once for a squad: every claim of a phase comes once and in order, slots are used again and again, and
 * runs end on any host, also when they are cancelled while workers wait. That items read what was packed for them is
 * checked by the naive kernel, in every test of runs. */
#include "case.h"
#include "support/suite.h"

static weft_id range_of(weft_dag *dag, weft_op atom, int64_t lo, int64_t hi) {
    weft_value none = {0};
    weft_id ends[2] = {weft_make_int(dag, lo, WEFT_NO_SPAN), weft_make_int(dag, hi, WEFT_NO_SPAN)};
    weft_id range = weft_make(dag, WEFT_OP_RANGE, WEFT_TYPE_LIST, none, ends, 2, WEFT_NO_SPAN);
    weft_id list = weft_make(dag, WEFT_OP_LISTING, WEFT_TYPE_LIST, none, &range, 1, WEFT_NO_SPAN);
    return weft_make_set(dag, atom, WEFT_NO_SPAN, 1, list);
}

static weft_id window_of(weft_dag *dag, int64_t width) {
    weft_id side = weft_make_int(dag, width, WEFT_NO_SPAN);
    return weft_make_set(dag, WEFT_ATOM_WINDOW, WEFT_NO_SPAN, 2, side, side);
}

/* A window for some heads and columns for the others, beside a strided pass, over several batch elements: many squads,
 * of which some pack. */
static void make_case(run_case *c, uint64_t *state, int64_t batch, int64_t keys) {
    *c = (run_case){.dims = &naive_shapes[1]};
    c->program = weft_program_create(plain_allocator(), "pack");
    weft_dag *dag = &c->program->dag;
    weft_id near = window_of(dag, 90), steps[3];
    for (int n = 0; n < 3; n++) steps[n] = weft_make_int(dag, (int64_t[]){-keys, keys, 3}[n], WEFT_NO_SPAN);
    weft_id far = weft_make_set(dag, WEFT_ATOM_BAND, WEFT_NO_SPAN, 3, steps[0], steps[1], steps[2]);
    far = weft_make_set(dag, WEFT_OP_DIFFERENCE, WEFT_NO_SPAN, 2, far, near);
    ck_assert(finish_program(c->program, near));
    c->program->meaning = weft_make_set(dag, WEFT_OP_UNION, WEFT_NO_SPAN, 2, near, far);
    ck_assert(weft_program_add_pass(
        c->program, (weft_pass){WEFT_ORDER_STRIDED, WEFT_ORDER_STRIDED, 64, 64, .set = far, .stride = steps[2]}));
    c->shape = (weft_shape){sizeof(weft_shape), batch, 4, 2, keys - 30, keys, c->dims->head_dim, c->dims->value_dim};
    make_inputs(c, state, true);
}

/* ---- claims --------------------------------------------------------------------------------------------------- */

/* In one phase: chunks of a squad, then its items, head after head, each once. */
static void check_claims(const weft_plan *plan, uint32_t phase) {
    weft_squad squad = weft_first_squad(plan, phase);
    weft_work work;
    int64_t claim = 0, items = 0, chunks = 0, numbered = -1;
    for (; weft_claim(&squad, claim, &work); claim++) {
        const weft_layout *layout = work.layout;
        ck_assert_ptr_eq(work.squad, &squad);
        int64_t place = claim - squad.first_claim;
        if (work.chunk == WEFT_NO_CHUNK) {
            ck_assert_int_eq(place - squad.chunks, work.item * squad.heads + work.head % squad.heads);
            ck_assert_uint_lt(work.item, layout->item_count);
            items++;
            continue;
        }
        chunks++;
        ck_assert_int_eq(work.chunk, place);
        ck_assert_int_lt(layout->first_block + work.chunk * WEFT_CHUNK_BLOCKS, layout->end_block);
        ck_assert_int_eq(squad.packed, numbered + (place == 0));
        numbered = squad.packed;
    }
    ck_assert_int_eq(items, plan->phases[phase].items);
    ck_assert_int_gt(chunks, 0);
}

START_TEST(every_claim_comes_once) {
    uint64_t state = 1;
    run_case c;
    make_case(&c, &state, 3, 900);
    size_t threads = 1;
    weft_config config = config_of(&threads);
    weft_plan *plan = plan_case(&c, &config);
    ck_assert_uint_eq(plan->phase_count, 2);
    check_claims(plan, 0);
    check_claims(plan, 1);
    weft_plan_destroy(plan);
    free_case(&c);
}
END_TEST

/* ---- what pays ------------------------------------------------------------------------------------------------ */

static weft_ring ring_for(weft_id (*set)(weft_dag *dag), weft_shape shape) {
    run_case c = {.dims = &naive_shapes[1], .shape = shape};
    c.shape.size = sizeof c.shape, c.shape.head_dim = c.dims->head_dim, c.shape.value_dim = c.dims->value_dim;
    c.program = weft_program_create(plain_allocator(), "pays");
    ck_assert(finish_program(c.program, set(&c.program->dag)));
    size_t threads = 1;
    weft_config config = config_of(&threads);
    weft_plan *plan = plan_case(&c, &config);
    weft_ring ring = weft_ring_of(plan);
    ck_assert_uint_ge(weft_plan_workspace(plan), (size_t)ring.slots * ring.bytes);
    weft_plan_destroy(plan);
    weft_program_destroy(c.program);
    return ring;
}

static weft_id all_keys(weft_dag *dag) { return weft_make_set(dag, WEFT_ATOM_ALL, WEFT_NO_SPAN, 0); }
static weft_id first_keys(weft_dag *dag) { return range_of(dag, WEFT_ATOM_COLS, 0, 4); }
static weft_id near_keys(weft_dag *dag) { return window_of(dag, 10); }
static weft_id near_and_first(weft_dag *dag) {
    return weft_make_set(dag, WEFT_OP_UNION, WEFT_NO_SPAN, 2, near_keys(dag), first_keys(dag));
}

/* A row of queries packs nothing, unless it is one of several heads on the same keys; few keys are few blocks; rings of
 * many squads stay small. */
START_TEST(packing_pays_by_visits) {
    const int64_t block = weft_packed_bytes(8);
    weft_shape shape = {.batch = 1, .heads = 1, .kv_heads = 1, .queries = 1, .keys = 1 << 20};
    ck_assert_int_eq(ring_for(all_keys, shape).slots, 0);
    ck_assert_int_eq(ring_for(near_and_first, shape).slots, 0);
    shape.heads = 8;
    weft_ring ring = ring_for(all_keys, shape);
    ck_assert_int_eq(ring.slots, 1);
    ck_assert_int_eq((int64_t)ring.bytes, (1 << 14) * block);
    shape = (weft_shape){.batch = 1, .heads = 6, .kv_heads = 3, .queries = 1 << 14, .keys = 1 << 14};
    ring = ring_for(first_keys, shape);
    ck_assert_int_eq(ring.slots, 3);
    ck_assert_int_eq((int64_t)ring.bytes, block);
    ring = ring_for(near_keys, shape);
    ck_assert_int_eq(ring.slots, 3);
    ck_assert_int_eq((int64_t)ring.bytes, (1 << 8) * block);
    shape = (weft_shape){.batch = 500, .heads = 2, .kv_heads = 1, .queries = 200, .keys = 200};
    ck_assert_int_eq(ring_for(all_keys, shape).slots, 64);
    shape = (weft_shape){.batch = 5, .heads = 8, .kv_heads = 1, .queries = 100, .keys = 1 << 20};
    ck_assert_int_eq(ring_for(all_keys, shape).slots, 2);
}
END_TEST

/* ---- taking turns --------------------------------------------------------------------------------------------- */

static void look_at_packed(const run_case *c, const weft_plan *plan, outputs *out, size_t threads) {
    weft_ring ring = weft_ring_of(plan);
    ck_assert_int_eq(ring.slots, 64);
    ck_assert_int_gt(atomic_exchange(&naive_packed, 0), 100);
    if (threads < 7) return;
    double *o, *lse;
    reference_of(c, plan, &o, &lse);
    compare(c, out, o, lse);
    free(o);
    free(lse);
}

START_TEST(slots_are_used_again) {
    uint64_t state = 2;
    run_case c;
    make_case(&c, &state, 60, 150); /* two squads a batch element */
    check_threads(&c, look_at_packed);
    free_case(&c);
}
END_TEST

/* A host with one thread, which comes to worker 1 when worker 0 has nothing more to do. */
static void one_by_one(void *user, size_t count, void (*task)(void *user, size_t index), void *task_user) {
    *(size_t *)user += count;
    for (size_t index = count; index-- > 0;) task(task_user, index);
}

START_TEST(a_host_without_threads_waits_for_nothing) {
    uint64_t state = 3;
    size_t tasks = 0;
    run_case c;
    make_case(&c, &state, 12, 700); /* 24 squads, and 72 */
    weft_config config = {.size = sizeof config, .parallel_for = one_by_one, .parallel_for_user = &tasks, .threads = 5};
    weft_plan *plan = plan_case(&c, &config);
    outputs out;
    make_outputs(&out, &c, &state, false);
    run_case_into(&c, plan, &out, NULL);
    ck_assert_uint_eq(tasks, 10); /* 5 a phase */
    ck_assert_int_eq(atomic_load(&naive_faults), 0);
    free_outputs(&out);
    weft_plan_destroy(plan);
    free_case(&c);
}
END_TEST

START_TEST(whoever_waits_is_cancelled_too) {
    uint64_t state = 4;
    run_case c;
    make_case(&c, &state, 20, 900);
    size_t threads = 3;
    atomic_int left = 1 << 30;
    weft_config config = config_of(&threads);
    config.cancel = cancel_after;
    config.cancel_user = &left;
    weft_plan *plan = plan_case(&c, &config);
    outputs out;
    make_outputs(&out, &c, &state, false);
    weft_tensors tensors = tensors_of(&c, &out);
    for (int polls = 0; polls < 200; polls += 1 + polls / 20) {
        atomic_store(&left, polls);
        ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_CANCELLED);
    }
    atomic_store(&left, 1 << 30);
    ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_OK);
    ck_assert_int_eq(atomic_load(&naive_faults), 0);
    free_outputs(&out);
    weft_plan_destroy(plan);
    free_case(&c);
}
END_TEST

TEST_MAIN("exec/pack", every_claim_comes_once, packing_pays_by_visits, slots_are_used_again,
          a_host_without_threads_waits_for_nothing, whoever_waits_is_cancelled_too)
