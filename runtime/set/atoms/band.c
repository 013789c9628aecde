/* Atoms that depend on j - i alone: all, none, causal, band, window, past, dilated, stride. Each is a band
 * lo <= j - i <= hi with a step. */
#include "set/arithmetic.h"
#include "set/set.h"

typedef struct band {
    int64_t lo, hi, step;
} band;

/* More intervals than this are not worth listing for several rows at once. */
enum { LISTED_INTERVALS = 4096 };

static bool band_holds(band b, int64_t i, int64_t j) {
    int64_t delta = j - i;
    return b.lo <= delta && delta <= b.hi && (b.step == 1 || delta % b.step == 0);
}

/* The band cut to the differences that exist between the rows and the keys; its ends are then multiples of the step. */
static band cut_band(band b, weft_interval keys, int64_t i0, int64_t i1) {
    b.lo = weft_larger(b.lo, keys.lo + 1 - i1);
    b.hi = weft_smaller(b.hi, keys.hi - 1 - i0);
    if (b.step == 1 || b.lo > b.hi) return b;
    int64_t first = weft_floor_mod(b.lo, b.step);
    if (first > 0) b.lo = weft_add_saturated(b.lo, b.step - first);
    if (b.lo <= b.hi) b.hi -= weft_floor_mod(b.hi, b.step);
    return b;
}

/* A wide step leaves gaps between what the rows see, so each difference is listed; a single row sees exactly those
 * keys. */
static void list_band(const weft_atom *atom, band b, int64_t i0, int64_t i1, weft_spans *out) {
    weft_interval_list list = {0};
    for (int64_t delta = b.lo; delta <= b.hi; delta += b.step) {
        weft_intervals_append(atom->scratch, &list, weft_larger(i0 + delta, 0),
                              weft_smaller(i1 + delta, atom->space.keys));
        if (b.hi - delta < b.step) break;
    }
    out->may = weft_intervals_of(&list);
    if (i1 - i0 == 1) out->full = out->may;
}

static bool band_spans(const weft_atom *atom, band b, int64_t i0, int64_t i1, weft_spans *out) {
    weft_scratch *scratch = atom->scratch;
    band cut = cut_band(b, atom->keys, i0, i1);
    if (cut.lo > cut.hi) return true;
    bool single = i1 - i0 == 1;
    if (b.step > i1 - i0 && (single || (cut.hi - cut.lo) / b.step < LISTED_INTERVALS)) {
        list_band(atom, cut, i0, i1, out);
    } else {
        out->may = weft_intervals_one(scratch, i0 + cut.lo, i1 + cut.hi, atom->space.keys);
        if (b.step == 1 && !single) {
            out->full = weft_intervals_one(scratch, weft_add_saturated(i1 - 1, b.lo),
                                           weft_add_saturated(weft_add_saturated(i0, b.hi), 1), atom->space.keys);
        } else if (b.step == 1) {
            out->full = out->may;
        }
    }
    return !scratch->failed;
}

static int64_t operand(const weft_atom *atom, uint32_t k) { return weft_operand_int(&atom->bound->dag, atom->id, k); }

static band causal_band(void) { return (band){INT64_MIN, 0, 1}; }
static band band_band(const weft_atom *atom) { return (band){operand(atom, 0), operand(atom, 1), operand(atom, 2)}; }
static band window_band(const weft_atom *atom) {
    return (band){weft_subtract_saturated(0, operand(atom, 0)), operand(atom, 1), 1};
}
static band past_band(const weft_atom *atom) { return (band){weft_subtract_saturated(1, operand(atom, 0)), 0, 1}; }

/* step * t for -w <= t <= w; a product beyond 64 bits is beyond every distance. */
static band dilated_band(const weft_atom *atom) {
    int64_t w = operand(atom, 0), step = operand(atom, 1), reach;
    if (w < 0) return (band){0, -1, 1};
    if (!weft_multiply_checked(w, step, &reach)) reach = INT64_MAX;
    return (band){-reach, reach, step};
}
static band stride_band(const weft_atom *atom) { return (band){INT64_MIN, INT64_MAX, operand(atom, 0)}; }

bool weft_causal_contains(const weft_atom *atom, int64_t i, int64_t j) { return (void)atom, j <= i; }
bool weft_causal_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return band_spans(atom, causal_band(), i0, i1, out);
}

bool weft_band_contains(const weft_atom *atom, int64_t i, int64_t j) { return band_holds(band_band(atom), i, j); }
bool weft_band_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return band_spans(atom, band_band(atom), i0, i1, out);
}

bool weft_window_contains(const weft_atom *atom, int64_t i, int64_t j) { return band_holds(window_band(atom), i, j); }
bool weft_window_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return band_spans(atom, window_band(atom), i0, i1, out);
}

bool weft_past_contains(const weft_atom *atom, int64_t i, int64_t j) { return band_holds(past_band(atom), i, j); }
bool weft_past_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return band_spans(atom, past_band(atom), i0, i1, out);
}

bool weft_dilated_contains(const weft_atom *atom, int64_t i, int64_t j) { return band_holds(dilated_band(atom), i, j); }
bool weft_dilated_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return band_spans(atom, dilated_band(atom), i0, i1, out);
}

bool weft_stride_contains(const weft_atom *atom, int64_t i, int64_t j) { return band_holds(stride_band(atom), i, j); }
bool weft_stride_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return band_spans(atom, stride_band(atom), i0, i1, out);
}

bool weft_all_contains(const weft_atom *atom, int64_t i, int64_t j) { return (void)atom, (void)i, (void)j, true; }
bool weft_all_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    (void)i0, (void)i1;
    out->full = out->may = weft_intervals_one(atom->scratch, 0, atom->space.keys, atom->space.keys);
    return !atom->scratch->failed;
}

bool weft_none_contains(const weft_atom *atom, int64_t i, int64_t j) { return (void)atom, (void)i, (void)j, false; }
bool weft_none_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out) {
    return (void)atom, (void)i0, (void)i1, (void)out, true;
}
