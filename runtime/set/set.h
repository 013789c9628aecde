/* What a program means for one shape: binding, folding, and the two questions that every set answers.
 * contains(i, j) is the oracle. spans(i0, i1) gives the keys that every row of [i0, i1) may see, and those that some
 * may. */
#ifndef WEFT_SET_SET_H
#define WEFT_SET_SET_H

#include "set/program.h"

/* ---- scalars --------------------------------------------------------------------------------------------------- */

typedef enum weft_fault { WEFT_FAULT_NONE, WEFT_FAULT_DIVISION, WEFT_FAULT_OVERFLOW, WEFT_FAULT_INDEX } weft_fault;

/* What one head of one batch element sees of an array that is bound to a parameter: a matrix (mask, keys), or one row.
 */
typedef struct weft_array {
    const char *at; /* the first element */
    int64_t rows, columns;
    int64_t row_stride, column_stride; /* in bytes */
    DLDataType element;
    weft_type type;
    bool own;                   /* its elements lie in the bound form's arena (classes.c) */
    uint32_t parameter;         /* 1 + the number of a parameter whose array comes with each run; 0: it is here */
    struct weft_labels *labels; /* where the labels stand, if `same` compares them; owned by the bound form */
} weft_array;

/* A parameter's value: a constant in `value` (INT, FLOAT, BOOL), or an array. */
typedef struct weft_argument {
    bool bound;
    bool late; /* each run may bind it anew (weft_mark_late) */
    weft_value value;
    const DLTensor *array;
} weft_argument;

/* What folding knows. Anything not known stays symbolic: with nothing known, folding checks and folds constants alone.
 */
typedef struct weft_environment {
    bool lengths_known, head_known, dim_known;
    int64_t lq, lk, head, heads, batch;
    int64_t dim;                    /* D; with lengths_known but not dim_known, reading D is an error (E0407) */
    const weft_argument *arguments; /* one a parameter, or NULL: none is known */
    bool open_keys;                 /* arrays of keys come with the run: they stay symbolic, bound or not */
    bool keep_places;               /* results keep their places (for explanations) and share less */
} weft_environment;

/* What became of a condition in a space (forms.c): worked out once for all heads. */
typedef struct weft_form {
    weft_id where, set;
    int64_t first, keys; /* of the space */
} weft_form;

/* What an atom that data decides has chosen of q and k, for one head (runtime/select). */
typedef struct weft_choice {
    int64_t atom; /* the number that its node carries in bound form: that of the node it was folded from */
    /* lsh, all rounds after each other: the bucket of every row and of every key, and rows and keys in order of their
     * buckets, then of their positions */
    int64_t rounds;
    bool chunked; /* buckets are numbers of chunks */
    const uint32_t *row_buckets, *key_buckets, *rows_by_bucket, *keys_by_bucket;
    const uint32_t *hashes; /* of keys, where buckets are numbers of chunks: what they were before */
    /* topk: the blocks of every row, ascending, then WEFT_NO_BLOCK; and what blocks of keys were scored by */
    const uint32_t *blocks;
    int64_t blocks_a_row;
    const float *summaries;
    /* vertical_slash: keys, and distances i - j, ascending */
    const uint32_t *columns, *diagonals;
    const uint64_t *column_bits; /* the columns again: bit k % 64 of word k / 64 */
    int64_t column_count, diagonal_count;
    int64_t choices; /* blocks that there are, or buckets */
    double flops;    /* that choosing takes, with what depends on keys alone */
} weft_choice;
#define WEFT_NO_BLOCK UINT32_MAX

/* The bound form of sets: a DAG of its own plus the arrays that it reads. */
typedef struct weft_bound {
    weft_dag dag;
    weft_array *arrays; /* equal ones are one, whichever tensor they lie in */
    uint32_t array_count, array_capacity;
    weft_intern array_index;
    weft_form *forms;
    uint32_t form_count, form_capacity;
    weft_intern form_index;
    const weft_array *open; /* by parameter: the keys that open ones have, once a head is looked at; NULL: not known */
    const weft_choice *choices; /* the same for what is chosen of q and k; NULL: not known */
    uint32_t choice_count;
} weft_bound;

WEFT_SHARED bool weft_bound_init(weft_bound *bound, const weft_allocator *allocator);
WEFT_SHARED void weft_bound_free(weft_bound *bound);

/* Checks bindings against the program's parameters (names, types, element types, shapes that do not depend on blocks)
 * and fills arguments[parameter_count], defaults included; what a run may bind may be missing. False with diagnostics
 * E0401…E0404 otherwise. */
