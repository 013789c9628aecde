#include "picture/text.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 120, REPLACEMENT = 0xFFFD, ELLIPSIS = 0x2026 };

static int tail_length(unsigned char lead) {
    return lead < 0x80                   ? 0
           : lead >= 0xC2 && lead < 0xE0 ? 1
           : lead >= 0xE0 && lead < 0xF0 ? 2
           : lead >= 0xF0 && lead < 0xF5 ? 3
                                         : -1;
}

uint32_t text_next(const char **at) {
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)*at;
    if (*byte == 0) return 0;
    *at += 1;
    int tail = tail_length(*byte);
    if (tail < 0) return REPLACEMENT;
    uint32_t point = tail == 0 ? *byte : *byte & (0x3Fu >> tail);
    for (int i = 1; i <= tail; i++) {
        if ((byte[i] & 0xC0) != 0x80) return REPLACEMENT; /* a NUL ends up here too */
        point = point << 6 | (byte[i] & 0x3Fu);
    }
    if (point < smallest[tail] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return REPLACEMENT;
    *at += tail;
    return point;
}

char *text_put(char *at, uint32_t point) {
    if (point < 0x80) {
        *at++ = (char)point;
        return at;
    }
    int tail = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    *at++ = (char)((0xF00u >> (tail + 1) & 0xFFu) | point >> 6 * tail);
    while (tail-- > 0) *at++ = (char)(0x80 | (point >> 6 * tail & 0x3F));
    return at;
}

/* Characters that XML forbids, that move a terminal's cursor, or that turn the direction of text. */
static bool is_harmful(uint32_t point) {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x200B && point <= 0x200F) ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF ||
           (point & 0xFFFE) == 0xFFFE;
}

char *text_clean(const char *text) {
    char *clean = malloc(TEXT_BYTES), *end = clean;
    if (!clean) return NULL;
    int count = 0;
    for (uint32_t point; text && (point = text_next(&text)) != 0; count++) {
        if (count == LONGEST) {
            end = text_put(end, ELLIPSIS);
            break;
        }
        end = text_put(end, is_harmful(point) ? REPLACEMENT : point);
    }
    *end = 0;
    return clean;
}

int64_t text_axis_step(int64_t length, int wanted) {
    if (wanted < 1) wanted = 1;
    for (int64_t step = 1; step <= length / 2; step *= 2) /* 2048 reads better than 2000 on 8192 tokens */
        if (length % step == 0 && length / step <= wanted && length / step >= (wanted + 1) / 2) return step;
    static const int64_t factors[] = {1, 2, 5};
    for (int64_t ten = 1; ten <= length; ten *= 10) {
        for (int i = 0; i < 3; i++)
            if (length / (factors[i] * ten) <= wanted) return factors[i] * ten;
        if (ten > INT64_MAX / 10) break;
    }
    return length < 1 ? 1 : length;
}
