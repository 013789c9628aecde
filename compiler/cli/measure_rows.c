/* Rows: how many ranges of keys they have decides how many of them can be looked at. */
#include <math.h>
#include <stdlib.h>

#include "measure.h"

enum { PROBED = 64, MOST_ROWS = 1 << 21, MOST_RANGES = 1 << 26 };

typedef struct row_visit {
    row_figures *figures;
    int64_t shift; /* from a row to its position */
    double ranges;
} row_visit;

static bool look_at(void *user, int64_t row, const weft_key_range *keys, size_t count) {
    row_visit *visit = user;
    row_figures *f = visit->figures;
    int64_t sum = 0;
    for (size_t n = 0; n < count; n++) sum += keys[n].end - keys[n].begin;
    if (f->looked_at++ == 0 || sum < f->least) f->least = sum;
    if (sum > f->most) f->most = sum;
    f->empty += sum == 0;
    f->causal = f->causal && (count == 0 || keys[count - 1].end - 1 <= row + visit->shift);
    visit->ranges += (double)count;
    return true;
}

/* The first row, the last one, and rows in between that follow no period (multiples of the golden ratio). */
static void spread(int64_t *rows, int64_t count, int64_t length) {
    const double ratio = 0.6180339887498949;
    for (int64_t n = 0; n < count; n++) {
        double at = (double)n * ratio;
        rows[n] = (int64_t)((at - floor(at)) * (double)length);
        if (rows[n] >= length) rows[n] = length - 1;
    }
    if (count > 1) rows[1] = length - 1;
}

static weft_status look_at_some(row_visit *visit, const weft_plan *plan, int64_t head, int64_t count, int64_t length) {
    int64_t *rows = malloc((size_t)count * sizeof *rows);
    if (!rows) return WEFT_OUT_OF_MEMORY;
    spread(rows, count, length);
    weft_status status = weft_plan_rows(plan, 0, head, rows, (size_t)count, look_at, visit);
    free(rows);
    return status;
}

weft_status measure_rows(row_figures *out, const weft_plan *plan, const weft_shape *shape, int64_t head) {
    int64_t length = shape->queries, most = length < MOST_ROWS ? length : MOST_ROWS;
    row_visit visit = {.figures = out, .shift = shape->keys - shape->queries};
    *out = (row_figures){.causal = true};
    weft_status status = look_at_some(&visit, plan, head, length < PROBED ? length : PROBED, length);
    if (status != WEFT_OK) return status;
    double ranges = visit.ranges / (double)out->looked_at + 1;
    if ((double)most * ranges > MOST_RANGES) most = (int64_t)(MOST_RANGES / ranges);
    if (most < PROBED) most = length < PROBED ? length : PROBED;
    *out = (row_figures){.causal = true};
    if (most < length) return look_at_some(&visit, plan, head, most, length);
    return weft_plan_rows(plan, 0, head, NULL, (size_t)length, look_at, &visit);
}
