/* The verifier: nodes in order, each against its line of ops.def or its atom's signature, then what holds them
 * together. It trusts nothing but the sizes of the DAG's arrays. The first flaw ends the search. */
#include "set/verify.h"
#include "set/signature.h"

#include <string.h>

/* What is known of the nodes checked so far. */
typedef struct node_facts {
    uint16_t depth;
    bool reads_pair; /* i or j, outside a where */
    bool reads_late; /* what only a bias may read: per_head arrays, and alibi's slope */
    bool reads_run;  /* a set that depends on what a run is given */
    bool has_param;
    bool has_place;
} node_facts;

typedef struct verifier {
    const weft_program *program;
    const weft_dag *dag;
    node_facts *facts; /* one a node */
    weft_text *why;
} verifier;

#define FLAW(v, ...) (weft_text_format((v)->why, __VA_ARGS__), false)

static weft_type type_of(const verifier *v, weft_id id) { return (weft_type)v->dag->nodes[id].type; }

/* ---- operands ----------------------------------------------------------------------------------------------- */

/* An index list: of its own type, one position, or an array of positions. */
static bool is_list_like(weft_type type) {
    return type == WEFT_TYPE_LIST || type == WEFT_TYPE_INT || type == WEFT_TYPE_TOKENS;
}

static bool is_number(weft_type type) { return type == WEFT_TYPE_INT || type == WEFT_TYPE_FLOAT; }

/* Does an operand of that type fit the letter? n and x are compared with one another in check_same_types. */
static bool fits(char letter, weft_op op, weft_type type) {
    switch (letter) {
    case 'i': return type == WEFT_TYPE_INT;
    case 'f': return type == WEFT_TYPE_FLOAT;
    case 'b': return type == WEFT_TYPE_BOOL;
    case 'n': return is_number(type) || (type == WEFT_TYPE_BOOL && (op == WEFT_OP_EQ || op == WEFT_OP_NE));
    case 'x': return is_number(type) || type == WEFT_TYPE_BOOL || type == WEFT_TYPE_SET;
    case 'a':
        return type == WEFT_TYPE_TOKENS || type == WEFT_TYPE_LABELS || type == WEFT_TYPE_PER_HEAD ||
               type == WEFT_TYPE_TABLE;
    case 'l': return is_list_like(type);
    case 's': return type == WEFT_TYPE_SET;
    default: return false;
    }
}

static bool check_letter(const verifier *v, weft_id id, uint32_t k, char letter) {
    const weft_node *node = &v->dag->nodes[id];
    weft_type type = type_of(v, weft_operand(v->dag, id, k));
    if (fits(letter, (weft_op)node->op, type)) return true;
    return FLAW(v, "operand %u cannot be of type %s", k + 1, weft_type_name(type));
}

/* Operands that share a letter 'n' or 'x' have one type. */
static bool check_same_types(const verifier *v, weft_id id, uint32_t first) {
    for (uint32_t k = first + 1; k < v->dag->nodes[id].arity; k++)
        if (type_of(v, weft_operand(v->dag, id, k)) != type_of(v, weft_operand(v->dag, id, first)))
            return FLAW(v, "operands %u and %u differ in type", first + 1, k + 1);
    return true;
}

static bool check_heads(const verifier *v, weft_id id) {
    uint32_t arity = v->dag->nodes[id].arity, paired = arity - arity % 2;
    if (arity == 0) return FLAW(v, "no operands");
    for (uint32_t k = 0; k < arity; k++)
        if (!check_letter(v, id, k, k < paired && k % 2 == 0 ? 'l' : 's')) return false;
    return true;
}

static bool check_operation(const verifier *v, weft_id id) {
    const weft_node *node = &v->dag->nodes[id];
    const char *letters = weft_op_describe((weft_op)node->op)->operands;
    if (node->op == WEFT_OP_HEADS) return check_heads(v, id);
    size_t count = strlen(letters);
    bool repeats = count > 0 && letters[count - 1] == '*';
    if (!repeats && node->arity != count) return FLAW(v, "%u operands instead of %zu", node->arity, count);
    for (uint32_t k = 0; k < node->arity; k++)
        if (!check_letter(v, id, k, letters[repeats ? 0 : k])) return false;
    if (node->op == WEFT_OP_LITERAL && node->arity == 0) return FLAW(v, "a table without elements");
    bool shared = letters[0] == 'n' || node->op == WEFT_OP_SELECT;
    return !shared || check_same_types(v, id, node->op == WEFT_OP_SELECT);
}

/* ---- atoms -------------------------------------------------------------------------------------------------- */

static bool is_table_of_ints(const verifier *v, weft_id id) {
    const weft_node *node = &v->dag->nodes[id];
    return node->op == WEFT_OP_LITERAL && node->arity > 0 && type_of(v, weft_operand(v->dag, id, 0)) == WEFT_TYPE_INT;
}

