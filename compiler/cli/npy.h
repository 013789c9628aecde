/* NumPy's .npy files: reading that survives anything, and writing. Reads versions 1.0, 2.0 and 3.0, C and Fortran
 * order, either byte order; booleans, integers of 8 to 64 bits, floats of 16, 32 and 64 bits. */
#ifndef WEFT_CLI_NPY_H
#define WEFT_CLI_NPY_H

#include <stdio.h>
#include <weft/runtime.h>

enum { NPY_MAX_DIMS = 32, NPY_MAX_HEADER = 1 << 20 };

/* What the header of a file says. */
typedef struct npy_header {
    DLDataType type; /* booleans are 8-bit unsigned integers */
    bool is_bool, swapped, fortran;
    int dims;
    int64_t shape[NPY_MAX_DIMS];
    int64_t count; /* elements */
} npy_header;

/* An array in memory, native byte order, in the order of the file. */
typedef struct npy_array {
    npy_header header;
    int64_t strides[NPY_MAX_DIMS]; /* in elements */
    void *data;                    /* malloc'ed, never NULL */
} npy_array;

/* What went wrong, as a phrase such as "the header ends early". */
typedef struct npy_error {
    char text[160];
} npy_error;

/* Parses the dictionary of a header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)} and white space, nothing
 * else. False with a reason. The text need not end in NUL. */
bool npy_parse_header(const char *text, size_t size, npy_header *out, npy_error *error);

/* Reads one array from a stream. What follows it is left alone. False, and nothing to free, with a reason. */
bool npy_read(FILE *file, npy_array *out, npy_error *error);
void npy_free(npy_array *array);

/* The elements as a compact row-major array, rounded to nearest even; the caller frees it. NULL when memory fails. The
 * array must hold floats (npy_is_float). */
bool npy_is_float(const npy_array *array);
void *npy_convert(const npy_array *array, weft_dtype dtype);

/* Writes a version 1.0 header for a row-major little-endian array; descr is such as "<f4" or "|b1". False when the
 * stream fails or there are too many dimensions. The elements follow it. */
bool npy_write_header(FILE *file, const char *descr, int dims, const int64_t *shape);
/* Writes elements of any dtype as "<f4" elements. */
bool npy_write_floats(FILE *file, const void *elements, weft_dtype dtype, size_t count);

#endif
