/* Folding: one partial evaluator for constants at check time, for canonical forms, and for binding a plan to a shape.
 * What the environment knows becomes constants, what then is constant is worked out, what is wrong is reported where it
 * stands. Every node is folded once a level (fold.h), so shared ones stay shared. */
#include "set/fold.h"
#include "set/labels.h"

enum {
    MOST_LEVELS = 3 * WEFT_MAX_DEPTH / 4, /* what follows recurses too, and must fit any usual stack */
    MOST_NODES_WRITTEN_OUT = 1 << 20      /* evaluating larger ones would take for ever */
};

bool weft_bound_init(weft_bound *bound, const weft_allocator *allocator) {
    *bound = (weft_bound){0};
    return weft_dag_init(&bound->dag, allocator);
}

void weft_bound_free(weft_bound *bound) {
    const weft_allocator *allocator = bound->dag.allocator;
    if (!allocator) return;
    for (uint32_t k = 0; k < bound->array_count; k++) weft_labels_free(bound->arrays[k].labels, allocator);
    weft_free(allocator, bound->arrays, bound->array_capacity * sizeof *bound->arrays);
    weft_intern_free(&bound->array_index, allocator);
    weft_free(allocator, bound->forms, bound->form_capacity * sizeof *bound->forms);
    weft_intern_free(&bound->form_index, allocator);
    weft_dag_free(&bound->dag);
    *bound = (weft_bound){.dag = bound->dag};
}

/* ---- places, operands, nodes ----------------------------------------------------------------------------------- */

weft_span weft_fold_place(const weft_folder *f, weft_span place) {
    return f->environment->keep_places ? place : WEFT_NO_SPAN;
}

weft_span weft_fold_operand_place(const weft_folder *f, weft_id id, uint32_t k) {
    weft_span place = weft_node_at(f->source, weft_operand(f->source, id, k))->place;
    return place.source ? place : weft_node_at(f->source, id)->place;
}

void weft_fold_push(weft_folder *f, weft_id result) {
    if (!weft_reserve(f->bound->dag.allocator, &f->stack, &f->stack_capacity, (uint64_t)f->stack_count + 1,
                      sizeof *f->stack)) {
        f->failed = true;
        return;
    }
    f->stack[f->stack_count++] = result;
}

weft_id weft_fold_operand(weft_folder *f, weft_id id, uint32_t k, uint32_t level) {
    return weft_fold_node(f, weft_operand(f->source, id, k), level);
}

bool weft_fold_operands(weft_folder *f, weft_id id, uint32_t level) {
    uint32_t arity = weft_node_at(f->source, id)->arity;
    bool sound = true;
    for (uint32_t k = 0; k < arity; k++) {
        weft_id result = weft_fold_operand(f, id, k, level);
        sound = sound && result;
        weft_fold_push(f, result);
    }
    return sound && !f->failed;
}

weft_id weft_fold_make(weft_folder *f, weft_node node, uint32_t base) {
    if (f->failed) return 0;
    const weft_id *operands = f->stack_count > base ? f->stack + base : NULL;
    weft_id result = weft_make(&f->bound->dag, (weft_op)node.op, (weft_type)node.type, node.value, operands,
                               f->stack_count - base, weft_fold_place(f, node.place));
    f->stack_count = base;
    return result;
}

static weft_id make_constant(weft_folder *f, weft_type type, weft_value value, weft_span place) {
    weft_op op = type == WEFT_TYPE_FLOAT ? WEFT_OP_FLOAT : type == WEFT_TYPE_BOOL ? WEFT_OP_BOOL : WEFT_OP_INT;
    return weft_make(&f->bound->dag, op, type, value, NULL, 0, weft_fold_place(f, place));
}

/* ---- leaves ------------------------------------------------------------------------------------------------- */

/* An array that comes with each run: reads of it stay. */
static weft_id late_array(weft_folder *f, const weft_node *node) {
    weft_array array = {.type = (weft_type)node->type, .parameter = (uint32_t)node->value.integer + 1};
    return weft_fold_array_part(f, node, array);
}

/* A default may read lengths: it is folded where it is used, but it means the outermost level. */
static weft_id fold_default(weft_folder *f, const weft_node *node, weft_id initial) {
    weft_id result = weft_fold_node(f, initial, 0);
    if (!weft_is_known(f, result) || node->type != WEFT_TYPE_FLOAT) return result;
    weft_node known = *weft_folded(f, result);
    if (known.type == WEFT_TYPE_INT) known.value.real = (double)known.value.integer;
    return make_constant(f, WEFT_TYPE_FLOAT, known.value, known.place);
}

