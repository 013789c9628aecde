/* Reading and writing .npy files. No size that a file claims is believed before the file is seen to be that long:
 * memory grows with what was really read. */
#include "npy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "element.h"

static bool fail(npy_error *error, const char *reason) {
    snprintf(error->text, sizeof error->text, "%s", reason);
    return false;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

/* The magic string, the version and the length of the header that follows. */
static bool read_preamble(FILE *file, size_t *header_size, npy_error *error) {
    unsigned char start[8], length[4] = {0};
    static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
    if (fread(start, 1, sizeof start, file) != sizeof start || memcmp(start, magic, sizeof magic) != 0)
        return fail(error, "not a .npy file");
    if (start[6] < 1 || start[6] > 3 || start[7] != 0) {
        snprintf(error->text, sizeof error->text, "version %d.%d of the format is not known", start[6], start[7]);
        return false;
    }
    size_t wide = start[6] == 1 ? 2 : 4;
    if (fread(length, 1, wide, file) != wide) return fail(error, "the file ends before its header");
    *header_size = length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 | (size_t)length[3] << 24;
    return *header_size <= NPY_MAX_HEADER || fail(error, "the header is too long");
}

static bool read_header(FILE *file, npy_header *out, npy_error *error) {
    size_t size;
    if (!read_preamble(file, &size, error)) return false;
    char *text = malloc(size + 1);
    if (!text) return fail(error, "out of memory");
    bool read = fread(text, 1, size, file) == size;
    if (!read) fail(error, "the file ends within its header");
    read = read && npy_parse_header(text, size, out, error);
    free(text);
    return read;
}

/* False when the stream is a plain file that is too short. */
static bool long_enough(FILE *file, uint64_t wanted) {
    struct stat status;
    int descriptor = fileno(file);
    if (descriptor < 0 || fstat(descriptor, &status) || !S_ISREG(status.st_mode)) return true; /* reading will tell */
    off_t here = ftello(file);
    return here >= 0 && here <= status.st_size && (uint64_t)(status.st_size - here) >= wanted;
}

/* `wanted` bytes, in steps, so that a stream that lies about its size costs no more than twice what it holds. */
static void *read_bytes(FILE *file, uint64_t wanted, npy_error *error) {
    enum { FIRST_STEP = 1 << 20 };
    if (!long_enough(file, wanted)) {
        fail(error, "the file is shorter than its shape says");
        return NULL;
    }
    unsigned char *data = NULL;
    for (uint64_t got = 0, room = 0;;) {
        room = room ? room * 2 : FIRST_STEP;
        if (room > wanted) room = wanted;
        unsigned char *more = room < SIZE_MAX ? realloc(data, room ? (size_t)room : 1) : NULL;
        if (!more) {
            free(data);
            fail(error, "out of memory");
            return NULL;
        }
        data = more;
        size_t read = fread(data + got, 1, (size_t)(room - got), file);
        got += read;
        if (got == wanted) return data;
        if (got == room) continue;
        free(data);
        fail(error, "the file is shorter than its shape says");
        return NULL;
    }
}

static void swap_bytes(unsigned char *data, int64_t count, size_t size) {
    for (int64_t n = 0; n < count; n++, data += size)
        for (size_t low = 0, high = size - 1; low < high; low++, high--) {
            unsigned char byte = data[low];
            data[low] = data[high];
            data[high] = byte;
        }
}

static void set_strides(npy_array *array) {
    const npy_header *header = &array->header;
    int64_t step = 1;
    for (int n = 0; n < header->dims; n++) {
        int dim = header->fortran ? n : header->dims - 1 - n;
        array->strides[dim] = step;
        if (header->count) step *= header->shape[dim];
    }
}

bool npy_read(FILE *file, npy_array *out, npy_error *error) {
    memset(out, 0, sizeof *out);
    if (!read_header(file, &out->header, error)) return false;
    size_t element = out->header.type.bits / 8u;
    out->data = read_bytes(file, (uint64_t)out->header.count * element, error);
    if (!out->data) return false;
    if (out->header.swapped) swap_bytes(out->data, out->header.count, element);
    set_strides(out);
    return true;
}

void npy_free(npy_array *array) {
    free(array->data);
    array->data = NULL;
}

/* ---- converting --------------------------------------------------------------------------------------------- */

bool npy_is_float(const npy_array *array) { return array->header.type.code == kDLFloat; }

static double value_at(const npy_array *array, int64_t at) {
    switch (array->header.type.bits) {
    case 16: return element_at(array->data, (size_t)at, WEFT_F16);
    case 32: return element_at(array->data, (size_t)at, WEFT_F32);
    default: return ((const double *)array->data)[at];
    }
}

void *npy_convert(const npy_array *array, weft_dtype dtype) {
    const npy_header *header = &array->header;
    void *out = malloc(header->count ? (size_t)header->count * element_size(dtype) : 1);
    if (!out) return NULL;
    int64_t index[NPY_MAX_DIMS] = {0}, at = 0;
    for (int64_t n = 0; n < header->count; n++) {
        element_set(out, (size_t)n, dtype, value_at(array, at));
        for (int dim = header->dims - 1; dim >= 0; dim--) { /* the next index in row-major order */
            at += array->strides[dim];
            if (++index[dim] < header->shape[dim]) break;
            at -= array->strides[dim] * header->shape[dim];
            index[dim] = 0;
        }
    }
    return out;
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

bool npy_write_header(FILE *file, const char *descr, int dims, const int64_t *shape) {
    enum { PREAMBLE = 10, BOUNDARY = 64 }; /* elements begin at a multiple of 64 bytes */
    char text[128 + NPY_MAX_DIMS * 22];
    if (dims > NPY_MAX_DIMS) return false;
    int size = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int n = 0; n < dims; n++)
        size += snprintf(text + size, sizeof text - (size_t)size, "%s%" PRId64, n ? ", " : "", shape[n]);
    size += snprintf(text + size, sizeof text - (size_t)size, "%s), }", dims == 1 ? "," : "");
    while ((PREAMBLE + size + 1) % BOUNDARY) text[size++] = ' ';
    text[size++] = '\n';
    const unsigned char preamble[PREAMBLE] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)(size & 255), (unsigned char)(size >> 8)};
    return fwrite(preamble, 1, PREAMBLE, file) == PREAMBLE && fwrite(text, 1, (size_t)size, file) == (size_t)size;
}

bool npy_write_floats(FILE *file, const void *elements, weft_dtype dtype, size_t count) {
    for (size_t n = 0; n < count; n++) {
        float value = (float)element_at(elements, n, dtype);
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        const unsigned char bytes[4] = {(unsigned char)bits, (unsigned char)(bits >> 8), (unsigned char)(bits >> 16),
                                        (unsigned char)(bits >> 24)};
        if (fwrite(bytes, 1, sizeof bytes, file) != sizeof bytes) return false;
    }
    return true;
}