static bool is_word(const verifier *v, weft_id id, const weft_formal *formal) {
    const weft_node *node = &v->dag->nodes[id];
    return node->op == WEFT_OP_INT && node->value.integer >= 0 && node->value.integer < formal->words.size &&
           weft_formal_word_at(formal, (uint32_t)node->value.integer).size > 0;
}

static bool fits_formal(const verifier *v, weft_id id, const weft_formal *formal) {
    if (formal->may_be_table && is_table_of_ints(v, id)) return true;
    if (formal->type == WEFT_TYPE_WORD) return is_word(v, id, formal);
    if (formal->type == WEFT_TYPE_LIST) return is_list_like(type_of(v, id));
    return type_of(v, id) == formal->type;
}

static bool check_atom(const verifier *v, weft_id id) {
    const weft_node *node = &v->dag->nodes[id];
    const weft_op_info *info = weft_op_describe((weft_op)node->op);
    const char *rest = info->signature;
    uint32_t count = weft_count_formals(rest);
    if (node->arity != count) return FLAW(v, "%u operands instead of %u", node->arity, count);
    weft_formal formal;
    for (uint32_t k = 0; weft_next_formal(&rest, &formal); k++) {
        weft_id operand = weft_operand(v->dag, id, k);
        if (!fits_formal(v, operand, &formal))
            return FLAW(v, "`%.*s` cannot be of type %s", (int)formal.name.size, formal.name.at,
                        weft_type_name(type_of(v, operand)));
    }
    return true;
}

/* ---- nodes -------------------------------------------------------------------------------------------------- */

static bool check_value(const verifier *v, const weft_node *node) {
    int64_t number = node->value.integer;
    switch (node->op) {
    case WEFT_OP_INVALID: return FLAW(v, "no operation");
    case WEFT_OP_BOOL: return number == 0 || number == 1 || FLAW(v, "a truth value that is neither");
    case WEFT_OP_PARAM:
        return (number >= 0 && number < v->program->parameter_count) || FLAW(v, "a parameter that there is not");
    case WEFT_OP_REQUIRE:
        return (number >= 0 && number < v->dag->string_count) || FLAW(v, "a message that there is not");
    case WEFT_OP_ARRAY:
    case WEFT_OP_INTERVALS: return FLAW(v, "`%s` belongs to the bound form", weft_op_describe((weft_op)node->op)->text);
    default: return true;
    }
}

static bool check_place(const verifier *v, weft_span place) {
    const weft_sources *sources = &v->program->sources;
    if (place.source == 0) return (place.begin == 0 && place.end == 0) || FLAW(v, "a place in no source");
    if (place.source > sources->count) return FLAW(v, "a place in source %u of %u", place.source, sources->count);
    return (place.begin <= place.end && place.end <= sources->at[place.source - 1].size) ||
           FLAW(v, "a place outside its source");
}

static bool check_shape(const verifier *v, weft_id id) {
    const weft_node *node = &v->dag->nodes[id];
    if (node->op >= WEFT_OP_COUNT || node->type >= WEFT_TYPE_COUNT) return FLAW(v, "an unknown operation or type");
    if (node->first > v->dag->operand_count || node->arity > v->dag->operand_count - node->first)
        return FLAW(v, "operands outside the DAG");
    for (uint32_t k = 0; k < node->arity; k++) {
        weft_id operand = weft_operand(v->dag, id, k);
        if (operand == 0 || operand >= id) return FLAW(v, "operand %u does not come before its user", k + 1);
    }
    return true;
}

/* Positions are known inside a where alone: its condition may read them, no other operand of a set may. */
static bool check_pairs(const verifier *v, weft_id id) {
    const weft_node *node = &v->dag->nodes[id];
    if (node->op == WEFT_ATOM_WHERE) return true;
    for (uint32_t k = 0; k < node->arity; k++)
        if (node->type == WEFT_TYPE_SET && v->facts[weft_operand(v->dag, id, k)].reads_pair)
            return FLAW(v, "operand %u reads i or j outside a where", k + 1);
    return true;
}

