/* Binding: what is refused, with which code and words, and what comes out. */
#include <string.h>

#include "set/set.h"
#include "support/failing.h"
#include "support/suite.h"

enum { PARAMETERS = 9 };
enum { WIDTH, RATIO, YES, SPOTS, DOCUMENT, COVER, PICKED, SLOPE, VALUES };

static const weft_shape shape = {sizeof shape, 2, 4, 4, 64, 100, 16, 16};

typedef struct binding_test {
    test_memory memory;
    weft_allocator allocator;
    weft_program *program;
    weft_diagnostics diagnostics;
    weft_argument arguments[PARAMETERS];
} binding_test;

static void begin(binding_test *t) {
    static const struct {
        const char *name;
        weft_type type;
    } parameters[PARAMETERS] = {
        {"width", WEFT_TYPE_INT},    {"ratio", WEFT_TYPE_FLOAT},     {"yes", WEFT_TYPE_BOOL},
        {"spots", WEFT_TYPE_TOKENS}, {"document", WEFT_TYPE_LABELS}, {"cover", WEFT_TYPE_MASK},
        {"picked", WEFT_TYPE_KEYS},  {"slope", WEFT_TYPE_PER_HEAD},  {"values", WEFT_TYPE_TABLE}};
    memset(t, 0, sizeof *t);
    t->allocator = test_allocator(&t->memory);
    t->program = weft_program_create(&t->allocator, "p");
    weft_diagnostics_init(&t->diagnostics, &t->allocator, NULL);
    for (uint32_t k = 0; k < PARAMETERS; k++) {
        weft_id initial = k == RATIO ? weft_make_int(&t->program->dag, 3, WEFT_NO_SPAN) : 0;
        weft_span place = {1, 10 * k, 10 * k + 5};
        ck_assert_uint_eq(
            weft_program_add_parameter(t->program, parameters[k].name, parameters[k].type, initial, place), k);
    }
}

static bool bind(binding_test *t, const weft_binding *bindings, size_t count) {
    weft_diagnostics_clear(&t->diagnostics);
    bool bound = weft_bind(t->program, &shape, bindings, count, t->arguments, &t->diagnostics);
    ck_assert_int_eq(bound, t->diagnostics.errors == 0);
    return bound;
}

static void end(binding_test *t) {
    weft_diagnostics_free(&t->diagnostics);
    weft_program_destroy(t->program);
    ck_assert_uint_eq(t->memory.live, 0);
}

static int32_t spot_data[] = {1, 2, 3};
static int64_t spot_shape[] = {3}, document_shape[] = {2, 100}, cover_shape[] = {4, 8, 9};
static float value_data[] = {1, 2};
static int64_t value_shape[] = {2}, slope_shape[] = {4}, picked_shape[] = {64, 3};
static uint8_t bytes[4 * 8 * 9 * 8];
static DLTensor spots = {spot_data, {kDLCPU, 0}, 1, {kDLInt, 32, 1}, spot_shape, NULL, 0};
static DLTensor document = {bytes, {kDLCPU, 0}, 2, {kDLUInt, 8, 1}, document_shape, NULL, 0};
static DLTensor cover = {bytes, {kDLCPU, 0}, 3, {6, 8, 1}, cover_shape, NULL, 0};
static DLTensor values = {value_data, {kDLCPU, 0}, 1, {kDLFloat, 32, 1}, value_shape, NULL, 0};
static DLTensor slope = {bytes, {kDLCPU, 0}, 1, {kDLFloat, 64, 1}, slope_shape, NULL, 0};
static DLTensor picked = {bytes, {kDLCPU, 0}, 2, {kDLInt, 32, 1}, picked_shape, NULL, 0};

#define ALL_BUT_WIDTH                                                                                                  \
    {"yes", WEFT_BIND_BOOL, {.truth = true}}, {"spots", WEFT_BIND_ARRAY, {.array = &spots}},                           \
        {"document", WEFT_BIND_ARRAY, {.array = &document}}, {"cover", WEFT_BIND_ARRAY, {.array = &cover}}, {          \
        "values", WEFT_BIND_ARRAY, { .array = &values }                                                                \
    }

