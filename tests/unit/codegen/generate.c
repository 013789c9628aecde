/* What the generator promises besides right numbers: refusals, forms, repeatability, threads, failing memory, and code
 * that refers to nothing outside itself. */
#include <check.h>
#include <elf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/codegen.h"
#include "codegen/llvm/flatten.h"

/* ---- memory whose n-th allocation fails ---- */

typedef struct meter {
    long left; /* allocations until one fails; negative: never */
    long live; /* bytes */
    bool refused;
} meter;

static void *metered(void *user, void *block, size_t old_size, size_t new_size) {
    meter *m = user;
    if (!new_size) {
        m->live -= (long)old_size;
        free(block);
        return NULL;
    }
    if (m->left == 0) {
        m->refused = true;
        return NULL;
    }
    if (m->left > 0) m->left--;
    void *moved = realloc(block, new_size);
    if (moved) m->live += (long)new_size - (long)old_size;
    return moved;
}

typedef struct output {
    meter meter;
    weft_allocator allocator;
    weft_diagnostics diagnostics;
    weft_text text;
    weft_machine_code code;
    bool done;
} output;

static void run(output *out, const weft_codegen_spec *spec, weft_codegen_form form, long fail_after) {
    memset(out, 0, sizeof *out);
    out->meter.left = fail_after;
    out->allocator = (weft_allocator){metered, &out->meter};
    weft_diagnostics_init(&out->diagnostics, &out->allocator, NULL);
    weft_text_init(&out->text, &out->allocator);
    out->done = weft_llvm_codegen()->generate(spec, form, &out->code, &out->text, &out->diagnostics);
}

static void release(output *out) {
    weft_text_release(&out->text);
    weft_diagnostics_free(&out->diagnostics);
    ck_assert_int_eq(out->meter.live, 0);
}

static void expect_refusal(weft_codegen_spec spec, weft_code code, const char *words) {
    output out;
    run(&out, &spec, WEFT_FORM_CODE, -1);
    ck_assert(!out.done);
    ck_assert_uint_eq(out.diagnostics.count, 1);
    ck_assert_int_eq(out.diagnostics.reports[0].code, code);
    ck_assert_msg(strstr(out.diagnostics.reports[0].message, words) != NULL, "%s", out.diagnostics.reports[0].message);
    release(&out);
}

START_TEST(refuses_what_it_cannot_do) {
    expect_refusal((weft_codegen_spec){WEFT_F32, 0, 64, NULL, NULL}, WEFT_E0501, "1 to 256");
    expect_refusal((weft_codegen_spec){WEFT_F32, 64, 257, NULL, NULL}, WEFT_E0501, "1 to 256");
    expect_refusal((weft_codegen_spec){WEFT_F32, 64, 64, "vax", NULL}, WEFT_E0501, "unknown target \"vax\"");
    expect_refusal((weft_codegen_spec){WEFT_F32, 64, 64, "", NULL}, WEFT_E0501, "unknown target");
}
END_TEST

START_TEST(suggests_a_target) {
    weft_codegen_spec spec = {WEFT_F32, 64, 64, "znver-4", NULL};
    output out;
    run(&out, &spec, WEFT_FORM_CODE, -1);
    ck_assert_ptr_nonnull(out.diagnostics.reports[0].suggestion);
    ck_assert_str_eq(out.diagnostics.reports[0].suggestion, "znver4");
    release(&out);
}
END_TEST

