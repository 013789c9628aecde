/* NumPy's .npz files: several arrays in one zip archive, stored and not compressed, each written as it comes. */
#ifndef WEFT_CLI_NPZ_H
#define WEFT_CLI_NPZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { NPZ_MAX_ARRAYS = 16, NPZ_MAX_NAME = 32 };

typedef struct npz_entry {
    char name[NPZ_MAX_NAME];
    uint32_t crc, size, offset;
} npz_entry;

/* An archive that is being written. Zero-initialise, and set the stream. */
typedef struct npz_writer {
    FILE *stream;
    npz_entry entries[NPZ_MAX_ARRAYS];
    int count;
    uint64_t written; /* bytes of the archive so far */
} npz_writer;

/* Begins an array; descr and shape are as for npy_write_header. False when the archive would exceed 4 GiB, which is
 * what a plain one can hold, or when the stream fails. */
bool npz_begin(npz_writer *out, const char *name, const char *descr, int dims, const int64_t *shape);
/* Its elements, little-endian and row-major, in any number of pieces. */
bool npz_write(npz_writer *out, const void *elements, size_t size);
bool npz_end(npz_writer *out);
/* A whole array of 32-bit integers. */
bool npz_add_ints(npz_writer *out, const char *name, int dims, const int64_t *shape, const int32_t *elements);
/* The directory that ends the archive. */
bool npz_finish(npz_writer *out);

#endif
