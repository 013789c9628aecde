/* Reading programs (program.h shows the text): a line at a time, each naming only what stands above it, so that nothing
 * is kept but the program itself. The first error ends it. */
#include "set/parse_lex.h"
#include "set/verify.h"

#include <string.h>

typedef struct parser {
    weft_program *program;
    weft_cursor cursor;
    weft_diagnostics *diagnostics;
    weft_id *ids; /* of %1, %2, …: equal nodes may have two numbers */
    uint32_t id_count, id_capacity;
    uint32_t *lines; /* by id: where the node stands first */
    uint32_t line_capacity;
    weft_id *operands; /* of the node being read */
    uint32_t operand_count, operand_capacity;
    weft_text string; /* the string being read */
} parser;

/* ---- failures: each reports and gives false ----------------------------------------------------------------- */

static bool out_of_memory(parser *p) {
    p->diagnostics->out_of_memory = true;
    return false;
}

#define FAIL(p, code, ...) (fail_at(p, code, (p)->cursor.line, __VA_ARGS__), false)

WEFT_PRINTF(4, 5)
static void fail_at(parser *p, weft_code code, uint32_t line, const char *format, ...) {
    weft_text message;
    weft_text_init(&message, p->string.allocator);
    va_list arguments;
    va_start(arguments, format);
    weft_text_format_list(&message, format, arguments);
    va_end(arguments);
    if (message.failed)
        out_of_memory(p);
    else
        weft_diagnose(p->diagnostics, code, WEFT_NO_SPAN, "IR line %u: %s", line, message.at);
    weft_text_release(&message);
}

static bool fail_expected(parser *p, const char *what) {
    weft_slice found = weft_cursor_peek(&p->cursor);
    if (found.size == 0) return FAIL(p, WEFT_E0701, "expected %s at the end of the line", what);
    return FAIL(p, WEFT_E0701, "expected %s instead of `%.*s`", what, (int)found.size, found.at);
}

/* ---- parts of lines ----------------------------------------------------------------------------------------- */

static bool expect_symbol(parser *p, char symbol) {
    const char what[] = {'`', symbol, '`', '\0'};
    return weft_cursor_take(&p->cursor, symbol) || fail_expected(p, what);
}

static bool expect_word(parser *p, const char *what, weft_slice *out) {
    return weft_cursor_word(&p->cursor, out) || fail_expected(p, what);
}

static bool expect_end(parser *p) { return weft_cursor_is_done(&p->cursor) || fail_expected(p, "nothing more"); }

/* Into p->string. */
static bool expect_string(parser *p) {
    if (weft_cursor_string(&p->cursor, &p->string)) return true;
    return p->string.failed ? out_of_memory(p) : fail_expected(p, "a string in quotes");
}

/* One that is a C string too. */
static bool expect_name(parser *p) {
    if (!expect_string(p)) return false;
    return !memchr(p->string.at, '\0', p->string.size) || FAIL(p, WEFT_E0701, "a NUL in a name or message");
}

/* %N, already defined. */
static bool expect_id(parser *p, weft_id *out) {
    uint32_t number;
    if (!weft_cursor_take(&p->cursor, '%') || !weft_cursor_number(&p->cursor, &number))
        return fail_expected(p, "a node such as %1");
    if (number == 0 || number > p->id_count) return FAIL(p, WEFT_E0701, "%%%u is not defined above", number);
    *out = p->ids[number - 1];
    return true;
}

static bool read_optional_place(parser *p, weft_span *out) {
    *out = WEFT_NO_SPAN;
    weft_slice next = weft_cursor_peek(&p->cursor);
    if (next.size == 0 || next.at[0] != '@') return true;
    return weft_cursor_place(&p->cursor, out) || fail_expected(p, "a place such as @1:20-27");
}

/* ---- nodes -------------------------------------------------------------------------------------------------- */

static bool read_bool(parser *p, weft_value *value) {
    weft_slice word;
    if (!expect_word(p, "true or false", &word)) return false;
    value->integer = weft_slice_is(word, "true");
    return value->integer || weft_slice_is(word, "false") || FAIL(p, WEFT_E0701, "expected true or false");
}