static const struct {
    const char *name;
    weft_isa isa, bf16; /* bf16: where that has one of its own */
} targets[] = {
    {"x86-64-v4", WEFT_ISA_X86_64_V4, WEFT_ISA_NONE},
    {"x86-64-v3", WEFT_ISA_X86_64_V3, WEFT_ISA_NONE},
    {"x86-64", WEFT_ISA_X86_64, WEFT_ISA_NONE},
    {"x86-64-v2", WEFT_ISA_X86_64, WEFT_ISA_NONE},
    {"sapphirerapids", WEFT_ISA_X86_64_V4, WEFT_ISA_X86_64_AMX},
    {"znver3", WEFT_ISA_X86_64_V3, WEFT_ISA_NONE},
    {"aarch64", WEFT_ISA_AARCH64, WEFT_ISA_NONE},
    {"neoverse-v1", WEFT_ISA_AARCH64, WEFT_ISA_NONE},
    {"znver4", WEFT_ISA_X86_64_V4, WEFT_ISA_X86_64_V4_BF16},
    {"x86-64-v4-bf16", WEFT_ISA_X86_64_V4, WEFT_ISA_X86_64_V4_BF16},
    {"x86-64-v4-amx", WEFT_ISA_X86_64_V4, WEFT_ISA_X86_64_AMX},
};
enum { TARGETS = sizeof targets / sizeof *targets };

START_TEST(makes_code_for_every_target) {
    static const uint32_t dims[] = {1, 5, 64, 256};
    for (int i = 0; i < 4; i++) {
        weft_dtype dtype = (weft_dtype)(i % 3);
        weft_codegen_spec spec = {dtype, dims[i], dims[3 - i], targets[_i].name, NULL};
        output out;
        run(&out, &spec, WEFT_FORM_CODE, -1);
        ck_assert_msg(out.done, "%s", out.diagnostics.count ? out.diagnostics.reports[0].message : "no report");
        ck_assert_uint_eq(out.diagnostics.count, 0);
        bool own = dtype == WEFT_BF16 && targets[_i].bf16;
        ck_assert_int_eq(out.code.isa, own ? targets[_i].bf16 : targets[_i].isa);
        ck_assert_uint_eq(out.code.dtype, dtype);
        ck_assert_uint_eq(out.code.head_dim, spec.head_dim);
        ck_assert_uint_eq(out.code.value_dim, spec.value_dim);
        ck_assert_ptr_eq(out.code.bytes, out.text.at);
        ck_assert_uint_eq(out.code.size, out.text.size);
        ck_assert_uint_lt(out.code.tall, out.code.size);
        ck_assert_uint_lt(out.code.strip, out.code.size);
        ck_assert_uint_ne(out.code.tall, out.code.strip);
        release(&out);
    }
}
END_TEST

START_TEST(the_same_spec_gives_the_same_bytes) {
    weft_codegen_spec spec = {WEFT_F32, 64, 64, NULL, NULL};
    output first, second;
    run(&first, &spec, WEFT_FORM_CODE, -1);
    run(&second, &spec, WEFT_FORM_CODE, -1);
    ck_assert(first.done && second.done);
    ck_assert_uint_eq(first.text.size, second.text.size);
    ck_assert(memcmp(first.text.at, second.text.at, first.text.size) == 0);
    release(&first);
    release(&second);
}
END_TEST

START_TEST(prints_llvm_and_assembly) {
    weft_codegen_spec spec = {WEFT_F32, 64, 64, targets[_i].name, NULL};
    output out;
    run(&out, &spec, WEFT_FORM_LLVM, -1);
    ck_assert(out.done);
    ck_assert_ptr_nonnull(strstr(out.text.at, "@weft_tall"));
    ck_assert_ptr_nonnull(strstr(out.text.at, "llvm.fmuladd"));
    release(&out);
    run(&out, &spec, WEFT_FORM_ASM, -1);
    ck_assert(out.done);
    ck_assert_ptr_nonnull(strstr(out.text.at, "weft_strip:"));
    release(&out);
}
END_TEST

START_TEST(every_failing_allocation_is_survived) {
    static const weft_codegen_form forms[] = {WEFT_FORM_CODE, WEFT_FORM_LLVM, WEFT_FORM_ASM};
    static const char *const names[] = {NULL, "vax"};
    for (int form = 0; form < 3; form++)
        for (int name = 0; name < 2; name++) {
            weft_codegen_spec spec = {WEFT_F32, 3, 5, names[name], NULL};
            bool done = false;
            for (long n = 0; n < 40 && !done; n++) {
                output out;
                run(&out, &spec, forms[form], n);
                done = !out.meter.refused;
                ck_assert(out.done == (done && !names[name]));
                release(&out);
            }
            ck_assert(done);
        }
}
END_TEST

