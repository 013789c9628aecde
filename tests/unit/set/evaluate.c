/* Scalar operations at their edges: Python's floor division, overflow, NaN, what is not evaluated, arrays of every
 * kind. */
#include <math.h>

#include "set/scalar.h"
#include "support/failing.h"
#include "support/suite.h"

enum { NONE = WEFT_FAULT_NONE, DIVISION = WEFT_FAULT_DIVISION, OVERFLOWS = WEFT_FAULT_OVERFLOW };

static const int64_t MOST = INT64_MAX, LEAST = INT64_MIN;

START_TEST(ints) {
    const struct {
        weft_op op;
        int64_t a, b;
        int fault;
        int64_t result;
    } table[] = {
        {WEFT_OP_FLOORDIV, 7, 2, NONE, 3},
        {WEFT_OP_FLOORDIV, -7, 2, NONE, -4},
        {WEFT_OP_FLOORDIV, 7, -2, NONE, -4},
        {WEFT_OP_FLOORDIV, -7, -2, NONE, 3},
        {WEFT_OP_FLOORDIV, -8, 2, NONE, -4},
        {WEFT_OP_FLOORDIV, 1, MOST, NONE, 0},
        {WEFT_OP_FLOORDIV, -1, MOST, NONE, -1},
        {WEFT_OP_FLOORDIV, LEAST, 1, NONE, LEAST},
        {WEFT_OP_FLOORDIV, LEAST, -1, OVERFLOWS, 0},
        {WEFT_OP_FLOORDIV, MOST, LEAST, NONE, -1},
        {WEFT_OP_FLOORDIV, 1, 0, DIVISION, 0},
        {WEFT_OP_MOD, 7, 2, NONE, 1},
        {WEFT_OP_MOD, -7, 2, NONE, 1},
        {WEFT_OP_MOD, 7, -2, NONE, -1},
        {WEFT_OP_MOD, -7, -2, NONE, -1},
        {WEFT_OP_MOD, 6, -2, NONE, 0},
        {WEFT_OP_MOD, LEAST, -1, NONE, 0},
        {WEFT_OP_MOD, LEAST, MOST, NONE, MOST - 1},
        {WEFT_OP_MOD, 1, 0, DIVISION, 0},
        {WEFT_OP_ADD, MOST, 1, OVERFLOWS, 0},
        {WEFT_OP_ADD, MOST, 0, NONE, MOST},
        {WEFT_OP_ADD, LEAST, -1, OVERFLOWS, 0},
        {WEFT_OP_ADD, MOST, LEAST, NONE, -1},
        {WEFT_OP_SUB, LEAST, 1, OVERFLOWS, 0},
        {WEFT_OP_SUB, 0, LEAST, OVERFLOWS, 0},
        {WEFT_OP_SUB, -1, LEAST, NONE, MOST},
        {WEFT_OP_SUB, MOST, -1, OVERFLOWS, 0},
        {WEFT_OP_MUL, LEAST, -1, OVERFLOWS, 0},
        {WEFT_OP_MUL, -1, LEAST, OVERFLOWS, 0},
        {WEFT_OP_MUL, LEAST, 1, NONE, LEAST},
        {WEFT_OP_MUL, MOST, -1, NONE, -MOST},
        {WEFT_OP_MUL, 3037000500, 3037000500, OVERFLOWS, 0},
        {WEFT_OP_MUL, 3037000499, 3037000499, NONE, 9223372030926249001},
        {WEFT_OP_MUL, -4294967296, 2147483648, NONE, LEAST},
        {WEFT_OP_MUL, 4294967296, 2147483648, OVERFLOWS, 0},
        {WEFT_OP_MUL, -4294967296, -2147483648, OVERFLOWS, 0},
        {WEFT_OP_MUL, 4294967296, -2147483649, OVERFLOWS, 0},
        {WEFT_OP_MUL, 0, LEAST, NONE, 0},
        {WEFT_OP_NEG, LEAST, 0, OVERFLOWS, 0},
        {WEFT_OP_NEG, MOST, 0, NONE, -MOST},
        {WEFT_OP_ABS, LEAST, 0, OVERFLOWS, 0},
        {WEFT_OP_ABS, -3, 0, NONE, 3},
        {WEFT_OP_MIN, -3, 2, NONE, -3},
        {WEFT_OP_MAX, -3, 2, NONE, 2},
    };
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
        weft_value a = {.integer = table[k].a}, b = {.integer = table[k].b}, out = {.integer = 77};
        weft_fault fault = weft_apply(table[k].op, WEFT_TYPE_INT, a, b, &out);
        ck_assert_msg((int)fault == table[k].fault && out.integer == (fault ? 77 : table[k].result),
                      "line %zu: %d, %lld", k, fault, (long long)out.integer);
    }
}
END_TEST

