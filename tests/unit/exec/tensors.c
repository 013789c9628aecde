/* Checking tensors: what is accepted, and that every refusal names the tensor and says what was expected. Views are
 * compared with a brute-force walk over all elements. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "exec/exec.h"

enum { B = 2, H = 4, KV = 2, LQ = 3, LK = 5, D = 6, DV = 7 };

/* Tensors of the right shapes that tests then spoil. */
typedef struct fixture {
    weft_plan plan;
    weft_allocator allocator;
    weft_diagnostics diagnostics;
    weft_views views;
    weft_tensors tensors;
    DLTensor q, k, v, o, lse;
    int64_t q_shape[5], k_shape[5], v_shape[5], o_shape[5], lse_shape[5];
    float q_data[B * H * LQ * D], k_data[B * KV * LK * D], v_data[B * KV * LK * DV];
    float o_data[B * H * LQ * DV], lse_data[B * H * LQ];
    weft_text message;
} fixture;

static void set_tensor(DLTensor *t, int64_t *shape, int dims, const int64_t *size, float *data) {
    memcpy(shape, size, (size_t)dims * sizeof *size);
    *t = (DLTensor){.data = data, .device = {kDLCPU, 0}, .ndim = dims, .dtype = {kDLFloat, 32, 1}, .shape = shape};
}

static void set_up(fixture *f) {
    memset(f, 0, sizeof *f);
    f->allocator = weft_allocator_of(NULL);
    weft_diagnostics_init(&f->diagnostics, &f->allocator, NULL);
    weft_text_init(&f->message, &f->allocator);
    f->plan.shape = (weft_shape){sizeof(weft_shape), B, H, KV, LQ, LK, D, DV};
    set_tensor(&f->q, f->q_shape, 4, (int64_t[]){B, H, LQ, D}, f->q_data);
    set_tensor(&f->k, f->k_shape, 4, (int64_t[]){B, KV, LK, D}, f->k_data);
    set_tensor(&f->v, f->v_shape, 4, (int64_t[]){B, KV, LK, DV}, f->v_data);
    set_tensor(&f->o, f->o_shape, 4, (int64_t[]){B, H, LQ, DV}, f->o_data);
    set_tensor(&f->lse, f->lse_shape, 3, (int64_t[]){B, H, LQ}, f->lse_data);
    f->tensors =
        (weft_tensors){.size = sizeof(weft_tensors), .q = &f->q, .k = &f->k, .v = &f->v, .o = &f->o, .lse = &f->lse};
}

static void tear_down(fixture *f) {
    weft_text_release(&f->message);
    weft_diagnostics_free(&f->diagnostics);
}

static bool accepted(fixture *f) {
    weft_diagnostics_clear(&f->diagnostics);
    weft_tensors known;
    return weft_known_tensors(&f->tensors, &known, &f->diagnostics) &&
           weft_check_tensors(&f->plan, &known, 0, true, &f->views, &f->diagnostics);
}

static void assert_refused(fixture *f, const char *words) {
    ck_assert_msg(!accepted(f), "accepted, but it should say: %s", words);
    weft_text_release(&f->message);
    weft_text_init(&f->message, &f->allocator);
    weft_diagnostics_render(&f->diagnostics, false, &f->message);
    ck_assert_uint_eq(f->diagnostics.errors, 1);
    ck_assert_int_eq(f->diagnostics.reports[0].code, WEFT_E0408);
    ck_assert_msg(strstr(f->message.at, words) != NULL, "\"%s\" does not say \"%s\"", f->message.at, words);
}

/* Spoils, checks the message, and mends. */
#define REFUSED(spoil, words)                                                                                          \
    do {                                                                                                               \
        fixture f;                                                                                                     \
        set_up(&f);                                                                                                    \
        ck_assert(accepted(&f));                                                                                       \
        spoil;                                                                                                         \
        assert_refused(&f, words);                                                                                     \
        tear_down(&f);                                                                                                 \
    } while (0)
#define ACCEPTED(change)                                                                                               \
    do {                                                                                                               \
        fixture f;                                                                                                     \
        set_up(&f);                                                                                                    \
        change;                                                                                                        \
        ck_assert(accepted(&f));                                                                                       \
        tear_down(&f);                                                                                                 \
    } while (0)