WEFT_SHARED bool weft_bind(const weft_program *program, const weft_shape *shape, const weft_binding *bindings,
                           size_t count, weft_argument *arguments, weft_diagnostics *diagnostics);

/* Marks what a run may bind: keys, per_head arrays, and tables that the bias reads and nothing else does. False when
 * memory fails. Folding reads none of the latter two: nodes that do stay, with ARRAY nodes of which nothing but the
 * parameter is known. */
WEFT_SHARED bool weft_mark_late(const weft_program *program, weft_argument *arguments);
/* The arguments of one run: its own bindings, checked as those of a plan, then the plan's. Nothing late may be missing
 * (E0401), nothing else be bound (E0403). */
WEFT_SHARED bool weft_bind_run(const weft_program *program, const weft_shape *shape, const weft_argument *planned,
                               const weft_binding *bindings, size_t count, weft_argument *arguments,
                               weft_diagnostics *diagnostics);

/* m_h of alibi (Press, Smith and Lewis 2022), for any number of heads. */
WEFT_SHARED double weft_alibi_slope(int64_t head, int64_t heads);

/* Copies the DAG under `root` of program into `bound`, replacing what the environment knows, folding constants,
 * checking sizes (E0301), faults that do not depend on i or j (E0302, E0303, E0304), heads (E0305, E0306), requirements
 * (E0307), ranges (E0405) and the lengths of arrays that atoms take whole (E0404), each reported at the place of the
 * node that is at fault. With head_known HEADS and `?:` are resolved to the branch taken and nothing else is visited;
 * with lengths_known too, lists become INTERVALS. Sets fold too: x | none, x & all, empty lists. Branches, clauses and
 * operands of `and`, `or` that what is known leaves out are not visited; all else is checked, even where it then goes
 * away. 0 on an error (reported) or when memory fails (then diagnostics->out_of_memory). bound->dag may be the
 * program's own DAG, moved there and back: constant folding in the compiler. */
WEFT_SHARED weft_id weft_fold(const weft_program *program, weft_id root, const weft_environment *environment,
                              weft_bound *bound, weft_diagnostics *diagnostics);

/* A scalar node of bound form at (i, j): the condition of a where. A fault leaves *out alone. */
WEFT_SHARED weft_fault weft_evaluate(const weft_bound *bound, weft_id scalar, int64_t i, int64_t j, weft_value *out);

/* What a condition of bound form depends on: any of these together; no bit: on nothing that varies. */
enum { WEFT_ON_DISTANCE = 1, WEFT_ON_ROW = 2, WEFT_ON_KEY = 4, WEFT_ON_BOTH = 8 };
WEFT_SHARED unsigned weft_condition_depends_on(const weft_dag *dag, weft_id condition);

/* The part of a tensor that a batch element and a head see; a dimension of length 1, or none, is seen by all. The
 * tensor is one that weft_bind takes for that type. */
WEFT_SHARED weft_array weft_array_of(const DLTensor *tensor, weft_type type, int64_t batch, int64_t head);
/* One element of an array's first row: ints of any width and bools give integer, floats give real. False: out of range,
 * or an unsigned element that does not fit. */
WEFT_SHARED bool weft_read_array(const weft_array *array, int64_t index, weft_value *out);
WEFT_SHARED int64_t weft_array_length(const weft_array *array); /* elements that an index may read */
/* The address of an element that exists. */
static inline const char *weft_array_at(const weft_array *array, int64_t row, int64_t column) {
    return array->at + row * array->row_stride + column * array->column_stride;
}
/* An integer element that exists, as 64 bits: unsigned ones wrap, so that equal bits are equal elements. */
WEFT_SHARED int64_t weft_array_bits(const weft_array *array, int64_t row, int64_t column);
/* Memory of the bound form that it takes. */
WEFT_SHARED size_t weft_array_bytes(const weft_array *array);
/* Do both hold the same elements? And a hash of a few of them, to look for such. */
bool weft_array_same(const weft_array *a, const weft_array *b);
uint64_t weft_array_hash(const weft_array *array);

/* ---- sets ------------------------------------------------------------------------------------------------------ */

/* Python's floor division and remainder, and division rounded up; b > 0. */
static inline int64_t weft_floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
static inline int64_t weft_floor_mod(int64_t a, int64_t b) { return a % b + (a % b < 0 ? b : 0); }
static inline int64_t weft_ceil_div(int64_t a, int64_t b) { return a / b + (a % b > 0); }

/* Lengths where a set is evaluated: positions, or block numbers inside blocks(). Queries are positions
 * [keys - queries, keys). Lengths are below 2^62, so that differences of positions never overflow. */
