/* An order of nodes by what they say: atoms first, then by operation, then values, then operands from left to right.
 * Nodes are hash-consed, so equal structure is one id, and two ids differ at exactly one place that matters: no
 * recursion. */
#include "passes/rewrite.h"

#include <string.h>

static int order(bool less, bool greater) { return (int)greater - (int)less; }

static int compare_values(const weft_node *a, const weft_node *b) {
    if (a->op == WEFT_OP_FLOAT) return memcmp(&a->value.real, &b->value.real, sizeof a->value.real);
    return order(a->value.integer<b->value.integer, a->value.integer> b->value.integer);
}

static int compare_heads(const weft_node *a, const weft_node *b) {
    bool a_is_atom = weft_op_is_atom((weft_op)a->op), b_is_atom = weft_op_is_atom((weft_op)b->op);
    if (a_is_atom != b_is_atom) return order(a_is_atom, b_is_atom);
    if (a->op != b->op) return order(a->op<b->op, a->op> b->op);
    if (a->type != b->type) return order(a->type<b->type, a->type> b->type);
    int values = compare_values(a, b);
    return values ? values : order(a->arity<b->arity, a->arity> b->arity);
}

int weft_compare(const weft_dag *dag, weft_id a, weft_id b) {
    while (a != b) {
        const weft_node *left = weft_node_at(dag, a), *right = weft_node_at(dag, b);
        int heads = compare_heads(left, right);
        uint32_t k = 0;
        while (k < left->arity && k < right->arity && weft_operand(dag, a, k) == weft_operand(dag, b, k)) k++;
        if (heads || k == left->arity || k == right->arity) return heads;
        a = weft_operand(dag, a, k);
        b = weft_operand(dag, b, k);
    }
    return 0;
}

/* Merge sort of ids[0 … count). */
static void sort(const weft_dag *dag, weft_id *ids, uint32_t count, weft_id *room) {
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t begin = 0; begin + width < count; begin += 2 * width) {
            uint32_t middle = begin + width, end = middle + width < count ? middle + width : count;
            uint32_t left = begin, right = middle;
            for (uint32_t k = begin; k < end; k++) {
                bool takes_left = right == end || (left < middle && weft_compare(dag, ids[left], ids[right]) <= 0);
                room[k] = takes_left ? ids[left++] : ids[right++];
            }
            memcpy(ids + begin, room + begin, (end - begin) * sizeof *ids);
        }
    }
}

uint32_t weft_sort(const weft_dag *dag, weft_id *ids, uint32_t count, weft_id *room) {
    uint32_t kept = 0;
    sort(dag, ids, count, room);
    for (uint32_t k = 0; k < count; k++)
        if (kept == 0 || ids[kept - 1] != ids[k]) ids[kept++] = ids[k];
    return kept;
}
