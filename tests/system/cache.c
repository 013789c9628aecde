/* Kernels on disk through the public API: a process that finds its kernel never loads LLVM, gets the same image and the
 * same results; whatever becomes of the folder, kernels are made. */
#include <check.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weft/weft.h>

static const char text[] = "pattern p(w: int = 9) { attend window(w) | cols({0}); }\n";
static const char commented[] = "pattern p(w: int = 9) { attend window(w) | cols({0}); } # the same set\n";

enum { LENGTH = 70, DIM = 8 };

/* A processor whose code this one runs. */
#if defined(__aarch64__)
#define TARGET "aarch64"
#else
#define TARGET "x86-64"
#endif

static char parent[] = "/tmp/weft-system-XXXXXX", path[64];

static void make_folder(void) {
    strcpy(strrchr(parent, '-'), "-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(parent));
    snprintf(path, sizeof path, "%s/cache", parent);
}

static void remove_folder(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", parent);
    ck_assert_int_eq(system(command), 0);
}

/* The one entry, or the n-th of them; false when there is none. */
static bool entry_path(int n, char out[512]) {
    DIR *folder = opendir(path);
    bool found = false;
    for (struct dirent *file; folder && !found && (file = readdir(folder)) != NULL;) {
        if (file->d_name[0] == '.' || n-- > 0) continue;
        snprintf(out, 512, "%s/%s", path, file->d_name);
        found = true;
    }
    if (folder) closedir(folder);
    return found;
}

static int count_entries(void) {
    char name[512];
    int count = 0;
    while (entry_path(count, name)) count++;
    return count;
}

static bool has_llvm(void) {
    char line[4096];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && !found && fgets(line, sizeof line, maps)) found = strstr(line, "LLVM") != NULL;
    if (maps) fclose(maps);
    return found;
}

/* ---- one kernel --------------------------------------------------------------------------------------------- */

typedef struct result {
    weft_status status;
    bool llvm; /* LLVM is loaded */
    size_t size;
    char image[1 << 18];
    float o[LENGTH * DIM];
} result;

static void run_kernel(const weft_kernel *kernel, float *o) {
    float q[LENGTH * DIM];
    for (int n = 0; n < LENGTH * DIM; n++) q[n] = (float)(n * 37 % 101) / 50 - 1;
    int64_t dims[3] = {1, LENGTH, DIM};
    weft_shape shape = {sizeof shape, 1, 1, 1, LENGTH, LENGTH, DIM, DIM};
    DLTensor in = {.data = q, .device = {kDLCPU, 0}, .ndim = 3, .dtype = {kDLFloat, 32, 1}, .shape = dims}, out = in;
    out.data = o;
    weft_tensors tensors = {.size = sizeof tensors, .q = &in, .k = &in, .v = &in, .o = &out};
    weft_plan *plan;
    ck_assert_int_eq(weft_plan_create(kernel, &shape, NULL, 0, &plan), WEFT_OK);
    ck_assert_int_eq(weft_run(plan, &tensors, NULL), WEFT_OK);
    weft_plan_destroy(plan);
}

/* What a host holds. */
typedef struct host {
    weft_context *context;
    weft_module *module;
    weft_kernel *kernel;
} host;

static weft_status open_host(weft_config config, const char *pattern, const weft_kernel_options *options, host *out) {
    char folder[sizeof path];
    *out = (host){0};
    strcpy(folder, path);
    config.size = sizeof config, config.threads = 1, config.cache_path = folder;
    weft_status status = weft_context_create(&config, &out->context);
    memset(folder, 'x', sizeof folder - 1); /* it was copied */
    if (status == WEFT_OK)
        status = weft_module_load_text(out->context, "p.weft", pattern, strlen(pattern), NULL, &out->module);
    if (status == WEFT_OK) status = weft_kernel_create(out->module, NULL, options, &out->kernel);
    return status;
}

static void close_host(host *h) {
    weft_kernel_destroy(h->kernel), weft_module_destroy(h->module), weft_context_destroy(h->context);
}

static void make_kernel(weft_config config, const char *pattern, const weft_kernel_options *options, result *out) {
    host h;
    out->status = open_host(config, pattern, options, &h);
    out->llvm = has_llvm();
    ck_assert_int_eq(out->status, WEFT_OK);
    weft_image image = weft_kernel_image(h.kernel);
    ck_assert_uint_le(image.size, sizeof out->image);
    memcpy(out->image, image.data, image.size);
    out->size = image.size;
    run_kernel(h.kernel, out->o);
    close_host(&h);
}

