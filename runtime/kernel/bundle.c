/* Writing and reading bundles: a header, where each image lies, the images. The hash is of all that follows it up to
 * the images, which have hashes of their own. */
#include "kernel/bundle.h"

#include <string.h>
#include <xxhash.h>

#define MAGIC UINT64_C(0x4c444e4254465701) /* "\1WFTBNDL", little-endian */

typedef struct header {
    uint64_t magic;
    uint64_t hash;
    uint64_t size; /* of the bundle */
    uint32_t abi, count;
} header;

enum { HASHED_FROM = offsetof(header, size) };

typedef struct place {
    uint64_t offset, size;
} place;

static uint64_t align_up(uint64_t value) {
    return (value + WEFT_BUNDLE_ALIGNMENT - 1) / WEFT_BUNDLE_ALIGNMENT * WEFT_BUNDLE_ALIGNMENT;
}

static uint64_t hash_of(const void *bundle, uint32_t count) {
    return XXH3_64bits((const char *)bundle + HASHED_FROM, sizeof(header) - HASHED_FROM + count * sizeof(place));
}

static void pad(weft_text *out, size_t begin) {
    static const char zeros[WEFT_BUNDLE_ALIGNMENT] = {0};
    weft_text_add(out, zeros, align_up(out->size - begin) - (out->size - begin));
}

bool weft_bundle_write(const weft_image *images, uint32_t count, weft_text *out) {
    size_t begin = out->size;
    header head = {.magic = MAGIC, .abi = WEFT_KERNEL_ABI, .count = count};
    uint64_t at = align_up(sizeof head + count * sizeof(place));
    head.size = at;
    for (uint32_t n = 0; n < count; n++) head.size += align_up(images[n].size);
    weft_text_add(out, (const char *)&head, sizeof head);
    for (uint32_t n = 0; n < count; n++) {
        place where = {at, images[n].size};
        weft_text_add(out, (const char *)&where, sizeof where);
        at += align_up(images[n].size);
    }
    pad(out, begin);
    for (uint32_t n = 0; n < count; n++) {
        weft_text_add(out, images[n].data, images[n].size);
        pad(out, begin);
    }
    if (out->failed) return false;
    head.hash = hash_of(out->at + begin, count);
    memcpy(out->at + begin, &head, sizeof head);
    return true;
}

static const place *places(const void *bundle) { return (const place *)(const void *)((const header *)bundle + 1); }

/* What is wrong, or NULL. */
static const char *damage(const void *bundle, size_t size) {
    if (!bundle || (uintptr_t)bundle % WEFT_BUNDLE_ALIGNMENT) return "a bundle lies at a multiple of 64 bytes";
    if (size < sizeof(header)) return "the bundle is cut short";
    const header *head = bundle;
    if (head->magic != MAGIC) return "these bytes are not a bundle of kernels";
    if (head->abi != WEFT_KERNEL_ABI) return "the bundle was made by another version of Weft";
    if (head->size != size || head->count > (size - sizeof *head) / sizeof(place)) return "the bundle is cut short";
    if (head->hash != hash_of(bundle, head->count)) return "the bundle is damaged: its checksum does not match";
    for (uint32_t n = 0; n < head->count; n++) {
        const place *p = &places(bundle)[n];
        if (p->offset > size || p->size > size - p->offset || p->offset % WEFT_BUNDLE_ALIGNMENT)
            return "an image of the bundle does not lie in it";
    }
    return NULL;
}

weft_status weft_bundle_read(const void *bundle, size_t size, uint32_t *count, weft_diagnostics *diagnostics) {
    const char *wrong = damage(bundle, size);
    if (wrong) {
        weft_diagnose(diagnostics, WEFT_E0703, WEFT_NO_SPAN, "%s", wrong);
        return WEFT_INVALID_ARGUMENT;
    }
    *count = ((const header *)bundle)->count;
    return WEFT_OK;
}

weft_image weft_bundle_at(const void *bundle, uint32_t n) {
    const place *p = &places(bundle)[n];
    return (weft_image){(const char *)bundle + p->offset, (size_t)p->size};
}
