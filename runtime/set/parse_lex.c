/* Lines, words, numbers, strings and places of IR text, by hand: bytes in, nothing trusted. */
#include "set/parse_lex.h"

#include <string.h>

weft_cursor weft_cursor_of(const char *text, size_t size) {
    if (size == 0) text = "";
    return (weft_cursor){.at = text, .end = text, .next = text, .limit = text + size};
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static void skip_blanks(weft_cursor *cursor) {
    while (cursor->at < cursor->end && is_blank(*cursor->at)) cursor->at++;
}

bool weft_cursor_is_done(weft_cursor *cursor) {
    skip_blanks(cursor);
    return cursor->at == cursor->end || *cursor->at == '#';
}

bool weft_cursor_next_line(weft_cursor *cursor) {
    while (cursor->next < cursor->limit) {
        const char *end = memchr(cursor->next, '\n', (size_t)(cursor->limit - cursor->next));
        cursor->at = cursor->next;
        cursor->end = end ? end : cursor->limit;
        cursor->next = end ? end + 1 : cursor->limit;
        cursor->line++;
        if (!weft_cursor_is_done(cursor)) return true;
    }
    return false;
}

weft_slice weft_cursor_peek(weft_cursor *cursor) {
    enum { A_FEW = 24 };
    if (weft_cursor_is_done(cursor)) return (weft_slice){cursor->at, 0};
    const char *end = cursor->at + 1;
    while (end < cursor->end && !is_blank(*end) && end - cursor->at < A_FEW) end++;
    return (weft_slice){cursor->at, (uint32_t)(end - cursor->at)};
}

bool weft_cursor_take(weft_cursor *cursor, char symbol) {
    skip_blanks(cursor);
    if (cursor->at == cursor->end || *cursor->at != symbol) return false;
    cursor->at++;
    return true;
}

bool weft_cursor_word(weft_cursor *cursor, weft_slice *out) {
    skip_blanks(cursor);
    const char *at = cursor->at;
    if (at == cursor->end || !is_letter(*at)) return false;
    while (at < cursor->end && (is_letter(*at) || is_digit(*at) || *at == '-')) at++;
    *out = (weft_slice){cursor->at, (uint32_t)(at - cursor->at)};
    cursor->at = at;
    return true;
}

/* ---- numbers ------------------------------------------------------------------------------------------------ */

/* Digits whose value is at most `most`. */
static bool read_digits(weft_cursor *cursor, uint64_t most, uint64_t *out) {
    const char *at = cursor->at;
    uint64_t value = 0;
    if (at == cursor->end || !is_digit(*at)) return false;
    for (; at < cursor->end && is_digit(*at); at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > (most - digit) / 10) return false;
        value = 10 * value + digit;
    }
    cursor->at = at;
    *out = value;
    return true;
}

bool weft_cursor_number(weft_cursor *cursor, uint32_t *out) {
    uint64_t value;
    skip_blanks(cursor);
    if (!read_digits(cursor, UINT32_MAX, &value)) return false;
    *out = (uint32_t)value;
    return true;
}

bool weft_cursor_int(weft_cursor *cursor, int64_t *out) {
    uint64_t magnitude;
    skip_blanks(cursor);
    const char *begin = cursor->at;
    bool is_negative = weft_cursor_take(cursor, '-');
    if (!read_digits(cursor, (uint64_t)INT64_MAX + is_negative, &magnitude)) {
        cursor->at = begin;
        return false;
    }
    *out = is_negative && magnitude ? -1 - (int64_t)(magnitude - 1) : (int64_t)magnitude;
    return true;
}

bool weft_cursor_double(weft_cursor *cursor, double *out) {
    skip_blanks(cursor);
    const char *at = cursor->at;
    while (at < cursor->end && (is_letter(*at) || is_digit(*at) || *at == '.' || *at == '+' || *at == '-')) at++;
    if (!weft_read_double(cursor->at, (size_t)(at - cursor->at), out)) return false;
    cursor->at = at;
    return true;
}

bool weft_cursor_place(weft_cursor *cursor, weft_span *out) {
    weft_cursor ahead = *cursor;
    if (!weft_cursor_take(&ahead, '@') || !weft_cursor_number(&ahead, &out->source) || !weft_cursor_take(&ahead, ':') ||
        !weft_cursor_number(&ahead, &out->begin) || !weft_cursor_take(&ahead, '-') ||
        !weft_cursor_number(&ahead, &out->end))
        return false;
    *cursor = ahead;
    return true;
}

/* ---- strings ------------------------------------------------------------------------------------------------ */

static int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What follows a backslash, at `at`; the bytes it took, or 0. */
static size_t read_escape(const char *at, const char *end, char *out) {
    static const char letters[] = "\"\\nrt", meanings[] = "\"\\\n\r\t";
    if (at == end) return 0;
    const char *found = *at ? strchr(letters, *at) : NULL;
    if (found) {
        *out = meanings[found - letters];
        return 1;
    }
    if (*at != 'x' || end - at < 3) return 0;
    int high = hex_value(at[1]), low = hex_value(at[2]);
    if (high < 0 || low < 0) return 0;
    *out = (char)(unsigned char)(16 * high + low);
    return 3;
}

static bool is_plain(char c) { return c != '"' && c != '\\' && (unsigned char)c >= 0x20 && (unsigned char)c != 0x7F; }

bool weft_cursor_string(weft_cursor *cursor, weft_text *out) {
    weft_cursor ahead = *cursor;
    out->size = 0;
    weft_text_add(out, "", 0);
    if (!weft_cursor_take(&ahead, '"')) return false;
    while (ahead.at < ahead.end && !out->failed) {
        const char *begin = ahead.at;
        while (ahead.at < ahead.end && is_plain(*ahead.at)) ahead.at++;
        weft_text_add(out, begin, (size_t)(ahead.at - begin));
        if (ahead.at == ahead.end) return false;
        char c = *ahead.at++, byte;
        if (c == '"') {
            *cursor = ahead;
            return !out->failed;
        }
        size_t taken = c == '\\' ? read_escape(ahead.at, ahead.end, &byte) : 0;
        if (taken == 0) return false;
        ahead.at += taken;
        weft_text_add(out, &byte, 1);
    }
    return false;
}
