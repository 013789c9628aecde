/* One kernel, many threads: each makes plans, some of which fail, reads messages, masks and explanations, and lets go
 * of the kernel in its own time. */
#include <pthread.h>

#include "make.h"

static const char set[] = "%1 = H\n%2 = int 5\n%3 = lt %1 %2\n%4 = causal\n%5 = require \"fewer heads\" %3 %4\n"
                          "meaning %5\npass contiguous contiguous 64x64 %4\n";

typedef struct job {
    const weft_kernel *kernel;
    weft_plan *shared;
    int wrong;
} job;

static void use_plan(job *mine, const weft_plan *plan) {
    uint8_t mask[70 * 70];
    char text[200];
    bool allowed;
    mine->wrong += weft_plan_mask(plan, 0, 0, WEFT_MASK_PLAN, mask) != WEFT_OK;
    mine->wrong += weft_plan_mask(plan, 0, 99, WEFT_MASK_PLAN, mask) != WEFT_INVALID_ARGUMENT;
    mine->wrong += !weft_plan_message(plan, text, sizeof text);
    mine->wrong += !weft_plan_explain(plan, 0, 0, 50, 20, &allowed, text, sizeof text) || !allowed;
}

static void *work(void *user) {
    job *mine = user;
    for (int n = 0; n < 40; n++) {
        weft_plan *plan;
        char message[500];
        weft_shape shape = shape_of(70, 70, n % 2 ? 9 : 3);
        weft_status status = weft_plan_create(mine->kernel, &shape, NULL, 0, &plan);
        mine->wrong += status != (n % 2 ? WEFT_INVALID_PATTERN : WEFT_OK);
        mine->wrong += n % 2 && !weft_kernel_message(mine->kernel, message, sizeof message);
        if (plan) use_plan(mine, plan);
        use_plan(mine, mine->shared);
        weft_plan_destroy(plan);
    }
    return NULL;
}

START_TEST(test_shared_kernel) {
    enum { THREADS = 4 };
    weft_kernel *kernel = kernel_of_ir(set, NULL);
    weft_plan *shared = plan_of(kernel, shape_of(70, 70, 2));
    pthread_t threads[THREADS];
    job jobs[THREADS];
    for (int n = 0; n < THREADS; n++) {
        jobs[n] = (job){kernel, shared, 0};
        ck_assert_int_eq(pthread_create(&threads[n], NULL, work, &jobs[n]), 0);
    }
    for (int n = 0; n < THREADS; n++) {
        pthread_join(threads[n], NULL);
        ck_assert_int_eq(jobs[n].wrong, 0);
    }
    weft_kernel_destroy(kernel);
    check_masks(shared, "after the kernel has gone");
    weft_plan_destroy(shared);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("threads");
    tcase_add_test(tests, test_shared_kernel);
    return run_tests(tests);
}
