/* FlashInfer's block-sparse attention (flashinfer.sparse.BlockSparseAttentionWrapper) in an .npz file: the arguments of
 * its plan(). indptr [M / R + 1], indices [blocks], int32; sizes (M, N, R, C), M queries and N keys in blocks of R by
 * C; packed_mask, a bit an element: row after row of blocks, in each row query by query, all its blocks' keys of one
 * query side by side, bit j % 8 of byte j / 8. Where every block is full it need not be given. */
#include <inttypes.h>
#include <stdlib.h>

#include "export.h"
#include "npz.h"

typedef struct bsr {
    int64_t side;
    int32_t *indptr, *indices;
    int64_t count, room; /* blocks */
    npz_writer archive;
} bsr;

static bool list_row(void *user, int64_t row, const block *blocks, int64_t count) {
    bsr *b = user;
    if (b->count + count > b->room) {
        int64_t room = 2 * (b->count + count);
        int32_t *more = room < INT32_MAX ? realloc(b->indices, (size_t)room * sizeof *more) : NULL;
        if (!more) return false;
        b->indices = more;
        b->room = room;
    }
    for (int64_t n = 0; n < count; n++) b->indices[b->count++] = blocks[n].column;
    b->indptr[row + 1] = (int32_t)b->count;
    return true;
}

static bool write_row(void *user, int64_t row, const block *blocks, int64_t count) {
    bsr *b = user;
    size_t bytes = (size_t)b->side / 8;
    (void)row;
    for (int64_t query = 0; query < b->side; query++)
        for (int64_t n = 0; n < count; n++)
            if (!npz_write(&b->archive, blocks[n].bits + (size_t)query * bytes, bytes)) return false;
    return true;
}

/* One mask serves all heads there, and blocks do not stick out. */
static bool can_be_written(const export_job *job) {
    const weft_shape *shape = job->shape;
    if (job->kinds->count > 1) {
        complain("FlashInfer's wrapper has one mask for all heads, but these differ; --head N writes that of one");
    } else if (shape->queries % job->side || shape->keys % job->side) {
        complain("FlashInfer wants lengths that are multiples of the block, %" PRId64 "; see --block", job->side);
    } else {
        return true;
    }
    return false;
}

static weft_status visit(const export_job *job, bsr *b, block_row_hook *hook) {
    return visit_blocks(job->session->plan, job->shape, job->kinds->at[0].first, job->side, hook, b);
}

static int write_archive(const export_job *job, bsr *b) {
    const int64_t rows[] = {job->shape->queries / b->side + 1}, blocks[] = {b->count}, four[] = {4};
    const int64_t bytes[] = {b->count * (b->side * b->side / 8)};
    const int32_t sizes[] = {(int32_t)job->shape->queries, (int32_t)job->shape->keys, (int32_t)b->side,
                             (int32_t)b->side};
    bool written = npz_add_ints(&b->archive, "indptr", 1, rows, b->indptr) &&
                   npz_add_ints(&b->archive, "indices", 1, blocks, b->indices) &&
                   npz_add_ints(&b->archive, "sizes", 1, four, sizes) &&
                   npz_begin(&b->archive, "packed_mask", "|u1", 1, bytes);
    weft_status status = written ? visit(job, b, write_row) : WEFT_CANCELLED;
    if (interrupted() || (status != WEFT_OK && status != WEFT_CANCELLED)) return export_stopped(status);
    return export_written(job, status == WEFT_OK && npz_end(&b->archive) && npz_finish(&b->archive));
}

int export_flashinfer(const export_job *job) {
    bsr b = {.side = job->side, .archive.stream = job->out};
    if (!can_be_written(job)) return EXIT_WRONG;
    b.indptr = calloc((size_t)(job->shape->queries / job->side + 1), sizeof *b.indptr);
    weft_status status = b.indptr ? visit(job, &b, list_row) : WEFT_OUT_OF_MEMORY;
    int code = status == WEFT_OK ? write_archive(job, &b) : export_stopped(status);
    free(b.indptr);
    free(b.indices);
    return code;
}
