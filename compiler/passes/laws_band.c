/* Laws of bands, which causal, window, past, dilated and stride are too: lo <= d <= hi and d % step = 0, for d = j - i.
 * A band without a lower or upper end has the least or the largest int there: no distance reaches either. */
#include "passes/rewrite.h"
#include "set/arithmetic.h"
#include "set/set.h"

/* The operands of a band. */
typedef struct band {
    weft_id lo, hi, step;
} band;

static weft_id make_band(weft_rewriter *rw, band b) {
    weft_id operands[3] = {b.lo, b.hi, b.step};
    return weft_rewriter_set(rw, WEFT_ATOM_BAND, operands, 3);
}

static weft_id constant_band(weft_rewriter *rw, int64_t lo, int64_t hi, int64_t step) {
    return make_band(rw, (band){weft_rewriter_int(rw, lo), weft_rewriter_int(rw, hi), weft_rewriter_int(rw, step)});
}

static weft_id none(weft_rewriter *rw) { return weft_rewriter_set(rw, WEFT_ATOM_NONE, NULL, 0); }

/* -c; -INT64_MIN is beyond every distance, and so is INT64_MAX. */
static int64_t negate(int64_t value) { return weft_subtract_saturated(0, value); }

/* ---- other atoms as bands ---------------------------------------------------------------------------------------- */

weft_id weft_law_causal_band(weft_rewriter *rw, weft_id id) {
    (void)id;
    return constant_band(rw, INT64_MIN, 0, 1);
}

weft_id weft_law_window_band(weft_rewriter *rw, weft_id id) {
    int64_t left, right;
    if (!weft_known_int(rw, weft_operand(rw->dag, id, 0), &left)) return id;
    if (!weft_known_int(rw, weft_operand(rw->dag, id, 1), &right)) return id;
    return constant_band(rw, negate(left), right, 1);
}

weft_id weft_law_past_band(weft_rewriter *rw, weft_id id) {
    int64_t width;
    if (!weft_known_int(rw, weft_operand(rw->dag, id, 0), &width)) return id;
    return constant_band(rw, weft_subtract_saturated(1, width), 0, 1);
}

/* A product beyond 64 bits is beyond every distance. */
weft_id weft_law_dilated_band(weft_rewriter *rw, weft_id id) {
    int64_t width, step, reach;
    if (!weft_known_int(rw, weft_operand(rw->dag, id, 0), &width)) return id;
    if (width < 0) return none(rw);
    if (!weft_known_int(rw, weft_operand(rw->dag, id, 1), &step) || step < 1) return id;
    if (!weft_multiply_checked(width, step, &reach)) return constant_band(rw, INT64_MIN, INT64_MAX, step);
    return constant_band(rw, -reach, reach, step);
}

weft_id weft_law_stride_band(weft_rewriter *rw, weft_id id) {
    return make_band(
        rw, (band){weft_rewriter_int(rw, INT64_MIN), weft_rewriter_int(rw, INT64_MAX), weft_operand(rw->dag, id, 0)});
}

/* ---- one band ---------------------------------------------------------------------------------------------------- */

static bool known_ends(const weft_rewriter *rw, weft_id id, int64_t *lo, int64_t *hi) {
    return weft_known_int(rw, weft_operand(rw->dag, id, 0), lo) && weft_known_int(rw, weft_operand(rw->dag, id, 1), hi);
}

/* The first and the last multiple of step in [lo, hi]; an end that is not there stays away. */
static int64_t first_multiple(int64_t lo, int64_t step) {
    int64_t past = weft_floor_mod(lo, step);
    return lo == INT64_MIN || past == 0 ? lo : weft_add_saturated(lo, step - past);
}
static int64_t last_multiple(int64_t hi, int64_t step) {
    int64_t past = weft_floor_mod(hi, step);
    return hi == INT64_MAX || hi < INT64_MIN + past ? hi : hi - past;
}

weft_id weft_law_band_ends(weft_rewriter *rw, weft_id id) {
    int64_t lo, hi, step;
    if (!known_ends(rw, id, &lo, &hi)) return id;
    if (lo > hi) return none(rw);
    if (!weft_known_int(rw, weft_operand(rw->dag, id, 2), &step) || step < 1) return id;
    int64_t first = first_multiple(lo, step), last = last_multiple(hi, step);
    if (first > last) return none(rw);
    if (first == INT64_MIN && last == INT64_MAX && step == 1) return weft_rewriter_set(rw, WEFT_ATOM_ALL, NULL, 0);
    return constant_band(rw, first, last, first == last ? 1 : step);
}

weft_id weft_law_complement_of_half(weft_rewriter *rw, weft_id id) {
    weft_id inner = weft_operand(rw->dag, id, 0);
    int64_t lo, hi, step;
    if (weft_op_of(rw, inner) != WEFT_ATOM_BAND || !known_ends(rw, inner, &lo, &hi)) return id;
    if (!weft_known_int(rw, weft_operand(rw->dag, inner, 2), &step) || step != 1) return id;
    if (lo == INT64_MIN && hi < INT64_MAX) return constant_band(rw, hi + 1, INT64_MAX, 1);
    if (hi == INT64_MAX && lo > INT64_MIN) return constant_band(rw, INT64_MIN, lo - 1, 1);
    return id;
}

/* ---- intersections ----------------------------------------------------------------------------------------------- */

static weft_id extreme(weft_rewriter *rw, weft_op op, weft_id a, weft_id b) {
    weft_id both[2] = {a, b};
    return weft_rewriter_make(rw, op, WEFT_TYPE_INT, both, 2);
}

