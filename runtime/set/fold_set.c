/* Sets: the branch that this head takes is chosen, and what then is empty or everything goes away (not where places are
 * kept: an explanation wants the set as written). */
#include "set/fold.h"

#include <string.h>

static weft_id make_atom(weft_folder *f, weft_op op, weft_span place) {
    return weft_make_set(&f->bound->dag, op, weft_fold_place(f, place), 0);
}

static bool is_op(const weft_folder *f, weft_id result, weft_op op) { return weft_folded(f, result)->op == op; }

/* ---- operators ---------------------------------------------------------------------------------------------- */

static bool is_listed(const weft_folder *f, uint32_t begin, weft_id operand) {
    enum { COMPARED = 64 }; /* operands; equal ones among more do no harm */
    uint32_t end = f->stack_count - begin > COMPARED ? begin + COMPARED : f->stack_count;
    for (uint32_t k = begin; k < end; k++) {
        if (f->stack[k] == operand) return true;
    }
    return false;
}

/* Pushes an operand of a union or intersection: nested ones are opened, neutral and repeated ones left out. */
static void push_operand(weft_folder *f, weft_op op, uint32_t begin, weft_id operand) {
    const weft_dag *dag = &f->bound->dag;
    weft_op neutral = op == WEFT_OP_UNION ? WEFT_ATOM_NONE : WEFT_ATOM_ALL;
    if (is_op(f, operand, op)) {
        for (uint32_t k = 0; k < weft_node_at(dag, operand)->arity; k++) {
            push_operand(f, op, begin, weft_operand(dag, operand, k));
        }
    } else if (!is_op(f, operand, neutral) && !is_listed(f, begin, operand)) {
        weft_fold_push(f, operand);
    }
}

static weft_id fold_lattice(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    uint32_t base = f->stack_count;
    weft_op op = (weft_op)node->op;
    weft_op absorbing = op == WEFT_OP_UNION ? WEFT_ATOM_ALL : WEFT_ATOM_NONE;
    weft_op neutral = op == WEFT_OP_UNION ? WEFT_ATOM_NONE : WEFT_ATOM_ALL;
    bool sound = weft_fold_operands(f, id, level);
    if (sound && !weft_fold_simplifies(f)) return weft_fold_make(f, *node, base);
    uint32_t begin = f->stack_count;
    weft_id result = 0;
    for (uint32_t k = base; sound && k < begin && !result; k++) {
        if (is_op(f, f->stack[k], absorbing)) result = f->stack[k];
        push_operand(f, op, begin, f->stack[k]);
    }
    if (sound && !f->failed && !result) {
        uint32_t count = f->stack_count - begin;
        result = count == 0   ? make_atom(f, neutral, node->place)
                 : count == 1 ? f->stack[begin]
                              : weft_fold_make(f, *node, begin);
    }
    f->stack_count = base;
    return result;
}

static weft_id fold_difference(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    uint32_t base = f->stack_count;
    bool sound = weft_fold_operands(f, id, level);
    weft_id left = sound ? f->stack[base] : 0, right = sound ? f->stack[base + 1] : 0;
    if (sound && weft_fold_simplifies(f)) {
        bool keeps_left = is_op(f, left, WEFT_ATOM_NONE) || is_op(f, right, WEFT_ATOM_NONE);
        bool is_empty = is_op(f, right, WEFT_ATOM_ALL) || left == right;
        if (keeps_left || is_empty) {
            f->stack_count = base;
            return keeps_left ? left : make_atom(f, WEFT_ATOM_NONE, node->place);
        }
    }
    if (sound) return weft_fold_make(f, *node, base);
    f->stack_count = base;
    return 0;
}