typedef struct weft_space {
    int64_t queries, keys;
    int64_t first; /* smallest query position (block number inside blocks) */
} weft_space;
static inline weft_space weft_space_of(int64_t queries, int64_t keys) {
    return (weft_space){queries, keys, keys - queries};
}
/* The least p found such that the condition is the same wherever i and j are the same modulo p; 0: none was. */
WEFT_SHARED int64_t weft_condition_period(const weft_bound *bound, weft_id condition, weft_space space);
/* The block numbers of a space: all that a query or a key falls into. */
static inline weft_space weft_space_blocks(weft_space space, int64_t size) {
    int64_t keys = weft_ceil_div(space.keys, size), first = weft_floor_div(space.first, size);
    return (weft_space){keys - first, keys, first};
}

/* The positions residue, residue + stride, … of a space, numbered from 0: position p is number p // stride. */
static inline weft_space weft_space_class(weft_space space, int64_t stride, int64_t residue) {
    int64_t keys = weft_ceil_div(space.keys - residue, stride), first = weft_ceil_div(space.first - residue, stride);
    return (weft_space){keys - first, keys, first};
}

/* Intervals of keys: `full` for every row asked, `may` for at least one; full is within may. Exact for a single row
 * unless a condition is too hard, then full is a subset and may a superset. */
typedef struct weft_spans {
    weft_intervals full, may;
} weft_spans;

/* The spans of a node, right for some keys; valid where stamp is the scratch's `now`. */
typedef struct weft_seen {
    weft_spans spans;
    weft_interval keys;
    uint32_t stamp;
} weft_seen;

/* Where spans build their lists: an arena that the caller resets between row tiles, and the spans of every node asked
 * since the last reset for the same rows of the same space, so that shared terms are worked out once and a planner can
 * look at a term's own spans for nothing. Sets inside blocks() are not remembered. */
typedef struct weft_scratch {
    const weft_bound *bound;
    weft_arena arena;
    weft_seen *seen; /* by id */
    uint32_t seen_capacity, now;
    weft_space space; /* what `seen` is about */
    int64_t i0, i1;
    uint64_t span_calls;        /* spans worked out: a node, or one box of a where */
    uint64_t contains_calls;    /* pairs that spans asked one by one */
    struct weft_rows *rows;     /* rows of atoms that list keys, worked out; no reset forgets them */
    struct weft_scratch *inner; /* for what atoms ask of sets among their operands */
    bool failed;
} weft_scratch;

WEFT_SHARED bool weft_scratch_init(weft_scratch *scratch, const weft_bound *bound);
WEFT_SHARED void weft_scratch_free(weft_scratch *scratch);
WEFT_SHARED void weft_scratch_reset(weft_scratch *scratch); /* forgets lists and seen spans */

/* Is (i, j) in the set? i and j must be in the space. By definition alone, without memory, and thus very slow for
 * `random`. */
WEFT_SHARED bool weft_contains(const weft_bound *bound, weft_id set, weft_space space, int64_t i, int64_t j);
/* The same, quickly: rows of atoms that list keys are worked out once and kept. When memory fails (scratch->failed) the
 * answer is false. Lists that came from the scratch stay. */
WEFT_SHARED bool weft_contains_with(weft_scratch *scratch, weft_id set, weft_space space, int64_t i, int64_t j);

/* The pairs of one residue class (stride >= 1, 0 <= residue < stride) by their numbers in it: (a, b) is in the result
 * when (stride * a + residue, stride * b + residue) is in `set`, read in `space`; it is read in weft_space_class. 0
 * with *refused: a term has no such form for this stride; 0 without: memory failed. */
WEFT_SHARED weft_id weft_stride_set(weft_bound *bound, weft_id set, weft_space space, int64_t stride, int64_t residue,
                                    bool *refused);

/* Spans of rows [i0, i1), i0 < i1, keys clipped to [0, space.keys). False when memory fails. The result lives until the
 * next reset. */
WEFT_SHARED bool weft_spans_of(weft_scratch *scratch, weft_id set, weft_space space, int64_t i0, int64_t i1,
                               weft_spans *out);

/* The same, right for keys of `keys` alone, which may be much less work: beyond them it says nothing. */
WEFT_SHARED bool weft_spans_within(weft_scratch *scratch, weft_id set, weft_space space, int64_t i0, int64_t i1,
                                   weft_interval keys, weft_spans *out);

