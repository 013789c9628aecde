#include "generate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct generator {
    test_random *random;
    int64_t scale;
    char *at;
    size_t size, used;
    unsigned arrays; /* that were read */
    int inside_blocks;
    int static_only; /* no set that depends on data may stand here */
} generator;

static void put(generator *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(generator *g, const char *format, ...) {
    if (g->used >= g->size) return;
    va_list arguments;
    va_start(arguments, format);
    g->used += (size_t)vsnprintf(g->at + g->used, g->size - g->used, format, arguments);
    va_end(arguments);
}

static int64_t pick(generator *g, int64_t low, int64_t high) { return test_range(g->random, low, high); }

/* An int around the scale: often small, sometimes negative, sometimes a parameter or an expression of lengths. */
static void put_int(generator *g) {
    switch (pick(g, 0, 9)) {
    case 0: put(g, "w"); break;
    case 1: put(g, "w // 2 + 1"); break;
    case 2: put(g, "h * %d + 1", (int)pick(g, 1, 9)); break;
    case 3: put(g, "min(Lk, Lq) // %d", (int)pick(g, 2, 9)); break;
    case 4: put(g, "%lld", (long long)pick(g, -4, 4)); break;
    case 5: put(g, "(Lk > %lld ? %lld : w)", (long long)pick(g, 1, g->scale), (long long)pick(g, 0, 40)); break;
    default: put(g, "%lld", (long long)pick(g, 0, g->scale)); break;
    }
}

static void put_size(generator *g) {
    static const int sizes[] = {1, 2, 3, 7, 16, 31, 32, 64, 65, 100, 128};
    if (pick(g, 0, 4) == 0)
        put(g, "w + 1");
    else
        put(g, "%d", sizes[pick(g, 0, 10)]);
}

static void put_list(generator *g) {
    switch (pick(g, 0, 4)) {
    case 0: put(g, "0..%lld", (long long)pick(g, 0, g->scale)); break;
    case 1:
        put(g, "{0, -1, %lld, %lld..%lld}", (long long)pick(g, 0, g->scale), (long long)pick(g, -20, 20),
            (long long)pick(g, -20, g->scale));
        break;
    case 2: put(g, "-%lld..Lk", (long long)pick(g, 0, 20)); break;
    case 3: put(g, "%lld", (long long)pick(g, -3, g->scale)); break;
    default:
        put(g, "t");
        g->arrays |= GENERATED_TOKENS;
        break;
    }
}

static void put_condition(generator *g, int depth) {
    static const char *const positions[] = {
        "i", "j", "i - j", "j - i", "i + j", "abs(i - j)", "j % 7", "i // 16 - j // 16", "i * j % 65"};
    static const char *const compare[] = {"<", "<=", ">", ">=", "==", "!="};
    if (depth > 0 && pick(g, 0, 2) == 0) {
        static const char *const joins[] = {" and ", " or "};
        if (pick(g, 0, 3) == 0) put(g, "not ");
        put(g, "(");
        put_condition(g, depth - 1);
        put(g, "%s", joins[pick(g, 0, 1)]);
        put_condition(g, depth - 1);
        put(g, ")");
        return;
    }
    if (pick(g, 0, 5) == 0) { /* a fault for some pairs */
        put(g, "%lld // (j - %lld) %s 1", (long long)pick(g, 1, 99), (long long)pick(g, 0, g->scale),
            compare[pick(g, 0, 5)]);
        return;
    }
    put(g, "%s %s ", positions[pick(g, 0, 8)], compare[pick(g, 0, 5)]);
    if (pick(g, 0, 3) == 0)
        put(g, "%lld.5", (long long)pick(g, 0, g->scale));
    else
        put(g, "%lld", (long long)pick(g, -3, g->scale));
}

/* A grid about as large as the keys, or a small one. */
static void put_grid(generator *g) {
    int width = (int)pick(g, 1, 40);
    if (pick(g, 0, 1))
        put(g, "(Lk - 1) // %d + 1, %d", width, width);
    else
        put(g, "%d, %d", (int)pick(g, 1, 30), width);
}

static void put_grid_atom(generator *g) {
    static const int sides[] = {8, 9, 13, 32};
    switch (pick(g, 0, 2)) {
    case 0:
        put(g, "window2d(");
        put_grid(g);
        put(g, ", %d, %d)", (int)pick(g, -1, 4), (int)pick(g, 0, 6));
        break;
    case 1:
        put(g, "axial(");
        put_grid(g);
        put(g, ")");
        break;
    default:
        put(g, "neighborhood2d(%d, %d, kx = %d, ky = %d", sides[pick(g, 0, 3)], sides[pick(g, 0, 3)],
            (int)pick(g, 1, 4), (int)pick(g, 0, 4));
        if (pick(g, 0, 1)) put(g, ", dilation = %d", (int)pick(g, 1, 2));
        put(g, ")");
        break;
    }
}

/* Draws from everything, the past, or all but a neighbourhood. */
static void put_random(generator *g) {
    static const char *const pools[] = {"all", "causal", "~near", "chunk(5, 1)", "cols(1..-1)"};
    put(g, "random(%d", (int)pick(g, -1, 4));
    if (pick(g, 0, 1)) put(g, ", seed = %lld", (long long)pick(g, -3, 1000));
    if (pick(g, 0, 2)) put(g, ", within = %s", pools[pick(g, 0, 4)]);
    if (pick(g, 0, 1)) put(g, ", per_head = %s", pick(g, 0, 1) ? "true" : "h == 1");
    put(g, ")");
}

/* Arrays have the lengths of positions, so none is read inside blocks; what depends on data has places of its own. */
static void put_array_atom(generator *g) {
    static const struct {
        const char *text;
        unsigned array;
    } atoms[] = {{"same(l)", GENERATED_LABELS},
                 {"where(l[i] <= l[j])", GENERATED_LABELS},
                 {"given(m)", GENERATED_MASK},
                 {"blocks(32, given(b))", GENERATED_BLOCK_MASK},
                 {"listed(s)", GENERATED_KEYS}};
    int64_t choice = pick(g, 0, g->static_only ? 3 : 4);
    if (g->inside_blocks) {
        put_random(g);
        return;
    }
    put(g, "%s", atoms[choice].text);
    g->arrays |= atoms[choice].array;
}

/* A window in steps, which may get a pass of its own. */
static void put_steps(generator *g) {
    static const char *const steps[] = {"2", "3", "4", "7", "16", "h + 2", "w // 8 + 2", "100"};
    const char *step = steps[pick(g, 0, 7)];
    put(g, "band(-%d * (%s), %d * (%s), step = %s)", (int)pick(g, 0, 40), step, (int)pick(g, -1, 40), step, step);
}

static void put_atom(generator *g) {
    switch (pick(g, 0, 21)) {
    case 13:
        put(g, "dilated(");
        put_int(g);
        put(g, ", ");
        put_size(g);
        put(g, ")");
        break;
    case 14:
        put(g, "stride(");
        put_size(g);
        put(g, ")");
        break;
    case 15:
    case 16: put_grid_atom(g); break;
    case 17: put_random(g); break;
    case 18:
    case 19: put_array_atom(g); break;
    case 20:
    case 21: put_steps(g); break;
    case 0: put(g, "all"); break;
    case 1: put(g, "none"); break;
    case 2: put(g, "causal"); break;
    case 3:
        put(g, "band(-");
        put(g, "%lld, ", (long long)pick(g, 0, g->scale));
        put_int(g);
        if (pick(g, 0, 1)) {
            put(g, ", step = ");
            put_size(g);
        }
        put(g, ")");
        break;
    case 4:
        put(g, "window(");
        put_int(g);
        put(g, ")");
        break;
    case 5:
        put(g, "window(");
        put_int(g);
        put(g, ", ");
        put_int(g);
        put(g, ")");
        break;
    case 6:
        put(g, "past(");
        put_int(g);
        put(g, ")");
        break;
    case 7:
        put(g, "rows(");
        put_list(g);
        put(g, ")");
        break;
    case 8:
        put(g, "cols(");
        put_list(g);
        put(g, ")");
        break;
    case 9:
        put(g, "global(");
        put_list(g);
        put(g, ")");
        break;
    case 10:
        put(g, "chunk(");
        put_size(g);
        put(g, ", back = %d)", (int)pick(g, -1, 3));
        break;
    case 11:
        put(g, "where(");
        put_condition(g, 2);
        put(g, ")");
        break;
    default: put(g, "near"); break;
    }
}

static void put_set(generator *g, int depth) {
    static const char *const operators[] = {" | ", " ∪ ", " & ", " ∩ ", " - ", " ∖ "};
    int choice = depth > 0 ? (int)pick(g, 0, 9) : 0;
    if (choice < 3) {
        put_atom(g);
    } else if (choice < 7) {
        int which = (int)pick(g, 0, 5);
        put(g, "(");
        put_set(g, depth - 1);
        put(g, "%s", operators[which]);
        g->static_only += which > 3;
        put_set(g, depth - 1);
        g->static_only -= which > 3;
        put(g, ")");
    } else if (choice == 7) {
        put(g, "%s(", pick(g, 0, 1) ? "~" : "¬");
        g->static_only++;
        put_set(g, depth - 1);
        g->static_only--;
        put(g, ")");
    } else if (choice == 8) {
        put(g, "(h %% 2 == %d ? ", (int)pick(g, 0, 1));
        put_set(g, depth - 1);
        put(g, " : ");
        put_set(g, depth - 1);
        put(g, ")");
    } else if (!g->inside_blocks || pick(g, 0, 2) == 0) {
        g->inside_blocks++;
        put(g, "blocks(");
        put_size(g);
        put(g, ", ");
        put_set(g, depth - 1);
        put(g, ")");
        g->inside_blocks--;
    } else {
        put_atom(g);
    }
}

/* The arrays as parameters, behind others. */
static void put_parameters(unsigned arrays, char *buffer, size_t size) {
    static const char *const parameters[] = {", t: tokens", ", l: labels", ", m: mask", ", b: mask", ", s: keys"};
    size_t used = 0;
    buffer[0] = '\0';
    for (int k = 0; k < 5; k++)
        if (arrays >> k & 1) used += (size_t)snprintf(buffer + used, size - used, "%s", parameters[k]);
}

size_t generate_pattern(test_random *random, int64_t scale, char *buffer, size_t size, unsigned *arrays) {
    char body[8192], parameters[100];
    generator g = {.random = random, .scale = scale < 1 ? 1 : scale, .at = body, .size = sizeof body};
    put(&g, "    let near = window(%lld) ∪ cols({0, -1});\n", (long long)pick(&g, 0, 70));
    int clauses = (int)pick(&g, 0, 2);
    for (int c = 0; c < clauses; c++) {
        put(&g, "    heads %d..%d: ", c, c + 1);
        put_set(&g, 2);
        put(&g, ";\n");
    }
    put(&g, "    attend ");
    put_set(&g, 4);
    put(&g, ";\n");
    if (pick(&g, 0, 3) == 0)
        put(&g, "    scale %lld.%lld / sqrt(D);\n", (long long)pick(&g, 0, 1), (long long)pick(&g, 1, 9));
    *arrays = g.arrays;
    put_parameters(g.arrays, parameters, sizeof parameters);
    int length =
        snprintf(buffer, size, "pattern p(w: int = %lld%s) {\n%s}\n", (long long)pick(&g, 0, scale), parameters, body);
    return length < 0 || (size_t)length >= size ? 0 : (size_t)length;
}
