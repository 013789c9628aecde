/* Bundles: the best image that fits and runs here is taken and used where it lies; what is wrong with a bundle is
 * noticed, whatever its bytes are. And what a kernel says of itself. */
#include <sys/mman.h>

#include "kernel/bundle.h"
#include "kernel/isa.h"
#include "make.h"

/* Machine code that returns a number, where we know how to write it. */
#if defined(__x86_64__)
enum { CODE_SIZE = 6 };
static void write_code(unsigned char code[CODE_SIZE], unsigned char number) {
    memcpy(code, (unsigned char[CODE_SIZE]){0xb8, number, 0, 0, 0, 0xc3}, CODE_SIZE);
}
static const weft_isa levels[] = {WEFT_ISA_X86_64, WEFT_ISA_X86_64_V3, WEFT_ISA_X86_64_V4, WEFT_ISA_X86_64_AMX};
#define OTHER_ISA WEFT_ISA_AARCH64
#elif defined(__aarch64__)
enum { CODE_SIZE = 8 };
static void write_code(unsigned char code[CODE_SIZE], unsigned char number) {
    unsigned instruction = 0x52800000u | (unsigned)number << 5;
    unsigned char move[] = {(unsigned char)instruction, (unsigned char)(instruction >> 8),
                            (unsigned char)(instruction >> 16), (unsigned char)(instruction >> 24)};
    memcpy(code, move, 4);
    memcpy(code + 4, (unsigned char[]){0xc0, 0x03, 0x5f, 0xd6}, 4);
}
static const weft_isa levels[] = {WEFT_ISA_AARCH64};
#define OTHER_ISA WEFT_ISA_X86_64
#endif
enum { LEVELS = sizeof levels / sizeof *levels, MOST_IMAGES = 16, ROOM = 1 << 16 };

/* Images that return their number, and the bundle of them in executable memory. */
typedef struct bench {
    weft_text images[MOST_IMAGES], bundle;
    uint32_t count;
    void *pages;
    char said[200];
    weft_config config;
} bench;

static void note_line(void *user, const char *line) { snprintf(user, 200, "%s", line); }

static void add_image(bench *b, weft_isa isa, weft_dtype dtype, uint32_t head_dim, uint32_t value_dim) {
    unsigned char bytes[CODE_SIZE];
    write_code(bytes, (unsigned char)(b->count + 1));
    weft_machine_code code = {.bytes = bytes,
                              .size = sizeof bytes,
                              .dtype = (uint32_t)dtype,
                              .head_dim = head_dim,
                              .value_dim = value_dim,
                              .isa = isa};
    weft_program *program = program_of_ir("%1 = int 3\n%2 = window %1 %1\nmeaning %2\n");
    weft_text *image = &b->images[b->count++];
    weft_text_init(image, plain());
    ck_assert(weft_image_write(program, &code, image));
    weft_program_destroy(program);
}

static void close_bundle(bench *b) {
    weft_image images[MOST_IMAGES];
    for (uint32_t n = 0; n < b->count; n++) images[n] = (weft_image){b->images[n].at, b->images[n].size};
    weft_text_init(&b->bundle, plain());
    ck_assert(weft_bundle_write(images, b->count, &b->bundle));
    ck_assert_uint_le(b->bundle.size, ROOM);
    b->pages = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(b->pages != MAP_FAILED);
    memcpy(b->pages, b->bundle.at, b->bundle.size);
    ck_assert_int_eq(mprotect(b->pages, ROOM, PROT_READ | PROT_EXEC), 0);
    __builtin___clear_cache(b->pages, (char *)b->pages + ROOM);
    b->config = (weft_config){.size = sizeof b->config, .log = note_line, .log_user = b->said};
}

static void free_bench(bench *b) {
    for (uint32_t n = 0; n < b->count; n++) weft_text_release(&b->images[n]);
    weft_text_release(&b->bundle);
    munmap(b->pages, ROOM);
}