static weft_id fold_complement(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    weft_id operand = weft_fold_operand(f, id, 0, level);
    if (!operand) return 0;
    if (weft_fold_simplifies(f)) {
        if (is_op(f, operand, WEFT_ATOM_ALL)) return make_atom(f, WEFT_ATOM_NONE, node->place);
        if (is_op(f, operand, WEFT_ATOM_NONE)) return make_atom(f, WEFT_ATOM_ALL, node->place);
        if (is_op(f, operand, WEFT_OP_COMPLEMENT)) return weft_operand(&f->bound->dag, operand, 0);
    }
    return weft_make_set(&f->bound->dag, WEFT_OP_COMPLEMENT, weft_fold_place(f, node->place), 1, operand);
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

/* The level of the block numbers, once the size is known; else nothing is known there. */
static uint32_t level_of_blocks(weft_folder *f, uint32_t level, weft_id size) {
    weft_fold_level blocks = f->levels[level];
    if (blocks.lengths_known && weft_is_known(f, size)) {
        int64_t b = weft_folded(f, size)->value.integer;
        blocks.lq = weft_ceil_div(blocks.lq, b);
        blocks.lk = blocks.count = weft_ceil_div(blocks.lk, b);
        blocks.first = weft_floor_div(blocks.first, b);
    } else {
        blocks = (weft_fold_level){0};
    }
    return weft_fold_add_level(f, blocks);
}

static weft_id fold_blocks(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    static const weft_slice name = {"block", 5};
    weft_id size = weft_fold_operand(f, id, 0, level);
    bool fits = weft_fold_check_size(f, size, name, weft_fold_operand_place(f, id, 0));
    weft_id set = weft_fold_operand(f, id, 1, level_of_blocks(f, level, fits ? size : 0));
    if (!fits || !set) return 0;
    if (weft_fold_simplifies(f)) {
        bool is_single = weft_is_known(f, size) && weft_folded(f, size)->value.integer == 1;
        if (is_single || is_op(f, set, WEFT_ATOM_ALL) || is_op(f, set, WEFT_ATOM_NONE)) return set;
    }
    return weft_make_set(&f->bound->dag, WEFT_OP_BLOCKS, weft_fold_place(f, node->place), 2, size, set);
}

/* ---- heads and requirements ------------------------------------------------------------------------------------ */

static uint32_t level_of_heads(weft_folder *f, uint32_t level) {
    weft_fold_level heads = f->levels[level];
    heads.count_known = f->environment->head_known;
    heads.count = heads.count_known ? f->environment->heads : 0;
    return weft_fold_add_level(f, heads);
}

/* Pushes the clauses' lists of heads; *known when all of them are intervals. */
static bool fold_clauses(weft_folder *f, weft_id id, uint32_t clauses, uint32_t level, bool *known) {
    uint32_t heads = level_of_heads(f, level);
    bool sound = true;
    *known = f->environment->head_known;
    for (uint32_t k = 0; k < clauses; k++) {
        weft_id list = weft_fold_operand(f, id, 2 * k, heads);
        list = weft_fold_as_intervals(f, list, heads, weft_fold_operand_place(f, id, 2 * k));
        sound = sound && list;
        *known = *known && list && is_op(f, list, WEFT_OP_INTERVALS);
        weft_fold_push(f, list);
    }
    return sound && !f->failed;
}

/* The operand that this head attends to; arity: none, or an error that was reported. The lists are on the stack. */
static uint32_t choose_clause(weft_folder *f, weft_id id, uint32_t arity, uint32_t base) {
    int64_t head = f->environment->head;
    uint32_t chosen = arity, clauses = arity / 2;
    for (uint32_t k = 0; k < clauses; k++) {
        weft_intervals list = f->bound->dag.lists[weft_folded(f, f->stack[base + k])->value.integer];
        if (!weft_intervals_contain(list, head)) continue;
        if (chosen < arity) {
            weft_diagnose(f->diagnostics, WEFT_E0305, weft_fold_operand_place(f, id, 2 * k),
                          "head %lld is in an earlier clause too", (long long)head);
            weft_diagnose_note(f->diagnostics, weft_fold_operand_place(f, id, chosen - 1), "the earlier clause");
            return arity;
        }
        chosen = 2 * k + 1;
    }
    if (chosen == arity && arity % 2) return arity - 1;
    if (chosen == arity) {
        weft_diagnose(f->diagnostics, WEFT_E0306, weft_node_at(f->source, id)->place,
                      "head %lld has no set: no `heads` clause names it, and there is no `attend`", (long long)head);
    }
    return chosen;
}

/* While it is not known which clause a head takes, all stay. */
static weft_id keep_clauses(weft_folder *f, weft_id id, const weft_node *node, uint32_t level, uint32_t base) {
    uint32_t clauses = node->arity / 2, first = f->stack_count;
    bool sound = true;
    for (uint32_t k = 0; k < node->arity; k++) {
        bool is_list = k < 2 * clauses && k % 2 == 0;
        weft_id result = is_list ? f->stack[base + k / 2] : weft_fold_operand(f, id, k, level);
        sound = sound && result;
        weft_fold_push(f, result);
    }
    weft_id result = sound && !f->failed ? weft_fold_make(f, *node, first) : 0;
    f->stack_count = base;
    return result;
}

static weft_id fold_heads(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    uint32_t base = f->stack_count;
    bool known;
    if (!fold_clauses(f, id, node->arity / 2, level, &known)) {
        f->stack_count = base;
        return 0;
    }
    if (!known) return keep_clauses(f, id, node, level, base);
    uint32_t chosen = choose_clause(f, id, node->arity, base);
    f->stack_count = base;
    return chosen < node->arity ? weft_fold_operand(f, id, chosen, level) : 0;
}

static weft_id fold_requirement(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    const char *message = f->source->strings[node->value.integer];
    weft_id condition = weft_fold_operand(f, id, 0, level);
    bool known = weft_is_known(f, condition);
    if (known && !weft_folded(f, condition)->value.integer) {
        weft_diagnose(f->diagnostics, WEFT_E0307, node->place, "%s", message ? message : "this requirement is not met");
        return 0;
    }
    weft_id set = weft_fold_operand(f, id, 1, level);
    if (known || !condition || !set) return condition ? set : 0;
    weft_node kept = *node;
    if (message) kept.value.integer = weft_dag_string(&f->bound->dag, message, strlen(message));
    uint32_t base = f->stack_count;
    weft_fold_push(f, condition);
    weft_fold_push(f, set);
    return weft_fold_make(f, kept, base);
}

weft_id weft_fold_set(weft_folder *f, weft_id id, uint32_t level) {
    const weft_node node = *weft_node_at(f->source, id);
    switch (node.op) {
    case WEFT_OP_UNION:
    case WEFT_OP_INTERSECTION: return fold_lattice(f, id, &node, level);
    case WEFT_OP_DIFFERENCE: return fold_difference(f, id, &node, level);
    case WEFT_OP_COMPLEMENT: return fold_complement(f, id, &node, level);
    case WEFT_OP_BLOCKS: return fold_blocks(f, id, &node, level);
    case WEFT_OP_HEADS: return fold_heads(f, id, &node, level);
    case WEFT_OP_REQUIRE: return fold_requirement(f, id, &node, level);
    default: return weft_fold_atom(f, id, &node, level);
    }
}
