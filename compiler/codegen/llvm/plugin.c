/* The code generator behind codegen.h. A module gets the products of both heights and the entries, and leaves as text
 * or, through an object in memory that is joined with the driver's, as machine code. LLVM never prints: what it has to
 * say becomes a report. (Its own fatal errors, running out of memory among them, do end the process.) */
#include <llvm-c/Analysis.h>
#include <llvm-c/TargetMachine.h>
#include <pthread.h>
#include <string.h>

#include "flatten.h"
#include "products.h"

static pthread_once_t targets_ready = PTHREAD_ONCE_INIT;

static void initialise_targets(void) {
    LLVMInitializeAllTargetInfos();
    LLVMInitializeAllTargets();
    LLVMInitializeAllTargetMCs();
    LLVMInitializeAllAsmPrinters();
}

/* One call of generate. */
typedef struct session {
    const weft_codegen_spec *spec;
    const weft_target *target;
    char tune[64];
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMTargetMachineRef machine;
    bool features;        /* the module is the one for features, of floats */
    weft_dtype elements;  /* of the tensors, whatever products multiply */
    bool gathers;         /* some pass is one of lists */
    bool calls_functions; /* of leaf/functions.c */
    bool complained;      /* LLVM has, and the report is made */
    weft_diagnostics *diagnostics;
} session;

/* Reports LLVM's message (which may be NULL) once, and disposes of it. */
static bool fail(session *s, char *message) {
    if (!s->complained)
        weft_diagnose(s->diagnostics, WEFT_E0901, WEFT_NO_SPAN, "LLVM: %s", message ? message : "failed");
    s->complained = true;
    LLVMDisposeMessage(message);
    return false;
}

static void hear(LLVMDiagnosticInfoRef info, void *user) {
    session *s = user;
    if (LLVMGetDiagInfoSeverity(info) == LLVMDSError) fail(s, LLVMGetDiagInfoDescription(info));
}

static bool check_spec(const weft_codegen_spec *spec, weft_diagnostics *diagnostics) {
    if (spec->head_dim - 1 >= WEFT_MAX_DIM || spec->value_dim - 1 >= WEFT_MAX_DIM) { /* 0 wraps */
        weft_diagnose(diagnostics, WEFT_E0501, WEFT_NO_SPAN, "head dimensions are 1 to %d, not %u and %u",
                      (int)WEFT_MAX_DIM, (unsigned)spec->head_dim, (unsigned)spec->value_dim);
        return false;
    }
    return true;
}

static bool make_machine(session *s) {
    LLVMTargetRef target = NULL;
    char *message = NULL;
    if (LLVMGetTargetFromTriple(s->target->triple, &target, &message)) {
        weft_diagnose(s->diagnostics, WEFT_E0501, WEFT_NO_SPAN, "this LLVM has no target %s", s->target->triple);
        LLVMDisposeMessage(message);
        return false;
    }
    bool arm = s->target->isa == WEFT_ISA_AARCH64;
    LLVMCodeModel model = arm ? LLVMCodeModelTiny : LLVMCodeModelSmall; /* tiny: distances, never pages */
    s->machine = LLVMCreateTargetMachine(target, s->target->triple, s->target->cpu, s->target->features,
                                         LLVMCodeGenLevelDefault, LLVMRelocPIC, model);
    return s->machine || fail(s, NULL);
}

static void make_module(session *s) {
    s->module = LLVMModuleCreateWithNameInContext("weft", s->context);
    LLVMSetTarget(s->module, s->target->triple);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(s->machine);
    LLVMSetModuleDataLayout(s->module, layout);
    LLVMDisposeTargetData(layout);
}

static bool verify(session *s) {
#ifdef WEFT_VERIFY
    char *message = NULL;
    if (LLVMVerifyModule(s->module, LLVMReturnStatusAction, &message)) return fail(s, message);
    LLVMDisposeMessage(message);
#else
    (void)s;
#endif
    return true;
}