START_TEST(floats) {
    const double nan = NAN;
    const struct {
        weft_op op;
        double a, b;
        int64_t result; /* of conditions */
    } conditions[] = {
        {WEFT_OP_EQ, nan, nan, 0}, {WEFT_OP_NE, nan, nan, 0}, {WEFT_OP_NE, nan, 1, 0},    {WEFT_OP_LT, nan, 1, 0},
        {WEFT_OP_LE, 1, nan, 0},   {WEFT_OP_NE, 1, 2, 1},     {WEFT_OP_EQ, 0.0, -0.0, 1}, {WEFT_OP_LE, 2, 2, 1},
    };
    for (size_t k = 0; k < sizeof conditions / sizeof conditions[0]; k++) {
        weft_value a = {.real = conditions[k].a}, b = {.real = conditions[k].b}, out;
        ck_assert_int_eq(weft_apply(conditions[k].op, WEFT_TYPE_FLOAT, a, b, &out), NONE);
        ck_assert_int_eq(out.integer, conditions[k].result);
    }
    weft_value one = {.real = 1}, zero = {.real = -0.0}, out;
    ck_assert_int_eq(weft_apply(WEFT_OP_DIV, WEFT_TYPE_FLOAT, one, zero, &out), DIVISION);
    ck_assert_int_eq(weft_apply(WEFT_OP_EXP2, WEFT_TYPE_FLOAT, (weft_value){.real = 2000}, one, &out), NONE);
    ck_assert(isinf(out.real));
    ck_assert_int_eq(weft_apply(WEFT_OP_SQRT, WEFT_TYPE_FLOAT, (weft_value){.real = -1}, one, &out), NONE);
    ck_assert(isnan(out.real));
    ck_assert_int_eq(weft_apply(WEFT_OP_TO_FLOAT, WEFT_TYPE_INT, (weft_value){.integer = MOST}, one, &out), NONE);
    ck_assert(out.real == 0x1p63);
}
END_TEST

/* `i != 0 and 10 // i == 5`, and the same with or, not and ?: */
START_TEST(what_is_not_evaluated_does_not_count) {
    test_memory memory = {0};
    weft_allocator allocator = test_allocator(&memory);
    weft_bound bound;
    ck_assert(weft_bound_init(&bound, &allocator));
    weft_dag *dag = &bound.dag;
    weft_value none = {0}, out;
    weft_id i = weft_make(dag, WEFT_OP_VAR_I, WEFT_TYPE_INT, none, NULL, 0, WEFT_NO_SPAN);
    weft_id ten = weft_make_int(dag, 10, WEFT_NO_SPAN), zero = weft_make_int(dag, 0, WEFT_NO_SPAN);
    weft_id quotient = weft_make(dag, WEFT_OP_FLOORDIV, WEFT_TYPE_INT, none, (weft_id[]){ten, i}, 2, WEFT_NO_SPAN);
    weft_id five = weft_make_int(dag, 5, WEFT_NO_SPAN);
    weft_id nonzero = weft_make(dag, WEFT_OP_NE, WEFT_TYPE_BOOL, none, (weft_id[]){i, zero}, 2, WEFT_NO_SPAN);
    weft_id is_five = weft_make(dag, WEFT_OP_EQ, WEFT_TYPE_BOOL, none, (weft_id[]){quotient, five}, 2, WEFT_NO_SPAN);
    weft_id guarded = weft_make(dag, WEFT_OP_AND, WEFT_TYPE_BOOL, none, (weft_id[]){nonzero, is_five}, 2, WEFT_NO_SPAN);
    weft_id bare = weft_make(dag, WEFT_OP_AND, WEFT_TYPE_BOOL, none, (weft_id[]){is_five, nonzero}, 2, WEFT_NO_SPAN);
    weft_id is_zero = weft_make(dag, WEFT_OP_NOT, WEFT_TYPE_BOOL, none, &nonzero, 1, WEFT_NO_SPAN);
    weft_id either = weft_make(dag, WEFT_OP_OR, WEFT_TYPE_BOOL, none, (weft_id[]){is_zero, is_five}, 2, WEFT_NO_SPAN);
    weft_id chosen =
        weft_make(dag, WEFT_OP_SELECT, WEFT_TYPE_INT, none, (weft_id[]){nonzero, quotient, zero}, 3, WEFT_NO_SPAN);
    ck_assert_int_eq(weft_evaluate(&bound, guarded, 0, 0, &out), NONE);
    ck_assert_int_eq(out.integer, 0);
    ck_assert_int_eq(weft_evaluate(&bound, guarded, 2, 0, &out), NONE);
    ck_assert_int_eq(out.integer, 1);
    ck_assert_int_eq(weft_evaluate(&bound, bare, 0, 0, &out), DIVISION);
    ck_assert_int_eq(weft_evaluate(&bound, either, 0, 0, &out), NONE);
    ck_assert_int_eq(out.integer, 1);
    ck_assert_int_eq(weft_evaluate(&bound, chosen, 0, 0, &out), NONE);
    ck_assert_int_eq(weft_evaluate(&bound, chosen, -3, 0, &out), NONE);
    ck_assert_int_eq(out.integer, -4);
    /* A fault makes the where false, under `not` too. */
    weft_id denied = weft_make(dag, WEFT_OP_NOT, WEFT_TYPE_BOOL, none, &bare, 1, WEFT_NO_SPAN);
    weft_id set = weft_make_set(dag, WEFT_ATOM_WHERE, WEFT_NO_SPAN, 1, denied);
    ck_assert(!weft_contains(&bound, set, weft_space_of(8, 8), 0, 0));
    ck_assert(weft_contains(&bound, set, weft_space_of(8, 8), 1, 0));
    weft_bound_free(&bound);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

START_TEST(arrays_of_every_width) {
    const struct {
        uint8_t code, bits;
        const void *data;
        int64_t first, second;
    } table[] = {
        {kDLInt, 8, (int8_t[]){-128, 127}, -128, 127},
        {kDLInt, 16, (int16_t[]){-32768, 5}, -32768, 5},
        {kDLInt, 32, (int32_t[]){INT32_MIN, 6}, INT32_MIN, 6},
        {kDLInt, 64, (int64_t[]){INT64_MIN, INT64_MAX}, INT64_MIN, INT64_MAX},
        {kDLUInt, 8, (uint8_t[]){255, 1}, 255, 1},
        {kDLUInt, 16, (uint16_t[]){65535, 2}, 65535, 2},
        {kDLUInt, 32, (uint32_t[]){UINT32_MAX, 3}, UINT32_MAX, 3},
        {kDLUInt, 64, (uint64_t[]){INT64_MAX, 4}, INT64_MAX, 4},
    };
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
        int64_t shape[] = {2};
        DLTensor tensor = {
            (void *)(uintptr_t)table[k].data, {kDLCPU, 0}, 1, {table[k].code, table[k].bits, 1}, shape, NULL, 0};
        weft_array array = weft_array_of(&tensor, WEFT_TYPE_TOKENS, 0, 0);
        weft_value value;
        ck_assert(weft_read_array(&array, 0, &value));
        ck_assert_int_eq(value.integer, table[k].first);
        ck_assert(weft_read_array(&array, 1, &value));
        ck_assert_int_eq(value.integer, table[k].second);
        ck_assert(!weft_read_array(&array, 2, &value));
        ck_assert(!weft_read_array(&array, -1, &value));
    }
}
END_TEST