static weft_id fold_parameter(weft_folder *f, const weft_node *node) {
    const weft_argument *arguments = f->environment->arguments;
    int64_t number = node->value.integer;
    if (arguments) {
        const weft_argument *argument = &arguments[number];
        bool deferred = argument->late && (node->type == WEFT_TYPE_PER_HEAD || node->type == WEFT_TYPE_TABLE);
        if (deferred) return late_array(f, node);
        if (node->type == WEFT_TYPE_KEYS && f->environment->open_keys) return weft_fold_make(f, *node, f->stack_count);
        if (argument->bound && argument->array) return weft_fold_array(f, node, argument->array);
        if (argument->bound) return make_constant(f, (weft_type)node->type, argument->value, node->place);
        weft_id initial = f->program->parameters[number].initial;
        if (initial) return fold_default(f, node, initial);
    }
    return weft_fold_make(f, *node, f->stack_count);
}

static weft_id fold_slope(weft_folder *f, const weft_node *node) {
    const weft_environment *known = f->environment;
    if (!known->head_known) return weft_fold_make(f, *node, f->stack_count);
    weft_value slope = {.real = weft_alibi_slope(known->head, known->heads)};
    return make_constant(f, WEFT_TYPE_FLOAT, slope, node->place);
}

static weft_id fold_variable(weft_folder *f, const weft_node *node, uint32_t level) {
    const weft_environment *known = f->environment;
    const weft_fold_level *here = &f->levels[level];
    int64_t value = 0;
    bool is_known = false;
    switch (node->op) {
    case WEFT_OP_VAR_HEAD: is_known = known->head_known, value = known->head; break;
    case WEFT_OP_VAR_HEADS: is_known = known->head_known, value = known->heads; break;
    case WEFT_OP_VAR_LQ: is_known = here->lengths_known, value = here->lq; break;
    case WEFT_OP_VAR_LK: is_known = here->lengths_known, value = here->lk; break;
    case WEFT_OP_VAR_DIM: is_known = known->dim_known, value = known->dim; break;
    default: break; /* i and j */
    }
    if (is_known) return make_constant(f, WEFT_TYPE_INT, (weft_value){.integer = value}, node->place);
    if (node->op == WEFT_OP_VAR_DIM && known->lengths_known) {
        weft_diagnose(f->diagnostics, WEFT_E0407, node->place, "`D` is read, but no head dimension is known here");
        return 0;
    }
    return weft_fold_make(f, *node, f->stack_count);
}

/* ---- operations --------------------------------------------------------------------------------------------- */

static weft_id report_fault(weft_folder *f, weft_fault fault, weft_span place) {
    if (fault == WEFT_FAULT_DIVISION) {
        weft_diagnose(f->diagnostics, WEFT_E0302, place, "division by zero");
    } else {
        weft_diagnose(f->diagnostics, WEFT_E0303, place, "the result does not fit in 64 bits");
    }
    return 0;
}

static weft_id fold_operation(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    uint32_t base = f->stack_count;
    bool sound = weft_fold_operands(f, id, level);
    weft_id a = sound ? f->stack[base] : 0, b = sound ? f->stack[f->stack_count - 1] : 0;
    if (!sound) {
        f->stack_count = base;
        return 0;
    }
    weft_op op = (weft_op)node->op;
    weft_node right = *weft_folded(f, b);
    bool divides = op == WEFT_OP_DIV || op == WEFT_OP_FLOORDIV || op == WEFT_OP_MOD;
    if (!weft_is_known(f, b) || !(weft_is_known(f, a) || divides)) return weft_fold_make(f, *node, base);
    bool by_zero = divides && (op == WEFT_OP_DIV ? right.value.real == 0 : right.value.integer == 0);
    if (!weft_is_known(f, a) && !by_zero) return weft_fold_make(f, *node, base);
    f->stack_count = base;
    if (by_zero) return report_fault(f, WEFT_FAULT_DIVISION, node->place);
    weft_node left = *weft_folded(f, a);
    weft_value value;
    weft_fault fault = weft_apply(op, (weft_type)left.type, left.value, right.value, &value);
    if (fault) return report_fault(f, fault, node->place);
    return make_constant(f, (weft_type)node->type, value, node->place);
}

/* The right operand counts unless the left one is known to decide. */
static weft_id fold_connective(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    int64_t decides = node->op == WEFT_OP_OR;
    weft_id a = weft_fold_operand(f, id, 0, level);
    if (!a) return 0;
    if (weft_is_known(f, a)) {
        if (weft_folded(f, a)->value.integer == decides) return a;
        return weft_fold_operand(f, id, 1, level);
    }
    weft_id b = weft_fold_operand(f, id, 1, level);
    if (!b) return 0;
    if (weft_is_known(f, b) && weft_folded(f, b)->value.integer != decides) return a;
    uint32_t base = f->stack_count;
    weft_fold_push(f, a);
    weft_fold_push(f, b);
    return weft_fold_make(f, *node, base);
}

