/* Making nodes: each is looked up before it is made, so that equal ones are one. */
#include "set/dag.h"

#include <math.h>
#include <string.h>

bool weft_dag_init(weft_dag *dag, const weft_allocator *allocator) {
    *dag = (weft_dag){.allocator = allocator};
    weft_arena_init(&dag->arena, allocator);
    if (!weft_reserve(allocator, &dag->nodes, &dag->node_capacity, 1, sizeof *dag->nodes) ||
        !weft_reserve(allocator, &dag->strings, &dag->string_capacity, 1, sizeof *dag->strings)) {
        weft_dag_free(dag);
        return false;
    }
    dag->nodes[dag->count++] = (weft_node){.op = WEFT_OP_INVALID};
    dag->strings[dag->string_count++] = NULL;
    return true;
}

void weft_dag_free(weft_dag *dag) {
    const weft_allocator *allocator = dag->allocator;
    if (!allocator) return;
    weft_free(allocator, dag->nodes, dag->node_capacity * sizeof *dag->nodes);
    weft_free(allocator, dag->operands, dag->operand_capacity * sizeof *dag->operands);
    weft_free(allocator, dag->strings, dag->string_capacity * sizeof *dag->strings);
    weft_free(allocator, dag->lists, dag->list_capacity * sizeof *dag->lists);
    weft_intern_free(&dag->node_index, allocator);
    weft_intern_free(&dag->string_index, allocator);
    weft_intern_free(&dag->list_index, allocator);
    weft_arena_free(&dag->arena);
    *dag = (weft_dag){.allocator = allocator};
}

static uint32_t fail(weft_dag *dag) {
    dag->failed = true;
    return 0;
}

/* ---- nodes -------------------------------------------------------------------------------------------------- */

/* What is compared: values by bits, all NaN as one, and none where the operation has none. */
static weft_value canonical_value(weft_op op, weft_value value) {
    switch (op) {
    case WEFT_OP_FLOAT: return isnan(value.real) ? (weft_value){.real = (double)NAN} : value;
    case WEFT_OP_BOOL: return (weft_value){.integer = value.integer != 0};
    case WEFT_OP_INT:
    case WEFT_OP_PARAM:
    case WEFT_OP_ARRAY:
    case WEFT_OP_INTERVALS:
    case WEFT_OP_REQUIRE: return value;
    default: return weft_op_chooses(op) ? value : (weft_value){.integer = 0};
    }
}

static uint64_t hash_node(const weft_node *node, const weft_id *operands) {
    uint64_t hash = weft_hash(node->op, node->type);
    hash = weft_hash(hash, (uint64_t)node->value.integer);
    hash = weft_hash(hash, (uint64_t)node->place.source << 32 | node->place.begin);
    hash = weft_hash(hash, (uint64_t)node->place.end << 32 | node->arity);
    for (uint32_t k = 0; k < node->arity; k++) hash = weft_hash(hash, operands[k]);
    return hash;
}

static bool is_same_node(const weft_dag *dag, weft_id id, const weft_node *node, const weft_id *operands) {
    const weft_node *known = &dag->nodes[id];
    return known->op == node->op && known->type == node->type && known->value.integer == node->value.integer &&
           known->place.source == node->place.source && known->place.begin == node->place.begin &&
           known->place.end == node->place.end && known->arity == node->arity &&
           (node->arity == 0 || memcmp(&dag->operands[known->first], operands, node->arity * sizeof *operands) == 0);
}

/* Copies operands behind the others; they may be some of those others, which move when the array grows. */
static bool add_operands(weft_dag *dag, const weft_id *operands, uint32_t arity) {
    if (arity == 0) return true;
    uintptr_t begin = (uintptr_t)dag->operands, at = (uintptr_t)operands;
    bool is_inside = dag->operands && at >= begin && at < begin + dag->operand_count * sizeof *operands;
    uint64_t count = (uint64_t)dag->operand_count + arity;
    if (!weft_reserve(dag->allocator, &dag->operands, &dag->operand_capacity, count, sizeof *dag->operands))
        return false;
    if (is_inside) operands = dag->operands + (at - begin) / sizeof *operands;
    memcpy(dag->operands + dag->operand_count, operands, arity * sizeof *operands);
    dag->operand_count = (uint32_t)count;
    return true;
}

weft_id weft_make(weft_dag *dag, weft_op op, weft_type type, weft_value value, const weft_id *operands, uint32_t arity,
                  weft_span place) {
    if (dag->failed) return 0;
    for (uint32_t k = 0; k < arity; k++)
        if (operands[k] == 0 || operands[k] >= dag->count) return 0;

    weft_node node = {.op = (uint16_t)op, .type = (uint16_t)type, .arity = arity, .place = place};
    node.value = canonical_value(op, value);
    uint64_t hash = hash_node(&node, operands);
    weft_probe probe = weft_intern_find(&dag->node_index, hash);
    for (weft_id id; (id = weft_intern_next(&dag->node_index, &probe)) != 0;)
        if (is_same_node(dag, id, &node, operands)) return id;

    node.first = dag->operand_count;
    if (dag->count >= WEFT_MAX_NODES || !weft_intern_reserve(&dag->node_index, dag->allocator) ||
        !weft_reserve(dag->allocator, &dag->nodes, &dag->node_capacity, (uint64_t)dag->count + 1, sizeof node) ||
        !add_operands(dag, operands, arity))
        return fail(dag);
    dag->nodes[dag->count] = node;
    weft_intern_add(&dag->node_index, hash, dag->count);
    return dag->count++;
}

