/* weft mask: the boolean mask of every head as a .npy file. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"

#define MOST_PAIRS (INT64_C(1) << 38) /* of one head, a byte each */

static bool lengths_are_clear(const options *given) {
    const uint64_t tensors = TAKES(QUERY) | TAKES(KEY), lengths = TAKES(LQ) | TAKES(LK);
    uint64_t said = given->given & (tensors | lengths);
    if (said == tensors || said == lengths) return true;
    complain("mask takes either --lq and --lk, or --q and --k");
    return false;
}

uint8_t *mask_room(const weft_shape *shape) {
    uint8_t *mask = NULL;
    if (shape->queries <= MOST_PAIRS / shape->keys) mask = malloc((size_t)(shape->queries * shape->keys));
    if (!mask)
        complain("a mask of %" PRId64 " queries by %" PRId64 " keys does not fit in memory; weft show and weft stats "
                 "need none",
                 shape->queries, shape->keys);
    return mask;
}

int write_masks(const session *s, const weft_shape *shape, uint8_t *mask, FILE *out) {
    const bool one = s->given->given & TAKES(HEAD);
    const int64_t size[3] = {one ? 1 : shape->heads, shape->queries, shape->keys};
    int64_t first = one ? s->given->head : 0;
    size_t pairs = (size_t)(shape->queries * shape->keys);
    weft_status status = WEFT_OK;
    npy_write_header(out, "|b1", 3, size);
    for (int64_t head = first; head < first + size[0] && status == WEFT_OK; head++) {
        progress("mask", (double)(head - first), (double)size[0]);
        if (interrupted()) {
            status = WEFT_CANCELLED;
        } else {
            status = weft_plan_mask(s->plan, 0, head, (weft_mask_source)s->given->via, mask);
            if (status == WEFT_OK && fwrite(mask, 1, pairs, out) != pairs) break; /* committing says why */
        }
    }
    if (status != WEFT_OK) session_explain_run(s);
    return exit_code(status);
}

int command_mask(const options *given) {
    const weft_kernel_options plan_only = {.size = sizeof plan_only, .plan_only = true};
    weft_shape shape = {.size = sizeof shape, .queries = given->lq, .keys = given->lk};
    output_file out = {0};
    session s = {0};
    uint8_t *mask = NULL;
    if (!lengths_are_clear(given)) return EXIT_USAGE;
    int code = session_open(&s, given, false);
    if (!code) code = session_choose(&s);
    if (!code) code = session_bind(&s);
    if (!code) code = session_read(&s, &shape);
    if (!code && !shape.heads) shape.heads = session_heads(&s);
    if (!code) code = session_compile(&s, &plan_only);
    if (!code && !(mask = mask_room(&shape))) code = EXIT_WRONG; /* before a plan is worked out for nothing */
    if (!code) code = session_plan(&s, &shape, false);
    if (!code && !output_open(&out, given->output)) code = EXIT_WRONG;
    if (!code) {
        code = write_masks(&s, &shape, mask, out.stream);
        if (!code && !output_commit(&out)) code = EXIT_WRONG;
    }
    output_discard(&out);
    session_close(&s);
    free(mask);
    return code;
}
