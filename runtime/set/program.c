/* Programs: made, added to, destroyed. */
#include "set/program.h"

#include <string.h>

weft_program *weft_program_create(const weft_allocator *allocator, const char *name) {
    weft_program *program = weft_allocate_zero(allocator, sizeof *program);
    if (!program) return NULL;
    program->allocator = allocator;
    weft_arena_init(&program->arena, allocator);
    weft_sources_init(&program->sources, allocator);
    program->name = weft_arena_copy(&program->arena, name, strlen(name));
    if (!program->name || !weft_dag_init(&program->dag, allocator)) {
        weft_program_destroy(program);
        return NULL;
    }
    return program;
}

void weft_program_destroy(weft_program *program) {
    if (!program) return;
    const weft_allocator *allocator = program->allocator;
    weft_dag_free(&program->dag);
    weft_sources_free(&program->sources);
    weft_free(allocator, program->parameters, program->parameter_capacity * sizeof *program->parameters);
    weft_free(allocator, program->passes, program->pass_capacity * sizeof *program->passes);
    weft_arena_free(&program->arena);
    weft_free(allocator, program, sizeof *program);
}

uint32_t weft_program_add_parameter(weft_program *program, const char *name, weft_type type, weft_id initial,
                                    weft_span place) {
    weft_parameter_info parameter = {.type = type, .initial = initial, .place = place};
    if (!weft_reserve(program->allocator, &program->parameters, &program->parameter_capacity,
                      (uint64_t)program->parameter_count + 1, sizeof parameter))
        return UINT32_MAX;
    parameter.name = weft_arena_copy(&program->arena, name, strlen(name));
    if (!parameter.name) return UINT32_MAX;
    program->parameters[program->parameter_count] = parameter;
    return program->parameter_count++;
}

bool weft_program_add_pass(weft_program *program, weft_pass pass) {
    if (!weft_reserve(program->allocator, &program->passes, &program->pass_capacity, (uint64_t)program->pass_count + 1,
                      sizeof pass))
        return false;
    program->passes[program->pass_count++] = pass;
    return true;
}