static bool gather_facts(const verifier *v, weft_id id) {
    const weft_node *node = &v->dag->nodes[id];
    node_facts facts = {.reads_pair = node->op == WEFT_OP_VAR_I || node->op == WEFT_OP_VAR_J,
                        .reads_late = node->op == WEFT_OP_SLOPE || node->type == WEFT_TYPE_PER_HEAD,
                        .reads_run = weft_op_describe((weft_op)node->op)->traits & WEFT_TRAIT_DATA,
                        .has_param = node->op == WEFT_OP_PARAM,
                        .has_place = node->place.source != 0};
    for (uint32_t k = 0; k < node->arity; k++) {
        const node_facts *operand = &v->facts[weft_operand(v->dag, id, k)];
        facts.reads_pair |= operand->reads_pair;
        facts.reads_late |= operand->reads_late;
        facts.reads_run |= operand->reads_run;
        facts.has_param |= operand->has_param;
        facts.has_place |= operand->has_place;
        if (operand->depth >= facts.depth) facts.depth = (uint16_t)(operand->depth + 1);
    }
    if (node->type == WEFT_TYPE_SET) facts.reads_pair = false;
    v->facts[id] = facts;
    return facts.depth < WEFT_MAX_DEPTH || FLAW(v, "more than %d levels deep", WEFT_MAX_DEPTH);
}

static bool check_type(const verifier *v, weft_id id) {
    const weft_node *node = &v->dag->nodes[id];
    const weft_id *operands = node->arity ? &v->dag->operands[node->first] : NULL;
    weft_type type = weft_infer_type(v->program, (weft_op)node->op, node->value, operands, node->arity);
    return node->type == type || FLAW(v, "its type is not %s", weft_type_name((weft_type)node->type));
}

static bool check_node(const verifier *v, weft_id id) {
    const weft_node *node = &v->dag->nodes[id];
    return check_shape(v, id) && check_value(v, node) && check_place(v, node->place) &&
           (weft_op_is_atom((weft_op)node->op) ? check_atom(v, id) : check_operation(v, id)) && check_type(v, id) &&
           check_pairs(v, id) && gather_facts(v, id);
}

/* ---- the program -------------------------------------------------------------------------------------------- */

static bool is_name(const char *name) {
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return *name && strchr(first, *name) && name[strspn(name, others)] == '\0';
}

static bool is_node(const verifier *v, weft_id id, weft_type type) {
    return id != 0 && id < v->dag->count && type_of(v, id) == type;
}

static bool is_root(const verifier *v, weft_id id, weft_type type) {
    return is_node(v, id, type) && !v->facts[id].reads_pair && !v->facts[id].reads_late;
}

static bool is_scalar(weft_type type) { return is_number(type) || type == WEFT_TYPE_BOOL; }

static bool is_parameter_type(weft_type type) {
    return type < WEFT_TYPE_COUNT && type != WEFT_TYPE_SET && type != WEFT_TYPE_LIST && type != WEFT_TYPE_WORD;
}

static bool check_parameter(const verifier *v, uint32_t number) {
    const weft_parameter_info *parameter = &v->program->parameters[number];
    if (!is_name(parameter->name)) return FLAW(v, "parameter %u has no proper name", number + 1);
    if (weft_program_parameter(v->program, parameter->name, strlen(parameter->name)) != number)
        return FLAW(v, "two parameters `%s`", parameter->name);
    if (!is_parameter_type(parameter->type)) return FLAW(v, "parameter `%s` has no parameter type", parameter->name);
    if (parameter->initial == 0) return check_place(v, parameter->place);
    if (!is_scalar(parameter->type) || !is_root(v, parameter->initial, parameter->type))
        return FLAW(v, "the default of `%s` is not one %s", parameter->name, weft_type_name(parameter->type));
    if (v->facts[parameter->initial].has_param)
        return FLAW(v, "the default of `%s` reads a parameter", parameter->name);
    return check_place(v, parameter->place);
}

static bool is_canonical(const verifier *v, weft_id id, weft_type type) {
    return is_root(v, id, type) && !v->facts[id].has_place;
}

static bool is_int(const verifier *v, weft_id id, int64_t value) {
    return v->dag->nodes[id].op == WEFT_OP_INT && v->dag->nodes[id].value.integer == value;
}

/* Each row's own key is a list of the last pass, where queries are keys. */
static bool check_own_keys(const verifier *v, const weft_pass *pass, uint32_t number) {
    bool own = is_int(v, weft_operand(v->dag, pass->list, 0), 0) && is_int(v, weft_operand(v->dag, pass->list, 1), 0);
    return (own && v->program->shared_qk && number + 1 == v->program->pass_count) ||
           FLAW(v, "pass %u: a band that is no last resort", number + 1);
}

