/* The pipeline: AST → set IR → block IR → code → image. Each step is one call that returns nothing, or false, after it
 * has said why in the diagnostics; each can be stopped at and printed. */
#include "compile.h"

#include "passes/passes.h"

/* A program that a step has just left: checked in debug builds, so that a bad step is caught where it was made. */
static bool sound(const weft_compilation *c, const weft_program *program) {
#ifdef WEFT_VERIFY
    return weft_verify_program(program, c->diagnostics);
#else
    (void)c;
    return program != NULL;
#endif
}

/* Set IR → block IR, in place. */
static bool arrange(const weft_compilation *c, weft_program *program) {
    weft_id set = weft_simplify(program, program->meaning);
    return set && weft_order_passes(program, set) && sound(c, program);
}

/* Block IR → code, or its text. */
static bool generate(const weft_compilation *c, const weft_program *program, weft_codegen_form form,
                     weft_machine_code *code, weft_text *out) {
    const weft_codegen *codegen = weft_plugin_open(c->plugin, c->diagnostics);
    weft_codegen_spec spec = c->spec;
    spec.program = program;
    return codegen && codegen->generate(&spec, form, code, out, c->diagnostics);
}

/* Block IR → image; the code, when there is any, goes through `bytes`. */
static bool assemble(const weft_compilation *c, const weft_program *program, weft_text *out) {
    weft_machine_code code = {0};
    weft_text bytes;
    weft_text_init(&bytes, c->allocator);
    bool done = !c->plugin || generate(c, program, WEFT_FORM_CODE, &code, &bytes);
    done = done && weft_image_write(program, &code, out);
    weft_text_release(&bytes);
    return done;
}

/* The same by way of the cache. */
static bool find_or_assemble(const weft_compilation *c, const weft_program *program, weft_text *out) {
    weft_cache_inputs inputs = {.spec = c->spec};
    if (!c->plugin || !c->cache || !weft_plugin_stamp(&inputs.generator)) return assemble(c, program, out);
    weft_text text;
    weft_text_init(&text, c->allocator);
    weft_print_program(program, &text);
    inputs.program = text.at, inputs.program_size = text.size;
    weft_host_read(&inputs.host);
    bool done = !text.failed && weft_cache_load(c->cache, &inputs, out);
    if (!done) {
        done = assemble(c, program, out);
        if (done && !text.failed) weft_cache_store(c->cache, &inputs, out);
    }
    weft_text_release(&text);
    return done;
}

bool weft_compile(const weft_compilation *c, weft_text *out) {
    weft_program *program = weft_sema_lower(c->unit, c->pattern, c->allocator, c->diagnostics);
    if (!program) return false;
    bool done = sound(c, program) && arrange(c, program) && find_or_assemble(c, program, out);
    weft_program_destroy(program);
    return done;
}

bool weft_compile_dump(const weft_compilation *c, weft_stage stage, weft_text *out) {
    if (stage == WEFT_STAGE_AST) {
        weft_print_ast(c->pattern, c->sources, false, out);
        return !out->failed;
    }
    weft_program *program = weft_sema_lower(c->unit, c->pattern, c->allocator, c->diagnostics);
    if (!program) return false;
    bool done = sound(c, program);
    if (done && stage == WEFT_STAGE_SET) {
        weft_print_set(program, program->meaning, false, out);
    } else if (done && arrange(c, program)) {
        if (stage == WEFT_STAGE_BLOCKS)
            weft_print_program(program, out);
        else
            done = generate(c, program, stage == WEFT_STAGE_LLVM ? WEFT_FORM_LLVM : WEFT_FORM_ASM, NULL, out);
    } else {
        done = false;
    }
    weft_program_destroy(program);
    return done && !out->failed;
}
