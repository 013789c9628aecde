/* A bundle is the images of one pattern for several processors, types and head dimensions as one run of bytes. It holds
 * offsets and no addresses, so that an object file with a bundle in it needs no relocation; images lie at multiples of
 * 64 bytes, so that their code can run where it lies, if that is executable. */
#ifndef WEFT_KERNEL_BUNDLE_H
#define WEFT_KERNEL_BUNDLE_H

#include "kernel/image.h"

enum { WEFT_BUNDLE_ALIGNMENT = 64 };

/* Appends the bundle to `out`, which is empty or ends at such a multiple. False when memory fails. */
WEFT_SHARED bool weft_bundle_write(const weft_image *images, uint32_t count, weft_text *out);

/* Checks where the bundle and its images lie, not what the images are. WEFT_INVALID_ARGUMENT with E0703. */
WEFT_SHARED weft_status weft_bundle_read(const void *bundle, size_t size, uint32_t *count,
                                         weft_diagnostics *diagnostics);
/* Image number n of a bundle that was read. */
WEFT_SHARED weft_image weft_bundle_at(const void *bundle, uint32_t n);

#endif
