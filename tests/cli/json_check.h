/* Is a text one JSON value, as RFC 8259 has it? Structure only; strings are taken as they come. */
#ifndef WEFT_TEST_CLI_JSON_H
#define WEFT_TEST_CLI_JSON_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static inline const char *json_blank(const char *at) { return at + strspn(at, " \t\r\n"); }

static inline const char *json_value(const char *at);

static inline const char *json_text(const char *at) {
    for (at++; *at && *at != '"'; at++) {
        if ((unsigned char)*at < ' ') return NULL;
        if (*at == '\\' && (!at[1] || !strchr("\"\\/bfnrtu", *++at))) return NULL;
    }
    return *at ? at + 1 : NULL;
}

static inline const char *json_digits(const char *at) {
    return isdigit((unsigned char)*at) ? at + strspn(at, "0123456789") : NULL;
}

static inline const char *json_numeral(const char *at) {
    at += *at == '-';
    bool leading_zero = *at == '0' && isdigit((unsigned char)at[1]);
    at = leading_zero ? NULL : json_digits(at);
    if (at && *at == '.') at = json_digits(at + 1);
    if (at && (*at == 'e' || *at == 'E')) at = json_digits(at + 1 + (at[1] == '+' || at[1] == '-'));
    return at;
}

/* Members of an object, or elements of an array. */
static inline const char *json_members(const char *at, bool named, char close) {
    at = json_blank(at + 1);
    if (*at == close) return at + 1;
    for (;;) {
        if (named) {
            at = *at == '"' ? json_text(at) : NULL;
            if (!at || *(at = json_blank(at)) != ':') return NULL;
            at = json_blank(at + 1);
        }
        at = json_value(at);
        if (!at) return NULL;
        at = json_blank(at);
        if (*at == close) return at + 1;
        if (*at != ',') return NULL;
        at = json_blank(at + 1);
    }
}

/* What follows the value, or NULL. */
static inline const char *json_value(const char *at) {
    static const char *const words[] = {"true", "false", "null"};
    for (int n = 0; n < 3; n++)
        if (!strncmp(at, words[n], strlen(words[n]))) return at + strlen(words[n]);
    return *at == '{'   ? json_members(at, true, '}')
           : *at == '[' ? json_members(at, false, ']')
           : *at == '"' ? json_text(at)
                        : json_numeral(at);
}

static inline bool json_is_valid(const char *text) {
    const char *end = json_value(json_blank(text));
    return end && !*json_blank(end);
}

#endif