static weft_id fold_select(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    weft_id condition = weft_fold_operand(f, id, 0, level);
    if (!condition) return 0;
    if (weft_is_known(f, condition)) {
        return weft_fold_operand(f, id, weft_folded(f, condition)->value.integer ? 1 : 2, level);
    }
    uint32_t base = f->stack_count;
    if (weft_fold_operands(f, id, level)) return weft_fold_make(f, *node, base);
    f->stack_count = base;
    return 0;
}

/* ---- tables ------------------------------------------------------------------------------------------------- */

static weft_id report_index(weft_folder *f, weft_span place, int64_t index, int64_t count) {
    weft_diagnose(f->diagnostics, WEFT_E0304, place, "index %lld is out of range: there are %lld elements",
                  (long long)index, (long long)count);
    return 0;
}

/* The element of a table of constants; `unknown` when other elements, which count as well, are not known yet. */
static weft_id fold_element(weft_folder *f, weft_id table, int64_t index, weft_id unknown) {
    const weft_dag *dag = &f->bound->dag;
    for (uint32_t k = 0; k < weft_node_at(dag, table)->arity; k++) {
        if (!weft_is_known(f, weft_operand(dag, table, k))) return unknown;
    }
    return weft_operand(dag, table, (uint32_t)index);
}

static weft_id fold_index(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    uint32_t base = f->stack_count;
    if (!weft_fold_operands(f, id, level)) {
        f->stack_count = base;
        return 0;
    }
    weft_id table = f->stack[base], at = f->stack[base + 1];
    weft_id kept = weft_fold_make(f, *node, base);
    weft_node known = *weft_folded(f, table), index = *weft_folded(f, at);
    bool readable = known.op == WEFT_OP_LITERAL || known.op == WEFT_OP_ARRAY;
    if (!kept || index.op != WEFT_OP_INT || !readable) return kept;
    const weft_array *array = known.op == WEFT_OP_ARRAY ? &f->bound->arrays[known.value.integer] : NULL;
    if (array && array->parameter) return kept;
    int64_t count = array ? weft_array_length(array) : known.arity;
    if (index.value.integer < 0 || index.value.integer >= count) {
        return report_index(f, node->place, index.value.integer, count);
    }
    if (!array) return fold_element(f, table, index.value.integer, kept);
    weft_value value;
    if (!weft_read_array(array, index.value.integer, &value)) return report_fault(f, WEFT_FAULT_OVERFLOW, node->place);
    return make_constant(f, (weft_type)node->type, value, node->place);
}

/* ---- the walk -------------------------------------------------------------------------------------------------- */

static weft_id fold_literal(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    uint32_t base = f->stack_count;
    if (weft_fold_operands(f, id, level)) return weft_fold_make(f, *node, base);
    f->stack_count = base;
    return 0;
}

static weft_id dispatch(weft_folder *f, weft_id id, uint32_t level) {
    const weft_node node = *weft_node_at(f->source, id);
    switch (node.op) {
    case WEFT_OP_INT:
    case WEFT_OP_FLOAT:
    case WEFT_OP_BOOL: return make_constant(f, (weft_type)node.type, node.value, node.place);
    case WEFT_OP_PARAM: return fold_parameter(f, &node);
    case WEFT_OP_ARRAY: return weft_fold_make(f, node, f->stack_count); /* of bound form, folded once more in place */
    case WEFT_OP_VAR_I:
    case WEFT_OP_VAR_J:
    case WEFT_OP_VAR_HEAD:
    case WEFT_OP_VAR_HEADS:
    case WEFT_OP_VAR_LQ:
    case WEFT_OP_VAR_LK:
    case WEFT_OP_VAR_DIM: return fold_variable(f, &node, level);
    case WEFT_OP_SLOPE: return fold_slope(f, &node);
    case WEFT_OP_AND:
    case WEFT_OP_OR: return fold_connective(f, id, &node, level);
    case WEFT_OP_SELECT: return fold_select(f, id, &node, level);
    case WEFT_OP_LITERAL: return fold_literal(f, id, &node, level);
    case WEFT_OP_INDEX: return fold_index(f, id, &node, level);
    case WEFT_OP_LISTING:
    case WEFT_OP_RANGE:
    case WEFT_OP_INTERVALS: return weft_fold_list(f, id, level);
    default: break;
    }
    return node.type == WEFT_TYPE_SET ? weft_fold_set(f, id, level) : fold_operation(f, id, &node, level);
}

