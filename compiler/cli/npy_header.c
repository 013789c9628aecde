/* The header of a .npy file is a Python dictionary. This reads exactly the literals that NumPy writes there (strings
 * without escapes, True and False, tuples of whole numbers) and nothing more. */
#include <string.h>

#include "npy.h"

typedef struct reader {
    const char *at, *end;
    npy_error *error;
} reader;

/* A string literal without its quotes. */
typedef struct word {
    const char *at;
    size_t size;
} word;

static bool fail(reader *in, const char *reason) {
    snprintf(in->error->text, sizeof in->error->text, "%s", reason);
    return false;
}

static void skip_space(reader *in) {
    while (in->at < in->end && strchr(" \t\r\n", *in->at) && *in->at) in->at++;
}

static bool accept(reader *in, char c) {
    skip_space(in);
    if (in->at == in->end || *in->at != c) return false;
    in->at++;
    return true;
}

static bool expect(reader *in, char c) {
    if (accept(in, c)) return true;
    snprintf(in->error->text, sizeof in->error->text, "the header has no `%c` where one belongs", c);
    return false;
}

static bool read_string(reader *in, word *out) {
    skip_space(in);
    if (in->at == in->end || (*in->at != '\'' && *in->at != '"')) return fail(in, "the header lacks a string");
    char quote = *in->at++;
    out->at = in->at;
    while (in->at < in->end && *in->at != quote) {
        if (*in->at == '\\' || *in->at == '\n' || *in->at == '\0')
            return fail(in, "a string of the header is malformed");
        in->at++;
    }
    if (in->at == in->end) return fail(in, "a string of the header does not end");
    out->size = (size_t)(in->at++ - out->at);
    return true;
}

static bool is(word text, const char *other) {
    return text.size == strlen(other) && !memcmp(text.at, other, text.size);
}

static bool read_bool(reader *in, bool *out) {
    static const char *const names[] = {"False", "True"};
    skip_space(in);
    for (int value = 0; value < 2; value++) {
        size_t size = strlen(names[value]);
        if ((size_t)(in->end - in->at) < size || memcmp(in->at, names[value], size) != 0) continue;
        in->at += size;
        *out = value;
        return true;
    }
    return fail(in, "fortran_order is neither True nor False");
}

static bool read_size(reader *in, int64_t *out) {
    skip_space(in);
    const char *start = in->at;
    int64_t value = 0;
    for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
        int digit = *in->at - '0';
        if (value > (INT64_MAX - digit) / 10) return fail(in, "a size of the shape is too large");
        value = value * 10 + digit;
    }
    if (in->at == start) return fail(in, "a size of the shape is not a whole number");
    if (in->at < in->end && *in->at == 'L') in->at++; /* Python 2 wrote 3L */
    *out = value;
    return true;
}

/* (), (n,), (n, m) and so on; one size needs its comma, or it would be a number in parentheses. */
static bool read_shape(reader *in, npy_header *out) {
    bool comma = true;
    if (!expect(in, '(')) return false;
    for (out->dims = 0; !accept(in, ')'); out->dims++) {
        if (!comma) return fail(in, "the shape lacks a comma");
        if (out->dims == NPY_MAX_DIMS) return fail(in, "the shape has too many dimensions");
        if (!read_size(in, &out->shape[out->dims])) return false;
        comma = accept(in, ',');
    }
    return out->dims != 1 || comma || fail(in, "the shape is not a tuple");
}

static bool read_type(reader *in, npy_header *out) {
    static const struct {
        const char *name;
        DLDataType type;
    } types[] = {{"b1", {kDLUInt, 8, 1}},   {"i1", {kDLInt, 8, 1}},    {"i2", {kDLInt, 16, 1}},
                 {"i4", {kDLInt, 32, 1}},   {"i8", {kDLInt, 64, 1}},   {"u1", {kDLUInt, 8, 1}},
                 {"u2", {kDLUInt, 16, 1}},  {"u4", {kDLUInt, 32, 1}},  {"u8", {kDLUInt, 64, 1}},
                 {"f2", {kDLFloat, 16, 1}}, {"f4", {kDLFloat, 32, 1}}, {"f8", {kDLFloat, 64, 1}}};
    skip_space(in);
    if (in->at < in->end && *in->at == '[') return fail(in, "arrays of records are not supported");
    word descr;
    if (!read_string(in, &descr)) return false;
    const uint16_t probe = 1;
    bool little = *(const unsigned char *)&probe;
    for (size_t n = 0; n < sizeof types / sizeof *types && descr.size == 3; n++) {
        if (memcmp(descr.at + 1, types[n].name, 2) != 0 || !strchr("<>=|", descr.at[0])) continue;
        if (descr.at[0] == '|' && types[n].type.bits > 8) break;
        out->type = types[n].type;
        out->is_bool = types[n].name[0] == 'b';
        out->swapped = out->type.bits > 8 && descr.at[0] == (little ? '>' : '<');
        return true;
    }
    bool printable = descr.size < 40;
    for (size_t n = 0; n < descr.size && printable; n++) printable = descr.at[n] >= ' ' && descr.at[n] <= '~';
    if (!printable) return fail(in, "the element type is not supported");
    snprintf(in->error->text, sizeof in->error->text, "the element type %.*s is not supported", (int)descr.size,
             descr.at);
    return false;
}

/* Products of zeros and absurd sizes alike must not overflow. */
static bool count_elements(reader *in, npy_header *out) {
    out->count = 1;
    for (int n = 0; n < out->dims; n++)
        if (out->shape[n] == 0) out->count = 0;
    for (int n = 0; n < out->dims && out->count; n++) {
        if (out->count > INT64_MAX / 8 / out->shape[n]) return fail(in, "the shape is too large for any file");
        out->count *= out->shape[n];
    }
    return true;
}

bool npy_parse_header(const char *text, size_t size, npy_header *out, npy_error *error) {
    reader in = {text, text + size, error};
    enum { DESCR = 1, ORDER = 2, SHAPE = 4 };
    unsigned seen = 0;
    bool comma = true;
    memset(out, 0, sizeof *out);
    if (!expect(&in, '{')) return false;
    while (!accept(&in, '}')) {
        word key;
        if (!comma) return fail(&in, "the header lacks a comma");
        if (!read_string(&in, &key) || !expect(&in, ':')) return false;
        unsigned which = is(key, "descr") ? DESCR : is(key, "fortran_order") ? ORDER : is(key, "shape") ? SHAPE : 0;
        if (!which || (seen & which)) return fail(&in, "the header has a key that is unknown or comes twice");
        seen |= which;
        bool read = which == DESCR   ? read_type(&in, out)
                    : which == ORDER ? read_bool(&in, &out->fortran)
                                     : read_shape(&in, out);
        if (!read) return false;
        comma = accept(&in, ',');
    }
    skip_space(&in);
    if (in.at != in.end) return fail(&in, "the header goes on after its dictionary");
    if (seen != (DESCR | ORDER | SHAPE)) return fail(&in, "the header lacks descr, fortran_order or shape");
    return count_elements(&in, out);
}