START_TEST(wrong_tensors_are_named) {
    REFUSED(f.tensors.size = 8, "weft_tensors.size");
    REFUSED(f.tensors.q = NULL, "q is missing");
    REFUSED(f.tensors.o = NULL, "o is missing");
    REFUSED(f.k.data = NULL, "k has no data");
    REFUSED(f.v.device.device_type = kDLCUDA, "v is not in the memory of the CPU (device type 2)");
    REFUSED(f.q.dtype.bits = 64, "q has elements of float64; float32 is expected");
    REFUSED(f.q.dtype.code = kDLBfloat, "q has elements of bfloat32");
    REFUSED(f.o.dtype.lanes = 4, "o has elements of float32 x 4 lanes; float32");
    REFUSED(f.lse.dtype.code = kDLInt, "lse has elements of int32; float32 is expected");
    REFUSED(f.v.dtype.code = 99, "v has elements of type 99 of 32 bits");
    REFUSED(f.k_shape[2] = LK + 1, "k has the shape [2, 2, 6, 6]; [2, 2, 5, 6] is expected");
    REFUSED(f.k_shape[1] = H, "k has the shape [2, 4, 5, 6]; [2, 2, 5, 6] is expected");
    REFUSED(f.lse_shape[2] = -1, "lse has the shape [2, 4, -1]; [2, 4, 3] is expected");
    REFUSED(f.q.ndim = 3, "q has the shape [2, 4, 3]; [2, 4, 3, 6] is expected");
    REFUSED(f.q.ndim = 0, "q has the shape []; [2, 4, 3, 6]");
    REFUSED(f.q.ndim = -1, "q has the shape -1 dimensions");
    REFUSED(f.q.ndim = 1000000, "q has the shape 1000000 dimensions");
    REFUSED(f.v.shape = NULL, "v has the shape 4 dimensions; [2, 2, 5, 7] is expected");
    REFUSED(f.o.byte_offset = 2, "o is not aligned to its elements of 4 bytes");
    REFUSED(f.o.byte_offset = UINT64_MAX - 3, "o reaches beyond the address space");
    ACCEPTED(f.tensors.lse = NULL);
    ACCEPTED(f.q.byte_offset = 0);
}
END_TEST

START_TEST(strides_of_outputs_and_inputs) {
    int64_t zero[4] = {0, 0, 0, 0}, huge[4] = {INT64_MAX, 1, 1, 1}, least[4] = {1, INT64_MIN, 1, 1};
    int64_t nested[4] = {H * LQ * DV, LQ * DV, DV, 1}, shared[4] = {H * LQ * DV, LQ * DV, DV - 1, 1};
    int64_t swapped[4] = {H * LQ * DV, DV, H * DV, 1}, backward[4] = {-H * LQ * DV, -LQ * DV, -DV, -1};
    ACCEPTED(f.q.strides = zero);
    ACCEPTED(f.o.strides = nested);
    ACCEPTED(f.o.strides = swapped);
    REFUSED(f.o.strides = zero, "the strides of o let elements share memory");
    REFUSED(f.o.strides = shared, "the strides of o let elements share memory");
    REFUSED(f.lse.strides = zero, "the strides of lse");
    REFUSED(f.q.strides = huge, "q reaches beyond the address space");
    REFUSED(f.k.strides = least, "k reaches beyond the address space");
    REFUSED(f.o.strides = huge, "o reaches beyond the address space");
    ACCEPTED({
        f.o.strides = backward;
        f.o.byte_offset = sizeof f.o_data - sizeof(float);
    });
}
END_TEST

START_TEST(one_batch_element_needs_no_dimension) {
    ACCEPTED({
        f.plan.shape.batch = 1;
        f.q_shape[0] = f.k_shape[0] = f.v_shape[0] = f.o_shape[0] = f.lse_shape[0] = 1;
        f.q.ndim = f.o.ndim = 3;
        f.q.shape++;
        f.o.shape++;
        f.lse.ndim = 2;
        f.lse.shape++;
    });
}
END_TEST

START_TEST(shapes_beyond_memory) {
    fixture f;
    set_up(&f);
    f.plan.shape.queries = f.plan.shape.keys = INT64_C(1) << 61;
    f.q_shape[2] = f.k_shape[2] = f.v_shape[2] = f.o_shape[2] = f.lse_shape[2] = INT64_C(1) << 61;
    assert_refused(&f, "q reaches beyond the address space");
    tear_down(&f);
}
END_TEST

START_TEST(outputs_may_not_overlap) {
    REFUSED(f.o.data = f.q_data, "o overlaps q");
    REFUSED(f.o.data = f.k_data + 5, "o overlaps k");
    REFUSED(f.lse.data = f.v_data + 1, "lse overlaps v");
    REFUSED(f.lse.data = f.o_data + 3, "o overlaps lse");
    ACCEPTED(f.k.data = f.q_data); /* inputs may */
}
END_TEST