/* The keys of row i, exactly: where spans leave a condition open its pairs are asked. As spans_of otherwise. */
WEFT_SHARED bool weft_row_keys(weft_scratch *scratch, weft_id set, weft_space space, int64_t i, weft_intervals *out);
/* The keys that an atom which lists them (random; those that data decides, once it is there) has in row i. The result
 * lives until the next question to the scratch. */
WEFT_SHARED bool weft_list_row(weft_scratch *scratch, weft_id atom, weft_space space, int64_t i, weft_intervals *out);

/* ---- what data chose --------------------------------------------------------------------------------------------- */

/* What was chosen for an atom of bound form; NULL: not known. */
WEFT_SHARED const weft_choice *weft_find_choice(const weft_bound *bound, weft_id atom);
/* Of lsh: how many of `count` rows or keys, in order of their buckets, have one below that. */
WEFT_SHARED int64_t weft_count_below(const uint32_t *order, const uint32_t *bucket_of, int64_t count, uint64_t bucket);
/* Told keys [begin, end) of a row; ranges come in any order and may overlap. */
typedef void weft_keys_hook(void *user, int64_t begin, int64_t end);
/* The keys of row i of an atom whose choice is known. Needs no memory. */
WEFT_SHARED void weft_chosen_keys(const weft_bound *bound, weft_id atom, weft_space space, int64_t i,
                                  weft_keys_hook *hook, void *user);

/* ---- atoms ----------------------------------------------------------------------------------------------------- */

/* What an atom's functions see: its node (operands are INT, INTERVALS, ARRAY or, for where, a condition). */
typedef struct weft_atom {
    const weft_bound *bound;
    weft_id id;
    weft_space space;
    weft_scratch *scratch; /* may be NULL in contains */
    weft_interval keys;    /* spans need be right for these keys alone */
} weft_atom;

/* A scratch for an atom's own questions, empty. NULL when memory fails. */
weft_scratch *weft_scratch_inner(weft_scratch *scratch);

#define ATOM(enum_, name, signature, traits)                                                                           \
    bool weft_##name##_contains(const weft_atom *atom, int64_t i, int64_t j);                                          \
    bool weft_##name##_spans(const weft_atom *atom, int64_t i0, int64_t i1, weft_spans *out);
#include "set/atoms.def"
#undef ATOM

/* The keys j of [0, keys) for which a condition of bound form holds at row i, exactly. False when it takes more than
 * `budget` boxes to find out, or memory fails. */
WEFT_SHARED bool weft_condition_keys(weft_scratch *scratch, weft_id condition, int64_t i, int64_t keys, uint64_t budget,
                                     weft_intervals *out);

/* Helpers for atoms and planners; results live in the scratch's arena; NULL `at` with count > 0 never happens, failures
 * set scratch->failed and give empty lists. */
WEFT_SHARED weft_intervals weft_intervals_one(weft_scratch *scratch, int64_t lo, int64_t hi,
                                              int64_t keys); /* clipped */
WEFT_SHARED weft_intervals weft_intervals_union(weft_scratch *scratch, weft_intervals a, weft_intervals b);
WEFT_SHARED weft_intervals weft_intervals_intersection(weft_scratch *scratch, weft_intervals a, weft_intervals b);
WEFT_SHARED weft_intervals weft_intervals_difference(weft_scratch *scratch, weft_intervals a, weft_intervals b);
WEFT_SHARED weft_intervals weft_intervals_complement(weft_scratch *scratch, weft_intervals a, int64_t keys);
WEFT_SHARED bool weft_intervals_contain(weft_intervals list, int64_t x); /* binary search */
/* The first interval that ends after x: the one that holds x, or the next one; list.count: none. */
WEFT_SHARED uint32_t weft_intervals_find(weft_intervals list, int64_t x);
/* The keys that a row of a keys array names, as intervals, in `room` for one each; entries that are negative or not
 * below `keys` are left out. The count. */
WEFT_SHARED uint32_t weft_array_keys(const weft_array *array, int64_t row, int64_t keys, weft_interval *room);
/* Sorts, joins what touches and drops what is empty, in place; the new count. */
WEFT_SHARED uint32_t weft_intervals_normalize(weft_interval *at, uint32_t count);

/* A list that grows at its end, in the scratch's arena. */
typedef struct weft_interval_list {
    weft_interval *at;
    uint32_t count, capacity;
} weft_interval_list;
/* Adds [lo, hi) if it is not empty; lo is not below the start of the last one, whatever touches is joined. */
WEFT_SHARED void weft_intervals_append(weft_scratch *scratch, weft_interval_list *list, int64_t lo, int64_t hi);
static inline weft_intervals weft_intervals_of(const weft_interval_list *list) {
    return (weft_intervals){list->at, list->count};
}

#endif