/* The number that the code of the kernel returns that is taken for such a wish; 0 where the bundle has none. */
static int taken(bench *b, weft_dtype dtype, int64_t head_dim, int64_t value_dim) {
    weft_kernel *kernel;
    b->said[0] = 0;
    weft_status status =
        weft_kernel_from_bundle(b->pages, b->bundle.size, dtype, head_dim, value_dim, &b->config, &kernel);
    if (status != WEFT_OK) {
        ck_assert_int_eq(status, WEFT_UNSUPPORTED);
        ck_assert_ptr_null(kernel);
        ck_assert(b->said[0]);
        return 0;
    }
    int (*function)(void);
    memcpy(&function, &kernel->code.bytes, sizeof function);
    const char *at = kernel->code.bytes, *begin = b->pages;
    ck_assert(at > begin && at < begin + b->bundle.size); /* where it lies */
    ck_assert_uint_eq((uintptr_t)at % WEFT_BUNDLE_ALIGNMENT, 0);
    ck_assert_ptr_null(kernel->pages);
    int number = function();
    weft_kernel_destroy(kernel);
    return number;
}

START_TEST(test_best_image) {
    bench b = {0};
    for (int n = LEVELS - 1; n >= 0; n--) add_image(&b, levels[n], WEFT_F32, 64, 64); /* numbers LEVELS … 1 */
    add_image(&b, levels[0], WEFT_BF16, 64, 64);
    add_image(&b, levels[0], WEFT_F32, 64, 32);
    add_image(&b, OTHER_ISA, WEFT_F16, 64, 64);
    close_bundle(&b);
    int best = 0;
    for (int n = 0; n < LEVELS; n++)
        if (weft_isa_runs(levels[n])) best = LEVELS - n;
    ck_assert_int_gt(best, 0);
    ck_assert_int_eq(taken(&b, WEFT_F32, 64, 64), best);
    ck_assert_int_eq(taken(&b, WEFT_F32, 64, 0), best);
    ck_assert_int_eq(taken(&b, WEFT_BF16, 64, 64), LEVELS + 1);
    ck_assert_int_eq(taken(&b, WEFT_F32, 64, 32), LEVELS + 2);
    ck_assert_int_eq(taken(&b, WEFT_F16, 64, 64), 0);
    ck_assert_ptr_nonnull(strstr(b.said, "processor"));
    ck_assert_int_eq(taken(&b, WEFT_F32, 80, 80), 0);
    ck_assert_ptr_nonnull(strstr(b.said, "head dimensions"));
    ck_assert_int_eq(taken(&b, (weft_dtype)77, 64, 64), 0);
    ck_assert_int_eq(taken(&b, WEFT_F32, INT64_MIN, INT64_MAX), 0);
    free_bench(&b);
}
END_TEST

START_TEST(test_description) {
    bench b = {0};
    add_image(&b, levels[0], WEFT_BF16, 64, 32);
    close_bundle(&b);
    weft_kernel *linked, *copied, *looked_at = kernel_of_ir("%1 = all\nmeaning %1\n", NULL);
    weft_image image = weft_bundle_at(b.pages, 0);
    ck_assert_int_eq(weft_kernel_from_bundle(b.pages, b.bundle.size, WEFT_BF16, 64, 32, NULL, &linked), WEFT_OK);
    ck_assert_int_eq(weft_kernel_from_image(&image, NULL, &copied), WEFT_OK);
    weft_kernel *both[] = {linked, copied};
    for (int n = 0; n < 2; n++) {
        weft_kernel_info info = {.size = sizeof info};
        ck_assert_int_eq(weft_kernel_describe(both[n], &info), WEFT_OK);
        ck_assert_str_eq(info.pattern, "test");
        ck_assert_str_eq(info.target, weft_isa_name(levels[0]));
        ck_assert_int_eq(info.dtype, WEFT_BF16);
        ck_assert_int_eq(info.head_dim, 64);
        ck_assert_int_eq(info.value_dim, 32);
        ck_assert_int_eq(info.code_size, CODE_SIZE);
        ck_assert_uint_eq((size_t)info.image_size, image.size);
        ck_assert_int_eq(info.tile_rows, WEFT_TILE_ROWS);
        ck_assert_int_eq(info.strip_rows, WEFT_STRIP_ROWS);
        ck_assert_int_eq(info.tile_keys, WEFT_TILE_KEYS);
        weft_image whole = weft_kernel_image(both[n]);
        ck_assert_uint_eq(whole.size, image.size);
        ck_assert_int_eq(memcmp(whole.data, image.data, image.size), 0);
    }
    weft_kernel_info info = {.size = sizeof info}, none = {.size = 3};
    ck_assert_int_eq(weft_kernel_describe(looked_at, &info), WEFT_OK);
    ck_assert_str_eq(info.target, "none");
    ck_assert_int_eq(info.code_size + info.head_dim, 0);
    ck_assert_int_eq(weft_kernel_describe(looked_at, &none), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_kernel_describe(looked_at, NULL), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_kernel_describe(NULL, &info), WEFT_INVALID_ARGUMENT);
    weft_kernel_destroy(linked), weft_kernel_destroy(copied), weft_kernel_destroy(looked_at);
    free_bench(&b);
}
END_TEST

