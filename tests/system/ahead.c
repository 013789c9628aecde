/* Kernels made ahead of time, through the public API: the object has one section, no relocation and one name that other
 * objects see; what it holds runs and gives the bits that a kernel gives that was made at run time; every allocation
 * fails once. */
#include <check.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <weft/weft.h>

static const char text[] = "pattern p(w: int = 9) { attend past(w) | cols({0}); }\n"
                           "pattern other { attend causal; }\n";

enum { LENGTH = 150, DIM = 24, NUMBERS = 2 * LENGTH * DIM };

#if defined(__aarch64__)
#define HERE EM_AARCH64
static const char *const targets[] = {"aarch64", "neoverse-n1"};
#else
#define HERE EM_X86_64
static const char *const targets[] = {"x86-64", "x86-64-v3", "x86-64-v4", "sapphirerapids"};
#endif
enum { TARGETS = sizeof targets / sizeof *targets };

static weft_context *context;
static weft_module *module;

static void open_module(const weft_config *config) {
    ck_assert_int_eq(weft_context_create(config, &context), WEFT_OK);
    ck_assert_int_eq(weft_module_load_text(context, "p.weft", text, sizeof text - 1, NULL, &module), WEFT_OK);
}
static void set_up(void) { open_module(NULL); }
static void tear_down(void) {
    weft_module_destroy(module);
    weft_context_destroy(context);
}

static weft_status build(const char *name, weft_dtype dtype, const char *const *list, size_t count, weft_built *out) {
    weft_kernel_options options[8];
    const weft_kernel_options *kernels[8];
    for (size_t n = 0; n < count; n++) {
        options[n] = (weft_kernel_options){.size = sizeof *options, .dtype = dtype, .head_dim = DIM, .target = list[n]};
        kernels[n] = &options[n];
    }
    return weft_module_build(module, "p", name, kernels, count, out);
}

/* ---- reading the object ----------------------------------------------------------------------------------------- */

static const Elf64_Shdr *section(const weft_built *built, int number) {
    const Elf64_Ehdr *head = built->object;
    return (const Elf64_Shdr *)(const void *)((const char *)built->object + head->e_shoff) + number;
}

static const char *name_of(const weft_built *built, uint32_t offset) {
    const Elf64_Ehdr *head = built->object;
    return (const char *)built->object + section(built, head->e_shstrndx)->sh_offset + offset;
}

/* The only section that a program gets; there is none that says what to change when it is loaded. */
static const Elf64_Shdr *loaded_section(const weft_built *built, int machine) {
    const Elf64_Ehdr *head = built->object;
    const Elf64_Shdr *found = NULL;
    ck_assert(!memcmp(head->e_ident, ELFMAG, SELFMAG) && head->e_type == ET_REL && head->e_machine == machine);
    for (int n = 1; n < head->e_shnum; n++) {
        const Elf64_Shdr *s = section(built, n);
        ck_assert(s->sh_type != SHT_REL && s->sh_type != SHT_RELA);
        ck_assert_uint_le(s->sh_offset + s->sh_size, built->object_size);
        if (!(s->sh_flags & SHF_ALLOC)) continue;
        ck_assert_ptr_null(found);
        found = s;
    }
    ck_assert_uint_eq(found->sh_flags, SHF_ALLOC | SHF_EXECINSTR);
    ck_assert_uint_eq(found->sh_addralign, 64);
    return found;
}

