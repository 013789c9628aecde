/* .npy files: what NumPy writes is read, and whatever else comes is refused without harm. Headers are mutated byte by
 * byte and at random; under the sanitizers this is a small fuzzer. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/element.h"
#include "cli/npy.h"

/* A file in memory: version, header, elements. */
typedef struct sample {
    unsigned char bytes[4096];
    size_t size;
} sample;

static sample file_of(int version, const char *header, const void *data, size_t size) {
    sample out = {.bytes = {0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version, 0}};
    size_t length = strlen(header), wide = version == 1 ? 2 : 4;
    for (size_t n = 0; n < wide; n++) out.bytes[8 + n] = (unsigned char)(length >> (8 * n));
    memcpy(out.bytes + 8 + wide, header, length);
    if (size) memcpy(out.bytes + 8 + wide + length, data, size);
    out.size = 8 + wide + length + size;
    return out;
}

static bool read_sample(const sample *from, npy_array *out, npy_error *error) {
    FILE *file = fmemopen((void *)(uintptr_t)from->bytes, from->size, "r");
    ck_assert_ptr_nonnull(file);
    error->text[0] = 0;
    bool read = npy_read(file, out, error);
    fclose(file);
    return read;
}

/* The same through a real file, whose size is known beforehand. */
static bool read_from_disk(const sample *from, npy_array *out, npy_error *error) {
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(from->bytes, 1, from->size, file), from->size);
    rewind(file);
    bool read = npy_read(file, out, error);
    fclose(file);
    return read;
}

static void assert_read(const sample *from, const float *expected, size_t count) {
    npy_array array;
    npy_error error;
    ck_assert_msg(read_sample(from, &array, &error), "%s", error.text);
    ck_assert_uint_eq((size_t)array.header.count, count);
    float *floats = npy_convert(&array, WEFT_F32);
    for (size_t n = 0; n < count; n++) ck_assert_float_eq(floats[n], expected[n]);
    free(floats);
    npy_free(&array);
    ck_assert(read_from_disk(from, &array, &error));
    npy_free(&array);
}

static void assert_refused(const sample *from, const char *reason) {
    npy_array array;
    npy_error error;
    ck_assert_msg(!read_sample(from, &array, &error), "accepted, but: %s", reason);
    ck_assert_msg(strstr(error.text, reason), "\"%s\" does not say \"%s\"", error.text, reason);
    ck_assert(!read_from_disk(from, &array, &error));
}

static void assert_header_refused(const char *header, const char *reason) {
    float data[8] = {0};
    sample s = file_of(1, header, data, sizeof data);
    assert_refused(&s, reason);
}

START_TEST(versions_orders_and_widths) {
    const float plain[6] = {0, 1, 2, 3, 4, 5.5f}, turned[6] = {0, 2, 4, 1, 3, 5.5f};
    const double wide[6] = {0, 1, 2, 3, 4, 5.5};
    const uint16_t halves[6] = {0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4580};
    for (int version = 1; version <= 3; version++) {
        sample s =
            file_of(version, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n", plain, sizeof plain);
        assert_read(&s, plain, 6);
        s = file_of(version, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}\n", wide, sizeof wide);
        assert_read(&s, plain, 6);
        s = file_of(version, "{\"shape\":(6L,),\"fortran_order\":False,\"descr\":\"=f2\"}", halves, sizeof halves);
        assert_read(&s, plain, 6);
        s = file_of(version, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", plain, sizeof plain);
        assert_read(&s, turned, 6);
    }
    const unsigned char big[8] = {0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0};
    sample s = file_of(1, "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", big, sizeof big);
    assert_read(&s, (const float[]){1, -2.5f}, 2);
    const unsigned char big_double[8] = {0xc0, 0x04, 0, 0, 0, 0, 0, 0};
    s = file_of(1, "{'descr': '>f8', 'fortran_order': False, 'shape': (), }", big_double, sizeof big_double);
    assert_read(&s, (const float[]){-2.5f}, 1);
    s = file_of(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 0, 99999999999), }", NULL, 0);
    assert_read(&s, NULL, 0);
}
END_TEST

START_TEST(integers_keep_their_type) {
    static const struct {
        const char *descr;
        int code, bits;
    } types[] = {{"|b1", kDLUInt, 8},  {"|i1", kDLInt, 8},   {"<i2", kDLInt, 16},
                 {"<i4", kDLInt, 32},  {"<i8", kDLInt, 64},  {"|u1", kDLUInt, 8},
                 {"<u2", kDLUInt, 16}, {"<u4", kDLUInt, 32}, {">u8", kDLUInt, 64}};
    for (size_t n = 0; n < sizeof types / sizeof *types; n++) {
        char header[100];
        const unsigned char data[16] = {1, 0, 0, 0, 0, 0, 0, 0, 2};
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (2,)}", types[n].descr);
        sample s = file_of(1, header, data, (size_t)types[n].bits / 4);
        npy_array array;
        npy_error error;
        ck_assert(read_sample(&s, &array, &error));
        ck_assert_int_eq(array.header.type.code, types[n].code);
        ck_assert_int_eq(array.header.type.bits, types[n].bits);
        ck_assert_int_eq(array.header.is_bool, types[n].descr[1] == 'b');
        ck_assert(!npy_is_float(&array));
        if (types[n].descr[0] == '>') ck_assert_uint_eq(*(uint64_t *)array.data, UINT64_C(1) << 56);
        npy_free(&array);
    }
}
END_TEST