/* The same in a process of its own. */
static void make_apart(const char *pattern, const weft_kernel_options *options, result *out) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        make_kernel((weft_config){0}, pattern, options, out);
        FILE *pipe_end = fdopen(ends[1], "wb");
        _exit(!pipe_end || fwrite(out, sizeof *out, 1, pipe_end) != 1 || fclose(pipe_end) != 0);
    }
    close(ends[1]);
    FILE *pipe_end = fdopen(ends[0], "rb");
    ck_assert_ptr_nonnull(pipe_end);
    ck_assert_uint_eq(fread(out, sizeof *out, 1, pipe_end), 1);
    fclose(pipe_end);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

static void assert_same(const result *a, const result *b) {
    ck_assert_uint_eq(a->size, b->size);
    ck_assert_int_eq(memcmp(a->image, b->image, a->size), 0);
    ck_assert_int_eq(memcmp(a->o, b->o, sizeof a->o), 0);
}

static result first, again;
static const weft_kernel_options usual = {.size = sizeof usual, .head_dim = DIM};

/* ---- tests -------------------------------------------------------------------------------------------------- */

START_TEST(llvm_is_not_loaded) {
    bool linked_in = has_llvm();
    make_folder();
    make_apart(text, &usual, &first);
    ck_assert(first.llvm);
    ck_assert_int_eq(count_entries(), 1);
    make_apart(text, &usual, &again);
    ck_assert(again.llvm == linked_in);
    assert_same(&first, &again);
    ck_assert_int_eq(count_entries(), 1);
    remove_folder();
}
END_TEST

/* Creates it twice: how many entries that added. */
static int added_by(const char *pattern, const weft_kernel_options *options) {
    int before = count_entries();
    for (int twice = 0; twice < 2; twice++) {
        host h;
        ck_assert_int_eq(open_host((weft_config){0}, pattern, options, &h), WEFT_OK);
        close_host(&h);
    }
    return count_entries() - before;
}

/* Another text, dtype, size or processor is another kernel; without code there is nothing to keep. */
START_TEST(what_makes_another_kernel) {
    weft_kernel_options wide = usual, deep = usual, named = usual, bare = {.size = sizeof bare, .plan_only = true};
    wide.head_dim = 2 * DIM;
    deep.value_dim = 2 * DIM;
    named.target = TARGET;
    make_folder();
    ck_assert_int_eq(added_by(text, &usual), 1);
    ck_assert_int_eq(added_by(commented, &usual), 1); /* the image carries the text */
    ck_assert_int_eq(added_by(text, &wide), 1);
    ck_assert_int_eq(added_by(text, &deep), 1);
    ck_assert_int_eq(added_by(text, &named), 1);
    ck_assert_int_eq(added_by(text, &bare), 0);
    ck_assert_int_eq(added_by(text, &usual), 0);
    remove_folder();
}
END_TEST

START_TEST(damage_is_mended) {
    char entry[512];
    make_folder();
    make_kernel((weft_config){0}, text, &usual, &first);
    ck_assert(entry_path(0, entry));
    struct stat about;
    ck_assert_int_eq(stat(entry, &about), 0);
    for (int n = 0; n < 20; n++) {
        FILE *file = fopen(entry, "r+b");
        ck_assert_ptr_nonnull(file);
        fseek(file, about.st_size * n / 20, SEEK_SET);
        int byte = fgetc(file);
        fseek(file, -1, SEEK_CUR);
        fputc(byte ^ 0x10, file);
        fclose(file);
        if (n % 4 == 3) ck_assert_int_eq(truncate(entry, about.st_size * n / 20), 0);
        make_kernel((weft_config){0}, text, &usual, &again);
        assert_same(&first, &again);
    }
    make_apart(text, &usual, &again);
    assert_same(&first, &again);
    remove_folder();
}
END_TEST

static void remember(void *user, const char *line) { snprintf(user, 512, "%s", line); }

/* A folder that cannot be had is no reason to fail; the log says so. An old host's config has no such field. */
START_TEST(no_folder) {
    char said[512] = "";
    weft_config config = {.log = remember, .log_user = said};
    make_folder();
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    make_kernel(config, text, &usual, &first);
    ck_assert_ptr_nonnull(strstr(said, "Not a directory"));
    remove_folder();
    weft_config old = {.size = offsetof(weft_config, cache_path), .cache_path = "/nowhere"};
    weft_context *context;
    char about[4096];
    ck_assert_int_eq(weft_context_create(&old, &context), WEFT_OK);
    weft_doctor(context, about, sizeof about);
    ck_assert_ptr_nonnull(strstr(about, "cache: off\n"));
    weft_context_destroy(context);
}
END_TEST

