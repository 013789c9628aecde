/* Conditions that repeat: (i + j) % 2 == 0, i * j % 5 != 1, x[i % 4] == 1 look at i and j modulo some number alone, so
 * they are the same wherever both are the same modulo that: their period. */
#include "set/arithmetic.h"
#include "set/scalar.h"

enum { MOST_VISITS = 64, MOST_PERIOD = 1 << 12 /* longer ones do not come back in any usual sequence */ };

typedef struct search {
    const weft_bound *bound;
    weft_box all; /* the pairs there are */
    uint32_t visits;
} search;

/* The period of two values together; 0: none. */
static int64_t both(int64_t a, int64_t b) {
    if (!a || !b || a > MOST_PERIOD || b > MOST_PERIOD) return 0;
    int64_t period = a / (int64_t)weft_greatest_divisor((uint64_t)a, (uint64_t)b) * b;
    return period <= MOST_PERIOD ? period : 0;
}

typedef int64_t period_hook(search *s, weft_id id, int64_t modulo);

static int64_t of_operands(search *s, weft_id id, period_hook *of, int64_t modulo) {
    const weft_dag *dag = &s->bound->dag;
    int64_t period = 1;
    for (uint32_t k = 0; k < weft_node_at(dag, id)->arity && period; k++)
        period = both(period, of(s, weft_operand(dag, id, k), modulo));
    return period;
}

/* The number that a remainder is taken by, where it is a positive constant, else 0. */
static int64_t divisor_of(const weft_dag *dag, weft_id id) {
    const weft_node *divisor = weft_node_at(dag, weft_operand(dag, id, 1));
    return divisor->op == WEFT_OP_INT && divisor->value.integer > 0 ? divisor->value.integer : 0;
}

static int64_t period_of(search *s, weft_id id, int64_t unused);

/* Of an int modulo a number, by the rules of congruences. */
static int64_t period_modulo(search *s, weft_id id, int64_t modulo) {
    const weft_dag *dag = &s->bound->dag;
    if (++s->visits > MOST_VISITS) return 0;
    switch (weft_node_at(dag, id)->op) {
    case WEFT_OP_VAR_I:
    case WEFT_OP_VAR_J: return modulo;
    case WEFT_OP_NEG:
    case WEFT_OP_ADD:
    case WEFT_OP_SUB:
    case WEFT_OP_MUL: return of_operands(s, id, period_modulo, modulo);
    case WEFT_OP_FLOORDIV: {
        int64_t divisor = divisor_of(dag, id);
        if (!divisor || divisor > MOST_PERIOD / modulo) return period_of(s, id, 0);
        return period_modulo(s, weft_operand(dag, id, 0), divisor * modulo);
    }
    default: return period_of(s, id, 0);
    }
}

static int64_t period_of(search *s, weft_id id, int64_t unused) {
    const weft_dag *dag = &s->bound->dag;
    if (++s->visits > MOST_VISITS) return 0;
    switch (weft_node_at(dag, id)->op) {
    case WEFT_OP_VAR_I:
    case WEFT_OP_VAR_J: return 0;
    case WEFT_OP_MOD: {
        int64_t divisor = divisor_of(dag, id);
        weft_id dividend = weft_operand(dag, id, 0);
        /* What overflows somewhere does not repeat. */
        if (divisor && divisor <= MOST_PERIOD && !weft_range_of(s->bound, dividend, &s->all).fault)
            return period_modulo(s, dividend, divisor);
        return of_operands(s, id, period_of, unused);
    }
    default: return of_operands(s, id, period_of, unused);
    }
}

int64_t weft_condition_period(const weft_bound *bound, weft_id condition, weft_space space) {
    search s = {bound, {space.first, space.first + space.queries, 0, space.keys}, 0};
    return space.queries > 0 && space.keys > 0 ? period_of(&s, condition, 0) : 0;
}
