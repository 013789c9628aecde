/* Zip as APPNOTE.TXT has it (PKWARE), the least of it: entries are stored, and say after their bytes how they sum up,
 * so that nothing is kept and nothing is gone back to. */
#include "npz.h"

#include <string.h>
#include <zlib.h>

#include "npy.h"

enum { STORED_VERSION = 20, SUMS_FOLLOW = 8, DATE = 33 /* 1980-01-01: the same input gives the same file */ };
static const uint64_t most_bytes = UINT32_MAX - (1 << 20); /* with room for the directory */

/* Little-endian fields: a digit of `sizes` says how many bytes the next value takes. */
static bool put(npz_writer *out, const char *sizes, const uint32_t *values) {
    unsigned char bytes[64];
    size_t used = 0;
    for (; *sizes; sizes++, values++)
        for (int n = 0; n < *sizes - '0'; n++) bytes[used++] = (unsigned char)(*values >> 8 * n);
    out->written += used;
    return fwrite(bytes, 1, used, out->stream) == used;
}

static bool put_name(npz_writer *out, const npz_entry *entry) {
    size_t size = strlen(entry->name);
    out->written += size;
    return fwrite(entry->name, 1, size, out->stream) == size;
}

bool npz_begin(npz_writer *out, const char *name, const char *descr, int dims, const int64_t *shape) {
    if (out->count == NPZ_MAX_ARRAYS || out->written > most_bytes) return false;
    npz_entry *entry = &out->entries[out->count++];
    *entry = (npz_entry){.offset = (uint32_t)out->written};
    snprintf(entry->name, sizeof entry->name, "%s.npy", name);
    const uint32_t fields[] = {
        0x04034b50, STORED_VERSION, SUMS_FOLLOW, 0, 0, DATE, 0, 0, 0, (uint32_t)strlen(entry->name), 0};
    if (!put(out, "42222244422", fields) || !put_name(out, entry)) return false;
    char header[4096];
    FILE *memory = fmemopen(header, sizeof header, "wb");
    bool fits = memory && npy_write_header(memory, descr, dims, shape);
    long size = fits ? ftell(memory) : 0;
    if (memory) fclose(memory);
    return fits && npz_write(out, header, (size_t)size);
}

bool npz_write(npz_writer *out, const void *elements, size_t size) {
    npz_entry *entry = &out->entries[out->count - 1];
    if (size > most_bytes || out->written + size > most_bytes) return false;
    entry->crc = (uint32_t)crc32_z(entry->crc, elements, size);
    entry->size += (uint32_t)size;
    out->written += size;
    return fwrite(elements, 1, size, out->stream) == size;
}

bool npz_end(npz_writer *out) {
    const npz_entry *entry = &out->entries[out->count - 1];
    const uint32_t fields[] = {0x08074b50, entry->crc, entry->size, entry->size};
    return put(out, "4444", fields);
}

bool npz_add_ints(npz_writer *out, const char *name, int dims, const int64_t *shape, const int32_t *elements) {
    size_t count = 1;
    for (int n = 0; n < dims; n++) count *= (size_t)shape[n];
    return npz_begin(out, name, "<i4", dims, shape) && npz_write(out, elements, count * sizeof *elements) &&
           npz_end(out);
}

bool npz_finish(npz_writer *out) {
    uint32_t start = (uint32_t)out->written, count = (uint32_t)out->count;
    for (int n = 0; n < out->count; n++) {
        const npz_entry *e = &out->entries[n];
        const uint32_t fields[] = {0x02014b50,
                                   STORED_VERSION,
                                   STORED_VERSION,
                                   SUMS_FOLLOW,
                                   0,
                                   0,
                                   DATE,
                                   e->crc,
                                   e->size,
                                   e->size,
                                   (uint32_t)strlen(e->name),
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   e->offset};
        if (!put(out, "42222224442222244", fields) || !put_name(out, e)) return false;
    }
    const uint32_t fields[] = {0x06054b50, 0, 0, count, count, (uint32_t)out->written - start, start, 0};
    return put(out, "42222442", fields);
}
