/* What a plan's parameters are, as text. */
#include <string.h>

#include "plan/terms.h"

static void add_array(weft_text *out, const DLTensor *array) {
    weft_text_format(out, "[");
    for (int32_t n = 0; n < array->ndim; n++)
        weft_text_format(out, "%s%lld", n ? ", " : "", (long long)array->shape[n]);
    weft_text_format(out, "]");
}

static void add_value(weft_text *out, weft_type type, weft_value value) {
    if (type == WEFT_TYPE_FLOAT)
        weft_text_double(out, value.real);
    else if (type == WEFT_TYPE_BOOL)
        weft_text_format(out, "%s", value.integer ? "true" : "false");
    else
        weft_text_format(out, "%lld", (long long)value.integer);
}

/* A default may read lengths. One that cannot be worked out has no value that any head reads. */
static void add_default(weft_text *out, const weft_plan *plan, weft_bound *bound, weft_id initial) {
    const weft_program *program = plan->kernel->program;
    weft_environment environment = weft_plan_environment(plan, 0, 0);
    weft_diagnostics ignored;
    weft_diagnostics_init(&ignored, bound->dag.allocator, NULL);
    weft_id folded = weft_fold(program, initial, &environment, bound, &ignored);
    out->failed = out->failed || ignored.out_of_memory;
    weft_diagnostics_free(&ignored);
    const weft_node *node = weft_node_at(&bound->dag, folded);
    if (folded && (node->op == WEFT_OP_INT || node->op == WEFT_OP_FLOAT || node->op == WEFT_OP_BOOL))
        add_value(out, (weft_type)node->type, node->value);
    else
        weft_text_format(out, "?");
}

size_t weft_plan_parameters(const weft_plan *plan, char *buffer, size_t size) {
    if (size) buffer[0] = '\0';
    if (!plan) return 0;
    const weft_allocator *allocator = weft_engine_allocator(plan->kernel->engine);
    const weft_program *program = plan->kernel->program;
    weft_text text;
    weft_bound bound;
    weft_text_init(&text, allocator);
    text.failed = !weft_bound_init(&bound, allocator);
    for (uint32_t n = 0; n < program->parameter_count && !text.failed; n++) {
        const weft_argument *argument = &plan->arguments[n];
        weft_text_format(&text, "%s%s=", n ? ", " : "", program->parameters[n].name);
        if (argument->bound && argument->array)
            add_array(&text, argument->array);
        else if (argument->bound)
            add_value(&text, program->parameters[n].type, argument->value);
        else if (program->parameters[n].initial)
            add_default(&text, plan, &bound, program->parameters[n].initial);
        else
            weft_text_format(&text, "?");
    }
    size_t length = text.failed ? 0 : weft_text_copy_out(&text, buffer, size);
    weft_bound_free(&bound);
    weft_text_release(&text);
    return length;
}
