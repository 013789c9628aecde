/* What constants alone show to be wrong: a value is folded with nothing known, and the folder says. */
#include "sema/elaborate.h"
#include "set/set.h"

/* An error that was reported before is not counted again, so the folder's reports are told apart by keeping their own.
 */
static void pass_on(const weft_diagnostics *from, weft_diagnostics *to) {
    for (uint32_t k = 0; k < from->count; k++) {
        const weft_report *report = &from->reports[k];
        weft_diagnose(to, report->code, report->span, "%s", report->message);
        for (const weft_note *note = report->notes; note; note = note->next)
            weft_diagnose_note(to, note->span, "%s", note->message);
    }
}

/* The folded value in `bound`, or 0: what is wrong was reported, or memory failed. */
static weft_id fold_in(weft_elaborator *e, weft_typed value, weft_bound *bound) {
    static const weft_environment nothing_known = {0};
    weft_diagnostics own;
    weft_diagnostics_init(&own, e->arena.allocator, e->diagnostics->sources);
    weft_id folded = weft_fold(e->program, value.id, &nothing_known, bound, &own);
    pass_on(&own, e->diagnostics);
    if (own.out_of_memory) e->arena.failed = true;
    weft_diagnostics_free(&own);
    return folded;
}

/* Arrays are the caller's, and hold no constants. */
static bool has_constants(weft_type type) {
    return type != WEFT_TYPE_TOKENS && type != WEFT_TYPE_LABELS && type != WEFT_TYPE_MASK && type != WEFT_TYPE_KEYS &&
           type != WEFT_TYPE_PER_HEAD;
}

/* Folds a value that is to be checked. False after errors; *known says whether it is an int constant. */
static bool check(weft_elaborator *e, weft_typed value, bool *known, int64_t *constant) {
    weft_bound bound;
    *known = false;
    if (value.id == 0 || value.id > e->folds || !has_constants(value.type) || weft_elaborator_failed(e)) return true;
    e->folds -= value.id;
    if (!weft_bound_init(&bound, e->arena.allocator)) {
        e->arena.failed = true;
        return false;
    }
    weft_id folded = fold_in(e, value, &bound);
    *known = folded && weft_node_at(&bound.dag, folded)->op == WEFT_OP_INT;
    if (*known) *constant = weft_node_at(&bound.dag, folded)->value.integer;
    weft_bound_free(&bound);
    return folded != 0;
}

weft_typed weft_check_constants(weft_elaborator *e, weft_typed value) {
    bool known;
    int64_t constant;
    if (weft_is_error(value)) return value;
    return check(e, value, &known, &constant) ? value : weft_typed_error();
}

void weft_check_size(weft_elaborator *e, weft_typed value, const char *what) {
    bool known;
    int64_t constant;
    if (weft_is_error(value) || !check(e, value, &known, &constant) || !known || constant >= 1) return;
    weft_diagnose(e->diagnostics, WEFT_E0301, weft_node_at(&e->program->dag, value.id)->place,
                  "%s is %lld, but a size is at least 1", what, (long long)constant);
}