static bool read_parameter_name(parser *p, weft_value *value) {
    weft_slice name;
    if (!expect_word(p, "a parameter's name", &name)) return false;
    uint32_t number = weft_program_parameter(p->program, name.at, name.size);
    if (number == UINT32_MAX) {
        enum { ENOUGH = 64 };
        int shown = name.size < ENOUGH ? (int)name.size : ENOUGH;
        return FAIL(p, WEFT_E0701, "no parameter `%.*s` stands above", shown, name.at);
    }
    value->integer = number;
    return true;
}

static bool read_message(parser *p, weft_value *value) {
    weft_slice next = weft_cursor_peek(&p->cursor);
    if (next.size == 0 || next.at[0] != '"') return true;
    if (!expect_name(p)) return false;
    value->integer = weft_dag_string(&p->program->dag, p->string.at, p->string.size);
    return value->integer != 0 || out_of_memory(p);
}

/* What the operation has besides operands. */
static bool read_value(parser *p, weft_op op, weft_value *value) {
    value->integer = 0;
    switch (op) {
    case WEFT_OP_INT: return weft_cursor_int(&p->cursor, &value->integer) || fail_expected(p, "an integer");
    case WEFT_OP_FLOAT: return weft_cursor_double(&p->cursor, &value->real) || fail_expected(p, "a number");
    case WEFT_OP_BOOL: return read_bool(p, value);
    case WEFT_OP_PARAM: return read_parameter_name(p, value);
    case WEFT_OP_REQUIRE: return read_message(p, value);
    case WEFT_OP_ARRAY:
    case WEFT_OP_INTERVALS: return FAIL(p, WEFT_E0702, "`%s` belongs to the bound form", weft_op_describe(op)->text);
    default: return true;
    }
}

static bool read_operands(parser *p) {
    p->operand_count = 0;
    for (weft_slice next; next = weft_cursor_peek(&p->cursor), next.size > 0 && next.at[0] == '%';) {
        weft_id id;
        if (!expect_id(p, &id)) return false;
        if (!weft_reserve(p->string.allocator, &p->operands, &p->operand_capacity, (uint64_t)p->operand_count + 1,
                          sizeof id))
            return out_of_memory(p);
        p->operands[p->operand_count++] = id;
    }
    return true;
}

/* Makes the node and gives it the next number. */
static bool add_node(parser *p, weft_op op, weft_value value, weft_span place) {
    weft_dag *dag = &p->program->dag;
    weft_type type = weft_infer_type(p->program, op, value, p->operands, p->operand_count);
    if (type == WEFT_TYPE_COUNT)
        return FAIL(p, WEFT_E0702, "`%s` cannot have such operands", weft_op_describe(op)->text);
    const weft_allocator *allocator = p->string.allocator;
    if (!weft_reserve(allocator, &p->ids, &p->id_capacity, (uint64_t)p->id_count + 1, sizeof *p->ids) ||
        !weft_reserve(allocator, &p->lines, &p->line_capacity, (uint64_t)dag->count + 1, sizeof *p->lines))
        return out_of_memory(p);
    uint32_t known = dag->count;
    weft_id id = weft_make(dag, op, type, value, p->operands, p->operand_count, place);
    if (id == 0 && known >= WEFT_MAX_NODES) return FAIL(p, WEFT_E0701, "more than %u nodes", WEFT_MAX_NODES);
    if (id == 0) return out_of_memory(p);
    if (id == known) p->lines[id] = p->cursor.line;
    p->ids[p->id_count++] = id;
    return true;
}

/* %N = operation value %operand … @place */
static bool read_node(parser *p) {
    uint32_t number;
    weft_slice name;
    if (!expect_symbol(p, '%')) return false;
    if (!weft_cursor_number(&p->cursor, &number) || number != p->id_count + 1)
        return FAIL(p, WEFT_E0701, "expected %%%u: nodes are numbered in order", p->id_count + 1);
    if (!expect_symbol(p, '=') || !expect_word(p, "an operation", &name)) return false;
    weft_op op = weft_op_named(name.at, name.size);
    if (op == WEFT_OP_INVALID) {
        p->cursor.at = name.at;
        return fail_expected(p, "an operation");
    }
    weft_value value;
    weft_span place;
    return read_value(p, op, &value) && read_operands(p) && read_optional_place(p, &place) && expect_end(p) &&
           add_node(p, op, value, place);
}

