/* Programs as text (program.h shows it). Ids are in topological order already, so printing walks them up once, after
 * walking down once to mark what the roots reach: no recursion, however deep the DAG. */
#include "set/program.h"
#include "support/utf8.h"

#include <string.h>

typedef struct printer {
    const weft_program *program;
    const weft_dag *dag;
    uint32_t *numbers; /* as printed, by id; 0: not reached, MARKED: reached and not printed yet */
    uint32_t count;    /* printed so far */
    bool places;
    weft_text *out;
} printer;

#define MARKED UINT32_MAX

static void add(weft_text *out, const char *string) { weft_text_add(out, string, strlen(string)); }

/* ---- values ------------------------------------------------------------------------------------------------- */

static void print_byte(weft_text *out, unsigned char byte) {
    switch (byte) {
    case '"': add(out, "\\\""); break;
    case '\\': add(out, "\\\\"); break;
    case '\n': add(out, "\\n"); break;
    case '\r': add(out, "\\r"); break;
    case '\t': add(out, "\\t"); break;
    default:
        if (byte < 0x20 || byte >= 0x7F)
            weft_text_format(out, "\\x%02X", byte);
        else
            weft_text_add(out, (const char *)&byte, 1);
    }
}

/* In quotes; what is no valid UTF-8, and every control (those of U+0080 too), as escapes. */
static void print_string(weft_text *out, const char *text, size_t size) {
    add(out, "\"");
    for (size_t at = 0; at < size;) {
        uint32_t point;
        size_t length = weft_utf8_read(text + at, size - at, &point);
        if (point < 0xA0) length = 1;
        if (length == 1)
            print_byte(out, (unsigned char)text[at]);
        else
            weft_text_add(out, text + at, length);
        at += length;
    }
    add(out, "\"");
}

static void print_place(weft_text *out, weft_span place) {
    if (place.source) weft_text_format(out, " @%u:%u-%u", place.source, place.begin, place.end);
}

static void print_intervals(weft_text *out, weft_intervals list) {
    for (uint32_t k = 0; k < list.count; k++)
        weft_text_format(out, " %lld..%lld", (long long)list.at[k].lo, (long long)list.at[k].hi);
}

static void print_value(const printer *p, const weft_node *node) {
    weft_text *out = p->out;
    switch (node->op) {
    case WEFT_OP_INT:
    case WEFT_OP_ARRAY: weft_text_format(out, " %lld", (long long)node->value.integer); break;
    case WEFT_OP_BOOL: add(out, node->value.integer ? " true" : " false"); break;
    case WEFT_OP_FLOAT:
        add(out, " ");
        weft_text_double(out, node->value.real);
        break;
    case WEFT_OP_PARAM: weft_text_format(out, " %s", p->program->parameters[node->value.integer].name); break;
    case WEFT_OP_INTERVALS: print_intervals(out, p->dag->lists[node->value.integer]); break;
    case WEFT_OP_REQUIRE:
        if (node->value.integer == 0) break;
        add(out, " ");
        print_string(out, p->dag->strings[node->value.integer], strlen(p->dag->strings[node->value.integer]));
        break;
    default: break;
    }
}

/* ---- nodes -------------------------------------------------------------------------------------------------- */

static void print_node(printer *p, weft_id id) {
    const weft_node *node = weft_node_at(p->dag, id);
    p->numbers[id] = ++p->count;
    weft_text_format(p->out, "%%%u = %s", p->count, weft_op_describe((weft_op)node->op)->text);
    print_value(p, node);
    for (uint32_t k = 0; k < node->arity; k++)
        weft_text_format(p->out, " %%%u", p->numbers[weft_operand(p->dag, id, k)]);
    if (p->places) print_place(p->out, node->place);
    add(p->out, "\n");
}

static void mark(printer *p, weft_id id) {
    if (p->numbers[id] == 0) p->numbers[id] = MARKED;
}

/* Prints what the marked nodes reach and was not printed before. */
static void print_marked(printer *p) {
    for (weft_id id = p->dag->count; id-- > 1;) {
        if (p->numbers[id] != MARKED) continue;
        for (uint32_t k = 0; k < weft_node_at(p->dag, id)->arity; k++) mark(p, weft_operand(p->dag, id, k));
    }
    for (weft_id id = 1; id < p->dag->count; id++)
        if (p->numbers[id] == MARKED) print_node(p, id);
}

