/* Plans that are refused: each with its status and its code, whatever was asked; and every allocation failing once. */
#include "make.h"

#define LONG_IR                                                                                                        \
    "%1 = int 20\n%2 = window %1 %1\n%3 = int 0\n%4 = int 9\n%5 = range %3 %4\n%6 = list %5\n%7 = global %6\n"         \
    "%8 = union %2 %7\n%9 = i\n%10 = j\n%11 = mul %9 %10\n%12 = int 7\n%13 = mod %11 %12\n%14 = eq %13 %3\n"           \
    "%15 = where %14\n%16 = list %3\n%17 = heads %16 %15 %8\nmeaning %17\n"

static void refuse(const weft_kernel *kernel, const weft_shape *shape, weft_status status, const char *code) {
    weft_plan *plan = (weft_plan *)&status;
    char message[1000];
    ck_assert_int_eq(weft_plan_create(kernel, shape, NULL, 0, &plan), status);
    ck_assert_ptr_null(plan);
    ck_assert_uint_gt(weft_kernel_message(kernel, message, sizeof message), 0);
    ck_assert_msg(strstr(message, code) != NULL, "%s", message);
}

START_TEST(test_shapes) {
    weft_kernel *kernel = kernel_of_ir("%1 = all\nmeaning %1\n", NULL);
    static const weft_shape wrong[] = {
        {.size = 0, .queries = 5, .keys = 5},
        {.size = 8, .queries = 5, .keys = 5},
        {.size = sizeof(weft_shape), .queries = 0, .keys = 5},
        {.size = sizeof(weft_shape), .queries = 5, .keys = 0},
        {.size = sizeof(weft_shape), .queries = -5, .keys = 5},
        {.size = sizeof(weft_shape), .queries = INT64_C(1) << 40, .keys = INT64_C(1) << 40},
        {.size = sizeof(weft_shape), .queries = INT64_MAX, .keys = INT64_MAX},
        {.size = sizeof(weft_shape), .queries = INT64_MIN, .keys = 1},
        {.size = sizeof(weft_shape), .queries = 5, .keys = 5, .batch = -1},
        {.size = sizeof(weft_shape), .queries = 5, .keys = 5, .heads = -1},
        {.size = sizeof(weft_shape), .queries = 5, .keys = 5, .heads = 6, .kv_heads = 4},
        {.size = sizeof(weft_shape), .queries = 5, .keys = 5, .heads = 2, .kv_heads = 4},
        {.size = sizeof(weft_shape), .queries = 5, .keys = 5, .heads = 2, .kv_heads = -2},
        {.size = sizeof(weft_shape), .queries = 5, .keys = 5, .batch = 1 << 20, .heads = 1 << 20},
        {.size = sizeof(weft_shape), .queries = 5, .keys = 5, .batch = INT64_MAX, .heads = INT64_MAX},
        {.size = sizeof(weft_shape), .queries = 5, .keys = 5, .head_dim = -1},
        {.size = sizeof(weft_shape), .queries = 5, .keys = 5, .head_dim = INT64_MAX, .value_dim = 4},
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) refuse(kernel, &wrong[k], WEFT_INVALID_ARGUMENT, "E0406");
    refuse(kernel, NULL, WEFT_INVALID_ARGUMENT, "E0406");
    weft_shape shape = shape_of(5, 5, 1);
    weft_plan *plan;
    ck_assert_int_eq(weft_plan_create(NULL, &shape, NULL, 0, &plan), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_create(kernel, &shape, NULL, 0, NULL), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_create(kernel, &shape, NULL, 1, &plan), WEFT_INVALID_ARGUMENT);
    weft_kernel_destroy(kernel);
}
END_TEST

/* A host that was compiled before head_dim existed. */
START_TEST(test_older_structs) {
    weft_kernel *kernel = kernel_of_ir("%1 = causal\nmeaning %1\n", NULL);
    weft_shape shape;
    memset(&shape, 0x5a, sizeof shape);
    shape.size = offsetof(weft_shape, head_dim);
    shape.batch = 1, shape.heads = 2, shape.kv_heads = 1, shape.queries = 10, shape.keys = 12;
    weft_plan *plan = plan_of(kernel, shape);
    ck_assert_int_eq(plan->shape.head_dim, 0);
    weft_plan_info info;
    memset(&info, 0x5a, sizeof info);
    info.size = offsetof(weft_plan_info, layouts);
    ck_assert_int_eq(weft_plan_describe(plan, &info), WEFT_OK);
    ck_assert_uint_eq(info.size, offsetof(weft_plan_info, layouts));
    ck_assert_int_ne(info.layouts, 1);
    ck_assert(info.pairs == 2 * (10 * 2 + 10 * 11 / 2));
    ck_assert(info_of(plan).density == 0.625);
    info.size = 3;
    ck_assert_int_eq(weft_plan_describe(plan, &info), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_describe(NULL, &info), WEFT_INVALID_ARGUMENT);
    weft_plan_destroy(plan);
    weft_plan_destroy(NULL);
    weft_kernel_destroy(kernel);
}
END_TEST