/* ---- other lines -------------------------------------------------------------------------------------------- */

/* source "name" "text" */
static bool read_source(parser *p) {
    if (!expect_name(p)) return false;
    weft_text name = p->string;
    weft_text_init(&p->string, name.allocator);
    bool ok = expect_string(p) && expect_end(p);
    if (ok && weft_sources_add(&p->program->sources, name.at, p->string.at, p->string.size) == 0) ok = out_of_memory(p);
    weft_text_release(&name);
    return ok;
}

static weft_type type_named(weft_slice name) {
    for (int type = 0; type < WEFT_TYPE_COUNT; type++)
        if (weft_slice_is(name, weft_type_name((weft_type)type))) return (weft_type)type;
    return WEFT_TYPE_COUNT;
}

/* parameter NAME: TYPE [= %N] [@place]. What is wrong with them is the verifier's to say. */
static bool read_parameter(parser *p) {
    weft_slice name, type_name;
    if (!expect_word(p, "a name", &name) || !expect_symbol(p, ':') || !expect_word(p, "a type", &type_name))
        return false;
    weft_type type = type_named(type_name);
    if (type == WEFT_TYPE_COUNT) {
        p->cursor.at = type_name.at;
        return fail_expected(p, "a type");
    }
    weft_id initial = 0;
    weft_span place;
    if (weft_cursor_take(&p->cursor, '=') && !expect_id(p, &initial)) return false;
    if (!read_optional_place(p, &place) || !expect_end(p)) return false;
    p->string.size = 0;
    weft_text_add(&p->string, name.at, name.size);
    if (p->string.failed || weft_program_add_parameter(p->program, p->string.at, type, initial, place) == UINT32_MAX)
        return out_of_memory(p);
    return true;
}

static bool read_root(parser *p, weft_id *root) {
    if (*root) return FAIL(p, WEFT_E0701, "a second one");
    return expect_id(p, root) && expect_end(p);
}

static bool read_meaning(parser *p) { return read_root(p, &p->program->meaning); }
static bool read_scale(parser *p) { return read_root(p, &p->program->scale); }
static bool read_softcap(parser *p) { return read_root(p, &p->program->softcap); }
static bool read_bias(parser *p) { return read_root(p, &p->program->bias); }

static bool read_shared_qk(parser *p) {
    if (p->program->shared_qk) return FAIL(p, WEFT_E0701, "a second one");
    p->program->shared_qk = true;
    return expect_end(p);
}

/* sink NAME */
static bool read_sink(parser *p) {
    weft_value number;
    if (p->program->sink != WEFT_NO_SINK) return FAIL(p, WEFT_E0701, "a second one");
    if (!read_parameter_name(p, &number) || !expect_end(p)) return false;
    p->program->sink = (uint32_t)number.integer;
    return true;
}

/* One of two words. */
static bool read_either(parser *p, const char *no, const char *yes, bool *out) {
    weft_slice word;
    if (!expect_word(p, no, &word)) return false;
    *out = weft_slice_is(word, yes);
    if (*out || weft_slice_is(word, no)) return true;
    p->cursor.at = word.at;
    return fail_expected(p, no);
}

/* approximate all|causal exp|relu %FEATURES %SEED */
static bool read_rest(parser *p) {
    weft_approximation *rest = &p->program->rest;
    bool relu;
    if (rest->kind) return FAIL(p, WEFT_E0701, "a second one");
    if (!read_either(p, "all", "causal", &rest->causal) || !read_either(p, "exp", "relu", &relu) ||
        !expect_id(p, &rest->features) || !expect_id(p, &rest->seed) || !expect_end(p))
        return false;
    rest->kind = relu ? WEFT_FAVOR_RELU : WEFT_FAVOR_EXP;
    return true;
}

static bool read_order(parser *p, weft_order *out) {
    static const char *const names[] = {"contiguous", "strided", "listed"};
    weft_slice word;
    if (!expect_word(p, "an order", &word)) return false;
    for (int k = 0; k < 3; k++) {
        *out = (weft_order)k;
        if (weft_slice_is(word, names[k])) return true;
    }
    p->cursor.at = word.at;
    return fail_expected(p, "contiguous, strided or listed");
}

