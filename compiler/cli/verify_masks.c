/* The first half of weft verify: the tiles that a run visits hold exactly the pairs of the definition. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

static void note_pair(verification *v, const weft_shape *shape, int64_t batch, int64_t head, const uint8_t *oracle,
                      const uint8_t *plan) {
    int64_t n = 0;
    while (oracle[n] == plan[n]) n++;
    v->first.found = true;
    v->first.shape = *shape;
    snprintf(v->first.what, sizeof v->first.what,
             "batch element %" PRId64 ", head %" PRId64 ", query %" PRId64 " (row %" PRId64 "), key %" PRId64
             ": the pattern %s the pair, the plan %s",
             batch, head, n / shape->keys + shape->keys - shape->queries, n / shape->keys, n % shape->keys,
             oracle[n] ? "has" : "has not", plan[n] ? "has" : "has not");
}

static weft_status compare_head(verification *v, const weft_shape *shape, int64_t batch, int64_t head, uint8_t *oracle,
                                uint8_t *plan) {
    size_t pairs = (size_t)(shape->queries * shape->keys);
    memset(oracle, 0xff, pairs); /* what is not written is a difference */
    memset(plan, 0xfe, pairs);
    weft_status status = weft_plan_mask(v->s->plan, batch, head, WEFT_MASK_ORACLE, oracle);
    if (status == WEFT_OK) status = weft_plan_mask(v->s->plan, batch, head, WEFT_MASK_PLAN, plan);
    if (status != WEFT_OK) return status;
    if (memcmp(oracle, plan, pairs) != 0) note_pair(v, shape, batch, head, oracle, plan);
    for (size_t n = 0; n < pairs; n++) v->pairs += oracle[n];
    return WEFT_OK;
}

static void compare_counts(verification *v, const weft_shape *shape, double pairs) {
    weft_plan_info info = {.size = sizeof info};
    if (v->first.found || weft_plan_describe(v->s->plan, &info) != WEFT_OK || info.pairs == pairs) return;
    v->first.found = true;
    v->first.shape = *shape;
    snprintf(v->first.what, sizeof v->first.what, "the plan counts %.0f pairs, the pattern has %.0f", info.pairs,
             pairs);
}

int verify_masks(verification *v, const weft_shape *shape) {
    size_t pairs = (size_t)(shape->queries * shape->keys);
    uint8_t *both = shape->queries <= INT64_MAX / 2 / shape->keys ? malloc(2 * pairs) : NULL;
    if (!both) return exit_code(WEFT_OUT_OF_MEMORY);
    double before = v->pairs;
    weft_status status = WEFT_OK;
    for (int64_t n = 0; n < shape->batch * shape->heads && status == WEFT_OK && !v->first.found; n++)
        status = interrupted() ? WEFT_CANCELLED
                               : compare_head(v, shape, n / shape->heads, n % shape->heads, both, both + pairs);
    free(both);
    if (status != WEFT_OK) {
        session_explain_run(v->s);
        return exit_code(status);
    }
    compare_counts(v, shape, v->pairs - before);
    v->masks++;
    return v->first.found ? EXIT_MISMATCH : EXIT_FINE;
}