/* -max(left, 1 - 2^63): unlike -left it never overflows, and it says the same of every distance that there is. */
static weft_id negated(weft_rewriter *rw, weft_id left) {
    weft_id bounded = extreme(rw, WEFT_OP_MAX, left, weft_rewriter_int(rw, -INT64_MAX));
    return weft_rewriter_make(rw, WEFT_OP_NEG, WEFT_TYPE_INT, &bounded, 1);
}

/* 1 - max(w, 0): below 0 the band is as empty. */
static weft_id start_of_past(weft_rewriter *rw, weft_id width) {
    weft_id both[2] = {weft_rewriter_int(rw, 1), extreme(rw, WEFT_OP_MAX, width, weft_rewriter_int(rw, 0))};
    return weft_rewriter_make(rw, WEFT_OP_SUB, WEFT_TYPE_INT, both, 2);
}

/* A band, or a window or past of a parameter. */
static bool is_interval(const weft_rewriter *rw, weft_id id) {
    weft_op op = weft_op_of(rw, id);
    return op == WEFT_ATOM_BAND || op == WEFT_ATOM_WINDOW || op == WEFT_ATOM_PAST;
}

static band as_band(weft_rewriter *rw, weft_id id) {
    weft_op op = weft_op_of(rw, id);
    weft_id first = weft_operand(rw->dag, id, 0), one = weft_rewriter_int(rw, 1);
    if (op == WEFT_ATOM_BAND) return (band){first, weft_operand(rw->dag, id, 1), weft_operand(rw->dag, id, 2)};
    if (op == WEFT_ATOM_PAST) return (band){start_of_past(rw, first), weft_rewriter_int(rw, 0), one};
    return (band){negated(rw, first), weft_operand(rw->dag, id, 1), one};
}

static bool has_step_one(const weft_rewriter *rw, weft_id step) {
    int64_t value;
    return weft_known_int(rw, step, &value) && value == 1;
}

/* Two bands of one step meet in one; so do a band of any step and one of step 1. */
static bool may_meet(const weft_rewriter *rw, weft_id a, weft_id b) {
    return a == b || has_step_one(rw, a) || has_step_one(rw, b);
}

static band meet(weft_rewriter *rw, band a, band b) {
    return (band){extreme(rw, WEFT_OP_MAX, a.lo, b.lo), extreme(rw, WEFT_OP_MIN, a.hi, b.hi),
                  has_step_one(rw, a.step) ? b.step : a.step};
}

weft_id weft_law_meet_bands(weft_rewriter *rw, weft_id id) {
    uint32_t count = weft_node_at(rw->dag, id)->arity, kept = 0, met = 0;
    weft_id *operands = weft_rewriter_operands(rw, id, 0);
    band all = {0, 0, 0};
    if (!operands) return 0;
    for (uint32_t k = 0; k < count; k++) {
        bool interval = is_interval(rw, operands[k]);
        band next = interval ? as_band(rw, operands[k]) : all;
        if (!interval || (met && !may_meet(rw, all.step, next.step)))
            operands[kept++] = operands[k];
        else
            all = met++ ? meet(rw, all, next) : next;
    }
    if (met < 2) return id;
    operands[kept++] = make_band(rw, all);
    return weft_rewriter_set(rw, WEFT_OP_INTERSECTION, operands, kept);
}

/* ---- unions ------------------------------------------------------------------------------------------------------ */

typedef struct known_band {
    int64_t lo, hi, step;
} known_band;

static bool read_band(const weft_rewriter *rw, weft_id id, known_band *out) {
    return weft_op_of(rw, id) == WEFT_ATOM_BAND && known_ends(rw, id, &out->lo, &out->hi) &&
           weft_known_int(rw, weft_operand(rw->dag, id, 2), &out->step) && out->step >= 1;
}

/* Makes a the union of both if that is one band: their ends are multiples of their step, so they meet when the next
 * multiple after one is in the other. b begins behind a. */
static bool join(known_band *a, known_band b) {
    if (a->step != b.step || (a->hi < INT64_MAX - a->step && b.lo > a->hi + a->step)) return false;
    if (b.hi > a->hi) a->hi = b.hi;
    return true;
}

/* The band of each step that later ones may join, and which operand it is. */
typedef struct open_bands {
    known_band band[8];
    uint32_t operand[8], count;
} open_bands;

enum { NOT_JOINED = UINT32_MAX >> 1 };

/* The open band that `next` was joined to. */
static uint32_t join_open(open_bands *open, known_band next, uint32_t operand) {
    uint32_t k = 0;
    while (k < open->count && open->band[k].step != next.step) k++;
    if (k < open->count && join(&open->band[k], next)) return k;
    if (k == sizeof open->operand / sizeof *open->operand) return NOT_JOINED;
    open->band[k] = next;
    open->operand[k] = operand;
    if (k == open->count) open->count++;
    return NOT_JOINED;
}

/* Canonical order has the bands of known ends sorted by the lower one. */
weft_id weft_law_join_bands(weft_rewriter *rw, weft_id id) {
    uint32_t count = weft_node_at(rw->dag, id)->arity, kept = 0;
    weft_id *operands = weft_rewriter_operands(rw, id, 0);
    open_bands open = {.count = 0};
    known_band next;
    if (!operands) return 0;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t joined = read_band(rw, operands[k], &next) ? join_open(&open, next, kept) : NOT_JOINED;
        if (joined != NOT_JOINED)
            operands[open.operand[joined]] =
                constant_band(rw, open.band[joined].lo, open.band[joined].hi, open.band[joined].step);
        else
            operands[kept++] = operands[k];
    }
    return kept == count ? id : weft_rewriter_set(rw, WEFT_OP_UNION, operands, kept);
}