weft_id weft_make_int(weft_dag *dag, int64_t value, weft_span place) {
    return weft_make(dag, WEFT_OP_INT, WEFT_TYPE_INT, (weft_value){.integer = value}, NULL, 0, place);
}

weft_id weft_make_float(weft_dag *dag, double value, weft_span place) {
    return weft_make(dag, WEFT_OP_FLOAT, WEFT_TYPE_FLOAT, (weft_value){.real = value}, NULL, 0, place);
}

weft_id weft_make_bool(weft_dag *dag, bool value, weft_span place) {
    return weft_make(dag, WEFT_OP_BOOL, WEFT_TYPE_BOOL, (weft_value){.integer = value}, NULL, 0, place);
}

weft_id weft_make_set(weft_dag *dag, weft_op op, weft_span place, uint32_t arity, ...) {
    enum { A_FEW = 8 };
    weft_id operands[A_FEW];
    if (arity > A_FEW) return fail(dag);
    va_list arguments;
    va_start(arguments, arity);
    for (uint32_t k = 0; k < arity; k++) operands[k] = va_arg(arguments, weft_id);
    va_end(arguments);
    return weft_make(dag, op, WEFT_TYPE_SET, (weft_value){.integer = 0}, operands, arity, place);
}

/* ---- lists and strings -------------------------------------------------------------------------------------- */

static bool is_same_list(weft_intervals a, weft_intervals b) {
    if (a.count != b.count) return false;
    for (uint32_t k = 0; k < a.count; k++)
        if (a.at[k].lo != b.at[k].lo || a.at[k].hi != b.at[k].hi) return false;
    return true;
}

/* The list's number among dag->lists plus 1, or 0 when memory fails. */
static uint32_t intern_list(weft_dag *dag, weft_intervals list) {
    uint64_t hash = list.count;
    for (uint32_t k = 0; k < list.count; k++)
        hash = weft_hash(weft_hash(hash, (uint64_t)list.at[k].lo), (uint64_t)list.at[k].hi);
    weft_probe probe = weft_intern_find(&dag->list_index, hash);
    for (uint32_t number; (number = weft_intern_next(&dag->list_index, &probe)) != 0;)
        if (is_same_list(dag->lists[number - 1], list)) return number;

    if (!weft_intern_reserve(&dag->list_index, dag->allocator) ||
        !weft_reserve(dag->allocator, &dag->lists, &dag->list_capacity, (uint64_t)dag->list_count + 1,
                      sizeof *dag->lists))
        return fail(dag);
    weft_interval *copy = NULL;
    if (list.count) {
        copy = weft_arena_take(&dag->arena, list.count * sizeof *copy);
        if (!copy) return fail(dag);
        memcpy(copy, list.at, list.count * sizeof *copy);
    }
    dag->lists[dag->list_count++] = (weft_intervals){copy, list.count};
    weft_intern_add(&dag->list_index, hash, dag->list_count);
    return dag->list_count;
}

weft_id weft_make_intervals(weft_dag *dag, weft_intervals list, weft_span place) {
    uint32_t number = dag->failed ? 0 : intern_list(dag, list);
    if (number == 0) return 0;
    weft_value value = {.integer = number - 1};
    return weft_make(dag, WEFT_OP_INTERVALS, WEFT_TYPE_LIST, value, NULL, 0, place);
}

uint32_t weft_dag_string(weft_dag *dag, const char *text, size_t size) {
    if (dag->failed) return 0;
    if (size == 0) text = "";
    uint64_t hash = size;
    for (size_t k = 0; k < size; k++) hash = weft_hash(hash, (unsigned char)text[k]);
    weft_probe probe = weft_intern_find(&dag->string_index, hash);
    for (uint32_t number; (number = weft_intern_next(&dag->string_index, &probe)) != 0;)
        if (strlen(dag->strings[number]) == size && memcmp(dag->strings[number], text, size) == 0) return number;

    if (!weft_intern_reserve(&dag->string_index, dag->allocator) ||
        !weft_reserve(dag->allocator, &dag->strings, &dag->string_capacity, (uint64_t)dag->string_count + 1,
                      sizeof *dag->strings))
        return fail(dag);
    const char *copy = weft_arena_copy(&dag->arena, text, size);
    if (!copy) return fail(dag);
    dag->strings[dag->string_count] = copy;
    weft_intern_add(&dag->string_index, hash, dag->string_count);
    return dag->string_count++;
}