static bool emit(session *s, const weft_allocator *allocator) {
    weft_emitter e;
    weft_emitter_init(&e, s->target, s->tune, s->module);
    weft_products products[WEFT_PRODUCT_HEIGHTS];
    weft_emit_products(&e, s->spec, products);
    if (s->features) {
        bool relu = s->spec->program->rest.kind == WEFT_FAVOR_RELU;
        weft_emit_favor(&e, "weft_features", products, s->spec, relu);
        weft_emitter_free(&e);
        return verify(s);
    }
    bool done = weft_emit_kernel(&e, "weft_tall", WEFT_TILE_ROWS, products, s->spec, allocator) &&
                weft_emit_kernel(&e, "weft_strip", WEFT_STRIP_ROWS, products, s->spec, allocator) &&
                (!s->gathers || weft_emit_gather(&e, "weft_gather", s->spec, allocator));
    if (s->target->pairs) weft_emit_pack(&e, "weft_pack", s->spec);
    s->calls_functions = e.calls_functions;
    weft_emitter_free(&e);
    return done && verify(s);
}

static bool print_module(session *s, weft_text *out) {
    char *text = LLVMPrintModuleToString(s->module);
    weft_text_add(out, text, strlen(text));
    LLVMDisposeMessage(text);
    return !out->failed;
}

static bool assemble(session *s, LLVMCodeGenFileType type, LLVMMemoryBufferRef *out) {
    char *message = NULL;
    if (LLVMTargetMachineEmitToMemoryBuffer(s->machine, s->module, type, &message, out)) return fail(s, message);
    if (!s->complained) return true;
    LLVMDisposeMemoryBuffer(*out);
    return false;
}

static bool print_assembly(session *s, weft_text *out) {
    LLVMMemoryBufferRef text;
    if (!assemble(s, LLVMAssemblyFile, &text)) return false;
    weft_text_add(out, LLVMGetBufferStart(text), LLVMGetBufferSize(text));
    LLVMDisposeMemoryBuffer(text);
    return !out->failed;
}

static bool make_code(session *s, weft_machine_code *code, weft_text *out) {
    LLVMMemoryBufferRef object;
    if (!assemble(s, LLVMObjectFile, &object)) return false;
    weft_object objects[4] = {{LLVMGetBufferStart(object), LLVMGetBufferSize(object)},
                              s->target->drivers[s->spec->dtype]};
    uint32_t count = 2;
    if (s->gathers) objects[count++] = s->target->gathers[s->spec->dtype];
    if (s->calls_functions) objects[count++] = s->target->functions;
    weft_symbol entries[4] = {{"weft_tall", 0}, {"weft_strip", 0}};
    uint32_t wanted = 2, gather = 0, pack = 0;
    if (s->gathers) entries[gather = wanted++].name = "weft_gather";
    if (s->target->pairs) entries[pack = wanted++].name = "weft_pack";
    size_t base = out->size;
    bool done = weft_flatten(objects, count, out, entries, wanted, s->diagnostics);
    LLVMDisposeMemoryBuffer(object);
    if (!done) return false;
    *code = (weft_machine_code){.bytes = out->at + base,
                                .size = out->size - base,
                                .tall = entries[0].offset,
                                .strip = entries[1].offset,
                                .gather = gather ? entries[gather].offset : WEFT_NO_ENTRY,
                                .pack = pack ? entries[pack].offset : WEFT_NO_ENTRY,
                                .favor = WEFT_NO_FAVOR,
                                .dtype = s->spec->dtype,
                                .head_dim = s->spec->head_dim,
                                .value_dim = s->spec->value_dim,
                                .isa = s->target->isa};
    return true;
}

