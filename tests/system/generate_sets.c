/* Sets: atoms with arguments of all kinds, operators, definitions. */
#include "generator.h"

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
    switch (pick(g, 0, g->inside_blocks ? 4 : 5)) {
    case 0: put(g, "0..%lld", (long long)pick(g, 0, g->scale)); break;
    case 1:
        put(g, "{0, -1, %lld, %lld..%lld}", (long long)pick(g, 0, g->scale), (long long)pick(g, -20, 20),
            (long long)pick(g, -20, g->scale));
        break;
    case 2: put(g, "-%lld..Lk", (long long)pick(g, 0, 20)); break;
    case 3: put(g, "%lld", (long long)pick(g, -3, g->scale)); break;
    case 4: put(g, "w // 2..w"); break;
    default: put(g, "%s", pick(g, 0, 1) ? "k" : "{k, 3, Lk - 8..-2}"); break;
    }
}

/* Simple ones, which a plan must see through, and any. */
static void put_where(generator *g) {
    static const char *const positions[] = {
        "i", "j", "i - j", "j - i", "i + j", "abs(i - j)", "j % 7", "i // 16 - j // 16", "i * j % 65"};
    static const char *const compare[] = {"<", "<=", ">", ">=", "==", "!="};
    put(g, "where(");
    if (pick(g, 0, 1)) {
        g->in_where = true;
        put_condition(g, (int)pick(g, 1, 3));
        g->in_where = false;
    } else if (pick(g, 0, 5) == 0) { /* a fault for some pairs */
        put(g, "%lld // (j - %lld) %s 1", (long long)pick(g, 1, 99), (long long)pick(g, 0, g->scale),
            PICK(g->random, compare));
    } else {
        put(g, "%s %s ", PICK(g->random, positions), PICK(g->random, compare));
        put(g, pick(g, 0, 3) ? "%lld" : "%lld.5", (long long)pick(g, 0, g->scale));
    }
    put(g, ")");
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
    static const char *const pools[] = {"all",         "causal", "~near",   "chunk(5, 1)",
                                        "cols(1..-1)", "none",   "same(x)", "given(m) | near"};
    static const char *const shared[] = {"true", "false", "on", "h == 1"};
    put(g, "random(%d", (int)pick(g, -1, 4));
    if (pick(g, 0, 1)) put(g, ", seed = %lld", (long long)pick(g, -3, 1000));
    if (pick(g, 0, 2)) put(g, ", within = %s", pools[pick(g, 0, g->inside_blocks ? 5 : 7)]);
    if (pick(g, 0, 1)) put(g, ", per_head = %s", PICK(g->random, shared));
    put(g, ")");
}

/* Arrays have the lengths of positions, so none is read inside blocks; what depends on data has places of its own. */
static void put_array_atom(generator *g) {
    static const char *const atoms[] = {"same(x)",
                                        "where(x[i] <= x[j])",
                                        "given(m)",
                                        "blocks(32, given(d))",
                                        "blocks(32, same(y))",
                                        "blocks(32, where(y[i] != y[j] or i == j))",
                                        "where(v[abs(i - j) % 6] > r)",
                                        "where(v[j] <= 0.25)", /* a fault for all but the first */
                                        "where(j == k[abs(i) % 5])",
                                        "listed(n)",
                                        "listed(n)"};
    if (g->inside_blocks)
        put_random(g);
    else
        put(g, "%s", atoms[pick(g, 0, g->static_only ? 8 : 10)]);
}

static void put_static_set(generator *g, int depth) {
    g->static_only++;
    put_set(g, depth);
    g->static_only--;
}

/* What q and k decide. */
static void put_chosen_atom(generator *g) {
    static const char *const sizes[] = {"16", "h + 3", "w // 8 + 1", "64"}, *const force[] = {"own", "last", "none"};
    static const char *const buckets[] = {"2", "4", "16", "2 * h + 2", "[2, 4]", "[6, 2 * (h + 1), 4]"};
    if (g->inside_blocks || g->static_only) {
        put_random(g);
        return;
    }
    switch (pick(g, 0, 2)) {
    case 0:
        put(g, "lsh(%s, rounds = %d, seed = %d, chunk = %d)", buckets[pick(g, 0, 5)], (int)pick(g, 1, 3),
            (int)pick(g, 0, 2), g->shared ? (int)pick(g, 0, 20) : 0);
        return;
    case 1:
        put(g, "topk(%d, %s, by = %s, force = %s, within = ", (int)pick(g, -1, 9), sizes[pick(g, 0, 3)],
            pick(g, 0, 1) ? "mean" : "bounds", force[pick(g, 0, 2)]);
        break;
    default:
        put(g, "vertical_slash(%d, 2 + 2 * h, probe = %d, within = ", (int)pick(g, -1, 9), (int)pick(g, -1, 80));
        break;
    }
    put_static_set(g, 1);
    put(g, ")");
}

/* A window in steps, which may get a pass of its own. */
static void put_steps(generator *g) {
    static const char *const steps[] = {"2", "3", "4", "7", "16", "h + 2", "w // 8 + 2", "100"};
    const char *step = steps[pick(g, 0, 7)];
    put(g, "band(-%d * (%s), %d * (%s), step = %s)", (int)pick(g, 0, 40), step, (int)pick(g, -1, 40), step, step);
}

static void put_atom(generator *g) {
    switch (pick(g, 0, 25)) {
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
    case 24:
    case 25: put_chosen_atom(g); break;
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
    case 22:
    case 23: put_where(g); break;
    default: put(g, "near"); break;
    }
}

static void put_operation(generator *g, int depth) {
    static const char *const operators[] = {" | ", " ∪ ", " & ", " ∩ ", " - ", " ∖ "};
    int which = (int)pick(g, 0, 5);
    put(g, "(");
    put_set(g, depth - 1);
    put(g, "%s", operators[which]);
    which > 3 ? put_static_set(g, depth - 1) : put_set(g, depth - 1);
    put(g, ")");
}

static void put_blocks(generator *g, int depth) {
    g->inside_blocks++;
    put(g, "blocks(");
    put_size(g);
    put(g, ", ");
    put_static_set(g, depth - 1);
    put(g, ")");
    g->inside_blocks--;
}

/* Of the definitions before the pattern. */
static void put_defined(generator *g, int depth) {
    switch (pick(g, 0, 3)) {
    case 0: put(g, "base"); break;
    case 1: put(g, "base(%lld)", (long long)pick(g, 0, 30)); break;
    case 2:
        put(g, "clip(");
        put_set(g, depth - 1);
        put(g, ")");
        break;
    default:
        put(g, "either(T = ");
        put_static_set(g, depth - 1);
        put(g, ", S = ");
        put_static_set(g, depth - 1);
        put(g, ")");
        break;
    }
}

void put_set(generator *g, int depth) {
    int choice = depth > 0 ? (int)pick(g, 0, 10) : 0;
    if (choice < 3) {
        put_atom(g);
    } else if (choice < 7) {
        put_operation(g, depth);
    } else if (choice == 7) {
        put(g, "%s(", pick(g, 0, 1) ? "~" : "¬");
        put_static_set(g, depth - 1);
        put(g, ")");
    } else if (choice == 8) {
        put(g, "(");
        put_choice(g);
        put(g, " ? ");
        put_set(g, depth - 1);
        put(g, " : ");
        put_set(g, depth - 1);
        put(g, ")");
    } else if (choice == 9) {
        put_defined(g, depth);
    } else if (!g->inside_blocks || pick(g, 0, 2) == 0) {
        put_blocks(g, depth);
    } else {
        put_atom(g);
    }
}