/* pass ORDER ORDER 64x64 %SET [%STRIDE | %LIST] */
static bool read_pass(parser *p) {
    weft_pass pass = {.set = 0};
    if (!read_order(p, &pass.row_order) || !read_order(p, &pass.key_order)) return false;
    if (!weft_cursor_number(&p->cursor, &pass.row_tile) || !weft_cursor_take(&p->cursor, 'x') ||
        !weft_cursor_number(&p->cursor, &pass.key_tile))
        return fail_expected(p, "a tile such as 64x64");
    if (!expect_id(p, &pass.set)) return false;
    if (pass.row_order == WEFT_ORDER_STRIDED && !expect_id(p, &pass.stride)) return false;
    if (pass.key_order == WEFT_ORDER_LISTED && !expect_id(p, &pass.list)) return false;
    if (!expect_end(p)) return false;
    return weft_program_add_pass(p->program, pass) || out_of_memory(p);
}

static bool read_line(parser *p) {
    static const struct {
        const char *word;
        bool (*read)(parser *);
    } kinds[] = {
        {"source", read_source},       {"parameter", read_parameter}, {"meaning", read_meaning}, {"scale", read_scale},
        {"softcap", read_softcap},     {"bias", read_bias},           {"sink", read_sink},       {"pass", read_pass},
        {"shared_qk", read_shared_qk}, {"approximate", read_rest},
    };
    weft_cursor begin = p->cursor;
    weft_slice word;
    if (!weft_cursor_word(&p->cursor, &word)) return read_node(p);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (weft_slice_is(word, kinds[k].word)) return kinds[k].read(p);
    p->cursor = begin;
    return fail_expected(p,
                         "source, parameter, %, meaning, scale, softcap, bias, sink, shared_qk, approximate or pass");
}

/* ---- the whole ---------------------------------------------------------------------------------------------- */

/* weft-ir 1, then the pattern's name: with it the program begins. */
static bool read_head(parser *p) {
    enum { VERSION = 1 };
    weft_slice word;
    uint32_t version;
    if (!weft_cursor_next_line(&p->cursor) || !weft_cursor_word(&p->cursor, &word) || !weft_slice_is(word, "weft-ir"))
        return FAIL(p, WEFT_E0701, "this is no Weft IR: it must begin with `weft-ir %d`", VERSION);
    if (!weft_cursor_number(&p->cursor, &version) || version != VERSION)
        return FAIL(p, WEFT_E0701, "this build reads version %d of the IR alone", VERSION);
    if (!expect_end(p)) return false;
    if (!weft_cursor_next_line(&p->cursor) || !weft_cursor_word(&p->cursor, &word) || !weft_slice_is(word, "pattern"))
        return FAIL(p, WEFT_E0701, "expected `pattern \"name\"`");
    if (!expect_name(p) || !expect_end(p)) return false;
    p->program = weft_program_create(p->string.allocator, p->string.at);
    return p->program || out_of_memory(p);
}

/* The verifier's verdict, with the line that it is about. */
static bool check(parser *p) {
    weft_id node;
    weft_text why;
    weft_text_init(&why, p->string.allocator);
    weft_find_flaw(p->program, &node, &why);
    bool is_sound = !why.failed && why.size == 0;
    if (why.failed)
        out_of_memory(p);
    else if (!is_sound)
        fail_at(p, WEFT_E0702, node ? p->lines[node] : p->cursor.line, "%s", why.at);
    weft_text_release(&why);
    return is_sound;
}

static void release(parser *p, const weft_allocator *allocator) {
    weft_free(allocator, p->ids, p->id_capacity * sizeof *p->ids);
    weft_free(allocator, p->lines, p->line_capacity * sizeof *p->lines);
    weft_free(allocator, p->operands, p->operand_capacity * sizeof *p->operands);
    weft_text_release(&p->string);
}

weft_program *weft_parse_program(const weft_allocator *allocator, const char *text, size_t size,
                                 weft_diagnostics *diagnostics) {
    parser p = {.cursor = weft_cursor_of(text, size), .diagnostics = diagnostics};
    weft_text_init(&p.string, allocator);
    bool ok = read_head(&p);
    while (ok && weft_cursor_next_line(&p.cursor)) ok = read_line(&p);
    ok = ok && check(&p);
    release(&p, allocator);
    if (ok) return p.program;
    weft_program_destroy(p.program);
    return NULL;
}
