/* A small transformer layer whose attention follows a pattern that is chosen on the command line:
 *
 *     layer patterns/hybrid.weft [PATTERN [TOKENS]]
 *
 *     x += attention(norm(x)) Wo;  x += max(norm(x) W1, 0) W2
 *
 * Weights and tokens are drawn, since the point is how the layer and the kernel meet: queries, keys and values of all
 * heads lie side by side in one matrix, as a projection leaves them, and strides tell the kernel where. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

enum { HEADS = 4, DIM = 32, WIDTH = HEADS * DIM, HIDDEN = 4 * WIDTH };

/* out [rows, columns] (+)= in [rows, depth] weights [depth, columns]. */
static void multiply(int64_t rows, int depth, int columns, const float *in, const float *weights, bool add,
                     float *out) {
    for (int64_t row = 0; row < rows; row++) {
        float *to = out + row * columns;
        if (!add) memset(to, 0, (size_t)columns * sizeof *to);
        for (int d = 0; d < depth; d++)
            for (int c = 0; c < columns; c++) to[c] += in[row * depth + d] * weights[d * columns + c];
    }
}

/* Every row divided by its root mean square (Zhang and Sennrich 2019). */
static void normalise(int64_t rows, const float *in, float *out) {
    for (int64_t row = 0; row < rows; row++, in += WIDTH, out += WIDTH) {
        float squares = 1e-6f;
        for (int c = 0; c < WIDTH; c++) squares += in[c] * in[c] / WIDTH;
        for (int c = 0; c < WIDTH; c++) out[c] = in[c] / sqrtf(squares);
    }
}

static float *draw(size_t count, float size) {
    float *out = malloc(count * sizeof *out);
    for (size_t n = 0; out && n < count; n++) out[n] = ((float)rand() / (float)RAND_MAX - 0.5f) * size;
    return out;
}

/* What a layer has: its weights, and room for its steps. */
typedef struct layer {
    float *qkv, *output, *up, *down;          /* weights */
    float *normed, *projected, *mixed, *wide; /* [tokens, WIDTH], three of them side by side, WIDTH, HIDDEN */
    const weft_plan *plan;
} layer;

/* A part of a matrix with a row for each token, as [HEADS, tokens, DIM]. */
static DLTensor heads_of(float *data, int64_t *shape, int64_t *strides) {
    return (DLTensor){
        .data = data, .device = {kDLCPU, 0}, .ndim = 3, .dtype = {kDLFloat, 32, 1}, .shape = shape, .strides = strides};
}

static weft_status apply(const layer *l, int64_t tokens, float *x) {
    int64_t shape[] = {HEADS, tokens, DIM}, in[] = {DIM, 3 * WIDTH, 1}, out[] = {DIM, WIDTH, 1};
    DLTensor q = heads_of(l->projected, shape, in), k = heads_of(l->projected + WIDTH, shape, in);
    DLTensor v = heads_of(l->projected + 2 * WIDTH, shape, in), o = heads_of(l->mixed, shape, out);
    const weft_tensors tensors = {.size = sizeof tensors, .q = &q, .k = &k, .v = &v, .o = &o};
    normalise(tokens, x, l->normed);
    multiply(tokens, WIDTH, 3 * WIDTH, l->normed, l->qkv, false, l->projected);
    weft_status status = weft_run(l->plan, &tensors, NULL);
    if (status != WEFT_OK) return status;
    multiply(tokens, WIDTH, WIDTH, l->mixed, l->output, true, x);
    normalise(tokens, x, l->normed);
    multiply(tokens, WIDTH, HIDDEN, l->normed, l->up, false, l->wide);
    for (int64_t n = 0; n < tokens * HIDDEN; n++) l->wide[n] = fmaxf(l->wide[n], 0);
    multiply(tokens, HIDDEN, WIDTH, l->wide, l->down, true, x);
    return WEFT_OK;
}

static int run(const weft_plan *plan, int64_t tokens) {
    size_t rows = (size_t)tokens;
    float *x = draw(rows * WIDTH, 2);
    layer l = {.qkv = draw(3 * WIDTH * WIDTH, 0.3f),
               .output = draw(WIDTH * WIDTH, 0.3f),
               .up = draw(WIDTH * HIDDEN, 0.3f),
               .down = draw(HIDDEN * WIDTH, 0.3f),
               .normed = draw(rows * WIDTH, 0),
               .projected = draw(rows * 3 * WIDTH, 0),
               .mixed = draw(rows * WIDTH, 0),
               .wide = draw(rows * HIDDEN, 0),
               .plan = plan};
    float *all[] = {x, l.qkv, l.output, l.up, l.down, l.normed, l.projected, l.mixed, l.wide};
    bool done = true;
    for (size_t n = 0; n < sizeof all / sizeof *all; n++) done = done && all[n];
    done = done && apply(&l, tokens, x) == WEFT_OK;
    double squares = 0;
    for (size_t n = 0; done && n < rows * WIDTH; n++) squares += (double)x[n] * (double)x[n];
    weft_plan_info info = {.size = sizeof info};
    if (done && weft_plan_describe(plan, &info) == WEFT_OK)
        printf("%lld tokens, %.2f %% of all pairs; root mean square of the output: %.6f\n", (long long)tokens,
               100 * info.density, sqrt(squares / (double)(rows * WIDTH)));
    for (size_t n = 0; n < sizeof all / sizeof *all; n++) free(all[n]);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int count, char **arguments) {
    const char *path = count > 1 ? arguments[1] : "patterns/hybrid.weft", *pattern = count > 2 ? arguments[2] : NULL;
    int64_t tokens = count > 3 ? atoll(arguments[3]) : 512;
    const weft_kernel_options options = {.size = sizeof options, .head_dim = DIM};
    const weft_shape shape = {sizeof shape, 1, HEADS, HEADS, tokens, tokens, DIM, DIM};
    weft_context *context = NULL;
    weft_module *module = NULL;
    weft_kernel *kernel = NULL;
    weft_plan *plan = NULL;
    char message[2000] = "";
    int code = EXIT_FAILURE;
    if (weft_context_create(NULL, &context) != WEFT_OK) return code;
    if (weft_module_load(context, path, NULL, &module) != WEFT_OK ||
        weft_kernel_create(module, pattern, &options, &kernel) != WEFT_OK)
        weft_context_message(context, false, message, sizeof message);
    else if (weft_plan_create(kernel, &shape, NULL, 0, &plan) != WEFT_OK)
        weft_kernel_message(kernel, message, sizeof message);
    else
        code = run(plan, tokens);
    fputs(message, stderr);
    weft_plan_destroy(plan);
    weft_kernel_destroy(kernel);
    weft_module_destroy(module);
    weft_context_destroy(context);
    return code;
}
