/* Text that grows, and doubles as text: both ways exact, and in no locale but C's. */
#include "support/alloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void weft_text_init(weft_text *text, const weft_allocator *allocator) { *text = (weft_text){.allocator = allocator}; }

void weft_text_release(weft_text *text) {
    weft_free(text->allocator, text->at, text->capacity);
    weft_text_init(text, text->allocator);
}

/* Room for `more` bytes and a NUL. */
static bool grow(weft_text *text, size_t more) {
    enum { SMALLEST = 256 };
    if (text->failed) return false;
    if (more < text->capacity - text->size) return true;
    if (more >= PTRDIFF_MAX / 2 - text->size) {
        text->failed = true;
        return false;
    }
    size_t wanted = 2 * text->capacity;
    if (wanted < SMALLEST) wanted = SMALLEST;
    if (wanted < text->size + more + 1) wanted = text->size + more + 1;
    char *at = text->allocator->resize(text->allocator->user, text->at, text->capacity, wanted);
    if (!at) {
        text->failed = true;
        return false;
    }
    text->at = at;
    text->capacity = wanted;
    return true;
}

void weft_text_add(weft_text *text, const char *bytes, size_t size) {
    if (!grow(text, size)) return;
    if (size) memcpy(text->at + text->size, bytes, size);
    text->size += size;
    text->at[text->size] = '\0';
}

void weft_text_format_list(weft_text *text, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    size_t room = text->failed ? 0 : text->capacity - text->size;
    int length = vsnprintf(room ? text->at + text->size : NULL, room, format, arguments);
    if (length < 0) text->failed = true;
    if (length >= 0 && grow(text, (size_t)length)) {
        if ((size_t)length >= room) vsnprintf(text->at + text->size, (size_t)length + 1, format, again);
        text->size += (size_t)length;
    } else if (room) {
        text->at[text->size] = '\0';
    }
    va_end(again);
}

void weft_text_format(weft_text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    weft_text_format_list(text, format, arguments);
    va_end(arguments);
}

size_t weft_text_copy_out(const weft_text *text, char *buffer, size_t size) {
    if (size) {
        size_t copied = text->size < size ? text->size : size - 1;
        if (copied) memcpy(buffer, text->at, copied);
        buffer[copied] = '\0';
    }
    return text->size;
}

/* ---- doubles ------------------------------------------------------------------------------------------------ */

enum { NUMBER_SIZE = 64 }; /* of any "%.17g", whatever the locale's decimal point */

static bool is_number_byte(char c) { return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e'; }

/* In some locales the decimal point is a comma, or several bytes: it is whatever is no digit, sign or exponent. */
static size_t format_in_c_locale(char out[NUMBER_SIZE], int precision, double value) {
    char local[NUMBER_SIZE];
    snprintf(local, sizeof local, "%.*g", precision, value);
    size_t size = 0;
    for (const char *c = local; *c; c++) {
        if (is_number_byte(*c))
            out[size++] = *c;
        else if (size && out[size - 1] != '.')
            out[size++] = '.';
    }
    out[size] = '\0';
    return size;
}

/* The shortest precision that reads back as the same bits. */
void weft_text_double(weft_text *text, double value) {
    enum { SHORTEST = 15, EXACT = 17 };
    if (isnan(value) || isinf(value)) {
        const char *word = isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
        weft_text_add(text, word, strlen(word));
        return;
    }
    char number[NUMBER_SIZE];
    size_t size = 0;
    for (int precision = SHORTEST; precision <= EXACT; precision++) {
        double back;
        size = format_in_c_locale(number, precision, value);
        if (weft_read_double(number, size, &back) && back == value) break;
    }
    weft_text_add(text, number, size);
    if (strcspn(number, ".e") == size) weft_text_add(text, ".0", 2);
}

static size_t count_digits(const char *text, size_t size, size_t at) {
    size_t count = 0;
    while (at + count < size && text[at + count] >= '0' && text[at + count] <= '9') count++;
    return count;
}

/* The number's own grammar, so that strtod sees nothing else: [-] digits [. digits] [e [+-] digits]. Sets *point to the
 * place of the point, or to `size`. */
static bool is_plain_number(const char *text, size_t size, size_t *point) {
    size_t at = size && text[0] == '-';
    size_t digits = count_digits(text, size, at);
    *point = size;
    at += digits;
    if (digits && at < size && text[at] == '.') {
        *point = at++;
        digits = count_digits(text, size, at);
        at += digits;
    }
    if (digits && at < size && (text[at] == 'e' || text[at] == 'E')) {
        at += at + 1 < size && (text[at + 1] == '+' || text[at + 1] == '-') ? 2 : 1;
        digits = count_digits(text, size, at);
        at += digits;
    }
    return digits && at == size;
}

bool weft_read_double(const char *text, size_t size, double *out) {
    enum { LONGEST = 1024 }; /* more digits than any double has, and some to waste */
    size_t point;
    if (size == 3 && memcmp(text, "nan", 3) == 0) return *out = NAN, true;
    if (size == 3 && memcmp(text, "inf", 3) == 0) return *out = INFINITY, true;
    if (size == 4 && memcmp(text, "-inf", 4) == 0) return *out = -INFINITY, true;
    if (size > LONGEST || !is_plain_number(text, size, &point)) return false;

    char local[LONGEST + NUMBER_SIZE], half[NUMBER_SIZE];
    snprintf(half, sizeof half, "%.1f", 0.5); /* 0 POINT 5 */
    size_t point_size = strlen(half) - 2, tail = point < size ? point + 1 : size;
    memcpy(local, text, point);
    memcpy(local + point, half + 1, point_size);
    memcpy(local + point + point_size, text + tail, size - tail);
    local[point + point_size + (size - tail)] = '\0';
    *out = strtod(local, NULL);
    return true;
}
