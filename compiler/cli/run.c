/* weft run: compiles a pattern, plans it for the tensors that were given, runs it, and writes o and lse. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "element.h"

typedef struct run_data {
    tensor q, k, v, o, lse;
    output_file o_file, lse_file, choices_file;
    weft_shape shape;
    double compile_seconds, run_seconds;
} run_data;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static bool read_inputs(const options *given, run_data *data) {
    weft_dtype dtype = (weft_dtype)given->dtype;
    return tensor_read(&data->q, "q", given->q, dtype) && tensor_read(&data->k, "k", given->k, dtype) &&
           tensor_read(&data->v, "v", given->v, dtype) && tensors_shape(&data->q, &data->k, &data->v, &data->shape);
}

/* Outputs are opened before the work, so that a wrong place is known at once. */
static bool open_outputs(const options *given, run_data *data) {
    const weft_shape *s = &data->shape;
    const int64_t o[4] = {s->batch, s->heads, s->queries, s->value_dim}, lse[4] = {s->batch, s->heads, s->queries, 1};
    if (!tensor_make(&data->o, data->q.dims, o, (weft_dtype)given->dtype) || !output_open(&data->o_file, given->output))
        return false;
    if (given->choices && !output_open(&data->choices_file, given->choices)) return false;
    if (!given->lse) return true;
    if (!tensor_make(&data->lse, data->q.dims, lse, WEFT_F32) || !output_open(&data->lse_file, given->lse))
        return false;
    data->lse.view.ndim = 3;
    return true;
}

static int compute(session *s, run_data *data) {
    weft_tensors tensors = {
        .size = sizeof tensors, .q = &data->q.view, .k = &data->k.view, .v = &data->v.view, .o = &data->o.view};
    if (data->lse.data) tensors.lse = &data->lse.view;
    size_t size = weft_plan_workspace(s->plan);
    void *workspace = malloc(size);
    if (!workspace) return exit_code(WEFT_OUT_OF_MEMORY);
    memset(workspace, 0, size); /* the first touch of memory is not what is timed */
    memset(data->o.data, 0, tensor_count(&data->o) * element_size(data->o.dtype));
    double start = now();
    weft_status status = weft_run(s->plan, &tensors, workspace);
    data->run_seconds = now() - start;
    free(workspace);
    if (status != WEFT_OK) session_explain_run(s);
    return exit_code(status);
}

/* One dimension fewer for lse, and without the batch where q has none. */
static bool write_tensor(const tensor *t, bool is_lse, output_file *out) {
    const int64_t *shape = t->shape + (4 - t->dims);
    int dims = is_lse ? t->dims - 1 : t->dims;
    bool written = npy_write_header(out->stream, "<f4", dims, shape) &&
                   npy_write_floats(out->stream, t->data, t->dtype, tensor_count(t));
    return output_commit(out) && written;
}

static void report(const session *s, const run_data *data) {
    weft_plan_info info = {.size = sizeof info};
    if (weft_plan_describe(s->plan, &info) != WEFT_OK) return;
    double flops = 2 * info.pairs * (double)(data->shape.head_dim + data->shape.value_dim);
    double rate = data->run_seconds > 0 ? flops / data->run_seconds * 1e-9 : 0;
    if (s->given->json) {
        fputs("{\"compile_seconds\": ", stdout);
        json_number(stdout, data->compile_seconds);
        fputs(", \"plan_seconds\": ", stdout);
        json_number(stdout, info.seconds);
        fputs(", \"run_seconds\": ", stdout);
        json_number(stdout, data->run_seconds);
        fputs(", \"pairs\": ", stdout);
        json_number(stdout, info.pairs);
        fputs(", \"gflops\": ", stdout);
        json_number(stdout, rate);
        puts("}");
        return;
    }
    fprintf(stderr, "compile %.2f ms, plan %.2f ms, run %.2f ms: %.1f GFLOP/s on %.0f allowed pairs\n",
            data->compile_seconds * 1e3, info.seconds * 1e3, data->run_seconds * 1e3, rate, info.pairs);
}

static int run(session *s, run_data *data) {
    weft_kernel_options how = {.size = sizeof how,
                               .dtype = data->q.dtype,
                               .head_dim = data->shape.head_dim,
                               .value_dim = data->shape.value_dim};
    double start = now();
    int code = session_compile(s, &how);
    data->compile_seconds = now() - start;
    if (!code) code = session_plan(s, &data->shape, false);
    if (!code && !open_outputs(s->given, data)) code = EXIT_WRONG;
    if (!code) code = compute(s, data);
    if (!code && !write_tensor(&data->o, false, &data->o_file)) code = EXIT_WRONG;
    if (!code && data->lse.data && !write_tensor(&data->lse, true, &data->lse_file)) code = EXIT_WRONG;
    if (!code && (s->given->choices || !session_knows_pairs(s))) code = session_show(s, &data->q, &data->k);
    if (!code && s->given->choices) code = write_choices(s, &data->shape, &data->choices_file);
    if (!code) report(s, data);
    return code;
}

int command_run(const options *given) {
    run_data data = {0};
    session s = {0};
    if (given->lse && !strcmp(given->lse, given->output)) {
        complain("-o and --lse are the same file");
        return EXIT_USAGE;
    }
    int code = session_open(&s, given, false);
    if (!code) code = session_choose(&s);
    if (!code) code = session_bind(&s);
    if (!code && !read_inputs(given, &data)) code = EXIT_WRONG;
    if (!code) code = run(&s, &data);
    output_discard(&data.o_file);
    output_discard(&data.lse_file);
    output_discard(&data.choices_file);
    tensor *all[] = {&data.q, &data.k, &data.v, &data.o, &data.lse};
    for (size_t n = 0; n < sizeof all / sizeof *all; n++) tensor_free(all[n]);
    session_close(&s);
    return code;
}
