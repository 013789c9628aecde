/* The index of labels: runs are found in one walk, their labels numbered through a hash table, and the runs put into
 * the order of those numbers by counting. */
#include "set/labels.h"

typedef struct builder {
    const weft_allocator *allocator;
    const weft_array *array;
    weft_labels *labels;
    int64_t *values; /* by label number */
    uint32_t value_capacity;
    weft_intern index; /* of label numbers plus 1 */
} builder;

static int64_t label_at(const builder *b, int64_t position) { return weft_array_bits(b->array, 0, position); }

static uint64_t count_runs(const builder *b) {
    uint64_t runs = b->array->columns > 0;
    for (int64_t p = 1; p < b->array->columns; p++) runs += label_at(b, p) != label_at(b, p - 1);
    return runs;
}

/* The label's number; UINT32_MAX when memory fails. */
static uint32_t number_of(builder *b, int64_t value) {
    uint64_t hash = weft_hash(0, (uint64_t)value);
    weft_probe probe = weft_intern_find(&b->index, hash);
    for (uint32_t number; (number = weft_intern_next(&b->index, &probe)) != 0;)
        if (b->values[number - 1] == value) return number - 1;
    uint32_t fresh = b->labels->group_count;
    if (!weft_intern_reserve(&b->index, b->allocator) ||
        !weft_reserve(b->allocator, &b->values, &b->value_capacity, (uint64_t)fresh + 1, sizeof value))
        return UINT32_MAX;
    b->values[fresh] = value;
    weft_intern_add(&b->index, hash, fresh + 1);
    return b->labels->group_count++;
}

static bool find_runs(builder *b) {
    weft_labels *labels = b->labels;
    uint32_t run = 0;
    for (int64_t p = 0; p < b->array->columns; p++) {
        if (p > 0 && label_at(b, p) == label_at(b, p - 1)) continue;
        labels->begins[run] = p;
        labels->group_of[run] = number_of(b, label_at(b, p));
        if (labels->group_of[run++] == UINT32_MAX) return false;
    }
    return true;
}

/* Counting sort: how many runs each label has, where its first one goes, then all in their order. */
static void group_runs(const builder *b) {
    weft_labels *labels = b->labels;
    uint32_t *next = labels->groups + 1; /* of label g: where its next run goes; at last, where label g + 1 begins */
    for (uint32_t run = 0; run < labels->run_count; run++)
        if (labels->group_of[run] + 1 < labels->group_count) next[labels->group_of[run] + 1]++;
    for (uint32_t g = 1; g < labels->group_count; g++) next[g] += next[g - 1];
    for (uint32_t run = 0; run < labels->run_count; run++) {
        int64_t end = run + 1 < labels->run_count ? labels->begins[run + 1] : b->array->columns;
        labels->runs[next[labels->group_of[run]]++] = (weft_interval){labels->begins[run], end};
    }
}

static bool build(builder *b) {
    uint64_t runs = count_runs(b);
    weft_labels *labels = b->labels;
    if (runs >= UINT32_MAX) return false;
    labels->run_count = (uint32_t)runs;
    labels->begins = weft_allocate(b->allocator, runs * sizeof *labels->begins);
    labels->group_of = weft_allocate(b->allocator, runs * sizeof *labels->group_of);
    labels->runs = weft_allocate(b->allocator, runs * sizeof *labels->runs);
    if (runs > 0 && (!labels->begins || !labels->group_of || !labels->runs)) return false;
    if (!find_runs(b)) return false;
    labels->groups = weft_allocate_zero(b->allocator, ((size_t)labels->group_count + 1) * sizeof *labels->groups);
    if (labels->groups) group_runs(b);
    return labels->groups != NULL;
}

bool weft_labels_index(weft_array *array, const weft_allocator *allocator) {
    if (array->labels) return true;
    builder b = {.allocator = allocator, .array = array};
    b.labels = weft_allocate_zero(allocator, sizeof *b.labels);
    bool built = b.labels && build(&b);
    weft_free(allocator, b.values, b.value_capacity * sizeof *b.values);
    weft_intern_free(&b.index, allocator);
    if (built)
        array->labels = b.labels;
    else
        weft_labels_free(b.labels, allocator);
    return built;
}

void weft_labels_free(weft_labels *labels, const weft_allocator *allocator) {
    if (!labels) return;
    weft_free(allocator, labels->begins, labels->run_count * sizeof *labels->begins);
    weft_free(allocator, labels->group_of, labels->run_count * sizeof *labels->group_of);
    weft_free(allocator, labels->runs, labels->run_count * sizeof *labels->runs);
    if (labels->groups)
        weft_free(allocator, labels->groups, ((size_t)labels->group_count + 1) * sizeof *labels->groups);
    weft_free(allocator, labels, sizeof *labels);
}

size_t weft_array_bytes(const weft_array *array) {
    const weft_labels *labels = array->labels;
    size_t bytes = array->own ? (size_t)array->columns * array->element.bits / 8 : 0;
    if (labels)
        bytes += sizeof *labels + ((size_t)labels->group_count + 1) * sizeof *labels->groups +
                 labels->run_count * (sizeof *labels->begins + sizeof *labels->group_of + sizeof *labels->runs);
    return bytes;
}

uint32_t weft_labels_run(const weft_labels *labels, int64_t position) {
    uint32_t low = 0, high = labels->run_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (labels->begins[middle] <= position)
            low = middle;
        else
            high = middle;
    }
    return low;
}