START_TEST(all_bound) {
    binding_test t;
    begin(&t);
    weft_binding bindings[] = {{"width", WEFT_BIND_INT, {.integer = -7}},
                               ALL_BUT_WIDTH,
                               {"slope", WEFT_BIND_ARRAY, {.array = &slope}},
                               {"picked", WEFT_BIND_ARRAY, {.array = &picked}}};
    ck_assert(bind(&t, bindings, 6));
    ck_assert_int_eq(t.arguments[WIDTH].value.integer, -7);
    ck_assert(t.arguments[RATIO].bound && t.arguments[RATIO].value.real == 3);
    ck_assert_int_eq(t.arguments[YES].value.integer, 1);
    ck_assert_ptr_eq(t.arguments[SPOTS].array, &spots);
    ck_assert(!t.arguments[PICKED].bound && !t.arguments[SLOPE].bound); /* they come with each run */
    ck_assert(bind(&t, bindings, 8));
    ck_assert(t.arguments[PICKED].bound && t.arguments[SLOPE].bound);
    end(&t);
}
END_TEST

static void expect(binding_test *t, const weft_binding *bindings, size_t count, weft_code code, const char *message) {
    ck_assert(!bind(t, bindings, count));
    ck_assert_uint_ge(t->diagnostics.count, 1);
    ck_assert_str_eq(weft_code_name(t->diagnostics.reports[0].code), weft_code_name(code));
    ck_assert_str_eq(t->diagnostics.reports[0].message, message);
}

START_TEST(names) {
    binding_test t;
    begin(&t);
    expect(&t, NULL, 0, WEFT_E0401,
           "no value for `width`, `yes`, `spots`, `document`, `cover`, and no default");
    ck_assert_uint_eq(t.diagnostics.reports[0].span.begin, 0);
    weft_binding bindings[] = {{"widht", WEFT_BIND_INT, {.integer = 1}},
                               ALL_BUT_WIDTH,
                               {"width", WEFT_BIND_INT, {.integer = 1}},
                               {"width", WEFT_BIND_INT, {.integer = 1}}};
    expect(&t, bindings, 7, WEFT_E0402, "the pattern has no parameter `widht`");
    ck_assert_str_eq(t.diagnostics.reports[0].suggestion, "width");
    expect(&t, bindings + 1, 7, WEFT_E0403, "`width`: it is bound twice");
    bindings[0].name = NULL;
    expect(&t, bindings, 7, WEFT_E0402, "the pattern has no parameter ``");
    end(&t);
}
END_TEST

START_TEST(kinds) {
    binding_test t;
    begin(&t);
    const struct {
        weft_binding binding;
        const char *message; /* NULL: fine */
    } cases[] = {
        {{"width", WEFT_BIND_FLOAT, {.real = 1}}, "`width`: an int is wanted"},
        {{"width", WEFT_BIND_BOOL, {.truth = true}}, "`width`: an int is wanted"},
        {{"width", WEFT_BIND_ARRAY, {.array = &spots}}, "`width`: an array cannot be given for it"},
        {{"ratio", WEFT_BIND_BOOL, {.truth = true}}, "`ratio`: a number is wanted"},
        {{"yes", WEFT_BIND_INT, {.integer = 1}}, "`yes`: `true` or `false` is wanted"},
        {{"spots", WEFT_BIND_INT, {.integer = 1}}, "`spots`: an array is wanted"},
        {{"ratio", WEFT_BIND_INT, {.integer = 5}}, NULL},
        {{"ratio", WEFT_BIND_FLOAT, {.real = 0.5}}, NULL},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        bind(&t, &cases[k].binding, 1); /* others are missing: E0401 comes last */
        const weft_report *first = &t.diagnostics.reports[0];
        if (cases[k].message) {
            ck_assert_str_eq(first->message, cases[k].message);
            ck_assert_str_eq(weft_code_name(first->code), "E0403");
            ck_assert_ptr_nonnull(first->notes);
        } else {
            ck_assert_str_eq(weft_code_name(first->code), "E0401");
            ck_assert(t.arguments[RATIO].value.real == (cases[k].binding.kind == WEFT_BIND_INT ? 5 : 0.5));
        }
    }
    end(&t);
}
END_TEST