START_TEST(arrays_through_strides) {
    double data[] = {0, 1, 2, 3, 4, 5, 6, 7};
    float singles[] = {0.5f, NAN};
    int64_t shape[] = {2, 3}, backwards[] = {4, -1}, one[] = {2};
    weft_value value;
    DLTensor tensor = {data, {kDLCPU, 0}, 2, {kDLFloat, 64, 1}, shape, backwards, 16};
    weft_array array = weft_array_of(&tensor, WEFT_TYPE_LABELS, 1, 0);
    ck_assert_int_eq(weft_array_length(&array), 3);
    ck_assert(weft_read_array(&array, 2, &value) && value.real == 4); /* element 2 + 4 - 2 */
    ck_assert(!weft_read_array(&array, 3, &value));
    tensor.strides = NULL;
    tensor.byte_offset = 0;
    array = weft_array_of(&tensor, WEFT_TYPE_LABELS, 1, 0);
    ck_assert(weft_read_array(&array, 2, &value) && value.real == 5);
    tensor = (DLTensor){singles, {kDLCPU, 0}, 1, {kDLFloat, 32, 1}, one, NULL, 0};
    array = weft_array_of(&tensor, WEFT_TYPE_TABLE, 1, 0);
    ck_assert(weft_read_array(&array, 0, &value) && value.real == 0.5);
    ck_assert(weft_read_array(&array, 1, &value) && isnan(value.real));
    uint64_t large[] = {(uint64_t)INT64_MAX + 1, 3};
    tensor = (DLTensor){large, {kDLCPU, 0}, 1, {kDLUInt, 64, 1}, one, NULL, 0};
    array = weft_array_of(&tensor, WEFT_TYPE_TOKENS, 0, 0);
    ck_assert(!weft_read_array(&array, 0, &value));
    ck_assert(weft_read_array(&array, 1, &value));
}
END_TEST

TEST_MAIN("set/evaluate", ints, floats, what_is_not_evaluated_does_not_count, arrays_of_every_width,
          arrays_through_strides)
