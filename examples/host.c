/* A host: loads a pattern, compiles a kernel for head dimension 64, plans it for its own tensors and runs it.
 *
 *     host patterns/longformer.weft longformer
 *
 * Only <weft/weft.h> is needed. Every call returns a status; the handle that was passed knows why it failed. */
#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

enum { BATCH = 1, HEADS = 4, KV_HEADS = 2, TOKENS = 1000, DIM = 64 };

typedef struct host {
    weft_context *context;
    weft_module *module;
    weft_kernel *kernel;
    weft_plan *plan;
    float *q, *k, *v, *o, *lse;
} host;

/* Anything will do for an example: a smooth function of the index. */
static float *make_floats(size_t count, unsigned step) {
    float *out = malloc(count * sizeof *out);
    for (size_t n = 0; out && n < count; n++) out[n] = (float)(n * step % 1009) / 504.5f - 1;
    return out;
}

/* A compact row-major float32 tensor [B, H, L, D] (or [B, H, L] with three dimensions). */
static DLTensor view_of(float *data, int64_t *shape, int dims) {
    return (DLTensor){.data = data, .device = {kDLCPU, 0}, .ndim = dims, .dtype = {kDLFloat, 32, 1}, .shape = shape};
}

static bool compile(host *h, const char *path, const char *pattern) {
    const weft_kernel_options options = {.size = sizeof options, .dtype = WEFT_F32, .head_dim = DIM};
    char message[2000];
    if (weft_context_create(NULL, &h->context) != WEFT_OK) return false;
    if (weft_module_load(h->context, path, NULL, &h->module) == WEFT_OK &&
        weft_kernel_create(h->module, pattern, &options, &h->kernel) == WEFT_OK)
        return true;
    weft_context_message(h->context, false, message, sizeof message);
    fputs(message, stderr);
    return false;
}

/* The plan fits every run of this shape. Parameters that are not bound here keep the values of the file. */
static bool plan(host *h) {
    const weft_shape shape = {sizeof shape, BATCH, HEADS, KV_HEADS, TOKENS, TOKENS, DIM, DIM};
    const weft_binding width = {.name = "w", .kind = WEFT_BIND_INT, .value.integer = 100};
    char message[2000];
    if (weft_plan_create(h->kernel, &shape, &width, 1, &h->plan) == WEFT_OK) return true;
    weft_kernel_message(h->kernel, message, sizeof message);
    fputs(message, stderr);
    return false;
}

static bool run(host *h) {
    int64_t q_shape[] = {BATCH, HEADS, TOKENS, DIM}, k_shape[] = {BATCH, KV_HEADS, TOKENS, DIM};
    h->q = make_floats((size_t)BATCH * HEADS * TOKENS * DIM, 7);
    h->k = make_floats((size_t)BATCH * KV_HEADS * TOKENS * DIM, 11);
    h->v = make_floats((size_t)BATCH * KV_HEADS * TOKENS * DIM, 13);
    h->o = make_floats((size_t)BATCH * HEADS * TOKENS * DIM, 1);
    h->lse = make_floats((size_t)BATCH * HEADS * TOKENS, 1);
    if (!h->q || !h->k || !h->v || !h->o || !h->lse) return false;
    DLTensor q = view_of(h->q, q_shape, 4), k = view_of(h->k, k_shape, 4), v = view_of(h->v, k_shape, 4);
    DLTensor o = view_of(h->o, q_shape, 4), lse = view_of(h->lse, q_shape, 3);
    const weft_tensors tensors = {.size = sizeof tensors, .q = &q, .k = &k, .v = &v, .o = &o, .lse = &lse};
    void *workspace = malloc(weft_plan_workspace(h->plan)); /* or NULL, and the run allocates it */
    weft_status status = workspace ? weft_run(h->plan, &tensors, workspace) : WEFT_OUT_OF_MEMORY;
    free(workspace);
    char message[2000] = "";
    if (status != WEFT_OK) weft_plan_message(h->plan, message, sizeof message);
    fputs(message, stderr);
    return status == WEFT_OK;
}

/* One row, and the sum of all of o, which is the same for any number of threads. */
static void report(const host *h) {
    double sum = 0;
    for (size_t n = 0; n < (size_t)BATCH * HEADS * TOKENS * DIM; n++) sum += (double)h->o[n];
    printf("head 0, row %d: o = %.6f %.6f %.6f ..., lse = %.6f\n", TOKENS / 2, (double)h->o[TOKENS / 2 * DIM],
           (double)h->o[TOKENS / 2 * DIM + 1], (double)h->o[TOKENS / 2 * DIM + 2], (double)h->lse[TOKENS / 2]);
    printf("sum of o: %.6f\n", sum);
}

int main(int count, char **arguments) {
    const char *path = count > 1 ? arguments[1] : "patterns/longformer.weft";
    const char *pattern = count > 2 ? arguments[2] : "longformer";
    host h = {0};
    bool done = compile(&h, path, pattern) && plan(&h) && run(&h);
    if (done) report(&h);
    free(h.q);
    free(h.k);
    free(h.v);
    free(h.o);
    free(h.lse);
    weft_plan_destroy(h.plan);
    weft_kernel_destroy(h.kernel);
    weft_module_destroy(h.module);
    weft_context_destroy(h.context);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