/* Shapes that are right, with sets that would fill the machine: refused after little work. */
START_TEST(test_too_large) {
    weft_kernel *kernel = kernel_of_ir("%1 = i\n%2 = j\n%3 = mul %1 %2\n%4 = int 65537\n%5 = mod %3 %4\n%6 = int 1\n"
                                       "%7 = eq %5 %6\n%8 = where %7\nmeaning %8\n",
                                       NULL);
    weft_shape shape = shape_of(1 << 20, 1 << 20, 1);
    refuse(kernel, &shape, WEFT_INVALID_ARGUMENT, "E0406");
    weft_kernel_destroy(kernel);
    shape = shape_of(INT64_C(1) << 31, INT64_C(1) << 31, 1);
    kernel = kernel_of_ir("%1 = h\n%2 = window %1 %1\nmeaning %2\n", NULL);
    shape.heads = 64;
    refuse(kernel, &shape, WEFT_INVALID_ARGUMENT, "E0406");
    weft_kernel_destroy(kernel);
}
END_TEST

START_TEST(test_patterns) {
    weft_shape shape = shape_of(20, 20, 2);
    /* a step of h - 1 */
    weft_kernel *kernel =
        kernel_of_ir("%1 = h\n%2 = int 1\n%3 = sub %1 %2\n%4 = int 5\n%5 = band %2 %4 %3\nmeaning %5\n", NULL);
    refuse(kernel, &shape, WEFT_INVALID_PATTERN, "E0301");
    weft_kernel_destroy(kernel);
    /* require H == 3 */
    kernel = kernel_of_ir("%1 = H\n%2 = int 3\n%3 = eq %1 %2\n%4 = all\n%5 = require \"three heads, please\" %3 %4\n"
                          "meaning %5\npass contiguous contiguous 64x64 %4\n",
                          NULL);
    refuse(kernel, &shape, WEFT_INVALID_PATTERN, "three heads, please");
    shape.heads = 3;
    weft_plan_destroy(plan_of(kernel, shape));
    weft_kernel_destroy(kernel);
    /* D is not known */
    kernel = kernel_of_ir("%1 = D\n%2 = past %1\nmeaning %2\n", NULL);
    refuse(kernel, &shape, WEFT_INVALID_ARGUMENT, "E0407");
    shape.head_dim = 4;
    weft_plan_destroy(plan_of(kernel, shape));
    weft_kernel_destroy(kernel);
    /* a scale that no float holds */
    kernel = kernel_of_ir("%1 = all\n%2 = float 1e300\nmeaning %1\nscale %2\n", NULL);
    refuse(kernel, &shape, WEFT_INVALID_ARGUMENT, "E0405");
    weft_kernel_destroy(kernel);
}
END_TEST

START_TEST(test_parameters) {
    weft_kernel *kernel = kernel_of_ir("parameter w: int\n%1 = param w\n%2 = past %1\nmeaning %2\n", NULL);
    weft_shape shape = shape_of(20, 20, 1);
    refuse(kernel, &shape, WEFT_INVALID_ARGUMENT, "E0401");
    weft_binding three = {.name = "w", .kind = WEFT_BIND_INT, .value.integer = 3};
    weft_plan *plan;
    ck_assert_int_eq(weft_plan_create(kernel, &shape, &three, 1, &plan), WEFT_OK);
    ck_assert(info_of(plan).pairs == 3 * 20 - 3);
    weft_plan_destroy(plan);
    weft_kernel_destroy(kernel);
}
END_TEST

START_TEST(test_passes) {
    weft_shape shape = shape_of(20, 20, 1);
    weft_kernel *kernel = kernel_of_ir("%1 = all\nmeaning %1\n", NULL);
    kernel->program->pass_count = 0;
    refuse(kernel, &shape, WEFT_UNSUPPORTED, "E0501");
    weft_kernel_destroy(kernel);
}
END_TEST

