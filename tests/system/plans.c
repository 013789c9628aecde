/* What planning costs every shipped pattern, in questions asked of sets and in bytes: no more than some for each tile
 * and item that the plan has, at lengths of 16 thousand and of 64 thousand. Counts, never times. Public API only. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <weft/weft.h>

#include "support/random.h"
#include "support/suite.h"

enum {
    HEADS = 4,
    MOST_PARAMETERS = 12,
    MOST_ARRAYS = 3,
    TOKENS = 8,
    QUESTIONS = 4, /* at most, for a tile or an item */
    BYTES = 64,    /* likewise */
    FIXED_BYTES = 1 << 20
};

/* Where a ladder of keys meets the edge of a document, every row tile has tiles like no other, drawn row by row. */
static double most_questions(const char *pattern) {
    if (!strcmp(pattern, "hybrid_decoder")) return 16 * QUESTIONS;
    return !strcmp(pattern, "hybrid_encoder") ? 2 * QUESTIONS : QUESTIONS;
}

/* Values that a pattern has no defaults for, at one length. */
typedef struct values {
    weft_binding bindings[MOST_PARAMETERS];
    size_t count;
    struct {
        DLTensor view;
        int64_t shape[1];
        int32_t *data;
    } arrays[MOST_ARRAYS];
    size_t array_count;
} values;

/* Documents of some 700 tokens; tokens anywhere. */
static void add_array(values *v, const char *name, bool labels, int64_t length) {
    test_random random = {7};
    ck_assert_uint_lt(v->array_count, MOST_ARRAYS);
    size_t n = v->array_count++;
    v->arrays[n].shape[0] = labels ? length : TOKENS;
    int32_t label = 0, *data = malloc((size_t)v->arrays[n].shape[0] * sizeof *data);
    ck_assert_ptr_nonnull(data);
    for (int64_t at = 0; at < v->arrays[n].shape[0]; at++) {
        label += test_range(&random, 0, 699) == 0;
        data[at] = labels ? label : (int32_t)test_range(&random, 0, length - 1);
    }
    v->arrays[n].data = data;
    v->arrays[n].view = (DLTensor){
        .data = data, .device = {kDLCPU, 0}, .ndim = 1, .dtype = {kDLInt, 32, 1}, .shape = v->arrays[n].shape};
    v->bindings[v->count++] = (weft_binding){name, WEFT_BIND_ARRAY, {.array = &v->arrays[n].view}};
}

static bool has_parameter(const weft_module *module, const char *pattern, const char *name) {
    weft_parameter parameter;
    for (size_t n = 0; weft_module_parameter(module, pattern, n, &parameter); n++)
        if (!strcmp(parameter.name, name)) return true;
    return false;
}

/* Grids are squares; windows of M cut their sides into equal parts. The length. */
static int64_t make_values(values *v, const weft_module *module, const char *pattern, int64_t side) {
    weft_parameter parameter;
    *v = (values){0};
    if (has_parameter(module, pattern, "M")) side -= side % 7;
    for (size_t n = 0; weft_module_parameter(module, pattern, n, &parameter); n++) {
        ck_assert_uint_lt(v->count, MOST_PARAMETERS);
        bool labels = !strcmp(parameter.type, "labels");
        if (!strcmp(parameter.name, "height") || !strcmp(parameter.name, "width"))
            v->bindings[v->count++] = (weft_binding){parameter.name, WEFT_BIND_INT, {.integer = side}};
        else if (labels || !strcmp(parameter.type, "tokens"))
            add_array(v, parameter.name, labels, side * side);
    }
    return side * side;
}

typedef struct cost {
    double questions, parts; /* parts: tiles and items */
} cost;

static cost cost_of(const weft_module *module, const weft_kernel *kernel, const char *pattern, int64_t side) {
    values v;
    int64_t length = make_values(&v, module, pattern, side);
    weft_shape shape = {.size = sizeof shape, .batch = 1, .heads = HEADS, .queries = length, .keys = length};
    weft_plan *plan = NULL;
    weft_plan_info info = {.size = sizeof info};
    char message[1000] = "";
    weft_status status = weft_plan_create(kernel, &shape, v.bindings, v.count, &plan);
    weft_kernel_message(kernel, message, sizeof message);
    ck_assert_msg(status == WEFT_OK, "%s: %s", pattern, message);
    ck_assert_int_eq(weft_plan_describe(plan, &info), WEFT_OK);
    weft_plan_destroy(plan);
    for (size_t n = 0; n < v.array_count; n++) free(v.arrays[n].data);
    cost out = {(double)(info.span_calls + info.contains_calls),
                (double)(info.full_tiles + info.partial_tiles + info.items)};
    printf("%-32s %6" PRId64 ": %8.0f questions, %8.0f tiles and items, %8" PRId64 " bytes, %5" PRId64 " masks\n",
           pattern, length, out.questions, out.parts, info.bytes, info.bit_tiles);
    ck_assert_msg(out.questions <= most_questions(pattern) * out.parts, "%s at %lld: too many questions", pattern,
                  (long long)length);
    ck_assert_msg((double)info.bytes <= FIXED_BYTES + BYTES * out.parts, "%s at %lld: too many bytes", pattern,
                  (long long)length);
    return out;
}

/* Four times the length: what is asked grows as the tiles do. */
static void check_pattern(weft_context *context, const weft_module *module, const char *pattern) {
    weft_kernel_options options = {.size = sizeof options, .plan_only = true};
    weft_kernel *kernel = NULL;
    char message[1000] = "";
    weft_status status = weft_kernel_create(module, pattern, &options, &kernel);
    weft_context_message(context, false, message, sizeof message);
    ck_assert_msg(status == WEFT_OK, "%s: %s", pattern, message);
    cost small = cost_of(module, kernel, pattern, 128), large = cost_of(module, kernel, pattern, 256);
    double growth = large.parts / small.parts;
    ck_assert_msg(large.questions <= 1.25 * (growth > 4 ? growth : 4) * small.questions + 4096,
                  "%s: the questions grow faster than the tiles", pattern);
    weft_kernel_destroy(kernel);
}

static int check_file(weft_context *context, const char *name) {
    char path[4096], message[1000] = "";
    weft_module *module = NULL;
    const char *pattern;
    int count = 0;
    snprintf(path, sizeof path, "%s/patterns/%s", WEFT_SOURCE_DIR, name);
    weft_status status = weft_module_load(context, path, NULL, &module);
    weft_context_message(context, false, message, sizeof message);
    ck_assert_msg(status == WEFT_OK, "%s: %s", path, message);
    for (; (pattern = weft_module_pattern(module, (size_t)count)) != NULL; count++)
        check_pattern(context, module, pattern);
    weft_module_destroy(module);
    return count;
}

START_TEST(plans_cost_what_they_hold) {
    weft_config config = {.size = sizeof config, .threads = 1};
    weft_context *context;
    int count = 0;
    ck_assert_int_eq(weft_context_create(&config, &context), WEFT_OK);
    DIR *folder = opendir(WEFT_SOURCE_DIR "/patterns");
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const char *end = strrchr(entry->d_name, '.');
        if (end && !strcmp(end, ".weft")) count += check_file(context, entry->d_name);
    }
    closedir(folder);
    weft_context_destroy(context);
    ck_assert_int_gt(count, 30);
}
END_TEST

TEST_MAIN("system/plans", plans_cost_what_they_hold)