static uint64_t hash_entry(weft_id id, uint32_t level) { return weft_hash(level, id); }

static const weft_fold_entry *find_entry(const weft_folder *f, weft_id id, uint32_t level) {
    weft_probe probe = weft_intern_find(&f->index, hash_entry(id, level));
    for (uint32_t number; (number = weft_intern_next(&f->index, &probe)) != 0;) {
        const weft_fold_entry *entry = &f->entries[number - 1];
        if (entry->id == id && entry->level == level) return entry;
    }
    return NULL;
}

static void remember(weft_folder *f, weft_fold_entry entry) {
    const weft_allocator *allocator = f->bound->dag.allocator;
    if (!weft_intern_reserve(&f->index, allocator) ||
        !weft_reserve(allocator, &f->entries, &f->entry_capacity, (uint64_t)f->entry_count + 1, sizeof entry)) {
        f->failed = true;
        return;
    }
    f->entries[f->entry_count++] = entry;
    weft_intern_add(&f->index, hash_entry(entry.id, entry.level), f->entry_count);
}

static weft_id fold_new(weft_folder *f, weft_id id, uint32_t level) {
    if (f->depth >= MOST_LEVELS) {
        weft_diagnose(f->diagnostics, WEFT_E0009, weft_node_at(f->source, id)->place, "this is nested too deeply");
        return 0;
    }
    f->depth++;
    weft_id result = dispatch(f, id, level);
    f->depth--;
    return f->failed ? 0 : result;
}

weft_id weft_fold_node(weft_folder *f, weft_id id, uint32_t level) {
    if (f->failed) return 0;
    const weft_fold_entry *known = find_entry(f, id, level);
    weft_fold_entry entry = known ? *known : (weft_fold_entry){.id = id, .level = level};
    uint32_t outside = f->weight;
    if (!known) {
        f->weight = 1;
        entry.result = fold_new(f, id, level);
        if (f->weight > MOST_NODES_WRITTEN_OUT && entry.result) {
            weft_diagnose(f->diagnostics, WEFT_E0009, weft_node_at(f->source, id)->place,
                          "with its definitions written out this has more than %d nodes", MOST_NODES_WRITTEN_OUT);
            entry.result = 0;
        }
        entry.weight = f->weight;
        remember(f, entry);
    }
    /* Saturating: beyond the limit it does not matter by how much. */
    f->weight = outside > 2 * MOST_NODES_WRITTEN_OUT ? outside : outside + entry.weight;
    return entry.result;
}

uint32_t weft_fold_add_level(weft_folder *f, weft_fold_level level) {
    for (uint32_t k = 0; k < f->level_count; k++) {
        const weft_fold_level *known = &f->levels[k];
        if (known->lengths_known == level.lengths_known && known->count_known == level.count_known &&
            known->lq == level.lq && known->lk == level.lk && known->first == level.first &&
            known->count == level.count) {
            return k;
        }
    }
    if (!weft_reserve(f->bound->dag.allocator, &f->levels, &f->level_capacity, (uint64_t)f->level_count + 1,
                      sizeof level)) {
        f->failed = true;
        return 0;
    }
    f->levels[f->level_count] = level;
    return f->level_count++;
}

static void free_folder(weft_folder *f) {
    const weft_allocator *allocator = f->bound->dag.allocator;
    weft_free(allocator, f->levels, f->level_capacity * sizeof *f->levels);
    weft_free(allocator, f->entries, f->entry_capacity * sizeof *f->entries);
    weft_free(allocator, f->stack, f->stack_capacity * sizeof *f->stack);
    weft_free(allocator, f->items, f->item_capacity * sizeof *f->items);
    weft_intern_free(&f->index, allocator);
}

weft_id weft_fold(const weft_program *program, weft_id root, const weft_environment *environment, weft_bound *bound,
                  weft_diagnostics *diagnostics) {
    bool in_place = program->dag.nodes == bound->dag.nodes;
    weft_folder f = {.program = program,
                     .source = in_place ? &bound->dag : &program->dag,
                     .environment = environment,
                     .bound = bound,
                     .diagnostics = diagnostics};
    weft_fold_level outermost = {.lengths_known = environment->lengths_known,
                                 .count_known = environment->lengths_known};
    if (environment->lengths_known) {
        outermost.lq = environment->lq;
        outermost.lk = outermost.count = environment->lk;
        outermost.first = environment->lk - environment->lq;
    }
    weft_fold_add_level(&f, outermost);
    weft_id result = weft_fold_node(&f, root, 0);
    if (f.failed || bound->dag.failed) diagnostics->out_of_memory = true;
    free_folder(&f);
    return result;
}