/* Dimensions are those of the code, where there is code. */
START_TEST(test_dims_of_code) {
    static const unsigned char code[] = {0xc3};
    weft_program *program = program_of_ir("%1 = all\nmeaning %1\npass contiguous contiguous 64x64 %1\n");
    weft_text image;
    weft_text_init(&image, plain());
    weft_machine_code made = {.bytes = code, .size = 1, .head_dim = 64, .value_dim = 32, .isa = WEFT_ISA_X86_64};
#if defined(__aarch64__)
    made.isa = WEFT_ISA_AARCH64;
#endif
    ck_assert(weft_image_write(program, &made, &image));
    weft_program_destroy(program);
    weft_kernel *kernel;
    ck_assert_int_eq(weft_kernel_from_image(&(weft_image){image.at, image.size}, NULL, &kernel), WEFT_OK);
    weft_shape shape = shape_of(5, 5, 1);
    weft_plan *plan = plan_of(kernel, shape);
    ck_assert(plan->shape.head_dim == 64 && plan->shape.value_dim == 32);
    weft_plan_destroy(plan);
    shape.head_dim = 64;
    shape.value_dim = 64;
    refuse(kernel, &shape, WEFT_INVALID_ARGUMENT, "E0406");
    shape.head_dim = 32;
    shape.value_dim = 32;
    refuse(kernel, &shape, WEFT_INVALID_ARGUMENT, "E0406");
    weft_kernel_destroy(kernel);
    weft_text_release(&image);
}
END_TEST

START_TEST(test_masks_of_nothing) {
    weft_plan *plan = plan_of_ir("%1 = all\nmeaning %1\n", shape_of(3, 3, 2));
    uint8_t mask[9];
    char message[200];
    ck_assert_int_eq(weft_plan_mask(plan, 0, 2, WEFT_MASK_PLAN, mask), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_mask(plan, 1, 0, WEFT_MASK_PLAN, mask), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_mask(plan, 0, -1, WEFT_MASK_ORACLE, mask), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_mask(plan, 0, 0, (weft_mask_source)9, mask), WEFT_INVALID_ARGUMENT);
    ck_assert_uint_gt(weft_plan_message(plan, message, sizeof message), 0);
    ck_assert_int_eq(weft_plan_mask(plan, 0, 0, WEFT_MASK_PLAN, NULL), WEFT_INVALID_ARGUMENT);
    ck_assert_int_eq(weft_plan_mask(NULL, 0, 0, WEFT_MASK_PLAN, mask), WEFT_INVALID_ARGUMENT);
    /* A plan that went wrong is noticed: the same tile twice. */
    plan->layouts[0].tiles[0].many = 1;
    plan->layouts[0].items[0].tile_count = 1;
    ck_assert_int_eq(weft_plan_mask(plan, 0, 0, WEFT_MASK_PLAN, mask), WEFT_OK);
    plan->layouts[0].tiles[0].many = 2;
    ck_assert_int_eq(weft_plan_mask(plan, 0, 0, WEFT_MASK_PLAN, mask), WEFT_INTERNAL);
    weft_plan_destroy(plan);
}
END_TEST

/* The n-th allocation fails, for every n; explanations and descriptions too. */
START_TEST(test_memory_fails) {
    fussy_memory memory = {.fail_at = -1};
    weft_config config = fussy_config(&memory);
    weft_kernel *kernel = kernel_of_ir(LONG_IR, &config);
    weft_shape shape = shape_of(130, 170, 3);
    weft_plan *plan = NULL;
    int64_t before = 0;
    int failures = 0;
    for (;; failures++) {
        /* messages are kept, so what is held may differ by a message */
        memory.calls = 0, memory.fail_at = failures;
        weft_status status = weft_plan_create(kernel, &shape, NULL, 0, &plan);
        memory.fail_at = -1;
        weft_message_set((weft_message *)&kernel->message, &(weft_diagnostics){0});
        if (status == WEFT_OK) break;
        ck_assert_msg(status == WEFT_OUT_OF_MEMORY, "allocation %d: %s", failures, weft_status_name(status));
        ck_assert_ptr_null(plan);
        if (failures) ck_assert_int_eq(memory.held, before);
        before = memory.held;
    }
    ck_assert_int_gt(failures, 20);
    check_masks(plan, "after failures");
    char text[4000];
    bool allowed;
    for (failures = 0;; failures++) {
        memory.calls = 0, memory.fail_at = failures;
        size_t length = weft_plan_explain(plan, 0, 1, 50, 30, &allowed, text, sizeof text);
        memory.fail_at = -1;
        if (length) break;
    }
    ck_assert_int_gt(failures, 2);
    weft_kernel_destroy(kernel);
    weft_plan_destroy(plan);
    ck_assert_int_eq(memory.held, 0);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("refuse");
    tcase_add_test(tests, test_shapes);
    tcase_add_test(tests, test_older_structs);
    tcase_add_test(tests, test_too_large);
    tcase_add_test(tests, test_patterns);
    tcase_add_test(tests, test_parameters);
    tcase_add_test(tests, test_passes);
    tcase_add_test(tests, test_dims_of_code);
    tcase_add_test(tests, test_masks_of_nothing);
    tcase_add_test(tests, test_memory_fails);
    return run_tests(tests);
}
