/* UTF-8 as RFC 3629 has it. */
#include "support/utf8.h"

size_t weft_utf8_read(const char *text, size_t size, uint32_t *out) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)text[0];
    *out = lead;
    if (lead < 0x80) return 1;
    *out = WEFT_UTF8_INVALID;
    size_t length = lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : 0;
    if (length == 0 || length > size) return 1;
    uint32_t point = lead & (0x7Fu >> length);
    for (size_t k = 1; k < length; k++) {
        unsigned char byte = (unsigned char)text[k];
        if ((byte & 0xC0) != 0x80) return 1;
        point = point << 6 | (byte & 0x3F);
    }
    if (point < smallest[length] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return 1;
    *out = point;
    return length;
}