/* Adds the code for features behind that of everything else; both are moved by it. */
static bool add_features(session *s, weft_machine_code *code, weft_text *out) {
    static const char zeros[WEFT_CODE_ALIGNMENT];
    LLVMMemoryBufferRef object;
    if (!assemble(s, LLVMObjectFile, &object)) return false;
    const weft_object objects[] = {{LLVMGetBufferStart(object), LLVMGetBufferSize(object)},
                                   s->target->drivers[WEFT_F32],
                                   s->target->favors[s->elements]};
    weft_symbol entries[] = {
        {"weft_features", 0}, {"weft_favor_rows", 0}, {"weft_favor_pairs", 0}, {"weft_favor_fold", 0}};
    size_t base = out->size - code->size, gap = (WEFT_CODE_ALIGNMENT - code->size % WEFT_CODE_ALIGNMENT);
    weft_text_add(out, zeros, gap % WEFT_CODE_ALIGNMENT);
    uint64_t first = out->size - base;
    bool done = !out->failed && weft_flatten(objects, sizeof objects / sizeof *objects, out, entries,
                                             sizeof entries / sizeof *entries, s->diagnostics);
    LLVMDisposeMemoryBuffer(object);
    if (!done) return false;
    code->bytes = out->at + base;
    code->size = out->size - base;
    code->favor = (weft_favor_code){first + entries[0].offset, first + entries[1].offset, first + entries[2].offset,
                                    first + entries[3].offset};
    return true;
}

static bool produce(session *s, weft_codegen_form form, weft_machine_code *code, weft_text *out) {
    if (!make_machine(s)) return false;
    make_module(s);
    if (!emit(s, out->allocator)) return false;
    switch (form) {
    case WEFT_FORM_LLVM: return print_module(s, out);
    case WEFT_FORM_ASM: return print_assembly(s, out);
    case WEFT_FORM_CODE: break;
    }
    return s->features ? add_features(s, code, out) : make_code(s, code, out);
}

/* One module, from the target to its code or text. */
static bool generate_module(session s, weft_codegen_form form, weft_machine_code *code, weft_text *out) {
    s.target = weft_target_find(s.spec->target, s.spec->dtype, s.tune, sizeof s.tune, s.diagnostics);
    if (!s.target) return false;
    s.context = LLVMContextCreate();
    LLVMContextSetDiagnosticHandler(s.context, hear, &s);
    bool done = produce(&s, form, code, out);
    if (s.module) LLVMDisposeModule(s.module);
    if (s.machine) LLVMDisposeTargetMachine(s.machine);
    LLVMContextDispose(s.context);
    return done;
}

static bool generate(const weft_codegen_spec *spec, weft_codegen_form form, weft_machine_code *code, weft_text *out,
                     weft_diagnostics *diagnostics) {
    if (!check_spec(spec, diagnostics)) return false;
    pthread_once(&targets_ready, initialise_targets);
    session s = {.spec = spec, .diagnostics = diagnostics, .gathers = !spec->program || weft_has_lists(spec->program)};
    if (!generate_module(s, form, code, out)) return false;
    if (!spec->program || !spec->program->rest.kind) return true;
    weft_codegen_spec floats = *spec;
    floats.dtype = WEFT_F32;
    s.spec = &floats, s.features = true, s.elements = spec->dtype;
    return generate_module(s, form, code, out);
}

static void describe(weft_text *out) {
    unsigned major, minor, patch;
    LLVMGetVersion(&major, &minor, &patch);
    char *triple = LLVMGetDefaultTargetTriple(), *name = LLVMGetHostCPUName();
    weft_text_format(out, "code generator: LLVM %u.%u.%u\nhost: %s, %s\n", major, minor, patch, triple, name);
    LLVMDisposeMessage(triple);
    LLVMDisposeMessage(name);
    char tune[64];
    weft_diagnostics ignored;
    weft_diagnostics_init(&ignored, out->allocator, NULL);
    const weft_target *target = weft_target_find(NULL, WEFT_F32, tune, sizeof tune, &ignored);
    const weft_target *bf16 = weft_target_find(NULL, WEFT_BF16, tune, sizeof tune, &ignored);
    weft_diagnostics_free(&ignored);
    weft_text_format(out, "target: %s, %u floats a vector\n", target ? target->name : "none",
                     target ? (unsigned)target->lanes : 0);
    if (bf16 != target) weft_text_format(out, "target of bf16: %s\n", bf16->name);
}

const weft_codegen *weft_llvm_codegen(void) {
    static const weft_codegen codegen = {
        .abi = WEFT_CODEGEN_ABI, .name = "llvm", .generate = generate, .describe = describe};
    return &codegen;
}
