/* Kernels without code for the tests of plans: from IR text, or from a program that a test made. */
#ifndef WEFT_TESTS_PLAN_MAKE_H
#define WEFT_TESTS_PLAN_MAKE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

static inline const weft_allocator *plain(void) {
    static weft_allocator allocator;
    allocator = weft_allocator_of(NULL);
    return &allocator;
}

/* An allocator that fails from the n-th call on (n < 0: never), and counts what is held. */
typedef struct fussy_memory {
    int64_t calls, fail_at;
    int64_t held; /* bytes */
} fussy_memory;

static inline void *fussy_resize(void *user, void *block, size_t old_size, size_t new_size) {
    fussy_memory *memory = user;
    if (new_size && memory->fail_at >= 0 && memory->calls++ >= memory->fail_at) return NULL;
    memory->held += (int64_t)new_size - (int64_t)old_size;
    if (new_size) return realloc(block, new_size);
    free(block);
    return NULL;
}

static inline weft_config fussy_config(fussy_memory *memory) {
    return (weft_config){.size = sizeof(weft_config), .resize = fussy_resize, .resize_user = memory, .threads = 1};
}

/* One contiguous pass over the meaning. Takes the program. */
static inline weft_kernel *kernel_of_program(weft_program *program, const weft_config *config) {
    weft_text image;
    weft_kernel *kernel;
    weft_text_init(&image, plain());
    if (!program->pass_count)
        ck_assert(weft_program_add_pass(program, (weft_pass){.row_tile = 64, .key_tile = 64, .set = program->meaning}));
    ck_assert(weft_image_write(program, NULL, &image));
    weft_program_destroy(program);
    weft_image bytes = {image.at, image.size};
    ck_assert_int_eq(weft_kernel_from_image(&bytes, config, &kernel), WEFT_OK);
    weft_text_release(&image);
    return kernel;
}

/* From the lines of a program after its name. */
static inline weft_program *program_of_ir(const char *lines) {
    weft_text text, said;
    weft_diagnostics diagnostics;
    weft_text_init(&text, plain());
    weft_text_init(&said, plain());
    weft_diagnostics_init(&diagnostics, plain(), NULL);
    weft_text_format(&text, "weft-ir 1\npattern \"test\"\n%s", lines);
    weft_program *program = weft_parse_program(plain(), text.at, text.size, &diagnostics);
    weft_diagnostics_render(&diagnostics, false, &said);
    ck_assert_msg(program != NULL, "%s\n%s", said.at ? said.at : "", text.at);
    weft_diagnostics_free(&diagnostics);
    weft_text_release(&text);
    weft_text_release(&said);
    return program;
}

static inline weft_kernel *kernel_of_ir(const char *lines, const weft_config *config) {
    return kernel_of_program(program_of_ir(lines), config);
}

static inline weft_shape shape_of(int64_t queries, int64_t keys, int64_t heads) {
    return (weft_shape){.size = sizeof(weft_shape), .heads = heads, .queries = queries, .keys = keys};
}

static inline weft_plan *plan_of(const weft_kernel *kernel, weft_shape shape) {
    weft_plan *plan;
    weft_status status = weft_plan_create(kernel, &shape, NULL, 0, &plan);
    char message[2000] = "";
    if (status != WEFT_OK) weft_kernel_message(kernel, message, sizeof message);
    ck_assert_msg(status == WEFT_OK, "%s: %s", weft_status_name(status), message);
    return plan;
}

static inline weft_plan_info info_of(const weft_plan *plan) {
    weft_plan_info info = {.size = sizeof info};
    ck_assert_int_eq(weft_plan_describe(plan, &info), WEFT_OK);
    return info;
}

/* One plan from IR; the kernel goes, the plan keeps what it needs. */
static inline weft_plan *plan_of_ir(const char *lines, weft_shape shape) {
    weft_kernel *kernel = kernel_of_ir(lines, NULL);
    weft_plan *plan = plan_of(kernel, shape);
    weft_kernel_destroy(kernel);
    return plan;
}

/* The mask from the tiles is the mask from the definition, and info counts its pairs. */
static inline void check_masks(const weft_plan *plan, const char *what) {
    const weft_shape *shape = &plan->shape;
    size_t bytes = (size_t)(shape->queries * shape->keys);
    uint8_t *oracle = malloc(bytes), *tiles = malloc(bytes);
    double pairs = 0;
    ck_assert(oracle && tiles);
    for (int64_t n = 0; n < shape->batch * shape->heads; n++) {
        int64_t batch = n / shape->heads, head = n % shape->heads;
        ck_assert_int_eq(weft_plan_mask(plan, batch, head, WEFT_MASK_ORACLE, oracle), WEFT_OK);
        ck_assert_msg(weft_plan_mask(plan, batch, head, WEFT_MASK_PLAN, tiles) == WEFT_OK, "%s: a pair twice", what);
        for (size_t k = 0; k < bytes; k++) {
            if (oracle[k] != tiles[k])
                ck_abort_msg("%s: head %d, row %d, key %d: oracle %d, plan %d", what, (int)head,
                             (int)(k / (size_t)shape->keys), (int)(k % (size_t)shape->keys), oracle[k], tiles[k]);
            pairs += oracle[k];
        }
    }
    ck_assert_msg(pairs == info_of(plan).pairs, "%s: %g pairs, info says %g", what, pairs, info_of(plan).pairs);
    free(oracle);
    free(tiles);
}

/* Runs the tests of one file. */
static inline int run_tests(TCase *tests) {
    Suite *suite = suite_create("plan");
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#endif