/* q, k, v and o as slices of one packed [B, L, 4, H, D] tensor, as hosts have them. */
START_TEST(slices_of_one_tensor) {
    enum { L = 5, DIM = 6 };
    float packed[B * L * 4 * H * DIM];
    int64_t size[4] = {B, H, L, DIM}, strides[4] = {L * 4 * H * DIM, DIM, 4 * H * DIM, 1};
    fixture f;
    set_up(&f);
    f.plan.shape = (weft_shape){sizeof(weft_shape), B, H, H, L, L, DIM, DIM};
    DLTensor *all[4] = {&f.q, &f.k, &f.v, &f.o};
    for (int n = 0; n < 4; n++) {
        memcpy(all[n]->shape, size, sizeof size);
        all[n]->data = packed;
        all[n]->byte_offset = (uint64_t)n * H * DIM * sizeof(float);
        all[n]->strides = strides;
    }
    f.tensors.lse = NULL;
    ck_assert(accepted(&f));
    f.o.byte_offset -= sizeof(float);
    assert_refused(&f, "o overlaps v");
    tear_down(&f);
}
END_TEST

/* ---- views against brute force ------------------------------------------------------------------------------ */

static uint64_t seed = 7;
static int64_t pick(int64_t lo, int64_t hi) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return lo + (int64_t)((seed >> 33) % (uint64_t)(hi - lo + 1));
}

enum { ROOM = 4096 };

static weft_view random_view(unsigned char *memory) {
    weft_view view = {.data = memory + ROOM / 2 + pick(-40, 40) * 4, .element = 4};
    for (int dim = 0; dim < WEFT_VIEW_DIMS; dim++) {
        view.size[dim] = pick(1, 3);
        view.stride[dim] = pick(0, 3) ? pick(-9, 9) * pick(1, 3) : pick(-40, 40);
    }
    return view;
}

/* Counts how often each float is an element. */
static void count_elements(const weft_view *view, const unsigned char *memory, int *counts) {
    for (int64_t a = 0; a < view->size[0]; a++)
        for (int64_t b = 0; b < view->size[1]; b++)
            for (int64_t c = 0; c < view->size[2]; c++)
                for (int64_t d = 0; d < view->size[3]; d++) {
                    const unsigned char *row = weft_view_at(view, a, b, c);
                    counts[(row - memory) / 4 + d * view->stride[3]]++;
                }
}

START_TEST(views_match_brute_force) {
    static unsigned char memory[ROOM];
    int distinct = 0, exactly_distinct = 0, apart = 0, exactly_apart = 0;
    for (int turn = 0; turn < 100000; turn++) {
        weft_view a = random_view(memory), b = random_view(memory);
        int in_a[ROOM / 4] = {0}, in_b[ROOM / 4] = {0};
        count_elements(&a, memory, in_a);
        count_elements(&b, memory, in_b);
        weft_extent extent;
        ck_assert(weft_view_extent(&a, &extent));
        bool unique = true, disjoint = true;
        int lo = ROOM, hi = -1;
        for (int n = 0; n < ROOM / 4; n++) {
            unique = unique && in_a[n] < 2;
            disjoint = disjoint && !(in_a[n] && in_b[n]);
            if (in_a[n]) hi = n;
            if (in_a[n] && lo == ROOM) lo = n;
        }
        ck_assert(extent.lo == (uintptr_t)(memory + 4 * lo) && extent.hi == (uintptr_t)(memory + 4 * hi + 4));
        ck_assert(!weft_view_distinct(&a) || unique);
        ck_assert(!weft_views_apart(&a, &b) || disjoint);
        distinct += weft_view_distinct(&a);
        exactly_distinct += unique;
        apart += weft_views_apart(&a, &b);
        exactly_apart += disjoint;
    }
    ck_assert(distinct > 1000 && apart > 1000); /* neither check refuses everything */
    ck_assert(distinct <= exactly_distinct && apart <= exactly_apart);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tensors");
    TCase *tests = tcase_create("tensors");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, wrong_tensors_are_named);
    tcase_add_test(tests, strides_of_outputs_and_inputs);
    tcase_add_test(tests, one_batch_element_needs_no_dimension);
    tcase_add_test(tests, shapes_beyond_memory);
    tcase_add_test(tests, outputs_may_not_overlap);
    tcase_add_test(tests, slices_of_one_tensor);
    tcase_add_test(tests, views_match_brute_force);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
