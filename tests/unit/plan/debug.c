/* What debuggers are told of kernels: a list in memory that holds each as long as it lives, ELF files that readelf
 * reads, perf's map; and that no failure of all this is one of the kernel's. */
#include <stdarg.h>
#include <unistd.h>

#include "kernel/debug.h"
#include "make.h"
#include "support/suite.h"

extern struct jit_descriptor {
    uint32_t version, action;
    const struct jit_entry {
        const struct jit_entry *next, *previous;
        const char *file;
        uint64_t size;
    } *relevant, *first;
} __jit_debug_descriptor;

static const char lines[] = "source \"near.weft\" \"# a comment\\npattern near {\\n    attend past(9);\\n}\\n\"\n"
                            "%1 = int 9 @1:43-44\n%2 = past %1 @1:38-45\n%3 = int 9\n%4 = past %3\n"
                            "meaning %2\npass contiguous contiguous 64x64 %4\n";
static const char unplaced[] = "%1 = int 9\n%2 = past %1\nmeaning %2\npass contiguous contiguous 64x64 %2\n";

static const unsigned char bytes[256]; /* never run */
#if defined(__aarch64__)
#define THIS_ISA WEFT_ISA_AARCH64
#else
#define THIS_ISA WEFT_ISA_X86_64
#endif

static weft_text image_of(const char *text) {
    const weft_machine_code code = {.bytes = bytes,
                                    .size = sizeof bytes,
                                    .tall = 16,
                                    .strip = 112,
                                    .gather = WEFT_NO_ENTRY,
                                    .pack = 64,
                                    .head_dim = 8,
                                    .value_dim = 8,
                                    .isa = THIS_ISA};
    weft_program *program = program_of_ir(text);
    weft_text image;
    weft_text_init(&image, plain());
    ck_assert(weft_image_write(program, &code, &image));
    weft_program_destroy(program);
    return image;
}

static weft_kernel *kernel_of(const char *text, weft_config config) {
    weft_text image = image_of(text);
    weft_kernel *kernel;
    ck_assert_int_eq(weft_kernel_from_image(&(weft_image){image.at, image.size}, &config, &kernel), WEFT_OK);
    weft_text_release(&image);
    return kernel;
}

static weft_config asking_for(uint32_t debug) { return (weft_config){.size = sizeof(weft_config), .debug = debug}; }

/* Runs of spaces become one. */
static void squeeze(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++)
        if (*from != ' ' || from[1] != ' ') *to++ = *from;
    *to = 0;
}

/* What readelf says of a file in memory. */
static void read_elf(const struct jit_entry *entry, const char *options, char *out, size_t size) {
    char path[] = "/tmp/weft-elf-XXXXXX", command[200];
    int file = mkstemp(path);
    ck_assert(file >= 0 && write(file, entry->file, entry->size) == (ssize_t)entry->size);
    close(file);
    snprintf(command, sizeof command, "LC_ALL=C readelf -W %s %s 2>&1", options, path);
    FILE *said = popen(command, "r");
    ck_assert_ptr_nonnull(said);
    out[fread(out, 1, size - 1, said)] = 0;
    ck_assert_int_eq(pclose(said), 0);
    unlink(path);
    squeeze(out);
    ck_assert_msg(!strstr(out, "arning") && !strstr(out, "rror"), "%s", out);
}

static void expect(const char *text, const char *format, ...) WEFT_PRINTF(2, 3);

static void expect(const char *text, const char *format, ...) {
    char wanted[100];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(wanted, sizeof wanted, format, arguments);
    va_end(arguments);
    ck_assert_msg(strstr(text, wanted) != NULL, "no %s in\n%s", wanted, text);
}

START_TEST(test_symbols) {
    weft_kernel *kernel = kernel_of(lines, asking_for(WEFT_DEBUG_GDB));
    const struct jit_entry *entry = __jit_debug_descriptor.first;
    unsigned long long start = (uintptr_t)kernel->code.bytes;
    char text[8000];
    ck_assert_ptr_nonnull(entry);
    ck_assert_ptr_null(entry->next);
    ck_assert_uint_eq(__jit_debug_descriptor.version, 1);
    read_elf(entry, "--syms --section-headers", text, sizeof text);
    expect(text, ": %016llx %d FUNC GLOBAL DEFAULT 1 weft_test_tall", start + 16, 48);
    expect(text, ": %016llx %d FUNC GLOBAL DEFAULT 1 weft_test_pack", start + 64, 48);
    expect(text, ": %016llx %d FUNC GLOBAL DEFAULT 1 weft_test_strip", start + 112, 144);
    expect(text, ".text NOBITS %016llx ", start);
    weft_kernel_destroy(kernel);
}
END_TEST

