/* Atoms: their arguments are checked, what they read is bound, and those that hold nothing or everything whatever the
 * pair go away (not where places are kept). */
#include "set/arithmetic.h"
#include "set/fold.h"
#include "set/forms.h"

/* ---- arguments -------------------------------------------------------------------------------------------------- */

bool weft_fold_check_size(weft_folder *f, weft_id size, weft_slice name, weft_span place) {
    if (!weft_is_known(f, size) || weft_folded(f, size)->value.integer >= 1) return size != 0;
    weft_diagnose(f->diagnostics, WEFT_E0301, place, "`%.*s` is %lld, but a size is at least 1", (int)name.size,
                  name.at, (long long)weft_folded(f, size)->value.integer);
    return false;
}

/* Pushes the operands of an atom, checked against its formals. */
static bool fold_arguments(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    const char *rest = weft_op_describe((weft_op)node->op)->signature;
    bool sound = true;
    weft_formal formal;
    for (uint32_t k = 0; k < node->arity && weft_next_formal(&rest, &formal); k++) {
        weft_span place = weft_fold_operand_place(f, id, k);
        weft_id result = weft_fold_operand(f, id, k, level);
        if (formal.type == WEFT_TYPE_LIST) result = weft_fold_as_intervals(f, result, level, place);
        bool fits = !formal.is_size || weft_fold_check_size(f, result, formal.name, place);
        fits = fits && weft_fold_check_array(f, id, k, result, level);
        sound = sound && result && fits;
        weft_fold_push(f, result);
    }
    return sound && !f->failed;
}

/* The int that operand k has become, where it has. */
static bool known_int(const weft_folder *f, uint32_t base, uint32_t k, int64_t *out) {
    if (!weft_is_known(f, f->stack[base + k])) return false;
    *out = weft_folded(f, f->stack[base + k])->value.integer;
    return true;
}

/* ---- what single atoms ask -------------------------------------------------------------------------------------- */

/* neighborhood2d(height, width, ky, kx, dilation): do that many cells of one residue class fit in that side? */
static bool check_side(weft_folder *f, weft_id id, uint32_t base, uint32_t axis) {
    static const char *const sides[] = {"height", "width"}, *const counts[] = {"ky", "kx"};
    int64_t side, count, dilation;
    if (!known_int(f, base, axis, &side) || !known_int(f, base, axis + 2, &count) || !known_int(f, base, 4, &dilation))
        return true;
    if (count <= side / dilation) return true;
    weft_diagnose(f->diagnostics, WEFT_E0405, weft_fold_operand_place(f, id, axis + 2),
                  "`%s` is %lld at a dilation of %lld, more than fit in a `%s` of %lld", counts[axis], (long long)count,
                  (long long)dilation, sides[axis], (long long)side);
    return false;
}

/* random draws for this head, or, with per_head = false, for head 0: that number takes the place of the bool. */
static bool fix_head(weft_folder *f, uint32_t base) {
    int64_t per_head;
    if (!f->environment->head_known || !known_int(f, base, 3, &per_head)) return true;
    int64_t head = per_head ? f->environment->head : 0;
    f->stack[base + 3] = weft_make_int(&f->bound->dag, head, WEFT_NO_SPAN);
    return f->stack[base + 3] != 0;
}

/* ---- atoms that choose of q and k -------------------------------------------------------------------------------- */

static bool check_even(weft_folder *f, weft_id buckets, weft_span place) {
    if (!weft_is_known(f, buckets)) return true;
    int64_t count = weft_folded(f, buckets)->value.integer;
    if (count >= 2 && count % 2 == 0) return true;
    weft_diagnose(f->diagnostics, WEFT_E0301, place, "`buckets` is %lld, but it must be even and at least 2",
                  (long long)count);
    return false;
}

/* One even number, or a table of them. */
static bool check_buckets(weft_folder *f, weft_id id, uint32_t base) {
    weft_id buckets = f->stack[base], written = weft_operand(f->source, id, 0);
    if (weft_folded(f, buckets)->op != WEFT_OP_LITERAL)
        return check_even(f, buckets, weft_fold_operand_place(f, id, 0));
    bool sound = true;
    for (uint32_t k = 0; k < weft_folded(f, buckets)->arity; k++)
        sound =
            check_even(f, weft_operand(&f->bound->dag, buckets, k), weft_fold_operand_place(f, written, k)) && sound;
    return sound;
}

static bool check_chunk(weft_folder *f, weft_id id, uint32_t base) {
    int64_t chunk;
    if (!known_int(f, base, 3, &chunk) || chunk == 0) return true;
    weft_span place = weft_fold_operand_place(f, id, 3);
    if (chunk > 0 && (f->program->shared_qk || !f->environment->lengths_known))
        return true; /* a set may come to stand in any pattern */
    if (chunk < 0)
        weft_diagnose(f->diagnostics, WEFT_E0301, place, "`chunk` is %lld, but it is at least 0", (long long)chunk);
    else
        weft_diagnose(f->diagnostics, WEFT_E0405, place, "`chunk` needs `shared_qk` in the pattern");
    return false;
}

/* In bound form it carries the number of the node as it was written, by which its choice is found. A set that is folded
 * a second time has been through all of this. */
static weft_node numbered(const weft_folder *f, weft_id id, const weft_node *node) {
    weft_node out = *node;
    bool bound = f->environment->lengths_known && f->environment->head_known;
    if (bound && weft_op_chooses((weft_op)node->op) && !node->value.integer) out.value.integer = id;
    return out;
}

