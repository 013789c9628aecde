/* Images: what is written is read back; any damage is noticed; code lands in pages that can be run and not written. */
#include "make.h"

static const char some_set[] = "%1 = int 3\n%2 = window %1 %1\nmeaning %2\n";

/* Machine code that returns 42, where we know how to write it. */
#if defined(__x86_64__)
static const unsigned char forty_two[] = {0xb8, 42, 0, 0, 0, 0xc3};
#define THIS_ISA WEFT_ISA_X86_64
#define OTHER_ISA WEFT_ISA_AARCH64
#elif defined(__aarch64__)
static const unsigned char forty_two[] = {0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6};
#define THIS_ISA WEFT_ISA_AARCH64
#define OTHER_ISA WEFT_ISA_X86_64
#endif

static weft_machine_code some_code(weft_isa isa) {
    return (weft_machine_code){
        .bytes = forty_two, .size = sizeof forty_two, .head_dim = 64, .value_dim = 32, .isa = isa};
}

static weft_text image_of(const weft_machine_code *code) {
    weft_program *program = program_of_ir(some_set);
    weft_text image;
    weft_text_init(&image, plain());
    ck_assert(weft_image_write(program, code, &image));
    weft_program_destroy(program);
    return image;
}

static weft_status load(const void *bytes, size_t size, weft_kernel **out) {
    weft_image image = {bytes, size};
    return weft_kernel_from_image(&image, NULL, out);
}

static void refuse(const void *bytes, size_t size) {
    const char *text;
    size_t text_size;
    weft_machine_code code;
    weft_diagnostics said;
    weft_diagnostics_init(&said, plain(), NULL);
    weft_image image = {bytes, size};
    ck_assert_int_eq(weft_image_read(&image, &text, &text_size, &code, &said), WEFT_INVALID_ARGUMENT);
    ck_assert_uint_eq(said.count, 1);
    ck_assert_int_eq(said.reports[0].code, WEFT_E0703);
    weft_diagnostics_free(&said);
    weft_kernel *kernel = (weft_kernel *)&image;
    ck_assert_int_eq(load(bytes, size, &kernel), WEFT_INVALID_ARGUMENT);
    ck_assert_ptr_null(kernel);
}

START_TEST(test_round_trip) {
    weft_machine_code code = some_code(THIS_ISA);
    code.tall = 0, code.strip = 1, code.gather = 2, code.pack = 3;
    code.favor = (weft_favor_code){0, 1, 2, 3};
    weft_text image = image_of(&code);
    weft_kernel *kernel, *again;
    ck_assert_int_eq(load(image.at, image.size, &kernel), WEFT_OK);
    ck_assert_uint_eq(kernel->code.head_dim, 64);
    ck_assert_uint_eq(kernel->code.value_dim, 32);
    ck_assert_uint_eq(kernel->code.strip, 1);
    ck_assert_uint_eq(kernel->code.gather, 2);
    ck_assert_uint_eq(kernel->code.pack, 3);
    ck_assert_uint_eq(kernel->code.favor.item, 0);
    ck_assert_uint_eq(kernel->code.favor.rows, 1);
    ck_assert_uint_eq(kernel->code.favor.pairs, 2);
    ck_assert_uint_eq(kernel->code.favor.fold, 3);
    ck_assert_str_eq(kernel->program->name, "test");
    weft_image whole = weft_kernel_image(kernel);
    ck_assert_uint_eq(whole.size, image.size);
    ck_assert_int_eq(memcmp(whole.data, image.at, image.size), 0);
    ck_assert_int_eq(load(whole.data, whole.size, &again), WEFT_OK);
    weft_kernel_destroy(kernel);
    weft_kernel_destroy(again);
    weft_kernel_destroy(NULL);
    weft_text_release(&image);
}
END_TEST

START_TEST(test_code_runs) {
    weft_machine_code code = some_code(THIS_ISA);
    weft_text image = image_of(&code);
    weft_kernel *kernel;
    ck_assert_int_eq(load(image.at, image.size, &kernel), WEFT_OK);
    int (*function)(void);
    memcpy(&function, &kernel->code.bytes, sizeof function);
    ck_assert_int_eq(function(), 42);
    /* The kernel's own line of the memory map says r-x. */
    FILE *map = fopen("/proc/self/maps", "r");
    char line[512];
    bool found = false;
    while (map && fgets(line, sizeof line, map)) {
        unsigned long long from, to;
        char rights[8];
        if (sscanf(line, "%llx-%llx %7s", &from, &to, rights) != 3 || (uintptr_t)kernel->pages < from ||
            (uintptr_t)kernel->pages >= to)
            continue;
        ck_assert_int_eq(strncmp(rights, "r-x", 3), 0);
        found = true;
    }
    if (map) fclose(map);
    ck_assert(!map || found);
    weft_kernel_destroy(kernel);
    weft_text_release(&image);
}
END_TEST

START_TEST(test_every_byte_matters) {
    weft_machine_code code = some_code(THIS_ISA);
    weft_text image = image_of(&code);
    for (size_t n = 0; n < image.size; n++) {
        for (int bit = 0; bit < 8; bit++) {
            image.at[n] = (char)(image.at[n] ^ 1 << bit);
            refuse(image.at, image.size);
            image.at[n] = (char)(image.at[n] ^ 1 << bit);
        }
    }
    weft_text_release(&image);
}
END_TEST

