/* A host with threads of its own: weft_config.parallel_for hands the library's work to them, and no other thread is
 * started. The result has the same bits as with the library's pool.
 *
 *     parallel_for patterns/streaming_llm.weft */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

enum { THREADS = 3, HEADS = 4, TOKENS = 700, DIM = 32, NUMBERS = HEADS * TOKENS * DIM };

/* ---- the host's threads: one loop at a time, indices claimed one by one ------------------------------------------ */

typedef struct loop {
    atomic_size_t next;
    size_t count;
    void (*task)(void *user, size_t index);
    void *user;
} loop;

static void *work(void *argument) {
    loop *l = argument;
    for (size_t index; (index = atomic_fetch_add(&l->next, 1)) < l->count;) l->task(l->user, index);
    return NULL;
}

/* A real host wakes threads that wait; starting them is enough to show the contract. */
static void parallel_for(void *user, size_t count, void (*task)(void *task_user, size_t index), void *task_user) {
    loop l = {.count = count, .task = task, .user = task_user};
    pthread_t threads[THREADS - 1];
    int started = 0;
    while (started < THREADS - 1 && pthread_create(&threads[started], NULL, work, &l) == 0) started++;
    work(&l);
    while (started) pthread_join(threads[--started], NULL);
    atomic_fetch_add((atomic_int *)user, 1);
}

/* ---- the same attention, under a config -------------------------------------------------------------------------- */

static float q[NUMBERS], k[NUMBERS], v[NUMBERS];

static bool attend(const weft_config *config, const char *path, float *o) {
    int64_t dims[] = {HEADS, TOKENS, DIM};
    float *data[] = {q, k, v, o};
    DLTensor t[4];
    for (int n = 0; n < 4; n++)
        t[n] = (DLTensor){.data = data[n], .device = {kDLCPU, 0}, .ndim = 3, .dtype = {kDLFloat, 32, 1}, .shape = dims};
    const weft_kernel_options options = {.size = sizeof options, .head_dim = DIM};
    const weft_shape shape = {sizeof shape, 1, HEADS, HEADS, TOKENS, TOKENS, DIM, DIM};
    const weft_tensors tensors = {.size = sizeof tensors, .q = &t[0], .k = &t[1], .v = &t[2], .o = &t[3]};
    weft_context *context = NULL;
    weft_module *module = NULL;
    weft_kernel *kernel = NULL;
    weft_plan *plan = NULL;
    bool done =
        weft_context_create(config, &context) == WEFT_OK && weft_module_load(context, path, NULL, &module) == WEFT_OK &&
        weft_kernel_create(module, NULL, &options, &kernel) == WEFT_OK &&
        weft_plan_create(kernel, &shape, NULL, 0, &plan) == WEFT_OK && weft_run(plan, &tensors, NULL) == WEFT_OK;
    weft_plan_destroy(plan);
    weft_kernel_destroy(kernel);
    weft_module_destroy(module);
    weft_context_destroy(context);
    return done;
}

int main(int count, char **arguments) {
    static float ours[NUMBERS], theirs[NUMBERS];
    const char *path = count > 1 ? arguments[1] : "patterns/streaming_llm.weft";
    atomic_int loops = 0;
    const weft_config pool = {.size = sizeof pool};
    const weft_config host = {
        .size = sizeof host, .parallel_for = parallel_for, .parallel_for_user = &loops, .threads = THREADS};
    for (int n = 0; n < NUMBERS; n++) q[n] = (float)(n * 7 % 1009) / 504.5f - 1, k[n] = -q[n], v[n] = q[n] * q[n];
    if (!attend(&pool, path, theirs) || !attend(&host, path, ours)) {
        fprintf(stderr, "%s: no attention\n", path);
        return EXIT_FAILURE;
    }
    bool same = memcmp(ours, theirs, sizeof ours) == 0;
    printf("%d loops on %d threads of the host: %s\n", (int)loops, (int)THREADS, same ? "the same bits" : "other bits");
    return same && loops > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