static bool finish(weft_folder *f, weft_id id, const weft_node *node, uint32_t base) {
    switch (node->op) {
    case WEFT_ATOM_NEIGHBORHOOD2D: {
        bool rows = check_side(f, id, base, 0), columns = check_side(f, id, base, 1);
        return rows && columns;
    }
    case WEFT_ATOM_RANDOM: return fix_head(f, base);
    case WEFT_ATOM_LSH: return node->value.integer || (check_buckets(f, id, base) && check_chunk(f, id, base));
    default: return true;
    }
}

/* ---- trivial atoms ---------------------------------------------------------------------------------------------- */

static weft_op none_if(bool empty) { return empty ? WEFT_ATOM_NONE : WEFT_OP_INVALID; }

static weft_op trivial_list(const weft_folder *f, weft_op op, weft_id list, uint32_t level) {
    const weft_node *node = weft_folded(f, list);
    if (node->op == WEFT_OP_LISTING && node->arity == 0) return WEFT_ATOM_NONE;
    if (node->op != WEFT_OP_INTERVALS) return WEFT_OP_INVALID;
    weft_intervals known = f->bound->dag.lists[node->value.integer];
    if (known.count == 0) return WEFT_ATOM_NONE;
    bool every = known.count == 1 && known.at[0].lo == 0 && known.at[0].hi == f->levels[level].count;
    bool of_keys = op != WEFT_ATOM_ROWS && f->levels[level].count_known;
    return every && of_keys ? WEFT_ATOM_ALL : WEFT_OP_INVALID;
}

/* Is operand k known, and below that? */
static bool is_below(const weft_folder *f, uint32_t base, uint32_t k, int64_t least) {
    int64_t value;
    return known_int(f, base, k, &value) && value < least;
}

/* Does the atom hold nothing, or everything, whatever the pair? The operands are on the stack. */
static weft_op trivial(const weft_folder *f, const weft_node *node, uint32_t level, uint32_t base) {
    int64_t a = 0, b = 0;
    bool known = node->arity > 0 && known_int(f, base, 0, &a) && (node->arity < 2 || known_int(f, base, 1, &b));
    switch (node->op) {
    case WEFT_ATOM_ROWS:
    case WEFT_ATOM_COLS:
    case WEFT_ATOM_GLOBAL: return trivial_list(f, (weft_op)node->op, f->stack[base], level);
    case WEFT_ATOM_BAND: return none_if(known && a > b);
    case WEFT_ATOM_WINDOW: return none_if(known && weft_subtract_saturated(0, a) > b);
    case WEFT_ATOM_PAST: return none_if(known && a < 1);
    case WEFT_ATOM_CHUNK: return none_if(is_below(f, base, 1, 0));
    case WEFT_ATOM_DILATED: return none_if(is_below(f, base, 0, 0));
    case WEFT_ATOM_WINDOW2D: return none_if(is_below(f, base, 2, 0) || is_below(f, base, 3, 0));
    case WEFT_ATOM_NEIGHBORHOOD2D: return none_if(is_below(f, base, 2, 1) || is_below(f, base, 3, 1));
    case WEFT_ATOM_RANDOM:
        return none_if(is_below(f, base, 0, 1) || weft_folded(f, f->stack[base + 2])->op == WEFT_ATOM_NONE);
    case WEFT_ATOM_TOPK:
        return none_if(is_below(f, base, 0, 1) || weft_folded(f, f->stack[base + 4])->op == WEFT_ATOM_NONE);
    case WEFT_ATOM_VERTICAL_SLASH:
        return none_if((is_below(f, base, 0, 1) && is_below(f, base, 1, 1)) ||
                       weft_folded(f, f->stack[base + 3])->op == WEFT_ATOM_NONE);
    case WEFT_ATOM_WHERE: return !known ? WEFT_OP_INVALID : a ? WEFT_ATOM_ALL : WEFT_ATOM_NONE;
    default: return WEFT_OP_INVALID;
    }
}

/* A folded condition of a canonical set as a simpler set, where one equals it. */
static weft_id simplify_where(weft_folder *f, weft_id where, uint32_t level) {
    const weft_fold_level here = f->levels[level];
    weft_space space = {here.lk - here.first, here.lk, here.first};
    weft_id set = here.lengths_known ? weft_simpler_where(f->bound, where, space) : where;
    f->failed = f->failed || !set;
    return set;
}

weft_id weft_fold_atom(weft_folder *f, weft_id id, const weft_node *node, uint32_t level) {
    uint32_t base = f->stack_count;
    bool sound = fold_arguments(f, id, node, level) && finish(f, id, node, base);
    weft_op simple = sound && weft_fold_simplifies(f) ? trivial(f, node, level, base) : WEFT_OP_INVALID;
    if (sound && !simple) {
        weft_id made = weft_fold_make(f, numbered(f, id, node), base);
        bool canonical =
            weft_fold_simplifies(f) && !node->place.source; /* the meaning stays as written: it is the judge */
        return node->op == WEFT_ATOM_WHERE && canonical ? simplify_where(f, made, level) : made;
    }
    f->stack_count = base;
    return sound ? weft_make_set(&f->bound->dag, simple, weft_fold_place(f, node->place), 0) : 0;
}