/* One symbol is not local; it is hidden, and is the whole section. How many functions there are. */
static int check_symbols(const weft_built *built, const char *name) {
    const Elf64_Ehdr *head = built->object;
    int functions = 0, seen = 0;
    for (int n = 1; n < head->e_shnum; n++) {
        const Elf64_Shdr *s = section(built, n);
        if (s->sh_type != SHT_SYMTAB) continue;
        const Elf64_Sym *symbols = (const Elf64_Sym *)(const void *)((const char *)built->object + s->sh_offset);
        for (size_t k = 1; k < s->sh_size / sizeof *symbols; k++) {
            functions += ELF64_ST_TYPE(symbols[k].st_info) == STT_FUNC;
            ck_assert_int_eq(k >= s->sh_info, ELF64_ST_BIND(symbols[k].st_info) == STB_GLOBAL);
            if (k < s->sh_info) continue;
            seen++;
            ck_assert_str_eq(name_of(built, symbols[k].st_name), name);
            ck_assert_int_eq(symbols[k].st_other, STV_HIDDEN);
            ck_assert_uint_eq(symbols[k].st_size, section(built, symbols[k].st_shndx)->sh_size);
        }
    }
    ck_assert_int_eq(seen, 1);
    return functions;
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void run_kernel(const weft_kernel *kernel, float *o) {
    static float numbers[NUMBERS];
    int64_t shape_of[] = {2, LENGTH, DIM};
    weft_plan *plan;
    for (int n = 0; n < NUMBERS; n++) numbers[n] = (float)(n * 37 % 101) / 50 - 1;
    memset(o, 0xff, NUMBERS * sizeof *o);
    DLTensor q = {.data = numbers, .device = {kDLCPU, 0}, .ndim = 3, .dtype = {kDLFloat, 32, 1}, .shape = shape_of};
    DLTensor out = q;
    out.data = o;
    weft_shape shape = {sizeof shape, 1, 2, 2, LENGTH, LENGTH, DIM, DIM};
    weft_tensors tensors = {.size = sizeof tensors, .q = &q, .k = &q, .v = &q, .o = &out};
    ck_assert_int_eq(weft_plan_create(kernel, &shape, NULL, 0, &plan), WEFT_OK);
    ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_OK);
    weft_plan_destroy(plan);
}