/* The orders go together, and with what they need. */
static bool check_orders(const verifier *v, const weft_pass *pass, uint32_t number) {
    bool strided = pass->row_order == WEFT_ORDER_STRIDED, listed = pass->key_order == WEFT_ORDER_LISTED;
    if (strided != (pass->key_order == WEFT_ORDER_STRIDED) || pass->row_order == WEFT_ORDER_LISTED)
        return FLAW(v, "pass %u: these orders do not go together", number + 1);
    if ((number == 0) == (strided || listed))
        return FLAW(v, "pass %u: the first pass, and no other, is contiguous", number + 1);
    if (strided ? !is_canonical(v, pass->stride, WEFT_TYPE_INT) : pass->stride != 0)
        return FLAW(v, "pass %u: the stride is not one int", number + 1);
    if (!listed && pass->list != 0) return FLAW(v, "pass %u: a list where none is wanted", number + 1);
    if (!listed)
        return !v->facts[pass->set].reads_run || FLAW(v, "pass %u: tiles of a set that only a run knows", number + 1);
    weft_op op = is_canonical(v, pass->list, WEFT_TYPE_SET) ? v->dag->nodes[pass->list].op : WEFT_OP_INVALID;
    if (op == WEFT_ATOM_BAND) return check_own_keys(v, pass, number);
    return op == WEFT_ATOM_RANDOM || weft_op_describe(op)->traits & WEFT_TRAIT_DATA ||
           FLAW(v, "pass %u: the list is no atom that lists keys", number + 1);
}

static bool check_pass(const verifier *v, uint32_t number) {
    enum { TILE = 64 };
    const weft_pass *pass = &v->program->passes[number];
    if (pass->row_tile != TILE || pass->key_tile != TILE)
        return FLAW(v, "pass %u: tiles must be %dx%d", number + 1, TILE, TILE);
    if (!is_root(v, pass->set, WEFT_TYPE_SET)) return FLAW(v, "pass %u: not a set", number + 1);
    if (v->facts[pass->set].has_place) return FLAW(v, "pass %u: a canonical set has no places", number + 1);
    return check_orders(v, pass, number);
}

static bool check_scores(const verifier *v) {
    const weft_program *program = v->program;
    if (program->scale && !is_root(v, program->scale, WEFT_TYPE_FLOAT)) return FLAW(v, "the scale is not one float");
    if (program->softcap && !is_root(v, program->softcap, WEFT_TYPE_FLOAT))
        return FLAW(v, "the softcap is not one float");
    if (program->bias && !is_node(v, program->bias, WEFT_TYPE_FLOAT)) return FLAW(v, "the bias is not a float");
    if (program->sink == WEFT_NO_SINK) return true;
    return (program->sink < program->parameter_count &&
            program->parameters[program->sink].type == WEFT_TYPE_PER_HEAD) ||
           FLAW(v, "the sink is not a per_head parameter");
}

static bool check_rest(const verifier *v) {
    const weft_approximation *rest = &v->program->rest;
    return !rest->kind || (is_root(v, rest->features, WEFT_TYPE_INT) && is_root(v, rest->seed, WEFT_TYPE_INT)) ||
           FLAW(v, "features and seed of what is approximated are not ints");
}

static bool check_program(const verifier *v) {
    const weft_program *program = v->program;
    for (uint32_t k = 0; k < program->parameter_count; k++)
        if (!check_parameter(v, k)) return false;
    if (!is_root(v, program->meaning, WEFT_TYPE_SET)) return FLAW(v, "the meaning is not a set");
    if (!check_scores(v) || !check_rest(v)) return false;
    for (uint32_t k = 0; k < program->pass_count; k++)
        if (!check_pass(v, k)) return false;
    return true;
}

void weft_find_flaw(const weft_program *program, weft_id *node, weft_text *why) {
    const weft_dag *dag = &program->dag;
    *node = 0;
    if (dag->failed) {
        weft_text_format(why, "it could not be made as a whole");
        return;
    }
    size_t size = dag->count * sizeof(node_facts);
    verifier v = {.program = program, .dag = dag, .why = why};
    v.facts = weft_allocate_zero(program->allocator, size);
    if (!v.facts) {
        why->failed = true;
        return;
    }
    bool is_sound = true;
    for (weft_id id = 1; id < dag->count && is_sound; id++) {
        is_sound = check_node(&v, id);
        if (!is_sound) *node = id;
    }
    if (is_sound) check_program(&v);
    weft_free(program->allocator, v.facts, size);
}

static const char *name_of_operation(const weft_node *node) {
    return node->op < WEFT_OP_COUNT ? weft_op_describe((weft_op)node->op)->text : "unknown";
}

bool weft_verify_program(const weft_program *program, weft_diagnostics *diagnostics) {
    weft_id node;
    weft_text why;
    weft_text_init(&why, program->allocator);
    weft_find_flaw(program, &node, &why);
    bool is_sound = !why.failed && why.size == 0;
    if (why.failed)
        diagnostics->out_of_memory = true;
    else if (node)
        weft_diagnose(diagnostics, WEFT_E0702, WEFT_NO_SPAN, "IR node %%%u (%s): %s", node,
                      name_of_operation(&program->dag.nodes[node]), why.at);
    else if (!is_sound)
        weft_diagnose(diagnostics, WEFT_E0702, WEFT_NO_SPAN, "IR of pattern `%s`: %s", program->name, why.at);
    weft_text_release(&why);
    return is_sound;
}