static void *generate_some(void *result) {
    bool *fine = result;
    *fine = true;
    for (uint32_t i = 0; i < 3; i++) {
        weft_codegen_spec spec = {WEFT_F32, 8 + i, 8, targets[i].name, NULL};
        output out;
        run(&out, &spec, WEFT_FORM_CODE, -1);
        *fine = *fine && out.done;
        release(&out);
    }
    return NULL;
}

START_TEST(threads_generate_at_once) {
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    bool fine[THREADS];
    for (int i = 0; i < THREADS; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, generate_some, &fine[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert(fine[i]);
    }
}
END_TEST

START_TEST(describes_itself) {
    weft_allocator allocator = weft_allocator_of(NULL);
    weft_text text;
    weft_text_init(&text, &allocator);
    weft_llvm_codegen()->describe(&text);
    ck_assert_ptr_nonnull(strstr(text.at, "code generator: LLVM "));
    ck_assert_ptr_nonnull(strstr(text.at, "\ntarget: "));
    weft_text_release(&text);
    ck_assert_uint_eq(weft_llvm_codegen()->abi, WEFT_CODEGEN_ABI);
}
END_TEST

/* ---- flattening objects made by hand ---- */

/* One object: .text of 16 bytes with two functions, one relocation in it to symbol 3, perhaps .data. */
typedef struct tiny {
    Elf64_Ehdr header;
    Elf64_Shdr sections[6]; /* null, text, rela, symtab, strtab, data */
    Elf64_Sym symbols[4];   /* null, weft_tall, weft_strip, other */
    Elf64_Rela relocation;
    char names[40];
    unsigned char text[16], data[8];
} tiny;

static tiny make_tiny(void) {
    tiny t;
    memset(&t, 0, sizeof t);
    static const char names[] = "\0weft_tall\0weft_strip\0memset";
    memcpy(t.names, names, sizeof names);
    memcpy(t.header.e_ident, ELFMAG, SELFMAG);
    t.header.e_ident[EI_CLASS] = ELFCLASS64;
    t.header.e_ident[EI_DATA] = ELFDATA2LSB;
    t.header.e_type = ET_REL;
    t.header.e_machine = EM_X86_64;
    t.header.e_shoff = offsetof(tiny, sections);
    t.header.e_shnum = 6;
#define SECTION(n, type, flags, member, ...)                                                                           \
    t.sections[n] = (Elf64_Shdr) {                                                                                     \
        .sh_type = type, .sh_flags = flags, .sh_offset = offsetof(tiny, member), .sh_size = sizeof t.member,           \
        .sh_addralign = 4, __VA_ARGS__                                                                                 \
    }
    SECTION(1, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, text, .sh_link = 0);
    SECTION(2, SHT_RELA, 0, relocation, .sh_link = 3, .sh_info = 1);
    SECTION(3, SHT_SYMTAB, 0, symbols, .sh_link = 4);
    SECTION(4, SHT_STRTAB, 0, names, .sh_link = 0);
    SECTION(5, SHT_PROGBITS, SHF_ALLOC, data, .sh_link = 0);
#undef SECTION
    t.symbols[1] = (Elf64_Sym){1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 0, 8};
    t.symbols[2] = (Elf64_Sym){11, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 8, 8};
    t.symbols[3] = (Elf64_Sym){22, ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), 0, 5, 4, 0};
    t.relocation = (Elf64_Rela){4, ELF64_R_INFO(3, R_X86_64_PC32), -4};
    return t;
}