/* The bundle runs in memory that can be executed and not written, which outlives it. */
START_TEST(what_is_built_runs) {
    weft_built built;
    static float ahead[NUMBERS], at_run[NUMBERS];
    ck_assert_int_eq(build(NULL, WEFT_F32, targets, TARGETS, &built), WEFT_OK);
    const Elf64_Shdr *bytes = loaded_section(&built, HERE);
    void *pages = mmap(NULL, bytes->sh_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(pages != MAP_FAILED);
    memcpy(pages, (const char *)built.object + bytes->sh_offset, bytes->sh_size);
    ck_assert_int_eq(mprotect(pages, bytes->sh_size, PROT_READ | PROT_EXEC), 0);
    __builtin___clear_cache(pages, (char *)pages + bytes->sh_size);
    weft_kernel *kernel, *same;
    ck_assert_int_eq(weft_kernel_from_bundle(pages, bytes->sh_size, WEFT_F32, DIM, 0, NULL, &kernel), WEFT_OK);
    weft_kernel_info info = {.size = sizeof info};
    ck_assert_int_eq(weft_kernel_describe(kernel, &info), WEFT_OK);
    weft_kernel_options options = {.size = sizeof options, .head_dim = DIM, .target = info.target};
    ck_assert_int_eq(weft_kernel_create(module, "p", &options, &same), WEFT_OK);
    run_kernel(kernel, ahead);
    run_kernel(same, at_run);
    ck_assert(!memcmp(ahead, at_run, sizeof ahead));
    weft_kernel_destroy(kernel), weft_kernel_destroy(same);
    munmap(pages, bytes->sh_size);
    weft_built_free(module, &built);
}
END_TEST

/* float32 on a processor with AMX is the level's: what is there already is left out. */
START_TEST(names_and_doubles) {
    static const char *const again[] = {"x86-64-v4", "sapphirerapids", "x86-64-v4"};
    static const weft_dtype dtypes[] = {WEFT_F32, WEFT_BF16};
    for (int n = 0; n < 2; n++) {
        weft_built built;
        ck_assert_int_eq(build("my_own", dtypes[n], again, 3, &built), WEFT_OK);
        loaded_section(&built, EM_X86_64);
        ck_assert_int_eq(check_symbols(&built, "my_own_kernels"), 1 + n);
        ck_assert_ptr_nonnull(strstr(built.header, "static inline weft_status my_own_kernel_create("));
        ck_assert_ptr_nonnull(strstr(built.header, "#ifndef MY_OWN_KERNELS_H"));
        weft_built_free(module, &built);
        ck_assert(!built.object && !built.header);
    }
}
END_TEST

START_TEST(for_arm) {
    static const char *const arm[] = {"neoverse-v1", "aarch64"};
    weft_built built;
    ck_assert_int_eq(build(NULL, WEFT_F16, arm, 2, &built), WEFT_OK);
    loaded_section(&built, EM_AARCH64);
    ck_assert_int_eq(check_symbols(&built, "p_kernels"), 1);
    weft_built_free(module, &built);
}
END_TEST

static void refuse(weft_status status, weft_status wanted, const weft_built *built, const char *why) {
    char message[1000];
    ck_assert_int_eq(status, wanted);
    ck_assert(!built->object && !built->header && !built->object_size);
    weft_context_message(context, false, message, sizeof message);
    ck_assert_msg(strstr(message, why), "%s", message);
}

START_TEST(what_cannot_be_built) {
    static const char *const mixed[] = {"x86-64", "aarch64"}, *const unknown[] = {"x86-64-v9"};
    weft_built built;
    const weft_kernel_options wide = {.size = sizeof wide, .head_dim = 1000}, *wides = &wide, *none = NULL;
    refuse(build(NULL, WEFT_F32, mixed, 2, &built), WEFT_UNSUPPORTED, &built, "one architecture");
    refuse(build(NULL, WEFT_F32, unknown, 1, &built), WEFT_UNSUPPORTED, &built, "x86-64-v9");
    refuse(build(NULL, WEFT_F32, mixed, 0, &built), WEFT_INVALID_ARGUMENT, &built, "1 to");
    refuse(build("9p", WEFT_F32, mixed, 1, &built), WEFT_INVALID_ARGUMENT, &built, "9p");
    refuse(build("a-b", WEFT_F32, mixed, 1, &built), WEFT_INVALID_ARGUMENT, &built, "a-b");
    refuse(build("", WEFT_F32, mixed, 1, &built), WEFT_INVALID_ARGUMENT, &built, "identifier");
    refuse(weft_module_build(module, "p", NULL, &wides, 1, &built), WEFT_INVALID_ARGUMENT, &built, "1000");
    refuse(weft_module_build(module, "p", NULL, &none, 1, &built), WEFT_INVALID_ARGUMENT, &built, "head dimension");
    refuse(weft_module_build(module, "q", NULL, &wides, 1, &built), WEFT_INVALID_PATTERN, &built, "`q`");
}
END_TEST

/* ---- memory ----------------------------------------------------------------------------------------------------- */

typedef struct ledger {
    long calls, fail_at; /* fail_at 0: never */
    long blocks;
} ledger;

static void *counted_resize(void *user, void *block, size_t old_size, size_t new_size) {
    ledger *book = user;
    (void)old_size;
    if (new_size && ++book->calls == book->fail_at) return NULL;
    void *result = new_size ? realloc(block, new_size) : (free(block), NULL);
    book->blocks += (new_size != 0) - (block != NULL);
    return result;
}

/* Kernels come from a cache, so that LLVM makes each of them once. */
START_TEST(every_allocation_fails_once) {
    char folder[] = "/tmp/weft-ahead-XXXXXX", command[64];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ledger book = {0};
    weft_config config = {
        .size = sizeof config, .resize = counted_resize, .resize_user = &book, .threads = 1, .cache_path = folder};
    open_module(&config);
    weft_built built;
    ck_assert_int_eq(build(NULL, WEFT_F32, targets, 2, &built), WEFT_OK); /* fills the cache */
    weft_built_free(module, &built);
    long failures = 0;
    for (long n = 1;; n++) {
        book.calls = 0, book.fail_at = n;
        weft_status status = build(NULL, WEFT_F32, targets, 2, &built);
        if (status == WEFT_OK) weft_built_free(module, &built);
        failures += status != WEFT_OK;
        ck_assert(status == WEFT_OK || (status == WEFT_OUT_OF_MEMORY && !built.object && !built.header));
        if (book.calls < n) break;
    }
    ck_assert_int_gt(failures, 50);
    weft_module_destroy(module);
    weft_context_destroy(context);
    ck_assert_int_eq(book.blocks, 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("ahead"), *memory = tcase_create("memory");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_is_built_runs);
    tcase_add_test(tests, names_and_doubles);
    tcase_add_test(tests, for_arm);
    tcase_add_test(tests, what_cannot_be_built);
    tcase_add_test(memory, every_allocation_fails_once);
    tcase_set_timeout(tests, 0);
    tcase_set_timeout(memory, 0);
    Suite *suite = suite_create("system/ahead");
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, memory);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
