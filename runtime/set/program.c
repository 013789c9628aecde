/* Programs: made, added to, destroyed. */
#include "set/program.h"

#include <string.h>

weft_program *weft_program_create(const weft_allocator *allocator, const char *name) {
    weft_program *program = weft_allocate_zero(allocator, sizeof *program);
    if (!program) return NULL;
    program->allocator = allocator;
    program->sink = WEFT_NO_SINK;
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
    weft_intern_free(&program->parameter_index, allocator);
    weft_free(allocator, program->passes, program->pass_capacity * sizeof *program->passes);
    weft_arena_free(&program->arena);
    weft_free(allocator, program, sizeof *program);
}

static uint64_t hash_name(const char *name, size_t size) {
    uint64_t hash = size;
    for (size_t k = 0; k < size; k++) hash = weft_hash(hash, (unsigned char)name[k]);
    return hash;
}

uint32_t weft_program_parameter(const weft_program *program, const char *name, size_t size) {
    weft_probe probe = weft_intern_find(&program->parameter_index, hash_name(name, size));
    for (uint32_t number; (number = weft_intern_next(&program->parameter_index, &probe)) != 0;) {
        const char *known = program->parameters[number - 1].name;
        if (strlen(known) == size && memcmp(known, name, size) == 0) return number - 1;
    }
    return UINT32_MAX;
}

/* A second parameter of one name is refused by the verifier, so the index need not find it. */
uint32_t weft_program_add_parameter(weft_program *program, const char *name, weft_type type, weft_id initial,
                                    weft_span place) {
    size_t size = strlen(name);
    weft_parameter_info parameter = {.type = type, .initial = initial, .place = place};
    if (!weft_reserve(program->allocator, &program->parameters, &program->parameter_capacity,
                      (uint64_t)program->parameter_count + 1, sizeof parameter))
        return UINT32_MAX;
    bool is_new = weft_program_parameter(program, name, size) == UINT32_MAX;
    parameter.name = weft_arena_copy(&program->arena, name, size);
    if (!parameter.name || (is_new && !weft_intern_reserve(&program->parameter_index, program->allocator)))
        return UINT32_MAX;
    program->parameters[program->parameter_count++] = parameter;
    if (is_new) weft_intern_add(&program->parameter_index, hash_name(name, size), program->parameter_count);
    return program->parameter_count - 1;
}

bool weft_program_add_pass(weft_program *program, weft_pass pass) {
    if (!weft_reserve(program->allocator, &program->passes, &program->pass_capacity, (uint64_t)program->pass_count + 1,
                      sizeof pass))
        return false;
    program->passes[program->pass_count++] = pass;
    return true;
}
