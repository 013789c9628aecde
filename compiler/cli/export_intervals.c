/* The keys of every row as intervals, for kernels whose masks are a first and a last key (cuDNN's) or a few such: a
 * .npy file, int32 [H, Lq, n, 2], keys [begin, end), n the most that a row has; missing ones are [0, 0). */
#include <inttypes.h>

#include "export.h"

enum { MOST_INTERVALS = 8 };

typedef struct rows_written {
    const export_job *job;
    size_t most;
    int64_t head;
    bool refused;
} rows_written;

static bool measure_row(void *user, int64_t row, const weft_key_range *keys, size_t count) {
    rows_written *w = user;
    (void)keys;
    if (count > w->most) w->most = count;
    if (count <= MOST_INTERVALS) return !interrupted();
    w->refused = true;
    complain("row %" PRId64 " of head %" PRId64 " has %zu intervals of keys; at most %d can be written", row, w->head,
             count, MOST_INTERVALS);
    return false;
}

static void put_number(unsigned char *out, int64_t value) {
    for (int n = 0; n < 4; n++) out[n] = (unsigned char)(value >> 8 * n);
}

static bool write_row(void *user, int64_t row, const weft_key_range *keys, size_t count) {
    const rows_written *w = user;
    unsigned char bytes[MOST_INTERVALS * 8] = {0};
    (void)row;
    for (size_t n = 0; n < count; n++) {
        put_number(bytes + 8 * n, keys[n].begin);
        put_number(bytes + 8 * n + 4, keys[n].end);
    }
    return !interrupted() && fwrite(bytes, 8, w->most, w->job->out) == w->most;
}

static weft_status visit(rows_written *w, int64_t head, weft_row_hook *hook) {
    w->head = head;
    return weft_plan_rows(w->job->session->plan, 0, head, NULL, (size_t)w->job->shape->queries, hook, w);
}

int export_intervals(const export_job *job) {
    rows_written w = {.job = job, .most = 1};
    weft_status status = WEFT_OK;
    for (int kind = 0; kind < job->kinds->count && status == WEFT_OK; kind++)
        status = visit(&w, job->kinds->at[kind].first, measure_row);
    if (w.refused) return EXIT_WRONG;
    const int64_t sizes[] = {job->heads, job->shape->queries, (int64_t)w.most, 2};
    if (status == WEFT_OK && !npy_write_header(job->out, "<i4", 4, sizes)) status = WEFT_CANCELLED;
    for (int64_t head = 0; head < job->kinds->heads && status == WEFT_OK; head++)
        if (job->kinds->of[head] >= 0) status = visit(&w, head, write_row);
    if (status == WEFT_CANCELLED && !interrupted()) return EXIT_FINE; /* committing says why the stream failed */
    return exit_code(status);
}
