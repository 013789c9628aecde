/* Growing text, doubles as text, UTF-8, names of statuses. */
#include <locale.h>
#include <math.h>
#include <string.h>

#include "support/failing.h"
#include "support/random.h"
#include "support/suite.h"
#include "support/utf8.h"

START_TEST(text_grows) {
    test_memory memory = {0};
    weft_allocator allocator = test_allocator(&memory);
    weft_text text;
    weft_text_init(&text, &allocator);
    char buffer[8] = "xxxxxxx";
    ck_assert_uint_eq(weft_text_copy_out(&text, buffer, sizeof buffer), 0);
    ck_assert_str_eq(buffer, "");
    for (int k = 0; k < 1000; k++) weft_text_format(&text, "%d,%s;", k, "ab");
    ck_assert_uint_eq(text.size, strlen(text.at));
    ck_assert(strncmp(text.at, "0,ab;1,ab;2,ab;", 15) == 0);
    ck_assert_str_eq(text.at + text.size - 12, "8,ab;999,ab;");
    ck_assert_uint_eq(weft_text_copy_out(&text, buffer, sizeof buffer), text.size);
    ck_assert_str_eq(buffer, "0,ab;1,");
    ck_assert_uint_eq(weft_text_copy_out(&text, NULL, 0), text.size);
    weft_text_release(&text);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

/* Whatever append fails, what was there stays whole and nothing is added any more. */
START_TEST(text_stays_failed) {
    for (size_t nth = 1; nth < 6; nth++) {
        test_memory memory = {.fail_at = nth};
        weft_allocator allocator = test_allocator(&memory);
        weft_text text;
        weft_text_init(&text, &allocator);
        for (int k = 0; k < 2000; k++) weft_text_format(&text, "%s", "12345");
        ck_assert(text.failed);
        size_t size = text.size;
        weft_text_add(&text, "more", 4);
        weft_text_format(&text, "more");
        ck_assert_uint_eq(text.size, size);
        ck_assert_uint_eq(size % 5, 0);
        if (text.at) ck_assert_uint_eq(strlen(text.at), size);
        weft_text_release(&text);
        ck_assert_uint_eq(memory.live, 0);
    }
}
END_TEST

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void check_double(double value, const char *expected) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_text text;
    double back = 0;
    weft_text_init(&text, &allocator);
    weft_text_double(&text, value);
    if (expected) ck_assert_str_eq(text.at, expected);
    ck_assert_msg(weft_read_double(text.at, text.size, &back), "%s", text.at);
    if (isnan(value))
        ck_assert(isnan(back));
    else
        ck_assert_msg(bits_of(back) == bits_of(value), "%s", text.at);
    weft_text_release(&text);
}

START_TEST(doubles_come_back_by_bits) {
    check_double(0.5, "0.5");
    check_double(1.0, "1.0");
    check_double(-0.0, "-0.0");
    check_double(0.1, "0.1");
    check_double(1e20, "1e+20");
    check_double(-1234567.0, "-1234567.0");
    check_double(1.0 / 3.0, "0.3333333333333333");
    check_double(5e-324, NULL);
    check_double(1.7976931348623157e308, NULL);
    check_double(INFINITY, "inf");
    check_double(-INFINITY, "-inf");
    check_double((double)NAN, "nan");
    test_random random = {1};
    for (int k = 0; k < 100000; k++) {
        uint64_t bits = test_bits(&random);
        double value;
        memcpy(&value, &bits, sizeof value);
        check_double(value, NULL);
    }
}
END_TEST

/* A host may have any locale: with its own decimal point, text stays the same. */
START_TEST(doubles_do_not_know_the_locale) {
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8", "de_DE", "C.UTF-8"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        if (!setlocale(LC_ALL, names[k])) continue;
        check_double(0.5, "0.5");
        check_double(1.25e-30, "1.25e-30");
        check_double(-3.0, "-3.0");
    }
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(reads_numbers_and_nothing_else) {
    static const char *const wrong[] = {"",    "-",     ".5",       "5.",  "1e",     "1e+", "+1",    " 1", "1 ", "0x10",
                                        "1,5", "1.5.5", "infinity", "NAN", "nan(0)", "--1", "1e5.0", "1f", "e5"};
    double value = 7;
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
        ck_assert_msg(!weft_read_double(wrong[k], strlen(wrong[k]), &value), "%s", wrong[k]);
    ck_assert_double_eq(value, 7);
    ck_assert(weft_read_double("12", 2, &value) && value == 12);
    ck_assert(weft_read_double("1E3x", 3, &value) && value == 1000);
    ck_assert(weft_read_double("1e999", 5, &value) && isinf(value));
    char digits[2000];
    memset(digits, '7', sizeof digits);
    ck_assert(weft_read_double(digits, 1000, &value));
    ck_assert(!weft_read_double(digits, sizeof digits, &value));
}
END_TEST

static size_t encode(uint32_t point, char out[4]) {
    size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t k = length; k-- > 1; point >>= 6) out[k] = (char)(0x80 | (point & 0x3F));
    out[0] = (char)(leads[length] | point);
    return length;
}

START_TEST(reads_every_code_point) {
    for (uint32_t point = 0; point < 0x110000; point++) {
        char bytes[4];
        uint32_t read;
        size_t length = encode(point, bytes);
        bool is_surrogate = point >= 0xD800 && point < 0xE000;
        ck_assert_uint_eq(weft_utf8_read(bytes, length, &read), is_surrogate ? 1 : length);
        ck_assert_uint_eq(read, is_surrogate ? WEFT_UTF8_INVALID : point);
        if (length == 1) continue;
        ck_assert_uint_eq(weft_utf8_read(bytes, length - 1, &read), 1); /* cut short */
        ck_assert_uint_eq(read, WEFT_UTF8_INVALID);
    }
}
END_TEST

START_TEST(refuses_overlong_and_stray_bytes) {
    static const char *const wrong[] = {"\x80",
                                        "\xBF",
                                        "\xC0\x80",
                                        "\xC1\xBF",
                                        "\xE0\x9F\xBF",
                                        "\xF0\x8F\xBF\xBF",
                                        "\xF4\x90\x80\x80",
                                        "\xF8\x88\x80\x80\x80",
                                        "\xFF",
                                        "\xC3(",
                                        "\xE2\x82("};
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        uint32_t read = 0;
        ck_assert_uint_eq(weft_utf8_read(wrong[k], strlen(wrong[k]), &read), 1);
        ck_assert_uint_eq(read, WEFT_UTF8_INVALID);
    }
}
END_TEST

START_TEST(statuses_have_names) {
    for (int status = WEFT_OK; status <= WEFT_INTERNAL; status++)
        ck_assert_str_ne(weft_status_name((weft_status)status), "unknown status");
    ck_assert_str_eq(weft_status_name(WEFT_INVALID_PATTERN), "invalid pattern");
    ck_assert_str_eq(weft_status_name((weft_status)99), "unknown status");
    ck_assert_str_eq(weft_version(), WEFT_VERSION_TEXT);
}
END_TEST

TEST_MAIN("support/text", text_grows, text_stays_failed, doubles_come_back_by_bits, doubles_do_not_know_the_locale,
          reads_numbers_and_nothing_else, reads_every_code_point, refuses_overlong_and_stray_bytes, statuses_have_names)