START_TEST(doubles_round_to_even) {
    const double data[4] = {1 + 0x1p-24, 1 + 0x3p-24, 1e300, 0x1p-150};
    sample s = file_of(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (4,)}", data, sizeof data);
    assert_read(&s, (const float[]){1, 1 + 0x1p-22f, INFINITY, 0}, 4);
}
END_TEST

START_TEST(hostile_headers) {
    assert_header_refused("", "no `{`");
    assert_header_refused("{", "lacks a string");
    assert_header_refused("{}", "lacks descr");
    assert_header_refused("{'descr': '<f4', 'shape': (2,)}", "lacks descr, fortran_order or shape");
    assert_header_refused("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "comes twice");
    assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}", "unknown");
    assert_header_refused("{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}", "lacks a comma");
    assert_header_refused("{'descr': '<f4', 'fortran_order': Falsy, 'shape': (2,)}", "neither True nor False");
    assert_header_refused("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "neither True nor False");
    assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", "not a tuple");
    assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "not a whole number");
    assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}", "lacks a comma");
    assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,", "not a whole number");
    assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': [2]}", "no `(`");
    assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "too large");
    assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "too large");
    assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,)}", "shorter than");
    assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (9,)}", "shorter than");
    assert_header_refused("{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}", "element type <c8 is not");
    assert_header_refused("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "element type |O is not");
    assert_header_refused("{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}", "element type |f4 is not");
    assert_header_refused("{'descr': '\033[2', 'fortran_order': False, 'shape': (2,)}", "element type is not");
    assert_header_refused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", "records");
    assert_header_refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} or 1", "goes on after");
    assert_header_refused("{'descr': '<f\\x34', 'fortran_order': False, 'shape': (2,)}", "malformed");
    assert_header_refused("{'descr': '<f4", "does not end");
    assert_header_refused(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
        "1,1,1,1,1,1,1,1,1,1,1)}",
        "too many dimensions");
}
END_TEST

START_TEST(hostile_preambles) {
    const float data[2] = {1, 2};
    sample good = file_of(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", data, sizeof data),
           bad = good;
    for (size_t size = 1; size < good.size; size++) { /* truncated anywhere */
        bad.size = size;
        npy_array array;
        npy_error error;
        ck_assert(!read_sample(&bad, &array, &error) && error.text[0]);
    }
    bad = good;
    bad.bytes[6] = 4;
    assert_refused(&bad, "version 4.0");
    bad = file_of(2, "{}", NULL, 0);
    memset(bad.bytes + 8, 0xff, 4);
    assert_refused(&bad, "too long");
    bad = good;
    bad.bytes[0] = 'P';
    assert_refused(&bad, "not a .npy file");
}
END_TEST

/* Any bytes at all: read or refused, never worse. */
START_TEST(mutations) {
    const char *header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 1), }           \n";
    float data[6] = {0};
    uint64_t state = 12345;
    int read = 0;
    for (int turn = 0; turn < 200000; turn++) {
        sample s = file_of(1 + turn % 3, header, data, sizeof data);
        for (int changes = 1 + turn % 4; changes > 0; changes--) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            size_t at = (size_t)(state >> 33) % (s.size - 6) + 6;
            static const char likely[] = "{}()':,<>|=fiub0123456789 L\\TF";
            s.bytes[at] = state >> 20 & 1 ? (unsigned char)likely[(state >> 24) % (sizeof likely - 1)]
                                          : (unsigned char)(state >> 24);
        }
        npy_array array;
        npy_error error;
        if (!read_sample(&s, &array, &error)) continue;
        read++;
        if (npy_is_float(&array)) free(npy_convert(&array, WEFT_F32));
        npy_free(&array);
    }
    ck_assert_int_gt(read, 1000); /* some changes do no harm */
}
END_TEST

