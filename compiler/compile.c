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

/* Block IR → image; the code, when there is any, goes through `bytes`. */
static bool assemble(const weft_compilation *c, const weft_program *program, weft_text *out) {
    weft_machine_code code = {0};
    weft_text bytes;
    weft_text_init(&bytes, c->allocator);
    bool done = !c->codegen || c->codegen->generate(&c->spec, WEFT_FORM_CODE, &code, &bytes, c->diagnostics);
    done = done && weft_image_write(program, &code, out);
    weft_text_release(&bytes);
    return done;
}

bool weft_compile(const weft_compilation *c, weft_text *out) {
    weft_program *program = weft_sema_lower(c->unit, c->pattern, c->allocator, c->diagnostics);
    if (!program) return false;
    bool done = sound(c, program) && arrange(c, program) && assemble(c, program, out);
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
            done =
                c->codegen && c->codegen->generate(&c->spec, stage == WEFT_STAGE_LLVM ? WEFT_FORM_LLVM : WEFT_FORM_ASM,
                                                   NULL, out, c->diagnostics);
    } else {
        done = false;
    }
    weft_program_destroy(program);
    return done && !out->failed;
}
