/* A host without a compiler: `weft build` has made the kernels of patterns/sliding_window.weft and this header; the
 * program links them and libweft_runtime. It takes the best one for the processor that it runs on.
 *
 *     ahead */
#include <stdio.h>
#include <stdlib.h>

#include "sliding_window.h"

enum { HEADS = 2, TOKENS = 500, DIM = 64, NUMBERS = HEADS * TOKENS * DIM };

static void say(void *user, const char *line) {
    (void)user;
    fprintf(stderr, "%s\n", line);
}

static bool run(const weft_kernel *kernel) {
    static float q[NUMBERS], k[NUMBERS], v[NUMBERS], o[NUMBERS];
    int64_t dims[] = {HEADS, TOKENS, DIM};
    float *data[] = {q, k, v, o};
    DLTensor t[4];
    for (int n = 0; n < NUMBERS; n++) q[n] = (float)(n * 7 % 1009) / 504.5f - 1, k[n] = q[n] * 0.5f, v[n] = 1 - q[n];
    for (int n = 0; n < 4; n++)
        t[n] = (DLTensor){.data = data[n], .device = {kDLCPU, 0}, .ndim = 3, .dtype = {kDLFloat, 32, 1}, .shape = dims};
    const weft_shape shape = {sizeof shape, 1, HEADS, HEADS, TOKENS, TOKENS, DIM, DIM};
    const weft_binding width = {.name = "w", .kind = WEFT_BIND_INT, .value.integer = 100};
    const weft_tensors tensors = {.size = sizeof tensors, .q = &t[0], .k = &t[1], .v = &t[2], .o = &t[3]};
    weft_plan *plan;
    bool done =
        weft_plan_create(kernel, &shape, &width, 1, &plan) == WEFT_OK && weft_run(plan, &tensors, NULL) == WEFT_OK;
    weft_plan_destroy(plan);
    double sum = 0;
    for (int n = 0; n < NUMBERS; n++) sum += (double)o[n];
    if (done) printf("sum of o: %.4f\n", sum);
    return done;
}

int main(void) {
    const weft_config config = {.size = sizeof config, .log = say};
    weft_kernel_info info = {.size = sizeof info};
    weft_kernel *kernel;
    bool done = sliding_window_kernel_create(WEFT_F32, DIM, DIM, &config, &kernel) == WEFT_OK &&
                weft_kernel_describe(kernel, &info) == WEFT_OK;
    if (done) printf("pattern %s, code for %s\n", info.pattern, info.target);
    done = done && run(kernel);
    weft_kernel_destroy(kernel);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