/* Cut anywhere, in memory that ends there; lengthened; empty; not there at all. */
START_TEST(test_wrong_sizes) {
    weft_machine_code code = some_code(THIS_ISA);
    weft_text image = image_of(&code);
    for (size_t size = 0; size < image.size; size++) {
        char *part = malloc(size + 1);
        ck_assert_ptr_nonnull(part);
        memcpy(part + 1, image.at, size); /* at an odd address, too */
        refuse(part + 1, size);
        free(part);
    }
    weft_text_add(&image, "", 1);
    refuse(image.at, image.size);
    refuse(NULL, 0);
    refuse(NULL, 1000);
    weft_text_release(&image);
    weft_kernel *kernel;
    ck_assert_int_eq(weft_kernel_from_image(NULL, NULL, &kernel), WEFT_INVALID_ARGUMENT);
}
END_TEST

START_TEST(test_other_processor) {
    weft_machine_code code = some_code(OTHER_ISA);
    weft_text image = image_of(&code);
    weft_kernel *kernel;
    ck_assert_int_eq(load(image.at, image.size, &kernel), WEFT_INVALID_ARGUMENT);
    weft_text_release(&image);
}
END_TEST

/* A rightly signed image whose fields are nonsense: no entry, no dimension, no processor. */
START_TEST(test_nonsense) {
    for (int kind = 0; kind < 12; kind++) {
        weft_machine_code code = some_code(THIS_ISA);
        if (kind == 0) code.tall = sizeof forty_two;
        if (kind == 1) code.strip = UINT64_MAX;
        if (kind == 2) code.head_dim = 0;
        if (kind == 3) code.value_dim = WEFT_MAX_DIM + 1;
        if (kind == 4) code.isa = WEFT_ISA_NONE;
        if (kind == 5) code.dtype = 77;
        if (kind == 6) code.gather = sizeof forty_two;
        if (kind == 7) code.pack = sizeof forty_two;
        if (kind == 8) code.favor.item = sizeof forty_two;
        if (kind == 9) code.favor.rows = sizeof forty_two;
        if (kind == 10) code.favor.pairs = sizeof forty_two;
        if (kind == 11) code.favor.fold = sizeof forty_two;
        weft_text image = image_of(&code);
        refuse(image.at, image.size);
        weft_text_release(&image);
    }
}
END_TEST

/* Code without an entry for lists is refused to a program that has some, and to no other; the same of features. */
START_TEST(test_lists_and_features_need_entries) {
    static const char *const programs[] = {
        "%1 = none\n%2 = int 4\n%3 = int 0\nmeaning %1\napproximate all exp %2 %3\n"
        "pass contiguous contiguous 64x64 %1\n",
        "%1 = all\nmeaning %1\npass contiguous contiguous 64x64 %1\n",
        "%1 = int 3\n%2 = int 0\n%3 = all\n%4 = bool true\n%5 = random %1 %2 %3 %4\n%6 = none\nmeaning %5\n"
        "pass contiguous contiguous 64x64 %6\npass contiguous listed 64x64 %3 %5\n"};
    for (int kind = 0; kind < 3; kind++)
        for (int has = 0; has < 2; has++) {
            weft_program *program = program_of_ir(programs[kind]);
            weft_machine_code code = some_code(THIS_ISA);
            code.gather = has ? 3 : WEFT_NO_ENTRY;
            code.favor = has ? (weft_favor_code){0, 1, 2, 3} : WEFT_NO_FAVOR;
            weft_text image;
            weft_text_init(&image, plain());
            ck_assert(weft_image_write(program, &code, &image));
            weft_kernel *kernel;
            weft_status status = load(image.at, image.size, &kernel);
            ck_assert_int_eq(status, kind != 1 && !has ? WEFT_INVALID_ARGUMENT : WEFT_OK);
            weft_kernel_destroy(kernel);
            weft_text_release(&image);
            weft_program_destroy(program);
        }
}
END_TEST

START_TEST(test_memory_fails) {
    weft_machine_code code = some_code(THIS_ISA);
    weft_text image = image_of(&code);
    weft_image bytes = {image.at, image.size};
    fussy_memory memory = {0};
    weft_config config = fussy_config(&memory);
    int failures = 0;
    for (;; failures++) {
        weft_kernel *kernel;
        memory = (fussy_memory){.fail_at = failures};
        weft_status status = weft_kernel_from_image(&bytes, &config, &kernel);
        weft_kernel_destroy(kernel);
        ck_assert_int_eq(memory.held, 0);
        if (status == WEFT_OK) break;
        ck_assert_int_eq(status, WEFT_OUT_OF_MEMORY);
    }
    ck_assert_int_gt(failures, 3);
    weft_text_release(&image);
}
END_TEST

static void note_line(void *user, const char *line) { snprintf(user, 200, "%s", line); }

START_TEST(test_log) {
    char said[200] = "";
    weft_config config = {.size = sizeof config, .log = note_line, .log_user = said};
    weft_image image = {"not an image, but long enough to hold the header of one: "
                        "it goes on and on and on and on and on and on and on and on and on and on and on and on",
                        140};
    weft_kernel *kernel;
    ck_assert_int_eq(weft_kernel_from_image(&image, &config, &kernel), WEFT_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(said, "not a Weft image"));
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("image");
    tcase_add_test(tests, test_round_trip);
    tcase_add_test(tests, test_code_runs);
    tcase_add_test(tests, test_every_byte_matters);
    tcase_add_test(tests, test_wrong_sizes);
    tcase_add_test(tests, test_other_processor);
    tcase_add_test(tests, test_nonsense);
    tcase_add_test(tests, test_lists_and_features_need_entries);
    tcase_add_test(tests, test_memory_fails);
    tcase_add_test(tests, test_log);
    return run_tests(tests);
}