START_TEST(doctor) {
    char about[4096], wanted[128];
    make_folder();
    make_kernel((weft_config){0}, text, &usual, &first);
    weft_config config = {.size = sizeof config, .cache_path = path, .cache_limit = 12345678};
    weft_context *context;
    ck_assert_int_eq(weft_context_create(&config, &context), WEFT_OK);
    size_t size = weft_doctor(context, about, sizeof about);
    ck_assert_uint_lt(size, sizeof about);
    snprintf(wanted, sizeof wanted, "cache: %s\ncache entries: 1\ncache bytes: ", path);
    ck_assert_ptr_nonnull(strstr(about, wanted));
    ck_assert_ptr_nonnull(strstr(about, " of 12345678\ncache probe: hit\n"));
    weft_context_destroy(context);
    remove_folder();
}
END_TEST

/* ---- memory ------------------------------------------------------------------------------------------------- */

typedef struct ledger {
    long calls, fail_at, blocks; /* fail_at 0: never */
} ledger;

static void *counted_resize(void *user, void *block, size_t old_size, size_t new_size) {
    ledger *book = user;
    (void)old_size;
    if (new_size && ++book->calls == book->fail_at) return NULL;
    book->blocks += (new_size != 0) - (block != NULL);
    if (new_size) return realloc(block, new_size);
    free(block);
    return NULL;
}

/* Found or made, each allocation on the way fails once. */
START_TEST(every_allocation_fails_once) {
    ledger book = {0};
    weft_config config = {.resize = counted_resize, .resize_user = &book};
    make_folder();
    make_kernel(config, text, &usual, &first);
    book = (ledger){0};
    make_kernel(config, text, &usual, &again);
    assert_same(&first, &again);
    long all = book.calls;
    for (long n = 1; n <= all; n++) {
        book = (ledger){.fail_at = n};
        host h;
        weft_status status = open_host(config, text, &usual, &h);
        ck_assert(status == WEFT_OK || status == WEFT_OUT_OF_MEMORY);
        ck_assert_int_eq(status == WEFT_OK, h.kernel != NULL);
        if (h.kernel) ck_assert_int_eq(memcmp(weft_kernel_image(h.kernel).data, first.image, first.size), 0);
        close_host(&h);
        ck_assert_int_eq(book.blocks, 0);
    }
    remove_folder();
}
END_TEST

/* ---- threads ------------------------------------------------------------------------------------------------ */

/* Finds or makes kernels of three sizes, again and again. NULL: all went well. */
static void *make_many(void *user) {
    weft_kernel_options options = usual;
    for (int n = 0; n < 12; n++) {
        weft_kernel *kernel;
        options.head_dim = options.value_dim = DIM * (1 + n % 3);
        if (weft_kernel_create(user, NULL, &options, &kernel) != WEFT_OK) return user;
        weft_kernel_destroy(kernel);
    }
    return NULL;
}

START_TEST(threads_share_a_context) {
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    make_folder();
    weft_config config = {.size = sizeof config, .cache_path = path};
    weft_context *context;
    weft_module *module;
    ck_assert_int_eq(weft_context_create(&config, &context), WEFT_OK);
    ck_assert_int_eq(weft_module_load_text(context, "p.weft", text, sizeof text - 1, NULL, &module), WEFT_OK);
    for (int n = 0; n < THREADS; n++) ck_assert_int_eq(pthread_create(&threads[n], NULL, make_many, module), 0);
    for (int n = 0; n < THREADS; n++) {
        void *wrong;
        ck_assert_int_eq(pthread_join(threads[n], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
    weft_module_destroy(module), weft_context_destroy(context);
    ck_assert_int_eq(count_entries(), 3);
    remove_folder();
}
END_TEST

int main(void) {
    TCase *tcase = tcase_create("cache");
    tcase_add_test(tcase, llvm_is_not_loaded);
    tcase_add_test(tcase, what_makes_another_kernel);
    tcase_add_test(tcase, damage_is_mended);
    tcase_add_test(tcase, no_folder);
    tcase_add_test(tcase, doctor);
    tcase_add_test(tcase, every_allocation_fails_once);
    tcase_add_test(tcase, threads_share_a_context);
    tcase_set_timeout(tcase, 300);
    Suite *suite = suite_create("cache");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