static bool start(printer *p, const weft_program *program, bool places, weft_text *out) {
    *p = (printer){.program = program, .dag = &program->dag, .places = places, .out = out};
    p->numbers = weft_allocate_zero(program->allocator, program->dag.count * sizeof *p->numbers);
    if (!p->numbers) out->failed = true;
    return p->numbers != NULL;
}

static void finish(printer *p) { weft_free(p->program->allocator, p->numbers, p->dag->count * sizeof *p->numbers); }

void weft_print_set(const weft_program *program, weft_id root, bool places, weft_text *out) {
    printer p;
    if (root == 0 || !start(&p, program, places, out)) return;
    mark(&p, root);
    print_marked(&p);
    finish(&p);
}

/* ---- the program -------------------------------------------------------------------------------------------- */

static const char *const order_names[] = {"contiguous", "strided", "listed"};

static void print_header(const printer *p) {
    const weft_sources *sources = &p->program->sources;
    add(p->out, "weft-ir 1\npattern ");
    print_string(p->out, p->program->name, strlen(p->program->name));
    add(p->out, "\n");
    for (uint32_t k = 0; k < sources->count; k++) {
        add(p->out, "source ");
        print_string(p->out, sources->at[k].name, strlen(sources->at[k].name));
        add(p->out, " ");
        print_string(p->out, sources->at[k].text, sources->at[k].size);
        add(p->out, "\n");
    }
}

/* Defaults read no parameter, so they all come first. */
static void print_parameters(printer *p) {
    const weft_program *program = p->program;
    for (uint32_t k = 0; k < program->parameter_count; k++)
        if (program->parameters[k].initial) mark(p, program->parameters[k].initial);
    print_marked(p);
    for (uint32_t k = 0; k < program->parameter_count; k++) {
        const weft_parameter_info *parameter = &program->parameters[k];
        weft_text_format(p->out, "parameter %s: %s", parameter->name, weft_type_name(parameter->type));
        if (parameter->initial) weft_text_format(p->out, " = %%%u", p->numbers[parameter->initial]);
        print_place(p->out, parameter->place);
        add(p->out, "\n");
    }
}

static void print_rest(const printer *p) {
    const weft_approximation *rest = &p->program->rest;
    if (rest->kind)
        weft_text_format(p->out, "approximate %s %s %%%u %%%u\n", rest->causal ? "causal" : "all",
                         rest->kind == WEFT_FAVOR_RELU ? "relu" : "exp", p->numbers[rest->features],
                         p->numbers[rest->seed]);
}

static void print_roots(printer *p) {
    const weft_program *program = p->program;
    if (program->meaning) mark(p, program->meaning);
    if (program->scale) mark(p, program->scale);
    if (program->softcap) mark(p, program->softcap);
    if (program->bias) mark(p, program->bias);
    if (program->rest.kind) {
        mark(p, program->rest.features);
        mark(p, program->rest.seed);
    }
    for (uint32_t k = 0; k < program->pass_count; k++) {
        const weft_pass *pass = &program->passes[k];
        mark(p, pass->set);
        if (pass->stride) mark(p, pass->stride);
        if (pass->list) mark(p, pass->list);
    }
    print_marked(p);
    if (program->meaning) weft_text_format(p->out, "meaning %%%u\n", p->numbers[program->meaning]);
    if (program->scale) weft_text_format(p->out, "scale %%%u\n", p->numbers[program->scale]);
    if (program->shared_qk) weft_text_format(p->out, "shared_qk\n");
    if (program->softcap) weft_text_format(p->out, "softcap %%%u\n", p->numbers[program->softcap]);
    if (program->bias) weft_text_format(p->out, "bias %%%u\n", p->numbers[program->bias]);
    if (program->sink != WEFT_NO_SINK) weft_text_format(p->out, "sink %s\n", program->parameters[program->sink].name);
    print_rest(p);
    for (uint32_t k = 0; k < program->pass_count; k++) {
        const weft_pass *pass = &program->passes[k];
        weft_text_format(p->out, "pass %s %s %ux%u %%%u", order_names[pass->row_order], order_names[pass->key_order],
                         pass->row_tile, pass->key_tile, p->numbers[pass->set]);
        if (pass->stride) weft_text_format(p->out, " %%%u", p->numbers[pass->stride]);
        if (pass->list) weft_text_format(p->out, " %%%u", p->numbers[pass->list]);
        add(p->out, "\n");
    }
}

void weft_print_program(const weft_program *program, weft_text *out) {
    printer p;
    if (!start(&p, program, true, out)) return;
    print_header(&p);
    print_parameters(&p);
    print_roots(&p);
    finish(&p);
}