START_TEST(test_lines) {
    weft_kernel *kernel = kernel_of(lines, asking_for(WEFT_DEBUG_GDB));
    unsigned long long start = (uintptr_t)kernel->code.bytes;
    char text[8000];
    read_elf(__jit_debug_descriptor.first, "--debug-dump=decodedline", text, sizeof text);
    expect(text, "near.weft 3 0x%llx ", start + 16);
    expect(text, "near.weft 3 0x%llx ", start + 64);
    expect(text, "near.weft 3 0x%llx ", start + 112);
    expect(text, "near.weft - 0x%llx", start + 256);
    read_elf(__jit_debug_descriptor.first, "--debug-dump=info", text, sizeof text);
    expect(text, "DW_TAG_compile_unit");
    expect(text, " weft_test_pack\n");
    expect(text, " 0x%llx\n", start + 64);
    weft_kernel_destroy(kernel);
}
END_TEST

START_TEST(test_no_line_is_known) {
    weft_kernel *kernel = kernel_of(unplaced, asking_for(WEFT_DEBUG_GDB));
    char text[8000];
    read_elf(__jit_debug_descriptor.first, "--syms --debug-dump=info,decodedline", text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "weft_test_strip"));
    weft_kernel_destroy(kernel);
}
END_TEST

START_TEST(test_list) {
    weft_kernel *quiet = kernel_of(lines, asking_for(0));
    ck_assert_ptr_null(__jit_debug_descriptor.first);
    weft_kernel *kernels[3];
    for (int n = 0; n < 3; n++) kernels[n] = kernel_of(lines, asking_for(WEFT_DEBUG_GDB));
    weft_kernel_destroy(kernels[1]);
    const struct jit_entry *last = __jit_debug_descriptor.first;
    ck_assert_ptr_nonnull(last->next);
    ck_assert_ptr_null(last->previous);
    ck_assert_ptr_eq(last->next->previous, last);
    ck_assert_ptr_null(last->next->next);
    weft_kernel_destroy(kernels[2]);
    weft_kernel_destroy(kernels[0]);
    ck_assert_ptr_null(__jit_debug_descriptor.first);
    weft_kernel_destroy(quiet);
}
END_TEST

START_TEST(test_perf) {
    char path[64], text[1000], wanted[300];
    snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
    weft_kernel *kernel = kernel_of(lines, asking_for(WEFT_DEBUG_PERF));
    unsigned long long start = (uintptr_t)kernel->code.bytes;
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    snprintf(wanted, sizeof wanted, "%llx 30 weft_test_tall\n%llx 30 weft_test_pack\n%llx 90 weft_test_strip\n",
             start + 16, start + 64, start + 112);
    ck_assert_str_eq(text, wanted);
    weft_kernel_destroy(kernel);
    unlink(path);
    ck_assert_int_eq(symlink("/tmp/nowhere", path), 0); /* is not followed */
    weft_kernel_destroy(kernel_of(lines, asking_for(WEFT_DEBUG_PERF)));
    ck_assert_int_ne(access("/tmp/nowhere", F_OK), 0);
    unlink(path);
}
END_TEST

START_TEST(test_memory_that_fails) {
    weft_text image = image_of(lines);
    bool any = true;
    for (int64_t n = 0; any; n++) {
        fussy_memory memory = {.fail_at = -1};
        weft_config config = fussy_config(&memory);
        weft_kernel *kernel = NULL;
        config.debug = WEFT_DEBUG_GDB | WEFT_DEBUG_PERF;
        memory.fail_at = n;
        weft_status status = weft_kernel_from_image(&(weft_image){image.at, image.size}, &config, &kernel);
        ck_assert_int_eq(status == WEFT_OK, kernel != NULL);
        any = memory.calls > n; /* some call was one too many */
        weft_kernel_destroy(kernel);
        ck_assert_int_eq(memory.held, 0);
        ck_assert_ptr_null(__jit_debug_descriptor.first);
    }
    weft_text_release(&image);
    char path[64];
    snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
    unlink(path);
}
END_TEST

TEST_MAIN("plan/debug", test_symbols, test_lines, test_no_line_is_known, test_list, test_perf, test_memory_that_fails)
