/* What the library says about itself: its version, and statuses in words. */
#include "support/alloc.h"

const char *weft_version(void) { return WEFT_VERSION_TEXT; }

const char *weft_status_name(weft_status status) {
    switch (status) {
    case WEFT_OK: return "fine";
    case WEFT_INVALID_PATTERN: return "invalid pattern";
    case WEFT_INVALID_ARGUMENT: return "invalid argument";
    case WEFT_UNSUPPORTED: return "unsupported";
    case WEFT_OUT_OF_MEMORY: return "out of memory";
    case WEFT_IO_ERROR: return "input or output error";
    case WEFT_CANCELLED: return "cancelled";
    case WEFT_INTERNAL: return "internal error";
    }
    return "unknown status";
}
