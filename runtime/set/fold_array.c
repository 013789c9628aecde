/* Arrays in sets: what a head and a batch element see of a tensor becomes a node, equal parts the same one, so that
 * heads and batch elements with equal arrays share everything after. Where an atom takes an array whole, it has the
 * lengths that hold there. */
#include "set/fold.h"
#include "set/forms.h"
#include "set/labels.h"

/* ---- nodes ------------------------------------------------------------------------------------------------------ */

uint32_t weft_add_array(weft_bound *bound, weft_array array) {
    const weft_allocator *allocator = bound->dag.allocator;
    uint64_t hash = weft_array_hash(&array);
    weft_probe probe = weft_intern_find(&bound->array_index, hash);
    for (uint32_t number; (number = weft_intern_next(&bound->array_index, &probe)) != 0;)
        if (weft_array_same(&bound->arrays[number - 1], &array)) return number - 1;
    if (!weft_intern_reserve(&bound->array_index, allocator) ||
        !weft_reserve(allocator, &bound->arrays, &bound->array_capacity, (uint64_t)bound->array_count + 1,
                      sizeof array))
        return UINT32_MAX;
    bound->arrays[bound->array_count++] = array;
    weft_intern_add(&bound->array_index, hash, bound->array_count);
    return bound->array_count - 1;
}

weft_id weft_fold_array_part(weft_folder *f, const weft_node *node, weft_array array) {
    uint32_t number = weft_add_array(f->bound, array);
    if (number == UINT32_MAX) {
        f->failed = true;
        return 0;
    }
    return weft_make(&f->bound->dag, WEFT_OP_ARRAY, array.type, (weft_value){.integer = number}, NULL, 0,
                     weft_fold_place(f, node->place));
}

weft_id weft_fold_array(weft_folder *f, const weft_node *node, const DLTensor *tensor) {
    const weft_environment *known = f->environment;
    return weft_fold_array_part(f, node, weft_array_of(tensor, (weft_type)node->type, known->batch, known->head));
}

/* ---- lengths ---------------------------------------------------------------------------------------------------- */

/* Says how many `parts` the array needs, one for each of `things`, blocks of them inside blocks(). */
static bool report_lengths(weft_folder *f, weft_id id, uint32_t k, int64_t found, int64_t wanted, const char *parts,
                           const char *things, bool blocks) {
    const weft_node *operand = weft_node_at(f->source, weft_operand(f->source, id, k));
    const weft_parameter_info *parameter =
        operand->op == WEFT_OP_PARAM ? &f->program->parameters[operand->value.integer] : NULL;
    weft_span place = weft_fold_operand_place(f, id, k);
    weft_diagnose(f->diagnostics, WEFT_E0404, place, "`%s` needs %lld %s, one for each %s%s, and has %lld",
                  parameter ? parameter->name : "the array", (long long)wanted, parts, things, blocks ? " block" : "",
                  (long long)found);
    if (parameter && parameter->place.source)
        weft_diagnose_note(f->diagnostics, parameter->place, "`%s` is declared here as %s", parameter->name,
                           weft_type_name(parameter->type));
    return false;
}

/* What there is one of for every query, and one of for every key. */
static bool check_lengths(weft_folder *f, weft_id id, uint32_t k, const weft_array *array, uint32_t level) {
    const weft_fold_level here = f->levels[level];
    bool blocks = level != 0, labels = array->type == WEFT_TYPE_LABELS;
    int64_t queries = here.lk - here.first;
    if (!labels && array->rows != queries)
        return report_lengths(f, id, k, array->rows, queries, "rows", "query", blocks);
    if (array->type == WEFT_TYPE_KEYS || array->columns == here.lk) return true;
    return report_lengths(f, id, k, array->columns, here.lk, labels ? "labels" : "columns", "key", blocks);
}

/* An array that comes with each run, and that nobody gave so far. */
static bool report_missing(weft_folder *f, weft_id id, uint32_t k) {
    const weft_node *operand = weft_node_at(f->source, weft_operand(f->source, id, k));
    const weft_parameter_info *parameter = &f->program->parameters[operand->value.integer];
    weft_diagnose(f->diagnostics, WEFT_E0401, weft_fold_operand_place(f, id, k),
                  "`%s` has no value, and the pairs depend on it", parameter->name);
    if (parameter->place.source)
        weft_diagnose_note(f->diagnostics, parameter->place, "`%s` is declared here as %s", parameter->name,
                           weft_type_name(parameter->type));
    return false;
}

bool weft_fold_check_array(weft_folder *f, weft_id id, uint32_t k, weft_id folded, uint32_t level) {
    if (!folded) return false;
    const weft_environment *known = f->environment;
    const weft_node *node = weft_folded(f, folded);
    bool is_open = node->op == WEFT_OP_PARAM && node->type == WEFT_TYPE_KEYS;
    if (is_open && known->lengths_known && known->arguments && !known->open_keys) return report_missing(f, id, k);
    if (node->op != WEFT_OP_ARRAY || !f->levels[level].lengths_known) return true;
    weft_array *array = &f->bound->arrays[node->value.integer];
    bool whole = array->type == WEFT_TYPE_LABELS || array->type == WEFT_TYPE_MASK || array->type == WEFT_TYPE_KEYS;
    if (!whole) return true; /* tokens, where a list is wanted */
    if (!check_lengths(f, id, k, array, level)) return false;
    bool indexed = array->type != WEFT_TYPE_LABELS || weft_labels_index(array, f->bound->dag.allocator);
    f->failed = f->failed || !indexed;
    return indexed;
}
