/* Classes of positions by the values of functions of one coordinate: conditions f(i) == f(j), all at once, are `same`
 * of labels that are worked out once. Sorted values make runs, others buckets, as labels that a host binds do. */
#include "set/forms.h"
#include "set/labels.h"
#include "set/scalar.h"

#include <string.h>

enum { BOX = 64 /* positions that are first looked at together */ };

/* A class so far, and a further value, which tell a class now. */
typedef struct pair {
    uint32_t class;
    int64_t value;
} pair;

typedef struct classes {
    const weft_bound *bound;
    const weft_allocator *allocator;
    int64_t count; /* of positions */
    uint32_t *of;  /* by position: its class, a number below pair_count */
    pair *pairs;   /* that were met in this round, by class */
    uint32_t pair_count, pair_capacity;
    weft_intern index; /* of numbers of pairs, plus 1 */
    bool failed;       /* out of memory */
} classes;

/* The number of a pair, new or old; UINT32_MAX when memory fails. */
static uint32_t number_of(classes *c, pair wanted) {
    uint64_t hash = weft_hash(weft_hash(0, wanted.class), (uint64_t)wanted.value);
    weft_probe probe = weft_intern_find(&c->index, hash);
    for (uint32_t number; (number = weft_intern_next(&c->index, &probe)) != 0;)
        if (c->pairs[number - 1].class == wanted.class && c->pairs[number - 1].value == wanted.value) return number - 1;
    if (!weft_intern_reserve(&c->index, c->allocator) ||
        !weft_reserve(c->allocator, &c->pairs, &c->pair_capacity, (uint64_t)c->pair_count + 1, sizeof wanted))
        return UINT32_MAX;
    c->pairs[c->pair_count++] = wanted;
    weft_intern_add(&c->index, hash, c->pair_count);
    return c->pair_count - 1;
}

/* Tells position j, which has that value, from those of its class that have others. */
static bool refine(classes *c, int64_t j, int64_t value) {
    static const pair nothing;
    pair wanted = {c->of[j], value};
    pair last = c->pair_count ? c->pairs[c->pair_count - 1] : nothing;
    bool known = c->pair_count && last.class == wanted.class && last.value == value;
    c->of[j] = known ? c->pair_count - 1 : number_of(c, wanted);
    c->failed = c->of[j] == UINT32_MAX;
    return !c->failed;
}

/* By the values of a function of j. False where it has none, or memory fails. */
static bool refine_by(classes *c, weft_id function) {
    weft_type type = (weft_type)weft_node_at(&c->bound->dag, function)->type;
    weft_intern_free(&c->index, c->allocator);
    c->pair_count = 0;
    for (int64_t first = 0; first < c->count; first += BOX) {
        int64_t end = c->count - first > BOX ? first + BOX : c->count;
        weft_range range = weft_range_of(c->bound, function, &(weft_box){0, 1, first, end});
        bool one = weft_range_is_point(&range, type) && !range.fault;
        weft_value value = range.lo;
        for (int64_t j = first; j < end; j++)
            if ((!one && weft_evaluate(c->bound, function, 0, j, &value)) || !refine(c, j, value.integer)) return false;
    }
    return true;
}

/* The classes as an array of the narrowest elements that hold their numbers. */
static bool make_array(weft_bound *bound, const classes *c, weft_array *array) {
    uint8_t bits = c->pair_count <= UINT8_MAX + 1 ? 8 : c->pair_count <= UINT16_MAX + 1 ? 16 : 32;
    int64_t width = bits / 8;
    char *at = weft_arena_take(&bound->dag.arena, (size_t)(c->count * width));
    if (!at) return false;
    for (int64_t j = 0; j < c->count; j++) {
        uint8_t narrow = (uint8_t)c->of[j];
        uint16_t shorter = (uint16_t)c->of[j];
        const void *from = bits == 8 ? (const void *)&narrow : bits == 16 ? (const void *)&shorter : &c->of[j];
        memcpy(at + j * width, from, (size_t)width);
    }
    *array = (weft_array){.at = at,
                          .rows = 1,
                          .columns = c->count,
                          .column_stride = width,
                          .element = {.code = kDLUInt, .bits = bits, .lanes = 1},
                          .type = WEFT_TYPE_LABELS,
                          .own = true};
    return true;
}

weft_id weft_same_of(weft_bound *bound, weft_array array) {
    uint32_t number = weft_add_array(bound, array);
    if (number == UINT32_MAX || !weft_labels_index(&bound->arrays[number], bound->dag.allocator)) return 0;
    weft_id labels =
        weft_make(&bound->dag, WEFT_OP_ARRAY, WEFT_TYPE_LABELS, (weft_value){.integer = number}, NULL, 0, WEFT_NO_SPAN);
    return weft_make_set(&bound->dag, WEFT_ATOM_SAME, WEFT_NO_SPAN, 1, labels);
}

weft_id weft_make_classes(weft_bound *bound, const weft_id *functions, uint32_t count, int64_t positions,
                          bool *failed) {
    const weft_allocator *allocator = bound->dag.allocator;
    classes c = {.bound = bound, .allocator = allocator, .count = positions};
    size_t bytes = (size_t)positions * sizeof *c.of;
    weft_array array;
    c.of = weft_allocate_zero(allocator, bytes);
    bool known = true;
    c.failed = !c.of;
    for (uint32_t n = 0; n < count && known && !c.failed; n++) known = refine_by(&c, functions[n]);
    if (known && !c.failed) c.failed = !make_array(bound, &c, &array);
    weft_free(allocator, c.of, bytes);
    weft_free(allocator, c.pairs, c.pair_capacity * sizeof *c.pairs);
    weft_intern_free(&c.index, allocator);
    weft_id same = known && !c.failed ? weft_same_of(bound, array) : 0;
    *failed = c.failed || (known && !same);
    return same;
}
