#include "generate.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "generator.h"

void put(generator *g, const char *format, ...) {
    if (g->used >= g->size) return;
    va_list arguments;
    va_start(arguments, format);
    g->used += (size_t)vsnprintf(g->at + g->used, g->size - g->used, format, arguments);
    va_end(arguments);
}

int64_t pick(generator *g, int64_t low, int64_t high) { return test_range(g->random, low, high); }

/* ---- statements ------------------------------------------------------------------------------------------------- */

/* Mostly brought within what float scores can tell apart; now and then as it comes, huge or infinite. */
static void put_bias(generator *g) {
    static const char *const simple[] = {"alibi", "s[h] * (i - j)", "-0.01 * abs(i - j)", "t[min(abs(i - j), 5)]"};
    bool bounded = pick(g, 0, 3) != 0;
    put(g, "    bias ");
    if (pick(g, 0, 5) == 0) {
        put(g, "%s;\n", PICK(g->random, simple));
        return;
    }
    if (bounded) put(g, "max(-15.0, min(15.0, ");
    put_real(g, (int)pick(g, 2, 5));
    put(g, "%s;\n", bounded ? "))" : "");
}

static void put_scores(generator *g) {
    static const char *const scales[] = {"0.4 / sqrt(D)", "1.3 / sqrt(D)",        "(h + 1) / (H * sqrt(D))",
                                         "0.05",          "(on ? 0.1 : r) / 2.0", "-0.5 / sqrt(D)"};
    static const char *const caps[] = {"50", "2.5 + h", "Lk / 30.0", "0.75", "1e30", "1e-30", "-3", "h", "w / 8.0"};
    static const char *const positive[] = {"0.4 / sqrt(D)", "1.3 / sqrt(D)", "(h + 1) / (H * sqrt(D))"};
    int parts = pick(g, 0, 2) ? (int)pick(g, 1, 7) : 0;
    if (pick(g, 0, 3) == 0)
        put(g, "    scale %s;\n", g->approximates ? PICK(g->random, positive) : PICK(g->random, scales));
    if (parts & 1) put_bias(g);
    if (parts & 2) put(g, "    softcap %s;\n", PICK(g->random, caps));
    if (parts & 4) put(g, "    sink b;\n");
}

static void put_clause(generator *g, const char *heads) {
    put(g, "    heads %s: ", heads);
    put_set(g, 2);
    put(g, ";\n");
}

/* Clauses of which no two claim a head, and what is left. */
static void put_heads(generator *g) {
    static const char *const first[] = {"0", "0..1", "{0}", "0..min(1, H)"};
    static const char *const second[] = {"1", "1..3", "{1, 2..4}", "1..1000"};
    static const char *const only[] = {"-1..H", "-2..-1", "{0, -1}", "-1", "0..-1", "{2, 0..1}"};
    switch (pick(g, 0, 5)) {
    case 0:
        put_clause(g, "0..1");
        put_clause(g, "1..H");
        return;
    case 1:
        put_clause(g, PICK(g->random, first));
        put_clause(g, PICK(g->random, second));
        break;
    case 2: put_clause(g, PICK(g->random, only)); break;
    default: break;
    }
    put(g, "    attend ");
    put_set(g, 4);
    put(g, ";\n");
}

/* Of relu nothing is exact. */
static void put_rest(generator *g, bool relu) {
    put(g, "    approximate %s with favor(features = %lld", pick(g, 0, 1) ? "all" : "causal",
        (long long)pick(g, 1, 40));
    if (pick(g, 0, 1)) put(g, " + Lk %% 3, seed = %lld", (long long)pick(g, 0, 9));
    put(g, "%s);\n", relu ? ", kind = relu" : pick(g, 0, 1) ? ", kind = exp" : "");
}

static void put_definitions(generator *g) {
    put(g, "let few = %lld;\n", (long long)pick(g, 0, 5));
    put(g, "set clip(S: set, first: int = few) = S ∩ causal ∪ cols(0..first);\n");
    put(g, "set either(S: set, T: set) = h %% 3 == 0 ? S : T ∖ S;\n");
    put(g, "pattern base(a: int = %lld) {\n    heads 1: window(a);\n    attend past(a) ∪ cols({0, few});\n}\n",
        (long long)pick(g, 0, 40));
}

/* ---- patterns --------------------------------------------------------------------------------------------------- */

static const char *const array_parameters[][2] = {
#define ARRAY(name, type) {#name, #type},
    GENERATED_ARRAYS(ARRAY)
#undef ARRAY
};

static void put_parameters(generator *g, const char *body, generated *out) {
    put(g, "pattern p(w: int = %lld, r: float = 0.%lld, on: bool = %s", (long long)pick(g, 0, g->scale),
        (long long)pick(g, 0, 9), pick(g, 0, 1) ? "true" : "false");
    for (int k = 0; k < GENERATED_ARRAY_COUNT; k++) {
        out->takes[k] = generated_count(body, array_parameters[k][0]) > 0;
        if (out->takes[k]) put(g, ", %s: %s", array_parameters[k][0], array_parameters[k][1]);
    }
    put(g, ") {\n");
    out->body = g->at + g->used;
    put(g, "%s}\n", body);
}

void generate_pattern(test_random *random, int64_t scale, bool shared, generated *out) {
    static const char *const requirements[] = {"Lk >= 1", "w > -100 or on", "r < 1.0, \"a small r\"", "H * D >= 1"};
    char body[20000];
    generator g = {.random = random, .scale = scale < 1 ? 1 : scale, .at = body, .size = sizeof body};
    put(&g, "    let near = window(%lld) ∪ cols({0, -1});\n", (long long)pick(&g, 0, 70));
    if (pick(&g, 0, 3) == 0) put(&g, "    require %s;\n", PICK(random, requirements));
    g.shared = shared && pick(&g, 0, 1);
    g.approximates = pick(&g, 0, 5) == 0;
    bool alone = g.approximates && pick(&g, 0, 2) == 0, relu = alone && pick(&g, 0, 1);
    if (!alone) put_heads(&g);
    if (g.approximates) put_rest(&g, relu);
    put_scores(&g);
    if (g.shared) put(&g, "    shared_qk;\n");
    generator file = {.random = random, .scale = g.scale, .at = out->text, .size = sizeof out->text};
    put_definitions(&file);
    put_parameters(&file, body, out);
    out->size = g.used < g.size && file.used < file.size ? file.used : 0;
}

/* ---- counting --------------------------------------------------------------------------------------------------- */

static bool is_of_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

long generated_count(const char *text, const char *word) {
    long count = 0;
    size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += length)
        count += !is_of_word(*word) || ((at == text || !is_of_word(at[-1])) && !is_of_word(at[length]));
    return count;
}
