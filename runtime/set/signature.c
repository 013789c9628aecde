/* Reading "lo: int, step: size = 1". The strings are our own (atoms.def), and a test reads them all. */
#include "set/signature.h"

#include <string.h>

bool weft_slice_is(weft_slice slice, const char *string) {
    return strlen(string) == slice.size && memcmp(slice.at, string, slice.size) == 0;
}

/* What stands before the first of `stops`, without the blanks around it; *rest then begins with that stop, or is empty.
 */
static weft_slice take_until(const char **rest, const char *stops) {
    const char *begin = *rest + strspn(*rest, " ");
    const char *end = begin + strcspn(begin, stops);
    *rest = end;
    while (end > begin && end[-1] == ' ') end--;
    return (weft_slice){begin, (uint32_t)(end - begin)};
}

static void set_type(weft_formal *formal, weft_slice type) {
    if (memchr(type.at, '|', type.size)) {
        formal->type = WEFT_TYPE_WORD;
        formal->words = type;
        return;
    }
    formal->may_be_table = weft_slice_is(type, "sizes");
    formal->is_size = formal->may_be_table || weft_slice_is(type, "size");
    formal->type = formal->is_size ? WEFT_TYPE_INT : weft_slice_is(type, "list") ? WEFT_TYPE_LIST : WEFT_TYPE_COUNT;
    for (int k = 0; k < WEFT_TYPE_COUNT && formal->type == WEFT_TYPE_COUNT; k++)
        if (weft_slice_is(type, weft_type_name((weft_type)k))) formal->type = (weft_type)k;
}

bool weft_next_formal(const char **rest, weft_formal *out) {
    if (**rest == '\0') return false;
    *out = (weft_formal){.name = take_until(rest, ":")};
    *rest += **rest == ':';
    set_type(out, take_until(rest, "=,"));
    if (**rest == '=') {
        ++*rest;
        out->initial = take_until(rest, ",");
    }
    *rest += **rest == ',';
    return true;
}

uint32_t weft_count_formals(const char *signature) {
    uint32_t count = 0;
    for (weft_formal formal; weft_next_formal(&signature, &formal);) count++;
    return count;
}

weft_slice weft_formal_word_at(const weft_formal *formal, uint32_t place) {
    const char *at = formal->words.at, *end = formal->words.size ? at + formal->words.size : at;
    while (at < end) {
        const char *bar = memchr(at, '|', (size_t)(end - at));
        if (!bar) bar = end;
        if (place-- == 0) return (weft_slice){at, (uint32_t)(bar - at)};
        at = bar + 1;
    }
    return (weft_slice){NULL, 0};
}

int32_t weft_formal_word(const weft_formal *formal, const char *word, size_t size) {
    for (uint32_t place = 0;; place++) {
        weft_slice known = weft_formal_word_at(formal, place);
        if (known.size == 0) return -1;
        if (known.size == size && memcmp(known.at, word, size) == 0) return (int32_t)place;
    }
}
