/* .npy files: the input as a file, and as the header of a file whose elements are there. What is read has its elements
 * where the strides say, and its header reads back as written. */
#include "cli/npy.h"
#include "fuzz.h"

enum { MOST_BYTES = 1 << 16 }; /* of elements, where we make them */

/* Reads each element once; the sanitizer watches. */
static void touch(const npy_array *array) {
    const npy_header *header = &array->header;
    size_t element = header->type.bits / 8u;
    int64_t index[NPY_MAX_DIMS] = {0};
    volatile unsigned char sink = 0;
    for (int64_t n = 0; n < header->count; n++) {
        int64_t at = 0;
        for (int dim = 0; dim < header->dims; dim++) at += index[dim] * array->strides[dim];
        HOLDS(at >= 0 && at < header->count);
        sink = ((const unsigned char *)array->data)[(size_t)at * element + element - 1];
        for (int dim = header->dims - 1; dim >= 0 && ++index[dim] == header->shape[dim]; dim--) index[dim] = 0;
    }
    (void)sink;
}

static void check_array(const npy_array *array) {
    HOLDS(array->data && array->header.dims >= 0 && array->header.dims <= NPY_MAX_DIMS && array->header.count >= 0);
    touch(array);
    if (!npy_is_float(array)) return;
    void *halves = npy_convert(array, WEFT_BF16);
    HOLDS(halves);
    free(halves);
}

/* NULL for no bytes. */
static FILE *open_bytes(const void *bytes, size_t size) {
    return size ? fmemopen((void *)(uintptr_t)bytes, size, "rb") : NULL;
}

static void read_file(const void *bytes, size_t size, bool must_read) {
    FILE *file = open_bytes(bytes, size);
    npy_array array;
    npy_error error = {{0}};
    bool read = file && npy_read(file, &array, &error);
    HOLDS(read || !must_read);
    HOLDS(!file || read || (error.text[0] && memchr(error.text, 0, sizeof error.text)));
    if (read) check_array(&array);
    if (read) npy_free(&array);
    if (file) fclose(file);
}

/* A file with that header and zeros. */
static void read_with_header(const uint8_t *text, size_t size, const npy_header *header) {
    size_t element = header->type.bits / 8u;
    if (size > UINT16_MAX || header->count > (int64_t)(MOST_BYTES / element)) return;
    size_t whole = 10 + size + (size_t)header->count * element;
    uint8_t *file = calloc(whole, 1);
    HOLDS(file);
    memcpy(file, "\x93NUMPY\1\0", 8);
    file[8] = (uint8_t)(size & 255), file[9] = (uint8_t)(size >> 8);
    if (size) memcpy(file + 10, text, size);
    read_file(file, whole, true);
    if (header->count > 0) read_file(file, whole - 1, false);
    free(file);
}

static void write_again(const npy_header *header) {
    char descr[8], *bytes = NULL;
    size_t size = 0;
    const char kind = header->is_bool                 ? 'b'
                      : header->type.code == kDLFloat ? 'f'
                      : header->type.code == kDLInt   ? 'i'
                                                      : 'u';
    snprintf(descr, sizeof descr, "%c%c%d", header->type.bits == 8 ? '|' : '<', kind, header->type.bits / 8);
    FILE *file = open_memstream(&bytes, &size);
    HOLDS(file);
    HOLDS(npy_write_header(file, descr, header->dims, header->shape));
    fclose(file);
    npy_header again;
    npy_error error;
    HOLDS(size > 10 && npy_parse_header(bytes + 10, size - 10, &again, &error));
    HOLDS(again.dims == header->dims && again.count == header->count && again.is_bool == header->is_bool);
    HOLDS(again.type.code == header->type.code && again.type.bits == header->type.bits);
    HOLDS(memcmp(again.shape, header->shape, (size_t)header->dims * sizeof *again.shape) == 0);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    npy_header header;
    npy_error error = {{0}};
    read_file(data, size, false);
    if (npy_parse_header((const char *)data, size, &header, &error)) {
        read_with_header(data, size, &header);
        write_again(&header);
    } else {
        HOLDS(error.text[0]);
    }
    return 0;
}