START_TEST(what_is_written_is_read) {
    static const int64_t shape[4] = {1, 2, 3, 1};
    const float values[6] = {1, -2, 3.25f, INFINITY, 0, 1e-40f};
    for (int dims = 0; dims <= 4; dims++) {
        size_t count = 1;
        for (int n = 0; n < dims; n++) count *= (size_t)shape[n];
        sample s = {{0}, 0};
        FILE *file = fmemopen(s.bytes, sizeof s.bytes, "w");
        ck_assert(npy_write_header(file, "<f4", dims, shape));
        ck_assert_int_eq(ftell(file) % 64, 0);
        ck_assert(npy_write_floats(file, values, WEFT_F32, count));
        s.size = (size_t)ftell(file);
        fclose(file);
        assert_read(&s, values, count);
    }
    ck_assert(!npy_write_header(stdout, "<f4", NPY_MAX_DIMS + 1, shape));
}
END_TEST

/* A double that lies just beside a point between two halves; rounded to float32 first, it would lie on it. */
START_TEST(elements_are_rounded_once) {
    static const struct {
        weft_dtype dtype;
        double x;
        uint16_t half;
    } cases[] = {
        {WEFT_BF16, 1 + 0x1p-8, 0x3f80},
        {WEFT_BF16, 1 + 0x1p-8 + 0x1p-40, 0x3f81},
        {WEFT_BF16, 1 + 3 * 0x1p-8, 0x3f82},
        {WEFT_BF16, 1 + 3 * 0x1p-8 - 0x1p-40, 0x3f81},
        {WEFT_F16, 1 + 0x1p-11, 0x3c00},
        {WEFT_F16, 1 + 0x1p-11 + 0x1p-40, 0x3c01},
        {WEFT_F16, 1 + 3 * 0x1p-11, 0x3c02},
        {WEFT_F16, 1 + 3 * 0x1p-11 - 0x1p-40, 0x3c01},
        {WEFT_F16, 65520, 0x7c00},
        {WEFT_F16, 65520 - 0x1p-30, 0x7bff},
        {WEFT_F16, 0x1p-25, 0},
        {WEFT_F16, 0x1p-25 + 0x1p-60, 1},
        {WEFT_F16, 1e300, 0x7c00},
        {WEFT_BF16, 1e300, 0x7f80},
        {WEFT_F16, 1e-300, 0},
        {WEFT_BF16, 1e-300, 0},
        {WEFT_F16, (double)INFINITY, 0x7c00},
        {WEFT_BF16, (double)INFINITY, 0x7f80},
    };
    uint16_t *got = malloc(2 * sizeof(float));
    ck_assert_ptr_nonnull(got);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        element_set(got, 0, cases[n].dtype, cases[n].x);
        element_set(got, 1, cases[n].dtype, -cases[n].x);
        ck_assert_msg(got[0] == cases[n].half && got[1] == (cases[n].half | 0x8000), "%a: %04x", cases[n].x, got[0]);
    }
    for (int dtype = WEFT_F32; dtype <= WEFT_F16; dtype++) {
        element_set(got, 0, (weft_dtype)dtype, (double)NAN);
        ck_assert(isnan(element_at(got, 0, (weft_dtype)dtype)));
    }
    free(got);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("npy");
    TCase *tests = tcase_create("npy");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, versions_orders_and_widths);
    tcase_add_test(tests, integers_keep_their_type);
    tcase_add_test(tests, elements_are_rounded_once);
    tcase_add_test(tests, doubles_round_to_even);
    tcase_add_test(tests, hostile_headers);
    tcase_add_test(tests, hostile_preambles);
    tcase_add_test(tests, mutations);
    tcase_add_test(tests, what_is_written_is_read);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