/* NULL when it flattens; else its report. */
static const char *flatten_tiny(const tiny *t, weft_text *out, weft_diagnostics *diagnostics) {
    static weft_allocator allocator;
    allocator = weft_allocator_of(NULL);
    weft_text_init(out, &allocator);
    weft_diagnostics_init(diagnostics, &allocator, NULL);
    weft_object object = {t, sizeof *t};
    weft_symbol entries[] = {{"weft_tall", 1}, {"weft_strip", 1}};
    if (weft_flatten(&object, 1, out, entries, 2, diagnostics)) {
        ck_assert_uint_eq(entries[0].offset, 0);
        ck_assert_uint_eq(entries[1].offset, 8);
        return NULL;
    }
    ck_assert_uint_eq(diagnostics->count, 1);
    ck_assert_int_eq(diagnostics->reports[0].code, WEFT_E0901);
    return diagnostics->reports[0].message;
}

static void expect_flat(const tiny *t, const char *want) {
    weft_text out;
    weft_diagnostics diagnostics;
    const char *message = flatten_tiny(t, &out, &diagnostics);
    if (want)
        ck_assert_msg(message && strstr(message, want), "%s", message ? message : "no report");
    else
        ck_assert_msg(!message, "%s", message);
    weft_text_release(&out);
    weft_diagnostics_free(&diagnostics);
}

START_TEST(flattening_applies_distances) {
    tiny t = make_tiny();
    weft_text out;
    weft_diagnostics diagnostics;
    ck_assert_ptr_null(flatten_tiny(&t, &out, &diagnostics));
    ck_assert_uint_eq(out.size, sizeof t.text + sizeof t.data);
    int32_t distance;
    memcpy(&distance, out.at + 4, sizeof distance);
    ck_assert_int_eq(distance, 16 + 4 - 4 - 4); /* symbol + addend - place */
    weft_text_release(&out);
    weft_diagnostics_free(&diagnostics);
}
END_TEST

START_TEST(flattening_refuses_the_rest) {
    tiny t = make_tiny();
    t.symbols[3].st_shndx = SHN_UNDEF;
    expect_flat(&t, "refers to memset");
    t = make_tiny();
    t.relocation.r_info = ELF64_R_INFO(3, R_X86_64_64);
    expect_flat(&t, "not relative, to memset");
    t = make_tiny();
    t.relocation.r_addend = (Elf64_Sxword)1 << 40;
    expect_flat(&t, "not relative");
    t = make_tiny();
    t.sections[5].sh_flags |= SHF_WRITE;
    expect_flat(&t, "has data");
    t = make_tiny();
    t.sections[5].sh_type = SHT_NOBITS;
    expect_flat(&t, "has data");
    t = make_tiny();
    t.names[1] = 'x';
    expect_flat(&t, "lacks weft_tall");
    t = make_tiny();
    t.relocation.r_offset = 13;
    expect_flat(&t, "cut short");
    t = make_tiny();
    t.sections[1].sh_offset = sizeof t;
    expect_flat(&t, "cut short");
    t = make_tiny();
    t.header.e_machine = EM_RISCV;
    expect_flat(&t, "not relative");
    t = make_tiny();
    t.header.e_ident[0] = 0;
    expect_flat(&t, "not a relocatable object");
    t = make_tiny();
    expect_flat(&t, NULL);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("generate");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_test(all, refuses_what_it_cannot_do);
    tcase_add_test(all, suggests_a_target);
    tcase_add_loop_test(all, makes_code_for_every_target, 0, TARGETS);
    tcase_add_test(all, the_same_spec_gives_the_same_bytes);
    tcase_add_loop_test(all, prints_llvm_and_assembly, 0, TARGETS);
    tcase_add_test(all, every_failing_allocation_is_survived);
    tcase_add_test(all, threads_generate_at_once);
    tcase_add_test(all, describes_itself);
    tcase_add_test(all, flattening_applies_distances);
    tcase_add_test(all, flattening_refuses_the_rest);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
