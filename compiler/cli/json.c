/* The little of JSON that is written. Strings are UTF-8 already; bytes that are not become U+FFFD. */
#include <math.h>

#include "cli.h"

/* Length of the UTF-8 sequence at `at`, or 0 when there is none. */
static int sequence_length(const unsigned char *at) {
    int length = *at < 0x80                  ? 1
                 : *at >= 0xc2 && *at < 0xe0 ? 2
                 : *at >= 0xe0 && *at < 0xf0 ? 3
                 : *at >= 0xf0 && *at < 0xf5 ? 4
                                             : 0;
    for (int n = 1; n < length; n++)
        if ((at[n] & 0xc0) != 0x80) return 0;
    if (length == 3 && ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] >= 0xa0))) return 0;
    if (length == 4 && ((*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] >= 0x90))) return 0;
    return length;
}

void json_string(FILE *out, const char *text) {
    if (!text) {
        fputs("null", out);
        return;
    }
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        int length = sequence_length(at);
        if (*at == '"' || *at == '\\') {
            fprintf(out, "\\%c", *at);
        } else if (*at == '\n') {
            fputs("\\n", out);
        } else if (*at < 0x20 || *at == 0x7f) {
            fprintf(out, "\\u%04x", *at);
        } else if (!length) {
            fputs("\\ufffd", out);
        } else {
            fwrite(at, 1, (size_t)length, out);
        }
        at += length ? length : 1;
    }
    fputc('"', out);
}

void json_number(FILE *out, double value) {
    if (isfinite(value)) {
        fprintf(out, "%.17g", value);
    } else {
        fputs("null", out);
    }
}