/* One change each to an array that is fine. */
START_TEST(arrays) {
    int64_t negative[] = {-3}, huge[] = {INT64_MAX / 2, 3}, three[] = {3, 100}, empty[] = {0}, far[] = {INT64_MAX / 2};
    int64_t wrong_heads[] = {3, 8, 9};
    DLTensor t[] = {spots,    spots, spots,  spots, spots, spots,  spots, spots,
                    document, cover, values, slope, spots, picked, spots};
    t[0].device.device_type = kDLCUDA;
    t[1].dtype.code = kDLFloat;
    t[2].dtype.lanes = 2;
    t[3].dtype.bits = 4;
    t[4].ndim = 2;
    t[5].shape = NULL;
    t[6].shape = negative;
    t[7].data = NULL;
    t[8].shape = three;
    t[9].shape = wrong_heads;
    t[10].dtype.code = kDLInt;
    t[11].shape = spot_shape;
    t[12].strides = far;
    t[13].shape = three;
    t[14].byte_offset = UINT64_MAX;
    const struct {
        const char *name;
        const char *message;
    } wanted[] = {
        {"spots", "`spots`: the array is not in CPU memory"},
        {"spots", "`spots`: its elements must be integers of 8, 16, 32 or 64 bits"},
        {"spots", "`spots`: vector elements (lanes other than 1) cannot be read"},
        {"spots", "`spots`: its elements must be integers of 8, 16, 32 or 64 bits"},
        {"spots", "`spots`: it must have one dimension"},
        {"spots", "`spots`: its shape is NULL"},
        {"spots", "`spots`: a length of its shape is negative"},
        {"spots", "`spots`: its data pointer is NULL"},
        {"document", "`document`: dimension 0 has length 3 instead of 2"},
        {"cover", "`cover`: dimension 0 has length 3 instead of 4"},
        {"values", "`values`: its elements must be float32 or float64"},
        {"slope", "`slope`: dimension 0 has length 3 instead of 4"},
        {"spots", "`spots`: its strides and lengths overflow 64 bits"},
        {"picked", "`picked`: dimension 0 has length 3 instead of 64"},
        {"spots", "`spots`: its strides and lengths overflow 64 bits"},
    };
    binding_test test;
    begin(&test);
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++) {
        weft_binding binding = {wanted[k].name, WEFT_BIND_ARRAY, {.array = &t[k]}};
        expect(&test, &binding, 1, WEFT_E0404, wanted[k].message);
    }
    weft_binding null = {"spots", WEFT_BIND_ARRAY, {.array = NULL}};
    expect(&test, &null, 1, WEFT_E0404, "`spots`: the array is NULL");
    DLTensor table = {bytes, {kDLCPU, 0}, 2, {kDLInt, 64, 1}, huge, NULL, 0};
    weft_binding large = {"document", WEFT_BIND_ARRAY, {.array = &table}};
    expect(&test, &large, 1, WEFT_E0404, "`document`: its strides and lengths overflow 64 bits");
    spots.shape = empty; /* nothing to read: no data needed */
    spots.data = NULL;
    weft_binding bindings[] = {{"width", WEFT_BIND_INT, {.integer = -7}}, ALL_BUT_WIDTH};
    ck_assert(bind(&test, bindings, 6));
    spots.shape = spot_shape;
    spots.data = spot_data;
    end(&test);
}
END_TEST

START_TEST(memory_may_fail) {
    binding_test t;
    begin(&t);
    weft_binding bindings[] = {{"widht", WEFT_BIND_INT, {.integer = 1}}};
    for (size_t nth = 1;; nth++) {
        test_memory memory = {.fail_at = nth};
        weft_allocator allocator = test_allocator(&memory);
        weft_diagnostics diagnostics;
        weft_diagnostics_init(&diagnostics, &allocator, NULL);
        ck_assert(!weft_bind(t.program, &shape, bindings, 1, t.arguments, &diagnostics));
        ck_assert(diagnostics.errors || diagnostics.out_of_memory);
        weft_diagnostics_free(&diagnostics);
        ck_assert_uint_eq(memory.live, 0);
        if (memory.calls < nth) break;
    }
    end(&t);
}
END_TEST

TEST_MAIN("set/bind", all_bound, names, kinds, arrays, memory_may_fail)
