/* weft export: a pattern at given lengths, as other libraries take it. */
#include "export.h"

#include <inttypes.h>
#include <stdlib.h>

enum { TO_FLEX, TO_FLASHINFER, TO_INTERVALS, TO_NPY }; /* as --to lists them */

/* Of FlexAttention, and of most kernels that take blocks. */
static const int64_t usual_side[] = {[TO_FLEX] = 128, [TO_FLASHINFER] = 64, [TO_INTERVALS] = 8, [TO_NPY] = 8};

int export_written(const export_job *job, bool written) {
    if (written || ferror(job->out)) return EXIT_FINE;
    complain("%s: larger than 4 GiB, which an .npz file cannot hold; --head N writes one head",
             job->session->given->output);
    return EXIT_WRONG;
}

static bool options_agree(const options *given) {
    if (given->block && given->to != TO_FLEX && given->to != TO_FLASHINFER) {
        complain("--block goes with --to flex and --to flashinfer");
    } else if (given->block % 8 || given->block > 4096) {
        complain("--block is a multiple of 8, at most 4096");
    } else {
        return true;
    }
    return false;
}

int export_stopped(weft_status status) {
    return exit_code(status == WEFT_CANCELLED && !interrupted() ? WEFT_OUT_OF_MEMORY : status);
}

static int write_npy(const export_job *job) {
    uint8_t *room = mask_room(job->shape);
    int code = room ? write_masks(job->session, job->shape, room, job->out) : EXIT_WRONG;
    free(room);
    return code;
}

static int write_format(const export_job *job) {
    switch (job->session->given->to) {
    case TO_FLEX: return export_flex(job);
    case TO_FLASHINFER: return export_flashinfer(job);
    case TO_INTERVALS: return export_intervals(job);
    default: return write_npy(job);
    }
}

static int write_file(const session *s, const weft_shape *shape, const head_kinds *kinds) {
    const options *given = s->given;
    output_file out = {0};
    if (!output_open(&out, given->output)) return EXIT_WRONG;
    const export_job job = {.session = s,
                            .shape = shape,
                            .kinds = kinds,
                            .heads = given->given & TAKES(HEAD) ? 1 : shape->heads,
                            .side = given->block ? given->block : usual_side[given->to],
                            .out = out.stream};
    int code = write_format(&job);
    if (!code && !output_commit(&out)) code = EXIT_WRONG;
    output_discard(&out);
    return code;
}

int command_export(const options *given) {
    session s = {0};
    weft_shape shape = {0};
    head_kinds kinds = {0};
    if (!options_agree(given)) return EXIT_USAGE;
    int code = session_look(&s, given, &shape);
    if (!code) code = kinds_find(&kinds, s.plan, shape.heads, given);
    if (!code) code = write_file(&s, &shape, &kinds);
    kinds_free(&kinds);
    session_close(&s);
    return code;
}
