/* Patterns known for what becomes of their scores: which pairs they hold. What the modifiers compute is for the
 * kernels' comparison with the reference, and for tests/system/scores.c. */
#include "definitions.h"

static bool past_only(const question *q) { return q->j <= q->i; }

/* W keys, the query's own among them. */
static bool past_window(const question *q) { return past_only(q) && q->j > q->i - q->p[0]; }

static bool every_pair(const question *q) {
    (void)q;
    return true;
}

static const definition all[] = {
    {.file = "alibi", .pattern = "alibi_causal", .holds = past_only, .trials = 1},
    {.file = "alibi", .pattern = "alibi_encoder", .holds = every_pair, .dense = true, .trials = 1},
    {.file = "alibi", .pattern = "alibi_learned", .holds = past_only, .heads = 3, .trials = 1},
    {.file = "gemma2",
     .pattern = "gemma2_local",
     .holds = past_window,
     .usual = {4096},
     .queries = 2,
     .keys = 4100,
     .trial = {{50}, {1}},
     .trials = 2},
    {.file = "gemma2", .pattern = "gemma2_global", .holds = past_only, .trials = 1},
    {.file = "gemma2",
     .pattern = "gemma2_27b_local",
     .holds = past_window,
     .usual = {4096},
     .queries = 2,
     .keys = 4100,
     .trial = {{50}, {1}},
     .trials = 2},
    {.file = "gemma2", .pattern = "gemma2_27b_global", .holds = past_only, .trials = 1},
    {.file = "gpt_oss",
     .pattern = "gpt_oss_window",
     .holds = past_window,
     .heads = 4,
     .usual = {128},
     .queries = 3,
     .keys = 140,
     .trial = {{128}, {40}},
     .trials = 2},
    {.file = "gpt_oss", .pattern = "gpt_oss_dense", .holds = past_only, .heads = 4, .trials = 1},
};

const definitions score_patterns = {all, sizeof all / sizeof *all};
