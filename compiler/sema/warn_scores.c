/* Warnings about numbers: scores that mean nothing. */
#include "sema/warn.h"

enum { SHORT = 64, LONG = 4099 };

/* Is it so for some head at every length? */
static bool holds(weft_sampler *s, weft_id scalar, bool (*is_wrong)(double value), double *example) {
    for (uint32_t k = 0; k < s->head_count; k++) {
        weft_value at_short, at_long;
        if (!weft_sample_scalar(s, scalar, SHORT, s->heads[k], &at_short) ||
            !weft_sample_scalar(s, scalar, LONG, s->heads[k], &at_long))
            continue;
        *example = at_long.real;
        if (is_wrong(at_short.real) && is_wrong(at_long.real)) return true;
    }
    return false;
}

static bool is_negative(double value) { return value < 0; }
static bool is_zero(double value) { return value == 0; }

void weft_warn_scores(const weft_warner *w) {
    weft_diagnostics *d = w->e->diagnostics;
    weft_id scale = w->parts->scale.id, softcap = w->parts->softcap.id;
    weft_sampler s;
    double example;
    if ((!scale && !softcap) || !weft_sampler_init(&s, w) || !weft_sampler_choose(&s, 0)) return;
    if (scale && holds(&s, scale, is_negative, &example))
        weft_diagnose(d, WEFT_W0007, weft_statement_of(w, WEFT_AST_SCALE)->first->span,
                      "a scale of %g gives those keys the largest weights that are least like the query; drop the sign",
                      example);
    if (softcap && holds(&s, softcap, is_zero, &example))
        weft_diagnose(d, WEFT_W0007, weft_statement_of(w, WEFT_AST_SOFTCAP)->first->span,
                      "a softcap of 0 makes every score 0, and all keys weigh the same; leave `softcap` out where "
                      "there is no cap");
}
