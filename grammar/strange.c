/* Bytes that are no text, and characters that start no token. The commonest of those look like something that the
 * language has: they are reported with a suggestion and taken for what they resemble, so that one slip makes one
 * report. */
#include "parse.h"
#include "parser.h"
#include "support/utf8.h"

#include <stdio.h>
#include <string.h>

/* token 0: nothing that the parser could go on with. */
typedef struct likeness {
    const char *seen, *meant;
    int token;
    weft_operator op;
} likeness;

#define TOKEN(token) WEFT_TOKEN_##token, WEFT_OPERATOR_NONE
#define OPERATION(token, op) WEFT_TOKEN_##token, WEFT_OPERATOR_##op
static const likeness likenesses[] = {
    {"&&", "and", TOKEN(AND)},
    {"||", "or", TOKEN(OR)},
    {"!", "not", TOKEN(NOT)},
    {"∧", "and", TOKEN(AND)},
    {"∨", "or", TOKEN(OR)},
    {"≤", "<=", OPERATION(COMPARISON, LE)},
    {"≥", ">=", OPERATION(COMPARISON, GE)},
    {"≠", "!=", OPERATION(COMPARISON, NE)},
    {"×", "*", OPERATION(PRODUCT, MUL)},
    {"·", "*", OPERATION(PRODUCT, MUL)},
    {"⋅", "*", OPERATION(PRODUCT, MUL)},
    {"∗", "*", OPERATION(PRODUCT, MUL)},
    {"÷", "/", OPERATION(PRODUCT, DIV)},
    {"−", "-", TOKEN(MINUS)},
    {"–", "-", TOKEN(MINUS)},
    {"—", "-", TOKEN(MINUS)},
    {"\\", "-", TOKEN(MINUS)},
    {"⧵", "-", TOKEN(MINUS)},
    {"⋃", "∪", TOKEN(UNION)},
    {"⋂", "∩", TOKEN(INTERSECTION)},
    {"…", "..", TOKEN(DOTS)},
    {"；", ";", TOKEN(SEMICOLON)},
    {"，", ",", TOKEN(COMMA)},
    {"：", ":", TOKEN(COLON)},
    {"∅", "none", TOKEN(REPORTED)},
    {"“", "\"", TOKEN(REPORTED)},
    {"”", "\"", TOKEN(REPORTED)},
    {"‘", "\"", TOKEN(REPORTED)},
    {"’", "\"", TOKEN(REPORTED)},
    {"'", "\"", TOKEN(REPORTED)},
    {"（", "(", TOKEN(REPORTED)},
    {"）", ")", TOKEN(REPORTED)},
};

static const likeness *find_likeness(const char *text, size_t size) {
    for (size_t k = 0; k < sizeof likenesses / sizeof *likenesses; k++)
        if (strlen(likenesses[k].seen) == size && !memcmp(likenesses[k].seen, text, size)) return &likenesses[k];
    return NULL;
}

/* Spaces that are not white space here, and marks that take no room at all. */
static bool is_space(uint32_t point) {
    return point == '\f' || point == '\v' || point == 0xA0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200F) ||
           (point >= 0x2028 && point <= 0x202F) || (point >= 0x205F && point <= 0x206F) || point == 0x3000 ||
           point == 0xFEFF;
}

int weft_scan_strange(weft_parser *p, const char *text, size_t size, weft_span span, weft_operator *op) {
    weft_diagnostics *d = p->diagnostics;
    const likeness *like = find_likeness(text, size);
    uint32_t point;
    weft_utf8_read(text, size, &point);
    if (point == 0 || point == WEFT_UTF8_INVALID) return WEFT_TOKEN_REPORTED; /* weft_check_text has reported it */
    if (like) {
        weft_diagnose(d, WEFT_E0003, span, "`%.*s` is not part of the language", (int)size, text);
        weft_diagnose_suggest(d, like->meant);
        *op = like->op;
        return like->token;
    }
    if (is_space(point)) {
        weft_diagnose(d, WEFT_E0003, span, "U+%04X is not white space here; use a plain space", (unsigned)point);
        return 0;
    }
    if (point < 0x20 || point == 0x7F)
        weft_diagnose(d, WEFT_E0003, span, "control character U+%04X", (unsigned)point);
    else if (point < 0x80)
        weft_diagnose(d, WEFT_E0003, span, "`%c` starts no token", (int)point);
    else
        weft_diagnose(d, WEFT_E0003, span, "`%.*s` (U+%04X) starts no token; names are ASCII", (int)size, text,
                      (unsigned)point);
    return WEFT_TOKEN_REPORTED;
}

void weft_check_text(weft_parser *p, const weft_source *source) {
    bool was_bad = false;
    for (size_t at = 0, length; at < source->size; at += length) {
        uint32_t point;
        length = weft_utf8_read(source->text + at, source->size - at, &point);
        weft_span span = {p->source, (uint32_t)at, (uint32_t)(at + length)};
        bool is_bad = point == WEFT_UTF8_INVALID;
        if (is_bad && !was_bad)
            weft_diagnose(p->diagnostics, WEFT_E0001, span, "byte 0x%02X is not UTF-8 here",
                          (unsigned)(unsigned char)source->text[at]);
        if (point == 0) weft_diagnose(p->diagnostics, WEFT_E0002, span, "a NUL byte is not text");
        if (p->diagnostics->errors >= WEFT_MAX_REPORTS) weft_parser_stop(p);
        was_bad = is_bad;
    }
}
