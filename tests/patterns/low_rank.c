/* What patterns attend to beside what they approximate. */
#include "definitions.h"

#include <stdlib.h>

static bool nothing(const question *q) {
    (void)q;
    return false;
}

static bool scatterbrain(const question *q) { return llabs(q->i - q->j) <= q->p[0]; }

static bool scatterbrain_causal(const question *q) { return q->j <= q->i && q->i - q->j < q->p[0]; }

static bool hybrid_low_rank(const question *q) { return q->j <= q->i && (q->i - q->j < q->p[0] || q->j < q->p[1]); }

static const definition table[] = {
    {"performer", "performer", nothing, .trial = {{20}}, .trials = 1, .empty = true},
    {"performer", "performer_causal", nothing, .trial = {{70}}, .trials = 1, .empty = true},
    {"performer", "performer_relu", nothing, .trial = {{20}}, .trials = 1, .empty = true},
    {"performer", "performer_relu_causal", nothing, .trial = {{20}}, .trials = 1, .empty = true},
    {"scatterbrain", "scatterbrain", scatterbrain, .usual = {128, 128}, .queries = 300, .keys = 600,
     .trial = {{20, 16}, {64, 30}}, .trials = 2},
    {"scatterbrain", "scatterbrain_causal", scatterbrain_causal, .usual = {256, 128}, .queries = 400, .keys = 700,
     .trial = {{20, 16}, {64, 30}}, .trials = 2},
    {"hybrid_low_rank", "hybrid_low_rank", hybrid_low_rank, .usual = {1024, 4, 128}, .queries = 40, .keys = 1200,
     .trial = {{20, 4, 16}, {64, 0, 30}}, .trials = 2},
};
const definitions low_rank_patterns = {table, sizeof table / sizeof *table};
