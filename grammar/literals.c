/* Numbers and strings. Conversion does not look at the locale: a float goes to strtod without its point. */
#include "parser.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 40 }; /* bytes of a literal that a message repeats */

static int shown(size_t size) { return size < SHOWN ? (int)size : SHOWN; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

int64_t weft_scan_integer(weft_parser *p, const char *text, size_t size, weft_span span) {
    int64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        int digit = text[i] - '0';
        if (value > (INT64_MAX - digit) / 10) {
            weft_diagnose(p->diagnostics, WEFT_E0005, span, "an integer may be at most %lld", (long long)INT64_MAX);
            return INT64_MAX;
        }
        value = value * 10 + digit;
    }
    return value;
}

/* The exponent that text spells, kept within bounds that no number of digits a file can hold makes up for. */
static long long exponent_of(const char *text, size_t size) {
    bool negative = size > 0 && text[0] == '-';
    long long value = 0;
    for (size_t i = size > 0 && !is_digit(text[0]); i < size; i++)
        if (value < 1000000000) value = value * 10 + (text[i] - '0');
    return negative ? -value : value;
}

/* 12.5e3 is read as 125e2. */
double weft_scan_float(weft_parser *p, const char *text, size_t size, weft_span span) {
    enum { EXPONENT = 32 };
    char *digits = weft_arena_take(&p->scratch, size + EXPONENT);
    if (!digits) weft_parser_fail(p);
    size_t count = 0, i = 0;
    long long exponent = 0;
    while (i < size && is_digit(text[i])) digits[count++] = text[i++];
    if (i < size && text[i] == '.')
        for (i++; i < size && is_digit(text[i]); exponent--) digits[count++] = text[i++];
    if (i < size) exponent += exponent_of(text + i + 1, size - i - 1);
    snprintf(digits + count, EXPONENT, "e%lld", exponent);
    double value = strtod(digits, NULL);
    if (!isfinite(value)) {
        weft_diagnose(p->diagnostics, WEFT_E0005, span, "`%.*s` is beyond the largest float, some 1.8e308", shown(size),
                      text);
        return 0;
    }
    return value;
}

void weft_scan_bad_number(weft_parser *p, const char *text, size_t size, weft_span span) {
    weft_diagnostics *d = p->diagnostics;
    char fixed[SHOWN + 2];
    size_t digits = 0;
    while (digits < size && is_digit(text[digits])) digits++;
    bool point_first = text[0] == '.', point_last = text[size - 1] == '.';
    if (point_first || point_last) {
        weft_diagnose(d, WEFT_E0004, span, "a number has digits on both sides of its point");
        snprintf(fixed, sizeof fixed, "%s%.*s%s", point_first ? "0" : "", shown(size), text, point_last ? "0" : "");
        if (size < SHOWN) weft_diagnose_suggest(d, fixed);
    } else if (size - digits == 1 && (text[digits] == 'e' || text[digits] == 'E')) {
        weft_diagnose(d, WEFT_E0004, span, "the exponent of `%.*s` has no digits", shown(size), text);
    } else {
        weft_diagnose(d, WEFT_E0004, span, "a number may not run into a letter");
    }
}

/* ---- strings ------------------------------------------------------------------------------------------------ */

void weft_scan_unterminated(weft_parser *p, weft_span span) {
    weft_diagnose(p->diagnostics, WEFT_E0006, span, "this string does not end on its line");
}

/* The text between the quotes, without NULs: those were reported. */
const char *weft_scan_string(weft_parser *p, const char *text, size_t size, weft_span span) {
    char *plain = weft_arena_take(&p->scratch, size);
    if (!plain) weft_parser_fail(p);
    size_t count = 0;
    for (size_t i = 1; i + 1 < size; i++) {
        if (text[i] == '\\' && text[++i] != '"' && text[i] != '\\') {
            uint32_t at = span.begin + (uint32_t)i;
            weft_diagnose(p->diagnostics, WEFT_E0006, (weft_span){span.source, at - 1, at + 1},
                          "a string knows the escapes `\\\"` and `\\\\` only");
        }
        if (text[i] != '\0') plain[count++] = text[i];
    }
    return weft_parser_intern(p, plain, count);
}