static weft_status load(const void *bundle, size_t size, weft_kernel **out) {
    return weft_kernel_from_bundle(bundle, size, WEFT_F32, 64, 64, NULL, out);
}

/* Of the header and the table, any bit; the checksums of images are tested elsewhere. */
START_TEST(test_damage) {
    bench b = {0};
    add_image(&b, levels[0], WEFT_F32, 64, 64);
    add_image(&b, levels[0], WEFT_F16, 64, 64);
    close_bundle(&b);
    size_t table = 32 + 2 * 16, noticed = 0;
    char *copy = aligned_alloc(64, ROOM);
    for (size_t bit = 0; bit < 8 * table; bit++) {
        weft_kernel *kernel = (weft_kernel *)copy;
        memcpy(copy, b.bundle.at, b.bundle.size);
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        weft_status status = load(copy, b.bundle.size, &kernel);
        noticed += status == WEFT_INVALID_ARGUMENT && !kernel;
    }
    ck_assert_uint_eq(noticed, 8 * table);
    free(copy);
    weft_kernel *kernel;
    for (size_t size = 0; size < b.bundle.size; size += size < table ? 1 : 37) {
        char *part = aligned_alloc(64, (size + 64) / 64 * 64);
        memcpy(part, b.bundle.at, size);
        ck_assert_int_eq(load(part, size, &kernel), WEFT_INVALID_ARGUMENT);
        free(part);
    }
    ck_assert_int_eq(load(NULL, 0, &kernel), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(load((char *)b.pages + 8, b.bundle.size, &kernel), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_kernel_from_bundle(b.pages, b.bundle.size, WEFT_F32, 64, 64, NULL, NULL),
                     WEFT_INVALID_ARGUMENT);
    free_bench(&b);
}
END_TEST

START_TEST(test_memory_fails) {
    bench b = {0};
    add_image(&b, levels[0], WEFT_F32, 64, 64);
    close_bundle(&b);
    fussy_memory memory = {0};
    weft_config config = fussy_config(&memory);
    int failures = 0;
    for (;; failures++) {
        weft_kernel *kernel;
        memory = (fussy_memory){.fail_at = failures};
        weft_status status = weft_kernel_from_bundle(b.pages, b.bundle.size, WEFT_F32, 64, 64, &config, &kernel);
        weft_kernel_destroy(kernel);
        ck_assert_int_eq(memory.held, 0);
        if (status == WEFT_OK) break;
        ck_assert_int_eq(status, WEFT_OUT_OF_MEMORY);
    }
    ck_assert_int_gt(failures, 3);
    free_bench(&b);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("bundle");
    tcase_add_test(tests, test_best_image);
    tcase_add_test(tests, test_description);
    tcase_add_test(tests, test_damage);
    tcase_add_test(tests, test_memory_fails);
    return run_tests(tests);
}
