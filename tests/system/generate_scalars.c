/* Numbers and conditions of `where` and `bias`: every operator and function on ints and floats, arrays and literals,
 * parts that all pairs share, faults. */
#include "generator.h"

static void put_int(generator *g, int depth);

void put_choice(generator *g) {
    static const char *const choices[] = {"h % 2 == 0", "h % 2 == 1",     "on",     "not on or h == 1", "w > 20",
                                          "Lk > 100",   "r < 0.5 and on", "D > 32", "Lq != Lk",         "H > 2"};
    put(g, "%s", PICK(g->random, choices));
}

static void put_joined_conditions(generator *g, int depth) {
    put(g, "(");
    put_condition(g, depth - 1);
    put(g, pick(g, 0, 1) ? " and " : " or ");
    put_condition(g, depth - 1);
    put(g, ")");
}

void put_condition(generator *g, int depth) {
    static const char *const compare[] = {"<", "<=", ">", ">=", "==", "!="};
    int choice = (int)pick(g, 0, depth > 0 ? 6 : 1);
    if (choice == 6) {
        put(g, "(not (");
        put_condition(g, depth - 1);
        put(g, "))");
    } else if (choice >= 4) {
        put_joined_conditions(g, depth);
    } else {
        put(g, "(");
        choice % 2 ? put_int(g, depth - 1) : put_real(g, depth - 1);
        put(g, " %s ", PICK(g->random, compare));
        choice % 2 ? put_int(g, depth - 1) : put_real(g, depth - 1);
        put(g, ")");
    }
}

/* A part that every pair has the same of, now and then. */
static bool begin_part(generator *g) {
    bool before = g->same_for_all;
    if (pick(g, 0, 5) == 0) g->same_for_all = true;
    return before;
}

static void put_int_leaf(generator *g) {
    static const char *const pair[] = {"i", "j", "(i - j)", "abs(i - j)", "x[j]", "x[i]", "k[abs(j) % 5]"};
    static const char *const head[] = {"h", "H", "Lq", "Lk", "w", "w", "D", "x[0]"};
    if (pick(g, 0, 3) == 0)
        put(g, "%lld", (long long)pick(g, -3, 70));
    else if (g->same_for_all || pick(g, 0, 3) == 0)
        put(g, "%s", head[pick(g, 0, g->inside_blocks ? 6 : 7)]);
    else
        put(g, "%s", pair[pick(g, 0, g->inside_blocks ? 3 : 6)]);
}

static void put_int(generator *g, int depth) {
    static const char *const operators[] = {" + ", " - ", " * ", " // ", " % ", " // ", " % "};
    bool before = begin_part(g);
    int choice = depth > 0 ? (int)pick(g, 0, 9) : 0;
    if (choice < 3) {
        put_int_leaf(g);
    } else if (choice < 7) {
        put(g, "(");
        put_int(g, depth - 1);
        put(g, "%s", PICK(g->random, operators));
        put_int(g, depth - 1);
        put(g, ")");
    } else if (choice == 7) {
        put(g, "%s(", pick(g, 0, 1) ? "min" : "max");
        put_int(g, depth - 1);
        put(g, ", ");
        put_int(g, depth - 1);
        put(g, ")");
    } else if (choice == 8) {
        put(g, "%s(", pick(g, 0, 1) ? "abs" : "-");
        put_int(g, depth - 1);
        put(g, ")");
    } else {
        put(g, "(");
        put_condition(g, depth - 1);
        put(g, " ? ");
        put_int(g, depth - 1);
        put(g, " : ");
        put_int(g, depth - 1);
        put(g, ")");
    }
    g->same_for_all = before;
}

/* An element of a table: of arrays that are given, of literals of constants and of parts. */
static void put_element(generator *g, int depth) {
    static const char *const late[] = {"s", "t", "u", "[0.5, -1.25, 2.0, 0.0]", "[1, h, -2]", "[0.5, s[0]]"};
    static const char *const early[] = {"v", "[0.5, -1.25, 2.0, 0.0]", "[1, h, -2]"};
    if (pick(g, 0, 5) == 0) {
        put(g, "[");
        put_real(g, depth - 1);
        put(g, ", ");
        put_real(g, depth - 1);
        put(g, "]");
    } else if (g->in_where) {
        put(g, "%s", early[pick(g, g->inside_blocks, 2)]);
    } else {
        put(g, "%s", PICK(g->random, late));
    }
    if (g->same_for_all) {
        put(g, "[%s]", pick(g, 0, 9) ? "0" : "w");
        return;
    }
    put(g, pick(g, 0, 2) ? "[abs(" : "[(");
    put_int(g, depth - 1);
    put(g, ") %% %d]", (int)pick(g, 2, 4));
}

static void put_real_leaf(generator *g) {
    if (pick(g, 0, 2) == 0)
        put(g, "%lld.%lld", (long long)pick(g, -3, 3), (long long)pick(g, 0, 99));
    else if (pick(g, 0, 2) == 0)
        put(g, g->in_where ? "r" : "s[h]");
    else if (!g->same_for_all && !g->in_where && pick(g, 0, 1))
        put(g, "alibi");
    else {
        put(g, "0.0%lld * ", (long long)pick(g, 1, 9));
        put_int_leaf(g);
    }
}

void put_real(generator *g, int depth) {
    static const char *const operators[] = {" + ", " - ", " * ", " / "};
    static const char *const functions[] = {"sqrt", "log", "exp", "log2", "exp2", "tanh", "abs", "-"};
    bool before = begin_part(g);
    int choice = depth > 0 ? (int)pick(g, 0, 12) : 0;
    if (choice < 2) {
        put_real_leaf(g);
    } else if (choice < 5) {
        put(g, "(");
        put_real(g, depth - 1);
        put(g, "%s", PICK(g->random, operators));
        put_real(g, depth - 1);
        put(g, ")");
    } else if (choice == 5) {
        put(g, "%s(", pick(g, 0, 1) ? "min" : "max");
        put_real(g, depth - 1);
        put(g, ", ");
        put_real(g, depth - 1);
        put(g, ")");
    } else if (choice <= 7) {
        put(g, "%s(", PICK(g->random, functions));
        put_real(g, depth - 1);
        put(g, ")");
    } else if (choice == 8) {
        put(g, "(");
        put_condition(g, depth - 1);
        put(g, " ? ");
        put_real(g, depth - 1);
        put(g, " : ");
        put_real(g, depth - 1);
        put(g, ")");
    } else if (choice == 9) {
        put(g, "(");
        put_int(g, depth - 1);
        put(g, " * 0.01)");
    } else {
        put_element(g, depth);
    }
    g->same_for_all = before;
}
